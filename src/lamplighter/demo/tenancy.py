"""Who lived where from when to when.

Days are whole numbers since 1970; a span is [start, end) and ``NEVER`` is an open end.
"""

from dataclasses import dataclass

import numpy as np

from lamplighter.demo.cast import Cast, Role, Second, managers
from lamplighter.demo.columns import NEVER
from lamplighter.demo.draws import Flags, Ints, between, chance, codes, mixed, stream
from lamplighter.demo.places import WATER, Places

YEAR = 395
"""Days of bills and reads: whoever came to a home within them had somebody there before."""

MOVING_MONTHS = (5, 5, 7, 8, 11, 16, 13, 14, 10, 7, 5, 4)
"""Moves by month, January first: people move in summer."""


@dataclass(frozen=True)
class Tenancy:
    """Arrays of shape (records,) or (premises,); -1 where there is nobody or nothing."""

    home: Ints
    """(records,) the premise where a record lives now or, having left, lived last."""
    since: Ints
    """(records,) first day there."""
    until: Ints
    """(records,) first day no longer there."""
    lives_along: Flags
    """(records,) at home with its anchor: partners, sons, twins, room-mates and most second records."""
    occupant: Ints
    """(premises,) the head or firm there now."""
    occupied_since: Ints
    before: Ints
    """(premises,) who was there before."""
    before_since: Ints
    before_until: Ints
    landlord: Ints
    """(premises,) the record that lets the home."""
    landlord_pays_water: Flags
    """(premises,) water there is on the landlord's account, whoever lives in it."""


def settle(seed: int, cast: Cast, places: Places, shop_of: Ints, today: int) -> Tenancy:
    """Move everybody in. ``shop_of`` (shops,) is the record at each premise after the homes."""
    rng = stream(seed, "tenancy")
    heads, homes = cast.of(Role.HEAD), places.homes
    vacant = 1 + mixed(rng, np.arange(homes - 1))[: homes - len(heads)]
    lived_in = np.ones(homes, dtype=bool)
    lived_in[vacant] = False
    occupant = np.full(places.size, -1)
    occupant[np.flatnonzero(lived_in)] = heads
    occupant[homes:] = shop_of
    here = np.flatnonzero(occupant >= 0)[::-1]  # the first of several premises is written last, and stays
    home = np.full(cast.size, -1)
    home[occupant[here]] = here

    stay = rng.random(places.size)
    start = today - (YEAR + 25 + stay * stay * np.where(places.owned, 10_500, 2_300)).astype(np.int64)
    start[0] = int(np.datetime64("2014-09-01").astype(np.int64))
    before, before_since, before_until = _turnover(rng, cast, places, home, lived_in, start, today)
    since, until = np.full(cast.size, NEVER), np.full(cast.size, NEVER)
    since[occupant[here]] = start[here]
    gone = np.flatnonzero(before >= 0)
    left = gone[np.isin(cast.role[before[gone]], (Role.FORMER, Role.DOUBLE))]
    home[before[left]], since[before[left]], until[before[left]] = (
        left,
        before_since[left],
        before_until[left],
    )

    lives_along = np.isin(cast.role, (Role.PARTNER, Role.SON, Role.TWIN, Role.ROOMMATE, Role.FIRM_DOUBLE))
    lives_along |= (cast.role == Role.DOUBLE) & (home < 0)
    home[lives_along], since[lives_along] = home[cast.anchor[lives_along]], since[cast.anchor[lives_along]]
    landlord, pays_water = _landlords(rng, cast, places)
    return Tenancy(
        home=home,
        since=since,
        until=until,
        lives_along=lives_along,
        occupant=occupant,
        occupied_since=start,
        before=before,
        before_since=before_since,
        before_until=before_until,
        landlord=landlord,
        landlord_pays_water=pays_water,
    )


def _turnover(
    rng: np.random.Generator, cast: Cast, places: Places, home: Ints, lived_in: Flags, start: Ints, today: int
) -> tuple[Ints, Ints, Ints]:
    """Choose homes that changed hands; set ``start`` of those who came there, and of the movers who left them.

    A mover's present home has no story of its own, so that no move depends on another.
    """
    formers = cast.of(Role.FORMER)
    double_movers = np.flatnonzero(np.isin(cast.second, (Second.MOVER, Second.MARRIED)))
    leavers = np.concatenate([formers, cast.movers, double_movers])
    wish = rng.random(places.homes) + 0.6 * places.owned[: places.homes] - 2.0 * ~lived_in
    excluded = 9.0
    wish[home[cast.person[leavers[len(formers) :]]]] = excluded
    wish[0] = excluded
    chosen = np.argsort(wish, kind="stable")[: len(leavers)]
    chosen = chosen[wish[chosen] < excluded]
    leavers = mixed(rng, leavers)[: len(chosen)]

    recent, inhabited = ~chance(rng, len(chosen), 0.4), lived_in[chosen]
    back = np.where(
        recent, _moving_days(rng, len(chosen), today), YEAR + 5 + between(rng, len(chosen), 0, 1_100)
    )
    back = np.where(inhabited, back, between(rng, len(chosen), 6, 160))
    gap = np.where(inhabited, rng.integers(0, 4, len(chosen)) * rng.integers(0, 5, len(chosen)), 0)
    start[chosen] = np.where(inhabited, today - back, start[chosen])

    before = np.full(places.size, -1)
    before_since, before_until = np.full(places.size, NEVER), np.full(places.size, NEVER)
    before[chosen] = leavers
    before_until[chosen] = today - back - gap
    before_since[chosen] = before_until[chosen] - between(rng, len(chosen), 200, 2_400)
    stayed = cast.role[leavers] != Role.FORMER
    new_home = home[cast.person[leavers[stayed]]]
    start[new_home] = before_until[chosen[stayed]] - rng.integers(0, 4, int(stayed.sum()))
    return before, before_since, before_until


def _moving_days(rng: np.random.Generator, size: int, today: int) -> Ints:
    """Days ago, within the year: more of them in summer and on the first and fifteenth of a month."""
    days = (today - np.arange(4, YEAR - 5)).astype("datetime64[D]")
    months = days.astype("datetime64[M]")
    day = (days - months).astype(np.int64)
    weight = np.array(MOVING_MONTHS)[months.astype(np.int64) % 12]
    weight = weight * np.where(day == 0, 8.0, np.where(day == 14, 3.0, 0.6))
    return 4 + codes(rng.random(size), weight.tolist())


def _landlords(rng: np.random.Generator, cast: Cast, places: Places) -> tuple[Ints, Flags]:
    """Who lets which rented home, and where the landlord keeps the water account.

    Neighbouring homes go to one landlord, about half of all rented ones; managers have about forty each.
    """
    landlord = np.full(places.size, -1)
    rented = 1 + np.flatnonzero(~places.owned[1 : places.homes])
    firms = cast.of(Role.LANDLORD_FIRM)
    those = np.concatenate([firms, cast.landlords])
    sizes = between(rng, len(those), 3, 12)
    sizes[: managers(cast)] = between(rng, managers(cast), 37, 43)
    most = max(50, len(rented) // 2)
    sizes = np.minimum(sizes, np.maximum(0, most - (np.cumsum(sizes) - sizes)))
    let = rented[: int(sizes.sum())]
    landlord[let] = np.repeat(those, sizes)[: len(let)]
    pays_water = chance(rng, cast.size, 0.6)
    pays_water[firms] = True
    return landlord, (landlord >= 0) & pays_water[landlord] & (places.point[WATER] >= 0)
