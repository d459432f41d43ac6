"""The audit log: who did or read what of whom, why, and when. Rows are added and never changed.

Each entry carries the hash of the one before it, so a changed, removed or inserted entry breaks the chain;
``verify`` finds where. Cutting off the end leaves a shorter, whole chain: note ``head`` of the report elsewhere
from time to time. The hash of an entry is the SHA-256 of the JSON list ``[previous, organization, number,
happened_at, actor, action, subject, subject_id, reason, details]``, keys sorted, without spaces.
"""

import hashlib
import json
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from lamplighter.model.declaration import Retention, Sensitivity, Subject, SubjectKind
from lamplighter.store.schema import moment, tenant_table

FIRST = "0" * 64
"""Stands before the first entry."""

audit_log = tenant_table(
    "audit_log",
    sa.Column(
        "number", sa.BigInteger, nullable=False, autoincrement=False, comment="1, 2, 3 … without a gap"
    ),
    moment("happened_at", "when"),
    sa.Column(
        "actor", sa.Text, nullable=False, comment="kind:id of who", info={"sensitivity": Sensitivity.PERSONAL}
    ),
    sa.Column("action", sa.Text, nullable=False, comment="what was done or read: customer.read …"),
    sa.Column("subject", sa.Text, comment="kind of thing it was done to"),
    sa.Column("subject_id", sa.Text, comment="which one", info={"sensitivity": Sensitivity.PERSONAL}),
    sa.Column("reason", sa.Text, comment="why, in the actor's words or by rule"),
    sa.Column("details", sa.JSON, nullable=False, comment="what else belongs to it; ids, no contents"),
    sa.Column("previous_hash", sa.Text, nullable=False, comment="hash of the entry before"),
    sa.Column("hash", sa.Text, nullable=False, comment="hash of this entry"),
    sa.PrimaryKeyConstraint("organization_id", "number"),
    sa.Index("ix_audit_log_subject", "organization_id", "subject", "subject_id"),
    meaning="who did or read what, append-only and chained",
    subject=Subject("subject_id", SubjectKind.PROFILE),
    retention=Retention(None, "proof of who saw what; legal duty"),
    append_only=True,
)


@dataclass(frozen=True)
class AuditReport:
    """Whether the chain is whole; ``first_bad`` is the number of the first entry that does not fit."""

    ok: bool
    entries: int
    first_bad: int | None
    head: str


def record(
    session: Session,
    actor: object,
    action: str,
    subject: str | None = None,
    subject_id: str | None = None,
    reason: str | None = None,
    *,
    now: datetime,
    details: dict[str, Any] | None = None,
) -> int:
    """Add an entry in this transaction; its number. Entries of one organization wait for each other's commit."""
    organization_id = session.info["organization_id"]
    turn = sa.text("select pg_advisory_xact_lock(hashtextextended(:key, 0))")
    session.execute(turn, {"key": f"audit:{organization_id}"})
    last = session.execute(
        sa.select(audit_log.c.number, audit_log.c.hash).order_by(audit_log.c.number.desc()).limit(1)
    ).one_or_none()
    number, previous = (last.number + 1, last.hash) if last else (1, FIRST)
    entry = {
        "number": number,
        "happened_at": now.astimezone(UTC),
        "actor": str(actor),
        "action": action,
        "subject": subject,
        "subject_id": subject_id,
        "reason": reason,
        "details": json.loads(json.dumps(details or {}, default=str)),
    }
    session.execute(
        sa.insert(audit_log).values(
            **entry, previous_hash=previous, hash=_hash(previous, str(organization_id), entry)
        )
    )
    return number


def verify(session: Session) -> AuditReport:
    """Walk this organization's whole chain."""
    entries, head = 0, FIRST
    rows = session.execute(
        sa.select(audit_log).order_by(audit_log.c.number), execution_options={"yield_per": 5000}
    ).mappings()
    for row in rows:
        fits = (
            row["number"] == entries + 1
            and row["previous_hash"] == head
            and row["hash"] == _hash(head, str(row["organization_id"]), row)
        )
        if not fits:
            return AuditReport(False, entries, entries + 1, head)
        entries, head = entries + 1, row["hash"]
    return AuditReport(True, entries, None, head)


def entries(session: Session, limit: int = 100, before: int | None = None) -> list[sa.RowMapping]:
    """The newest entries, from ``before`` (a number) downwards."""
    query = sa.select(audit_log).order_by(audit_log.c.number.desc()).limit(limit)
    if before is not None:
        query = query.where(audit_log.c.number < before)
    return list(session.execute(query).mappings())


def _hash(previous: str, organization_id: str, entry: Any) -> str:
    fields = [
        previous,
        organization_id,
        entry["number"],
        entry["happened_at"].astimezone(UTC).isoformat(timespec="microseconds"),
        *(entry[name] for name in ("actor", "action", "subject", "subject_id", "reason", "details")),
    ]
    return hashlib.sha256(json.dumps(fields, sort_keys=True, separators=(",", ":")).encode()).hexdigest()
