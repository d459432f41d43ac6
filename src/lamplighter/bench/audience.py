"""``audience``: ten conditions over a million customers and 24 million bills, beside hand-written SQL.

The baseline asks the same of plain tables without versions or batches, in the words an analyst would use.
The tables are made here; only the answering is timed, warm, the best of three for both.
"""

import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import duckdb
import pyarrow as pa

from lamplighter.bench.harness import Log, in_fresh_process
from lamplighter.customers import audience
from lamplighter.settings import Settings
from lamplighter.warehouse.tables import TABLES
from lamplighter.warehouse.warehouse import Warehouse

PROFILES = 1_000_000
BILLS_EACH = 24
NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
ORGANIZATION = UUID("00000000-0000-4000-8000-000000000001")
SLICE = 4_000_000
"""Rows handed over at a time while the tables are filled."""

DEFINITION = {
    "name": "bench", "of": "profile", "purpose": "payment_help",
    "where": {"all": [
        {"place": "year_built", "between": [1950, 1995]},
        {"service": "electricity", "is": "active"},
        {"any": [{"trait": "arrears", ">": "100"}, {"bill": "amount", ">": "180", "within": "1 year"}]},
        {"any": [{"score": "payment_trouble", ">=": 0.3}, {"trait": "energy_burden", ">": "0.06"}]},
        {"any": [
            {"event": "bill.viewed", "count": {">=": 2}, "within": "30 days"},
            {"event": "page.viewed", "never": True, "within": "90 days"},
        ]},
        {"not": {"bill": "is_estimated", "is": True, "within": "1 year"}},
        {"not": {"situation": "open_complaint"}},
    ]},
}  # fmt: skip

BY_HAND = """
with bills as (
    select a.profile_id, bool_or(b.amount > 180) as high, bool_or(b.is_estimated) as estimated
    from bill b join customer_account a using (account_id)
    where b.issued_on >= date '2025-11-22' and b.status <> 'cancelled'
      and not exists (select 1 from bill n where n.replaces_bill_id = b.bill_id)
    group by a.profile_id
), seen as (
    select profile_id,
           count(*) filter (name = 'bill.viewed' and happened_at >= timestamptz '2026-10-23 12:00:00+00') as views,
           count(*) filter (name = 'page.viewed' and happened_at >= timestamptz '2026-08-24 12:00:00+00') as pages
    from event group by profile_id
)
select count(*) from profile p
left join bills using (profile_id)
left join seen using (profile_id)
where exists (
        select 1 from occupancy o join service_location l using (service_location_id)
        where o.profile_id = p.profile_id and o.ended_at is null and l.year_built between 1950 and 1995)
  and exists (
        select 1 from occupancy o
        where o.profile_id = p.profile_id and o.ended_at is null and o.commodity = 'electricity')
  and (coalesce(bills.high, false)
       or exists (select 1 from trait t where t.profile_id = p.profile_id and t.name = 'arrears' and t.number > 100))
  and (exists (select 1 from score s where s.profile_id = p.profile_id and s.name = 'payment_trouble' and s.number >= 0.3)
       or exists (select 1 from trait t where t.profile_id = p.profile_id and t.name = 'energy_burden' and t.number > 0.06))
  and (coalesce(seen.views, 0) >= 2 or coalesce(seen.pages, 0) = 0)
  and not coalesce(bills.estimated, false)
  and not exists (
        select 1 from situation s where s.profile_id = p.profile_id and s.kind = 'open_complaint' and s.until is null)
"""

_EVERYBODY = "from range({n}) t(i)"
MADE = {
    "profile": "select 'pr_' || i as profile_id, 'person' as kind, 'Customer ' || i as name, 'en' as language, "
    "'active' as stage " + _EVERYBODY,
    "profile_link": "select 'cis' as source, 'C' || i as customer_id, 'pr_' || i as profile_id " + _EVERYBODY,
    "customer_account": "select 'cis' as source, 'A' || i as account_id, 'C' || i as customer_id, 'pr_' || i as profile_id, "
    "'open' as status, date '2020-01-01' as opened_at " + _EVERYBODY,
    "service_location": "select 'cis' as source, 'P' || i as service_location_id, "
    "1920 + (hash(i) % 105)::bigint as year_built " + _EVERYBODY,
    "usage_point": "select 'cis' as source, 'S' || i as usage_point_id, 'P' || i as service_location_id, "
    "case when i % 5 = 0 then 'gas' else 'electricity' end as commodity " + _EVERYBODY,
    "occupancy": "select 'pr_' || i as profile_id, 'cis' as source, 'S' || i as usage_point_id, "
    "'P' || i as service_location_id, 'A' || i as account_id, 'G' || i as agreement_id, "
    "case when i % 5 = 0 then 'gas' else 'electricity' end as commodity, date '2020-01-01' as started_at, "
    "null::date as ended_at " + _EVERYBODY,
    "trait": "select 'pr_' || i as profile_id, name, case name when 'arrears' then (hash(i) % 400)::double "
    "else (hash(i, name) % 100) / 1000 end as number, null as word, timestamptz '2026-11-22' as computed_at "
    + _EVERYBODY + ", (values ('arrears'), ('energy_burden'), ('lifetime_value')) v(name)",
    "score": "select 'pr_' || i as profile_id, 'payment_trouble' as name, (hash(i, 7) % 1000) / 1000 as number, "
    "timestamptz '2026-11-22' as computed_at " + _EVERYBODY,
    "situation": "select 'pr_' || i as profile_id, 'open_complaint' as kind, 'T' || i as reference, "
    "timestamptz '2026-11-01' as since, null::timestamptz as until from range({n}) t(i) where i % 50 = 0",
    "event": "select 'm_' || i || '_' || k as message_id, case when k < 2 then 'bill.viewed' else 'page.viewed' end as name, "
    "'pr_' || i as profile_id, 'web' as origin, "
    "timestamptz '2026-11-22' - to_days((hash(i, k) % 300)::int) as happened_at, "
    "timestamptz '2026-11-22' as received_at from range({n}) t(i), range(4) u(k)",
    "bill": "select 'cis' as source, 'B' || i || '_' || k as bill_id, 'A' || i as account_id, "
    "(date '2024-12-01' + to_months(k::int))::date as period_start, (date '2025-01-01' + to_months(k::int))::date as period_end, "
    "(date '2025-01-03' + to_months(k::int))::date as issued_on, (date '2025-01-24' + to_months(k::int))::date as due_on, "
    "((hash(i, k) % 25000) / 100)::decimal(18, 4) as amount, 'USD' as currency, 'issued' as status, "
    "hash(i, k) % 300 = 0 as is_estimated from range({from_}, {n}) t(i), range({each}) u(k)",
}  # fmt: skip


def run(folder: Path, scale: float, log: Log) -> dict[str, Any]:
    """Fill both, ask both."""
    profiles = max(int(PROFILES * scale), 100)
    log(f"Making {profiles:,} customers with {profiles * BILLS_EACH:,} bills …")
    in_fresh_process(fill, folder, profiles)
    log("The hand-written SQL …")
    (by_hand, baseline), _ = in_fresh_process(ask_by_hand, folder)
    log("The audience …")
    (size, seconds), peak_mb = in_fresh_process(ask, folder)
    return {
        "value": profiles / seconds,
        "unit": "customers/s",
        "baseline": baseline,
        "rows": profiles * BILLS_EACH,
        "seconds": seconds,
        "peak_mb": peak_mb,
        "checks": {"same_size": size == by_hand, "size": size},
    }


def fill(folder: str, profiles: int) -> None:
    """The same rows into the warehouse and, as plain tables, into the baseline's file."""
    plain = duckdb.connect(str(Path(folder) / "plain.duckdb"))
    plain.execute("set timezone = 'UTC'")
    warehouse = Warehouse.open(Settings(data=Path(folder)))
    for name, text in MADE.items():
        declared = TABLES[name]
        step = max(SLICE // BILLS_EACH, 1) if name == "bill" else profiles
        for number, first in enumerate(range(0, profiles, step)):
            query = text.format(from_=first, n=min(first + step, profiles), each=BILLS_EACH)
            rows = plain.execute(query).to_arrow_table()
            if name == "bill":
                rows = rows.append_column("replaces_bill_id", pa.nulls(rows.num_rows, pa.string()))
            plain.register("made", rows)
            plain.execute(f"insert into {name} from made" if number else f"create table {name} as from made")
            full = pa.table([_column(rows, field) for field in declared.arrow], schema=declared.arrow)
            if declared.kind == "derived":
                warehouse.replace(ORGANIZATION, declared, full)
            else:
                batch = f"b_{name}_{number}"
                warehouse.append(ORGANIZATION, declared, full, batch_id=batch, recorded_at=NOW)
                warehouse.publish(ORGANIZATION, batch, NOW)
    warehouse.close()
    plain.close()


def ask_by_hand(folder: str) -> tuple[int, float]:
    """Size and seconds."""
    connection = duckdb.connect(str(Path(folder) / "plain.duckdb"), read_only=True)
    connection.execute("set timezone = 'UTC'")

    def once() -> int:
        row = connection.execute(BY_HAND).fetchone()
        return int(row[0]) if row else 0

    return _best(once)


def ask(folder: str) -> tuple[int, float]:
    """Size and seconds, compiling included."""
    warehouse = Warehouse.open(Settings(data=Path(folder)))

    def once() -> int:
        rows = audience.compile(DEFINITION, now=NOW)
        return int(warehouse.read(rows.agg(size=rows.count()), ORGANIZATION)["size"][0].as_py())

    return _best(once)


def _best(once: Any) -> tuple[int, float]:
    answer, times = once(), []
    for _ in range(3):
        started = time.perf_counter()
        once()
        times.append(time.perf_counter() - started)
    return answer, min(times)


def _column(rows: pa.Table, field: pa.Field) -> pa.ChunkedArray | pa.Array:
    if field.name in rows.schema.names:
        return rows[field.name].cast(field.type)
    return pa.nulls(rows.num_rows, field.type)
