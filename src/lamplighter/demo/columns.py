"""Arrow columns from arrays of codes and numbers, and the files they go to.

Text is never built row by row: numbers become digits in one matrix, words are taken from short lists by code.
"""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv
import pyarrow.parquet as pq

from lamplighter.demo.draws import Flags, Floats, Ints, Texts

BIG = 200_000
"""Rows above which a file is written as Parquet: CSV of millions of rows takes longer than all else together."""

NEVER = np.iinfo(np.int32).max
"""A day that has not come: the open end of a span of day numbers."""


def serial(prefix: str, numbers: Ints, width: int) -> pa.Array:
    """Numbers as fixed-width text with a prefix: ``serial("SP", [7], 4)`` is ``SP0007``."""
    lead = np.frombuffer(prefix.encode("ascii"), dtype=np.uint8)
    letters = np.empty((len(numbers), len(lead) + width), dtype=np.uint8)
    letters[:, : len(lead)] = lead
    rest = np.ascontiguousarray(numbers, dtype=np.int64)
    for place in range(letters.shape[1] - 1, len(lead) - 1, -1):
        rest, digit = np.divmod(rest, 10)
        letters[:, place] = digit + ord("0")
    ends = np.arange(len(numbers) + 1, dtype=np.int32) * letters.shape[1]
    return pa.StringArray.from_buffers(len(numbers), pa.py_buffer(ends), pa.py_buffer(letters))


def money(cents: Ints, known: Flags | None = None) -> pa.Array:
    """Whole cents as an exact decimal with two places; null where not ``known``."""
    exact = np.ascontiguousarray(cents, dtype=np.int64)
    column = pa.Array.from_buffers(pa.decimal64(12, 2), len(exact), [None, pa.py_buffer(exact)])
    return column if known is None else pc.if_else(pa.array(known), column, None)


def dates(days: npt.NDArray[np.signedinteger], known: Flags | None = None) -> pa.Array:
    """Days since 1970 as dates; null where not ``known`` and at ``NEVER``."""
    there = days != NEVER if known is None else known & (days != NEVER)
    return pa.array(days.astype(np.int32), mask=~there).cast(pa.date32())


def times(seconds: Ints, known: Flags | None = None) -> pa.Array:
    """Seconds since 1970 as RFC 3339 text in UTC; null where not ``known``."""
    column = pa.array(seconds, mask=None if known is None else ~known).cast(pa.timestamp("s"))
    return pc.strftime(column, format="%Y-%m-%dT%H:%M:%SZ")


def words(choices: Sequence[str | None], codes: Ints) -> pa.Array:
    """The word for each code; an empty choice or a code below 0 is null."""
    listed = pa.array([choice or None for choice in choices], type=pa.string())
    return listed.take(pa.array(codes, mask=codes < 0))


def coded(choices: Sequence[str | None], codes: npt.NDArray[np.integer]) -> pa.Array:
    """As ``words``, dictionary-encoded: for the columns of big files. Equal choices become one entry."""
    entries = list(dict.fromkeys(choice for choice in choices if choice))
    place = np.array([entries.index(choice) if choice else -1 for choice in choices], dtype=np.int16)
    index = np.where(codes < 0, -1, place[codes])
    return pa.DictionaryArray.from_arrays(
        pa.array(index, mask=index < 0), pa.array(entries, type=pa.string())
    )


def numbers(values: Ints | Floats | Flags, known: Flags) -> pa.Array:
    """Numbers or flags, null where not ``known``."""
    return pa.array(values, mask=~known)


def joined(parts: Sequence[pa.Array | str], between: str = "") -> pa.Array:
    """Texts side by side; null parts are skipped, and with all of them null nothing but empty text remains."""
    first, *others = parts
    if isinstance(first, pa.Array):  # Arrow leaves a row out altogether where all of its parts are null
        nothing = first.is_null()
        for part in others:
            nothing = pc.and_(nothing, part.is_null() if isinstance(part, pa.Array) else False)
        first = pc.if_else(nothing, "", first)
    return pc.binary_join_element_wise(first, *others, between, null_handling="skip")


def chosen(condition: Flags, yes: pa.Array | str | None, no: pa.Array | str | None) -> pa.Array:
    """``yes`` where the condition holds, else ``no``."""
    return pc.if_else(pa.array(condition), yes, no).cast(pa.string())


def strings(texts: Texts) -> pa.Array:
    """A NumPy text array as a column; empty text is null."""
    column = pa.array(texts, type=pa.string())
    return chosen(texts == "", None, column)


def write(folder: Path, name: str, table: pa.Table) -> tuple[str, int]:
    """Write a whole file, as CSV or (past ``BIG`` rows) Parquet; returns its name and rows."""
    with Writer(folder, name, table.num_rows) as out:
        out.write(table)
    return out.file, out.rows


def remove(folder: Path, name: str) -> None:
    """Take away a file that an earlier town left, in either format."""
    for left_over in (f"{name}.csv", f"{name}.parquet"):
        (folder / left_over).unlink(missing_ok=True)


class Writer:
    """A file that grows table by table. Its format follows from the rows announced, so it is the same each time.

    A file of the same name in the other format, left by an earlier town, is removed: the extract's reader would
    otherwise see both.
    """

    def __init__(self, folder: Path, name: str, rows_expected: int) -> None:
        self.file = f"{name}.parquet" if rows_expected > BIG else f"{name}.csv"
        self.rows = 0
        self._path = folder / self.file
        self._out: pa.csv.CSVWriter | pq.ParquetWriter | None = None
        folder.mkdir(parents=True, exist_ok=True)
        remove(folder, name)

    def __enter__(self) -> "Writer":
        return self

    def __exit__(self, *error: object) -> None:
        if self._out is not None:
            self._out.close()

    def write(self, table: pa.Table) -> None:
        """Append the rows of ``table``; the first one gives the columns."""
        if self.file.endswith(".csv"):
            table = _plain(table)
        if self._out is None:
            self._out = self._open(table.schema)
        self._out.write_table(table)
        self.rows += table.num_rows

    def _open(self, schema: pa.Schema) -> "pa.csv.CSVWriter | pq.ParquetWriter":
        if self.file.endswith(".csv"):
            options = pa.csv.WriteOptions(quoting_style="needed", batch_size=16_384)
            return pa.csv.CSVWriter(self._path, schema, write_options=options)
        return pq.ParquetWriter(
            self._path,
            schema,
            compression="snappy",
            use_dictionary=[field.name for field in schema if pa.types.is_dictionary(field.type)],
            write_statistics=True,
            store_schema=False,
            store_decimal_as_integer=True,
        )


def _plain(table: pa.Table) -> pa.Table:
    """CSV knows no dictionaries."""
    for place, field in enumerate(table.schema):
        if pa.types.is_dictionary(field.type):
            table = table.set_column(place, field.name, table.column(place).cast(field.type.value_type))
    return table
