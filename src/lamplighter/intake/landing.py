"""What ``land`` answers, and what it says on the way."""

from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Progress:
    """``done`` of ``total`` rows or files (0: not known), and what is being done, in words."""

    done: int
    total: int
    message: str


@dataclass
class TableCount:
    """What became of the rows of one table."""

    landed: int = 0
    unchanged: int = 0
    restated: int = 0
    ended: int = 0


@dataclass
class Landing:
    """The outcome of a load. A row of a file that fills two tables is counted once in ``landed``."""

    source: str
    batch: str
    landed: int = 0
    rejected: int = 0
    unchanged: int = 0
    seconds: float = 0.0
    reasons: dict[str, int] = field(default_factory=dict)
    files: list[dict[str, Any]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    tables: dict[str, TableCount] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        """The body of ``lamplighter land --json``."""
        tables = {name: vars(count) for name, count in self.tables.items()}
        return {**vars(self), "seconds": round(self.seconds, 3), "tables": tables}

    def counts(self) -> dict[str, Any]:
        """What the book of batches keeps."""
        tables = {name: vars(count) for name, count in self.tables.items()}
        return {
            "landed": self.landed, "unchanged": self.unchanged, "rejected": self.rejected, "reasons": self.reasons,
            "seconds": round(self.seconds, 3), "tables": tables,
        }  # fmt: skip
