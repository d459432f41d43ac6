"""The audit log: nobody changes it, and who gets past that is found."""

from concurrent.futures import ThreadPoolExecutor

import psycopg
import pytest
import sqlalchemy as sa

from lamplighter import app
from lamplighter.store import audit
from lamplighter.store.schema import tenant_tables


@pytest.fixture
def recorded(store, organization, clock):
    with store.session(organization) as session:
        for number in range(5):
            audit.record(
                session, "staff:ana", "customer.read", "profile", f"pr_{number}", "called about a bill",
                now=clock.advance(seconds=1), details={"sections": ["bills"], "share": 0.1, "n": 10**22},
            )  # fmt: skip


def report(store, organization) -> audit.AuditReport:
    with store.session(organization) as session:
        return audit.verify(session)


def test_a_whole_chain_is_whole(store, organization, other_organization, recorded):
    found = report(store, organization)
    assert (found.ok, found.entries, found.first_bad) == (True, 5, None)
    assert report(store, other_organization).entries == 0
    with store.session(organization) as session:
        assert [row["number"] for row in audit.entries(session, 2)] == [5, 4]
        assert [row["subject_id"] for row in audit.entries(session, before=2)] == ["pr_0"]


@pytest.mark.parametrize("statement", ["update audit_log set reason = 'none'", "delete from audit_log"])
def test_neither_application_nor_owner_can_change_it(store, organization, recorded, statement):
    with (
        pytest.raises(sa.exc.ProgrammingError, match="permission denied"),
        store.session(organization) as session,
    ):
        session.execute(sa.text(statement))
    with psycopg.connect(store.owner_url) as connection:
        with pytest.raises(psycopg.errors.RaiseException, match="append-only"):
            connection.execute(statement)
        connection.rollback()
        with pytest.raises(psycopg.errors.RaiseException, match="append-only"):
            connection.execute("truncate audit_log")


def test_an_append_only_table_that_expires_keeps_what_is_young(store):
    expiring = [
        table
        for table in tenant_tables(app.metadata())
        if table.info["append_only"] and table.info["retention"].months is not None
    ]
    for table in expiring:
        with psycopg.connect(store.url) as connection:
            triggers = connection.execute(
                "select tgname from pg_trigger where tgrelid = %s::regclass order by 1", (table.name,)
            ).fetchall()
        assert {f"{table.name}_append_only", f"{table.name}_keep"} <= {name for (name,) in triggers}


@pytest.mark.parametrize(
    ("tampering", "first_bad"),
    [
        ("update audit_log set reason = 'none' where number = 3", 3),
        ("update audit_log set happened_at = happened_at - interval '1 day' where number = 2", 2),
        ("update audit_log set details = '{}' where number = 5", 5),
        ("delete from audit_log where number = 4", 4),
        ("delete from audit_log where number = 1", 1),
        ("update audit_log set number = number + 10 where number = 5", 5),
    ],
)
def test_who_gets_past_that_is_found(store, organization, recorded, tampering, first_bad):
    with psycopg.connect(store.owner_url) as connection:
        connection.execute("set session_replication_role = replica")
        connection.execute(tampering)
    found = report(store, organization)
    assert (found.ok, found.first_bad) == (False, first_bad)


def test_a_shortened_log_has_another_head(store, organization, recorded):
    before = report(store, organization).head
    with psycopg.connect(store.owner_url) as connection:
        connection.execute("set session_replication_role = replica")
        connection.execute("delete from audit_log where number = 5")
    assert report(store, organization).head != before


def test_many_at_once_make_one_chain(store, organization, clock):
    def read(number: int) -> None:
        with store.session(organization) as session:
            audit.record(session, "staff:ana", "customer.read", now=clock.now, details={"n": number})

    with ThreadPoolExecutor(8) as threads:
        list(threads.map(read, range(40)))
    assert report(store, organization).entries == 40


def test_a_rolled_back_read_leaves_no_gap(store, organization, recorded, clock):
    with pytest.raises(RuntimeError), store.session(organization) as session:
        audit.record(session, "staff:ana", "customer.read", now=clock.now)
        raise RuntimeError
    with store.session(organization) as session:
        assert audit.record(session, "staff:ana", "customer.read", now=clock.now) == 6
    assert report(store, organization).ok
