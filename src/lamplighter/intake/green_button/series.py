"""A series: all readings of one usage point that measure the same thing, whichever blocks brought them."""

from dataclasses import dataclass, field

from lamplighter.intake.green_button import codes
from lamplighter.intake.green_button.codes import Unit
from lamplighter.intake.green_button.finding import Findings
from lamplighter.intake.green_button.graph import Graph, Group, UsagePoint

MONTHLY = 20 * 86_400


@dataclass(frozen=True)
class Facts:
    """What a ReadingType says, as far as it tells one series from another."""

    unit: Unit | None
    uom: int | None
    flow: str
    commodity: int | None
    kind: int | None
    accumulation: int | None
    qualifier: int | None
    phase: int | None
    tou: int | None
    tier: int | None
    currency: int | None
    default_quality: int | None
    interval: int | None


@dataclass
class Series:
    """``channel`` is empty for the main series of a point and flow, else a short name for what differs."""

    index: int
    point: UsagePoint
    facts: Facts
    type_id: str
    line: int
    channel: str = ""
    refusal: tuple[str, str] | None = None
    seconds: int = 0
    multipliers: set[int] = field(default_factory=set)

    @property
    def commodity(self) -> str | None:
        """From the reading type, else from the point's service kind."""
        named = codes.COMMODITIES.get(self.facts.commodity or 0)
        kind = self.point.service_kind
        return named or codes.SERVICE_COMMODITIES.get(-1 if kind is None else kind)


@dataclass
class Plan:
    """Of each group of blocks: its series (-1: cannot be placed) and its multiplier."""

    series: list[Series]
    series_of_group: list[int]
    multiplier_of_group: list[int]
    unplaced: dict[int, tuple[str, str]]


def plan(graph: Graph, findings: Findings) -> Plan:
    """Puts groups of blocks together into series; reading types without readings become empty series."""
    made: dict[tuple[str, Facts], Series] = {}
    result = Plan([], [], [], {})
    for number, group in enumerate(graph.groups):
        if group.point is None:
            sentence = "Neither an entry nor a link says where these readings were measured."
            findings.add("usage_point_unknown", group.line, sentence)
            result.unplaced[number] = ("usage_point_unknown", sentence)
            result.series_of_group.append(-1)
            result.multiplier_of_group.append(0)
            continue
        multiplier, facts, refusal = _read(group, findings)
        series = _series(made, result, group.point, facts, group.type_id, group.line)
        series.refusal = series.refusal or refusal
        series.multipliers.add(multiplier)
        result.series_of_group.append(series.index)
        result.multiplier_of_group.append(multiplier)
    for point, entry in graph.named_types():
        _, facts, refusal = _read(Group(point, entry, entry.own, entry.line), findings=None)
        series = _series(made, result, point, facts, entry.own, entry.line)
        series.refusal = series.refusal or refusal
    return result


def _series(
    made: dict[tuple[str, Facts], Series],
    result: Plan,
    point: UsagePoint,
    facts: Facts,
    type_id: str,
    line: int,
) -> Series:
    key = (point.id, facts)
    if key not in made:
        made[key] = Series(len(result.series), point, facts, type_id, line, seconds=facts.interval or 0)
        result.series.append(made[key])
    return made[key]


def _read(group: Group, findings: Findings | None) -> tuple[int, Facts, tuple[str, str] | None]:
    """Multiplier, facts and, where the readings cannot be used, the reason."""
    notes = findings or Findings()
    entry = group.reading_type
    line = entry.line if entry else group.line
    refusal: tuple[str, str] | None = None

    def number(name: str) -> int | None:
        return entry.whole(name) if entry else None

    uom, multiplier = number("uom"), number("powerOfTenMultiplier") or 0
    unit = codes.UNITS.get(-1 if uom is None else uom)
    if uom is None and group.point is not None and group.point.service_kind == 0:
        unit = codes.UNITS[72]
        notes.add(
            "reading_type_assumed",
            line,
            "Nothing says the unit; electricity was taken as Wh. Check the totals.",
        )
    elif uom is None:
        refusal = (
            "reading_type_missing",
            "No ReadingType says in which unit these readings are; they cannot be used.",
        )
        notes.add("reading_type_missing", line, f"{refusal[1]} Ask the utility for the complete file.")
    elif unit is None:
        refusal = (
            "unit_unknown",
            f"The unit of measure {uom} is not in the code list; the readings cannot be used.",
        )
        notes.add("unit_unknown", line, refusal[1])
    if not -12 <= multiplier <= 12:
        notes.add(
            "multiplier_unusual",
            line,
            f"The multiplier 10^{multiplier} is outside the standard; it was applied.",
        )
    if not -18 <= multiplier <= 18:
        refusal = ("value_out_of_range", f"The multiplier 10^{multiplier} makes no real quantity.")
    accumulation = number("accumulationBehaviour")
    if accumulation in codes.REGISTER_ACCUMULATIONS:
        refusal = ("register_values", "These are states of a register, not quantities of an interval.")
        notes.add("register_values", line, f"{refusal[1]} They are not landed as interval readings.")
    facts = Facts(
        unit, uom, _flow(number("flowDirection"), line, notes), number("commodity"), number("kind"), accumulation,
        number("dataQualifier"), number("phase") or None, number("tou"), number("consumptionTier"),
        number("currency"), number("defaultQuality"), number("intervalLength"),
    )  # fmt: skip
    return multiplier, facts, refusal


def _flow(code: int | None, line: int, findings: Findings) -> str:
    if code in (None, 0):
        findings.add(
            "flow_assumed", line, "No direction of flow is given; taken as delivered to the customer."
        )
        return codes.DELIVERED
    if code not in codes.FLOWS:
        findings.add(
            "flow_unusual",
            line,
            f"Direction {code} is neither delivered, received, net nor total; kept apart.",
        )
        return f"flow{code}"
    return codes.FLOWS[code]


def name_channels(series: list[Series]) -> None:
    """The shortest intervals of a point's energy or volume are its main series; all others get a name."""
    taken: set[tuple[str, str, str]] = set()
    main: dict[tuple[str, str], Series] = {}
    for one in sorted(series, key=lambda one: (_span(one), one.index)):
        if one.refusal is None and _can_be_main(one.facts):
            main.setdefault((one.point.id, stored_flow(one)), one)
    for one in series:
        first = main.get((one.point.id, stored_flow(one)))
        parts = [] if one is first else _differences(one, first)
        name = "/".join(parts)
        number = 2
        while (one.point.id, stored_flow(one), name) in taken:
            name = "/".join([*parts, str(number)])
            number += 1
        one.channel = name
        taken.add((one.point.id, stored_flow(one), name))


def stored_flow(series: Series) -> str:
    """The warehouse knows delivered, received and net; any other direction is a channel of its own."""
    flow = series.facts.flow
    return flow if flow in (codes.DELIVERED, codes.RECEIVED, codes.NET) else codes.DELIVERED


def _span(series: Series) -> int:
    return series.seconds or MONTHLY


def _can_be_main(facts: Facts) -> bool:
    plain = facts.accumulation in (None, 0, 4) and facts.qualifier not in codes.QUALIFIERS
    known = facts.flow in (codes.DELIVERED, codes.RECEIVED, codes.NET)
    return bool(facts.unit and facts.unit.consumed and plain and known)


def _differences(one: Series, first: Series | None) -> list[str]:
    facts, other = one.facts, first.facts if first else None
    parts = []
    if other is None or other.unit != facts.unit:
        parts.append(facts.unit.stored if facts.unit else "unknown")
    if first is not None and _span(first) != _span(one):
        parts.append("monthly" if _span(one) >= MONTHLY else f"{_span(one)}s")
    if facts.qualifier in codes.QUALIFIERS:
        parts.append(codes.QUALIFIERS[facts.qualifier])
    if facts.flow not in (codes.DELIVERED, codes.RECEIVED, codes.NET):
        parts.append(facts.flow)
    for word, mine, theirs in (
        ("tou", facts.tou, other and other.tou),
        ("tier", facts.tier, other and other.tier),
        ("phase", facts.phase, other and other.phase),
        ("accumulation", facts.accumulation if facts.accumulation not in (0, 4) else None, None),
    ):
        if mine is not None and mine != theirs:
            parts.append(f"{word}{mine}")
    return parts
