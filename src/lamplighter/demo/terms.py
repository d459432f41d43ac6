"""On what terms each account and agreement stands: tariff, ways of paying, programs."""

from dataclasses import dataclass

import numpy as np

from lamplighter.demo.accounts import Book
from lamplighter.demo.cast import Cast
from lamplighter.demo.columns import NEVER
from lamplighter.demo.customers import LIFE_SUPPORT, MEDICAL, Customers
from lamplighter.demo.draws import Flags, Ints, between, chance, pick, stream
from lamplighter.demo.people import People
from lamplighter.demo.places import COMMERCIAL, ELECTRICITY, Places

TARIFFS = ("E-RES", "E-TOU", "E-SOL", "E-COM", "G-RES", "G-COM", "W-RES", "W-COM", "S-RES", "S-COM")
E_RES, E_TOU, E_SOL, E_COM, G_RES, G_COM, W_RES, W_COM, S_RES, S_COM = range(len(TARIFFS))

AUTOPAY, PROMPT, LATE, STRUGGLING, SILENT = range(5)
"""How an account pays."""


@dataclass(frozen=True)
class Terms:
    """Arrays of shape (accounts,) or (agreements,)."""

    cycle: Ints
    habit: Ints
    paperless: Flags
    budget: Flags
    discount_from: Ints
    """First day of the Home Energy Discount, ``NEVER`` without it."""
    protected: Flags
    """Life support or medical need at home: never disconnected."""
    speaks_spanish: Flags
    tariff: Ints
    """(agreements,)"""
    prepay: Flags
    """(agreements,)"""

    @property
    def autopay(self) -> Flags:
        """Pays by standing order."""
        return np.asarray(self.habit == AUTOPAY)


def set_terms(
    seed: int, cast: Cast, places: Places, people: People, customers: Customers, book: Book, today: int
) -> Terms:
    """Income and age decide the odds, as they do in life."""
    rng = stream(seed, "terms")
    accounts, agreements = book.accounts, book.agreements
    size, customer = accounts.size, accounts.customer
    business, income = cast.is_business[customer], people.income[customer]
    poor = ~business & (income < 38_000)
    habit = pick(rng, size, (36.0, 44.0, 13.5, 5.0, 1.5))
    worse = pick(rng, size, (14.0, 40.0, 24.0, 17.0, 5.0))
    habit = np.where(poor, worse, habit)
    discounted = poor & chance(rng, size, 0.34)
    residence = places.kind[agreements.premise] < COMMERCIAL
    electric = agreements.commodity == ELECTRICITY
    solar = electric & places.solar[agreements.premise]
    tariff = np.array([E_RES, G_RES, W_RES, S_RES])[agreements.commodity]
    timed = electric & residence & (chance(rng, agreements.size, 0.27) | (agreements.premise == 0))
    tariff = np.where(timed, E_TOU, np.where(residence, tariff, tariff + np.where(electric, 3, 1)))
    habit[customer == 0], discounted[customer == 0] = PROMPT, False
    protected = customers.needs[LIFE_SUPPORT] | customers.needs[MEDICAL]
    return Terms(
        cycle=places.cycle[accounts.premise],
        habit=habit,
        paperless=rng.random(size) < np.where(habit == AUTOPAY, 0.72, 0.3),
        budget=~business & chance(rng, size, 0.07) & (customer > 0) & (accounts.closed == NEVER),
        discount_from=np.where(discounted, today - between(rng, size, 30, 900), NEVER),
        protected=protected[customer],
        speaks_spanish=people.language[customer] == 1,
        tariff=np.where(solar & residence, E_SOL, tariff),
        prepay=electric & residence & chance(rng, agreements.size, 0.012),
    )
