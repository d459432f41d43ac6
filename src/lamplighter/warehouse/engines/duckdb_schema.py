"""How declared tables lie in a DuckDB file. Only ``main`` and ``history`` are for readers.

- ``stored.<table>``: rows of a landed table that are current, and rows of batches not yet visible, told
  apart by ``batch_no``, the small number of a batch in this file.
- ``superseded.<table>``: versions that a later visible batch replaced; they move here when it is published,
  so that reading the current rows is a plain scan, however often values were restated.
- ``restated.<table>``: keys of which a batch not yet visible brings a new version, until it is published.
- ``ledger``: ``batch`` and ``batch_table``.
- ``main.<table>``: a view on ``stored`` that leaves out batches not yet visible; derived tables themselves.
- ``history.<table>``, ``history.batch``: views for what was.
"""
# ruff: noqa: S608 - names in these statements are declared identifiers, values of others are bound

from collections.abc import Mapping, Sequence
from functools import cache

import duckdb
import ibis.expr.datatypes as dt
from ibis.backends.sql.datatypes import DuckDBType

from lamplighter.errors import Misconfigured
from lamplighter.warehouse.table import Table

Cursor = duckdb.DuckDBPyConnection
Columns = dict[str, str]

SCHEMAS = ("stored", "superseded", "restated", "ledger", "history")

LEDGER = (
    ";".join(f"CREATE SCHEMA IF NOT EXISTS {schema}" for schema in SCHEMAS)
    + """;
CREATE SEQUENCE IF NOT EXISTS ledger.batch_no;
CREATE TABLE IF NOT EXISTS ledger.batch (
    batch_no INTEGER NOT NULL, batch_id VARCHAR NOT NULL, recorded_at TIMESTAMPTZ NOT NULL,
    is_visible BOOLEAN NOT NULL);
CREATE TABLE IF NOT EXISTS ledger.batch_table (
    batch_no INTEGER NOT NULL, table_name VARCHAR NOT NULL, landed BIGINT NOT NULL,
    unchanged BIGINT NOT NULL, restated BIGINT NOT NULL, low TIMESTAMPTZ, high TIMESTAMPTZ);
CREATE OR REPLACE VIEW history.batch AS
    SELECT batch_id, recorded_at, is_visible, table_name, landed, unchanged, restated
    FROM ledger.batch JOIN ledger.batch_table USING (batch_no)"""
)


def declare(cursor: Cursor, tables: Sequence[Table]) -> None:
    """Make what is declared and not there yet; add columns that a declaration has gained."""
    there = physical(cursor)
    for table in tables:
        own = list(table.schema.names)
        shown = list(there.get(("main", table.name), ()))
        if table.kind == "derived":
            _make(cursor, there.get(("main", table.name)), "main", table, own)
            if shown and shown != own:
                cursor.execute(
                    f'CREATE OR REPLACE TABLE main."{table.name}" AS SELECT {listed(own)} FROM main."{table.name}"'
                )
            continue
        _make(cursor, there.get(("stored", table.name)), "stored", table, own)
        _make(cursor, there.get(("superseded", table.name)), "superseded", table, own)
        _make(cursor, there.get(("restated", table.name)), "restated", table, table.key)
        if shown != own:
            show(cursor, table.name, own)
            show_history(cursor, table.name, own)


def physical(cursor: Cursor) -> dict[tuple[str, str], Columns]:
    """Columns with their types of every table and view, by schema and name."""
    found: dict[tuple[str, str], Columns] = {}
    for schema, name, column, kind in cursor.execute(
        "SELECT schema_name, table_name, column_name, data_type FROM duckdb_columns() "
        "WHERE database_name = current_database() ORDER BY table_oid, column_index"
    ).fetchall():
        found.setdefault((schema, name), {})[column] = kind
    return found


def show(cursor: Cursor, name: str, columns: Sequence[str] = ()) -> None:
    """Point the readers' view at the visible rows (its columns stay, where none are named).

    Takes effect when the transaction commits.
    """
    own = listed(columns or column_names(cursor, "main", name))
    hidden = cursor.execute(
        "SELECT DISTINCT batch_no FROM ledger.batch JOIN ledger.batch_table USING (batch_no) "
        "WHERE table_name = ? AND NOT is_visible ORDER BY batch_no",
        [name],
    ).fetchall()
    without = f" WHERE batch_no NOT IN ({', '.join(str(row[0]) for row in hidden)})" if hidden else ""
    cursor.execute(f'CREATE OR REPLACE VIEW main."{name}" AS SELECT {own} FROM stored."{name}"{without}')


def show_history(cursor: Cursor, name: str, columns: Sequence[str]) -> None:
    """The readers' view of every visible version."""
    own = listed(columns)
    cursor.execute(
        f'CREATE OR REPLACE VIEW history."{name}" AS SELECT {own}, batch_id, recorded_at, is_current FROM ('
        f'SELECT {own}, batch_no, true AS is_current FROM stored."{name}" UNION ALL '
        f'SELECT {own}, batch_no, false FROM superseded."{name}") '
        "JOIN ledger.batch USING (batch_no) WHERE is_visible"
    )


def column_names(cursor: Cursor, schema: str, name: str) -> list[str]:
    """Columns of a physical table, without the batch's number."""
    found = cursor.execute(f'DESCRIBE {schema}."{name}"').fetchall()
    return [row[0] for row in found if row[0] != "batch_no"]


def listed(names: Sequence[str], prefix: str = "") -> str:
    """Quoted and joined by commas: ``"a", "b"``, or ``n."a", n."b"``."""
    return ", ".join(f'{prefix}"{name}"' for name in names)


def sql_type(table: Table, column: str) -> str:
    """How DuckDB spells the column's declared type."""
    return _spelled(table[column].type)


def shape(table: Table) -> tuple[str, ...]:
    """All of a declaration that matters for how the table lies in the file."""
    return (table.kind, *table.key, *(f"{column.name} {column.type}" for column in table))


def _make(
    cursor: Cursor, held: Mapping[str, str] | None, schema: str, table: Table, names: Sequence[str]
) -> bool:
    """Create or widen one physical table; True where something was done."""
    wanted = {name: sql_type(table, name) for name in names} | (
        {} if schema == "main" else {"batch_no": "INTEGER"}
    )
    if held is None:
        columns = ", ".join(f'"{name}" {kind}' for name, kind in wanted.items())
        cursor.execute(f'CREATE TABLE {schema}."{table.name}" ({columns})')
        return True
    for name, kind in wanted.items():
        if name not in held:
            cursor.execute(f'ALTER TABLE {schema}."{table.name}" ADD COLUMN "{name}" {kind}')
        elif _canonical(held[name]) != _canonical(kind):
            raise Misconfigured(
                f"Column {table.name}.{name} is stored as {held[name]} and declared as {kind}. "
                "Declare a new column of another name: stored facts keep their type."
            )
    return any(name not in held for name in wanted)


@cache
def _spelled(kind: str) -> str:
    return str(DuckDBType.from_ibis(dt.dtype(kind)).sql("duckdb"))


@cache
def _canonical(kind: str) -> str:
    return str(DuckDBType.from_ibis(DuckDBType.from_string(kind)).sql("duckdb"))
