"""Who was the customer at a usage point, from when to when: derived from agreements, half-open [start, end).

Personal reads of anything that belongs to a place are clipped by these rows, so a new tenant never sees the
last one's months. An account number that a source gives to somebody else later is cut at its holders' dates.
"""

import ibis
import sqlalchemy as sa

from lamplighter.context import Context
from lamplighter.customers import bulk
from lamplighter.customers.attach import attach
from lamplighter.customers.identity_tables import OF_PROFILE, PERSONAL
from lamplighter.model.declaration import Retention
from lamplighter.store.schema import tenant_table
from lamplighter.warehouse.expressions import current
from lamplighter.warehouse.tables import table

REBUILT = Retention(None, "rebuilt from its sources")

OCCUPANCY = tenant_table(
    "occupancy",
    sa.Column("profile_id", sa.Text, nullable=False, comment="who", info=PERSONAL),
    sa.Column("source", sa.Text, nullable=False, comment="whose numbers"),
    sa.Column("usage_point_id", sa.Text, nullable=False, comment="where"),
    sa.Column("service_location_id", sa.Text, comment="at which place"),
    sa.Column("account_id", sa.Text, nullable=False, comment="under which account", info=PERSONAL),
    sa.Column("agreement_id", sa.Text, nullable=False, comment="by which agreement", info=PERSONAL),
    sa.Column("commodity", sa.Text, comment="which service"),
    sa.Column("started_at", sa.Date, comment="first day; empty: since ever"),
    sa.Column("ended_at", sa.Date, comment="first day no longer; empty: still"),
    sa.PrimaryKeyConstraint("organization_id", "profile_id", "source", "usage_point_id", "agreement_id"),
    sa.Index("ix_occupancy_usage_point_id", "organization_id", "source", "usage_point_id"),
    meaning="who was the customer at a usage point, from when to when",
    subject=OF_PROFILE,
    retention=REBUILT,
)

HOLDING = tenant_table(
    "holding",
    sa.Column("profile_id", sa.Text, nullable=False, comment="who", info=PERSONAL),
    sa.Column("source", sa.Text, nullable=False, comment="whose numbers"),
    sa.Column("account_id", sa.Text, nullable=False, comment="which account", info=PERSONAL),
    sa.Column("opened_at", sa.Date, comment="first day; empty: since ever"),
    sa.Column("closed_at", sa.Date, comment="first day no longer; empty: still"),
    sa.Column("is_shared", sa.Boolean, nullable=False, comment="others hold it at the same time"),
    sa.Column(
        "is_reused", sa.Boolean, nullable=False, comment="its number was somebody else's before or after"
    ),
    sa.PrimaryKeyConstraint("organization_id", "profile_id", "source", "account_id"),
    sa.Index("ix_holding_account_id", "organization_id", "source", "account_id"),
    meaning="whose account it is, from when to when",
    subject=OF_PROFILE,
    retention=REBUILT,
)


def rebuild(context: Context) -> int:
    """Derive all occupancy and holdings again from the warehouse; how many rows of the store changed."""
    organization = context.organization_id
    rows = context.warehouse.read(occupancies(), organization)
    accounts = context.warehouse.read(holdings(), organization)
    with context.session() as session:
        changed = bulk.replace(session, HOLDING, accounts) + bulk.replace(session, OCCUPANCY, rows)
    context.warehouse.replace(organization, table("occupancy"), rows)
    return changed


def holdings() -> ibis.Table:
    """profile_id, source, account_id, opened_at, closed_at, is_shared, is_reused: one row per person and account."""
    account, link = current(table("customer_account")), current(table("profile_link"))
    held = account.join(link, ["source", "customer_id"]).select(
        "source", "account_id", link.profile_id, account.opened_at, account.closed_at
    )
    one = held.group_by("profile_id", "source", "account_id").agg(
        opened_at=ibis.ifelse(held.opened_at.isnull().any(), ibis.null("date"), held.opened_at.min()),
        closed_at=ibis.ifelse(held.closed_at.isnull().any(), ibis.null("date"), held.closed_at.max()),
    )
    of_account = one.group_by("source", "account_id").agg(
        holders=one.count(), last_opened=one.opened_at.max(), first_closed=one.closed_at.min()
    )
    reused = (of_account.holders > 1) & (of_account.last_opened >= of_account.first_closed)
    marks = of_account.select(
        "source",
        "account_id",
        is_reused=ibis.coalesce(reused, False),
        is_shared=(of_account.holders > 1) & ~ibis.coalesce(reused, False),
    )
    return one.join(marks, ["source", "account_id"]).select(
        "profile_id", "source", "account_id", "opened_at", "closed_at", "is_shared", "is_reused"
    )


def occupancies() -> ibis.Table:
    """Rows of the declared table ``occupancy``."""
    agreement, point, holding = (
        current(table("customer_agreement")),
        current(table("usage_point")),
        holdings(),
    )
    joined = agreement.join(holding, ["source", "account_id"])
    joined = attach(
        joined,
        point.select("source", "usage_point_id", "service_location_id", "commodity"),
        ["source", "usage_point_id"],
    )
    opened = ibis.ifelse(joined.is_reused, joined.opened_at, ibis.null("date"))
    closed = ibis.ifelse(joined.is_reused, joined.closed_at, ibis.null("date"))
    rows = joined.select(
        "profile_id",
        "source",
        "usage_point_id",
        "service_location_id",
        "account_id",
        "agreement_id",
        "commodity",
        started_at=ibis.greatest(ibis.coalesce(joined.started_at, joined.opened_at), opened),
        ended_at=ibis.least(ibis.coalesce(joined.ended_at, joined.closed_at), closed),
    )
    return rows.filter(ibis.coalesce(rows.started_at < rows.ended_at, True))
