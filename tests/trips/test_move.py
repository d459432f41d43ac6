"""Ann lived in a flat until June, Ben since: through the API each gets only what happened in their own months."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient
from tests import small_town

from lamplighter.app import Application, join
from lamplighter.context import Context
from lamplighter.customers import privacy, profile
from lamplighter.intake.land import land
from lamplighter.settings import Settings
from lamplighter.web.app import create_app

MOVE = "2026-07-01T07:00:00Z"
"""Midnight in Los Angeles."""
WHOLE_YEAR = {"usage_point": "S1", "start": "2026-01-01T08:00:00Z", "end": "2027-01-01T08:00:00Z"}
EXTRACT = {
    "customers.csv": "customer_id,kind,first_name,last_name,email\nC1,residential,Ann,Archer,ann@example.org\n"
    "C2,residential,Ben,Baker,ben@example.org\nC3,residential,Cy,Cole,cy@example.org\n",
    "accounts.csv": "account_id,customer_id,status,opened_on,closed_on\nA1,C1,closed,2025-01-01,2026-07-01\n"
    "A2,C2,open,2026-07-01,\nA3,C3,open,2025-01-01,\n",
    "premises.csv": "premise_id,street,unit,city,state,zip\nP1,12 Elm Street,4,Alder Bay,CA,94000\n"
    "P2,9 Elm Street,,Alder Bay,CA,94000\n",
    "service_points.csv": "service_point_id,premise_id,commodity\nS1,P1,electricity\nS2,P2,electricity\n",
    "agreements.csv": "agreement_id,account_id,service_point_id,started_on,ended_on\nG1,A1,S1,2025-01-01,2026-07-01\n"
    "G2,A2,S1,2026-07-01,\nG3,A3,S2,2025-01-01,\n",
    "meters.csv": "meter_id,service_point_id,installed_on,unit\nM1,S1,2020-01-01,kWh\n",
    "bills.csv": "bill_id,account_id,period_start,period_end,issued_on,due_on,amount,currency,usage,unit,commodity,status\n"
    "B1,A1,2026-06-01,2026-07-01,2026-07-03,2026-07-24,90.00,USD,300,kWh,electricity,issued\n"
    "B2,A2,2026-07-01,2026-07-31,2026-08-03,2026-08-24,60.00,USD,300,kWh,electricity,issued\n",
    "outages.csv": "outage_id,cause,planned,started_at,restored_at\n"
    "O1,storm,false,2026-06-10T10:00:00-07:00,2026-06-10T12:00:00-07:00\n"
    "O2,storm,false,2026-07-10T10:00:00-07:00,2026-07-10T12:00:00-07:00\n",
    "outage_service_points.csv": "outage_id,service_point_id\nO1,S1\nO2,S1\n",
}
READS = "meter_id,start,seconds,value,unit\n" + "".join(
    f"M1,2026-{month:02}-{day:02}T00:00:00-07:00,86400,10,kWh\n" for month in (6, 7) for day in range(1, 31)
)


@pytest.fixture
def api(settings: Settings, context: Context, tmp_path: Path) -> Iterator[TestClient]:
    """A program that may read everything for customer service; the flat and its reads have landed from files."""
    join()
    application = Application(settings, context.store, context.warehouse, clock=context.clock)
    folder = tmp_path / "extract"
    folder.mkdir()
    for name, text in EXTRACT.items():
        (folder / name).write_text(text)
    (tmp_path / "reads.csv").write_text(READS)
    assert land(context, "cis_csv", folder, name="cis").rejected == 0
    assert land(context, "ami", tmp_path / "reads.csv", name="cis").landed == 60
    small_town.follow(application)
    with TestClient(create_app(application), base_url="http://console.test") as client:
        key = small_town.add_key(context, "profiles:read", "data:read")
        client.headers["authorization"] = f"Bearer {key}"
        yield client


@pytest.fixture
def people(api: TestClient, context: Context) -> dict[str, str]:
    with context.session() as session:
        return {name: profile.find(session, f"{name}@example.org") for name in ("ann", "ben", "cy")}


def reads(api: TestClient, **asked: Any) -> list[str]:
    answer = api.get("/v1/intervals", params=WHOLE_YEAR | asked)
    assert answer.status_code == 200, answer.text
    return [start for start, value, _ in answer.json()["intervals"] if value is not None]


def test_each_sees_the_reads_of_the_own_months(api: TestClient, people: dict[str, str]) -> None:
    ann, ben = (reads(api, profile_id=people[name]) for name in ("ann", "ben"))
    assert (len(ann), len(ben)) == (30, 30)
    assert max(ann) < MOVE <= min(ben)
    assert len(reads(api)) == 60


def test_sums_and_files_are_made_of_the_own_months_as_well(api: TestClient, people: dict[str, str]) -> None:
    months = api.get(
        "/v1/intervals", params=WHOLE_YEAR | {"profile_id": people["ben"], "resolution": "month"}
    ).json()
    assert [float(value) for _, value, _ in months["intervals"] if value is not None] == [300.0]
    rows = api.get(
        "/v1/intervals", params=WHOLE_YEAR | {"profile_id": people["ann"]}, headers={"accept": "text/csv"}
    ).text.splitlines()
    assert len(rows) == 31
    assert all(row.split(",")[1].strip('"') < MOVE for row in rows[1:])


def test_a_neighbour_gets_no_read_of_the_flat(api: TestClient, people: dict[str, str]) -> None:
    answer = api.get("/v1/intervals", params=WHOLE_YEAR | {"profile_id": people["cy"]})
    if answer.status_code == 200:
        assert [row for row in answer.json()["intervals"] if row[1] is not None] == []
    else:
        assert answer.status_code in (403, 404)


def test_each_timeline_tells_the_outages_and_bills_of_the_own_time(
    api: TestClient, people: dict[str, str]
) -> None:
    for name, amount, month in (("ann", "90.00", "2026-06"), ("ben", "60.00", "2026-07")):
        items = api.get(f"/v1/profiles/{people[name]}/timeline", params={"limit": 100}).json()["items"]
        outages = {item["at"][:7] for item in items if item["event"].startswith("outage.")}
        assert outages == {month}
        bills = api.get("/v1/bills", params={"profile_id": people[name]}).json()["items"]
        assert len(bills) == 1
        assert amount in str(bills[0])


def test_the_360_shows_each_only_the_own_months_of_use(api: TestClient, people: dict[str, str]) -> None:
    for name, other, month in (("ann", "Ben", "2026-06"), ("ben", "Ann", "2026-07")):
        body = api.get(f"/v1/profiles/{people[name]}").json()
        months = str(body["sections"]["usage"])
        assert month in months
        assert {"2026-06": "2026-07-01T", "2026-07": "2026-06"}[month] not in months
        assert other not in str(body)


def test_each_erases_only_the_own_months(api: TestClient, people: dict[str, str], context: Context) -> None:
    privacy.erase(context, people["ann"])
    left = reads(api)
    assert len(left) == 30
    assert min(left) == MOVE
    assert reads(api, profile_id=people["ben"]) == left
    assert api.get(f"/v1/profiles/{people['ann']}").status_code == 404
    assert api.get(f"/v1/profiles/{people['ben']}").json()["name"] == "Ben Baker"
