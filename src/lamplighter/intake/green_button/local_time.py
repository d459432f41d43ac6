"""LocalTimeParameters: what the clock on the wall showed, and which zone of the world that is.

A rule is 32 bits: second (0–11), hour (12–16), weekday (17–19, 1 = Monday), day (20–24), operator (25–27) and
month (28–31). Operator 0 is that day itself, 1 the weekday on or after it, 2 to 6 the first to fifth such weekday
of the month, 7 the last. ``360E2000`` is the second Sunday of March at 02:00; all ones: no daylight saving.
"""

from calendar import monthrange
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from lamplighter.intake.green_button.resource import Entry

NO_RULE = 0xFFFFFFFF
_UNITED_STATES = (0x360E2000, 0xB40E2000)
_ZONES = {
    (-18000, True): "America/New_York",
    (-21600, True): "America/Chicago",
    (-25200, True): "America/Denver",
    (-28800, True): "America/Los_Angeles",
    (-32400, True): "America/Anchorage",
    (-14400, True): "America/Halifax",
    (-12600, True): "America/St_Johns",
    (-25200, False): "America/Phoenix",
    (-36000, False): "Pacific/Honolulu",
}


@dataclass(frozen=True)
class LocalTime:
    """Seconds east of UTC in winter, and the rules of summer (None: no daylight saving)."""

    offset: int = 0
    saving: int = 3600
    begins: int | None = None
    ends: int | None = None

    @property
    def zone(self) -> str | None:
        """IANA name of the North American zone with these rules; None where that is not certain."""
        united_states = (self.begins, self.ends) == _UNITED_STATES
        if not united_states and self.begins is not None:
            return None
        return _ZONES.get((self.offset, united_states))

    def day(self, seconds: int) -> date:
        """Local date of a moment (seconds since the epoch)."""
        return (datetime.fromtimestamp(seconds, UTC) + timedelta(seconds=self._offset_at(seconds))).date()

    def _offset_at(self, seconds: int) -> int:
        if self.begins is None or self.ends is None:
            return self.offset
        year = (datetime.fromtimestamp(seconds, UTC) + timedelta(seconds=self.offset)).year
        begins = _moment(self.begins, year) - self.offset
        ends = _moment(self.ends, year) - self.offset - self.saving
        summer = begins <= seconds < ends if begins < ends else not ends <= seconds < begins
        return self.offset + (self.saving if summer else 0)


def local_time_of(entry: Entry | None) -> LocalTime:
    """Tolerant: a rule that is no hexadecimal date counts as none, an absurd offset as UTC."""
    if entry is None:
        return LocalTime()
    offset, saving = entry.whole("tzOffset") or 0, entry.whole("dstOffset")
    begins, ends = _rule(entry.word("dstStartRule")), _rule(entry.word("dstEndRule"))
    if abs(offset) > 50_400:
        offset = 0
    if begins is None or ends is None or saving == 0:
        return LocalTime(offset)
    return LocalTime(offset, saving if saving and 0 < saving <= 7200 else 3600, begins, ends)


def _rule(text: str | None) -> int | None:
    try:
        rule = int(text or "", 16)
    except ValueError:
        return None
    if rule == NO_RULE or not 0 <= rule <= NO_RULE or not 1 <= rule >> 28 <= 12:
        return None
    return rule


def _moment(rule: int, year: int) -> int:
    """Local time of the rule in that year, counted as if it were UTC."""
    second, hour = rule & 0xFFF, rule >> 12 & 0x1F
    weekday, day, operator, month = rule >> 17 & 7, rule >> 20 & 0x1F, rule >> 25 & 7, rule >> 28
    length = monthrange(year, month)[1]
    if operator == 0 or weekday == 0:
        found = min(max(day, 1), length)
    elif operator == 1:
        found = _on_or_after(year, month, min(max(day, 1), length), weekday)
    elif operator == 7:
        found = _on_or_after(year, month, length - 6, weekday)
    else:
        found = _on_or_after(year, month, 1, weekday) + 7 * (operator - 2)
    start = datetime(year, month, 1, tzinfo=UTC) + timedelta(days=found - 1, hours=hour, seconds=second)
    return int(start.timestamp())


def _on_or_after(year: int, month: int, day: int, weekday: int) -> int:
    return day + (weekday - 1 - date(year, month, 1).weekday() - (day - 1)) % 7
