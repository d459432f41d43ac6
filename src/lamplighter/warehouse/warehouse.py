"""The door to the facts: rows that are only ever added, in whichever engine the installation chose.

Where this process owns the engine, everything works; behind a worker's socket only reads do.
"""

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import ibis
import ibis.expr.operations as ops
import pyarrow as pa

from lamplighter import plugins
from lamplighter.errors import InvalidInput, Unavailable
from lamplighter.settings import Settings
from lamplighter.warehouse import read_only
from lamplighter.warehouse.engine import Appended, Batch, Engine, Reader, Selection
from lamplighter.warehouse.remote import RemoteReader
from lamplighter.warehouse.table import Table


class Warehouse:
    """Facts of all organizations. Every call names one organization and sees nothing of another."""

    def __init__(self, reader: Reader, engine: Engine | None = None) -> None:
        self._reader = reader
        self._owned = engine

    @classmethod
    def open(cls, settings: Settings) -> "Warehouse":
        """Own the engine of this installation; InstallationInUse where another process does."""
        engine = plugins.load("engines", settings.warehouse_engine).open(settings)
        return cls(engine, engine)

    @classmethod
    def remote(cls, socket_path: Path | str | Callable[[], str]) -> "Warehouse":
        """Read a warehouse that the worker behind this socket owns; whatever writes raises Unavailable."""
        return cls(RemoteReader(socket_path))

    def append(
        self,
        organization_id: UUID,
        table: Table,
        rows: pa.RecordBatchReader | pa.Table,
        *,
        batch_id: str,
        recorded_at: datetime,
    ) -> Appended:
        """Add a batch's rows of a landed table: columns as declared, each key once.

        Nobody sees them before ``publish``. Rows equal to the current row of their key are dropped; other
        known keys get a new version, the old ones stay in the history. Appending the same batch and table
        again does nothing and answers the same. On disk when it returns.
        """
        if table.kind != "landed":
            raise InvalidInput(f"{table.name} is derived; its rows are replaced, not appended.")
        missing = [name for name in table.schema.names if name not in rows.schema.names]
        if missing:
            raise InvalidInput(f"The rows for {table.name} lack the columns {', '.join(missing)}.")
        reader = rows.to_reader() if isinstance(rows, pa.Table) else rows
        return self._engine.append(organization_id, table, reader, batch_id, recorded_at)

    def publish(self, organization_id: UUID, batch_id: str, recorded_at: datetime) -> None:
        """Make a batch visible, all its tables at one moment. Doing it twice is doing it once."""
        self._engine.publish(organization_id, batch_id, recorded_at)

    def withdraw(self, organization_id: UUID, batch_id: str) -> dict[str, int]:
        """Take a batch away, visible or not: values it had replaced are current again. Rows per table."""
        return self._engine.withdraw(organization_id, batch_id)

    def batches(self, organization_id: UUID) -> list[Batch]:
        """Every batch the warehouse holds, oldest first, those not visible included."""
        return self._engine.batches(organization_id)

    def sweep(self, organization_id: UUID, known_batches: Iterable[str]) -> list[str]:
        """Withdraw the batches that nobody knows of: what a crash left behind. Their ids."""
        known = set(known_batches)
        left = [batch.batch_id for batch in self.batches(organization_id) if batch.batch_id not in known]
        for batch_id in left:
            self.withdraw(organization_id, batch_id)
        return left

    def replace(self, organization_id: UUID, table: Table, data: pa.Table | ibis.Table) -> int:
        """Put rows in the place of all of a derived table; a reader sees the old or the new ones, never none."""
        return self._engine.replace(organization_id, table, self._rows(table, data))

    def replace_where(
        self,
        organization_id: UUID,
        table: Table,
        column: str,
        values: Iterable[Any],
        data: pa.Table | ibis.Table,
    ) -> int:
        """The same for the rows of a derived table whose ``column`` has one of ``values``."""
        return self._engine.replace_where(organization_id, table, column, values, self._rows(table, data))

    def erase(self, organization_id: UUID, table: Table, subjects: pa.Table) -> int:
        """Really delete what is stored about the subjects, in every version; how many rows that were.

        ``subjects`` has the column of the table's subject and, where the table has it, ``source``. For a
        place it may have ``start`` and ``end`` (either may be null): only rows dated in [start, end) by the
        subject's ``at`` column go, so that the next tenant's stay. Rows are gone from the disk after
        ``compact``.
        """
        subject = table.subject
        if subject is None:
            raise InvalidInput(f"{table.name} is about nobody; there is nothing to erase by person or place.")
        columns = set(subjects.column_names)
        if subject.column not in columns:
            raise InvalidInput(f"To erase from {table.name}, name its subjects in a column {subject.column}.")
        foreign = columns - {"start", "end"} - set(table.schema.names)
        if foreign:
            raise InvalidInput(f"{table.name} has no column {', '.join(sorted(foreign))} to erase by.")
        if columns & {"start", "end"} and subject.at is None:
            raise InvalidInput(f"Rows of {table.name} have no date; they cannot be erased for a span.")
        return self._engine.erase(organization_id, table, subjects)

    def expire(self, organization_id: UUID, table: Table, before: datetime) -> int:
        """Really delete rows dated before, by the retention's column, else by when they were recorded."""
        return self._engine.expire(organization_id, table, before)

    def compact(self, organization_id: UUID) -> None:
        """Rewrite what deletions left behind, so that erased rows are on the disk no more."""
        self._engine.compact(organization_id)

    def read(
        self, expression: ibis.Table, organization_id: UUID, *, seconds: float | None = None
    ) -> pa.Table:
        """Rows of an expression over ``expressions.current`` and its kin, in the expression's own schema."""
        return self.stream(expression, organization_id, seconds=seconds).read_all()

    def stream(
        self, expression: ibis.Table, organization_id: UUID, *, seconds: float | None = None
    ) -> pa.RecordBatchReader:
        """The same, a batch at a time. Unavailable once it took longer than ``seconds``."""
        rows = self._reader.stream(organization_id, self.sql(expression), _inputs(expression), seconds)
        wanted = expression.schema().to_pyarrow()
        if rows.schema.equals(wanted):
            return rows
        return pa.RecordBatchReader.from_batches(wanted, (batch.cast(wanted) for batch in rows))

    def query(
        self,
        sql: str,
        organization_id: UUID,
        *,
        inputs: Mapping[str, pa.Table] | None = None,
        seconds: float | None = None,
    ) -> pa.RecordBatchReader:
        """Rows of a SELECT that somebody else wrote, over declared tables and the ``inputs`` it brings along.

        InvalidInput or NotAllowed where it is anything else; Unavailable once it took longer than ``seconds``.
        """
        given = dict(inputs or {})
        read_only.check(sql, self._reader.dialect, frozenset(given))
        return self._reader.stream(organization_id, sql, given, seconds)

    def sql(self, expression: ibis.Table) -> str:
        """The SQL that an expression becomes on this engine."""
        return str(ibis.to_sql(expression, dialect=self._reader.dialect))

    def close(self) -> None:
        """Let go of the engine, where this process owns it."""
        self._reader.close()

    @property
    def _engine(self) -> Engine:
        if self._owned is None:
            raise Unavailable("This process only reads the warehouse; the worker writes it. Hand it a job.")
        return self._owned

    def _rows(self, table: Table, data: pa.Table | ibis.Table) -> pa.Table | Selection:
        if table.kind != "derived":
            raise InvalidInput(f"{table.name} is landed; its rows are appended, not replaced.")
        names = data.column_names if isinstance(data, pa.Table) else data.columns
        missing = [name for name in table.schema.names if name not in names]
        if missing:
            raise InvalidInput(f"The rows for {table.name} lack the columns {', '.join(missing)}.")
        return data if isinstance(data, pa.Table) else Selection(self.sql(data), _inputs(data))


def _inputs(expression: ibis.Table) -> dict[str, pa.Table]:
    """Arrow tables that the expression brings along (``ibis.memtable``), by the name its SQL gives them."""
    return {
        found.name: found.data.to_pyarrow(found.schema) for found in expression.op().find(ops.InMemoryTable)
    }
