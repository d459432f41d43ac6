"""``land``: interval reads from Parquet, validated, deduplicated and stored, beside the engine's own load.

10 million reads: 10,416 meters × 10 days of 15-minute values, as a head-end delivers them (by meter, by time).
"""

import time
from pathlib import Path
from typing import Any

import duckdb

from lamplighter.bench.harness import Log, in_fresh_process
from lamplighter.settings import Settings

READS = 10_000_000
A_DAY = 96


def run(folder: Path, scale: float, log: Log) -> dict[str, Any]:
    """Land the file twice; the second time nothing may be new."""
    days = 10
    meters = max(round(READS * scale / (A_DAY * days)), 1)
    file = folder / "reads.parquet"
    log(f"Writing {meters * A_DAY * days:,} reads …")
    in_fresh_process(write_reads, file, meters, days)  # else its memory would be counted as theirs
    log("The engine's own load …")
    baseline, baseline_mb = in_fresh_process(load_by_engine, file, folder / "plain.duckdb")
    log("lamplighter land ami …")
    ours, peak_mb = in_fresh_process(land_twice, file, folder / "data")
    rows = meters * A_DAY * days
    return {
        "value": rows / ours["first"]["seconds"],
        "unit": "reads/s",
        "baseline": baseline,
        "rows": rows,
        "seconds": ours["first"]["seconds"],
        "peak_mb": peak_mb,
        "checks": {
            "all_landed": ours["first"]["landed"] == rows,
            "same_file_again_lands": ours["second"]["landed"],
            "same_file_again_seconds": round(ours["second"]["seconds"], 2),
            "under_2_gb": peak_mb < 2048,
            "baseline_peak_mb": baseline_mb,
        },
    }


def write_reads(file: str, meters: int, days: int) -> None:
    """A head-end's file: sorted by meter, then time; kWh with three decimals."""
    duckdb.sql(f"""
        copy (
            select 'M' || lpad(m::varchar, 8, '0') as meter_id,
                   timestamptz '2026-10-01 07:00:00+00' + to_minutes(15 * i) as start,
                   900 as seconds,
                   round(abs(hash(m * 100003 + i) % 2000) / 1000.0, 3) as value,
                   'kWh' as unit, 'delivered' as flow,
                   case when hash(m + i) % 100 = 0 then 'estimated' else 'valid' end as quality
            from range({meters}) t(m), range({A_DAY * days}) u(i)
            order by m, i
        ) to '{file}' (format parquet)
    """)  # noqa: S608 — a bench writing its own file


def load_by_engine(file: str, database: str) -> float:
    """Seconds of ``CREATE TABLE AS SELECT * FROM read_parquet`` into a file."""
    connection = duckdb.connect(database)
    started = time.perf_counter()
    connection.execute(f"create table reads as select * from read_parquet('{file}')")  # noqa: S608
    connection.execute("checkpoint")
    return time.perf_counter() - started


def land_twice(file: str, data: str) -> dict[str, Any]:
    """Land the same file two times into a fresh installation."""
    from lamplighter import app

    with app.build(Settings(data=Path(data))) as application:
        organization_id = application.organization()
        arguments = {"source": "ami", "path": file}
        first = application.perform(organization_id, "land", arguments)
        second = application.perform(organization_id, "land", arguments)
    return {"first": first, "second": second}
