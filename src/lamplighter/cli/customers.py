"""Verbs about customers: unify, profile, audience."""

import json
from getpass import getuser
from pathlib import Path
from typing import Annotated

import typer

from lamplighter.cli.options import (
    Data,
    Json,
    Slug,
    answer,
    definition,
    in_context,
    perform,
)

cli = typer.Typer()
audience = typer.Typer(help="Size, members or SQL of an audience definition (JSON).", no_args_is_help=True)


@cli.command()
def unify(
    full: Annotated[bool, typer.Option("--full", help="Look at every record again.")] = False,
    links: Annotated[
        Path | None, typer.Option("--links", help="Write one row per record (CSV or Parquet).")
    ] = None,
    data: Data = None,
    slug: Slug = None,
    as_json: Json = False,
) -> None:
    """Resolve which records are the same person."""
    arguments = {"full": full, "links": str(links.absolute()) if links else None}
    result = perform(data, slug, "unify", arguments, as_json)
    answer(
        result,
        as_json,
        f"{result['records']:,} records are {result['profiles']:,} customers ({result['seconds']:.1f} s).",
    )


@cli.command()
def profile(
    identifier: Annotated[str, typer.Argument(help="Profile id, e-mail, phone or account number.")],
    data: Data = None,
    slug: Slug = None,
    as_json: Json = False,
) -> None:
    """One customer 360 as JSON (with --json on one line)."""
    from lamplighter.customers import profile as customers
    from lamplighter.customers.release import release_rows

    with in_context(data, slug) as context:
        with context.session() as session:
            profile_id = customers.find(session, identifier)
        body = customers.get(context, profile_id)
        released = release_rows(
            context, f"staff:{getuser()}", "customer_service", body, body["id"], reason="command line"
        )
        print(json.dumps(released.rows, indent=None if as_json else 2, default=str))


@audience.command("size")
def audience_size(file: Path, data: Data = None, slug: Slug = None, as_json: Json = False) -> None:
    """How many are in it."""
    from lamplighter.customers import audience as audiences

    with in_context(data, slug) as context:
        size = audiences.size(context, definition(file))
    answer({"size": size}, as_json, f"{size:,}")


@audience.command("list")
def audience_list(
    file: Path,
    limit: Annotated[int, typer.Option(help="At most so many.")] = 100,
    data: Data = None,
    slug: Slug = None,
    as_json: Json = False,
) -> None:
    """Who is in it (ids only: names leave through a destination)."""
    from lamplighter.customers import audience as audiences

    with in_context(data, slug) as context:
        members = audiences.members(context, definition(file), limit=limit)
    answer({"items": members}, as_json, "\n".join(str(member) for member in members))


@audience.command("sql")
def audience_sql(file: Path, data: Data = None, slug: Slug = None, as_json: Json = False) -> None:
    """The SQL it becomes."""
    from lamplighter.customers import audience as audiences

    with in_context(data, slug) as context:
        sql = audiences.sql(context, definition(file))
    answer({"sql": sql}, as_json, sql)
