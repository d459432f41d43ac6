"""``inspect``: what is in a file, in figures that can be checked by hand."""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal, localcontext
from pathlib import Path

import numpy as np

from lamplighter.intake.green_button import codes
from lamplighter.intake.green_button.columns import QUALITY_WORDS, quality_indexes
from lamplighter.intake.green_button.feed import Feed, read
from lamplighter.intake.green_button.readings import NO_CODE, NO_COST
from lamplighter.intake.green_button.series import Series


@dataclass
class Statistics:
    """Of one series; ``total`` in its ESPI unit (Wh, therm …), ``cost`` in the currency's unit."""

    readings: int = 0
    first: int | None = None
    last: int | None = None
    total: Decimal = Decimal(0)
    cost: Decimal | None = None
    qualities: dict[str, int] = field(default_factory=dict)


def inspect(path: Path | str) -> dict[str, object]:
    """The summary that ``lamplighter greenbutton inspect FILE --json`` prints; UnreadableFile as ``read``."""
    with read(path) as feed:
        statistics = measure(feed)
        for batch in feed.readings():
            del batch  # rendering finds values that do not fit
        points = [
            {
                "id": point.id,
                "service_kind": point.service,
                "reading_types": [
                    _described(one, statistics[one.index], feed) for one in feed.series_at(point)
                ],
                "usage_summaries": len(point.summaries),
            }
            for point in feed.usage_points
        ]
        return {
            "file": str(path),
            "dialect": feed.dialect,
            "usage_points": points,
            "retail_customers": len(feed.entries("Customer")),
            "findings": [finding.as_dict() for finding in feed.findings],
        }


def measure(feed: Feed) -> list[Statistics]:
    """One pass over the readings; sums are exact whatever their size."""
    found = [Statistics() for _ in feed.series]
    with localcontext() as context:
        context.prec = 60
        for columns in feed.columns():
            series = feed.series_of(columns)
            exponents = feed.exponents_of(columns)
            for index in np.unique(series[series >= 0]).tolist():
                rows = series == index
                part = columns.where(rows)
                _add(found[index], feed.series[index], part.start, part.cost, part.quality)
                for exponent in np.unique(exponents[rows]).tolist():
                    total = _sum(part.value[exponents[rows] == exponent])
                    found[index].total += Decimal(total).scaleb(exponent)
    return found


def _add(
    one: Statistics, series: Series,
    start: "np.ndarray[tuple[int], np.dtype[np.int64]]",
    cost: "np.ndarray[tuple[int], np.dtype[np.int64]]",
    quality: "np.ndarray[tuple[int], np.dtype[np.int16]]",
) -> None:  # fmt: skip
    one.readings += len(start)
    first, last = int(start.min()), int(start.max())
    one.first = first if one.first is None else min(one.first, first)
    one.last = last if one.last is None else max(one.last, last)
    costs = cost[cost != NO_COST]
    if len(costs):
        one.cost = (one.cost or Decimal(0)) + Decimal(_sum(costs)).scaleb(-5)
    default = NO_CODE if series.facts.default_quality is None else series.facts.default_quality
    words = quality_indexes(quality, np.full(len(quality), default, np.int64))
    for index, number in enumerate(np.bincount(words, minlength=len(QUALITY_WORDS)).tolist()):
        if number:
            one.qualities[QUALITY_WORDS[index]] = one.qualities.get(QUALITY_WORDS[index], 0) + number


def _sum(numbers: "np.ndarray[tuple[int], np.dtype[np.int64]]") -> int:
    """Exact: high and low halves apart, since the sum of 64-bit numbers may not fit into 64 bits."""
    return (int((numbers >> 32).sum()) << 32) + int((numbers & 0xFFFFFFFF).sum())


def _described(series: Series, statistics: Statistics, feed: Feed) -> dict[str, object]:
    facts = series.facts
    return {
        "id": series.type_id or None,
        "commodity": series.commodity,
        "unit": facts.unit.name if facts.unit else None,
        "flow": facts.flow,
        "interval_seconds": facts.interval or series.seconds or None,
        "channel": series.channel,
        "readings": statistics.readings,
        "first": _time(statistics.first),
        "last": _time(statistics.last),
        "total": plain(statistics.total),
        "cost_total": None if statistics.cost is None else plain(statistics.cost),
        "currency": codes.currency_name(facts.currency),
        "qualities": statistics.qualities,
        "gaps": feed.sequence.gaps[series.index],
        "duplicates": feed.sequence.duplicates[series.index],
    }


def _time(seconds: int | None) -> str | None:
    return None if seconds is None else datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def plain(number: Decimal) -> str:
    """A decimal string without exponent and without trailing zeros behind the point."""
    text = f"{number:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text
