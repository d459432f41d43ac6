"""Home: what needs a person today, worst first, and what is fine."""

from dataclasses import dataclass, field
from datetime import datetime

from fastapi import APIRouter, Request
from starlette.responses import Response

from lamplighter.customers import search
from lamplighter.errors import Unavailable
from lamplighter.web.console import Frame, Signed, facts, health_words
from lamplighter.web.console.facts import Step
from lamplighter.web.console.health_words import Need
from lamplighter.web.door import context_of
from lamplighter.web.pages import counted, number, render

router = APIRouter()
MOST = 5
STATS = (
    ("service_location", "homes and businesses"),
    ("bill", "bills"),
    ("meter_reading", "meter reads"),
)


@dataclass(frozen=True)
class Stat:
    """A large number and what it counts."""

    value: str
    words: str


@dataclass(frozen=True)
class Arrival:
    """A load that came in."""

    at: datetime
    source: str
    words: str


@dataclass(frozen=True)
class Home:
    """The whole page."""

    title: str
    lead: str
    needs: list[Need] = field(default_factory=list)
    fine: list[str] = field(default_factory=list)
    stats: list[Stat] = field(default_factory=list)
    recent: list[Arrival] = field(default_factory=list)
    loading: list[Step] = field(default_factory=list)
    loading_words: str = ""
    is_empty: bool = False


@router.get("")
def home(request: Request, frame: Signed) -> Response:
    """Five at most, each with its action; while data loads, its progress comes first."""
    return render(request, "console/home.html", view=_view(request, frame))


def _view(request: Request, frame: Frame) -> Home:
    context = context_of(request, frame.caller)
    may = frame.caller.may("data.read")
    with context.session() as session:
        loading = facts.loading(session, frame.now)
        sources = facts.sources(session)
        people = search.count(session)
        recent = [
            Arrival(one.landed_at, one.source, facts.in_words(one)) for one in facts.arrivals(session, 6)
        ]
    needs = health_words.needs(sources, frame.now) if may else []
    stats = [Stat(number(people), "customers")] if people else []
    try:
        rows = facts.table_counts(context)
        stats += [Stat(number(rows[name]), words) for name, words in STATS if rows.get(name)]
    except Unavailable as problem:
        needs.append(Need(2000, "bad", "cloud-off", "Figures and audiences do not answer", str(problem)))
    fine = health_words.fine(sources, frame.now) if may else []
    name = frame.caller.name.split()[0]
    count = len(needs)
    if loading:
        title, lead = (
            f"Good to see you, {name}",
            "Data is coming in. What has arrived can be looked at already.",
        )
    elif not sources:
        title, lead = f"Welcome, {name}", "Nothing has been loaded yet."
    elif count:
        title = f"{counted(count)} thing{'s need' if count != 1 else ' needs'} you today, {name}"
        lead = f"Sorted by what gets worse first. {counted(len(fine))} other check{'s are' if len(fine) != 1 else ' is'} fine."
    else:
        title, lead = f"Nothing needs you today, {name}", "All checks are fine."
    return Home(
        title=title,
        lead=lead,
        needs=sorted(needs, key=lambda need: -need.weight)[:MOST],
        fine=fine,
        stats=stats,
        recent=recent if may else [],
        loading=loading,
        loading_words="This page follows along." if loading else "",
        is_empty=not sources,
    )
