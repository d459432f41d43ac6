"""A web application over a small town, and clients that are signed in.

The town is landed once per session; each test gets a copy of its database and of its warehouse.
"""

import secrets
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

import psycopg
import pytest
from fastapi.testclient import TestClient
from pydantic import SecretStr
from tests import small_town
from tests.conftest import TEMPLATE, SettableClock

from lamplighter.app import Application
from lamplighter.context import Context
from lamplighter.settings import Settings
from lamplighter.store import organization as organizations
from lamplighter.store.embedded import EmbeddedServer
from lamplighter.store.store import Store
from lamplighter.warehouse.warehouse import Warehouse
from lamplighter.web.app import create_app

SignedIn = Callable[[str], TestClient]


@dataclass(frozen=True)
class Kept:
    """A landed town at rest: a database to be cloned, a data folder to be copied."""

    database: str
    data: Path
    organization_id: UUID


@pytest.fixture(scope="session")
def kept_town(server: EmbeddedServer, store_url: str, tmp_path_factory: pytest.TempPathFactory) -> Kept:
    folder, database = tmp_path_factory.mktemp("town"), f"town_{secrets.token_hex(4)}"
    with psycopg.connect(server.url(), autocommit=True) as connection:
        connection.execute(f"create database {database} template {TEMPLATE}")
    settings = Settings(data=folder / "data", store_url=SecretStr(server.url(database)))
    store, warehouse = Store.open(settings), Warehouse.open(settings)
    with store.system_session() as session:
        organization_id = organizations.create(
            session, "lumen", "Lumen Power & Water", timezone="America/Los_Angeles", is_test=True
        )
    context = Context(organization_id, store, warehouse, clock=SettableClock())
    small_town.add_staff(context)
    small_town.load(small_town.application_of(settings, context), organization_id, folder)
    warehouse.close()
    store.close()
    return Kept(database, settings.data, organization_id)


@pytest.fixture
def settings(server: EmbeddedServer, kept_town: Kept, tmp_path: Path) -> Iterator[Settings]:
    """Settings of an installation of this test's own, with the town in it."""
    name = f"test_{secrets.token_hex(6)}"
    shutil.copytree(kept_town.data, tmp_path / "data")
    with psycopg.connect(server.url(), autocommit=True) as connection:
        connection.execute(f"create database {name} template {kept_town.database}")
        yield Settings(data=tmp_path / "data", store_url=SecretStr(server.url(name)))
        connection.execute(f"drop database {name} with (force)")


@pytest.fixture
def organization(kept_town: Kept) -> UUID:
    return kept_town.organization_id


@pytest.fixture
def application(settings: Settings, context: Context) -> Application:
    return small_town.application_of(settings, context)


@pytest.fixture
def client(application: Application) -> Iterator[TestClient]:
    """Nobody is signed in."""
    with TestClient(
        create_app(application), base_url="http://console.test", follow_redirects=False
    ) as client:
        yield client


@pytest.fixture
def signed_in(application: Application) -> Iterator[SignedIn]:
    """``signed_in("analyst")``: a client of its own, signed in through the form."""
    opened: list[TestClient] = []

    def enter(role: str) -> TestClient:
        client = TestClient(create_app(application), base_url="http://console.test", follow_redirects=False)
        opened.append(client)
        answer = post(client, "/console/sign-in", email=f"{role}@lumen.example", password=small_town.PASSWORD)
        assert answer.status_code == 303, answer.text
        return client

    yield enter
    for client in opened:
        client.close()


def post(client: TestClient, address: str, **fields: Any) -> Any:
    """Send a form as a browser does: with the token that its page carries."""
    if "lamplighter_csrf" not in client.cookies:
        client.get("/console/sign-in" if address.endswith("sign-in") else "/console/account")
    return client.post(address, data={"csrf": client.cookies["lamplighter_csrf"], **fields})
