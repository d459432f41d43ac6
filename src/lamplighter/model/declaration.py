"""What is declared of every table, in the store and in the warehouse alike: whom it is about, how long it stays."""

from dataclasses import dataclass
from enum import StrEnum


class Sensitivity(StrEnum):
    """How far a value may travel. Restricted values are masked by role and never leave in an export."""

    PUBLIC = "public"
    INTERNAL = "internal"
    PERSONAL = "personal"
    SENSITIVE = "sensitive"
    RESTRICTED = "restricted"


class SubjectKind(StrEnum):
    """Whom or what a row is about.

    ``profile``, ``customer`` and ``account`` name a person (``customer`` is a source's own number, resolved
    by ``profile_link``). ``usage_point`` and ``service_location`` name a *place*: a personal read of such a
    row is clipped to that person's occupancy.
    """

    PROFILE = "profile"
    CUSTOMER = "customer"
    ACCOUNT = "account"
    USAGE_POINT = "usage_point"
    SERVICE_LOCATION = "service_location"

    @property
    def is_place(self) -> bool:
        """Whether personal reads must be clipped to an occupancy."""
        return self in (SubjectKind.USAGE_POINT, SubjectKind.SERVICE_LOCATION)


@dataclass(frozen=True)
class Subject:
    """``column`` holds the id of a ``kind``; ``at`` is the column by which a place's row is dated."""

    column: str
    kind: SubjectKind
    at: str | None = None


@dataclass(frozen=True)
class Retention:
    """Rows older than ``months`` (by ``column``, else by ``recorded_at``) are really deleted; None: kept."""

    months: int | None
    reason: str
    column: str | None = None
