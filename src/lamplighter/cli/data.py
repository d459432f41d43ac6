"""Verbs that bring data in and take it back: land, sources, rejects, withdraw; greenbutton."""

from pathlib import Path
from typing import Annotated, Any

import typer

from lamplighter.cli.options import Data, Json, Slug, answer, existing, in_context, path_text, perform

cli = typer.Typer()
greenbutton = typer.Typer(help="Read Green Button (ESPI) files and utility exports.", no_args_is_help=True)


@cli.command()
def land(
    source: Annotated[str, typer.Argument(help="Source plug-in: cis_csv, ami, green_button …")],
    path: Annotated[Path, typer.Argument(help="File or folder.")],
    name: Annotated[
        str | None, typer.Option("--as", help="Name of the source: whose numbers these are.")
    ] = None,
    mapping: Annotated[Path | None, typer.Option(help="mapping.yaml for files in another layout.")] = None,
    layout: Annotated[Path | None, typer.Option(help="layout.yaml for interval reads.")] = None,
    full: Annotated[bool, typer.Option("--full", help="A row that is absent has ended.")] = False,
    end_many: Annotated[
        bool, typer.Option("--end-many", help="With --full: yes, more than 5 % of a file's rows have ended.")
    ] = False,
    as_of: Annotated[str | None, typer.Option("--as-of", help="Time of the extract.")] = None,
    data: Data = None,
    slug: Slug = None,
    as_json: Json = False,
) -> None:
    """Land files: checked, what is refused is kept with its reason, what is unchanged is not stored twice."""
    arguments: dict[str, Any] = {"source": source, "path": str(existing(path)), "name": name, "full": full}
    arguments |= {
        "mapping": path_text(mapping),
        "layout": path_text(layout),
        "as_of": as_of,
        "end_many": end_many,
    }
    result = perform(data, slug, "land", arguments, as_json)
    lines = [f"{result['landed']:,} rows landed, {result['unchanged']:,} unchanged, {result['rejected']:,} set aside"
             f" in {result['seconds']:.1f} s (batch {result['batch']})."]  # fmt: skip
    lines += [f"  {count:,} × {reason}" for reason, count in result["reasons"].items()]
    lines += [f"  {note}" for note in result.get("notes", [])]
    if result["rejected"]:
        lines.append(f"  See them: lamplighter rejects {result['source']}")
    answer(result, as_json, "\n".join(lines))


@cli.command()
def sources(data: Data = None, slug: Slug = None, as_json: Json = False) -> None:
    """The sources that have landed here, and the source plug-ins installed."""
    from lamplighter import plugins
    from lamplighter.intake import batch as intake

    with in_context(data, slug) as context:
        known = intake.configured(context)
    installed = plugins.names("sources")
    lines = [
        f"{row['name']} ({row['plugin']}): last landed {row['last_landed_at'] or 'never'}" for row in known
    ]
    sentence = "\n".join([*lines, f"Plug-ins: {', '.join(installed)}"])
    answer({"items": known, "plugins": installed}, as_json, sentence)


@cli.command()
def rejects(
    source: Annotated[str, typer.Argument(help="Name of the source.")],
    replay: Annotated[bool, typer.Option("--replay", help="Land them again.")] = False,
    data: Data = None,
    slug: Slug = None,
    as_json: Json = False,
) -> None:
    """Show what was set aside of a source and why, or land it again once the cause is mended."""
    from lamplighter.intake import land as intake

    if replay:
        result = perform(data, slug, "replay", {"source": source}, as_json)
        return answer(
            result, as_json, f"{result['landed']:,} rows landed, {result['rejected']:,} are still set aside."
        )
    with in_context(data, slug) as context:
        rows = intake.rejects(context, source)
    lines = [f"{row['file']}:{row['line']}  {row['reason']}: {row['message']}" for row in rows]
    return answer({"items": rows}, as_json, "\n".join(lines) or f"Nothing of {source} is set aside.")


@cli.command()
def withdraw(
    batch: Annotated[str, typer.Argument(help="Id of the batch.")],
    data: Data = None,
    slug: Slug = None,
    as_json: Json = False,
) -> None:
    """Take a wrong load back, as if it had never landed."""
    result = perform(data, slug, "withdraw", {"batch": batch}, as_json)
    answer(result, as_json, f"Batch {batch} is taken back.")


@greenbutton.command("inspect")
def greenbutton_inspect(file: Path, as_json: Json = False) -> None:
    """What is in a Green Button file, and where it departs from the standard."""
    from lamplighter.intake.green_button import inspect

    summary: dict[str, Any] = inspect(existing(file))
    lines = [f"{summary['file']}: {summary['dialect']}"]
    for point in summary["usage_points"]:
        for kind in point["reading_types"]:
            lines.append(
                f"  {point['id']} {kind['commodity']} {kind['flow']}: {kind['readings']:,} readings, "
                f"{kind['first']} to {kind['last']}, {kind['total']} {kind['unit']}"
            )
    lines += [f"  line {f['line']}: {f['message']} ({f['code']})" for f in summary["findings"]]
    answer(summary, as_json, "\n".join(lines))


@greenbutton.command("convert")
def greenbutton_convert(file: Path, target: Path, as_json: Json = False) -> None:
    """Write the readings of a Green Button file as Parquet or CSV."""
    from lamplighter.intake.green_button import convert

    rows = convert(existing(file), target)
    answer({"rows": rows, "target": str(target)}, as_json, f"{rows:,} readings written to {target}.")
