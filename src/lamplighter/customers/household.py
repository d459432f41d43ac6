"""The people who live at one place at one time: a view that never merges persons.

Members are the persons (not businesses, not the place's landlord) whose occupancies of one service location
overlap, directly or through another member. Who moves in after the last one left is another household.
"""

import ibis
import sqlalchemy as sa

from lamplighter.context import Context
from lamplighter.customers import bulk
from lamplighter.customers.identity_tables import OF_PROFILE, PERSONAL
from lamplighter.customers.occupancy import REBUILT
from lamplighter.store.schema import tenant_table
from lamplighter.warehouse.expressions import current
from lamplighter.warehouse.tables import table

HOUSEHOLD = tenant_table(
    "household",
    sa.Column("household_id", sa.Text, nullable=False, comment="ours"),
    sa.Column("profile_id", sa.Text, nullable=False, comment="a member", info=PERSONAL),
    sa.Column("source", sa.Text, nullable=False, comment="whose numbers"),
    sa.Column("service_location_id", sa.Text, nullable=False, comment="at which place"),
    sa.Column("started_at", sa.Date, comment="member since"),
    sa.Column("ended_at", sa.Date, comment="member until"),
    sa.PrimaryKeyConstraint("organization_id", "household_id", "profile_id"),
    sa.Index("ix_household_profile_id", "organization_id", "profile_id"),
    meaning="the people who live at one place at one time",
    subject=OF_PROFILE,
    retention=REBUILT,
)

_EVER, _STILL = ibis.date("0001-01-01"), ibis.date("9999-12-31")


def rebuild(context: Context) -> int:
    """Derive all households again from the warehouse's occupancy; how many rows of the store changed."""
    rows = context.warehouse.read(households(), context.organization_id)
    with context.session() as session:
        changed = bulk.replace(session, HOUSEHOLD, rows)
    context.warehouse.replace(context.organization_id, table("household"), rows)
    return changed


def households() -> ibis.Table:
    """Rows of the declared table ``household``: spans of each member, numbered where a gap lies between."""
    occupancy, profile = current(table("occupancy")), current(table("profile"))
    persons = profile.filter(profile.kind == "person").select("profile_id")
    living = occupancy.filter(occupancy.service_location_id.notnull()).join(persons, "profile_id")
    landlord = _landlords()
    stays = living.left_join(
        landlord,
        (living.profile_id == landlord.landlord_id)
        & (living.source == landlord.landlord_source)
        & (living.service_location_id == landlord.landlord_of),
    )
    stays = stays.filter(stays.landlord_id.isnull())
    member = stays.group_by("source", "service_location_id", "profile_id").agg(
        since=ibis.coalesce(stays.started_at, _EVER).min(), until=ibis.coalesce(stays.ended_at, _STILL).max()
    )
    at_place = ibis.window(
        group_by=["source", "service_location_id"],
        order_by=["since", "until", "profile_id"],
        preceding=(None, 1),
    )
    marked = member.mutate(before=member.until.max().over(at_place))
    marked = marked.mutate(begins=ibis.ifelse(marked.before.isnull() | (marked.before <= marked.since), 1, 0))
    in_order = ibis.window(
        group_by=["source", "service_location_id"],
        order_by=["since", "until", "profile_id"],
        preceding=(None, 0),
    )
    numbered = marked.mutate(number=marked.begins.sum().over(in_order))
    first = numbered.group_by("source", "service_location_id", "number").agg(founded=numbered.since.min())
    rows = numbered.join(first, ["source", "service_location_id", "number"])
    name = rows.source + "\x1f" + rows.service_location_id + "\x1f" + rows.founded.cast("string")
    return rows.select(
        household_id=ibis.literal("hh_") + name.hexdigest("sha256").substr(0, 20),
        profile_id=rows.profile_id,
        source=rows.source,
        service_location_id=rows.service_location_id,
        started_at=rows.since.nullif(_EVER),
        ended_at=rows.until.nullif(_STILL),
    )


def _landlords() -> ibis.Table:
    """landlord_id (profile), landlord_source, landlord_of (service location): who lets a place to its customer."""
    relation, link = current(table("relationship")), current(table("profile_link"))
    occupancy = current(table("occupancy"))
    letting = relation.filter(relation.kind == "landlord")
    owners = letting.join(
        link, (letting.source == link.source) & (letting.from_customer_id == link.customer_id)
    ).select(letting.source, letting.to_customer_id, landlord_id=link.profile_id)
    of_tenant = link.view()
    tenants = owners.join(
        of_tenant, (owners.source == of_tenant.source) & (owners.to_customer_id == of_tenant.customer_id)
    ).select(owners.source, owners.landlord_id, tenant_id=of_tenant.profile_id)
    places = tenants.join(
        occupancy, (tenants.tenant_id == occupancy.profile_id) & (tenants.source == occupancy.source)
    ).select("landlord_id", landlord_source=tenants.source, landlord_of=occupancy.service_location_id)
    return places.filter(places.landlord_of.notnull()).distinct()
