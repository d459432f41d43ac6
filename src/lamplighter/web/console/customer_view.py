"""What the customer page shows, made from the 360 body and the timeline: typed, masked, in words."""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from types import SimpleNamespace
from typing import Any
from urllib.parse import urlencode

from lamplighter.web.console import Frame, masking
from lamplighter.web.console.customer_history import Query, Section, bills_section
from lamplighter.web.console.customers import Chip, stage_chip
from lamplighter.web.console.usage_view import SERVICES, usage_section
from lamplighter.web.pages import day, money, number, plural, spoken

Json = dict[str, Any]
RESTRICTED = {"life_support", "medical", "confidential_address"}
SEES_RESTRICTED = ("customer_service", "privacy_officer")
SITUATIONS = {
    "open_complaint": ("speech", "Complaint is open", "No promotion goes out until it is closed."),
    "bad_survey": ("speech", "Was not satisfied", "A recent survey answer was low. Offers wait."),
    "outage": ("bolt", "Supply is interrupted", "An outage holds at this place now."),
    "disconnect_notice": ("warning", "Shutoff notice stands", "An unpaid bill was given notice. Payment help may be offered."),
    "disconnected": ("warning", "Service is shut off", "Ask about payment and safety first."),
    "life_support": ("heart", "Life support at home", "Must not be shut off. Outages need a call."),
    "medical": ("heart", "Medical need on file", "Protected from shutoff."),
    "deceased": ("info", "Customer has died", "No messages go out. Speak with the estate."),
    "confidential_address": ("lock", "Address is confidential", "Do not say the address, to anybody."),
    "moratorium": ("shield", "Protected by a moratorium", "Shutoffs are stopped by rule."),
}  # fmt: skip
GRAVE = {"disconnected", "disconnect_notice", "life_support", "confidential_address", "deceased"}
LANGUAGES = {"en": "English", "es": "Spanish", "vi": "Vietnamese", "zh": "Chinese", "tl": "Tagalog", "ko": "Korean",
             "ru": "Russian", "fr": "French", "ar": "Arabic", "hy": "Armenian", "fa": "Persian"}  # fmt: skip


def view_of(body: Json, frame: Frame, query: Query, timeline: Section) -> SimpleNamespace:
    """The whole page."""
    sections = {name: found["items"] for name, found in body["sections"].items()}
    as_of = {name: found["as_of"] for name, found in body["sections"].items()}
    people, places = sections.get("person", []), sections.get("places", [])
    kinds = {situation["kind"] for situation in body["situations"]}
    hidden = "confidential_address" in kinds and not (query.show and _may_see("confidential_address", frame))
    today = frame.now.astimezone(frame.zone).date()
    name = body["name"] or "Name not known"
    warnings = [_warning(kind) for kind in sorted(kinds & GRAVE) if _may_see(kind, frame)]
    return SimpleNamespace(
        name=name,
        back="/console/customers" + (f"?{urlencode({'q': query.found})}" if query.found else ""),
        chips=_chips(body, people),
        lead=_lead(people, places, hidden, today),
        can_show=True,
        show_href=query.address(show="" if query.show else "1"),
        show_words="Hide values" if query.show else "Show values",
        warnings=warnings,
        left=[
            _person(body, people, query.show, hidden),
            _accounts(sections.get("accounts", []), as_of.get("accounts"), frame, query.show),
            _places(places, hidden, today),
            _household(sections.get("household", []), query.profile_id, today),
        ],
        middle=[
            usage_section(sections.get("usage", []), as_of.get("usage"), query, today),
            _matters(body["situations"], sections.get("accounts", []), frame),
            timeline,
        ],
        right=[
            bills_section(sections.get("bills", []), query),
            _consents(sections.get("consents", [])),
            _identity(body, query.show),
        ],
    )


def _chips(body: Json, people: Sequence[Json]) -> list[Chip]:
    chips = [stage_chip(body.get("stage"))]
    if body["kind"] == "business":
        chips.append(Chip("Business", "line", None))
    language = str(body.get("language") or "").partition("-")[0]
    if language and language != "en":
        chips.append(Chip(f"Speaks {LANGUAGES.get(language, language)}", "line", None))
    return chips


def _lead(people: Sequence[Json], places: Sequence[Json], hidden: bool, today: date) -> str:
    since = min((one["created_on"] for one in people if one.get("created_on")), default=None)
    parts = [f"Customer since {since[:4]}"] if since else []
    here = [place for place in places if _is_now(place, today)]
    if here:
        parts.append("address is confidential" if hidden else _street(here[0]))
        if len(here) > 1:
            parts.append(f"and {plural(len(here) - 1, 'other place')}")
    elif places:
        parts.append("lives nowhere we serve now")
    return " · ".join(parts)


def _person(body: Json, people: Sequence[Json], show: bool, hidden: bool) -> Section:
    rows, seen = [], set()
    labels = {"email": "E-mail", "phone": "Phone", "mobile": "Mobile", "sms": "Mobile", "voice": "Phone"}
    for identifier in body["identifiers"]:
        kind, value = identifier["kind"], identifier["value"]
        if kind in ("email", "phone") and (kind, value) not in seen:
            seen.add((kind, value))
            shown = value if show else masking.value(kind, value)
            rows.append(
                SimpleNamespace(label=labels[kind], value=shown, verified=bool(identifier["verified_at"]))
            )
    first = people[0] if people else {}
    if first.get("household_size"):
        rows.append(_row("At home", plural(int(first["household_size"]), "person", "people")))
    if first.get("birth_year"):
        rows.append(_row("Born", str(first["birth_year"]) if show else "••••"))
    if first.get("mail_street"):
        mailed = f"{first['mail_street']}, {first.get('mail_city') or ''}".strip(", ")
        rows.append(_row("Mail to", "confidential" if hidden else mailed if show else masking.street(mailed)))
    joined = plural(len(people), "record")
    sources = ", ".join(sorted({one["source"] for one in people}))
    note = (
        f"Joined from {joined} of {sources}."
        if len(people) > 1
        else f"Known from {sources}."
        if people
        else ""
    )
    return Section(name="person", rows=rows, note=note)


def _accounts(accounts: Sequence[Json], as_of: str | None, frame: Frame, show: bool) -> Section:
    rows, owed = [], Decimal(0)
    for one in sorted(accounts, key=lambda one: (one["status"] != "open", one["account_id"])):
        account = one["account_id"] if show else masking.account(one["account_id"])
        balance = Decimal(one["balance"]) if one.get("balance") is not None else None
        arrears = Decimal(one.get("arrears") or 0)
        owed += arrears
        active = [agreement for agreement in one["agreements"] or [] if not agreement["end"]]
        services = ", ".join(
            dict.fromkeys(SERVICES.get(a["service"], (str(a["service"]), ""))[0] for a in active)
        )
        facts = [services]
        facts += [word for word, on in (("autopay", one["autopay"]), ("budget billing", one["budget_billing"]),
                                        ("paperless", one["paperless"]), ("shared", one["is_shared"])) if on]  # fmt: skip
        due = (
            f"overdue since {day(one['oldest_due_on'], year=False)}"
            if arrears > 0 and one.get("oldest_due_on")
            else ""
        )
        rows.append(
            SimpleNamespace(
                title=f"{spoken(one['status'] or 'account').capitalize()} {account}",
                balance=money(balance, frame.currency) if balance is not None else "",
                tone="bad" if arrears > 0 else "",
                facts=" · ".join(fact for fact in facts if fact),
                due=due or ("closed " + day(one["closed_on"]) if one.get("closed_on") else ""),
            )
        )
    title = f"{money(owed, frame.currency)} is overdue" if owed > 0 else "Accounts"
    return Section(name="accounts", title=title, accounts=rows[:6], as_of=as_of)


def _places(places: Sequence[Json], hidden: bool, today: date) -> Section:
    rows = []
    for place in sorted(
        places, key=lambda place: (not _is_now(place, today), place["end"] or "9999", place["start"] or "")
    ):
        facts = [spoken(place["kind"] or "").capitalize(), f"built {place['year_built']}" if place.get("year_built") else "",
                 f"{number(place['floor_area_sqft'])} sq ft" if place.get("floor_area_sqft") else "",
                 {"own": "owns", "rent": "rents"}.get(place.get("tenure") or "", ""),
                 f"heats with {spoken(place['heating_fuel'])}" if place.get("heating_fuel") else ""]  # fmt: skip
        start = f"from {day(place['start'])}" if place["start"] else ""
        end = f"until {day(place['end'])}" if place["end"] else ""
        services = [
            SimpleNamespace(icon=SERVICES.get(one["service"], ("", "meter"))[1], words=_service_words(one))
            for one in place["services"] or []
        ]
        rows.append(
            SimpleNamespace(
                title="Confidential address" if hidden else _street(place),
                facts=" · ".join(
                    fact for fact in [*facts, " ".join(part for part in (start, end) if part)] if fact
                ),
                services=services[:4],
            )
        )
    title = "Places" if len(rows) != 1 else "Place"
    return Section(name="places", title=title, places=rows[:4])


def _service_words(one: Json) -> str:
    meters = ", ".join(str(meter["meter_id"]) for meter in (one["meters"] or [])[:2])
    words = SERVICES.get(one["service"], (str(one["service"]), ""))[0].capitalize()
    return words + (f", meter {meters}" if meters else "") + (", solar" if one.get("has_solar") else "")


def _household(households: Sequence[Json], me: str, today: date) -> Section:
    members = []
    for one in households:
        for member in one["members"] or []:
            if member["profile_id"] != me and not (member["end"] and member["end"] <= today.isoformat()):
                since = f"since {day(member['start'])}" if member["start"] else ""
                members.append(
                    SimpleNamespace(profile_id=member["profile_id"], name=member["name"] or "–", words=since)
                )
    return Section(name="household", members=members[:6])


def _may_see(kind: str, frame: Frame) -> bool:
    return kind not in RESTRICTED or frame.caller.role in SEES_RESTRICTED


def _warning(kind: str) -> SimpleNamespace:
    icon, title, words = SITUATIONS.get(kind, ("info", spoken(kind).capitalize(), ""))
    return SimpleNamespace(
        tone="bad" if kind != "deceased" else "info", icon=icon, title=f"{title}.", words=words
    )


def _matters(situations: Sequence[Json], accounts: Sequence[Json], frame: Frame) -> Section:
    matters = []
    protected = False
    for situation in situations:
        kind = situation["kind"]
        if not _may_see(kind, frame):
            protected = True
            continue
        icon, title, words = SITUATIONS.get(kind, ("info", spoken(kind).capitalize(), ""))
        since = f", since {day(situation['since'], frame.zone)}" if situation["since"] else ""
        matters.append(
            SimpleNamespace(
                icon=icon, tone="bad" if kind in GRAVE else "warn", title=title + since, words=words
            )
        )
    if protected:
        words = "You may see that a rule protects this customer, not why. Customer service can."
        matters.append(
            SimpleNamespace(icon="lock", tone="muted", title="A protection is on file", words=words)
        )
    for one in accounts:
        if Decimal(one.get("arrears") or 0) > 0:
            since = f" since {day(one['oldest_due_on'])}" if one.get("oldest_due_on") else ""
            title = f"{money(one['arrears'], frame.currency)} is overdue{since}"
            words = f"Account {masking.account(one['account_id'])}. A payment plan may help."
            matters.append(SimpleNamespace(icon="money", tone="warn", title=title, words=words))
    return Section(name="matters", matters=matters)


def _consents(consents: Sequence[Json]) -> Section:
    rows = []
    for one in consents:
        given = one["decision"] == "given"
        about = [
            spoken(one["scope"]) if one["scope"] else "",
            f"by {one['channel']}" if one["channel"] else "",
        ]
        until = f"until {day(one['valid_until'])}" if one["valid_until"] else ""
        told = " · ".join(
            part for part in (*about, f"{spoken(one['decision'])} {day(one['given_at'])}", until) if part
        )
        rows.append(
            SimpleNamespace(title=spoken(one["purpose"]).capitalize(), words=told, answer="yes" if given else "no",
                            tone="good" if given else "bad")
        )  # fmt: skip
    return Section(name="consents", consents=rows)


def _identity(body: Json, show: bool) -> Section:
    rows = [_row("Profile", body["id"])]
    for identifier in body["identifiers"]:
        if identifier["kind"] in ("customer", "account"):
            value = identifier["value"] if show else masking.account(identifier["value"])
            rows.append(_row(f"{identifier['kind'].capitalize()}, {identifier['source']}", value))
    note = (
        f"{plural(len(body['merged_from']), 'earlier profile')} answer with this one."
        if body["merged_from"]
        else ""
    )
    return Section(name="identity", rows=rows[:8], note=note)


def _is_now(place: Json, today: date) -> bool:
    return not place["end"] or place["end"] > today.isoformat()


def _street(place: Json) -> str:
    street = " ".join(part for part in (place["street"], place["unit"]) if part) or "Address not known"
    return f"{street}, {place['city']}" if place.get("city") else street


def _row(label: str, value: str) -> SimpleNamespace:
    return SimpleNamespace(label=label, value=value, verified=False)
