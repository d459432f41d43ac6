"""Who is in the customer book, and the traps that a book of customers holds.

A *record* is a row of ``customers.csv``; a person or business may have two. Records come in ranges by role, heads
of household first. Each head is in at most one of the small stories below, so that the truth stays simple to say.
"""

from dataclasses import dataclass
from enum import IntEnum, IntFlag, auto

import numpy as np

from lamplighter.demo.draws import Flags, Ints, mixed, pick, stream


class Role(IntEnum):
    """Why a record is in the book; records stand in this order."""

    HEAD = 0
    """Lives in a home of the town and has an account for it."""
    PARTNER = auto()
    SON = auto()
    """Has his father's name, lives in the same house."""
    TWIN = auto()
    ROOMMATE = auto()
    CARER = auto()
    """Looks after an elderly head's affairs, lives elsewhere, has no account."""
    FORMER = auto()
    """Lived here, left town."""
    DOUBLE = auto()
    """A second record of a head."""
    FIRM = auto()
    FIRM_DOUBLE = auto()
    """A second record of a firm, spelt otherwise."""
    LANDLORD_FIRM = auto()
    CITY = auto()
    PLANT = auto()


class Second(IntEnum):
    """How a head came to have a second record."""

    TYPO = 0
    MARRIED = auto()
    """The older record has the name from before the wedding, and the home from before."""
    SWAPPED = auto()
    """First and last name in each other's place."""
    NICKNAME = auto()
    MOVER = auto()
    """Moved within the town and was entered anew."""


SECOND_WEIGHTS = (34.0, 13.0, 8.0, 15.0, 30.0)


class Trap(IntFlag):
    """What makes a record hard to place; ``truth.csv`` names these, lower case."""

    COUPLE = auto()
    FATHER_SON = auto()
    TWIN = auto()
    ROOMMATE = auto()
    CAREGIVER = auto()
    MOVED_OUT = auto()
    MOVED_WITHIN = auto()
    DOUBLE_TYPO = auto()
    DOUBLE_MARRIED = auto()
    DOUBLE_SWAPPED = auto()
    DOUBLE_NICKNAME = auto()
    DOUBLE_MOVER = auto()
    LANDLORD = auto()
    LANDLORDS_CONTACT = auto()
    PROPERTY_MANAGER = auto()
    OWNER_AND_FIRM = auto()
    FIRM_SPELLING = auto()
    PLACEHOLDER_EMAIL = auto()
    PLACEHOLDER_PHONE = auto()
    KIOSK_PHONE = auto()
    RECYCLED_PHONE = auto()
    ROLE_MAILBOX = auto()
    REUSED_ACCOUNT = auto()
    DECEASED = auto()
    CONFIDENTIAL = auto()


SMALLEST = 100
"""Records below which the stories no longer fit into a town."""


@dataclass(frozen=True)
class Cast:
    """The records by role, arrays of shape (size,); heads chosen for stories as lists of record numbers."""

    role: Ints
    anchor: Ints
    """The head (for a firm's double: the firm) that a record belongs to; itself where there is none."""
    person: Ints
    """A record number that stands for the true person or business: doubles have their anchor's."""
    second: Ints
    """``Second`` of each double, -1 for others."""
    movers: Ints
    """Heads who moved within the town and kept their record."""
    owners: Ints
    """Heads who own a firm, and in ``owned_firms`` the firms, in the same order."""
    owned_firms: Ints
    landlords: Ints
    """Heads who let homes."""

    @property
    def size(self) -> int:
        """Number of records."""
        return len(self.role)

    def of(self, role: Role) -> Ints:
        """Numbers of the records with this role."""
        return np.flatnonzero(self.role == role)

    @property
    def is_business(self) -> Flags:
        """Firms, landlord firms, the city and the plants."""
        return np.asarray(self.role >= Role.FIRM)


def make_cast(seed: int, customers: int, duplicate_share: float) -> Cast:
    """Exactly ``customers`` records."""
    if customers < SMALLEST:
        raise ValueError(f"a town has at least {SMALLEST} customers, not {customers}")
    if not 0 <= duplicate_share <= 0.25:
        raise ValueError(f"the share of duplicate records lies between 0 and 0.25, not {duplicate_share}")
    rng = stream(seed, "cast")
    counts = _counts(customers, duplicate_share)
    role = np.repeat(np.arange(len(counts)), counts)
    itself = np.arange(customers)
    anchor, second = itself.copy(), np.full(customers, -1)
    doubles = np.flatnonzero(role == Role.DOUBLE)
    second[doubles] = pick(rng, len(doubles), SECOND_WEIGHTS)
    second[doubles[:1]] = Second.TYPO

    heads = np.concatenate([[0], 1 + mixed(rng, np.arange(counts[Role.HEAD] - 1))])
    if not len(doubles):
        heads = heads[1:]
    taken = 0
    for belongs in (Role.DOUBLE, Role.PARTNER, Role.SON, Role.TWIN, Role.ROOMMATE, Role.CARER):
        records = np.flatnonzero(role == belongs)
        anchor[records] = heads[taken : taken + len(records)]
        taken += len(records)
    firms = np.flatnonzero(role == Role.FIRM)
    firm_doubles = np.flatnonzero(role == Role.FIRM_DOUBLE)
    anchor[firm_doubles] = mixed(rng, firms)[: len(firm_doubles)]

    sizes = (max(2, customers // 25), max(2, len(firms) // 5), max(2, customers // 160))
    movers, owners, landlords = np.split(heads[taken : taken + sum(sizes)], np.cumsum(sizes)[:2])
    is_second = (role == Role.DOUBLE) | (role == Role.FIRM_DOUBLE)
    return Cast(
        role=role,
        anchor=anchor,
        person=np.where(is_second, anchor, itself),
        second=second,
        movers=movers,
        owners=owners,
        owned_firms=firms[-len(owners) :],
        landlords=landlords,
    )


def _counts(customers: int, duplicate_share: float) -> Ints:
    """Records by role; what is left over are heads."""
    counts = np.zeros(len(Role), dtype=np.int64)
    for role, share, least in (
        (Role.PARTNER, 0.06, 2),
        (Role.SON, 0.006, 1),
        (Role.TWIN, 0.004, 1),
        (Role.ROOMMATE, 0.012, 1),
        (Role.CARER, 0.006, 1),
        (Role.FORMER, 0.07, 3),
        (Role.DOUBLE, duplicate_share, 0),
        (Role.FIRM, 0.062, 6),
        (Role.FIRM_DOUBLE, 0.002, 1),
        (Role.LANDLORD_FIRM, 0.0016, 2),
        (Role.CITY, 0.0, 6),
        (Role.PLANT, 0.0004, 2),
    ):
        counts[role] = max(least, round(customers * share))
    counts[Role.HEAD] = customers - counts.sum()
    return counts


def traps_of_roles(cast: Cast) -> Ints:
    """Trap flags that follow from roles alone, for both sides of each story."""
    traps = np.zeros(cast.size, dtype=np.int64)
    for role, trap in (
        (Role.PARTNER, Trap.COUPLE),
        (Role.SON, Trap.FATHER_SON),
        (Role.TWIN, Trap.TWIN),
        (Role.ROOMMATE, Trap.ROOMMATE),
        (Role.CARER, Trap.CAREGIVER),
        (Role.FIRM_DOUBLE, Trap.FIRM_SPELLING),
    ):
        records = cast.of(role)
        traps[records] |= trap
        traps[cast.anchor[records]] |= trap
    for kind, trap in zip(
        Second,
        (Trap.DOUBLE_TYPO, Trap.DOUBLE_MARRIED, Trap.DOUBLE_SWAPPED, Trap.DOUBLE_NICKNAME, Trap.DOUBLE_MOVER),
        strict=True,
    ):
        records = np.flatnonzero(cast.second == kind)
        traps[records] |= trap
        traps[cast.anchor[records]] |= trap
    traps[cast.of(Role.FORMER)] |= Trap.MOVED_OUT
    traps[cast.movers] |= Trap.MOVED_WITHIN
    traps[cast.landlords] |= Trap.LANDLORD
    landlord_firms = cast.of(Role.LANDLORD_FIRM)
    traps[landlord_firms] |= Trap.LANDLORD
    traps[landlord_firms[: managers(cast)]] |= Trap.PROPERTY_MANAGER
    for records in (cast.owners, cast.owned_firms):
        traps[records] |= Trap.OWNER_AND_FIRM
    return traps


def managers(cast: Cast) -> int:
    """How many of the landlord firms are property managers with about forty homes each."""
    return max(1, cast.size // 5_000)
