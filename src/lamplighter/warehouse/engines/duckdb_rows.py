"""How rows get into and out of a DuckDB file, set by set; one function is one transaction."""
# ruff: noqa: S608 - names in these statements are declared identifiers, values of others are bound

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any

import pyarrow as pa

from lamplighter.errors import Conflict
from lamplighter.warehouse.engine import Appended, Selection
from lamplighter.warehouse.engines import duckdb_versions as versions
from lamplighter.warehouse.engines.duckdb_file import DuckDBFile
from lamplighter.warehouse.engines.duckdb_schema import Cursor, listed, show, sql_type
from lamplighter.warehouse.table import Table


def append(
    file: DuckDBFile, table: Table, rows: pa.RecordBatchReader, batch_id: str, recorded_at: datetime
) -> Appended:
    """Stream the rows in, then look for their keys among what is stored, only where the ranges overlap."""
    number = file.number_of(batch_id, recorded_at)
    with file.writing(table) as cursor:
        done = _done(cursor, number, table)
        if done:
            return done
        _refuse_visible(cursor, number, batch_id)
        own = listed(table.schema.names)
        incoming = _Incoming(rows)
        cursor.register("incoming", incoming.reader)
        with incoming.own_errors():
            written = _count(
                cursor,
                f'INSERT INTO stored."{table.name}" ({own}, batch_no) SELECT {own}, {number} FROM incoming',
            )
        span = versions.span_of(cursor, table, number)
        appended = versions.compare(cursor, table, number, written, span) if written else Appended(0, 0, 0)
        if not appended.landed:  # faster than deleting what was written
            cursor.execute("ROLLBACK")
            cursor.execute("BEGIN TRANSACTION")
        cursor.execute(
            "INSERT INTO ledger.batch_table VALUES (?, ?, ?, ?, ?, ?, ?)",
            [number, table.name, appended.landed, appended.unchanged, appended.restated, *span],
        )
        show(cursor, table.name)
    return appended


def publish(file: DuckDBFile, batch_id: str, recorded_at: datetime) -> None:
    """Move what the batch replaces out of the readers' way and let its rows be seen."""
    number = file.number_of(batch_id, recorded_at)
    tables = file.tables_of(number)
    with file.writing(*tables) as cursor:
        if cursor.execute("SELECT is_visible FROM ledger.batch WHERE batch_no = ?", [number]).fetchone() != (
            False,
        ):
            return
        cursor.execute("UPDATE ledger.batch SET is_visible = true WHERE batch_no = ?", [number])
        for name in tables:
            versions.supersede(cursor, name)
            show(cursor, name)


def withdraw(file: DuckDBFile, batch_id: str) -> dict[str, int]:
    """Remove the batch; where it had replaced something, the newest version left comes back."""
    number = file.known(batch_id)
    if number is None:
        return {}
    tables = file.tables_of(number)
    removed = {}
    with file.writing(*tables) as cursor:
        for name in tables:
            versions.bring_back(cursor, name, number)
            removed[name] = sum(
                _count(cursor, f'DELETE FROM {schema}."{name}" WHERE batch_no = {number}')
                for schema in ("stored", "superseded")
            )
            cursor.execute(f'DELETE FROM restated."{name}" WHERE batch_no = {number}')
        cursor.execute("DELETE FROM ledger.batch_table WHERE batch_no = ?", [number])
        cursor.execute("DELETE FROM ledger.batch WHERE batch_no = ?", [number])
        for name in tables:
            show(cursor, name)
    return removed


def replace(file: DuckDBFile, table: Table, rows: pa.Table | Selection) -> int:
    """One statement, so that a reader meets the old rows or the new ones."""
    with file.writing(table) as cursor:
        return _count(
            cursor, f'CREATE OR REPLACE TABLE main."{table.name}" AS {_selected(cursor, table, rows)}'
        )


def replace_where(
    file: DuckDBFile, table: Table, column: str, values: Iterable[Any], rows: pa.Table | Selection
) -> int:
    """The new rows are made first: they may come from the very rows that go."""
    with file.writing(table) as cursor:
        chosen = pa.table({"chosen": pa.array(values, type=table.arrow.field(column).type)})
        cursor.register("chosen_values", chosen)
        selected = _selected(cursor, table, rows)
        cursor.execute(f"CREATE OR REPLACE TEMP TABLE replacement AS {selected}")
        cursor.execute(
            f'DELETE FROM main."{table.name}" WHERE "{column}" IN (SELECT chosen FROM chosen_values)'
        )
        own = listed(table.schema.names)
        return _count(cursor, f'INSERT INTO main."{table.name}" ({own}) SELECT {own} FROM replacement')


def erase(file: DuckDBFile, table: Table, subjects: pa.Table) -> int:
    """Delete rows equal to a subject in each column they share, within its [start, end) where it has one."""
    clips = [name for name in ("start", "end") if name in subjects.column_names]
    shared = [name for name in subjects.column_names if name not in clips]
    tests = [f'r."{name}" = s."{name}"' for name in shared]
    if clips:
        assert table.subject is not None
        at = f'r."{table.subject.at}"'
        tests += [f's."start" IS NULL OR {at} >= s."start"'] if "start" in clips else []
        tests += [f's."end" IS NULL OR {at} < s."end"'] if "end" in clips else []
        tests.append(f"{at} IS NOT NULL")
    condition = " AND ".join(f"({test})" for test in tests)
    with file.writing(table) as cursor:
        cursor.register("subjects", subjects)
        return sum(
            _count(
                cursor,
                f'DELETE FROM {schema}."{table.name}" AS r USING (SELECT DISTINCT * FROM subjects) AS s '
                f"WHERE {condition}",
            )
            for schema in _schemas(table)
        )


def expire(file: DuckDBFile, table: Table, before: datetime) -> int:
    """Delete by the retention's column, else by when the batch was recorded; derived rows have no such time."""
    column = table.retention.column
    moment = versions.literal(before)
    if column:
        dated = f'"{column}" < {moment}'
    elif table.kind == "landed":
        dated = f"batch_no IN (SELECT batch_no FROM ledger.batch WHERE recorded_at < {moment})"
    else:
        return 0
    with file.writing(table) as cursor:
        return sum(
            _count(cursor, f'DELETE FROM {schema}."{table.name}" WHERE {dated}') for schema in _schemas(table)
        )


class _Incoming:
    """The caller's stream, which remembers the caller's own error: DuckDB would only quote it."""

    def __init__(self, rows: pa.RecordBatchReader) -> None:
        self._failure: BaseException | None = None
        self.reader = pa.RecordBatchReader.from_batches(rows.schema, self._batches(rows))

    def _batches(self, rows: pa.RecordBatchReader) -> Iterator[pa.RecordBatch]:
        try:
            yield from rows
        except BaseException as failure:
            self._failure = failure
            raise

    def own_errors(self) -> "_Incoming":
        return self

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: object, error: BaseException | None, traceback: object) -> None:
        if error is not None and self._failure is not None:
            raise self._failure from error


def _done(cursor: Cursor, number: int, table: Table) -> Appended | None:
    found = cursor.execute(
        "SELECT landed, unchanged, restated FROM ledger.batch_table WHERE batch_no = ? AND table_name = ?",
        [number, table.name],
    ).fetchone()
    return Appended(*found) if found else None


def _refuse_visible(cursor: Cursor, number: int, batch_id: str) -> None:
    if cursor.execute("SELECT is_visible FROM ledger.batch WHERE batch_no = ?", [number]).fetchone() == (
        True,
    ):
        raise Conflict(f"Batch {batch_id} is already visible; land further rows as a batch of their own.")


def _selected(cursor: Cursor, table: Table, rows: pa.Table | Selection) -> str:
    """A query of the rows in the declared order and types."""
    columns = ", ".join(
        f'CAST("{column.name}" AS {sql_type(table, column.name)}) AS "{column.name}"' for column in table
    )
    if isinstance(rows, Selection):
        for name, given in rows.inputs.items():
            cursor.register(name, given)
        return f"SELECT {columns} FROM ({rows.sql}) AS selection"
    cursor.register("incoming", rows)
    return f"SELECT {columns} FROM incoming"


def _schemas(table: Table) -> tuple[str, ...]:
    return ("main",) if table.kind == "derived" else ("stored", "superseded")


def _count(cursor: Cursor, sql: str) -> int:
    found = cursor.execute(sql).fetchone()
    return int(found[0]) if found else 0
