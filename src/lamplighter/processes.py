"""The processes of an installation: ``serve`` (web), ``work`` (jobs and the warehouse), ``up`` (both).

``serve`` needs only PostgreSQL and may run any number of times; one ``work`` owns the embedded warehouse and
answers analytic reads over a local socket. ``up`` starts PostgreSQL and both as its children and stops what
it started; a child ends by itself when its parent is gone, however it went.
"""

import asyncio
import os
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from shutil import rmtree

import uvicorn

from lamplighter import app, running
from lamplighter.errors import Unavailable
from lamplighter.running import Running
from lamplighter.settings import Settings
from lamplighter.store import jobs, organization
from lamplighter.store.store import Store
from lamplighter.warehouse import remote

CHILD = "LAMPLIGHTER_CHILD"
PATIENCE_WITHOUT_PARENT = 4.0
"""Seconds in which a child may end in order once its parent is gone."""


def serve(settings: Settings) -> None:
    """Answer HTTP until told to stop."""
    from lamplighter.web.app import create_app

    _end_with_parent()
    if settings.store_url is None and Running.find(settings.data) is None:
        raise Unavailable(
            f"Nothing runs on {settings.data} that could be served. `lamplighter up` starts all parts; to start them "
            "apart, name a PostgreSQL in LAMPLIGHTER_STORE_URL."
        )
    _check_port(settings)
    with app.build(settings, owning=False) as application:
        uvicorn.run(
            create_app(application),
            host=settings.host,
            port=settings.port,
            log_level="warning",
            access_log=False,
            timeout_graceful_shutdown=5,
        )


def work(settings: Settings) -> None:
    """Own the warehouse, answer its readers, carry out jobs until told to stop."""
    _end_with_parent()
    if CHILD in os.environ and (parent := Running.find(settings.data)):
        with app.build(settings, owning=True) as application:
            return _carry_out(application, Path(parent.warehouse_socket))
    with (
        running.hold(settings.data),
        _runtime_folder() as folder,
        app.build(settings, owning=True) as application,
    ):
        store, path = application.store, folder / "warehouse"
        Running(os.getpid(), store.owner_url, store.app_password, str(path)).write(settings.data)
        return _carry_out(application, path)


def _carry_out(application: app.Application, path: Path) -> None:
    from lamplighter.intake.land import recover

    with application.store.system_session() as session:
        organizations = organization.all_ids(session)
    for organization_id in organizations:
        recover(application.context(organization_id))
    with remote.serving(application.warehouse, path):
        asyncio.run(jobs.Worker(application.store, application.context).run())


@contextmanager
def up(settings: Settings) -> Iterator["Children"]:
    """Everything on one machine: the store, ``serve`` and ``work``, until the block is left."""
    with running.hold(settings.data), _runtime_folder() as folder:
        _check_port(settings)
        store = Store.open(settings)
        try:
            store.migrate(app.metadata())
            base_url = settings.base_url or f"http://{settings.host}:{settings.port}"
            Running(
                os.getpid(),
                store_url=store.owner_url,
                app_password=store.app_password,
                warehouse_socket=str(folder / "warehouse"),
                base_url=base_url,
            ).write(settings.data)
            with Children(settings) as children:
                yield children
        finally:
            store.close()


class Children:
    """``work`` and ``serve`` as child processes: started, watched, stopped by their process ids."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self._children: dict[str, subprocess.Popen[bytes]] = {}

    def __enter__(self) -> "Children":
        for name in ("work", "serve"):
            self._children[name] = self._start(name)
        return self

    def _start(self, name: str) -> subprocess.Popen[bytes]:
        settings = self.settings
        environment = os.environ | {CHILD: "1", "LAMPLIGHTER_DATA": str(settings.data.absolute())}
        command = [sys.executable, "-m", "lamplighter", name]
        if name == "serve":
            command += ["--port", str(settings.port)]
        return subprocess.Popen(command, stdin=subprocess.PIPE, env=environment)

    def wait(self) -> None:
        """Return when told to stop (SIGINT, SIGTERM); a child that dies is started again, three times."""
        stop = threading.Event()
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, lambda *_: stop.set())
        restarts = dict.fromkeys(self._children, 0)
        while not stop.wait(0.5):
            self.check(restarts)

    def check(self, restarts: dict[str, int]) -> None:
        """Start a dead child again; after the third time give up with a sentence."""
        for name, child in self._children.items():
            if child.poll() is None:
                continue
            restarts[name] += 1
            if restarts[name] > 3:
                raise Unavailable(
                    f"“{name}” stopped {restarts[name]} times (last exit status {child.returncode}). "
                    "Its messages stand above; `lamplighter doctor` says what to do."
                )
            self._children[name] = self._start(name)

    def __exit__(self, *exc: object) -> None:
        for child in self._children.values():
            child.terminate()
        for child in self._children.values():
            try:
                child.wait(10)
            except subprocess.TimeoutExpired:
                child.kill()
                child.wait()


def _check_port(settings: Settings) -> None:
    """Refuse with a sentence, before anything starts, a port on which nobody could listen."""
    try:
        found = socket.getaddrinfo(settings.host, settings.port, type=socket.SOCK_STREAM)[0]
        with socket.socket(found[0], found[1]) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(found[4])
    except (OSError, OverflowError) as error:
        words = getattr(error, "strerror", None) or str(error)
        raise Unavailable(
            f"Nothing can listen on port {settings.port} of {settings.host} ({words}). "
            "Choose another with --port, or stop the program that uses it."
        ) from None


def _end_with_parent() -> None:
    """As a child: end when the parent's end of our standard input closes, even after its ``kill -9``."""
    if CHILD not in os.environ:
        return

    def watch() -> None:
        while os.read(0, 1024):  # unbuffered: a buffered reader's lock would disturb our own exit
            pass
        os.kill(os.getpid(), signal.SIGTERM)
        # The store may have gone with the parent: whoever still waits for it here holds up the next start.
        time.sleep(PATIENCE_WITHOUT_PARENT)
        os._exit(1)

    threading.Thread(target=watch, daemon=True, name="parent").start()


@contextmanager
def _runtime_folder() -> Iterator[Path]:
    """A short private folder for sockets; removed at the end."""
    folder = Path(tempfile.mkdtemp(prefix="lamplighter-", dir="/tmp"))
    try:
        yield folder
    finally:
        rmtree(folder, ignore_errors=True)


__all__ = ["Children", "serve", "up", "work"]
