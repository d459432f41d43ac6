"""Blocks of a file of interval reads → chunks of ``meter_reading`` under its declared names, as a layout says.

One ``Reads`` serves all files of a load: it remembers what must be known across blocks (which of the two hours of
the autumn night, what stood on a register before).
"""

from collections.abc import Iterator
from typing import Literal, cast

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from lamplighter.intake import moments, wide
from lamplighter.intake.csv_rows import Block
from lamplighter.intake.cumulative import Registers
from lamplighter.intake.decimals import Mask, Rows
from lamplighter.intake.fault import Fault, shown
from lamplighter.intake.layout import Layout, Taken
from lamplighter.intake.night import NightOrder
from lamplighter.intake.source import Chunk, Note, Rules
from lamplighter.warehouse.tables.usage import METER_READING

_NO_SUCH = "The spring night skips this hour: check “timezone” in layout.yaml."
_TWICE = (
    "The autumn night has this hour twice: declare “ambiguous: first”, “second” or “by_order” in layout.yaml."
)


def rules_of(layout: Layout) -> Rules:
    """Decimal sign and codes of a layout; times are made UTC here already."""
    taken = {"flow": layout.flow, "quality": layout.quality, "unit": layout.unit}
    return Rules(
        decimal=layout.decimal, codes={name: item.codes for name, item in taken.items() if item.codes}
    )


class Reads:
    """Turns blocks into chunks."""

    def __init__(self, layout: Layout) -> None:
        self._layout = layout
        self._rules = rules_of(layout)
        self._night = NightOrder()
        self._registers = Registers()

    def chunks(self, block: Block, file: str) -> Iterator[Chunk]:
        """One chunk a column of quantities."""
        if not self._layout.declared:
            yield self._plain(block, file)
        elif self._layout.shape == "wide":
            yield self._wide(block, file)
        else:
            yield from self._long(block, file)

    def end_of_file(self) -> None:
        self._night = NightOrder()

    def notes(self) -> Iterator[Note]:
        """What a person should know of registers: where a series starts, nothing can be told of its first value."""
        yield from self._registers.notes()

    def _plain(self, block: Block, file: str) -> Chunk:
        names = {
            "start": "started_at",
            **{column.name: column.name for column in METER_READING if column.name != "source"},
        }
        columns = {
            names[name]: values
            for name, values in zip(block.rows.schema.names, block.rows.columns, strict=True)
            if name in names
        }
        return Chunk(
            METER_READING, pa.record_batch(columns), file, block.first_line, block.lines, self._rules
        )

    def _long(self, block: Block, file: str) -> Iterator[Chunk]:
        layout, rows = self._layout, block.rows
        meter = _taken(rows, layout.meter)
        flow = _taken(rows, layout.flow)
        started_at, faults = self._times(rows, meter, flow)
        for column, its_flow in layout.values:
            words = flow if its_flow is None else _constant(its_flow, rows.num_rows)
            columns = {
                "meter_id": meter,
                "started_at": started_at,
                "seconds": _taken(rows, layout.seconds),
                "value": rows.column(column),
                "unit": _taken(rows, layout.unit),
                "flow": words,
                "quality": _taken(rows, layout.quality),
                "channel": _taken(rows, layout.channel),
                _apart(layout.start): rows.column(layout.start),
            }
            batch = pa.record_batch({name: values for name, values in columns.items() if values is not None})
            chunk = Chunk(
                METER_READING, batch, file, block.first_line, block.lines, self._rules, faults=faults
            )
            if layout.cumulative:
                yield from self._registers.differences(chunk, layout.decimal)
            else:
                yield chunk

    def _times(
        self, rows: pa.RecordBatch, meter: pa.Array | None, flow: pa.Array | None
    ) -> tuple[pa.Array, tuple[Fault, ...]]:
        layout, given = self._layout, _text(rows.column(self._layout.start))
        if layout.timezone is None and layout.format is None:
            return given, ()
        if layout.timezone is None:
            return _utc(given, cast(str, layout.format))
        local = moments.local_times(given, layout.format)
        second = None
        if layout.ambiguous == "by_order":
            second = self._night.second(meter, flow, local.values, layout.timezone)
        which = cast(Literal["first", "second"] | None, None if second is not None else layout.ambiguous)
        there = moments.in_zone(local.values, layout.timezone, which, second)
        return there.values, (
            *_fault(
                local.bad,
                given,
                "bad_time",
                f"Write it as {layout.format or '2026-11-22T06:00:00'}, or correct “format” in layout.yaml.",
            ),
            *_fault(there.skipped, given, "no_such_time", _NO_SUCH),
            *_fault(there.twice, given, "ambiguous_time", _TWICE),
        )

    def _wide(self, block: Block, file: str) -> Chunk:
        layout, rows = self._layout, block.rows
        names = tuple(name for name, _ in layout.values)
        given = _text(rows.column(layout.start))
        days = moments.local_times(given, layout.format)
        bad_day = days.bad | days.values.is_null().to_numpy(zero_copy_only=False)
        slots = wide.slots(days.values, layout)
        cells = wide.side_by_side(rows, names)
        written = cells.is_valid()
        if pa.types.is_string(cells.type):
            written = pc.and_(written, pc.not_equal(pc.utf8_trim_whitespace(pc.fill_null(cells, "")), ""))
        filled = written.to_numpy(zero_copy_only=False)
        kept = np.flatnonzero(filled)
        day_of = kept // len(names)

        def each(taken: Taken) -> pa.Array | None:
            values = _taken(rows, taken)
            return None if values is None else values.take(pa.array(day_of))

        columns = {
            "meter_id": each(layout.meter),
            "started_at": slots.started_at.take(pa.array(kept)),
            "seconds": each(layout.seconds),
            "value": cells.take(pa.array(kept)),
            "unit": each(layout.unit),
            "flow": each(layout.flow),
            "quality": each(layout.quality),
            "channel": each(layout.channel),
            _apart(layout.start): rows.column(layout.start).take(pa.array(day_of)),
        }
        batch = pa.record_batch({name: values for name, values in columns.items() if values is not None})
        labels = pa.array(names).take(pa.array(kept % len(names)))
        bad_days = bad_day[day_of]
        faults = (
            *_fault(
                bad_days,
                given.take(pa.array(day_of)),
                "bad_time",
                f"Write the day as {layout.format or '2026-11-22'}, or correct “format” in layout.yaml.",
            ),
            *_fault(
                slots.none[kept] & ~bad_days,
                labels,
                "no_such_time",
                "This day has no such interval: leave the cell empty, or check “timezone” in layout.yaml.",
            ),
            *_fault(slots.twice[kept] & ~bad_days, labels, "ambiguous_time", _TWICE),
        )

        def lines() -> Rows:
            by_row = (
                np.arange(rows.num_rows, dtype=np.int64) + block.first_line
                if block.lines is None
                else block.lines()
            )
            return by_row[day_of]

        return Chunk(METER_READING, batch, file, block.first_line, lines, self._rules, faults=faults)


def _utc(given: pa.Array, form: str) -> tuple[pa.Array, tuple[Fault, ...]]:
    """A format that carries the offset itself (%z)."""
    read = moments.local_times(given, form)
    remedy = "Declare “timezone:” in layout.yaml: the format names no offset (%z)."
    bad = read.bad if "%z" in form else np.ones(len(given), bool)
    return read.values.cast(moments.MOMENT), _fault(
        bad, given, "bad_time", remedy if "%z" not in form else f"Write it as {form}."
    )


def _fault(bad: Mask, values: pa.Array, reason: str, remedy: str) -> tuple[Fault, ...]:
    rows = np.flatnonzero(bad)
    return (Fault(rows, "started_at", reason, remedy, shown(values, rows)),) if len(rows) else ()


def _taken(rows: pa.RecordBatch, taken: Taken) -> pa.Array | None:
    if taken.constant is not None:
        return _constant(taken.constant, rows.num_rows)
    assert taken.column is not None
    return rows.column(taken.column) if taken.column in rows.schema.names else None


def _constant(text: str, rows: int) -> pa.Array:
    return pa.DictionaryArray.from_arrays(pa.array(np.zeros(rows, np.int32)), pa.array([text]))


def _text(values: pa.Array) -> pa.Array:
    if pa.types.is_dictionary(values.type):
        values = values.dictionary_decode()
    if pa.types.is_large_string(values.type):
        values = values.cast(pa.string())
    if not pa.types.is_string(values.type):
        return values
    trimmed = pc.utf8_trim_whitespace(values)
    return pc.if_else(pc.equal(trimmed, ""), None, trimmed)


def _apart(column: str) -> str:
    """The column as it stood in the file goes along, to be shown where its row is set aside."""
    return f"{column} (file)"
