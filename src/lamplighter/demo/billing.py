"""Bills with their lines: what each account's services took, month by month.

Accounts are billed in runs of a fixed size, so that memory stays flat in a large town and one run can be written
while the next is made. A run draws from a stream of its own: the same bills come out in any order of running.
"""

from dataclasses import dataclass

import numpy as np

from lamplighter.demo.accounts import Book
from lamplighter.demo.climate import DUE_AFTER, Calendar, Climate
from lamplighter.demo.draws import Flags, Floats, Ints, bell, chance, mixed, ranges, stream
from lamplighter.demo.paying import Paid, pay
from lamplighter.demo.places import ELECTRICITY
from lamplighter.demo.reads import Metered
from lamplighter.demo.tariffs import LEVELLING, Charge, Services, price
from lamplighter.demo.terms import E_SOL, E_TOU, Terms
from lamplighter.demo.usage import SCALE, Demand, behind_panels, billed_use

RUN = 12_000
"""Accounts of one run. Part of what the seed means: another size gives another town."""

ISSUED, ESTIMATED, CORRECTED, CANCELLED = range(4)
CORRECTED_AFTER = 9
"""Days from a wrong bill to its correction."""


@dataclass(frozen=True)
class Bills:
    """One run. Arrays of shape (bills,) or, from ``services`` on, (rows,) of bill and service.

    The bills of all accounts and months come first, wrong ones that were cancelled after them.
    """

    account: Ints
    month: Ints
    status: Ints
    replaces: Ints
    """The bill that this one corrects, as a place in these arrays, or -1."""
    start: Ints
    end: Ints
    issued: Ints
    due: Ints
    amount: Ints
    """Cents."""
    services: Ints
    """How many services are on the bill."""
    row_bill: Ints
    row_agreement: Ints
    row_start: Ints
    row_end: Ints
    row_use: Ints
    charges: list[Charge]
    paid: Paid
    accounts: range


@dataclass(frozen=True)
class Biller:
    """What every run of billing looks at."""

    seed: int
    book: Book
    terms: Terms
    demand: Demand
    climate: Climate
    calendar: Calendar
    metered: Metered
    rates_rose: int
    """The day on which prices went up."""
    today: int

    def runs(self) -> list[range]:
        """The accounts, run by run."""
        size = self.book.accounts.size
        return [range(first, min(first + RUN, size)) for first in range(0, size, RUN)]

    def count(self) -> int:
        """Bills to come, cancelled ones aside: known beforehand, so that the files' format is."""
        agreements, total = self.book.agreements, 0
        cycle = self.terms.cycle[agreements.account]
        first = np.flatnonzero(np.diff(agreements.account, prepend=-1))
        for start, end in zip(self.calendar.start.T, self.calendar.end.T, strict=True):
            billed = (agreements.started < end[cycle]) & (agreements.ended > start[cycle])
            total += int(np.logical_or.reduceat(billed, first).sum())
        return total

    def bill(self, accounts: range) -> Bills:
        """All bills of one run of accounts."""
        rng = stream(self.seed, f"bills {accounts.start}")
        book, calendar = self.book.agreements, self.calendar
        first, last = np.searchsorted(book.account, [accounts.start, accounts.stop])
        agreement = np.arange(first, last)
        cycle = self.terms.cycle[book.account[agreement]]
        since = np.maximum(calendar.start[cycle], book.started[agreement, None])
        until = np.minimum(calendar.end[cycle], book.ended[agreement, None])
        which, month = np.nonzero(until > since)
        slot = (book.account[agreement[which]] - accounts.start) * calendar.months + month
        order = np.argsort(slot, kind="stable")
        which, month, slot = which[order], month[order], slot[order]
        row_agreement, row_start, row_end = agreement[which], since[which, month], until[which, month]

        first_row = np.flatnonzero(np.diff(slot, prepend=-1))
        rows_of = np.diff(first_row, append=len(slot))
        at = slot[first_row]
        bills = len(at)
        status = np.where(chance(rng, bills, 0.02), ESTIMATED, ISSUED)
        wrong, again, wrong_status = self._wrong(rng, at % calendar.months, bills)
        replaces = np.full(bills + len(wrong), -1)
        replaces[wrong[~again]] = bills + np.flatnonzero(~again)
        status[wrong[~again]] = CORRECTED
        row_bill = np.repeat(np.arange(bills), rows_of)
        use, evening, sent = self._use(
            rng, row_agreement, month, row_start, row_end, status[row_bill] == ESTIMATED
        )

        copied = ranges(first_row[wrong], rows_of[wrong])
        of_wrong = np.repeat(np.arange(len(wrong)), rows_of[wrong])
        misread = np.where(again, 1.0, 1.25 + 0.1 * rng.integers(0, 8, len(wrong)))[of_wrong]
        use, evening, sent = (
            np.concatenate([column, np.rint(column[copied] * misread).astype(np.int64)])
            for column in (use, evening, sent)
        )
        row_bill = np.concatenate([row_bill, bills + of_wrong])
        row_agreement, row_start, row_end = (
            np.concatenate([column, column[copied]]) for column in (row_agreement, row_start, row_end)
        )
        charges, row_cents = price(self._services(row_agreement, row_start, row_end, use, evening, sent))
        at = np.concatenate([at, at[wrong]])
        rows_of = np.concatenate([rows_of, rows_of[wrong]])
        first_row = np.cumsum(rows_of) - rows_of
        amount = np.add.reduceat(row_cents, first_row)
        account = accounts.start + at // calendar.months
        levelled = self._level(account, amount, bills, first_row + rows_of - 1)
        charges.append(levelled)
        amount[row_bill[levelled.rows]] += levelled.cents

        month_of = at % calendar.months
        issued = calendar.issued[self.terms.cycle[account], month_of]
        presented = issued + np.where(np.concatenate([status, wrong_status]) == CORRECTED, CORRECTED_AFTER, 0)
        return Bills(
            account=account, month=month_of, status=np.concatenate([status, wrong_status]), replaces=replaces,
            start=np.minimum.reduceat(row_start, first_row), end=np.maximum.reduceat(row_end, first_row),
            issued=presented, due=presented + DUE_AFTER, amount=amount, services=rows_of, row_bill=row_bill,
            row_agreement=row_agreement, row_start=row_start, row_end=row_end, row_use=use, charges=charges,
            paid=self._pay(rng, accounts, at[:bills], amount[:bills], presented[:bills]), accounts=accounts,
        )  # fmt: skip

    def _wrong(self, rng: np.random.Generator, month: Ints, bills: int) -> tuple[Ints, Flags, Ints]:
        """Bills with a wrong forerunner: a misread one that was replaced, or the same one sent twice."""
        early = mixed(rng, np.flatnonzero(month < self.calendar.months - 1))
        wrong = np.sort(early[: max(1, bills // 140) if len(early) else 0])
        again = chance(rng, len(wrong), 0.15)
        return wrong, again, np.full(len(wrong), CANCELLED)

    def _use(
        self, rng: np.random.Generator, agreement: Ints, month: Ints, start: Ints, end: Ints, estimated: Flags
    ) -> tuple[Ints, Ints, Ints]:
        """Billed steps of each row: used, used in the evening, sent to the grid."""
        book, demand, first = self.book.agreements, self.demand, self.climate.first
        point, sums = book.point[agreement], self.climate.sums()
        use = billed_use(demand, point, demand.factor[agreement], start, end, sums, first)
        wobble = np.clip(1 + 0.07 * bell(rng, len(use)), 0.6, 1.5)
        use = np.asarray(use * np.where(estimated, 1.0, wobble))
        evening = demand.evening[point]
        sent = np.zeros(len(use))
        sunny = np.flatnonzero(demand.panels[point] > 0)
        use[sunny], sent[sunny] = behind_panels(
            demand, point[sunny], use[sunny], start[sunny], end[sunny], sums, first
        )
        evening_use = use * evening
        measured = np.flatnonzero(self.metered.place[agreement] >= 0)
        where = self.metered.place[agreement[measured]], month[measured]
        actual = self.metered.use[:, *where]
        guess = np.where(estimated[measured], 0.88, 1.0)
        known = actual[0] >= 0
        measured, actual, guess = measured[known], actual[:, known], guess[known]
        scale = SCALE[book.commodity[agreement]]
        use[measured], evening_use[measured], sent[measured] = actual * guess
        steps = np.rint(use * scale).astype(np.int64)
        evening_steps = np.minimum(np.rint(evening_use).astype(np.int64), steps)
        return (
            steps,
            np.where(book.commodity[agreement] == ELECTRICITY, evening_steps, 0),
            np.rint(sent).astype(np.int64),
        )

    def _services(
        self, agreement: Ints, start: Ints, end: Ints, use: Ints, evening: Ints, sent: Ints
    ) -> Services:
        tariff = self.terms.tariff[agreement]
        return Services(
            commodity=self.book.agreements.commodity[agreement],
            tariff=tariff,
            days=end - start,
            risen=start >= self.rates_rose,
            use=use,
            evening=np.where(np.isin(tariff, (E_TOU, E_SOL)), evening, 0),
            sent=sent,
            discounted=start >= self.terms.discount_from[self.book.agreements.account[agreement]],
        )

    def _level(self, account: Ints, amount: Ints, bills: int, last_row: Ints) -> Charge:
        """The line that makes a budget-billing account pay the same whole dollars each month."""
        budget = self.terms.budget[account]
        first = account[0]
        count = np.bincount(account[:bills] - first)
        mean = np.bincount(account[:bills] - first, weights=amount[:bills]) / np.maximum(count, 1)
        plan = np.rint(mean / 100).astype(np.int64) * 100
        bill = np.flatnonzero(budget & (count[account - first] >= 6))
        cents = plan[account[bill] - first] - amount[bill]
        bill, cents = bill[cents != 0], cents[cents != 0]
        return Charge(
            last_row[bill], np.full(len(bill), LEVELLING), np.zeros(len(bill), dtype=np.int64), 1, cents
        )

    def _pay(
        self, rng: np.random.Generator, accounts: range, at: Ints, amount: Ints, presented: Ints
    ) -> Paid:
        """Lay the bills out by account and month and have them paid."""
        shape = (len(accounts), self.calendar.months)
        charges, billed = np.zeros(shape, dtype=np.int64), np.zeros(shape, dtype=bool)
        charges.ravel()[at], billed.ravel()[at] = amount, True
        issued = self.calendar.issued[self.terms.cycle[accounts.start : accounts.stop]]
        out = issued.copy()
        out.ravel()[at] = presented
        habit = self.terms.habit[accounts.start : accounts.stop]
        protected = self.terms.protected[accounts.start : accounts.stop]
        return pay(rng, charges, billed, issued, out, habit, protected, self.today)


def bill_use(bills: Bills, agreement_commodity: Ints) -> tuple[Ints, Floats]:
    """Commodity and use of bills for one service; -1 where a bill is for several."""
    alone = bills.services == 1
    first_row = np.cumsum(bills.services) - bills.services
    commodity = agreement_commodity[bills.row_agreement[first_row]]
    return np.where(alone, commodity, -1), bills.row_use[first_row] / SCALE[commodity]


def price_rise(today: int) -> int:
    """The last 1 October that is at least a month ago."""
    year = 1970 + int(np.datetime64(today - 31, "D").astype("datetime64[Y]").astype(int))
    day = int(np.datetime64(f"{year}-10-01").astype(int))
    return day if day <= today - 31 else int(np.datetime64(f"{year - 1}-10-01").astype(int))
