"""Plug-ins are entry points. Built-ins register in pyproject.toml exactly like anyone's."""

from functools import cache
from importlib.metadata import EntryPoint, entry_points
from typing import Any

from lamplighter.errors import Misconfigured, NotFound


@cache
def _found(kind: str) -> dict[str, EntryPoint]:
    found: dict[str, EntryPoint] = {}
    for entry in entry_points(group=f"lamplighter.{kind}"):
        if entry.name in found and found[entry.name].value != entry.value:
            raise Misconfigured(
                f"Two packages offer the {kind} plug-in “{entry.name}”: {found[entry.name].value} and "
                f"{entry.value}. Remove one of them."
            )
        found[entry.name] = entry
    return found


def names(kind: str) -> list[str]:
    """Names of the installed plug-ins of a kind (``sources``, ``engines``, ``subjects`` …), sorted."""
    return sorted(_found(kind))


def load(kind: str, name: str) -> Any:
    """The object a plug-in registered; NotFound lists what is installed."""
    found = _found(kind)
    if name not in found:
        raise NotFound(
            f"There is no {kind} plug-in “{name}”. Installed: {', '.join(sorted(found)) or 'none'}."
        )
    try:
        return found[name].load()
    except ImportError as error:
        raise Misconfigured(
            f"The {kind} plug-in “{name}” needs a package that is not installed ({error.name}). "
            f'Install it with: pip install "lamplighter[{name}]"'
        ) from error
