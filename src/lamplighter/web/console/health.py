"""Data health: sentences first, then sources, what was set aside and why, batches, and the two ways to mend."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import RedirectResponse, Response

from lamplighter.context import Context
from lamplighter.errors import NotFound, Unavailable
from lamplighter.intake import batch, quarantine
from lamplighter.intake.batch import Batch
from lamplighter.web.console import Frame, facts, health_words, seen_by
from lamplighter.web.console.health_words import SourceFact, reason
from lamplighter.web.door import Form, check, context_of
from lamplighter.web.pages import number, plural, render

router = APIRouter(prefix="/health")
READ = seen_by("data.read")
PAGE = 50
STATES = {"visible": ("good", ""), "stored": ("warn", "ring"), "withdrawn": ("", "diamond")}


@dataclass(frozen=True)
class SourceRow:
    """A source in the list."""

    name: str
    words: str
    rows: int
    set_aside: int
    newest: datetime | None

    @property
    def href(self) -> str:
        return f"/console/health/{self.name}"


@dataclass(frozen=True)
class ReasonRow:
    """A reason with how many rows it holds back; with an address where one can filter by it."""

    words: str
    count: int
    href: str = ""
    current: bool = False


@dataclass(frozen=True)
class RejectedRow:
    """A row that was set aside; ``raw`` is None for a role that may not see it."""

    where: str
    at: str
    reason: str
    remedy: str
    raw: str | None


@dataclass(frozen=True)
class BatchRow:
    """A load in the list."""

    id: str
    at: datetime
    files: str
    landed: int
    unchanged: int
    rejected: int
    state: str
    tone: str
    shape: str
    can_withdraw: bool


@dataclass(frozen=True)
class Told:
    """A notice above the content."""

    tone: str
    icon: str
    title: str
    words: str = ""


@router.get("")
def overview(request: Request, frame: Frame = READ) -> Response:
    """All sources."""
    context = context_of(request, frame.caller)
    with context.session() as session:
        sources, loading = facts.sources(session), facts.loading(session, frame.now)
    told, tables = [], []
    try:
        rows = facts.table_counts(context)
        tables = [
            {"name": name, "rows": count}
            for name, count in sorted(rows.items(), key=lambda row: -row[1])
            if count
        ]
    except Unavailable as problem:
        told.append(Told("warn", "cloud-off", "The warehouse does not answer.", str(problem)))
    reasons: dict[str, int] = {}
    for fact in sources:
        for code, count in fact.reasons.items():
            reasons[code] = reasons.get(code, 0) + count
    landed, aside = sum(fact.rows for fact in sources), sum(reasons.values())
    view = {
        "title": health_words.title(sources, frame.now),
        "lead": health_words.lead(sources, frame.now),
        "needs": health_words.needs(sources, frame.now),
        "told": told,
        "loading": loading,
        "sources": [
            SourceRow(
                fact.name, health_words.in_words(fact, frame.now), fact.rows, fact.set_aside, fact.newest
            )
            for fact in sources
        ],
        "reasons": _ranked(reasons)[:8],
        "share": f"{number(aside)} of {plural(landed + aside, 'row')}, kept for {quarantine.RETENTION_DAYS} days."
        if aside
        else "Rows that cannot land are kept here with their reason.",
        "tables": tables[:10],
    }
    return render(request, "console/health.html", view=view)


@router.get("/{name}")
def source(request: Request, name: str, why: str = "", rows: int = PAGE, frame: Frame = READ) -> Response:
    """One source: what was set aside, row by row, and its batches."""
    return _source(request, frame, name, why, min(max(rows, 1), 1000), [])


@router.post("/{name}/replay")
def replay(request: Request, name: str, fields: Form, frame: Frame = READ) -> Response:
    """Try what was set aside again; the worker does it and the page follows."""
    check(frame.caller, "data.write")
    _known(context_of(request, frame.caller), name)
    request.app.state.application.request(
        frame.caller.organization_id, "replay", {"source": name}, actor=frame.caller.actor
    )
    return RedirectResponse(f"/console/health/{name}", 303)


@router.post("/{name}/withdraw")
def withdraw(request: Request, name: str, fields: Form, frame: Frame = READ) -> Response:
    """Take a batch back, as if it had never landed."""
    check(frame.caller, "data.write")
    context = context_of(request, frame.caller)
    with context.session() as session:
        found = batch.find(session, str(fields.get("batch") or ""))
    if found.source != name:
        raise NotFound(f"Source “{name}” has no such batch.")
    request.app.state.application.request(
        frame.caller.organization_id, "withdraw", {"batch": found.id}, actor=frame.caller.actor
    )
    return RedirectResponse(f"/console/health/{name}#batches", 303)


def _source(request: Request, frame: Frame, name: str, why: str, most: int, told: list[Told]) -> Response:
    context = context_of(request, frame.caller)
    fact = _known(context, name)
    with context.session() as session:
        rows = quarantine.listed(session, name, limit=1000)
        batches = [one for one in batch.newest(session, 1000) if one.source == name]
        loading = facts.loading(session, frame.now)
        for kind in ("replay", "withdraw"):
            failed = facts.latest_failure(session, kind, frame.now)
            if failed:
                told.append(Told("bad", "warning", f"{facts.VERBS[kind]} did not work.", failed.message))
    if why:
        rows = [row for row in rows if row["reason"] == why]
    reads_raw = frame.caller.may("customers.read")
    address = f"/console/health/{name}"
    reasons = [ReasonRow("all", fact.set_aside, f"{address}#aside", not why)] + [
        ReasonRow(reason(code), count, f"{address}?why={code}#aside", code == why)
        for code, count in sorted(fact.reasons.items(), key=lambda item: -item[1])
    ]
    title = f"{name}: {health_words.in_words(fact, frame.now)}"
    view = {
        "name": name,
        "title": title,
        "lead": f"Read by the source plug-in {fact.plugin}. {plural(fact.rows, 'row')} landed in "
        f"{plural(len(batches), 'batch', 'batches')}.",
        "told": told,
        "loading": loading,
        "set_aside": fact.set_aside,
        "can_write": frame.caller.may("data.write"),
        "reasons": reasons if len(reasons) > 2 else [],
        "rows": [_rejected(row, reads_raw) for row in rows[:most]],
        "next": f"{address}?why={why}&rows={most + 200}#aside" if len(rows) > most else "",
        "batches": [_batch(one) for one in batches[:100]],
    }
    return render(request, "console/source.html", view=view)


def _known(context: Context, name: str) -> SourceFact:
    with context.session() as session:
        for fact in facts.sources(session):
            if fact.name == name:
                return fact
    raise NotFound(f"No source “{name}” has landed here. Data health lists those that have.")


def _ranked(reasons: dict[str, int]) -> list[ReasonRow]:
    return [
        ReasonRow(reason(code), count) for code, count in sorted(reasons.items(), key=lambda item: -item[1])
    ]


def _rejected(row: dict[str, Any], reads_raw: bool) -> RejectedRow:
    where = str(row["file"]) + (f", line {number(row['line'])}" if row["line"] is not None else "")
    raw = "; ".join(f"{key}: {value}" for key, value in (row["raw"] or {}).items() if value not in (None, ""))
    said = (
        str(row["message"])
        if reads_raw or row["column_name"] is None
        else f"{row['column_name']}: {row['remedy']}"
    )
    return RejectedRow(
        where, row["rejected_at"], reason(row["reason"]), said, (raw or "–") if reads_raw else None
    )


def _batch(one: Batch) -> BatchRow:
    tone, shape = STATES[one.state]
    files = [str(file.get("name", "")) for file in one.files]
    named = ", ".join(files[:2]) + (f" and {len(files) - 2} more" if len(files) > 2 else "")
    count = {key: int(one.counts.get(key, 0)) for key in ("landed", "unchanged", "rejected")}
    return BatchRow(one.id, one.landed_at, named, state=one.state, tone=tone, shape=shape,
                    can_withdraw=one.state == "visible", **count)  # fmt: skip
