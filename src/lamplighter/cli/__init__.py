"""The command line. Every verb takes ``--json`` and exits 0 done, 1 refused with a sentence, 2 wrong usage."""

import json
import logging
import sys

import typer

from lamplighter.cli import customers, data, operation, running
from lamplighter.cli.options import log
from lamplighter.errors import LamplighterError, Unavailable

cli = typer.Typer(
    name="lamplighter",
    help="The open-source customer platform for utilities.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
for verbs in (running.cli, data.cli, customers.cli):
    cli.add_typer(verbs)
for name, group in {
    "audience": customers.audience,
    "greenbutton": data.greenbutton,
    "organization": operation.organizations,
    "staff": operation.staff,
    "keys": operation.keys,
    "audit": operation.audit,
    "retention": operation.retention,
}.items():
    cli.add_typer(group, name=name)


def main() -> None:
    """Entry point: a refusal is a sentence on standard error (or one JSON object), never a traceback."""
    logging.basicConfig(
        level=logging.WARNING, stream=sys.stderr, format="%(levelname)s %(name)s: %(message)s"
    )
    try:
        cli()
    except (LamplighterError, OSError) as error:
        refused = error if isinstance(error, LamplighterError) else _by_the_system(error)
        if "--json" in sys.argv:
            said = {"code": refused.code, "detail": str(refused), "retryable": refused.retryable}
            print(json.dumps({"error": said}))
        log.print(str(refused), style="red", markup=False, soft_wrap=True)
        sys.exit(1)
    except KeyboardInterrupt:
        sys.exit(130)


def _by_the_system(error: OSError) -> LamplighterError:
    """A file that is not there or not ours, a full disk: the system's words and what to look at."""
    about = f"{error.filename}: " if error.filename else ""
    words = error.strerror or str(error)
    return Unavailable(f"{about}{words}. Check that it exists, its rights and the space on the disk.")


__all__ = ["cli", "main"]
