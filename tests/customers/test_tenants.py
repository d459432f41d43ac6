"""The move: tenant A until June, tenant B since. Each sees, exports and erases only their own months."""

from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa
from tests.customers.conftest import Land, home, lives, together

from lamplighter.context import Context
from lamplighter.customers import privacy, profile, timeline
from lamplighter.customers.release import release
from lamplighter.errors import NotFound
from lamplighter.store import jobs
from lamplighter.store.schema import tenant_tables
from lamplighter.warehouse.expressions import current
from lamplighter.warehouse.tables import TABLES, table

READING = table("meter_reading")
MOVE = datetime(2026, 7, 1, 7, tzinfo=UTC)  # midnight in Los Angeles


@pytest.fixture
def tenants(context: Context, land: Land) -> dict[str, str]:
    """Ann lived in the home until June, Ben since; its meter was read every day."""
    people = {
        "customer": [
            {"customer_id": "C1", "first_name": "Ann", "last_name": "Archer", "email": "ann@example.org"},
            {"customer_id": "C2", "first_name": "Ben", "last_name": "Baker", "email": "ben@example.org"},
        ]
    }
    reads = [
        {"meter_id": "M1", "usage_point_id": "E1", "flow": "delivered", "started_at": MOVE + timedelta(days=day),
         "seconds": 86400, "value": 10, "unit": "kWh", "quality": "valid"}
        for day in range(-30, 30)
    ]  # fmt: skip
    land(
        **together(
            people, home(1), lives("C1", "A1", 1, "2025-01-01", "2026-07-01"), lives("C2", "A2", 1, "2026-07-01"),
            {"meter": [{"meter_id": "M1"}],
             "meter_installation": [{"meter_id": "M1", "usage_point_id": "E1", "installed_at": "2020-01-01"}],
             "meter_reading": reads,
             "outage": [{"outage_id": "O1", "started_at": "2026-05-05T10:00:00", "restored_at": "2026-05-05T11:00:00"}],
             "outage_usage_point": [{"outage_id": "O1", "usage_point_id": "E1"}]},
        )
    )  # fmt: skip
    with context.session() as session:
        return {name: profile.find(session, f"{name}@example.org") for name in ("ann", "ben")}


def test_each_sees_only_the_own_months(context: Context, tenants: dict[str, str]) -> None:
    for name, inside in (("ann", lambda at: at < MOVE), ("ben", lambda at: at >= MOVE)):
        released = release(
            context, f"customer:{tenants[name]}", "own_access", current(READING), tenants[name]
        )
        rows = context.warehouse.read(released.expression, context.organization_id)
        assert rows.num_rows == 30
        assert all(inside(at) for at in rows["started_at"].to_pylist())


def test_sums_are_made_of_the_own_rows_only(context: Context, tenants: dict[str, str]) -> None:
    readings = current(READING)
    total = readings.agg(total=readings.value.sum(), days=readings.count())
    released = release(context, f"customer:{tenants['ben']}", "own_access", total, tenants["ben"])
    row = context.warehouse.read(released.expression, context.organization_id).to_pylist()[0]
    assert (row["total"], row["days"]) == (300, 30)


def test_an_outage_before_the_move_is_in_the_first_tenants_timeline_only(
    context: Context, tenants: dict[str, str]
) -> None:
    ann, ben = (timeline.timeline(context, tenants[name], kinds=["outage"]).items for name in ("ann", "ben"))
    assert [item["event"] for item in ann] == ["outage.restored", "outage.started"]
    assert ben == []


def test_each_exports_only_the_own_months(context: Context, tenants: dict[str, str]) -> None:
    given = privacy.export(context, tenants["ann"])
    assert len(given["tables"]["meter_reading"]) == 30
    assert {row["customer_id"] for row in given["tables"]["customer"]} == {"C1"}
    assert {row["account_id"] for row in given["tables"]["customer_account"]} == {"A1"}
    assert given["profile"]["name"] == "Ann Archer"
    assert "Ben" not in str(given)


def test_each_erases_only_the_own_months(context: Context, tenants: dict[str, str]) -> None:
    receipt = privacy.erase(context, tenants["ann"])
    assert receipt.deleted["meter_reading"] == 30
    assert receipt.deleted["customer"] == 1
    assert "billing" in receipt.retained["bill"]
    left = context.warehouse.read(current(READING), context.organization_id)
    assert min(left["started_at"].to_pylist()) == MOVE
    with context.session() as session, pytest.raises(NotFound):
        profile.find(session, "ann@example.org")
    assert profile.get(context, tenants["ben"])["name"] == "Ben Baker"
    assert len(privacy.export(context, tenants["ben"])["tables"]["meter_reading"]) == 30


def test_an_erased_name_is_found_nowhere_once_the_jobs_ran(
    context: Context, land: Land, tenants: dict[str, str]
) -> None:
    land(
        customer=[
            {"customer_id": "C3", "first_name": "Ada", "last_name": "Archer", "email": "ada@example.org"}
        ],
        customer_account=[
            {"account_id": "A1", "customer_id": "C3", "opened_at": "2025-01-01", "closed_at": "2026-07-01"}
        ],
    )
    with context.session() as session:
        ada = profile.find(session, "ada@example.org")
    assert "Ann Archer" in str(profile.get(context, ada)), "they lived together"

    receipt = privacy.erase(context, tenants["ann"])
    jobs.drain(context.store, lambda organization_id: context)
    assert "another customer's" in receipt.retained["customer_agreement"]
    assert "Ann" not in str(profile.get(context, ada))
    with context.session() as session:
        for declared in tenant_tables():
            rows = session.execute(sa.text(f"select t::text from {declared.name} t"))
            found = [row for row in rows.scalars() if "ann@example.org" in row or "Ann Archer" in row]
            assert not found, declared.name
    for declared in TABLES.values():
        rows = context.warehouse.read(current(declared), context.organization_id)
        assert "ann@example.org" not in str(rows.to_pylist()), declared.name
