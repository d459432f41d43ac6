"""Files that come again: the same, corrected, or by mistake and taken back."""

from itertools import permutations
from pathlib import Path

from tests.intake.extracts import write

from lamplighter.context import Context
from lamplighter.intake.land import land, withdraw
from lamplighter.warehouse.expressions import current, history
from lamplighter.warehouse.tables import TABLES

READING = TABLES["meter_reading"]


def reads(folder: Path, value: int, hours: range) -> Path:
    """Reads of M1 in some hours of a day, all of one value."""
    rows = [f"M1,2026-07-01T{hour:02}:00:00-07:00,3600,{value},kWh" for hour in hours]
    path = folder / f"reads_{value}.csv"
    path.write_text("\n".join(["meter_id,start,seconds,value,unit", *rows, ""]))
    return path


def now(context: Context) -> list[int]:
    """What every hour's read is, in order."""
    rows = context.warehouse.read(current(READING), context.organization_id).sort_by("started_at")
    return [int(value) for value in rows.column("value").to_pylist()]


def test_a_restated_file_keeps_the_old_values_and_reads_the_new(context: Context, tmp_path: Path) -> None:
    land(context, "cis_csv", write(tmp_path / "extract"))
    assert land(context, "ami", reads(tmp_path, 1, range(4))).landed == 4
    again = land(context, "ami", reads(tmp_path, 1, range(4)))
    assert (again.landed, again.unchanged) == (0, 4)

    corrected = land(context, "ami", reads(tmp_path, 2, range(2, 6)))
    assert (corrected.landed, corrected.tables["meter_reading"].restated) == (4, 2)
    assert now(context) == [1, 1, 2, 2, 2, 2]
    known = context.warehouse.read(history(READING), context.organization_id)
    assert sorted(int(value) for value in known.column("value").to_pylist()) == [1, 1, 1, 1, 2, 2, 2, 2]

    back = land(context, "ami", reads(tmp_path, 1, range(4)))
    assert back.landed == 2
    assert now(context) == [1, 1, 1, 1, 2, 2]


def test_loads_taken_back_in_any_order_are_as_if_they_had_never_landed(
    context: Context, tmp_path: Path
) -> None:
    land(context, "cis_csv", write(tmp_path / "extract"))
    spans = {1: range(4), 2: range(2, 6), 3: range(1, 3)}
    for order in permutations(spans):
        loads = {
            value: land(context, "ami", reads(tmp_path, value, hours)).batch for value, hours in spans.items()
        }
        assert now(context) == [1, 3, 3, 2, 2, 2]
        left = dict(spans)
        for value in order:
            assert withdraw(context, loads[value])
            assert withdraw(context, loads[value]) == {}
            del left[value]
            hours: dict[int, int] = {}
            for still, span in left.items():
                hours |= dict.fromkeys(span, still)
            assert now(context) == [hours[hour] for hour in sorted(hours)]
        known = context.warehouse.read(history(READING), context.organization_id)
        assert known.num_rows == 0
