"""The house rules that a program can check: a newcomer finds each thing where they would look for it."""

import ast
import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
SOURCE = ROOT / "src/lamplighter"
MODULES = sorted(path for path in SOURCE.rglob("*.py") if "__pycache__" not in path.parts)
PACKAGES = sorted(path.parent for path in MODULES if path.name == "__init__.py")

NOUNS = {
    "store": (
        "embedded", "organization", "staff", "key", "vault", "files", "events", "jobs", "audit", "migrations",
    ),
    "warehouse": ("table", "tables", "warehouse", "remote", "catalog", "quality", "engines"),
    "intake": ("land", "source", "mapping", "quarantine", "standardize", "green_button", "sources"),
    "customers": (
        "identity", "profile", "household", "occupancy", "timeline", "consent", "release", "situation",
        "audience", "search", "bill",
    ),
    "insight": ("usage",),
    "web": ("api", "console", "static"),
    "demo": ("town",),
}  # fmt: skip
"""Where the architecture's nouns live: a room, then the noun itself, as a module or a folder."""

VAGUE = {"util", "utils", "helper", "helpers", "common", "core", "manager", "service", "base", "misc"}
GENERATED = "versions"
"""Migrations are written by a program; their length follows the tables'."""


def relative(path: Path) -> str:
    return str(path.relative_to(ROOT))


def tracked() -> list[Path]:
    """The text files that make up the product: what git would take, pictures aside."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    if listed.returncode == 0 and listed.stdout:
        paths = [ROOT / name for name in listed.stdout.split("\0") if name]
    else:  # a copy of the tree without its history
        built = {"node_modules", "site", "vendor", "demo-data", "lamplighter-data", "__pycache__"}
        paths = [
            path
            for path in ROOT.rglob("*")
            if not any(part in built or part.startswith(".") for part in path.relative_to(ROOT).parts)
        ]
    binary = {".png", ".jpg", ".parquet", ".gz", ".ico", ".pyc"}
    return sorted(path for path in paths if path.is_file() and path.suffix not in binary)


@pytest.mark.parametrize(("room", "noun"), [(room, noun) for room, nouns in NOUNS.items() for noun in nouns])
def test_a_noun_of_the_architecture_lies_where_one_would_guess(room: str, noun: str) -> None:
    place = SOURCE / room / noun
    assert place.with_suffix(".py").exists() or place.is_dir(), f"{room}/{noun} is not there"


def test_packages_go_two_levels_deep_and_no_deeper() -> None:
    allowed = {SOURCE / "store/migrations/versions"}
    deep = [relative(p) for p in PACKAGES if len(p.relative_to(SOURCE).parts) > 2 and p not in allowed]
    assert not deep


def test_no_module_has_a_name_that_says_nothing() -> None:
    vague = [relative(path) for path in MODULES if VAGUE.intersection(path.stem.strip("_").split("_"))]
    vague += [relative(path) for path in PACKAGES if VAGUE.intersection(path.name.split("_"))]
    assert not vague


def test_no_source_file_is_longer_than_400_lines() -> None:
    long = {
        relative(path): lines
        for path in MODULES
        if GENERATED not in path.parts and (lines := len(path.read_text().splitlines())) > 400
    }
    assert not long, "Ask what two things it is"


@pytest.mark.parametrize("package", PACKAGES, ids=relative)
def test_each_package_says_what_it_is_for(package: Path) -> None:
    assert ast.get_docstring(ast.parse((package / "__init__.py").read_text()))


def test_each_folder_with_modules_is_a_package() -> None:
    assert (
        not {relative(path.parent) for path in MODULES}
        - {relative(package) for package in PACKAGES}
        - {"src/lamplighter/store/migrations/versions"}
    )


def test_nothing_is_left_for_later_in_a_comment() -> None:
    marks = re.compile(r"\b(TO" + r"DO|FIX" + r"ME|X" + r"XX|HA" + r"CK)\b")
    found = [
        f"{relative(path)}:{number}"
        for path in tracked()
        if path.suffix in {".py", ".md", ".html", ".css", ".js", ".yaml", ".yml", ".toml", ".liquid"}
        for number, line in enumerate(path.read_text(errors="replace").splitlines(), 1)
        if marks.search(line)
    ]
    assert not found


def test_no_file_speaks_of_the_machine_it_was_written_on() -> None:
    """Paths of a workplace, credentials' places and the numbers of a tracker mean nothing to a reader."""
    workplace = (
        "/" + "work/main",
        "/" + "work/shared",
        "/" + "root/",
        "/" + "home/",
        "/tmp/" + "contracts",
        "/" + "opt/pypi",
    )
    tracker = re.compile(r"\bissue" + r"s? #?\d|\bfixes" + r" #\d", re.IGNORECASE)
    found = [
        f"{relative(path)}:{number}: {line.strip()[:80]}"
        for path in tracked()
        if path.name != "package-lock.json"
        for number, line in enumerate(path.read_text(errors="replace").splitlines(), 1)
        if any(place in line for place in workplace) or tracker.search(line)
    ]
    assert not found


def test_no_personal_data_file_would_be_committed() -> None:
    data = {".duckdb", ".csv", ".parquet", ".dump", ".sqlite"}
    assert not [relative(path) for path in tracked() if path.suffix in data and "tests" not in path.parts]


def test_constraints_name_versions_and_nothing_of_a_machine() -> None:
    lines = [line for line in (ROOT / "constraints.txt").read_text().splitlines() if not line.startswith("#")]
    assert lines
    assert all(re.fullmatch(r"[A-Za-z0-9._-]+==[A-Za-z0-9.+!]+", line) for line in lines)


def test_only_the_warehouse_speaks_to_its_engine_and_only_the_store_to_its_queue() -> None:
    """Another engine is one file, so no room but the warehouse imports DuckDB; the job queue stays in the store."""
    may = {"duckdb": {"warehouse", "bench"}, "procrastinate": {"store"}}
    found = [
        f"{relative(path)} imports {name}"
        for path in MODULES
        for name, rooms in may.items()
        if path.relative_to(SOURCE).parts[0] not in rooms and name in _imports(path)
    ]
    assert not found


def _imports(path: Path) -> set[str]:
    """Top-level names of what a module imports."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names.add(node.module.split(".")[0])
    return names
