"""``ami``: interval reads of meters, CSV or Parquet.

Without a layout the columns are ``meter_id, start, seconds, value, unit, flow, quality`` (``flow`` and ``quality``
may be missing: delivered, valid), times with offset. Any other file is declared in ``layout.yaml``.
"""

from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa

from lamplighter.errors import UnreadableFile
from lamplighter.intake.csv_file import Text, read_blocks, read_header
from lamplighter.intake.layout import PLAIN_LAYOUT, Layout
from lamplighter.intake.parquet_file import read_parquet_blocks, read_parquet_header
from lamplighter.intake.reads import Reads, rules_of
from lamplighter.intake.source import Chunk, Note, ReadOptions, Refused, Rules
from lamplighter.intake.wording import listed, nearest
from lamplighter.warehouse.table import Table

ENDINGS = (".csv", ".csv.gz", ".txt", ".txt.gz", ".parquet")
_WORD = pa.dictionary(pa.int32(), pa.string())
_TYPES: dict[str, pa.DataType] = {
    "meter_id": _WORD,
    "start": pa.timestamp("us", "UTC"),
    "seconds": pa.int64(),
    "value": pa.float64(),
    "unit": _WORD,
    "flow": _WORD,
    "quality": _WORD,
    "channel": _WORD,
}
"""What the plain columns parse to at once; a block that does not fit is read as text."""


class Ami:
    """The plug-in."""

    name = "ami"
    tables = ("meter_reading",)

    def files(self, where: Path, options: ReadOptions) -> list[Path]:
        """The file, or all data files of a folder by name."""
        if where.is_file():
            return [where]
        if not where.is_dir():
            raise UnreadableFile(f"There is no file or folder {where}.")
        found = sorted(path for path in where.iterdir() if path.name.lower().endswith(ENDINGS))
        if not found:
            raise UnreadableFile(f"{where} holds no file of reads ({', '.join(ENDINGS)}).")
        return found

    def read(self, where: Path, options: ReadOptions) -> Iterator[Chunk | Refused | Note]:
        """Every read of every file, in file order."""
        layout = options.layout or PLAIN_LAYOUT
        reads = Reads(layout)
        for path in self.files(where, options):
            yield from _read_file(path, layout, reads)
        yield from reads.notes()

    def rules(self, table: Table, options: ReadOptions) -> Rules:
        """The codes of the layout."""
        return rules_of(options.layout or PLAIN_LAYOUT)


SOURCE = Ami()


def _read_file(path: Path, layout: Layout, reads: Reads) -> Iterator[Chunk | Refused]:
    is_parquet = path.name.lower().endswith(".parquet")
    text = Text(layout.delimiter, layout.encoding)
    header = read_parquet_header(path) if is_parquet else read_header(path, text)
    if isinstance(header, Refused):
        yield header
        return
    refused = _wrong_header(path.name, header, layout)
    if refused is not None:
        yield refused
        return
    types = {name: _TYPES[name] for name in header if name in _TYPES} if layout == PLAIN_LAYOUT else None
    blocks = read_parquet_blocks(path, layout.named) if is_parquet else read_blocks(path, text, header, types)
    for block in blocks:
        if isinstance(block, Refused):
            yield block
        else:
            yield from reads.chunks(block, path.name)
    reads.end_of_file()


def _wrong_header(file: str, header: list[str], layout: Layout) -> Refused | None:
    if layout == PLAIN_LAYOUT and "start" not in header and "started_at" in header:
        header = [*header, "start"]
    missing = [column for column in layout.columns if column not in header]
    if not missing:
        return None
    if missing == ["unit"] and not layout.declared:
        return Refused(
            file, 1, "the header lacks the column “unit”", "missing_unit",
            "The unit is never guessed. Add the column, or declare it: --layout layout.yaml with “unit: kWh”.",
            whole_file=True,
        )  # fmt: skip
    remedy = (
        f"{nearest(missing[0], header)} The header has: {listed(header)}.".strip()
        + (" Correct layout.yaml." if layout.declared else " Other layouts are declared: --layout layout.yaml.")
    )  # fmt: skip
    return Refused(
        file, 1, f"the header lacks the column “{missing[0]}”", "wrong_header", remedy, whole_file=True
    )
