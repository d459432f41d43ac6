"""Jobs: there with the transaction or not at all, in the order of their lock, again after a crash."""

import asyncio
import os
import subprocess
import sys
from dataclasses import dataclass, field
from datetime import timedelta
from uuid import UUID

import psycopg
import pytest

from lamplighter.errors import Misconfigured, NotFound, Unavailable
from lamplighter.store import jobs


@dataclass
class Place:
    """What the jobs of these tests get as their context."""

    organization_id: UUID
    notes: list[object] = field(default_factory=list)


@pytest.fixture(autouse=True)
def tasks(monkeypatch):
    """A registry of this test's own."""
    monkeypatch.setattr(jobs, "TASKS", {})
    monkeypatch.setattr(jobs, "CRON", set())

    @jobs.task("test.note")
    def note(context: Place, *, what: str) -> None:
        context.notes.append(what)

    @jobs.task("test.ordered", lock=lambda arguments: f"meter:{arguments['meter']}")
    def ordered(context: Place, *, meter: str, number: int) -> None:
        context.notes.append(number)

    @jobs.task("test.fails", retries=1)
    def fails(context: Place) -> None:
        context.notes.append("tried")
        raise ValueError("no luck")


@pytest.fixture
def places():
    """Contexts by organization, as ``make_context``."""
    made: dict[UUID, Place] = {}
    return lambda organization_id: made.setdefault(organization_id, Place(organization_id))


def test_a_rollback_drops_the_job(store, organization, places):
    with pytest.raises(RuntimeError), store.session(organization) as session:
        jobs.defer(session, "test.note", what="never")
        raise RuntimeError
    assert jobs.drain(store, places) == 0


def test_nobody_sees_the_job_before_the_commit(store, organization, places):
    with store.session(organization) as session:
        jobs.defer(session, "test.note", what="later")
        assert jobs.drain(store, places) == 0
    assert jobs.drain(store, places) == 1
    assert places(organization).notes == ["later"]


def test_a_job_runs_in_its_organization(store, organization, other_organization, places):
    for organization_id, what in ((organization, "ours"), (other_organization, "theirs")):
        with store.session(organization_id) as session:
            jobs.defer(session, "test.note", what=what)
            assert jobs.waiting(session) == {"todo": 1}
    assert jobs.drain(store, places, other_organization) == 1
    assert (places(organization).notes, places(other_organization).notes) == ([], ["theirs"])
    assert jobs.drain(store, places) == 1


def test_a_job_without_an_organization_or_a_name_is_refused(store, organization):
    with pytest.raises(Misconfigured, match="organization's session"), store.system_session() as session:
        jobs.defer(session, "test.note", what="?")
    with (
        pytest.raises(NotFound, match=r"no job “test.nothing”.*test.note"),
        store.session(organization) as session,
    ):
        jobs.defer(session, "test.nothing")


def test_a_unique_job_waits_once_and_the_transaction_lives_on(store, organization, places):
    with store.session(organization) as session:
        assert jobs.defer(session, "test.note", unique="x", what="first") is not None
        assert jobs.defer(session, "test.note", unique="x", what="second") is None
        jobs.defer(session, "test.note", what="third")
    assert jobs.drain(store, places) == 2
    assert places(organization).notes == ["first", "third"]


def test_a_unique_job_may_be_enqueued_again_as_soon_as_it_runs(store, organization, places):
    @jobs.task("test.again")
    def again(context: Place) -> None:
        context.notes.append("ran")
        if len(context.notes) == 1:
            with store.session(context.organization_id) as session:
                assert jobs.defer(session, "test.again", unique="x") is not None

    with store.session(organization) as session:
        jobs.defer(session, "test.again", unique="x")
    assert jobs.drain(store, places) == 2


def test_jobs_of_one_lock_keep_their_order_and_higher_priority_goes_first(store, organization, places):
    with store.session(organization) as session:
        for number in range(5):
            jobs.defer(session, "test.ordered", meter="m1", number=number)
        jobs.defer(session, "test.ordered", priority=1, meter="m2", number=100)
    assert jobs.drain(store, places) == 6
    assert places(organization).notes == [100, 0, 1, 2, 3, 4]


def test_a_lock_is_apart_for_each_organization(store, organization, other_organization, places):
    for organization_id in (organization, other_organization):
        with store.session(organization_id) as session:
            jobs.defer(session, "test.ordered", meter="m1", number=1)
    with psycopg.connect(store.url) as connection:
        locks = {row[0] for row in connection.execute("select lock from procrastinate_jobs")}
    assert locks == {f"{organization}:meter:m1", f"{other_organization}:meter:m1"}


def test_what_a_drained_job_enqueues_is_drained_too(store, organization, places):
    @jobs.task("test.chain")
    def chain(context: Place, *, left: int) -> None:
        context.notes.append(left)
        if left:
            with store.session(context.organization_id) as session:
                jobs.defer(session, "test.chain", left=left - 1)

    with store.session(organization) as session:
        jobs.defer(session, "test.chain", left=3)
    assert jobs.drain(store, places) == 4
    assert places(organization).notes == [3, 2, 1, 0]


def test_drain_stops_when_the_time_is_up(store, organization, places):
    @jobs.task("test.endless")
    def endless(context: Place) -> None:
        with store.session(context.organization_id) as session:
            jobs.defer(session, "test.endless")

    with store.session(organization) as session:
        jobs.defer(session, "test.endless")
    with pytest.raises(Unavailable, match="time was up"):
        jobs.drain(store, places, timeout=0.2)


def test_a_failing_job_is_put_off_and_in_the_end_counts_as_failed(store, organization, places, clock):
    with store.session(organization) as session:
        jobs.defer(session, "test.fails")
    with pytest.raises(ValueError, match="no luck"):
        jobs.drain(store, places)
    assert jobs.drain(store, places) == 0, "its pause is not over"
    with psycopg.connect(store.url) as connection:
        due = connection.execute("select scheduled_at from procrastinate_jobs").fetchone()[0]
    with pytest.raises(ValueError, match="no luck"):
        jobs.drain(store, places, now=due + timedelta(seconds=1))
    with store.session(organization) as session:
        assert jobs.waiting(session) == {"failed": 1}
    assert places(organization).notes == ["tried", "tried"]


def test_a_job_may_be_put_off_to_a_time(store, organization, places, clock):
    later = clock.now + timedelta(days=400)
    with store.session(organization) as session:
        jobs.defer(session, "test.note", run_at=later, what="in spring")
    assert jobs.drain(store, places) == 0
    assert jobs.drain(store, places, now=later) == 1


def run_until(worker: jobs.Worker, condition) -> None:
    """Let the worker run until the condition holds."""

    async def both() -> None:
        running = asyncio.create_task(worker.run(install_signal_handlers=False))
        async with asyncio.timeout(60):
            while not condition():
                await asyncio.sleep(0.02)
        worker.stop()
        await running

    asyncio.run(both())


def test_a_worker_carries_jobs_out_as_they_come_and_ticks_for_each_organization(
    store, organization, other_organization, places
):
    jobs.task("test.tick")(lambda context: context.notes.append("tick"))
    jobs.every("* * * * * *", "test.tick")
    with store.session(organization) as session:
        jobs.defer(session, "test.note", what="now")
        jobs.defer(session, "test.fails")
    run_until(
        jobs.Worker(store, places),
        lambda: (
            {"now", "tried", "tick"} <= set(places(organization).notes)
            and "tick" in places(other_organization).notes
        ),
    )
    with store.session(organization) as session:
        assert jobs.waiting(session)["todo"] >= 1, "the failed one waits for its second try"


KILLED = """
import os, signal, sys, asyncio
from uuid import UUID
from pathlib import Path
from pydantic import SecretStr
from lamplighter.settings import Settings
from lamplighter.store import jobs
from lamplighter.store.store import Store

@jobs.task("test.ordered", lock="meter")
def ordered(context, *, meter, number):
    os.kill(os.getpid(), signal.SIGKILL)

store = Store.open(Settings(data=Path(sys.argv[2]), store_url=SecretStr(sys.argv[1])))
if sys.argv[3] == "worker":
    asyncio.run(jobs.Worker(store, lambda organization: None).run())
else:
    jobs.drain(store, lambda organization: None)
"""


def kill_in_the_middle(store, how: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", KILLED, store.owner_url, str(store.settings.data), how],
        check=False, capture_output=True, text=True, env=os.environ, timeout=60,
    )  # fmt: skip
    assert done.returncode == -9, done.stderr


def test_a_job_whose_worker_was_killed_is_taken_up_by_the_next_and_its_lock_is_free(
    store, organization, places
):
    with store.session(organization) as session:
        for number in range(2):
            jobs.defer(session, "test.ordered", meter="m1", number=number)
    kill_in_the_middle(store, "worker")
    with store.session(organization) as session:
        assert jobs.waiting(session) == {"doing": 1, "todo": 1}
    run_until(
        jobs.Worker(store, places, heartbeat=0.1, stalled_after=0.5),
        lambda: places(organization).notes == [0, 1],
    )


def test_a_job_whose_drain_was_killed_is_simply_still_due(store, organization, places):
    with store.session(organization) as session:
        jobs.defer(session, "test.ordered", meter="m1", number=7)
    kill_in_the_middle(store, "drain")
    assert jobs.drain(store, places) == 1
    assert places(organization).notes == [7]


def test_two_drains_never_run_one_job_twice(store, organization, places):
    from concurrent.futures import ThreadPoolExecutor

    with store.session(organization) as session:
        for number in range(40):
            jobs.defer(session, "test.note", what=str(number))
    with ThreadPoolExecutor(2) as threads:
        counts = list(threads.map(lambda _: jobs.drain(store, places), range(2)))
    assert sum(counts) == 40
    assert sorted(places(organization).notes, key=int) == [str(number) for number in range(40)]
