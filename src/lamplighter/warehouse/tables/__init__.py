"""Every warehouse table, declared once, a file a domain. ``TABLES`` holds them all by name."""

from lamplighter.errors import NotFound
from lamplighter.warehouse.table import Table
from lamplighter.warehouse.tables import (
    accounts,
    behaviour,
    billing,
    care,
    knowledge,
    parties,
    people,
    places,
    usage,
)

TABLES: dict[str, Table] = {
    table.name: table
    for domain in (parties, accounts, places, billing, usage, care, people, knowledge, behaviour)
    for table in domain.TABLES
}


def table(name: str) -> Table:
    """The declaration of that name; NotFound names what exists."""
    try:
        return TABLES[name]
    except KeyError:
        raise NotFound(f"There is no table “{name}”. Tables: {', '.join(sorted(TABLES))}.") from None


__all__ = ["TABLES", "table"]
