"""What a person allows: an append-only ledger of decisions, each with the text that was shown.

The present state is the latest decision per (person, purpose, scope, channel). Decisions made under ids that
were merged later keep their id; until the person decides again, the stricter one counts. ``require`` is asked
at the last moment, by every exit.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql
from sqlalchemy.orm import Session

from lamplighter.context import Context
from lamplighter.customers import bulk, identity, purposes
from lamplighter.customers.consent_text import FilledText, fill
from lamplighter.customers.identity_tables import OF_PROFILE, PERSONAL
from lamplighter.errors import ConsentRequired
from lamplighter.model.declaration import Retention
from lamplighter.store import events, jobs
from lamplighter.store.schema import moment, tenant_table
from lamplighter.warehouse.tables import table

Decision = Literal["given", "denied", "withdrawn"]
INSIDE = ("staff", "key", "system", "customer")
"""Kinds of recipient inside the organization; a destination or custodian is outside."""

CONSENT_RECEIPT = tenant_table(
    "consent_receipt",
    sa.Column(
        "receipt_id",
        sa.Uuid,
        nullable=False,
        server_default=sa.text("gen_random_uuid()"),
        comment="the receipt",
    ),
    sa.Column(
        "sequence", sa.BigInteger, sa.Identity(always=True), nullable=False, comment="order of decisions"
    ),
    sa.Column(
        "profile_id", sa.Text, nullable=False, comment="who decided, by the id of that time", info=PERSONAL
    ),
    sa.Column("purpose", sa.Text, nullable=False, comment="for what"),
    sa.Column("scope", sa.Text, nullable=False, comment="which data; empty: all that the purpose needs"),
    sa.Column("channel", sa.Text, nullable=False, comment="by which way; empty: not about contact"),
    sa.Column("decision", sa.Text, nullable=False, comment="given, denied or withdrawn"),
    sa.Column("recipients", postgresql.ARRAY(sa.Text), nullable=False, comment="third parties by name"),
    sa.Column("text_version", sa.Text, comment="version of the text that was shown"),
    sa.Column("locale", sa.Text, comment="language of the text that was shown"),
    sa.Column("text_hash", sa.Text, comment="SHA-256 of the text as filled in"),
    sa.Column("evidence", postgresql.JSONB, nullable=False, comment="how it was given", info=PERSONAL),
    sa.Column("actor", sa.Text, nullable=False, comment="who entered it"),
    moment("happened_at", "when"),
    moment("valid_until", "until; empty: until revoked", nullable=True),
    sa.PrimaryKeyConstraint("organization_id", "receipt_id"),
    sa.Index("ix_consent_receipt_profile_id", "organization_id", "profile_id", "sequence"),
    meaning="one decision of a person about the use of their data",
    subject=OF_PROFILE,
    retention=Retention(84, "proof of consent", "happened_at"),
    append_only=True,
)

_PERSON = "(select coalesce(merged_into, profile_id) from profile where profile_id = :profile_id)"
_PRESENT = """
with who as (
  select profile_id, coalesce(merged_into, profile_id) as person, merged_at from profile {where}
), merged as (select person, max(merged_at) as at from who group by person
), latest as (
  select distinct on (r.profile_id, r.purpose, r.scope, r.channel) who.person, r.*
  from consent_receipt r join who using (profile_id)
  order by r.profile_id, r.purpose, r.scope, r.channel, r.sequence desc
)
select distinct on (l.person, l.purpose, l.scope, l.channel) l.person as profile_id, l.purpose, l.scope, l.channel,
  case when l.decision = 'given' and l.valid_until <= {now} then 'expired' else l.decision end as decision,
  l.happened_at as given_at, l.valid_until, l.receipt_id, l.recipients
from latest l join merged on merged.person = l.person
order by l.person, l.purpose, l.scope, l.channel,
  coalesce(l.happened_at > merged.at, false) desc, (l.decision <> 'given') desc, l.sequence desc
"""


@dataclass(frozen=True)
class Permission:
    """Why a use is allowed: the purpose's own basis, or the receipt that says so."""

    basis: str
    receipt_id: str | None = None


def give(
    session: Session,
    profile_id: str,
    purpose: str,
    *,
    now: datetime,
    actor: str,
    scope: str = "",
    channel: str = "",
    text: FilledText | None = None,
    locale: str = "en",
    recipients: Sequence[str] = (),
    valid_until: datetime | None = None,
    evidence: Mapping[str, Any] | None = None,
) -> str:
    """Record a consent; its receipt id. ``text`` is what was shown; left out, it is filled in here."""
    shown = text or fill(
        session, purpose_ids=[purpose], data=[scope] if scope else (), recipients=recipients,
        channel=channel, valid_until=valid_until, locale=locale,
    )  # fmt: skip
    return _decide(
        session, profile_id, purpose, "given", scope, channel, now, actor, evidence,
        {"text_version": shown.version, "locale": shown.locale, "text_hash": shown.hash,
         "recipients": list(recipients), "valid_until": valid_until},
    )  # fmt: skip


def deny(
    session: Session,
    profile_id: str,
    purpose: str,
    *,
    now: datetime,
    actor: str,
    scope: str = "",
    channel: str = "",
    text: FilledText | None = None,
    evidence: Mapping[str, Any] | None = None,
) -> str:
    """Record that a person was asked and said no; the receipt id."""
    shown = {"text_version": text.version, "locale": text.locale, "text_hash": text.hash} if text else {}
    return _decide(session, profile_id, purpose, "denied", scope, channel, now, actor, evidence, shown)


def revoke(
    session: Session,
    profile_id: str,
    purpose: str,
    *,
    now: datetime,
    actor: str,
    scope: str = "",
    channel: str = "",
    evidence: Mapping[str, Any] | None = None,
) -> str:
    """Record that a person takes a consent back, effective at once; the receipt id."""
    return _decide(session, profile_id, purpose, "withdrawn", scope, channel, now, actor, evidence, {})


def require(
    session: Session,
    profile_id: str,
    purpose: str,
    *,
    now: datetime,
    recipient: str = "system:lamplighter",
    scope: str = "",
    channel: str = "",
) -> Permission:
    """Why this use of a person's data is allowed now; ConsentRequired where nothing allows it.

    A primary purpose needs no consent inside the organization. Everything else needs a receipt: the one for
    just this scope and channel, else the general one.
    """
    found = purposes.get(session, purpose)
    if found.purpose_class == "primary" and recipient.split(":", 1)[0] in INSIDE:
        return Permission(found.basis)
    fitting = [
        row
        for row in present(session, profile_id, now=now)
        if row["purpose"] == purpose and row["scope"] in ("", scope) and row["channel"] in ("", channel)
        and (not row["recipients"] or recipient.split(":", 1)[0] in INSIDE or recipient in row["recipients"]
             or recipient.split(":", 1)[-1] in row["recipients"])
    ]  # fmt: skip
    best = max(fitting, key=lambda row: (row["scope"] == scope, row["channel"] == channel), default=None)
    if best and best["decision"] == "given":
        return Permission("consent", str(best["receipt_id"]))
    why = {"denied": "was denied", "withdrawn": "was withdrawn", "expired": "has expired"}
    state = why[best["decision"]] if best else "was not given"
    raise ConsentRequired(
        f"Consent to {found.text('en')} {state}. Ask the customer again, or leave the data where it is.",
        purpose=purpose, scope=scope, channel=channel, state=best["decision"] if best else None,
    )  # fmt: skip


def present(session: Session, profile_id: str, *, now: datetime) -> list[dict[str, Any]]:
    """The decisions that hold for a person now, one per (purpose, scope, channel)."""
    statement = _PRESENT.format(
        where=f"where profile_id = {_PERSON} or merged_into = {_PERSON}",
        now=":now",
    )
    rows = session.execute(sa.text(statement), {"profile_id": profile_id, "now": now}).mappings()
    return [dict(row) for row in rows]


def receipts(session: Session, profile_id: str) -> list[dict[str, Any]]:
    """Every decision a person ever made, newest first, under whichever id."""
    ids = identity.all_ids(session, profile_id)
    receipt = CONSENT_RECEIPT.c
    statement = (
        sa.select(
            sa.cast(receipt.receipt_id, sa.Text).label("receipt_id"),
            *(
                column
                for column in receipt
                if column.name not in ("organization_id", "receipt_id", "sequence", "profile_id")
            ),
        )
        .where(receipt.profile_id.in_(ids))
        .order_by(receipt.sequence.desc())
    )
    return [dict(row) for row in session.execute(statement).mappings()]


def mirror(context: Context) -> None:
    """Copy the present decisions of everyone into the warehouse table ``consent``, for audiences."""
    declared = table("consent")
    statement = _PRESENT.format(where="", now=f"timestamptz '{context.now.isoformat()}'")
    columns = ", ".join(declared.schema.names)
    with context.session() as session:
        rows = bulk.fetch(session, f"select {columns} from ({statement}) as present", declared.arrow)  # noqa: S608
    context.warehouse.replace(context.organization_id, declared, rows)


def _decide(
    session: Session,
    profile_id: str,
    purpose: str,
    decision: Decision,
    scope: str,
    channel: str,
    now: datetime,
    actor: str,
    evidence: Mapping[str, Any] | None,
    shown: Mapping[str, Any],
) -> str:
    purposes.get(session, purpose)
    identity.present(session, profile_id)
    values = {
        "profile_id": profile_id, "purpose": purpose, "scope": scope, "channel": channel, "decision": decision,
        "recipients": [], "evidence": dict(evidence or {}), "actor": actor, "happened_at": now, **shown,
    }  # fmt: skip
    receipt = session.execute(
        sa.insert(CONSENT_RECEIPT).values(values).returning(CONSENT_RECEIPT.c.receipt_id)
    ).scalar_one()
    name = {"given": "consent.given", "denied": "consent.declined", "withdrawn": "consent.revoked"}[decision]
    about = {"receipt_id": str(receipt), "purpose": purpose, "scope": scope, "channel": channel}
    events.emit(
        session, name, about, now=now, profile_id=profile_id, subject="consent", subject_id=str(receipt)
    )
    jobs.defer(session, "customers.mirror_consents", unique="consents")
    return str(receipt)
