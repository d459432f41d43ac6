"""Export and erasure of one person: a walk over every declaration, warehouse and store, so that none is forgotten.

Of a place only the person's own time is touched: the next tenant's rows stay, and so do the last one's. What a
law or another customer's right keeps is named in the answer with its reason. (Requests with deadlines, holds and
destinations are the privacy desk's.)
"""

from dataclasses import dataclass, field
from typing import Any

import pyarrow as pa
import sqlalchemy as sa
from sqlalchemy.orm import Session

from lamplighter.context import Context
from lamplighter.customers import belonging, identity, profile
from lamplighter.customers.belonging import DATED_BY, UNTIL, Belongings, midnight
from lamplighter.customers.release import release, release_rows
from lamplighter.model.declaration import Subject
from lamplighter.store import audit, events, jobs, schema
from lamplighter.warehouse.expressions import current
from lamplighter.warehouse.table import SubjectKind, Table
from lamplighter.warehouse.tables import TABLES

LAWFUL = (
    "billing and payment records",
    "program records",
    "reliability records",
    "lead and copper rule records",
)
"""Reasons of retention that outlast a wish to be erased: the rows stay, without a name beside them."""

REMAINS = "the place outlives its customers; nothing in it names one"


@dataclass
class Erasure:
    """What became of each table: rows ``deleted``, or why it is ``retained``."""

    profile_id: str
    deleted: dict[str, int] = field(default_factory=dict)
    retained: dict[str, str] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        """The receipt, as plain data."""
        return {"profile_id": self.profile_id, "deleted": self.deleted, "retained": self.retained}


def export(context: Context, profile_id: str, *, recipient: str | None = None) -> dict[str, Any]:
    """All that is held about a person: ``{"profile", "tables": {name: rows}, "store": {name: rows}}``.

    It is released to the person (``recipient`` defaults to ``customer:<profile id>``) for their own access.
    """
    with context.session() as session:
        present = identity.present(session, profile_id)
        body = profile.read(session, present, context.now)
        stored = {table.name: _rows(session, table, present) for table in _personal_tables()}
    to = recipient or f"customer:{present}"
    tables: dict[str, pa.Table] = {}
    for declared in TABLES.values():
        if declared.subject is not None:
            permitted = release(context, to, "own_access", current(declared), present, reason="export")
            rows = context.warehouse.read(permitted.expression, context.organization_id)
            if rows.num_rows:
                tables[declared.name] = rows
    released = release_rows(context, to, "own_access", body, present, contents=["export"], reason="export")
    return {
        "profile": released.rows,
        "tables": {name: rows.to_pylist() for name, rows in tables.items()},
        "store": {name: rows for name, rows in stored.items() if rows},
    }


def erase(context: Context, profile_id: str, *, reason: str = "the customer's request") -> Erasure:
    """Really delete a person: their own records and their time at places. What is kept says why.

    Needs the process that owns the warehouse. Doing it twice is doing it once: NotFound the second time.
    """
    with context.session() as session:
        mine = belonging.of(session, profile_id)
    done = Erasure(mine.profile_ids[0])
    for declared in TABLES.values():
        _erase_table(context, declared, mine, done)
    context.warehouse.compact(context.organization_id)
    with context.session() as session:
        for table in _personal_tables():
            _erase_rows(session, table, mine.profile_ids, done)
        done.retained["bill_view"] = "a copy of billing records, without a name"
        jobs.defer(session, "customers.refresh", unique="refresh")  # others' households showed the name
        audit.record(
            session, context.actor, "customer.erase", "profile", mine.profile_ids[0], reason,
            now=context.now, details=done.as_json(),
        )  # fmt: skip
        events.emit(session, "privacy_request.done", {"kind": "erase"}, now=context.now, subject="profile",
                    subject_id=mine.profile_ids[0])  # fmt: skip
    return done


def _erase_table(context: Context, declared: Table, mine: Belongings, done: Erasure) -> None:
    subject = declared.subject
    if subject is None:
        return
    if declared.retention.reason in LAWFUL:
        months = declared.retention.months
        done.retained[declared.name] = (
            f"{declared.retention.reason}, {months} months" if months else declared.retention.reason
        )
        return
    if declared.kind == "derived":
        empty = declared.arrow.empty_table()
        context.warehouse.replace_where(
            context.organization_id, declared, subject.column, mine.profile_ids, empty
        )
        return
    if subject.kind.is_place and subject.at is None:
        done.retained[declared.name] = REMAINS
        return
    subjects = _subjects(declared, subject, mine, done)
    if subjects is not None and subjects.num_rows:
        deleted = context.warehouse.erase(context.organization_id, declared, subjects)
        if deleted:
            done.deleted[declared.name] = deleted


def _subjects(declared: Table, subject: Subject, mine: Belongings, done: Erasure) -> pa.Table | None:
    """What the warehouse is told to erase from one table."""
    if subject.kind is SubjectKind.PROFILE:
        return pa.table({subject.column: pa.array(mine.profile_ids, pa.string())})
    if subject.kind is SubjectKind.CUSTOMER:
        return _pairs(subject.column, list(mine.customers))
    if subject.kind is SubjectKind.ACCOUNT:
        return _accounts(declared, subject, mine, done)
    if declared.name in DATED_BY or declared.name in UNTIL:
        done.retained[declared.name] = REMAINS
        return None
    assert subject.at is not None
    stays = mine.usage_points if subject.kind is SubjectKind.USAGE_POINT else mine.service_locations
    dated = declared[subject.at].dtype
    bound = (lambda day: midnight(day, mine.zone)) if dated.is_timestamp() else (lambda day: day)
    type_ = dated.to_pyarrow()
    return pa.table(
        {
            "source": pa.array([stay.source for stay in stays], pa.string()),
            subject.column: pa.array([stay.id for stay in stays], pa.string()),
            "start": pa.array([bound(stay.start) if stay.start else None for stay in stays], type_),
            "end": pa.array([bound(stay.end) if stay.end else None for stay in stays], type_),
        }
    )


def _accounts(declared: Table, subject: Subject, mine: Belongings, done: Erasure) -> pa.Table:
    """Accounts held alone go; of a shared or reused number only what names this person."""
    if "customer_id" in declared:
        pairs = [(account.stay.source, account.stay.id) for account in mine.accounts]
        rows = [(s, a, c) for s, a in pairs for source, c in mine.customers if source == s]
        return pa.table(
            {
                "source": pa.array([row[0] for row in rows], pa.string()),
                subject.column: pa.array([row[1] for row in rows], pa.string()),
                "customer_id": pa.array([row[2] for row in rows], pa.string()),
            }
        )
    alone = [a.stay for a in mine.accounts if not a.is_shared and a.stay.start is None and a.stay.end is None]
    if len(alone) < len(mine.accounts):
        done.retained[declared.name] = "accounts that are or were another customer's too"
    return _pairs(subject.column, [(stay.source, stay.id) for stay in alone])


def _pairs(column: str, pairs: list[tuple[str, str]]) -> pa.Table:
    return pa.table(
        {
            "source": pa.array([source for source, _ in pairs], pa.string()),
            column: pa.array([value for _, value in pairs], pa.string()),
        }
    )


def _personal_tables() -> list[sa.Table]:
    """Store tables about a profile, dependents first."""
    return [
        table
        for table in reversed(schema.tenant_tables())
        if table.info["subject"] is not None and table.info["subject"].kind is SubjectKind.PROFILE
    ]


def _rows(session: Session, table: sa.Table, profile_id: str) -> list[dict[str, Any]]:
    ids = identity.all_ids(session, profile_id)
    shown = [column for column in table.columns if column.name not in ("organization_id", "words")]
    rows = session.execute(sa.select(*shown).where(table.c[table.info["subject"].column].in_(ids))).mappings()
    return [dict(row) for row in rows]


def _erase_rows(session: Session, table: sa.Table, ids: tuple[str, ...], done: Erasure) -> None:
    column = table.c[table.info["subject"].column]
    if table.info["append_only"]:
        done.retained[table.name] = table.info["retention"].reason
        return
    condition = column.in_(ids)
    if table.name == "identity_event":
        condition |= table.c.from_profile.in_(ids)
    result: Any = session.execute(sa.delete(table).where(condition))
    if result.rowcount:
        done.deleted[table.name] = result.rowcount
