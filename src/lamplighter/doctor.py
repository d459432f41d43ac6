"""Health in words: each finding is a fact, and where it is bad, what to do."""

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from shutil import disk_usage
from typing import Any

import sqlalchemy as sa

from lamplighter import app
from lamplighter.errors import LamplighterError
from lamplighter.running import Running
from lamplighter.settings import Settings

LITTLE_SPACE = 2 * 1024**3
"""Bytes of free disk below which landing may fail."""


@dataclass(frozen=True)
class Finding:
    """One fact about the installation; a bad one names its remedy in the sentence."""

    code: str
    ok: bool
    sentence: str

    def as_json(self) -> dict[str, Any]:
        """Plain data."""
        return asdict(self)


def examine(settings: Settings) -> list[Finding]:
    """Everything that can be said about an installation, whether it runs or not."""
    return list(_examine(settings))


def _examine(settings: Settings) -> Iterator[Finding]:
    running = Running.find(settings.data)
    yield Finding("running", True, f"Running at {running.base_url}." if running else "Not running just now.")
    yield _space(settings.data)
    try:
        with app.build(settings) as application:
            yield _role(application)
            yield _schema(application)
    except LamplighterError as error:
        yield Finding(error.code, False, str(error))


def _space(data: Path) -> Finding:
    folder = next(parent for parent in (data.absolute(), *data.absolute().parents) if parent.exists())
    free = disk_usage(folder).free
    if free < LITTLE_SPACE:
        return Finding(
            "disk",
            False,
            f"Only {free / 1024**3:.1f} GB are free at {folder}: free some space before landing data.",
        )
    return Finding("disk", True, f"{free / 1024**3:.0f} GB are free at {folder}.")


def _role(application: app.Application) -> Finding:
    query = sa.text(
        "select rolname, rolsuper or rolbypassrls as above from pg_roles where rolname = current_user"
    )
    with application.store.system_session() as session:
        row = session.execute(query).one()
    if row.above:
        return Finding(
            "role", False,
            f"The application connects as {row.rolname}, which sees every organization. "
            "Run `lamplighter migrate` with an owner's LAMPLIGHTER_STORE_URL; it makes the plain role.",
        )  # fmt: skip
    return Finding("role", True, f"The application connects as {row.rolname}, a plain role.")


def _schema(application: app.Application) -> Finding:
    waiting = application.store.pending_migrations()
    if waiting:
        return Finding(
            "schema",
            False,
            f"{len(waiting)} schema changes wait ({', '.join(waiting)}): run `lamplighter migrate`.",
        )
    return Finding("schema", True, "The store's schema is up to date.")
