"""What else happens in a year: programs, tickets, surveys, outages and tap samples."""

import numpy as np
import pyarrow as pa

from lamplighter.demo import columns
from lamplighter.demo.accounts import Book
from lamplighter.demo.cast import Cast
from lamplighter.demo.columns import NEVER
from lamplighter.demo.customers import Customers
from lamplighter.demo.draws import Ints, between, chance, mixed, pick, pick_by, ranges, spread, stream
from lamplighter.demo.ledgers import account_ids
from lamplighter.demo.phrases import REMARKS, STREET, TOPICS
from lamplighter.demo.places import (
    COMMERCIAL,
    ELECTRICITY,
    SINGLE,
    WATER,
    Places,
    point_ids,
    premise_ids,
    street_lines,
)
from lamplighter.demo.terms import Terms

DAY = 86_400
NIGHT_OFFSET = 8 * 3_600
"""Pacific standard time behind UTC: close enough for the hour of a telephone call."""

PROGRAMS = (
    ("HED", "Home Energy Discount", "assistance"),
    ("BUDGET", "Budget Billing", "budget_billing"),
    ("SOLAR", "Solar Net Billing", "solar"),
    ("TSTAT", "Smart Thermostat Rebate", "rebate"),
    ("EVENING", "Evening Saver", "demand_response"),
    ("LEAD", "Lead Line Check", "lead_line"),
    ("LEAKVISIT", "Free Leak Visit", "water_efficiency"),
)
BENEFITS = (
    "25 % off power",
    "level payments",
    "0.076 USD per kWh sent",
    "75.00 USD once",
    "3.00 USD per event",
    "free tap sample",
    "one free visit",
)
STATES = ("enrolled", "applied", "pending_documents", "declined", "expired")
CAUSES = ("wind", "tree", "equipment", "car against pole", "bird", "planned work")
PLANNED = 5


def programs_table() -> pa.Table:
    """``programs.csv``."""
    ids, titles, kinds = (list(column) for column in zip(*PROGRAMS, strict=True))
    return pa.table({"program_id": ids, "name": titles, "kind": kinds})


def enrolments_table(seed: int, places: Places, book: Book, terms: Terms, today: int) -> pa.Table:
    """``enrolments.csv``: what bills show (discount, levelling, panels), and a few programs that they do not."""
    rng = stream(seed, "enrolments")
    accounts = book.accounts
    live = accounts.closed == NEVER
    home = places.kind[accounts.premise] < COMMERCIAL
    electric = book.agreements.commodity == ELECTRICITY
    sunny = np.unique(book.agreements.account[electric & places.solar[book.agreements.premise]])
    old = home & live & (places.year_built[accounts.premise] < 1960)
    groups = (
        np.flatnonzero(terms.discount_from < NEVER),
        np.flatnonzero(terms.budget),
        sunny,
        np.flatnonzero(home & live & chance(rng, accounts.size, 0.03)),
        np.flatnonzero(home & live & chance(rng, accounts.size, 0.025)),
        np.flatnonzero(old & chance(rng, accounts.size, 0.09)),
        np.flatnonzero(home & live & chance(rng, accounts.size, 0.008)),
    )
    account = np.concatenate(groups)
    program = np.repeat(np.arange(len(groups)), [len(group) for group in groups])
    size = len(account)
    state = np.where(program < 3, 0, pick(rng, size, (62.0, 12.0, 10.0, 8.0, 8.0)))
    ended = (accounts.closed[account] < NEVER) & (program < 3)
    state = np.where(ended, 4, state)
    started = today - between(rng, size, 20, 1_000)
    started = np.where(program == 0, terms.discount_from[account], started)
    started = np.maximum(started, accounts.opened[account])
    ends = np.where(program == 0, np.maximum(started, today) + between(rng, size, 20, 300), NEVER)
    ends = np.where(ended, accounts.closed[account], ends)
    return pa.table({
        "enrolment_id": columns.serial("EN", np.arange(size) + 1, 7),
        "program_id": columns.words([name for name, _, _ in PROGRAMS], program),
        "account_id": account_ids(book).take(pa.array(account)),
        "status": columns.words(STATES, state),
        "started_on": columns.dates(started, state != 1),
        "ends_on": columns.dates(ends),
        "benefit": columns.words(BENEFITS, np.where(state == 0, program, -1)),
    })  # fmt: skip


def tickets_table(
    seed: int, cast: Cast, places: Places, book: Book, terms: Terms, customers: Customers, today: int
) -> pa.Table:
    """``tickets.csv``: a fifth of the customers wrote or called within the year; the newest are open."""
    rng = stream(seed, "tickets")
    askers = _customers_now(book)
    count = cast.size // 5
    who = askers[np.floor(rng.random(count) * len(askers)).astype(np.int64)]
    account = book.main_account[who]
    topics = list(TOPICS)
    topic = pick(rng, count, [TOPICS[name][0] for name in topics])
    spanish = terms.speaks_spanish[account] & chance(rng, count, 0.85)
    luck = rng.random(count)
    back = 1 + np.floor(luck * luck * 390).astype(np.int64)
    back = np.minimum(back, np.maximum(today - book.accounts.opened[account], 1))
    opened = (today - back) * DAY + between(rng, count, 8 * 3_600, 18 * 3_600) + NIGHT_OFFSET
    hours = np.rint(26 * spread(rng, count, 1.3) * np.where(topic == topics.index("complaint"), 3, 1) * 60)
    resolved = opened + hours.astype(np.int64) * 60 + 900
    still_open = (resolved >= today * DAY) | chance(rng, count, 0.01)
    urgent = np.isin(topic, [topics.index(name) for name in ("outage", "complaint", "water_quality")])
    severity = np.where(urgent, pick(rng, count, (5.0, 55.0, 40.0)), pick(rng, count, (30.0, 62.0, 8.0)))
    amount = pa.array(between(rng, count, 45, 480)).cast(pa.string())
    cents = columns.serial("", between(rng, count, 0, 99), 2)
    line = street_lines(places)[0].take(pa.array(book.accounts.premise[account]))
    filler = columns.chosen(
        np.isin(topic, [code for code, name in enumerate(topics) if TOPICS[name][1] == STREET]),
        line,
        columns.joined([amount, cents], "."),
    )
    said = _said(rng, topic * 2 + spanish, [said for name in topics for said in TOPICS[name][2:]], filler)
    order = np.argsort(opened, kind="stable")
    return pa.table({
        "customer_id": customers.ids.take(pa.array(who)),
        "account_id": account_ids(book).take(pa.array(account)),
        "channel": columns.words(("phone", "web", "email", "office", "chat"), pick(rng, count, (50.0, 20.0, 15.0, 8.0, 7.0))),
        "topic": columns.words(topics, topic),
        "severity": columns.words(("low", "normal", "high"), severity),
        "opened_at": columns.times(opened),
        "resolved_at": columns.times(resolved, ~still_open),
        "text": said,
    }).take(pa.array(order)).add_column(0, "ticket_id", columns.serial("T", np.arange(count) + 1, 7))  # fmt: skip


def _customers_now(book: Book) -> Ints:
    """Records with an open account."""
    return np.flatnonzero((book.main_account >= 0) & (book.accounts.closed[book.main_account] == NEVER))


def _said(
    rng: np.random.Generator, group: Ints, phrases: list[tuple[str, ...]], filler: pa.Array
) -> pa.Array:
    """One of its group's phrases for each row, its ``{}`` filled."""
    counts = np.array([len(options) for options in phrases])
    first = np.cumsum(counts) - counts
    code = first[group] + np.floor(rng.random(len(group)) * counts[group]).astype(np.int64)
    halves = [phrase.split("{}") for options in phrases for phrase in options]
    return columns.joined(
        [
            columns.words([half[0] for half in halves], code),
            filler,
            columns.words([half[1] for half in halves], code),
        ]
    )


def surveys_table(
    seed: int, cast: Cast, book: Book, terms: Terms, customers: Customers, today: int
) -> pa.Table:
    """``surveys.csv``: one customer in seven answered something; one answer in three has words."""
    rng = stream(seed, "surveys")
    count = cast.size // 7
    askers = _customers_now(book)
    askers = askers[~cast.is_business[askers]]
    who = askers[np.floor(rng.random(count) * len(askers)).astype(np.int64)]
    instrument = pick(rng, count, (45.0, 40.0, 15.0))
    mood = pick(rng, count, (22.0, 33.0, 45.0))
    luck = rng.integers(0, 2, count)
    score = np.select(
        [instrument == 0, instrument == 1],
        [
            np.array([2, 7, 9])[mood] + luck + (mood == 0) * rng.integers(-2, 4, count),
            1 + mood + luck + (mood == 2),
        ],
        1 + mood * 2 + luck + (mood == 2) * rng.integers(0, 2, count),
    )
    spanish = terms.speaks_spanish[book.main_account[who]].astype(np.int64)
    remarks = [
        tuple(remark + "{}" for remark in REMARKS[mood][language])
        for mood in range(3)
        for language in range(2)
    ]
    remark = _said(rng, mood * 2 + spanish, remarks, columns.words(("",), np.zeros(count, dtype=np.int64)))
    known_for = np.maximum(today - book.accounts.opened[book.main_account[who]], 1)
    answered = today * DAY - np.minimum(between(rng, count, 3_600, 390 * DAY), known_for * DAY)
    return pa.table({
        "response_id": columns.serial("R", np.arange(count) + 1, 7),
        "customer_id": customers.ids.take(pa.array(who)),
        "instrument": columns.words(("nps", "csat", "ces"), instrument),
        "score": score,
        "answered_at": columns.times(answered),
        "comment": columns.chosen(chance(rng, count, 0.33), remark, None),
    })  # fmt: skip


def outage_tables(seed: int, places: Places, today: int) -> tuple[pa.Table, pa.Table]:
    """``outages.csv`` and ``outage_service_points.csv``. The last one began yesterday evening and is not over."""
    rng = stream(seed, "outages")
    feeders = int(places.feeder.max()) + 1
    count = 14 + 2 * feeders
    cause = pick(rng, count, (24.0, 20.0, 22.0, 6.0, 6.0, 22.0))
    cause[-1] = 0
    planned = cause == PLANNED
    back = between(rng, count, 2, 390)
    start = (
        (today - back) * DAY
        + NIGHT_OFFSET
        + np.where(planned, 9 * 3_600, between(rng, count, 0, DAY - 1) // 60 * 60)
    )
    start[-1] = (today - 1) * DAY + NIGHT_OFFSET + 22 * 3_600 + 40 * 60
    minutes = np.where(planned, 240, np.rint(95 * spread(rng, count, 0.8))).astype(np.int64)
    expected = start + np.where(planned, 300, 120) * 60
    order = np.argsort(places.feeder * 10_000_000 + places.street * 10_000 + places.number, kind="stable")
    sizes = np.bincount(places.feeder, minlength=feeders)
    first = np.cumsum(sizes) - sizes
    feeder = np.floor(rng.random(count) * feeders).astype(np.int64)
    length = np.maximum(5, np.minimum(sizes[feeder], sizes[feeder] * between(rng, count, 4, 60) // 100))
    length = np.minimum(length, sizes[feeder])
    begin = first[feeder] + np.floor(rng.random(count) * (sizes[feeder] - length + 1)).astype(np.int64)
    hit = order[ranges(begin, length)]
    number = columns.serial("O", np.arange(count) + 1, 5)
    outages = pa.table({
        "outage_id": number,
        "cause": columns.words(CAUSES, cause),
        "planned": planned,
        "started_at": columns.times(start),
        "expected_at": columns.times(expected),
        "restored_at": columns.times(start + minutes * 60, np.arange(count) < count - 1),
    })  # fmt: skip
    of = np.repeat(np.arange(count), length)
    return outages, pa.table({
        "outage_id": number.take(pa.array(of)),
        "service_point_id": point_ids(places.point[ELECTRICITY, hit]),
    })  # fmt: skip


def water_samples_table(seed: int, places: Places, today: int) -> pa.Table:
    """``water_samples.csv``: first-draw samples, most from old houses; below 1 ppb reads as 0."""
    rng = stream(seed, "water_samples")
    wanted = (places.point[WATER] >= 0) & (places.kind <= SINGLE + 1)
    old = np.flatnonzero(wanted & (places.year_built < 1987))
    new = np.flatnonzero(wanted & (places.year_built >= 1987))
    where = np.concatenate([mixed(rng, old)[: len(old) // 25], mixed(rng, new)[: len(new) // 200]])
    count = len(where)
    material, built = places.material[where], places.year_built[where]
    mean = np.array([7.5, 1.6, 3.4, 0.6, 2.6])[material] * np.where(
        (built >= 1980) & (built < 1987), 2.2, 1.0
    )
    lead = np.round(mean * spread(rng, count, 0.95), 1)
    copper = np.rint(np.array([180, 420, 150, 60, 220])[material] * spread(rng, count, 0.6))
    again = pick_by(rng, np.zeros(count, dtype=np.int64), ((80.0, 20.0),))
    return pa.table({
        "sample_id": columns.serial("WS", np.arange(count) + 1, 6),
        "premise_id": premise_ids(places).take(pa.array(where)),
        "taken_on": columns.dates(today - between(rng, count, 15, 700) - again * 730),
        "lead_ppb": np.where(lead < 1.0, 0.0, lead),
        "copper_ppb": copper,
    })  # fmt: skip
