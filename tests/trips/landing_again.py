"""A process that lands one batch after the other on a data folder until it is killed; the test starts and kills it.

python landing_again.py; then a line ``DATA NUMBER`` on its standard input forks the next one: imports take longest.

Even numbers are reads of an hour of their own, odd ones restate the hour before. Each line it prints is one JSON
object: what it found on its start, then every number that has landed.
"""

import json
import os
import sys
from pathlib import Path
from typing import Any

import ibis
import pyarrow as pa
import pyarrow.parquet as pq

from lamplighter import app
from lamplighter.context import Context
from lamplighter.intake import batch as batches
from lamplighter.settings import Settings
from lamplighter.warehouse.expressions import current
from lamplighter.warehouse.tables import TABLES

ROWS = 3000
HOUR = 3_600_000_000


def write(folder: Path, number: int) -> Path:
    """The reads of 3,000 meters in one hour; whoever reads the hour later sees the newest number as its value."""
    start = pa.scalar(1_767_225_600_000_000 + number // 2 * HOUR).cast(pa.timestamp("us", "UTC"))
    reads = {
        "meter_id": [f"M{n:05}" for n in range(ROWS)],
        "start": pa.repeat(start, ROWS),
        "seconds": pa.repeat(3600, ROWS),
        "value": pa.repeat(float(number), ROWS),
        "unit": pa.repeat("kWh", ROWS),
    }
    path = folder / f"reads_{number:04}.parquet"
    pq.write_table(pa.table(reads), path)
    return path


def found(context: Context) -> list[dict[str, Any]]:
    """By hour: rows, meters, and the least and greatest value; a hour that is whole has only one."""
    reads = current(TABLES["meter_reading"])
    by_hour = reads.group_by("started_at").agg(
        rows=reads.count(), meters=reads.meter_id.nunique(), least=reads.value.min(), most=reads.value.max()
    )
    columns = by_hour.select("rows", "meters", ibis._.least.cast("float64"), ibis._.most.cast("float64"))
    return [
        list(row.values()) for row in context.warehouse.read(columns, context.organization_id).to_pylist()
    ]


def main() -> None:
    """Fork a process for each line, in a group of its own, and wait for its end."""
    app.join()
    for line in sys.stdin:
        data, number = line.rstrip("\n").rsplit(" ", 1)
        pid = os.fork()
        if pid == 0:
            os.setsid()
            land_on(Path(data), int(number))
        os.waitpid(pid, 0)
        tell({"ended": pid})


def land_on(data: Path, number: int) -> None:
    """Land number after number."""
    tell({"pid": os.getpid()})
    with app.build(Settings(data=data)) as application:
        organization_id = application.organization()
        context = application.context(organization_id)
        tell({"found": found(context)})
        while True:
            result = application.perform(
                organization_id, "land", {"source": "ami", "path": str(write(data, number)), "name": "hourly"}
            )
            with context.session() as session:
                states = batches.states(session)
            stored = {batch.batch_id: batch.visible for batch in context.warehouse.batches(organization_id)}
            books = {batch: state == "visible" for batch, state in states.items()}
            agree = books == stored and all(stored.values())
            tell({"number": number, "landed": result["landed"], "agree": agree})
            number += 1


def tell(line: dict[str, Any]) -> None:
    print(json.dumps(line), flush=True)


if __name__ == "__main__":
    main()
