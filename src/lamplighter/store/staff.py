"""Staff of an organization: who they are, and how they sign in.

A password (argon2id) and, once enrolled, the code of an authenticator app (RFC 6238). Failures slow down further
tries of the *same account from the same address* only, so nobody can lock out somebody else. Failures are written
down in a transaction of their own: the refusal itself rolls the caller's back.
"""

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING
from uuid import UUID

import pyotp
import sqlalchemy as sa
from argon2 import PasswordHasher
from argon2.exceptions import VerificationError
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from lamplighter.errors import Conflict, InvalidInput, NotAllowed, NotFound, NotSignedIn, TooManyRequests
from lamplighter.model.declaration import Retention, Sensitivity
from lamplighter.store import token, vault
from lamplighter.store.role import PERMISSIONS, ROLES
from lamplighter.store.schema import moment, new_id, tenant_table

if TYPE_CHECKING:
    from lamplighter.store.store import Store

SESSION_LENGTH = timedelta(hours=12)
FREE_TRIES = 3
LONGEST_PAUSE = timedelta(minutes=15)
SHORTEST_PASSWORD = 12
CODE_SECONDS = 30
_PURPOSE = "staff_code"
_WRONG = "E-mail, password or code is wrong. Check them and try again."
_hasher = PasswordHasher()
_NOBODY = _hasher.hash("nobody's password, for equal time")

staff = tenant_table(
    "staff",
    new_id(comment="the member of staff"),
    sa.Column(
        "email",
        sa.Text,
        nullable=False,
        comment="signs in with it; lower case",
        info={"sensitivity": Sensitivity.PERSONAL},
    ),
    sa.Column(
        "name", sa.Text, nullable=False, comment="as shown", info={"sensitivity": Sensitivity.PERSONAL}
    ),
    sa.Column("role", sa.Text, nullable=False, comment="one of the five roles"),
    sa.Column(
        "password_hash",
        sa.Text,
        nullable=False,
        comment="argon2id",
        info={"sensitivity": Sensitivity.RESTRICTED},
    ),
    sa.Column(
        "sealed_code_secret",
        sa.LargeBinary,
        comment="secret of the authenticator app, sealed",
        info={"sensitivity": Sensitivity.RESTRICTED},
    ),
    moment("code_confirmed_at", "since when the app's code is asked for", nullable=True),
    sa.Column("last_code_step", sa.BigInteger, comment="time step of the last code used: each works once"),
    moment("created_at", "when they were added"),
    moment("disabled_at", "since when they may not sign in", nullable=True),
    sa.UniqueConstraint("organization_id", "email"),
    meaning="a person who works in the console",
    subject=None,
    retention=Retention(None, "the audit log names them"),
)

staff_session = tenant_table(
    "staff_session",
    sa.Column(
        "token_hash",
        sa.LargeBinary,
        primary_key=True,
        comment="SHA-256 of the cookie",
        info={"sensitivity": Sensitivity.RESTRICTED},
    ),
    sa.Column(
        "staff_id",
        sa.Uuid,
        sa.ForeignKey("staff.id", ondelete="CASCADE"),
        nullable=False,
        comment="who signed in",
    ),
    moment("created_at", "when they signed in"),
    moment("expires_at", "until when it is good"),
    meaning="a member of staff who is signed in",
    subject=None,
    retention=Retention(1, "over after hours", "expires_at"),
)

sign_in_failure = tenant_table(
    "sign_in_failure",
    sa.Column(
        "attempt_hash", sa.LargeBinary, nullable=False, comment="SHA-256 of account and network address"
    ),
    sa.Column("failures", sa.Integer, nullable=False, comment="wrong tries in a row"),
    moment("blocked_until", "no further try before"),
    sa.PrimaryKeyConstraint("organization_id", "attempt_hash"),
    meaning="wrong sign-ins of one account from one address",
    subject=None,
    retention=Retention(1, "only slows down guessing", "blocked_until"),
)


@dataclass(frozen=True)
class Staff:
    """A member of staff who is signed in."""

    id: UUID
    organization_id: UUID
    email: str
    name: str
    role: str

    @property
    def permissions(self) -> frozenset[str]:
        """What the role may do."""
        return PERMISSIONS[self.role]

    def require(self, permission: str) -> None:
        """NotAllowed where the role lacks this permission."""
        if permission not in self.permissions:
            raise NotAllowed(
                f"Your role ({self.role.replace('_', ' ')}) does not include this. Ask an administrator."
            )


def add(session: Session, *, email: str, name: str, role: str, password: str, now: datetime) -> UUID:
    """Add a member of staff; Conflict where the address is taken."""
    if role not in ROLES:
        raise InvalidInput(f"There is no role “{role}”. There are: {', '.join(ROLES)}.")
    if "@" not in email:
        raise InvalidInput(f"“{email}” is not an e-mail address.")
    made: UUID | None = session.execute(
        insert(staff)
        .values(email=_folded(email), name=name, role=role, password_hash=_hash(password), created_at=now)
        .on_conflict_do_nothing()
        .returning(staff.c.id)
    ).scalar()
    if made is None:
        raise Conflict(f"{email} is already a member of staff.")
    return made


def sign_in(
    session: Session, email: str, password: str, code: str | None, now: datetime, *, address: str = ""
) -> str:
    """A new session's token. NotSignedIn without saying what was wrong; TooManyRequests while slowed down."""
    store: Store = session.info["store"]
    organization_id: UUID = session.info["organization_id"]
    attempt = hashlib.sha256(f"{_folded(email)}\n{address}".encode()).digest()
    _refuse_while_blocked(session, attempt, now)
    row = session.execute(
        sa.select(staff)
        .where(staff.c.email == _folded(email), staff.c.disabled_at.is_(None))
        .with_for_update()
    ).one_or_none()
    right = _verify(row.password_hash if row else _NOBODY, password)
    if row is None or not right or not _code_is_right(session, row, code, now):
        session.rollback()  # frees the row before the failure is written in a transaction of its own
        _note_failure(store, organization_id, attempt, now)
        raise NotSignedIn(_WRONG)
    session.execute(sa.delete(sign_in_failure).where(sign_in_failure.c.attempt_hash == attempt))
    if _hasher.check_needs_rehash(row.password_hash):
        session.execute(
            sa.update(staff).where(staff.c.id == row.id).values(password_hash=_hasher.hash(password))
        )
    secret, token_hash = token.mint("st", organization_id)
    session.execute(
        sa.insert(staff_session).values(
            token_hash=token_hash, staff_id=row.id, created_at=now, expires_at=now + SESSION_LENGTH
        )
    )
    return secret


def organization_of_token(secret: str) -> UUID:
    """In which organization to look for this token."""
    return token.organization_of(secret, "st")


def staff_of_token(session: Session, secret: str, now: datetime) -> Staff:
    """Who is signed in with it; NotSignedIn where nobody is, any more."""
    row = session.execute(
        sa.select(staff)
        .join(staff_session, staff_session.c.staff_id == staff.c.id)
        .where(
            staff_session.c.token_hash == token.digest(secret),
            staff_session.c.expires_at > now,
            staff.c.disabled_at.is_(None),
        )
    ).one_or_none()
    if row is None:
        raise NotSignedIn("You are not signed in any more. Sign in again.")
    return Staff(row.id, row.organization_id, row.email, row.name, row.role)


def sign_out(session: Session, secret: str) -> None:
    """End the session of this token; twice is once."""
    session.execute(sa.delete(staff_session).where(staff_session.c.token_hash == token.digest(secret)))


def disable(session: Session, staff_id: UUID, now: datetime) -> None:
    """End all sessions of a member of staff and let no new one begin."""
    session.execute(sa.update(staff).where(staff.c.id == staff_id).values(disabled_at=now))
    session.execute(sa.delete(staff_session).where(staff_session.c.staff_id == staff_id))


def change_password(session: Session, staff_id: UUID, password: str) -> None:
    """Set a new password; every session of theirs ends."""
    session.execute(sa.update(staff).where(staff.c.id == staff_id).values(password_hash=_hash(password)))
    session.execute(sa.delete(staff_session).where(staff_session.c.staff_id == staff_id))


def enrol_code(session: Session, staff_id: UUID) -> str:
    """A new secret for an authenticator app, as an ``otpauth://`` address; asked for once it is confirmed."""
    email = session.execute(sa.select(staff.c.email).where(staff.c.id == staff_id)).scalar()
    if email is None:
        raise NotFound("There is no such member of staff.")
    secret = pyotp.random_base32()
    session.execute(
        sa.update(staff)
        .where(staff.c.id == staff_id)
        .values(
            sealed_code_secret=vault.seal(session, secret.encode(), _PURPOSE),
            code_confirmed_at=None,
            last_code_step=None,
        )
    )
    return pyotp.TOTP(secret).provisioning_uri(name=email, issuer_name="Lamplighter")


def confirm_code(session: Session, staff_id: UUID, code: str, now: datetime) -> None:
    """The app shows the right code: from now on it is asked for. InvalidInput where it does not."""
    row = session.execute(sa.select(staff).where(staff.c.id == staff_id).with_for_update()).one()
    if row.sealed_code_secret is None or not _use_code(session, row, code, now):
        raise InvalidInput(
            "This is not the code that the app shows now. Check the phone’s clock, and try the next."
        )
    session.execute(sa.update(staff).where(staff.c.id == staff_id).values(code_confirmed_at=now))


def asks_for_code(session: Session, staff_id: UUID) -> bool:
    """Whether a code of the app is asked for when they sign in."""
    confirmed = session.execute(sa.select(staff.c.code_confirmed_at).where(staff.c.id == staff_id)).scalar()
    return confirmed is not None


def _code_is_right(
    session: Session, row: sa.Row[tuple[object, ...]], code: str | None, now: datetime
) -> bool:
    return row.code_confirmed_at is None or (bool(code) and _use_code(session, row, code or "", now))


def _use_code(session: Session, row: sa.Row[tuple[object, ...]], code: str, now: datetime) -> bool:
    """Whether it is the code of this, the last or the next 30 seconds, not used before; marks it as used."""
    secret = vault.open_sealed(session, row.sealed_code_secret, _PURPOSE).decode()
    totp, this = pyotp.TOTP(secret), int(now.timestamp()) // CODE_SECONDS
    for step in (this, this - 1, this + 1):
        fresh = row.last_code_step is None or step > row.last_code_step
        if fresh and pyotp.utils.strings_equal(totp.generate_otp(step), code.strip().replace(" ", "")):
            session.execute(sa.update(staff).where(staff.c.id == row.id).values(last_code_step=step))
            return True
    return False


def _refuse_while_blocked(session: Session, attempt: bytes, now: datetime) -> None:
    until = session.execute(
        sa.select(sign_in_failure.c.blocked_until).where(sign_in_failure.c.attempt_hash == attempt)
    ).scalar()
    if until is not None and now < until:
        seconds = int((until - now).total_seconds()) + 1
        raise TooManyRequests(f"Too many wrong tries. Wait {seconds} s and try again.", retry_after=seconds)


def _note_failure(store: "Store", organization_id: UUID, attempt: bytes, now: datetime) -> None:
    """After three free tries each wrong one doubles the pause: 1 s, 2 s, 4 s … 15 min."""
    with store.session(organization_id) as session:
        failures = session.execute(
            insert(sign_in_failure)
            .values(attempt_hash=attempt, failures=1, blocked_until=now)
            .on_conflict_do_update(
                index_elements=["organization_id", "attempt_hash"],
                set_={"failures": sign_in_failure.c.failures + 1},
            )
            .returning(sign_in_failure.c.failures)
        ).scalar_one()
        if failures > FREE_TRIES:
            pause = min(timedelta(seconds=2 ** min(failures - FREE_TRIES - 1, 12)), LONGEST_PAUSE)
            session.execute(
                sa.update(sign_in_failure)
                .where(sign_in_failure.c.attempt_hash == attempt)
                .values(blocked_until=now + pause)
            )


def _hash(password: str) -> str:
    if len(password) < SHORTEST_PASSWORD:
        raise InvalidInput(
            f"A password has at least {SHORTEST_PASSWORD} characters. A few words make a good one."
        )
    return _hasher.hash(password)


def _verify(password_hash: str, password: str) -> bool:
    try:
        return _hasher.verify(password_hash, password)
    except VerificationError:
        return False


def _folded(email: str) -> str:
    return email.strip().casefold()
