"""From links to a graph: which usage point and which reading type each run of IntervalBlocks belongs to.

ESPI says everything in links, and real files get them wrong: relative beside absolute, no ``up``, numbers with
thousands separators, one self link twice. So each question is asked in the same order: up, related, the path of
the own link, who points here; then the only one there is; then the nearest before it in the document.
"""

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field

from lamplighter.intake.green_button import codes
from lamplighter.intake.green_button.finding import Findings
from lamplighter.intake.green_button.parse import BLOCK, Document
from lamplighter.intake.green_button.resource import SUMMARIES, Entry

IGNORED = {
    "ApplicationInformation", "Authorization", "ElectricPowerQualitySummary", "ServiceSupplier",
    "ProgramDateIdMappings", "ServiceStatus", "TariffProfile", "CustomerAuthorisation",
}  # fmt: skip


@dataclass
class UsagePoint:
    """Where something is measured; ``id`` is the path of its link, unique beyond this file."""

    id: str
    entry: Entry | None
    service_kind: int | None = None
    local_time: Entry | None = None
    summaries: list[Entry] = field(default_factory=list)

    @property
    def service(self) -> str | None:
        """Word for the ServiceCategory; None where the file names none."""
        return None if self.service_kind is None else codes.SERVICE_KINDS.get(self.service_kind)

    @property
    def service_commodity(self) -> str | None:
        """The same as one of our commodities."""
        return None if self.service_kind is None else codes.SERVICE_COMMODITIES.get(self.service_kind)

    @property
    def status(self) -> str | None:
        """0 is off, 1 is on; any other word as it came."""
        word = self.entry.word("status") if self.entry else None
        return {"0": "off", "1": "on"}.get(word, word) if word else None


@dataclass
class Group:
    """All blocks with the same links, and what they turned out to belong to."""

    point: UsagePoint | None
    reading_type: Entry | None
    type_id: str
    line: int


class Graph:
    """Entries by kind and the answers to "whose is this?"."""

    def __init__(self, document: Document) -> None:
        self.findings: Findings = document.findings
        self.kinds: dict[str, list[Entry]] = defaultdict(list)
        self.points: dict[str, UsagePoint] = {}
        self._by_link: dict[str, dict[str, list[Entry]]] = defaultdict(lambda: defaultdict(list))
        self._pointed: dict[str, dict[str, list[Entry]]] = defaultdict(lambda: defaultdict(list))
        for entry in document.entries:
            self._take(entry)
        self._make_points()
        lines: dict[int, int] = {}
        for group, line in zip(document.blocks.group, document.blocks.line, strict=True):
            lines.setdefault(group, line)
        self.groups = [
            self._group(Entry(order, lines.get(number, 0), own, up, related, kind=BLOCK))
            for number, (up, own, related, order) in enumerate(document.block_groups)
        ]

    def _take(self, entry: Entry) -> None:
        kind = entry.kind
        if kind in SUMMARIES:
            if kind != SUMMARIES[0]:
                self.findings.add("old_summary_name", entry.line, f"{kind} was read as UsageSummary.")
            kind = SUMMARIES[0]
        elif kind in IGNORED:
            self.findings.add(
                "resource_not_used", entry.line, f"{kind} is valid but has no place here; passed over."
            )
            return
        named = next((part for part in reversed(entry.own.split("/")) if part in _KINDS), None)
        if named == BLOCK and kind != BLOCK:
            self.findings.add(
                "content_mismatch",
                entry.line,
                f"The entry's link says {BLOCK}, its content is a {kind}; not used.",
            )
            return
        self.kinds[kind].append(entry)
        for link in _spellings(entry.own):
            self._by_link[kind][link].append(entry)
        for related in entry.related:
            self._pointed[kind][related].append(entry)
        if entry.own and len(self._by_link[kind][entry.own]) == 2:
            self.findings.add(
                "self_link_repeated", entry.line, f"Another {kind} has the link “{entry.own}” too."
            )

    # ── who is it ────────────────────────────────────────────────────────────────────────────────────────────

    def owner(self, entry: Entry, kind: str) -> Entry | None:
        """The entry of a kind that this one belongs to; a finding where it had to be guessed."""
        found = self._linked(entry, kind)
        if found:
            return found[-1]
        return self._nearest(entry, kind)

    def _linked(self, entry: Entry, kind: str) -> list[Entry]:
        by_link, pointed = self._by_link[kind], self._pointed[kind]
        parent = entry.up.rpartition("/")[0]
        for link in (*_spellings(parent), *_spellings(entry.up)):
            if found := by_link.get(link):
                return found
        for related in entry.related:
            for link in _spellings(related):
                if found := by_link.get(link):
                    return found
        for link in (_cut(entry.own, kind), _cut(entry.up, kind)):
            if link and (found := by_link.get(link)):
                return found
        for link in (entry.own, entry.up):
            if link and (found := pointed.get(link)):
                return found
        return []

    def _nearest(self, entry: Entry, kind: str) -> Entry | None:
        candidates = self.kinds[kind]
        if not candidates:
            return None
        before = bisect_right(candidates, entry.order, key=lambda one: one.order)
        chosen = candidates[0] if len(candidates) == 1 else (candidates[before - 1] if before else None)
        if chosen is not None:
            how = "the only one" if len(candidates) == 1 else "the nearest before it"
            line = entry.line or chosen.line
            self.findings.add(
                "link_repaired", line, f"No link leads from the {entry.kind} to its {kind}; {how} was taken."
            )
        return chosen

    # ── usage points ─────────────────────────────────────────────────────────────────────────────────────────

    def _make_points(self) -> None:
        for entry in self.kinds["UsagePoint"]:
            name = entry.own or entry.title or "UsagePoint"
            point = self.points.setdefault(name, UsagePoint(name, entry))
            point.entry = entry
            point.service_kind = entry.whole("ServiceCategory/kind") if entry.node else None
            point.local_time = next(iter(self._linked(entry, "LocalTimeParameters")), None)
            if point.local_time is None and len(self.kinds["LocalTimeParameters"]) == 1:
                point.local_time = self.kinds["LocalTimeParameters"][0]
            if point.local_time is None:
                self.findings.add(
                    "local_time_missing", entry.line, "No LocalTimeParameters; times stay in UTC."
                )
        for summary in self.kinds[SUMMARIES[0]]:
            at = self.point_of(summary)
            if at is not None:
                at.summaries.append(summary)

    def point_of(self, entry: Entry) -> UsagePoint | None:
        """Usage point of a MeterReading, a summary or a block; made from the links where no entry tells."""
        found = self._linked(entry, "UsagePoint")
        if found:
            return self.points[found[-1].own or found[-1].title or "UsagePoint"]
        for link in (entry.own, entry.up, *entry.related):
            name = _cut(link, "UsagePoint")
            if name:
                if name not in self.points:
                    self.findings.add(
                        "usage_point_missing",
                        entry.line,
                        f"There is no UsagePoint entry for “{name}”; taken from the links.",
                    )
                return self.points.setdefault(name, UsagePoint(name, None))
        chosen = self._nearest(entry, "UsagePoint")
        return None if chosen is None else self.points[chosen.own or chosen.title or "UsagePoint"]

    # ── blocks ───────────────────────────────────────────────────────────────────────────────────────────────

    def _group(self, block: Entry) -> Group:
        line = block.line
        meter_reading = self.owner(block, "MeterReading") if self.kinds["MeterReading"] else None
        holder = meter_reading or block
        if meter_reading is None:
            name = _cut(block.own or block.up, "MeterReading") or "?"
            self.findings.add(
                "meter_reading_missing", line, f"There is no MeterReading entry “{name}” for these blocks."
            )
        point = self.point_of(holder)
        reading_type = self._type_of(holder)
        type_id = reading_type.own if reading_type else ""
        return Group(point, reading_type, type_id, line)

    def _type_of(self, holder: Entry) -> Entry | None:
        types = self.kinds["ReadingType"]
        found: list[Entry] = []
        for related in holder.related:
            for link in _spellings(related):
                found = found or self._by_link["ReadingType"].get(link, [])
        found = found or self._pointed["ReadingType"].get(holder.own, [])
        if len({_facts(one) for one in found}) > 1:
            before = [one for one in found if one.order <= holder.order]
            self.findings.add(
                "reading_type_ambiguous",
                holder.line,
                f"{len(found)} ReadingTypes have the link “{found[0].own}”.",
            )
            return (before or found)[-1]
        if found:
            return found[0]
        if len(types) == 1:
            self.findings.add(
                "link_repaired", types[0].line, "No link leads to the ReadingType; the only one was taken."
            )
            return types[0]
        return None

    def named_types(self) -> Iterable[tuple[UsagePoint, Entry]]:
        """Reading types that the MeterReadings of a point name, whether or not readings came."""
        for meter_reading in self.kinds["MeterReading"]:
            found = self._linked(meter_reading, "UsagePoint")
            if found:
                point = self.points[found[-1].own or found[-1].title or "UsagePoint"]
                for related in meter_reading.related:
                    for reading_type in self._by_link["ReadingType"].get(related, [])[:1]:
                        yield point, reading_type


_KINDS = {"UsagePoint", "MeterReading", "ReadingType", BLOCK, "LocalTimeParameters", *SUMMARIES}


def _cut(link: str, kind: str) -> str:
    """``…/UsagePoint/1`` of ``…/UsagePoint/1/MeterReading/2``; empty where the path has no such part."""
    parts = link.split("/")
    for place in range(len(parts) - 2, -1, -1):
        if parts[place] == kind and parts[place + 1]:
            return "/".join(parts[: place + 2])
    return ""


def _spellings(link: str) -> tuple[str, ...]:
    """A link, and the same without base64 padding: files mix both."""
    if not link:
        return ()
    bare = link.rstrip("=")
    return (link,) if bare == link else (link, bare)


def _facts(entry: Entry) -> tuple[tuple[str, str], ...]:
    return tuple(sorted((child.name, child.text) for child in entry.node.children)) if entry.node else ()
