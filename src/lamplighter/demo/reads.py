"""Hourly reads of some meters: a month's use as the hours in which it fell.

Values are whole steps (Wh, thousandths of a therm, tenths of a gallon) until they are written, so a bill that takes
their sum agrees with them to its own rounding. A gap is rows that are not there (a few say ``missing``); estimated
runs hold their mean. Bills count what the meter saw, gaps included, as a register does.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from lamplighter.demo import columns
from lamplighter.demo.accounts import Book
from lamplighter.demo.climate import Calendar, Climate
from lamplighter.demo.columns import NEVER
from lamplighter.demo.draws import Flags, Floats, Ints, between, chance, ranges, spread, stream
from lamplighter.demo.hours import EVENING, FIRM, FLAT, IDLE_WATER, PROFILES, SUNNY, Hours, local_hours
from lamplighter.demo.meters import Meters
from lamplighter.demo.places import COMMERCIAL, WATER, Places
from lamplighter.demo.usage import EMPTY_HOME, UNITS, Demand

RUN = 32
"""Meters at a time: some 300,000 rows, one row group of the file."""

STEPS = np.array([1_000, 1_000, 10, 1])
"""Steps of one unit, by commodity."""

VALID, ESTIMATED, EDITED, MISSING = range(4)
QUALITIES = ("valid", "estimated", "edited", "missing")
FLOWS = ("delivered", "received")


@dataclass(frozen=True)
class Metered:
    """What meters with reads counted for each agreement and month of the calendar."""

    place: Ints
    """(agreements,) place in ``use``, -1 for most."""
    use: Floats
    """(3, places, months) used, used on weekday evenings, sent to the grid; units, -1 where not known."""


class Reader:
    """Makes the reads run by run, and keeps the sums that bills need."""

    def __init__(
        self, seed: int, places: Places, book: Book, demand: Demand, meters: Meters, climate: Climate,
        calendar: Calendar, cycle: Ints, window: tuple[int, int],
    ) -> None:  # fmt: skip
        self.seed, self.places, self.demand, self.meters, self.climate = seed, places, demand, meters, climate
        self.first, self.last = window
        self.which = np.flatnonzero(meters.interval)
        book_of = book.agreements
        mine = np.isin(book_of.point, meters.point[self.which])
        self._agreements = np.flatnonzero(mine)
        self._point, self._factor = book_of.point[mine], demand.factor[mine]
        self._started, self._ended = book_of.started[mine], book_of.ended[mine]
        own_cycle = cycle[book_of.account[mine]]
        self._since = np.maximum(calendar.start[own_cycle], self._started[:, None])
        self._until = np.minimum(calendar.end[own_cycle], self._ended[:, None])
        known = (self._until > self._since) & (self._since >= self.first) & (self._until <= self.last)
        place = np.full(book_of.size, -1)
        place[mine] = np.arange(len(self._agreements))
        use = np.where(known, 0.0, -1.0)
        self.metered = Metered(place, np.stack([use, use, use]))
        self._known = known

    @property
    def hours(self) -> int:
        """About how many rows a meter has."""
        return (self.last - self.first) * 24

    def tables(self) -> Iterator[pa.Table]:
        """The rows of ``interval_reads.parquet`` by meter and start; ``metered`` is complete after the last."""
        axis = local_hours(self.first, self.last)
        for run in range(0, len(self.which), RUN):
            yield self._run(self.which[run : run + RUN], axis, stream(self.seed, f"reads {run}"))

    def _run(self, which: Ints, axis: Hours, rng: np.random.Generator) -> pa.Table:
        load, made = self._load(which, axis, rng)
        estimated = self._hold_means(rng, load)
        steps = STEPS[self.meters.commodity[which]][:, None]
        load, made = np.rint(load * steps), np.rint(made * steps)
        net = (load - made).astype(np.int64)
        flows = np.stack([np.maximum(net, 0), np.maximum(-net, 0)])
        there = (axis.day >= self.meters.installed[which, None] - self.first) & (
            axis.day < self.meters.removed[which, None] - self.first
        )
        flows *= there
        self._add_up(which, axis, flows)
        return self._table(which, axis, flows, there, estimated, rng)

    def _load(self, which: Ints, axis: Hours, rng: np.random.Generator) -> tuple[Floats, Floats]:
        """(meters, hours) what the house takes and what its panels make, in units."""
        point, demand = self.meters.point[which], self.demand
        commodity, shape = demand.commodity[point], (len(which), len(axis.hour))
        firm = self.places.kind[demand.premise[point]] >= COMMERCIAL
        daily = demand.base[point][:, None] + np.zeros(self.last - self.first)
        offset = self.first - self.climate.first
        for slope, need in zip(demand.slope, self.climate.need(), strict=True):
            daily = daily + slope[point][:, None] * need[offset : offset + self.last - self.first]
        daily = daily * self._occupied(point) * spread(rng, daily.size, 0.13).reshape(daily.shape)

        profile = PROFILES[np.where(firm, FIRM, commodity)][:, axis.weekend.astype(np.int64), axis.hour]
        chance_of = spread(rng, shape[0] * shape[1], 0.42).reshape(shape)
        idle = np.where((commodity == WATER)[:, None] & ~firm[:, None], IDLE_WATER[axis.hour], 0.0)
        chance_of = np.where(rng.random(shape) < idle, 0.0, chance_of / (1.0 - idle))
        flat = np.array(FLAT)[commodity][:, None]
        load = daily[:, axis.day] / 24.0 * (flat + (1.0 - flat) * profile * chance_of)

        begins = axis.midnight[np.clip(demand.leak_from[point] - self.first, 0, len(axis.midnight) - 1)] + 21
        leaking = (np.arange(shape[1]) >= begins[:, None]) & (demand.leak_from[point] < NEVER)[:, None]
        load = load + leaking * demand.leak[point][:, None] * (0.92 + 0.16 * rng.random(shape))
        sun = (self.climate.sunshine[offset : offset + self.last - self.first] / 24.0)[axis.day] * SUNNY[
            axis.hour
        ]
        return load, demand.panels[point][:, None] * sun * (0.9 + 0.2 * rng.random(shape))

    def _occupied(self, point: Ints) -> Floats:
        """(points, days) how much the people of each day take; little in an empty home."""
        days = self.last - self.first
        factor = np.full((len(point), days), EMPTY_HOME)
        place, agreement = np.nonzero(point[:, None] == self._point)
        start = np.clip(self._started[agreement] - self.first, 0, days)
        length = np.maximum(np.clip(self._ended[agreement] - self.first, 0, days) - start, 0)
        factor.ravel()[ranges(place * days + start, length)] = np.repeat(self._factor[agreement], length)
        return factor

    def _hold_means(self, rng: np.random.Generator, load: Floats) -> Ints:
        """Choose estimated runs and set their hours to the run's mean, so that the sum stays; answers where."""
        meters, hours = load.shape
        count = rng.integers(0, 4, meters)
        length = between(rng, int(count.sum()), 3, 24)
        begin = np.floor(rng.random(len(length)) * (hours - 25)).astype(np.int64)
        meter = np.repeat(np.arange(meters), count)
        estimated = ranges(meter * hours + begin, length)
        if len(length):
            flat = load.ravel()
            first = np.cumsum(length) - length
            mean = np.add.reduceat(flat[estimated], first) / length
            flat[estimated] = np.repeat(mean, length)
        return estimated

    def _add_up(self, which: Ints, axis: Hours, flows: Ints) -> None:
        """Add these meters' counts to the agreements and months in which they fell."""
        evening = np.isin(axis.hour, np.array(EVENING)) & ~axis.weekend
        series = np.stack([flows[0], flows[0] * evening, flows[1]])
        sums = np.concatenate(
            [np.zeros((*series.shape[:2], 1), dtype=np.int64), np.cumsum(series, axis=2)], axis=2
        )
        point = self.meters.point[which]
        meter, agreement = np.nonzero(point[:, None] == self._point)
        since = axis.midnight[np.clip(self._since[agreement] - self.first, 0, len(axis.midnight) - 1)]
        until = axis.midnight[np.clip(self._until[agreement] - self.first, 0, len(axis.midnight) - 1)]
        counted = sums[:, meter[:, None], until] - sums[:, meter[:, None], since]
        units = counted / STEPS[self.meters.commodity[which]][meter][:, None]
        for part, use in zip(units, self.metered.use, strict=True):
            np.add.at(use, agreement, np.where(self._known[agreement], part, 0.0))

    def _table(
        self, which: Ints, axis: Hours, flows: Ints, there: Flags, estimated: Ints, rng: np.random.Generator
    ) -> pa.Table:
        meters, hours = there.shape
        quality = np.full(meters * hours, VALID)
        quality[chance(rng, meters * hours, 0.0004)] = EDITED
        quality[estimated] = ESTIMATED
        lost = chance(rng, meters * hours, 0.0008)
        count = rng.integers(0, 3, meters)
        length = between(rng, int(count.sum()), 2, 20)
        begin = np.floor(rng.random(len(length)) * (hours - 21)).astype(np.int64)
        lost[ranges(np.repeat(np.arange(meters), count) * hours + begin, length)] = True
        told = lost & chance(rng, meters * hours, 0.06)
        quality[told] = MISSING
        both = (self.demand.panels[self.meters.point[which]] > 0)[:, None, None]
        shown = np.stack([there, there], axis=2) & ((~lost | told).reshape(meters, hours)[:, :, None])
        shown &= both | (np.arange(2) == 0)
        meter, hour, flow = np.nonzero(shown)
        commodity = self.meters.commodity[which]
        in_wh = self.meters.in_wh[which]
        per_unit = np.where(in_wh, 1, STEPS[commodity])
        value = flows[flow, meter, hour] / per_unit[meter]
        quality = quality[meter * hours + hour]
        ids = self.meters.ids.take(pa.array(which)).to_pylist()
        unit = np.where(in_wh, len(UNITS), commodity)
        return pa.table({
            "meter_id": columns.coded(ids, meter),
            "start": pa.array(axis.utc[hour] * 1_000_000).cast(pa.timestamp("us", tz="UTC")),
            "seconds": pa.array(np.full(len(hour), 3_600, dtype=np.int32)),
            "value": columns.numbers(value, quality != MISSING),
            "unit": columns.coded((*UNITS, "Wh"), unit[meter]),
            "flow": columns.coded(FLOWS, flow),
            "quality": columns.coded(QUALITIES, quality),
        })  # fmt: skip
