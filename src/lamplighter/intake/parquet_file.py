"""Parquet as record batches; text columns arrive dictionary-encoded, so that checks look at values, not rows.

A file that is damaged in one place gives the row groups that can still be read.
"""

from collections.abc import Container, Iterator
from functools import partial
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from lamplighter.intake.csv_file import not_a_file
from lamplighter.intake.csv_rows import Block
from lamplighter.intake.decimals import Rows, mask
from lamplighter.intake.source import Refused

ROWS = 122_880 * 8
_BROKEN = (pa.ArrowInvalid, pa.ArrowNotImplementedError, OSError)


def read_parquet_header(path: Path) -> list[str] | Refused:
    """The column names; Refused where the file is cut off, no Parquet at all, or names a column twice."""
    refused = not_a_file(path)
    if refused is not None:
        return refused
    try:
        names = list(pq.read_schema(path).names)
    except _BROKEN:
        return Refused(
            path.name,
            None,
            "this is not a whole Parquet file",
            "truncated",
            "Copy or export the file again.",
            whole_file=True,
        )
    doubles = sorted({name for name in names if names.count(name) > 1})
    if doubles:
        what = f"the schema names “{doubles[0]}” twice"
        return Refused(
            path.name, None, what, "wrong_header", "Give each column its own name.", whole_file=True
        )
    return names


def read_parquet_blocks(path: Path, wanted: Container[str | None]) -> Iterator[Block | Refused]:
    """Rows in file order; the “line” of a row is its number, from 1. ``wanted`` columns must be readable as text."""
    row = 1
    try:
        schema = pq.read_schema(path)
        texts = [f.name for f in schema if pa.types.is_string(f.type) or pa.types.is_large_string(f.type)]
        file = pq.ParquetFile(path, read_dictionary=texts)
    except _BROKEN as error:
        yield _broken(path, row, error)
        return
    with file:
        try:
            for batch in file.iter_batches(batch_size=ROWS):
                yield from _readable(path.name, batch, row, wanted)
                row += batch.num_rows
        except _BROKEN:
            yield from _by_group(path, file, wanted, row)


def _by_group(
    path: Path, file: pq.ParquetFile, wanted: Container[str | None], first: int
) -> Iterator[Block | Refused]:
    """The row groups from row ``first`` on, one by one, without those that cannot be read."""
    start = 1
    for number in range(file.num_row_groups):
        count = file.metadata.row_group(number).num_rows
        begin, start = start, start + count
        if start <= first:
            continue
        try:
            rows = file.read_row_group(number).slice(max(0, first - begin))
        except _BROKEN as error:
            yield _broken(path, max(begin, first), error, start - 1)
            continue
        at = max(begin, first)
        for batch in rows.combine_chunks().to_batches():
            yield from _readable(path.name, batch, at, wanted)
            at += batch.num_rows


def _broken(path: Path, row: int, error: Exception, last: int | None = None) -> Refused:
    reason = str(error).splitlines()[0][:120].rstrip(".")
    rows = "from this row on" if last is None else f"from this row to row {last:,}"
    return Refused(
        path.name, row, f"the file cannot be read {rows} ({reason})", "truncated", "Copy or export the file again."
    )  # fmt: skip


def _readable(
    file: str, batch: pa.RecordBatch, row: int, wanted: Container[str | None]
) -> Iterator[Block | Refused]:
    """Bytes without a type are text to older writers; a row in which they are none is refused."""
    names = [f.name for f in batch.schema if f.name in wanted and _is_bytes(f.type)]
    if not names:
        yield Block(batch, row, None)
        return
    broken = np.zeros(batch.num_rows, bool)
    for name in names:
        cells = batch.column(name).cast(pa.binary())
        strange = _not_utf8(cells)
        broken[strange] = True
        kept = pc.if_else(pa.array(np.isin(np.arange(len(cells)), strange)), None, cells)
        batch = batch.set_column(
            batch.schema.get_field_index(name), name, kept.cast(pa.string()).dictionary_encode()
        )
        for at in strange:
            shown = cells[int(at)].as_py().decode(errors="backslashreplace")
            yield Refused(
                file, row + int(at), f"“{name}” is not UTF-8 text", "not_utf8",
                "Export the column as text in UTF-8.", shown,
            )  # fmt: skip
    good = np.flatnonzero(~broken)
    lines = partial(_numbers, good, row) if broken.any() else None
    yield Block(batch.take(pa.array(good)) if broken.any() else batch, row, lines)


def _numbers(positions: Rows, row: int) -> Rows:
    found: Rows = positions.astype(np.int64) + row
    return found


def _is_bytes(kind: pa.DataType) -> bool:
    return bool(
        pa.types.is_binary(kind) or pa.types.is_large_binary(kind) or pa.types.is_fixed_size_binary(kind)
    )


def _not_utf8(cells: pa.Array) -> Rows:
    """Positions of cells that are no UTF-8 text: none but those with other bytes than ASCII is looked at."""
    try:
        cells.cast(pa.string())
    except pa.ArrowInvalid:
        likely = np.flatnonzero(mask(pc.fill_null(pc.match_substring_regex(cells, r"[^\x00-\x7f]"), False)))
        return np.array([at for at in likely if not _is_text(cells[int(at)].as_py())], np.int64)
    return np.array([], np.int64)


def _is_text(cell: bytes) -> bool:
    try:
        cell.decode()
    except UnicodeDecodeError:
        return False
    return True
