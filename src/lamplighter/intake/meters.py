"""Whose meter is it, and where did it hang at that time? Reads name meters only; their rows need both answers.

Works on the distinct meters of a piece; only rows of meters that moved are looked at one time against another.
"""

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from lamplighter.intake.fault import Faults
from lamplighter.intake.stored import Stored

_BITS = 34
"""Seconds since 1970 fit in 34 bits until the year 2514; the number of the meter stands above them."""

UNKNOWN = "No meter of this number has landed. Land it first, then replay what was set aside."
AMBIGUOUS = "Several sources have a meter of this number. Say whose reads these are: --as NAME."


@dataclass(frozen=True)
class Meters:
    """Known meters (``ids``, distinct) with the position of their source, and their installations by time.

    ``source_at``: -1 where several sources have the number. ``first``/``last``: range in the installations.
    """

    ids: pa.Array
    sources: pa.Array
    source_at: np.ndarray
    first: np.ndarray
    last: np.ndarray
    installed: np.ndarray
    points: pa.Array

    @property
    def known(self) -> bool:
        return len(self.ids) > 0

    def assign(self, rows: pa.RecordBatch, faults: Faults, *, source: str, checked: bool) -> pa.RecordBatch:
        """Fill ``source`` and ``usage_point_id`` of interval reads; faults for meters nobody (or two) have."""
        meter = rows.column("meter_id")
        at = self._at(meter.dictionary)
        if checked:
            self._refuse(meter, at, faults)
        whose = np.where(at < 0, 0, self.source_at[at]) if self.known else np.zeros(len(at), np.int64)
        names = (
            self.sources.take(pa.array(np.maximum(whose, 0)))
            if self.known and checked
            else pa.repeat(pa.scalar(source), len(at))
        )
        columns = dict(zip(rows.schema.names, rows.columns, strict=True))
        if len(pc.unique(names)) == 1:
            columns["source"] = pa.DictionaryArray.from_arrays(
                pa.array(np.zeros(len(rows), np.int32)), names[:1]
            )
        else:
            columns["source"] = pa.DictionaryArray.from_arrays(meter.indices, names)
        columns["usage_point_id"] = self._points_of(meter, at, rows.column("started_at"))
        return pa.record_batch(columns, schema=rows.schema)

    def points_at(self, meter: pa.Array, time: pa.Array) -> pa.Array:
        """Usage points of some meters at some times; null where no installation is known."""
        at = self._at(meter)
        return self._installed_at(at, time)

    def _at(self, meter: pa.Array) -> np.ndarray:
        if not self.known:
            return np.full(len(meter), -1, np.int64)
        return np.asarray(
            pc.fill_null(pc.index_in(meter, self.ids), -1).to_numpy(zero_copy_only=False)
        ).astype(np.int64)

    def _refuse(self, meter: pa.DictionaryArray, at: np.ndarray, faults: Faults) -> None:
        unknown = at < 0
        ambiguous = ~unknown & (self.source_at[at] < 0) if self.known else np.zeros(len(at), bool)
        for bad, reason, remedy in (
            (unknown, "unknown_meter", UNKNOWN),
            (ambiguous, "ambiguous_meter", AMBIGUOUS),
        ):
            if bad.any():
                faults.add(bad[pc.fill_null(meter.indices, 0).to_numpy()], "meter_id", reason, remedy, meter)

    def _points_of(self, meter: pa.DictionaryArray, at: np.ndarray, time: pa.Array) -> pa.DictionaryArray:
        count = (
            np.where(at < 0, 0, (self.last - self.first)[at]) if self.known else np.zeros(len(at), np.int64)
        )
        only = np.where(count > 0, self.first[at], 0) if self.known else np.zeros(len(at), np.int64)
        if len(self.points):
            points = pc.if_else(pa.array(count > 0), self.points.take(pa.array(only)), meter.dictionary)
        else:
            points = meter.dictionary
        moved = count > 1
        indices = meter.indices
        if moved.any():
            rows = np.flatnonzero(moved[pc.fill_null(indices, 0).to_numpy()])
            exact = self._installed_at(
                at[indices.take(pa.array(rows)).to_numpy()], time.take(pa.array(rows))
            ).dictionary_encode()
            codes = pc.fill_null(indices, 0).to_numpy().copy()
            codes[rows] = exact.indices.to_numpy() + len(points)
            points, indices = pa.concat_arrays([points, exact.dictionary]), pa.array(codes)
        return pa.DictionaryArray.from_arrays(indices, points)

    def _installed_at(self, at: np.ndarray, time: pa.Array) -> pa.Array:
        """The newest installation that had begun; before the first one, the first."""
        if not len(self.points):
            return pa.nulls(len(at), pa.string())
        first, last = self.first[np.maximum(at, 0)], self.last[np.maximum(at, 0)]
        none = (at < 0) | (first == last)
        seconds = pc.fill_null(time.cast(pa.int64()), 0).to_numpy() // 1_000_000
        found = np.searchsorted(self.installed, _packed(at, seconds), side="right") - 1
        chosen = np.clip(found, first, np.maximum(last - 1, first))
        return pc.if_else(pa.array(none), None, self.points.take(pa.array(np.where(none, 0, chosen))))


def known_meters(stored: Stored, timezone: str, own: dict[str, pa.Table], source: str) -> Meters:
    """From what is stored and what this load has accepted of ``meter`` and ``meter_installation``."""
    kept = ["source", "meter_id", "usage_point_id", "installed_at"]
    installations = _together(
        stored.rows("meter_installation", kept),
        own.get("meter_installation"),
        source,
        ["source", "meter_id", "usage_point_id"],
    )
    meters = _together(
        stored.rows("meter", ["source", "meter_id"]), own.get("meter"), source, ["source", "meter_id"]
    )
    everyone = pa.concat_tables(
        [meters.select(["source", "meter_id"]), installations.select(["source", "meter_id"])]
    )
    everyone = everyone.group_by(["meter_id", "source"]).aggregate([])
    ids = pc.unique(everyone.column("meter_id").combine_chunks())
    sources = pc.unique(everyone.column("source").combine_chunks())
    source_at = np.full(len(ids), -1, np.int64)
    at = _numbers(pc.index_in(everyone.column("meter_id"), ids))
    source_at[at] = _numbers(pc.index_in(everyone.column("source"), sources))
    source_at[np.bincount(at, minlength=len(ids)) > 1] = -1
    hangs = _numbers(pc.index_in(installations.column("meter_id"), ids))
    since = pc.assume_timezone(
        installations.column("installed_at").combine_chunks().cast(pa.timestamp("us")),
        timezone,
        ambiguous="earliest",
        nonexistent="latest",
    )
    seconds = pc.fill_null(since.cast(pa.int64()), 0).to_numpy() // 1_000_000
    packed = _packed(hangs, seconds)
    order = np.argsort(packed, kind="stable")
    hangs = hangs[order]
    return Meters(
        ids, sources, source_at,
        np.searchsorted(hangs, np.arange(len(ids)), side="left"), np.searchsorted(hangs, np.arange(len(ids)), side="right"),
        packed[order], installations.column("usage_point_id").combine_chunks().take(pa.array(order)),
    )  # fmt: skip


def _together(stored: pa.Table, own: pa.Table | None, source: str, key: list[str]) -> pa.Table:
    """Stored rows and the load's own, which win."""
    if own is None or not own.num_rows:
        return stored
    if "source" not in own.column_names:
        own = own.append_column("source", pa.repeat(pa.scalar(source), own.num_rows))
    own = own.select(stored.column_names).cast(stored.schema)
    joined = [
        pc.binary_join_element_wise(*(rows.column(name) for name in key), "\x1f") for rows in (stored, own)
    ]
    return pa.concat_tables([stored.filter(pc.invert(pc.is_in(joined[0], joined[1]))), own])


def _packed(at: np.ndarray, seconds: np.ndarray) -> np.ndarray:
    return np.asarray((at.astype(np.int64) << _BITS) + np.clip(seconds, 0, (1 << _BITS) - 1))


def _numbers(values: pa.ChunkedArray | pa.Array) -> np.ndarray:
    return np.asarray(values.to_numpy()).astype(np.int64)
