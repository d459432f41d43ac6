"""Months of use: split between two tenants to the day, honest about estimates, blank where nothing is known."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from tests import small_town

from lamplighter.app import join
from lamplighter.context import Context
from lamplighter.customers import profile
from lamplighter.intake.land import land, withdraw
from lamplighter.store import jobs

EXTRACT = {
    "customers.csv": "customer_id,first_name,last_name\nA,Ana,First\nB,Ben,Second\n",
    "accounts.csv": "account_id,customer_id,status\nAA1,A,closed\nBB1,B,open\n",
    "premises.csv": "premise_id,street\nP,1 Elm St\n",
    "service_points.csv": "service_point_id,premise_id,commodity\nS,P,electricity\n",
    "agreements.csv": "agreement_id,account_id,service_point_id,started_on,ended_on\n"
    "GA,AA1,S,2020-01-01,2026-06-16\nGB,BB1,S,2026-06-16,\n",
    "meters.csv": "meter_id,service_point_id,installed_on,unit\nM,S,2019-01-01,kWh\n",
    "bills.csv": "bill_id,account_id,period_start,period_end,issued_on,amount,status,replaces_bill_id\n"
    "X1,AA1,2026-03-10,2026-04-09,2026-04-12,30,estimated,\nX2,AA1,2026-02-10,2026-03-10,2026-03-12,28,issued,\n"
    "X3,AA1,2026-02-10,2026-03-10,2026-03-20,14,corrected,X2\nX4,AA1,2026-01-10,2026-02-10,2026-02-12,31,cancelled,\n",
    "bill_lines.csv": "bill_id,line,commodity,kind,quantity,unit,amount\nX1,1,electricity,energy,300,kWh,30\n"
    "X2,1,electricity,energy,280,kWh,28\nX3,1,electricity,energy,140,kWh,14\nX4,1,electricity,energy,310,kWh,31\n",
}


@pytest.fixture
def home(context: Context, tmp_path: Path) -> Context:
    """One home, two tenants: Ana until 15 June 2026, Ben since."""
    join()
    folder = tmp_path / "extract"
    folder.mkdir()
    for name, text in EXTRACT.items():
        (folder / name).write_text(text)
    land(context, "cis_csv", folder, name="cis")
    return context


def reads(folder: Path, first: datetime, hours: int, *, flow: str = "delivered", estimated: int = 0) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    rows = ["meter_id,start,seconds,value,unit,flow,quality"]
    for hour in range(hours):
        quality = "estimated" if hour < estimated else "valid"
        rows.append(f"M,{first + timedelta(hours=hour):%Y-%m-%dT%H:%M:%SZ},3600,1,kWh,{flow},{quality}")
    (folder / f"{flow}.csv").write_text("\n".join(rows) + "\n")
    return folder


def months(context: Context, customer_id: str) -> dict[str, dict[str, Any]]:
    jobs.drain(context.store, lambda _: context, now=context.now)
    with context.session() as session:
        found = profile.sections(session, small_town.profile_of(context, customer_id), "usage")
    items = found.get("usage", {"items": []})["items"]
    return {month["month"]: month for item in items for month in item["months"]}


JUNE = datetime(2026, 6, 1, 7, tzinfo=UTC)


def test_the_month_of_a_move_is_split_between_the_tenants_to_the_day(home: Context, tmp_path: Path) -> None:
    land(home, "ami", reads(tmp_path / "reads", JUNE, 30 * 24), name="cis")
    ana, ben = months(home, "A")["2026-06"], months(home, "B")["2026-06"]
    assert (ana["quantity"], ana["days"]) == ("360.000", 15)
    assert (ben["quantity"], ben["days"]) == ("360.000", 15)
    assert "2026-03" not in months(home, "B"), "the first tenant's bills are not the second's use"


def test_billed_months_stand_in_where_nothing_was_read(home: Context) -> None:
    ana = months(home, "A")
    assert (ana["2026-03"]["quantity"], ana["2026-04"]["quantity"]) == ("265.000", "80.000")
    assert ana["2026-02"]["quantity"] == "95.000", "the corrected bill counts, the one it replaces does not"
    assert "2026-01" not in ana, "a cancelled bill is no use"
    assert ana["2026-04"]["estimated"] == 1.0 and ana["2026-04"]["measured"] is False


def test_what_was_fed_back_and_estimated_is_told_apart(home: Context, tmp_path: Path) -> None:
    folder = reads(tmp_path / "reads", JUNE, 240, estimated=60)
    land(home, "ami", reads(folder, JUNE, 24, flow="received"), name="cis")
    june = months(home, "A")["2026-06"]
    assert (june["quantity"], june["received"], june["estimated"]) == ("240.000", "24.000", 0.25)


def test_a_withdrawn_load_of_reads_leaves_no_month_behind(home: Context, tmp_path: Path) -> None:
    landing = land(home, "ami", reads(tmp_path / "reads", JUNE, 240), name="cis")
    assert "2026-06" in months(home, "A")
    withdraw(home, landing.batch)
    assert "2026-06" not in months(home, "A")
