"""How a process finds the one that is already running on a data folder: ``DIR/run.json``, private.

It names the store's address, the worker's socket and the web address. Sockets have a length limit of about
107 bytes, so they lie in a short private folder of their own, never under the data folder.
"""

import fcntl
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from pydantic import SecretStr

from lamplighter.errors import InstallationInUse


@dataclass(frozen=True)
class Running:
    """What runs on a data folder. Empty fields: that part is not running."""

    pid: int
    store_url: str = ""
    app_password: str = ""
    warehouse_socket: str = ""
    base_url: str = ""

    @classmethod
    def find(cls, data: Path) -> "Running | None":
        """What ``run.json`` says, if the process that wrote it still holds the folder's lock."""
        try:
            running = cls(**json.loads((data / "run.json").read_text()))
        except (FileNotFoundError, ValueError, TypeError):
            return None
        return running if _is_held(data / "run.lock") else None

    def write(self, data: Path) -> None:
        """Replace ``run.json`` in one step, readable by its owner only."""
        part = data / f"run.json.{os.getpid()}"
        descriptor = os.open(part, os.O_CREAT | os.O_WRONLY | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w") as file:
            json.dump(asdict(self), file)
        part.replace(data / "run.json")

    def as_settings(self) -> dict[str, Any]:
        """The settings by which another process reaches the same store."""
        return {"store_url": SecretStr(self.store_url), "app_password": SecretStr(self.app_password)}


@contextmanager
def hold(data: Path) -> Iterator[None]:
    """Hold the data folder for this process; a second holder is refused with a sentence."""
    data.mkdir(parents=True, exist_ok=True)
    with (data / "run.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise InstallationInUse(
                f"Lamplighter is already running on {data}. Stop it first, or choose another folder with --data."
            ) from None
        yield
        (data / "run.json").unlink(missing_ok=True)


def _is_held(path: Path) -> bool:
    try:
        with path.open() as lock:
            fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except FileNotFoundError:
        return False
    except BlockingIOError:
        return True
    return False
