"""Green Button files through the real door: landed, read again, restated."""

import os
from decimal import Decimal
from pathlib import Path
from typing import Any

import espi_files as espi
import pytest
from espi_files import JANUARY, POINT

from lamplighter.intake.land import land
from lamplighter.warehouse.expressions import current
from lamplighter.warehouse.tables import TABLES

FOLDER = (
    Path(os.environ.get("LAMPLIGHTER_SHARED_DATA") or Path(__file__).parents[4] / "shared" / "data")
    / "greenbutton"
)


def stored(context: Any, table: str) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = context.warehouse.read(
        current(TABLES[table]), context.organization_id
    ).to_pylist()
    return rows


def test_a_file_lands_once_and_a_corrected_one_replaces_only_what_changed(
    context: Any, tmp_path: Path
) -> None:
    path = espi.write(tmp_path, espi.whole(espi.block(espi.day([250, 300, 125]))))
    first = land(context, "green_button", path)
    assert (first.landed, first.rejected) == (4, 0)
    again = land(context, "green_button", path)
    assert (again.landed, again.unchanged) == (0, 4)
    espi.write(tmp_path, espi.whole(espi.block(espi.day([250, 999, 125]))))
    corrected = land(context, "green_button", path)
    assert (corrected.landed, corrected.unchanged) == (1, 3)
    rows = sorted(stored(context, "meter_reading"), key=lambda row: row["started_at"])
    assert [
        (row["source"], row["meter_id"], row["usage_point_id"], row["value"], row["unit"]) for row in rows
    ] == [("green_button", POINT, POINT, Decimal(value), "kWh") for value in ("0.25", "0.999", "0.125")]


def test_what_a_broken_file_still_holds_lands(context: Any, tmp_path: Path) -> None:
    text = espi.whole(
        espi.block(espi.day([250, 300]) + espi.reading(JANUARY + 1800, "abc") + espi.day([1], JANUARY + 9000))
    )
    result = land(context, "green_button", espi.write(tmp_path, text[: text.index("<value>1<")]))
    assert [row["value"] for row in stored(context, "meter_reading")] == [Decimal("0.25"), Decimal("0.3")]
    assert result.reasons == {"reading_unreadable": 1, "truncated": 1}


@pytest.mark.shared_data
def test_all_samples_land_from_one_folder(context: Any) -> None:
    result = land(context, "green_button", FOLDER, name="samples")
    readings = stored(context, "meter_reading")
    assert len(readings) > 2000
    assert {row["source"] for row in readings} == {"samples"}
    assert [row["last_name"] for row in stored(context, "customer")] == ["HOMEOWNER"]
    assert len(stored(context, "customer_agreement")) == 3
    assert result.reasons["bill_without_account"] == 5
    assert result.reasons["reading_type_missing"] == 1
    assert stored(context, "bill") == []
