"""Alder Bay, a made-up town of utility customers, written as the plain extract of a billing system.

Everything follows from ``seed``, ``customers`` and ``today``: the same three give the same files on any machine.
The generator is columnar throughout: a town of 100,000 takes seconds. Two folders lie beside the extract so that
landing it does not take them: ``reads/`` with hourly reads of some meters, and ``truth/`` with what nobody at the
utility knows: which records are the same person, and where water leaks.

The town's guide is Rosa Delgado of 418 Alder Street, Apt 2, who speaks Spanish, has two records, pays for power by
the hour, and whose water has run without a stop since five evenings ago.
"""

import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

import numpy as np
import pyarrow as pa

from lamplighter.demo import columns, ledgers, stories
from lamplighter.demo.accounts import open_accounts
from lamplighter.demo.billing import Biller, price_rise
from lamplighter.demo.cast import Cast, Role, make_cast
from lamplighter.demo.climate import billing_calendar, weather
from lamplighter.demo.columns import NEVER
from lamplighter.demo.contact_details import make_contacts
from lamplighter.demo.customers import (
    contacts_table,
    customers_table,
    number_customers,
    truth_table,
)
from lamplighter.demo.draws import Ints, mixed, stream
from lamplighter.demo.meters import make_meters, meters_table
from lamplighter.demo.paying import Paid
from lamplighter.demo.people import make_people
from lamplighter.demo.places import (
    COMMERCIAL,
    INDUSTRIAL,
    PUBLIC,
    make_places,
    point_ids,
    points_table,
    premises_table,
)
from lamplighter.demo.reads import Reader
from lamplighter.demo.relations import relationships_table
from lamplighter.demo.tenancy import settle
from lamplighter.demo.terms import set_terms
from lamplighter.demo.usage import make_demand

READ_MONTHS = 13
BILL_FILES = {"bills": 1, "bill_lines": 9, "payments": 1, "collections": 0, "arrangements": 0}
"""What comes of billing, and about how many rows for a bill: this decides the format."""

Progress = Callable[[str, int, int], None]
"""Told the file, and how much of how much of it is done."""


@dataclass(frozen=True)
class Town:
    """What was written: rows by file, named from ``folder``, and the seconds each took to make and write."""

    folder: Path
    customers: int
    files: dict[str, int]
    seconds: dict[str, float] = field(compare=False)


def write_town(
    folder: Path,
    customers: int = 5_000,
    *,
    seed: int = 1882,
    today: date,
    reads_share: float | None = None,
    bills_months: int = 13,
    duplicate_share: float = 0.08,
    progress: Progress | None = None,
) -> Town:
    """Write the extract of a town as the billing system knows it on the morning of ``today``.

    ``customers`` is the number of rows of ``customers.csv``, firms and landlords included. Records are more than
    people: ``duplicate_share`` of them are second records of a person who has one already (at most 0.25).
    ``reads_share`` is the share of meters with hourly reads; by default about 190 meters in a town of any size, some
    two million rows. ``bills_months`` is the number of monthly bills that a customer of old standing has; with 0
    there are no bills, lines, payments, collections or arrangements, and balances are unknown.

    Files of more than 200,000 rows are Parquet, all others CSV. Raises ValueError for fewer than 100 customers.
    """
    town = _Writing(folder, customers, progress or (lambda file, done, total: None))
    now = (today - date(1970, 1, 1)).days
    with town.stage("town"):
        cast = make_cast(seed, customers, duplicate_share)
        heads = len(cast.of(Role.HEAD))
        shop_of = _shops(seed, cast)
        kinds = np.select(
            [cast.role[shop_of] == Role.PLANT, cast.role[shop_of] == Role.CITY],
            [INDUSTRIAL, PUBLIC],
            COMMERCIAL,
        )
        places = make_places(seed, heads + max(2, heads // 50), kinds)
        tenancy = settle(seed, cast, places, shop_of, now)
        book = open_accounts(seed, cast, places, tenancy, now)
        owned = (tenancy.home >= 0) & places.owned[tenancy.home]
        people = make_people(seed, cast, tenancy, owned, now)
        contacts = make_contacts(seed, cast, people, tenancy)
        known = number_customers(seed, cast, people, tenancy, book, contacts, now)
        terms = set_terms(seed, cast, places, people, known, book, now)
        demand = make_demand(seed, cast, places, people, book, now)
        meters = make_meters(seed, places, tenancy, demand, reads_share, now)
    account_ids = ledgers.account_ids(book)
    town.write(
        "customers", lambda: customers_table(seed, cast, places, tenancy, people, contacts, known, now)
    )
    town.write("contacts", lambda: contacts_table(seed, cast, contacts, known, now))
    town.write(
        "relationships", lambda: relationships_table(seed, cast, tenancy, book, known, account_ids, now)
    )
    town.write("premises", lambda: premises_table(places))
    town.write("service_points", lambda: points_table(places, tenancy.occupant >= 0))
    town.write("meters", lambda: meters_table(seed, meters))
    town.write("agreements", lambda: ledgers.agreements_table(book, terms, known))
    town.write("programs", stories.programs_table)
    town.write("enrolments", lambda: stories.enrolments_table(seed, places, book, terms, now))
    town.write("tickets", lambda: stories.tickets_table(seed, cast, places, book, terms, known, now))
    town.write("surveys", lambda: stories.surveys_table(seed, cast, book, terms, known, now))
    outages, outage_points = stories.outage_tables(seed, places, now)
    town.write("outages", lambda: outages)
    town.write("outage_service_points", lambda: outage_points)
    town.write("water_samples", lambda: stories.water_samples_table(seed, places, now))
    town.write("truth/truth", lambda: truth_table(seed, cast, tenancy, known))
    leaky = np.flatnonzero(demand.leak_from < NEVER)
    town.write("truth/leaks", lambda: pa.table({
        "service_point_id": point_ids(leaky),
        "leak_from": columns.dates(demand.leak_from[leaky]),
        "gallons_an_hour": demand.leak[leaky],
    }))  # fmt: skip

    whole = billing_calendar(now, max(bills_months, READ_MONTHS))
    calendar, window = whole.last(bills_months), int(whole.last(READ_MONTHS).start.min())
    climate = weather(seed, int(whole.start.min()), now)
    reader = Reader(seed, places, book, demand, meters, climate, calendar, terms.cycle, (window, now))
    town.reads(reader)
    biller = Biller(seed, book, terms, demand, climate, calendar, reader.metered, price_rise(now), now)
    paid = town.bills(biller)
    town.write("accounts", lambda: ledgers.accounts_table(book, terms, known, paid))
    return Town(folder, customers, dict(sorted(town.files.items())), town.seconds)


def _shops(seed: int, cast: Cast) -> Ints:
    """The record at each business address: each firm one, one in ten a second one, the city several."""
    rng = stream(seed, "shops")
    firms, city = cast.of(Role.FIRM), cast.of(Role.CITY)
    return np.concatenate([
        firms, np.sort(mixed(rng, firms)[: len(firms) // 10]), np.repeat(city, 3), cast.of(Role.PLANT)])  # fmt: skip


class _Writing:
    """Files written so far. One thread writes while the next run of bills is made."""

    def __init__(self, folder: Path, customers: int, progress: Progress) -> None:
        self.folder, self.customers, self.progress = folder, customers, progress
        self.files: dict[str, int] = {}
        self.seconds: dict[str, float] = {}

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Time a step and tell of its beginning and end."""
        self.progress(name, 0, 1)
        began = time.perf_counter()
        yield
        self.seconds[name] = self.seconds.get(name, 0.0) + time.perf_counter() - began
        self.progress(name, 1, 1)

    def write(self, name: str, make: Callable[[], pa.Table]) -> None:
        """Make a table and write it."""
        with self.stage(name):
            place = (self.folder / name).parent
            file, rows = columns.write(place, (self.folder / name).name, make())
        self.files[(place / file).relative_to(self.folder).as_posix()] = rows

    def reads(self, reader: Reader) -> None:
        """Hourly reads, always as Parquet; none where no meter has them."""
        folder = self.folder / "reads"
        if not len(reader.which):
            columns.remove(folder, "interval_reads")
            return
        with (
            self.stage("reads/interval_reads"),
            columns.Writer(folder, "interval_reads", columns.BIG + 1) as out,
        ):
            total = len(reader.which) * reader.hours
            for table in reader.tables():
                out.write(table)
                self.progress("reads/interval_reads", out.rows, max(total, out.rows))
        self.files[f"reads/{out.file}"] = out.rows

    def bills(self, biller: Biller) -> list[Paid]:
        """Bills, lines and payments run by run; the answer is what each run's accounts owe, nothing without bills."""
        if not biller.calendar.months:
            for name in BILL_FILES:
                columns.remove(self.folder, name)
            return []
        count, runs = biller.count(), biller.runs()
        serials, paid, began = ledgers.Serials(), [], time.perf_counter()
        expected = {name: count * lines for name, lines in BILL_FILES.items()}
        with ExitStack() as stack:
            out = {
                name: stack.enter_context(columns.Writer(self.folder, name, rows))
                for name, rows in expected.items()
            }
            hand = stack.enter_context(ThreadPoolExecutor(1))
            before: list[Future[None]] = []
            for done, run in enumerate(runs):
                bills = biller.bill(run)
                tables = list(ledgers.bill_tables(biller, bills, serials))
                paid.append(bills.paid)
                for one in before:
                    one.result()
                before = [hand.submit(out[name].write, table) for name, table in tables]
                self.progress("bills", done + 1, len(runs))
            for one in before:
                one.result()
        for writer in out.values():
            self.files[writer.file] = writer.rows
        self.seconds["bills"] = time.perf_counter() - began
        return paid
