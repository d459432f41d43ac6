"""Readings between the file and its end: compact columns, so that memory does not grow with the file.

What a reading measures may be said only at the very end of a feed (the ReadingType often comes last), so
readings wait in columns of plain numbers: 50,000 to a batch, the first batches in memory, the rest in an
unnamed temporary file that vanishes with the process.
"""

import tempfile
from array import array
from collections.abc import Iterator
from dataclasses import dataclass, field, fields
from typing import IO

import numpy as np
import numpy.typing as npt

from lamplighter.intake.green_button.codes import QUALITIES
from lamplighter.intake.green_button.finding import Findings
from lamplighter.intake.green_button.resource import MILLISECONDS

BATCH = 50_000
BATCHES_IN_MEMORY = 2
NO_COST = -(2**63)
NO_CODE = -1
KNOWN_QUALITIES = np.array([NO_CODE, *QUALITIES], np.int16)
LATEST_START = 7_258_118_400  # the year 2200
LONGEST = 10 * 366 * 86_400
REJECTS_KEPT = 10_000

Ints = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Rejected:
    """A reading, a block or a resource that was set aside: where it stands, why, and its text."""

    line: int
    element: str
    code: str
    message: str
    raw: str


class Rejects:
    """What was set aside; the first ten thousand in full, then only counted."""

    def __init__(self) -> None:
        self.kept: list[Rejected] = []
        self.count = 0

    def add(self, line: int, element: str, code: str, message: str, raw: str) -> None:
        """Keeps at most 2,000 characters of the text."""
        self.count += 1
        if len(self.kept) < REJECTS_KEPT:
            self.kept.append(Rejected(line, element, code, message, raw[:2000]))


@dataclass
class Columns:
    """One batch of readings as they stood in the file: value × 10^exponent in the unit of their series."""

    block: npt.NDArray[np.int32]
    start: Ints
    seconds: Ints
    value: Ints
    exponent: npt.NDArray[np.int8]
    cost: Ints
    quality: npt.NDArray[np.int16]
    tou: npt.NDArray[np.int16]
    tier: npt.NDArray[np.int16]
    line: npt.NDArray[np.int32]

    def __len__(self) -> int:
        return len(self.start)

    def where(self, mask: npt.NDArray[np.bool_]) -> "Columns":
        """The rows that the mask names."""
        return Columns(**{name: column[mask] for name, column in vars(self).items()})

    def write(self, file: IO[bytes]) -> None:
        """Into the temporary file."""
        for column in vars(self).values():
            np.save(file, column, allow_pickle=False)

    @classmethod
    def load(cls, file: IO[bytes]) -> "Columns":
        """Back from the temporary file."""
        return cls(*(np.load(file, allow_pickle=False) for _ in fields(cls)))


@dataclass
class Blocks:
    """Per IntervalBlock three numbers: which group of links it has, its line, when it was published."""

    group: "array[int]" = field(default_factory=lambda: array("i"))
    line: "array[int]" = field(default_factory=lambda: array("i"))
    updated: "array[int]" = field(default_factory=lambda: array("q"))

    def begin(self, line: int) -> int:
        """A new block, not yet linked."""
        self.group.append(-1)
        self.line.append(line)
        self.updated.append(0)
        return len(self.group) - 1


class ReadingBuffer:
    """Takes readings one by one (the columns are public so that the parser may append without a call)."""

    def __init__(self, findings: Findings, rejects: Rejects) -> None:
        self.findings = findings
        self.rejects = rejects
        self.rows = 0
        self._batches: list[Columns] = []
        self._spill: IO[bytes] | None = None
        self._spilled = 0
        self._clear()

    def _clear(self) -> None:
        self.start, self.seconds, self.value, self.cost = (array("q") for _ in range(4))
        self.quality, self.tou, self.tier = (array("h") for _ in range(3))
        self.line = array("i")
        self.exponents: dict[int, int] = {}
        self._block_rows: list[tuple[int, int]] = []

    def block(self, index: int) -> None:
        """Readings that follow belong to this block."""
        if len(self.start) >= BATCH:
            self.flush()
        self._block_rows.append((len(self.start), index))

    def flush(self) -> None:
        """Closes the batch: checks it as a whole and puts it away."""
        if not self.start:
            self._block_rows = self._block_rows[-1:]
            return
        size = len(self.start)
        firsts = [row for row, _ in self._block_rows] + [size]
        indexes = np.array([index for _, index in self._block_rows], dtype=np.int32)
        exponent = np.zeros(size, dtype=np.int8)
        for row, power in self.exponents.items():
            exponent[row] = power
        columns = Columns(
            block=np.repeat(indexes, np.diff(firsts)),
            start=np.array(self.start),
            seconds=np.array(self.seconds),
            value=np.array(self.value),
            exponent=exponent,
            cost=np.array(self.cost),
            quality=np.array(self.quality),
            tou=np.array(self.tou),
            tier=np.array(self.tier),
            line=np.array(self.line, dtype=np.int32),
        )
        last = self._block_rows[-1][1]
        self._clear()
        self._block_rows = [(0, last)]
        self._keep(self._checked(columns))

    def _checked(self, columns: Columns) -> Columns:
        milliseconds = columns.start > MILLISECONDS
        if milliseconds.any():
            line = int(columns.line[milliseconds][0])
            times = int(milliseconds.sum())
            self.findings.add(
                "time_in_milliseconds", line, "The start is in milliseconds; divided by 1000.", times
            )
            columns.start = np.where(milliseconds, columns.start // 1000, columns.start)
        unknown = ~np.isin(columns.quality, KNOWN_QUALITIES)
        if unknown.any():
            line, strange = int(columns.line[unknown][0]), int(columns.quality[unknown][0])
            sentence = f"The quality code {strange} is not in the list; taken as unknown."
            self.findings.add("quality_unknown", line, sentence, int(unknown.sum()))
        late = (columns.start < 0) | (columns.start > LATEST_START)
        odd = ((columns.seconds <= 0) | (columns.seconds > LONGEST)) & ~late
        for code, mask, words in (
            ("time_out_of_range", late, "starts outside the years 1970 to 2200"),
            ("duration_invalid", odd, "lasts no time, or more than ten years"),
        ):
            if mask.any():
                self._refuse(columns.where(mask), code, words)
        wrong = late | odd
        return columns.where(~wrong) if wrong.any() else columns

    def _refuse(self, columns: Columns, code: str, words: str) -> None:
        self.findings.add(code, int(columns.line[0]), f"A reading {words}; it was set aside.", len(columns))
        room = max(REJECTS_KEPT - len(self.rejects.kept), 0)
        for line, start, seconds, value in zip(
            columns.line[:room].tolist(), columns.start[:room].tolist(), columns.seconds[:room].tolist(),
            columns.value[:room].tolist(), strict=True,
        ):  # fmt: skip
            raw = f"start {start}, duration {seconds}, value {value}"
            self.rejects.add(line, "IntervalReading", code, f"The reading {words}.", raw)
        self.rejects.count += len(columns) - min(len(columns), room)

    def _keep(self, columns: Columns) -> None:
        self.rows += len(columns)
        if len(self._batches) < BATCHES_IN_MEMORY:
            self._batches.append(columns)
            return
        if self._spill is None:
            self._spill = tempfile.TemporaryFile(prefix="lamplighter-")  # noqa: SIM115  # closed by close()
        columns.write(self._spill)
        self._spilled += 1

    def done(self) -> None:
        """No more readings come."""
        self.flush()

    def batches(self) -> Iterator[Columns]:
        """All batches in the order of the file, as often as wanted."""
        yield from self._batches
        if self._spill is not None:
            self._spill.seek(0)
            for _ in range(self._spilled):
                yield Columns.load(self._spill)

    def close(self) -> None:
        """Gives memory and disk back."""
        self._batches = []
        if self._spill is not None:
            self._spill.close()
            self._spill = None
