"""A small utility whose customers a test writes down row by row, landed as a source would land them."""

from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from itertools import count
from typing import Any

import pyarrow as pa
import pytest

from lamplighter.context import Context
from lamplighter.customers.refresh import refresh
from lamplighter.warehouse.tables import table

Land = Callable[..., str]


@pytest.fixture
def land(context: Context) -> Land:
    """``land(customer=[{...}], bill=[{...}])``: one visible batch, and all that follows from it."""
    return landing_into(context)


def landing_into(context: Context) -> Land:
    numbers: Iterator[int] = count(1)

    def land(*, follow: bool = True, **tables: list[dict[str, Any]]) -> str:
        batch = f"batch-{next(numbers)}"
        for name, rows in tables.items():
            declared = table(name)
            full = [{column.name: _value(declared[column.name].type, row.get(column.name)) for column in declared}
                    for row in ({"source": "cis", **row} for row in rows)]  # fmt: skip
            for row in full:
                for column in ("channel", "register"):
                    if column in row and declared[column].required and row[column] is None:
                        row[column] = ""
            context.warehouse.append(
                context.organization_id,
                declared,
                pa.Table.from_pylist(full, declared.arrow),
                batch_id=batch,
                recorded_at=context.now,
            )
        context.warehouse.publish(context.organization_id, batch, context.now)
        if follow:
            refresh(context, batch)
        return batch

    return land


def _value(type_: str, value: Any) -> Any:
    if value is None:
        return None
    if type_ == "date" and isinstance(value, str):
        return date.fromisoformat(value)
    if type_.startswith("timestamp") and isinstance(value, str):
        moment = datetime.fromisoformat(value)
        return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    if type_.startswith("decimal"):
        return Decimal(str(value))
    return value


def home(number: int, street: str = "12 Oak St", **location: Any) -> dict[str, list[dict[str, Any]]]:
    """Tables of one place with an electricity and a water point: L1, E1, W1."""
    return {
        "service_location": [{"service_location_id": f"L{number}", "street": street, "city": "Astoria", "state": "OR",
                              "zip": "97103", **location}],
        "usage_point": [{"usage_point_id": f"{letter}{number}", "service_location_id": f"L{number}", "commodity": what}
                        for letter, what in (("E", "electricity"), ("W", "water"))],
    }  # fmt: skip


def lives(
    customer: str, account: str, number: int, start: str | None, end: str | None = None
) -> dict[str, list[dict[str, Any]]]:
    """Tables of one account with agreements for both services of a home."""
    return {
        "customer_account": [{"account_id": account, "customer_id": customer, "status": "open", "opened_at": start,
                              "closed_at": end}],
        "customer_agreement": [{"agreement_id": f"{account}-{letter}{number}", "account_id": account,
                                "usage_point_id": f"{letter}{number}", "tariff": "R1", "started_at": start, "ended_at": end}
                               for letter in "EW"],
    }  # fmt: skip


def together(*parts: dict[str, list[dict[str, Any]]]) -> dict[str, list[dict[str, Any]]]:
    """Several tables of rows as one landing."""
    joined: dict[str, list[dict[str, Any]]] = {}
    for part in parts:
        for name, rows in part.items():
            joined.setdefault(name, []).extend(rows)
    return joined
