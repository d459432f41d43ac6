"""What an engine must do to hold the facts. Reads are Ibis already, so it is little more than writing well.

An engine keeps for each landed table the versions of its rows by batch, and shows to readers three things:

- ``main.<table>``: own columns of the rows that are visible and current (derived tables: all rows);
- ``history.<table>``: own columns, ``batch_id``, ``recorded_at`` and ``is_current`` of every visible version;
- ``history.batch``: one row per batch and table, with its counts.

How it does so is its own business. Writers of one table wait for each other; readers never wait.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol, Self
from uuid import UUID

import pyarrow as pa

from lamplighter.settings import Settings
from lamplighter.warehouse.table import Table


@dataclass(frozen=True)
class Appended:
    """What became of a batch's rows: written (of them new versions of a known key), or dropped as equal."""

    landed: int
    unchanged: int
    restated: int


@dataclass(frozen=True)
class Batch:
    """A batch that the warehouse holds; not ``visible`` until published."""

    batch_id: str
    recorded_at: datetime
    visible: bool
    tables: Mapping[str, Appended]


@dataclass(frozen=True)
class Selection:
    """Rows to put into a derived table: a query in the engine's dialect and the Arrow tables it names."""

    sql: str
    inputs: Mapping[str, pa.Table]


class Reader(Protocol):
    """What reads need: an engine, or the way to one."""

    dialect: str
    """Name of the SQL dialect by which Ibis compiles reads for it."""

    def stream(
        self,
        organization_id: UUID,
        sql: str,
        inputs: Mapping[str, pa.Table],
        seconds: float | None,
    ) -> pa.RecordBatchReader:
        """Run a read; it cannot write, sees no other organization, and ends after ``seconds``."""
        ...

    def close(self) -> None:
        """Let go of the warehouse."""
        ...


class Engine(Reader, Protocol):
    """One engine over all organizations. Every call is one transaction: done at return, or not at all."""

    @classmethod
    def open(cls, settings: Settings) -> Self:
        """Take possession of the warehouse; InstallationInUse where another process has it."""
        ...

    def append(
        self,
        organization_id: UUID,
        table: Table,
        rows: pa.RecordBatchReader,
        batch_id: str,
        recorded_at: datetime,
    ) -> Appended:
        """Add a batch's rows, invisible until published; the same batch and table again is answered, not done."""
        ...

    def publish(self, organization_id: UUID, batch_id: str, recorded_at: datetime) -> None:
        """Make a batch visible, whole; a batch that is already visible stays so."""
        ...

    def withdraw(self, organization_id: UUID, batch_id: str) -> dict[str, int]:
        """Take a batch away as if it had never landed; rows removed per table (empty: no such batch)."""
        ...

    def batches(self, organization_id: UUID) -> list[Batch]:
        """All batches, oldest first, those not visible included."""
        ...

    def replace(self, organization_id: UUID, table: Table, rows: pa.Table | Selection) -> int:
        """Put rows in the place of all of a derived table, at once for every reader; how many there are."""
        ...

    def replace_where(
        self,
        organization_id: UUID,
        table: Table,
        column: str,
        values: Iterable[Any],
        rows: pa.Table | Selection,
    ) -> int:
        """The same for the rows of a derived table whose ``column`` has one of the values."""
        ...

    def erase(self, organization_id: UUID, table: Table, subjects: pa.Table) -> int:
        """Delete every version of the rows about the subjects; see ``Warehouse.erase``."""
        ...

    def expire(self, organization_id: UUID, table: Table, before: datetime) -> int:
        """Delete every version of the rows dated before; see ``Warehouse.expire``."""
        ...

    def compact(self, organization_id: UUID) -> None:
        """Give back the room of what was deleted, so that erased rows are on the disk no more."""
        ...
