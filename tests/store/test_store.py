"""The store as a whole: opened where there is nothing, killed in the middle, opened again."""

import asyncio
import subprocess
import sys

import sqlalchemy as sa

from lamplighter import app
from lamplighter.settings import Settings
from lamplighter.store import jobs, organization
from lamplighter.store.store import Store
from lamplighter.store.transaction import after_commit

KILLED = """
import asyncio, os, signal, sys
from pathlib import Path
from lamplighter import app
from lamplighter.settings import Settings
from lamplighter.store import jobs, organization
from lamplighter.store.store import Store

@jobs.task("test.once", lock="once")
def once(context):
    os.kill(os.getpid(), signal.SIGKILL)

store = Store.open(Settings(data=Path(sys.argv[1])))
store.migrate(app.metadata())
with store.system_session() as session:
    lumen = organization.create(session, "lumen", "Lumen", timezone="UTC")
with store.session(lumen) as session:
    jobs.defer(session, "test.once")
asyncio.run(jobs.Worker(store, lambda organization: None).run())
"""


def test_killed_in_the_middle_of_a_job_the_next_start_needs_no_hand_and_no_waiting(tmp_path, monkeypatch):
    data = tmp_path / ("a folder with spaces " + "x" * 110)
    done = subprocess.run(
        [sys.executable, "-c", KILLED, str(data)], check=False, capture_output=True, text=True, timeout=120
    )
    assert done.returncode == -9, done.stderr
    monkeypatch.setattr(jobs, "TASKS", {})
    monkeypatch.setattr(jobs, "CRON", set())
    ran = []

    with Store.open(Settings(data=data)) as store:
        worker = jobs.Worker(store, lambda organization_id: organization_id)

        @jobs.task("test.once", lock="once")
        def once(context) -> None:
            ran.append(context)

        async def work() -> None:
            running = asyncio.create_task(worker.run(install_signal_handlers=False))
            async with asyncio.timeout(20):  # less than the 30 s after which a silent worker counts as dead
                while not ran:
                    await asyncio.sleep(0.02)
            worker.stop()
            await running

        asyncio.run(work())
        with store.system_session() as session:
            assert ran == [organization.find(session)]


def test_what_waits_for_the_commit_happens_after_it_and_never_after_a_rollback(store, organization):
    happened = []
    with store.session(organization) as session:
        after_commit(session, lambda: happened.append("committed"))
        assert happened == []
    try:
        with store.session(organization) as session:
            after_commit(session, lambda: happened.append("never"))
            raise RuntimeError
    except RuntimeError:
        pass
    assert happened == ["committed"]


def test_money_and_times_travel_in_json_as_text(store, organization, clock):
    from decimal import Decimal

    with store.session(organization) as session:
        query = sa.select(sa.literal({"amount": Decimal("12.30"), "at": clock.now}, sa.JSON))
        assert session.execute(query).scalar() == {"amount": "12.30", "at": "2026-11-22T12:00:00+00:00"}


def test_every_room_can_be_imported_and_declares_its_tables_once():
    assert {"organization", "staff", "vault_key", "audit_log"} <= set(app.metadata().tables)
