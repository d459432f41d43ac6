"""Opening a DuckDB file, and writing it anew so that deleted rows are on the disk no more.

DuckDB only marks rows as deleted and reuses their blocks some day: what was erased could still be found in
the file.
"""
# ruff: noqa: S608 - names in these statements are read from the file's own catalog

import os
import shutil
from pathlib import Path

import duckdb

from lamplighter.errors import Unavailable
from lamplighter.warehouse.engines import duckdb_schema as schema
from lamplighter.warehouse.engines.duckdb_schema import Cursor, listed

STORAGE = "v1.5.0"
"""Storage format; it writes strings a third faster than the default, which serves DuckDB before 1.3."""


def connected(path: Path, memory: str) -> Cursor:
    """The file, shut off from all others: no query can read or write anything beside it."""
    config: dict[str, str | bool | int | float | list[str]] = {
        "memory_limit": memory,
        "preserve_insertion_order": False,  # the order of rows means nothing here; keeping it halves the speed
        "python_enable_replacements": "false",
        "storage_compatibility_version": STORAGE,
    }
    shutil.rmtree(path.with_name(path.name + ".tmp"), ignore_errors=True)  # what a killed query had spilled
    root = duckdb.connect(str(path), config=config)
    root.execute("SET GLOBAL TimeZone = 'UTC'")
    root.execute("SET autoinstall_known_extensions = false")
    root.execute("SET enable_external_access = false")
    root.execute("SET lock_configuration = true")
    return root


def rewrite(path: Path, memory: str) -> None:
    """Copy every row that is left into a new file and put it in the place of the old one, which must be closed."""
    new = path.with_name(path.name + ".new")
    for leftover in (new, new.with_name(new.name + ".wal")):
        leftover.unlink(missing_ok=True)
    with duckdb.connect(":memory:", config={"memory_limit": memory}) as both:
        both.execute("SET GLOBAL TimeZone = 'UTC'")
        both.execute(f"ATTACH '{_quoted(path)}' AS old (READ_ONLY)")
        both.execute(f"ATTACH '{_quoted(new)}' AS new (STORAGE_VERSION '{STORAGE}')")
        both.execute("USE old")
        columns = schema.physical(both)
        tables = both.execute(
            "SELECT schema_name, table_name FROM duckdb_tables() WHERE database_name = 'old'"
        ).fetchall()
        last = both.execute("SELECT coalesce(max(batch_no), 0) + 1 FROM ledger.batch").fetchone()
        assert last is not None
        both.execute("USE new")
        both.execute("BEGIN TRANSACTION")
        for name in schema.SCHEMAS:
            both.execute(f"CREATE SCHEMA {name}")
        both.execute(f"CREATE SEQUENCE ledger.batch_no START {last[0]}")
        for place, name in tables:
            typed = ", ".join(f'"{column}" {kind}' for column, kind in columns[place, name].items())
            own = listed(list(columns[place, name]))
            both.execute(f'CREATE TABLE {place}."{name}" ({typed})')
            both.execute(f'INSERT INTO {place}."{name}" ({own}) SELECT {own} FROM old.{place}."{name}"')
        both.execute(schema.LEDGER)
        for place, name in tables:
            if place == "stored":
                shown = list(columns["main", name])
                schema.show(both, name, shown)
                schema.show_history(both, name, shown)
        both.execute("COMMIT")
        both.execute("CHECKPOINT new")
        both.execute("USE memory")
        both.execute("DETACH old")
        both.execute("DETACH new")
    _put_in_place(new, path)


def _put_in_place(new: Path, path: Path) -> None:
    """A kill at any moment leaves the old file or the new one, whole."""
    with new.open("rb") as written:
        os.fsync(written.fileno())
    if path.with_name(path.name + ".wal").exists():
        raise Unavailable(f"{path.name} still has a journal, so it was not compacted. Try again.")
    new.replace(path)


def _quoted(path: Path) -> str:
    return str(path).replace("'", "''")
