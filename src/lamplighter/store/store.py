"""The way in to the store: one object per process, one transaction per request or job.

A session belongs to one organization. Its first statement tells PostgreSQL which, for this transaction only;
from then on the policies show and accept that organization's rows and no others, whatever a query says.
"""

import json
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from datetime import date, datetime
from decimal import Decimal
from functools import cached_property
from typing import Any
from uuid import UUID

import psycopg
import sqlalchemy as sa
from psycopg_pool import AsyncConnectionPool
from sqlalchemy import event
from sqlalchemy.orm import Session, sessionmaker

from lamplighter.errors import Misconfigured, Unavailable
from lamplighter.settings import Settings
from lamplighter.store import database_role
from lamplighter.store.embedded import EmbeddedServer
from lamplighter.store.schema import SETTING
from lamplighter.store.transaction import committed
from lamplighter.store.vault import Vault

DATABASE = "lamplighter"
_ENTER = f"select set_config('{SETTING}', %s, true)"


class Store:
    """An open store. ``url`` is the application's address of it, ``owner_url`` the one that may migrate."""

    def __init__(self, settings: Settings, owner_url: str, server: EmbeddedServer | None = None) -> None:
        self.settings = settings
        self.vault = Vault(settings)
        self.owner_url = owner_url
        given = settings.app_password
        self.app_password = given.get_secret_value() if given else self.vault.derived(database_role.APP).hex()
        app = sa.make_url(owner_url).set(username=database_role.APP, password=self.app_password)
        self.url = app.render_as_string(hide_password=False)
        self._server = server
        self._engine = sa.create_engine(
            app.set(drivername="postgresql+psycopg"),
            pool_size=10,
            max_overflow=20,
            pool_pre_ping=True,
            json_serializer=_json,
        )
        self._sessions = sessionmaker(self._engine, expire_on_commit=False)
        event.listen(self._sessions, "after_begin", _enter)

    @classmethod
    def open(cls, settings: Settings) -> "Store":
        """Open the store that the settings name, or start the private one under the data folder; not migrating."""
        if settings.store_url is not None:
            try:
                url = sa.make_url(settings.store_url.get_secret_value()).set(drivername="postgresql")
            except (sa.exc.ArgumentError, ValueError):
                raise Misconfigured(
                    "LAMPLIGHTER_STORE_URL is no address. Write it as postgresql://owner:password@host:5432/database."
                ) from None
            return cls(settings, url.render_as_string(hide_password=False))
        server = EmbeddedServer.start(settings.data / "store")
        try:
            _prepare(server)
            return cls(settings, server.url(DATABASE), server)
        except BaseException:
            server.stop()
            raise

    @contextmanager
    def session(self, organization_id: UUID | None) -> Iterator[Session]:
        """One transaction in one organization: committed at the end, rolled back on an exception."""
        info = {"store": self, "organization_id": organization_id}
        try:
            with self._sessions(info=info) as session:
                with session.begin():
                    yield session
                committed(session)
        except sa.exc.OperationalError as error:
            if error.connection_invalidated or "connection" in str(error.orig):
                raise Unavailable(
                    "The database does not answer. Is it running? Try again in a moment."
                ) from error
            raise

    @contextmanager
    def system_session(self) -> Iterator[Session]:
        """One transaction in no organization: sees the few tables without a policy, and of the others nothing."""
        with self.session(None) as session:
            yield session

    @cached_property
    def pool(self) -> AsyncConnectionPool:
        """Async connections for hot endpoints; opened on first use, or by ``await store.pool.open()``."""
        return AsyncConnectionPool(self.url, min_size=2, max_size=16, open=False)

    @asynccontextmanager
    async def connection(self, organization_id: UUID) -> AsyncIterator[psycopg.AsyncConnection]:
        """The same as ``session`` for hot async endpoints: bare SQL, pipelined, one transaction."""
        await self.pool.open()
        async with self.pool.connection() as connection, connection.pipeline():
            await connection.execute(_ENTER, (str(organization_id),))
            yield connection

    def migrate(self, metadata: sa.MetaData) -> None:
        """Bring the schema to this version; several processes may ask at once. Refuses half-known tables."""
        from lamplighter.store import migrations

        with self._owning() as connection:
            database_role.ensure(connection)
            migrations.upgrade(connection, metadata)
        database_role.ensure_entry(self.owner_url, self.url, self.app_password)
        with self._owning() as connection:
            missing = sorted(set(metadata.tables) - set(sa.inspect(connection).get_table_names()))
        if missing:
            raise Misconfigured(
                f"No migration makes the tables {', '.join(missing)}. If you develop Lamplighter, run "
                "`make migration` and start on a new data folder; else install the version that fits the database."
            )

    def pending_migrations(self) -> list[str]:
        """Names of the schema changes that wait, oldest first."""
        from lamplighter.store import migrations

        with self._owning() as connection:
            return migrations.pending(connection)

    @contextmanager
    def _owning(self) -> Iterator[sa.Connection]:
        url = sa.make_url(self.owner_url).set(drivername="postgresql+psycopg")
        engine = sa.create_engine(url, poolclass=sa.NullPool)
        try:
            with engine.begin() as connection:
                connection.execute(sa.text("select pg_advisory_xact_lock(hashtext('lamplighter.migrate'))"))
                yield connection
        except sa.exc.OperationalError as error:
            raise Unavailable(f"The database does not answer: {str(error.orig).strip()}") from error
        finally:
            engine.dispose()

    def close(self) -> None:
        """Give back the connections and stop the server this process started.

        An opened ``pool`` is closed by who opened it, in its own event loop.
        """
        self._engine.dispose()
        if self._server:
            self._server.stop()

    def __enter__(self) -> "Store":
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()


def _enter(session: Session, _transaction: object, connection: sa.Connection) -> None:
    organization_id = session.info["organization_id"]
    if organization_id is not None:
        connection.exec_driver_sql(_ENTER, (str(organization_id),))


def _prepare(server: EmbeddedServer) -> None:
    """Make the database; let the jobs of workers that died with the last server be taken up at once."""
    with psycopg.connect(server.url(), autocommit=True) as connection:
        if not connection.execute("select from pg_database where datname = %s", (DATABASE,)).fetchall():
            connection.execute(f"create database {DATABASE}")
    with psycopg.connect(server.url(DATABASE), autocommit=True) as connection:
        if connection.execute("select to_regclass('procrastinate_workers')").fetchall() != [(None,)]:
            connection.execute("delete from procrastinate_workers")


def _json(value: Any) -> str:
    return json.dumps(value, default=_plain, ensure_ascii=False)


def _plain(value: object) -> str:
    """Money and quantities travel as decimal strings, times as RFC 3339."""
    if isinstance(value, Decimal | UUID):
        return str(value)
    if isinstance(value, date | datetime):
        return value.isoformat()
    raise TypeError(f"{type(value).__name__} has no JSON form")
