"""The one door in: files of a source become rows of declared tables, or are set aside with the reason.

Everything that enters comes through ``land.land``; ``withdraw`` takes a load back, ``replay`` tries again what was
set aside. Intake only lands and emits events: it never resolves who somebody is, and writes to nobody's state.
"""

MODULES = ("batch", "quarantine", "publish", "events")
"""Modules with store tables and jobs, imported at start."""

ON: dict[str, tuple[str, ...]] = {}
"""Events this room listens to → its jobs."""

SECTIONS: tuple[str, ...] = ()
"""Profile sections it writes."""

__all__ = ["MODULES", "ON", "SECTIONS"]
