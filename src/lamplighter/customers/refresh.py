"""What follows once a batch has landed: one job per batch, in the order in which one thing rests on another.

Identity, then who lives where, then situations, bills, the sections of the customer 360 and the search words.
Only what the batch touched is renewed; without a batch, everything is.
"""

from typing import Any

import ibis

from lamplighter.context import Context
from lamplighter.customers import (
    bill,
    bulk,
    consent,
    household,
    identity,
    occupancy,
    search,
    section,
    situation,
)
from lamplighter.store import jobs
from lamplighter.warehouse.expressions import batches, current, history
from lamplighter.warehouse.table import SubjectKind, Table
from lamplighter.warehouse.tables import TABLES, table

ON = {
    "batch.landed": ["customers.follow"],
    "batch.withdrawn": ["customers.follow"],
}
IDENTITY = {"customer", "contact_point", "customer_account"}
PLACES = IDENTITY | {"customer_agreement", "usage_point", "relationship"}
SITUATIONS = PLACES | {"customer_case", "survey", "outage", "outage_usage_point", "collection", "payment"}
MOST_TOUCHED_SHARE = 4
"""Where more than one profile in so many is touched, renewing all is quicker than telling them apart."""


@jobs.task("customers.follow", lock="customers", retries=3)
def follow(context: Context, *, name: str, properties: dict[str, Any], **_: Any) -> None:
    """A batch landed or was withdrawn."""
    refresh(context, properties.get("batch") if name == "batch.landed" else None)


@jobs.task("customers.refresh", lock="customers", retries=3)
def everything(context: Context, **_: Any) -> None:
    """Derive all of this room again."""
    refresh(context)


@jobs.task("customers.mirror_consents", lock="consents", retries=3)
def mirror_consents(context: Context, **_: Any) -> None:
    """Somebody decided: audiences shall know."""
    consent.mirror(context)


@jobs.task("customers.situations", lock="customers", retries=3)
def renew_situations(context: Context, **_: Any) -> None:
    """Facts that end by the clock (a bad answer that weighs no more, an occupancy that began)."""
    situation.rebuild(context)


jobs.every("17 * * * *", "customers.situations")


def refresh(context: Context, batch: str | None = None) -> None:
    """Renew what a batch touched; without one (or after a withdrawal) everything."""
    landed = _tables_of(context, batch) if batch else set(TABLES)
    if batch and landed & IDENTITY:
        with context.session() as session:
            resolved = identity.resolve(context, session)
        if resolved.merged or resolved.split:
            batch = None
    elif batch is None:
        with context.session() as session:
            identity.resolve(context, session)
    if batch is None:
        landed = set(TABLES)

    if landed & PLACES:
        identity.mirror(context)
        occupancy.rebuild(context)
        _set_stages(context)
        identity.mirror(context)
        household.rebuild(context)
    if landed & SITUATIONS:
        situation.rebuild(context)
    if landed & {"bill", "bill_line"}:
        bill.refresh(context, batch)
    of = touched(context, batch, landed) if batch else None
    for name, made_from in section.FROM.items():
        if landed & made_from:
            section.refresh(context, name, of)
    if landed & search.FROM:
        search.refresh(context, of)
    if batch is None:
        _forget_gone(context)
        consent.mirror(context)


def touched(context: Context, batch: str, landed: set[str]) -> ibis.Table | None:
    """The profiles a batch's rows are about, or None where they are so many that all may as well be renewed."""
    parts = [part for name in sorted(landed) if (part := _about(table(name), batch)) is not None]
    if not parts:
        return None
    found = ibis.union(*parts, distinct=True) if len(parts) > 1 else parts[0].distinct()
    ids = context.warehouse.read(found, context.organization_id)
    everyone = current(table("profile"))
    total = context.warehouse.read(everyone.agg(total=everyone.count()), context.organization_id)["total"][
        0
    ].as_py()
    if ids.num_rows * MOST_TOUCHED_SHARE > total:
        return None
    return ibis.memtable(ids)


def _about(of: Table, batch: str) -> ibis.Table | None:
    """profile_id of everyone whom the batch's rows of a table are about."""
    if of.kind != "landed" or of.subject is None or of.domain in ("usage", "behaviour"):
        return None
    rows, column = history(of), of.subject.column
    rows = rows.filter(rows.batch_id == batch).select("source", subject_key=rows[column]).distinct()
    key = {
        SubjectKind.CUSTOMER: ("profile_link", "customer_id"),
        SubjectKind.ACCOUNT: ("customer_account", "account_id"),
        SubjectKind.USAGE_POINT: ("occupancy", "usage_point_id"),
        SubjectKind.SERVICE_LOCATION: ("occupancy", "service_location_id"),
    }[of.subject.kind]
    owner = current(table(key[0]))
    found = rows.join(owner, [rows.source == owner.source, rows.subject_key == owner[key[1]]])
    if of.subject.kind is SubjectKind.ACCOUNT:
        holders = found.select(owner.source, owner.customer_id)
        link = current(table("profile_link"))
        return holders.join(link, ["source", "customer_id"]).select("profile_id")
    return found.select(owner.profile_id)


def _tables_of(context: Context, batch: str) -> set[str]:
    every = batches()
    rows = context.warehouse.read(
        every.filter((every.batch_id == batch) & (every.landed > 0)).select("table_name"),
        context.organization_id,
    )
    return set(rows["table_name"].to_pylist())


def _set_stages(context: Context) -> None:
    """active: lives somewhere now; move_in: will; former: did; information: never yet."""
    with context.session() as session:
        bulk.run(
            session,
            "update profile p set stage = s.stage from (select p.profile_id, case "
            "when bool_or(coalesce(o.started_at <= :today, true) and coalesce(o.ended_at > :today, true)) "
            "and count(o.*) > 0 then 'active' when bool_or(o.started_at > :today) then 'move_in' "
            "when count(o.*) > 0 then 'former' else 'information' end as stage "
            "from profile p left join occupancy o using (profile_id) group by 1) s "
            "where s.profile_id = p.profile_id and p.stage is distinct from s.stage",
            today=context.now.date(),
        )


def _forget_gone(context: Context) -> None:
    """Sections and search words of profiles that were merged, or whose records are all gone."""
    with context.session() as session:
        for name in ("profile_section", "profile_search"):
            bulk.run(
                session,
                f"delete from {name} where profile_id not in "  # noqa: S608
                "(select profile_id from profile_link where gone_at is null)",
            )
