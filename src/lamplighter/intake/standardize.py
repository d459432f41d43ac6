"""One spelling for everything: text, numbers, days, times, flags and codes of a file in their declared types.

Works a column at a time; where a column arrives dictionary-encoded, on its distinct values. Whatever cannot be
read becomes null and a fault with the remedy. Nothing is guessed: times need an offset or a declared zone, and
quantities a unit.
"""

from typing import Any, cast

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from lamplighter.intake import json_text
from lamplighter.intake.decimals import mask, scaled
from lamplighter.intake.fault import Faults, as_text
from lamplighter.intake.quantities import estimated_bills, quantities
from lamplighter.intake.source import Chunk, Rules
from lamplighter.intake.typed import typed
from lamplighter.intake.words import BULK, FILLED, blank_is_null, coded, distinct, rows_with, text_column
from lamplighter.warehouse.table import Column, Table


def standardize(chunk: Chunk, source: str) -> tuple[pa.RecordBatch, Faults]:
    """All declared columns of the chunk's table in declared order; missing ones are null."""
    rows, table = chunk.rows, chunk.table
    faults = Faults(rows.num_rows, list(chunk.faults))
    columns = []
    for column in table:
        if column.name == "source":
            given: pa.Array = _constant(source, rows.num_rows, table)
        elif column.type == "json":
            given = _attributes(chunk)
        elif column.name in rows.schema.names:
            given = _column(rows.column(column.name), column, table, chunk.rules, faults)
        elif column.name in chunk.rules.defaults:
            words = pa.repeat(pa.scalar(chunk.rules.defaults[column.name]), rows.num_rows)
            given = _column(words.dictionary_encode(), column, table, chunk.rules, faults)
        elif (table.name, column.name) in FILLED:
            given = _constant(FILLED[table.name, column.name], rows.num_rows, table)
        else:
            given = pa.nulls(rows.num_rows, stored_type(table, column))
        columns.append(given)
    if table.name == "bill":
        columns = estimated_bills(chunk, columns)
    if table.name in BULK:
        columns = quantities(table, columns, faults)
    return pa.record_batch(columns, schema=stored_schema(table)), faults


def stored_type(table: Table, column: Column) -> pa.DataType:
    """The type in which intake keeps a column: the declared one, more compact where there are millions."""
    declared = table.arrow.field(column.name).type
    if table.name not in BULK:
        return declared
    if pa.types.is_string(declared):
        return pa.dictionary(pa.int32(), pa.string())
    return pa.decimal64(18, declared.scale) if pa.types.is_decimal(declared) else declared


def stored_schema(table: Table) -> pa.Schema:
    """``stored_type`` of every column, in declared order."""
    return pa.schema([(column.name, stored_type(table, column)) for column in table])


def _constant(text: str, rows: int, table: Table) -> pa.Array:
    if table.name in BULK:
        return pa.DictionaryArray.from_arrays(pa.array(np.zeros(rows, np.int32)), pa.array([text]))
    return pa.repeat(pa.scalar(text), rows)


def _column(values: pa.Array, column: Column, table: Table, rules: Rules, faults: Faults) -> pa.Array:
    if pa.types.is_null(values.type):
        return pa.nulls(len(values), stored_type(table, column))
    if pa.types.is_large_string(values.type):
        values = values.cast(pa.string())
    if pa.types.is_nested(values.type) or pa.types.is_duration(values.type):
        # Only a Parquet file can hold such; as text of a list it would be nobody's e-mail address.
        remedy = f"The file's column is of type {values.type}: export it as plain {column.type}."
        faults.add(mask(values.is_valid()), column.name, "wrong_type", remedy, values)
        return pa.nulls(len(values), stored_type(table, column))
    kind = column.dtype
    if kind.is_string():
        return text_column(values, column, table, rules, faults)
    if kind.is_decimal():
        return _number(values, column, table, rules, faults)
    # Days, times, flags and counts repeat: look at the distinct texts only.
    texts, indices = distinct(values)
    if column.name in rules.codes:
        texts = coded(texts, rules.codes[column.name])
    read = typed(texts, column, rules)
    if read.bad.any():
        bad = read.bad if indices is None else rows_with(indices, read.bad)
        faults.add(bad, column.name, read.reason, read.remedy, values)
    return read.values if indices is None else read.values.take(indices)


def _number(values: pa.Array, column: Column, table: Table, rules: Rules, faults: Faults) -> pa.Array:
    if pa.types.is_string(values.type):
        values = blank_is_null(pc.utf8_trim_whitespace(values))
    scale = cast(Any, column.dtype).scale
    found = scaled(values, scale, rules.decimal)
    faults.add(
        found.bad,
        column.name,
        "bad_number",
        f"Write a number with “{rules.decimal}” as its decimal sign.",
        values,
    )
    return found.as_decimal64(scale) if table.name in BULK else found.as_decimal128(scale)


def _attributes(chunk: Chunk) -> pa.Array:
    known = {column.name for column in chunk.table}
    if not chunk.as_read:
        names = chunk.rows.schema.names
        return (
            chunk.rows.column("attributes")
            if "attributes" in names
            else pa.nulls(chunk.rows.num_rows, pa.string())
        )
    extra = {
        name: blank_is_null(pc.utf8_trim_whitespace(as_text(chunk.rows.column(name))))
        for name in chunk.rows.schema.names
        if name not in known or name == "attributes"
    }
    found = json_text.objects(extra, chunk.rows.num_rows)
    return pc.if_else(pc.equal(found, "{}"), None, found)
