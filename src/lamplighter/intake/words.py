"""Text columns: trimmed, codes translated, choices and units under their one spelling."""

from collections.abc import Mapping

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from lamplighter.intake import units
from lamplighter.intake.decimals import Mask, mask
from lamplighter.intake.fault import Faults, as_text
from lamplighter.intake.source import Rules
from lamplighter.intake.wording import listed, nearest
from lamplighter.warehouse.table import Column, Table

BULK = ("meter_reading",)
"""Tables of millions of rows: their text stays dictionary-encoded, their numbers take eight bytes."""

SYNONYMS: dict[tuple[str, str], dict[str, str]] = {
    ("bill", "status"): {"estimated": "issued"},
    ("meter_reading", "quality"): {"actual": "valid"},
    ("register_read", "quality"): {"actual": "valid"},
}
FILLED: dict[tuple[str, str], str] = {
    ("meter_reading", "channel"): "",
    ("meter_reading", "flow"): "delivered",
    ("register_read", "register"): "",
}
"""What a row means that leaves these out."""

_NAMED = 20
"""Strange values that get a hint of their own; more of them have a common cause."""


def text_column(values: pa.Array, column: Column, table: Table, rules: Rules, faults: Faults) -> pa.Array:
    """A text column in its one spelling; what cannot be read is null and a fault."""
    if not _is_text(values):
        encoded = values if pa.types.is_dictionary(values.type) else values.dictionary_encode()
        values = pa.DictionaryArray.from_arrays(encoded.indices, as_text(encoded.dictionary))
    few = (
        table.name in BULK or column.values is not None or column.name in rules.codes or column.name == "unit"
    )
    if not few and pa.types.is_string(values.type):
        return _filled(blank_is_null(pc.utf8_trim_whitespace(values)), column, table)
    texts, indices = distinct(values)
    assert indices is not None
    if column.name in rules.codes:
        texts = coded(texts, rules.codes[column.name])
    if column.values is not None:
        texts = _choice(values, texts, indices, column, table, faults)
    elif column.name == "unit":
        texts = _unit(values, texts, indices, table, faults)
    texts = _filled(texts, column, table)
    default = FILLED.get((table.name, column.name))
    if default is not None and indices.null_count:
        texts, indices = pa.concat_arrays([texts, pa.array([default])]), pc.fill_null(indices, len(texts))
    if table.name not in BULK:
        return texts.take(indices)
    if texts.null_count:
        indices = pc.if_else(texts.is_null().take(indices), None, indices)
        texts = pc.fill_null(texts, "")
    return pa.DictionaryArray.from_arrays(indices, texts)


def _choice(
    values: pa.Array, texts: pa.Array, indices: pa.Array, column: Column, table: Table, faults: Faults
) -> pa.Array:
    assert column.values is not None
    plain = pc.replace_substring_regex(pc.utf8_lower(texts), r"[ -]+", "_")
    for theirs, ours in SYNONYMS.get((table.name, column.name), {}).items():
        plain = pc.if_else(pc.equal(plain, theirs), ours, plain)
    known = pc.is_in(plain, pa.array(column.values))
    strange = pc.and_(pc.invert(known), texts.is_valid())
    words = pc.filter(texts, strange).to_pylist()
    allowed = f"Values: {listed(column.values)}."
    translated = " Others are translated under “codes:” in mapping.yaml."
    for text in words[:_NAMED]:
        bad = rows_with(indices, mask(pc.equal(texts, text)))
        remedy = allowed + nearest(text, column.values) + translated
        faults.add(bad, column.name, "unknown_code", remedy, values)
    if len(words) > _NAMED:
        faults.add(
            rows_with(indices, mask(strange)), column.name, "unknown_code", allowed + translated, values
        )
    return pc.if_else(known, plain, None)


def _unit(values: pa.Array, texts: pa.Array, indices: pa.Array, table: Table, faults: Faults) -> pa.Array:
    found = [units.unit_of(text) if text is not None else None for text in texts.to_pylist()]
    if table.name not in BULK:
        return pc.coalesce(pa.array(found, pa.string()), texts)
    strange = pc.and_(pa.array(found, pa.string()).is_null(), texts.is_valid())
    words = pc.filter(texts, strange).to_pylist()
    for text in words[:_NAMED]:
        bad = rows_with(indices, mask(pc.equal(texts, text)))
        faults.add(bad, "unit", "unknown_unit", units.remedy(text), values)
    if len(words) > _NAMED:
        faults.add(rows_with(indices, mask(strange)), "unit", "unknown_unit", units.remedy(""), values)
    return pa.array(found, pa.string())


def _filled(texts: pa.Array, column: Column, table: Table) -> pa.Array:
    default = FILLED.get((table.name, column.name))
    return texts if default is None else pc.fill_null(texts, default)


def _is_text(values: pa.Array) -> bool:
    kind = values.type.value_type if pa.types.is_dictionary(values.type) else values.type
    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind))


def distinct(values: pa.Array) -> tuple[pa.Array, pa.Array | None]:
    """Distinct values, trimmed, and each row's position among them; typed columns as they are."""
    if not pa.types.is_dictionary(values.type):
        if not pa.types.is_string(values.type):
            return values, None
        values = values.dictionary_encode()
    texts = values.dictionary
    if pa.types.is_large_string(texts.type):
        texts = texts.cast(pa.string())
    if pa.types.is_string(texts.type):
        texts = blank_is_null(pc.utf8_trim_whitespace(texts))
    return texts, values.indices.cast(pa.int32())


def coded(texts: pa.Array, codes: Mapping[str, str]) -> pa.Array:
    """Distinct values"""
    theirs, ours = pa.array(list(codes)), pa.array(list(codes.values()))
    return pc.coalesce(ours.take(pc.index_in(texts, theirs)), texts)


def blank_is_null(texts: pa.Array) -> pa.Array:
    """Translate their codes; other values stay."""
    return pc.if_else(pc.equal(texts, ""), None, texts)


def rows_with(indices: pa.Array, chosen: Mask) -> Mask:
    """Empty means unknown."""
    if not len(chosen):
        return np.zeros(len(indices), bool)
    return mask(pc.fill_null(pa.array(chosen).take(indices), False))
