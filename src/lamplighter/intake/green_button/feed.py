"""``read``: a file becomes a Feed, and a Feed gives its readings in Arrow batches.

with read(path) as feed:
    for batch in feed.readings():
        ...
    feed.findings
"""

from collections.abc import Iterator
from pathlib import Path
from types import TracebackType

import numpy as np
import pyarrow as pa

from lamplighter.errors import UnreadableFile
from lamplighter.intake.green_button import utility_csv
from lamplighter.intake.green_button.columns import READINGS, Renderer
from lamplighter.intake.green_button.finding import Finding
from lamplighter.intake.green_button.graph import Graph, UsagePoint
from lamplighter.intake.green_button.parse import Document
from lamplighter.intake.green_button.readings import Columns, Rejected
from lamplighter.intake.green_button.resource import Entry
from lamplighter.intake.green_button.sequence import examine
from lamplighter.intake.green_button.series import Series, name_channels, plan

LARGEST = 4 * 2**30
_XML = (b"<", b"\xef\xbb\xbf<", b"\xff\xfe", b"\xfe\xff")


class Feed:
    """What a Green Button file holds. Readings can be iterated as often as wanted; close it to free them."""

    def __init__(self, document: Document, dialect: str) -> None:
        self.path = document.path
        self.dialect = dialect
        self._document = document
        self._graph = Graph(document)
        self._plan = plan(self._graph, document.findings)
        blocks = document.blocks
        groups = np.frombuffer(blocks.group, np.int32) if blocks.group else np.empty(0, np.int32)
        series_of_group = np.array([*self._plan.series_of_group, -1], np.int64)
        exponent_of_group = np.array([*self._plan.multiplier_of_group, 0], np.int64)
        self._series_of_block = series_of_group[groups]
        self._exponent_of_block = exponent_of_group[groups]
        updated = np.array(blocks.updated, np.int64)
        refused = np.array([one.refusal is not None for one in self.series], np.bool_)
        self.sequence = examine(
            document.readings, self._series_of_block, self._exponent_of_block, updated, refused,
            document.findings, document.rejects,
        )  # fmt: skip
        self._set_intervals()
        name_channels(self.series)
        self._at: dict[str, list[Series]] = {}
        for one in self.series:
            self._at.setdefault(one.point.id, []).append(one)
        self._reject_blocks()
        self._renderer = Renderer(
            self.series, self._series_of_block, self._exponent_of_block, document.findings, document.rejects
        )

    # ── what is in it ────────────────────────────────────────────────────────────────────────────────────────

    @property
    def findings(self) -> list[Finding]:
        """Departures from the standard so far; complete once the readings were iterated."""
        return self._document.findings.listed()

    @property
    def rejected(self) -> list[Rejected]:
        """Readings, blocks and resources that were set aside: the first ten thousand."""
        return self._document.rejects.kept

    @property
    def rejected_count(self) -> int:
        """How many there are in all."""
        return self._document.rejects.count

    @property
    def broken(self) -> str | None:
        """The sentence about where and why the file breaks off; None for a whole file."""
        return self._document.broken

    @property
    def usage_points(self) -> list[UsagePoint]:
        """In the order of the file."""
        return list(self._graph.points.values())

    @property
    def series(self) -> list[Series]:
        """One per usage point and kind of reading, also where no reading came."""
        return self._plan.series

    def series_at(self, point: UsagePoint) -> list[Series]:
        """The series of one usage point."""
        return self._at.get(point.id, [])

    def entries(self, kind: str) -> list[Entry]:
        """Small resources of a kind, e.g. ``CustomerAccount``."""
        return self._graph.kinds.get(kind, [])

    def owner(self, entry: Entry, kind: str) -> Entry | None:
        """The entry of that kind to which this one belongs."""
        return self._graph.owner(entry, kind)

    def readings(self) -> Iterator[pa.RecordBatch]:
        """Usable readings, each once, in batches of at most 50,000 rows of ``READINGS``."""
        for columns in self.columns():
            batch = self._renderer.render(columns)
            if batch.num_rows:
                yield batch

    def reader(self) -> pa.RecordBatchReader:
        """The same as a stream that Arrow, DuckDB and Parquet writers take."""
        return pa.RecordBatchReader.from_batches(READINGS, self.readings())

    def columns(self) -> Iterator[Columns]:
        """The numbers as they stood in the file, without what was dropped as a duplicate."""
        offset = 0
        dropped = self.sequence.dropped
        for whole in self._document.readings.batches():
            columns, size = whole, len(whole)
            if len(dropped):
                here = dropped[np.searchsorted(dropped, offset) : np.searchsorted(dropped, offset + size)]
                if len(here):
                    keep = np.ones(size, np.bool_)
                    keep[here - offset] = False
                    columns = columns.where(keep)
            offset += size
            yield columns

    def series_of(self, columns: Columns) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
        """Index into ``series`` for each row; -1 where it has no place."""
        return self._series_of_block[columns.block]

    def exponents_of(self, columns: Columns) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
        """Power of ten by which each value is to be multiplied."""
        return columns.exponent + self._exponent_of_block[columns.block]

    def close(self) -> None:
        """Frees the readings."""
        self._document.readings.close()

    def __enter__(self) -> "Feed":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    # ── in the making ────────────────────────────────────────────────────────────────────────────────────────

    def _set_intervals(self) -> None:
        findings = self._document.findings
        for series, durations in zip(self.series, self.sequence.durations, strict=True):
            if not durations:
                continue
            usual = max(durations, key=lambda seconds: (durations[seconds], -seconds))
            declared = series.facts.interval
            series.seconds = declared if declared in durations else usual
            shortest, longest = min(durations), max(durations)
            if declared and not (shortest == longest == declared):
                span = f"{shortest} s" if shortest == longest else f"{shortest} to {longest} s"
                findings.add(
                    "interval_differs", series.line,
                    f"Readings last {span}, the ReadingType says {declared} s; each reading's own duration counts.",
                    times=sum(number for seconds, number in durations.items() if seconds != declared),
                )  # fmt: skip

    def _reject_blocks(self) -> None:
        document = self._document
        for block, (count, first, last) in sorted(self.sequence.block_rows.items()):
            index = int(self._series_of_block[block])
            group = document.blocks.group[block]
            code, sentence = self._plan.unplaced.get(
                group, ("usage_point_unknown", "These readings have no place.")
            )
            if index >= 0:
                code, sentence = self.series[index].refusal or (code, sentence)
            raw = f"{count} readings that start from {first} to {last}"
            document.rejects.add(document.blocks.line[block], "IntervalBlock", code, sentence, raw)


def read(path: Path | str) -> Feed:
    """Reads a Green Button XML file or a utility's CSV export.

    Raises UnreadableFile, with a sentence that names file, line and remedy, where nothing at all can be read.
    A file that breaks off later gives what stood before, and says so in ``broken`` and ``findings``.
    """
    path = Path(path)
    if path.exists() and not path.is_file():
        raise UnreadableFile(
            f"{path.name}: this is a folder, which cannot be opened as a file. Name the file itself, or take it away."
        )
    try:
        size = path.stat().st_size
        with path.open("rb") as file:
            head = file.read(4096)
    except OSError as error:
        raise UnreadableFile(
            f"{path.name}: the file cannot be opened ({error.strerror}). Check its name and rights."
        ) from None
    if size > LARGEST:
        raise UnreadableFile(f"{path.name}: the file is larger than 4 GB. Ask for it in smaller parts.")
    if not head.strip():
        raise UnreadableFile(f"{path.name}: the file is empty. Ask the utility for it again.")
    if head.startswith((b"PK\x03\x04", b"\x1f\x8b")):
        raise UnreadableFile(f"{path.name}: this is a packed file (ZIP or gzip). Unpack it first.")
    if not head.lstrip().startswith(_XML):
        dialect = utility_csv.dialect_of(head)
        if dialect is None:
            raise UnreadableFile(
                f"{path.name}, line 1: this is neither Green Button XML nor a utility export that is known. "
                "Load other interval files with “lamplighter land ami FILE --layout LAYOUT”."
            )
        return Feed(utility_csv.read_document(path, dialect), dialect)
    document = Document(path)
    with path.open("rb") as file:
        document.read(file)
    _refuse_empty(document)
    return Feed(document, "espi")


def _refuse_empty(document: Document) -> None:
    if document.entries or document.blocks.group:
        return
    name = document.path.name
    if document.broken:
        raise UnreadableFile(
            document.broken, file=str(document.path), line=document.findings.listed()[-1].line
        )
    if document.root == "BatchList":
        sentence = (
            f"{name}: this is a notification; it names addresses to fetch from and holds no data itself."
        )
        document.findings.add("notification", 1, sentence)
    elif document.root not in ("feed", "entry"):
        raise UnreadableFile(
            f"{name}, line 1: the document begins with “{document.root}”, which is no Green Button feed. "
            "Download the file again as Green Button XML."
        )
    else:
        document.findings.add("not_green_button", 1, f"{name}: the feed has no entries.")
