"""This room's sections of the customer 360, built by the warehouse for many profiles at once.

Each function answers an expression with ``profile_id`` and ``items`` (JSON text of a list). ``of``, an
expression with the column ``profile_id``, narrows it to some.
"""

from datetime import date

import ibis
import ibis.expr.types as ir

from lamplighter.context import Context
from lamplighter.customers import profile
from lamplighter.customers.attach import attach
from lamplighter.customers.bill_body import bill_key
from lamplighter.customers.occupancy import holdings
from lamplighter.customers.wire import day, json_array, moment, money, quantity
from lamplighter.warehouse.expressions import current
from lamplighter.warehouse.tables import table

BILLS_FROM_MONTHS = 36
FROM = {
    "person": {"customer", "contact_point"},
    "accounts": {"customer", "customer_account", "customer_agreement"},
    "places": {"customer", "customer_account", "customer_agreement", "usage_point", "service_location", "meter",
               "meter_installation"},
    "household": {"customer", "customer_account", "customer_agreement", "usage_point", "relationship"},
    "bills": {"customer", "customer_account", "bill"},
}  # fmt: skip
"""Sections and the landed tables they are made from."""


def refresh(context: Context, name: str, of: ibis.Table | None = None) -> int:
    """Build one section anew, of all profiles or of some; how many were written."""
    since = date(context.now.year - 3, context.now.month, 1)
    builders = {
        "person": person, "accounts": accounts, "places": places, "household": household,
        "bills": lambda of: bills(of, since),
    }  # fmt: skip
    rows = context.warehouse.read(builders[name](of), context.organization_id)
    with context.session() as session:
        return profile.put_sections(session, name, rows, context.now, whole=of is None)


def person(of: ibis.Table | None = None) -> ibis.Table:
    """What each source says of the person, with the ways to reach them."""
    customer, contact, link = (current(table(name)) for name in ("customer", "contact_point", "profile_link"))
    reach = ibis.struct(
        {
            "channel": contact.channel, "address": contact.address,
            "verified_at": moment(contact.verified_at), "opted_out_at": moment(contact.opted_out_at),
        }
    )  # fmt: skip
    contacts = contact.group_by("source", "customer_id").agg(contacts=reach.collect().sort())
    rows = attach(
        _narrow(link, of).join(customer, ["source", "customer_id"]), contacts, ["source", "customer_id"]
    )
    item = {
        "source": rows.source,
        "customer_id": rows.customer_id,
        **{
            name: rows[name]
            for name in ("kind", "first_name", "last_name", "organization", "email", "phone", "mobile")
        },
        **{name: rows[name] for name in ("mail_street", "mail_city", "mail_state", "mail_zip", "language")},
        **{name: rows[name] for name in ("birth_year", "household_size", "deceased", "confidential")},
        "created_on": day(rows.created_on),
        "contacts": rows.contacts,
    }
    return _items(rows, item)


def accounts(of: ibis.Table | None = None) -> ibis.Table:
    """Accounts the person holds, with their agreements."""
    account, agreement, point = (
        current(table(name)) for name in ("customer_account", "customer_agreement", "usage_point")
    )
    held = _narrow(holdings(), of)
    facts = account.group_by("source", "account_id").agg(
        **{
            name: account[name].max()
            for name in ("status", "billing_cycle", "oldest_due_on", "balance", "arrears")
        },
        **{name: account[name].any() for name in ("autopay", "paperless", "budget_billing")},
    )
    joined = attach(
        agreement, point.select("source", "usage_point_id", "commodity"), ["source", "usage_point_id"]
    )
    contract = ibis.struct(
        {
            "agreement_id": joined.agreement_id, "service": joined.commodity, "usage_point_id": joined.usage_point_id,
            "tariff": joined.tariff, "start": day(joined.started_at), "end": day(joined.ended_at),
            "status": joined.status,
        }
    )  # fmt: skip
    contracts = joined.group_by("source", "account_id").agg(agreements=contract.collect().sort())
    rows = attach(held.join(facts, ["source", "account_id"]), contracts, ["source", "account_id"])
    whole = ~rows.is_reused
    item = {
        "source": rows.source,
        "account_id": rows.account_id,
        "status": rows.status,
        "opened_on": day(rows.opened_at),
        "closed_on": day(rows.closed_at),
        "is_shared": rows.is_shared,
        "billing_cycle": rows.billing_cycle,
        **{name: rows[name] for name in ("autopay", "paperless", "budget_billing")},
        "balance": ibis.ifelse(whole, money(rows.balance), ibis.null("string")),
        "arrears": ibis.ifelse(whole, money(rows.arrears), ibis.null("string")),
        "oldest_due_on": ibis.ifelse(whole, day(rows.oldest_due_on), ibis.null("string")),
        "agreements": ibis.ifelse(whole, rows.agreements, ibis.null(rows.agreements.type())),
    }
    return _items(rows, item)


def places(of: ibis.Table | None = None) -> ibis.Table:
    """Places the person is or was the customer of, with services and the meters of that time."""
    lives = _narrow(current(table("occupancy")), of)
    point, place, meter = (current(table(name)) for name in ("usage_point", "service_location", "meter"))
    installed = current(table("meter_installation"))
    there = lives.join(installed, ["source", "usage_point_id"])
    there = there.filter(
        ibis.coalesce(there.installed_at < there.ended_at, True)
        & ibis.coalesce(there.removed_at > there.started_at, True)
    )
    there = attach(
        there, meter.select("source", "meter_id", "serial", "kind", "unit"), ["source", "meter_id"]
    )
    there = there.select(
        "profile_id", "source", "usage_point_id", "meter_id", "serial", "kind", "unit"
    ).distinct()
    device = ibis.struct({name: there[name] for name in ("meter_id", "serial", "kind", "unit")})
    devices = there.group_by("profile_id", "source", "usage_point_id").agg(meters=device.collect().sort())
    points = lives.group_by("profile_id", "source", "service_location_id", "usage_point_id", "commodity").agg(
        since=ibis.ifelse(lives.started_at.isnull().any(), ibis.null("date"), lives.started_at.min()),
        until=ibis.ifelse(lives.ended_at.isnull().any(), ibis.null("date"), lives.ended_at.max()),
    )
    rows = attach(points, devices, ["profile_id", "source", "usage_point_id"])
    facts = point.select("source", "usage_point_id", "status", "has_solar")
    rows = attach(rows, facts, ["source", "usage_point_id"])
    service = ibis.struct(
        {
            "service": rows.commodity, "usage_point_id": rows.usage_point_id, "status": rows.status,
            "has_solar": rows.has_solar, "start": day(rows.since), "end": day(rows.until), "meters": rows.meters,
        }
    )  # fmt: skip
    homes = rows.group_by("profile_id", "source", "service_location_id").agg(
        since=ibis.ifelse(rows.since.isnull().any(), ibis.null("date"), rows.since.min()),
        until=ibis.ifelse(rows.until.isnull().any(), ibis.null("date"), rows.until.max()),
        services=service.collect().sort(),
    )
    found = attach(homes, place, ["source", "service_location_id"])
    item = {
        "source": found.source,
        "service_location_id": found.service_location_id,
        **{
            name: found[name]
            for name in ("street", "unit", "city", "state", "zip", "county", "kind", "tenure")
        },
        **{
            name: found[name]
            for name in ("year_built", "floor_area_sqft", "heating_fuel", "service_line_material")
        },
        "start": day(found.since),
        "end": day(found.until),
        "services": found.services,
    }
    return _items(found, item)


def household(of: ibis.Table | None = None) -> ibis.Table:
    """Households the person is or was part of, with the others' names."""
    member, who = current(table("household")), current(table("profile"))
    named = member.join(who, "profile_id").select(
        "household_id", "profile_id", who.name, member.started_at, member.ended_at
    )
    one = ibis.struct(
        {
            "name": named.name,
            "profile_id": named.profile_id,
            "start": day(named.started_at),
            "end": day(named.ended_at),
        }
    )
    together = named.group_by("household_id").agg(members=one.collect().sort(), size=named.count())
    mine = _narrow(member, of).join(together, "household_id")
    item = {
        "household_id": mine.household_id, "source": mine.source, "service_location_id": mine.service_location_id,
        "start": day(mine.started_at), "end": day(mine.ended_at), "size": mine["size"], "members": mine.members,
    }  # fmt: skip
    return _items(mine, item)


def bills(of: ibis.Table | None, since: date) -> ibis.Table:
    """Bills of the last 36 months in short, newest last; ``replaced`` ones and cancelled ones count in no total."""
    issued = current(table("bill"))
    issued = issued.filter(ibis.coalesce(issued.issued_on, issued.period_end, issued.period_start) >= since)
    newer = (
        issued.filter(issued.replaces_bill_id.notnull())
        .group_by("source", "replaces_bill_id")
        .agg(replacements=ibis._.count())
    )
    newer = newer.select(newer_source=newer.source, replaced_id=newer.replaces_bill_id)
    held = _narrow(holdings(), of)
    rows = held.join(issued, ["source", "account_id"])
    dated = ibis.coalesce(rows.period_start, rows.issued_on)
    rows = rows.filter(
        ~rows.is_reused
        | (ibis.coalesce(dated >= rows.opened_at, True) & ibis.coalesce(dated < rows.closed_at, True))
    )
    rows = rows.left_join(newer, (rows.source == newer.newer_source) & (rows.bill_id == newer.replaced_id))
    item = {
        "issued_on": day(rows.issued_on),
        "id": bill_key(rows.source, rows.bill_id),
        "account_id": rows.account_id,
        "period": ibis.struct({"start": day(rows.period_start), "end": day(rows.period_end)}),
        "due_on": day(rows.due_on),
        "service": rows.commodity,
        "usage": quantity(rows.quantity),
        "unit": rows.unit,
        "total_charges": money(rows.amount),
        "amount_due": money(rows.amount_due),
        "currency": rows.currency,
        "status": rows.status,
        "is_estimated": ibis.coalesce(rows.is_estimated, False),
        "replaced": rows.replaced_id.notnull(),
    }
    return _items(rows, item)


def _narrow(rows: ibis.Table, of: ibis.Table | None) -> ibis.Table:
    return rows if of is None else rows.semi_join(of, "profile_id")


def _items(rows: ibis.Table, item: dict[str, ir.Value]) -> ibis.Table:
    """One row per profile; items in the order of their first field."""
    packed = rows.select("profile_id", item=ibis.struct(item))
    grouped = packed.group_by("profile_id").agg(all_items=packed["item"].collect().sort())
    return grouped.select("profile_id", items=json_array(grouped.all_items))
