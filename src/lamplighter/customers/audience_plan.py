"""An audience's tree as one Ibis expression over the declared tables.

Each table a condition asks is read once: its rows are counted per person (or place), all conditions on it in
one aggregation. What holds for persons is lifted to places and households by one current occupant or member,
what holds for places to persons by one place occupied now; then the tree is one boolean expression.
"""

from collections import defaultdict
from collections.abc import Iterator
from datetime import datetime
from functools import reduce
from operator import and_, or_
from typing import Any

import ibis
import ibis.expr.types as ir

from lamplighter.customers.attach import attach
from lamplighter.customers.audience_condition import AllOf, AnyOf, Leaf, Node, Not, Test
from lamplighter.customers.audience_tree import EVENT_TABLES, FIELDS
from lamplighter.customers.occupancy import holdings
from lamplighter.warehouse.expressions import current
from lamplighter.warehouse.tables import table

UNITS = {
    "profile": ["profile_id"], "business": ["profile_id"], "household": ["household_id"],
    "service_location": ["source", "service_location_id"],
}  # fmt: skip
"""Columns of the expression's rows, by what the audience is of."""
_PERSON, _PLACE = UNITS["profile"], UNITS["service_location"]
_OF_PLACE = ("place", "service")


def plan(of: str, tree: Node, now: datetime) -> ibis.Table:
    """One row per member, in the columns of ``UNITS[of]``."""
    leaves = list(dict.fromkeys(_leaves(tree)))
    names = {leaf: f"c{number}" for number, leaf in enumerate(leaves)}
    persons = {leaf: name for leaf, name in names.items() if leaf.kind not in _OF_PLACE}
    places = {leaf: name for leaf, name in names.items() if leaf.kind in _OF_PLACE}
    keys = UNITS[of]
    if of in ("profile", "business"):
        everyone = current(table("profile"))
        base = everyone.filter(everyone.kind == "business") if of == "business" else everyone
        rows = _judge_persons(base.select("profile_id"), persons, now)
        rows = _lift(rows, _judge_places(places, now), _living(now), _PLACE, keys, list(places.values()))
    elif of == "service_location":
        rows = _judge_places(places, now)
        judged = _judge_persons(current(table("profile")).select("profile_id"), persons, now)
        rows = _lift(rows, judged, _living(now), _PERSON, keys, list(persons.values()))
    else:
        members = _current(current(table("household")), now)
        rows = members.select("household_id").distinct()
        judged = _judge_persons(current(table("profile")).select("profile_id"), persons, now)
        rows = _lift(rows, judged, members, _PERSON, keys, list(persons.values()))
        rows = _lift(rows, _judge_places(places, now), members, _PLACE, keys, list(places.values()))
    return rows.filter(_holds(tree, rows, names)).select(*keys)


def _leaves(node: Node) -> Iterator[Leaf]:
    if isinstance(node, Leaf):
        yield node
    elif isinstance(node, Not):
        yield from _leaves(node.part)
    else:
        for part in node.parts:
            yield from _leaves(part)


def _holds(node: Node, rows: ibis.Table, names: dict[Leaf, str]) -> ir.BooleanValue:
    if isinstance(node, Leaf):
        return rows[names[node]]
    if isinstance(node, Not):
        return ~_holds(node.part, rows, names)
    parts = [_holds(part, rows, names) for part in node.parts]
    if isinstance(node, AllOf):
        return reduce(and_, parts, ibis.literal(True))
    assert isinstance(node, AnyOf)
    return reduce(or_, parts, ibis.literal(False))


def _lift(
    rows: ibis.Table,
    judged: ibis.Table,
    between: ibis.Table,
    on: list[str],
    keys: list[str],
    flags: list[str],
) -> ibis.Table:
    """Add the flags of the other side: true where one of those joined by ``between`` has it."""
    if not flags:
        return rows
    pairs = between.filter(reduce(and_, [between[name].notnull() for name in on]))
    pairs = pairs.select(*dict.fromkeys([*on, *keys])).distinct()
    joined = pairs.join(judged, on)
    found = joined.group_by(keys).agg(**{name: joined[name].any() for name in flags})
    return _filled(attach(rows, found, keys), flags)


def _judge_persons(rows: ibis.Table, leaves: dict[Leaf, str], now: datetime) -> ibis.Table:
    """``rows`` with one boolean per condition on persons."""
    families: dict[str, dict[Leaf, str]] = defaultdict(dict)
    for leaf, name in leaves.items():
        families[_family(leaf)][leaf] = name
    for family, of_family in families.items():
        facts = _facts(family)
        counted = facts.group_by("profile_id").agg(
            **{name: _matches(leaf, facts, now).sum() for leaf, name in of_family.items()}
        )
        rows = attach(rows, counted, _PERSON)
        rows = rows.mutate(
            **{name: _enough(leaf, ibis.coalesce(rows[name], 0)) for leaf, name in of_family.items()}
        )
    return rows


def _judge_places(leaves: dict[Leaf, str], now: datetime) -> ibis.Table:
    """Every service location with one boolean per condition on places."""
    place, point = current(table("service_location")), current(table("usage_point"))
    own = {
        name: ibis.coalesce(_compare(place[leaf.name], leaf.test), False)
        for leaf, name in leaves.items()
        if leaf.kind == "place"
    }
    rows = place.select(*_PLACE, **own)
    services = {leaf: name for leaf, name in leaves.items() if leaf.kind == "service"}
    if not services:
        return rows
    taken = _living(now).select("source", "usage_point_id", taken=ibis.literal(True)).distinct()
    points = _filled(
        attach(point.filter(point.service_location_id.notnull()), taken, ["source", "usage_point_id"]),
        ["taken"],
    )
    of_state = {"active": points.taken, "inactive": ~points.taken, "any": ibis.literal(True)}
    found = points.group_by(_PLACE).agg(
        **{
            name: ((points.commodity == leaf.name) & of_state[leaf.test.value]).any()
            for leaf, name in services.items()
        }
    )
    return _filled(attach(rows, found, _PLACE), list(services.values()))


def _family(leaf: Leaf) -> str:
    """The table whose rows a condition counts."""
    if leaf.kind == "event":
        return EVENT_TABLES.get(leaf.name, ("event", ""))[0]
    return FIELDS.get(leaf.kind, leaf.kind)


def _facts(family: str) -> ibis.Table:
    """Rows of a table with the profile they are about."""
    declared = table(family)
    rows = current(declared)
    if "profile_id" in declared:
        return rows.filter(rows.profile_id.notnull())
    if family == "bill":
        newer = rows.view()
        newer = newer.filter(newer.replaces_bill_id.notnull())
        newer = newer.select("source", bill_id=newer.replaces_bill_id, replaced=ibis.literal(True)).distinct()
        rows = attach(rows, newer, ["source", "bill_id"])
        rows = rows.filter(rows.replaced.isnull() & ibis.coalesce(rows.status != "cancelled", True))
    if "customer_id" in declared:
        return rows.join(current(table("profile_link")), ["source", "customer_id"])
    held = holdings().select(
        "profile_id",
        "source",
        "account_id",
        from_=ibis._.opened_at,
        to_=ibis._.closed_at,
        reused=ibis._.is_reused,
    )
    facts = rows.join(held, ["source", "account_id"])
    dated = next(
        (name for name in ("period_start", "paid_on", "happened_on", "started_at") if name in declared), None
    )
    if dated is None:
        return facts.filter(~facts.reused)
    at = facts[dated]
    return facts.filter(
        ~facts.reused | (ibis.coalesce(at >= facts.from_, True) & ibis.coalesce(at < facts.to_, True))
    )


def _matches(leaf: Leaf, facts: ibis.Table, now: datetime) -> ir.IntegerValue:
    """1 for each row that the condition is about, else 0."""
    moment = ibis.literal(now, "timestamp('UTC', 6)")
    found: Any
    if leaf.kind == "situation":
        found = (facts.kind == leaf.name) & ibis.coalesce(facts.until > moment, True)
        found &= ibis.coalesce(facts.since <= moment, True)
    elif leaf.kind == "consent":
        lapsed = ibis.coalesce(facts.valid_until <= moment, False) & (facts.decision == "given")
        decision = ibis.ifelse(lapsed, "expired", facts.decision)
        found = (facts.purpose == leaf.name) & (decision == leaf.test.value)
    elif leaf.kind in ("trait", "score"):
        value = facts.number if leaf.kind == "score" else _value_of(leaf.test, facts)
        found = (facts.name == leaf.name) & _compare(value, leaf.test)
    elif leaf.kind == "event":
        found = _event(leaf, facts)
    else:
        found = _compare(facts[leaf.name], leaf.test) & _since(leaf, facts, "issued_on")
    return ibis.coalesce(found, False).cast("int64")


def _event(leaf: Leaf, facts: ibis.Table) -> ir.BooleanValue:
    if leaf.name not in EVENT_TABLES:
        return (facts.name == leaf.name) & _since(leaf, facts, "happened_at")
    inside = _since(leaf, facts, EVENT_TABLES[leaf.name][1])
    if leaf.name.startswith("payment."):
        returned = ibis.coalesce(facts.returned, False)
        return inside & (returned if leaf.name == "payment.failed" else ~returned)
    if leaf.name == "disconnect_notice.issued":
        return inside & (facts.kind == "disconnect_notice")
    return inside


def _since(leaf: Leaf, facts: ibis.Table, column: str) -> ir.BooleanValue:
    if leaf.since is None:
        return facts.profile_id.notnull()
    if facts[column].type().is_date():
        return facts[column] >= ibis.literal(leaf.since.date())
    return facts[column] >= ibis.literal(leaf.since, "timestamp('UTC', 6)")


def _enough(leaf: Leaf, count: ir.IntegerValue) -> ir.BooleanValue:
    """Whether so many rows make the condition hold."""
    return _compare(count, leaf.test) if leaf.kind == "event" else count > 0


def _value_of(test: Test, facts: ibis.Table) -> ir.Value:
    """A trait is compared as number or word, by what it is compared with."""
    example = test.value[0] if isinstance(test.value, tuple) else test.value
    if test.operator == "known":
        return ibis.coalesce(facts.word, facts.number.cast("string"))
    return facts.word if isinstance(example, str) else facts.number


def _compare(column: Any, test: Test) -> ir.BooleanValue:
    operator, value = test.operator, test.value
    if operator == "known":
        return column.notnull() if value else column.isnull()
    if operator == "between":
        return column.between(*value)
    if operator in ("in", "not_in"):
        return column.isin(value) if operator == "in" else column.notin(value)
    if operator == "contains":
        return column.cast("string").lower().contains(str(value).lower())
    compare = {
        "is": column.__eq__, "is_not": column.__ne__, ">": column.__gt__, ">=": column.__ge__,
        "<": column.__lt__, "<=": column.__le__,
    }  # fmt: skip
    return compare[operator](value)


def _living(now: datetime) -> ibis.Table:
    return _current(current(table("occupancy")), now)


def _current(rows: ibis.Table, now: datetime) -> ibis.Table:
    today = ibis.literal(now.date())
    return rows.filter(
        ibis.coalesce(rows.started_at <= today, True) & ibis.coalesce(rows.ended_at > today, True)
    )


def _filled(rows: ibis.Table, flags: list[str]) -> ibis.Table:
    return rows.mutate(**{name: ibis.coalesce(rows[name], False) for name in flags})
