"""Interval reads for programs, as JSON, CSV or Arrow."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Annotated, Any

import pyarrow as pa
from fastapi import APIRouter, Depends, Query, Request
from starlette.responses import Response, StreamingResponse

from lamplighter.context import Context
from lamplighter.customers import release
from lamplighter.errors import InvalidInput
from lamplighter.insight import usage
from lamplighter.insight.usage import Intervals, Resolution
from lamplighter.web.api.answer import PageToken, answer
from lamplighter.web.api.csv_text import line
from lamplighter.web.door import allowed, recipient_and_purpose

router = APIRouter(prefix="/intervals", tags=["intervals"])
Reader = Annotated[Context, Depends(allowed("customers.read"))]
ARROW = "application/vnd.apache.arrow.stream"
PAGE = 10_000

EXAMPLE = {
    "usage_point_id": "SP-1", "service": "electricity", "flow": "delivered", "unit": "kWh", "interval_seconds": 900,
    "timezone": "America/Los_Angeles", "intervals": [["2026-10-01T07:00:00Z", "0.125", "valid"]],
    "gaps": [{"start": "2026-10-02T07:00:00Z", "end": "2026-10-02T08:00:00Z"}], "next_page_token": None,
}  # fmt: skip


@router.get(
    "",
    summary="Reads of a usage point",
    responses={200: {"content": {"application/json": {"example": EXAMPLE}, "text/csv": {}, ARROW: {}}}},
)
def intervals(
    request: Request,
    context: Reader,
    usage_point: Annotated[str, Query(description="Id of the usage point.", max_length=200)],
    start: Annotated[datetime, Query(description="RFC 3339; the first instant.")],
    end: Annotated[datetime, Query(description="RFC 3339; the first instant not wanted.")],
    resolution: Annotated[
        Resolution | None, Query(description="Sums by hour, day or month; left out: as read.")
    ] = None,
    flow: Annotated[str | None, Query(description="delivered, received or net.")] = None,
    profile_id: Annotated[str | None, Query(description="Only this customer's time there.")] = None,
    limit: Annotated[int, Query(ge=1, le=PAGE, description="JSON only: how many reads at most.")] = PAGE,
    page_token: PageToken = None,
) -> Response:
    """By `Accept`: `application/json` in pages, `text/csv` or `application/vnd.apache.arrow.stream` whole.

    What was not read is named in `gaps`; it is never zero. Days and months are the organization's own.
    """
    start, end = _aware(start, "start"), _aware(end, "end")
    if page_token:
        start = _aware(_moment(page_token), "page_token")
    recipient, purpose = recipient_and_purpose(request)
    form = _form(request)
    found = usage.intervals(
        context, recipient, purpose, usage_point, start, end, resolution=resolution, flow=flow,
        subject=profile_id or release.EVERYONE, limit=limit if form == "json" else None,
    )  # fmt: skip
    if form == "csv":
        return StreamingResponse(_csv(found), media_type="text/csv", headers=_named("csv"))
    if form == "arrow":
        return Response(_arrow(found), media_type=ARROW, headers=_named("arrow"))
    return answer(_json(found))


def _json(found: Intervals) -> dict[str, Any]:
    rows = list(usage.pairs(found))
    last = found.rows["started_at"][-1].as_py() if found.has_more else None
    return {
        "usage_point_id": found.usage_point_id,
        "service": found.service,
        "flow": found.flow,
        "unit": found.unit,
        "interval_seconds": found.seconds,
        "timezone": found.timezone,
        "intervals": rows,
        "gaps": [{"start": start, "end": end} for start, end in found.gaps()],
        "next_page_token": f"{int(last.timestamp() * 1_000_000) + 1:x}" if last else None,
    }


def _csv(found: Intervals) -> Iterator[str]:
    yield line("usage_point_id", "start", "value", "unit", "flow", "quality")
    rows = []
    for at, value, quality in usage.pairs(found):
        rows.append(line(found.usage_point_id, at, value or "", found.unit, found.flow, quality))
        if len(rows) == 2000:
            yield "".join(rows)
            rows.clear()
    yield "".join(rows)


def _arrow(found: Intervals) -> bytes:
    notes = {
        "usage_point_id": found.usage_point_id, "service": found.service or "", "flow": found.flow,
        "unit": found.unit, "timezone": found.timezone, "interval_seconds": str(found.seconds or ""),
    }  # fmt: skip
    sink = pa.BufferOutputStream()
    schema = found.rows.schema.with_metadata(notes)
    with pa.ipc.new_stream(sink, schema) as writer:
        writer.write_table(found.rows.replace_schema_metadata(notes))
    return bytes(sink.getvalue().to_pybytes())


def _named(ending: str) -> dict[str, str]:
    return {"Cache-Control": "no-store", "Content-Disposition": f'attachment; filename="intervals.{ending}"'}


def _form(request: Request) -> str:
    accepted = request.headers.get("accept", "")
    return "csv" if "text/csv" in accepted else "arrow" if ARROW in accepted else "json"


def _aware(value: datetime, name: str) -> datetime:
    if value.tzinfo is None:
        raise InvalidInput(f"“{name}” has no offset. Write it as 2026-10-01T00:00:00Z.")
    return value.astimezone(UTC)


def _moment(token: str) -> datetime:
    try:
        return datetime.fromtimestamp(int(token, 16) / 1_000_000, UTC)
    except (ValueError, OverflowError, OSError):
        raise InvalidInput("That page token is not one of ours. Start again without it.") from None
