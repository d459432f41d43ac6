"""What a source plug-in is: it reads files and yields columns; it never decides what is good enough to land.

A plug-in registers an object with this protocol under the entry point ``lamplighter.sources``. It yields

* ``Chunk``: up to about a million rows of one canonical table, columns under their *declared* names, values as
  they stood in the file (text) or typed (Parquet); columns it does not know keep the file's name;
* ``Refused``: an element that could not be read at all (a ragged row, half a file), with the reason in words.
"""

from collections.abc import Callable, Iterator
from collections.abc import Mapping as Map
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol, runtime_checkable

import pyarrow as pa

from lamplighter.intake.batch import configured
from lamplighter.intake.decimals import Rows
from lamplighter.intake.fault import Fault
from lamplighter.intake.layout import Layout
from lamplighter.intake.mapping import Mapping
from lamplighter.warehouse.table import Table


@dataclass(frozen=True)
class Rules:
    """How the text of one file is to be understood; the defaults are those of the plain extract."""

    date: str | None = None
    time: str | None = None
    decimal: str = "."
    timezone: str | None = None
    ambiguous: str | None = None
    codes: Map[str, Map[str, str]] = field(default_factory=dict)
    defaults: Map[str, str] = field(default_factory=dict)


PLAIN = Rules()


@dataclass(frozen=True)
class Chunk:
    """Rows of one table from one file.

    ``first_line`` is the line (Parquet: the row) of the first of them; ``lines`` gives the exact line of each
    where they do not simply follow one another. It is only called for rows that are set aside. ``faults`` are
    those that the source alone could see. ``as_read`` is false for rows whose values are spelled our way already.
    """

    table: Table
    rows: pa.RecordBatch
    file: str
    first_line: int
    lines: Callable[[], Rows] | None = None
    rules: Rules = PLAIN
    as_read: bool = True
    faults: tuple[Fault, ...] = ()

    def line_of(self, positions: Rows) -> Rows:
        if self.lines is None:
            return positions + self.first_line
        return self.lines()[positions]


@dataclass(frozen=True)
class Refused:
    """An element that cannot be read: the sentence for a person is ``sentence``."""

    file: str
    line: int | None
    element: str
    reason: str
    remedy: str
    raw: str | None = None
    table: Table | None = None
    whole_file: bool = False

    @property
    def sentence(self) -> str:
        place = f"{self.file}, line {self.line}" if self.line is not None else self.file
        return f"{place}: {self.element}. {self.remedy}"


@dataclass(frozen=True)
class Note:
    """A sentence for whoever lands the files: something they should know and need not mend."""

    text: str


@dataclass(frozen=True)
class ReadOptions:
    """What the caller declared about the files, and where this load stands."""

    name: str
    mapping: Mapping = field(default_factory=Mapping)
    layout: Layout | None = None
    full: bool = False


@runtime_checkable
class Source(Protocol):
    """A plug-in. ``tables`` names what it can fill, for ``lamplighter sources`` and the catalog."""

    name: str
    tables: tuple[str, ...]

    def files(self, where: Path, options: ReadOptions) -> list[Path]:
        """The files a load of ``where`` would read, in order; UnreadableFile where there is none."""
        ...

    def read(self, where: Path, options: ReadOptions) -> Iterator[Chunk | Refused | Note]:
        """Read them."""
        ...

    def rules(self, table: Table, options: ReadOptions) -> Rules:
        """How rows of a table are understood when they are tried again."""
        ...


__all__ = ["PLAIN", "Chunk", "Note", "ReadOptions", "Refused", "Rows", "Rules", "Source", "configured"]
