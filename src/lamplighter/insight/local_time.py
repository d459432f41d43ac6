"""Instants as a place's own calendar, in expressions that every engine can run."""

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import ibis
import ibis.expr.types as ir


def offsets(zone: ZoneInfo, first: date, last: date) -> list[tuple[datetime, int]]:
    """When the zone's distance from UTC changes between two days, and to how many seconds.

    The first entry stands for everything before. A change is found to the minute.
    """
    at = datetime(first.year, first.month, first.day, tzinfo=UTC)
    end = datetime(last.year, last.month, last.day, tzinfo=UTC) + timedelta(days=2)
    found = [(at, _offset(at, zone))]
    while at < end:
        following = at + timedelta(days=1)
        if _offset(following, zone) != found[-1][1]:
            low, high = at, following
            while high - low > timedelta(minutes=1):
                middle = low + (high - low) / 2
                low, high = (middle, high) if _offset(middle, zone) == found[-1][1] else (low, middle)
            high = high.replace(second=0, microsecond=0)
            found.append((high, _offset(high, zone)))
        at = following
    return found


def local(instant: ir.TimestampValue, zone: ZoneInfo, first: date, last: date) -> ir.TimestampValue:
    """The clock on the wall at an instant: a timestamp without zone, right on both nights of the year.

    Written as a few comparisons with the zone's changes, since engines disagree on zone arithmetic.
    """
    changes = offsets(zone, first, last)
    cases = [(instant < at, before) for (_, before), (at, _) in pairwise(changes)]
    seconds = ibis.cases(*cases, else_=changes[-1][1]) if cases else ibis.literal(changes[-1][1])
    epoch = instant.epoch_seconds() + seconds
    return epoch.as_timestamp("s").cast("timestamp(6)")


def midnight(day: date, zone: ZoneInfo) -> datetime:
    """The instant at which a local day begins."""
    return datetime(day.year, day.month, day.day, tzinfo=zone).astimezone(UTC)


def _offset(at: datetime, zone: ZoneInfo) -> int:
    distance = at.astimezone(zone).utcoffset()
    return int(distance.total_seconds()) if distance is not None else 0
