"""Monthly use of every customer, this year and last: the section ``usage`` of the profile.

One set-wise read of the warehouse: reads become days of a place, days meet the occupancy of that place (so a
month is split between two tenants to the day), days become months. Where a customer has no reads in a month,
what was billed stands in, spread over the billed days.

Item of the section, one per service and unit, biggest share of days first::

    {"service": "electricity", "unit": "kWh", "months": [
        {"month": "2026-10", "quantity": "668.2", "received": "0", "days": 31, "estimated": 0.03,
         "measured": true}, …]}

``estimated`` is the share of the quantity, ``days`` how many days have reads (or were billed). Months without
either are absent: missing is not zero.
"""

from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

import ibis
import ibis.expr.types as ir
import pyarrow as pa

from lamplighter.context import Context
from lamplighter.customers import profile
from lamplighter.insight.local_time import local, midnight
from lamplighter.store import jobs, organization
from lamplighter.warehouse.expressions import batches, current, history
from lamplighter.warehouse.tables import table

MONTHS = 25
"""This month, and two years back: enough to set each of 13 months beside the same a year before."""

FROM = {
    "meter_reading",
    "bill",
    "bill_line",
    "customer",
    "customer_account",
    "customer_agreement",
    "usage_point",
}
"""Tables by which somebody's months change."""


@jobs.task("insight.refresh_usage", lock="customers", retries=3)
def refresh_usage(context: Context, *, name: str, properties: dict[str, Any], **_: Any) -> None:
    """A batch landed or was withdrawn.

    Under the lock of ``customers``, so that it runs after identity and occupancy have followed the same batch.
    """
    batch = str(properties.get("batch", "")) if name == "batch.landed" else None
    if batch is None:
        refresh(context)
        return
    landed = _tables_of(context, batch)
    if landed == {"meter_reading"}:
        refresh(context, batch)
    elif landed & FROM:
        refresh(context)


def refresh(context: Context, batch: str | None = None) -> int:
    """Write the section anew, for all or for those where a batch brought reads; how many changed."""
    with context.session() as session:
        zone = ZoneInfo(organization.settings_of(session).timezone)
    today = context.now.astimezone(zone).date()
    first = _months_back(today, MONTHS - 1)
    expression = sections(monthly(zone, first, today), touched(batch) if batch else None)
    rows: pa.Table = context.warehouse.read(expression, context.organization_id)
    with context.session() as session:
        return profile.put_sections(session, "usage", rows, context.now, whole=batch is None)


def monthly(zone: ZoneInfo, first: date, today: date) -> ibis.Table:
    """profile_id, service, unit, month (first day), quantity, received, estimated (quantity), days, measured."""
    measured = _measured(zone, first, today)
    billed = _billed(first)
    known = measured.select("profile_id", "service", "month").distinct()
    only_billed = billed.anti_join(known, ["profile_id", "service", "month"])
    return measured.union(only_billed)


def _measured(zone: ZoneInfo, first: date, today: date) -> ibis.Table:
    reads = current(table("meter_reading"))
    reads = reads.filter(
        reads.started_at >= midnight(first, zone),
        reads.channel == "",
        reads.quality != "missing",
        reads.value.notnull(),
    )
    reads = reads.mutate(day=local(reads.started_at, zone, first, today).date())
    is_in, is_out = reads.flow == "delivered", reads.flow == "received"
    value = reads.value.cast("float64")
    days = reads.group_by("source", "usage_point_id", "unit", "day").aggregate(
        quantity=ibis.ifelse(is_out, 0.0, value).sum(),
        received=ibis.ifelse(is_out, value, 0.0).sum(),
        estimated=ibis.ifelse((reads.quality == "estimated") & ~is_out, value, 0.0).sum(),
        with_delivered=is_in.cast("int8").max(),
    )
    lived = current(table("occupancy")).select(
        "profile_id", "source", "usage_point_id", "commodity", "started_at", "ended_at"
    )
    days = days.inner_join(lived, ["source", "usage_point_id"])
    days = days.filter(
        days.started_at.isnull() | (days.day >= days.started_at),
        days.ended_at.isnull() | (days.day < days.ended_at),
    )
    return days.group_by(
        "profile_id", days.commodity.name("service"), "unit", days.day.truncate("M").name("month")
    ).aggregate(
        quantity=days.quantity.sum(),
        received=days.received.sum(),
        estimated=days.estimated.sum(),
        days=days.day.nunique(),
        measured=ibis.literal(True),
    )


def _billed(first: date) -> ibis.Table:
    bills, lines = current(table("bill")), current(table("bill_line"))
    replaced = (
        bills.filter(bills.replaces_bill_id.notnull()).select("source", bill_id="replaces_bill_id").distinct()
    )
    bills = bills.filter(bills.status.isnull() | (bills.status != "cancelled")).anti_join(
        replaced, ["source", "bill_id"]
    )
    bills = bills.select(
        "source", "bill_id", "account_id", "is_estimated", bill_start="period_start", bill_end="period_end"
    )
    lines = lines.filter(lines.kind == "energy", lines.quantity.notnull()).select(
        "source", "bill_id", "commodity", "unit", "quantity", "period_start", "period_end"
    )
    spans = lines.inner_join(bills, ["source", "bill_id"]).mutate(
        start=ibis.coalesce(lines.period_start, bills.bill_start),
        end=ibis.coalesce(lines.period_end, bills.bill_end),
    )
    spans = spans.filter(
        spans.end > spans.start, spans.end > first, spans.commodity.notnull(), spans.unit.notnull()
    )
    parts = None
    for ahead in range(4):
        month = (spans.start.truncate("M") + ibis.interval(months=ahead)).cast("date")
        following = (spans.start.truncate("M") + ibis.interval(months=ahead + 1)).cast("date")
        begin, finish = ibis.greatest(spans.start, month), ibis.least(spans.end, following)
        part = spans.mutate(
            month=month, part_days=_days(finish, begin), all_days=_days(spans.end, spans.start)
        )
        part = part.filter(part.part_days > 0)
        parts = part if parts is None else parts.union(part)
    assert parts is not None
    share = parts.quantity.cast("float64") * parts.part_days / parts.all_days
    of_account = parts.group_by("source", "account_id", "bill_id", "commodity", "unit", "month").aggregate(
        quantity=share.sum(),
        estimated=ibis.ifelse(parts.is_estimated.fill_null(False), share, 0.0).sum(),
        days=parts.part_days.max(),
    )
    payers = _payers()
    of_account = of_account.inner_join(payers, ["source", "account_id"])
    return of_account.group_by("profile_id", of_account.commodity.name("service"), "unit", "month").aggregate(
        quantity=of_account.quantity.sum(),
        received=ibis.literal(0.0),
        estimated=of_account.estimated.sum(),
        days=ibis.least(of_account.days.sum(), ibis.literal(31)),
        measured=ibis.literal(False),
    )


def _payers() -> ibis.Table:
    accounts, links = current(table("customer_account")), current(table("profile_link"))
    joined = accounts.inner_join(links, ["source", "customer_id"])
    return joined.select("source", "account_id", "profile_id").distinct()


def touched(batch: str) -> ibis.Table:
    """profile_id of everybody who lived where a batch brought reads."""
    reads = history(table("meter_reading"))
    points = reads.filter(reads.batch_id == batch).select("source", "usage_point_id").distinct()
    lived = current(table("occupancy"))
    return lived.semi_join(points, ["source", "usage_point_id"]).select("profile_id").distinct()


def sections(months: ibis.Table, only: ibis.Table | None = None) -> ibis.Table:
    """``profile_id, items``: the section as JSON text, put together by the engine, never row by row here."""
    if only is not None:
        months = months.semi_join(only, "profile_id")
    months = months.filter(months.unit.re_search(r"^[A-Za-z0-9 /³]+$"), months.service.notnull())
    one = (
        ibis.literal('{"month":"') + months.month.strftime("%Y-%m") + '","quantity":"' + _decimal(months.quantity)
        + '","received":"' + _decimal(months.received) + '","days":' + months.days.cast("string")
        + ',"estimated":' + _decimal(_share(months.estimated, months.quantity)) + ',"measured":'
        + ibis.ifelse(months.measured, "true", "false") + "}"
    )  # fmt: skip
    rows = months.mutate(one=one)
    services = rows.group_by("profile_id", "service", "unit").aggregate(
        months=rows.one.group_concat(",", order_by=rows.month), days=rows.days.sum()
    )
    item = (
        ibis.literal('{"service":"') + services.service + '","unit":"' + services.unit + '","months":['
        + services.months + "]}"
    )  # fmt: skip
    items = services.mutate(item=item)
    grouped = items.group_by("profile_id").aggregate(
        items=items.item.group_concat(",", order_by=[items.days.desc(), items.service])
    )
    return grouped.select("profile_id", items=ibis.literal("[") + grouped["items"] + "]")


def _tables_of(context: Context, batch: str) -> set[str]:
    every = batches()
    rows = every.filter((every.batch_id == batch) & (every.landed > 0)).select("table_name")
    return set(context.warehouse.read(rows, context.organization_id)["table_name"].to_pylist())


def _decimal(value: ir.NumericValue) -> ir.StringValue:
    return value.cast("decimal(18, 3)").cast("string")


def _share(part: ir.NumericValue, whole: ir.NumericValue) -> ir.NumericValue:
    return ibis.ifelse(whole > 0, part / ibis.greatest(whole, 1e-9), 0.0)


def _days(later: ir.DateValue, earlier: ir.DateValue) -> ir.IntegerValue:
    return later.delta(earlier, unit="day")


def _months_back(day: date, months: int) -> date:
    year, month = divmod(day.year * 12 + day.month - 1 - months, 12)
    return date(year, month + 1, 1)
