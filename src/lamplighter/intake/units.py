"""Spellings of units, and the few that are stored as another one.

Interval reads in Wh and MWh are stored as kWh, so that no chart mixes them up; everything else keeps its unit.
"""

from decimal import Decimal

from lamplighter.intake.wording import nearest

_SPELLINGS = {
    "kWh": ("kwh", "kilowatthour", "kilowatthours", "kw-h", "kw.h"),
    "Wh": ("wh", "watthour", "watthours"),
    "MWh": ("mwh", "megawatthour", "megawatthours"),
    "kW": ("kw", "kilowatt", "kilowatts"),
    "kVA": ("kva",),
    "kVAh": ("kvah",),
    "kvarh": ("kvarh",),
    "therm": ("therm", "therms", "thm"),
    "dth": ("dth", "dekatherm", "dekatherms"),
    "MMBtu": ("mmbtu",),
    "Btu": ("btu",),
    "MJ": ("mj",),
    "GJ": ("gj",),
    "cf": ("cf", "ft3", "ft³", "cubicfeet"),
    "ccf": ("ccf", "hcf", "100cf"),
    "mcf": ("mcf",),
    "gal": ("gal", "gallon", "gallons", "usgal"),
    "kgal": ("kgal", "1000gal", "tgal"),
    "m3": ("m3", "m³", "cbm", "cubicmeter", "cubicmeters", "cubicmetre", "cubicmetres"),
    "L": ("l", "liter", "liters", "litre", "litres"),
    "lb": ("lb", "lbs", "pound", "pounds"),
    "klb": ("klb", "mlb"),
    "ton-hour": ("ton-hour", "tonhour", "ton-hours", "tonh"),
    "count": ("count",),
    "W": ("w", "watt", "watts"),
    "VA": ("va",),
    "VAh": ("vah",),
    "VAr": ("var",),
    "VArh": ("varh",),
    "V": ("v", "volt", "volts"),
    "A": ("a", "ampere", "amperes"),
    "Btu/h": ("btu/h",),
    "ft3_compensated": ("ft3compensated",),
    "gal_imperial": ("galimperial", "imperialgal"),
    "K": ("k", "kelvin"),
    "°C": ("°c", "celsius"),
    "s": ("s", "second", "seconds"),
    "min": ("min", "minute", "minutes"),
    "h": ("h", "hour", "hours"),
}
_BY_SPELLING = {spelling: unit for unit, spellings in _SPELLINGS.items() for spelling in spellings}
UNITS = tuple(_SPELLINGS)
STORED_AS: dict[str, tuple[str, Decimal]] = {"Wh": ("kWh", Decimal("0.001")), "MWh": ("kWh", Decimal(1000))}


def unit_of(text: str) -> str | None:
    """The unit under its one spelling; None where it is not known."""
    return _BY_SPELLING.get(text.strip().casefold().replace(" ", "").replace("_", ""))


def stored_as(unit: str) -> tuple[str, Decimal]:
    """Unit in which interval reads of this unit are stored, and the factor to it."""
    return STORED_AS.get(unit, (unit, Decimal(1)))


def remedy(text: str) -> str:
    """What to do about a unit that is not known."""
    return f"Units known: {', '.join(UNITS)}.{nearest(text, UNITS)}"
