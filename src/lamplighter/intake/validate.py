"""What a declaration demands of a row, checked a column at a time: what must be there, and what must be possible."""

from datetime import UTC, datetime

import pyarrow as pa
import pyarrow.compute as pc

from lamplighter.intake.decimals import mask
from lamplighter.intake.fault import Faults
from lamplighter.warehouse.table import Table

LONGEST_INTERVAL = 366 * 86_400
EARLIEST, LATEST = (
    pa.scalar(datetime(year, 1, 1, tzinfo=UTC), pa.timestamp("us", "UTC")) for year in (1970, 2100)
)
"""No meter reads itself outside of these; such a time is a slip of the pen (year 0026) or a filler (9999)."""
_REMEDIES = {
    "unit": "A unit is never guessed: fill the column, or declare “unit: kWh” in layout.yaml "
    "(“set: {unit: kWh}” in mapping.yaml).",
    "seconds": "Fill the column with the interval's length, or declare “seconds: 3600” in layout.yaml.",
}


def validate(rows: pa.RecordBatch, table: Table, faults: Faults) -> None:
    """Add a fault for each row that cannot land; rows that already have one may get another."""
    for column in table:
        values = rows.column(column.name)
        if column.required and values.null_count:
            remedy = _REMEDIES.get(column.name, "This column may not be empty.")
            faults.add(mask(values.is_null()), column.name, "missing_value", remedy)
    if table.name == "meter_reading":
        _readings(rows, faults)


def _readings(rows: pa.RecordBatch, faults: Faults) -> None:
    value, quality, seconds = rows.column("value"), rows.column("quality"), rows.column("seconds")
    first, last = pc.min_max(rows.column("started_at")).values()
    if first.is_valid and (first.as_py() < EARLIEST.as_py() or last.as_py() > LATEST.as_py()):
        at = rows.column("started_at")
        odd = pc.fill_null(pc.or_(pc.less(at, EARLIEST), pc.greater(at, LATEST)), False)
        faults.add(
            mask(odd), "started_at", "bad_time", "A read lies between 1970 and 2100: correct the year.", at
        )
    if value.null_count:
        says_missing = mask(pc.equal(quality.dictionary, "missing").take(quality.indices))
        faults.add(
            mask(value.is_null()) & ~says_missing, "value", "missing_value",
            "Write the quantity, or the quality “missing” where there is none.",
        )  # fmt: skip
    shortest, longest = pc.min_max(seconds).values()
    if len(rows) and shortest.is_valid and (shortest.as_py() < 1 or longest.as_py() > LONGEST_INTERVAL):
        lengths = pc.fill_null(seconds, 1).to_numpy()
        faults.add(
            (lengths < 1) | (lengths > LONGEST_INTERVAL), "seconds", "bad_number",
            "An interval lasts from one second to a year.", seconds,
        )  # fmt: skip
