"""``upgrade head`` makes exactly what is declared, again and again, also from two processes at once."""

import secrets
from concurrent.futures import ThreadPoolExecutor
from importlib.metadata import version
from uuid import uuid4

import psycopg
import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from pydantic import SecretStr

from lamplighter import app
from lamplighter.errors import Misconfigured, Unavailable
from lamplighter.settings import Settings
from lamplighter.store.migrations import draft, job_schema
from lamplighter.store.schema import SETTING
from lamplighter.store.store import Store


@pytest.fixture
def empty(server, tmp_path):
    """Settings that name an empty database."""
    name = f"empty_{secrets.token_hex(6)}"
    with psycopg.connect(server.url(), autocommit=True) as connection:
        connection.execute(f"create database {name}")
        yield Settings(data=tmp_path / "data", store_url=SecretStr(server.url(name)))
        connection.execute(f"drop database {name} with (force)")


def connect(store: Store) -> sa.Engine:
    return sa.create_engine(
        store.owner_url.replace("postgresql:", "postgresql+psycopg:"), poolclass=sa.NullPool
    )


def test_upgrading_an_empty_database_makes_what_is_declared(empty):
    metadata = app.metadata()
    with Store.open(empty) as store:
        assert store.pending_migrations() == ["0001"]
        store.migrate(metadata)
        assert store.pending_migrations() == []
        with connect(store).connect() as connection:
            # Defaults are compared by what they yield: the organization's would be null, and null equals nothing.
            connection.execute(sa.select(sa.func.set_config(SETTING, str(uuid4()), False)))
            ours = lambda name, kind, parents: not (kind == "table" and name.startswith("procrastinate_"))  # noqa: E731
            context = MigrationContext.configure(
                connection, opts={"compare_type": True, "compare_server_default": True, "include_name": ours}
            )
            assert compare_metadata(context, metadata) == []


def test_the_first_version_is_the_draft_of_the_declarations():
    assert draft.formatted(app.metadata()) == draft.FIRST.read_text(), "run `make migration`"


def test_migrating_twice_and_from_two_processes_at_once_is_once(empty):
    def migrate(_: int) -> None:
        with Store.open(empty) as store:
            store.migrate(app.metadata())

    with ThreadPoolExecutor(3) as threads:
        list(threads.map(migrate, range(3)))


def test_a_table_that_no_migration_makes_is_named(empty):
    metadata = sa.MetaData()
    for table in app.metadata().sorted_tables:
        table.to_metadata(metadata)
    sa.Table("forgotten", metadata, sa.Column("id", sa.Integer))
    with Store.open(empty) as store, pytest.raises(Misconfigured, match="forgotten"):
        store.migrate(metadata)


def test_a_database_that_does_not_answer_is_said_so(tmp_path):
    settings = Settings(data=tmp_path, store_url=SecretStr(f"postgresql://postgres@/nothing?host={tmp_path}"))
    with Store.open(settings) as store:
        with pytest.raises(Unavailable, match="does not answer"):
            store.migrate(app.metadata())
        with pytest.raises(Unavailable, match="does not answer"), store.system_session() as session:
            session.execute(sa.text("select 1"))


FUNCTIONS = (
    "select proname, pg_get_functiondef(oid) from pg_proc where proname like 'procrastinate%' order by 1"
)


def test_an_older_job_queue_is_brought_to_the_installed_version(store, empty):
    with connect(store).connect() as connection:
        assert job_schema.installed(connection) == version("procrastinate")
        wanted = {row.proname for row in connection.execute(sa.text(FUNCTIONS))}
    old = Store.open(empty)
    with connect(old).begin() as connection:
        for path in job_schema.scripts():
            if path.name < "03.02":
                job_schema.run(connection, path.read_text())
        connection.execute(sa.text("comment on table procrastinate_jobs is 'procrastinate 3.1.0'"))
        assert "procrastinate_retry_job_v2" not in {
            row.proname for row in connection.execute(sa.text(FUNCTIONS))
        }
        job_schema.upgrade(connection)
        assert job_schema.installed(connection) == version("procrastinate")
        assert wanted <= {row.proname for row in connection.execute(sa.text(FUNCTIONS))}
    old.close()


def test_an_ordinary_role_may_migrate_and_the_application_enters_with_its_password(server, tmp_path):
    """As on a managed server: no superuser anywhere, passwords asked for."""
    name = f"managed_{secrets.token_hex(6)}"
    with psycopg.connect(server.url(), autocommit=True) as connection:
        connection.execute(f"create role {name} login createrole")
        connection.execute(f"grant lamplighter_owner, lamplighter_app to {name} with admin option")
        connection.execute(f"create database {name} owner {name}")
        try:
            managed = Settings(data=tmp_path / "data", store_url=SecretStr(server.url(name, name)))
            with Store.open(managed) as store:
                store.migrate(app.metadata())
                with store.system_session() as session:
                    assert session.execute(sa.text("select current_user")).scalar() == "lamplighter_app"
        finally:
            connection.execute(f"drop database {name} with (force)")
            connection.execute(f"drop owned by {name}")
            connection.execute(f"drop role {name}")
