"""One organization's DuckDB file: its connection, its transactions, its ledger of batches."""

import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from datetime import datetime
from pathlib import Path
from typing import Any

import duckdb

from lamplighter.errors import InstallationInUse, InvalidInput, Unavailable
from lamplighter.warehouse.engine import Appended, Batch
from lamplighter.warehouse.engines import duckdb_schema as schema
from lamplighter.warehouse.engines.duckdb_rewrite import connected, rewrite
from lamplighter.warehouse.engines.duckdb_schema import Cursor
from lamplighter.warehouse.table import Table
from lamplighter.warehouse.tables import TABLES

PATIENCE_SECONDS = 60.0
"""How long a rewrite waits for those who use the file."""


class DuckDBFile:
    """Opened (and where needed made) when first used, closed when asked to rest, opened again when needed."""

    def __init__(self, path: Path, memory: str) -> None:
        self.path = path
        self._memory = memory
        self._root: Cursor | None = None
        self._users = 0
        self._gate = threading.Condition()  # guards the two above
        self._shapes: dict[str, tuple[str, ...]] = {}
        self._declaring = threading.Lock()
        self._numbering = threading.Lock()
        self._table_locks: dict[str, threading.Lock] = {}

    @contextmanager
    def using(self) -> Iterator[Cursor]:
        """A cursor for one thread (a shared one hangs); the file stays open as long."""
        with self._gate:
            if self._root is None:
                self._root = self._open()
            cursor = self._root.cursor()
            self._users += 1
        try:
            yield cursor
        finally:
            cursor.close()
            with self._gate:
                self._users -= 1
                self._gate.notify_all()

    @contextmanager
    def writing(self, *tables: Table | str) -> Iterator[Cursor]:
        """One transaction that alone writes these tables (made or widened first where declared so)."""
        declared = [table for table in tables if isinstance(table, Table)]
        names = sorted({table.name if isinstance(table, Table) else table for table in tables})
        with ExitStack() as held:
            for name in names:
                held.enter_context(self._lock_of(name))
            cursor = held.enter_context(self.using())
            with translated():
                self._declare(cursor, declared)
                with _transaction(cursor):
                    yield cursor

    def number_of(self, batch_id: str, recorded_at: datetime) -> int:
        """The batch's small number, given out now where it has none."""
        with self._numbering:
            return self.known(batch_id) or int(
                self._rows(
                    "INSERT INTO ledger.batch VALUES (nextval('ledger.batch_no'), ?, ?, false) RETURNING batch_no",
                    [batch_id, recorded_at],
                )[0][0]
            )

    def known(self, batch_id: str) -> int | None:
        """The number of a batch that is in the ledger."""
        found = self._rows("SELECT batch_no FROM ledger.batch WHERE batch_id = ?", [batch_id])
        return int(found[0][0]) if found else None

    def tables_of(self, number: int) -> list[str]:
        """Names of the tables that a batch has appended to."""
        rows = self._rows("SELECT table_name FROM ledger.batch_table WHERE batch_no = ? ORDER BY 1", [number])
        return [row[0] for row in rows]

    def batches(self) -> list[Batch]:
        """The ledger, oldest batch first."""
        found: dict[int, Batch] = {}
        for number, batch_id, recorded_at, visible, table, *counts in self._rows(
            "SELECT batch_no, batch_id, recorded_at, is_visible, table_name, landed, unchanged, restated "
            "FROM ledger.batch LEFT JOIN ledger.batch_table USING (batch_no) ORDER BY batch_no, table_name",
            [],
        ):
            tables = dict(found[number].tables) if number in found else {}
            if table is not None:
                tables[table] = Appended(*counts)
            found[number] = Batch(batch_id, recorded_at, visible, tables)
        return list(found.values())

    def compact(self) -> None:
        """Write the file anew without what was deleted, while nobody uses it."""
        with self._gate:
            if not self._gate.wait_for(lambda: not self._users, PATIENCE_SECONDS):
                raise Unavailable("The warehouse is in use. Compact it at a time when nothing is landing.")
            if self._root is None:
                self._root = self._open()
            self._close()  # which empties the journal into the file
            with translated():
                rewrite(self.path, self._memory)

    def rest(self) -> bool:
        """Close the file until it is needed again, unless somebody uses it; whether it is closed."""
        with self._gate:
            if not self._users:
                self._close()
            return self._root is None

    def close(self) -> None:
        """Close the file; queries still running end with an error."""
        with self._gate:
            self._close()

    def _open(self) -> Cursor:
        with translated(path=self.path):
            root = connected(self.path, self._memory)
            try:
                with _transaction(root):
                    root.execute(schema.LEDGER)
                    schema.declare(root, list(TABLES.values()))
            except BaseException:
                root.close()
                raise
        self._shapes = {table.name: schema.shape(table) for table in TABLES.values()}
        return root

    def _close(self) -> None:
        if self._root is not None:
            self._root.close()
            self._root = None

    def _declare(self, cursor: Cursor, tables: list[Table]) -> None:
        with self._declaring:
            new = [table for table in tables if self._shapes.get(table.name) != schema.shape(table)]
            if new:
                with _transaction(cursor):
                    schema.declare(cursor, new)
                self._shapes |= {table.name: schema.shape(table) for table in new}

    def _lock_of(self, table: str) -> threading.Lock:
        return self._table_locks.setdefault(table, threading.Lock())

    def _rows(self, sql: str, values: list[Any]) -> list[Any]:
        with self.using() as cursor, translated():
            return cursor.execute(sql, values).fetchall()


@contextmanager
def translated(passed: Callable[[], float | None] = lambda: None, path: Path | None = None) -> Iterator[None]:
    """DuckDB's errors as ours, each a sentence with what to do; ``passed`` tells a time limit that is over."""
    try:
        yield
    except duckdb.InterruptException as error:
        limit = passed()
        told = f"was stopped after {limit:g} s" if limit else "was stopped"
        raise Unavailable(f"The query {told}. Ask for less at once, or try again later.") from error
    except duckdb.OutOfMemoryException as error:
        raise Unavailable(
            f"The warehouse needs more memory for this than it may use: {_first_line(error)} "
            "Raise LAMPLIGHTER_WAREHOUSE_MEMORY, or ask for less at once."
        ) from error
    except duckdb.IOException as error:
        if "set lock" in str(error):
            raise InstallationInUse(
                f"Another process has the warehouse file {path or ''} open. Stop it first."
            ) from error
        raise Unavailable(f"The warehouse cannot read or write its file: {_first_line(error)}") from error
    except duckdb.PermissionException as error:
        raise InvalidInput(
            f"A query reads tables only, no files and no addresses: {_first_line(error)}"
        ) from error
    except (duckdb.ProgrammingError, duckdb.DataError, duckdb.NotSupportedError) as error:
        raise InvalidInput(f"The warehouse cannot do this: {_first_line(error)}") from error
    except duckdb.Error as error:
        raise Unavailable(f"The warehouse failed: {_first_line(error)}") from error


def _first_line(error: Exception) -> str:
    return str(error).strip().split("\n", 1)[0]


@contextmanager
def _transaction(cursor: Cursor) -> Iterator[None]:
    cursor.execute("BEGIN TRANSACTION")
    try:
        yield
        cursor.execute("COMMIT")
    except BaseException:
        with suppress(duckdb.Error):  # some failures have already ended it
            cursor.execute("ROLLBACK")
        raise
