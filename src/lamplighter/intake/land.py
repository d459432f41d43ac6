"""``land``: the one door in. Files of a source become rows of declared tables, or are set aside with the reason.

One call is one batch over all files of a folder: visible whole or not at all. The steps, a file each: a source
reads (``sources/``), values are standardised (``standardize``) and validated (``validate``), rows wait (``spool``)
until duplicates (``duplicates``) and references (``reference``, ``meters``) are settled, then go to the warehouse
(``settle``); the store's book gets its entry (``batch``), the rest is set aside (``quarantine``), and ``publish``
shows it all at once.
"""

import hashlib
import time
from collections.abc import Callable, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import Any

from lamplighter import plugins
from lamplighter.context import Context
from lamplighter.errors import InvalidInput, LamplighterError, NotFound, UnknownSource, UnreadableFile
from lamplighter.intake import batch as batches
from lamplighter.intake import quarantine
from lamplighter.intake.extract import TOGETHER
from lamplighter.intake.gather import Gathered, gather
from lamplighter.intake.landing import Landing, Progress, TableCount
from lamplighter.intake.layout import read_layout
from lamplighter.intake.mapping import Mapping, read_mapping
from lamplighter.intake.publish import alone, publish, recover, withdraw
from lamplighter.intake.replay import again
from lamplighter.intake.settle import Settlement
from lamplighter.intake.source import Chunk, Note, ReadOptions, Refused, Source
from lamplighter.intake.wording import nearest
from lamplighter.store import jobs, organization

Report = Callable[[Progress], None]


def land(
    context: Context,
    source: str,
    where: Path,
    *,
    name: str | None = None,
    mapping: Path | None = None,
    layout: Path | None = None,
    full: bool = False,
    as_of: datetime | None = None,
    end_many: bool = False,
    progress: Report | None = None,
) -> Landing:
    """Land a file or folder through the plug-in ``source``, under the name ``name`` (default: the plug-in's).

    ``full``: rows that the files no longer have, have ended (``end_many``: even if they are more than 5 %).
    ``as_of``: when the extract was true; default now. Answers once the batch is visible. Raises InvalidInput
    where nothing can be read as what it claims to be; single bad rows are set aside instead.
    """
    where = Path(where)
    if name is not None and (not name.strip() or len(name) > 100 or not name.isprintable()):
        raise InvalidInput(
            "The name of a source has 1 to 100 characters, all printable: choose another for --as."
        )
    reader = find_source(source)
    mapping = mapping or (where / "mapping.yaml" if (where / "mapping.yaml").is_file() else None)
    options = ReadOptions(
        name or source,
        read_mapping(mapping) if mapping else Mapping(),
        read_layout(layout) if layout else None,
        full,
    )
    files = reader.files(where, options)
    remembered = {
        "mapping": str(mapping.resolve()) if mapping else None,
        "layout": str(layout.resolve()) if layout else None,
    }
    with ThreadPoolExecutor(1) as aside:
        hashed = [aside.submit(_described, path, where) for path in files]
        return _land(
            context, source, options, reader.read(where, options), files=hashed, as_of=as_of,
            end_many=end_many, remembered=remembered, across_sources=source == "ami" and name is None, progress=progress,
        )  # fmt: skip


def _land(
    context: Context,
    plugin: str,
    options: ReadOptions,
    pieces: Iterable[Chunk | Refused | Note],
    *,
    files: list[Future[dict[str, Any]]],
    as_of: datetime | None,
    remembered: dict[str, str | None],
    across_sources: bool = False,
    end_many: bool = False,
    progress: Report | None = None,
    replaying: Any = None,
) -> Landing:
    started = time.perf_counter()
    report = progress or (lambda at: None)
    now = context.now
    landing = Landing(options.name, batches.new_batch_id(now))
    with alone(context):
        gathered = gather(pieces, options.name, context.store.settings.data / "landing", report)
        try:
            _refuse_nothing_readable(gathered)
            with context.session() as session:
                timezone = organization.settings_of(session).timezone
            settlement = Settlement(
                context, gathered, options.name, landing.batch, timezone, now, as_of or now, options.full,
                end_many, across_sources, report,
            )  # fmt: skip
            try:
                settlement.run()
            except BaseException:
                # Whatever had reached the warehouse is unseen; do not leave it to the next start to sweep it.
                with suppress(LamplighterError):
                    context.warehouse.withdraw(context.organization_id, landing.batch)
                raise
        finally:
            gathered.close()
        _count(landing, gathered, settlement.counts)
        landing.files = [future.result() for future in files]
        landing.seconds = time.perf_counter() - started
        _store(
            context,
            landing,
            gathered,
            plugin,
            options,
            as_of or now,
            settlement.corrected_bills,
            remembered,
            replaying,
        )
    report(Progress(landing.landed, landing.landed, "Publishing"))
    publish(context, landing.batch)
    landing.seconds = time.perf_counter() - started
    return landing


def _store(
    context: Context, landing: Landing, gathered: Gathered, plugin: str, options: ReadOptions, as_of: datetime,
    corrected_bills: int, remembered: dict[str, str | None], replaying: Any,
) -> None:  # fmt: skip
    """The store's commit: book, rejects and the job that publishes, or none of them."""
    with context.session() as session:
        counts = landing.counts() | {"corrected_bills": corrected_bills}
        entry = batches.Batch(
            landing.batch, landing.source, plugin, landing.files, as_of, options.full, "stored", counts,
            landing.notes, str(context.actor), context.now, None, None,
        )  # fmt: skip
        batches.write(session, entry, remembered)
        if replaying is not None:
            quarantine.mark_replayed(session, replaying, landing.batch)
        quarantine.forget_files(session, landing.source, [file["name"] for file in landing.files])
        quarantine.write(
            session, gathered.rejects, batch=landing.batch, source=landing.source, now=context.now
        )
        jobs.defer(session, "intake.publish", batch=landing.batch)


def _refuse_nothing_readable(gathered: Gathered) -> None:
    """Where not one file could be read at all, the load is refused with the first sentence."""
    whole = [refused for refused in gathered.refused if refused.whole_file]
    if whole and not gathered.rows:
        more = f" ({len(whole) - 1} more files could not be read.)" if len(whole) > 1 else ""
        raise UnreadableFile(
            whole[0].sentence + more, file=whole[0].file, line=whole[0].line, reason=whole[0].reason
        )


def _count(landing: Landing, gathered: Gathered, counts: dict[str, TableCount]) -> None:
    landing.tables = counts
    landing.notes = gathered.notes
    landing.reasons = dict(sorted(gathered.rejects.reasons.items(), key=lambda item: -item[1]))
    landing.rejected = gathered.rejects.count
    totals = dict(counts)
    for one, other in TOGETHER:
        if one in totals and other in totals:
            first, second = totals.pop(one), totals.pop(other)
            rows = second.landed + second.unchanged
            new = min(max(first.landed, second.landed), rows)
            totals[other] = TableCount(new, rows - new)
    landing.landed = sum(count.landed for count in totals.values())
    landing.unchanged = sum(count.unchanged for count in totals.values())
    ended = sum(count.ended for count in counts.values())
    if ended:
        landing.notes.append(f"{ended:,} rows that the files no longer have were ended.")


def find_source(name: str) -> Source:
    """The plug-in of that name; UnknownSource names the nearest one installed."""
    try:
        found: Source = plugins.load("sources", name)
    except NotFound:
        installed = plugins.names("sources")
        raise UnknownSource(
            f"There is no source plug-in “{name}”.{nearest(name, installed)} Installed: {', '.join(installed)}."
        ) from None
    return found


def rejects(context: Context, source: str, limit: int = 1000) -> list[dict[str, Any]]:
    """What is set aside of a source, each with file, line, reason, message and the row itself."""
    with context.session() as session:
        return quarantine.listed(session, source, limit)


def replay(context: Context, source: str, progress: Report | None = None) -> Landing:
    """Try again what was set aside of a source, with the mapping it last landed by; a batch of its own.

    Rows that pass leave the quarantine; the others stay there under their new reason. Rows whose bytes were
    at fault (a NUL byte, no UTF-8, a ragged row) wait for the mended file instead.
    """
    with context.session() as session:
        known = batches.options_of(session, source)
        waiting = quarantine.to_replay(session, source)
    plugin, mapping, layout = known["plugin"], known.get("mapping"), known.get("layout")
    options = ReadOptions(
        source,
        read_mapping(Path(mapping)) if mapping and Path(mapping).is_file() else Mapping(),
        read_layout(Path(layout)) if layout and Path(layout).is_file() else None,
    )
    return _land(
        context, plugin, options, again(waiting, find_source(plugin), options), files=[], as_of=None,
        remembered={"mapping": mapping, "layout": layout}, across_sources=plugin == "ami" and source == plugin,
        progress=progress, replaying=waiting.column("id").to_numpy(),
    )  # fmt: skip


def _described(path: Path, where: Path) -> dict[str, Any]:
    if not path.is_file():
        return {"name": path.name, "bytes": 0, "sha256": None}
    try:
        with path.open("rb") as opened:
            digest = hashlib.file_digest(opened, "sha256").hexdigest()
    except OSError:  # the reader has said so
        return {"name": path.name, "bytes": 0, "sha256": None}
    return {"name": path.name, "bytes": path.stat().st_size, "sha256": digest}


__all__ = [
    "Landing",
    "Progress",
    "find_source",
    "land",
    "publish",
    "recover",
    "rejects",
    "replay",
    "withdraw",
]
