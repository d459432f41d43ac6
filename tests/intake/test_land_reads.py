"""Interval reads land, in whatever layout they come."""

from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import extracts
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from lamplighter.context import Context
from lamplighter.errors import InvalidInput, UnreadableFile
from lamplighter.intake.land import land, rejects, replay, withdraw
from lamplighter.warehouse.expressions import current, history
from lamplighter.warehouse.tables import TABLES

READING = TABLES["meter_reading"]
HEADER = "meter_id,start,seconds,value,unit,flow,quality\n"


def reads(context: Context) -> pa.Table:
    rows = context.warehouse.read(current(READING), context.organization_id)
    return rows.sort_by([("meter_id", "ascending"), ("flow", "ascending"), ("started_at", "ascending")])


def values(context: Context) -> list[tuple[str, Decimal]]:
    table = reads(context)
    starts = [moment.strftime("%m-%dT%H:%M") for moment in table.column("started_at").to_pylist()]
    return list(zip(starts, table.column("value").to_pylist(), strict=True))


def utc(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=UTC)


def test_plain_reads_land_without_a_layout(context: Context, tmp_path: Path) -> None:
    path = extracts.alone(
        tmp_path,
        "r.csv",
        HEADER
        + "M1,2026-10-01T00:00:00-07:00,3600,1.25,kWh,delivered,actual\nM1,2026-10-01T08:00:00Z,3600,,kWh,,missing\n",
    )
    landing = land(context, "ami", path)
    assert (landing.landed, landing.rejected) == (2, 0), rejects(context, "ami")
    first, second = reads(context).to_pylist()
    assert first["started_at"] == utc(2026, 10, 1, 7)
    assert (first["source"], first["usage_point_id"], first["value"], first["quality"], first["flow"]) == (
        "ami",
        "M1",
        Decimal("1.25"),
        "valid",
        "delivered",
    )
    assert (second["value"], second["quality"]) == (None, "missing")
    assert any("could not be checked" in note for note in landing.notes)


def test_watt_hours_are_stored_as_kilowatt_hours(context: Context, tmp_path: Path) -> None:
    path = extracts.alone(
        tmp_path,
        "r.csv",
        HEADER + "M1,2026-10-01T00:00:00Z,3600,1250,WH,,\n"
        "M2,2026-10-01T00:00:00Z,3600,0.5,MWh,,\nM3,2026-10-01T00:00:00Z,3600,3,gallons,,\n",
    )
    land(context, "ami", path)
    assert [(row["value"], row["unit"]) for row in reads(context).to_pylist()] == [
        (Decimal("1.25"), "kWh"),
        (Decimal(500), "kWh"),
        (Decimal(3), "gal"),
    ]


def test_a_missing_unit_is_never_guessed(context: Context, tmp_path: Path) -> None:
    with pytest.raises(UnreadableFile, match=r"unit.*layout\.yaml"):
        land(
            context,
            "ami",
            extracts.alone(
                tmp_path, "r.csv", "meter_id,start,seconds,value\nM1,2026-10-01T00:00:00Z,3600,1\n"
            ),
        )
    landing = land(
        context,
        "ami",
        extracts.alone(
            tmp_path,
            "r.csv",
            HEADER + "M1,2026-10-01T00:00:00Z,3600,1,,,\n"
            "M1,2026-10-01T01:00:00Z,3600,1,furlong,,\nM1,2026-10-01T02:00:00Z,3600,1,kWh,,\n",
        ),
    )
    assert (landing.landed, landing.reasons) == (1, {"missing_value": 1, "unknown_unit": 1})
    assert (
        "never guessed" in rejects(context, "ami")[0]["message"]
        or "never guessed" in rejects(context, "ami")[1]["message"]
    )


def test_a_time_without_offset_is_set_aside_with_the_remedy(context: Context, tmp_path: Path) -> None:
    landing = land(
        context,
        "ami",
        extracts.alone(
            tmp_path,
            "r.csv",
            HEADER + "M1,2026-10-01T00:00:00,3600,1,kWh,,\nM1,2026-10-01T02:00:00Z,3600,1,kWh,,\n",
        ),
    )
    assert landing.reasons == {"bad_time": 1}
    assert "offset" in rejects(context, "ami")[0]["message"]


def test_reads_of_a_known_meter_carry_its_source_and_usage_point(context: Context, tmp_path: Path) -> None:
    land(context, "cis_csv", extracts.write(tmp_path / "x"), name="lumen")
    path = extracts.alone(
        tmp_path,
        "r.csv",
        HEADER + "M1,2026-10-01T00:00:00Z,3600,1,kWh,,\nM9,2026-10-01T00:00:00Z,3600,1,kWh,,\n",
    )
    landing = land(context, "ami", path)
    assert (landing.landed, landing.reasons) == (1, {"unknown_meter": 1})
    row = reads(context).to_pylist()[0]
    assert (row["source"], row["usage_point_id"]) == ("lumen", "SP1")
    assert (rejects(context, "ami")[0]["line"], rejects(context, "ami")[0]["value"]) == (3, "M9")


def test_reads_of_an_unknown_meter_land_by_replay_after_the_meter(context: Context, tmp_path: Path) -> None:
    folder = extracts.write(tmp_path / "x")
    land(context, "cis_csv", folder, name="lumen")
    land(
        context,
        "ami",
        extracts.alone(
            tmp_path, "r.csv", HEADER + "M9,2026-10-01T00:00:00Z,3600,1.5,kWh,received,estimated\n"
        ),
    )
    land(
        context,
        "cis_csv",
        extracts.write(folder, meters=extracts.FILES["meters.csv"] + "M9,S-9,SP2,2020-01-01,,ami,kWh,\n"),
        name="lumen",
    )
    assert replay(context, "ami").landed == 1
    row = reads(context).to_pylist()[0]
    assert (row["source"], row["usage_point_id"], row["value"], row["flow"], row["quality"]) == (
        "lumen",
        "SP2",
        Decimal("1.5"),
        "received",
        "estimated",
    )


def test_a_meter_number_of_two_sources_needs_a_name(context: Context, tmp_path: Path) -> None:
    folder = extracts.write(tmp_path / "x")
    for name in ("north", "south"):
        land(context, "cis_csv", folder, name=name)
    path = extracts.alone(tmp_path, "r.csv", HEADER + "M1,2026-10-01T00:00:00Z,3600,1,kWh,,\n")
    assert land(context, "ami", path).reasons == {"ambiguous_meter": 1}
    assert land(context, "ami", path, name="south").landed == 1
    assert reads(context).to_pylist()[0]["source"] == "south"


def test_reads_follow_a_meter_that_moved(context: Context, tmp_path: Path) -> None:
    meters = (
        extracts.FILES["meters.csv"].replace("2020-01-01,,ami", "2020-01-01,2026-06-01,ami")
        + "M1,S-1,SP2,2026-06-01,,ami,kWh,grey\n"
    )
    land(context, "cis_csv", extracts.write(tmp_path / "x", meters=meters))
    rows = "".join(
        f"M1,2026-{moment}Z,3600,1,kWh,,\n"
        for moment in ("05-31T00:00:00", "06-01T06:59:00", "06-01T07:00:00", "07-01T00:00:00")
    )
    land(context, "ami", extracts.alone(tmp_path, "r.csv", HEADER + rows))
    # Installed on 1 June, which in Los Angeles begins at 07:00 UTC.
    assert reads(context).column("usage_point_id").to_pylist() == ["SP1", "SP1", "SP2", "SP2"]


def test_interval_reads_in_the_extract_know_the_meters_of_the_same_load(
    context: Context, tmp_path: Path
) -> None:
    landing = land(
        context,
        "cis_csv",
        extracts.write(
            tmp_path / "x",
            interval_reads=HEADER
            + "M2,2026-10-01T00:00:00Z,3600,7,gal,,\nM7,2026-10-01T00:00:00Z,3600,7,gal,,\n",
        ),
    )
    assert landing.reasons == {"unknown_meter": 1}
    assert reads(context).to_pylist()[0]["usage_point_id"] == "SP2"


def parquet(
    path: Path, starts: list[datetime], numbers: list[float], meters: list[str] | None = None
) -> Path:
    count = len(starts)
    pq.write_table(
        pa.table(
            {
                "meter_id": meters or ["M1"] * count,
                "start": pa.array(starts, pa.timestamp("us", "UTC")),
                "seconds": [3600] * count,
                "value": numbers,
                "unit": ["kWh"] * count,
            }
        ),
        path,
    )
    return path


def test_the_same_file_twice_lands_nothing_and_a_restated_one_keeps_the_old_values(
    context: Context, tmp_path: Path
) -> None:
    starts = [utc(2026, 10, 1, hour) for hour in range(5)]
    path = parquet(tmp_path / "r.parquet", starts, [1, 2, 3, 4, 5])
    assert land(context, "ami", path).landed == 5
    again = land(context, "ami", path)
    assert (again.landed, again.unchanged) == (0, 5)
    restated = land(context, "ami", parquet(path, starts, [1, 2, 3.5, 4, 5]))
    assert (restated.landed, restated.unchanged) == (1, 4)
    assert pc.sum(reads(context).column("value")).as_py() == Decimal("15.5")
    versions = context.warehouse.read(history(READING), context.organization_id).to_pylist()
    assert {
        (row["value"], row["is_current"]) for row in versions if row["started_at"] == utc(2026, 10, 1, 2)
    } == {(Decimal(3), False), (Decimal("3.5"), True)}
    withdraw(context, restated.batch)
    assert pc.sum(reads(context).column("value")).as_py() == Decimal(15)


@pytest.mark.parametrize("order", ["by meter", "by time", "backwards"])
def test_duplicates_are_found_in_any_order_of_rows(context: Context, tmp_path: Path, order: str) -> None:
    rows = [(meter, utc(2026, 10, 1, hour), float(hour)) for meter in ("M1", "M2", "M3") for hour in range(6)]
    if order == "by time":
        rows.sort(key=lambda row: row[1])
    if order == "backwards":
        rows.reverse()
    rows += [("M2", utc(2026, 10, 1, 3), 3.0), ("M3", utc(2026, 10, 1, 4), 99.0)]
    meters, starts, numbers = (list(column) for column in zip(*rows, strict=True))
    landing = land(context, "ami", parquet(tmp_path / "r.parquet", starts, numbers, meters))
    assert (landing.landed, landing.unchanged, landing.reasons) == (18, 1, {"conflicting_duplicate": 1})
    assert max(reads(context).column("value").to_pylist()) == 99


def layout(tmp_path: Path, text: str) -> Path:
    return extracts.alone(tmp_path, "layout.yaml", text)


LOCAL = """\
meter: METER
start: READ_AT
format: '%d/%m/%Y %H:%M'
timezone: America/Los_Angeles
seconds: 3600
value: KWH
unit: kWh
"""


def test_a_long_layout_reads_local_times_and_codes(context: Context, tmp_path: Path) -> None:
    path = extracts.alone(
        tmp_path,
        "r.csv",
        "METER;READ_AT;KWH;DIR;Q\nM1;01/07/2026 00:00;1,5;I;A\nM1;01/07/2026 00:00;0,5;E;S\n",
    )
    text = (
        LOCAL + "delimiter: ';'\ndecimal: ','\nflow: {column: DIR, codes: {I: delivered, E: received}}\n"
        "quality: {column: Q, codes: {A: valid, S: estimated}}\n"
    )
    landing = land(context, "ami", path, layout=layout(tmp_path, text))
    assert (landing.landed, landing.rejected) == (2, 0), rejects(context, "ami")
    assert [
        (row["started_at"], row["value"], row["flow"], row["quality"]) for row in reads(context).to_pylist()
    ] == [
        (utc(2026, 7, 1, 7), Decimal("1.5"), "delivered", "valid"),
        (utc(2026, 7, 1, 7), Decimal("0.5"), "received", "estimated"),
    ]


AUTUMN = "METER,READ_AT,KWH\n" + "".join(
    f"M1,01/11/2026 {hour:02}:00,{n}\n" for n, hour in enumerate([0, 1, 1, 2, 3])
)


def test_the_repeated_hour_of_autumn_is_told_apart_by_the_order_of_rows(
    context: Context, tmp_path: Path
) -> None:
    landing = land(
        context,
        "ami",
        extracts.alone(tmp_path, "r.csv", AUTUMN),
        layout=layout(tmp_path, LOCAL + "ambiguous: by_order\n"),
    )
    assert landing.rejected == 0
    assert values(context) == [
        ("11-01T07:00", 0),
        ("11-01T08:00", 1),
        ("11-01T09:00", 2),
        ("11-01T10:00", 3),
        ("11-01T11:00", 4),
    ]


def test_the_repeated_hour_without_a_declaration_is_set_aside(context: Context, tmp_path: Path) -> None:
    landing = land(context, "ami", extracts.alone(tmp_path, "r.csv", AUTUMN), layout=layout(tmp_path, LOCAL))
    assert landing.reasons == {"ambiguous_time": 2}
    assert "by_order" in rejects(context, "ami")[0]["message"]


def test_the_hour_that_spring_skips_is_set_aside(context: Context, tmp_path: Path) -> None:
    path = extracts.alone(
        tmp_path,
        "r.csv",
        "METER,READ_AT,KWH\n" + "".join(f"M1,08/03/2026 {hour:02}:00,{hour}\n" for hour in range(5)),
    )
    landing = land(context, "ami", path, layout=layout(tmp_path, LOCAL))
    assert landing.reasons == {"no_such_time": 1}
    assert values(context) == [("03-08T08:00", 0), ("03-08T09:00", 1), ("03-08T10:00", 3), ("03-08T11:00", 4)]


WIDE = "shape: wide\nmeter: meter_id\nstart: date\ntimezone: America/Los_Angeles\nseconds: 3600\nunit: kWh\nflow: delivered\n"


def day(date: str, columns: int, empty: tuple[int, ...] = ()) -> str:
    header = "meter_id,date," + ",".join(f"h{n:02}" for n in range(columns))
    return header + f"\nM1,{date}," + ",".join("" if n in empty else str(n) for n in range(columns)) + "\n"


def test_a_wide_day_becomes_its_hours(context: Context, tmp_path: Path) -> None:
    path = extracts.alone(tmp_path, "r.csv", day("2026-07-01", 24))
    assert land(context, "ami", path, layout=layout(tmp_path, WIDE + "value: 'h{00..23}'\n")).landed == 24
    assert values(context)[0] == ("07-01T07:00", 0) and values(context)[-1] == ("07-02T06:00", 23)


def test_a_wide_spring_day_has_no_third_hour(context: Context, tmp_path: Path) -> None:
    path = extracts.alone(tmp_path, "r.csv", day("2026-03-08", 24, empty=(2,)))
    assert land(context, "ami", path, layout=layout(tmp_path, WIDE + "value: 'h{00..23}'\n")).landed == 23
    assert values(context)[1:3] == [("03-08T09:00", 1), ("03-08T10:00", 3)]
    again = land(
        context,
        "ami",
        extracts.alone(tmp_path, "r.csv", day("2026-03-08", 24)),
        layout=tmp_path / "layout.yaml",
    )
    assert (again.unchanged, again.reasons) == (23, {"no_such_time": 1})
    assert rejects(context, "ami")[0]["value"] == "h02"


def test_a_wide_autumn_day_by_the_clock_or_by_order(context: Context, tmp_path: Path) -> None:
    path = extracts.alone(tmp_path, "r.csv", day("2026-11-01", 24))
    landing = land(
        context,
        "ami",
        path,
        layout=layout(tmp_path, WIDE + "ambiguous: first\nvalue: 'h{00..23}'\n"),
        name="clock",
    )
    assert landing.landed == 24 and values(context)[1:3] == [("11-01T08:00", 1), ("11-01T10:00", 2)]
    withdraw(context, landing.batch)
    path = extracts.alone(tmp_path, "r.csv", day("2026-11-01", 25))
    landing = land(
        context,
        "ami",
        path,
        layout=layout(tmp_path, WIDE + "ambiguous: by_order\nvalue: 'h{00..24}'\n"),
        name="order",
    )
    assert landing.landed == 25 and values(context)[1:3] == [("11-01T08:00", 1), ("11-01T09:00", 2)]
    assert values(context)[-1] == ("11-02T07:00", 24)


def test_quarter_hours_side_by_side(context: Context, tmp_path: Path) -> None:
    header = "meter_id,date," + ",".join(f"q{n:02}" for n in range(96))
    path = extracts.alone(
        tmp_path, "r.csv", header + "\nM1,2026-07-01," + ",".join(str(n) for n in range(96)) + "\n"
    )
    text = WIDE.replace("3600", "900") + "value: 'q{00..95}'\n"
    assert land(context, "ami", path, layout=layout(tmp_path, text)).landed == 96
    assert values(context)[95] == ("07-02T06:45", 95)


def test_registers_become_the_use_between_two_reads(context: Context, tmp_path: Path) -> None:
    rows = "M1,2026-10-01T00:00:00Z,100\nM1,2026-10-01T01:00:00Z,103\n"
    rows += "M1,2026-10-01T03:30:00Z,110\nM1,2026-10-01T04:00:00Z,90\nM1,2026-10-01T05:00:00Z,91\n"
    text = "meter: meter_id\nstart: at\nvalue: litres\nunit: L\ncumulative: true\nflow: delivered\n"
    landing = land(
        context,
        "ami",
        extracts.alone(tmp_path, "r.csv", "meter_id,at,litres\n" + rows),
        layout=layout(tmp_path, text),
    )
    assert landing.reasons == {"register_fell": 1}
    assert [(row["started_at"].hour, row["seconds"], row["value"]) for row in reads(context).to_pylist()] == [
        (0, 3600, 3),
        (1, 9000, 7),
        (4, 3600, 1),
    ]
    assert any("first of their meter" in note for note in landing.notes)


@pytest.mark.parametrize(("text", "sentence"), [
    ("shape: tall\nunit: kWh\n", "layout.yaml, line 1 \\(shape\\): “tall” is not known"),
    ("unit: kwhh\n", "line 1 \\(unit\\): “kwhh” is no unit.*kWh"),
    ("meter: m\n", "the unit is never guessed"),
    ("unit: kWh\ntimezon: Europe/Madrid\n", "line 2 \\(timezon\\).*Did you mean “timezone”"),
    ("unit: kWh\ntimezone: Europe/Madird\n", "line 2 \\(timezone\\): there is no time zone"),
    ("unit: kWh\nflow: {column: D, codes: {I: deliverd}}\n", "flow.codes.I.*Did you mean “delivered”"),
    ("unit: kWh\n  seconds: 3600\n", "layout.yaml, line 2"),
    ("shape: wide\nunit: kWh\n", "needs the time zone"),
])  # fmt: skip
def test_a_wrong_layout_is_explained_by_line_and_field(
    context: Context, tmp_path: Path, text: str, sentence: str
) -> None:
    with pytest.raises(InvalidInput, match=sentence):
        land(context, "ami", extracts.alone(tmp_path, "r.csv", HEADER), layout=layout(tmp_path, text))


def test_csv_of_many_reads_lands_whole_across_blocks(context: Context, tmp_path: Path) -> None:
    count = 60_000
    lines = "".join(f"M{n % 7},{1 + n // 7 // 1440 % 28:02}" for n in range(0))
    starts = pc.strftime(
        pa.array([n // 7 * 60_000_000 + 1_767_225_600_000_000 for n in range(count)], pa.int64()).cast(
            pa.timestamp("us")
        ),
        format="%Y-%m-%dT%H:%M:%S",
    )
    lines = "".join(
        f"M{n % 7},{start[:19]}Z,60,{n % 13}.5,kWh,delivered,valid\n"
        for n, start in enumerate(starts.to_pylist())
    )
    from lamplighter.intake import csv_file

    size, csv_file.BLOCK = csv_file.BLOCK, 1 << 16
    try:
        assert land(context, "ami", extracts.alone(tmp_path, "r.csv", HEADER + lines)).landed == count
    finally:
        csv_file.BLOCK = size
