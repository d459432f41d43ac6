"""The store's schema, version by version. Alembic runs it; ``draft`` writes the first version while unreleased."""

from pathlib import Path

import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory

FOLDER = Path(__file__).parent


def upgrade(connection: sa.Connection, metadata: sa.MetaData, revision: str = "head") -> None:
    """Bring the schema to ``revision`` in the connection's transaction; its role must be able to become the owner."""
    command.upgrade(_config(connection, metadata), revision)


def pending(connection: sa.Connection) -> list[str]:
    """Revisions between the database and this version, oldest first."""
    scripts = ScriptDirectory.from_config(_config(connection))
    current = MigrationContext.configure(connection).get_current_heads()
    waiting = scripts.iterate_revisions("heads", current or "base")
    return [script.revision for script in waiting if script.revision not in current][::-1]


def _config(connection: sa.Connection, metadata: sa.MetaData | None = None) -> Config:
    config = Config(attributes={"connection": connection, "metadata": metadata})
    config.set_main_option("script_location", str(FOLDER).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    return config
