"""The browser of the tests: the machine's own Chromium, never a download of its own kind.

``python tests/chromium.py`` makes sure there is one: as root, or where ``sudo -n`` works, it installs the
system's package; otherwise it uses the one present, or stops with exit status 1 and the command to run.
``path()`` is what a test hands to Playwright as ``executable_path``.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

NAMES = ("chromium", "chromium-browser", "google-chrome-stable", "google-chrome")
MAC = (
    Path("/Applications/Google Chrome.app/Contents/MacOS/Google Chrome"),
    Path("/Applications/Chromium.app/Contents/MacOS/Chromium"),
)
PACKAGES = ("chromium", "chromium-browser")
"""Debian's name, then Ubuntu's."""


def path() -> str:
    """Where the browser is; SystemExit with the remedy where there is none."""
    found = _find()
    if found is None:
        raise SystemExit(f"The browser tests need Chromium. {_remedy()}")
    return found


def arguments() -> list[str]:
    """What Chromium must be started with here: root may not use its sandbox."""
    return ["--no-sandbox"] if os.geteuid() == 0 else []


def ensure() -> str:
    """The browser's path, installed first where that is allowed."""
    found = _find()
    if found is None and sys.platform == "linux" and shutil.which("apt-get"):
        _install()
    return found or path()


def _find() -> str | None:
    named = os.environ.get("CHROMIUM")
    if named and Path(named).exists():
        return named
    for name in NAMES:
        if found := shutil.which(name):
            return found
    return next((str(place) for place in MAC if place.exists()), None)


def _install() -> None:
    before = _as_root()
    if before is None:
        return
    print("Installing Chromium from the system's packages …", flush=True)
    environment = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
    subprocess.run(
        [*before, "apt-get", "update", "-q"], check=False, env=environment, stdout=subprocess.DEVNULL
    )
    for package in PACKAGES:
        command = [*before, "apt-get", "install", "-y", "-q", "--no-install-recommends", package]
        done = subprocess.run(command, check=False, env=environment, stdout=subprocess.DEVNULL)
        if done.returncode == 0 and _find():
            return


def _as_root() -> list[str] | None:
    """What to put before a command to run it as root; None where that is not allowed."""
    if os.geteuid() == 0:
        return []
    if not shutil.which("sudo"):
        return None
    allowed = subprocess.run(["sudo", "-n", "true"], check=False, capture_output=True).returncode == 0
    return ["sudo", "-n"] if allowed else None


def _remedy() -> str:
    if sys.platform == "darwin":
        return "Install Google Chrome, or name a browser: CHROMIUM=/path/to/chromium make test"
    return "Install it: sudo apt-get install chromium (or name one: CHROMIUM=/path/to/chromium make test)"


if __name__ == "__main__":
    ensure()
