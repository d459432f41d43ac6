"""Register values → intervals: what went through between one read of a meter and the next.

The interval starts at the earlier read and is as long as the time between the two, so nothing is invented for
reads that are missing. A register that falls (a new meter, a fault) gives no quantity: that row is set aside.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from lamplighter.intake.decimals import scaled
from lamplighter.intake.fault import Fault, as_text
from lamplighter.intake.moments import zoned_times
from lamplighter.intake.source import Chunk, Note

MICROSECONDS = 1_000_000
_FELL = (
    "The register fell: a new meter, or a wrong read. Correct it, or land it under the new meter's number."
)


@dataclass(frozen=True)
class _Series:
    """Reads of many meters: series code, time (µs), register (millionths)."""

    series: np.ndarray
    time: np.ndarray
    steps: np.ndarray


class Registers:
    """Keeps each series' last read from block to block and file to file."""

    def __init__(self) -> None:
        self._names = pa.array([], pa.string())
        self._last = _Series(*(np.array([], np.int64) for _ in range(3)))
        self._first_reads = 0
        self._repeated = 0

    def differences(self, chunk: Chunk, decimal: str) -> Iterator[Chunk]:
        """The same chunk with quantities in place of register values; rows without one stand in a second chunk."""
        rows = chunk.rows
        value = rows.column("value")
        number = scaled(
            pc.utf8_trim_whitespace(value) if pa.types.is_string(value.type) else value, 6, decimal
        )
        time = rows.column("started_at")
        if not pa.types.is_timestamp(time.type):
            time = zoned_times(time).values
        usable = ~(number.null | number.bad | time.is_null().to_numpy(zero_copy_only=False))
        if not usable.all():
            yield _only(chunk, np.flatnonzero(~usable))
        at = np.flatnonzero(usable)
        own = _Series(
            self._codes(rows, at), time.cast(pa.int64()).take(pa.array(at)).to_numpy(), number.steps[at]
        )
        yield from self._chained(chunk, at, own)

    def _chained(self, chunk: Chunk, at: np.ndarray, own: _Series) -> Iterator[Chunk]:
        before = len(self._last.series)
        series, time, steps = (
            np.concatenate(pair) for pair in zip(_parts(self._last), _parts(own), strict=True)
        )
        order = np.argsort(series, kind="stable")
        follows = np.zeros(len(order), bool)
        follows[1:] = series[order][1:] == series[order][:-1]
        earlier = np.empty(len(order), np.int64)
        earlier[order] = np.concatenate(([0], order[:-1])) if len(order) else order
        has_earlier = np.empty(len(order), bool)
        has_earlier[order] = follows
        is_last = np.ones(len(order), bool)
        is_last[:-1] = series[order][1:] != series[order][:-1]
        last = order[is_last]
        self._last = _Series(series[last], time[last], steps[last])

        mine = np.arange(before, len(series))
        self._first_reads += int((~has_earlier[mine]).sum())
        mine = mine[has_earlier[mine]]
        elapsed = time[mine] - time[earlier[mine]]
        through = steps[mine] - steps[earlier[mine]]
        again = (elapsed == 0) & (through == 0)
        self._repeated += int(again.sum())
        mine, elapsed, through = mine[~again], elapsed[~again], through[~again]
        if not len(mine):
            return
        positions = at[mine - before]
        changed = {
            "started_at": pa.array(time[earlier[mine]]).cast(pa.timestamp("us", "UTC")),
            "seconds": pa.array(elapsed // MICROSECONDS),
            "value": _millionths(through),
            "register (file)": as_text(chunk.rows.column("value").take(pa.array(positions))),
        }
        backwards = (elapsed < MICROSECONDS) & (through >= 0)
        order_of_time = "Reads of a meter must be in the order of time."
        faults = (
            *_fault(through < 0, "value", "register_fell", _FELL, changed["register (file)"]),
            *_fault(backwards, "started_at", "time_went_back", order_of_time, as_text(changed["started_at"])),
        )
        yield _only(chunk, positions, changed, faults)

    def notes(self) -> Iterator[Note]:
        """How many register values told of nothing, and why."""
        if self._first_reads:
            yield Note(
                f"{self._first_reads:,} register values are the first of their meter: what went through before is not known."
            )
        if self._repeated:
            yield Note(
                f"{self._repeated:,} register values stood there twice, at the same time: counted once."
            )

    def _codes(self, rows: pa.RecordBatch, at: np.ndarray) -> np.ndarray:
        names = [name for name in ("meter_id", "flow", "channel") if name in rows.schema.names]
        words = [pc.fill_null(as_text(rows.column(name).take(pa.array(at))), "") for name in names]
        distinct = pc.binary_join_element_wise(*words, "\x1f").dictionary_encode()
        known = pc.index_in(distinct.dictionary, self._names)
        fresh = pc.filter(distinct.dictionary, known.is_null())
        self._names = pa.concat_arrays([self._names, fresh])
        return np.asarray(
            pc.index_in(distinct.dictionary, self._names).take(distinct.indices).to_numpy()
        ).astype(np.int64)


def _millionths(steps: np.ndarray) -> pa.Array:
    halves = np.empty((len(steps), 2), np.int64)
    halves[:, 0], halves[:, 1] = steps, steps >> 63
    return pa.Array.from_buffers(pa.decimal128(18, 6), len(steps), [None, pa.py_buffer(halves)])


def _parts(of: _Series) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    return of.series, of.time, of.steps


def _fault(bad: np.ndarray, column: str, reason: str, remedy: str, values: pa.Array) -> tuple[Fault, ...]:
    rows = np.flatnonzero(bad)
    return (Fault(rows, column, reason, remedy, values.take(pa.array(rows))),) if len(rows) else ()


def _only(
    chunk: Chunk,
    positions: np.ndarray,
    changed: dict[str, pa.Array] | None = None,
    faults: tuple[Fault, ...] = (),
) -> Chunk:
    rows = chunk.rows.take(pa.array(positions))
    columns = {name: rows.column(name) for name in rows.schema.names} | (changed or {})
    carried = tuple(
        Fault(np.searchsorted(positions, fault.rows), fault.column, fault.reason, fault.remedy, fault.values)
        for fault in chunk.faults
        if changed is None and np.isin(fault.rows, positions).all()
    )
    return replace(
        chunk,
        rows=pa.record_batch(columns),
        lines=lambda: chunk.line_of(positions),
        faults=(*carried, *faults),
    )
