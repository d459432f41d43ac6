"""Templates: one Jinja environment for all pages, autoescaped, strict, with the few words a page may use."""

import hashlib
import re
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape
from starlette.requests import Request
from starlette.responses import HTMLResponse

from lamplighter.web import door

WEB = Path(__file__).parent
STATIC = WEB / "static"
MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
MONTH_NAMES = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
]
DAYS = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"]
SYMBOLS = {"USD": "$", "CAD": "$", "EUR": "€", "GBP": "£", "AUD": "$"}

UTC_ZONE = ZoneInfo("UTC")


@cache
def static_url(name: str) -> str:
    """Address of a static file with a mark of its content, so that browsers may keep it for a year."""
    mark = hashlib.sha256((STATIC / name).read_bytes()).hexdigest()[:10]
    return f"/static/{name}?v={mark}"


def icon(name: str, size: str = "") -> Markup:
    """One drawing of our sprite, hidden from screen readers: words beside it say the same."""
    return Markup('<svg class="icon {}" aria-hidden="true"><use href="{}#{}"/></svg>').format(
        size, static_url("icons.svg"), name
    )


def number(value: Any, digits: int | None = None) -> str:
    """``1234.5`` → ``1,234.5``; digits: how many after the point, at most."""
    if value is None or value == "":
        return "–"
    exact = Decimal(str(value))
    if digits is not None:
        exact = round(exact, digits)
    text = f"{exact:,f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def money(value: Any, currency: str = "USD") -> str:
    """``-12.5`` → ``−$12.50``. Other currencies carry their code."""
    if value is None or value == "":
        return "–"
    exact = Decimal(str(value))
    sign = "−" if exact < 0 else ""
    symbol = SYMBOLS.get(currency)
    return f"{sign}{symbol}{abs(exact):,.2f}" if symbol else f"{sign}{abs(exact):,.2f} {currency}"


def moment_of(value: Any) -> datetime | date | None:
    """A date or an aware datetime from what JSON carries."""
    if isinstance(value, datetime | date) or value is None:
        return value
    text = str(value)
    if len(text) == 10:
        return date.fromisoformat(text)
    found = datetime.fromisoformat(text)
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def day(value: Any, zone: ZoneInfo = UTC_ZONE, year: bool = True) -> str:
    """``22 Nov 2026``, in the organization's zone where a time is given."""
    found = moment_of(value)
    if found is None:
        return "–"
    if isinstance(found, datetime):
        found = found.astimezone(zone).date()
    return f"{found.day} {MONTHS[found.month - 1]}" + (f" {found.year}" if year else "")


def moment(value: Any, zone: ZoneInfo = UTC_ZONE) -> str:
    """``Sun 22 Nov 2026, 18:04``."""
    found = moment_of(value)
    if not isinstance(found, datetime):
        return day(found, zone)
    local = found.astimezone(zone)
    return f"{DAYS[local.weekday()]} {day(local, zone)}, {local:%H:%M}"


def short(value: Any, zone: ZoneInfo, now: datetime) -> str:
    """A time as near as it is: ``18:04`` today, ``Thu 18:04`` this week, ``5 Nov`` this year, else with year."""
    found = moment_of(value)
    if found is None:
        return "–"
    if not isinstance(found, datetime):
        return day(found, zone, year=found.year != now.astimezone(zone).year)
    local, here = found.astimezone(zone), now.astimezone(zone)
    if local.date() == here.date():
        return f"{local:%H:%M}"
    if timedelta(0) < here - local < timedelta(days=6):
        return f"{DAYS[local.weekday()]} {local:%H:%M}"
    return day(local, zone, year=local.year != here.year)


def ago(value: Any, now: datetime) -> str:
    """``3 h ago``, ``2 days ago``; never a false precision."""
    found = moment_of(value)
    if not isinstance(found, datetime):
        return "never"
    seconds = (now - found).total_seconds()
    if seconds < 90:
        return "just now"
    if seconds < 5400:
        return f"{round(seconds / 60)} min ago"
    if seconds < 36 * 3600:
        return f"{round(seconds / 3600)} h ago"
    return f"{round(seconds / 86400)} days ago"


def plural(count: int, one: str, many: str | None = None) -> str:
    """``1 row``, ``1,204 rows``."""
    return f"{number(count)} {one if count == 1 else many or one + 's'}"


def counted(count: int) -> str:
    """A count at the start of a sentence: words up to twelve, then figures."""
    words = [
        "No",
        "One",
        "Two",
        "Three",
        "Four",
        "Five",
        "Six",
        "Seven",
        "Eight",
        "Nine",
        "Ten",
        "Eleven",
        "Twelve",
    ]
    return words[count] if count < len(words) else number(count)


def spoken(key: str) -> str:
    """``open_complaint`` → ``open complaint``: a key as words."""
    return str(key).replace("_", " ").replace(".", " ")


def initials(name: str) -> str:
    letters = [word[0] for word in name.split() if word[:1].isalnum()]
    return "".join(letters[:1] + letters[-1:] if len(letters) > 1 else letters).upper() or "–"


def codes(text: str) -> Markup:
    """Words between backticks as code; everything else stays text."""
    return Markup(re.sub(r"`([^`]+)`", r"<code>\1</code>", str(escape(text))))  # noqa: S704 — escaped before


def environment() -> Environment:
    """The environment of all pages: templates lie beside their routes, named from ``web/``."""
    made = Environment(
        loader=FileSystemLoader(WEB),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    made.filters |= {
        "number": number, "money": money, "plural": plural, "counted": counted, "spoken": spoken,
        "initials": initials, "codes": codes,
    }  # fmt: skip
    made.globals |= {"static": static_url, "icon": icon, "month_names": MONTH_NAMES}
    return made


ENVIRONMENT = environment()


def render(request: Request, name: str, status: int = 200, **view: Any) -> HTMLResponse:
    """Draw a page. ``request.state.frame`` (who, where, what time) was set by the console's door."""
    frame = getattr(request.state, "frame", None)
    theme = request.cookies.get("theme", "")
    page = ENVIRONMENT.get_template(name).render(
        request=request,
        path=request.url.path,
        theme=theme if theme in ("light", "dark") else "",
        is_part="hx-request" in request.headers and "hx-boosted" not in request.headers,
        frame=frame,
        request_id=getattr(request.state, "request_id", ""),
        **(frame.words() if frame else {}),
        **view,
    )
    response = HTMLResponse(page, status, headers={"Cache-Control": "no-store", "Vary": "HX-Request, Cookie"})
    door.keep_csrf(request, response)
    return response


__all__ = [
    "ENVIRONMENT",
    "STATIC",
    "counted",
    "day",
    "escape",
    "icon",
    "money",
    "number",
    "plural",
    "render",
    "static_url",
]
