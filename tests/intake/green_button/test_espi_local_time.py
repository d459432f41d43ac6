"""The clock on the wall, against the zones of the world."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from lamplighter.intake.green_button.local_time import LocalTime, local_time_of
from lamplighter.intake.green_button.resource import Entry, Node

US = (0x360E2000, 0xB40E2000)
EUROPE = (0x3E0E2000, 0xAE0E3000)  # last Sunday of March 02:00 and of October 03:00


@pytest.mark.parametrize(
    ("zone", "clock"),
    [
        ("America/New_York", LocalTime(-18000, 3600, *US)),
        ("America/Los_Angeles", LocalTime(-28800, 3600, *US)),
        ("America/Phoenix", LocalTime(-25200)),
        ("Europe/Berlin", LocalTime(3600, 3600, *EUROPE)),
    ],
)
def test_local_days_are_those_of_the_zone_at_every_hour_of_three_years(zone: str, clock: LocalTime) -> None:
    moment, wall = datetime(2023, 1, 1, tzinfo=UTC), ZoneInfo(zone)
    for _ in range(3 * 366 * 24):
        assert clock.day(int(moment.timestamp())) == moment.astimezone(wall).date(), moment
        moment += timedelta(hours=1)


def test_the_zone_is_named_where_it_is_certain() -> None:
    assert LocalTime(-18000, 3600, *US).zone == "America/New_York"
    assert LocalTime(-25200).zone == "America/Phoenix"
    assert LocalTime(3600, 3600, *EUROPE).zone is None
    assert LocalTime(-10, 3600, *US).zone is None


@pytest.mark.parametrize("rule", ["FFFFFFFF", "", "xyz", "00000000", "-1", "F60E2000"])
def test_no_rule_is_no_daylight_saving(rule: str) -> None:
    texts = {"dstEndRule": "B40E2000", "dstStartRule": rule, "dstOffset": "3600", "tzOffset": "-25200"}
    node = Node("LocalTimeParameters", 1, children=[Node(name, 1, text) for name, text in texts.items()])
    assert local_time_of(Entry(0, 1, node=node)) == LocalTime(-25200)
