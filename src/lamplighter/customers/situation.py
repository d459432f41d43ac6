"""Current facts about a person that silence or allow messages. One writer; everyone else reads.

``rebuild`` derives what follows from landed rows; ``note`` and ``lift`` are for rooms that know more. Gates ask
``current`` at the moment of sending; the warehouse's mirror is for audiences only.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import ibis
import ibis.expr.types as ir
import pyarrow as pa
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql
from sqlalchemy.orm import Session

from lamplighter.context import Context
from lamplighter.customers import bulk, identity
from lamplighter.customers.identity_tables import OF_PROFILE, PERSONAL
from lamplighter.customers.occupancy import REBUILT
from lamplighter.store import events
from lamplighter.store.schema import moment, tenant_table
from lamplighter.warehouse.expressions import current as rows_of
from lamplighter.warehouse.tables import table

KINDS = (
    "open_complaint", "bad_survey", "outage", "disconnect_notice", "disconnected", "life_support", "medical",
    "deceased", "confidential_address", "moratorium",
)  # fmt: skip
COMPLAINT_WORDS = ("complain", "dispute", "escalat", "ombuds")
GRAVE = ("high", "critical", "urgent", "severe")
SURVEY_DAYS = 90
"""A bad answer weighs so long."""
WORST_ANSWERS = {"nps": 6, "csat": 2, "ces": 3}
"""The highest score of each instrument that counts as bad (0–10, 1–5, 1–7)."""

SITUATION = tenant_table(
    "situation",
    sa.Column("profile_id", sa.Text, nullable=False, comment="whose", info=PERSONAL),
    sa.Column("kind", sa.Text, nullable=False, comment="which fact"),
    sa.Column("reference", sa.Text, nullable=False, comment="the row it comes from"),
    sa.Column(
        "origin",
        sa.Text,
        nullable=False,
        comment="rows: derived from landed rows; else the room that noted it",
    ),
    moment("since", "from", nullable=True),
    moment("until", "until; empty: still", nullable=True),
    sa.PrimaryKeyConstraint("organization_id", "profile_id", "kind", "reference"),
    meaning="a current fact about a person that silences or allows messages",
    subject=OF_PROFILE,
    retention=REBUILT,
)


@dataclass(frozen=True)
class Situation:
    """One current fact; ``until`` None: until further notice."""

    kind: str
    reference: str
    since: datetime | None
    until: datetime | None


def current(session: Session, profile_id: str, now: datetime) -> list[Situation]:
    """What holds for a person at this moment, under whichever of its ids."""
    rows = session.execute(
        sa.select(SITUATION.c.kind, SITUATION.c.reference, SITUATION.c.since, SITUATION.c.until)
        .where(
            SITUATION.c.profile_id == identity.present(session, profile_id),
            sa.or_(SITUATION.c.until.is_(None), SITUATION.c.until > now),
            sa.or_(SITUATION.c.since.is_(None), SITUATION.c.since <= now),
        )
        .order_by(SITUATION.c.kind, SITUATION.c.since)
    )
    return [Situation(*row) for row in rows]


def whom(session: Session, kind: str, profile_ids: Sequence[str], now: datetime) -> set[str]:
    """Which of these profiles a fact holds for at this moment: for lists, which must not show a confidential address."""
    rows = session.execute(
        sa.select(SITUATION.c.profile_id).where(
            SITUATION.c.kind == kind,
            SITUATION.c.profile_id == sa.any_(sa.cast(list(profile_ids), postgresql.ARRAY(sa.Text))),
            sa.or_(SITUATION.c.until.is_(None), SITUATION.c.until > now),
            sa.or_(SITUATION.c.since.is_(None), SITUATION.c.since <= now),
        )
    )
    return set(rows.scalars())


def note(
    session: Session,
    profile_id: str,
    kind: str,
    reference: str,
    *,
    origin: str,
    now: datetime,
    until: datetime | None = None,
) -> None:
    """A room states a fact of its own (a moratorium, say); stated again, it is renewed."""
    values = {"origin": origin, "since": now, "until": until}
    session.execute(
        postgresql.insert(SITUATION)
        .values(profile_id=profile_id, kind=kind, reference=reference, **values)
        .on_conflict_do_update(
            index_elements=["organization_id", "profile_id", "kind", "reference"], set_={"until": until}
        )
    )
    events.emit(session, "situation.changed", {"kind": kind, "holds": True}, now=now, profile_id=profile_id)


def lift(session: Session, profile_id: str, kind: str, reference: str, *, now: datetime) -> None:
    """The room that stated it takes it back."""
    session.execute(
        sa.delete(SITUATION).where(
            SITUATION.c.profile_id == profile_id, SITUATION.c.kind == kind, SITUATION.c.reference == reference
        )
    )
    events.emit(session, "situation.changed", {"kind": kind, "holds": False}, now=now, profile_id=profile_id)


def rebuild(context: Context) -> int:
    """Derive all situations from landed rows again and mirror them; how many changed."""
    rows = context.warehouse.read(situations(context.now), context.organization_id)
    rows = rows.append_column("origin", pa.array(["rows"]).take(pa.array([0] * rows.num_rows, pa.int64())))
    with context.session() as session:
        changed = bulk.replace(session, SITUATION, rows, within="t.origin = 'rows'")
        if changed:
            events.emit(session, "situation.changed", {"changed": changed}, now=context.now)
    mirror(context)
    return changed


def mirror(context: Context) -> None:
    """Copy the table into the warehouse table of the same name."""
    declared = table("situation")
    with context.session() as session:
        rows = bulk.fetch(
            session, "select profile_id, kind, reference, since, until from situation", declared.arrow
        )
    context.warehouse.replace(context.organization_id, declared, rows)


def situations(now: datetime) -> ibis.Table:
    """Rows of the declared table ``situation`` that follow from what landed."""
    parts = (_cases(), _surveys(now), _outages(now), _collections(), *_of_customers())
    whole = ibis.union(*parts, distinct=False)
    return whole.group_by("profile_id", "kind", "reference").agg(
        since=whole.since.min(), until=whole.until.max()
    )


def _person(rows: ibis.Table) -> ibis.Table:
    return rows.join(rows_of(table("profile_link")), ["source", "customer_id"])


def _row(
    rows: ibis.Table,
    kind: str | ir.Value,
    reference: Sequence[str],
    since: ir.Value,
    until: ir.Value | None = None,
) -> ibis.Table:
    name = rows[reference[0]]
    for column in reference[1:]:
        name = name + "/" + rows[column]
    return rows.select(
        profile_id=rows.profile_id,
        kind=ibis.literal(kind) if isinstance(kind, str) else kind,
        reference=name,
        since=since.cast("timestamp('UTC', 6)"),
        until=(ibis.null() if until is None else until).cast("timestamp('UTC', 6)"),
    )


def _cases() -> ibis.Table:
    case = rows_of(table("customer_case"))
    topic = ibis.coalesce(case.topic, "").lower()
    complains = ibis.or_(*[topic.contains(word) for word in COMPLAINT_WORDS])
    grave = ibis.coalesce(case.severity, "").lower().isin(GRAVE)
    rows = _person(case.filter(case.resolved_at.isnull() & (complains | grave)))
    return _row(rows, "open_complaint", ("source", "ticket_id"), rows.opened_at)


def _surveys(now: datetime) -> ibis.Table:
    survey = rows_of(table("survey"))
    worst = ibis.cases(
        *[(survey.instrument == name, score) for name, score in WORST_ANSWERS.items()], else_=-1
    )
    recent = survey.answered_at > ibis.literal(now - timedelta(days=SURVEY_DAYS), "timestamp('UTC', 6)")
    rows = _person(survey.filter((survey.score <= worst) & recent))
    return _row(
        rows, "bad_survey", ("source", "response_id"), rows.answered_at,
        rows.answered_at + ibis.interval(days=SURVEY_DAYS),
    )  # fmt: skip


def _outages(now: datetime) -> ibis.Table:
    outage, hit, lives = (
        rows_of(table("outage")),
        rows_of(table("outage_usage_point")),
        rows_of(table("occupancy")),
    )
    lasting = outage.filter(
        outage.restored_at.isnull() & (outage.started_at <= ibis.literal(now, "timestamp('UTC', 6)"))
    )
    today = ibis.literal(now.date())
    there = lives.filter(
        ibis.coalesce(lives.started_at <= today, True) & ibis.coalesce(lives.ended_at > today, True)
    )
    rows = lasting.join(hit, ["source", "outage_id"]).join(there, ["source", "usage_point_id"])
    rows = rows.select("profile_id", "source", "outage_id", "started_at")
    return _row(rows, "outage", ("source", "outage_id"), rows.started_at)


def _collections() -> ibis.Table:
    """The last notice or shutoff of an account that nothing ended: no payment since the notice, no reconnection."""
    step, payment = rows_of(table("collection")), rows_of(table("payment"))
    account, link = rows_of(table("customer_account")), rows_of(table("profile_link"))
    steps = step.filter(step.kind.isin(["disconnect_notice", "disconnected", "reconnected"]))
    newest = ibis.window(
        group_by=["source", "account_id"], order_by=[steps.happened_on.desc(), steps.event_id.desc()]
    )
    last = steps.mutate(position=ibis.row_number().over(newest))
    last = last.filter((last.position == 0) & (last.kind != "reconnected"))
    good = payment.filter(~ibis.coalesce(payment.returned, False))
    paid = good.group_by("source", "account_id").agg(last_paid=good.paid_on.max())
    standing = last.left_join(paid, ["source", "account_id"])
    standing = standing.filter(
        (standing.kind == "disconnected") | ibis.coalesce(standing.last_paid < standing.happened_on, True)
    ).select("source", "account_id", "event_id", "kind", "happened_on")
    holders = account.join(link, ["source", "customer_id"]).select(
        "source", "account_id", "profile_id", "closed_at"
    )
    rows = standing.join(holders, ["source", "account_id"])
    rows = rows.filter(rows.closed_at.isnull() | (rows.closed_at >= rows.happened_on))
    return _row(rows, rows.kind, ("source", "event_id"), rows.happened_on)


def _of_customers() -> tuple[ibis.Table, ...]:
    customer = rows_of(table("customer"))
    needs = ibis.literal(";") + ibis.coalesce(customer.special_needs, "").lower().replace(" ", "") + ";"
    flags = {
        "life_support": needs.contains(";life_support;"),
        "medical": needs.contains(";medical;"),
        "deceased": ibis.coalesce(customer.deceased, False),
        "confidential_address": ibis.coalesce(customer.confidential, False),
    }
    parts = []
    for kind, holds in flags.items():
        rows = _person(customer.filter(holds))
        parts.append(_row(rows, kind, ("source", "customer_id"), ibis.null("timestamp('UTC', 6)")))
    return tuple(parts)
