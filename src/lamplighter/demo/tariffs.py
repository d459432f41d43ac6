"""What service costs, line by line, exact to the cent.

Prices are whole hundred-thousandths of a dollar and quantities whole steps (tenths of a therm), so that every line
is ``round(quantity × rate, 2)`` in integers. Rates rose once, on the day given to ``price``.
The use that a bill charges for is the sum of its ``energy`` lines; delivery comes as ``other``.
"""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from lamplighter.demo.draws import Flags, Ints
from lamplighter.demo.places import COMMODITIES, ELECTRICITY, GAS, WASTEWATER, WATER
from lamplighter.demo.terms import (
    E_COM,
    E_RES,
    E_SOL,
    E_TOU,
    G_COM,
    G_RES,
    S_COM,
    S_RES,
    TARIFFS,
    W_COM,
    W_RES,
)
from lamplighter.demo.usage import SCALE

DOLLAR = 100_000
FIRST_STEP = {ELECTRICITY: 15, WATER: 200}
"""Units a day at the lower price: kWh on E-RES, gallons on W-RES."""

ROSE_PERCENT = 3.5


class Line(NamedTuple):
    """A kind of line. ``price`` is today's for one ``unit``, in 1/100,000 of a dollar."""

    commodity: int
    tariff: int
    description: str
    kind: str
    unit: str
    price: int


LINES: list[Line] = []
FIXED, LOW, HIGH, DEMAND, DELIVERY, SENT, DISCOUNT, TAX = range(8)
_CODE = np.full((8, len(TARIFFS)), -1)


def _declare(tariff: int, slot: int, description: str, kind: str, unit: str, price: int) -> None:
    commodity = (ELECTRICITY, GAS, WATER, WASTEWATER)["EGWS".index(TARIFFS[tariff][0])]
    _CODE[slot, tariff] = len(LINES)
    LINES.append(Line(commodity, tariff, description, kind, unit, price))


for _tariff, _daily in ((E_RES, 40_000), (E_TOU, 40_000), (E_SOL, 48_000), (E_COM, 95_000), (G_RES, 33_000),
                        (G_COM, 80_000), (W_RES, 62_000), (W_COM, 140_000), (S_RES, 95_000), (S_COM, 190_000)):  # fmt: skip
    _declare(_tariff, FIXED, "Daily charge", "fixed", "day", _daily)
_declare(E_RES, LOW, "Power, first 15 kWh a day", "energy", "kWh", 9_800)
_declare(E_RES, HIGH, "Power, above 15 kWh a day", "energy", "kWh", 13_400)
for _tariff in (E_TOU, E_SOL):
    _declare(_tariff, LOW, "Power, 9 pm to 4 pm", "energy", "kWh", 8_900)
    _declare(_tariff, HIGH, "Power, 4 pm to 9 pm", "energy", "kWh", 25_700)
_declare(E_COM, LOW, "Power", "energy", "kWh", 9_100)
_declare(E_COM, DEMAND, "Highest demand", "demand", "kW", 850_000)
_declare(E_SOL, SENT, "Solar power sent to the grid", "credit", "kWh", -7_600)
_declare(G_RES, LOW, "Gas", "energy", "therm", 128_000)
_declare(G_COM, LOW, "Gas", "energy", "therm", 109_000)
_declare(W_RES, LOW, "Water, first 200 gallons a day", "energy", "gal", 580)
_declare(W_RES, HIGH, "Water, above 200 gallons a day", "energy", "gal", 940)
_declare(W_COM, LOW, "Water", "energy", "gal", 640)
_declare(S_RES, LOW, "Sewer, by indoor water use", "energy", "gal", 890)
_declare(S_COM, LOW, "Sewer, by water use", "energy", "gal", 960)
for _tariff in (E_RES, E_TOU, E_SOL, E_COM):
    _declare(_tariff, DELIVERY, "Delivery", "other", "kWh", 3_800)
    _declare(_tariff, DISCOUNT, "Home Energy Discount, 25 %", "credit", "USD", -25_000)
for _tariff in (E_RES, E_TOU, E_SOL, E_COM, G_RES, G_COM):
    _declare(_tariff, TAX, "City tax, 7 %", "tax", "USD", 7_000)
LEVELLING = len(LINES)
LINES.append(Line(-1, -1, "Budget billing adjustment", "other", "", 0))


def prices() -> Ints:
    """(2, lines) before and since the rise; shares (tax, discount) stayed."""
    now = np.array([line.price for line in LINES])
    before = np.rint(now / (1 + ROSE_PERCENT / 100) / 10).astype(np.int64) * 10
    shares = np.array([line.unit == "USD" for line in LINES])
    return np.stack([np.where(shares, now, before), now])


@dataclass(frozen=True)
class Services:
    """Rows of (bill, service), arrays of shape (rows,): what is charged for. Quantities in billed steps."""

    commodity: Ints
    tariff: Ints
    days: Ints
    risen: Flags
    """The new rates apply."""
    use: Ints
    evening: Ints
    """kWh between 4 and 9 pm on weekdays, a part of ``use``."""
    sent: Ints
    discounted: Flags


class Charge(NamedTuple):
    """One line for each of some rows: at most one of a slot for a row."""

    rows: Ints
    code: Ints
    steps: Ints
    """Quantity times ``scale``; of no meaning for the levelling line."""
    scale: int
    cents: Ints


def price(services: Services) -> tuple[list[Charge], Ints]:
    """The charges slot by slot in the order of the bill, and (rows,) the cents of each service."""
    table, total = prices(), np.zeros(len(services.use), dtype=np.int64)
    charges: list[Charge] = []

    def charge(slot: int, wanted: Flags, steps: Ints, scale: int) -> None:
        rows = np.flatnonzero(wanted)
        code = _CODE[slot, services.tariff[rows]]
        amount = cents(steps[rows], table[services.risen[rows].astype(np.int64), code], scale)
        total[rows] += amount
        charges.append(Charge(rows, code, steps[rows], scale, amount))

    def has(slot: int) -> Flags:
        return np.asarray(_CODE[slot, services.tariff] >= 0)

    charge(FIXED, has(FIXED), services.days, 1)
    for commodity in range(len(COMMODITIES)):
        here, scale = services.commodity == commodity, int(SCALE[commodity])
        low, high = services.use, np.zeros_like(services.use)
        if commodity in FIRST_STEP:
            first = FIRST_STEP[commodity] * services.days * scale
            stepped = np.isin(services.tariff, (E_RES, W_RES))
            high = np.where(stepped, np.maximum(low - first, 0), high)
        if commodity == ELECTRICITY:
            high = np.where(np.isin(services.tariff, (E_TOU, E_SOL)), services.evening, high)
        charge(LOW, here & ((low > high) | (low == 0)), low - high, scale)
        if commodity in FIRST_STEP:
            charge(HIGH, here & (high > 0), high, scale)
    demand = services.use // np.maximum(services.days * 9, 1)
    charge(DEMAND, has(DEMAND) & (demand > 0), demand, 1)
    charge(DELIVERY, has(DELIVERY) & (services.use > 0), services.use, 1)
    charge(SENT, has(SENT) & (services.sent > 0), services.sent, 1)
    charge(DISCOUNT, has(DISCOUNT) & services.discounted & (total > 0), total.copy(), 100)
    charge(TAX, has(TAX) & (total > 0), total.copy(), 100)
    return charges, total


def cents(steps: Ints, price_of_unit: Ints, scale: int) -> Ints:
    """steps ÷ scale × price, in cents, halves up."""
    unit = scale * DOLLAR // 100
    return np.asarray((2 * steps * price_of_unit + unit) // (2 * unit))
