"""Values take their one spelling; what cannot be read is a fault with a remedy."""

from datetime import UTC, date, datetime
from decimal import Decimal

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lamplighter.intake import moments
from lamplighter.intake.decimals import scaled
from lamplighter.intake.source import Chunk, Rules
from lamplighter.intake.standardize import standardize
from lamplighter.intake.units import stored_as, unit_of
from lamplighter.warehouse.tables import TABLES


def one(table: str, rules: Rules | None = None, **values: object) -> tuple[dict, list[str]]:
    rows = pa.record_batch({name: pa.array([value]) for name, value in values.items()})
    found, faults = standardize(Chunk(TABLES[table], rows, "x.csv", 2, rules=rules or Rules()), "lumen")
    return found.to_pylist()[0], [fault.reason for fault in faults.found]


def test_text_is_trimmed_and_empty_means_unknown() -> None:
    row, faults = one("customer", customer_id=" C1 ", first_name="  ", email=" ana@example.org")
    assert (row["customer_id"], row["first_name"], row["email"], faults) == (
        "C1",
        None,
        "ana@example.org",
        [],
    )


@pytest.mark.parametrize(
    ("text", "flag"),
    [("Y", True), ("yes", True), ("1", True), ("TRUE", True), ("n", False), ("0", False), ("", None)],
)
def test_flags_come_in_many_spellings(text: str, flag: bool | None) -> None:
    assert one("customer_account", autopay=text) == (one("customer_account", autopay=flag)[0], [])


def test_choices_are_taken_in_any_case_and_translated_by_codes() -> None:
    assert one("customer", kind="Residential")[0]["kind"] == "residential"
    assert one("relationship", kind="Parent Company")[0]["kind"] == "parent_company"
    assert one("customer", Rules(codes={"kind": {"G": "commercial"}}), kind="G")[0]["kind"] == "commercial"
    assert one("customer", kind="G") == ({**one("customer", kind=None)[0]}, ["unknown_code"])


def test_numbers_of_parquet_serve_as_identifiers() -> None:
    assert one("customer", customer_id=4711, birth_year=1980.0)[0]["customer_id"] == "4711"
    assert one("customer", customer_id=4711, birth_year=1980.0)[0]["birth_year"] == 1980


def test_an_unknown_flag_count_or_day_is_a_fault() -> None:
    assert one("customer_account", autopay="maybe")[1] == ["bad_flag"]
    assert one("customer", birth_year="198O")[1] == ["bad_number"]
    assert one("customer", created_on="11/22/2026")[1] == ["bad_date"]
    assert one("customer", Rules(date="%m/%d/%Y"), created_on="11/22/2026")[0]["created_on"] == date(
        2026, 11, 22
    )


def test_a_column_of_nothing_but_strange_codes_costs_no_time() -> None:
    rows = pa.record_batch({"kind": pa.array([f"strange {n}" for n in range(50_000)])})
    _, faults = standardize(Chunk(TABLES["customer"], rows, "x.csv", 2), "lumen")
    assert faults.bad.all() and len(faults.found) < 30


def test_attributes_are_json_whatever_is_in_them() -> None:
    import json

    odd = 'a "quoted" \\ back\nline\ttab'
    row, _ = one("customer", customer_id="C1", **{"odd name": odd, "zz": "1", "empty": ""})
    assert json.loads(row["attributes"]) == {"odd name": odd, "zz": "1"}


@given(st.lists(st.one_of(st.none(), st.decimals(-(10**11), 10**11, places=6))))
def test_decimals_survive_text_exactly(numbers: list[Decimal | None]) -> None:
    texts = pa.array([None if number is None else str(number) for number in numbers], pa.string())
    found = scaled(texts, 6)
    assert not found.bad.any()
    assert found.as_decimal128(6).to_pylist() == numbers
    assert found.as_decimal64(6).to_pylist() == numbers


@given(st.lists(st.text(max_size=12)))
def test_any_text_is_a_number_a_fault_or_nothing(texts: list[str]) -> None:
    found = scaled(pa.array(texts, pa.string()), 4)
    assert len(found.steps) == len(texts)


@given(st.lists(st.datetimes(datetime(1950, 1, 1), datetime(2037, 1, 1)), min_size=1))
def test_the_hours_of_a_zone_are_those_that_python_knows(times: list[datetime]) -> None:
    from zoneinfo import ZoneInfo

    zone = ZoneInfo("America/Los_Angeles")
    there = moments.in_zone(pa.array(times, pa.timestamp("us")), "America/Los_Angeles", "first")
    for local, found, skipped in zip(times, there.values.to_pylist(), there.skipped, strict=True):
        expected = local.replace(tzinfo=zone).astimezone(UTC)
        if skipped:
            assert expected.astimezone(zone).replace(tzinfo=None) != local
        else:
            assert found == expected


def test_february_has_no_thirtieth_in_any_format() -> None:
    assert list(moments.days(pa.array(["2026-02-28", "2026-02-30", None])).bad) == [False, True, False]
    assert list(moments.days(pa.array(["28.02.2026", "30.02.2026", "1.3.2026"]), "%d.%m.%Y").bad) == [
        False,
        True,
        False,
    ]


def test_units_have_one_spelling() -> None:
    assert [unit_of(text) for text in ("KWH", "kw h", "Therms", "HCF", "m³", "furlong")] == [
        "kWh",
        "kWh",
        "therm",
        "ccf",
        "m3",
        None,
    ]
    assert stored_as("MWh") == ("kWh", Decimal(1000)) and stored_as("gal") == ("gal", Decimal(1))


def test_a_fault_is_counted_once_a_row() -> None:
    rows = pa.record_batch({"customer_id": ["C1", "C2"], "kind": ["odd", None], "birth_year": ["x", "y"]})
    _, faults = standardize(Chunk(TABLES["customer"], rows, "x.csv", 2), "lumen")
    first = faults.first_of_each()
    assert sorted(np.concatenate([fault.rows for fault in first])) == [0, 1]
    assert [(fault.column, list(fault.rows)) for fault in first] == [("kind", [0]), ("birth_year", [1])]
