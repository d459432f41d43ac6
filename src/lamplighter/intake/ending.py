"""``--full``: a row that the extract no longer has, has ended. It stays readable, with the day it ended.

Things that *are* (customers, places, contracts …) end; things that *happened* (bills, payments, reads …) do not.
The end is a new version of the row: its own date column where it has one, else ``ended_on`` in ``attributes``.
So a withdrawal takes it back, and a row that comes again in a later extract simply stands again.
"""

from datetime import datetime
from zoneinfo import ZoneInfo

import pyarrow as pa
import pyarrow.compute as pc

from lamplighter.errors import LoadWouldEndTooMuch
from lamplighter.intake.stored import Stored
from lamplighter.warehouse.table import Table

ENDS: dict[str, str] = {
    "customer": "attributes",
    "contact_point": "attributes",
    "relationship": "ended_at",
    "customer_account": "closed_at",
    "service_location": "attributes",
    "usage_point": "attributes",
    "customer_agreement": "ended_at",
    "meter": "attributes",
    "meter_installation": "removed_at",
    "program": "attributes",
    "enrolment": "ended_at",
}
MARK = "ended_on"
MOST = 0.05
_MARKED = rf'"{MARK}":"'


def ended_rows(
    table: Table,
    present: pa.Table,
    stored: Stored,
    file: str,
    as_of: datetime,
    timezone: str,
    *,
    even_many: bool,
) -> pa.Table:
    """New versions of the stored rows that ``present`` (all keys of the file, good or bad) lacks.

    LoadWouldEndTooMuch where these are more than 5 % of the rows that stand, unless ``even_many``.
    """
    rows = stored.rows(table.name, table.schema.names)
    column = ENDS[table.name]
    day = as_of.astimezone(ZoneInfo(timezone)).date()
    standing = rows.filter(_stands(rows, column, pa.scalar(day)))
    keys = [name for name in table.key if name != "source"]
    there = pc.is_in(_key(standing, keys), _key(present, keys).combine_chunks())
    gone = standing.filter(pc.invert(there))
    if gone.num_rows > MOST * standing.num_rows and not even_many:
        raise LoadWouldEndTooMuch(
            f"{file} lacks {gone.num_rows:,} of the {standing.num_rows:,} rows of {table.name} that stand, "
            f"more than 5 %; with --full they would all end. Nothing was loaded. "
            "Check that the extract is whole. If they have really ended, add --end-many; else load it without --full.",
            table=table.name, missing=gone.num_rows, standing=standing.num_rows,
        )  # fmt: skip
    return _ended(gone, column, str(day), pa.scalar(day))


def _stands(rows: pa.Table, column: str, day: pa.Scalar) -> pa.Array:
    if column == "attributes":
        return pc.fill_null(pc.invert(pc.match_substring(rows.column(column), _MARKED)), True)
    return pc.fill_null(pc.greater(rows.column(column), day), True)


def _ended(rows: pa.Table, column: str, day: str, date: pa.Scalar) -> pa.Table:
    at = rows.schema.get_field_index(column)
    if column != "attributes":
        rows = rows.set_column(at, rows.schema.field(at), pa.repeat(date, rows.num_rows))
        if "status" in rows.column_names and column == "closed_at":
            status = rows.schema.get_field_index("status")
            rows = rows.set_column(
                status, rows.schema.field(status), pa.repeat(pa.scalar("closed"), rows.num_rows)
            )
        return rows
    given = pc.fill_null(rows.column(column), "{}")
    inside = pc.utf8_slice_codeunits(given, 1, -1)
    comma = pc.if_else(pc.equal(inside, ""), "", ",")
    marked = pc.binary_join_element_wise("{" + _MARKED + day + '"', comma, inside, "}", "")
    return rows.set_column(at, rows.schema.field(at), marked)


def _key(rows: pa.Table, keys: list[str]) -> pa.ChunkedArray:
    return pc.binary_join_element_wise(*(rows.column(name).cast(pa.string()) for name in keys), "\x1f")
