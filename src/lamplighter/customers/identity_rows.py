"""What a run of identity writes into the store: staged by COPY, then only the rows that differ are touched."""

import pyarrow as pa
from sqlalchemy.orm import Session

from lamplighter.context import Context
from lamplighter.customers import bulk, survivorship


def write_profiles(
    session: Session, context: Context, outcome: survivorship.Outcome, profiles: pa.Table
) -> None:
    """Add new profiles, rename changed ones, and note merges and splits."""
    staged = bulk.stage(session, profiles)
    now = context.now
    bulk.run(
        session,
        f"insert into profile (profile_id, kind, name, language, created_at) "  # noqa: S608
        f"select profile_id, kind, name, language, :now from {staged} on conflict do nothing",
        now=now,
    )
    bulk.run(
        session,
        f"update profile p set kind = s.kind, name = s.name, language = s.language, merged_into = null, "  # noqa: S608
        f"merged_at = null from {staged} s where s.profile_id = p.profile_id and (p.kind, p.name, p.language, "
        f"p.merged_into) is distinct from (s.kind, s.name, s.language, null)",
    )
    if len(outcome.merges):
        merges = bulk.stage(session, outcome.merges)
        bulk.run(
            session,
            f"update profile p set merged_into = m.survivor, merged_at = :now from {merges} m "  # noqa: S608
            "where p.profile_id = m.merged or p.merged_into = m.merged",
            now=now,
        )
        _log(session, context, merges, "merge", "merged", "survivor")
    if len(outcome.splits):
        splits = bulk.stage(session, outcome.splits)
        _log(session, context, splits, "split", "whole", "part")


def _log(session: Session, context: Context, staged: str, kind: str, of: str, to: str) -> None:
    bulk.run(
        session,
        f"insert into identity_event (kind, from_profile, to_profile, evidence, actor, happened_at) "  # noqa: S608
        f"select :kind, {of}, {to}, jsonb_build_object('records', records), :actor, :now from {staged}",
        kind=kind,
        actor=str(context.actor),
        now=context.now,
    )


def write_links(session: Session, context: Context, links: pa.Table) -> int:
    """Write the links that changed and log those that join a record to others; how many there were."""
    staged = bulk.stage(session, links)
    now, actor = context.now, str(context.actor)
    gone = bulk.run(
        session,
        f"update profile_link l set gone_at = :now where gone_at is null and not exists (select from {staged} s "  # noqa: S608
        "where s.source = l.source and s.customer_id = l.customer_id)",
        now=now,
    )
    bulk.run(
        session,
        f"insert into identity_event (kind, from_profile, to_profile, source, customer_id, rule, evidence, score, "  # noqa: S608
        f"actor, happened_at) select 'link', l.profile_id, s.profile_id, s.source, s.customer_id, s.rule, "
        f"jsonb_build_object('keys', string_to_array(s.rule, '+')), s.confidence, :actor, :now from {staged} s "
        f"left join profile_link l on l.source = s.source and l.customer_id = s.customer_id "
        f"where (s.rule is not null or l.profile_id is not null) and l.profile_id is distinct from s.profile_id",
        now=now,
        actor=actor,
    )
    written = bulk.run(
        session,
        f"insert into profile_link as l (source, customer_id, profile_id, first_profile_id, confidence, rule, linked_at) "  # noqa: S608
        f"select source, customer_id, profile_id, first_profile_id, confidence, rule, :now from {staged} "
        "on conflict (organization_id, source, customer_id) do update set profile_id = excluded.profile_id, "
        "confidence = excluded.confidence, rule = excluded.rule, gone_at = null, linked_at = excluded.linked_at "
        "where (l.profile_id, l.confidence, l.rule, l.gone_at) is distinct from "
        "(excluded.profile_id, excluded.confidence, excluded.rule, null)",
        now=now,
    )
    return gone + written


def write_identifiers(session: Session, identifiers: pa.Table) -> None:
    """Make the identifiers of all profiles what the records say."""
    staged = bulk.stage(session, identifiers)
    bulk.run(
        session,
        f"delete from identifier i where not exists (select from {staged} s where (s.profile_id, s.kind, s.source, "  # noqa: S608
        "s.value) = (i.profile_id, i.kind, i.source, i.value))",
    )
    bulk.run(
        session,
        f"insert into identifier as i (profile_id, kind, value, lookup, source, verified_at) "  # noqa: S608
        f"select profile_id, kind, value, lookup, source, verified_at from {staged} "
        "on conflict (organization_id, profile_id, kind, source, value) do update "
        "set verified_at = excluded.verified_at where i.verified_at is distinct from excluded.verified_at",
    )


def write_blocked(session: Session, context: Context, blocked: pa.Table) -> None:
    """Report the values that are on too many persons."""
    staged = bulk.stage(session, blocked)
    bulk.run(
        session,
        f"delete from blocked_identifier b where not exists (select from {staged} s where s.kind = b.kind "  # noqa: S608
        "and s.value = b.value)",
    )
    bulk.run(
        session,
        f"insert into blocked_identifier (kind, value, persons, since) select kind, value, persons, :now from {staged} "  # noqa: S608
        "on conflict (organization_id, kind, value) do update set persons = excluded.persons",
        now=context.now,
    )
