"""What happened to a customer in money and time: the cards of bills and of the timeline."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from types import SimpleNamespace
from typing import Any
from urllib.parse import urlencode

from lamplighter.web.console.usage_view import SERVICES
from lamplighter.web.pages import day, money, number, spoken

Json = dict[str, Any]
Section = SimpleNamespace
"""What one ``section_<name>.html`` reads; always has ``name``."""

DATE = re.compile(r"\d{4}-\d{2}-\d{2}")
EVENT_ICONS = (
    ("bill", "bill"), ("payment", "money"), ("arrangement", "money"), ("collection", "warning"), ("case", "speech"),
    ("survey", "speech"), ("outage", "bolt"), ("message", "mail"), ("consent", "shield"), ("field_visit", "pin"),
    ("agreement", "door"), ("account", "person"), ("meter", "meter"), ("usage", "pulse"), ("profile", "people"),
    ("enrolment", "heart"),
)  # fmt: skip


@dataclass(frozen=True)
class Query:
    """What the address asks for."""

    profile_id: str
    service: str
    show: bool
    kind: str
    found: str
    bills: int

    def address(self, **changed: Any) -> str:
        """This page with something changed; what is at rest is left out."""
        asked = {"service": self.service, "show": "1" if self.show else "", "kind": self.kind, "found": self.found,
                 "bills": "" if self.bills == 6 else self.bills} | changed  # fmt: skip
        kept = {name: value for name, value in asked.items() if value}
        return f"/console/customers/{self.profile_id}" + (f"?{urlencode(kept)}" if kept else "")


def bills_section(bills: Sequence[Json], query: Query) -> Section:
    """The last bills, under a title that says the finding."""
    ordered = sorted(bills, key=lambda bill: bill["issued_on"] or "", reverse=True)
    counting = [bill for bill in ordered if not bill["replaced"] and bill["status"] != "cancelled"]
    rows = []
    for bill in ordered[: query.bills]:
        mark, tone = "", ""
        if bill["replaced"]:
            mark, tone = "replaced", ""
        elif bill["status"] in ("corrected", "cancelled"):
            mark, tone = bill["status"], "info" if bill["status"] == "corrected" else ""
        elif bill["is_estimated"]:
            mark, tone = "estimated", "warn"
        used = f"{number(bill['usage'], 1)} {bill['unit']}" if bill.get("usage") and bill.get("unit") else ""
        service = SERVICES.get(bill.get("service") or "", ("", ""))[0]
        rows.append(
            SimpleNamespace(
                issued=day(bill["issued_on"]) if bill["issued_on"] else "–",
                period=_period(bill["period"]),
                mark=mark,
                tone=tone,
                services=", ".join(part for part in (service, used) if part),
                charges=money(bill["total_charges"], bill["currency"] or "USD"),
                due_on=f"by {day(bill['due_on'], year=False)}" if bill["due_on"] else "",
            )
        )
    more = query.address(bills=60) if len(ordered) > query.bills else ""
    return Section(name="bills", title=_bill_title(counting), bills=rows, more=more, total=len(ordered))


def _bill_title(bills: Sequence[Json]) -> str:
    """The finding: the last bill beside the one a year before."""
    if not bills or bills[0]["total_charges"] is None or not bills[0]["issued_on"]:
        return "Bills"
    last, currency = bills[0], bills[0]["currency"] or "USD"
    issued = date.fromisoformat(last["issued_on"])
    for bill in bills[1:]:
        if (
            not bill["issued_on"]
            or bill["total_charges"] is None
            or bill.get("service") != last.get("service")
        ):
            continue
        apart = (issued - date.fromisoformat(bill["issued_on"])).days
        if 350 <= apart <= 380 and bill["account_id"] == last["account_id"]:
            more = Decimal(last["total_charges"]) - Decimal(bill["total_charges"])
            if abs(more) < 1:
                return f"Last bill {money(last['total_charges'], currency)}, as a year before"
            return (
                f"Last bill {money(abs(more), currency)} {'more' if more > 0 else 'less'} than a year before"
            )
    return f"Last bill {money(last['total_charges'], currency)}"


def _period(period: Json | None) -> str:
    if not period or not period["start"] or not period["end"]:
        return "–"
    return f"{day(period['start'], year=False)} to {day(period['end'], year=False)}"


def timeline_section(
    items: Sequence[Json], query: Query, filters: Mapping[str, str], earlier: str, empty: str
) -> Section:
    """What happened, newest first, with the filters."""
    rows = [
        SimpleNamespace(
            at=item.get("day") or item["at"],
            icon=_event_icon(str(item["event"])),
            title=_event_title(item),
            words=_event_words(item),
        )
        for item in items
    ]
    choices = [
        SimpleNamespace(
            href=query.address(kind=kind) + "#timeline-card", words=words, current=kind == query.kind
        )
        for kind, words in filters.items()
    ]
    return Section(name="timeline", items=rows, filters=choices, next=earlier, empty=empty)


def _event_icon(event: str) -> str:
    return next((icon for start, icon in EVENT_ICONS if event.startswith(start)), "event")


def _event_title(item: Json) -> str:
    said = item.get("properties") or {}
    title, amount = str(item["title"]), said.get("amount")
    if amount is None:
        return title
    spelled = f"{amount} {said['currency']}" if said.get("currency") else str(amount)
    return title.replace(spelled, money(amount, said.get("currency") or "USD"))


def _event_words(item: Json) -> str:
    """What a reader of the timeline asks next, by the kind of event."""
    said = item.get("properties") or {}
    event = str(item["event"])
    if event.startswith("bill."):
        told = [
            f"to pay by {day(said['due_on'])}" if said.get("due_on") else "",
            "estimated" if said.get("estimated") else "",
        ]
    elif event.startswith("payment."):
        told = [
            f"by {said['method']}" if said.get("method") else "",
            f"through {said['channel']}" if said.get("channel") else "",
        ]
    elif event.startswith("service."):
        told = []
    elif event.startswith("outage."):
        told = [
            f"cause: {said['cause']}" if said.get("cause") else "",
            "planned" if said.get("planned") and "planned" not in str(said.get("cause")) else "",
        ]
    else:
        told = [
            f"{spoken(key)}: {day(value) if DATE.fullmatch(str(value)) else value}"
            for key, value in said.items()
            if value not in (None, "", []) and _is_plain(key, value)
        ]
    return " · ".join(part for part in told if part)[:160]


def _is_plain(key: str, value: Any) -> bool:
    hidden = (
        "source",
        "id",
        "amount",
        "currency",
        "text_version",
        "details",
        "subject",
        "score",
        "instrument",
        "topic",
    )
    return isinstance(value, str | int | float) and not key.endswith("_id") and key not in hidden
