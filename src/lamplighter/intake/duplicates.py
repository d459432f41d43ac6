"""The same key more than once in a load: the last row counts.

Rows equal to the last one are simply unchanged; rows that say something else are set aside as
``conflicting_duplicate``. Where rows come in the order of their key (as nearly every file does), that there is
no duplicate is seen by comparing neighbours; only where it is not, keys are sorted.
"""

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from lamplighter.intake.decimals import Mask, Rows
from lamplighter.intake.spool import Spool
from lamplighter.warehouse.table import Table

REASON = "conflicting_duplicate"
REMEDY = "Another row further down has the same key and says otherwise; the last one landed."
_NONE = np.array([], np.int64)


@dataclass(frozen=True)
class Duplicates:
    """Positions in the spool, ascending: ``equal`` to a later row, or in ``conflict`` with it."""

    equal: Rows
    conflict: Rows


def find(spool: Spool, table: Table) -> Duplicates:
    """Duplicates among the rows of a spool by the table's key (all rows have one source)."""
    if table.name == "meter_reading":
        series = find_unordered_series(spool)
        return Duplicates(_NONE, _NONE) if series is None else _among_readings(spool, table, series)
    keys = [spool.column(name).combine_chunks() for name in table.key if name != "source"]
    if spool.rows < 2 or _strictly_ascending(keys):
        return Duplicates(_NONE, _NONE)
    codes = _codes(keys)
    _, codes, counts = np.unique(codes, return_inverse=True, return_counts=True)
    repeated = np.flatnonzero(counts[codes] > 1)
    if not len(repeated):
        return Duplicates(_NONE, _NONE)
    return _judge(_rows_at(spool, repeated), table, codes[repeated], repeated)


def _rows_at(spool: Spool, positions: Rows) -> pa.Table:
    picked, offset = [], 0
    for rows, _ in spool:
        low, high = np.searchsorted(positions, [offset, offset + rows.num_rows])
        if high > low:
            picked.append(rows.take(pa.array(positions[low:high] - offset)))
        offset += rows.num_rows
    return pa.Table.from_batches(picked, spool.schema)


class SeriesCodes:
    """A number for each meter, channel and flow, the same in all pieces."""

    def __init__(self) -> None:
        self._names = {name: pa.array([], pa.string()) for name in ("meter_id", "channel", "flow")}
        self._cached: dict[str, tuple[pa.Array, np.ndarray]] = {}

    def of(self, rows: pa.RecordBatch) -> np.ndarray:
        meter, channel, flow = (self._code(rows.column(name), name) for name in self._names)
        if len(self._names["channel"]) == 1 and len(self._names["flow"]) == 1:
            return np.asarray(meter)
        return np.asarray((meter.astype(np.int64) << 20) + (channel << 4) + flow)

    def _code(self, values: pa.DictionaryArray, name: str) -> np.ndarray:
        cached = self._cached.get(name)
        if cached is None or not cached[0].equals(values.dictionary):
            known = self._names[name]
            fresh = pc.filter(values.dictionary, pc.invert(pc.is_in(values.dictionary, known)))
            if len(fresh):
                known = self._names[name] = pa.concat_arrays([known, pc.unique(fresh)])
            cached = (values.dictionary, pc.index_in(values.dictionary, known).to_numpy(zero_copy_only=False))
            self._cached[name] = cached
        indices = values.indices.to_numpy(zero_copy_only=False)
        codes = cached[1]
        if len(codes) and np.array_equal(codes, np.arange(len(codes))):
            return np.asarray(indices)
        return np.asarray(codes[indices])


def find_unordered_series(spool: Spool) -> Rows | None:
    """Series whose times do not strictly ascend through the spool (None: there is none): only they can repeat."""
    # A spool in which channels or flows first appear late would change the numbers: name them all first.
    codes = _named(spool)
    last: dict[str, np.ndarray] = {"series": _NONE, "time": _NONE}
    suspicious: list[np.ndarray] = []
    for rows, _ in spool:
        series, time = codes.of(rows), _micros(rows)
        if not np.all(series[1:] >= series[:-1]):
            order = np.argsort(series, kind="stable")
            series, time = series[order], time[order]
        same = series[1:] == series[:-1]
        backwards = same & (time[1:] <= time[:-1])
        if backwards.any():
            suspicious.append(np.unique(series[1:][backwards]))
        starts = np.concatenate(([True], ~same))
        ends = np.concatenate((~same, [True]))
        at = np.searchsorted(last["series"], series[starts])
        inside = at < len(last["series"])
        known = np.zeros(len(at), bool)
        known[inside] = last["series"][at[inside]] == series[starts][inside]
        overlap = known.copy()
        overlap[known] = time[starts][known] <= last["time"][at[known]]
        if overlap.any():
            suspicious.append(series[starts][overlap])
        last = _merged(last, series[ends], time[ends])
    return np.unique(np.concatenate(suspicious)) if suspicious else None


def _named(spool: Spool) -> SeriesCodes:
    codes = SeriesCodes()
    for rows, _ in spool:
        for name in ("channel", "flow"):
            codes._code(rows.column(name)[:0], name)
    return codes


def _merged(last: dict[str, np.ndarray], series: np.ndarray, time: np.ndarray) -> dict[str, np.ndarray]:
    stay = ~np.isin(last["series"], series, assume_unique=True)
    both = np.concatenate((last["series"][stay], series)), np.concatenate((last["time"][stay], time))
    order = np.argsort(both[0], kind="stable")
    return {"series": both[0][order], "time": both[1][order]}


def _among_readings(spool: Spool, table: Table, suspicious: Rows) -> Duplicates:
    codes = _named(spool)
    picked, numbers, series, times = [], [], [], []
    offset = 0
    for rows, _ in spool:
        own = codes.of(rows)
        at = np.flatnonzero(np.isin(own, suspicious))
        if len(at):
            picked.append(rows.take(pa.array(at)) if len(at) < rows.num_rows else rows)
            numbers.append(at + offset)
            series.append(own[at])
            times.append(_micros(rows)[at])
        offset += rows.num_rows
    _, line = np.unique(np.concatenate(series), return_inverse=True)
    time = np.concatenate(times)
    order = np.lexsort((time, line))
    fresh = np.ones(len(order), bool)
    fresh[1:] = (line[order][1:] != line[order][:-1]) | (time[order][1:] != time[order][:-1])
    if fresh.all():
        return Duplicates(_NONE, _NONE)
    key = np.empty(len(order), np.int64)
    key[order] = np.cumsum(fresh) - 1
    return _judge(pa.Table.from_batches(picked, spool.schema), table, key, np.concatenate(numbers))


def _judge(rows: pa.Table, table: Table, codes: np.ndarray, numbers: Rows) -> Duplicates:
    """``codes``: rows with the same number have the same key. ``numbers``: their positions in the spool."""
    last = np.zeros(int(codes.max()) + 1 if len(codes) else 0, np.int64)
    last[codes] = np.arange(len(codes))
    earlier = np.flatnonzero(last[codes] != np.arange(len(codes)))
    if not len(earlier):
        return Duplicates(_NONE, _NONE)
    final = last[codes[earlier]]
    equal = np.ones(len(earlier), bool)
    for column in table:
        if column.name in rows.column_names and column.name not in table.key:
            equal &= _same(rows.column(column.name), earlier, final)
    return Duplicates(np.sort(numbers[earlier[equal]]), np.sort(numbers[earlier[~equal]]))


def _same(values: pa.ChunkedArray, left: Rows, right: Rows) -> Mask:
    one, other = (_plain(values.take(pa.array(rows))) for rows in (left, right))
    equal = pc.fill_null(pc.equal(one, other), False)
    both_null = pc.and_(pc.is_null(one), pc.is_null(other))
    return np.asarray(pc.or_(equal, both_null).to_numpy(), bool)


def _plain(values: pa.ChunkedArray) -> pa.ChunkedArray:
    if pa.types.is_dictionary(values.type):
        return values.cast(values.type.value_type)
    return values.cast(pa.decimal128(18, values.type.scale)) if pa.types.is_decimal64(values.type) else values


def _strictly_ascending(keys: list[pa.Array]) -> bool:
    ascending: pa.Array | None = None
    for key in reversed(keys):
        before, after = key[:-1], key[1:]
        less = pc.less(before, after)
        ascending = less if ascending is None else pc.or_(less, pc.and_(pc.equal(before, after), ascending))
    return ascending is not None and bool(pc.all(ascending, skip_nulls=False).as_py())


def _codes(keys: list[pa.Array]) -> np.ndarray:
    """One number a key: those of the columns are combined and made dense again."""
    codes = np.zeros(len(keys[0]), np.int64)
    for key in keys:
        own = key.dictionary_encode().indices.fill_null(-1).to_numpy().astype(np.int64) + 1
        _, codes = (
            np.unique(codes * (int(own.max()) + 1) + own, return_inverse=True) if codes.any() else (None, own)
        )
    return codes


def _micros(rows: pa.RecordBatch) -> np.ndarray:
    return np.asarray(rows.column("started_at").cast(pa.int64()).to_numpy())
