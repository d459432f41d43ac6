"""Second half of a load: what can only be judged once all files are read, then the rows go to the warehouse.

Tables follow one another so that what is referred to comes first: duplicates, references, lookups, append.
"""

import itertools
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from lamplighter.context import Context
from lamplighter.intake import duplicates, ending
from lamplighter.intake.decimals import Mask, Rows
from lamplighter.intake.fault import Fault, Faults
from lamplighter.intake.gather import Gathered
from lamplighter.intake.landing import Progress, TableCount
from lamplighter.intake.meters import Meters, known_meters
from lamplighter.intake.reference import References, in_order
from lamplighter.intake.spool import Origin, Spool
from lamplighter.intake.stored import Stored
from lamplighter.warehouse.table import Table
from lamplighter.warehouse.tables import TABLES

POINTS = {"register_read": "read_at", "meter_event": "happened_at"}
"""Tables whose usage point is filled from the meter's installation at that time."""

PIECE = 122_880
GROUP = 1_000_000
"""Rows whose references are looked up at once: each time, the known keys are hashed anew."""


@dataclass
class Settlement:
    """How the rows of one load are judged."""

    context: Context
    gathered: Gathered
    source: str
    batch: str
    timezone: str
    now: datetime
    as_of: datetime
    full: bool
    end_many: bool
    across_sources: bool
    """Reads whose meters are looked up among all sources (``ami`` without a name)."""
    progress: Callable[[Progress], None]
    counts: dict[str, TableCount] = field(default_factory=dict)
    corrected_bills: int = 0
    unchanged: int = 0
    """Rows of the table at hand that a later row of the same files repeats."""

    def run(self) -> None:
        """Judge and append every table."""
        stored = Stored(self.context, self.source)
        references = References(stored)
        names = in_order(list(self.gathered.spools))
        ended = {
            name: self._ended(TABLES[name], stored) for name in names if self.full and name in ending.ENDS
        }
        for number, name in enumerate(names):
            self.progress(
                Progress(
                    number, len(names), f"{name}: {self.gathered.spools[name].rows:,} rows to the warehouse"
                )
            )
            if name == "meter_reading":
                self._readings(TABLES[name], stored, references)
            else:
                self._rows(TABLES[name], stored, references, ended.get(name))

    def _rows(self, table: Table, stored: Stored, references: References, ended: pa.Table | None) -> None:
        spool = self.gathered.spools[table.name]
        repeated = duplicates.find(spool, table)
        meters = None
        if table.name in POINTS:
            meters = known_meters(stored, self.timezone, references.accepted, self.source)
        pieces = self._passed(spool, table, references, repeated, meters)
        rows = itertools.chain(pieces, () if ended is None else _in_pieces(ended.select(spool.schema.names)))
        self._append(table, pa.RecordBatchReader.from_batches(spool.schema, rows), ended)
        spool.close()

    def _passed(
        self,
        spool: Spool,
        table: Table,
        references: References,
        repeated: duplicates.Duplicates,
        meters: Meters | None,
    ) -> Iterator[pa.RecordBatch]:
        """Rows that may land, piece by piece; the others are set aside on the way."""
        offset, key = 0, table.key[-1]
        for rows, origins in spool.groups(GROUP):
            faults = Faults(rows.num_rows)
            conflict, equal = (
                _within(found, offset, rows.num_rows) for found in (repeated.conflict, repeated.equal)
            )
            offset += rows.num_rows
            faults.add(conflict, key, duplicates.REASON, duplicates.REMEDY, rows.column(key))
            references.check(rows, table, faults)
            for fault in faults.first_of_each():
                self._set_aside(table, rows, fault, origins)
            bad = faults.bad
            self.unchanged += int((equal & ~bad).sum())
            keep = ~bad & ~equal
            good = references.fill(rows if keep.all() else rows.take(pa.array(np.flatnonzero(keep))), table)
            if meters is not None:
                good = _with_points(good, POINTS[table.name], meters)
            references.accept(table, good)
            if table.name == "bill":
                self.corrected_bills += int(pc.sum(pc.equal(good.column("status"), "corrected")).as_py() or 0)
            yield from _sliced(good)

    def _readings(self, table: Table, stored: Stored, references: References) -> None:
        spool = self.gathered.spools[table.name]
        repeated = duplicates.find(spool, table)
        everyone = Stored(self.context, None) if self.across_sources else stored
        meters = known_meters(everyone, self.timezone, references.accepted, self.source)
        checked = meters.known
        if not checked and spool.rows:
            self.gathered.notes.append(
                f"No meter of {'any source' if self.across_sources else self.source} has landed yet, so the meters of "
                "these reads could not be checked; each stands for its own usage point."
            )
        pieces = self._judged(spool, table, meters, checked, repeated)
        self._append(table, pa.RecordBatchReader.from_batches(spool.schema, pieces), None)
        spool.close()

    def _judged(
        self, spool: Spool, table: Table, meters: Meters, checked: bool, repeated: duplicates.Duplicates
    ) -> Iterator[pa.RecordBatch]:
        offset = 0
        for rows, origin in spool:
            faults = Faults(rows.num_rows)
            conflict, equal = (
                _within(found, offset, rows.num_rows) for found in (repeated.conflict, repeated.equal)
            )
            offset += rows.num_rows
            faults.add(
                conflict, "started_at", duplicates.REASON, duplicates.REMEDY, rows.column("started_at")
            )
            judged = meters.assign(rows, faults, source=self.source, checked=checked)
            keep = ~faults.bad
            for fault in faults.first_of_each():
                self._set_aside(table, rows, fault, [(origin, 0, rows.num_rows)])
            self.unchanged += int((equal & keep).sum())
            keep &= ~equal
            if not keep.all():
                judged = judged.take(pa.array(np.flatnonzero(keep)))
            yield from _sliced(judged)

    def _append(self, table: Table, rows: pa.RecordBatchReader, ended: pa.Table | None) -> None:
        self.unchanged = 0
        appended = self.context.warehouse.append(
            self.context.organization_id, table, rows, batch_id=self.batch, recorded_at=self.now
        )
        ends = 0 if ended is None else ended.num_rows
        self.counts[table.name] = TableCount(
            appended.landed - ends, appended.unchanged + self.unchanged, appended.restated - ends, ends
        )

    def _ended(self, table: Table, stored: Stored) -> pa.Table | None:
        files = sorted(self.gathered.files.get(table.name, ()))
        unreadable = [refused for refused in self.gathered.refused if refused.file in files]
        if unreadable:
            self.gathered.notes.append(
                f"{files[0]} has rows that cannot be read, so no row of {table.name} was ended."
            )
            return None
        keys = [name for name in table.key if name != "source"]
        present = [
            pa.table({key: self.gathered.spools[table.name].column(key) for key in keys}),
            *self.gathered.keys_of_bad.get(table.name, ()),
        ]
        return ending.ended_rows(
            table,
            pa.concat_tables(present),
            stored,
            ", ".join(files),
            self.as_of,
            self.timezone,
            even_many=self.end_many,
        )

    def _set_aside(
        self, table: Table, rows: pa.RecordBatch, fault: Fault, origins: list[tuple[Origin, int, int]]
    ) -> None:
        filled = ("source", "usage_point_id") if table.name in (*POINTS, "meter_reading") else ("source",)
        shown = rows.select([name for name in rows.schema.names if name not in filled])
        for origin, start, end in origins:
            here = fault.only((fault.rows >= start) & (fault.rows < end))
            if len(here.rows):
                lines = origin.of(here.rows - start)
                self.gathered.rejects.add(table.name, origin.file, shown, here, lines, as_read=False)


def _with_points(rows: pa.RecordBatch, time: str, meters: Meters) -> pa.RecordBatch:
    points = meters.points_at(rows.column("meter_id"), rows.column(time))
    at = rows.schema.get_field_index("usage_point_id")
    return rows.set_column(at, rows.schema.field(at), pc.coalesce(rows.column(at), points))


def _sliced(rows: pa.RecordBatch) -> Iterator[pa.RecordBatch]:
    for start in range(0, rows.num_rows, PIECE):
        yield rows.slice(start, PIECE)


def _in_pieces(rows: pa.Table) -> Iterator[pa.RecordBatch]:
    yield from rows.to_batches(PIECE)


def _positions(rows: Rows, count: int) -> Mask:
    mask = np.zeros(count, bool)
    mask[rows] = True
    return mask


def _within(rows: Rows, offset: int, count: int) -> Mask:
    low, high = np.searchsorted(rows, [offset, offset + count])
    return _positions(rows[low:high] - offset, count)
