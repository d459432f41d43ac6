"""Verbs that run an installation: up, serve, work, demo, migrate, doctor, openapi, bench."""

import json
from pathlib import Path
from typing import Annotated

import typer

from lamplighter.cli.options import (
    Data,
    Json,
    Port,
    answer,
    log,
    settings,
)

cli = typer.Typer()


@cli.command()
def up(data: Data = None, port: Port = 8000) -> None:
    """Start PostgreSQL, the web server and the worker; Ctrl-C stops all three."""
    from lamplighter import processes

    given = settings(data, port=port)
    with processes.up(given) as children:
        log.print(f"Lamplighter runs at http://{given.host}:{given.port}/console (Ctrl-C stops it)")
        children.wait()


@cli.command()
def serve(data: Data = None, port: Port = 8000) -> None:
    """Only the web server (needs a running `up`, or a store named by LAMPLIGHTER_STORE_URL)."""
    from lamplighter import processes

    processes.serve(settings(data, port=port))


@cli.command()
def work(data: Data = None) -> None:
    """Only the worker: jobs, and the owner of an embedded warehouse."""
    from lamplighter import processes

    processes.work(settings(data))


@cli.command()
def demo(
    data: Annotated[Path, typer.Option("--data", help="Folder of the demo.")] = Path("demo-data"),
    port: Port = 8000,
    customers: Annotated[int, typer.Option("--customers", min=100, help="Size of the town.")] = 5000,
) -> None:
    """A made-up town, loaded through the real intake, ready to click."""
    from lamplighter.demo import run

    run.run(settings(data, port=port), customers, log)


@cli.command()
def migrate(data: Data = None, as_json: Json = False) -> None:
    """Bring the store's schema to this version."""
    from lamplighter import app
    from lamplighter.store.store import Store

    store = Store.open(settings(data))
    try:
        store.migrate(app.metadata())
    finally:
        store.close()
    answer({"migrated": True}, as_json, "The store's schema is up to date.")


@cli.command()
def doctor(data: Data = None, as_json: Json = False) -> None:
    """Health in words, each trouble with its remedy."""
    from lamplighter import doctor

    findings = doctor.examine(settings(data))
    if as_json:
        print(json.dumps({"ok": all(f.ok for f in findings), "findings": [f.as_json() for f in findings]}))
    for finding in () if as_json else findings:
        log.print(f"{'✓' if finding.ok else '✗'} {finding.sentence}", markup=False, soft_wrap=True)
    if not all(finding.ok for finding in findings):
        raise typer.Exit(1)


@cli.command()
def openapi(as_json: Json = False) -> None:
    """Print the OpenAPI document (JSON)."""
    from lamplighter.web.app import openapi_document

    print(json.dumps(openapi_document(), indent=None if as_json else 2))


@cli.command()
def bench(
    name: Annotated[str, typer.Argument(help="land, audience …")],
    scale: Annotated[float, typer.Option(help="Multiplies the sizes; 1 is the published one.")] = 1.0,
    growth: Annotated[
        bool, typer.Option("--growth", help="Run at 0.01, 0.1 and 1, print the exponent.")
    ] = False,
    as_json: Json = False,
) -> None:
    """One benchmark beside its baseline."""
    from lamplighter.bench import harness

    result = harness.run(name, scale, growth=growth, log=lambda line: log.print(line, markup=False))
    answer(result, as_json, harness.sentence(result))
