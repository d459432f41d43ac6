"""The parts of an audience's tree: conditions and what they compare with, as plain values."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from difflib import get_close_matches
from typing import Any

from lamplighter.errors import InvalidAudience
from lamplighter.warehouse.table import Table

OPERATORS = ("is", "is_not", "in", "not_in", ">", ">=", "<", "<=", "between", "contains", "known")


@dataclass(frozen=True)
class AllOf:
    """Every part holds."""

    parts: tuple["Node", ...]


@dataclass(frozen=True)
class AnyOf:
    """One part holds."""

    parts: tuple["Node", ...]


@dataclass(frozen=True)
class Not:
    """The part does not hold."""

    part: "Node"


@dataclass(frozen=True)
class Test:
    """A comparison: ``operator`` and its value, converted to the column's type."""

    operator: str
    value: Any


@dataclass(frozen=True)
class Leaf:
    """One condition. ``name`` is the field, kind, purpose, event or commodity it is about."""

    kind: str
    name: str
    test: Test
    since: datetime | None = None


Node = AllOf | AnyOf | Not | Leaf


def read_test(
    tree: Mapping[str, Any],
    kind: str,
    path: str,
    declared: Table | None,
    column: str,
    extra: tuple[str, ...] = (),
) -> Test:
    """The one comparison of a condition on a column, its value in the column's type."""
    only(tree, (kind, *OPERATORS, *extra), path)
    operators = [word for word in OPERATORS if word in tree]
    if len(operators) != 1:
        raise InvalidAudience(f"{path}: give one comparison: {', '.join(OPERATORS)}.", path=path)
    operator, value = operators[0], tree[operators[0]]
    where = f"{path}.{operator}"
    if operator == "known":
        if not isinstance(value, bool):
            raise InvalidAudience(f"{where}: write true or false.", path=where)
        return Test(operator, value)
    several = {"in": None, "not_in": None, "between": 2}
    if operator in several:
        if (
            not isinstance(value, list)
            or not value
            or (several[operator] and len(value) != several[operator])
        ):
            raise InvalidAudience(
                f"{where}: write a list{' of two values' if several[operator] else ''}.", path=where
            )
        return Test(operator, tuple(_value(each, declared, column, where) for each in value))
    return Test(operator, _value(value, declared, column, where))


def _value(value: Any, declared: Table | None, column: str, path: str) -> Any:
    """The value as the column's type."""
    if isinstance(value, list | Mapping) or value is None:
        raise InvalidAudience(f"{path}: {value!r} is not one value.", path=path)
    if declared is None:
        return _number_or_text(value)
    dtype = declared[column].dtype
    try:
        if dtype.is_decimal():
            return Decimal(str(value))
        if dtype.is_integer():
            return int(str(value))
        if dtype.is_floating():
            return float(value)
        if dtype.is_date():
            return date.fromisoformat(str(value))
        if dtype.is_timestamp():
            return datetime.fromisoformat(str(value))
        if dtype.is_boolean():
            return {"true": True, "false": False}[str(value).lower()]
    except (ValueError, InvalidOperation, KeyError):
        raise InvalidAudience(
            f"{path}: “{value}” does not fit {declared.name}.{column}, a {dtype}.", path=path
        ) from None
    values = declared[column].values
    if values and str(value) not in values:
        raise wrong(path, f"{declared.name}.{column} is never “{value}”", str(value), values)
    return str(value)


def _number_or_text(value: Any) -> Any:
    try:
        return float(value)
    except ValueError:
        return str(value)


def only(tree: Mapping[str, Any], allowed: Sequence[str], path: str) -> None:
    """Refuse words that do not belong to a condition."""
    for word in tree:
        if word not in allowed:
            raise wrong(path or "audience", f"“{word}” does not belong here", str(word), allowed)


def known(name: str, names: Sequence[str], path: str, sentence: str) -> None:
    """Refuse a name that is none of ``names``."""
    if name not in names:
        raise wrong(path, f"{sentence} “{name}”", str(name), names)


def wrong(path: str, sentence: str, name: str, names: Sequence[str]) -> InvalidAudience:
    """The error that names the place in the tree and the nearest name."""
    near = get_close_matches(name, [str(each) for each in names], 1)
    hint = f"Did you mean “{near[0]}”?" if near else f"There are: {', '.join(map(str, names))}."
    return InvalidAudience(f"{path}: {sentence}. {hint}", path=path, nearest=near[0] if near else None)
