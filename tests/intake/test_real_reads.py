"""Real reads of real homes land: a half-hourly solar customer, and hourly registers of water meters."""

import os
from decimal import Decimal
from pathlib import Path

import extracts
import pyarrow.compute as pc
import pytest

from lamplighter.context import Context
from lamplighter.intake.land import land
from lamplighter.warehouse.expressions import current
from lamplighter.warehouse.tables import TABLES

pytestmark = pytest.mark.shared_data
SHARED = Path(os.environ.get("LAMPLIGHTER_SHARED_DATA") or Path(__file__).parents[3] / "shared" / "data")

SOLAR = """\
meter: {constant: customer-12}
start: ''
format: '%Y-%m-%d %H:%M:%S'
timezone: Etc/GMT-10          # New South Wales without daylight saving, as the trial recorded it
seconds: 1800
value: {GC: delivered, GG: received}
unit: kWh
quality: valid
"""
WATER = """\
meter: home
start: datetime
format: '%d/%m/%Y %H:%M:%S'
timezone: Europe/Madrid
ambiguous: by_order
value: meter_reading_l
cumulative: true
unit: L
flow: delivered
delimiter: ';'
"""


def test_the_solar_customer_has_a_year_of_use_and_of_generation(context: Context, tmp_path: Path) -> None:
    layout = extracts.alone(tmp_path, "layout.yaml", SOLAR)
    landing = land(
        context, "ami", SHARED / "ausgrid" / "customer12_2011-2012.csv", layout=layout, name="ausgrid"
    )
    assert (landing.landed, landing.rejected) == (2 * 17_568, 0)
    rows = context.warehouse.read(current(TABLES["meter_reading"]), context.organization_id)
    totals = {
        row["flow"]: row["value_sum"]
        for row in rows.group_by("flow").aggregate([("value", "sum")]).to_pylist()
    }
    lines = (SHARED / "ausgrid" / "customer12_2011-2012.csv").read_text().splitlines()[1:]
    for position, flow in ((1, "delivered"), (2, "received")):
        assert totals[flow] == sum(Decimal(f"{float(line.split(',')[position]):.6f}") for line in lines)
    again = land(
        context, "ami", SHARED / "ausgrid" / "customer12_2011-2012.csv", layout=layout, name="ausgrid"
    )
    assert (again.landed, again.unchanged) == (0, 2 * 17_568)


def test_water_registers_become_hourly_use_and_faults_are_said(context: Context, tmp_path: Path) -> None:
    layout = extracts.alone(tmp_path, "layout.yaml", WATER)
    landing = land(
        context, "ami", SHARED / "daiad" / "water_reads_20_homes.csv.gz", layout=layout, name="daiad"
    )
    assert set(landing.reasons) <= {
        "register_fell",
        "time_went_back",
        "no_such_time",
        "conflicting_duplicate",
    }, landing
    assert landing.reasons["register_fell"] == 180
    # 170,111 registers of 20 homes: all but the first of each home tell of an interval, or are set aside.
    assert landing.landed + landing.unchanged + landing.rejected == 170_111 - 20
    rows = context.warehouse.read(current(TABLES["meter_reading"]), context.organization_id)
    assert pc.min(rows.column("value")).as_py() >= 0
    assert rows.column("unit").unique().to_pylist() == ["L"]
    home = rows.filter(pc.equal(rows.column("meter_id"), "home_01"))
    # What went through in all is what the register moved, whatever gaps there were, the autumn night included.
    assert pc.sum(home.column("value")).as_py() == 487_818 - 322_738
