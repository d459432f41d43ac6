"""API keys: ``lk_<organization>_<secret>``, shown once, kept as a hash, with scopes and a declared purpose."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING
from uuid import UUID, uuid4

import sqlalchemy as sa
from sqlalchemy.orm import Session

from lamplighter.errors import InvalidInput, NotAllowed, NotFound, NotSignedIn
from lamplighter.model.declaration import Retention, Sensitivity
from lamplighter.store import token
from lamplighter.store.schema import moment, new_id, tenant_table

if TYPE_CHECKING:
    from lamplighter.store.store import Store

SCOPES = (
    "connect",
    "profiles:read",
    "audiences:read",
    "audiences:write",
    "data:read",
    "data:write",
    "consents:write",
    "track",
    "query",
)

api_key = tenant_table(
    "api_key",
    new_id(comment="the key; its secret is known to its holder only"),
    sa.Column("name", sa.Text, nullable=False, comment="what its makers call it"),
    sa.Column(
        "secret_hash",
        sa.LargeBinary,
        nullable=False,
        unique=True,
        comment="SHA-256 of the whole key",
        info={"sensitivity": Sensitivity.RESTRICTED},
    ),
    sa.Column("scopes", sa.ARRAY(sa.Text), nullable=False, comment="what it may do"),
    sa.Column("purpose", sa.Text, nullable=False, comment="the registered purpose of its reads"),
    moment("created_at", "when it was made"),
    moment("last_used_at", "last use, to the minute", nullable=True),
    moment("revoked_at", "since when it opens nothing", nullable=True),
    meaning="a key by which a program calls the API",
    subject=None,
    retention=Retention(None, "the audit log names keys"),
)


@dataclass(frozen=True)
class KeyIdentity:
    """The holder of a key."""

    id: UUID
    organization_id: UUID
    name: str
    scopes: frozenset[str]
    purpose: str

    def require(self, scope: str) -> None:
        """NotAllowed where the key lacks this scope."""
        if scope not in self.scopes:
            raise NotAllowed(
                f"This key lacks the scope “{scope}”. Make one that has it in the console’s settings."
            )


def create(
    session: Session, name: str, scopes: Sequence[str], purpose: str, now: datetime
) -> tuple[UUID, str]:
    """A new key: its id, and the secret that is never shown again."""
    unknown = sorted(set(scopes) - set(SCOPES))
    if unknown or not scopes:
        raise InvalidInput(f"Unknown scope {', '.join(unknown) or '(none)'}. There are: {', '.join(SCOPES)}.")
    key_id = uuid4()
    secret, secret_hash = token.mint("lk", session.info["organization_id"])
    session.execute(
        sa.insert(api_key).values(
            id=key_id,
            name=name,
            secret_hash=secret_hash,
            scopes=sorted(set(scopes)),
            purpose=purpose,
            created_at=now,
        )
    )
    return key_id, secret


def find(store: "Store", secret: str, now: datetime) -> KeyIdentity:
    """Who holds this key; NotSignedIn where it is unknown or revoked."""
    with store.session(token.organization_of(secret, "lk")) as session:
        row = session.execute(
            sa.select(api_key).where(
                api_key.c.secret_hash == token.digest(secret), api_key.c.revoked_at.is_(None)
            )
        ).one_or_none()
        if row is None:
            raise NotSignedIn(
                "This API key is unknown or was revoked. Make a new one in the console’s settings."
            )
        if row.last_used_at is None or now - row.last_used_at > timedelta(minutes=1):
            session.execute(sa.update(api_key).where(api_key.c.id == row.id).values(last_used_at=now))
    return KeyIdentity(row.id, row.organization_id, row.name, frozenset(row.scopes), row.purpose)


def revoke(session: Session, key_id: UUID, now: datetime) -> None:
    """From now on it opens nothing; twice is once."""
    known = session.execute(
        sa.update(api_key)
        .where(api_key.c.id == key_id)
        .values(revoked_at=sa.func.coalesce(api_key.c.revoked_at, now))
        .returning(api_key.c.id)
    ).one_or_none()
    if known is None:
        raise NotFound("There is no such API key.")


def all_keys(session: Session) -> list[sa.RowMapping]:
    """Every key without its hash, newest first: for the settings page."""
    columns = [column for column in api_key.c if column.name != "secret_hash"]
    return list(session.execute(sa.select(*columns).order_by(api_key.c.created_at.desc())).mappings())
