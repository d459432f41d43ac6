"""A batch is visible whole or not at all; its events go out once; a crash between two steps is mended at start."""

from datetime import timedelta
from pathlib import Path

import extracts
import pyarrow as pa
import pytest
import sqlalchemy as sa

from lamplighter.context import Context
from lamplighter.errors import NotFound
from lamplighter.intake import batch as batches
from lamplighter.intake import events as landing_of_events
from lamplighter.intake import quarantine
from lamplighter.intake.land import land, publish, recover, rejects, withdraw
from lamplighter.store import events
from lamplighter.warehouse.expressions import current
from lamplighter.warehouse.tables import TABLES


def emitted(context: Context) -> list[tuple[str, dict]]:
    with context.session() as session:
        query = sa.select(events.event_queue.c.name, events.event_queue.c.properties)
        return [tuple(row) for row in session.execute(query.order_by(events.event_queue.c.sequence))]


def count(context: Context, table: str) -> int:
    return int(context.warehouse.read(current(TABLES[table]), context.organization_id).num_rows)


def test_each_table_that_landed_is_told_once(context: Context, tmp_path: Path) -> None:
    bills = (
        extracts.FILES["bills.csv"]
        + "B3,A1,2026-09-01,2026-10-01,2026-10-05,2026-10-24,130,USD,660,kWh,electricity,corrected,B1\n"
    )
    folder = extracts.write(tmp_path / "x", bills=bills)
    landing = land(context, "cis_csv", folder)
    told = dict(emitted(context))
    assert told["customer.landed"] == {
        "batch": landing.batch,
        "source": "cis_csv",
        "table": "customer",
        "rows": 2,
    }
    assert told["bill.issued"]["rows"] == 3 and told["bill.corrected"]["rows"] == 1
    assert told["batch.landed"]["rows"] == 19
    before = len(emitted(context))
    publish(context, landing.batch)
    assert len(emitted(context)) == before


def test_a_load_that_changes_nothing_tells_of_no_table(context: Context, tmp_path: Path) -> None:
    folder = extracts.write(tmp_path / "x")
    land(context, "cis_csv", folder)
    before = len(emitted(context))
    land(context, "cis_csv", folder)
    assert [name for name, _ in emitted(context)[before:]] == ["batch.landed"]


def test_rows_of_a_batch_that_the_store_does_not_know_are_swept(context: Context) -> None:
    table = TABLES["meter_reading"]
    rows = pa.table({
        "source": ["ami"], "meter_id": ["M1"], "usage_point_id": ["M1"], "channel": [""], "flow": ["delivered"],
        "started_at": pa.array([0], pa.timestamp("us", "UTC")), "seconds": [3600], "value": [None], "unit": ["kWh"],
        "quality": ["missing"], "cost": [None],
    }).cast(table.arrow)  # fmt: skip
    context.warehouse.append(context.organization_id, table, rows, batch_id="b_lost", recorded_at=context.now)
    assert recover(context) == ["b_lost"]
    assert context.warehouse.batches(context.organization_id) == []


def test_a_batch_that_was_stored_but_not_shown_is_shown_at_the_next_start(
    context: Context, tmp_path: Path
) -> None:
    landing = land(
        context, "cis_csv", extracts.alone(tmp_path, "customers.csv", extracts.FILES["customers.csv"])
    )
    with context.session() as session:
        session.execute(sa.update(batches.batch).values(state="stored", visible_at=None))
        session.execute(sa.delete(events.event_queue))
    assert recover(context) == [landing.batch]
    assert [name for name, _ in emitted(context)] == ["customer.landed", "batch.landed"]
    assert recover(context) == []


def test_withdrawing_is_as_if_it_had_never_landed_and_is_told(context: Context, tmp_path: Path) -> None:
    landing = land(context, "cis_csv", extracts.write(tmp_path / "x"))
    assert withdraw(context, landing.batch)["customer"] == 2
    assert count(context, "customer") == 0
    assert emitted(context)[-1][0] == "batch.withdrawn"
    assert withdraw(context, landing.batch) == {}
    with pytest.raises(NotFound, match="There is no batch b_none"):
        withdraw(context, "b_none")


def test_a_withdrawn_extract_lands_again(context: Context, tmp_path: Path) -> None:
    folder = extracts.write(tmp_path / "x")
    first = land(context, "cis_csv", folder)
    withdraw(context, first.batch)
    assert land(context, "cis_csv", folder).landed == first.landed


def test_the_book_keeps_files_time_and_state(context: Context, tmp_path: Path) -> None:
    as_of = context.now - timedelta(hours=6)
    landing = land(context, "cis_csv", extracts.write(tmp_path / "x"), name="lumen", as_of=as_of)
    with context.session() as session:
        entry = batches.find(session, landing.batch)
    assert (entry.source, entry.plugin, entry.state, entry.as_of) == ("lumen", "cis_csv", "visible", as_of)
    assert {file["name"] for file in entry.files} == set(extracts.FILES)
    assert all(len(file["sha256"]) == 64 for file in entry.files)
    known = batches.configured(context)
    assert [(row["name"], row["plugin"], row["last_batch"]) for row in known] == [
        ("lumen", "cis_csv", landing.batch)
    ]


def test_what_is_set_aside_is_kept_ninety_days(context: Context, clock, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    land(
        context,
        "cis_csv",
        extracts.alone(tmp_path, "customers.csv", extracts.CUSTOMERS + "C1,odd,,,,,\nC2,,,,,,\n"),
    )
    clock.advance(days=89)
    quarantine.expire_rejects(context)
    assert len(rejects(context, "cis_csv")) == 1
    clock.advance(days=2)
    quarantine.expire_rejects(context)
    assert rejects(context, "cis_csv") == []


def test_events_land_once_in_the_table_of_events(context: Context, tmp_path: Path) -> None:
    with context.session() as session:
        events.emit(
            session, "bill.viewed", {"bill_id": "B1"}, now=context.now, message_id="m1", profile_id="pr_1"
        )
        events.emit(session, "bill.viewed", {"bill_id": "B1"}, now=context.now, message_id="m1")
    landing_of_events.land_events(context)
    landing_of_events.land_events(context)
    rows = context.warehouse.read(current(TABLES["event"]), context.organization_id).to_pylist()
    assert [(row["message_id"], row["name"], row["profile_id"]) for row in rows] == [
        ("m1", "bill.viewed", "pr_1")
    ]
    assert recover(context) == []


def test_reads_beyond_the_memory_limit_wait_in_a_file_that_goes_away(
    context: Context, tmp_path: Path, monkeypatch
) -> None:  # type: ignore[no-untyped-def]
    from lamplighter.intake import spool

    monkeypatch.setattr(spool, "LIMIT", 1000)
    text = "meter_id,start,seconds,value,unit\n" + "".join(
        f"M{n % 3},2026-10-01T{n // 3 % 24:02}:{n // 72:02}:00Z,60,1,kWh\n" for n in range(3000)
    )
    assert land(context, "ami", extracts.alone(tmp_path, "r.csv", text)).landed == 3000
    folder = context.store.settings.data / "landing"
    assert not folder.exists() or not list(folder.iterdir())
