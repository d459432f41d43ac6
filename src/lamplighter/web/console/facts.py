"""Facts for the pages about data, asked of the rooms that own them."""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from uuid import UUID
from weakref import WeakKeyDictionary

from sqlalchemy.orm import Session

from lamplighter.context import Context
from lamplighter.intake import batch, quarantine
from lamplighter.intake.batch import Batch
from lamplighter.store import progress
from lamplighter.store.progress import Progress
from lamplighter.warehouse import quality
from lamplighter.warehouse.warehouse import Warehouse
from lamplighter.web.console.health_words import SourceFact
from lamplighter.web.pages import number, plural, spoken

_COUNTED: "WeakKeyDictionary[Warehouse, dict[UUID, tuple[float, dict[str, int]]]]" = WeakKeyDictionary()
COUNTS_LAST = 15.0
"""Seconds for which the rows of all tables are not counted again."""
VERBS = {
    "land": "Landing files", "unify": "Finding who is who", "withdraw": "Taking a batch back",
    "replay": "Trying rows again", "retention": "Deleting what is past its time", "demo": "Building the town",
}  # fmt: skip
INTERNAL = "events"
"""Our own events land in batches as well; they are no source that could be late."""
LIVELY = timedelta(minutes=10)
"""Work without a sign of life for so long is not shown as running."""


@dataclass(frozen=True)
class Step:
    """One row of the loading list."""

    title: str
    state: str
    figure: str
    words: str
    done: int
    total: int


def sources(session: Session) -> list[SourceFact]:
    """Every source that has landed, by name."""
    aside: dict[str, dict[str, int]] = {}
    for (source, reason), count in quarantine.counts(session).items():
        aside.setdefault(source, {})[reason] = count
    by_source: dict[str, list[Batch]] = {name: [] for name in aside}
    for one in batch.newest(session, 2000):
        if one.plugin == INTERNAL:
            continue
        by_source.setdefault(one.source, []).append(one)
    found = []
    for name, batches in sorted(by_source.items()):
        kept = [one for one in batches if one.state != "withdrawn"]
        reasons = aside.get(name, {})
        found.append(
            SourceFact(
                name=name,
                plugin=batches[0].plugin if batches else "",
                newest=kept[0].landed_at if kept else None,
                rows=sum(int(one.counts.get("landed", 0)) for one in kept),
                set_aside=sum(reasons.values()),
                reasons=reasons,
                usual=usual_pause([one.landed_at for one in kept]),
            )
        )
    return found


def table_counts(context: Context) -> dict[str, int]:
    """Rows by table, at most ``COUNTS_LAST`` seconds old; Unavailable where the warehouse does not answer."""
    kept = _COUNTED.setdefault(context.warehouse, {})
    at, rows = kept.get(context.organization_id, (-COUNTS_LAST, {}))
    if time.monotonic() - at >= COUNTS_LAST:
        rows = quality.counts(context.warehouse, context.organization_id)
        kept[context.organization_id] = (time.monotonic(), rows)
    return rows


def arrivals(session: Session, limit: int) -> list[Batch]:
    """The newest loads of real sources."""
    return [one for one in batch.newest(session, limit * 4) if one.plugin != INTERNAL][:limit]


def usual_pause(times: Sequence[datetime]) -> timedelta | None:
    """The middle pause between loads, newest first; None under four loads, or where they came in one go."""
    pauses = sorted(later - earlier for later, earlier in pairwise(times))
    if len(pauses) < 3:
        return None
    middle = pauses[len(pauses) // 2]
    return middle if middle >= timedelta(minutes=10) else None


def loading(session: Session, now: datetime) -> list[Step]:
    """Work that runs now with what was done just before it; empty where nothing runs."""
    recent = [row for row in progress.recent(session, 12) if now - row.updated_at < LIVELY]
    if all(row.is_over for row in recent):
        return []
    return [_step(row) for row in reversed(recent)]


def latest_failure(session: Session, kind: str, now: datetime) -> Progress | None:
    """The last piece of work of a kind, where it failed within the last hour."""
    rows = [row for row in progress.recent(session, 12) if row.kind == kind]
    return (
        rows[0]
        if rows and rows[0].state == "failed" and now - rows[0].updated_at < timedelta(hours=1)
        else None
    )


def in_words(one: Batch) -> str:
    """A batch in one sentence: ``41,200 rows landed, 12 set aside``."""
    landed, rejected = int(one.counts.get("landed", 0)), int(one.counts.get("rejected", 0))
    unchanged = int(one.counts.get("unchanged", 0))
    if one.state == "withdrawn":
        return f"taken back, {plural(landed, 'row')}"
    words = (
        f"{plural(landed, 'row')} landed"
        if landed or not unchanged
        else f"nothing new in {plural(unchanged, 'row')}"
    )
    return words + (f", {number(rejected)} set aside" if rejected else "")


def _step(row: Progress) -> Step:
    figure = ""
    if row.state == "running" and row.done:
        figure = f"{number(row.done)} of {number(row.total)}" if row.total else number(row.done)
    elif row.state == "done" and row.result and "landed" in row.result:
        figure = plural(int(row.result["landed"]), "row")
    title = VERBS.get(row.kind, spoken(row.kind).capitalize())
    return Step(title, row.state, figure, row.message if row.state != "done" else "", row.done, row.total)
