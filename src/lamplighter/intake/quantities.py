"""Rules of single tables: what a quantity, its unit and its quality say together, and what *estimated* means."""

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from lamplighter.intake import units
from lamplighter.intake.decimals import mask, scaled
from lamplighter.intake.fault import Faults, as_text
from lamplighter.intake.source import Chunk
from lamplighter.intake.words import coded
from lamplighter.warehouse.table import Table


def quantities(table: Table, columns: list[pa.Array], faults: Faults) -> list[pa.Array]:
    """Interval reads: Wh and MWh become kWh; an empty value is a missing read, and only then."""
    at = {column.name: n for n, column in enumerate(table)}
    unit, value = columns[at["unit"]], columns[at["value"]]
    stored = [units.stored_as(text) for text in unit.dictionary.to_pylist()]
    if any(factor != 1 for _, factor in stored) and len(value):
        factors = np.array([float(factor) for _, factor in stored])[pc.fill_null(unit.indices, 0).to_numpy()]
        number = scaled(value.cast(pa.decimal128(38, 6)), 6).times(factors)
        faults.add(number.bad, "value", "bad_number", "The number is too large.", value)
        columns[at["value"]] = number.as_decimal64(6)
        columns[at["unit"]] = pa.DictionaryArray.from_arrays(
            unit.indices, pa.array([text for text, _ in stored])
        )
    quality = columns[at["quality"]]
    if quality.null_count:
        blank = mask(quality.is_null())
        words = pa.concat_arrays([quality.dictionary.cast(pa.string()), pa.array(["valid", "missing"])])
        extra = np.where(mask(value.is_null()), len(words) - 1, len(words) - 2).astype(np.int32)
        indices = np.where(
            blank, extra, pc.fill_null(quality.indices, len(words) - 2).to_numpy(zero_copy_only=False)
        )
        columns[at["quality"]] = pa.DictionaryArray.from_arrays(pa.array(indices.astype(np.int32)), words)
    return columns


def estimated_bills(chunk: Chunk, columns: list[pa.Array]) -> list[pa.Array]:
    """Status *estimated* says how a bill came about, not where it stands: it is issued, and estimated."""
    if "status" in chunk.rows.schema.names:
        at = [column.name for column in chunk.table].index("is_estimated")
        status = pc.utf8_trim_whitespace(as_text(chunk.rows.column("status")))
        if "status" in chunk.rules.codes:
            status = coded(status, chunk.rules.codes["status"])
        estimated = pc.fill_null(pc.equal(pc.utf8_lower(status), "estimated"), False)
        columns[at] = pc.if_else(estimated, True, columns[at])
    return columns
