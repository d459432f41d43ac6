"""``cis_csv``: a folder as the billing system writes it, one file a kind of thing, CSV or Parquet.

Without a mapping it reads the plain extract; ``mapping.yaml`` in the folder (or ``--mapping``) says what differs.
"""

from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa

from lamplighter.errors import UnreadableFile
from lamplighter.intake.csv_file import Block, Text, not_a_file, read_blocks, read_header
from lamplighter.intake.extract import FILES, ExtractFile
from lamplighter.intake.mapping import FileMapping
from lamplighter.intake.parquet_file import read_parquet_blocks, read_parquet_header
from lamplighter.intake.source import Chunk, ReadOptions, Refused, Rules
from lamplighter.intake.wording import listed, nearest
from lamplighter.warehouse.table import Table
from lamplighter.warehouse.tables import TABLES

ENDINGS = (".csv", ".csv.gz", ".parquet")
_READ_TYPES: dict[str, pa.DataType] = {
    "meter_id": pa.dictionary(pa.int32(), pa.string()),
    "start": pa.timestamp("us", "UTC"),
    "seconds": pa.int64(),
    "value": pa.float64(),
    "unit": pa.dictionary(pa.int32(), pa.string()),
    "flow": pa.dictionary(pa.int32(), pa.string()),
    "quality": pa.dictionary(pa.int32(), pa.string()),
}


class CisCsv:
    """The plug-in."""

    name = "cis_csv"
    tables = tuple(dict.fromkeys(table for file in FILES.values() for table in file.tables))

    def files(self, where: Path, options: ReadOptions) -> list[Path]:
        """The extract's files in the order of the extract, so that parents come first."""
        return [path for _, path in _present(where, options)]

    def read(self, where: Path, options: ReadOptions) -> Iterator[Chunk | Refused]:
        """Every row of every file; one file may fill two tables."""
        present = _present(where, options)
        yield from _unknown_files(where, options, {path for _, path in present})
        for name, path in present:
            yield from _read_file(FILES[name], path, options.mapping.of(name))

    def rules(self, table: Table, options: ReadOptions) -> Rules:
        """Those of the file that fills the table."""
        name = next(name for name, file in FILES.items() if table.name in file.tables)
        return _rules(options.mapping.of(name))


SOURCE = CisCsv()


def _rules(entry: FileMapping) -> Rules:
    return Rules(
        entry.date, entry.time, entry.decimal, entry.timezone, entry.ambiguous, entry.codes, entry.defaults
    )


def _present(where: Path, options: ReadOptions) -> list[tuple[str, Path]]:
    if not where.exists():
        raise UnreadableFile(f"There is no file or folder {where}.")
    folder = where if where.is_dir() else where.parent
    present = []
    for name in FILES:
        own = options.mapping.of(name).file
        candidates = [folder / own] if own else [folder / (name + ending) for ending in ENDINGS]
        found = [path for path in candidates if path.is_file() and (where.is_dir() or path == where)]
        if len(found) > 1:
            raise UnreadableFile(
                f"{folder} holds both {found[0].name} and {found[1].name}. Keep one of them."
            )
        if own and not found and where.is_dir():
            raise UnreadableFile(
                f"mapping.yaml names {own} for {name}, but {folder} has no such file. Correct the name, or take the entry out."
            )
        present += [(name, path) for path in found]
    if not present:
        raise UnreadableFile(
            f"{where} holds no file of the extract. Expected: {listed((name + '.csv' for name in FILES), 30)}; "
            "files of other names are declared in mapping.yaml."
        )
    return present


def _unknown_files(where: Path, options: ReadOptions, known: set[Path]) -> Iterator[Refused]:
    """A data file that nobody asks for is most likely a misspelt one: say so rather than pass over it."""
    if not where.is_dir():
        return
    for path in sorted(where.iterdir()):
        if path not in known and path.name.lower().endswith(ENDINGS) and not path.name.startswith("."):
            stem = path.name.lower().removesuffix(".gz").rsplit(".", 1)[0]
            if stem == "truth":
                continue
            refused = not_a_file(path)
            if refused is not None:
                yield refused
                continue
            yield Refused(
                path.name, None, "the extract has no file of this name", "unknown_file",
                f"It was left out.{nearest(stem, FILES)} Declare it under “files:” in mapping.yaml, or take it away.",
                whole_file=True,
            )  # fmt: skip


def _read_file(extract: ExtractFile, path: Path, mapping: FileMapping) -> Iterator[Chunk | Refused]:
    is_parquet = path.name.lower().endswith(".parquet")
    text = Text(mapping.delimiter, mapping.encoding)
    header = read_parquet_header(path) if is_parquet else read_header(path, text)
    if isinstance(header, Refused):
        yield header
        return
    naming = _named(header, extract, mapping)
    missing = [own for own in extract.required if extract.columns[own] not in naming.values()]
    missing = [own for own in missing if extract.columns[own] not in mapping.defaults]
    if missing:
        strange = [column for column in header if column not in naming]
        hint = nearest(missing[0], strange) or f" The header has: {listed(header)}."
        yield Refused(
            path.name, 1, f"the header lacks the column “{missing[0]}”", "wrong_header",
            f"{hint.strip()} Rename it, or declare it under “columns:” in mapping.yaml.", whole_file=True,
        )  # fmt: skip
        return
    rules = _rules(mapping)
    plain_reads = extract.tables == ("meter_reading",) and rules == Rules() and not mapping.columns
    types = {name: kind for name, kind in _READ_TYPES.items() if name in header} if plain_reads else None
    blocks = read_parquet_blocks(path, naming) if is_parquet else read_blocks(path, text, header, types)
    for block in blocks:
        if isinstance(block, Refused):
            yield block
        else:
            yield from _chunks(extract, path.name, block, naming, rules)


def _named(header: list[str], extract: ExtractFile, mapping: FileMapping) -> dict[str, str]:
    """Header → declared name, by the mapping, else by the extract's names in any case. The rest are attributes."""
    plain = {own.casefold(): declared for own, declared in extract.columns.items()}
    taken = set(mapping.columns.values())
    declared = {}
    for column in header:
        if column in mapping.columns:
            declared[column] = mapping.columns[column]
        elif plain.get(column.casefold()) not in (*taken, None):
            declared[column] = plain[column.casefold()]
    return declared


def _chunks(
    extract: ExtractFile, file: str, block: Block, naming: dict[str, str], rules: Rules
) -> Iterator[Chunk]:
    rows = block.rows
    for position, name in enumerate(extract.tables):
        table = TABLES[name]
        columns, names = [], []
        for column, values in zip(rows.schema.names, rows.columns, strict=True):
            own = naming.get(column)
            is_ours = own in table if own is not None else position == 0
            if is_ours:
                columns.append(values)
                names.append(own if own is not None else _apart(column, table.schema.names))
        yield Chunk(table, pa.record_batch(columns, names=names), file, block.first_line, block.lines, rules)


def _apart(column: str, declared: tuple[str, ...]) -> str:
    """An unknown column whose header happens to be a declared name (``source``) is still not that column."""
    return f"{column} (file)" if column in declared else column
