"""``convert``: a Green Button file as a plain table, Parquet or CSV by the target's name."""

from pathlib import Path

import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet

from lamplighter.errors import InvalidInput
from lamplighter.intake.green_button.columns import READINGS
from lamplighter.intake.green_button.feed import read


def convert(path: Path | str, target: Path | str) -> dict[str, object]:
    """Writes all usable readings; answers with the number of rows, of rejects and the findings.

    The target appears whole or not at all. InvalidInput for another ending than ``.parquet`` or ``.csv``.
    """
    target = Path(target)
    ending = target.suffix.casefold()
    if ending not in (".parquet", ".csv"):
        raise InvalidInput(
            f"{target.name}: name the target *.parquet or *.csv; the ending chooses the format."
        )
    part = target.with_name(f".{target.name}.part")
    rows = 0
    with read(path) as feed:
        try:
            with _writer(part, ending) as writer:
                for batch in feed.readings():
                    rows += batch.num_rows
                    writer.write_batch(batch if ending == ".parquet" else _plain(batch))
            part.replace(target)
        except OSError as error:
            raise InvalidInput(f"{target}: the file cannot be written ({error.strerror or error}).") from None
        finally:
            part.unlink(missing_ok=True)
        return {
            "file": str(path),
            "target": str(target),
            "rows": rows,
            "rejected": feed.rejected_count,
            "findings": [finding.as_dict() for finding in feed.findings],
        }


def _writer(part: Path, ending: str) -> "pa.parquet.ParquetWriter | pa.csv.CSVWriter":
    if ending == ".parquet":
        return pa.parquet.ParquetWriter(part, READINGS, compression="zstd")
    return pa.csv.CSVWriter(part, _plain_schema())


def _plain_schema() -> pa.Schema:
    return pa.schema([
        (field.name, pa.string() if pa.types.is_dictionary(field.type) or pa.types.is_timestamp(field.type) else field.type)
        for field in READINGS
    ])  # fmt: skip


def _plain(batch: pa.RecordBatch) -> pa.RecordBatch:
    """CSV knows neither dictionaries nor time zones: words and RFC 3339."""
    columns = [
        pa.compute.strftime(column, format="%Y-%m-%dT%H:%M:%SZ", locale="C")
        if pa.types.is_timestamp(column.type)
        else column.cast(pa.string())
        if pa.types.is_dictionary(column.type)
        else column
        for column in (
            pa.compute.cast(one, pa.timestamp("s", "UTC")) if pa.types.is_timestamp(one.type) else one
            for one in batch.columns
        )
    ]
    return pa.RecordBatch.from_arrays(columns, schema=_plain_schema())
