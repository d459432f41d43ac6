"""What a table's retention says is really done: rows that are older go."""

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from lamplighter.model.declaration import Retention
from lamplighter.store.schema import metadata, tenant_tables


def expire(session: Session, now: datetime) -> dict[str, int]:
    """Delete this organization's rows that outlived their table's retention; how many, by table.

    A row whose column is empty (not yet landed, not yet over) stays. Append-only tables let go of rows by the
    real time only, wherever a test organization's clock stands.
    """
    deleted: dict[str, int] = {}
    for table in reversed(tenant_tables(metadata)):
        retention: Retention = table.info["retention"]
        if retention.months is None:
            continue
        today = sa.func.least(now, sa.func.now()) if table.info["append_only"] else sa.literal(now)
        before = today - sa.func.make_interval(0, retention.months)
        gone = session.execute(sa.delete(table).where(table.c[retention.column or "recorded_at"] < before))
        if gone.rowcount:  # type: ignore[attr-defined]
            deleted[table.name] = gone.rowcount  # type: ignore[attr-defined]
    return deleted
