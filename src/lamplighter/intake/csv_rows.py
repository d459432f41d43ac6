"""A block of whole lines → rows: parsed by Arrow on all cores, and looked at closely only where it must be.

Rows that cannot be read are refused one by one, with their line; the others of the same block go on.
"""

import csv
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial

import numpy as np
import pyarrow as pa
import pyarrow.csv as pacsv

from lamplighter.intake.decimals import Rows
from lamplighter.intake.source import Refused

_QUOTE = ord('"')


@dataclass(frozen=True)
class Block:
    """Some rows of a file, all columns text (or ``types`` where they all parsed)."""

    rows: pa.RecordBatch
    first_line: int
    lines: Callable[[], Rows] | None


@dataclass(frozen=True)
class Text:
    """How a file is written."""

    delimiter: str = ","
    encoding: str = "utf-8"


def parse(
    name: str,
    block: bytes,
    line: int,
    text: Text,
    header: list[str],
    types: dict[str, pa.DataType] | None,
) -> Iterator[Block | Refused]:
    """The block's rows; ``types`` are tried first, a block that does not fit them comes as text."""
    if block.count(b'"') % 2 or b"\x00" in block or not _is_utf8(block):
        block, refused = _emptied(name, block, line, text, header)
        yield from refused
    if types:
        try:
            table, ragged = _arrow(
                block, text, header, {column: types.get(column, pa.string()) for column in header}
            )
            if not ragged:
                yield from _rows(table, block, line, [])
                return
        except pa.ArrowInvalid:
            pass
    try:
        table, ragged = _arrow(block, text, header, dict.fromkeys(header, pa.string()))
    except pa.ArrowInvalid:
        yield from _halves(name, block, line, text, header, types)
        return
    bad_lines: list[int] = []
    again: list[tuple[int, bytes]] = []
    for row in ragged:
        at = _find_line(block, row, bad_lines)
        first, _, swallowed = row.partition("\n")
        bad_lines.extend(range(at, at + row.rstrip("\n").count("\n") + 1))
        yield _ragged(name, line + at, first.rstrip("\r"), header, text)
        if swallowed.strip():
            again.append((line + at + 1, swallowed.encode() + b"\n"))
    yield from _rows(table, block, line, bad_lines)
    for start, lines in again:
        # A stray quote had swallowed the lines after it: they are read on their own.
        yield from parse(name, lines, start, text, header, types)


def _emptied(
    name: str, block: bytes, line: int, text: Text, header: list[str]
) -> tuple[bytes, list[Refused]]:
    """The block with empty lines in place of rows that cannot be read: bad bytes, or a quote that is never closed."""
    lines = block.split(b"\n")[:-1]
    odd = [one.count(b'"') % 2 == 1 for one in lines]
    is_stray = sum(odd) % 2 == 1
    refused: list[Refused] = []
    start = 0
    while start < len(lines):
        end = start + 1
        if odd[start] and not is_stray:
            # A row whose quoted text goes over several lines.
            end = next((n + 1 for n in range(start + 1, len(lines)) if odd[n]), len(lines))
        row = b"\n".join(lines[start:end])
        found = _unreadable(name, line + start, row, text, header, stray=is_stray and odd[start])
        if found is not None:
            refused.append(found)
            lines[start:end] = [b""] * (end - start)
        start = end
    return b"\n".join(lines) + b"\n", refused


def _unreadable(
    name: str, line: int, row: bytes, text: Text, header: list[str], *, stray: bool
) -> Refused | None:
    shown = row.decode(errors="backslashreplace").replace("\x00", "␀").rstrip("\r")
    if b"\x00" in row:
        return Refused(
            name, line, "the row holds a NUL byte", "nul_byte", "Export the file again as plain text.", shown
        )
    if not row.isascii() and not _is_utf8(row):
        cells = _cells(row.decode("latin-1"), text)
        strange = [
            column
            for column, cell in zip(header, cells, strict=False)
            if not _is_utf8(cell.encode("latin-1"))
        ]
        what = f"“{strange[0]}”" if strange else "the row"
        return Refused(name, line, f"{what} is not UTF-8 text", "not_utf8", remedy_encoding("latin-1"), shown)
    if stray:
        return Refused(
            name, line, "a quote is opened and not closed", "malformed_row",
            "Double quotes inside a field are written twice.", shown,
        )  # fmt: skip
    return None


def _arrow(
    block: bytes, text: Text, header: list[str], types: dict[str, pa.DataType]
) -> tuple[pa.Table, list[str]]:
    ragged: list[str] = []

    def set_aside(row: pacsv.InvalidRow) -> str:
        ragged.append(row.text)
        return "skip"

    quoted = b'"' in block
    table = pacsv.read_csv(
        pa.BufferReader(block),
        pacsv.ReadOptions(column_names=header, block_size=max(1 << 20, len(block) + 16 if quoted else 4 << 20)),
        pacsv.ParseOptions(delimiter=text.delimiter, newlines_in_values=quoted, invalid_row_handler=set_aside),
        pacsv.ConvertOptions(
            column_types=types, check_utf8=False, strings_can_be_null=True, null_values=[""], include_columns=header,
            true_values=["true", "TRUE", "True"], false_values=["false", "FALSE", "False"],
        ),
    )  # fmt: skip
    return table, ragged


def _is_utf8(block: bytes) -> bool:
    try:
        pa.array([block], pa.binary()).cast(pa.string())
    except pa.ArrowInvalid:
        return False
    return True


def _rows(table: pa.Table, block: bytes, line: int, bad_lines: list[int]) -> Iterator[Block]:
    if table.num_rows == 0:
        return
    straight = table.num_rows == block.count(b"\n")
    rows = table.combine_chunks().to_batches()[0]
    yield Block(rows, line, None if straight else partial(_row_lines, block, bad_lines, line, table.num_rows))


def _row_lines(block: bytes, bad_lines: list[int], line: int, count: int) -> Rows:
    """Line on which each parsed row of the block starts; ``line`` is that of the first."""
    data = np.frombuffer(block, np.uint8)
    ends = np.flatnonzero(data == ord("\n"))
    starts = np.concatenate(([0], ends[:-1] + 1))
    is_blank = (ends - starts == 0) | ((ends - starts == 1) & (data[starts] == ord("\r")))
    in_quotes = np.zeros(len(starts), bool)
    if b'"' in block:
        in_quotes = (np.cumsum(data == _QUOTE)[np.maximum(starts - 1, 0)] % 2 == 1) & (starts > 0)
    starts_row = ~is_blank & ~in_quotes
    starts_row[[bad for bad in bad_lines if bad < len(starts_row)]] = False
    found = np.flatnonzero(starts_row).astype(np.int64) + line
    # Quotes where none belong can make the two ways of reading differ; then the line is near, not exact.
    return found if len(found) == count else np.linspace(line, line + len(starts) - 1, count).astype(np.int64)


def _find_line(block: bytes, row: str, taken: list[int]) -> int:
    wanted = row.encode()
    at = -1
    while (at := block.find(wanted, at + 1)) >= 0:
        line = block.count(b"\n", 0, at)
        if (at == 0 or block[at - 1 : at] == b"\n") and line not in taken:
            return line
    return 0


def _ragged(name: str, line: int, row: str, header: list[str], text: Text) -> Refused:
    cells = _cells(row, text)
    return Refused(
        name, line, f"the row has {len(cells)} fields, the header {len(header)}", "malformed_row",
        f"Put a field that contains “{text.delimiter}” in double quotes, or write the missing “{text.delimiter}”.", row,
    )  # fmt: skip


def _cells(row: str, text: Text) -> list[str]:
    try:
        return next(csv.reader(row.splitlines()[:1], delimiter=text.delimiter), [])
    except csv.Error:
        return []


def _halves(
    name: str, block: bytes, line: int, text: Text, header: list[str], types: dict[str, pa.DataType] | None
) -> Iterator[Block | Refused]:
    """A block that cannot be parsed at all is halved until the line at fault stands alone."""
    middle = block.find(b"\n", len(block) // 2) + 1
    if middle in (0, len(block)):
        middle = block.rfind(b"\n", 0, len(block) - 1) + 1
    if middle == 0:
        yield _ragged(name, line, block.decode(errors="replace").rstrip("\r\n"), header, text)
        return
    yield from parse(name, block[:middle], line, text, header, types)
    yield from parse(name, block[middle:], line + block.count(b"\n", 0, middle), text, header, types)


def remedy_encoding(encoding: str) -> str:
    """What to do about text in another encoding."""
    return f"Save the file as UTF-8, or write “encoding: {encoding}” in mapping.yaml (or layout.yaml)."
