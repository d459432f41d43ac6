"""The store's book of loads: each batch with its files, counts and state, and the sources that have landed."""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB, insert
from sqlalchemy.orm import Session

from lamplighter.context import Context
from lamplighter.errors import NotFound
from lamplighter.model.declaration import Retention
from lamplighter.store.schema import moment, tenant_table

STATES = ("stored", "visible", "withdrawn")

batch = tenant_table(
    "batch",
    sa.Column("id", sa.Text, nullable=False, comment="the batch, as its rows in the warehouse carry it"),
    sa.Column("source", sa.Text, nullable=False, comment="configured source: whose numbers these are"),
    sa.Column("plugin", sa.Text, nullable=False, comment="source plug-in that read the files"),
    sa.Column("files", JSONB, nullable=False, comment="name, bytes and SHA-256 of each file"),
    moment("as_of", "when the extract was true"),
    sa.Column("is_full", sa.Boolean, nullable=False, comment="absent rows have ended"),
    sa.Column(
        "state",
        sa.Text,
        nullable=False,
        comment="stored (rows are in the warehouse, unseen), visible, withdrawn",
    ),
    sa.Column(
        "counts",
        JSONB,
        nullable=False,
        comment="landed, unchanged, restated, rejected, ended; in all and by table",
    ),
    sa.Column("notes", JSONB, nullable=False, comment="sentences for whoever looks at the load"),
    sa.Column("actor", sa.Text, nullable=False, comment="who landed it"),
    moment("landed_at", "when its rows were stored"),
    moment("visible_at", "since when its rows are seen", nullable=True),
    moment("withdrawn_at", "when it was taken back", nullable=True),
    sa.PrimaryKeyConstraint("organization_id", "id"),
    sa.Index("ix_batch_source", "organization_id", "source", "landed_at"),
    sa.CheckConstraint("state in ('stored', 'visible', 'withdrawn')", name="state"),
    meaning="one load of files through the one door",
    subject=None,
    retention=Retention(None, "the book of what came in; holds no personal data"),
)

configured_source = tenant_table(
    "configured_source",
    sa.Column("name", sa.Text, nullable=False, comment="first part of the key of each row it lands"),
    sa.Column("plugin", sa.Text, nullable=False, comment="source plug-in that reads its files"),
    sa.Column("options", JSONB, nullable=False, comment="mapping and layout last used"),
    sa.Column("last_batch", sa.Text, comment="its newest batch"),
    moment("last_landed_at", "when that landed", nullable=True),
    sa.PrimaryKeyConstraint("organization_id", "name"),
    meaning="a source under the name it lands by",
    subject=None,
    retention=Retention(None, "settings"),
)


@dataclass(frozen=True)
class Batch:
    """A row of the book."""

    id: str
    source: str
    plugin: str
    files: list[dict[str, Any]]
    as_of: datetime
    is_full: bool
    state: str
    counts: dict[str, Any]
    notes: list[str]
    actor: str
    landed_at: datetime
    visible_at: datetime | None
    withdrawn_at: datetime | None


def new_batch_id(now: datetime) -> str:
    """Sorts by time: ``b_20261122T120000_1f0c9a2b3d``."""
    return f"b_{now:%Y%m%dT%H%M%S}_{secrets.token_hex(5)}"


def write(session: Session, new: Batch, options: Mapping[str, str | None]) -> None:
    """Enter a batch whose rows are stored, and its source."""
    session.execute(sa.insert(batch).values(**vars(new)))
    last = {
        "last_batch": new.id,
        "last_landed_at": new.landed_at,
        "options": dict(options),
        "plugin": new.plugin,
    }
    entered = insert(configured_source).values(name=new.source, **last)
    session.execute(entered.on_conflict_do_update(index_elements=["organization_id", "name"], set_=last))


def find(session: Session, batch_id: str, *, locked: bool = False) -> Batch:
    """The batch; NotFound where the book has none of this id. ``locked`` until the transaction ends."""
    query = sa.select(*_COLUMNS).where(batch.c.id == batch_id)
    row = session.execute(query.with_for_update() if locked else query).one_or_none()
    if row is None:
        raise NotFound(
            f"There is no batch {batch_id}. `lamplighter sources` shows the newest of each source."
        )
    return Batch(**row._mapping)


def newest(session: Session, limit: int = 50) -> list[Batch]:
    """The latest loads, newest first."""
    rows = session.execute(
        sa.select(*_COLUMNS).order_by(batch.c.landed_at.desc(), batch.c.id.desc()).limit(limit)
    )
    return [Batch(**row._mapping) for row in rows]


def states(session: Session) -> dict[str, str]:
    """State of every batch of the organization, by id."""
    return {
        row.id: row.state
        for row in session.execute(sa.select(batch.c.id, batch.c.state).order_by(batch.c.id))
    }


def mark(session: Session, batch_id: str, state: str, now: datetime) -> None:
    """Move a batch on: ``visible`` or ``withdrawn``."""
    dated = {"visible": "visible_at", "withdrawn": "withdrawn_at"}[state]
    session.execute(sa.update(batch).where(batch.c.id == batch_id).values({"state": state, dated: now}))


def configured(context: Context) -> list[dict[str, Any]]:
    """The sources that have landed here, by name, each with its last batch and counts."""
    query = (
        sa.select(
            configured_source.c.name, configured_source.c.plugin, configured_source.c.options,
            configured_source.c.last_batch, configured_source.c.last_landed_at, batch.c.counts, batch.c.state,
        )
        .outerjoin(batch, batch.c.id == configured_source.c.last_batch)
        .order_by(configured_source.c.name)
    )  # fmt: skip
    with context.session() as session:
        return [
            dict(row._mapping) | {"last_landed_at": row.last_landed_at and row.last_landed_at.isoformat()}
            for row in session.execute(query)
        ]


def options_of(session: Session, source: str) -> dict[str, Any]:
    """Plug-in, mapping and layout by which a source last landed; NotFound where it never did."""
    row = session.execute(
        sa.select(configured_source.c.plugin, configured_source.c.options).where(
            configured_source.c.name == source
        )
    ).one_or_none()
    if row is None:
        raise NotFound(f"No source “{source}” has landed here. `lamplighter sources` lists those that have.")
    return {"plugin": row.plugin, **row.options}


_COLUMNS = [batch.c[name] for name in Batch.__dataclass_fields__]
