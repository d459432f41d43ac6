"""What personal data may be used for: the purposes that ship, and an organization's own."""

from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cache
from importlib.resources import files
from typing import Any, Literal

import sqlalchemy as sa
import yaml
from sqlalchemy.dialects import postgresql
from sqlalchemy.orm import Session

from lamplighter.errors import InvalidInput, NotFound
from lamplighter.model.declaration import Retention
from lamplighter.store.schema import tenant_table

CLASSES = ("primary", "secondary")
BASES = ("contract", "legal_duty", "vital_interest", "public_task", "legitimate_interest", "consent")

PURPOSE = tenant_table(
    "purpose",
    sa.Column("id", sa.Text, nullable=False, comment="key, such as rate_advice"),
    sa.Column(
        "class",
        sa.Text,
        nullable=False,
        comment="primary: expected with the service; secondary: consent first",
    ),
    sa.Column("basis", sa.Text, nullable=False, comment="why the use is lawful"),
    sa.Column("retention_months", sa.Integer, comment="how long data kept for this purpose alone may stay"),
    sa.Column("texts", postgresql.JSONB, nullable=False, comment="words for customers by locale"),
    sa.PrimaryKeyConstraint("organization_id", "id"),
    meaning="a purpose that an organization added to those that ship",
    subject=None,
    retention=Retention(None, "configuration"),
)


@dataclass(frozen=True)
class Purpose:
    """One registered purpose. ``text`` says it in the customer's words: “… so that we may {text}”."""

    id: str
    purpose_class: Literal["primary", "secondary"]
    basis: str
    retention_months: int | None
    texts: Mapping[str, str]

    def text(self, locale: str) -> str:
        """Words in the locale, else in its language, else in English."""
        return self.texts.get(locale) or self.texts.get(locale.split("-", maxsplit=1)[0]) or self.texts["en"]


@cache
def shipped() -> dict[str, Purpose]:
    """The purposes of ``purposes.yaml`` by id."""
    entries = yaml.safe_load(files("lamplighter.customers").joinpath("purposes.yaml").read_text("utf-8"))
    return {entry["id"]: _purpose(entry) for entry in entries}


def all_of(session: Session) -> dict[str, Purpose]:
    """The purposes an organization may name: what ships and its own (which win over the shipped)."""
    rows = session.execute(sa.select(PURPOSE)).mappings()
    return shipped() | {row["id"]: _purpose({**row, "text": row["texts"]}) for row in rows}


def get(session: Session, purpose: str) -> Purpose:
    """The purpose of that id; NotFound names the nearest."""
    known = all_of(session)
    if purpose not in known:
        near = get_close_matches(purpose, known, 1)
        hint = f"Did you mean “{near[0]}”?" if near else f"Known: {', '.join(sorted(known))}."
        raise NotFound(f"There is no purpose “{purpose}”. {hint}")
    return known[purpose]


def add(
    session: Session,
    purpose: str,
    *,
    purpose_class: str,
    basis: str,
    texts: Mapping[str, str],
    retention_months: int | None = None,
) -> None:
    """Register an organization's own purpose, or change it. English words are required."""
    if purpose_class not in CLASSES or basis not in BASES:
        raise InvalidInput(f"A purpose is {' or '.join(CLASSES)}, on one of: {', '.join(BASES)}.")
    if purpose_class == "secondary" and basis != "consent":
        raise InvalidInput("A secondary purpose stands on consent: give it the basis “consent”.")
    if not texts.get("en"):
        raise InvalidInput("A purpose needs its words in English: texts={'en': '…'}.")
    values: dict[str, Any] = {
        "id": purpose,
        "class": purpose_class,
        "basis": basis,
        "retention_months": retention_months,
        "texts": dict(texts),
    }
    session.execute(sa.delete(PURPOSE).where(PURPOSE.c.id == purpose))
    session.execute(sa.insert(PURPOSE).values(**values))


def _purpose(entry: Mapping[str, Any]) -> Purpose:
    return Purpose(
        entry["id"], entry["class"], entry["basis"], entry["retention_months"], dict(entry["text"])
    )
