"""Secrets at rest: each organization's values are sealed by its own data keys, and those by the master key.

AES-256-GCM throughout; organization and purpose are authenticated with every value, so what was sealed for one
opens for no other. Rotation seals the (small) data keys anew and starts new ones; values stay as they are and
keep opening. Master keys come from ``LAMPLIGHTER_MASTER_KEY`` (several may be named, separated by commas: the
first seals, all open) or, in development, from the file ``master.key`` in the data folder, one a line.
"""

import base64
import hashlib
import hmac
import json
import os
import secrets
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import UUID, uuid4

import sqlalchemy as sa
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from sqlalchemy.orm import Session

from lamplighter.errors import InvalidInput, Misconfigured, NotAllowed
from lamplighter.model.declaration import Retention, Sensitivity
from lamplighter.settings import Settings
from lamplighter.store.schema import moment, new_id, tenant_table

if TYPE_CHECKING:
    from lamplighter.store.store import Store

VERSION = b"\x01"
"""First byte of a sealed value: version, key id (16), nonce (12), ciphertext with tag."""

vault_key = tenant_table(
    "vault_key",
    new_id(comment="the key's own id, written into each value it seals"),
    sa.Column("master_id", sa.Text, nullable=False, comment="which master key seals it"),
    sa.Column(
        "sealed_key",
        sa.LargeBinary,
        nullable=False,
        comment="the data key, sealed",
        info={"sensitivity": Sensitivity.RESTRICTED},
    ),
    moment("created_at", "since when it exists", server_default=sa.func.now()),
    moment("retired_at", "since when it only opens", nullable=True),
    meaning="keys that seal this organization's values, themselves sealed by a master key",
    subject=None,
    retention=Retention(None, "values sealed by it may exist"),
)


class Vault:
    """The master keys of this installation, and what is derived from them."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._masters = self._read()

    @property
    def _file(self) -> Path:
        return self._settings.data / "master.key"

    def _read(self) -> dict[str, bytes]:
        """Master keys by their id, the sealing one first."""
        given = self._settings.master_key
        if given is not None:
            lines = given.get_secret_value().split(",")
        elif self._settings.environment == "production":
            raise Misconfigured(
                "LAMPLIGHTER_MASTER_KEY is not set. Make one with `openssl rand -base64 32`, keep a copy in a safe "
                "place: without it nothing sealed can be opened again."
            )
        else:
            if not self._file.exists():
                self._write([secrets.token_bytes(32)], new=True)
            lines = self._file.read_text().split()
        try:
            keys = [base64.b64decode(line.strip(), validate=True) for line in lines]
        except ValueError:
            keys = []
        if not keys or any(len(key) != 32 for key in keys):
            raise Misconfigured(
                "A master key is the Base64 of 32 bytes; make one with `openssl rand -base64 32`."
            )
        return {hashlib.sha256(b"id" + key).hexdigest()[:16]: key for key in keys}

    def _write(self, keys: list[bytes], *, new: bool = False) -> None:
        self._file.parent.mkdir(parents=True, exist_ok=True)
        part = self._file.with_name(f"master.key.{uuid4()}")
        descriptor = os.open(part, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
        with os.fdopen(descriptor, "w") as file:
            file.writelines(base64.b64encode(key).decode() + "\n" for key in keys)
            file.flush()
            os.fsync(file.fileno())
        if not new:
            part.replace(self._file)
            return
        try:
            os.link(part, self._file)  # two first starts at once: one key wins, both read it
        except FileExistsError:
            pass
        finally:
            part.unlink()

    @property
    def master_id(self) -> str:
        """The id of the master key that seals."""
        return next(iter(self._masters))

    def renew_master(self) -> None:
        """Put a new master key first, where they are kept in the file; named ones are the operator's to renew."""
        if self._settings.master_key is None:
            self._write([secrets.token_bytes(32), *self._read().values()])
        self._masters = self._read()

    def derived(self, purpose: str) -> bytes:
        """32 bytes that stay the same while the oldest master key is kept."""
        return _derive(list(self._masters.values())[-1], purpose)

    def seal_key(self, key: bytes, organization_id: UUID) -> bytes:
        """A data key, sealed by the first master key."""
        nonce = os.urandom(12)
        return nonce + AESGCM(self._masters[self.master_id]).encrypt(nonce, key, organization_id.bytes)

    def open_key(self, sealed: bytes, master_id: str, organization_id: UUID) -> bytes:
        """The data key; another process may have renewed the master key since we read it."""
        if master_id not in self._masters:
            self._masters = self._read()
        if master_id not in self._masters:
            raise Misconfigured(
                f"The master key {master_id} that seals this organization's keys is missing. Add it to "
                "LAMPLIGHTER_MASTER_KEY after a comma, or restore master.key from the backup."
            )
        return AESGCM(self._masters[master_id]).decrypt(sealed[:12], sealed[12:], organization_id.bytes)

    def sign(self, payload: dict[str, Any], purpose: str, expires_at: datetime) -> str:
        """A URL-safe token that carries the payload, readable by anyone, changeable by no one."""
        body = json.dumps([payload, int(expires_at.timestamp())], separators=(",", ":")).encode()
        return f"{_text(body)}.{_text(_mac(self._masters[self.master_id], purpose, body))}"

    def verify(self, token: str, purpose: str, now: datetime) -> dict[str, Any]:
        """The payload of our own token for this purpose; NotAllowed where it is not ours, or over."""
        try:
            body, mac = (_bytes(part) for part in token.split("."))
        except ValueError:
            body, mac = b"", b""
        genuine = [hmac.compare_digest(mac, _mac(key, purpose, body)) for key in self._masters.values()]
        if not any(genuine):
            raise NotAllowed("This link was not made by us or was changed on the way. Ask for a new one.")
        payload, expires_at = json.loads(body)
        if now.timestamp() >= expires_at:
            raise NotAllowed("This link has expired. Ask for a new one.")
        assert isinstance(payload, dict)
        return payload


def seal(session: Session, data: bytes, purpose: str) -> bytes:
    """Seal for this organization and purpose (a short constant such as ``utility_login``)."""
    organization_id = session.info["organization_id"]
    key_id, key = session.info.get("data_key") or _current_key(session)
    session.info["data_key"] = key_id, key
    nonce = os.urandom(12)
    return VERSION + key_id.bytes + nonce + AESGCM(key).encrypt(nonce, data, _bound(organization_id, purpose))


def open_sealed(session: Session, sealed: bytes, purpose: str) -> bytes:
    """The value again; NotAllowed in another organization, InvalidInput where it was changed or is for another purpose."""
    organization_id: UUID = session.info["organization_id"]
    if sealed[:1] != VERSION or len(sealed) < 45:
        raise InvalidInput("This is not a sealed value.")
    row = session.execute(
        sa.select(vault_key.c.sealed_key, vault_key.c.master_id).where(
            vault_key.c.id == UUID(bytes=sealed[1:17])
        )
    ).one_or_none()
    if row is None:
        raise NotAllowed("This value was sealed for another organization.")
    vault: Vault = session.info["store"].vault
    key = vault.open_key(row.sealed_key, row.master_id, organization_id)
    try:
        return AESGCM(key).decrypt(sealed[17:29], sealed[29:], _bound(organization_id, purpose))
    except InvalidTag:
        raise InvalidInput("This value was changed after sealing, or sealed for another purpose.") from None


def rotate(store: "Store") -> int:
    """Renew the master key, seal every data key with it, start new data keys; how many were sealed anew.

    Safe to interrupt and repeat: old master keys are kept until the operator removes them.
    """
    from lamplighter.store import organization

    store.vault.renew_master()
    with store.system_session() as session:
        organizations = organization.all_ids(session)
    return sum(_rotate_one(store, organization_id) for organization_id in organizations)


def _rotate_one(store: "Store", organization_id: UUID) -> int:
    vault = store.vault
    with store.session(organization_id) as session:
        rows = session.execute(sa.select(vault_key).order_by(vault_key.c.created_at).with_for_update()).all()
        for row in rows:
            key = vault.open_key(row.sealed_key, row.master_id, organization_id)
            session.execute(
                sa.update(vault_key)
                .where(vault_key.c.id == row.id)
                .values(sealed_key=vault.seal_key(key, organization_id), master_id=vault.master_id)
            )
        if rows:
            session.execute(
                sa.update(vault_key).where(vault_key.c.retired_at.is_(None)).values(retired_at=sa.func.now())
            )
            _new_key(session)
        return len(rows)


def _current_key(session: Session) -> tuple[UUID, bytes]:
    row = session.execute(
        sa.select(vault_key)
        .where(vault_key.c.retired_at.is_(None))
        .order_by(vault_key.c.created_at.desc(), vault_key.c.id)
        .limit(1)
    ).one_or_none()
    if row is None:
        return _new_key(session)
    vault: Vault = session.info["store"].vault
    return row.id, vault.open_key(row.sealed_key, row.master_id, session.info["organization_id"])


def _new_key(session: Session) -> tuple[UUID, bytes]:
    vault: Vault = session.info["store"].vault
    key_id, key = uuid4(), secrets.token_bytes(32)
    session.execute(
        sa.insert(vault_key).values(
            id=key_id,
            sealed_key=vault.seal_key(key, session.info["organization_id"]),
            master_id=vault.master_id,
        )
    )
    return key_id, key


def _bound(organization_id: UUID, purpose: str) -> bytes:
    return organization_id.bytes + purpose.encode()


def _derive(master: bytes, purpose: str) -> bytes:
    return hmac.digest(master, b"lamplighter:" + purpose.encode(), "sha256")


def _mac(master: bytes, purpose: str, body: bytes) -> bytes:
    return hmac.digest(_derive(master, f"sign:{purpose}"), body, "sha256")


def _text(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _bytes(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
