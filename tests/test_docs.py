"""What is written about Lamplighter is true of it: complete, linked, and buildable without a warning."""

import ast
import importlib.util
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

from lamplighter import plugins
from lamplighter.intake.layout import read_layout
from lamplighter.intake.mapping import read_mapping
from lamplighter.settings import Settings
from lamplighter.warehouse.tables import TABLES

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"
WRITTEN = sorted(DOCS.rglob("*.md")) + sorted(ROOT.glob("*.md"))


def load_generator() -> ModuleType:
    spec = importlib.util.spec_from_file_location("generate", DOCS / "generate.py")
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def generator() -> ModuleType:
    return load_generator()


@pytest.fixture(scope="module")
def pages(generator: ModuleType) -> dict[str, str]:
    found: dict[str, str] = generator.pages()
    return found


def test_every_verb_of_the_command_line_is_in_the_reference(
    generator: ModuleType, pages: dict[str, str]
) -> None:
    missing = [
        name
        for name, _ in generator.commands()
        if f"## lamplighter {name}\n" not in pages["reference/commands.md"]
    ]
    assert not missing


def test_every_verb_and_option_says_what_it_is(generator: ModuleType) -> None:
    silent = [name for name, command in generator.commands() if not command.help]
    silent += [
        f"{name} {param.name}"
        for name, command in generator.commands()
        for param in command.params
        if param.param_type_name == "option" and not param.help
    ]
    assert not silent


def test_every_setting_is_in_the_reference_with_its_meaning(pages: dict[str, str]) -> None:
    for name, field in Settings.model_fields.items():
        assert field.description, name
        assert f"`LAMPLIGHTER_{name.upper()}`" in pages["reference/settings.md"]


def test_every_source_plugin_is_in_the_reference(pages: dict[str, str]) -> None:
    for name in plugins.names("sources"):
        assert f"\n## {name}\n" in pages["reference/sources.md"]


def test_every_table_and_column_of_the_warehouse_is_in_the_reference(pages: dict[str, str]) -> None:
    for table in TABLES.values():
        page = pages[f"reference/tables/{table.domain}.md"]
        section = page.partition(f"## {table.name}\n")[2].partition("\n## ")[0]
        assert section, f"{table.name} is not in the reference"
        assert not [column.name for column in table if f"`{column.name}`" not in section]


def test_every_error_code_is_in_the_reference(generator: ModuleType, pages: dict[str, str]) -> None:
    for error in generator.error_classes():
        assert f"`{error.code}`" in pages["reference/errors.md"]


def links(text: str) -> Iterator[str]:
    outside_code = re.sub(r"```.*?```|`[^`\n]*`", "", text, flags=re.DOTALL)
    yield from re.findall(r"!?\[[^\]]*\]\(([^)\s]+)\)", outside_code)


@pytest.mark.parametrize("page", WRITTEN, ids=lambda path: str(path.relative_to(ROOT)))
def test_links_of_a_page_lead_somewhere(page: Path, pages: dict[str, str]) -> None:
    generated = {(DOCS / address).resolve() for address in pages}
    lost = []
    for link in links(page.read_text()):
        target, _, anchor = link.partition("#")
        if re.match(r"[a-z]+:", link):
            continue
        place = (page.parent / target).resolve() if target else page
        if place not in generated and not place.exists():
            lost.append(link)
        elif anchor and place.suffix == ".md":
            text = pages[str(place.relative_to(DOCS))] if place in generated else place.read_text()
            if anchor not in anchors(text):
                lost.append(link)
    assert not lost


def anchors(text: str) -> set[str]:
    headings = re.findall(r"^#+ (.+)$", text, flags=re.MULTILINE)
    slugs = {
        re.sub(r"[\s-]+", "-", re.sub(r"[^\w\s-]", "", heading.lower())).strip("-") for heading in headings
    }
    return slugs | set(re.findall(r"id='([^']+)'", text))


@pytest.mark.parametrize("page", WRITTEN, ids=lambda path: str(path.relative_to(ROOT)))
def test_commands_named_on_a_page_exist(page: Path, generator: ModuleType) -> None:
    verbs = {name for name, _ in generator.commands()}
    groups = {name.split()[0] for name in verbs if " " in name}
    options = {
        (name, spelling)
        for name, command in generator.commands()
        for param in command.params
        for spelling in param.opts
    }
    unknown = []
    for line in re.findall(
        r"^(?:\$ )?lamplighter (.+)$|`lamplighter ([a-z][^`]*)`", page.read_text(), re.MULTILINE
    ):
        words = (line[0] or line[1]).partition(" #")[0].split()
        verb = " ".join(words[:2]) if words[0] in groups else words[0]
        if verb in {"backup", "restore"} | groups:
            continue
        if verb not in verbs:
            unknown.append(verb)
        unknown += [word for word in words if word.startswith("--") and (verb, word) not in options]
    assert not unknown


@pytest.mark.parametrize("page", WRITTEN, ids=lambda path: str(path.relative_to(ROOT)))
def test_source_files_named_on_a_page_exist(page: Path) -> None:
    named = set(
        re.findall(
            r"`((?:src/lamplighter/|tests/|docs/)?[a-z_]+/[a-z_/]*[a-z_]+\.(?:py|yaml|html))`",
            page.read_text(),
        )
    )
    own = {"access/utilities/acme.py"}
    gone = [
        name
        for name in named - own
        if not ((ROOT / name).exists() or (ROOT / "src/lamplighter" / name).exists())
    ]
    assert not gone


def test_the_walk_of_a_meter_read_passes_functions_that_exist() -> None:
    text = (DOCS / "explain/the-walk-of-a-meter-read.md").read_text()
    steps = re.findall(r"^\| \d+ \| `([^`]+)` \| `([^`]+)` \|", text, re.MULTILINE)
    assert len(steps) > 25
    assert not [step for step in steps if step[1] not in functions(ROOT / "src/lamplighter" / step[0])]


def functions(file: Path) -> set[str]:
    tree = ast.parse(file.read_text())
    found = {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}
    for owner in (node for node in tree.body if isinstance(node, ast.ClassDef)):
        found |= {
            f"{owner.name}.{node.name}"
            for node in owner.body
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        }
    return found


def test_layouts_shown_in_the_guides_are_accepted(tmp_path: Path) -> None:
    file = tmp_path / "shown.yaml"
    shown = re.findall(r"```yaml\n(.*?)```", (DOCS / "guides/land-meter-reads.md").read_text(), re.DOTALL)
    for text in shown:
        file.write_text(text)
        assert read_layout(file).declared
    assert shown
    file.write_text(
        re.findall(r"```yaml\n(.*?)```", (DOCS / "guides/land-a-cis-extract.md").read_text(), re.DOTALL)[0]
    )
    assert read_mapping(file).of("customers").delimiter == ";"


def test_words_are_calm() -> None:
    """No exclamation marks in what people read; code is left out."""
    loud = [
        f"{page.relative_to(ROOT)}: {line.strip()[:60]}"
        for page in WRITTEN
        for line in re.sub(
            r"```.*?```|`[^`\n]*`|<[^>]+>|!\[", "", page.read_text(), flags=re.DOTALL
        ).splitlines()
        if "!" in line
    ]
    assert not loud


def test_the_site_builds_without_a_warning_and_asks_nobody_else(tmp_path: Path) -> None:
    site = tmp_path / "site"
    done = subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", str(site)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=240,
        env=os.environ | {"NO_MKDOCS_2_WARNING": "1"},
    )
    assert done.returncode == 0, done.stderr + done.stdout
    elsewhere = re.compile(r"""<(?:script|link|img)[^>]+(?:src|href)=["'](?:https?:)?//[^"']+["']""")
    asking = {
        match.group(0)
        for page in site.rglob("*.html")
        for match in elsewhere.finditer(page.read_text())
        if 'rel="canonical"' not in match.group(0)
    }
    assert not asking
