"""Who is who: records of the sources become persons and businesses under ids that are ours and permanent.

``unify`` reads the customer records of the warehouse, matches them by exact keys (``matching``), gives each
person the profile id it had before (``survivorship``) and writes only what changed. A merged id goes on
answering with the profile it became; a record that comes back after it was withdrawn finds its old id.
"""

import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import sqlalchemy as sa
from pyarrow import csv, parquet
from sqlalchemy.orm import Session

from lamplighter.context import Context
from lamplighter.customers import bulk, identity_rows, matching, records, survivorship
from lamplighter.customers.identity_tables import IDENTITY_EVENT, PROFILE, PROFILE_LINK
from lamplighter.errors import NotFound
from lamplighter.store import events, jobs
from lamplighter.warehouse.tables import table

_PREVIOUS = pa.schema(
    [
        ("source", pa.string()),
        ("customer_id", pa.string()),
        ("profile_id", pa.string()),
        ("first_profile_id", pa.string()),
    ]
)
_KNOWN = pa.schema([("profile_id", pa.string()), ("merged_into", pa.string())])


@dataclass(frozen=True)
class Unified:
    """What a run found (``records``, ``profiles``) and did. ``links``: records that joined another's profile."""

    records: int
    profiles: int
    links: int
    seconds: float
    created: int = 0
    merged: int = 0
    split: int = 0
    changed: int = 0
    blocked: int = 0
    """Values that were on too many persons to say who one of them is."""
    refused: int = 0
    """Chains of records that contradicted themselves and were kept apart."""

    def as_json(self) -> dict[str, Any]:
        """Plain data for the command line and the job's result."""
        return asdict(self)


def unify(context: Context, full: bool = False) -> Unified:
    """Resolve identities, and let what is derived from them follow as a job in the same transaction.

    ``full`` derives everything again even where no identity changed.
    """
    with context.session() as session:
        unified = resolve(context, session)
        if full or unified.changed:
            jobs.defer(session, "customers.refresh")
    return unified


def resolve(context: Context, session: Session) -> Unified:
    """The work of ``unify`` inside a transaction. One run at a time per organization."""
    began = time.perf_counter()
    session.execute(
        sa.text("select pg_advisory_xact_lock(hashtextextended(:key, 1))"),
        {"key": f"unify {context.organization_id}"},
    )
    found = records.read(context)
    matched = matching.match(found.records, found.keys)
    previous = bulk.fetch(
        session, "select source, customer_id, profile_id, first_profile_id from profile_link", _PREVIOUS
    )
    known = bulk.fetch(
        session, "select profile_id, merged_into from profile order by created_at, profile_id", _KNOWN
    )
    outcome = survivorship.assign(matched.person, found.record_keys(), previous, known)

    links = pa.table(
        {
            "source": found.rows["source"],
            "customer_id": found.rows["customer_id"],
            "profile_id": outcome.profile_id,
            "first_profile_id": outcome.first_profile_id,
            "confidence": matched.confidence,
            "rule": _rules(matched.rule),
        }
    )
    identity_rows.write_profiles(session, context, outcome, found.profiles(outcome.profile_id))
    changed = identity_rows.write_links(session, context, links)
    identity_rows.write_identifiers(session, found.identifiers(outcome.profile_id))
    identity_rows.write_blocked(session, context, found.blocked(matched))
    if len(outcome.merges):
        happened = {"merged": len(outcome.merges), "split": len(outcome.splits)}
        events.emit(session, "profile.merged", happened, now=context.now)
    profiles = len(pc.unique(outcome.profile_id))
    return Unified(
        records=links.num_rows,
        profiles=profiles,
        links=links.num_rows - profiles,
        seconds=round(time.perf_counter() - began, 3),
        created=len(outcome.created),
        merged=len(outcome.merges),
        split=len(outcome.splits),
        changed=changed,
        blocked=len(matched.blocked),
        refused=matched.refused,
    )


def present(session: Session, profile_id: str) -> str:
    """The id under which a profile answers now; NotFound where there never was one."""
    row = session.execute(
        sa.select(PROFILE.c.profile_id, PROFILE.c.merged_into).where(PROFILE.c.profile_id == profile_id)
    ).first()
    if row is None:
        raise NotFound(f"There is no customer with the id “{profile_id}”.")
    return str(row.merged_into or row.profile_id)


def all_ids(session: Session, profile_id: str) -> list[str]:
    """The present id first, then the ids that were merged into it: receipts and events keep theirs."""
    now = present(session, profile_id)
    merged = session.scalars(
        sa.select(PROFILE.c.profile_id).where(PROFILE.c.merged_into == now).order_by(PROFILE.c.profile_id)
    )
    return [now, *merged]


def explain(session: Session, profile_id: str) -> list[dict[str, Any]]:
    """Why these records are one: each link with its rule and confidence, and what happened to the profile."""
    ids = all_ids(session, profile_id)
    links = session.execute(
        sa.select(PROFILE_LINK).where(PROFILE_LINK.c.profile_id == ids[0], PROFILE_LINK.c.gone_at.is_(None))
    ).mappings()
    happened = session.execute(
        sa.select(IDENTITY_EVENT)
        .where(IDENTITY_EVENT.c.to_profile.in_(ids) | IDENTITY_EVENT.c.from_profile.in_(ids))
        .order_by(IDENTITY_EVENT.c.happened_at, IDENTITY_EVENT.c.id)
        .limit(500)
    ).mappings()
    return [dict(row) for row in (*links, *happened)]


def links_to(context: Context, path: Path) -> int:
    """Write ``record_source,record_id,profile_id,confidence``, one row per record (Parquet by suffix, else CSV)."""
    names = ["record_source", "record_id", "profile_id", "confidence"]
    schema = pa.schema([(name, pa.float64() if name == "confidence" else pa.string()) for name in names])
    with context.session() as session:
        rows = bulk.fetch(
            session,
            "select source, customer_id, profile_id, confidence from profile_link where gone_at is null "
            "order by source, customer_id",
            schema,
        )
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.suffix == ".parquet":
        parquet.write_table(rows, path)
    else:
        with path.open("wb") as file:
            file.write((",".join(names) + "\n").encode())  # the writer would put the header in quotes
            csv.write_csv(rows, file, csv.WriteOptions(include_header=False, quoting_style="needed"))
    return int(rows.num_rows)


def mirror(context: Context) -> None:
    """Copy profiles and links into the warehouse tables of the same names, for audiences and joins."""
    link, person = table("profile_link"), table("profile")
    with context.session() as session:
        links = bulk.fetch(
            session,
            "select source, customer_id, profile_id from profile_link where gone_at is null",
            link.arrow,
        )
        profiles = bulk.fetch(
            session,
            "select profile_id, kind, name, language, stage from profile p where exists "
            "(select from profile_link l where l.profile_id = p.profile_id and l.gone_at is null)",
            person.arrow,
        )
    context.warehouse.replace(context.organization_id, link, links)
    context.warehouse.replace(context.organization_id, person, profiles)


def _rules(bits: matching.Ints) -> pa.Array:
    """``email+phone`` for each record that was joined, null for one that stands alone."""
    names = [
        "+".join(kind for index, kind in enumerate(matching.KINDS) if code >> index & 1) or None
        for code in range(1 << len(matching.KINDS))
    ]
    return pa.array(names, pa.string()).take(pa.array(np.asarray(bits)))
