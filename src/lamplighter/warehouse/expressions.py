"""The tables as other rooms read them: Ibis expressions that are bound to no engine and no organization."""

import ibis

from lamplighter.warehouse.table import Table

BATCH_SCHEMA = {
    "batch_id": "string",
    "recorded_at": "timestamp('UTC', 6)",
    "is_visible": "boolean",
    "table_name": "string",
    "landed": "int64",
    "unchanged": "int64",
    "restated": "int64",
}


def current(table: Table) -> ibis.Table:
    """Visible rows in their newest version, own columns only; for a derived table its rows."""
    return ibis.table(table.schema, name=table.name)


def history(table: Table) -> ibis.Table:
    """Every visible version of a landed table's rows, with ``batch_id``, ``recorded_at`` and ``is_current``."""
    if table.kind == "derived":
        raise ValueError(f"{table.name} is derived: it is replaced as a whole and has no history")
    versions = {**table.stored_schema, "is_current": "boolean"}
    return ibis.table(ibis.schema(versions), name=table.name, database="history")


def batches() -> ibis.Table:
    """One row per batch and table with the counts of its landing, those not yet visible included."""
    return ibis.table(ibis.schema(BATCH_SCHEMA), name="batch", database="history")
