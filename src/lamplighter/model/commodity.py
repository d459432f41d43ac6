"""What a utility delivers or takes away. Words of ESPI ServiceKind, with the kinds it lacks."""

from enum import StrEnum


class Commodity(StrEnum):
    """What flows, or is carried away."""

    ELECTRICITY = "electricity"
    GAS = "gas"
    WATER = "water"
    WASTEWATER = "wastewater"
    STORMWATER = "stormwater"
    RECLAIMED_WATER = "reclaimed_water"
    STEAM = "steam"
    HEAT = "heat"
    CHILLED_WATER = "chilled_water"
    REFUSE = "refuse"
    RECYCLING = "recycling"


COMMODITIES: tuple[str, ...] = tuple(Commodity)
