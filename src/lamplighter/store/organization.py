"""Organizations (tenants): who they are, and how each is set."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from lamplighter.errors import Conflict, InvalidInput, NotFound
from lamplighter.model.declaration import Retention
from lamplighter.store.schema import SETTING, tenant_table
from lamplighter.store.schema import organization as _table

organization_settings = tenant_table(
    "organization_settings",
    sa.Column("name", sa.Text, nullable=False, comment="as its customers know it"),
    sa.Column("timezone", sa.Text, nullable=False, comment="IANA zone of its customers"),
    sa.Column("locale", sa.Text, nullable=False, comment="language of its texts"),
    sa.Column("currency", sa.Text, nullable=False, comment="ISO 4217 currency of its bills"),
    sa.Column(
        "is_test", sa.Boolean, nullable=False, comment="its clock may be moved; nothing leaves it for real"
    ),
    sa.Column(
        "clock_offset_seconds",
        sa.BigInteger,
        nullable=False,
        server_default="0",
        comment="how far a test organization's clock is ahead",
    ),
    sa.PrimaryKeyConstraint("organization_id"),
    meaning="how an organization is set",
    subject=None,
    retention=Retention(None, "as long as the organization is a customer"),
)


@dataclass(frozen=True)
class OrganizationSettings:
    """How an organization is set, with its slug."""

    organization_id: UUID
    slug: str
    name: str
    timezone: str
    locale: str
    currency: str
    is_test: bool
    clock_offset_seconds: int


def create(
    session: Session,
    slug: str,
    name: str,
    *,
    timezone: str,
    locale: str = "en",
    currency: str = "USD",
    is_test: bool = False,
    hosts: Sequence[str] = (),
) -> UUID:
    """Add an organization (in a ``system_session``); Conflict where the slug is taken."""
    try:
        ZoneInfo(timezone)
    except (ZoneInfoNotFoundError, ValueError):
        raise InvalidInput(
            f"“{timezone}” is not an IANA time zone. Write one like America/Los_Angeles."
        ) from None
    organization_id = uuid4()
    made = session.execute(
        insert(_table)
        .values(id=organization_id, slug=slug, hosts=list(hosts))
        .on_conflict_do_nothing(index_elements=["slug"])
        .returning(_table.c.id)
    ).one_or_none()
    if made is None:
        raise Conflict(f"There is already an organization “{slug}”. Choose another short name.")
    before = session.info["organization_id"]
    _enter(session, organization_id)
    session.execute(
        sa.insert(organization_settings).values(
            name=name, timezone=timezone, locale=locale, currency=currency, is_test=is_test
        )
    )
    _enter(session, before)
    return organization_id


def find(session: Session, slug: str | None = None, host: str | None = None) -> UUID:
    """The organization of that slug, else of that host name, else the only one there is."""
    if slug is not None:
        named: UUID | None = session.execute(sa.select(_table.c.id).where(_table.c.slug == slug)).scalar()
        if named is None:
            raise NotFound(f"There is no organization “{slug}”.")
        return named
    if host is not None:
        query = sa.select(_table.c.id).where(_table.c.hosts.any_() == host.lower())
        owner: UUID | None = session.execute(query).scalar()
        if owner is not None:
            return owner
    every = all_ids(session)
    if not every:
        raise NotFound("There is no organization yet. Add one with `lamplighter organization add`.")
    if len(every) > 1:
        raise InvalidInput("There are several organizations: name one (--organization, or ?organization=).")
    return every[0]


def settings_of(session: Session) -> OrganizationSettings:
    """How the session's organization is set."""
    row = session.execute(
        sa.select(organization_settings, _table.c.slug).join(
            _table, _table.c.id == organization_settings.c.organization_id
        )
    ).one()
    return OrganizationSettings(**row._mapping)


def all_ids(session: Session) -> list[UUID]:
    """Every organization, by slug."""
    return list(session.execute(sa.select(_table.c.id).order_by(_table.c.slug)).scalars())


def advance_clock(session: Session, seconds: int) -> int:
    """Move a test organization's clock forward; its new offset in seconds. InvalidInput for a real one."""
    if seconds < 0:
        raise InvalidInput("A clock moves forward only.")
    moved: int | None = session.execute(
        sa.update(organization_settings)
        .where(organization_settings.c.is_test)
        .values(clock_offset_seconds=organization_settings.c.clock_offset_seconds + seconds)
        .returning(organization_settings.c.clock_offset_seconds)
    ).scalar()
    if moved is None:
        raise InvalidInput("Only a test organization's clock can be moved.")
    return moved


def _enter(session: Session, organization_id: UUID | None) -> None:
    session.execute(
        sa.select(sa.func.set_config(SETTING, str(organization_id) if organization_id else "", True))
    )
