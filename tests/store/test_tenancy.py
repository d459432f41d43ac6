"""One organization sees nothing of another: on every table, whatever the query says, whoever asks."""

from datetime import UTC, date, datetime
from decimal import Decimal
from uuid import UUID, uuid4

import psycopg
import pytest
import sqlalchemy as sa

from lamplighter import app
from lamplighter.errors import Misconfigured
from lamplighter.store import database_role
from lamplighter.store.schema import OPEN, tenant_tables


def row_for(table: sa.Table, salt: int) -> dict[str, object]:
    """Some row that the table accepts, its foreign keys aside."""
    return {
        column.name: value_for(column, salt)
        for column in table.columns
        if column.name != "organization_id" and column.identity is None and column.computed is None
    }


def value_for(column: sa.Column, salt: int) -> object:
    kind = column.type
    if isinstance(kind, sa.Uuid):
        return uuid4()
    if isinstance(kind, sa.ARRAY):
        return []
    if isinstance(kind, sa.JSON):
        return {}
    if isinstance(kind, sa.DateTime):
        return datetime(2026, 1, 1, tzinfo=UTC)
    if isinstance(kind, sa.Date):
        return date(2026, 1, 1)
    if isinstance(kind, sa.Boolean):
        return True
    if isinstance(kind, sa.LargeBinary):
        return bytes([salt])
    if isinstance(kind, sa.Integer):
        return salt
    if isinstance(kind, sa.Numeric | sa.Float):
        return Decimal(salt)
    if isinstance(kind, sa.dialects.postgresql.TSVECTOR):
        return "word"
    return f"word{salt}"


@pytest.fixture
def owner(store):
    """The migrating role's connection, which walls do not bind: to plant rows past foreign keys."""
    with psycopg.connect(store.owner_url, autocommit=True) as connection:
        connection.execute("set session_replication_role = replica")
        yield connection


@pytest.fixture
def planted(store, owner, organization, other_organization):
    """One row of each organization in every table; answers how many each has there."""

    def plant(table: sa.Table) -> None:
        engine = sa.create_engine(
            "postgresql+psycopg://", creator=lambda: owner, poolclass=sa.pool.StaticPool
        )
        with engine.connect() as connection:
            for check in [item for item in table.constraints if isinstance(item, sa.CheckConstraint)]:
                connection.execute(sa.schema.DropConstraint(check))  # this database is ours alone
            for salt, organization_id in ((1, organization), (2, other_organization)):
                connection.execute(sa.delete(table).where(table.c.organization_id == organization_id))
                connection.execute(
                    sa.insert(table).values(organization_id=organization_id, **row_for(table, salt))
                )

    return plant


def walled() -> list[sa.Table]:
    """Every table of every room that belongs to an organization."""
    tables = tenant_tables(app.metadata())
    assert len(tables) > 20
    return tables


def test_nothing_of_another_organization_is_seen_or_touched_on_any_table(
    store, planted, organization, other_organization
):
    for table in walled():
        planted(table)
    for table in walled():
        with store.session(organization) as session:
            assert list(session.execute(sa.select(table.c.organization_id)).scalars()) == [organization], (
                table.name
            )
            theirs = sa.select(sa.func.count()).where(table.c.organization_id == other_organization)
            assert session.execute(theirs).scalar() == 0, table.name
        with store.system_session() as session:
            nobodys = session.execute(sa.select(sa.func.count()).select_from(table)).scalar()
            assert nobodys == 0, f"{table.name} is not closed by default"
        if not table.info["append_only"]:
            with store.session(organization) as session:
                without_condition = sa.update(table).values(organization_id=organization)
                assert session.execute(without_condition).rowcount == 1, table.name
    for table in reversed(walled()):
        if not table.info["append_only"]:
            with store.session(organization) as session:
                assert session.execute(sa.delete(table)).rowcount <= 1, table.name
            with store.session(other_organization) as session:
                left = session.execute(sa.select(sa.func.count()).select_from(table)).scalar()
                assert left == 1, f"their row of {table.name} was deleted"


def test_no_row_of_any_table_can_be_given_to_another_organization(store, organization, other_organization):
    for table in walled():
        row = sa.insert(table).values(organization_id=other_organization, **row_for(table, 1))
        with (
            pytest.raises(sa.exc.ProgrammingError, match="row-level security"),
            store.session(organization) as session,
        ):
            session.execute(row)
            pytest.fail(table.name)


def test_every_tenant_table_is_walled_off_and_no_other_lacks_a_wall(store):
    query = """
        select c.relname, c.relrowsecurity and c.relforcerowsecurity,
               (select count(*) from pg_policy p where p.polrelid = c.oid and p.polqual is not null
                   and p.polwithcheck is not null)
        from pg_class c where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p')
    """
    with psycopg.connect(store.url) as connection:
        walls = {name: (forced, policies) for name, forced, policies in connection.execute(query)}
    for table in walled():
        assert walls.pop(table.name) == (True, 1), table.name
    assert sorted(name for name in walls if not name.startswith("procrastinate_")) == sorted(OPEN)


def test_the_application_is_a_plain_role_that_owns_nothing(store):
    query = """
        select r.rolname, r.rolsuper, r.rolbypassrls, r.rolcreaterole, r.rolcreatedb,
               exists (select from pg_class where relowner = r.oid), pg_has_role(r.oid, 'lamplighter_owner', 'member')
        from pg_roles r where rolname = current_user
    """
    with store.system_session() as session:
        assert session.execute(sa.text(query)).one() == ("lamplighter_app", *[False] * 6)


def test_the_owner_of_the_tables_cannot_log_in_and_is_walled_off_too(store, organization):
    with psycopg.connect(store.owner_url) as connection:
        rights = connection.execute(
            "select rolcanlogin, rolsuper, rolbypassrls from pg_roles where rolname = 'lamplighter_owner'"
        ).fetchone()
        assert rights == (False, False, False)
        connection.execute("set role lamplighter_owner")
        assert connection.execute("select count(*) from organization_settings").fetchone() == (0,)


def test_the_application_may_not_define_or_empty_tables(store):
    for statement in ("create table mine ()", "truncate progress", "drop policy own_rows on progress",
                      "alter table progress disable row level security", "set role lamplighter_owner"):  # fmt: skip
        with pytest.raises(sa.exc.ProgrammingError), store.system_session() as session:
            session.execute(sa.text(statement))


def test_a_role_that_sees_everything_is_refused(store):
    engine = sa.create_engine(
        store.owner_url.replace("postgresql:", "postgresql+psycopg:"), poolclass=sa.NullPool
    )
    with engine.connect() as connection:
        connection.execute(sa.text("alter role lamplighter_app bypassrls"))
        with pytest.raises(Misconfigured, match="NOBYPASSRLS"):
            database_role.ensure(connection)
        connection.rollback()


def test_pooled_connections_do_not_remember_the_last_organization(store, organization, other_organization):
    from concurrent.futures import ThreadPoolExecutor

    from lamplighter.store.organization import settings_of

    def ask(organization_id: UUID) -> bool:
        with store.session(organization_id) as session:
            return settings_of(session).organization_id == organization_id

    with ThreadPoolExecutor(16) as threads:
        assert all(threads.map(ask, [organization, other_organization] * 100))


def test_the_async_pool_is_walled_off_as_well(store, organization, other_organization):
    import asyncio

    async def ask() -> list[object]:
        async with store.connection(organization) as connection:
            first = await (
                await connection.execute("select organization_id from organization_settings")
            ).fetchall()
        async with store.pool.connection() as connection:
            second = await (
                await connection.execute("select organization_id from organization_settings")
            ).fetchall()
        await store.pool.close()
        return [first, second]

    assert asyncio.run(ask()) == [[(organization,)], []]


def test_an_exception_rolls_everything_back(store, organization):
    from lamplighter.store import progress

    with pytest.raises(RuntimeError), store.session(organization) as session:
        progress.start(session, "land", now=datetime(2026, 1, 1, tzinfo=UTC))
        raise RuntimeError
    with store.session(organization) as session:
        assert progress.recent(session) == []
