"""What is wrong with which rows of a chunk: collected set by set, the first fault of a row is its reason."""

from dataclasses import dataclass, field, replace

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from lamplighter.intake.decimals import Mask, Rows


@dataclass(frozen=True)
class Fault:
    """``rows`` have the same fault. ``values`` is what stood there, a text a row (None: nothing)."""

    rows: Rows
    column: str
    reason: str
    remedy: str
    values: pa.Array | None = None

    def only(self, chosen: Mask) -> "Fault":
        """The same fault for some of its rows."""
        if chosen.all():
            return self
        values = None if self.values is None else self.values.take(pa.array(np.flatnonzero(chosen)))
        return replace(self, rows=self.rows[chosen], values=values)


@dataclass
class Faults:
    """Faults of one chunk of ``rows`` rows."""

    count: int
    found: list[Fault] = field(default_factory=list)

    def add(
        self, bad: Mask | Rows, column: str, reason: str, remedy: str, values: pa.Array | None = None
    ) -> None:
        """``bad`` is a mask or positions; ``values`` is the whole column, of which the bad ones are kept."""
        rows = (np.flatnonzero(bad) if bad.dtype == np.bool_ else bad).astype(np.int64)
        if len(rows):
            self.found.append(
                Fault(rows, column, reason, remedy, None if values is None else shown(values, rows))
            )

    @property
    def bad(self) -> Mask:
        bad = np.zeros(self.count, bool)
        for fault in self.found:
            bad[fault.rows] = True
        return bad

    def first_of_each(self) -> list[Fault]:
        """The same faults, each row in only one of them: the one found first."""
        seen = np.zeros(self.count, bool)
        kept = []
        for fault in self.found:
            fresh = np.flatnonzero(~seen[fault.rows])
            seen[fault.rows] = True
            if len(fresh):
                values = None if fault.values is None else fault.values.take(pa.array(fresh))
                kept.append(Fault(fault.rows[fresh], fault.column, fault.reason, fault.remedy, values))
        return kept


def shown(values: pa.Array, rows: Rows) -> pa.Array:
    """The values of some rows as text, for a person to read."""
    some = values.take(pa.array(rows))
    return as_text(some)


def as_text(values: pa.Array) -> pa.Array:
    """Any column as text that reads back: times as RFC 3339 in UTC, flags as true and false."""
    if pa.types.is_dictionary(values.type):
        values = values.dictionary_decode()
    if pa.types.is_string(values.type):
        return values
    if pa.types.is_timestamp(values.type) and values.type.tz is not None:
        return pc.strftime(values.cast(pa.timestamp("us", "UTC")), format="%Y-%m-%dT%H:%M:%SZ")
    if pa.types.is_decimal(values.type):
        values = values.cast(pa.decimal128(38, values.type.scale))
    try:
        return values.cast(pa.string())
    except (pa.ArrowNotImplementedError, pa.ArrowInvalid):
        return pa.array([None if value is None else str(value) for value in values.to_pylist()], pa.string())
