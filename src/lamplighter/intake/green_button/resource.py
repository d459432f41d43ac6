"""An Atom entry and the one ESPI resource in it, reduced to what the reader needs."""

import re
from dataclasses import dataclass, field
from datetime import UTC, datetime

SUMMARIES = ("UsageSummary", "ElectricPowerUsageSummary")
MILLISECONDS = 100_000_000_000
"""A time above this is in milliseconds: as seconds it would be after the year 5000."""

_HOST = re.compile(r"^[A-Za-z][A-Za-z0-9+.-]*://[^/]*")
_RESOURCE = re.compile(r"^.*?/espi/\d+_\d+/resource/")


def path_of(href: str) -> str:
    """A link without host, ``/espi/1_1/resource/`` and outer slashes: equal for all spellings of one resource.

    The path, not its last part, names a resource: every second utility calls its usage points ``01``.
    """
    path = _HOST.sub("", href.strip()).partition("?")[0]
    return _RESOURCE.sub("", path).strip("/")


@dataclass(slots=True)
class Node:
    """An element of a small resource: local name, own text, children. Readings never become nodes."""

    name: str
    line: int
    text: str = ""
    children: list["Node"] = field(default_factory=list)

    def find(self, path: str) -> "Node | None":
        """First descendant along ``a/b``, whatever the case of the first letters (real files vary)."""
        name, _, rest = path.partition("/")
        for child in self.children:
            if child.name.lower() == name.lower():
                found = child.find(rest) if rest else child
                if found is not None:
                    return found
        return None

    def word(self, path: str) -> str | None:
        """Its text; None where it is absent or empty."""
        node = self.find(path)
        return (node.text or None) if node else None

    def whole(self, path: str) -> int | None:
        """Its text as a whole number; None where it is absent or no number."""
        return whole(self.word(path))

    def all(self, name: str) -> list["Node"]:
        """Children of that name."""
        return [child for child in self.children if child.name.lower() == name.lower()]


def whole(text: str | None) -> int | None:
    """A whole number of at most 18 digits, or None."""
    if text is None or len(text) > 40:
        return None
    try:
        number = int(text)
    except ValueError:
        return None
    return number if abs(number) < 10**18 else None


@dataclass(slots=True)
class Entry:
    """Links and times of an entry; ``order`` is its place in the document."""

    order: int
    line: int
    own: str = ""
    up: str = ""
    related: tuple[str, ...] = ()
    title: str = ""
    updated: int = 0
    kind: str = ""
    node: Node | None = None

    def link(self, relation: str, href: str) -> None:
        """Takes over one ``link`` element; other relations (alternate …) mean nothing here."""
        if relation == "self":
            self.own = path_of(href)
        elif relation == "up":
            self.up = path_of(href)
        elif relation == "related" and len(self.related) < 1000:
            self.related += (path_of(href),)

    def whole(self, path: str) -> int | None:
        """A whole number of the resource."""
        return self.node.whole(path) if self.node else None

    def word(self, path: str) -> str | None:
        """A text of the resource."""
        return self.node.word(path) if self.node else None


def moment(text: str) -> int:
    """Seconds since the epoch of an Atom time (a bare date, as some feeds have, is its first moment); else 0."""
    try:
        time = datetime.fromisoformat(text)
    except ValueError:
        return 0
    try:
        return int((time if time.tzinfo else time.replace(tzinfo=UTC)).timestamp())
    except (OverflowError, ValueError, OSError):
        return 0
