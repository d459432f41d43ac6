"""What a warehouse table is: declared once, used everywhere.

From one ``Table`` come the DDL on each engine, the validation at the door, the catalog page, the walk of
access and erasure requests, the reference docs and the test factories. Column types are Ibis type strings,
so that no engine's dialect appears here.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal

import ibis
import ibis.expr.datatypes as dt
import pyarrow as pa

from lamplighter.model.declaration import Retention, Sensitivity, Subject, SubjectKind

SOURCE = "source"
"""First column of the key of each landed entity: account 123 of two utilities is two accounts."""

HOUSEKEEPING = {"batch_id": "string", "recorded_at": "timestamp('UTC', 6)"}
"""The only two columns that every stored row carries beside its own."""


@dataclass(frozen=True)
class Column:
    """One column. ``references`` is ``table.column``: the row it names must exist (same ``source``)."""

    name: str
    type: str
    meaning: str
    sensitivity: Sensitivity = Sensitivity.INTERNAL
    required: bool = False
    values: tuple[str, ...] | None = None
    references: str | None = None
    unit: str | None = None
    aliases: dict[str, str] = field(default_factory=dict)

    @property
    def dtype(self) -> dt.DataType:
        """The Ibis type."""
        return dt.dtype(self.type)


@dataclass(frozen=True)
class Lookup:
    """Fill ``column`` at the door with ``take`` of the row of ``table`` whose key is our ``by``."""

    column: str
    by: str
    table: str
    take: str


@dataclass(frozen=True)
class Table:
    """A warehouse table: ``landed`` rows are appended in batches, ``derived`` ones replaced as a whole."""

    name: str
    domain: str
    meaning: str
    key: tuple[str, ...]
    columns: tuple[Column, ...]
    subject: Subject | None
    retention: Retention
    kind: Literal["landed", "derived"] = "landed"
    lookups: tuple[Lookup, ...] = ()
    aliases: dict[str, str] = field(default_factory=dict)
    event: str | None = None
    """Name of the event emitted once a batch with rows of this table is visible."""

    def __post_init__(self) -> None:
        names = {column.name for column in self.columns}
        missing = [name for name in self.key if name not in names]
        if missing:
            raise ValueError(f"{self.name}: key columns {missing} are not declared")

    def __iter__(self) -> Iterator[Column]:
        return iter(self.columns)

    def __getitem__(self, name: str) -> Column:
        return self._by_name[name]

    def __contains__(self, name: object) -> bool:
        return name in self._by_name

    @cached_property
    def _by_name(self) -> dict[str, Column]:
        return {column.name: column for column in self.columns}

    @cached_property
    def schema(self) -> ibis.Schema:
        """Own columns, without housekeeping, in declared order."""
        return ibis.schema({column.name: column.type for column in self.columns})

    @cached_property
    def stored_schema(self) -> ibis.Schema:
        """Own columns and housekeeping (landed tables), as the engine holds them."""
        extra = HOUSEKEEPING if self.kind == "landed" else {}
        return ibis.schema({column.name: column.type for column in self.columns} | extra)

    @cached_property
    def arrow(self) -> pa.Schema:
        """The same as an Arrow schema: what a source yields and ``append`` takes."""
        return self.schema.to_pyarrow()


__all__ = [
    "HOUSEKEEPING",
    "SOURCE",
    "Column",
    "Lookup",
    "Retention",
    "Sensitivity",
    "Subject",
    "SubjectKind",
    "Table",
]
