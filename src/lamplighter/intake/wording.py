"""How intake words its sentences: the nearest name, and short lists."""

from collections.abc import Iterable
from difflib import get_close_matches


def nearest(name: str, known: Iterable[str]) -> str:
    """`` Did you mean “x”?`` where one of the known names is close, else an empty string."""
    by_fold = {candidate.casefold(): candidate for candidate in known}
    close = get_close_matches(name.strip().casefold(), by_fold, n=1, cutoff=0.6)
    return f" Did you mean “{by_fold[close[0]]}”?" if close else ""


def listed(names: Iterable[str], most: int = 12) -> str:
    """``a, b, c`` with an ellipsis where there are more."""
    all_names = list(names)
    return ", ".join(all_names[:most]) + (" …" if len(all_names) > most else "")
