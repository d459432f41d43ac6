"""Rows as JSON objects of text values, built a column at a time: attributes, and rows set aside."""

import json
from collections.abc import Mapping

import pyarrow as pa
import pyarrow.compute as pc

_ESCAPES = (("\\", "\\\\"), ('"', '\\"'), ("\n", "\\n"), ("\r", "\\r"), ("\t", "\\t"))
_CONTROL = r"[\x00-\x1f]"


def objects(columns: Mapping[str, pa.Array], rows: int) -> pa.Array:
    """``{"name": "value", …}`` per row; unknown (null) values are left out, names in alphabetical order."""
    if not columns:
        return pa.nulls(rows, pa.string())
    fields = [_field(name, columns[name]) for name in sorted(columns)]
    # (pyarrow 26: joining with null_handling="skip" loses rows in which everything is null)
    inside = pc.utf8_slice_codeunits(pc.binary_join_element_wise(*fields, ""), 1)
    return pc.binary_join_element_wise("{", inside, "}", "")


def _field(name: str, values: pa.Array) -> pa.Array:
    for plain, escaped in _ESCAPES:
        values = pc.replace_substring(values, plain, escaped)
    values = pc.replace_substring_regex(values, _CONTROL, "␀")
    written = pc.binary_join_element_wise("," + json.dumps(name, ensure_ascii=False) + ':"', values, '"', "")
    return pc.fill_null(written, "")
