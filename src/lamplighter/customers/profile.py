"""The customer 360: read by key from the store, never from the warehouse.

Each room keeps its own part as a *section*, a list of items per profile, written in bulk by ``put_sections``.
What is here leaves the house only through ``release_rows``.
"""

import json
import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import pyarrow as pa
import sqlalchemy as sa
from sqlalchemy.orm import Session

from lamplighter.context import Context
from lamplighter.customers import bulk, consent, identity, standardise
from lamplighter.customers.identity_tables import IDENTIFIER, OF_PROFILE, PERSONAL, PROFILE
from lamplighter.customers.occupancy import HOLDING
from lamplighter.errors import Conflict, NotFound
from lamplighter.model.declaration import Retention
from lamplighter.store.schema import moment, tenant_table

SECTIONS = ("person", "accounts", "places", "household", "bills", "consents")
"""Sections of the 360 that this room writes. ``consents`` is read from the ledger itself."""

PROFILE_SECTION = tenant_table(
    "profile_section",
    sa.Column("profile_id", sa.Text, nullable=False, comment="whose", info=PERSONAL),
    sa.Column("section", sa.Text, nullable=False, comment="which part; each has one owner"),
    sa.Column("items", sa.JSON, nullable=False, comment="list of objects", info=PERSONAL),
    moment("as_of", "how fresh it is"),
    sa.PrimaryKeyConstraint("organization_id", "profile_id", "section"),
    meaning="one room's part of the customer 360",
    subject=OF_PROFILE,
    retention=Retention(None, "rebuilt from its sources"),
)

BY_ID = """
select json_build_object(
  'id', p.profile_id, 'kind', p.kind, 'name', p.name, 'stage', p.stage, 'language', p.language,
  'identifiers', (select coalesce(json_agg(json_build_object('kind', i.kind, 'value', i.value, 'source', i.source,
      'verified_at', i.verified_at) order by i.kind, i.source, i.value), '[]')
    from identifier i where i.profile_id = p.profile_id),
  'situations', (select coalesce(json_agg(json_build_object('kind', s.kind, 'since', s.since, 'until', s.until)
      order by s.kind), '[]') from situation s where s.profile_id = p.profile_id
      and (s.until is null or s.until > %(now)s) and (s.since is null or s.since <= %(now)s)),
  'sections', (select coalesce(json_object_agg(c.section, json_build_object('as_of', c.as_of, 'items', c.items)), '{}')
    from profile_section c where c.profile_id = p.profile_id),
  'merged_from', (select coalesce(json_agg(m.profile_id order by m.profile_id), '[]')
    from profile m where m.merged_into = p.profile_id),
  'as_of', (select max(c.as_of) from profile_section c where c.profile_id = p.profile_id)
)::text as body
from profile p
where p.profile_id = (select coalesce(merged_into, profile_id) from profile where profile_id = %(profile_id)s)
"""
"""One statement for hot endpoints (psycopg parameters ``profile_id``, ``now``): the 360 but its consents, as JSON."""


def get(context: Context, profile_id: str) -> dict[str, Any]:
    """The customer 360 of a profile, or of the one it was merged into. NotFound where there never was one."""
    with context.session() as session:
        return read(session, profile_id, context.now)


def read(session: Session, profile_id: str, now: datetime) -> dict[str, Any]:
    """The same within a session."""
    connection: Any = session.connection().connection.driver_connection
    row = connection.execute(BY_ID, {"profile_id": profile_id, "now": now}).fetchone()
    if row is None:
        raise NotFound(f"There is no customer with the id “{profile_id}”.")
    body: dict[str, Any] = json.loads(row[0])
    decided = consent.present(session, body["id"], now=now)
    items = [
        {
            "purpose": each["purpose"], "scope": each["scope"], "channel": each["channel"],
            "decision": each["decision"], "given_at": each["given_at"].isoformat(),
            "valid_until": each["valid_until"].isoformat() if each["valid_until"] else None,
            "receipt_id": str(each["receipt_id"]),
        }
        for each in decided
    ]  # fmt: skip
    body["sections"]["consents"] = {"as_of": now.isoformat(), "items": items}
    return body


def find(session: Session, identifier: str) -> str:
    """The profile of an id, e-mail address, phone number, account or customer number.

    Holders of one account share its number: the one who holds it now (of several the first by id) answers. An
    e-mail address, phone or number that several persons share raises Conflict with their ids; NotFound where
    nobody has it.
    """
    found = find_all(session, identifier)
    if not found:
        raise NotFound(f"No customer is known by “{identifier}”. Try a name in the search.")
    ids = sorted({profile_id for profile_id, _ in found})
    accounts = {where for _, where in found}
    if len(ids) > 1 and len(accounts) == 1 and next(iter(accounts)).startswith("account "):
        return _holder(session, ids, next(iter(accounts)).removeprefix("account "), identifier)
    if len(ids) > 1:
        raise Conflict(
            f"{len(ids)} customers share “{identifier}”: {', '.join(ids[:5])}. Ask by one of these ids.",
            ids=ids,
        )
    return ids[0]


def find_all(session: Session, identifier: str) -> list[tuple[str, str]]:
    """Every (profile id, how it matched) of an identifier; the second is as ``email``, ``account cis``."""
    text = identifier.strip()
    if re.fullmatch(r"pr_[0-9a-z]{20}", text):
        row = session.scalar(sa.select(PROFILE.c.profile_id).where(PROFILE.c.profile_id == text))
        return [(identity.present(session, row), "id")] if row else []
    lookups = {
        "email": standardise.one(standardise.emails, text),
        "phone": standardise.one(standardise.phones, text),
        "account": standardise.one(standardise.account_numbers, text),
    }
    lookups["customer"] = lookups["account"]
    for kinds in (("account",), ("customer",), ("email", "phone")):
        asked = [
            sa.and_(IDENTIFIER.c.kind == kind, IDENTIFIER.c.lookup == lookups[kind])
            for kind in kinds
            if lookups[kind]
        ]
        if not asked:
            continue
        rows = session.execute(
            sa.select(IDENTIFIER.c.profile_id, IDENTIFIER.c.kind, IDENTIFIER.c.source)
            .where(sa.or_(*asked))
            .distinct()
        ).all()
        if rows:
            return [
                (
                    row.profile_id,
                    f"{row.kind} {row.source}" if row.kind in ("account", "customer") else row.kind,
                )
                for row in rows
            ]
    return []


def _holder(session: Session, ids: Sequence[str], source: str, account: str) -> str:
    lookup = standardise.one(standardise.account_numbers, account)
    numbers = sa.select(IDENTIFIER.c.value).where(
        IDENTIFIER.c.kind == "account", IDENTIFIER.c.lookup == lookup
    )
    held = HOLDING.c
    now = session.scalars(
        sa.select(held.profile_id)
        .where(held.profile_id.in_(ids), held.source == source, held.account_id.in_(numbers))
        .order_by(held.closed_at.desc().nulls_first(), held.opened_at.desc().nulls_last(), held.profile_id)
    ).first()
    return now or ids[0]


def put_sections(
    session: Session,
    section: str,
    rows: pa.Table | Mapping[str, Sequence[Mapping[str, Any]]],
    as_of: datetime,
    *,
    whole: bool = False,
) -> int:
    """Write one section of many profiles; how many changed.

    ``rows`` is an Arrow table with ``profile_id`` and either ``items`` (JSON text of a list, one row per
    profile) or the fields of one item per row; or a mapping of profile id to its items. ``whole``: profiles
    that are not in ``rows`` lose the section.
    """
    if isinstance(rows, Mapping):
        texts = [json.dumps(list(items), default=str) for items in rows.values()]
        rows = pa.table(
            {"profile_id": pa.array(list(rows), pa.string()), "items": pa.array(texts, pa.string())}
        )
    packed = "items" in rows.column_names
    staged = bulk.stage(session, rows, {"items": "json"} if packed else None)
    if packed:
        select = f"select profile_id, items from {staged}"  # noqa: S608
    else:
        fields = ", ".join(f"'{name}', \"{name}\"" for name in rows.column_names if name != "profile_id")
        select = (
            f"select profile_id, json_agg(json_build_object({fields}) order by ctid) as items "  # noqa: S608
            f"from {staged} group by profile_id"
        )
    gone = 0
    if whole:
        gone = bulk.run(
            session,
            f"delete from profile_section where section = :section and profile_id not in "  # noqa: S608
            f"(select profile_id from {staged})",
            section=section,
        )
    return gone + bulk.run(
        session,
        f"insert into profile_section as t (profile_id, section, items, as_of) "  # noqa: S608
        f"select s.profile_id, :section, s.items, :as_of from ({select}) s "
        "on conflict (organization_id, profile_id, section) do update set items = excluded.items, "
        "as_of = excluded.as_of",
        section=section,
        as_of=as_of,
    )


def sections(session: Session, profile_id: str, *names: str) -> dict[str, Any]:
    """Some sections of a profile by name: ``{name: {"as_of", "items"}}``."""
    rows = session.execute(
        sa.select(PROFILE_SECTION.c.section, PROFILE_SECTION.c["items"], PROFILE_SECTION.c.as_of).where(
            PROFILE_SECTION.c.profile_id == identity.present(session, profile_id),
            PROFILE_SECTION.c.section.in_(names),
        )
    )
    return {section: {"as_of": as_of, "items": items} for section, items, as_of in rows}
