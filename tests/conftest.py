"""Fixtures for all rooms: a real PostgreSQL, a real warehouse, two organizations, a clock one can move.

One embedded server serves the whole test session; one database is migrated, and each test gets a clone of it
(some 50 ms). Nothing is shared between sessions, so several may run on one machine.
"""

import dataclasses
import os
import secrets
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import psycopg
import pytest
import sqlalchemy as sa
from pydantic import SecretStr

from lamplighter.context import Context
from lamplighter.settings import Settings
from lamplighter.store import organization as organizations
from lamplighter.store.embedded import EmbeddedServer
from lamplighter.store.migrations import draft
from lamplighter.store.store import Store
from lamplighter.warehouse.warehouse import Warehouse

SHARED_DATA = Path(os.environ.get("LAMPLIGHTER_SHARED_DATA", Path(__file__).parents[2] / "shared" / "data"))
"""Sample data that does not ship with the product."""
TEMPLATE = "template_of_tests"
FAST = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off", "max_connections": "200"}
"""For databases that are thrown away; tests that kill servers start their own, without these."""


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Tests that cannot mean anything on this machine are deselected, with a line that says why."""
    reasons = {}
    if not SHARED_DATA.is_dir():
        reasons["shared_data"] = f"there is no sample data at {SHARED_DATA}"
    if os.getuid() != 0:
        reasons["as_root"] = "they are about starting as root, and this is an ordinary user"
    for mark, reason in reasons.items():
        left_out = [item for item in items if item.get_closest_marker(mark)]
        if left_out:
            config.hook.pytest_deselected(items=left_out)
            items[:] = [item for item in items if item not in left_out]
            config.stash.setdefault(_LEFT_OUT, []).append(f"{len(left_out)} tests deselected: {reason}")


def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:
    for line in config.stash.get(_LEFT_OUT, []):
        terminalreporter.write_line(line)


_LEFT_OUT = pytest.StashKey[list[str]]()


@dataclasses.dataclass
class SettableClock:
    """A clock that stands still until it is moved."""

    now: datetime = datetime(2026, 11, 22, 12, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now

    def advance(self, **span: float) -> datetime:
        """Move it: ``clock.advance(days=3)``."""
        self.now += timedelta(**span)
        return self.now


@pytest.fixture
def clock() -> SettableClock:
    return SettableClock()


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedServer]:
    """The PostgreSQL of this test session."""
    server = EmbeddedServer.start(tmp_path_factory.mktemp("postgres"), FAST)
    yield server
    server.stop()


@pytest.fixture(scope="session")
def store_url(server: EmbeddedServer) -> str:
    """The owner's address of a database with every table, that tests clone and leave alone.

    It is made as the declarations say, so that a table can be tried before its migration is there;
    ``store/test_migrations.py`` shows that the migrations make the same.
    """
    from lamplighter import app  # here: tests that need no store need not import every room

    with psycopg.connect(server.url(), autocommit=True) as connection:
        connection.execute(f"create database {TEMPLATE}")
    url = server.url(TEMPLATE)
    engine = sa.create_engine(url.replace("postgresql:", "postgresql+psycopg:"), poolclass=sa.NullPool)
    with engine.begin() as connection:
        draft.create(connection, app.metadata())
    return url


@pytest.fixture
def settings(server: EmbeddedServer, store_url: str, tmp_path: Path) -> Iterator[Settings]:
    """Settings of an installation of this test's own: a fresh database, data under ``tmp_path``."""
    name = f"test_{secrets.token_hex(6)}"
    with psycopg.connect(server.url(), autocommit=True) as connection:
        connection.execute(f"create database {name} template {TEMPLATE}")
        yield Settings(data=tmp_path / "data", store_url=SecretStr(server.url(name)))
        connection.execute(f"drop database {name} with (force)")


@pytest.fixture
def store(settings: Settings) -> Iterator[Store]:
    with Store.open(settings) as store:
        yield store


@pytest.fixture
def organization(store: Store) -> UUID:
    with store.system_session() as session:
        return organizations.create(
            session, "lumen", "Lumen Power & Water", timezone="America/Los_Angeles", is_test=True
        )


@pytest.fixture
def other_organization(store: Store) -> UUID:
    with store.system_session() as session:
        return organizations.create(
            session, "brightway", "Brightway", timezone="America/New_York", is_test=True
        )


@pytest.fixture
def warehouse(settings: Settings) -> Iterator[Warehouse]:
    warehouse = Warehouse.open(settings)
    yield warehouse
    warehouse.close()


@pytest.fixture
def context(organization: UUID, store: Store, warehouse: Warehouse, clock: SettableClock) -> Context:
    return Context(organization, store, warehouse, clock=clock)


@pytest.fixture
def other_context(
    other_organization: UUID, store: Store, warehouse: Warehouse, clock: SettableClock
) -> Context:
    return Context(other_organization, store, warehouse, clock=clock)
