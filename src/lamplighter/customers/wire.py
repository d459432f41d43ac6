"""How values are spelled on the wire, set-wise: JSON, money, quantities, days and moments as Ibis expressions."""

import base64
import json
from dataclasses import dataclass
from typing import Any

import ibis
import ibis.expr.types as ir

from lamplighter.errors import InvalidInput


@dataclass(frozen=True)
class Page:
    """One page of a list; ``next_page_token`` is None at the end."""

    items: list[dict[str, Any]]
    next_page_token: str | None


@ibis.udf.scalar.builtin(name="to_json")  # type: ignore[untyped-decorator]
def _to_json(value) -> str:  # type: ignore[no-untyped-def, empty-body]  # any type goes in
    """The engine's own."""


def json_of(**fields: ir.Value) -> ir.StringValue:
    """One JSON object per row, its keys in this order, missing values null."""
    return _to_json(ibis.struct(fields))


def json_array(values: ir.ArrayValue) -> ir.StringValue:
    """A JSON array of structs or texts."""
    return _to_json(values)


def money(value: ir.DecimalValue) -> ir.StringValue:
    """``136.18``"""
    return value.cast("decimal(18, 2)").cast("string")


def quantity(value: ir.DecimalValue) -> ir.StringValue:
    """``668`` or ``0.125``: no zeros at the end."""
    return value.cast("decimal(18, 6)").cast("string").re_replace(r"\.?0+$", "")


def day(value: ir.DateValue) -> ir.StringValue:
    """``2026-10-03``"""
    return value.cast("string")


def moment(value: ir.TimestampValue) -> ir.StringValue:
    """``2026-10-03T07:00:00Z``"""
    return value.strftime("%Y-%m-%dT%H:%M:%SZ")


def token_of(*position: Any) -> str:
    """An opaque, URL-safe page token that names the last row given out, so that inserts move nothing."""
    raw = json.dumps(position, default=str, separators=(",", ":")).encode()
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def position_of(token: str, length: int) -> list[Any]:
    """What ``token_of`` was given; InvalidInput for a token that is none of ours."""
    try:
        raw = base64.urlsafe_b64decode(token.encode() + b"=" * (-len(token) % 4))
        position = json.loads(raw)
        if isinstance(position, list) and len(position) == length:
            return position
    except ValueError:
        pass
    raise InvalidInput("That page token is not one of ours. Start again without it.")
