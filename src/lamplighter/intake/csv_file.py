"""Delimited text as record batches: fast where the file is good, exact about the line where it is not.

The file is cut into blocks of whole lines (``csv_rows`` parses them); packed files, byte order marks, other
encodings and old line ends are dealt with on the way. Nothing here loops over rows.
"""

import codecs
import csv
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

import pyarrow as pa

from lamplighter.intake.csv_rows import Block, Text, parse, remedy_encoding
from lamplighter.intake.source import Refused

BLOCK = 24 << 20
LONGEST_ROW = 64 << 20
_KINDS = {
    b"PK\x03\x04": "a ZIP archive or an Excel workbook",
    b"\xd0\xcf\x11\xe0": "an old Excel or Word file",
    b"%PDF": "a PDF",
    b"PAR1": "a Parquet file",
    b"\x89PNG": "a picture",
    b"\xff\xd8\xff": "a picture",
    b"BZh": "a bzip2 archive",
    b"\xfd7zXZ": "an xz archive",
    b"\x28\xb5\x2f\xfd": "a zstd archive",
    b"<?xml": "an XML file",
}
"""First bytes of files that come under a wrong name."""


def read_header(path: Path, text: Text) -> list[str] | Refused:
    """The column names of the first line, trimmed; Refused says why there are none."""
    name = path.name
    refused = not_a_file(path)
    if refused is not None:
        return refused
    try:
        first = next(_raw_blocks(path, 1 << 16), b"")
    except (EOFError, zlib.error):
        return _truncated(name, 1)
    except OSError as error:
        return cannot_be_opened(path, error)
    kind = next((kind for magic, kind in _KINDS.items() if first.startswith(magic)), None)
    if kind is not None:
        remedy = "Export it as CSV (UTF-8) or Parquet, and give the file that ending."
        return Refused(name, None, f"this is {kind}, no CSV file", "wrong_file_type", remedy, whole_file=True)
    if first.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)) and not text.encoding.startswith(
        "utf-16"
    ):
        return Refused(
            name, 1, "the file is UTF-16 text", "not_utf8", remedy_encoding("utf-16"), whole_file=True
        )
    if text.encoding.startswith("utf-16"):
        first = first[: len(first) // 2 * 2]
    if not first.strip(b"\x00\r\n \t\xef\xbb\xbf"):
        return Refused(
            name, 1, "the file is empty", "empty_file", "A header row and rows are expected.", whole_file=True
        )
    try:
        decoded = codecs.getincrementaldecoder(text.encoding)().decode(first)
    except UnicodeError as error:
        head = first[: error.start] if isinstance(error, UnicodeDecodeError) else b""
        if text.encoding.replace("_", "-").lower() not in ("utf-8", "utf8", "utf-8-sig"):
            remedy = "Correct “encoding:” in mapping.yaml (or layout.yaml)."
            return Refused(
                name, 1, f"the file is not {text.encoding} text", "not_utf8", remedy, whole_file=True
            )
        if _newline(first) not in head:
            return Refused(
                name,
                1,
                "the header is not UTF-8 text",
                "not_utf8",
                remedy_encoding("latin-1"),
                whole_file=True,
            )
        decoded = head.decode(text.encoding)
    lines = decoded.lstrip("\ufeff").splitlines()
    header = [column.strip() for column in next(csv.reader(lines[:1], delimiter=text.delimiter), [])]
    if any("\x00" in column for column in header):
        return Refused(
            name,
            1,
            "the header holds a NUL byte",
            "nul_byte",
            "Export the file again as plain text.",
            whole_file=True,
        )
    doubles = sorted({column for column in header if header.count(column) > 1})
    if doubles:
        return Refused(
            name,
            1,
            f"the header names “{doubles[0]}” twice",
            "wrong_header",
            "Give each column its own name.",
            whole_file=True,
        )
    return header


def read_blocks(
    path: Path, text: Text, header: list[str], types: dict[str, pa.DataType] | None = None
) -> Iterator[Block | Refused]:
    """Every row after the header. ``types`` is tried first; a block that does not fit them comes as text."""
    name, line = path.name, 2
    blocks = _line_blocks(path, text, BLOCK)
    try:
        for lines in blocks:
            block = lines if lines.endswith(b"\n") else lines + b"\n"
            yield from parse(name, block, line, text, header, types)
            line += block.count(b"\n")
    except UnicodeError:
        yield Refused(
            name,
            line,
            f"from here on the file is not {text.encoding} text",
            "not_utf8",
            remedy_encoding("latin-1"),
        )
    except (EOFError, zlib.error):
        yield _truncated(name, line)
    except OSError as error:
        yield cannot_be_opened(path, error, line)


def not_a_file(path: Path) -> Refused | None:
    """Why this path cannot be read at all: it is a folder, or a pipe that would never end."""
    if path.is_file():
        return None
    what = "a folder" if path.is_dir() else "no plain file"
    return Refused(
        path.name, None, f"this is {what}, where a file is expected", "unreadable_file",
        "Put the file itself in its place, or take it away.", whole_file=True,
    )  # fmt: skip


def cannot_be_opened(path: Path, error: OSError, line: int | None = None) -> Refused:
    """The disk, or the rights on the file, stand in the way."""
    words = "cannot be opened" if line is None else "cannot be read from here on"
    return Refused(
        path.name, line, f"the file {words} ({error.strerror})", "unreadable_file",
        "Check its rights and the disk it lies on, then land it once more.", whole_file=line is None,
    )  # fmt: skip


def _truncated(name: str, line: int) -> Refused:
    kept = ": rows before this line have landed" if line > 1 else ""
    return Refused(
        name, line, "the compressed file breaks off here", "truncated",
        f"Copy the file again and land it once more{kept}.", whole_file=line == 1,
    )  # fmt: skip


def _raw_blocks(path: Path, size: int) -> Iterator[bytes]:
    with path.open("rb") as plain:
        packed = plain.read(2) == b"\x1f\x8b"
        plain.seek(0)
        if packed:
            yield from _gunzip(plain, size)
        else:
            while block := plain.read(size):
                yield block


def _gunzip(packed: BinaryIO, size: int) -> Iterator[bytes]:
    """Whatever can be unpacked, then EOFError where the file breaks off (gzip's own reader keeps the rest back)."""
    unpack = zlib.decompressobj(31)
    held: list[bytes] = []
    broken: zlib.error | None = None
    while broken is None and (raw := packed.read(1 << 20)):
        while raw:
            if unpack.eof:
                unpack = zlib.decompressobj(31)
            try:
                held.append(unpack.decompress(raw, size))
            except zlib.error as error:
                broken = error
                break
            raw = unpack.unconsumed_tail or unpack.unused_data
            if sum(map(len, held)) >= size:
                yield b"".join(held)
                held = []
    if any(held):
        yield b"".join(held)
    if broken is not None or not unpack.eof:
        raise EOFError


def _newline(block: bytes) -> bytes:
    return b"\r" if b"\r" in block and b"\n" not in block else b"\n"


def _line_blocks(path: Path, text: Text, size: int) -> Iterator[bytes]:
    """Blocks of whole UTF-8 lines ended by \\n, without the header; \\r alone counts as a line end."""
    rest, newline, header_gone = b"", b"", False
    for raw in _utf8(path, text, size):
        block = rest + raw
        if not newline:
            block = block.removeprefix(codecs.BOM_UTF8)
            newline = _newline(block)
        if newline == b"\r":
            block = block.replace(b"\r", b"\n")
        if not header_gone:
            end = block.find(b"\n")
            if end < 0:
                rest = block
                continue
            block, header_gone = block[end + 1 :], True
        cut = _cut(block)
        rest = block[cut:]
        if cut:
            yield _line_ends(block[:cut])
    if rest and header_gone:
        yield _line_ends(rest)


def _line_ends(block: bytes) -> bytes:
    """Where a \\r stands alone among \\n, it ends a line as well."""
    if block.count(b"\r") == block.count(b"\r\n"):
        return block
    return block.replace(b"\r\n", b"\n").replace(b"\r", b"\n")


def _cut(block: bytes) -> int:
    """Position after the last line end that is not inside quotes (0: none yet)."""
    end = block.rfind(b"\n") + 1
    if b'"' not in block:
        return end
    quotes = block.count(b'"', 0, end)
    while end and quotes % 2:
        earlier = block.rfind(b"\n", 0, end - 1) + 1
        quotes -= block.count(b'"', earlier, end)
        end = earlier
    # A stray quote would hold up the rest of the file: give it up at some length.
    return end if end or len(block) < LONGEST_ROW else block.rfind(b"\n") + 1


def _utf8(path: Path, text: Text, size: int) -> Iterator[bytes]:
    if codecs.lookup(text.encoding).name in ("utf-8", "utf-8-sig"):
        yield from _raw_blocks(path, size)
        return
    decoder = codecs.getincrementaldecoder(text.encoding)()
    for raw in _raw_blocks(path, size):
        yield decoder.decode(raw).lstrip("\ufeff").encode()
    yield decoder.decode(b"", final=True).encode()


__all__ = ["BLOCK", "Block", "Text", "read_blocks", "read_header"]
