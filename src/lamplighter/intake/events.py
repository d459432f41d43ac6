"""Events come in by the same door: rows of the store's queue land in the warehouse table ``event``, in batches."""

from datetime import datetime

import pyarrow as pa

from lamplighter.context import Context
from lamplighter.intake import batch as batches
from lamplighter.intake.publish import loading, publish
from lamplighter.store import events, jobs
from lamplighter.warehouse.tables import TABLES

SOURCE = "events"
MOST = 200_000


@jobs.task("intake.land_events", lock="land_events", retries=3)
def land_events(context: Context) -> None:
    """Land what waits in the queue; a crash on the way leaves the events waiting, and nothing twice."""
    while _land_some(context) == MOST:
        pass


jobs.every("* * * * *", "intake.land_events")


def _land_some(context: Context) -> int:
    now = context.now
    batch = batches.new_batch_id(now)
    with loading(context), context.session() as session:
        waiting = events.take_unlanded(session, MOST, batch_id=batch, now=now)
        if not waiting.num_rows:
            return 0
        table = TABLES["event"]
        rows = waiting.select(table.schema.names).cast(table.arrow)
        appended = context.warehouse.append(
            context.organization_id, table, rows, batch_id=batch, recorded_at=now
        )
        batches.write(session, _entry(batch, rows, appended.landed, str(context.actor), now), {})
    publish(context, batch)
    return int(rows.num_rows)


def _entry(batch: str, rows: pa.Table, landed: int, actor: str, now: datetime) -> batches.Batch:
    counted = {"landed": landed, "unchanged": rows.num_rows - landed, "restated": 0, "ended": 0}
    counts = {
        "landed": landed,
        "unchanged": counted["unchanged"],
        "rejected": 0,
        "reasons": {},
        "tables": {"event": counted},
    }
    return batches.Batch(batch, SOURCE, SOURCE, [], now, False, "stored", counts, [], actor, now, None, None)
