"""Who carries the jobs out: a ``Worker`` for as long as it runs, or ``drain`` for those that are due now."""

import asyncio
import logging
import time
from collections.abc import Iterable
from contextlib import suppress
from datetime import datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID

import procrastinate
import psycopg
from procrastinate.exceptions import ConnectorException
from procrastinate.jobs import Status
from psycopg.rows import dict_row

from lamplighter.errors import Unavailable
from lamplighter.store import events, jobs, organization
from lamplighter.store.jobs import Arguments, MakeContext, Task

if TYPE_CHECKING:
    from lamplighter.store.store import Store

log = logging.getLogger(__name__)

GIVE_UP_AFTER = 5
"""So many times a job may take its worker down with it, before it counts as failed."""

_NEXT = """
select id, task_name, args, attempts, queueing_lock from procrastinate_jobs as job
where status = 'todo'
  and task_name = any(%(known)s)
  and (scheduled_at is null or scheduled_at <= coalesce(%(now)s, now()))
  and (%(organization)s::text is null or args->>'organization_id' = %(organization)s)
  and (lock is null or not exists (
    select from procrastinate_jobs as other
    where other.lock = job.lock and (
      other.status = 'doing'
      or other.status = 'todo' and (other.priority, -other.id) > (job.priority, -job.id))))
order by priority desc, id
limit 1
for update of job skip locked
"""


class Worker:
    """Carries jobs out until it is told to stop (SIGINT, SIGTERM, or ``stop``); finishes what it has begun.

    Functions run in threads, ``concurrency`` at a time. A worker that was killed leaves its jobs behind as
    running; any other takes them up ``stalled_after`` seconds after its last sign of life.
    """

    def __init__(
        self,
        store: "Store",
        make_context: MakeContext,
        *,
        queues: Iterable[str] | None = None,
        concurrency: int = 4,
        heartbeat: float = 10,
        stalled_after: float = 30,
    ) -> None:
        self._store = store
        self._make_context = make_context
        self._queues = list(queues) if queues else None
        self._concurrency = concurrency
        self._heartbeat = heartbeat
        self._stalled_after = stalled_after
        self._running: asyncio.Task[None] | None = None

    async def run(self, *, install_signal_handlers: bool = True) -> None:
        """Work until stopped."""
        app = procrastinate.App(
            connector=procrastinate.PsycopgConnector(
                conninfo=self._store.url, min_size=1, max_size=self._concurrency + 3
            )
        )
        for task in jobs.TASKS.values():
            app.task(name=task.name, queue=task.queue, retry=_Retry(task))(self._runner(task))
        for cron in sorted(jobs.CRON, key=lambda cron: (cron.name, cron.when)):
            tick = app.task(name=f"tick:{cron.name}:{cron.when}")(self._ticker(cron.name))
            app.periodic(cron=cron.when, periodic_id=f"{cron.name}:{cron.when}")(tick)
        async with app.open_async():
            rescue = asyncio.create_task(self._rescue(app))
            self._running = asyncio.create_task(
                app.run_worker_async(
                    queues=self._queues,  # type: ignore[arg-type]
                    concurrency=self._concurrency,
                    delete_jobs="successful",
                    fetch_job_polling_interval=1,  # for those put off: new ones come by notification
                    update_heartbeat_interval=self._heartbeat,
                    stalled_worker_timeout=self._stalled_after,
                    install_signal_handlers=install_signal_handlers,
                )
            )
            try:
                with suppress(asyncio.CancelledError):
                    await self._running
            finally:
                rescue.cancel()

    def stop(self) -> None:
        """Finish running jobs, take no new ones, let ``run`` return. From the loop's own thread."""
        if self._running:
            self._running.cancel()

    def _runner(self, task: Task) -> Any:
        def run(**arguments: Any) -> None:
            _call(self._store, self._make_context, task, arguments)

        return run

    def _ticker(self, name: str) -> Any:
        def tick(timestamp: int) -> None:
            with self._store.system_session() as session:
                organizations = organization.all_ids(session)
            for organization_id in organizations:
                with self._store.session(organization_id) as session:
                    jobs.defer(session, name, unique="tick")

        return tick

    async def _rescue(self, app: procrastinate.App) -> None:
        """Procrastinate finds stalled jobs but leaves them: take them up again."""
        while True:
            with suppress(ConnectorException):
                for job in await app.job_manager.get_stalled_jobs(
                    seconds_since_heartbeat=self._stalled_after
                ):
                    log.warning("Job %s %s had stalled: it is tried again.", job.id, job.task_name)
                    with suppress(ConnectorException):  # another worker was faster
                        if job.attempts >= GIVE_UP_AFTER:
                            await app.job_manager.finish_job(job, Status.FAILED, delete_job=False)
                        else:
                            await app.job_manager.retry_job(job)
            await asyncio.sleep(self._stalled_after)


class _Retry(procrastinate.BaseRetryStrategy):
    def __init__(self, task: Task) -> None:
        self._task = task

    def get_retry_decision(
        self, *, exception: BaseException, job: procrastinate.jobs.Job
    ) -> procrastinate.RetryDecision | None:
        if job.attempts >= self._task.retries:
            return None
        return procrastinate.RetryDecision(retry_in={"seconds": jobs.pause_before(job.attempts + 1)})


def drain(
    store: "Store",
    make_context: MakeContext,
    organization_id: UUID | None = None,
    *,
    timeout: float | None = None,
    now: datetime | None = None,
) -> int:
    """Carry out here, one by one, every job that is due (at ``now``) and what they enqueue; how many ran.

    For a command without a server, and for tests. A job is held by a row lock while it runs, so one that was
    killed half-way is simply still due. A job that raises counts as failed, or is put off if it has retries
    left, and the error is raised here. ``Unavailable`` after ``timeout`` seconds.
    """
    parameters = {
        "known": list(jobs.TASKS), "now": now, "organization": str(organization_id) if organization_id else None
    }  # fmt: skip
    until = time.monotonic() + timeout if timeout else None
    done = 0
    with psycopg.connect(store.url, row_factory=dict_row) as connection:
        while job := connection.execute(_NEXT, parameters).fetchone():
            if until and time.monotonic() > until:
                raise Unavailable(f"After {done} jobs the time was up; the others wait for a worker.")
            if job["queueing_lock"]:  # it waits no longer: the next of its kind may be enqueued from now on
                connection.execute(
                    "update procrastinate_jobs set queueing_lock = null where id = %s", (job["id"],)
                )
                connection.commit()
                continue
            task = jobs.find(job["task_name"])
            try:
                _call(store, make_context, task, job["args"])
            except Exception:
                _put_off(connection, task, job["id"], job["attempts"])
                connection.commit()
                raise
            connection.execute("select procrastinate_finish_job_v1(%s, 'succeeded', true)", (job["id"],))
            connection.commit()
            done += 1
    return done


def _put_off(connection: psycopg.Connection[Any], task: Task, job_id: int, attempts: int) -> None:
    if attempts >= task.retries:
        connection.execute("select procrastinate_finish_job_v1(%s, 'failed', false)", (job_id,))
        return
    connection.execute(
        "update procrastinate_jobs set attempts = attempts + 1, scheduled_at = now() + make_interval(secs => %s) "
        "where id = %s",
        (jobs.pause_before(attempts + 1), job_id),
    )


def _call(store: "Store", make_context: MakeContext, task: Task, stored: Arguments) -> None:
    """Run one job: in its organization, and for an event with what the event's row says."""
    arguments = dict(stored)
    organization_id = UUID(arguments.pop("organization_id"))
    message_id = arguments.pop("event", None)
    if message_id is not None:
        with store.session(organization_id) as session:
            found = events.arguments_of(session, message_id)
        if found is None:
            log.info("The event %s was erased before %s heard of it.", message_id, task.name)
            return
        arguments = found
    task.function(make_context(organization_id), **arguments)
