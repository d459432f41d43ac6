"""DuckDB in this process: one file per organization, owned by one process at a time.

A file per organization means that a query, whatever it says, cannot name another organization's rows.
"""

import fcntl
import threading
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any, Self, TextIO
from uuid import UUID

import duckdb
import pyarrow as pa

from lamplighter.errors import InstallationInUse, InvalidInput, Unavailable
from lamplighter.settings import Settings
from lamplighter.warehouse.engine import Appended, Batch, Selection
from lamplighter.warehouse.engines import duckdb_rows as rows_of
from lamplighter.warehouse.engines.duckdb_file import DuckDBFile, translated
from lamplighter.warehouse.table import Table

CHUNK_ROWS = 131_072
AWAKE = 4
"""Files kept open while nobody uses them; each may hold up to its memory limit in cache."""


class DuckDBEngine:  # what each method promises is said in engine.Engine
    """All organizations' files under one folder, opened when first asked for."""

    dialect = "duckdb"

    def __init__(self, folder: Path, memory: str) -> None:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._folder = folder
        self._memory = memory
        self._lock = threading.Lock()
        self._files: dict[UUID, DuckDBFile] = {}
        self._possession = _take(folder)
        self._closed = False

    @classmethod
    def open(cls, settings: Settings) -> Self:
        """Take possession of the folder ``warehouse`` under the data folder."""
        return cls(settings.data / "warehouse", settings.warehouse_memory)

    def append(
        self,
        organization_id: UUID,
        table: Table,
        rows: pa.RecordBatchReader,
        batch_id: str,
        recorded_at: datetime,
    ) -> Appended:
        """See ``duckdb_rows.append``."""
        return rows_of.append(self._file(organization_id), table, rows, batch_id, recorded_at)

    def publish(self, organization_id: UUID, batch_id: str, recorded_at: datetime) -> None:
        """See ``duckdb_rows.publish``."""
        rows_of.publish(self._file(organization_id), batch_id, recorded_at)

    def withdraw(self, organization_id: UUID, batch_id: str) -> dict[str, int]:
        """See ``duckdb_rows.withdraw``."""
        return rows_of.withdraw(self._file(organization_id), batch_id)

    def batches(self, organization_id: UUID) -> list[Batch]:
        """What the ledger of the file says."""
        return self._file(organization_id).batches()

    def replace(self, organization_id: UUID, table: Table, rows: pa.Table | Selection) -> int:
        """See ``duckdb_rows.replace``."""
        return rows_of.replace(self._file(organization_id), table, rows)

    def replace_where(
        self,
        organization_id: UUID,
        table: Table,
        column: str,
        values: Iterable[Any],
        rows: pa.Table | Selection,
    ) -> int:
        """See ``duckdb_rows.replace_where``."""
        return rows_of.replace_where(self._file(organization_id), table, column, values, rows)

    def erase(self, organization_id: UUID, table: Table, subjects: pa.Table) -> int:
        """See ``duckdb_rows.erase``."""
        return rows_of.erase(self._file(organization_id), table, subjects)

    def expire(self, organization_id: UUID, table: Table, before: datetime) -> int:
        """See ``duckdb_rows.expire``."""
        return rows_of.expire(self._file(organization_id), table, before)

    def stream(
        self,
        organization_id: UUID,
        sql: str,
        inputs: Mapping[str, pa.Table],
        seconds: float | None,
    ) -> pa.RecordBatchReader:
        """Run the query on a cursor of its own, in a transaction that cannot write."""
        rows = _rows(self._file(organization_id), sql, inputs, seconds)
        return pa.RecordBatchReader.from_batches(next(rows), rows)

    def compact(self, organization_id: UUID) -> None:
        """Rewrite the file; readers and writers wait."""
        self._file(organization_id).compact()

    def close(self) -> None:
        """Close every file, then give up the folder."""
        with self._lock:
            self._closed = True
            for file in self._files.values():
                file.close()
            self._files.clear()
            self._possession.close()

    def _file(self, organization_id: UUID) -> DuckDBFile:
        with self._lock:
            if self._closed:
                raise Unavailable("The warehouse of this process is closed. Start the process again.")
            file = self._files.pop(organization_id, None)
            if file is None:
                file = DuckDBFile(self._folder / f"{organization_id}.duckdb", self._memory)
            self._files[organization_id] = file  # the last used is the last of the dict
            for other in list(self._files.values())[:-AWAKE]:
                other.rest()
            return file


def _rows(file: DuckDBFile, sql: str, inputs: Mapping[str, pa.Table], seconds: float | None) -> Iterator[Any]:
    """First the schema, then the batches; the cursor lives until the last one, or until nobody asks on."""
    with file.using() as cursor:
        limit = _TimeLimit(cursor, seconds)
        try:
            with translated(limit.passed):
                for name, table in inputs.items():
                    cursor.register(name, table)
                _only_selects(cursor, sql)
                cursor.execute("BEGIN TRANSACTION READ ONLY")
                reader = cursor.execute(sql).to_arrow_reader(CHUNK_ROWS)
                yield reader.schema
                yield from reader
        finally:
            limit.stop()


class _TimeLimit:
    """Interrupts a cursor once its time is over, so that no query outlives whoever waits for it."""

    def __init__(self, cursor: duckdb.DuckDBPyConnection, seconds: float | None) -> None:
        self.seconds = seconds
        self._cursor = cursor
        self._over = False
        self._timer = threading.Timer(seconds, self._end) if seconds else None
        if self._timer:
            self._timer.daemon = True
            self._timer.start()

    def _end(self) -> None:
        self._over = True
        self._cursor.interrupt()

    def passed(self) -> float | None:
        """Seconds allowed, where they are over."""
        return self.seconds if self._over else None

    def stop(self) -> None:
        if self._timer:
            self._timer.cancel()


def _only_selects(cursor: duckdb.DuckDBPyConnection, sql: str) -> None:
    """Ask DuckDB's own parser, whatever another one thought of the same text."""
    if [statement.type for statement in cursor.extract_statements(sql)] != [duckdb.StatementType.SELECT]:
        raise InvalidInput("A query is one SELECT (or WITH … SELECT), nothing else and nothing after it.")


def _take(folder: Path) -> TextIO:
    """Hold the folder's lock for as long as the file returned stays open, even through a kill."""
    possession = (folder / "lock").open("w")
    try:
        fcntl.flock(possession, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        possession.close()
        raise InstallationInUse(
            f"Another process works on the warehouse in {folder}. Let the running installation do the work, "
            "or stop it first."
        ) from None
    return possession
