"""Short spellings for declarations: ``text``, ``day``, ``moment``, ``money``, ``number``, ``flag``, ``choice``."""

from typing import Any

from lamplighter.warehouse.table import Column, Retention, Sensitivity

PERSONAL, SENSITIVE, RESTRICTED = Sensitivity.PERSONAL, Sensitivity.SENSITIVE, Sensitivity.RESTRICTED
PUBLIC = Sensitivity.PUBLIC

BILLING_RECORDS = Retention(84, "billing and payment records")
METER_DETAIL = Retention(36, "interval detail", "started_at")
WHILE_CUSTOMER = Retention(None, "as long as the person or place is served; erased on request")


def text(name: str, meaning: str, **kwargs: Any) -> Column:
    return Column(name, "string", meaning, **kwargs)


def day(name: str, meaning: str, **kwargs: Any) -> Column:
    return Column(name, "date", meaning, **kwargs)


def moment(name: str, meaning: str, **kwargs: Any) -> Column:
    return Column(name, "timestamp('UTC', 6)", meaning, **kwargs)


def money(name: str, meaning: str, **kwargs: Any) -> Column:
    return Column(name, "decimal(18, 4)", meaning, **kwargs)


def number(name: str, meaning: str, **kwargs: Any) -> Column:
    return Column(name, "decimal(18, 6)", meaning, **kwargs)


def ratio(name: str, meaning: str, **kwargs: Any) -> Column:
    return Column(name, "float64", meaning, **kwargs)


def count(name: str, meaning: str, **kwargs: Any) -> Column:
    return Column(name, "int64", meaning, **kwargs)


def flag(name: str, meaning: str, **kwargs: Any) -> Column:
    return Column(name, "boolean", meaning, **kwargs)


def choice(name: str, meaning: str, values: tuple[str, ...], **kwargs: Any) -> Column:
    return Column(name, "string", meaning, values=values, **kwargs)


def source() -> Column:
    return text("source", "whose numbers these are: the configured source", required=True)


def attributes() -> Column:
    return Column("attributes", "json", "columns of the file that are not declared, by their name", PERSONAL)
