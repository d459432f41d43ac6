"""Reads side by side (one day a row) into reads one below another, with the right instants on the nights of DST."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from lamplighter.intake import moments
from lamplighter.intake.decimals import Mask
from lamplighter.intake.layout import Layout

MICROSECONDS = 1_000_000


@dataclass(frozen=True)
class Slots:
    """Start of every cell, row by row (``rows × columns``). ``none`` marks cells that no instant belongs to."""

    started_at: pa.Array
    none: Mask
    twice: Mask


def slots(days: pa.Array, layout: Layout) -> Slots:
    """UTC instants of the cells of some local days (midnights, timestamp[us], nulls allowed)."""
    assert layout.timezone is not None and layout.seconds.constant is not None
    step = int(layout.seconds.constant) * MICROSECONDS
    count = len(layout.values)
    offsets = np.arange(count, dtype=np.int64) * step
    if layout.ambiguous == "by_order":
        return _consecutive(days, layout.timezone, offsets)
    clock = _spread(days, offsets)
    there = moments.in_zone(clock, layout.timezone, layout.ambiguous)
    next_day = np.tile(offsets >= 86_400 * MICROSECONDS, len(days))
    return Slots(there.values, there.skipped | next_day, there.twice)


def _consecutive(days: pa.Array, timezone: str, offsets: npt.NDArray[np.int64]) -> Slots:
    """Cells count from midnight as time passes; those beyond the day's end (23, 24 or 25 hours) are none."""
    midnight = moments.in_zone(days, timezone, "first").values
    tomorrow = moments.in_zone(
        pc.add(days, pa.scalar(86_400 * MICROSECONDS, pa.duration("us"))), timezone, "first"
    ).values
    cells = _spread(midnight, offsets)
    ends = pc.take(tomorrow, pa.array(np.repeat(np.arange(len(days)), len(offsets))))
    beyond = pc.fill_null(pc.greater_equal(cells, ends), False).to_numpy(zero_copy_only=False)
    return Slots(cells, beyond, np.zeros(len(cells), bool))


def _spread(starts: pa.Array, offsets: npt.NDArray[np.int64]) -> pa.Array:
    whole = pc.fill_null(starts.cast(pa.int64()), 0).to_numpy()
    null = np.repeat(starts.is_null().to_numpy(zero_copy_only=False), len(offsets))
    return pa.array((whole[:, None] + offsets[None, :]).ravel(), mask=null).cast(starts.type)


def side_by_side(rows: pa.RecordBatch, columns: tuple[str, ...]) -> pa.Array:
    """The cells row by row: the values of a day follow one another."""
    count = len(columns)
    stacked = pa.chunked_array([_plain(rows.column(name)) for name in columns]).combine_chunks()
    order = np.arange(count * rows.num_rows).reshape(count, rows.num_rows).T.ravel()
    return stacked.take(pa.array(order))


def _plain(values: pa.Array) -> pa.Array:
    if pa.types.is_dictionary(values.type):
        values = values.dictionary_decode()
    if pa.types.is_string(values.type) or pa.types.is_null(values.type):
        return values.cast(pa.string())
    return values.cast(pa.float64(), safe=False)
