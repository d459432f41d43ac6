"""The meters, those that were exchanged included, and which of them come with hourly reads."""

from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from lamplighter.demo import columns
from lamplighter.demo.columns import NEVER
from lamplighter.demo.draws import Flags, Ints, between, chance, pick_by, stream
from lamplighter.demo.places import COMMERCIAL, ELECTRICITY, WASTEWATER, Places
from lamplighter.demo.tenancy import YEAR, Tenancy
from lamplighter.demo.usage import UNITS, Demand

KINDS = ("ami", "amr", "manual")
USUAL = 190
"""Meters with hourly reads where no share is asked for: enough to look at, quick to land, in a town of any size."""


@dataclass(frozen=True)
class Meters:
    """Arrays of shape (meters,), by number."""

    point: Ints
    commodity: Ints
    installed: Ints
    removed: Ints
    kind: Ints
    in_wh: Flags
    """Counts watt-hours where others count kilowatt-hours."""
    multiplier: Ints
    interval: Flags

    @property
    def ids(self) -> pa.Array:
        """M and eight digits, in the order of the arrays."""
        return columns.serial("M", np.arange(len(self.point)) + 1, 8)


def make_meters(
    seed: int, places: Places, tenancy: Tenancy, demand: Demand, share: float | None, today: int
) -> Meters:
    """One meter at each point that is measured (sewers are not), one in sixteen of them put in lately."""
    rng = stream(seed, "meters")
    measured = np.flatnonzero(demand.commodity != WASTEWATER)
    exchanged = chance(rng, len(measured), 0.06) & (demand.premise[measured] > 0)
    place = np.repeat(np.arange(len(measured)), 1 + exchanged)
    second = np.diff(place, prepend=-1) == 0
    first = np.append(second[1:], False)
    swap = today - between(rng, len(measured), 12, 3 * YEAR)
    installed = today - between(rng, len(measured), 3 * YEAR + 1, 3_600)
    point = measured[place]
    premise, commodity = demand.premise[point], demand.commodity[point]
    interval = _with_reads(rng, places, tenancy, demand, measured, share)[place]
    kind = pick_by(rng, commodity, ((80, 15, 5), (52, 36, 12), (62, 28, 10), (1, 0, 0)))
    large = (commodity == ELECTRICITY) & (places.kind[premise] >= COMMERCIAL) & chance(rng, len(point), 0.15)
    large &= ~interval
    return Meters(
        point=point,
        commodity=commodity,
        installed=np.where(second, swap[place], installed[place]),
        removed=np.where(first, swap[place], NEVER),
        kind=np.where(interval | second, 0, kind),
        in_wh=(commodity == ELECTRICITY) & (point % 19 == 7),
        multiplier=np.where(large, 40, 1),
        interval=interval,
    )


def _with_reads(
    rng: np.random.Generator,
    places: Places,
    tenancy: Tenancy,
    demand: Demand,
    measured: Ints,
    share: float | None,
) -> Flags:
    """Whole homes, those with panels, leaks or new people first in line; premise 0 always (given any share)."""
    wanted = USUAL if share is None else round(share * len(measured))
    weight = 1.0 + 14.0 * places.solar + 2.0 * (tenancy.before >= 0)
    np.add.at(weight, demand.premise, 12.0 * (demand.leak_from < NEVER))
    line = rng.random(places.size) / weight
    line[0] = -1.0
    order = np.argsort(line, kind="stable")
    meters_at = np.bincount(demand.premise[measured], minlength=places.size)
    before = np.cumsum(meters_at[order]) - meters_at[order]
    taken = np.zeros(places.size, dtype=bool)
    taken[order[before < wanted]] = True
    return np.asarray(taken[demand.premise[measured]])


def meters_table(seed: int, meters: Meters) -> pa.Table:
    """``meters.csv``."""
    rng = stream(seed, "meters.csv")
    size = len(meters.point)
    maker = columns.words(("LG", "AC", "IT", "SE"), meters.commodity)
    unit = columns.chosen(meters.in_wh, "Wh", columns.words(UNITS, meters.commodity))
    return pa.table({
        "meter_id": meters.ids,
        "serial": columns.joined([maker, columns.serial("", rng.permutation(size) + 40_000_000, 8)]),
        "service_point_id": columns.serial("SP", meters.point + 1, 7),
        "installed_on": columns.dates(meters.installed),
        "removed_on": columns.dates(meters.removed),
        "kind": columns.words(KINDS, meters.kind),
        "unit": unit,
        "multiplier": meters.multiplier,
    })  # fmt: skip
