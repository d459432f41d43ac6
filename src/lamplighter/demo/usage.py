"""How much each service point takes: a base, and what heat, cold and gardens add.

The same few numbers give a month's use for a bill and, day by day, the hours of a meter with interval reads;
where there are reads, the bill takes their sum.
Units: kWh, therm and gallons.
"""

from dataclasses import dataclass

import numpy as np

from lamplighter.demo.accounts import Book
from lamplighter.demo.cast import Cast
from lamplighter.demo.columns import NEVER
from lamplighter.demo.draws import Floats, Ints, chance, spread, stream
from lamplighter.demo.people import People
from lamplighter.demo.places import (
    COMMERCIAL,
    ELECTRIC_HEAT,
    ELECTRICITY,
    GAS,
    GAS_HEAT,
    HEAT_PUMP,
    INDUSTRIAL,
    SINGLE,
    WASTEWATER,
    WATER,
    Places,
)

UNITS = ("kWh", "therm", "gal", "gal")
SCALE = np.array([1, 10, 1, 1])
"""Billed steps of one unit: whole kWh and gallons, tenths of a therm."""

EMPTY_HOME = 0.12
"""What a home takes with nobody in it, as a share of its base."""


@dataclass(frozen=True)
class Demand:
    """Arrays of shape (points,) unless said otherwise."""

    commodity: Ints
    premise: Ints
    base: Floats
    """A day."""
    slope: Floats
    """(3, points) a day and °F: heating, cooling, watering."""
    panels: Floats
    """kW of solar panels."""
    leak_from: Ints
    """First day of a leak, ``NEVER`` without one; it begins at 9 pm and has not been repaired."""
    leak: Floats
    """Gallons an hour."""
    evening: Floats
    """Share of electricity between 4 and 9 pm on weekdays."""
    factor: Floats
    """(agreements,) how much more or less than others these people take."""


def make_demand(seed: int, cast: Cast, places: Places, people: People, book: Book, today: int) -> Demand:
    """Draw every service point's numbers."""
    rng = stream(seed, "demand")
    premise, commodity = np.nonzero(places.point.T >= 0)
    size = len(premise)
    kind, area, fuel = places.kind[premise], places.floor_area[premise], places.fuel[premise]
    business = kind >= COMMERCIAL
    heavy = np.where(kind == INDUSTRIAL, 3.0, 1.0)
    trade = spread(rng, places.size, 0.55)[premise] * heavy
    indoor = (118.0 * spread(rng, places.size, 0.2))[premise]
    own = spread(rng, size, 0.2)
    base = np.where(
        commodity == ELECTRICITY,
        np.where(business, area * 0.021 * trade, 6.2 + area * 0.0032),
        np.where(
            commodity == GAS,
            np.where(business, area * 0.0004 * trade, 0.36),
            np.where(business, area * 0.045 * trade, indoor),
        ),
    )
    base = base * np.where(commodity == WASTEWATER, 1.0, own)
    heat = np.where(
        commodity == GAS,
        np.where(fuel == GAS_HEAT, area * 6.0e-5, 0.0),
        np.where(
            commodity == ELECTRICITY,
            area * np.select([fuel == ELECTRIC_HEAT, fuel == HEAT_PUMP], [1.3e-3, 5.5e-4], 6e-5),
            0.0,
        ),
    )
    cool = np.where((commodity == ELECTRICITY) & (business | chance(rng, size, 0.36)), area * 7e-4, 0.0)
    garden = (commodity == WATER) & (kind == SINGLE) & chance(rng, size, 0.55)
    slope = np.stack([heat * own, cool * own, np.where(garden, 9.0 * spread(rng, size, 0.6), 0.0)])

    leaking = (commodity == WATER) & ~business & chance(rng, size, 0.018)
    leak_days = 3 + np.floor(rng.random(size) * rng.random(size) * 210).astype(np.int64)
    leak_from = np.where(leaking, today - leak_days, NEVER)
    leak = np.round(1.5 + 9.0 * rng.random(size) * rng.random(size), 1)
    guide = places.point[WATER, 0]
    leak_from[guide], leak[guide] = today - 5, 6.0
    customer = book.accounts.customer[book.agreements.account]
    people_factor = 0.58 + 0.17 * np.minimum(people.household[customer], 6)
    people_factor = np.where(cast.is_business[customer], 1.0, people_factor)
    return Demand(
        commodity=commodity,
        premise=premise,
        base=base,
        slope=slope,
        panels=np.where(
            (commodity == ELECTRICITY) & places.solar[premise], 3.0 + 5.0 * rng.random(size), 0.0
        ),
        leak_from=leak_from,
        leak=leak,
        evening=0.16 + 0.14 * rng.random(size),
        factor=people_factor * spread(rng, len(customer), 0.16),
    )


def billed_use(
    demand: Demand, point: Ints, factor: Floats, start: Ints, end: Ints, sums: Floats, first: int
) -> Floats:
    """Expected use of rows of (point, start, end), before chance and panels; in units.

    ``sums`` is ``Climate.sums()``, whose entry 0 is the morning of day ``first``.
    """
    days = end - start
    use = demand.base[point] * days
    since, until = start - first, end - first
    for slope, running in zip(demand.slope, sums, strict=False):
        use = use + slope[point] * (running[until] - running[since])
    lost = 24.0 * demand.leak[point] * np.clip(end - np.maximum(start, demand.leak_from[point] + 1), 0, None)
    return np.asarray(use * factor + lost)


def behind_panels(
    demand: Demand, point: Ints, use: Floats, start: Ints, end: Ints, sums: Floats, first: int
) -> tuple[Floats, Floats]:
    """kWh (taken from, sent to) the grid by rows whose own need is ``use``: some of the sun is used at home."""
    made = demand.panels[point] * (sums[3, end - first] - sums[3, start - first])
    kept = np.minimum(0.42 * made, 0.55 * use)
    return use - kept, made - kept
