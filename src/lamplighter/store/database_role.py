"""The two database roles: an owner for definitions, and the plain one the application works as.

A superuser passes every row-level policy, forced or not; so does a role with BYPASSRLS. The application
therefore never connects as the role that migrates: ``lamplighter_app`` has grants and nothing else, and
``lamplighter_owner`` cannot log in at all: the migrating role takes it on for the definitions.
"""

import psycopg
import sqlalchemy as sa
from psycopg import sql

from lamplighter.errors import Misconfigured

OWNER = "lamplighter_owner"
APP = "lamplighter_app"

_MAKE = """
do $$ begin create role {role} {rights}; exception when duplicate_object or unique_violation then null; end $$
"""


def ensure(connection: sa.Connection) -> None:
    """Make both roles where they are missing, and let the owner define things in this database."""
    for role, rights in ((OWNER, "nologin"), (APP, "login nocreatedb nocreaterole noinherit")):
        connection.execute(sa.text(_MAKE.format(role=role, rights=rights)))
    above = connection.execute(
        sa.text(
            "select rolname from pg_roles where rolname in (:owner, :app) and (rolsuper or rolbypassrls)"
        ),
        {"owner": OWNER, "app": APP},
    ).scalars()
    for role in above:
        raise Misconfigured(
            f"The database role {role} sees every organization's rows. "
            f"Run: ALTER ROLE {role} NOSUPERUSER NOBYPASSRLS"
        )
    for statement in (
        f"grant {OWNER} to current_user",
        f"grant usage, create on schema public to {OWNER}",
        f"grant usage on schema public to {APP}",
    ):
        connection.execute(sa.text(statement))


def ensure_entry(owner_url: str, app_url: str, password: str) -> None:
    """See that the application's role can enter with its password; set it where it cannot."""
    try:
        psycopg.connect(app_url, connect_timeout=10).close()
    except psycopg.OperationalError:
        with psycopg.connect(owner_url, connect_timeout=10) as connection:
            connection.execute(
                sql.SQL("alter role {} password {}").format(sql.Identifier(APP), sql.Literal(password))
            )
        psycopg.connect(app_url, connect_timeout=10).close()
