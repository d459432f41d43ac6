"""What happened: one stream, written in the transaction in which it happens.

Each event is a row of ``event_queue``; whoever subscribed gets a job in the same transaction. The rows land in
batches in the warehouse table ``event``. Names are those of ``model.event`` (``bill.issued``); anyone's name
is taken, by its slug.
"""

from collections.abc import Iterator
from datetime import datetime
from typing import Any
from uuid import uuid4

import pyarrow as pa
import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB, insert
from sqlalchemy.orm import Session

from lamplighter.model.declaration import Retention, Sensitivity, Subject, SubjectKind
from lamplighter.model.event import key_of
from lamplighter.store import jobs
from lamplighter.store.schema import moment, tenant_table

event_queue = tenant_table(
    "event_queue",
    sa.Column(
        "message_id", sa.Text, nullable=False, comment="the sender's own id: the same message twice is one"
    ),
    sa.Column(
        "sequence",
        sa.BigInteger,
        sa.Identity(always=True),
        nullable=False,
        comment="order in which they arrived",
    ),
    sa.Column("name", sa.Text, nullable=False, comment="key of the event: object.action"),
    sa.Column("subject", sa.Text, comment="kind of thing it is about"),
    sa.Column("subject_id", sa.Text, comment="which one"),
    sa.Column("profile_id", sa.Text, comment="who", info={"sensitivity": Sensitivity.PERSONAL}),
    sa.Column("origin", sa.Text, nullable=False, comment="web, portal, app, csr, cis, engine …"),
    sa.Column(
        "properties",
        JSONB,
        nullable=False,
        comment="what else is known",
        info={"sensitivity": Sensitivity.SENSITIVE},
    ),
    moment("happened_at", "when it happened"),
    moment("received_at", "when we heard of it"),
    sa.Column("landed_batch", sa.Text, comment="batch in which the warehouse has it"),
    moment("landed_at", "when it was taken there", nullable=True),
    sa.PrimaryKeyConstraint("organization_id", "message_id"),
    sa.Index("ix_event_queue_sequence", "organization_id", "sequence", unique=True),
    sa.Index(
        "ix_event_queue_unlanded",
        "organization_id",
        "sequence",
        postgresql_where=sa.text("landed_batch is null"),
    ),
    meaning="one thing that happened, before and after it lands in the warehouse",
    subject=Subject("profile_id", SubjectKind.PROFILE),
    retention=Retention(1, "the warehouse keeps it; this is the doorstep", "landed_at"),
)

_SUBSCRIBERS: dict[str, list[str]] = {}

LANDED = pa.schema(
    [
        pa.field("message_id", pa.string(), nullable=False),
        pa.field("name", pa.string(), nullable=False),
        pa.field("profile_id", pa.string()),
        pa.field("subject", pa.string()),
        pa.field("subject_id", pa.string()),
        pa.field("origin", pa.string()),
        pa.field("happened_at", pa.timestamp("us", tz="UTC"), nullable=False),
        pa.field("received_at", pa.timestamp("us", tz="UTC"), nullable=False),
        pa.field("properties", pa.string()),
    ]
)
"""What ``take_unlanded`` answers; ``properties`` is JSON text."""


def subscribe(name: str, task_name: str) -> None:
    """From now on, each event of that name enqueues the task. Asked by ``app.py`` only; twice is once."""
    tasks = _SUBSCRIBERS.setdefault(key_of(name), [])
    if task_name not in tasks:
        tasks.append(task_name)


def subscribers(name: str) -> Iterator[jobs.Task]:
    """The tasks that an event of that name enqueues."""
    return (jobs.find(task) for task in _SUBSCRIBERS.get(key_of(name), ()))


def emit(
    session: Session,
    name: str,
    properties: dict[str, Any] | None = None,
    *,
    now: datetime,
    subject: str | None = None,
    subject_id: str | None = None,
    profile_id: str | None = None,
    origin: str = "engine",
    message_id: str | None = None,
    happened_at: datetime | None = None,
) -> str:
    """Write the event down and enqueue one job per subscriber, in this transaction; its ``message_id``.

    A ``message_id`` that is already there changes nothing. The subscribed task is called with ``message_id``,
    ``name`` and ``properties``; its job row holds the id only.
    """
    key, properties = key_of(name), properties or {}
    message_id = message_id or f"evt_{uuid4().hex}"
    fresh = session.execute(
        insert(event_queue)
        .values(
            message_id=message_id,
            name=key,
            subject=subject,
            subject_id=subject_id,
            profile_id=profile_id,
            origin=origin,
            properties=properties,
            happened_at=happened_at or now,
            received_at=now,
        )
        .on_conflict_do_nothing()
        .returning(event_queue.c.message_id)
    ).one_or_none()
    if fresh:
        organization = {"organization_id": str(session.info["organization_id"])}
        seen = {**organization, "message_id": message_id, "name": key, "properties": properties}
        for task in subscribers(key):
            jobs.enqueue(session, task, {**organization, "event": message_id}, seen)
    return message_id


def arguments_of(session: Session, message_id: str) -> dict[str, Any] | None:
    """What the subscribed task is called with; None where the event was erased meanwhile."""
    row = session.execute(
        sa.select(event_queue.c.message_id, event_queue.c.name, event_queue.c.properties).where(
            event_queue.c.message_id == message_id
        )
    ).one_or_none()
    return dict(row._mapping) if row else None


def take_unlanded(session: Session, limit: int = 100_000, *, batch_id: str, now: datetime) -> pa.Table:
    """The oldest events that the warehouse lacks (schema ``LANDED``), marked as landed in ``batch_id``.

    Append them and commit this session afterwards: a crash between leaves rows in the warehouse whose batch no
    store row knows (swept), and the events unmarked here.
    """
    oldest = (
        sa.select(event_queue.c.message_id)
        .where(event_queue.c.landed_batch.is_(None))
        .order_by(event_queue.c.sequence)
        .limit(limit)
        .with_for_update(skip_locked=True)
        .cte()
    )
    columns = [
        sa.cast(event_queue.c.properties, sa.Text) if name == "properties" else event_queue.c[name]
        for name in LANDED.names
    ]
    rows = session.execute(
        sa.update(event_queue)
        .where(event_queue.c.message_id == oldest.c.message_id)
        .values(landed_batch=batch_id, landed_at=now)
        .returning(*columns)
    ).all()
    by_column = zip(*rows, strict=True) if rows else ([] for _ in LANDED)
    return pa.table(
        [pa.array(values, field.type) for values, field in zip(by_column, LANDED, strict=True)], LANDED
    )
