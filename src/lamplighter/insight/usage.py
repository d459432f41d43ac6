"""What a place used, read for somebody: always through ``customers.release``, so clipped to their occupancy.

Recipients and purposes are those of ``release``; a member of staff who looks is recorded, a program needs a
consent. Quantities are Decimal in the meter's unit; spans are [start, end); missing reads are gaps, not zeros.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

import ibis
import pyarrow as pa
import pyarrow.compute as pc

from lamplighter.context import Context
from lamplighter.customers import release
from lamplighter.errors import InvalidInput, NotFound
from lamplighter.insight.local_time import local
from lamplighter.store import organization
from lamplighter.warehouse.expressions import current
from lamplighter.warehouse.tables import table

Resolution = Literal["hour", "day", "month"]
SECONDS = {"hour": 3600, "day": 86400}
PERIOD = {"hour": "h", "day": "D", "month": "M"}

COLUMNS = pa.schema(
    [
        pa.field("started_at", pa.timestamp("us", tz="UTC"), nullable=False),
        pa.field("value", pa.decimal128(18, 6)),
        pa.field("quality", pa.string(), nullable=False),
    ]
)


@dataclass(frozen=True)
class Intervals:
    """Reads of one usage point and flow, in order. ``seconds`` is None for months: they differ in length."""

    usage_point_id: str
    service: str | None
    flow: str
    unit: str
    seconds: int | None
    timezone: str
    rows: pa.Table
    has_more: bool = False

    def gaps(self) -> list[tuple[datetime, datetime]]:
        """Spans without a read between the first and the last one, reads marked missing included."""
        if not self.seconds or not self.rows.num_rows:
            return []
        known = self.rows.filter(pc.not_equal(self.rows["quality"], "missing"))["started_at"].cast(pa.int64())
        starts = known.to_numpy()
        step = self.seconds * 1_000_000
        if len(starts) < 2:
            return []
        wide = (starts[1:] - starts[:-1]) > step
        return [
            (_moment(int(left) + step), _moment(int(right)))
            for left, right in zip(starts[:-1][wide], starts[1:][wide], strict=True)
        ]

    def estimated_share(self) -> float:
        """Share of reads that are estimates, 0–1."""
        if not self.rows.num_rows:
            return 0.0
        return float(pc.mean(pc.equal(self.rows["quality"], "estimated").cast(pa.float64())).as_py())

    def total(self) -> object:
        """Sum of the values, Decimal; None where there are none."""
        return pc.sum(self.rows["value"]).as_py()


def intervals(
    context: Context,
    recipient: str,
    purpose: str,
    usage_point: str,
    start: datetime,
    end: datetime,
    *,
    resolution: Resolution | None = None,
    flow: str | None = None,
    subject: str = release.EVERYONE,
    limit: int | None = None,
) -> Intervals:
    """Reads of a usage point in [start, end) that the recipient may see, raw or summed by hour, day or month.

    Days and months are the organization's own (DST included). ``subject`` is a profile id, to whose months there
    the reads are clipped, or ``EVERYONE``. NotFound where nothing of that place may be seen; ConsentRequired
    or WrongPurpose where nothing allows the purpose.
    """
    if end <= start:
        raise InvalidInput("The end of the span must lie after its start. Spans are [start, end).")
    with context.session() as session:
        zone_name = organization.settings_of(session).timezone
    reads = current(table("meter_reading"))
    points = current(table("usage_point")).select("source", "usage_point_id", "commodity")
    reads = reads.filter(
        reads.usage_point_id == usage_point,
        reads.started_at >= start,
        reads.started_at < end,
        reads.channel == "",
    )
    points = points.filter(points.usage_point_id == usage_point)
    wanted = reads.left_join(points, ["source", "usage_point_id"]).select(
        "source", "flow", "unit", "seconds", "started_at", "value", "quality", "commodity"
    )
    seen = release.release(context, recipient, purpose, wanted, subject).expression
    kinds = context.warehouse.read(
        seen.group_by("flow", "unit", "seconds", "commodity").aggregate(rows=seen.count()),
        context.organization_id,
    ).sort_by([("rows", "descending")])
    if flow is not None:
        kinds = kinds.filter(pc.equal(kinds["flow"], flow))
    else:
        ours = kinds.filter(pc.is_in(kinds["flow"], pa.array(["delivered", "net"])))
        kinds = ours if ours.num_rows else kinds
    if not kinds.num_rows:
        raise NotFound(f"There are no reads of usage point “{usage_point}” in that span that you may see.")
    kind = kinds.slice(0, 1).to_pylist()[0]
    seen = seen.filter(seen.flow == kind["flow"], seen.unit == kind["unit"], seen.seconds == kind["seconds"])
    rows = seen.select("started_at", "value", "quality")
    seconds: int | None = kind["seconds"]
    if resolution is not None:
        rows = _summed(rows, resolution, ZoneInfo(zone_name), start, end)
        seconds = SECONDS.get(resolution)
    rows = rows.order_by("started_at")
    if limit is not None:
        rows = rows.limit(limit + 1)
    found = context.warehouse.read(rows, context.organization_id).cast(COLUMNS)
    has_more = limit is not None and found.num_rows > limit
    return Intervals(
        usage_point,
        kind["commodity"],
        kind["flow"],
        kind["unit"],
        seconds,
        zone_name,
        found.slice(0, limit) if has_more else found,
        has_more,
    )


def pairs(found: Intervals) -> Iterator[tuple[str, str | None, str]]:
    """Rows as the wire has them: RFC 3339 UTC, decimal string, quality. Columnar up to the last step."""
    times = pc.strftime(found.rows["started_at"], "%Y-%m-%dT%H:%M:%SZ").to_pylist()
    times = [f"{at[:19]}Z" for at in times]
    values = found.rows["value"].to_pylist()
    plain = [None if value is None else f"{value.normalize():f}" for value in values]
    return zip(times, plain, found.rows["quality"].to_pylist(), strict=True)


def _summed(
    rows: ibis.Table, resolution: Resolution, zone: ZoneInfo, start: datetime, end: datetime
) -> ibis.Table:
    """Sums per local hour, day or month; dated by their first read; the worst quality stands for all."""
    here = local(rows.started_at, zone, start.astimezone(zone).date(), end.astimezone(zone).date())
    rows = rows.mutate(
        period=rows.started_at.truncate("h").cast("timestamp(6)") if resolution == "hour"
        else here.truncate(PERIOD[resolution]).cast("timestamp(6)")
    )  # fmt: skip
    worst = ibis.cases(
        ((rows.quality == "missing").any(), "missing"),
        ((rows.quality == "estimated").any(), "estimated"),
        ((rows.quality == "edited").any(), "edited"),
        else_="valid",
    )
    sums = rows.group_by("period").aggregate(
        started_at=rows.started_at.min(), value=rows.value.sum().cast("decimal(18, 6)"), quality=worst
    )
    return sums.select("started_at", "value", "quality")


def _moment(micros: int) -> datetime:
    return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=micros)
