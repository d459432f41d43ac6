"""What of the warehouse is one person's: their records, their accounts, and places while they lived there.

Loaded from the store by key, it becomes literal conditions on a declared table: few, portable, and exact. A
row of a place is the person's only if it is dated within their occupancy.
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from zoneinfo import ZoneInfo

import ibis
import ibis.expr.types as ir
import sqlalchemy as sa
from sqlalchemy.orm import Session

from lamplighter.customers import identity
from lamplighter.customers.identity_tables import PROFILE_LINK
from lamplighter.customers.occupancy import HOLDING, OCCUPANCY
from lamplighter.store import organization
from lamplighter.warehouse.expressions import current
from lamplighter.warehouse.table import SubjectKind, Table
from lamplighter.warehouse.tables import table

UNTIL = {"meter_installation": "removed_at"}
"""Tables of places whose rows are spans: they are a person's if they overlap the occupancy."""

DATED_BY = {"outage_usage_point": ("outage", "outage_id", "started_at")}
"""Tables of places without a date of their own: (table, shared key, its date)."""

ACCOUNT_DATES = (
    "period_start",
    "issued_on",
    "paid_on",
    "happened_on",
    "made_on",
    "held_since",
    "started_at",
    "opened_at",
)
"""By which column rows of an account are dated where its number was given to somebody else later."""


@dataclass(frozen=True)
class Stay:
    """``id`` of a usage point, service location or account of a source, in [start, end); None: open."""

    source: str
    id: str
    start: date | None = None
    end: date | None = None


@dataclass(frozen=True)
class Account:
    """An account a person holds. ``stay`` bounds it only where its number is reused."""

    stay: Stay
    is_shared: bool


@dataclass(frozen=True)
class Belongings:
    """Everything by which rows can be somebody's."""

    profile_ids: tuple[str, ...]
    customers: tuple[tuple[str, str], ...]
    accounts: tuple[Account, ...]
    usage_points: tuple[Stay, ...]
    service_locations: tuple[Stay, ...]
    zone: ZoneInfo

    def rows(self, declared: Table, of: ibis.Table | None = None) -> ibis.Table:
        """The rows of a table that are this person's; a table about nobody is left whole."""
        rows = current(declared) if of is None else of
        return rows.filter(self.condition(declared, rows))

    def condition(self, declared: Table, rows: ibis.Table) -> ir.BooleanValue:
        """The condition on ``rows`` (which have the columns of ``declared``)."""
        subject = declared.subject
        if subject is None:
            return ibis.literal(True)
        column = rows[subject.column]
        if subject.kind is SubjectKind.PROFILE:
            return column.isin(list(self.profile_ids))
        if subject.kind is SubjectKind.CUSTOMER:
            return _any(_within(rows, column, self.customers))
        if subject.kind is SubjectKind.ACCOUNT:
            return self._of_accounts(declared, rows, column)
        stays = self.usage_points if subject.kind is SubjectKind.USAGE_POINT else self.service_locations
        return _any(self._during(declared, rows, column, stay) for stay in stays)

    def _of_accounts(self, declared: Table, rows: ibis.Table, column: ir.StringValue) -> ir.BooleanValue:
        whole = [
            (a.stay.source, a.stay.id) for a in self.accounts if a.stay.start is None and a.stay.end is None
        ]
        parts = list(_within(rows, column, whole))
        dated = next((name for name in ACCOUNT_DATES if name in declared), None)
        for account in self.accounts:
            stay = account.stay
            if (stay.start is None and stay.end is None) or dated is None:
                continue
            parts.append(_same(rows, column, stay) & self._span(declared, rows, dated, stay))
        mine = _any(parts)
        if "customer_id" in declared:
            mine &= _any(_within(rows, rows["customer_id"], self.customers))
        return mine

    def _during(
        self, declared: Table, rows: ibis.Table, column: ir.StringValue, stay: Stay
    ) -> ir.BooleanValue:
        assert declared.subject is not None
        same = _same(rows, column, stay)
        if declared.name in DATED_BY:
            other_name, key, at = DATED_BY[declared.name]
            other = table(other_name)
            dated = current(other)
            dated = dated.filter((dated["source"] == stay.source) & self._span(other, dated, at, stay))
            return same & rows[key].isin(dated[key])
        day = declared.subject.at
        if day is None:
            return same
        if declared.name in UNTIL:
            until = rows[UNTIL[declared.name]]
            start, end = ibis.literal(stay.start or date.min), ibis.literal(stay.end or date.max)
            return same & ibis.coalesce(rows[day] < end, True) & ibis.coalesce(until > start, True)
        return same & self._span(declared, rows, day, stay)

    def _span(self, declared: Table, rows: ibis.Table, at: str, stay: Stay) -> ir.BooleanValue:
        """Rows dated in the stay; days begin at midnight of the organization's zone. Undated rows stay out."""
        column = rows[at]
        inside = column.notnull()
        for bound, is_start in ((stay.start, True), (stay.end, False)):
            if bound is not None:
                value = (
                    ibis.literal(midnight(bound, self.zone), "timestamp('UTC', 6)")
                    if declared[at].dtype.is_timestamp()
                    else ibis.literal(bound)
                )
                inside &= (column >= value) if is_start else (column < value)
        return inside


def of(session: Session, profile_id: str) -> Belongings:
    """What belongs to a person, under all ids it ever had; NotFound where there is no such profile."""
    ids = identity.all_ids(session, profile_id)
    links = session.execute(
        sa.select(PROFILE_LINK.c.source, PROFILE_LINK.c.customer_id).where(
            PROFILE_LINK.c.profile_id == ids[0], PROFILE_LINK.c.gone_at.is_(None)
        )
    ).all()
    holdings = session.execute(sa.select(HOLDING).where(HOLDING.c.profile_id == ids[0])).mappings()
    accounts = [
        Account(
            Stay(row["source"], row["account_id"], row["opened_at"], row["closed_at"])
            if row["is_reused"]
            else Stay(row["source"], row["account_id"]),
            row["is_shared"],
        )
        for row in holdings
    ]
    stays = session.execute(sa.select(OCCUPANCY).where(OCCUPANCY.c.profile_id == ids[0])).mappings().all()
    points = [Stay(row["source"], row["usage_point_id"], row["started_at"], row["ended_at"]) for row in stays]
    places = [
        Stay(row["source"], row["service_location_id"], row["started_at"], row["ended_at"])
        for row in stays
        if row["service_location_id"]
    ]
    zone = ZoneInfo(organization.settings_of(session).timezone)
    return Belongings(
        tuple(ids),
        tuple((row.source, row.customer_id) for row in links),
        tuple(accounts),
        _merged(points),
        _merged(places),
        zone,
    )


def midnight(day: date, zone: ZoneInfo) -> datetime:
    """The moment a day begins in a zone, as UTC."""
    return datetime.combine(day, time.min, zone).astimezone(UTC)


def _merged(stays: Iterable[Stay]) -> tuple[Stay, ...]:
    """Stays that touch or overlap at one place become one."""
    of_place: dict[tuple[str, str], list[Stay]] = defaultdict(list)
    for stay in stays:
        of_place[stay.source, stay.id].append(stay)
    merged: list[Stay] = []
    for (source, place), several in of_place.items():
        spans = sorted((stay.start or date.min, stay.end or date.max) for stay in several)
        start, end = spans[0]
        for next_start, next_end in spans[1:]:
            if next_start <= end:
                end = max(end, next_end)
                continue
            merged.append(_stay(source, place, start, end))
            start, end = next_start, next_end
        merged.append(_stay(source, place, start, end))
    return tuple(merged)


def _stay(source: str, place: str, start: date, end: date) -> Stay:
    return Stay(source, place, None if start == date.min else start, None if end == date.max else end)


def _within(
    rows: ibis.Table, column: ir.StringValue, pairs: Iterable[tuple[str, str]]
) -> Iterable[ir.BooleanValue]:
    """One condition per source."""
    of_source: dict[str, list[str]] = defaultdict(list)
    for source, value in pairs:
        of_source[source].append(value)
    return [(rows["source"] == source) & column.isin(values) for source, values in of_source.items()]


def _same(rows: ibis.Table, column: ir.StringValue, stay: Stay) -> ir.BooleanValue:
    return (rows["source"] == stay.source) & (column == stay.id)


def _any(conditions: Iterable[ir.BooleanValue]) -> ir.BooleanValue:
    """One of them holds; none given: never."""
    listed = list(conditions)
    return ibis.or_(*listed) if listed else ibis.literal(False)
