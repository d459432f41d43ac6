"""The only exit of personal data: consent is asked, rows are clipped to what is the person's, and it is noted down.

Whoever hands data to a page, an API answer, a file or another company passes it through here and uses what
comes back. A disclosure row says who received what for which purpose; reads by staff stand in the audit log.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar
from uuid import UUID

import ibis
import ibis.expr.operations as ops
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql
from sqlalchemy.orm import Session

from lamplighter.context import Context
from lamplighter.customers import belonging, consent, identity, purposes
from lamplighter.customers.identity_tables import OF_PROFILE, PERSONAL
from lamplighter.errors import InvalidInput, WrongPurpose
from lamplighter.model.declaration import Retention
from lamplighter.store import audit
from lamplighter.store.schema import moment, new_id, tenant_table
from lamplighter.warehouse.tables import TABLES

EVERYONE = "organization"
"""The subject of a read over many persons (a list, an audience, a query of an analyst)."""

RECIPIENTS = ("customer", "staff", "key", "destination", "custodian", "system")
SCOPES = {"billing": "bills", "usage": "intervals"}
"""Which scope of a consent covers the tables of a domain; all others are ``account``."""

DISCLOSURE = tenant_table(
    "disclosure",
    new_id(),
    sa.Column("recipient", sa.Text, nullable=False, comment="who received it: kind:id"),
    sa.Column("purpose", sa.Text, nullable=False, comment="for what"),
    sa.Column("basis", sa.Text, nullable=False, comment="why it was allowed"),
    sa.Column("receipt_id", sa.Uuid, comment="the consent that allowed it"),
    sa.Column("profile_id", sa.Text, comment="whose data; empty: of many persons", info=PERSONAL),
    sa.Column(
        "contents", postgresql.ARRAY(sa.Text), nullable=False, comment="tables and sections it came from"
    ),
    moment("happened_at", "when"),
    sa.Index("ix_disclosure_profile_id", "organization_id", "profile_id", "happened_at"),
    meaning="personal data left the house",
    subject=OF_PROFILE,
    retention=Retention(84, "accounting of disclosures", "happened_at"),
    append_only=True,
)

T = TypeVar("T")


@dataclass(frozen=True)
class Release:
    """``expression`` reads only what may leave; run it with ``context.warehouse``."""

    expression: ibis.Table
    disclosure_id: UUID


@dataclass(frozen=True)
class ReleasedRows(Generic[T]):
    """Rows of the store that may leave."""

    rows: T
    disclosure_id: UUID


def release(
    context: Context,
    recipient: str,
    purpose: str,
    expression: ibis.Table,
    subject: str,
    *,
    reason: str | None = None,
) -> Release:
    """Let an expression over declared tables go to a recipient.

    ``recipient`` is ``customer:ID``, ``staff:ID``, ``key:ID``, ``destination:ID`` or ``custodian:ID``;
    ``subject`` a profile id, or ``EVERYONE``. For one person, every declared table in the expression is
    replaced by the rows of it that are theirs, before anything is computed from it.

    Raises ConsentRequired, and WrongPurpose where many persons' data would leave for a secondary purpose.
    """
    tables = {node: _declared(node) for node in expression.op().find(ops.UnboundTable)}
    names = sorted({name for name in tables.values() if name})
    scopes = sorted({SCOPES.get(TABLES[name].domain, "account") for name in names}) or ["account"]
    with context.session() as session:
        disclosure_id = _permit(context, session, recipient, purpose, subject, scopes, names, reason)
        if subject == EVERYONE:
            return Release(expression, disclosure_id)
        belongings = belonging.of(session, subject)
    clipped = {
        node: belongings.rows(TABLES[name], node.to_expr()).op()
        for node, name in tables.items()
        if name and TABLES[name].subject is not None
    }
    return Release(expression.op().replace(clipped).to_expr(), disclosure_id)


def release_rows(
    context: Context,
    recipient: str,
    purpose: str,
    rows: T,
    subject: str,
    *,
    contents: Iterable[str] = ("profile",),
    scope: str = "account",
    reason: str | None = None,
) -> ReleasedRows[T]:
    """The same for rows the store keeps by person (a customer 360, bills, a search list); nothing to clip."""
    with context.session() as session:
        disclosure_id = _permit(
            context, session, recipient, purpose, subject, [scope], sorted(contents), reason
        )
    return ReleasedRows(rows, disclosure_id)


def disclosures(session: Session, profile_id: str, limit: int = 200) -> list[dict[str, Any]]:
    """Who received a person's data, newest first."""
    rows = session.execute(
        sa.select(
            DISCLOSURE.c.id, DISCLOSURE.c.recipient, DISCLOSURE.c.purpose, DISCLOSURE.c.basis,
            DISCLOSURE.c.contents, DISCLOSURE.c.happened_at,
        )
        .where(DISCLOSURE.c.profile_id.in_(identity.all_ids(session, profile_id)))
        .order_by(DISCLOSURE.c.happened_at.desc(), DISCLOSURE.c.id)
        .limit(limit)
    )  # fmt: skip
    return [dict(row) for row in rows.mappings()]


def _permit(
    context: Context,
    session: Session,
    recipient: str,
    purpose: str,
    subject: str,
    scopes: list[str],
    contents: list[str],
    reason: str | None,
) -> UUID:
    kind, _, recipient_id = recipient.partition(":")
    if kind not in RECIPIENTS or not recipient_id:
        raise InvalidInput(
            f"“{recipient}” is no recipient. Write kind:id, the kind one of {', '.join(RECIPIENTS)}."
        )
    profile_id = None if subject == EVERYONE else identity.present(session, subject)
    if profile_id is None:
        found = purposes.get(session, purpose)
        if found.purpose_class != "primary" or kind not in consent.INSIDE:
            raise WrongPurpose(
                f"Data of many persons cannot leave for “{purpose}” at once: each person's consent is needed. "
                "Release it person by person, or name a primary purpose."
            )
        permission = consent.Permission(found.basis)
    else:
        permissions = [
            consent.require(session, profile_id, purpose, now=context.now, recipient=recipient, scope=scope)
            for scope in scopes
        ]
        permission = permissions[0]
    disclosure_id: UUID = session.execute(
        sa.insert(DISCLOSURE)
        .values(
            recipient=recipient,
            purpose=purpose,
            basis=permission.basis,
            receipt_id=permission.receipt_id,
            profile_id=profile_id,
            contents=contents,
            happened_at=context.now,
        )
        .returning(DISCLOSURE.c.id)
    ).scalar_one()
    if kind == "staff":
        audit.record(
            session, recipient, "customer.read", "profile" if profile_id else EVERYONE,
            profile_id or ",".join(contents), reason or purpose, now=context.now,
            details={"disclosure": str(disclosure_id), "contents": contents},
        )  # fmt: skip
    return disclosure_id


def _declared(node: ops.UnboundTable) -> str | None:
    """The declared table a node reads; None for the list of batches. InvalidInput for anything else."""
    if node.name in TABLES and node.namespace.database in (None, "history"):
        return str(node.name)
    if node.name == "batch" and node.namespace.database == "history":
        return None
    raise InvalidInput(f"“{node.name}” is not a declared table; only declared tables can be released.")
