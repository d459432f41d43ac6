"""The code lists of ESPI 3.3 (NAESB REQ.21) in our words: units, commodities, flows, qualities, currencies.

A code that is not listed is not an error: real files carry many. The reader keeps its number and says so.
"""

from dataclasses import dataclass

from lamplighter.model.commodity import Commodity

ATOM = "http://www.w3.org/2005/Atom"
USAGE = "http://naesb.org/espi"
CUSTOMER = "http://naesb.org/espi/customer"
NAMESPACES = frozenset({ATOM, USAGE, CUSTOMER})


@dataclass(frozen=True)
class Unit:
    """``name`` is what ESPI measures in; one of it is 10^``shift`` of ``stored``, the warehouse's unit.

    Only a ``consumed`` quantity can be added up over time (energy, volume); power or temperature cannot.
    """

    name: str
    stored: str
    shift: int = 0
    consumed: bool = False


def _consumed(name: str, stored: str | None = None, shift: int = 0) -> Unit:
    return Unit(name, stored or name, shift, consumed=True)


UNITS: dict[int, Unit] = {
    72: _consumed("Wh", "kWh", -3),
    169: _consumed("therm"),
    42: _consumed("m3"),
    119: _consumed("ft3", "cf"),
    120: _consumed("ft3_compensated"),
    128: _consumed("gal"),
    130: _consumed("gal_imperial"),
    134: _consumed("L"),
    31: _consumed("J", "MJ", -6),
    132: _consumed("BTU", "Btu"),
    71: Unit("VAh", "VAh"),
    73: Unit("VArh", "VArh"),
    38: Unit("W", "W"),
    61: Unit("VA", "VA"),
    63: Unit("VAr", "VAr"),
    133: Unit("BTU/h", "BTU/h"),
    29: Unit("V", "V"),
    5: Unit("A", "A"),
    6: Unit("K", "K"),
    23: Unit("°C", "°C"),
    27: Unit("s", "s"),
    159: Unit("min", "min"),
    160: Unit("h", "h"),
}
SERVICE_KINDS = {
    0: "electricity", 1: "gas", 2: "water", 3: "time", 4: "heat", 5: "refuse", 6: "sewerage", 7: "rates",
    8: "tv_licence", 9: "internet",
}  # fmt: skip

SERVICE_COMMODITIES: dict[int, str] = {
    0: Commodity.ELECTRICITY.value, 1: Commodity.GAS.value, 2: Commodity.WATER.value, 4: Commodity.HEAT.value,
    5: Commodity.REFUSE.value, 6: Commodity.WASTEWATER.value,
}  # fmt: skip

COMMODITIES: dict[int, str] = {
    1: Commodity.ELECTRICITY.value, 2: Commodity.ELECTRICITY.value, 4: "air", 7: Commodity.GAS.value, 8: "propane",
    9: Commodity.WATER.value, 10: Commodity.STEAM.value, 11: Commodity.WASTEWATER.value, 12: Commodity.HEAT.value,
    13: Commodity.CHILLED_WATER.value, 14: Commodity.RECLAIMED_WATER.value, 18: "co2", 25: Commodity.REFUSE.value,
    26: Commodity.ELECTRICITY.value,
}  # fmt: skip

DELIVERED, RECEIVED, NET, TOTAL = "delivered", "received", "net", "total"
FLOWS = {1: DELIVERED, 19: RECEIVED, 4: NET, 20: TOTAL}

QUALITIES = {
    0: "valid", 11: "valid", 17: "valid", 18: "valid", 19: "valid",
    7: "edited",
    8: "estimated", 9: "estimated", 12: "estimated", 15: "estimated",
    10: "to_check", 13: "to_check", 14: "to_check", 16: "to_check",
}  # fmt: skip
UNKNOWN_QUALITY = "unknown"
STORED_QUALITIES = {
    "valid": "valid", "edited": "edited", "estimated": "estimated", "to_check": "estimated", "unknown": "valid",
}  # fmt: skip
"""To the warehouse's words. “Questionable, mixed, other” must not pass for actual; no word at all is no doubt.
Raw (14) is a meter's own value that nobody has validated yet: it, too, is not vouched for."""

_LEAST_SURE_FIRST = (10, 16, 13, 14, 12, 15, 9, 8, 7, 11, 18, 17, 0, 19)


def least_sure(codes: list[int]) -> int:
    """Several qualities on one reading: the one that promises least counts."""
    known = [code for code in _LEAST_SURE_FIRST if code in codes]
    return known[0] if known else codes[0]


CURRENCIES = {840: "USD", 124: "CAD", 978: "EUR", 826: "GBP", 36: "AUD", 484: "MXN", 756: "CHF"}

REGISTER_ACCUMULATIONS = {1, 2, 3}
"""accumulationBehaviour of a register: what stands on the dial, not what flowed in an interval."""

QUALIFIERS = {2: "mean", 8: "max", 9: "min"}


def currency_name(code: int | None) -> str | None:
    """ISO 4217 letters of the numeric code; an unlisted number stays a number; 0 and none are none."""
    return None if not code else CURRENCIES.get(code, str(code))
