"""Answers that were given under an ``Idempotency-Key``, so that a repeated call is answered, not done again."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB, insert
from sqlalchemy.orm import Session

from lamplighter.model.declaration import Retention, Sensitivity
from lamplighter.store.schema import moment, tenant_table

idempotent_answer = tenant_table(
    "idempotent_answer",
    sa.Column("actor", sa.Text, nullable=False, comment="whose key it is: keys of two callers never meet"),
    sa.Column("idempotency_key", sa.Text, nullable=False, comment="as the caller sent it"),
    sa.Column("mark", sa.Text, nullable=False, comment="SHA-256 of the call it came with"),
    sa.Column("status", sa.Integer, nullable=False, comment="HTTP status of the answer"),
    sa.Column(
        "answer",
        JSONB,
        nullable=False,
        comment="the answer; ids and counts",
        info={"sensitivity": Sensitivity.SENSITIVE},
    ),
    moment("answered_at", "when"),
    sa.PrimaryKeyConstraint("organization_id", "actor", "idempotency_key"),
    meaning="the answer to a call that may be repeated",
    subject=None,
    retention=Retention(1, "for repeating a call after a broken connection", "answered_at"),
)


@dataclass(frozen=True)
class Kept:
    """An answer given before; ``mark`` tells whether the call is the same."""

    mark: str
    status: int
    answer: Any


def find(session: Session, actor: str, key: str) -> Kept | None:
    """What this caller was answered under this key."""
    columns = idempotent_answer.c
    row = session.execute(
        sa.select(columns.mark, columns.status, columns.answer).where(
            columns.actor == actor, columns.idempotency_key == key
        )
    ).one_or_none()
    return Kept(row.mark, row.status, row.answer) if row else None


def keep(
    session: Session, actor: str, key: str, mark: str, status: int, answer: Any, *, now: datetime
) -> None:
    """Remember an answer; the first one stays."""
    session.execute(
        insert(idempotent_answer)
        .values(actor=actor, idempotency_key=key, mark=mark, status=status, answer=answer, answered_at=now)
        .on_conflict_do_nothing()
    )
