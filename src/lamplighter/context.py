"""Whose work it is, on whose behalf, and what time it is: passed from intake upward, never global."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Literal, Protocol
from uuid import UUID

from sqlalchemy.orm import Session

from lamplighter.store.store import Store
from lamplighter.warehouse.warehouse import Warehouse


class Clock(Protocol):
    """Tells the time, aware and UTC. Tests and test organizations pass their own."""

    def __call__(self) -> datetime: ...


def system_clock() -> datetime:
    """The machine's own time."""
    return datetime.now(UTC)


@dataclass(frozen=True)
class Actor:
    """Who causes the work: the ``id`` of a member of staff, an API key, a customer, or the system itself."""

    kind: Literal["staff", "key", "customer", "system"] = "system"
    id: str = "lamplighter"

    def __str__(self) -> str:
        return f"{self.kind}:{self.id}"


@dataclass(frozen=True)
class Context:
    """One organization, one actor, one clock, and the two databases."""

    organization_id: UUID
    store: Store
    warehouse: Warehouse
    actor: Actor = Actor()
    clock: Clock = system_clock

    @property
    def now(self) -> datetime:
        return self.clock()

    @contextmanager
    def session(self) -> Iterator[Session]:
        """One transaction in this organization: committed at the end, rolled back on an exception."""
        with self.store.session(self.organization_id) as session:
            yield session

    def acting_as(self, actor: Actor) -> "Context":
        return replace(self, actor=actor)
