"""Which version of a row is current in a DuckDB file: compare on append, move on publish, bring back on withdrawal.

Only the newest visible version of a key lies among the ``stored`` rows; older ones lie in ``superseded``.
Joins of big batches run in slices by a hash of the key, so that memory stays bounded at any size.
"""
# ruff: noqa: S608 - names in these statements are declared identifiers, values of others are bound

from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime

from lamplighter.warehouse.engine import Appended
from lamplighter.warehouse.engines.duckdb_schema import Cursor, column_names, listed
from lamplighter.warehouse.table import Table

SLICE_ROWS = 1_000_000

Span = tuple[datetime | None, datetime | None]


def span_of(cursor: Cursor, table: Table, number: int) -> Span:
    """First and last moment of the batch by the key's time column; None, None where the key has none."""
    column = time_column(table)
    if column is None:
        return None, None
    found = cursor.execute(
        f'SELECT min("{column}")::TIMESTAMPTZ, max("{column}")::TIMESTAMPTZ FROM stored."{table.name}" '
        f"WHERE batch_no = {number}"
    ).fetchone()
    assert found is not None
    return found[0], found[1]


def time_column(table: Table) -> str | None:
    """The part of the key by which two batches can be seen to have nothing in common."""
    return next((name for name in table.key if table[name].dtype.is_temporal()), None)


def compare(cursor: Cursor, table: Table, number: int, written: int, span: Span) -> Appended:
    """Drop rows equal to the version that readers see now; note the keys of which others are stored.

    A row equal to a version that is not the newest, or not yet visible, is kept: what it repeats may go.
    """
    if not _overlaps(cursor, table, number, span):
        return Appended(written, 0, 0)
    pending = _pending(cursor, table, number)
    if pending or not _find_by_position(cursor, table, number, written, span):
        _find_by_key(cursor, table, number, written, span)
    matches = "found"
    if pending:  # a key may have one visible version and several that are not
        cursor.execute(
            "CREATE OR REPLACE TEMP TABLE newest AS "
            "SELECT row_no, arg_max(is_equal AND is_visible, batch_no) AS is_equal "
            "FROM found JOIN ledger.batch USING (batch_no) GROUP BY row_no"
        )
        matches = "newest"
    counted = cursor.execute(f"SELECT count(*) FILTER (is_equal), count(*) FROM {matches}").fetchone()
    assert counted is not None
    unchanged, met = counted
    if 0 < unchanged < written:
        cursor.execute(
            f'DELETE FROM stored."{table.name}" WHERE rowid IN (SELECT row_no FROM {matches} WHERE is_equal)'
        )
    if met > unchanged:
        cursor.execute(
            f'INSERT INTO restated."{table.name}" SELECT {listed(table.key)}, {number} '
            f'FROM stored."{table.name}" WHERE rowid IN (SELECT row_no FROM {matches} WHERE NOT is_equal)'
        )
    return Appended(written - unchanged, unchanged, met - unchanged)


def supersede(cursor: Cursor, name: str) -> None:
    """Of each key noted as restated, leave only the newest visible version among the stored."""
    noted = _one(cursor, f'SELECT count(*) FROM restated."{name}"')
    if not noted:
        return
    key = column_names(cursor, "restated", name)
    cursor.execute("CREATE OR REPLACE TEMP TABLE older (row_no BIGINT)")
    for part in _slices(noted, key):
        cursor.execute(
            f"""INSERT INTO older SELECT m.rowid FROM stored."{name}" AS m
            JOIN ledger.batch AS shown ON shown.batch_no = m.batch_no AND shown.is_visible
            SEMI JOIN (
                SELECT {listed(key)}, max(batch_no) AS batch_no
                FROM restated."{name}" AS r JOIN ledger.batch USING (batch_no)
                WHERE is_visible{part("r")} GROUP BY {listed(key)}
            ) AS r ON {_same(key, "m", "r")} AND m.batch_no < r.batch_no{part("m")}"""
        )
    _move(cursor, name, "stored", "superseded", "older")
    cursor.execute(
        f'DELETE FROM restated."{name}" WHERE batch_no < coalesce((SELECT min(batch_no) FROM ledger.batch '
        "WHERE NOT is_visible), 2147483647)"
    )


def bring_back(cursor: Cursor, name: str, number: int) -> None:
    """Move the newest superseded version of the batch's current keys back among the stored."""
    past = _one(cursor, f'SELECT count(*) FROM superseded."{name}"')
    if not past:
        return
    key = column_names(cursor, "restated", name)
    cursor.execute("CREATE OR REPLACE TEMP TABLE back (row_no BIGINT)")
    for part in _slices(past, key):
        cursor.execute(
            f"""INSERT INTO back SELECT arg_max(s.rowid, s.batch_no) FROM superseded."{name}" AS s
            SEMI JOIN (SELECT * FROM stored."{name}" AS g WHERE g.batch_no = {number}{part("g")}) AS g
            ON {_same(key, "s", "g")} WHERE s.batch_no <> {number}{part("s")} GROUP BY {listed(key, "s.")}"""
        )
    _move(cursor, name, "superseded", "stored", "back")


def literal(moment: datetime) -> str:
    """An aware time as DuckDB reads it."""
    return f"TIMESTAMPTZ '{moment.astimezone(UTC).isoformat()}'"


def _overlaps(cursor: Cursor, table: Table, number: int, span: Span) -> bool:
    return bool(
        cursor.execute(
            "SELECT 1 FROM ledger.batch_table WHERE table_name = $table AND landed > 0 AND batch_no <> $number "
            "AND ($low IS NULL OR low IS NULL OR (low <= $high AND high >= $low)) LIMIT 1",
            {"table": table.name, "number": number, "low": span[0], "high": span[1]},
        ).fetchone()
    )


def _pending(cursor: Cursor, table: Table, number: int) -> bool:
    return bool(
        cursor.execute(
            "SELECT 1 FROM ledger.batch JOIN ledger.batch_table USING (batch_no) "
            "WHERE table_name = ? AND NOT is_visible AND batch_no <> ? LIMIT 1",
            [table.name, number],
        ).fetchone()
    )


def _find_by_position(cursor: Cursor, table: Table, number: int, written: int, span: Span) -> bool:
    """Where the batch has the keys of one visible batch in the same order, no join is needed: a file again."""
    twin = cursor.execute(
        "SELECT max(batch_no) FROM ledger.batch JOIN ledger.batch_table USING (batch_no) WHERE is_visible "
        "AND table_name = ? AND landed = ? AND low IS NOT DISTINCT FROM ? AND high IS NOT DISTINCT FROM ?",
        [table.name, written, *span],
    ).fetchone()
    if twin is None or twin[0] is None:
        return False
    pairs = (
        f'(SELECT rowid, * FROM stored."{table.name}" WHERE batch_no = {number}) AS n '
        f'POSITIONAL JOIN (SELECT * FROM stored."{table.name}" WHERE batch_no = {twin[0]}) AS m'
    )
    if _one(cursor, f"SELECT count(*) FROM {pairs} WHERE NOT ({_same(table.key, 'n', 'm')})"):
        return False
    cursor.execute(
        f"CREATE OR REPLACE TEMP TABLE found AS SELECT n.rowid AS row_no, {twin[0]} AS batch_no, "
        f"({_same(_rest(table), 'n', 'm')}) AS is_equal FROM {pairs}"
    )
    return True


def _find_by_key(cursor: Cursor, table: Table, number: int, written: int, span: Span) -> None:
    time = time_column(table)
    low, high = span
    within = f' AND m."{time}" BETWEEN {literal(low)} AND {literal(high)}' if low and high else ""
    cursor.execute("CREATE OR REPLACE TEMP TABLE found (row_no BIGINT, batch_no INTEGER, is_equal BOOLEAN)")
    for part in _slices(written, [name for name in table.key if name != time] or table.key):
        cursor.execute(
            f"""INSERT INTO found SELECT n.row_no, m.batch_no, {_same(_rest(table), "n", "m")}
            FROM (SELECT n.rowid AS row_no, n.* FROM stored."{table.name}" AS n
                  WHERE n.batch_no = {number}{part("n")}) AS n
            JOIN stored."{table.name}" AS m ON {_same(table.key, "n", "m")}
            WHERE m.batch_no <> {number}{within}{part("m")}"""
        )


def _move(cursor: Cursor, name: str, source: str, target: str, chosen: str) -> None:
    own = listed([*column_names(cursor, "stored", name), "batch_no"])
    which = f'FROM {source}."{name}" WHERE rowid IN (SELECT row_no FROM {chosen})'
    cursor.execute(f'INSERT INTO {target}."{name}" ({own}) SELECT {own} {which}')
    cursor.execute(f"DELETE {which}")


class _Slice:
    """One part of the rows by a hash of their key: a condition to add to a WHERE."""

    def __init__(self, key: Sequence[str], part: int, parts: int) -> None:
        self._key, self._part, self._parts = key, part, parts

    def __call__(self, alias: str) -> str:
        if self._parts == 1:
            return ""
        return f" AND hash({listed(self._key, alias + '.')}) % {self._parts} = {self._part}"


def _slices(rows: int, key: Sequence[str]) -> Iterator[_Slice]:
    parts = max(1, -(-rows // SLICE_ROWS))
    return (_Slice(key, part, parts) for part in range(parts))


def _rest(table: Table) -> list[str]:
    return [column.name for column in table if column.name not in table.key]


def _same(names: Iterable[str], left: str, right: str) -> str:
    return " AND ".join(f'{left}."{name}" IS NOT DISTINCT FROM {right}."{name}"' for name in names) or "true"


def _one(cursor: Cursor, sql: str) -> int:
    found = cursor.execute(sql).fetchone()
    return int(found[0]) if found else 0
