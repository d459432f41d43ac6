"""Files of an organization (uploads, exports, bills as PDF): sealed, in a folder of its own, tied to a row.

``DATA/files/<organization>/<id>``. A file is on the disk before the row that names it is committed; a delete
takes it away after the commit. What a rollback or a crash leaves behind, a nightly ``sweep`` removes.
"""

import hashlib
import os
import time
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import sqlalchemy as sa
from sqlalchemy.orm import Session

from lamplighter.errors import NotFound
from lamplighter.model.declaration import Retention, Sensitivity
from lamplighter.store import jobs, vault
from lamplighter.store.schema import moment, new_id, tenant_table
from lamplighter.store.transaction import after_commit

_PURPOSE = "file"

stored_file = tenant_table(
    "stored_file",
    new_id(comment="the file; also its name on the disk"),
    sa.Column(
        "name",
        sa.Text,
        nullable=False,
        comment="as a person calls it",
        info={"sensitivity": Sensitivity.PERSONAL},
    ),
    sa.Column("size", sa.BigInteger, nullable=False, comment="bytes before sealing"),
    sa.Column("sha256", sa.Text, nullable=False, comment="hash of the contents before sealing"),
    moment("created_at", "when it was stored", server_default=sa.func.now()),
    meaning="a file on the disk, sealed",
    subject=None,
    retention=Retention(None, "deleted with the row that refers to it"),
)


def put(session: Session, name: str, data: bytes) -> UUID:
    """Store a file in this transaction; its id."""
    file_id = uuid4()
    path = _path(session, file_id)
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    _write(path, vault.seal(session, data, _PURPOSE))
    session.execute(
        sa.insert(stored_file).values(
            id=file_id, name=name, size=len(data), sha256=hashlib.sha256(data).hexdigest()
        )
    )
    return file_id


def get(session: Session, file_id: UUID) -> bytes:
    """The contents; NotFound where this organization has no such file."""
    known = session.execute(sa.select(stored_file.c.id).where(stored_file.c.id == file_id)).one_or_none()
    try:
        sealed = _path(session, file_id).read_bytes() if known else None
    except FileNotFoundError:
        sealed = None
    if sealed is None:
        raise NotFound("There is no such file.")
    return vault.open_sealed(session, sealed, _PURPOSE)


def delete(session: Session, file_id: UUID) -> None:
    """Delete row and file; twice is once."""
    gone = session.execute(
        sa.delete(stored_file).where(stored_file.c.id == file_id).returning(stored_file.c.id)
    )
    if gone.one_or_none():
        path = _path(session, file_id)
        after_commit(session, lambda: path.unlink(missing_ok=True))


def sweep(session: Session, older_than_seconds: float = 3600) -> int:
    """Remove this organization's files that no row knows ; how many."""
    folder = _path(session, uuid4()).parent
    before = time.time() - older_than_seconds
    known = {str(file_id) for file_id in session.execute(sa.select(stored_file.c.id)).scalars()}
    left = [
        path
        for path in (folder.iterdir() if folder.exists() else ())
        if path.name not in known and path.stat().st_mtime < before
    ]
    for path in left:
        path.unlink(missing_ok=True)
    return len(left)


@jobs.task("files.sweep")
def sweep_nightly(context: Any) -> None:
    """Remove what rollbacks and crashes left behind."""
    with context.session() as session:
        sweep(session)


jobs.every("20 3 * * *", "files.sweep")


def _path(session: Session, file_id: UUID) -> Path:
    root: Path = session.info["store"].settings.data
    return root / "files" / str(session.info["organization_id"]) / str(file_id)


def _write(path: Path, data: bytes) -> None:
    """On the disk, whole or not at all, before we return."""
    part = path.with_suffix(".part")
    descriptor = os.open(part, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    part.replace(path)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
