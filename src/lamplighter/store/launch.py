"""Become PostgreSQL: run as a script, as ``python launch.py PARENT COMMAND…``; imports the standard library only.

The new process ends with its parent however that goes, and drops root's rights first, since PostgreSQL refuses
them. As root it enters a user namespace in which it is an ordinary user: no account is made, no file changes
hands, nothing is opened to others. Where the machine forbids that, it becomes the user to whom the folder belongs.

Exit status ``NO_NAMESPACE`` and ``OUT_OF_REACH`` tell the starter which of the two failed.
"""

import ctypes
import os
import signal
import sys
import threading

NO_NAMESPACE = 97
OUT_OF_REACH = 98
FALLBACK_USER = 65534
"""Gets the folder where user namespaces are forbidden: ``nobody`` on Linux, by number."""

LIBC = ctypes.CDLL(None)
"""Loaded before the rights go: afterwards Python's own folder may be out of reach."""


def main(parent: int, mode: str, command: list[str]) -> None:
    """Replace this process by ``command``. ``mode``: ``plain``, or as root ``namespace`` or a user's number."""
    if mode == "namespace":
        _enter_namespace()
    elif mode != "plain":
        _become_user(int(mode), command)
    _die_with(parent)
    os.execv(command[0], command)  # noqa: S606


def _enter_namespace() -> None:
    clone_newuser = 0x10000000
    if LIBC.unshare(clone_newuser) != 0:
        sys.exit(NO_NAMESPACE)
    try:
        for name, text in (("uid_map", "1000 0 1"), ("setgroups", "deny"), ("gid_map", "1000 0 1")):
            with open(f"/proc/self/{name}", "w") as file:  # noqa: PTH123
                file.write(text)
    except OSError:
        sys.exit(NO_NAMESPACE)


def _become_user(user: int, command: list[str]) -> None:
    os.setgroups([])
    os.setgid(user)
    os.setuid(user)
    folder = command[command.index("-D") + 1]
    reachable = folder if os.path.exists(folder) else os.path.dirname(folder)  # noqa: PTH110, PTH120
    if not os.access(command[0], os.X_OK) or not os.access(reachable, os.R_OK | os.W_OK | os.X_OK):
        sys.exit(OUT_OF_REACH)


def _die_with(parent: int) -> None:
    if sys.platform == "linux":
        set_parent_death_signal = 1
        LIBC.prctl(set_parent_death_signal, signal.SIGINT)
        if os.getppid() != parent:
            sys.exit(1)
    else:
        _watch(parent)


def _watch(parent: int) -> None:
    """Elsewhere: a small child looks each second whether server and starter still belong together."""
    server = os.getpid()
    if os.fork():
        return
    os.setsid()
    while os.getppid() == server:
        try:
            os.kill(parent, 0)
        except ProcessLookupError:
            os.kill(server, signal.SIGINT)
            break
        threading.Event().wait(1)
    os._exit(0)


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2], sys.argv[3:])
