"""References: the row a value names must be stored, or be part of the same load. And what is filled from it."""

from dataclasses import dataclass, field

import pyarrow as pa
import pyarrow.compute as pc

from lamplighter.intake.fault import Faults
from lamplighter.intake.stored import Stored
from lamplighter.warehouse.table import Column, Table
from lamplighter.warehouse.tables import TABLES

METERS = ("meter", "meter_installation")


@dataclass
class References:
    """What this load has accepted so far, table by table, beside what is stored of its source."""

    stored: Stored
    accepted: dict[str, pa.Table] = field(default_factory=dict)

    def accept(self, table: Table, rows: pa.RecordBatch) -> None:
        """Remember the columns that other tables refer to or look up (of meters all: readings need them)."""
        wanted = list(table.schema.names) if table.name in METERS else wanted_of(table)
        if wanted:
            piece = pa.Table.from_batches([rows]).select(wanted)
            before = self.accepted.get(table.name)
            self.accepted[table.name] = piece if before is None else pa.concat_tables([before, piece])

    def check(self, rows: pa.RecordBatch, table: Table, faults: Faults) -> None:
        """A fault ``unknown_<thing>`` for each value that names nothing."""
        for column in table:
            if column.references is not None:
                self._check(rows.column(column.name), column, faults)

    def fill(self, rows: pa.RecordBatch, table: Table) -> pa.RecordBatch:
        """Declared lookups, where the file itself left the column empty."""
        for lookup in table.lookups:
            own = rows.column(lookup.column)
            if own.null_count:
                by = rows.column(lookup.by)
                found = self._looked_up(by, lookup.table, lookup.by, lookup.take)
                at = rows.schema.get_field_index(lookup.column)
                rows = rows.set_column(at, rows.schema.field(at), pc.coalesce(own, found))
        return rows

    def _check(self, values: pa.Array, column: Column, faults: Faults) -> None:
        assert column.references is not None
        name, key = column.references.split(".")
        missing = values.is_valid()
        if name in self.accepted:
            known = self.accepted[name].column(key)
            missing = pc.and_(missing, pc.invert(pc.is_in(values, known)))
        if pc.any(missing).as_py():
            missing = pc.and_(missing, pc.invert(pc.is_in(values, self.stored.values(name, key))))
        bad = pc.fill_null(missing, False).to_numpy(zero_copy_only=False)
        thing = key.removesuffix("_id")
        faults.add(
            bad, column.name, f"unknown_{thing}",
            f"No {thing.replace('_', ' ')} of this number has landed. Land it first, then replay what was set aside.",
            values,
        )  # fmt: skip

    def _looked_up(self, by: pa.Array, table: str, key: str, take: str) -> pa.Array:
        found = pa.nulls(len(by), pa.string())
        for rows in (
            self.accepted.get(table),
            self.stored.rows(table, [key, take]) if self._lacks(by, table, key) else None,
        ):
            if rows is not None and rows.num_rows:
                at = pc.index_in(by, rows.column(key))
                found = pc.coalesce(found, rows.column(take).combine_chunks().take(at))
        return found

    def _lacks(self, by: pa.Array, table: str, key: str) -> bool:
        own = self.accepted.get(table)
        return own is None or not pc.all(pc.is_in(by, own.column(key))).as_py()


def wanted_of(table: Table) -> list[str]:
    """Columns of a table that other declarations refer to, look up by, or take."""
    wanted: dict[str, None] = {}
    for other in TABLES.values():
        for column in other:
            if column.references is not None and column.references.split(".")[0] == table.name:
                wanted[column.references.split(".")[1]] = None
        for lookup in other.lookups:
            if lookup.table == table.name:
                wanted |= {lookup.by: None, lookup.take: None}
    return list(wanted)


def in_order(names: list[str]) -> list[str]:
    """Tables so that what is referred to comes first; readings, which need meters, last."""
    done: dict[str, None] = {}

    def visit(name: str) -> None:
        if name in done or name not in names:
            return
        table = TABLES[name]
        parents = [column.references.split(".")[0] for column in table if column.references]
        for parent in [*parents, *(lookup.table for lookup in table.lookups)]:
            if parent != name:
                visit(parent)
        done[name] = None

    readings = [name for name in names if name == "meter_reading"]
    for name in [name for name in names if name not in readings]:
        visit(name)
    return [*done, *readings]
