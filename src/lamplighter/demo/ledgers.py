"""The files about money: accounts and agreements, bills and their lines, payments, collections, arrangements."""

from collections.abc import Iterator

import numpy as np
import pyarrow as pa

from lamplighter.demo import columns
from lamplighter.demo.accounts import Book
from lamplighter.demo.billing import Biller, Bills, bill_use
from lamplighter.demo.columns import NEVER
from lamplighter.demo.customers import Customers
from lamplighter.demo.draws import pick, stream
from lamplighter.demo.paying import Paid
from lamplighter.demo.places import COMMODITIES, point_ids
from lamplighter.demo.tariffs import LINES, prices
from lamplighter.demo.terms import TARIFFS, Terms
from lamplighter.demo.usage import UNITS

STATUSES = ("issued", "estimated", "corrected", "cancelled")
NOTICES = ("reminder", "disconnect_notice", "disconnected", "reconnected")
METHODS = ("bank", "card", "check", "cash")
CHANNELS = ("web", "phone", "mail", "office")


class Serials:
    """Numbers that go on from run to run."""

    def __init__(self) -> None:
        self._given: dict[str, int] = {}

    def next(self, prefix: str, count: int, width: int) -> pa.Array:
        """The next ``count`` numbers after this prefix."""
        first = self._given.get(prefix, 0)
        self._given[prefix] = first + count
        return columns.serial(prefix, np.arange(first + 1, first + count + 1), width)


def account_ids(book: Book) -> pa.Array:
    """Ten digits."""
    return columns.serial("", book.accounts.number, 10)


def accounts_table(book: Book, terms: Terms, customers: Customers, paid: list[Paid]) -> pa.Table:
    """``accounts.csv``. Without any bills (``paid`` empty) money is unknown."""
    accounts = book.accounts
    size, closed = accounts.size, accounts.closed < NEVER
    if paid:
        balance, arrears, oldest, worst = (
            np.concatenate([getattr(run, name) for run in paid])
            for name in ("balance", "arrears", "oldest_due", "worst")
        )
    else:
        balance, arrears, worst = (np.zeros(size, dtype=np.int64) for _ in range(3))
        oldest = np.full(size, NEVER)
    known = np.full(size, bool(paid))
    status = np.where(closed, np.where(balance > 0, 2, 1), 0)
    return pa.table({
        "account_id": account_ids(book),
        "customer_id": customers.ids.take(pa.array(accounts.customer)),
        "status": columns.words(("open", "closed", "final"), status),
        "opened_on": columns.dates(accounts.opened),
        "closed_on": columns.dates(accounts.closed),
        "billing_cycle": columns.serial("", terms.cycle + 1, 2),
        "autopay": terms.autopay,
        "paperless": terms.paperless,
        "budget_billing": terms.budget,
        "balance": columns.money(balance, known),
        "arrears": columns.money(arrears, known),
        "oldest_due_on": columns.dates(oldest),
        "credit_rating": columns.words(("A", "B", "C", "D"), np.where(known, np.minimum(worst, 3), -1)),
    })  # fmt: skip


def agreements_table(book: Book, terms: Terms, customers: Customers) -> pa.Table:
    """``agreements.csv``."""
    agreements = book.agreements
    payer = customers.payer[book.accounts.customer[agreements.account]]
    ended = agreements.ended < NEVER
    return pa.table({
        "agreement_id": columns.serial("AG", np.arange(agreements.size) + 1, 8),
        "account_id": account_ids(book).take(pa.array(agreements.account)),
        "service_point_id": point_ids(agreements.point),
        "tariff": columns.words(TARIFFS, terms.tariff),
        "started_on": columns.dates(agreements.started),
        "ended_on": columns.dates(agreements.ended),
        "status": columns.words(("active", "ended"), ended.astype(np.int64)),
        "is_prepay": terms.prepay,
        "payer_customer_id": columns.chosen(
            (payer < 0) | ended, None, customers.ids.take(pa.array(np.maximum(payer, 0)))),
    })  # fmt: skip


def bill_tables(biller: Biller, bills: Bills, serials: Serials) -> Iterator[tuple[str, pa.Table]]:
    """Name and table of each file's share in one run: the bills, their lines, and how they were paid."""
    accounts = account_ids(biller.book)
    ids = serials.next("B", len(bills.account), 9)
    yield "bills", _bills_table(biller, bills, ids, accounts)
    yield "bill_lines", _lines_table(biller, bills, ids)
    here, paid = accounts.slice(bills.accounts.start, len(bills.accounts)), bills.paid
    account, day, cents, returned = paid.payments
    rng = stream(biller.seed, f"payments {bills.accounts.start}")
    automatic = biller.terms.autopay[bills.accounts.start + account]
    method = np.where(
        automatic, pick(rng, len(day), (70.0, 30.0)), pick(rng, len(day), (30.0, 42.0, 18.0, 10.0))
    )
    channel = np.where(method == 2, 2, np.where(method == 3, 3, pick(rng, len(day), (78.0, 22.0))))
    yield "payments", pa.table({
        "payment_id": serials.next("PY", len(day), 9),
        "account_id": here.take(pa.array(account)),
        "paid_on": columns.dates(day),
        "amount": columns.money(cents),
        "method": columns.coded(METHODS, method),
        "channel": columns.coded(CHANNELS, np.where(automatic, 0, channel)),
        "returned": returned,
    })  # fmt: skip
    account, kind, day, planned, cents = paid.collections
    yield "collections", pa.table({
        "event_id": serials.next("CE", len(day), 7),
        "account_id": here.take(pa.array(account)),
        "kind": columns.words(NOTICES, kind),
        "on": columns.dates(day),
        "planned_on": columns.dates(planned),
        "amount": columns.money(cents),
    })  # fmt: skip
    account, day, parts, kept, cents, state = paid.arrangements
    yield "arrangements", pa.table({
        "arrangement_id": serials.next("AR", len(day), 6),
        "account_id": here.take(pa.array(account)),
        "kind": columns.words(("instalments",), np.zeros(len(day), dtype=np.int64)),
        "made_on": columns.dates(day),
        "instalments": parts,
        "kept": kept,
        "status": columns.words(("active", "kept", "broken"), state),
        "amount": columns.money(cents),
    })  # fmt: skip


def _bills_table(biller: Biller, bills: Bills, ids: pa.Array, accounts: pa.Array) -> pa.Table:
    paid = bills.paid
    at = bills.account - bills.accounts.start, bills.month
    previous, received = paid.previous[at], paid.received[at]
    commodity, use = bill_use(bills, biller.book.agreements.commodity)
    return pa.table({
        "bill_id": ids,
        "account_id": accounts.take(pa.array(bills.account)),
        "period_start": columns.dates(bills.start),
        "period_end": columns.dates(bills.end),
        "issued_on": columns.dates(bills.issued),
        "due_on": columns.dates(bills.due),
        "amount": columns.money(bills.amount),
        "previous_balance": columns.money(previous),
        "payments": columns.money(received),
        "amount_due": columns.money(previous - received + bills.amount),
        "currency": columns.coded(("USD",), np.zeros(len(ids), dtype=np.int64)),
        "usage": columns.numbers(use, commodity >= 0),
        "unit": columns.coded(UNITS, commodity),
        "commodity": columns.coded(COMMODITIES, commodity),
        "status": columns.coded(STATUSES, bills.status),
        "replaces_bill_id": columns.chosen(bills.replaces < 0, None, ids.take(pa.array(np.maximum(bills.replaces, 0)))),
    })  # fmt: skip


def _lines_table(biller: Biller, bills: Bills, ids: pa.Array) -> pa.Table:
    """Lay the charges out in the order of bill, service and slot, and look their words up by code."""
    rows = len(bills.row_bill)
    on_row = np.zeros(rows, dtype=np.int64)
    for charge in bills.charges:
        on_row[charge.rows] += 1
    first = np.cumsum(on_row) - on_row
    total, filled = int(on_row.sum()), np.zeros(rows, dtype=np.int64)
    row, code = np.empty(total, dtype=np.int64), np.empty(total, dtype=np.int64)
    quantity, cents = np.empty(total), np.empty(total, dtype=np.int64)
    for charge in bills.charges:
        at = first[charge.rows] + filled[charge.rows]
        filled[charge.rows] += 1
        row[at], code[at], cents[at] = charge.rows, charge.code, charge.cents
        quantity[at] = charge.steps / charge.scale if charge.scale > 1 else charge.steps
    bill = bills.row_bill[row]
    start_of_bill = np.flatnonzero(np.diff(bill, prepend=-1))
    line = np.arange(total) - np.repeat(start_of_bill, np.diff(start_of_bill, append=total)) + 1

    agreements = biller.book.agreements
    risen = (bills.row_start >= biller.rates_rose).astype(np.int64)[row]
    table = prices() / 100_000
    whole = np.array([entry.commodity for entry in LINES]) < 0
    no_number = whole[code]
    begin = int(bills.row_agreement.min()) if rows else 0
    of_run = point_ids(agreements.point[begin : int(bills.row_agreement.max()) + 1 if rows else 0])
    point = pa.DictionaryArray.from_arrays(
        pa.array((bills.row_agreement[row] - begin).astype(np.int32), mask=no_number), of_run
    )
    return pa.table({
        "bill_id": pa.DictionaryArray.from_arrays(pa.array(bill.astype(np.int32)), ids),
        "line": line.astype(np.int32),
        "commodity": columns.coded([COMMODITIES[e.commodity] if e.commodity >= 0 else None for e in LINES], code),
        "service_point_id": point,
        "tariff": columns.coded([TARIFFS[entry.tariff] if entry.tariff >= 0 else None for entry in LINES], code),
        "period_start": columns.dates(bills.row_start[row]),
        "period_end": columns.dates(bills.row_end[row]),
        "description": columns.coded([entry.description for entry in LINES], code),
        "kind": columns.coded([entry.kind for entry in LINES], code),
        "quantity": columns.numbers(quantity, ~no_number),
        "unit": columns.coded([entry.unit or None for entry in LINES], code),
        "rate": columns.numbers(table[risen, code], ~no_number),
        "amount": columns.money(cents),
    })  # fmt: skip
