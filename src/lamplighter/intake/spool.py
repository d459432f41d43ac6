"""Rows on their way: kept in memory up to a limit, beyond it in a temporary file, read back as often as needed.

Whatever is known only at the end of the files (duplicates, references within the batch) is decided on what lies
here, before a single row goes to the warehouse.
"""

import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

import numpy as np
import pyarrow as pa

from lamplighter.intake.decimals import Rows

LIMIT = 512 << 20


@dataclass(frozen=True)
class Origin:
    """Where the rows of one piece stood: ``line`` of the first, or ``lines`` of each where some are missing."""

    file: str
    line: int
    lines: Rows | None = None

    def of(self, positions: Rows) -> Rows:
        return positions + self.line if self.lines is None else self.lines[positions]

    def only(self, positions: Rows) -> "Origin":
        return Origin(self.file, self.line, self.of(positions))


class Spool:
    """Pieces of one table in file order. A context manager: the temporary file goes with it."""

    def __init__(self, schema: pa.Schema, folder: Path | None = None, limit: int | None = None) -> None:
        self.schema = schema
        self.rows = 0
        self._folder, self._limit = folder, LIMIT if limit is None else limit
        self._pieces: list[pa.RecordBatch] = []
        self._origins: list[Origin] = []
        self._spilled = 0
        self._held = 0
        self._file: tempfile._TemporaryFileWrapper[bytes] | None = None
        self._writer: pa.RecordBatchStreamWriter | None = None

    def add(self, rows: pa.RecordBatch, origin: Origin) -> None:
        if not rows.num_rows:
            return
        self.rows += rows.num_rows
        self._origins.append(origin)
        self._pieces.append(rows)
        self._held += rows.nbytes
        if self._held > self._limit:
            self._spill()

    def __iter__(self) -> Iterator[tuple[pa.RecordBatch, Origin]]:
        """Every piece again, in the order they came."""
        yield from zip(self._batches(), self._origins, strict=True)

    def groups(self, most: int) -> Iterator[tuple[pa.RecordBatch, list[tuple[Origin, int, int]]]]:
        """The same in larger pieces of about ``most`` rows, each with its origins and their ranges."""
        held: list[pa.RecordBatch] = []
        origins: list[tuple[Origin, int, int]] = []
        count = 0
        for rows, origin in self:
            held.append(rows)
            origins.append((origin, count, count + rows.num_rows))
            count += rows.num_rows
            if count >= most:
                yield _one(held), origins
                held, origins, count = [], [], 0
        if held:
            yield _one(held), origins

    def column(self, name: str) -> pa.ChunkedArray:
        at = self.schema.get_field_index(name)
        return pa.chunked_array(
            [piece.column(at) for piece in self._batches()], type=self.schema.field(at).type
        )

    def close(self) -> None:
        self._pieces, self._origins, self.rows, self._held, self._spilled = [], [], 0, 0, 0
        if self._writer is not None:
            self._writer.close()
        if self._file is not None:
            self._file.close()
        self._writer = self._file = None

    def __enter__(self) -> "Spool":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _batches(self) -> Iterator[pa.RecordBatch]:
        if self._file is not None:
            self._file.flush()
            with pa.OSFile(self._file.name) as written, pa.ipc.open_stream(written) as reader:
                for _ in range(self._spilled):
                    yield reader.read_next_batch()
        yield from self._pieces

    def _spill(self) -> None:
        if self._writer is None:
            if self._folder is not None:
                self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            self._file = tempfile.NamedTemporaryFile(prefix="landing-", suffix=".arrow", dir=self._folder)  # noqa: SIM115
            self._writer = pa.ipc.new_stream(self._file, self.schema)
        for piece in self._pieces:
            self._writer.write_batch(piece)
        self._spilled += len(self._pieces)
        self._pieces, self._held = [], 0


def _one(pieces: list[pa.RecordBatch]) -> pa.RecordBatch:
    return pieces[0] if len(pieces) == 1 else pa.concat_batches(pieces)


def kept(rows: pa.RecordBatch, origin: Origin, keep: np.ndarray) -> tuple[pa.RecordBatch, Origin]:
    """Only the rows where ``keep`` is true, with their lines."""
    if keep.all():
        return rows, origin
    positions = np.flatnonzero(keep)
    return rows.take(pa.array(positions)), origin.only(positions)
