"""What a customer reads before deciding: versioned texts, filled in, and the hash that proves what was shown.

Built-in texts are files ``texts/consent.<version>.<locale>.liquid``; an organization's own are rows under the
same key. A text is never changed, only followed by the next version.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from importlib.resources import files

import sqlalchemy as sa
from liquid import Environment
from sqlalchemy.orm import Session

from lamplighter.customers import purposes
from lamplighter.errors import Conflict, NotFound
from lamplighter.model.declaration import Retention
from lamplighter.store import organization
from lamplighter.store.schema import tenant_table

NEWEST = "1"
LOCALES = ("en", "es")

CONSENT_TEXT = tenant_table(
    "consent_text",
    sa.Column("version", sa.Text, nullable=False, comment="version, never reused"),
    sa.Column("locale", sa.Text, nullable=False, comment="language, BCP 47"),
    sa.Column("body", sa.Text, nullable=False, comment="Liquid template of the text"),
    sa.PrimaryKeyConstraint("organization_id", "version", "locale"),
    meaning="an organization's own wording of the consent text",
    subject=None,
    retention=Retention(None, "proof of what was shown"),
)

_LIQUID = Environment()
_DATA_WORDS = {
    "en": {"bills": "your bills", "intervals": "your meter readings", "account": "your account details",
           "contact": "your contact details", "": "your account details"},
    "es": {"bills": "sus facturas", "intervals": "las lecturas de su medidor", "account": "los datos de su cuenta",
           "contact": "sus datos de contacto", "": "los datos de su cuenta"},
}  # fmt: skip


@dataclass(frozen=True)
class FilledText:
    """A text as shown: ``hash`` is the SHA-256 of ``body`` in UTF-8, hex."""

    version: str
    locale: str
    body: str

    @property
    def hash(self) -> str:
        """What the receipt keeps."""
        return hashlib.sha256(self.body.encode()).hexdigest()


def fill(
    session: Session,
    *,
    purpose_ids: Sequence[str],
    data: Sequence[str] = (),
    recipients: Sequence[str] = (),
    channel: str = "",
    valid_until: datetime | date | None = None,
    locale: str = "en",
    version: str = NEWEST,
) -> FilledText:
    """The consent text as a customer reads it. NotFound where that version does not exist."""
    language, template = _template(session, version, locale)
    words = _DATA_WORDS.get(language.split("-")[0], _DATA_WORDS["en"])
    body = _LIQUID.from_string(template).render(
        organization=organization.settings_of(session).name,
        purposes=[purposes.get(session, purpose).text(language) for purpose in purpose_ids],
        data=[words.get(item, item) for item in data or ("",)],
        recipients=list(recipients),
        channel=channel,
        valid_until=f"{valid_until:%Y-%m-%d}" if valid_until else None,
    )
    return FilledText(version, language, body.strip())


def add(session: Session, version: str, locale: str, body: str) -> None:
    """Keep an organization's own wording; Conflict where that version and locale exist."""
    existing = session.execute(
        sa.select(CONSENT_TEXT.c.version).where(
            CONSENT_TEXT.c.version == version, CONSENT_TEXT.c.locale == locale
        )
    ).first()
    if existing or _shipped(version, locale):
        raise Conflict(
            f"Consent text {version} ({locale}) exists and is never changed. Take the next version."
        )
    session.execute(sa.insert(CONSENT_TEXT).values(version=version, locale=locale, body=body))


def _template(session: Session, version: str, locale: str) -> tuple[str, str]:
    """(locale found, template): the locale, else its language, else English."""
    for candidate in dict.fromkeys((locale, locale.split("-", maxsplit=1)[0], "en")):
        own = session.execute(
            sa.select(CONSENT_TEXT.c.body).where(
                CONSENT_TEXT.c.version == version, CONSENT_TEXT.c.locale == candidate
            )
        ).scalar()
        body = own or _shipped(version, candidate)
        if body:
            return candidate, body
    raise NotFound(f"There is no consent text of version “{version}”. The newest is “{NEWEST}”.")


def _shipped(version: str, locale: str) -> str | None:
    if not (version.isalnum() and locale.replace("-", "").isalnum()):
        return None
    file = files("lamplighter.customers").joinpath("texts", f"consent.{version}.{locale}.liquid")
    return file.read_text("utf-8") if file.is_file() else None
