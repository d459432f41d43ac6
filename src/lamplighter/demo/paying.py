"""How bills are paid, month after month, and what happens where they are not.

One pass over the months, all accounts at once. Opening balances are zero, so an account's balance is the sum of its
bills (cancelled ones aside) less its payments (returned ones aside), and what is overdue follows from it.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from lamplighter.demo.climate import DUE_AFTER
from lamplighter.demo.columns import NEVER
from lamplighter.demo.draws import Flags, Ints, between, chance
from lamplighter.demo.terms import AUTOPAY, LATE, PROMPT, SILENT, STRUGGLING

REMINDER, NOTICE, DISCONNECTED, RECONNECTED = range(4)
LEAST = 2_000
"""Cents overdue from which anybody is reminded."""

NOTICE_AFTER, SHUTOFF_AFTER = 4, 19
"""Days from the bill that shows a debt for the second month."""


@dataclass(frozen=True)
class Paid:
    """Money in cents. Arrays of shape (accounts, months), (accounts,) or one entry an event."""

    previous: Ints
    received: Ints
    due: Ints
    balance: Ints
    arrears: Ints
    oldest_due: Ints
    worst: Ints
    """(accounts,) the longest run of months with a debt."""
    payments: tuple[Ints, Ints, Ints, Flags]
    """account, day, cents, returned"""
    collections: tuple[Ints, Ints, Ints, Ints, Ints]
    """account, kind, day, planned day or NEVER, cents"""
    arrangements: tuple[Ints, Ints, Ints, Ints, Ints, Ints]
    """account, day, instalments, kept, cents, status: 0 active, 1 kept, 2 broken"""


def pay(
    rng: np.random.Generator, charges: Ints, billed: Flags, issued: Ints, presented: Ints, habit: Ints,
    protected: Flags, today: int,
) -> Paid:  # fmt: skip
    """Play the months through. Tables are (accounts, months); ``presented`` is when a corrected bill came out."""
    size, months = charges.shape
    previous, received, due = (np.zeros((size, months), dtype=np.int64) for _ in range(3))
    owed, since_bill, run, worst = (np.zeros(size, dtype=np.int64) for _ in range(4))
    paid = np.zeros((size, months), dtype=bool)
    payments: list[tuple[Ints, ...]] = []
    collections: list[tuple[Ints, ...]] = []
    arrangements: list[tuple[Ints, ...]] = []
    for month in range(months):
        here, day = billed[:, month], issued[:, month]
        overdue = owed - since_bill
        previous[:, month], received[:, month] = owed, since_bill
        due[:, month] = overdue + charges[:, month]
        owed = np.where(here, due[:, month], owed)
        since_bill = np.where(here, 0, since_bill)
        run = np.where(here, np.where(overdue > LEAST, run + 1, 0), run)
        worst = np.maximum(worst, run)

        reconnected = _collect(rng, collections, here, day, overdue, run, protected, today)
        _arrange(rng, arrangements, here & ~reconnected, day, overdue, run, month, today)
        amount, lag = _payment(rng, habit, owed)
        lag = np.where(reconnected, SHUTOFF_AFTER + 1, np.maximum(lag, presented[:, month] - day + 1))
        amount = np.where(reconnected, owed, amount)
        pays = here & (owed > 0) & (amount > 0) & (day + lag < today)
        back = pays & ~reconnected & (habit != AUTOPAY) & chance(rng, size, 0.004)
        since_bill = since_bill + np.where(pays & ~back, amount, 0)
        paid[:, month] = pays & ~back
        who = np.flatnonzero(pays)
        payments.append((who, day[who] + lag[who], amount[who], back[who].astype(np.int64)))

    balance = owed - since_bill
    arrears, oldest = _age(balance, charges, billed, presented + DUE_AFTER, today)
    who, when, cents, returned = _joined(payments, 4)
    account, made, parts, agreed, month_of = _joined(arrangements, 5)
    kept, status = _kept(paid, billed, account, month_of, parts)
    return Paid(
        previous=previous, received=received, due=due, balance=balance, arrears=arrears, oldest_due=oldest,
        worst=worst, payments=(who, when, cents, returned.astype(bool)),
        collections=_joined(collections, 5),  # type: ignore[arg-type]
        arrangements=(account, made, parts, kept, agreed, status),
    )  # fmt: skip


def _payment(rng: np.random.Generator, habit: Ints, owed: Ints) -> tuple[Ints, Ints]:
    """Cents, and days after the bill (under 28: before the next one), by habit."""
    size = len(habit)
    mood = rng.random(size)
    lag = np.where(habit == PROMPT, between(rng, size, 3, 20), DUE_AFTER)
    slow = (habit == LATE) & (mood < 0.7) | (habit == STRUGGLING) & (mood < 0.4)
    lag = np.where(slow, between(rng, size, 22, 27), lag)
    lag = np.where((habit == LATE) & ~slow, between(rng, size, 9, 21), lag)
    half = (habit == STRUGGLING) & (mood > 0.6)
    amount = np.where(half, owed // 2 // 500 * 500, owed)
    nothing = (habit == STRUGGLING) & (mood > 0.78) | (habit == SILENT) & (mood > 0.12)
    nothing |= (habit == LATE) & (mood > 0.93)
    return np.where(nothing, 0, amount), lag


def _collect(
    rng: np.random.Generator, events: list[tuple[Ints, ...]], here: Flags, day: Ints, overdue: Ints, run: Ints,
    protected: Flags, today: int,
) -> Flags:  # fmt: skip
    """Remind in the first month, give notice in the second; answers who was cut off and pays to come back.

    From November to March nobody gets a notice, nor does a home with a medical need at any time.
    """
    planned = day + SHUTOFF_AFTER
    month = planned.astype("datetime64[D]").astype("datetime64[M]").astype(np.int64) % 12
    notice = here & (run >= 2) & ~protected & (month >= 3) & (month <= 9)
    _event(events, here & (run >= 1) & ~notice, REMINDER, day + 3, NEVER, overdue, today)
    _event(events, notice, NOTICE, day + NOTICE_AFTER, planned, overdue, today)
    cut = notice & (run >= 3) & (planned + 3 < today) & chance(rng, len(here), 0.5)
    _event(events, cut, DISCONNECTED, planned, NEVER, overdue, today)
    _event(events, cut, RECONNECTED, planned + 1, NEVER, overdue, today)
    return cut


def _event(
    events: list[tuple[Ints, ...]],
    wanted: Flags,
    kind: int,
    day: Ints,
    planned: Ints | int,
    cents: Ints,
    today: int,
) -> None:
    who = np.flatnonzero(wanted & (day <= today))
    plan = np.broadcast_to(planned, len(wanted))[who]
    events.append((who, np.full(len(who), kind), day[who], plan.astype(np.int64), cents[who]))


def _arrange(
    rng: np.random.Generator, made: list[tuple[Ints, ...]], here: Flags, day: Ints, overdue: Ints, run: Ints,
    month: int, today: int,
) -> None:  # fmt: skip
    """Some who fell behind for the second month agree to pay in parts."""
    who = np.flatnonzero(here & (run == 2) & (day + 6 < today) & chance(rng, len(here), 0.45))
    parts = between(rng, len(who), 3, 6)
    made.append((who, day[who] + 6, parts, overdue[who], np.full(len(who), month)))


def _kept(paid: Flags, billed: Flags, account: Ints, month: Ints, parts: Ints) -> tuple[Ints, Ints]:
    """Parts paid in a row since the promise, and how it stands."""
    months = paid.shape[1]
    kept, alive = np.zeros(len(account), dtype=np.int64), np.ones(len(account), dtype=bool)
    for step in range(6):
        at = month + step
        inside = (at < months - 1) & (step < parts)
        at = np.minimum(at, months - 1)
        asked = inside & billed[account, at]
        alive &= ~asked | paid[account, at]
        kept += asked & alive
    status = np.where(~alive, 2, np.where(kept >= parts, 1, 0))
    return kept, status


def _age(balance: Ints, charges: Ints, billed: Flags, due_on: Ints, today: int) -> tuple[Ints, Ints]:
    """What is overdue, and the due date of the oldest bill not fully paid; payments settle the oldest first."""
    rest, oldest = balance.copy(), np.full(len(balance), NEVER, dtype=np.int64)
    not_yet = np.zeros(len(balance), dtype=np.int64)
    for month in range(charges.shape[1] - 1, -1, -1):
        here = billed[:, month]
        unpaid = here & (rest > 0)
        oldest = np.where(unpaid, due_on[:, month], oldest)
        not_yet += np.where(here & (due_on[:, month] >= today), charges[:, month], 0)
        rest = rest - np.where(here, charges[:, month], 0)
    return np.maximum(balance - np.maximum(not_yet, 0), 0), np.where(balance > 0, oldest, NEVER)


def _joined(events: list[tuple[Ints, ...]], width: int) -> tuple[Ints, ...]:
    """Events of all months, by account, then in the order in which they happened."""
    if not events:
        return tuple(np.empty(0, dtype=np.int64) for _ in range(width))
    parts: list[npt.NDArray[np.int64]] = [np.concatenate(part) for part in zip(*events, strict=True)]
    order = np.argsort(parts[0], kind="stable")
    return tuple(part[order] for part in parts)
