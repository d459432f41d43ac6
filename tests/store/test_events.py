"""Events: written with what they tell of, heard by whoever subscribed, landed in batches."""

import json
from types import SimpleNamespace

import psycopg
import pyarrow as pa
import pytest
import sqlalchemy as sa

from lamplighter.store import events, jobs
from lamplighter.store.events import event_queue


@pytest.fixture(autouse=True)
def heard(monkeypatch):
    """What the subscribed job of these tests was called with."""
    calls: list[dict[str, object]] = []
    monkeypatch.setattr(jobs, "TASKS", {})
    monkeypatch.setattr(events, "_SUBSCRIBERS", {})

    @jobs.task("test.hear", lock=lambda arguments: f"batch:{arguments['properties']['batch']}")
    def hear(context: object, **arguments: object) -> None:
        calls.append(arguments)

    events.subscribe("bill.issued", "test.hear")
    events.subscribe("bill.issued", "test.hear")
    return calls


def place(organization_id):
    return SimpleNamespace(organization_id=organization_id)


def test_an_event_and_its_job_stand_in_one_transaction(store, organization, clock, heard):
    with pytest.raises(RuntimeError), store.session(organization) as session:
        events.emit(session, "bill.issued", {"batch": "b0"}, now=clock.now)
        raise RuntimeError
    assert jobs.drain(store, place) == 0
    with store.session(organization) as session:
        message_id = events.emit(session, "Bill Issued", {"batch": "b1"}, now=clock.now)
        events.emit(session, "payment.made", {}, now=clock.now)
    assert jobs.drain(store, place) == 1
    assert heard == [{"message_id": message_id, "name": "bill.issued", "properties": {"batch": "b1"}}]


def test_the_same_message_twice_is_one_and_is_heard_once(
    store, organization, other_organization, clock, heard
):
    for _ in range(2):
        with store.session(organization) as session:
            events.emit(session, "bill.issued", {"batch": "b1"}, now=clock.now, message_id="m-1")
    with store.session(other_organization) as session:
        events.emit(session, "bill.issued", {"batch": "b1"}, now=clock.now, message_id="m-1")
    assert jobs.drain(store, place) == 2, "another organization's message of that id is another one"


def test_the_job_row_holds_no_personal_data(store, organization, clock):
    with store.session(organization) as session:
        events.emit(
            session,
            "bill.issued",
            {"batch": "b1", "email": "ana@example.org"},
            now=clock.now,
            profile_id="pr_ana",
        )
    with psycopg.connect(store.url) as connection:
        (stored,) = connection.execute("select args::text from procrastinate_jobs").fetchone()
    assert "ana" not in stored


def test_an_erased_event_is_not_heard(store, organization, clock, heard):
    with store.session(organization) as session:
        events.emit(session, "bill.issued", {"batch": "b1"}, now=clock.now)
        session.execute(sa.delete(event_queue))
    assert jobs.drain(store, place) == 1
    assert heard == []


def test_unlanded_events_are_taken_once_in_order_with_their_types(store, organization, clock):
    with store.session(organization) as session:
        for number in range(5):
            events.emit(
                session, "page.viewed", {"n": number, "é": "ü"}, now=clock.now, message_id=f"m{number}"
            )
    with store.session(organization) as session:
        first = events.take_unlanded(session, 3, batch_id="b1", now=clock.now)
    with store.session(organization) as session:
        rest = events.take_unlanded(session, batch_id="b2", now=clock.now)
        none = events.take_unlanded(session, batch_id="b3", now=clock.now)
    assert first.schema == rest.schema == none.schema == events.LANDED
    assert sorted(first["message_id"].to_pylist()) == ["m0", "m1", "m2"]
    assert sorted(rest["message_id"].to_pylist()) == ["m3", "m4"]
    assert none.num_rows == 0
    assert json.loads(rest["properties"][0].as_py())["é"] == "ü"
    assert rest["happened_at"][0].as_py() == clock.now


def test_a_taking_that_is_rolled_back_gives_them_again(store, organization, clock):
    with store.session(organization) as session:
        events.emit(session, "page.viewed", now=clock.now)
    with pytest.raises(RuntimeError), store.session(organization) as session:
        assert events.take_unlanded(session, batch_id="b1", now=clock.now).num_rows == 1
        raise RuntimeError
    with store.session(organization) as session:
        assert events.take_unlanded(session, batch_id="b2", now=clock.now).num_rows == 1


def test_what_is_taken_fits_the_warehouse_table():
    from lamplighter.warehouse.tables.behaviour import EVENT

    assert set(events.LANDED.names) == set(EVENT.arrow.names)
    for field in events.LANDED:
        declared = EVENT.arrow.field(field.name).type
        assert field.type == declared or pa.types.is_string(field.type)
