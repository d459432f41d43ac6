"""The catalog: every table and column with its meaning, read from the declarations."""

from typing import Any

from lamplighter.warehouse.quality import TableState
from lamplighter.warehouse.table import Column, Table
from lamplighter.warehouse.tables import TABLES

Entry = dict[str, Any]


def entries(states: dict[str, TableState] | None = None) -> list[Entry]:
    """One entry per table, each followed by its columns; with freshness and quality where states are given."""
    found = []
    for table in TABLES.values():
        found.append(table_entry(table, (states or {}).get(table.name)))
        found += [column_entry(table, column) for column in table]
    return found


def table_entry(table: Table, state: TableState | None = None) -> Entry:
    """``lineage`` names the tables its rows refer to, and those whose rows refer to it."""
    return {
        "name": table.name,
        "kind": "table",
        "owner": table.domain,
        "meaning": table.meaning,
        "sensitivity": _highest(table),
        "subject": _subject(table),
        "purposes": [],
        "lineage": {"from": _refers_to(table), "to": _referred_by(table)},
        "freshness": _freshness(state),
        "quality": _quality(state),
        "used_by": [],
        "aliases": dict(table.aliases),
        "key": list(table.key),
        "retention": {"months": table.retention.months, "reason": table.retention.reason},
    }


def column_entry(table: Table, column: Column) -> Entry:
    """A column under the name ``table.column``."""
    name = f"{table.name}.{column.name}"
    used_by = sorted(
        f"{other.name}.{own.name}" for other in TABLES.values() for own in other if own.references == name
    )
    return {
        "name": name,
        "kind": "column",
        "owner": table.domain,
        "meaning": column.meaning,
        "sensitivity": str(column.sensitivity),
        "subject": _subject(table),
        "purposes": [],
        "lineage": {"from": [column.references] if column.references else [], "to": used_by},
        "freshness": None,
        "quality": None,
        "used_by": used_by,
        "aliases": dict(column.aliases),
        "type": column.type,
        "unit": column.unit,
        "values": list(column.values) if column.values else None,
        "required": column.required,
    }


def _highest(table: Table) -> str:
    order = ["public", "internal", "personal", "sensitive", "restricted"]
    return max((str(column.sensitivity) for column in table), key=order.index)


def _subject(table: Table) -> dict[str, str] | None:
    if table.subject is None:
        return None
    return {"column": table.subject.column, "kind": str(table.subject.kind)}


def _refers_to(table: Table) -> list[str]:
    named = {column.references.partition(".")[0] for column in table if column.references}
    return sorted(named | {lookup.table for lookup in table.lookups})


def _referred_by(table: Table) -> list[str]:
    return sorted(other.name for other in TABLES.values() if table.name in _refers_to(other))


def _freshness(state: TableState | None) -> str | None:
    return state.fresh_at.isoformat() if state and state.fresh_at else None


def _quality(state: TableState | None) -> dict[str, int] | None:
    if state is None:
        return None
    return {
        "rows": state.rows,
        "batches": state.batches,
        "landed": state.landed,
        "unchanged": state.unchanged,
        "restated": state.restated,
    }
