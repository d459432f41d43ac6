"""Days and times from text or typed columns, time zones and daylight saving included, a column at a time."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from lamplighter.intake.decimals import Mask, mask

MOMENT = pa.timestamp("us", "UTC")
_NAIVE = pa.timestamp("us")
_DAY = r"^\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])$"
_LOCAL = r"^\d{4}-\d\d-\d\d([T ]\d\d:\d\d(:\d\d(\.\d{1,9})?)?)?$"
_ZONED = r"^\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d(\.\d{1,6})?)?(Z|[+-]\d\d:?\d\d)$"


@dataclass(frozen=True)
class Read:
    """The column in its declared type, rows that could not be read marked in ``bad`` (and null)."""

    values: pa.Array
    bad: Mask


@dataclass(frozen=True)
class Zoned:
    """UTC times of local ones. ``skipped`` never were (spring), ``twice`` were two (autumn); both are null."""

    values: pa.Array
    skipped: Mask
    twice: Mask


def days(values: pa.Array, form: str | None = None) -> Read:
    """Plain dates. Typed times count where they are midnight, as exports of date columns are."""
    kind = values.type
    none_bad = np.zeros(len(values), bool)
    if pa.types.is_date(kind):
        return Read(values.cast(pa.date32()), none_bad)
    if pa.types.is_timestamp(kind):
        day = values.cast(pa.timestamp(kind.unit)).cast(pa.date32(), safe=False)
        back = day.cast(pa.timestamp(kind.unit))
        return _without(
            day, mask(pc.fill_null(pc.not_equal(back, values.cast(pa.timestamp(kind.unit))), False))
        )
    if not pa.types.is_string(kind):
        return Read(pa.nulls(len(values), pa.date32()), mask(values.is_valid()))
    if form:
        read = _by_format(values, form)
        return Read(read.values.cast(pa.date32(), safe=False), read.bad)
    return _cast(values, pa.date32(), _DAY)


def zoned_times(values: pa.Array) -> Read:
    """RFC 3339 with offset, or typed times that know their zone. Others are bad."""
    kind = values.type
    if pa.types.is_timestamp(kind) and kind.tz is not None:
        return Read(
            values if kind == MOMENT else values.cast(MOMENT, safe=False), np.zeros(len(values), bool)
        )
    if pa.types.is_string(kind):
        return _cast(values, MOMENT, _ZONED)
    return Read(pa.nulls(len(values), MOMENT), mask(values.is_valid()))


def local_times(values: pa.Array, form: str | None = None) -> Read:
    """Times on a wall clock, without zone: ISO, or by a strptime format."""
    kind = values.type
    if pa.types.is_timestamp(kind) and kind.tz is None:
        return Read(values.cast(_NAIVE, safe=False), np.zeros(len(values), bool))
    if pa.types.is_date(kind):
        return Read(values.cast(_NAIVE), np.zeros(len(values), bool))
    if not pa.types.is_string(kind):
        return Read(pa.nulls(len(values), _NAIVE), mask(values.is_valid()))
    return _by_format(values, form) if form else _cast(values, _NAIVE, _LOCAL)


def in_zone(
    local: pa.Array, timezone: str, ambiguous: Literal["first", "second"] | None, second: Mask | None = None
) -> Zoned:
    """Wall clock to UTC. ``second`` marks rows that mean the second of two; it wins over ``ambiguous``."""
    early = pc.assume_timezone(local, timezone, ambiguous="earliest", nonexistent="earliest").cast(MOMENT)
    late = pc.assume_timezone(local, timezone, ambiguous="latest", nonexistent="earliest").cast(MOMENT)
    twice = mask(pc.fill_null(pc.not_equal(early, late), False))
    back = pc.local_timestamp(early.cast(pa.timestamp("us", timezone)))
    skipped = mask(pc.fill_null(pc.not_equal(back, local), False))
    if second is not None:
        chosen, unknown = pc.if_else(pa.array(second & twice), late, early), np.zeros(len(local), bool)
    elif ambiguous is not None:
        chosen, unknown = (late if ambiguous == "second" else early), np.zeros(len(local), bool)
    else:
        chosen, unknown = early, twice
    gone = skipped | unknown
    return Zoned(pc.if_else(pa.array(gone), None, chosen) if gone.any() else chosen, skipped, unknown)


def repeated(local: pa.Array, timezone: str) -> Mask:
    """Which wall-clock times the autumn night has twice."""
    early = pc.assume_timezone(local, timezone, ambiguous="earliest", nonexistent="earliest")
    late = pc.assume_timezone(local, timezone, ambiguous="latest", nonexistent="earliest")
    return mask(pc.fill_null(pc.not_equal(early, late), False))


def looks_local(text: str | None) -> bool:
    """A time without offset: for the remedy."""
    return bool(text) and bool(pc.match_substring_regex(pa.scalar(text), _LOCAL).as_py())


def _by_format(values: pa.Array, form: str) -> Read:
    """strptime takes 31.02. for 3 March, so what it read is written again and compared, leading zeros aside."""
    parsed = pc.strptime(values, format=form, unit="us", error_is_null=True)
    written = pc.strftime(parsed, format=form) if len(values) else values
    plain = [
        _without_zeros(pc.replace_substring_regex(text, r"(\d\d)\.0{6}", r"\1")) for text in (values, written)
    ]
    same = pc.fill_null(pc.equal(*plain), False)
    doubtful = np.flatnonzero(mask(values.is_valid()) & ~mask(same))
    if not len(doubtful):
        return Read(parsed, np.zeros(len(values), bool))
    texts = values.take(pa.array(doubtful)).dictionary_encode()
    known = pa.array([_strptime(text, form) for text in texts.dictionary.to_pylist()], _NAIVE)
    again = known.take(texts.indices)
    parsed = pc.replace_with_mask(parsed, pa.array(np.isin(np.arange(len(values)), doubtful)), again)
    return Read(parsed, mask(values.is_valid()) & mask(parsed.is_null()))


def _strptime(text: str, form: str) -> datetime | None:
    try:
        return datetime.strptime(text.strip(), form).replace(tzinfo=None)
    except ValueError:
        return None


def _without_zeros(texts: pa.Array) -> pa.Array:
    return pc.replace_substring_regex(texts, r"(^|[^\d])0+(\d)", r"\1\2")


def _cast(values: pa.Array, wanted: pa.DataType, pattern: str) -> Read:
    try:
        return Read(values.cast(wanted), np.zeros(len(values), bool))
    except pa.ArrowInvalid:
        bad = ~mask(pc.fill_null(pc.match_substring_regex(values, pattern), True))
    likely = pc.if_else(pa.array(bad), None, values)
    for row in _culprits(likely, wanted, 0):
        bad[row] = True
    return Read(pc.if_else(pa.array(bad), None, values).cast(wanted), bad)


def _culprits(values: pa.Array, wanted: pa.DataType, start: int) -> list[int]:
    """Rows that cannot be cast though they look right (30 February), found by halving."""
    try:
        values.cast(wanted)
    except pa.ArrowInvalid:
        if len(values) == 1:
            return [start]
        half = len(values) // 2
        return _culprits(values[:half], wanted, start) + _culprits(values[half:], wanted, start + half)
    return []


def _without(values: pa.Array, bad: Mask) -> Read:
    return Read(pc.if_else(pa.array(bad), None, values) if bad.any() else values, bad)
