"""An audience as lines of a form, and back: what a person fills in ↔ the JSON tree of the definition.

A line is one condition; lines hold together ("and"), or are taken away ("not"). Definitions with deeper trees
keep working everywhere, they are only not drawn as lines.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from dataclasses import field as made
from typing import Any

from lamplighter.customers import situation
from lamplighter.customers.audience_tree import EVENT_TABLES, FIELDS
from lamplighter.model.event import KEYS
from lamplighter.warehouse.tables import table
from lamplighter.web.pages import spoken

Json = dict[str, Any]
KINDS = (("profile", "person or business"), ("business", "business"), ("household", "household"),
         ("service_location", "home or place"))  # fmt: skip
UNITS = {"profile": ("customer", "customers"), "business": ("business", "businesses"),
         "household": ("household", "households"), "service_location": ("place", "places")}  # fmt: skip
GROUPS: tuple[tuple[str, tuple[tuple[str, str], ...]], ...] = (
    ("The home", (
        ("place.year_built", "year built"), ("place.city", "city"), ("place.zip", "ZIP code"), ("place.kind", "kind of building"),
        ("place.tenure", "owner or tenant"), ("place.heating_fuel", "heating"), ("place.floor_area_sqft", "floor area"),
        ("place.service_line_material", "water line"),
    )),
    ("The service", (("service", "service"),)),
    ("The account", (
        ("account.arrears", "overdue"), ("account.balance", "balance"), ("account.status", "account"),
        ("account.autopay", "autopay"), ("account.paperless", "paperless"), ("account.budget_billing", "budget billing"),
    )),
    ("The person", (
        ("person.language", "language"), ("person.kind", "kind of customer"), ("person.household_size", "people at home"),
        ("person.birth_year", "year of birth"),
    )),
    ("Now", (("situation", "situation"), ("consent", "consent"))),
    ("What happened", (("bill.amount", "one bill’s charges"), ("event", "event"))),
    ("Other audiences", (("audience", "audience"),)),
)  # fmt: skip
WORDS = {key: words for _, fields in GROUPS for key, words in fields}
NUMBERS = ((">", "is over"), (">=", "is at least"), ("<", "is under"), ("<=", "is at most"), ("is", "is"),
           ("between", "is between"))  # fmt: skip
TEXTS = (("is", "is"), ("is_not", "is not"), ("contains", "contains"), ("known", "is known"))
DECISIONS = (("given", "given"), ("denied", "denied"), ("withdrawn", "withdrawn"))
COUNTS = ((">=", "at least"), ("never", "never"))
EVENTS = tuple(dict.fromkeys((*EVENT_TABLES, *(key for key in KEYS if not key.endswith(".landed")))))
UNITS_OF = {
    "account.arrears": "$",
    "account.balance": "$",
    "bill.amount": "$",
    "place.floor_area_sqft": "sq ft",
}


@dataclass(frozen=True)
class Box:
    """One thing to fill in. ``join`` stands before it, ``unit`` after."""

    name: str
    label: str
    value: str
    type: str = "text"
    choices: tuple[tuple[str, str], ...] = ()
    join: str = ""
    unit: str = ""
    invalid: bool = False
    short: bool = False


@dataclass
class Line:
    """One condition as filled in; ``condition`` is None until it is complete."""

    number: int
    field: str = ""
    op: str = ""
    negated: bool = False
    values: tuple[str, str, str] = ("", "", "")
    operators: tuple[tuple[str, str], ...] = ()
    boxes: list[Box] = made(default_factory=list)
    condition: Json | None = None
    left: int | None = None
    problem: str = ""


def read(
    asked: Mapping[str, str], audiences: Sequence[str], purposes: Sequence[str], most: int = 30
) -> list[Line]:
    """The lines of an address, empty ones dropped, with one empty line at the end."""
    lines: list[Line] = []
    dropped = asked.get("drop")
    for n in range(most):
        name = asked.get(f"field_{n}", "")
        if not name or name not in WORDS or str(n) == dropped:
            continue
        values = (asked.get(f"a_{n}", ""), asked.get(f"b_{n}", ""), asked.get(f"c_{n}", ""))
        line = Line(len(lines) + 1, name, asked.get(f"op_{n}", ""), asked.get(f"join_{n}") == "not", values)
        lines.append(complete(line, audiences, purposes))
    return [*lines, Line(len(lines) + 1)]


def complete(line: Line, audiences: Sequence[str], purposes: Sequence[str]) -> Line:
    """Give a line its operators, boxes and, where it is filled in, its condition."""
    n, (a, b, c) = line.number - 1, line.values
    boxes: list[Box] = []

    def choose(
        label: str, options: Sequence[tuple[str, str]], value: str, name: str = "a", join: str = ""
    ) -> str:
        kept = value if value in dict(options) else (options[0][0] if options else "")
        boxes.append(Box(f"{name}_{n}", label, kept, choices=tuple(options), join=join))
        return kept

    if line.field == "service":
        state = line.op if line.op in ("active", "inactive", "any") else "active"
        line.operators, line.op = (
            (("active", "takes"), ("inactive", "took before"), ("any", "takes or took")),
            state,
        )
        found: Json | None = {
            "service": choose("service", [(k, spoken(k)) for k in SERVICES], a),
            "is": state,
        }
    elif line.field == "situation":
        found = {"situation": choose("situation", [(k, spoken(k)) for k in situation.KINDS], a)}
    elif line.field == "consent":
        purpose = choose("purpose", [(k, spoken(k)) for k in purposes], a)
        found = {"consent": purpose, "is": choose("decision", DECISIONS, b, "b", "is")}
    elif line.field == "audience":
        found = (
            {"audience": choose("audience", [(k, spoken(k)) for k in audiences], a)} if audiences else None
        )
        line.problem = "" if audiences else "none is saved yet"
    elif line.field == "event":
        line.operators, line.op = COUNTS, line.op if line.op in dict(COUNTS) else ">="
        found = _event(line, choose("event", [(k, spoken(k)) for k in EVENTS], a), b, c, boxes, n)
    else:
        found = _column(line, a, b, c, boxes, n)
    line.boxes = boxes
    line.condition = {"not": found} if found and line.negated else found
    return line


def _event(line: Line, key: str, times: str, days: str, boxes: list[Box], n: int) -> Json | None:
    span = days if days.isdigit() and int(days) else "90"
    found: Json = {"event": key, "within": f"{span} days"}
    if line.op == "never":
        found["never"] = True
    else:
        times = times if times.isdigit() and int(times) else "1"
        boxes.append(Box(f"b_{n}", "how often", times, "number", unit="times", short=True))
        found["count"] = {">=": int(times)}
    boxes.append(
        Box(f"c_{n}", "in how many days", span, "number", join="in the last", unit="days", short=True)
    )
    return found


def _column(line: Line, a: str, b: str, c: str, boxes: list[Box], n: int) -> Json | None:
    kind, _, name = line.field.partition(".")
    column = table(FIELDS[kind])[name]
    unit = UNITS_OF.get(line.field, "")
    found: Json = {kind: name}
    if column.dtype.is_boolean():
        kept = a if a in ("true", "false") else "true"
        boxes.append(Box(f"a_{n}", "yes or no", kept, choices=(("true", "is on"), ("false", "is off"))))
        return found | {"is": kept == "true"}
    if column.values:
        line.operators, line.op = TEXTS[:2], line.op if line.op in ("is", "is_not") else "is"
        kept = a if a in column.values else column.values[0]
        boxes.append(
            Box(f"a_{n}", "value", kept, choices=tuple((value, spoken(value)) for value in column.values))
        )
        return found | {line.op: kept}
    is_number = column.dtype.is_numeric()
    line.operators = NUMBERS if is_number else TEXTS
    line.op = line.op if line.op in dict(line.operators) else line.operators[0][0]
    if line.op == "known":
        return found | {"known": True}
    bad = bool(a) and is_number and not _is_number(a)
    boxes.append(
        Box(
            f"a_{n}",
            "value",
            a,
            "text",
            unit="" if line.op == "between" else unit,
            invalid=bad,
            short=is_number,
        )
    )
    values = [a.strip()]
    if line.op == "between":
        wrong = bool(b) and not _is_number(b)
        boxes.append(
            Box(f"b_{n}", "second value", b, "text", join="and", unit=unit, invalid=wrong, short=True)
        )
        values.append(b.strip())
        bad = bad or wrong
    if bad:
        line.problem = "not a number"
    if not all(values) or bad:
        return None
    found |= {line.op: values if line.op == "between" else values[0]}
    if kind == "bill":
        span = c if c.isdigit() and int(c) else "365"
        boxes.append(
            Box(f"c_{n}", "in how many days", span, "number", join="in the last", unit="days", short=True)
        )
        found["within"] = f"{span} days"
    return found


def definition(of: str, lines: Sequence[Line], name: str = "", purpose: str = "") -> Json:
    """The JSON tree of the complete lines."""
    made: Json = {"of": of, "where": {"all": [line.condition for line in lines if line.condition]}}
    if purpose:
        made = {"purpose": purpose} | made
    return {"name": name} | made if name else made


def address(found: Mapping[str, Any]) -> dict[str, str] | None:
    """A definition as the fields of an address; None where its tree is deeper than lines."""
    where = found.get("where", {"all": []})
    if set(where) != {"all"}:
        return None
    asked = {"of": str(found.get("of", "profile"))}
    for key in ("name", "purpose"):
        if found.get(key):
            asked[key] = str(found[key])
    for n, condition in enumerate(where["all"]):
        negated = set(condition) == {"not"}
        fields = _fields(condition["not"] if negated else condition, n)
        if fields is None:
            return None
        asked |= fields | ({f"join_{n}": "not"} if negated else {})
    return asked


def _fields(condition: Mapping[str, Any], n: int) -> dict[str, str] | None:
    span = str(condition.get("within", "365 days")).partition(" ")
    if "within" in condition and span[2] != "days":
        return None
    for kind in ("situation", "audience"):
        if kind in condition:
            return {f"field_{n}": kind, f"a_{n}": condition[kind]}
    if "service" in condition:
        return {
            f"field_{n}": "service",
            f"op_{n}": condition.get("is", "active"),
            f"a_{n}": condition["service"],
        }
    if "consent" in condition:
        return {
            f"field_{n}": "consent",
            f"a_{n}": condition["consent"],
            f"b_{n}": condition.get("is", "given"),
        }
    if "event" in condition:
        count = condition.get("count", {">=": 1})
        if not condition.get("never") and set(count) != {">="}:
            return None
        told = {f"field_{n}": "event", f"a_{n}": condition["event"], f"c_{n}": span[0]}
        return told | ({f"op_{n}": "never"} if condition.get("never") else {f"b_{n}": str(count[">="])})
    for kind in FIELDS:
        if kind in condition and f"{kind}.{condition[kind]}" in WORDS:
            op = next((key for key in condition if key not in (kind, "within")), "")
            value = condition.get(op)
            told = {f"field_{n}": f"{kind}.{condition[kind]}", f"op_{n}": op}
            if isinstance(value, list):
                return told | {f"a_{n}": str(value[0]), f"b_{n}": str(value[1])} if op == "between" else None
            return told | {
                f"a_{n}": str(value).lower() if isinstance(value, bool) else str(value),
                f"c_{n}": span[0],
            }
    return None


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


SERVICES = ("electricity", "gas", "water", "wastewater", "stormwater", "refuse", "recycling", "steam")
