"""The customer feed: persons, accounts, agreements and places as rows of the warehouse's tables.

ESPI cannot tie one agreement to one of several usage points at a place; such an agreement is set aside.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from lamplighter.intake.green_button.feed import Feed
from lamplighter.intake.green_button.resource import Entry, Node, path_of

Row = dict[str, str | None]
_KINDS = {
    "residential": "residential", "residentialandcommercial": "residential",
    "residentialandstreetlight": "residential", "residentialstreetlightothers": "residential",
    "residentialfarmservice": "residential", "commercialindustrial": "commercial", "enterprise": "commercial",
    "regionaloperator": "commercial", "pumpingload": "commercial", "windmachine": "commercial",
    "energyserviceprovider": "commercial", "energyservicescheduler": "commercial", "streetlight": "municipal",
}  # fmt: skip


@dataclass(frozen=True)
class Landed:
    """A row for a table, or (``reason``) why there is none; ``line`` is where its entry begins."""

    table: str
    line: int
    row: Row
    reason: tuple[str, str] | None = None


def rows_of(feed: Feed) -> Iterator[Landed]:
    """Rows in the order in which they refer to each other."""
    for entry in feed.entries("Customer"):
        yield Landed("customer", entry.line, _customer(entry))
    for entry in feed.entries("CustomerAccount"):
        yield _account(feed, entry)
    places: dict[str, list[Entry]] = {}
    serials = _serials(feed)
    for entry in feed.entries("ServiceLocation"):
        yield Landed("service_location", entry.line, _place(entry, serials.get(id(entry), [])))
        agreement = feed.owner(entry, "CustomerAgreement")
        if agreement is not None:
            places.setdefault(agreement.own, []).append(entry)
        for point in points_of(entry):
            yield Landed(
                "usage_point", entry.line, {"usage_point_id": point, "service_location_id": _id(entry)}
            )
    for entry in feed.entries("CustomerAgreement"):
        yield _agreement(feed, entry, places.get(entry.own, []))


def points_of(place: Entry) -> list[str]:
    """Usage points that a ServiceLocation names, by the path of their links."""
    listed = place.node.find("UsagePoints") if place.node else None
    return (
        list(dict.fromkeys(path_of(node.text) for node in listed.all("UsagePoint") if node.text))
        if listed
        else []
    )


def account_id(account: Entry) -> str:
    """The account's printed number, else the path of its link."""
    return account.word("accountId") or _id(account)


def _id(entry: Entry) -> str:
    return entry.own or entry.title or f"entry {entry.order}"


def _customer(entry: Entry) -> Row:
    kind = _KINDS.get((entry.word("kind") or "").casefold())
    name = " ".join((entry.word("customerName") or entry.word("Organisation/organisationName") or "").split())
    first, _, last = name.rpartition(" ")
    business = kind in ("commercial", "municipal")
    where = _address(entry, "Organisation/postalAddress") or _address(entry, "Organisation/streetAddress")
    return {
        "customer_id": _id(entry),
        "kind": kind,
        "first_name": None if business else first or None,
        "last_name": None if business else last or None,
        "organization": name if business else None,
        "email": entry.word("Organisation/electronicAddress/email1"),
        "phone": _phone(entry, "Organisation/phone1"),
        "mobile": _phone(entry, "Organisation/phone2"),
        "mail_street": where.get("street"),
        "mail_city": where.get("city"),
        "mail_state": where.get("state"),
        "mail_zip": where.get("zip"),
        "language": entry.word("locale"),
        "special_need": entry.word("specialNeed"),
        "espi_kind": entry.word("kind"),
        "puc_number": entry.word("pucNumber"),
        "customer_name": name or None,
    }


def _account(feed: Feed, entry: Entry) -> Landed:
    customer = feed.owner(entry, "Customer")
    row: Row = {
        "account_id": account_id(entry),
        "customer_id": _id(customer) if customer else None,
        "billing_cycle": entry.word("billingCycle"),
        "budget_billing": "true" if entry.word("budgetBill") in ("true", "1") else None,
    }
    if customer is None:
        return Landed("customer_account", entry.line, row, _orphan("CustomerAccount", "Customer"))
    return Landed("customer_account", entry.line, row)


def _agreement(feed: Feed, entry: Entry, places: list[Entry]) -> Landed:
    account = feed.owner(entry, "CustomerAccount")
    points = list(dict.fromkeys(point for place in places for point in points_of(place)))
    row: Row = {
        "agreement_id": entry.word("agreementId") or _id(entry),
        "account_id": account_id(account) if account else None,
        "usage_point_id": points[0] if len(points) == 1 else None,
        "tariff": entry.word("PricingStructures/PricingStructure") or entry.word("tariffProfile"),
        "status": entry.word("futureStatus/value") or entry.word("status/value"),
        "is_prepay": {"true": "true", "1": "true", "false": "false", "0": "false"}.get(
            entry.word("isPrePay") or ""
        ),
    }
    if account is None:
        return Landed("customer_agreement", entry.line, row, _orphan("CustomerAgreement", "CustomerAccount"))
    if len(points) != 1:
        words = "no usage point" if not points else f"{len(points)} usage points"
        sentence = f"The agreement has {words}; it needs exactly one to be landed."
        return Landed("customer_agreement", entry.line, row, ("agreement_without_point", sentence))
    return Landed("customer_agreement", entry.line, row)


def _orphan(kind: str, parent: str) -> tuple[str, str]:
    return "parent_missing", f"The {kind} belongs to no {parent} of this file."


def _serials(feed: Feed) -> dict[int, list[str]]:
    """Serial numbers of the meters at each ServiceLocation."""
    found: dict[int, list[str]] = {}
    for meter in [*feed.entries("Meter"), *feed.entries("EndDevice")]:
        place = feed.owner(meter, "ServiceLocation")
        if place is not None and (serial := meter.word("serialNumber")):
            found.setdefault(id(place), []).append(serial)
    return found


def _place(entry: Entry, serials: list[str]) -> Row:
    return {
        "service_location_id": _id(entry),
        **_address(entry, "mainAddress"),
        "outage_block": entry.word("outageBlock"),
        "meters": ";".join(dict.fromkeys(serials)) or None,
    }


def _address(entry: Entry, path: str) -> Row:
    node = entry.node.find(path) if entry.node else None
    if node is None:
        return {}
    street = node.word("streetDetail/addressGeneral") or _street(node.find("streetDetail"))
    return {
        "street": street,
        "unit": node.word("streetDetail/suiteNumber"),
        "city": node.word("townDetail/name"),
        "state": node.word("townDetail/stateOrProvince"),
        "zip": node.word("postalCode") or node.word("townDetail/code"),
    }


def _street(node: Node | None) -> str | None:
    parts = [node.word(name) for name in ("number", "prefix", "name", "type", "suffix")] if node else []
    return " ".join(part for part in parts if part) or None


def _phone(entry: Entry, path: str) -> str | None:
    parts = [entry.word(f"{path}/{name}") for name in ("countryCode", "areaCode", "cityCode", "localNumber")]
    return " ".join(part for part in parts if part) or None
