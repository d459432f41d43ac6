"""The reference pages, made from the code itself each time the site is built.

MkDocs calls ``on_files`` (see ``hooks`` in mkdocs.yml). Nothing is written into the tree: ``pages()`` answers
every page as text, which is also what ``tests/test_docs.py`` checks for completeness.
"""

import inspect
import re
from collections.abc import Callable, Iterable, Iterator
from importlib import import_module
from pathlib import Path
from textwrap import dedent
from typing import Any

Pages = dict[str, str]


def on_files(files: Any, config: Any) -> Any:
    """MkDocs hook: add the generated pages to those of the folder."""
    from mkdocs.structure.files import File

    for address, text in pages().items():
        files.append(File.generated(config, address, content=text))
    return files


def pages() -> Pages:
    """Every generated page: address under ``docs/`` → Markdown."""
    from lamplighter import app

    app.join()
    made: dict[str, Callable[[], Iterable[str]]] = {
        "reference/commands.md": _commands,
        "reference/settings.md": _settings,
        "reference/sources.md": _sources,
        "reference/mapping.md": lambda: _declared_file("mapping", "cis_csv"),
        "reference/layout.md": lambda: _declared_file("layout", "ami"),
        "reference/http.md": _http,
        "reference/errors.md": _errors,
        "reference/events.md": _events,
        "reference/roles.md": _roles,
        "reference/purposes.md": _purposes,
        "reference/store.md": _store,
        "reference/tables/index.md": _table_index,
    }
    made |= {f"reference/tables/{domain}.md": _domain_page(domain) for domain in _domains()}
    return {address: "\n".join(make()) + "\n" for address, make in made.items()}


# --- Command line and settings ----------------------------------------------------------------------------


def _commands() -> Iterator[str]:
    yield "# Commands\n"
    yield (
        "Every verb has `--help`. Verbs with `--json` print one JSON object on standard output; progress and "
        "sentences go to standard error. The exit status is 0 when it is done, 1 when it was refused or failed "
        "with a sentence that says why, 2 when it was called wrongly.\n"
    )
    yield (
        "An installation is found by `--data DIR`, else `LAMPLIGHTER_DATA`, else `./lamplighter-data`. Where a "
        "server runs on that installation, its worker does the work and the verb follows the progress; where none "
        "runs, the verb does the work itself. The result is the same.\n"
    )
    for name, command in commands():
        yield f"## lamplighter {name}\n"
        yield f"{_text(command.help)}\n"
        arguments = [param for param in command.params if param.param_type_name == "argument"]
        options = [param for param in command.params if param.param_type_name == "option"]
        words = " ".join(
            param.name.upper() if param.required else f"[{param.name.upper()}]" for param in arguments
        )
        yield f"```text\nlamplighter {name} {words}{' [OPTIONS]' if options else ''}\n```\n".replace(
            "  ", " "
        )
        yield from _grid(
            ("", "meaning", "default"),
            [
                (
                    f"`{param.name.upper()}`" if param in arguments else f"`{', '.join(_spellings(param))}`",
                    _text(getattr(param, "help", "")),
                    _default(param),
                )
                for param in (*arguments, *options)
            ],
        )


def commands() -> list[tuple[str, Any]]:
    """Every verb with its command object, groups spelled out: ``audience size``."""
    from typer.main import get_command

    from lamplighter.cli import cli

    found: list[tuple[str, Any]] = []

    def walk(prefix: str, group: Any) -> None:
        for name, command in group.commands.items():
            if hasattr(command, "commands"):
                walk(f"{prefix}{name} ", command)
            elif not command.hidden:
                found.append((f"{prefix}{name}", command))

    walk("", get_command(cli))
    return found


def _spellings(param: Any) -> list[str]:
    return [spelling for spelling in param.opts if spelling.startswith("-")]


def _default(param: Any) -> str:
    if param.required:
        return "must be given"
    value = param.default
    if value is None or callable(value) or value is False or value in ((), []):
        return ""
    return f"`{value}`"


def _settings() -> Iterator[str]:
    from lamplighter.settings import Settings

    yield "# Settings\n"
    yield (
        "Environment variables, read once at start. The defaults run the demo on one machine. "
        "[Run it](../guides/run-it.md) says which ones a real installation sets.\n"
    )
    rows = []
    for name, field in Settings.model_fields.items():
        default = "" if field.default is None else f"`{field.default}`"
        rows.append((f"`LAMPLIGHTER_{name.upper()}`", _text(field.description or ""), default))
    yield from _grid(("variable", "meaning", "default"), rows)


# --- Data in ----------------------------------------------------------------------------------------------


def _sources() -> Iterator[str]:
    from lamplighter import plugins

    yield "# Sources\n"
    yield (
        "A source reads files of one kind. `lamplighter land SOURCE PATH` names it first. Adding one is one file "
        "and one line, by anybody: `CONTRIBUTING.md` shows how.\n"
    )
    for name in plugins.names("sources"):
        source = plugins.load("sources", name)
        module = inspect.getmodule(type(source))
        yield f"## {name}\n"
        yield _code_blocks(inspect.getdoc(module) or inspect.getdoc(source) or "") + "\n"
        yield "It can fill: " + ", ".join(_table_link(table, "tables/") for table in source.tables) + ".\n"


def _declared_file(name: str, source: str) -> Iterator[str]:
    module = import_module(f"lamplighter.intake.{name}")
    yield f"# {name}.yaml\n"
    yield f"Used with the source [{source}](sources.md#{source}).\n"
    yield _code_blocks(inspect.getdoc(module) or "")


# --- The warehouse's tables -------------------------------------------------------------------------------


def _domains() -> dict[str, list[Any]]:
    from lamplighter.warehouse.tables import TABLES

    domains: dict[str, list[Any]] = {}
    for table in TABLES.values():
        domains.setdefault(table.domain, []).append(table)
    return domains


def _table_index() -> Iterator[str]:
    yield "# Warehouse tables\n"
    yield (
        "Each table is declared once, in `src/lamplighter/warehouse/tables/`. From the declaration come the table "
        "on each engine, the checks at the door, the catalog, the walk of access and erasure, and these pages.\n"
    )
    yield (
        "*Landed* tables are appended in batches and keep every version; each of their rows also carries "
        "`batch_id` and `recorded_at`. *Derived* tables are worked out from others and replaced.\n"
    )
    for domain, tables in _domains().items():
        yield f"## {domain.replace('_', ' ').capitalize()}\n"
        yield from _grid(
            ("table", "one row is", "kind"),
            [(f"[`{t.name}`]({domain}.md#{t.name})", _text(t.meaning), t.kind) for t in tables],
        )


def _domain_page(domain: str) -> Callable[[], Iterator[str]]:
    def page() -> Iterator[str]:
        yield f"# {domain.replace('_', ' ').capitalize()}\n"
        for table in _domains()[domain]:
            yield from _table(table)

    return page


def _table(table: Any) -> Iterator[str]:
    yield f"## {table.name}\n"
    yield f"One row is {_text(table.meaning)}.\n"
    facts = [f"**Kind:** {table.kind}", f"**Key:** {', '.join(f'`{name}`' for name in table.key)}"]
    if table.subject is None:
        facts.append("**About:** nobody in particular")
    else:
        facts.append(f"**About:** the {table.subject.kind.replace('_', ' ')} in `{table.subject.column}`")
    kept = table.retention
    facts.append(
        f"**Kept:** {f'{kept.months} months' if kept.months else 'without limit'} ({_text(kept.reason)})"
    )
    if table.event:
        facts.append(f"**Event once landed:** [`{table.event}`](../events.md)")
    if table.aliases:
        facts.append(
            "**Known elsewhere as:** " + ", ".join(f"{a} ({_text(s)})" for s, a in table.aliases.items())
        )
    yield from (f"- {fact}" for fact in facts)
    yield ""
    rows = []
    for column in table:
        meaning = _text(column.meaning) + (f" ({_text(column.unit)})" if column.unit else "")
        if column.values:
            meaning += ": " + ", ".join(f"`{value}`" for value in column.values)
        if column.references:
            meaning += f"; names a row of `{column.references}`"
        name = f"**`{column.name}`**" if column.required else f"`{column.name}`"
        rows.append((name, f"`{column.type}`", meaning, str(column.sensitivity)))
    yield from _grid(("column (**required**)", "type", "meaning", "sensitivity"), rows)


def _table_link(name: str, under: str) -> str:
    from lamplighter.warehouse.tables import TABLES

    if name not in TABLES:
        return f"`{name}`"
    return f"[`{name}`]({under}{TABLES[name].domain}.md#{name})"


# --- State, people, purposes ------------------------------------------------------------------------------


def _store() -> Iterator[str]:
    from sqlalchemy.dialects import postgresql

    from lamplighter import app

    postgres = postgresql.dialect()
    yield "# Store tables\n"
    yield (
        "State that changes, in PostgreSQL. Except where noted, a row belongs to one organization and row-level "
        "security keeps every other organization from seeing it. Each table is written by one module only.\n"
    )
    for table in app.metadata().sorted_tables:
        info = table.info
        yield f"## {table.name}\n"
        yield _sentence(_text(info.get("meaning") or table.comment or "")) + "\n"
        facts = [
            "one organization's own"
            if info.get("tenant")
            else "shared by all organizations (no personal data)"
        ]
        if subject := info.get("subject"):
            facts.append(f"about the {subject.kind.replace('_', ' ')} in `{subject.column}`")
        if kept := info.get("retention"):
            facts.append(
                f"kept {f'{kept.months} months' if kept.months else 'without limit'} ({_text(kept.reason)})"
            )
        yield _sentence("; ".join(facts)) + "\n"
        rows = [
            (f"`{c.name}`", f"`{c.type.compile(postgres)}`".lower(), _text(c.comment or ""))
            for c in table.columns
        ]
        yield from _grid(("column", "type", "meaning"), rows)


def _roles() -> Iterator[str]:
    from lamplighter.store.staff import PERMISSIONS, ROLES

    everything = sorted({permission for role in ROLES for permission in PERMISSIONS[role]})
    yield "# Roles and scopes\n"
    yield "What each role of the console may do. [Staff and keys](../guides/staff-and-keys.md) shows how to add people.\n"
    rows = [
        (f"`{permission}`", *("yes" if permission in PERMISSIONS[role] else "" for role in ROLES))
        for permission in everything
    ]
    yield from _grid(("permission", *(role.replace("_", " ") for role in ROLES)), rows)
    from lamplighter.store.key import SCOPES

    yield "## Scopes of API keys\n"
    yield "A key may do what its scopes say and reads for the one purpose it declares.\n"
    yield from (f"- `{scope}`" for scope in sorted(SCOPES))


def _purposes() -> Iterator[str]:
    import yaml

    from lamplighter import customers

    shipped = yaml.safe_load((Path(customers.__file__).parent / "purposes.yaml").read_text())
    yield "# Purposes\n"
    yield (
        "What personal data may be used for. A *primary* purpose is what a customer expects of the service and needs "
        "no separate consent; a *secondary* one needs a receipt. See "
        "[consent and release](../explain/consent-and-release.md).\n"
    )
    rows = [
        (
            f"`{p['id']}`",
            p["class"],
            str(p["basis"]).replace("_", " "),
            f"{p['retention_months']} months",
            p["text"]["en"],
        )
        for p in shipped
    ]
    yield from _grid(("purpose", "class", "basis", "kept", "in words"), rows)


# --- Programs ---------------------------------------------------------------------------------------------


def _http() -> Iterator[str]:
    from lamplighter.web.app import openapi_document

    document = openapi_document()
    yield "# HTTP\n"
    yield (
        "A running installation shows this interactively at `/docs` and as a document at `/openapi.json` "
        "(also `lamplighter openapi`). Programs send an API key as `Authorization: Bearer lk_…`. Errors are "
        "RFC 9457 problems: see [errors](errors.md). Times are RFC 3339 UTC.\n"
    )
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            yield f"## {method.upper()} {path}\n"
            yield _text(operation.get("summary", "")).rstrip(".") + ".\n"
            if description := operation.get("description"):
                yield f"{description}\n"
            yield from _grid(
                ("parameter", "in", "meaning"),
                [
                    (
                        f"`{p['name']}`" + (" (required)" if p.get("required") else ""),
                        p["in"],
                        _text(p.get("description", "")),
                    )
                    for p in operation.get("parameters", [])
                ],
            )


def _errors() -> Iterator[str]:
    from lamplighter import errors

    yield "# Errors\n"
    yield (
        "Every refusal has a stable code, a status on the wire, and a sentence that says what happened and what to "
        "do. *Retry* says whether the same request can succeed later without a change.\n"
    )
    yield f"```text\n{_tree(inspect.getdoc(errors) or '')}\n```\n"
    yield from _grid(
        ("code", "status", "retry"),
        [
            (f"<a id='{e.code}'></a>`{e.code}`", str(e.status), "yes" if e.retryable else "no")
            for e in error_classes()
        ],
    )


def error_classes() -> list[type[Any]]:
    """Every class of the error tree, in the order of the file."""
    from lamplighter import errors

    return [
        thing
        for thing in vars(errors).values()
        if inspect.isclass(thing) and issubclass(thing, errors.LamplighterError)
    ]


def _events() -> Iterator[str]:
    from lamplighter import app
    from lamplighter.model.event import WIRE
    from lamplighter.warehouse.tables import TABLES

    listeners: dict[str, list[str]] = {}
    for room in app.ROOMS:
        for event, tasks in import_module(f"lamplighter.{room}").ON.items():
            listeners.setdefault(event, []).extend([tasks] if isinstance(tasks, str) else tasks)
    tables = {table.event: table.name for table in TABLES.values() if table.event}
    yield "# Events\n"
    yield (
        "Everything that happens is an event. The key is stored; the name travels. A name that is not in this list "
        "is kept as it came. The last column names the jobs that listen.\n"
    )
    yield from _grid(
        ("key", "name", "after landing", "who listens"),
        [
            (
                f"`{key}`",
                wire,
                f"`{tables[key]}`" if key in tables else "",
                ", ".join(f"`{task}`" for task in listeners.get(key, ())),
            )
            for key, wire in WIRE.items()
        ],
    )


# --- Markdown ---------------------------------------------------------------------------------------------


def _text(value: str | None) -> str:
    """One line of plain text, safe in a table cell."""
    line = re.sub(r"\s+", " ", value or "").strip()
    return line.replace("|", "\\|").replace("<", "&lt;").replace("``", "`")


def _sentence(words: str) -> str:
    """With a capital at its beginning and a full stop at its end."""
    return f"{words[:1].upper()}{words[1:].rstrip('.')}." if words else ""


def _grid(head: tuple[str, ...], rows: list[tuple[str, ...]]) -> Iterator[str]:
    if not rows:
        return
    yield "| " + " | ".join(head) + " |"
    yield "|" + " --- |" * len(head)
    yield from ("| " + " | ".join(row) + " |" for row in rows)
    yield ""


def _code_blocks(docstring: str) -> str:
    """A docstring as Markdown: what is indented in it is shown as it stands."""
    parts = re.split(r"\n\n(?=\S)|\n\n(?=    )", docstring)
    return "\n\n".join(
        f"```text\n{dedent(part).rstrip()}\n```" if part.startswith("    ") else part.replace("``", "`")
        for part in parts
    )


def _tree(docstring: str) -> str:
    drawn = [line[4:] for line in docstring.splitlines() if line.startswith("    ")]
    return "\n".join(drawn)
