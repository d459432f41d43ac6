"""The usage card of the customer page: a finding as title, twelve months as bars, the year before as marks."""

from calendar import monthrange
from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from types import SimpleNamespace
from typing import Any, Protocol

from lamplighter.web import charts
from lamplighter.web.pages import MONTH_NAMES, number

Json = dict[str, Any]
SERVICES = {
    "electricity": ("power", "bolt"), "gas": ("gas", "flame"), "water": ("water", "drop"),
    "wastewater": ("wastewater", "drop"), "stormwater": ("stormwater", "drop"), "reclaimed_water": ("reclaimed water", "drop"),
    "steam": ("steam", "flame"), "heat": ("heat", "flame"), "chilled_water": ("chilled water", "drop"),
    "refuse": ("refuse", "inbox"), "recycling": ("recycling", "repeat"),
}  # fmt: skip
SHOWN = 12


class Addressed(Protocol):
    """The page's own address, changed in one place."""

    @property
    def service(self) -> str: ...

    def address(self, **changed: Any) -> str: ...


def usage_section(items: Sequence[Json], as_of: str | None, query: Addressed, today: date) -> SimpleNamespace:
    """What ``section_usage.html`` draws."""
    chosen = next((item for item in items if item["service"] == query.service), items[0] if items else None)
    if chosen is None or not chosen["months"]:
        return SimpleNamespace(name="usage", title="Use", as_of=None, services=[], chart=None)
    known = {month["month"]: month for month in chosen["months"]}
    this = f"{today:%Y-%m}"
    complete = [key for key in known if key < this]
    last = max(complete, default=this)
    rows = [_month(key, known) for key in _window(last)]
    while len(rows) > 4 and rows[0].quantity is None and rows[0].before is None:
        rows.pop(0)
    word = SERVICES.get(chosen["service"], (chosen["service"], "meter"))[0]
    measured = any(month["measured"] for month in chosen["months"])
    services = [
        SimpleNamespace(
            href=query.address(service=item["service"]) + "#usage",
            words=SERVICES.get(item["service"], (item["service"], ""))[0].capitalize(),
            icon=SERVICES.get(item["service"], ("", "meter"))[1],
            current=item is chosen,
        )
        for item in items
    ]
    return SimpleNamespace(
        name="usage",
        title=_finding(rows, chosen["unit"], word),
        subtitle=f"{word.capitalize()}, {chosen['unit']} a month" + ("" if measured else ", as billed"),
        alt=f"{word.capitalize()} used each month, {chosen['unit']}. The table below has the figures.",
        as_of=as_of,
        services=services,
        chart=charts.months(rows, chosen["unit"]),
        notes=_notes(rows, known, this, chosen),
    )


def _window(last: str) -> list[str]:
    year, month = int(last[:4]), int(last[5:])
    end = year * 12 + month - 1
    return [f"{at // 12:04d}-{at % 12 + 1:02d}" for at in range(end - SHOWN + 1, end + 1)]


def _month(key: str, known: dict[str, Json]) -> charts.Month:
    """A month is set beside the same month a year before only where both are known nearly whole."""
    year, month = int(key[:4]), int(key[5:])
    now, then = known.get(key), known.get(f"{year - 1:04d}{key[4:]}")
    is_whole = now is not None and _is_whole(now, year, month)
    return charts.Month(
        year,
        month,
        Decimal(now["quantity"]) if now else None,
        Decimal(then["quantity"]) if then and is_whole and _is_whole(then, year - 1, month) else None,
        float(now["estimated"]) if now else 0.0,
        is_whole,
    )


def _is_whole(found: Json, year: int, month: int) -> bool:
    return int(found["days"]) >= monthrange(year, month)[1] - 2


def _finding(rows: Sequence[charts.Month], unit: str, word: str) -> str:
    """``19 % more power than last October``, or what the month used where there is nothing to set it beside."""
    last = rows[-1]
    name = MONTH_NAMES[last.month - 1]
    if last.quantity is None:
        return f"No {word} reads in {name}"
    if last.before:
        change = (last.quantity - last.before) / last.before
        percent = round(abs(change) * 100)
        if percent < 3:
            return f"As much {word} as last {name}"
        return f"{percent} % {'more' if change > 0 else 'less'} {word} than last {name}"
    return f"{number(last.quantity, 0)} {unit} of {word} in {name}"


def _notes(rows: Sequence[charts.Month], known: dict[str, Json], this: str, chosen: Json) -> str:
    said = []
    missing = [row for row in rows if row.quantity is None]
    if missing:
        names = ", ".join(MONTH_NAMES[row.month - 1] for row in missing[:4]) + (
            " …" if len(missing) > 4 else ""
        )
        said.append(f"Nothing known for {names}: left blank, not zero.")
    partial = [row for row in rows if row.quantity is not None and not row.complete]
    if partial:
        told = ", ".join(
            f"{MONTH_NAMES[row.month - 1]} {known[f'{row.year:04d}-{row.month:02d}']['days']} days"
            for row in partial[:3]
        )
        said.append(f"Known in part: {told}.")
    if this in known and not any(row.year * 100 + row.month == int(this.replace("-", "")) for row in rows):
        month = known[this]
        said.append(
            f"{MONTH_NAMES[int(this[5:]) - 1]} so far: {number(Decimal(month['quantity']), 0)} {chosen['unit']}"
            f" on {month['days']} days."
        )
    received = sum((Decimal(month["received"]) for month in chosen["months"]), Decimal(0))
    if received:
        said.append(f"{number(received, 0)} {chosen['unit']} were fed back in this time.")
    return " ".join(said)
