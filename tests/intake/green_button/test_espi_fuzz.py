"""Mutated files for a short fixed budget: only our own errors, no hang, bounded findings."""

import random
import time
from pathlib import Path

import espi_files as espi
import pytest

from lamplighter.errors import UnreadableFile
from lamplighter.intake.green_button import inspect

BUDGET = 8.0
PIECES = [
    b"<", b">", b"</", b"&", b"]]>", b"<![CDATA[", b"<!--", b"\x00", b"\xff", b"99999999999999999999", b"-", b"e9",
    b"<entry>", b"</entry>", b"<IntervalBlock>", b"</IntervalReading>", b'xmlns="x"', b"<!DOCTYPE a>", b"<link/>",
    b"1_0", "٣".encode(), b"nan",
]  # fmt: skip


def _mutate(data: bytes, chance: random.Random) -> bytes:
    for _ in range(chance.randint(1, 6)):
        at, end = sorted((chance.randrange(len(data) + 1), chance.randrange(len(data) + 1)))
        end = min(end, at + 400)
        match chance.randrange(6):
            case 0:
                data = data[:at] + data[end:]
            case 1:
                data = data[:at] + chance.choice(PIECES) + data[at:]
            case 2:
                data = data[:at] + data[at:end] * chance.randint(2, 4) + data[end:]
            case 3:
                data = data[:at] + bytes(chance.randrange(256) for _ in range(3)) + data[at + 3 :]
            case 4:
                other = chance.randrange(len(data) + 1)
                data = data[:at] + data[other : other + 200] + data[at:]
            case _:
                data = data[:end]
    return data


def test_mutated_files_end_in_figures_or_in_a_sentence(tmp_path: Path) -> None:
    seeds = [
        espi.whole(espi.block(espi.day(range(6))), espi.block(espi.day(range(3)), number=2)).encode(),
        espi.feed(espi.usage_point(1), espi.meter_reading(), espi.block(espi.day([1])), espi.reading_type(uom=169)).encode(),
        b'Read Date,Usage,Number of Days,Charge\r1/18/2022,184.00,32,$327.58\r12/17/2021,1.5,29,$2\r',
        b"Energy Usage Information\nEnergy consumption time period,Usage,Reading quality\n"
        b'"2020-05-01 00:00:00 to 2020-05-01 00:15:00","0.25",""\n',
    ]  # fmt: skip
    chance = random.Random(20261122)
    end = time.monotonic() + BUDGET
    tried = 0
    while time.monotonic() < end:
        data = _mutate(chance.choice(seeds), chance)
        path = espi.write(tmp_path, data)
        started = time.monotonic()
        try:
            found = inspect(path)
        except UnreadableFile as error:
            assert "feed.xml" in str(error)
        except Exception:
            pytest.fail(f"round {tried}: {data!r}")
        else:
            assert len(found["findings"]) < 200  # type: ignore[arg-type]
        assert time.monotonic() - started < 5
        tried += 1
    assert tried > 100
