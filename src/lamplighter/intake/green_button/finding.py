"""Findings: each way in which a file departs from the standard, typed, counted and placed.

A reader that repairs in silence teaches nobody; one that stops at the first fault reads no real file.
"""

from collections import Counter
from dataclasses import dataclass
from typing import Literal

Severity = Literal["info", "warning", "error"]

CODES: dict[str, tuple[Severity, str]] = {
    # the document
    "not_well_formed": ("error", "the XML is broken here; what stood before was read"),
    "truncated": ("error", "the file ends in the middle; what stood before was read"),
    "unsafe_xml": ("error", "a document type or entity is declared; such files are not read on"),
    "over_limit": ("error", "nested too deep, too large or too many parts; what stood before was read"),
    "not_green_button": ("error", "the document holds no Green Button data"),
    "namespace_unknown": ("warning", "a known element in a namespace that is not ESPI's; read by its name"),
    "resource_not_used": ("info", "a valid resource that has no place here yet"),
    "notification": ("info", "a BatchList tells where data can be fetched; it holds none"),
    # the graph
    "usage_point_missing": ("warning", "no UsagePoint entry; its number is taken from the links"),
    "usage_point_unknown": ("error", "neither an entry nor a link says where this was measured"),
    "meter_reading_missing": ("warning", "IntervalBlocks without the MeterReading entry they belong to"),
    "link_repaired": ("warning", "a link is absent or leads nowhere; the only or the nearest entry was taken"),
    "self_link_repeated": ("info", "several entries carry one self link"),
    "content_mismatch": ("error", "an entry's link names one kind of resource, its content is another"),
    "content_missing": ("warning", "an entry without a resource"),
    "old_summary_name": ("info", "ElectricPowerUsageSummary, the name before ESPI 3"),
    "local_time_missing": ("info", "a UsagePoint without LocalTimeParameters"),
    # reading types
    "reading_type_missing": ("error", "no ReadingType says what these readings measure"),
    "reading_type_assumed": ("warning", "no ReadingType; electricity is taken as Wh, as the standard has it"),
    "reading_type_ambiguous": ("warning", "several ReadingTypes fit; the nearest before was taken"),
    "unit_unknown": ("error", "a unit of measure that is not in the code list"),
    "multiplier_unusual": ("warning", "powerOfTenMultiplier outside -12 … 12"),
    "flow_assumed": ("info", "no flowDirection; taken as delivered to the customer"),
    "flow_unusual": ("warning", "a flowDirection other than delivered, received, net or total"),
    "register_values": ("error", "register states, not quantities of an interval"),
    # readings
    "reading_incomplete": ("error", "an IntervalReading without start, duration or value"),
    "reading_unreadable": ("error", "a start, duration or value that is not a number"),
    "time_out_of_range": ("error", "a start outside the years 1970 to 2200"),
    "duration_invalid": ("error", "a duration of zero or less, or of more than ten years"),
    "value_out_of_range": ("error", "a value too large to be real"),
    "cost_unreadable": ("warning", "a cost that is not a number; the reading is kept without it"),
    "time_in_milliseconds": ("warning", "milliseconds where the standard has seconds; divided by 1000"),
    "interval_differs": ("info", "durations other than the declared intervalLength"),
    "block_start_differs": ("info", "a block's start is not that of its first reading"),
    "quality_unknown": ("warning", "a quality code that is not in the list"),
    "duplicate_reading": ("info", "the same reading again; counted once"),
    "conflicting_reading": ("warning", "two values for one span; the later published one counts"),
    "value_rounded": ("info", "more than six decimals; rounded half to even"),
    # bills and customers: reasons of rows set aside at landing
    "bill_without_account": ("warning", "a usage feed names no account; load the customer feed beside it"),
    "agreement_without_point": ("warning", "no usage point, or several, for one agreement"),
    "parent_missing": ("warning", "an account, agreement or place whose owner is not in the feed"),
    # utility exports
    "timezone_assumed": ("warning", "local times without a zone; the utility's own was taken"),
    "unit_assumed": ("warning", "no unit in the file; the utility's usual one was taken"),
    "row_unreadable": ("error", "a row that is not as its header says"),
}  # fmt: skip

KEPT_PER_CODE = 20


@dataclass(frozen=True)
class Finding:
    """One departure from the standard; ``line`` is 1-based, 0 where it concerns the whole document."""

    code: str
    severity: Severity
    line: int
    message: str

    def as_dict(self) -> dict[str, object]:
        """The shape of ``greenbutton inspect --json``."""
        return {"code": self.code, "severity": self.severity, "line": self.line, "message": self.message}


class Findings:
    """Collects findings: the first twenty of a code are kept in full, the others only counted."""

    def __init__(self) -> None:
        self.counts: Counter[str] = Counter()
        self._kept: list[Finding] = []

    def add(self, code: str, line: int, message: str, times: int = 1) -> None:
        """``message`` is a sentence that says what was done about it."""
        before = self.counts[code]
        self.counts[code] += times
        if before < KEPT_PER_CODE:
            self._kept.append(Finding(code, CODES[code][0], line, message))

    def listed(self) -> list[Finding]:
        """In the order of the file; a last line per code says how many more there are."""
        kept = sorted(self._kept, key=lambda finding: finding.line)
        shown = Counter(finding.code for finding in kept)
        rest = [
            Finding(code, CODES[code][0], 0, f"… and {count - KEPT_PER_CODE} more of this kind.")
            for code, count in self.counts.items()
            if shown[code] >= KEPT_PER_CODE and count > KEPT_PER_CODE
        ]
        return kept + rest
