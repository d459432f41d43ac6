"""A small YAML file that a person wrote: every complaint about it names file, line and field.

``mapping.yaml`` and ``layout.yaml`` are read through this, so that both speak alike.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NoReturn

import yaml

from lamplighter.errors import InvalidInput
from lamplighter.intake.wording import listed, nearest

Field = tuple[str, ...]

DEEPEST, MOST_FIELDS = 12, 20_000


@dataclass(frozen=True)
class DeclaredFile:
    """Plain data with the line on which each field stands."""

    path: Path
    data: dict[str, Any]
    lines: dict[Field, int] = field(default_factory=dict)

    def fail(self, where: Field, sentence: str) -> NoReturn:
        line = next((self.lines[where[:n]] for n in range(len(where), -1, -1) if where[:n] in self.lines), 1)
        named = f" ({'.'.join(where)})" if where else ""
        raise InvalidInput(
            f"{self.path.name}, line {line}{named}: {sentence}", file=str(self.path), line=line
        )

    def only(self, where: Field, given: object, known: Iterable[str]) -> dict[str, Any]:
        """``given`` as a dict that has no other keys than ``known``."""
        names = list(known)
        if not isinstance(given, dict):
            self.fail(where, f"a list of fields is expected here: {listed(names)}.")
        for key in given:
            if key not in names:
                self.fail(
                    (*where, str(key)),
                    f"“{key}” is not known here.{nearest(str(key), names)} Known: {listed(names)}.",
                )
        return given

    def text(self, where: Field, given: object) -> str:
        if isinstance(given, bool) or not isinstance(given, str | int | float):
            self.fail(where, "a single word or text is expected here.")
        return str(given)

    def texts(self, where: Field, given: object) -> dict[str, str]:
        if not isinstance(given, dict):
            self.fail(where, "pairs “name: value” are expected here.")
        return {str(key): self.text((*where, str(key)), value) for key, value in given.items()}


def read_declared(path: Path) -> DeclaredFile:
    """Parse it; InvalidInput names the line where YAML itself is broken."""
    try:
        root = yaml.compose(path.read_text(encoding="utf-8"), Loader=yaml.SafeLoader)
    except FileNotFoundError:
        raise InvalidInput(f"There is no file {path}.") from None
    except OSError as error:
        raise InvalidInput(
            f"{path}: the file cannot be opened ({error.strerror}). Check its name and rights."
        ) from None
    except RecursionError:
        raise InvalidInput(
            f"{path.name}: brackets are nested too deep. Write the fields as in the guide."
        ) from None
    except UnicodeDecodeError:
        raise InvalidInput(f"{path.name}: this file is not UTF-8 text. Save it as UTF-8.") from None
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = mark.line + 1 if mark else 1
        problem = getattr(error, "problem", None) or "this is not YAML"
        raise InvalidInput(
            f"{path.name}, line {line}: {problem}. Check the indentation and quotes."
        ) from None
    lines: dict[Field, int] = {}
    data = _plain(root, (), lines, path.name) if root is not None else {}
    if not isinstance(data, dict):
        raise InvalidInput(f"{path.name}, line 1: the file holds no fields. It starts with “name: value”.")
    return DeclaredFile(path, data, lines)


def _plain(node: yaml.Node, where: Field, lines: dict[Field, int], file: str) -> Any:
    lines.setdefault(where, node.start_mark.line + 1)
    if len(where) > DEEPEST or len(lines) > MOST_FIELDS:
        # Aliases (&a … *a) can refer to themselves, or grow tenfold with each line.
        raise InvalidInput(
            f"{file}, line {node.start_mark.line + 1}: the fields are nested too deep or are too many. "
            "Write them as in the guide, without aliases."
        )
    if isinstance(node, yaml.MappingNode):
        plain: dict[str, Any] = {}
        for key, value in node.value:
            name = str(key.value)
            if name in plain:
                raise InvalidInput(
                    f"{file}, line {key.start_mark.line + 1}: “{name}” stands here twice. Keep one."
                )
            lines[(*where, name)] = key.start_mark.line + 1
            plain[name] = _plain(value, (*where, name), lines, file)
        return plain
    if isinstance(node, yaml.SequenceNode):
        return [_plain(item, (*where, str(n)), lines, file) for n, item in enumerate(node.value)]
    if node.tag == "tag:yaml.org,2002:bool":
        # “Y” and “N” are codes in many extracts; only the plain words are flags. Numbers stay text (0012).
        return {"true": True, "false": False}.get(str(node.value).casefold(), node.value)
    return None if node.tag == "tag:yaml.org,2002:null" else node.value
