"""Last night's file of the head-end, as nights are: most of it good, some of it not.

It gives data health something true to say: meters that nobody announced (an exchange list that is late), a few
broken times, a value that is no number.
"""

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv
import pyarrow.parquet as pq

METERS, UNKNOWN, HOURS = 40, 17, 6


def write_night(reads: Path, file: Path, today: date) -> int:
    """Write a CSV of a few hours of some meters of ``reads`` (Parquet), spoiled; how many rows are in it."""
    power = pq.read_table(
        reads, columns=["meter_id"], filters=[("unit", "=", "kWh"), ("flow", "=", "delivered")]
    )
    known = pc.unique(power["meter_id"]).cast(pa.string())[:METERS]
    unknown = pa.array([f"X{9000 + number}" for number in range(UNKNOWN)])
    meters = pa.concat_arrays([known, unknown])
    midnight = datetime(today.year, today.month, today.day, 8, tzinfo=UTC)
    starts = pa.array([(midnight + timedelta(hours=hour)).isoformat() for hour in range(HOURS)])
    rows = len(meters) * HOURS
    position = pa.array(range(rows))
    table = pa.table(
        {
            "meter_id": pc.take(meters, pc.divide(position, HOURS)),
            "start": pc.take(starts, pc.subtract(position, pc.multiply(pc.divide(position, HOURS), HOURS))),
            "seconds": pa.repeat(3600, rows),
            "value": pc.if_else(pc.equal(position, 77), "n/a", "0.42"),
            "unit": pa.repeat("kWh", rows),
            "flow": pa.repeat("delivered", rows),
            "quality": pa.repeat("valid", rows),
        }
    )
    broken = pc.is_in(position, pa.array([5, 50, 95]))
    table = table.set_column(1, "start", pc.if_else(broken, "0000-00-00T00:00:00Z", table["start"]))
    file.parent.mkdir(parents=True, exist_ok=True)
    pyarrow.csv.write_csv(table, file)
    return rows
