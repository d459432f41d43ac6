"""Days, times, flags and counts: from distinct texts (or typed values) to the declared type, with the remedy."""

from dataclasses import dataclass
from typing import Literal, cast

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from lamplighter.intake import moments
from lamplighter.intake.decimals import Mask, scaled
from lamplighter.intake.fault import as_text
from lamplighter.intake.source import Rules
from lamplighter.warehouse.table import Column

_TRUE = pa.array(["true", "t", "yes", "y", "1", "on"])
_FALSE = pa.array(["false", "f", "no", "n", "0", "off"])
_INTEGER = r"^[+-]?\d{1,18}(\.0+)?$"
_OFFSET = (
    "Write the time with its offset, as 2026-11-22T06:00:00-08:00, or declare “timezone:” in mapping.yaml "
    "(or layout.yaml)."
)


@dataclass(frozen=True)
class Typed:
    """Values in their declared type; ``bad`` ones are null, and share a reason and a remedy."""

    values: pa.Array
    bad: Mask
    reason: str
    remedy: str


def typed(texts: pa.Array, column: Column, rules: Rules) -> Typed:
    """Read the distinct values of a column that is neither text nor money."""
    kind = column.dtype
    if kind.is_date():
        day = moments.days(texts, rules.date)
        form = _example(rules.date, "2026-11-22")
        return Typed(
            day.values, day.bad, "bad_date", f"Write the day as {form}, or declare “date:” in mapping.yaml."
        )
    if kind.is_timestamp():
        return _moments(texts, rules)
    if kind.is_boolean():
        return Typed(*_flags(texts), "bad_flag", "Write true or false.")
    if kind.is_floating():
        sign = f"Write a number with “{rules.decimal}” as its decimal sign."
        return Typed(*_ratios(texts, rules), "bad_number", sign)
    return Typed(*_counts(texts), "bad_number", "Write a whole number.")


def _moments(texts: pa.Array, rules: Rules) -> Typed:
    zoned = moments.zoned_times(texts)
    if not rules.timezone or not zoned.bad.any():
        return Typed(zoned.values, zoned.bad, "bad_time", _OFFSET)
    local = moments.local_times(pc.if_else(pa.array(zoned.bad), texts, None), rules.time)
    which = cast(Literal["first", "second"] | None, rules.ambiguous)
    there = moments.in_zone(local.values, rules.timezone, which)
    values = pc.if_else(pa.array(zoned.bad), there.values, zoned.values)
    bad = zoned.bad & (local.bad | there.skipped | there.twice)
    if there.twice.any():
        twice = "The autumn night has this hour twice: declare “ambiguous: first” or “second”."
        return Typed(values, bad, "ambiguous_time", twice)
    if there.skipped.any():
        zone = rules.timezone
        return Typed(
            values, bad, "no_such_time", f"The spring night skips this hour in {zone}: check the time zone."
        )
    form = _example(rules.time, "2026-11-22T06:00:00")
    return Typed(values, bad, "bad_time", f"Write the time as {form}, or declare “time:” in mapping.yaml.")


def _ratios(texts: pa.Array, rules: Rules) -> tuple[pa.Array, Mask]:
    """Measures such as a latitude, as floating point numbers."""
    found = scaled(texts, 9, rules.decimal)
    return found.as_decimal128(9).cast(pa.float64()), found.bad


def _flags(texts: pa.Array) -> tuple[pa.Array, Mask]:
    if pa.types.is_boolean(texts.type):
        return texts, np.zeros(len(texts), bool)
    plain = pc.utf8_lower(texts if pa.types.is_string(texts.type) else as_text(texts))
    yes, no = pc.is_in(plain, _TRUE), pc.is_in(plain, _FALSE)
    known = pc.or_(yes, no)
    bad = pc.and_(pc.invert(known), texts.is_valid())
    return pc.if_else(known, yes, None), bad.to_numpy(zero_copy_only=False)


def _counts(texts: pa.Array) -> tuple[pa.Array, Mask]:
    if pa.types.is_string(texts.type):
        bad = pc.fill_null(pc.invert(pc.match_substring_regex(texts, _INTEGER)), False)
        whole = pc.replace_substring_regex(pc.if_else(bad, None, texts), r"^\+|\.0+$", "")
        return whole.cast(pa.int64()), bad.to_numpy(zero_copy_only=False)
    if pa.types.is_integer(texts.type):
        return texts.cast(pa.int64()), np.zeros(len(texts), bool)
    number = scaled(texts, 0)
    exact = pc.equal(pa.array(number.steps).cast(pa.float64()), texts.cast(pa.float64()))
    bad = pc.and_(pc.invert(pc.fill_null(exact, False)), texts.is_valid())
    return pc.if_else(bad, None, pa.array(number.steps, mask=number.null | number.bad)), bad.to_numpy(
        zero_copy_only=False
    )


def _example(form: str | None, iso: str) -> str:
    return iso if form is None else f"“{form}”"
