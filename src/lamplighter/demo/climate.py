"""The town's weather and its billing days: what usage, bills and reads have in common."""

import math
from dataclasses import dataclass

import numpy as np

from lamplighter.demo.draws import Floats, Ints, bell, stream
from lamplighter.demo.places import CYCLES

HEATING_BELOW, COOLING_ABOVE, WATERING_ABOVE = 62.0, 66.0, 58.0
"""°F of the day's mean."""

ISSUED_AFTER, DUE_AFTER = 3, 21
"""Days from the end of the period to the bill, and from the bill to its due date."""


@dataclass(frozen=True)
class Climate:
    """One entry a day from ``first`` on."""

    first: int
    temperature: Floats
    """Mean of the day, °F."""
    sunshine: Floats
    """kWh that one kW of panels makes."""

    def need(self) -> tuple[Floats, Floats, Floats]:
        """Degrees for heating, cooling and watering, each (days,)."""
        return (
            np.maximum(HEATING_BELOW - self.temperature, 0),
            np.maximum(self.temperature - COOLING_ABOVE, 0),
            np.maximum(self.temperature - WATERING_ABOVE, 0),
        )

    def sums(self) -> Floats:
        """(4, days + 1) running sums of heating, cooling and watering degrees and of sunshine.

        A period's sum is the difference of two entries.
        """
        daily = np.stack([*self.need(), self.sunshine])
        return np.concatenate([np.zeros((4, 1)), np.cumsum(daily, axis=1)], axis=1)


def weather(seed: int, first: int, last: int) -> Climate:
    """A mild coast: 40 °F in January, 66 °F in July, fronts that last some days, and clouds in winter."""
    rng = stream(seed, "weather")
    days = np.arange(first, last)
    turn = [2 * math.pi * ((day % 365.2425) - 22) / 365.2425 for day in range(first, last)]
    season = np.array([round(-math.cos(angle), 6) for angle in turn])
    fronts, front = [], 0.0
    for push in (3.4 * bell(rng, len(days))).tolist():
        front = 0.72 * front + push
        fronts.append(front)
    clouds = np.clip(0.72 + 0.16 * season + 0.22 * bell(rng, len(days)), 0.15, 1.0)
    return Climate(
        first=first,
        temperature=np.round(53.0 + 13.0 * season + np.array(fronts), 1),
        sunshine=np.round((4.1 + 2.6 * season) * clouds, 2),
    )


@dataclass(frozen=True)
class Calendar:
    """Billing periods, (cycles, months): days since 1970, the last month is the newest bill."""

    start: Ints
    end: Ints

    @property
    def issued(self) -> Ints:
        """Day of issue."""
        return self.end + ISSUED_AFTER

    @property
    def months(self) -> int:
        """Bills of each account that was there all the time."""
        return int(self.start.shape[1])

    def last(self, months: int) -> "Calendar":
        """Only the newest ``months``."""
        return Calendar(self.start[:, self.months - months :], self.end[:, self.months - months :])


def billing_calendar(today: int, months: int) -> Calendar:
    """The newest ``months`` periods of each cycle whose bill is out by ``today``."""
    this_month = int(np.datetime64(today, "D").astype("datetime64[M]").astype(int))
    ends = []
    for cycle in range(CYCLES):
        day_of_month = 1 + cycle * 28 // CYCLES
        months_back = np.arange(this_month - months - 2, this_month + 1).astype("datetime64[M]")
        edges = months_back.astype("datetime64[D]").astype(np.int64) + day_of_month - 1
        ends.append(edges[edges + ISSUED_AFTER <= today][-months - 1 :])
    table = np.array(ends, dtype=np.int64)
    return Calendar(start=table[:, :-1], end=table[:, 1:])
