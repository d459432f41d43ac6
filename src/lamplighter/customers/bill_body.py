"""Bills as on the wire, built by the warehouse for many at once: one JSON body per bill with its services and lines."""

from datetime import date

import ibis
import ibis.expr.types as ir

from lamplighter.customers.attach import attach
from lamplighter.customers.wire import day, json_of, moment, money, quantity
from lamplighter.warehouse.expressions import current, history
from lamplighter.warehouse.tables import table


def bill_key(source: ir.StringValue, bill: ir.StringValue) -> ir.StringValue:
    """Our id of a source's bill, the same whenever it is asked for."""
    return ibis.literal("bl_") + (source + "\x1f" + bill).hexdigest("sha256").substr(0, 20)


def dated(since: date, batch: str | None) -> ibis.Table:
    """Present bills since a day (column ``dated``); of a batch, those it touched, themselves or by a line."""
    every = history(table("bill"))
    found = every.filter(every.is_current)
    if batch:
        found = found.semi_join(_touched(batch), ["source", "bill_id"])
    found = found.mutate(dated=ibis.coalesce(found.issued_on, found.period_end, found.period_start, since))
    return found.filter(found.dated >= since)


def views(since: date, start: date, end: date, batch: str | None) -> ibis.Table:
    """Rows of ``bill_view`` (without ``replaced_by``), of bills dated in [start, end)."""
    bills_ = dated(since, batch)
    bills_ = bills_.filter((bills_.dated >= start) & (bills_.dated < end))
    lines = current(table("bill_line")).semi_join(bills_.select("source", "bill_id"), ["source", "bill_id"])
    account = current(table("customer_account"))
    budget = account.group_by("source", "account_id").agg(on_budget=account.budget_billing.any())
    rows = attach(attach(bills_, _services(lines), ["source", "bill_id"]), budget, ["source", "account_id"])
    own = _own_service(rows)
    services = ibis.ifelse(rows.services.isnull(), own, rows.services)
    body = json_of(
        id=bill_key(rows.source, rows.bill_id),
        account_id=rows.account_id,
        utility=rows.source,
        status=rows.status,
        replaces=bill_key(rows.source, rows.replaces_bill_id),
        issued_on=day(rows.issued_on),
        due_on=day(rows.due_on),
        period=ibis.struct({"start": day(rows.period_start), "end": day(rows.period_end)}),
        currency=rows.currency,
        previous_balance=money(rows.previous_balance),
        payments=money(rows.payments),
        total_charges=money(rows.amount),
        amount_due=money(rows.amount_due),
        is_estimated=ibis.coalesce(rows.is_estimated, False),
        is_budget_billing=ibis.coalesce(rows.on_budget, False),
        services=services,
        checks=ibis.struct(
            {"lines_sum_to_total": rows.line_sum == rows.amount, "intervals_match_usage": ibis.null("string")}
        ),
        pdf=ibis.null("string"),
        source=rows.source,
        received_at=moment(rows.recorded_at),
    )
    return rows.select(
        bill_id=bill_key(rows.source, rows.bill_id),
        source=rows.source,
        account_id=rows.account_id,
        issued_on=rows.dated,
        period_start=rows.period_start,
        status=rows.status,
        amount=rows.amount,
        amount_due=rows.amount_due,
        currency=rows.currency,
        replaces=bill_key(rows.source, rows.replaces_bill_id),
        updated_at=rows.recorded_at,
        body=body,
    )


def _services(lines: ibis.Table) -> ibis.Table:
    """source, bill_id, line_sum and services: its lines by service, usage point, tariff and period."""
    by = ["source", "bill_id", "commodity", "usage_point_id", "tariff", "period_start", "period_end"]
    line = ibis.struct(
        {
            "line": lines.line,
            "kind": lines.kind,
            "description": lines.description,
            "quantity": quantity(lines.quantity),
            "unit": lines.unit,
            "rate": quantity(lines.rate),
            "amount": money(lines.amount),
        }
    )
    metered = lines.kind == "energy"
    of_service = lines.group_by(by).agg(
        first=lines.line.min(),
        used=lines.quantity.sum(where=metered),
        unit=lines.unit.max(where=metered),
        line_sum=lines.amount.sum(),
        lines=line.collect().sort(),
    )
    service = ibis.struct(
        {
            "first_line": of_service["first"],
            "service": of_service.commodity,
            "usage_point_id": of_service.usage_point_id,
            "tariff": of_service.tariff,
            "usage": quantity(of_service.used),
            "unit": of_service.unit,
            "period": ibis.struct({"start": day(of_service.period_start), "end": day(of_service.period_end)}),
            "lines": of_service.lines,
        }
    )
    return of_service.group_by("source", "bill_id").agg(
        services=service.collect().sort(), line_sum=of_service.line_sum.sum()
    )


def _own_service(rows: ibis.Table) -> ir.ArrayValue:
    """What a bill without lines says of its one service itself."""
    service = ibis.struct(
        {
            "first_line": ibis.null("int64"),
            "service": rows.commodity,
            "usage_point_id": ibis.null("string"),
            "tariff": ibis.null("string"),
            "usage": quantity(rows.quantity),
            "unit": rows.unit,
            "period": ibis.struct({"start": day(rows.period_start), "end": day(rows.period_end)}),
            "lines": ibis.null(rows.services.type().value_type["lines"]),
        }
    )
    return ibis.ifelse(rows.commodity.notnull(), ibis.array([service]), ibis.null(rows.services.type()))


def _touched(batch: str) -> ibis.Table:
    bill_, line = history(table("bill")), history(table("bill_line"))
    keys = [rows.filter(rows.batch_id == batch).select("source", "bill_id") for rows in (bill_, line)]
    return ibis.union(*keys, distinct=True)
