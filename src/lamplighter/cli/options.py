"""What the verbs share: options, the way to an installation, progress, and the two forms of an answer."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any
from uuid import UUID

import typer
from pydantic import ValidationError
from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    SpinnerColumn,
    TextColumn,
    TimeElapsedColumn,
)

from lamplighter.errors import InvalidInput, Misconfigured
from lamplighter.settings import Settings

Data = Annotated[
    Path | None, typer.Option("--data", help="Data folder; else LAMPLIGHTER_DATA, else ./lamplighter-data.")
]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]
Slug = Annotated[str | None, typer.Option("--organization", help="Which tenant, where there are several.")]
Port = Annotated[int, typer.Option("--port", help="Port of the web server.")]

log = Console(stderr=True, highlight=False)
"""Standard error: sentences and progress; standard output holds only the answer."""


def settings(data: Path | None, **given: Any) -> Settings:
    """Settings of the environment, with what the command line gives."""
    if data is not None:
        given["data"] = data
    try:
        return Settings(**given)
    except ValidationError as error:
        wrong = error.errors(include_url=False, include_input=False)[0]
        name = "LAMPLIGHTER_" + "_".join(str(part) for part in wrong["loc"]).upper()
        raise Misconfigured(f"{name}: {wrong['msg']}. Correct it in the environment.") from None


@contextmanager
def installation(data: Path | None) -> Iterator[Any]:
    """The open installation: a running one is joined."""
    from lamplighter import app

    with app.build(settings(data)) as application:
        yield application


@contextmanager
def in_context(data: Path | None, slug: str | None) -> Iterator[Any]:
    """The context of one organization of the installation."""
    with installation(data) as application:
        yield application.context(application.organization(slug))


def perform(
    data: Path | None, slug: str | None, verb: str, arguments: dict[str, Any], quiet: bool
) -> dict[str, Any]:
    """Carry out a long verb, here or in the running worker, with its progress shown."""
    with installation(data) as application:
        organization_id: UUID = application.organization(slug)
        with bar(quiet) as report:
            result: dict[str, Any] = application.perform(organization_id, verb, arguments, report=report)
            return result


@contextmanager
def bar(quiet: bool) -> Iterator[Callable[[int, int, str], None]]:
    """A progress bar on standard error; silent where nobody looks."""
    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=log, transient=True, disable=quiet or not log.is_terminal) as bar:
        task = bar.add_task("Starting", total=None)
        yield lambda done, total, message: bar.update(
            task, completed=done, total=total or None, description=message
        )


def answer(result: dict[str, Any], as_json: bool, sentence: str) -> None:
    """Print the result as one JSON object, or the sentence."""
    print(json.dumps(result, default=str) if as_json else sentence)


def existing(path: Path) -> Path:
    """The absolute path of something that exists."""
    if not path.exists():
        raise InvalidInput(f"There is no file or folder {path}.")
    return path.absolute()


def path_text(path: Path | None) -> str | None:
    """The same as text, for a job's arguments."""
    return str(existing(path)) if path else None


def definition(file: Path) -> dict[str, Any]:
    """A JSON file as plain data."""
    try:
        definition: dict[str, Any] = json.loads(existing(file).read_text())
    except (ValueError, RecursionError) as error:
        raise InvalidInput(f"{file} is not JSON: {error}.") from None
    if not isinstance(definition, dict):
        raise InvalidInput(f"{file} holds no JSON object. It starts with “{{”.")
    return definition
