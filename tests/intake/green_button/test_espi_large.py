"""Large files: all readings arrive, and memory does not grow with the file."""

import subprocess
import sys
from pathlib import Path

import espi_files as espi
import numpy as np

from lamplighter.intake.green_button import inspect, read
from lamplighter.intake.green_button.finding import Findings
from lamplighter.intake.green_button.readings import BATCH, BATCHES_IN_MEMORY, ReadingBuffer, Rejects

PEAK = """
import resource, sys
from lamplighter.intake.green_button import read
with read(sys.argv[1]) as feed:
    rows = sum(batch.num_rows for batch in feed.readings())
print(rows, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
"""


def _peak(path: Path) -> tuple[int, float]:
    """Readings and peak memory in MB of a fresh process that reads the file."""
    words = subprocess.run(
        [sys.executable, "-c", PEAK, str(path)], check=True, capture_output=True, text=True
    ).stdout.split()
    return int(words[0]), int(words[1]) / (1024 if sys.platform == "linux" else 1024 * 1024)


def test_memory_does_not_grow_with_the_file(tmp_path: Path) -> None:
    few = espi.write_large(tmp_path / "small.xml", 2)
    many = espi.write_large(tmp_path / "large.xml", 32)
    small, large = _peak(tmp_path / "small.xml"), _peak(tmp_path / "large.xml")
    assert (small[0], large[0]) == (few, many)
    assert many > BATCH * BATCHES_IN_MEMORY
    assert large[1] - small[1] < 60


def test_sums_over_many_batches_are_exact(tmp_path: Path) -> None:
    readings = espi.write_large(tmp_path / "feed.xml", 16)
    found = inspect(tmp_path / "feed.xml")
    one = found["usage_points"][0]["reading_types"][0]  # type: ignore[index]
    start = espi.JANUARY // 900
    assert one["readings"] == readings > BATCH
    assert one["total"] == str(sum((start + n) * 31 % 2000 for n in range(readings)))
    assert one["qualities"] == {"valid": readings * 76 // 96, "estimated": readings * 20 // 96}
    assert (one["gaps"], one["duplicates"]) == (0, 0)


def test_readings_beyond_memory_come_back_from_disk_in_order() -> None:
    buffer = ReadingBuffer(Findings(), Rejects())
    buffer.block(0)
    count = BATCH * (BATCHES_IN_MEMORY + 2) + 17
    for number in range(count):
        for column, value in (
            (buffer.start, number), (buffer.seconds, 60), (buffer.value, -number), (buffer.cost, 0),
            (buffer.quality, 17), (buffer.tou, 1), (buffer.tier, 2), (buffer.line, number),
        ):  # fmt: skip
            column.append(value)
        buffer.block(number)
    buffer.done()
    for _ in range(2):
        batches = list(buffer.batches())
        assert np.array_equal(np.concatenate([one.start for one in batches]), np.arange(count))
        assert np.array_equal(np.concatenate([one.block for one in batches])[1:], np.arange(count - 1))
    buffer.close()
    assert list(buffer.batches()) == []


def test_a_large_file_newest_block_first_is_sorted_out(tmp_path: Path) -> None:
    blocks = [
        espi.block(
            espi.day(range(96), espi.JANUARY + 86_400 * day), start=espi.JANUARY + 86_400 * day, number=day
        )
        for day in reversed(range(600))
    ]
    with read(espi.write(tmp_path, espi.whole(*blocks, *blocks[:10]))) as feed:
        assert sum(batch.num_rows for batch in feed.readings()) == 600 * 96
        assert feed.sequence.duplicates == [960]
        assert feed.sequence.gaps == [0]
