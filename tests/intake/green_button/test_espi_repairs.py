"""Files that are not as the standard says, and what the reader makes of them."""

from collections import Counter
from decimal import Decimal
from pathlib import Path
from typing import Any

import espi_files as espi
import pytest
from espi_files import JANUARY, POINT

from lamplighter.intake.green_button import CODES, Feed, inspect, read


def rows(feed: Feed) -> list[dict[str, Any]]:
    return [row for batch in feed.readings() for row in batch.to_pylist()]


def load(folder: Path, text: str) -> tuple[list[dict[str, Any]], Counter[str], Feed]:
    with read(espi.write(folder, text)) as feed:
        found = rows(feed)
        return found, Counter({one.code: 1 for one in feed.findings}), feed


def one_series(folder: Path, text: str) -> dict[str, Any]:
    found: Any = inspect(espi.write(folder, text))
    ((one,),) = [point["reading_types"] for point in found["usage_points"]]
    return one


def test_a_clean_file_has_no_findings(tmp_path: Path) -> None:
    found, codes, _ = load(tmp_path, espi.whole(espi.block(espi.day([250, 300, 125]))))
    assert not codes
    assert [(row["value"], row["unit"], row["channel"], row["flow"]) for row in found] == [
        (Decimal("0.250000"), "kWh", "", "delivered"),
        (Decimal("0.300000"), "kWh", "", "delivered"),
        (Decimal("0.125000"), "kWh", "", "delivered"),
    ]


@pytest.mark.parametrize("prefix", ["espi", "ns0", "x"])
def test_any_prefix_is_the_same_to_us(tmp_path: Path, prefix: str) -> None:
    text = espi.whole(espi.block(espi.day([1000, 2000])))
    body = text.partition("?>")[2].replace(
        ' xmlns="http://naesb.org/espi"', f' xmlns:{prefix}="http://naesb.org/espi"'
    )
    for name in ("UsagePoint", "ServiceCategory", "ReadingType", "MeterReading", "IntervalBlock", "IntervalReading",
                 "interval", "duration", "start", "timePeriod", "value", "uom", "powerOfTenMultiplier"):  # fmt: skip
        for opening in ("<", "</"):
            for ending in (">", " ", "/>"):
                body = body.replace(f"{opening}{name}{ending}", f"{opening}{prefix}:{name}{ending}")
    found, _, _ = load(tmp_path, espi.HEAD + body)
    assert [row["value"] for row in found] == [1, 2]


def test_no_namespace_at_all_is_read_and_reported(tmp_path: Path) -> None:
    text = espi.whole(espi.block(espi.day([1000]))).replace(' xmlns="http://naesb.org/espi"', "")
    found, codes, _ = load(tmp_path, text.replace(' xmlns="http://www.w3.org/2005/Atom"', ""))
    assert (len(found), codes) == (1, {"namespace_unknown": 1})


def test_a_bare_entry_and_a_bare_resource_are_documents_too(tmp_path: Path) -> None:
    lone = espi.usage_point()
    assert (
        len(
            inspect(
                espi.write(tmp_path, lone.replace("<entry>", '<entry xmlns="http://www.w3.org/2005/Atom">'))
            )["usage_points"]
        )
        == 1
    )  # type: ignore[arg-type]
    bare = espi.resource("ReadingType", espi.fields(uom=72))
    assert inspect(espi.write(tmp_path, bare))["findings"] == []


@pytest.mark.parametrize(
    ("uom", "power", "value", "stored", "unit"),
    [
        (72, 0, 840, "0.84", "kWh"),
        (72, 3, 2, "2", "kWh"),
        (72, -3, 123456, "0.123456", "kWh"),
        (169, -3, 37000, "37", "therm"),
        (169, -14, 10**15, "10", "therm"),
        (42, 0, -5, "-5", "m3"),
        (119, 2, 7, "700", "cf"),
        (128, 3, 27291, "27291000", "gal"),
        (134, 12, 0, "0", "L"),
        (31, 6, 5, "5", "MJ"),
    ],
)
def test_values_are_exact_for_every_multiplier_and_unit(
    tmp_path: Path, uom: int, power: int, value: int, stored: str, unit: str
) -> None:
    found, _, _ = load(
        tmp_path,
        espi.whole(espi.block(espi.reading(JANUARY, value)), kind=1, uom=uom, powerOfTenMultiplier=power),
    )
    assert [(row["value"], row["unit"]) for row in found] == [(Decimal(stored), unit)]
    assert (found[0]["raw_value"], found[0]["exponent"], found[0]["uom"]) == (value, power, uom)


@pytest.mark.parametrize(
    ("value", "stored"),
    [("5", "0"), ("15", "0.000002"), ("25", "0.000002"), ("-15", "-0.000002"), ("16", "0.000002")],
)
def test_more_than_six_decimals_are_rounded_half_to_even_and_reported(
    tmp_path: Path, value: str, stored: str
) -> None:
    found, codes, _ = load(
        tmp_path,
        espi.whole(espi.block(espi.reading(JANUARY, value)), kind=1, uom=42, powerOfTenMultiplier=-7),
    )
    assert found[0]["value"] == Decimal(stored)
    assert codes["value_rounded"]


def test_a_decimal_value_is_taken_exactly(tmp_path: Path) -> None:
    found, _, _ = load(
        tmp_path, espi.whole(espi.block(espi.reading(JANUARY, "12.75"), espi.reading(JANUARY + 900, " 3 ")))
    )
    assert [row["value"] for row in found] == [Decimal("0.01275"), Decimal("0.003")]


@pytest.mark.parametrize(
    ("code", "flow", "channel"),
    [
        (1, "delivered", ""),
        (19, "received", ""),
        (4, "net", ""),
        (20, "delivered", "kWh/total"),
        (None, "delivered", ""),
        (0, "delivered", ""),
    ],
)
def test_directions_of_flow(tmp_path: Path, code: int | None, flow: str, channel: str) -> None:
    found, codes, _ = load(tmp_path, espi.whole(espi.block(espi.day([1])), flowDirection=code))
    assert [(row["flow"], row["channel"]) for row in found] == [(flow, channel)]
    assert codes["flow_assumed"] == int(code in (None, 0))


def test_delivered_and_received_stand_apart(tmp_path: Path) -> None:
    text = espi.feed(
        espi.usage_point(), espi.local_time(), espi.meter_reading(1), espi.meter_reading(2, "ReadingType/2"),
        espi.reading_type(), espi.reading_type("ReadingType/2", flowDirection=19),
        espi.block(espi.day([5])), espi.block(espi.day([7]), meter=2),
    )  # fmt: skip
    found, codes, _ = load(tmp_path, text)
    assert [(row["flow"], row["channel"], row["raw_value"]) for row in found] == [
        ("delivered", "", 5),
        ("received", "", 7),
    ]
    assert not codes


def test_power_and_monthly_series_get_channels_of_their_own(tmp_path: Path) -> None:
    monthly = espi.reading_type("ReadingType/3", intervalLength=2678400)
    text = espi.feed(
        espi.usage_point(), espi.local_time(), *(espi.meter_reading(n, f"ReadingType/{n}") for n in (1, 2, 3)),
        espi.reading_type("ReadingType/1", uom=38, kind=37), espi.reading_type("ReadingType/2"), monthly,
        espi.block(espi.day([5]), meter=1), espi.block(espi.day([7]), meter=2),
        espi.block(espi.reading(JANUARY, 9, 2678400), meter=3),
    )  # fmt: skip
    found, _, _ = load(tmp_path, text)
    assert [(row["channel"], row["unit"], row["raw_value"]) for row in found] == [
        ("W", "W", 5),
        ("", "kWh", 7),
        ("monthly", "kWh", 9),
    ]


def test_several_usage_points_keep_their_own(tmp_path: Path) -> None:
    other = "Subscription/1/UsagePoint/2"
    text = espi.feed(
        espi.usage_point(), espi.usage_point(1, other), espi.local_time(), espi.meter_reading(), espi.reading_type(),
        espi.meter_reading(1, "ReadingType/2", other), espi.reading_type("ReadingType/2", uom=169, commodity=7),
        espi.block(espi.day([1])), espi.block(espi.day([2]), point=other),
    )  # fmt: skip
    found, _, _ = load(tmp_path, text)
    assert [(row["usage_point"], row["unit"]) for row in found] == [(POINT, "kWh"), (other, "therm")]


@pytest.mark.parametrize(
    ("given", "word"),
    [
        (None, "unknown"),
        (0, "valid"),
        (17, "valid"),
        (7, "edited"),
        (8, "estimated"),
        (14, "to_check"),
        (99, "unknown"),
    ],
)
def test_qualities(tmp_path: Path, given: int | None, word: str) -> None:
    one = one_series(tmp_path, espi.whole(espi.block(espi.reading(JANUARY, 1, quality=given))))
    assert one["qualities"] == {word: 1}


def test_the_default_quality_counts_where_a_reading_has_none(tmp_path: Path) -> None:
    one = one_series(
        tmp_path,
        espi.whole(
            espi.block(espi.reading(JANUARY, 1), espi.reading(JANUARY + 900, 1, quality=8)), defaultQuality=17
        ),
    )
    assert one["qualities"] == {"valid": 1, "estimated": 1}


def test_of_several_qualities_the_least_sure_counts(tmp_path: Path) -> None:
    text = espi.whole(espi.block(espi.reading(JANUARY, 1, quality=17))).replace(
        "</ReadingQuality>", "</ReadingQuality><ReadingQuality><quality>8</quality></ReadingQuality>"
    )
    assert one_series(tmp_path, text)["qualities"] == {"estimated": 1}


def test_costs_are_hundred_thousandths(tmp_path: Path) -> None:
    text = espi.whole(
        espi.block(
            espi.reading(JANUARY, 1, cost=5100000),
            espi.reading(JANUARY + 900, 1, cost=1),
            espi.reading(JANUARY + 1800, 1),
        )
    )
    assert one_series(tmp_path, text)["cost_total"] == "51.00001"
    found, _, _ = load(tmp_path, text)
    assert [row["cost"] for row in found] == [51, Decimal("0.00001"), None]
    assert found[0]["currency"] == "USD"


def test_exact_duplicates_count_once(tmp_path: Path) -> None:
    found, codes, feed = load(
        tmp_path, espi.whole(espi.block(espi.day([1, 2, 3])), espi.block(espi.day([1, 2, 3]), number=2))
    )
    assert [row["raw_value"] for row in found] == [1, 2, 3]
    assert (feed.sequence.duplicates, codes["duplicate_reading"], feed.rejected) == ([3], 1, [])


def test_of_two_values_the_later_published_counts_and_the_other_is_kept_aside(tmp_path: Path) -> None:
    late = espi.block(espi.day([9]), updated="2024-03-01T00:00:00Z")
    early = espi.block(espi.day([1, 2]), number=2)
    found, codes, feed = load(tmp_path, espi.whole(late, early))
    assert sorted((row["started_at"].timestamp(), row["raw_value"]) for row in found) == [
        (JANUARY, 9),
        (JANUARY + 900, 2),
    ]
    assert codes["conflicting_reading"]
    assert [(one.code, one.raw) for one in feed.rejected] == [
        ("conflicting_reading", f"start {JANUARY}, duration 900, value 1")
    ]


def test_newest_first_is_no_conflict(tmp_path: Path) -> None:
    backwards = "".join(espi.reading(JANUARY + 900 * n, n + 1) for n in reversed(range(4)))
    one = one_series(tmp_path, espi.whole(espi.block(backwards, start=JANUARY + 2700)))
    assert (one["readings"], one["gaps"], one["duplicates"], one["total"]) == (4, 0, 0, "10")


def test_gaps_are_counted(tmp_path: Path) -> None:
    text = espi.whole(espi.block(*(espi.reading(JANUARY + 900 * n, 1) for n in (0, 1, 3, 4, 8))))
    assert one_series(tmp_path, text)["gaps"] == 2


def test_milliseconds_become_seconds(tmp_path: Path) -> None:
    found, codes, _ = load(
        tmp_path, espi.whole(espi.block(espi.reading(JANUARY * 1000, 1), start=JANUARY * 1000))
    )
    assert found[0]["started_at"].timestamp() == JANUARY
    assert codes["time_in_milliseconds"]


def test_a_reading_type_after_the_readings_is_found(tmp_path: Path) -> None:
    text = espi.feed(
        espi.usage_point(),
        espi.local_time(),
        espi.meter_reading(),
        espi.block(espi.day([5])),
        espi.reading_type(powerOfTenMultiplier=3),
    )
    found, codes, _ = load(tmp_path, text)
    assert ([row["value"] for row in found], codes) == ([5], {})


def test_a_missing_link_falls_back_to_the_only_reading_type(tmp_path: Path) -> None:
    text = espi.feed(
        espi.usage_point(),
        espi.local_time(),
        espi.meter_reading(reading_type="ReadingType/lost"),
        espi.reading_type(),
        espi.block(espi.day([5])),
    )
    found, codes, _ = load(tmp_path, text)
    assert (len(found), codes["link_repaired"]) == (1, 1)


def test_without_links_the_nearest_meter_reading_before_counts(tmp_path: Path) -> None:
    text = espi.feed(
        espi.usage_point(), espi.local_time(), espi.reading_type(), espi.reading_type("ReadingType/2", flowDirection=19),
        espi.meter_reading(1), espi.block(espi.day([1]), linked=False),
        espi.meter_reading(2, "ReadingType/2"), espi.block(espi.day([2]), linked=False),
    )  # fmt: skip
    found, codes, _ = load(tmp_path, text)
    assert [(row["flow"], row["raw_value"]) for row in found] == [("delivered", 1), ("received", 2)]
    assert codes["link_repaired"]


def test_absolute_relative_and_padded_links_are_one(tmp_path: Path) -> None:
    text = espi.feed(
        espi.usage_point(own="https://utility.example/DataCustodian/espi/1_1/resource/" + POINT), espi.local_time(),
        espi.meter_reading(reading_type="/espi/1_1/resource/ReadingType/QUJD=="), espi.reading_type("ReadingType/QUJD"),
        espi.block(espi.day([1])),
    )  # fmt: skip
    found, codes, _ = load(tmp_path, text)
    assert (found[0]["usage_point"], codes) == (POINT, {})


def test_no_usage_point_entry_takes_the_number_from_the_links(tmp_path: Path) -> None:
    found, codes, _ = load(
        tmp_path, espi.feed(espi.meter_reading(), espi.reading_type(), espi.block(espi.day([1])))
    )
    assert (found[0]["usage_point"], codes["usage_point_missing"]) == (POINT, 1)


def test_without_any_trace_of_a_place_blocks_are_set_aside(tmp_path: Path) -> None:
    _, codes, feed = load(
        tmp_path, espi.feed(espi.reading_type(), espi.block(espi.day([1, 2]), linked=False))
    )
    assert codes["usage_point_unknown"]
    assert [(one.code, one.element) for one in feed.rejected] == [("usage_point_unknown", "IntervalBlock")]


def test_electricity_without_reading_type_is_assumed_in_watt_hours_gas_is_not(tmp_path: Path) -> None:
    electricity = espi.feed(
        espi.usage_point(0), espi.local_time(), espi.meter_reading(), espi.block(espi.day([1000]))
    )
    found, codes, _ = load(tmp_path, electricity)
    assert ([(row["value"], row["unit"]) for row in found], codes["reading_type_assumed"]) == (
        [(1, "kWh")],
        1,
    )
    gas = espi.feed(
        espi.usage_point(1), espi.local_time(), espi.meter_reading(), espi.block(espi.day([1000]))
    )
    found, codes, feed = load(tmp_path, gas)
    assert (found, codes["reading_type_missing"], len(feed.rejected)) == ([], 1, 1)


def test_register_states_are_no_interval_readings(tmp_path: Path) -> None:
    found, codes, feed = load(tmp_path, espi.whole(espi.block(espi.day([100000])), accumulationBehaviour=1))
    assert (found, codes["register_values"], feed.rejected[0].code) == ([], 1, "register_values")


def test_one_bad_reading_is_set_aside_with_its_line_and_the_others_stay(tmp_path: Path) -> None:
    bad = [
        espi.reading(JANUARY + 900, "abc"), espi.reading(JANUARY + 1800, ""), espi.reading(JANUARY + 2700, 1, seconds=0),
        espi.reading(-5, 1), espi.reading(JANUARY, 10**30), espi.reading(JANUARY, "1e9999999999"),
        espi.reading(JANUARY + 900, "9" * 5000),
        "<IntervalReading/>",
    ]  # fmt: skip
    text = espi.whole(espi.block(espi.reading(JANUARY, 1), *bad, espi.reading(JANUARY + 3600, 2)))
    found, _, feed = load(tmp_path, text)
    assert [row["raw_value"] for row in found] == [1, 2]
    assert Counter(one.code for one in feed.rejected) == {
        "reading_unreadable": 3, "value_out_of_range": 1, "reading_incomplete": 2, "duration_invalid": 1, "time_out_of_range": 1
    }  # fmt: skip
    lines = text.splitlines()
    assert "abc" in lines[next(one for one in feed.rejected if "abc" in one.raw).line - 1]


def test_a_value_beyond_twelve_digits_is_set_aside(tmp_path: Path) -> None:
    found, codes, feed = load(tmp_path, espi.whole(espi.block(espi.day([10**15, 3])), powerOfTenMultiplier=3))
    assert ([row["raw_value"] for row in found], codes["value_out_of_range"], len(feed.rejected)) == (
        [3],
        1,
        1,
    )


def test_every_finding_code_has_a_severity_and_a_meaning() -> None:
    assert {severity for severity, _ in CODES.values()} == {"info", "warning", "error"}
    assert all(meaning and not meaning.endswith(".") for _, meaning in CODES.values())


def test_many_findings_of_one_kind_are_counted_not_listed(tmp_path: Path) -> None:
    text = espi.whole(espi.block(*("<IntervalReading/>" for _ in range(500))))
    found: Any = inspect(espi.write(tmp_path, text))["findings"]
    assert len(found) == 21
    assert found[-1]["message"] == "… and 480 more of this kind."
