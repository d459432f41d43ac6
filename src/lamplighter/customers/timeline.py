"""What happened to one customer, newest first: bills, payments, cases, outages, moves, decisions, clicks.

Rows of the warehouse are those that belong to the person (``belonging``): of a place only what fell into their
time there. Facts that have only a day stand at noon UTC of it and carry it as ``day``.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import ibis
import ibis.expr.types as ir
from sqlalchemy.orm import Session

from lamplighter.context import Context
from lamplighter.customers import belonging, consent
from lamplighter.customers.wire import Page, day, json_of, moment, money, position_of, token_of
from lamplighter.errors import InvalidInput
from lamplighter.warehouse.expressions import current
from lamplighter.warehouse.tables import table

KINDS = ("bill", "payment", "collection", "case", "survey", "outage", "move", "program", "consent", "event")
_AT = "timestamp('UTC', 6)"


@dataclass(frozen=True)
class _Place:
    at: str
    key: str


def timeline(
    context: Context,
    profile_id: str,
    *,
    kinds: Sequence[str] = (),
    limit: int = 50,
    page_token: str | None = None,
) -> Page:
    """Items ``{"at", "event", "title", "source", "properties", "kind", "day"}``, newest first.

    ``kinds`` (of ``KINDS``) narrows it. NotFound where there is no such profile.
    """
    wanted = tuple(kinds) or KINDS
    unknown = sorted(set(wanted) - set(KINDS))
    if unknown:
        raise InvalidInput(f"The timeline has no “{unknown[0]}”. Kinds: {', '.join(KINDS)}.")
    before = _Place(*position_of(page_token, 2)) if page_token else None
    with context.session() as session:
        mine = belonging.of(session, profile_id)
        own = _decisions(session, profile_id) if "consent" in wanted else []
    parts = [part for kind in wanted if kind in _BUILDERS for part in _BUILDERS[kind](mine)]
    items = [item for item in own if before is None or (item["at"], item["key"]) < (before.at, before.key)]
    if parts:
        items += _read(context, parts, limit, before)
    items.sort(key=lambda item: (item["at"], item["key"]), reverse=True)
    last = items[limit - 1] if len(items) > limit else None
    page = [{name: value for name, value in item.items() if name != "key"} for item in items[:limit]]
    return Page(page, token_of(last["at"], last["key"]) if last else None)


def _read(
    context: Context, parts: list[ibis.Table], limit: int, before: _Place | None
) -> list[dict[str, Any]]:
    rows = ibis.union(*parts, distinct=False) if len(parts) > 1 else parts[0]
    rows = rows.filter(rows.at.notnull() & (rows.at <= ibis.literal(context.now, _AT)))
    if before:
        at = ibis.literal(datetime.fromisoformat(before.at), _AT)
        rows = rows.filter((rows.at < at) | ((rows.at == at) & (rows.key < before.key)))
    rows = rows.order_by([rows.at.desc(), rows.key.desc()]).limit(limit + 1)
    found = context.warehouse.read(rows, context.organization_id).to_pylist()
    return [
        {
            "at": _text(row["at"]), "key": row["key"], "kind": row["kind"], "event": row["event"],
            "title": _title(row["event"], properties), "source": row["source"], "day": row["happened_on"],
            "properties": properties,
        }
        for row in found
        for properties in [{k: v for k, v in json.loads(row["properties"]).items() if v is not None}]
    ]  # fmt: skip


def _item(
    rows: ibis.Table,
    kind: str,
    event: str | ir.StringValue,
    at: Any,
    keys: Sequence[str],
    **properties: ir.Value,
) -> ibis.Table:
    """One part of the union: rows as items."""
    name = ibis.literal(event) if isinstance(event, str) else event
    key = ibis.literal(f"{kind}/") + name
    for column in keys:
        key = key + "/" + ibis.coalesce(rows[column].cast("string"), "")
    is_day = at.type().is_date()
    when = (at.cast("timestamp") + ibis.interval(hours=12)).cast(_AT) if is_day else at.cast(_AT)
    return rows.select(
        at=when,
        key=key,
        kind=ibis.literal(kind),
        event=name,
        source=rows["source"] if "source" in rows.columns else rows["origin"],
        happened_on=day(at) if is_day else ibis.null("string"),
        properties=json_of(**properties),
    )


def _bills(mine: belonging.Belongings) -> list[ibis.Table]:
    rows = mine.rows(table("bill"))
    event = ibis.cases(
        (rows.status == "corrected", "bill.corrected"),
        (rows.status == "cancelled", "bill.cancelled"),
        else_="bill.issued",
    )
    return [
        _item(
            rows, "bill", event, ibis.coalesce(rows.issued_on, rows.period_end), ["source", "bill_id"],
            bill=rows.bill_id, account_id=rows.account_id, amount=money(rows.amount), amount_due=money(rows.amount_due),
            currency=rows.currency, due_on=day(rows.due_on), estimated=rows.is_estimated, replaces=rows.replaces_bill_id,
        )
    ]  # fmt: skip


def _payments(mine: belonging.Belongings) -> list[ibis.Table]:
    rows = mine.rows(table("payment"))
    event = ibis.ifelse(ibis.coalesce(rows.returned, False), "payment.failed", "payment.made")
    return [
        _item(rows, "payment", event, rows.paid_on, ["source", "payment_id"], payment_id=rows.payment_id,
              account_id=rows.account_id, amount=money(rows.amount), method=rows["method"], channel=rows.channel)
    ]  # fmt: skip


def _collections(mine: belonging.Belongings) -> list[ibis.Table]:
    rows = mine.rows(table("collection"))
    return [
        _item(rows, "collection", ibis.literal("collection.") + rows.kind, rows.happened_on, ["source", "event_id"],
              account_id=rows.account_id, amount=money(rows.amount), planned_on=day(rows.planned_on))
    ]  # fmt: skip


def _cases(mine: belonging.Belongings) -> list[ibis.Table]:
    rows = mine.rows(table("customer_case"))
    about = {
        "case_id": rows.ticket_id,
        "topic": rows.topic,
        "severity": rows.severity,
        "channel": rows.channel,
    }
    resolved = rows.filter(rows.resolved_at.notnull())
    after = {name: resolved[column] for name, column in (("case_id", "ticket_id"), ("topic", "topic"))}
    return [
        _item(rows, "case", "case.opened", rows.opened_at, ["source", "ticket_id"], **about),
        _item(resolved, "case", "case.resolved", resolved.resolved_at, ["source", "ticket_id"], **after),
    ]


def _surveys(mine: belonging.Belongings) -> list[ibis.Table]:
    rows = mine.rows(table("survey"))
    return [
        _item(rows, "survey", "survey.answered", rows.answered_at, ["source", "response_id"],
              instrument=rows.instrument, score=rows["score"], remark=rows.remark)
    ]  # fmt: skip


def _outages(mine: belonging.Belongings) -> list[ibis.Table]:
    hit, outage = mine.rows(table("outage_usage_point")), current(table("outage"))
    rows = hit.join(outage, ["source", "outage_id"]).select(
        "source",
        "outage_id",
        "usage_point_id",
        "cause",
        "planned",
        "started_at",
        "restored_at",
        "expected_at",
    )
    back = rows.filter(rows.restored_at.notnull())
    return [
        _item(rows, "outage", "outage.started", rows.started_at, ["source", "outage_id", "usage_point_id"],
              outage_id=rows.outage_id, usage_point_id=rows.usage_point_id, cause=rows.cause, planned=rows.planned,
              expected_at=moment(rows.expected_at)),
        _item(back, "outage", "outage.restored", back.restored_at, ["source", "outage_id", "usage_point_id"],
              outage_id=back.outage_id, usage_point_id=back.usage_point_id),
    ]  # fmt: skip


def _moves(mine: belonging.Belongings) -> list[ibis.Table]:
    rows = mine.rows(table("occupancy"))
    keys = ["source", "usage_point_id", "agreement_id"]
    parts = []
    for event, column in (("service.started", "started_at"), ("service.stopped", "ended_at")):
        part = rows.filter(rows[column].notnull())
        parts.append(
            _item(part, "move", event, part[column], keys, service=part.commodity, usage_point_id=part.usage_point_id,
                  agreement_id=part.agreement_id, service_location_id=part.service_location_id)
        )  # fmt: skip
    return parts


def _programs(mine: belonging.Belongings) -> list[ibis.Table]:
    rows = mine.rows(table("enrolment"))
    return [
        _item(rows, "program", "program.enrolled", rows.started_at, ["source", "enrolment_id"],
              program_id=rows.program_id, status=rows.status, benefit=rows.benefit, until=day(rows.ended_at))
    ]  # fmt: skip


def _events(mine: belonging.Belongings) -> list[ibis.Table]:
    rows = mine.rows(table("event"))
    rows = rows.filter(~rows.name.isin(["consent.given", "consent.revoked", "consent.declined"]))
    return [
        _item(rows, "event", rows.name, rows.happened_at, ["message_id"], subject=rows.subject,
              subject_id=rows.subject_id, details=rows["properties"].cast("string"))
    ]  # fmt: skip


_BUILDERS = {
    "bill": _bills, "payment": _payments, "collection": _collections, "case": _cases, "survey": _surveys,
    "outage": _outages, "move": _moves, "program": _programs, "event": _events,
}  # fmt: skip


def _decisions(session: Session, profile_id: str) -> list[dict[str, Any]]:
    names = {"given": "consent.given", "denied": "consent.declined", "withdrawn": "consent.revoked"}
    return [
        {
            "at": _text(row["happened_at"]), "key": f"consent/{row['receipt_id']}", "kind": "consent",
            "event": names[row["decision"]], "title": _title(names[row["decision"]], row), "source": row["actor"],
            "day": None,
            "properties": {"purpose": row["purpose"], "scope": row["scope"], "channel": row["channel"],
                           "receipt_id": row["receipt_id"], "text_version": row["text_version"]},
        }
        for row in consent.receipts(session, profile_id)
    ]  # fmt: skip


_TITLES = {
    "bill.issued": "Bill of {amount} {currency}",
    "bill.corrected": "Corrected bill of {amount} {currency}",
    "bill.cancelled": "Bill of {amount} {currency} cancelled",
    "payment.made": "Paid {amount}",
    "payment.failed": "Payment of {amount} returned",
    "collection.reminder": "Reminder sent",
    "collection.disconnect_notice": "Notice of disconnection",
    "collection.disconnected": "Service disconnected",
    "collection.reconnected": "Service reconnected",
    "case.opened": "Case opened: {topic}",
    "case.resolved": "Case resolved: {topic}",
    "survey.answered": "Answered a survey: {score} ({instrument})",
    "outage.started": "Outage began",
    "outage.restored": "Outage over",
    "service.started": "Service started: {service}",
    "service.stopped": "Service ended: {service}",
    "program.enrolled": "Joined the program {program_id}",
    "consent.given": "Allowed: {purpose}",
    "consent.declined": "Declined: {purpose}",
    "consent.revoked": "Took back: {purpose}",
}


class _Known(dict[str, Any]):
    def __missing__(self, key: str) -> str:
        return ""


def _title(event: str, properties: dict[str, Any]) -> str:
    pattern = _TITLES.get(event)
    if pattern is None:
        return event.replace(".", " ").replace("_", " ").capitalize()
    return (
        pattern.format_map(_Known({k: v for k, v in properties.items() if v is not None})).strip().rstrip(":")
    )


def _text(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
