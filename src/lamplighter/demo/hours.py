"""The hours of the read window in the town's own time, and how a day's use falls on them."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import numpy as np

from lamplighter.demo.draws import Flags, Floats, Ints

ZONE = "America/Los_Angeles"
EVENING = range(16, 21)
"""Local hours of the higher price, on weekdays."""


@dataclass(frozen=True)
class Hours:
    """Every hour from one local midnight to another, in order; arrays of shape (hours,).

    The night in March lacks its hour 2, the one in November has its hour 1 twice.
    """

    utc: Ints
    """Start, in seconds since 1970."""
    day: Ints
    """Days since the first."""
    hour: Ints
    weekend: Flags
    midnight: Ints
    """(days + 1,) the place of each day's first hour, and the end."""


def local_hours(first: int, last: int) -> Hours:
    """Hours of the days [first, last), days counted from 1970."""
    zone = ZoneInfo(ZONE)
    epoch = date(1970, 1, 1)
    midnights = [
        int(datetime.combine(epoch + timedelta(days=day), time(), zone).astimezone(UTC).timestamp())
        for day in range(first, last + 1)
    ]
    utc = np.arange(midnights[0], midnights[-1], 3_600, dtype=np.int64)
    clock = [datetime.fromtimestamp(moment, zone).replace(tzinfo=UTC).timestamp() for moment in utc.tolist()]
    local = np.array(clock, dtype=np.int64)
    day = local // 86_400 - first
    weekday = (day + first + 3) % 7  # 1 January 1970 was a Thursday
    return Hours(
        utc=utc,
        day=day,
        hour=local // 3_600 % 24,
        weekend=weekday >= 5,
        midnight=(np.array(midnights, dtype=np.int64) - midnights[0]) // 3_600,
    )


def _profile(text: str) -> list[float]:
    numbers = [int(number) for number in text.split()]
    return [24 * number / sum(numbers) for number in numbers]


PROFILES: Floats = np.array(
    [
        [
            _profile("5 4 4 4 4 6 10 14 12 9 8 8 9 8 8 10 13 19 23 22 19 15 11 7"),
            _profile("6 5 4 4 4 5 7 10 13 15 15 14 14 13 12 13 14 18 21 21 19 16 12 8"),
        ],
        [
            _profile("6 6 6 7 9 14 22 24 18 13 10 9 8 8 9 11 14 18 19 17 14 11 9 7"),
            _profile("6 6 6 6 7 9 14 20 22 18 14 12 11 11 11 12 14 17 18 17 15 12 10 8"),
        ],
        [
            _profile("1 1 1 1 2 8 22 26 17 11 9 8 9 8 8 9 12 17 20 18 14 12 8 3"),
            _profile("2 1 1 1 1 4 10 18 24 23 19 15 13 12 11 11 13 16 18 17 14 12 8 4"),
        ],
        [
            _profile("6 6 6 6 6 8 12 18 24 28 29 29 28 29 28 27 25 20 15 12 10 8 7 6"),
            _profile("6 6 6 6 6 6 7 9 12 14 15 15 15 15 14 13 12 11 10 9 8 7 7 6"),
        ],
    ]
)
"""(shape, weekend, hour) with a mean of 1 over the day: power, gas and water at home, and any of them in a firm."""

FIRM = 3

SUNNY: Floats = np.array(_profile("0 0 0 0 0 0 1 4 9 15 20 24 25 24 21 16 11 6 2 0 0 0 0 0"))
"""(hour,) how the sun's day falls on its hours, mean 1."""

FLAT = (0.34, 0.12, 0.0)
"""Share of power, gas and water that runs whatever the hour: refrigerators, pilots; no water without a leak."""

IDLE_WATER = np.array([0.9] * 5 + [0.6] + [0.2] * 17 + [0.6])
"""(hour,) how likely no water is drawn in an hour, in a home."""
