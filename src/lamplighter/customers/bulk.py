"""Columns into and out of the store in one go: COPY through a temporary table, never a statement per row.

COPY into a table behind a policy is refused by PostgreSQL, so rows go to a temporary table of the transaction
first and on from there by one set-based statement.
"""

import io
from collections.abc import Mapping
from secrets import token_hex
from typing import Any

import pyarrow as pa
import sqlalchemy as sa
from psycopg import sql
from pyarrow import csv
from sqlalchemy.dialects import postgresql
from sqlalchemy.orm import Session

_TYPES = (
    (pa.types.is_boolean, "boolean"),
    (pa.types.is_integer, "bigint"),
    (pa.types.is_floating, "double precision"),
    (pa.types.is_decimal, "numeric"),
    (pa.types.is_timestamp, "timestamptz"),
    (pa.types.is_date, "date"),
)


def stage(
    session: Session, rows: pa.Table | pa.RecordBatchReader, types: Mapping[str, str] | None = None
) -> str:
    """Copy columns into a temporary table and answer its name; it ends with the transaction.

    A reader is copied batch by batch, so that what is larger than memory passes.
    Types follow Arrow's; ``types`` names others (``{"body": "json"}``). Timestamps must be aware.
    """
    name = f"staged_{token_hex(6)}"
    declared = types or {}
    columns = sql.SQL(", ").join(
        sql.SQL("{} {}").format(
            sql.Identifier(field.name), sql.SQL(declared.get(field.name) or _type(field.type))
        )
        for field in rows.schema
    )
    connection: Any = session.connection().connection.driver_connection
    with connection.cursor() as cursor:
        cursor.execute(
            sql.SQL("create temporary table {} ({}) on commit drop").format(sql.Identifier(name), columns)
        )
        into = sql.SQL("copy {} from stdin (format csv)").format(sql.Identifier(name))
        batches = rows.to_batches() if isinstance(rows, pa.Table) else rows
        options = csv.WriteOptions(include_header=False)
        with (
            cursor.copy(into) as copy,
            csv.CSVWriter(pa.PythonFile(_Sink(copy), "w"), rows.schema, write_options=options) as sheet,
        ):
            for batch in batches:
                sheet.write_batch(batch)
        cursor.execute(sql.SQL("analyze {}").format(sql.Identifier(name)))
    return name


def fetch(session: Session, statement: str, schema: pa.Schema) -> pa.Table:
    """The rows of a query without parameters, as columns of the schema (read by COPY)."""
    connection: Any = session.connection().connection.driver_connection
    buffer = io.BytesIO()
    with connection.cursor() as cursor, cursor.copy(f"copy ({statement}) to stdout (format csv)") as copy:
        for block in copy:
            buffer.write(block)
    if not buffer.tell():
        return schema.empty_table()
    buffer.seek(0)
    strings = [field.name for field in schema]
    read = csv.read_csv(
        buffer,
        csv.ReadOptions(column_names=strings, block_size=1 << 24),
        csv.ParseOptions(newlines_in_values=True),
        csv.ConvertOptions(
            column_types={
                field.name: pa.string() if pa.types.is_timestamp(field.type) else field.type
                for field in schema
            },
            strings_can_be_null=True,
            quoted_strings_can_be_null=False,
            null_values=[""],
            true_values=["t"],
            false_values=["f"],
        ),
    )
    return read.cast(schema)


def replace(
    session: Session, table: sa.Table, rows: pa.Table | pa.RecordBatchReader, *, within: str = "true"
) -> int:
    """Make a table hold exactly these rows, touching only what differs; how many rows that were.

    Rows are told apart by the table's primary key, which ``rows`` names apart from the organization.
    ``within`` is a condition on the table (as ``t``): only its rows may be deleted.
    """
    types = {
        column.name: "jsonb" if isinstance(column.type, postgresql.JSONB) else "json"
        for column in table.columns
        if isinstance(column.type, sa.JSON)
    }
    staged = stage(session, rows, types)
    key = [column.name for column in table.primary_key if column.name != "organization_id"]
    names = list(rows.schema.names)
    others = [name for name in names if name not in key]
    same = " and ".join(f"s.{name} = t.{name}" for name in key)
    gone = run(
        session,
        f"delete from {table.name} t where ({within}) and not exists (select from {staged} s where {same})",  # noqa: S608
    )
    act = "do nothing"
    if others:
        sets = ", ".join(f"{name} = excluded.{name}" for name in others)
        differs = f"({_list('t', others, types)}) is distinct from ({_list('excluded', others, types)})"
        act = f"do update set {sets} where {differs}"
    columns = ", ".join(names)
    written = run(
        session,
        f"insert into {table.name} as t ({columns}) select {columns} from {staged} "  # noqa: S608
        f"on conflict (organization_id, {', '.join(key)}) {act}",
    )
    return gone + written


def run(session: Session, statement: str, **parameters: Any) -> int:
    """One statement of SQL; how many rows it touched."""
    result: Any = session.execute(sa.text(statement), parameters)
    return int(result.rowcount)


class _Sink:
    """What Arrow's CSV writer writes to."""

    closed = False

    def __init__(self, copy: Any) -> None:
        self.copy = copy

    def write(self, data: Any) -> int:
        self.copy.write(bytes(data))
        return len(data)

    def flush(self) -> None: ...

    def close(self) -> None: ...

    def writable(self) -> bool:
        return True


def _list(alias: str, names: list[str], types: Mapping[str, str]) -> str:
    """Columns to compare; the JSON type has no equality of its own."""
    return ", ".join(f"{alias}.{name}{'::text' if types.get(name) == 'json' else ''}" for name in names)


def _type(arrow: pa.DataType) -> str:
    for matches, name in _TYPES:
        if matches(arrow):
            return name
    return "text"
