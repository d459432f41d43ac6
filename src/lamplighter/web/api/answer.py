"""What all endpoints share: lists with page tokens, and answers that are the same when a call is repeated."""

import hashlib
import json
from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Annotated, Any
from uuid import UUID

from fastapi import Header, Query
from starlette.responses import Response

from lamplighter.context import Context
from lamplighter.errors import InvalidInput
from lamplighter.store import idempotency

Limit = Annotated[int, Query(ge=1, le=500, description="How many items at most.")]
PageToken = Annotated[str | None, Query(description="`next_page_token` of the page before.", max_length=600)]
IdempotencyKey = Annotated[
    str | None,
    Header(
        alias="Idempotency-Key",
        max_length=200,
        description="The same key again answers the first answer again.",
    ),
]


def plain(value: object) -> str | list[Any]:
    """Money and quantities as decimal strings, times as RFC 3339 UTC."""
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat().replace("+00:00", "Z")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Decimal | UUID):
        return str(value)
    if isinstance(value, set | frozenset | tuple):
        return list(value)
    raise TypeError(f"{type(value).__name__} has no JSON form")


def answer(body: Any, status: int = 200) -> Response:
    """A JSON answer that no cache keeps."""
    text = json.dumps(body, default=plain, ensure_ascii=False, separators=(",", ":"))
    return Response(text, status, {"Cache-Control": "no-store"}, media_type="application/json")


def listed(items: list[Any], next_page_token: str | None) -> Response:
    """One page of a list."""
    return answer({"items": items, "next_page_token": next_page_token})


def once(
    context: Context, key: str | None, call: str, body: object, do: Callable[[], Any], status: int = 200
) -> Response:
    """Do it, or answer what the same key answered before; InvalidInput where the key came with another body."""
    if key is None:
        return answer(do(), status)
    mark = hashlib.sha256(json.dumps([call, body], default=str, sort_keys=True).encode()).hexdigest()
    with context.session() as session:
        known = idempotency.find(session, str(context.actor), key)
    if known is not None:
        if known.mark != mark:
            raise InvalidInput(
                "This Idempotency-Key was used for another call. Use a new key for each new call."
            )
        return answer(known.answer, known.status)
    done = json.loads(json.dumps(do(), default=plain))
    with context.session() as session:
        idempotency.keep(session, str(context.actor), key, mark, status, done, now=context.now)
    return answer(done, status)
