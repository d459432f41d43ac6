"""A package's ``__all__`` is its promise: every name in it exists, and nothing public is exported unsaid."""

import ast
import importlib
import pkgutil
from pathlib import Path

import pytest

import lamplighter

JOINED = {"MODULES", "ON", "SECTIONS"}
"""What a room tells ``app.py``; it is read there and nowhere else."""

NAMES = sorted(
    module.name
    for module in pkgutil.walk_packages(lamplighter.__path__, "lamplighter.")
    if not module.name.endswith("__main__") and ".migrations" not in module.name
)
PACKAGES = [
    module.name for module in pkgutil.walk_packages(lamplighter.__path__, "lamplighter.") if module.ispkg
]


@pytest.mark.parametrize("name", NAMES)
def test_every_exported_name_exists(name: str) -> None:
    module = importlib.import_module(name)
    missing = [word for word in getattr(module, "__all__", ()) if not hasattr(module, word)]
    assert not missing


@pytest.mark.parametrize("name", [name for name in PACKAGES if ".migrations" not in name])
def test_a_package_exports_all_that_it_offers_and_no_more(name: str) -> None:
    module = importlib.import_module(name)
    offered, exported = _offered(Path(module.__file__ or "")), set(getattr(module, "__all__", ())) - JOINED
    parts = {part.name for part in pkgutil.iter_modules(module.__path__)}
    assert offered - parts <= exported, f"{name} offers names that its __all__ does not list"
    assert exported - parts <= offered, f"{name} lists names that it neither defines nor passes on"


def _offered(file: Path) -> set[str]:
    """What an ``__init__`` defines at its top level, and what it imports from the house only to pass on."""
    tree = ast.parse(file.read_text())
    used = {
        node.id for node in ast.walk(tree) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load)
    }
    names: set[str] = set()
    for node in tree.body:
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("lamplighter"):
            names |= {alias.asname or alias.name for alias in node.names} - used
        elif isinstance(node, ast.FunctionDef | ast.ClassDef):
            names.add(node.name)
        elif isinstance(node, ast.Assign):
            names |= {target.id for target in node.targets if isinstance(target, ast.Name)}
        elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
            names.add(node.target.id)
    return {word for word in names - JOINED if not word.startswith("_")}
