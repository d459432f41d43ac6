"""Decimals of a declared scale from whatever a file holds, a column at a time.

Quantities and money travel as whole numbers of their smallest step (int64), which is exact for every value a
``decimal(18, s)`` column can hold, and costs eight bytes a row.
"""

from dataclasses import dataclass
from decimal import Decimal

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

Mask = npt.NDArray[np.bool_]
Rows = npt.NDArray[np.int64]
"""Positions of rows in a chunk, ascending."""

_NUMBER = r"^[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d{1,2})?$"
_EXACT = 2.0**52
_MOST = 10**18


@dataclass(frozen=True)
class Scaled:
    """``steps`` × 10^-scale; ``null`` marks unknown values, ``bad`` those that are no such number."""

    steps: npt.NDArray[np.int64]
    null: Mask
    bad: Mask

    def as_decimal128(self, scale: int) -> pa.Array:
        """The declared type: sixteen bytes a row, the upper eight are the sign."""
        halves = np.empty((len(self.steps), 2), np.int64)
        halves[:, 0] = self.steps
        halves[:, 1] = self.steps >> 63
        return pa.Array.from_buffers(
            pa.decimal128(18, scale), len(self.steps), [self._validity(), pa.py_buffer(halves)]
        )

    def as_decimal64(self, scale: int) -> pa.Array:
        """The same in eight bytes, for columns of millions."""
        return pa.Array.from_buffers(
            pa.decimal64(18, scale),
            len(self.steps),
            [self._validity(), pa.py_buffer(np.ascontiguousarray(self.steps))],
        )

    def times(self, factors: npt.NDArray[np.float64]) -> "Scaled":
        """Row by row times 0.001, 1 or 1000, rounded to the step."""
        steps = np.where(
            factors < 1, _rounded_thousandth(self.steps), np.where(factors > 1, self.steps * 1000, self.steps)
        )
        too_big = (factors > 1) & (np.abs(self.steps) >= _MOST // 1000)
        return Scaled(steps, self.null, self.bad | too_big)

    def _validity(self) -> pa.Buffer | None:
        missing = self.null | self.bad
        return pa.py_buffer(np.packbits(~missing, bitorder="little")) if missing.any() else None


def scaled(values: pa.Array, scale: int, decimal: str = ".") -> Scaled:
    """Read numbers or their text; more digits than the scale holds are rounded."""
    if pa.types.is_dictionary(values.type):
        values = values.dictionary_decode()
    null = mask(values.is_null())
    if pa.types.is_string(values.type) or pa.types.is_large_string(values.type):
        return _from_text(values, scale, decimal, null)
    if pa.types.is_decimal(values.type):
        return _from_decimal(values, scale, null)
    if pa.types.is_integer(values.type):
        whole = pc.fill_null(values, 0).to_numpy(zero_copy_only=False).astype(np.int64)
        bad = (np.abs(whole) >= _MOST // 10**scale) & ~null
        return Scaled(np.where(bad, 0, whole) * 10**scale, null, bad)
    if pa.types.is_floating(values.type):
        return _from_floats(
            pc.fill_null(values, 0.0).to_numpy(zero_copy_only=False).astype(np.float64), scale, null
        )
    return Scaled(np.zeros(len(values), np.int64), null, ~null)


def _from_floats(floats: npt.NDArray[np.float64], scale: int, null: Mask) -> Scaled:
    steps = floats * 10.0**scale
    bad = ~(np.abs(steps) < _MOST)
    if bad.any():
        steps = np.where(bad, 0.0, steps)
    return Scaled(np.rint(steps, out=steps).astype(np.int64), null, bad & ~null)


def _from_decimal(values: pa.Array, scale: int, null: Mask) -> Scaled:
    try:
        wide = values.cast(pa.decimal128(38, scale))
    except pa.ArrowInvalid:
        wide = pc.round(values, scale).cast(pa.decimal128(38, scale), safe=False)
    halves = np.frombuffer(wide.buffers()[1], np.int64).reshape(-1, 2)[wide.offset : wide.offset + len(wide)]
    steps, upper = halves[:, 0], halves[:, 1]
    bad = ((upper != steps >> 63) | (np.abs(steps) >= _MOST)) & ~null
    return Scaled(np.where(null | bad, 0, steps), null, bad)


def _from_text(values: pa.Array, scale: int, decimal: str, null: Mask) -> Scaled:
    if decimal == ",":
        values = pc.replace_substring(pc.replace_substring(values, ".", ""), ",", ".")
    bad = np.zeros(len(values), bool)
    try:
        floats = values.cast(pa.float64())
    except pa.ArrowInvalid:
        bad = ~mask(pc.fill_null(pc.match_substring_regex(values, _NUMBER), True))
        values = pc.if_else(pa.array(bad), None, values)
        floats = values.cast(pa.float64())
    found = _from_floats(pc.fill_null(floats, 0.0).to_numpy(zero_copy_only=False), scale, null)
    long = np.flatnonzero(np.abs(found.steps) >= _EXACT)
    if len(long):
        found.steps[long] = [_exactly(text, scale) for text in values.take(pa.array(long)).to_pylist()]
    return Scaled(found.steps, null, (found.bad | bad) & ~null)


def _exactly(text: str, scale: int) -> int:
    """Fifteen digits and more: beyond what a float holds. Such values are rare."""
    steps = int(Decimal(text).scaleb(scale).to_integral_value())
    return steps if abs(steps) < _MOST else 0


def _rounded_thousandth(steps: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    return np.asarray(np.sign(steps) * ((np.abs(steps) + 500) // 1000))


def mask(flags: pa.Array | pa.ChunkedArray) -> Mask:
    """Arrow flags as a NumPy mask; unknown is false."""
    if isinstance(flags, pa.ChunkedArray):
        flags = flags.combine_chunks()
    return np.asarray(pc.fill_null(flags, False).to_numpy(zero_copy_only=False), dtype=np.bool_)
