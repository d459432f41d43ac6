"""Every sample file: our figures equal those of a plain, whole-document calculation written here."""

import csv
import os
import re
from collections import Counter
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from lamplighter.errors import UnreadableFile
from lamplighter.intake.green_button import inspect, read

FOLDER = (
    Path(os.environ.get("LAMPLIGHTER_SHARED_DATA") or Path(__file__).parents[4] / "shared" / "data")
    / "greenbutton"
)
ATOM = "{http://www.w3.org/2005/Atom}"
ESPI = "{http://naesb.org/espi}"
CUSTOMER = "{http://naesb.org/espi/customer}"
NOT_XML = {"pge_cmd_UsageSummary.xml"}
SAMPLES = sorted(path.name for path in FOLDER.glob("*.xml")) if FOLDER.exists() else []
UNITS = {"72": "Wh", "169": "therm", "128": "gal", "6": "K"}
FLOWS = {"1": "delivered", "19": "received", None: "delivered"}

pytestmark = pytest.mark.shared_data


def _entries(root: ElementTree.Element) -> list[ElementTree.Element]:
    return [root] if root.tag == f"{ATOM}entry" else root.findall(f"{ATOM}entry")


def _links(entry: ElementTree.Element, relation: str) -> list[str]:
    return [link.get("href", "") for link in entry.findall(f"{ATOM}link") if link.get("rel") == relation]


def _self(entry: ElementTree.Element) -> str:
    return (_links(entry, "self") or [""])[0]


def expected(path: Path) -> list[dict[str, Any]]:
    """One row per meter reading of the file that has interval readings."""
    root = ElementTree.parse(path).getroot()
    types: dict[str, ElementTree.Element] = {}
    meters: dict[str, list[str]] = {}
    readings: dict[str, list[ElementTree.Element]] = {}
    for entry in _entries(root):
        for found in entry.iter(f"{ESPI}ReadingType"):
            types.setdefault(_self(entry), found)
        if entry.find(f".//{ESPI}MeterReading") is not None:
            meters[_self(entry)] = _links(entry, "related")
        for found in entry.iter(f"{ESPI}IntervalReading"):
            place = (_links(entry, "up") or [_self(entry)])[0]
            readings.setdefault(place.partition("/IntervalBlock")[0], []).append(found)
    rows = []
    for meter, found in readings.items():
        reading_type = next((types[link] for link in meters.get(meter, []) if link in types), None)

        def fact(name: str, of: ElementTree.Element | None = reading_type) -> str | None:
            return None if of is None else of.findtext(f"{ESPI}{name}")

        power = int(fact("powerOfTenMultiplier") or 0)
        starts = [int(one.findtext(f"{ESPI}timePeriod/{ESPI}start") or 0) for one in found]
        costs = [int(text) for one in found if (text := one.findtext(f"{ESPI}cost"))]
        rows.append(
            {
                "unit": UNITS.get(fact("uom") or ""),
                "flow": FLOWS[fact("flowDirection")],
                "readings": len(found),
                "first": _time(min(starts)),
                "last": _time(max(starts)),
                "total": sum(int(one.findtext(f"{ESPI}value") or 0) for one in found) * Decimal(10) ** power,
                "cost_total": Decimal(sum(costs)) / 100_000 if costs else None,
                "currency": {"840": "USD", None: None}[fact("currency")],
            }
        )
    return rows


def _time(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _series(found: dict[str, Any]) -> list[dict[str, Any]]:
    return [one for point in found["usage_points"] for one in point["reading_types"]]


def _key(row: dict[str, Any]) -> str:
    return str(sorted((name, str(value)) for name, value in row.items()))


def test_there_are_samples() -> None:
    assert len(SAMPLES) >= 19


@pytest.mark.parametrize("name", [name for name in SAMPLES if name not in NOT_XML])
def test_counts_sums_units_spans_and_costs_are_those_of_the_file(name: str) -> None:
    found = inspect(FOLDER / name)
    ours = [
        {
            "unit": one["unit"], "flow": one["flow"], "readings": one["readings"], "first": one["first"],
            "last": one["last"], "total": Decimal(one["total"]),
            "cost_total": None if one["cost_total"] is None else Decimal(one["cost_total"]),
            "currency": one["currency"],
        }
        for one in _series(found)
        if one["readings"]
    ]  # fmt: skip
    theirs = expected(FOLDER / name)
    for row in theirs:
        row["total"] = row["total"].normalize() + 0
    for row in ours:
        row["total"] = row["total"].normalize() + 0
    for rows in (ours, theirs):
        for row in rows:
            row["cost_total"] = row["cost_total"] and row["cost_total"].normalize()
    assert sorted(ours, key=_key) == sorted(theirs, key=_key)


@pytest.mark.parametrize("name", [name for name in SAMPLES if name not in NOT_XML])
def test_points_summaries_and_customers_are_counted(name: str) -> None:
    root = ElementTree.parse(FOLDER / name).getroot()
    kinds = Counter(one.tag for entry in _entries(root) for one in (entry.find(f"{ATOM}content") or []))
    found = inspect(FOLDER / name)
    named = kinds[f"{ESPI}UsagePoint"]
    assert len(found["usage_points"]) == (named or int(name.startswith("neg_")))
    summaries = kinds[f"{ESPI}UsageSummary"] + kinds[f"{ESPI}ElectricPowerUsageSummary"]
    assert sum(point["usage_summaries"] for point in found["usage_points"]) == summaries
    assert found["retail_customers"] == kinds[f"{CUSTOMER}Customer"]


@pytest.mark.parametrize("name", [name for name in SAMPLES if name not in NOT_XML])
def test_readings_in_arrow_are_the_same_numbers(name: str) -> None:
    kilo = {"Wh": Decimal("0.001")}
    usable = [row for row in expected(FOLDER / name) if row["unit"]]
    with read(FOLDER / name) as feed:
        rows = [row for batch in feed.readings() for row in batch.to_pylist()]
    assert len(rows) == sum(row["readings"] for row in usable)
    total = sum((row["total"] * kilo.get(row["unit"], Decimal(1)) for row in usable), Decimal(0))
    assert sum((row["value"] for row in rows), Decimal(0)) == total
    costs = sum((row["cost_total"] or Decimal(0) for row in usable), Decimal(0))
    assert sum((row["cost"] or Decimal(0) for row in rows), Decimal(0)) == costs


def test_a_file_with_an_undeclared_prefix_is_refused_in_a_sentence() -> None:
    with pytest.raises(UnreadableFile, match=r"pge_cmd_UsageSummary\.xml, line 1: .*prefix.*Ask the utility"):
        inspect(FOLDER / "pge_cmd_UsageSummary.xml")


def test_wrong_content_is_named_with_its_line() -> None:
    path = FOLDER / "eddie_batch_wrong_content.xml"
    line = next(
        n
        for n, text in enumerate(path.read_text().splitlines(), 1)
        if "e IntervalBlock" in text or "000001" in text
    )
    findings = [one for one in inspect(path)["findings"] if one["code"] == "content_mismatch"]  # type: ignore[attr-defined]
    assert len(findings) == 1
    assert abs(findings[0]["line"] - line) <= 5


def test_a_feed_without_reading_type_keeps_its_readings_but_cannot_use_them() -> None:
    with read(FOLDER / "neg_without_usage_point.xml") as feed:
        assert list(feed.readings()) == []
        assert [(one.code, one.raw.split()[0]) for one in feed.rejected] == [("reading_type_missing", "31")]


def test_southern_california_export() -> None:
    path = FOLDER / "csv_sce_two_days.csv"
    values = [Decimal(cell) for cell in re.findall(r'to [\d: -]+","([\d.]+)"', path.read_text())]
    found = inspect(path)
    (one,) = _series(found)
    assert found["dialect"] == "csv_sce"
    assert (one["readings"], Decimal(one["total"])) == (len(values), sum(values) * 1000)
    assert (one["first"], one["interval_seconds"], one["gaps"]) == ("2020-05-01T07:00:00Z", 900, 0)


def test_eversource_export() -> None:
    path = FOLDER / "csv_eversource_gas.csv"
    rows = list(csv.DictReader(path.read_text().replace("\r", "\n").splitlines()))
    found = inspect(path)
    (one,) = _series(found)
    assert (found["dialect"], one["unit"], one["readings"]) == ("csv_eversource", "therm", len(rows))
    assert Decimal(one["total"]) == sum(Decimal(row["Usage"]) for row in rows)
    assert Decimal(one["cost_total"]) == sum(Decimal(row["Charge"].lstrip("$")) for row in rows)
    assert one["last"] == "2021-12-17T05:00:00Z"
