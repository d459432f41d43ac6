"""Runs a benchmark and its baseline in fresh processes and answers one JSON object.

``ratio`` is always our time ÷ the baseline's for the same work (50 % slower = 1.5). Absolute figures belong to
a machine and a day; they are recorded in ``docs/explain/performance.md``, and no test asserts one.
"""

import json
import math
import subprocess
import sys
import tempfile
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules
from typing import Any

from lamplighter import bench
from lamplighter.errors import NotFound

Log = Callable[[str], None]


def names() -> list[str]:
    """The benchmarks there are: one module each, beside this one."""
    return sorted(module.name for module in iter_modules(bench.__path__) if module.name != "harness")


def run(
    name: str, scale: float = 1.0, *, growth: bool = False, log: Log = lambda line: None
) -> dict[str, Any]:
    """One benchmark at ``scale`` times its published size; with ``growth`` also how its cost grows."""
    if name not in names():
        raise NotFound(f"There is no benchmark “{name}”. There are: {', '.join(names())}.")
    if not growth:
        return _run(name, scale, log)
    runs = [_run(name, part * scale, log) for part in (0.01, 0.1, 1.0)]
    first, last = runs[0], runs[-1]
    exponent = math.log(last["seconds"] / first["seconds"]) / math.log(last["rows"] / first["rows"])
    return last | {"growth": {"exponent": round(exponent, 2), "runs": runs}}


def _run(name: str, scale: float, log: Log) -> dict[str, Any]:
    module = import_module(f"lamplighter.bench.{name}")
    with tempfile.TemporaryDirectory(prefix="lamplighter-bench-") as folder:
        result: dict[str, Any] = module.run(Path(folder), scale, log)
    ratio = result["seconds"] / result["baseline"] if result["baseline"] else None
    return {
        "name": name,
        "ratio": round(ratio, 2) if ratio else None,
        "engine": "duckdb",
        "scale": scale,
    } | result


def in_fresh_process(function: Callable[..., Any], *arguments: Any) -> tuple[Any, float]:
    """Call a module's function in a new process; answers (its JSON-able result, peak resident MB)."""
    call = (
        "import importlib, json, resource, sys\n"
        "module, name, arguments = json.loads(sys.argv[1])\n"
        "result = getattr(importlib.import_module(module), name)(*arguments)\n"
        "peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss\n"
        "peak /= 1024 * (1024 if sys.platform == 'darwin' else 1)\n"
        "print(json.dumps([result, peak]))\n"
    )
    wanted = json.dumps(
        [function.__module__, function.__name__, [str(a) if isinstance(a, Path) else a for a in arguments]]
    )
    done = subprocess.run(
        [sys.executable, "-c", call, wanted], check=True, stdout=subprocess.PIPE, timeout=3600
    )
    result, peak_mb = json.loads(done.stdout.splitlines()[-1])
    return result, round(peak_mb)


def sentence(result: dict[str, Any]) -> str:
    """The result in words."""
    checks = ", ".join(f"{name}: {'yes' if ok is True else ok}" for name, ok in result["checks"].items())
    line = (
        f"{result['name']}: {result['rows']:,} rows in {result['seconds']:.2f} s "
        f"({result['value']:,.0f} {result['unit']}), the baseline {result['baseline']:.2f} s, "
        f"ratio {result['ratio']}, peak {result['peak_mb']} MB. {checks}"
    )
    if "growth" in result:
        line += f"\nGrowth: time rises with rows to the power of {result['growth']['exponent']}."
    return line
