"""An installed Lamplighter as a user meets it: the command line and HTTP, in processes of their own."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx


def lamplighter(*arguments: object, data: Path | None = None, status: int = 0) -> Any:
    """Run a verb with ``--json`` and answer its object; the exit status must be the expected one."""
    command = [sys.executable, "-m", "lamplighter", *map(str, arguments)]
    if data is not None:
        command += ["--data", str(data)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=240, check=False)
    assert done.returncode == status, f"{command} exited {done.returncode}: {done.stderr}\n{done.stdout}"
    return (
        json.loads(done.stdout) if done.stdout.strip().startswith(("{", "[")) else done.stdout + done.stderr
    )


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def running(verb: str, data: Path, *arguments: object, wait_for: str = "/healthz") -> Iterator[str]:
    """Start ``up`` or ``demo`` and yield its address; Ctrl-C at the end must stop all it started."""
    port = free_port()
    process = subprocess.Popen(
        [
            sys.executable,
            "-m",
            "lamplighter",
            verb,
            "--data",
            str(data),
            "--port",
            str(port),
            *map(str, arguments),
        ],
        start_new_session=True,
    )
    address = f"http://127.0.0.1:{port}"
    try:
        until(lambda: httpx.get(address + wait_for, timeout=5).is_success, process, seconds=60)
        yield address
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGINT)
        assert process.wait(30) == 0
        assert not _left_over(process.pid, data), "Ctrl-C left processes behind"


def until(
    met: Callable[[], bool], process: "subprocess.Popen[bytes] | None" = None, *, seconds: float
) -> None:
    """Wait for a condition of another process, bounded in time; its early end fails at once."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        assert process is None or process.poll() is None, (
            f"the process ended with {process and process.returncode}"
        )
        try:
            if met():
                return
        except httpx.TransportError:
            pass
        time.sleep(0.1)
    raise AssertionError(f"nothing within {seconds} s")


def _left_over(session: int, data: Path) -> list[int]:
    """Processes of that session, or at work on that folder, that still live."""
    left = []
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            fields = (entry / "stat").read_text().rpartition(")")[2].split()
            command = (entry / "cmdline").read_bytes().decode(errors="replace")
        except OSError:
            continue
        at_work = int(fields[3]) == session or str(data) in command
        if at_work and int(entry.name) != os.getpid() and fields[0] != "Z":
            left.append(int(entry.name))
    return left
