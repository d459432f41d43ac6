"""The accounts and agreements that follow from who lived where.

An agreement is one account's service at one service point, so a move gives two of them at one point: tenant A's
until June, tenant B's since. Most homes have one account for all services; some have gas apart, or the water in a
partner's name, or the water with the landlord.
"""

from dataclasses import dataclass, field

import numpy as np

from lamplighter.demo.cast import Cast, Role, Trap
from lamplighter.demo.columns import NEVER
from lamplighter.demo.draws import Ints, between, chance, stream
from lamplighter.demo.places import COMMODITIES, GAS, WASTEWATER, WATER, Places
from lamplighter.demo.tenancy import Tenancy


@dataclass(frozen=True)
class Accounts:
    """Arrays of shape (accounts,); two accounts may bear one number, one after the other."""

    customer: Ints
    premise: Ints
    opened: Ints
    closed: Ints
    number: Ints

    @property
    def size(self) -> int:
        """Number of accounts."""
        return len(self.customer)


@dataclass(frozen=True)
class Agreements:
    """Arrays of shape (agreements,), sorted by account, commodity and start."""

    account: Ints
    point: Ints
    premise: Ints
    commodity: Ints
    started: Ints
    ended: Ints

    @property
    def size(self) -> int:
        """Number of agreements."""
        return len(self.account)


@dataclass(frozen=True)
class Book:
    """Accounts and agreements, and for each record the account it is asked about (-1: none)."""

    accounts: Accounts
    agreements: Agreements
    main_account: Ints
    traps: Ints
    """(records,) trap flags that arose here."""


def open_accounts(seed: int, cast: Cast, places: Places, tenancy: Tenancy, today: int) -> Book:
    """Give everybody the accounts they need."""
    rng = stream(seed, "accounts")
    draft = _Draft()
    main_account = np.full(cast.size, -1)
    holder, started = _present(rng, draft, cast, places, tenancy, main_account)
    for commodity in range(len(COMMODITIES)):
        served = np.flatnonzero((holder[commodity] >= 0) & (places.point[commodity] >= 0))
        draft.agree(holder[commodity, served], served, commodity, started[commodity, served])
    _past(rng, draft, cast, places, tenancy, main_account)
    return _finished(rng, draft, places, main_account, today)


@dataclass
class _Draft:
    """Account and agreement rows, block by block."""

    accounts: list[tuple[Ints, Ints, Ints, Ints]] = field(default_factory=list)
    agreements: list[tuple[Ints, Ints, Ints, Ints, Ints]] = field(default_factory=list)
    size: int = 0

    def open(self, customer: Ints, premise: Ints, opened: Ints, closed: Ints | None = None) -> Ints:
        """New accounts; returns their places in the list."""
        self.accounts.append((customer, premise, opened, _or_never(closed, len(customer))))
        self.size += len(customer)
        return np.arange(self.size - len(customer), self.size)

    def agree(
        self, account: Ints, premise: Ints, commodity: int, started: Ints, ended: Ints | None = None
    ) -> None:
        """New agreements for one commodity."""
        self.agreements.append(
            (account, premise, np.full(len(account), commodity), started, _or_never(ended, len(account)))
        )


def _or_never(days: Ints | None, size: int) -> Ints:
    return np.full(size, NEVER, dtype=np.int64) if days is None else days


def _present(
    rng: np.random.Generator, draft: _Draft, cast: Cast, places: Places, tenancy: Tenancy, main_account: Ints
) -> tuple[Ints, Ints]:
    """(4, premises) the account that holds each service now, and since when."""
    start = tenancy.occupied_since
    here = np.flatnonzero(tenancy.occupant >= 0)
    main = draft.open(tenancy.occupant[here], here, start[here])
    main_account[tenancy.occupant[here][::-1]] = main[::-1]
    holder = np.full((len(COMMODITIES), places.size), -1)
    holder[:, here] = main
    started = np.broadcast_to(start, holder.shape).copy()

    apart = here[(places.point[GAS, here] >= 0) & chance(rng, len(here), 0.15)]
    holder[GAS, apart] = draft.open(tenancy.occupant[apart], apart, start[apart])

    along = np.flatnonzero(tenancy.lives_along)
    along = along[(cast.role[along] != Role.PARTNER) | chance(rng, len(along), 0.5)]
    at = tenancy.home[along]
    gas = places.point[GAS, at] >= 0
    water = (places.point[WATER, at] >= 0) & ~tenancy.landlord_pays_water[at]
    takes_water = water & (~gas | chance(rng, len(at), 0.5))
    some = gas | water
    along, at, takes_water = along[some], at[some], takes_water[some]
    account = draft.open(along, at, start[at])
    holder[np.where(takes_water, WATER, GAS), at] = account
    main_account[along] = account

    let = np.flatnonzero(tenancy.landlord_pays_water)
    earlier = np.where(tenancy.before[let] >= 0, tenancy.before_since[let], NEVER)
    let_since = np.minimum(start[let], earlier) - between(rng, len(let), 0, 900)
    landlord = tenancy.landlord[let]
    holder[WATER, let] = draft.open(landlord, let, let_since)
    main_account[landlord] = np.where(main_account[landlord] < 0, holder[WATER, let], main_account[landlord])
    started[WATER:, let] = let_since
    holder[WASTEWATER] = holder[WATER]
    return holder, started


def _past(
    rng: np.random.Generator, draft: _Draft, cast: Cast, places: Places, tenancy: Tenancy, main_account: Ints
) -> None:
    """Those who were there before. Six in ten movers within the town kept their account."""
    gone = np.flatnonzero(tenancy.before >= 0)
    leaver, since, until = tenancy.before[gone], tenancy.before_since[gone], tenancy.before_until[gone]
    kept = np.isin(leaver, cast.movers) & chance(rng, len(gone), 0.6)
    account = main_account[leaver]
    account[~kept] = draft.open(leaver[~kept], gone[~kept], since[~kept], until[~kept])
    main_account[leaver] = np.where(main_account[leaver] < 0, account, main_account[leaver])
    for commodity in range(len(COMMODITIES)):
        of_landlord = tenancy.landlord_pays_water[gone] & (commodity >= WATER)
        served = (places.point[commodity, gone] >= 0) & ~of_landlord
        draft.agree(account[served], gone[served], commodity, since[served], until[served])


def _finished(
    rng: np.random.Generator, draft: _Draft, places: Places, main_account: Ints, today: int
) -> Book:
    """Blocks joined and sorted; accounts that ended up without any service are dropped."""
    customer, premise, opened, closed = (np.concatenate(part) for part in zip(*draft.accounts, strict=True))
    account, place, commodity, started, ended = (
        np.concatenate(part) for part in zip(*draft.agreements, strict=True)
    )
    used = np.zeros(draft.size, dtype=bool)
    used[account] = True
    renumbered = np.where(used, np.cumsum(used) - 1, -1)
    order = np.lexsort((started, commodity, renumbered[account]))
    account, place, commodity = renumbered[account][order], place[order], commodity[order]
    started, ended = started[order], ended[order]
    first = np.flatnonzero(np.diff(account, prepend=-1))
    opened = np.minimum(opened[used], np.minimum.reduceat(started, first))
    number, twice = _numbers(rng, opened, closed[used], customer[used], today)
    accounts = Accounts(customer[used], premise[used], opened, closed[used], number)
    traps = np.zeros(len(main_account), dtype=np.int64)
    traps[accounts.customer[twice]] |= Trap.REUSED_ACCOUNT
    return Book(
        accounts=accounts,
        agreements=Agreements(account, places.point[commodity, place], place, commodity, started, ended),
        main_account=np.where(main_account < 0, -1, renumbered[main_account]),
        traps=traps,
    )


def _numbers(
    rng: np.random.Generator, opened: Ints, closed: Ints, customer: Ints, today: int
) -> tuple[Ints, Ints]:
    """Ten-digit numbers, and the accounts with a number that was given out twice, to two customers in turn."""
    size = len(opened)
    number = 4_100_000_000 + rng.permutation(size) * 13 + rng.integers(0, 13, size)
    old = np.flatnonzero(closed < today - 120)
    old = old[np.argsort(closed[old], kind="stable")]
    new = np.flatnonzero((closed == NEVER) & (opened < today - 10))
    new = new[np.argsort(-opened[new], kind="stable")]
    several = min(max(3, size // 300), len(old), len(new))
    old, new = old[np.arange(several) * len(old) // max(several, 1)], new[:several]
    fits = (opened[new] > closed[old] + 30) & (customer[new] != customer[old])
    old, new = old[fits], new[fits]
    number[new] = number[old]
    return number, np.concatenate([old, new])
