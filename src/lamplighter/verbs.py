"""The long verbs that touch the warehouse, each a function of plain arguments and a report of its progress.

The command line runs them itself where nothing runs on the data folder; otherwise they travel as one job to
the worker, which owns the warehouse, and the caller follows the progress row. The result is the same.
"""

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

from lamplighter import errors
from lamplighter.context import Actor, Context
from lamplighter.customers import identity
from lamplighter.intake import land as intake
from lamplighter.store import jobs, progress
from lamplighter.store import retention as store_retention
from lamplighter.warehouse.tables import TABLES

Report = Callable[[int, int, str], None]
"""``report(done, total, message)``: total is 0 where it is not known."""


def land(context: Context, report: Report, *, source: str, path: str, **options: Any) -> dict[str, Any]:
    """Land files; see ``intake.land``."""
    landing = intake.land(
        context,
        source,
        Path(path),
        name=options.get("name"),
        mapping=_path(options.get("mapping")),
        layout=_path(options.get("layout")),
        full=bool(options.get("full")),
        end_many=bool(options.get("end_many")),
        as_of=_time(options.get("as_of")),
        progress=lambda at: report(at.done, at.total, at.message),
    )
    return landing.as_json()


def withdraw(context: Context, report: Report, *, batch: str) -> dict[str, Any]:
    """Take a batch back, as if it had never landed."""
    return {"batch": batch, "withdrawn": intake.withdraw(context, batch)}


def replay(context: Context, report: Report, *, source: str) -> dict[str, Any]:
    """Land again what was set aside of a source."""
    return intake.replay(context, source).as_json()


def unify(
    context: Context, report: Report, *, full: bool = False, links: str | None = None
) -> dict[str, Any]:
    """Resolve identities; ``links`` names a file for one row per source record."""
    unified = identity.unify(context, full=full)
    if links:
        identity.links_to(context, Path(links))
    return unified.as_json()


def retention(context: Context, report: Report) -> dict[str, Any]:
    """Really delete what is older than each table's retention, in the warehouse and in the store."""
    with context.session() as session:
        deleted = dict(store_retention.expire(session, context.now))
    for number, table in enumerate(TABLES.values()):
        report(number, len(TABLES), table.name)
        if table.retention.months is not None:
            before = _months_before(context.now, table.retention.months)
            rows = context.warehouse.expire(context.organization_id, table, before)
            if rows:
                deleted[table.name] = rows
    return {"deleted": deleted}


VERBS: dict[str, Callable[..., dict[str, Any]]] = {
    "land": land,
    "withdraw": withdraw,
    "replay": replay,
    "unify": unify,
    "retention": retention,
}


@jobs.task("app.perform", queue="verbs", lock=lambda arguments: f"verbs:{arguments['organization_id']}")
def perform(context: Context, *, verb: str, arguments: dict[str, Any], progress_id: str, actor: str) -> None:
    """Carry out one verb in the worker; the outcome, good or bad, stands in the progress row."""
    row = UUID(progress_id)

    def report(done: int, total: int, message: str) -> None:
        with context.session() as session:
            progress.update(session, row, done=done, total=total, message=message, now=context.now)

    kind, _, actor_id = actor.partition(":")
    try:
        result = VERBS[verb](context.acting_as(Actor(kind, actor_id)), report, **arguments)  # type: ignore[arg-type]
    except errors.LamplighterError as error:
        with context.session() as session:
            progress.fail(session, row, code=error.code, message=str(error), now=context.now)
        return
    except Exception as error:
        # Whoever follows the progress must not wait for ever; the job itself fails with its traceback.
        sentence = f"“{verb}” broke off ({type(error).__name__}: {error}). The worker's log has the details."
        with context.session() as session:
            progress.fail(session, row, code="error", message=sentence.replace("\x00", "␀"), now=context.now)
        raise
    with context.session() as session:
        progress.finish(session, row, result=result, now=context.now)


def _path(value: str | None) -> Path | None:
    return Path(value) if value else None


def _time(value: str | None) -> datetime | None:
    if not value:
        return None
    try:
        moment = datetime.fromisoformat(value)
    except ValueError:
        raise errors.InvalidInput(
            f"--as-of “{value}” is not a time. Write it as 2026-11-22T06:00:00+00:00 or 2026-11-22."
        ) from None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return moment


def _months_before(now: datetime, months: int) -> datetime:
    year, month = divmod(now.year * 12 + now.month - 1 - months, 12)
    return now.replace(year=year, month=month + 1, day=min(now.day, 28))
