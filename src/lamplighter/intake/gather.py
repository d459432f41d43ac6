"""First half of a load: read everything, standardise and validate it, lay it out table by table.

Nothing is written anywhere yet, so a load that must not happen (a file that is no such file, a full load that
would end too much) leaves no trace.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pyarrow as pa

from lamplighter.intake.extract import TOGETHER
from lamplighter.intake.landing import Progress
from lamplighter.intake.quarantine import Rejects
from lamplighter.intake.source import Chunk, Note, Refused
from lamplighter.intake.spool import Origin, Spool, kept
from lamplighter.intake.standardize import standardize, stored_schema
from lamplighter.intake.validate import validate


@dataclass
class Gathered:
    """Good rows by table, what was set aside, and sentences."""

    folder: Path | None = None
    spools: dict[str, Spool] = field(default_factory=dict)
    rejects: Rejects = field(default_factory=Rejects)
    notes: list[str] = field(default_factory=list)
    refused: list[Refused] = field(default_factory=list)
    files: dict[str, set[str]] = field(default_factory=dict)
    """Tables → names of the files that fill them."""
    keys_of_bad: dict[str, list[pa.Table]] = field(default_factory=dict)
    """Tables → keys of rows that were set aside: they are there, so a full load does not end them."""
    rows: int = 0

    def close(self) -> None:
        for spool in self.spools.values():
            spool.close()


def gather(
    pieces: Iterable[Chunk | Refused | Note],
    source: str,
    folder: Path | None,
    progress: Callable[[Progress], None],
) -> Gathered:
    """Read all pieces of a source."""
    gathered = Gathered(folder)
    before: tuple[Chunk, np.ndarray] | None = None
    for piece in pieces:
        if isinstance(piece, Note):
            gathered.notes.append(piece.text)
        elif isinstance(piece, Refused):
            _refuse(gathered, piece)
        else:
            bad = _take(gathered, piece, source, before)
            before = (piece, bad)
            progress(Progress(gathered.rows, 0, f"{piece.file}: {gathered.rows:,} rows read"))
    return gathered


def _refuse(gathered: Gathered, refused: Refused) -> None:
    table = refused.table.name if refused.table else None
    gathered.rejects.add_element(
        table, refused.file, refused.line, refused.element, refused.reason, refused.remedy, refused.raw
    )
    gathered.refused.append(refused)
    if refused.whole_file or refused.reason in ("truncated", "unreadable_file"):
        gathered.notes.append(refused.sentence)


def _take(
    gathered: Gathered, chunk: Chunk, source: str, before: tuple[Chunk, np.ndarray] | None
) -> np.ndarray:
    """Lay a chunk's good rows out; which of its rows are bad."""
    table = chunk.table
    rows, faults = standardize(chunk, source)
    validate(rows, table, faults)
    bad = faults.bad
    said = np.zeros(len(bad), bool)
    if before is not None and _same_rows(before[0], chunk):
        # Another table's row of the same line was set aside already: once is enough.
        said = before[1]
        bad = bad | said
    else:
        gathered.rows += rows.num_rows
    if bad.any():
        for fault in faults.first_of_each():
            fresh = fault.only(~said[fault.rows])
            if len(fresh.rows):
                gathered.rejects.add(
                    table.name, chunk.file, chunk.rows, fresh, chunk.line_of(fresh.rows), chunk.as_read
                )
        keys = [name for name in table.key if name != "source"]
        if table.name != "meter_reading":
            bad_keys = pa.Table.from_batches([rows.take(pa.array(np.flatnonzero(bad)))]).select(keys)
            gathered.keys_of_bad.setdefault(table.name, []).append(bad_keys)
    straight = chunk.lines is None
    origin = Origin(
        chunk.file, chunk.first_line, None if straight else chunk.line_of(np.arange(rows.num_rows))
    )
    spool = gathered.spools.get(table.name)
    if spool is None:
        spool = gathered.spools[table.name] = Spool(stored_schema(table), gathered.folder)
    spool.add(*kept(rows, origin, ~bad))
    gathered.files.setdefault(table.name, set()).add(chunk.file)
    return bad


def _same_rows(one: Chunk, other: Chunk) -> bool:
    return (
        any((one.table.name, other.table.name) == pair for pair in TOGETHER)
        and (one.file, one.first_line, one.rows.num_rows) == (other.file, other.first_line, other.rows.num_rows)
    )  # fmt: skip
