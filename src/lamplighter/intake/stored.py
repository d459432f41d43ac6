"""What is already stored of one source, asked for only when a load needs it, and each thing once."""

from collections.abc import Sequence

import pyarrow as pa

from lamplighter.context import Context
from lamplighter.warehouse.expressions import current
from lamplighter.warehouse.table import Table
from lamplighter.warehouse.tables import TABLES


class Stored:
    """Visible, current rows of the organization; ``source`` None: of all sources."""

    def __init__(self, context: Context, source: str | None) -> None:
        self._context, self._source = context, source
        self._known: dict[tuple[str, tuple[str, ...]], pa.Table] = {}

    def rows(self, table: str, columns: Sequence[str]) -> pa.Table:
        """Some columns of a table's rows."""
        key = (table, tuple(columns))
        if key not in self._known:
            self._known[key] = self._read(TABLES[table], columns)
        return self._known[key]

    def values(self, table: str, column: str) -> pa.Array:
        return self.rows(table, [column]).column(column).combine_chunks()

    def _read(self, table: Table, columns: Sequence[str]) -> pa.Table:
        expression = current(table)
        if self._source is not None:
            expression = expression.filter(expression.source == self._source)
        return self._context.warehouse.read(expression.select(*columns), self._context.organization_id)
