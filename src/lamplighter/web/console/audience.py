"""Audiences: conditions as sentences, counted as one types; sample, SQL and JSON on request; saved under a name."""

import json
import time
from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any
from urllib.parse import urlencode

import ibis
from fastapi import APIRouter, Request
from sqlalchemy.orm import Session
from starlette.responses import RedirectResponse, Response

from lamplighter.context import Context
from lamplighter.customers import audience, purposes, release, search, situation
from lamplighter.customers.audience_tree import LEAVES
from lamplighter.errors import InvalidAudience, InvalidInput, Unavailable
from lamplighter.web.api.csv_text import line as csv_line
from lamplighter.web.console import Frame, audience_lines, masking, seen_by
from lamplighter.web.console.audience_lines import Json, Line
from lamplighter.web.console.customers import CONFIDENTIAL
from lamplighter.web.door import Form, check, context_of
from lamplighter.web.pages import day, number, plural, render, spoken

router = APIRouter(prefix="/audiences")
READ = seen_by("audiences.read")
FLOOR = 10
"""Smaller groups are not shown to roles that may not see customers: they could point at a person."""
SAMPLE = 3
MOST_EXPORTED = 100_000
SECONDS = 10.0
"""A live count that takes longer is given up."""

READY: tuple[tuple[str, str, str, Json], ...] = (
    ("money", "Behind with a bill", "People who owe more than $100 that is overdue.",
     {"of": "profile", "where": {"all": [{"account": "arrears", ">": "100"}]}}),
    ("drop", "Homes for lead sampling", "Built 1982 to 1986, water service, address not confidential.",
     {"of": "service_location", "where": {"all": [{"place": "year_built", "between": ["1982", "1986"]},
      {"service": "water", "is": "active"}, {"not": {"situation": "confidential_address"}}]}}),
    ("mail", "Could go paperless", "Paper bills today, nothing open.",
     {"of": "profile", "where": {"all": [{"account": "paperless", "is": False}, {"account": "status", "is": "open"},
      {"not": {"situation": "open_complaint"}}]}}),
    ("heart", "Call before an outage", "Life support or medical need at home.",
     {"of": "profile", "where": {"all": [{"situation": "life_support"}]}}),
)  # fmt: skip


@router.get("")
def audiences(request: Request, frame: Frame = READ) -> Response:
    """What is saved, and what one can start from."""
    with context_of(request, frame.caller).session() as session:
        kept = audience.every(session)
    saved = [
        SimpleNamespace(
            name=item["name"],
            href="/console/audiences/" + item["name"],
            words=sentence(item["definition"]),
            meta=f"for {spoken(item['purpose'])} · changed {day(item['changed_at'], frame.zone)}",
        )
        for item in kept
    ]
    ready = [
        SimpleNamespace(icon=icon, name=name, words=words, href=_address(found))
        for icon, name, words, found in READY
    ]
    can_write = frame.caller.may("audiences.write")
    view = {"saved": saved, "ready": ready, "note": "Counts are of this moment.", "can_write": can_write}
    return render(request, "console/audiences.html", view=view)


@router.get("/new")
def builder(request: Request, frame: Frame = READ) -> Response:
    """The builder; its whole state stands in the address, so it can be shared and works without scripts."""
    return render(request, "console/audience.html", view=_view(request, frame))


@router.get("/export")
def export(request: Request, frame: Frame = READ) -> Response:
    """Members as CSV, safe to open in a spreadsheet. On record like every read of many customers."""
    check(frame.caller, "customers.read")
    context = context_of(request, frame.caller)
    _, _, found = _asked(request, context)
    rows = audience.members(context, found, limit=MOST_EXPORTED)
    is_person = found["of"] in ("profile", "business")
    with context.session() as session:
        known = _summaries(session, [row["id"] for row in rows], context) if is_person else {}
    release.release_rows(
        context, str(context.actor), "customer_service", rows, release.EVERYONE, contents=["audience", "profile_search"],
        reason="audience export",
    )  # fmt: skip
    text = [csv_line("id", "name", "address")]
    for row in rows:
        summary = known.get(row["id"], {})
        text.append(csv_line(row["id"], summary.get("name"), summary.get("address")))
    headers = {"Content-Disposition": 'attachment; filename="audience.csv"', "Cache-Control": "no-store"}
    return Response("".join(text), media_type="text/csv; charset=utf-8", headers=headers)


@router.get("/{name}")
def saved(request: Request, name: str, frame: Frame = READ) -> Response:
    """A saved audience, opened in the builder; one with a deeper tree is shown as JSON with its size."""
    context = context_of(request, frame.caller)
    with context.session() as session:
        found = audience.saved(session, name)
    asked = audience_lines.address(found)
    if asked is not None:
        return RedirectResponse("/console/audiences/new?" + urlencode(asked), 303)
    return render(request, "console/audience.html", view=_view(request, frame, found))


@router.post("")
def save(request: Request, fields: Form, frame: Frame = READ) -> Response:
    """Keep the audience under its name."""
    check(frame.caller, "audiences.write")
    try:
        found = json.loads(str(fields.get("definition") or ""))
    except ValueError:
        raise InvalidInput("The audience did not arrive whole. Open the builder and save it again.") from None
    name = " ".join(str(fields.get("name") or "").split())[:80]
    found = {**found, "name": name, "purpose": str(fields.get("purpose") or "")}
    with context_of(request, frame.caller).session() as session:
        audience.save(session, found, actor=str(frame.caller.actor), now=frame.now)
    return RedirectResponse("/console/audiences", 303)


def sentence(found: Json) -> str:
    """What a definition says, in half a line: ``Places: year built, service water, not situation outage``."""
    where = found.get("where", {})
    parts = where.get("all", [where])
    said = [("not " if "not" in part else "") + _word(part.get("not", part)) for part in parts]
    unit = audience_lines.UNITS[found.get("of", "profile")][1]
    return f"{unit.capitalize()}: {', '.join(said)}" if said else f"All {unit}"


def _word(leaf: Json) -> str:
    kind = next((kind for kind in LEAVES if kind in leaf), "")
    known = audience_lines.WORDS.get(f"{kind}.{leaf.get(kind)}")
    return known or (f"{spoken(kind)} {spoken(leaf[kind])}" if kind else "a group")


def _asked(request: Request, context: Context) -> tuple[str, list[Line], Json]:
    asked = dict(request.query_params)
    of = asked.get("of", "profile")
    of = of if of in audience_lines.UNITS else "profile"
    with context.session() as session:
        names = [item["name"] for item in audience.every(session) if item["of"] == of]
        known = tuple(purposes.all_of(session))
    lines = audience_lines.read(asked, names, known)
    return of, lines, audience_lines.definition(of, lines)


def _view(request: Request, frame: Frame, given: Json | None = None) -> SimpleNamespace:
    context = context_of(request, frame.caller)
    of, lines, found = _asked(request, context)
    if given is not None:
        of, found = given.get("of", "profile"), {key: given[key] for key in ("of", "where") if key in given}
    name = request.query_params.get("name", "") if given is None else str(given["name"])
    with context.session() as session:
        known = {key: purpose.purpose_class for key, purpose in purposes.all_of(session).items()}
    one, many = audience_lines.UNITS[of]
    view = SimpleNamespace(
        title=spoken(name).capitalize() if name else "New audience",
        name=name,
        purpose=request.query_params.get("purpose", "") if given is None else str(given.get("purpose", "")),
        purposes=[(key, spoken(key)) for key in known],
        sentence="Everything counts at this moment. The address of this page holds the whole audience.",
        of=of, kinds=audience_lines.KINDS, fields=[(group, [SimpleNamespace(key=k, words=w) for k, w in fields])
                                                   for group, fields in audience_lines.GROUPS],
        lines=lines if given is None else [],
        as_json_only=given is not None,
        problem="", size=None, private=False, floor=FLOOR, unit=many, counted_in="", wait="Choose a first condition.",
        members=[], sample_note="", export="", sql="", json=json.dumps(found, indent=2, ensure_ascii=False),
        can_write=frame.caller.may("audiences.write"),
    )  # fmt: skip
    if not found["where"].get("all") and given is None:
        return view
    began = time.perf_counter()
    try:
        sizes = _sizes(context, of, lines, found if given is not None else None)
        view.sql = audience.sql(context, found)
    except (InvalidAudience, Unavailable) as problem:
        view.problem, view.wait = str(problem), "Mend the line first."
        return view
    view.size = sizes[-1]
    view.unit = one if view.size == 1 else many
    view.counted_in = f"Counted in {max(round(time.perf_counter() - began, 1), 0.1)} s."
    for line, left in zip((line for line in lines if line.condition), sizes, strict=False):
        line.left = left
    reads = frame.caller.may("customers.read")
    view.private = not reads and 0 < view.size < FLOOR
    if view.private:
        for line in lines:
            line.left = None if line.left is not None and line.left < FLOOR else line.left
        return view
    if view.size:
        view.members = _sample(context, found, reads)
        view.sample_note = "" if reads else "names masked for your role"
        if reads:
            view.export = (
                "/console/audiences/export?" + urlencode(dict(request.query_params)) if given is None else ""
            )
    return view


def _sizes(context: Context, of: str, lines: Sequence[Line], whole: Json | None) -> list[int]:
    """Members left after each complete line, in one read."""
    trees = [whole] if whole else []
    if whole is None:
        complete = [line for line in lines if line.condition]
        trees = [audience_lines.definition(of, complete[: n + 1]) for n in range(len(complete))]
    counts = []
    for n, tree in enumerate(trees):
        rows = audience.of_context(context, tree)
        counts.append(rows.aggregate(size=rows.count()).mutate(line=ibis.literal(n)))
    union = counts[0] if len(counts) == 1 else ibis.union(*counts)
    found = context.warehouse.read(union, context.organization_id, seconds=SECONDS).to_pylist()
    return [int(row["size"]) for row in sorted(found, key=lambda row: row["line"])]


def _sample(context: Context, found: Json, reads: bool) -> list[Any]:
    rows = audience.members(context, found, limit=SAMPLE)
    if found["of"] not in ("profile", "business"):
        return [SimpleNamespace(href="", name=row["id"], words="") for row in rows]
    ids = [row["id"] for row in rows]
    with context.session() as session:
        known = _summaries(session, ids, context)
    release.release_rows(
        context, str(context.actor), "customer_service", known, release.EVERYONE, contents=["profile_search"],
        reason="audience sample",
    )  # fmt: skip
    shown = []
    for profile_id in ids:
        summary = known.get(profile_id, {})
        name, place = summary.get("name") or "Name not known", summary.get("address") or "no present address"
        accounts = plural(len(summary.get("accounts") or []), "account")
        shown.append(
            SimpleNamespace(
                href=f"/console/customers/{profile_id}" if reads else "",
                name=name if reads else masking.name(name),
                words=f"{place if reads else masking.street(place)} · {accounts}",
            )
        )
    return shown


def _summaries(session: Session, ids: Sequence[str], context: Context) -> dict[str, Json]:
    """What lists show of these profiles; a confidential address is never among it."""
    secret = situation.whom(session, "confidential_address", ids, context.now)
    found = search.summaries(session, list(ids))
    return {key: row | ({"address": CONFIDENTIAL} if key in secret else {}) for key, row in found.items()}


def _address(found: Json) -> str:
    return "/console/audiences/new?" + urlencode(audience_lines.address(found) or {})


__all__ = ["number", "router"]
