"""Recent bills, ready to be read: one row of the store per bill of the last 36 months, its body as on the wire.

A correction is a bill of its own that names the one it replaces; both stay, and only the newest counts in
totals. Cancelled bills stay too and count nowhere. Older bills come from the warehouse.
"""

from datetime import date, datetime
from decimal import Decimal
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from lamplighter.context import Context
from lamplighter.customers import bulk, identity
from lamplighter.customers.bill_body import dated, views
from lamplighter.customers.identity_tables import PERSONAL
from lamplighter.customers.occupancy import HOLDING
from lamplighter.customers.wire import Page, position_of, token_of
from lamplighter.errors import NotFound
from lamplighter.model.declaration import Retention, Subject, SubjectKind
from lamplighter.store import schema

MONTHS = 36
AT_ONCE = 150_000

BILL_VIEW = schema.tenant_table(
    "bill_view",
    sa.Column("bill_id", sa.Text, nullable=False, comment="ours: bl_…"),
    sa.Column("source", sa.Text, nullable=False, comment="whose numbers"),
    sa.Column("account_id", sa.Text, nullable=False, comment="whose", info=PERSONAL),
    sa.Column("issued_on", sa.Date, nullable=False, comment="date of issue, else end or start of its period"),
    sa.Column("period_start", sa.Date, comment="first day billed"),
    sa.Column("status", sa.Text, comment="issued, corrected or cancelled"),
    sa.Column("amount", sa.Numeric(18, 4), comment="charges of this bill"),
    sa.Column("amount_due", sa.Numeric(18, 4), comment="to pay"),
    sa.Column("currency", sa.Text, comment="ISO 4217"),
    sa.Column("replaces", sa.Text, comment="the bill that this one corrects"),
    sa.Column("replaced_by", sa.Text, comment="the bill that corrects this one"),
    schema.moment("updated_at", "when this version was landed"),
    sa.Column("body", sa.JSON, nullable=False, comment="the bill as on the wire", info=PERSONAL),
    sa.PrimaryKeyConstraint("organization_id", "bill_id"),
    sa.Index("ix_bill_view_account_id", "organization_id", "source", "account_id", "issued_on"),
    sa.Index("ix_bill_view_issued_on", "organization_id", "issued_on", "bill_id"),
    sa.Index("ix_bill_view_updated_at", "organization_id", "updated_at"),
    sa.Index(
        "ix_bill_view_replaces",
        "organization_id",
        "replaces",
        postgresql_where=sa.text("replaces is not null"),
    ),
    meaning="a bill of the last 36 months as on the wire",
    subject=Subject("account_id", SubjectKind.ACCOUNT),
    retention=Retention(MONTHS, "a copy of what the warehouse keeps", "issued_on"),
)

_COUNTS = sa.and_(BILL_VIEW.c.replaced_by.is_(None), BILL_VIEW.c.status != "cancelled")


def refresh(context: Context, batch: str | None = None) -> int:
    """Renew the bills that a batch touched (themselves or by a line), or all; how many rows changed.

    Months are taken together up to ``AT_ONCE`` bills, so that the warehouse's memory holds whatever the town.
    """
    since = _months_before(context.now.date(), MONTHS)
    changed = 0
    for start, end in _slices(context, since, batch):
        rows = context.warehouse.stream(views(since, start, end, batch), context.organization_id)
        within = "false" if batch else f"t.issued_on >= date '{start}' and t.issued_on < date '{end}'"
        with context.session() as session:
            changed += bulk.replace(session, BILL_VIEW, rows, within=within)
    with context.session() as session:
        changed += bulk.run(session, "delete from bill_view where issued_on < :since", since=since)
        bulk.run(
            session,
            "update bill_view o set replaced_by = n.bill_id from bill_view n where n.replaces = o.bill_id "
            "and o.replaced_by is distinct from n.bill_id",
        )
        bulk.run(
            session,
            "update bill_view o set replaced_by = null where replaced_by is not null and not exists "
            "(select from bill_view n where n.bill_id = o.replaced_by and n.replaces = o.bill_id)",
        )
    return changed


def bills(
    session: Session,
    *,
    profile_id: str | None = None,
    account: str | None = None,
    utility: str | None = None,
    issued_after: date | None = None,
    issued_before: date | None = None,
    updated_after: datetime | None = None,
    counting_only: bool = False,
    limit: int = 50,
    page_token: str | None = None,
) -> Page:
    """Bills, newest first, in pages that stay stable while bills arrive; ``replaced_by`` marks corrected ones."""
    view = BILL_VIEW.c
    query = sa.select(view.bill_id, view.issued_on, view.replaced_by, sa.cast(view.body, sa.JSON))
    query = query.order_by(view.issued_on.desc(), view.bill_id.desc()).limit(limit + 1)
    if profile_id is not None:
        query = query.where(_of_person(session, profile_id))
    if account is not None:
        query = query.where(view.account_id == account)
    if utility is not None:
        query = query.where(view.source == utility)
    if issued_after is not None:
        query = query.where(view.issued_on > issued_after)
    if issued_before is not None:
        query = query.where(view.issued_on < issued_before)
    if updated_after is not None:
        query = query.where(view.updated_at > updated_after)
    if counting_only:
        query = query.where(_COUNTS)
    if page_token:
        last_day, last_id = position_of(page_token, 2)
        query = query.where(
            sa.tuple_(view.issued_on, view.bill_id)
            < sa.tuple_(sa.cast(sa.literal(last_day), sa.Date), sa.literal(last_id))
        )
    rows = session.execute(query).all()
    items = [{**row.body, "replaced_by": row.replaced_by} for row in rows[:limit]]
    last = rows[limit - 1] if len(rows) > limit else None
    return Page(items, token_of(last.issued_on, last.bill_id) if last else None)


def bill(session: Session, bill_id: str) -> dict[str, Any]:
    """One bill; NotFound where the last 36 months have none of that id."""
    row = session.execute(
        sa.select(BILL_VIEW.c.body, BILL_VIEW.c.replaced_by).where(BILL_VIEW.c.bill_id == bill_id)
    ).first()
    if row is None:
        raise NotFound(f"There is no bill “{bill_id}” in the last {MONTHS} months.")
    return {**row.body, "replaced_by": row.replaced_by}


def holders(session: Session, bill_id: str) -> list[str]:
    """The profiles whose bill it is."""
    rows = session.execute(
        sa.text(
            "select h.profile_id from bill_view b join holding h on h.source = b.source and h.account_id = b.account_id "
            "where b.bill_id = :bill_id and (not h.is_reused or (coalesce(b.period_start, b.issued_on) >= "
            "coalesce(h.opened_at, '-infinity') and coalesce(b.period_start, b.issued_on) < "
            "coalesce(h.closed_at, 'infinity'))) order by 1"
        ),
        {"bill_id": bill_id},
    )
    return list(rows.scalars())


def totals(session: Session, profile_id: str, *, issued_after: date) -> dict[str, Decimal]:
    """Charges by currency since a day, each bill counted once: not the corrected, not the cancelled."""
    rows = session.execute(
        sa.select(BILL_VIEW.c.currency, sa.func.sum(BILL_VIEW.c.amount))
        .where(_of_person(session, profile_id), _COUNTS, BILL_VIEW.c.issued_on > issued_after)
        .group_by(BILL_VIEW.c.currency)
    )
    return {row[0] or "": row[1] for row in rows}


def _of_person(session: Session, profile_id: str) -> sa.ColumnElement[bool]:
    """The bills of the accounts a person holds; of a reused number only those of their own time."""
    dated = sa.func.coalesce(BILL_VIEW.c.period_start, BILL_VIEW.c.issued_on)
    held = HOLDING.c
    return sa.exists().where(
        held.profile_id == identity.present(session, profile_id),
        held.source == BILL_VIEW.c.source,
        held.account_id == BILL_VIEW.c.account_id,
        sa.or_(
            sa.not_(held.is_reused),
            sa.and_(
                sa.or_(held.opened_at.is_(None), dated >= held.opened_at),
                sa.or_(held.closed_at.is_(None), dated < held.closed_at),
            ),
        ),
    )


def _slices(context: Context, since: date, batch: str | None) -> list[tuple[date, date]]:
    """Spans that together hold every day, each with about ``AT_ONCE`` bills at most; none for nothing to do."""
    found = dated(since, batch)
    months = found.group_by(month=found.dated.truncate("M")).agg(bills=found.count()).order_by("month")
    counts = context.warehouse.read(months, context.organization_id).to_pylist()
    if not counts and batch:
        return []
    cuts, together = [since], 0
    for row in counts:
        if together and together + row["bills"] > AT_ONCE and row["month"] > since:
            cuts.append(row["month"])
            together = 0
        together += row["bills"]
    return list(zip(cuts, [*cuts[1:], date.max], strict=True))


def _months_before(day_: date, months: int) -> date:
    year, month = divmod(day_.year * 12 + day_.month - 1 - months, 12)
    return date(year, month + 1, 1)
