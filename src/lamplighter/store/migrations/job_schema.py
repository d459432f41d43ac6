"""The job queue's own tables: made and upgraded by the SQL that Procrastinate ships with each of its versions.

The version that the database has stands as a comment on ``procrastinate_jobs``.
"""

from importlib.metadata import version
from pathlib import Path

import procrastinate
import sqlalchemy as sa
from procrastinate.schema import SchemaManager

Version = tuple[int, ...]


def create(connection: sa.Connection) -> None:
    """Make the queue as the installed version wants it."""
    run(connection, SchemaManager.get_schema())
    _note(connection)


def upgrade(connection: sa.Connection) -> None:
    """Bring the queue to the installed version; nothing where it is."""
    has = _parsed(installed(connection))
    if has == _parsed(version("procrastinate")):
        return
    for path in scripts():
        if _parsed(path.name.split("_")[0]) > has:
            run(connection, path.read_text())
    _note(connection)


def installed(connection: sa.Connection) -> str:
    """The version that the database has."""
    comment = connection.execute(
        sa.text("select obj_description('procrastinate_jobs'::regclass)")
    ).scalar_one()
    return str(comment).removeprefix("procrastinate ")


def scripts() -> list[Path]:
    """The steps that Procrastinate ships, oldest first; a name begins with the version it leads to."""
    return sorted(Path(procrastinate.__file__).parent.glob("sql/migrations/*.sql"))


def _note(connection: sa.Connection) -> None:
    connection.execute(
        sa.text(f"comment on table procrastinate_jobs is 'procrastinate {version('procrastinate')}'")
    )


def run(connection: sa.Connection, script: str) -> None:
    """Run a script on the driver itself: a script of several statements, in which ``%`` and ``:`` mean nothing."""
    driver = connection.connection.driver_connection
    assert driver is not None
    driver.execute(script)


def _parsed(words: str) -> Version:
    return tuple(int(word) for word in words.split(".")[:3])
