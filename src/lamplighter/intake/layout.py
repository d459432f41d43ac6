"""``layout.yaml``: how interval reads stand in a file of the ``ami`` source.

    shape: long                     # long: one read a row · wide: one day a row, reads side by side
    meter: METER_NO                 # column; or {constant: NMI-12} where the file names no meter
    start: READ_TIME                # column: long the start of the interval, wide the day ('' = unnamed column)
    format: '%d/%m/%Y %H:%M:%S'     # default: ISO (RFC 3339 where no timezone is declared)
    timezone: America/Los_Angeles   # times are local; leave out where they carry an offset
    ambiguous: by_order             # first | second | by_order: the repeated hour of the autumn night
    seconds: 3600                   # length of an interval, or a column
    value: VALUE                    # column · {GC: delivered, GG: received}: a column a flow · wide: 'h{00..23}'
    unit: kWh                       # or {column: UOM, codes: {KWH: kWh}}
    flow: delivered                 # or {column: DIR, codes: {I: delivered, E: received}}
    quality: {A: valid}             # codes of the column “quality”; or {column: Q, codes: {A: valid}}; or valid
    channel: CH                     # optional column: a second series of one meter and flow
    cumulative: true                # the values are what stood on a register: differences are landed
    delimiter, encoding, decimal    # as in mapping.yaml

*ambiguous* in a wide layout: with ``first`` and ``second`` the columns are hours on the clock (a column that the
spring night skips must be empty); with ``by_order`` they are consecutive from midnight: on the spring day the
last ones stay empty, on the autumn day one column more (``h{00..24}``) holds the last.
"""

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, cast

from lamplighter.intake.declared_file import DeclaredFile, read_declared
from lamplighter.intake.mapping import check_encoding, check_format, check_timezone
from lamplighter.intake.units import remedy, unit_of
from lamplighter.intake.wording import listed, nearest
from lamplighter.warehouse.tables.usage import FLOWS, QUALITIES

KEYS = (
    "shape", "meter", "start", "format", "timezone", "ambiguous", "seconds", "value", "unit", "flow", "quality",
    "channel", "cumulative", "delimiter", "encoding", "decimal",
)  # fmt: skip
Ambiguous = Literal["first", "second", "by_order"]
_TEMPLATE = re.compile(r"^(?P<before>.*)\{(?P<first>\d+)\.\.(?P<last>\d+)\}(?P<after>.*)$")


@dataclass(frozen=True)
class Taken:
    """Where a field comes from: a column (with codes), or one constant for the whole file."""

    column: str | None = None
    constant: str | None = None
    codes: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Layout:
    """A checked layout. ``values`` are the columns of quantities, each with its flow (None: from ``flow``)."""

    shape: Literal["long", "wide"] = "long"
    meter: Taken = Taken("meter_id")
    start: str = "start"
    format: str | None = None
    timezone: str | None = None
    ambiguous: Ambiguous | None = None
    seconds: Taken = Taken("seconds")
    values: tuple[tuple[str, str | None], ...] = (("value", None),)
    unit: Taken = Taken("unit")
    flow: Taken = Taken("flow")
    quality: Taken = Taken("quality")
    channel: Taken = Taken("channel")
    cost: Taken = Taken("cost")
    cumulative: bool = False
    delimiter: str = ","
    encoding: str = "utf-8"
    decimal: str = "."
    declared: bool = False
    """False: the plain columns meter_id, start, seconds, value, unit, flow, quality."""

    @property
    def columns(self) -> tuple[str, ...]:
        """Columns that must be in the file."""
        taken = (self.meter, self.seconds, self.unit) if not self.cumulative else (self.meter, self.unit)
        own = [item.column for item in taken if item.column is not None]
        return (*own, self.start, *(column for column, _ in self.values))

    @property
    def named(self) -> frozenset[str | None]:
        """Columns that are read where the file has them."""
        taken = (self.meter, self.seconds, self.unit, self.flow, self.quality, self.channel, self.cost)
        return frozenset(
            (self.start, *(item.column for item in taken), *(column for column, _ in self.values))
        )


PLAIN_LAYOUT = Layout()


def read_layout(path: Path) -> Layout:
    """Read and check it; InvalidInput names line, field and the nearest known name."""
    declared = read_declared(path)
    given = declared.only((), declared.data, KEYS)
    shape = _one_of(declared, "shape", given.get("shape", "long"), ("long", "wide"))
    words: dict[str, Any] = {
        key: declared.text((key,), given[key])
        for key in ("start", "format", "timezone", "delimiter", "encoding", "decimal")
        if given.get(key) is not None
    }
    if "timezone" in words:
        check_timezone(declared, ("timezone",), words["timezone"])
    if "encoding" in words:
        check_encoding(declared, ("encoding",), words["encoding"])
    if "format" in words:
        check_format(declared, ("format",), words["format"])
    words["delimiter"] = words.get("delimiter", ",").replace("\\t", "\t")
    if len(words["delimiter"]) != 1:
        declared.fail(("delimiter",), "a delimiter is one character, such as ';' or '\\t'.")
    if words.get("decimal", ".") not in (".", ","):
        declared.fail(("decimal",), "the decimal sign is '.' or ','.")
    if shape == "wide" and "timezone" not in words:
        declared.fail(
            ("shape",),
            "a wide layout holds days, so it needs the time zone of those days. Add “timezone: America/Los_Angeles” or yours.",
        )
    if shape == "wide":
        words.setdefault("start", "date")
    cumulative = _flag(declared, given.get("cumulative", False))
    if cumulative and shape == "wide":
        declared.fail(("cumulative",), "register values side by side are not read. Use shape: long.")
    values = _values(declared, given.get("value"), cast(Literal["long", "wide"], shape))
    seconds = _seconds(declared, given.get("seconds"))
    if shape == "wide" and seconds.constant is None:
        declared.fail(
            ("seconds",), "a wide layout needs the length of its intervals, such as “seconds: 3600”."
        )
    if cumulative and "seconds" in given:
        declared.fail(
            ("seconds",), "with cumulative the length is the time between two reads. Leave seconds out."
        )
    if "unit" not in given:
        declared.fail(
            (),
            "the unit is never guessed. Add “unit: kWh”, or “unit: {column: UOM}” where a column holds it.",
        )
    ambiguous = given.get("ambiguous")
    return Layout(
        shape=cast(Literal["long", "wide"], shape),
        meter=_taken(declared, "meter", given.get("meter", "meter_id"), bare="column"),
        **words,
        ambiguous=None
        if ambiguous is None
        else cast(Ambiguous, _one_of(declared, "ambiguous", ambiguous, ("first", "second", "by_order"))),
        seconds=seconds,
        values=values,
        unit=_unit(declared, given["unit"]),
        flow=_words(declared, "flow", given.get("flow", {"column": "flow"}), FLOWS),
        quality=_words(declared, "quality", given.get("quality", {"column": "quality"}), QUALITIES),
        channel=_taken(declared, "channel", given.get("channel", "channel"), bare="column"),
        cumulative=cumulative,
        declared=True,
    )


def _values(
    declared: DeclaredFile, given: object, shape: Literal["long", "wide"]
) -> tuple[tuple[str, str | None], ...]:
    if given is None:
        return (("value", None),) if shape == "long" else tuple((f"h{n:02}", None) for n in range(24))
    if isinstance(given, dict):
        if shape == "wide":
            declared.fail(("value",), "a wide layout names its columns with a template, such as 'h{00..23}'.")
        pairs = declared.texts(("value",), given)
        for column, flow in pairs.items():
            if flow not in FLOWS:
                declared.fail(
                    ("value", column), f"“{flow}” is no flow.{nearest(flow, FLOWS)} Flows: {listed(FLOWS)}."
                )
        return tuple(pairs.items())
    text = declared.text(("value",), given)
    if shape == "long":
        return ((text, None),)
    found = _TEMPLATE.match(text)
    if found is None:
        declared.fail(
            ("value",),
            f"“{text}” is no template. It names first and last column, such as 'h{{00..23}}' or 'q{{00..95}}'.",
        )
    first, last = int(found["first"]), int(found["last"])
    if not first <= last < first + 2000:
        declared.fail(
            ("value",), f"the template runs from {first} to {last}; the first number must be the smaller."
        )
    width = len(found["first"])
    return tuple((f"{found['before']}{n:0{width}}{found['after']}", None) for n in range(first, last + 1))


def _seconds(declared: DeclaredFile, given: object) -> Taken:
    if given is None:
        return Taken("seconds")
    text = declared.text(("seconds",), given)
    if text.isdigit():
        if not 1 <= int(text) <= 366 * 86400:
            declared.fail(("seconds",), "an interval lasts from 1 second to a year.")
        return Taken(constant=text)
    return Taken(text)


def _unit(declared: DeclaredFile, given: object) -> Taken:
    taken = _taken(declared, "unit", given, bare="constant")
    for place, text in [
        *((("unit", "codes", code), unit) for code, unit in taken.codes.items()),
        (("unit",), taken.constant),
    ]:
        if text is not None and unit_of(text) is None:
            declared.fail(place, f"“{text}” is no unit known here. {remedy(text)}")
    return taken


def _words(declared: DeclaredFile, name: str, given: object, allowed: tuple[str, ...]) -> Taken:
    if isinstance(given, dict) and not {"column", "codes", "constant"} & given.keys():
        given = {"column": name, "codes": given}
    taken = _taken(declared, name, given, bare="constant")
    if taken.constant == "actual":
        return Taken(constant="valid")
    for place, text in [
        *(((name, "codes", code), word) for code, word in taken.codes.items()),
        ((name,), taken.constant),
    ]:
        if text is not None and text not in allowed and text != "actual":
            declared.fail(place, f"“{text}” is no {name}.{nearest(text, allowed)} Values: {listed(allowed)}.")
    return taken


def _taken(declared: DeclaredFile, name: str, given: object, bare: Literal["column", "constant"]) -> Taken:
    if isinstance(given, dict):
        parts = declared.only((name,), given, ("column", "constant", "codes"))
        if ("column" in parts) == ("constant" in parts):
            declared.fail((name,), "either a column or a constant is expected here.")
        codes = declared.texts((name, "codes"), parts.get("codes") or {})
        if "column" in parts:
            return Taken(column=declared.text((name, "column"), parts["column"]), codes=codes)
        return Taken(constant=declared.text((name, "constant"), parts["constant"]))
    text = declared.text((name,), given)
    return Taken(column=text) if bare == "column" else Taken(constant=text)


def _one_of(declared: DeclaredFile, name: str, given: object, allowed: tuple[str, ...]) -> str:
    text = declared.text((name,), given)
    if text not in allowed:
        declared.fail(
            (name,), f"“{text}” is not known here.{nearest(text, allowed)} Known: {listed(allowed)}."
        )
    return text


def _flag(declared: DeclaredFile, given: object) -> bool:
    if not isinstance(given, bool):
        declared.fail(("cumulative",), "write true or false.")
    return given
