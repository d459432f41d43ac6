"""Audiences: a named set of profiles, households, service locations or businesses, from a JSON tree.

``compile`` answers one Ibis expression that any engine runs; ``size``, ``members`` and ``sql`` are views of it.
An audience is a convenience: who may really be written to is asked of the consent ledger at each exit.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import ibis
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql
from sqlalchemy.orm import Session

from lamplighter.context import Context, system_clock
from lamplighter.customers import purposes
from lamplighter.customers.audience_plan import UNITS, plan
from lamplighter.customers.audience_tree import Saved, parse
from lamplighter.errors import InvalidAudience, NotFound
from lamplighter.model.declaration import Retention
from lamplighter.store.schema import moment, tenant_table

AUDIENCE = tenant_table(
    "audience",
    sa.Column(
        "name", sa.Text, nullable=False, comment="by which it is named in journeys and other audiences"
    ),
    sa.Column("definition", postgresql.JSONB, nullable=False, comment="the whole definition"),
    sa.Column("purpose", sa.Text, nullable=False, comment="what it is for"),
    moment("changed_at", "last changed"),
    sa.Column("changed_by", sa.Text, nullable=False, comment="by whom"),
    sa.PrimaryKeyConstraint("organization_id", "name"),
    meaning="a saved audience definition",
    subject=None,
    retention=Retention(None, "configuration"),
)


def compile(  # the contract's name
    definition: Mapping[str, Any],
    *,
    now: datetime | None = None,
    saved: Saved = lambda name: None,
    known_purposes: Mapping[str, Any] | None = None,
) -> ibis.Table:
    """One row per member in the columns of ``UNITS``: ``profile_id``, ``household_id`` or ``source, service_location_id``.

    InvalidAudience names the place in the tree and the nearest name. ``saved`` finds audiences named in it.
    """
    at = now or system_clock()
    of, tree = parse(definition, now=at, saved=saved, purposes=tuple(known_purposes or purposes.shipped()))
    return plan(of, tree, at)


def of_context(context: Context, definition: Mapping[str, Any]) -> ibis.Table:
    """The same with an organization's own purposes and saved audiences, at its time."""
    with context.session() as session:
        return compile(
            definition,
            now=context.now,
            saved=lambda name: _definition(session, name),
            known_purposes=purposes.all_of(session),
        )


def size(context: Context, definition: Mapping[str, Any]) -> int:
    """How many members it has now."""
    rows = of_context(context, definition)
    counted = context.warehouse.read(rows.agg(size=rows.count()), context.organization_id)
    return int(counted["size"][0].as_py())


def members(
    context: Context, definition: Mapping[str, Any], *, limit: int | None = 100
) -> list[dict[str, str]]:
    """Members by their ids, in order: ``[{"id": "pr_…"}]``; of places also ``source`` and ``service_location_id``."""
    rows = of_context(context, definition)
    keys = UNITS[definition.get("of", "profile")]
    ordered = rows.order_by(keys)
    found = context.warehouse.read(
        ordered if limit is None else ordered.limit(limit), context.organization_id
    )
    return [{"id": "/".join(row.values()), **(row if len(keys) > 1 else {})} for row in found.to_pylist()]


def sql(context: Context, definition: Mapping[str, Any]) -> str:
    """The SQL it becomes on this organization's engine."""
    return context.warehouse.sql(of_context(context, definition))


def save(session: Session, definition: Mapping[str, Any], *, actor: str, now: datetime) -> None:
    """Keep an audience under its name, or change it. It must name a purpose, and compile."""
    name, purpose = definition.get("name"), definition.get("purpose")
    if not name or not purpose:
        raise InvalidAudience("To save an audience, give it a name and a purpose.")

    def others(wanted: str) -> Mapping[str, Any] | None:
        return definition if wanted == name else _definition(session, wanted)

    compile(definition, now=now, saved=others, known_purposes=purposes.all_of(session))
    values = {"definition": dict(definition), "purpose": purpose, "changed_at": now, "changed_by": actor}
    session.execute(
        postgresql.insert(AUDIENCE)
        .values(name=name, **values)
        .on_conflict_do_update(index_elements=["organization_id", "name"], set_=values)
    )


def saved(session: Session, name: str) -> dict[str, Any]:
    """A saved definition; NotFound where there is none of that name."""
    found = _definition(session, name)
    if found is None:
        raise NotFound(f"No audience is saved as “{name}”.")
    return dict(found)


def every(session: Session) -> list[dict[str, Any]]:
    """All saved audiences by name."""
    rows = session.execute(sa.select(AUDIENCE).order_by(AUDIENCE.c.name)).mappings()
    return [
        {"name": row["name"], "purpose": row["purpose"], "of": row["definition"].get("of", "profile"),
         "definition": row["definition"], "changed_at": row["changed_at"], "changed_by": row["changed_by"]}
        for row in rows
    ]  # fmt: skip


def remove(session: Session, name: str) -> None:
    """Forget a saved audience."""
    session.execute(sa.delete(AUDIENCE).where(AUDIENCE.c.name == name))


def _definition(session: Session, name: str) -> Mapping[str, Any] | None:
    return session.execute(sa.select(AUDIENCE.c.definition).where(AUDIENCE.c.name == name)).scalar()
