"""A feed as a plain table."""

import csv
from decimal import Decimal
from pathlib import Path

import espi_files as espi
import pyarrow.parquet as pq
import pytest

from lamplighter.errors import InvalidInput, UnreadableFile
from lamplighter.intake.green_button import convert


@pytest.fixture
def source(tmp_path: Path) -> Path:
    return espi.write(
        tmp_path,
        espi.whole(
            espi.block(
                espi.reading(espi.JANUARY, 250, cost=1234567, quality=8), espi.reading(espi.JANUARY + 900, 3)
            )
        ),
    )


def test_to_parquet(source: Path, tmp_path: Path) -> None:
    answer = convert(source, tmp_path / "reads.parquet")
    rows = pq.read_table(tmp_path / "reads.parquet").to_pylist()
    assert (answer["rows"], answer["rejected"]) == (2, 0)
    assert [(row["value"], row["unit"], row["cost"], row["quality"]) for row in rows] == [
        (Decimal("0.250000"), "kWh", Decimal("12.345670"), "estimated"),
        (Decimal("0.003000"), "kWh", None, "unknown"),
    ]


def test_to_csv(source: Path, tmp_path: Path) -> None:
    convert(source, tmp_path / "reads.csv")
    rows = list(csv.DictReader((tmp_path / "reads.csv").open()))
    assert [(row["started_at"], row["value"], row["cost"]) for row in rows] == [
        ("2024-01-01T00:00:00Z", "0.250000", "12.345670"),
        ("2024-01-01T00:15:00Z", "0.003000", ""),
    ]


def test_a_failed_conversion_leaves_nothing_behind(source: Path, tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match="ending chooses the format"):
        convert(source, tmp_path / "reads.xlsx")
    with pytest.raises(InvalidInput, match="cannot be written"):
        convert(source, tmp_path / "no folder" / "reads.csv")
    with pytest.raises(UnreadableFile):
        convert(espi.write(tmp_path, b"", "empty.xml"), tmp_path / "reads.csv")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["empty.xml", "feed.xml"]
