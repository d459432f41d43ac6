"""How much of each table there is, and how fresh: what the catalog and the data-health page show."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import ibis

from lamplighter.warehouse.expressions import batches, current
from lamplighter.warehouse.table import Table
from lamplighter.warehouse.tables import TABLES
from lamplighter.warehouse.warehouse import Warehouse


@dataclass(frozen=True)
class TableState:
    """``rows`` readers see now; the rest counts what visible batches brought (zero for derived tables)."""

    table: Table
    rows: int
    batches: int
    landed: int
    unchanged: int
    restated: int
    fresh_at: datetime | None
    """When the newest visible batch with rows of this table, changed or not, was recorded."""


def states(warehouse: Warehouse, organization_id: UUID) -> dict[str, TableState]:
    """Every declared table, empty ones included, by name."""
    rows = counts(warehouse, organization_id)
    landings = batches().filter(batches().is_visible)
    summed = landings.group_by("table_name").aggregate(
        batches=landings.batch_id.nunique(),
        landed=landings.landed.sum(),
        unchanged=landings.unchanged.sum(),
        restated=landings.restated.sum(),
        fresh_at=landings.recorded_at.max(),
    )
    found = {row.pop("table_name"): row for row in warehouse.read(summed, organization_id).to_pylist()}
    nothing = {"batches": 0, "landed": 0, "unchanged": 0, "restated": 0, "fresh_at": None}
    return {
        name: TableState(table=table, rows=rows[name], **found.get(name, nothing))
        for name, table in TABLES.items()
    }


def counts(warehouse: Warehouse, organization_id: UUID) -> dict[str, int]:
    """Rows that readers see now, by table."""
    each = [
        current(table).aggregate(rows=current(table).count()).mutate(name=ibis.literal(name))
        for name, table in TABLES.items()
    ]
    found = warehouse.read(ibis.union(*each), organization_id).to_pylist()
    return {row["name"]: row["rows"] for row in found}
