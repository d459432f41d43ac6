"""Catalog pages: what tables there are, what each column means, how sensitive it is."""

from dataclasses import dataclass
from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import Response

from lamplighter.errors import Unavailable
from lamplighter.model.declaration import Sensitivity
from lamplighter.warehouse.table import Table
from lamplighter.warehouse.tables import TABLES, table
from lamplighter.web.console import Frame, facts, seen_by
from lamplighter.web.door import context_of
from lamplighter.web.pages import number, plural, render

router = APIRouter(prefix="/catalog")
READ = seen_by("data.read")
TONES = {Sensitivity.PERSONAL: "info", Sensitivity.SENSITIVE: "warn", Sensitivity.RESTRICTED: "bad"}


@dataclass(frozen=True)
class Entry:
    """A row of the list."""

    name: str
    domain: str
    meaning: str
    subject: str
    aliases: str
    rows: int | None


@dataclass(frozen=True)
class Fact:
    """One fact about a table, with its label."""

    label: str
    value: str


@router.get("")
def entries(request: Request, word: str = "", domain: str = "", frame: Frame = READ) -> Response:
    """All tables, or those whose name, meaning, column or alias holds the word."""
    counts = _rows(request, frame)
    found = [
        Entry(
            one.name,
            one.domain,
            one.meaning,
            _subject(one),
            ", ".join(one.aliases.values()),
            counts.get(one.name),
        )
        for one in TABLES.values()
        if _says(one, word.strip().casefold()) and domain in ("", one.domain)
    ]
    view = {
        "entries": found,
        "word": word,
        "domain": domain,
        "domains": sorted({t.domain for t in TABLES.values()}),
    }
    return render(request, "console/catalog.html", view=view)


@router.get("/{name}")
def entry(request: Request, name: str, frame: Frame = READ) -> Response:
    """One table with its columns."""
    one = table(name)
    kept = "as long as needed" if one.retention.months is None else plural(one.retention.months, "month")
    facts = [
        Fact("Rows", number(_rows(request, frame).get(name))),
        Fact("Domain", one.domain),
        Fact("About", _subject(one)),
        Fact("Key", ", ".join(one.key)),
        Fact("Filled", "by landing files" if one.kind == "landed" else "derived by Lamplighter"),
        Fact("Kept", f"{kept}: {one.retention.reason}"),
        *(Fact(spelled.replace("_", " ").upper() if spelled in ("espi", "csv") else spelled.replace("_", " ").title(), name)
          for spelled, name in one.aliases.items()),
    ]  # fmt: skip
    columns: list[dict[str, Any]] = [
        {
            "name": column.name,
            "meaning": column.meaning,
            "type": column.type.partition("(")[0],
            "values": ", ".join(column.values) if column.values else "",
            "references": (column.references or "").partition(".")[0],
            "unit": column.unit or "",
            "key": column.name in one.key,
            "sensitivity": column.sensitivity.value,
            "tone": TONES.get(column.sensitivity, ""),
        }
        for column in one
    ]
    view = {"name": one.name, "meaning": one.meaning, "columns": columns, "facts": facts}
    return render(request, "console/catalog_entry.html", view=view)


def _rows(request: Request, frame: Frame) -> dict[str, int]:
    """Rows by table; none where the warehouse does not answer: the declarations stand by themselves."""
    try:
        return facts.table_counts(context_of(request, frame.caller))
    except Unavailable:
        return {}


def _says(one: Table, word: str) -> bool:
    if not word:
        return True
    said = [
        one.name,
        one.meaning,
        *one.aliases.values(),
        *(f"{column.name} {column.meaning}" for column in one),
    ]
    return any(word in text.casefold() for text in said)


def _subject(one: Table) -> str:
    return one.subject.kind.value.replace("_", " ") if one.subject else "nobody"
