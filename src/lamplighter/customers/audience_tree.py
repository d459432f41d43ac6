"""The conditions of an audience, read from JSON and checked; every error names its place in the tree.

    {"all": […]} {"any": […]} {"not": …}
    {"place": field, OP} {"service": commodity, "is": "active"|"inactive"|"any"}
    {"person": field, OP} {"account": field, OP} {"bill": field, OP, "within": …}
    {"situation": kind} {"consent": purpose, "is": "given"}
    {"event": name, "count": {">=": 2} | "never": true, "within": "30 days"}
    {"trait": name, OP} {"score": name, OP} {"audience": name}

OP is one of ``is, is_not, in, not_in, >, >=, <, <=, between, contains, known``.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from difflib import get_close_matches
from typing import Any

from lamplighter.customers import situation
from lamplighter.customers.audience_condition import (
    AllOf,
    AnyOf,
    Leaf,
    Node,
    Not,
    Test,
    known,
    only,
    read_test,
    wrong,
)
from lamplighter.errors import InvalidAudience
from lamplighter.model.commodity import COMMODITIES
from lamplighter.model.event import KEYS, key_of
from lamplighter.warehouse.tables import table

OF = ("profile", "household", "service_location", "business")
FIELDS = {"place": "service_location", "person": "customer", "account": "customer_account", "bill": "bill"}
"""Conditions on a column, and whose columns these are."""
EVENT_TABLES = {
    "payment.made": ("payment", "paid_on"),
    "payment.failed": ("payment", "paid_on"),
    "bill.issued": ("bill", "issued_on"),
    "case.opened": ("customer_case", "opened_at"),
    "survey.answered": ("survey", "answered_at"),
    "program.enrolled": ("enrolment", "started_at"),
    "disconnect_notice.issued": ("collection", "happened_on"),
}
"""Events that are rows of a table of their own, and its date; all others are rows of ``event``."""
LEAVES = (
    "place",
    "service",
    "person",
    "account",
    "bill",
    "situation",
    "consent",
    "event",
    "trait",
    "score",
    "audience",
)
_SPAN = re.compile(r"\s*(\d+)\s*(hour|day|week|month|year)s?\s*$")
Saved = Callable[[str], Mapping[str, Any] | None]
"""Finds a saved definition by name."""
_DAYS = {"hour": 1 / 24, "day": 1, "week": 7, "month": 30, "year": 365}


def parse(
    definition: Mapping[str, Any], *, now: datetime, saved: Saved, purposes: Sequence[str]
) -> tuple[str, Node]:
    """What the audience is of, and its tree. InvalidAudience names path, what is wrong and the nearest name."""
    if not isinstance(definition, Mapping):
        raise InvalidAudience('An audience is a JSON object: {"name", "of", "purpose", "where"}.')
    of = definition.get("of", "profile")
    if of not in OF:
        raise wrong("of", f"“{of}” is nothing an audience can be of", str(of), OF)
    purpose = definition.get("purpose")
    if purpose is not None and purpose not in purposes:
        raise wrong("purpose", f"there is no purpose “{purpose}”", str(purpose), purposes)
    only(definition, ("name", "of", "purpose", "where", "description"), "")
    return of, _Reader(of, now, saved, purposes).node(definition.get("where", {"all": []}), "where", ())


@dataclass(frozen=True)
class _Reader:
    of: str
    now: datetime
    saved: Saved
    purposes: Sequence[str]

    def node(self, tree: Any, path: str, within: tuple[str, ...]) -> Node:
        if not isinstance(tree, Mapping) or not tree:
            raise InvalidAudience(
                f'{path}: a condition is a JSON object such as {{"situation": "outage"}}.', path=path
            )
        for word, make in (("all", AllOf), ("any", AnyOf)):
            if word in tree:
                only(tree, (word,), path)
                parts = tree[word]
                if not isinstance(parts, list):
                    raise InvalidAudience(
                        f"{path}.{word}: write a list of conditions.", path=f"{path}.{word}"
                    )
                return make(
                    tuple(self.node(part, f"{path}.{word}[{i}]", within) for i, part in enumerate(parts))
                )
        if "not" in tree:
            only(tree, ("not",), path)
            return Not(self.node(tree["not"], f"{path}.not", within))
        kinds = [kind for kind in LEAVES if kind in tree]
        if len(kinds) != 1:
            word = next(iter(tree))
            raise wrong(path, f"“{word}” is no condition", str(word), (*LEAVES, "all", "any", "not"))
        kind, name = kinds[0], tree[kinds[0]]
        if not isinstance(name, str):
            raise InvalidAudience(f"{path}.{kind}: write a name, not {name!r}.", path=f"{path}.{kind}")
        return getattr(self, f"_{kind}")(tree, name, path, within)  # type: ignore[no-any-return]

    def _field(self, kind: str, tree: Mapping[str, Any], name: str, path: str) -> Leaf:
        declared = table(FIELDS[kind])
        names = [column.name for column in declared if column.name not in ("attributes",)]
        if name not in names:
            raise wrong(f"{path}.{kind}", f"{declared.name} has no column “{name}”", name, names)
        extra = ("within",) if kind == "bill" else ()
        return Leaf(kind, name, read_test(tree, kind, path, declared, name, extra), self._since(tree, path))

    def _place(self, tree: Mapping[str, Any], name: str, path: str, _: tuple[str, ...]) -> Leaf:
        return self._field("place", tree, name, path)

    def _person(self, tree: Mapping[str, Any], name: str, path: str, _: tuple[str, ...]) -> Leaf:
        return self._field("person", tree, name, path)

    def _account(self, tree: Mapping[str, Any], name: str, path: str, _: tuple[str, ...]) -> Leaf:
        return self._field("account", tree, name, path)

    def _bill(self, tree: Mapping[str, Any], name: str, path: str, _: tuple[str, ...]) -> Leaf:
        return self._field("bill", tree, name, path)

    def _service(self, tree: Mapping[str, Any], name: str, path: str, _: tuple[str, ...]) -> Leaf:
        only(tree, ("service", "is"), path)
        known(name, COMMODITIES, f"{path}.service", "no service is called")
        state = tree.get("is", "active")
        known(state, ("active", "inactive", "any"), f"{path}.is", "a service is not")
        return Leaf("service", name, Test("is", state))

    def _situation(self, tree: Mapping[str, Any], name: str, path: str, _: tuple[str, ...]) -> Leaf:
        only(tree, ("situation",), path)
        known(name, situation.KINDS, f"{path}.situation", "there is no situation")
        return Leaf("situation", name, Test("known", True))

    def _consent(self, tree: Mapping[str, Any], name: str, path: str, _: tuple[str, ...]) -> Leaf:
        only(tree, ("consent", "is"), path)
        known(name, self.purposes, f"{path}.consent", "there is no purpose")
        state = tree.get("is", "given")
        known(state, ("given", "denied", "withdrawn", "expired"), f"{path}.is", "a consent is not")
        return Leaf("consent", name, Test("is", state))

    def _trait(self, tree: Mapping[str, Any], name: str, path: str, _: tuple[str, ...]) -> Leaf:
        return Leaf("trait", name, read_test(tree, "trait", path, None, name))

    def _score(self, tree: Mapping[str, Any], name: str, path: str, _: tuple[str, ...]) -> Leaf:
        return Leaf("score", name, read_test(tree, "score", path, table("score"), "number"))

    def _event(self, tree: Mapping[str, Any], name: str, path: str, _: tuple[str, ...]) -> Node:
        only(tree, ("event", "count", "never", "within"), path)
        key, names = key_of(name), (*KEYS, *EVENT_TABLES)
        if key not in names and get_close_matches(key, names, 1, 0.85):
            raise wrong(f"{path}.event", f"no event is called “{name}”", key, names)
        since = self._since(tree, path)
        if tree.get("never") is True and "count" not in tree:
            return Not(Leaf("event", key, Test(">=", 1), since))
        count = tree.get("count", {">=": 1})
        if not isinstance(count, Mapping) or len(count) != 1 or "never" in tree:
            raise InvalidAudience(f'{path}: write "count": {{">=": 2}} or "never": true.', path=path)
        operator, wanted = next(iter(count.items()))
        known(operator, ("is", ">", ">=", "<", "<="), f"{path}.count", "a count is not compared by")
        if not isinstance(wanted, int) or isinstance(wanted, bool):
            raise InvalidAudience(f"{path}.count: {wanted!r} is not a whole number.", path=f"{path}.count")
        return Leaf("event", key, Test(operator, wanted), since)

    def _audience(self, tree: Mapping[str, Any], name: str, path: str, within: tuple[str, ...]) -> Node:
        only(tree, ("audience",), path)
        if name in within:
            raise InvalidAudience(f"{path}.audience: “{name}” contains itself.", path=path)
        definition = self.saved(name)
        if definition is None:
            raise InvalidAudience(f"{path}.audience: no audience is saved as “{name}”.", path=path)
        if definition.get("of", "profile") != self.of:
            raise InvalidAudience(
                f"{path}.audience: “{name}” is of {definition.get('of')}, this one of {self.of}.", path=path
            )
        return self.node(definition["where"], f"{path}.audience({name})", (*within, name))

    def _since(self, tree: Mapping[str, Any], path: str) -> datetime | None:
        text = tree.get("within")
        if text is None:
            return None
        found = _SPAN.match(str(text))
        if not found:
            raise InvalidAudience(
                f"{path}.within: “{text}” is no span. Write 30 days, 2 weeks or 12 hours.", path=path
            )
        return self.now - timedelta(days=int(found[1]) * _DAYS[found[2]])
