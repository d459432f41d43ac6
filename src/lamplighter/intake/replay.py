"""Rows that were set aside, as chunks again: in the order they came, with the file and line they had."""

import io
from collections.abc import Iterator
from functools import partial

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.json as pajson

from lamplighter.intake.source import PLAIN, Chunk, ReadOptions, Source
from lamplighter.warehouse.tables import TABLES


def again(waiting: pa.Table, plugin: Source, options: ReadOptions) -> Iterator[Chunk]:
    """One chunk for each table, file and spelling (the file's, or ours already)."""
    groups = waiting.group_by(["table_name", "file", "as_read"], use_threads=False).aggregate([("id", "min")])
    for group in groups.sort_by("id_min").to_pylist():
        chosen = pc.and_(
            pc.and_(
                pc.equal(waiting.column("table_name"), group["table_name"]),
                pc.equal(waiting.column("file"), group["file"]),
            ),
            pc.equal(waiting.column("as_read"), group["as_read"]),
        )
        rows = waiting.filter(chosen)
        table = TABLES[group["table_name"]]
        lines = np.asarray(pc.fill_null(rows.column("line"), 0).to_numpy())
        rules = plugin.rules(table, options) if group["as_read"] else PLAIN
        parsed = _parsed(rows.column("raw"))
        yield Chunk(
            table,
            parsed,
            group["file"],
            int(lines[0]),
            partial(np.array, lines),
            rules,
            as_read=group["as_read"],
        )


def _parsed(raw: pa.ChunkedArray) -> pa.RecordBatch:
    """JSON objects of texts → text columns, an absent name is null."""
    text = "\n".join(raw.to_pylist()) + "\n"
    names = sorted(
        {name for field in pajson.read_json(io.BytesIO(text.encode())).schema for name in [field.name]}
    )
    schema = pa.schema([(name, pa.string()) for name in names])
    parsed = pajson.read_json(
        io.BytesIO(text.encode()), parse_options=pajson.ParseOptions(explicit_schema=schema)
    )
    return parsed.combine_chunks().to_batches()[0]
