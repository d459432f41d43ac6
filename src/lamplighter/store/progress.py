"""How far long work has come: a row that its caller follows while a worker carries it out.

States: ``queued`` → ``running`` → ``done`` or ``failed``. Report in short transactions of their own, so that
others see them.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Session

from lamplighter import errors
from lamplighter.model.declaration import Retention
from lamplighter.store.schema import moment, new_id, tenant_table

if TYPE_CHECKING:
    from lamplighter.store.store import Store

Report = Callable[[int, int, str], None]
"""Called with done, total (0: unknown) and a sentence."""

progress = tenant_table(
    "progress",
    new_id(comment="the piece of work"),
    sa.Column("kind", sa.Text, nullable=False, comment="the verb: land, unify …"),
    sa.Column("state", sa.Text, nullable=False, comment="queued, running, done or failed"),
    sa.Column("done", sa.BigInteger, nullable=False, server_default="0", comment="units finished"),
    sa.Column("total", sa.BigInteger, nullable=False, server_default="0", comment="units in all; 0: unknown"),
    sa.Column(
        "message", sa.Text, nullable=False, server_default="", comment="what is happening, for a person"
    ),
    sa.Column("result", JSONB, comment="what came of it"),
    sa.Column("error_code", sa.Text, comment="code of the error that ended it"),
    moment("started_at", "when it was asked for"),
    moment("updated_at", "last sign of life"),
    sa.Index("ix_progress_started_at", "organization_id", "started_at"),
    meaning="how far a piece of long work has come",
    subject=None,
    retention=Retention(3, "for looking up what happened", "updated_at"),
)


@dataclass(frozen=True)
class Progress:
    """One piece of work as it stands."""

    id: UUID
    kind: str
    state: str
    done: int
    total: int
    message: str
    result: dict[str, Any] | None
    error_code: str | None
    started_at: datetime
    updated_at: datetime

    @property
    def is_over(self) -> bool:
        """Done or failed."""
        return self.state in ("done", "failed")


def start(session: Session, kind: str, *, now: datetime, total: int = 0, message: str = "") -> UUID:
    """Note that work was asked for."""
    values = {"kind": kind, "state": "queued", "total": total, "message": message}
    made: UUID = session.execute(
        sa.insert(progress).values(**values, started_at=now, updated_at=now).returning(progress.c.id)
    ).scalar_one()
    return made


def update(
    session: Session,
    progress_id: UUID,
    *,
    done: int,
    total: int | None = None,
    message: str = "",
    now: datetime,
) -> None:
    """Note how far it is."""
    values: dict[str, Any] = {"state": "running", "done": done, "message": message}
    if total is not None:
        values["total"] = total
    _set(session, progress_id, now, **values)


def finish(
    session: Session, progress_id: UUID, *, result: dict[str, Any] | None = None, now: datetime
) -> None:
    """Note that it is done, and what came of it."""
    _set(session, progress_id, now, state="done", result=result)


def fail(session: Session, progress_id: UUID, *, code: str, message: str, now: datetime) -> None:
    """Note that it failed: the error's code and its sentence."""
    _set(session, progress_id, now, state="failed", error_code=code, message=message)


def get(session: Session, progress_id: UUID) -> Progress:
    """The work as it stands; NotFound where there is no such row."""
    row = session.execute(sa.select(progress).where(progress.c.id == progress_id)).mappings().one_or_none()
    if row is None:
        raise errors.NotFound("There is no such piece of work.")
    return Progress(**{name: row[name] for name in Progress.__dataclass_fields__})


def recent(session: Session, limit: int = 20) -> list[Progress]:
    """The last pieces of work, newest first."""
    rows = session.execute(sa.select(progress).order_by(progress.c.started_at.desc()).limit(limit)).mappings()
    return [Progress(**{name: row[name] for name in Progress.__dataclass_fields__}) for row in rows]


def follow(
    store: "Store",
    organization_id: UUID,
    progress_id: UUID,
    report: Report | None = None,
    *,
    pause: float = 0.2,
) -> dict[str, Any]:
    """Wait until the work is over, telling ``report`` of each step; its result, or its error raised here."""
    seen: tuple[object, ...] = ()
    while True:
        with store.session(organization_id) as session:
            row = get(session, progress_id)
        step = (row.done, row.total, row.message)
        if report and step != seen:
            report(*step)
            seen = step
        if row.state == "done":
            return row.result or {}
        if row.state == "failed":
            raise _error(row.error_code or "error")(row.message)
        time.sleep(pause)


def _set(session: Session, progress_id: UUID, now: datetime, **values: Any) -> None:
    session.execute(sa.update(progress).where(progress.c.id == progress_id).values(**values, updated_at=now))


def _error(code: str) -> type[errors.LamplighterError]:
    """The class of the tree that carries this code."""
    for found in vars(errors).values():
        if isinstance(found, type) and issubclass(found, errors.LamplighterError) and found.code == code:
            return found
    return errors.LamplighterError
