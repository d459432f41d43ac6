"""Which of two: in the autumn night an hour comes twice, and only the order of the rows tells them apart."""

import numpy as np
import pyarrow as pa

from lamplighter.intake import moments
from lamplighter.intake.decimals import Mask


class NightOrder:
    """Remembers, over the blocks of one file, the rows of the repeated hours (a few in ten thousand)."""

    def __init__(self) -> None:
        self._seen: pa.Table | None = None

    def second(self, meter: pa.Array | None, flow: pa.Array | None, local: pa.Array, timezone: str) -> Mask:
        """Rows of the second pass: the clock of their meter and flow has been there before, or went back."""
        second = np.zeros(len(local), bool)
        rows = np.flatnonzero(moments.repeated(local, timezone))
        if not len(rows):
            return second
        here = pa.table({
            "meter": _words(meter, rows), "flow": _words(flow, rows), "local": local.take(pa.array(rows)),
        })  # fmt: skip
        known = here if self._seen is None else pa.concat_tables([self._seen, here])
        self._seen = known
        second[rows] = _went_back(known)[-len(rows) :]
        return second


def _went_back(rows: pa.Table) -> Mask:
    """Per meter, flow and night, in file order: true from the row on whose time does not follow the one before."""
    codes = [_codes(rows.column(name)) for name in ("meter", "flow")]
    local = rows.column("local").combine_chunks().cast(pa.int64()).to_numpy()
    night = local // 86_400_000_000
    order = np.lexsort((np.arange(len(local)), night, codes[1], codes[0]))
    ordered = [key[order] for key in (codes[0], codes[1], night)]
    new_group = np.ones(len(order), bool)
    new_group[1:] = np.logical_or.reduce([key[1:] != key[:-1] for key in ordered])
    back = np.zeros(len(order), bool)
    back[1:] = local[order][1:] <= local[order][:-1]
    back &= ~new_group
    # Running “any” within each group: count of steps back so far, less the count at the group's start.
    steps = np.cumsum(back)
    at_start = np.maximum.accumulate(np.where(new_group, np.arange(len(order)), 0))
    result = np.empty(len(order), bool)
    result[order] = steps - steps[at_start] > 0
    return result


def _words(values: pa.Array | None, rows: np.ndarray) -> pa.Array:
    if values is None:
        return pa.repeat(pa.scalar(""), len(rows))
    some = values.take(pa.array(rows))
    return (some.dictionary_decode() if pa.types.is_dictionary(some.type) else some).cast(pa.string())


def _codes(words: pa.ChunkedArray) -> np.ndarray:
    return np.asarray(words.combine_chunks().dictionary_encode().indices.fill_null(-1).to_numpy())
