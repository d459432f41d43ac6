"""Alder Bay as a place: streets with houses on them, what each house is, and where service is supplied.

Homes come first, shops after them, both in the order of their streets, so that neighbours in the arrays are
neighbours in town: a feeder, a landlord's units and an outage are plain ranges.
"""

from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from lamplighter.demo import columns, names
from lamplighter.demo.draws import Flags, Floats, Ints, bell, between, chance, mixed, pick, pick_by, stream

CITY, STATE, COUNTY = "Alder Bay", "OR", "Alder County"
LATITUDE, LONGITUDE = 44.37, -124.05
METERS_PER_DEGREE = (111_320.0, 79_570.0)
"""Of latitude, and of longitude at this latitude."""

SINGLE, MULTI, MOBILE, COMMERCIAL, INDUSTRIAL, PUBLIC = range(6)
KINDS = ("single_family", "multi_family", "mobile_home", "commercial", "industrial", "public")

FUELS = ("gas", "electric", "heat_pump", "propane", "wood", "oil")
GAS_HEAT, ELECTRIC_HEAT, HEAT_PUMP = 0, 1, 2

MATERIALS = ("lead", "copper", "galvanized", "plastic", "unknown")
MATERIAL_BY_AGE = ((30, 15, 25, 2, 28), (10, 35, 25, 2, 28), (1, 62, 8, 9, 20), (0, 45, 0, 50, 5))
"""Share of each material in service lines of before 1940, 1940–1959, 1960–1986 (the year lead was banned), later."""

COMMODITIES = ("electricity", "gas", "water", "wastewater")
ELECTRICITY, GAS, WATER, WASTEWATER = range(4)

CYCLES = 20
"""Billing cycles: streets are read and billed on one of twenty days of the month."""


@dataclass(frozen=True)
class Places:
    """Premises, one entry each; arrays of shape (size,) unless said otherwise."""

    homes: int
    kind: Ints
    street: Ints
    number: Ints
    unit: Ints
    year_built: Ints
    floor_area: Ints
    owned: Flags
    fuel: Ints
    material: Ints
    ward: Ints
    latitude: Floats
    longitude: Floats
    feeder: Ints
    solar: Flags
    point: Ints
    """(4, size): the service point of each commodity at each premise, -1 where it has none."""

    @property
    def size(self) -> int:
        """Number of premises."""
        return len(self.kind)

    @property
    def cycle(self) -> Ints:
        """The billing cycle of each: a stretch of street is read on one day."""
        return (self.street * 7 + self.number // 400) % CYCLES


def make_places(seed: int, homes: int, shop_kinds: Ints) -> Places:
    """A town with so many homes, and one premise for each of ``shop_kinds``.

    Premise 0 is fixed: 418 Alder Street, Apt 2, the home of the demo's guide.
    """
    rng = stream(seed, "places")
    shops = len(shop_kinds)
    building, unit, kind = _homes(rng, homes)
    buildings = int(building[-1]) + 1 if homes else 0
    building = np.concatenate([building, buildings + np.arange(shops)])
    unit = np.concatenate([unit, np.zeros(shops, dtype=np.int64)])
    kind = np.concatenate([kind, shop_kinds])
    size = homes + shops

    streets = 40 * min(len(names.QUARTERS), 1 + size // 12_000)
    street_of, number_of = _on_streets(rng, buildings, shops, streets)
    street, number = street_of[building], number_of[building]
    along = number / 4.0 - 60.0
    across = (street // 2 - streets / 4.0) * 210.0
    north = np.where(street % 2 == 0, across, along * 14.0)
    east = np.where(street % 2 == 0, along * 14.0, across)
    ward = 1 + (north > 0) * 3 + np.searchsorted([-7.5 * streets, 7.5 * streets], east)

    era = between(rng, streets, 1912, 2006)
    built = np.clip(
        era[street] + np.rint(6 * bell(rng, len(street_of)))[building].astype(np.int64), 1905, 2024
    )
    built = np.where(kind == MOBILE, 1966 + built % 50, built)
    area_mean = np.array([1_720, 940, 1_080, 3_400, 28_000, 11_000])[kind]
    area = np.rint(area_mean * np.clip(1 + 0.3 * bell(rng, size), 0.4, 2.5) / 10).astype(np.int64) * 10
    owned = rng.random(size) < np.array([0.79, 0.10, 0.72, 0.38, 0.9, 1.0])[kind]
    has_gas = rng.random(size) < np.array([0.68, 0.46, 0.3, 0.62, 0.9, 0.7])[kind]
    has_water = rng.random(size) < np.array([0.95, 0.96, 0.45, 0.97, 1.0, 1.0])[kind]
    sewered = has_water & chance(rng, size, 0.92)
    fuel = np.where(
        has_gas & chance(rng, size, 0.9), GAS_HEAT, 1 + pick(rng, size, (46.0, 34.0, 6.0, 8.0, 6.0))
    ).astype(np.int64)
    material = pick_by(rng, np.searchsorted([1940, 1960, 1987], built, side="right"), MATERIAL_BY_AGE)
    solar = (kind == SINGLE) & owned & chance(rng, size, 0.06)
    fixed = {"street": 0, "number": 418, "unit": 2, "kind": MULTI, "built": 1984, "ward": 4}
    for array, name in (
        (street, "street"),
        (number, "number"),
        (unit, "unit"),
        (kind, "kind"),
        (built, "built"),
        (ward, "ward"),
    ):
        array[0] = fixed[name]
    owned[0], has_water[0], sewered[0], has_gas[0], solar[0], fuel[0] = (
        False,
        True,
        True,
        False,
        False,
        HEAT_PUMP,
    )

    feeders = max(12, size // 1_400)
    order = np.argsort(street, kind="stable")
    feeder = np.empty(size, dtype=np.int64)
    feeder[order] = np.arange(size) * feeders // size
    return Places(
        homes=homes,
        kind=kind,
        street=street,
        number=number,
        unit=unit,
        year_built=built,
        floor_area=area,
        owned=owned,
        fuel=fuel,
        material=material,
        ward=ward,
        latitude=_degrees(rng, LATITUDE, north / METERS_PER_DEGREE[0]),
        longitude=_degrees(rng, LONGITUDE, east / METERS_PER_DEGREE[1]),
        feeder=feeder,
        solar=solar,
        point=_points(np.stack([np.ones(size, dtype=bool), has_gas, has_water, sewered])),
    )


def _degrees(rng: np.random.Generator, middle: float, away: Floats) -> Floats:
    """To six places, a meter or so off the line of the street."""
    return np.asarray(np.round(middle + away + 1e-5 * between(rng, len(away), -9, 9), 6), dtype=np.float64)


def _homes(rng: np.random.Generator, homes: int) -> tuple[Ints, Ints, Ints]:
    """Building, unit (0 in houses) and kind of each home: houses, walk-ups, blocks and trailer parks."""
    shape = pick(rng, homes, (90.0, 6.0, 0.5, 0.25))
    kinds = np.array([SINGLE, MULTI, MULTI, MOBILE])[shape]
    low, high = np.array([1, 2, 10, 8])[shape], np.array([1, 8, 40, 32])[shape]
    units = low + np.floor(rng.random(homes) * (high - low + 1)).astype(np.int64)
    building = np.repeat(np.arange(homes), units)[:homes]
    first = np.cumsum(units) - units
    unit = np.arange(homes) - first[building] + 1
    return building, np.where(shape[building] == 0, 0, unit), kinds[building]


def _on_streets(rng: np.random.Generator, houses: int, shops: int, streets: int) -> tuple[Ints, Ints]:
    """Street and house number of each building; shops crowd on a few streets. Numbers never repeat in a street."""
    lived_in = np.sort(pick(rng, houses, between(rng, streets, 40, 160).tolist()))
    main_streets = mixed(rng, np.arange(streets))[: max(8, streets // 4)]
    trading = np.sort(main_streets[pick(rng, shops, [1.0] * len(main_streets))])
    street = np.concatenate([lived_in, trading])
    order = np.argsort(street, kind="stable")
    counts = np.bincount(street, minlength=streets)
    rank = np.empty(len(street), dtype=np.int64)
    rank[order] = np.arange(len(street)) - np.repeat(np.cumsum(counts) - counts, counts)
    number = 101 + 4 * rank + between(rng, len(street), 0, 3)
    number[(street == 0) & (number >= 417)] += 4
    return street, number


def _points(supplied: Flags) -> Ints:
    """Number the service points premise by premise."""
    flat = supplied.T.ravel()
    return np.where(flat, np.cumsum(flat) - 1, -1).reshape(-1, len(COMMODITIES)).T


def street_lines(places: Places, short: bool = False) -> tuple[pa.Array, pa.Array]:
    """Number and street, and unit, of each premise; ``short`` writes St and Ave as many people do."""
    streets = [quarter + name for quarter in names.QUARTERS for name in names.STREETS]
    if short:
        for word, abbreviation in (
            ("Street", "St"),
            ("Avenue", "Ave"),
            ("Road", "Rd"),
            ("Lane", "Ln"),
            ("Drive", "Dr"),
            ("Court", "Ct"),
        ):
            streets = [
                street.removesuffix(word) + abbreviation if street.endswith(word) else street
                for street in streets
            ]
    line = columns.joined(
        [pa.array(places.number).cast(pa.string()), columns.words(streets, places.street)], " "
    )
    prefix = columns.chosen(places.kind == MOBILE, "Lot ", "Apt ")
    unit = columns.joined([prefix, pa.array(places.unit).cast(pa.string())])
    return line, columns.chosen(places.unit == 0, None, unit)


def zips(places: Places) -> pa.Array:
    """Three codes that the postal service has not given to any place."""
    return columns.words(("97397", "97398", "97399"), (places.ward - 1) // 2)


def premise_ids(places: Places) -> pa.Array:
    """PR and seven digits."""
    return columns.serial("PR", np.arange(places.size) + 1, 7)


def point_ids(points: Ints) -> pa.Array:
    """SP and seven digits, for service points by number; null for -1."""
    ids = columns.serial("SP", np.maximum(points, 0) + 1, 7)
    return columns.chosen(points < 0, None, ids)


def premises_table(places: Places) -> pa.Table:
    """``premises.csv``; ``ward`` is a column of the town's own."""
    size = places.size
    line, unit = street_lines(places)
    return pa.table(
        {
            "premise_id": premise_ids(places),
            "street": line,
            "unit": unit,
            "city": columns.words((CITY,), np.zeros(size, dtype=np.int64)),
            "state": columns.words((STATE,), np.zeros(size, dtype=np.int64)),
            "zip": zips(places),
            "latitude": places.latitude,
            "longitude": places.longitude,
            "county": columns.words((COUNTY,), np.zeros(size, dtype=np.int64)),
            "kind": columns.words(KINDS, places.kind),
            "year_built": columns.numbers(places.year_built, places.number % 23 != 0),
            "floor_area_sqft": columns.numbers(places.floor_area, places.number % 17 != 0),
            "tenure": columns.words(("rent", "own"), places.owned.astype(np.int64)),
            "heating_fuel": columns.words(FUELS, places.fuel),
            "service_line_material": columns.chosen(
                places.point[WATER] < 0, None, columns.words(MATERIALS, places.material)
            ),
            "census_tract": columns.serial("41999", places.ward * 10_000 + places.street % 4 * 100, 6),
            "outage_block": columns.joined(
                [columns.serial("B", places.street, 3), columns.serial("", places.number // 100, 2)], "-"
            ),
            "ward": places.ward,
        }
    )


def points_table(places: Places, occupied: Flags) -> pa.Table:
    """``service_points.csv``, premise by premise."""
    premise, commodity = np.nonzero(places.point.T >= 0)
    electric = commodity == ELECTRICITY
    piped = (commodity == GAS) | (commodity == WATER)
    zone = columns.joined(
        [columns.words(("E", "G", "W", "S"), commodity), pa.array(places.ward[premise]).cast(pa.string())],
        "-",
    )
    return pa.table(
        {
            "service_point_id": columns.serial("SP", np.arange(len(premise)) + 1, 7),
            "premise_id": columns.serial("PR", premise + 1, 7),
            "commodity": columns.words(COMMODITIES, commodity),
            "status": columns.words(("disconnected", "active"), occupied[premise].astype(np.int64)),
            "feeder": columns.chosen(electric, columns.serial("F", places.feeder[premise] + 1, 3), None),
            "pressure_zone": columns.chosen(piped, zone, None),
            "has_solar": columns.numbers(places.solar[premise], electric),
        }
    )
