"""Work that follows: enqueued in the transaction that causes it, carried out by a worker, at least once.

A room registers ``@task("room.verb") def f(context, **arguments)`` and defers it by name. Roll back, and the job
was never there; commit, and it will run, again after a crash: so ``f`` must bear being run twice. A job is a
*batch* (a worker carries out about 300 a second), and its arguments hold ids, never personal data.
The queue is Procrastinate's, in the same database.
"""

from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar
from uuid import UUID

import procrastinate
import sqlalchemy as sa
from procrastinate.exceptions import AlreadyEnqueued
from sqlalchemy.orm import Session

from lamplighter.errors import Misconfigured, NotFound

Arguments = dict[str, Any]
MakeContext = Callable[[UUID], Any]
_Function = TypeVar("_Function", bound=Callable[..., Any])

FIRST_PAUSE = 5
"""Seconds before the first retry; each next pause is that many times longer."""


@dataclass(frozen=True)
class Task:
    """A registered job. ``lock`` yields, for its arguments, what no two jobs may hold at once."""

    name: str
    function: Callable[..., Any]
    queue: str
    lock: str | Callable[[Arguments], str] | None
    retries: int

    def lock_for(self, arguments: Arguments) -> str | None:
        """The lock of one job, apart for each organization; jobs of one lock run one by one, in order."""
        if self.lock is None:
            return None
        return f"{arguments['organization_id']}:{self.lock if isinstance(self.lock, str) else self.lock(arguments)}"


@dataclass(frozen=True)
class Cron:
    """A task that runs for each organization whenever ``when`` (cron, UTC; a sixth field is seconds)."""

    when: str
    name: str


TASKS: dict[str, Task] = {}
CRON: set[Cron] = set()


def task(
    name: str,
    *,
    queue: str = "default",
    lock: str | Callable[[Arguments], str] | None = None,
    retries: int = 0,
) -> Callable[[_Function], _Function]:
    """Register ``def f(context, **arguments)`` under ``room.verb``; tried again ``retries`` times if it raises."""

    def register(function: _Function) -> _Function:
        known = TASKS.get(name)
        if known and known.function.__qualname__ != function.__qualname__:
            raise Misconfigured(f"Two functions are registered as the job “{name}”. Rename one.")
        TASKS[name] = Task(name, function, queue, lock, retries)
        return function

    return register


def every(when: str, name: str) -> None:
    """Run a task by the clock: one job per organization and tick."""
    CRON.add(Cron(when, name))


def find(name: str) -> Task:
    """The registered task; NotFound where no room that is joined has it."""
    if name not in TASKS:
        raise NotFound(f"There is no job “{name}”. Known: {', '.join(sorted(TASKS)) or 'none'}.")
    return TASKS[name]


_deferring = procrastinate.App(connector=procrastinate.SyncPsycopgConnector())
"""Never opened and without tasks: only for deferring on a session's own connection. The worker's App cannot
do that, since opening it makes its connector async."""


def defer(
    session: Session,
    name: str,
    /,
    *,
    run_at: datetime | None = None,
    priority: int = 0,
    unique: str | None = None,
    **arguments: Any,
) -> int | None:
    """Enqueue a job in this transaction; its id. Higher ``priority`` runs first.

    With ``unique``, nothing happens (and None is answered) while a job of this organization and key waits.
    """
    arguments = {"organization_id": str(_organization_of(session)), **arguments}
    return enqueue(session, find(name), arguments, arguments, run_at=run_at, priority=priority, unique=unique)


def enqueue(
    session: Session,
    of: Task,
    arguments: Arguments,
    seen_by_lock: Arguments,
    *,
    run_at: datetime | None = None,
    priority: int = 0,
    unique: str | None = None,
) -> int | None:
    """Store one job; ``seen_by_lock`` are the arguments the function will get, ``arguments`` those that are stored."""
    try:
        # A refusal would otherwise end the whole transaction.
        with session.begin_nested() if unique else nullcontext():
            deferrer = _deferring.configure_task(
                of.name,
                queue=of.queue,
                priority=priority,
                lock=of.lock_for(seen_by_lock),
                queueing_lock=f"{arguments['organization_id']}:{of.name}:{unique}" if unique else None,
                schedule_at=run_at,
                connection=session.connection().connection.driver_connection,
            )
            return int(deferrer.defer(**arguments))
    except AlreadyEnqueued:
        return None


def waiting(session: Session) -> dict[str, int]:
    """Jobs of this organization by state (``todo``, ``doing``, ``failed`` …), for health pages."""
    query = (
        "select status::text as state, count(*) as jobs from procrastinate_jobs "
        "where args->>'organization_id' = :id group by 1"
    )
    rows = session.execute(sa.text(query), {"id": str(_organization_of(session))})
    return {row.state: row.jobs for row in rows}


def pause_before(attempt: int) -> int:
    """Seconds until the next try after ``attempt`` failed ones: 5, 25, 125 …, at most an hour."""
    return min(int(FIRST_PAUSE ** min(attempt, 6)), 3600)


def _organization_of(session: Session) -> UUID:
    organization_id = session.info["organization_id"]
    if organization_id is None:
        raise Misconfigured("A job belongs to an organization: defer it in that organization's session.")
    assert isinstance(organization_id, UUID)
    return organization_id


def __getattr__(name: str) -> Any:
    """``jobs.Worker`` and ``jobs.drain`` stand in ``worker``, which needs events, which need this module."""
    if name in ("Worker", "drain"):
        from lamplighter.store import worker

        return getattr(worker, name)
    raise AttributeError(name)
