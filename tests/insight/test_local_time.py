"""The clock on the wall, on ordinary days and on both nights of the year."""

from datetime import UTC, date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import ibis
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lamplighter.insight.local_time import local, midnight, offsets

PACIFIC = ZoneInfo("America/Los_Angeles")


def walls(instants: list[datetime], zone: ZoneInfo) -> list[datetime]:
    """What the expression answers on the engine, for a few instants."""
    rows: Any = ibis.memtable(pa.table({"at": pa.array(instants, pa.timestamp("us", tz="UTC"))}))
    connection = ibis.duckdb.connect()
    connection.raw_sql("set timezone = 'UTC'")
    days = [at.astimezone(zone).date() for at in instants]
    wall = local(rows["at"], zone, min(days), max(days))
    return list(connection.to_pyarrow(rows.mutate(wall=wall).select("wall"))["wall"].to_pylist())


def test_the_hour_that_comes_twice_is_the_same_hour_on_the_wall() -> None:
    before, after = datetime(2026, 11, 1, 8, 30, tzinfo=UTC), datetime(2026, 11, 1, 9, 30, tzinfo=UTC)
    assert walls([before, after], PACIFIC) == [datetime(2026, 11, 1, 1, 30)] * 2


def test_the_hour_that_is_missing_is_jumped_over() -> None:
    before, after = datetime(2026, 3, 8, 9, 59, tzinfo=UTC), datetime(2026, 3, 8, 10, 0, tzinfo=UTC)
    assert walls([before, after], PACIFIC) == [datetime(2026, 3, 8, 1, 59), datetime(2026, 3, 8, 3, 0)]


def test_a_zone_without_summer_time_has_one_offset() -> None:
    assert [
        seconds for _, seconds in offsets(ZoneInfo("America/Phoenix"), date(2025, 1, 1), date(2026, 12, 31))
    ] == [-25200]


@pytest.mark.parametrize(
    "zone", ["America/Los_Angeles", "Europe/Berlin", "Australia/Lord_Howe", "Asia/Kathmandu"]
)
@given(minutes=st.lists(st.integers(0, 2 * 365 * 24 * 60), min_size=1, max_size=5))
def test_it_agrees_with_the_standard_library(zone: str, minutes: list[int]) -> None:
    start = datetime(2025, 1, 1, tzinfo=UTC).timestamp()
    instants = [datetime.fromtimestamp(start + minute * 60, UTC) for minute in minutes]
    expected = [at.astimezone(ZoneInfo(zone)).replace(tzinfo=None) for at in instants]
    assert walls(instants, ZoneInfo(zone)) == expected


def test_a_local_day_begins_at_its_own_midnight() -> None:
    assert midnight(date(2026, 11, 2), PACIFIC) == datetime(2026, 11, 2, 8, tzinfo=UTC)
