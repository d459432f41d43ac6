"""What makes a stored batch visible, what takes it back, and what a start after a crash puts right.

Order: rows in the warehouse (unseen) → the store's book says *stored* → the warehouse shows them → the book says
*visible* and the events go out. Whatever breaks off in between is finished, or swept, by ``recover``.
"""

from collections.abc import Iterator
from contextlib import contextmanager

import sqlalchemy as sa

from lamplighter.context import Context
from lamplighter.intake import batch as batches
from lamplighter.store import events, jobs
from lamplighter.warehouse.tables import TABLES


@contextmanager
def loading(context: Context) -> Iterator[None]:
    """Hold while rows are on their way to the warehouse: ``recover`` waits, and does not sweep them."""
    with context.session() as session:
        session.execute(
            sa.text("select pg_advisory_xact_lock_shared(hashtextextended(:key, 0))"),
            _key(context, "recovery"),
        )
        yield


@contextmanager
def alone(context: Context) -> Iterator[None]:
    """One load of files at a time in an organization: the second sees what the first stored."""
    with loading(context), context.session() as session:
        session.execute(
            sa.text("select pg_advisory_xact_lock(hashtextextended(:key, 0))"), _key(context, "landing")
        )
        yield


@jobs.task("intake.publish", retries=5)
def publish(context: Context, batch: str) -> None:
    """Show a stored batch and emit its events; on a batch that is visible or withdrawn it does nothing."""
    with context.session() as session:
        found = batches.find(session, batch, locked=True)
        if found.state != "stored":
            return
        now = context.now
        context.warehouse.publish(context.organization_id, batch, found.landed_at)
        batches.mark(session, batch, "visible", now)
        common = {"batch": batch, "source": found.source}
        for name, counted in found.counts["tables"].items():
            event, rows = TABLES[name].event, counted["landed"] + counted["ended"]
            if event is not None and rows:
                events.emit(session, event, {**common, "table": name, "rows": rows}, now=now)
        if found.counts.get("corrected_bills") and found.counts["tables"]["bill"]["landed"]:
            rows = found.counts["corrected_bills"]
            events.emit(session, "bill.corrected", {**common, "table": "bill", "rows": rows}, now=now)
        rows = sum(counted["landed"] + counted["ended"] for counted in found.counts["tables"].values())
        if found.plugin != "events":
            events.emit(
                session,
                "batch.landed",
                {**common, "rows": rows, "rejected": found.counts["rejected"]},
                now=now,
            )


def withdraw(context: Context, batch: str) -> dict[str, int]:
    """Take a batch back as if it had never landed; rows removed per table. Twice is once."""
    with alone(context), context.session() as session:
        found = batches.find(session, batch, locked=True)
        if found.state == "withdrawn":
            return {}
        removed = context.warehouse.withdraw(context.organization_id, batch)
        batches.mark(session, batch, "withdrawn", context.now)
        properties = {"batch": batch, "source": found.source, "tables": sorted(removed)}
        events.emit(session, "batch.withdrawn", properties, now=context.now)
    return removed


def recover(context: Context) -> list[str]:
    """After a crash: sweep rows of batches the book does not know, publish those still *stored*. Ids of both."""
    with context.session() as guard:
        guard.execute(
            sa.text("select pg_advisory_xact_lock(hashtextextended(:key, 0))"), _key(context, "recovery")
        )
        with context.session() as session:
            known = batches.states(session)
        mended = context.warehouse.sweep(context.organization_id, set(known))
        for batch, state in known.items():
            if state == "stored":
                publish(context, batch)
                mended.append(batch)
    return mended


def _key(context: Context, what: str) -> dict[str, str]:
    return {"key": f"{what}:{context.organization_id}"}
