"""The process is killed at random moments of landing: no batch is half there or doubled, the next start mends."""

import os
import random
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from lamplighter.context import Context
from lamplighter.intake import batch as batches
from lamplighter.intake.land import recover
from lamplighter.settings import Settings
from lamplighter.store.store import Store
from lamplighter.warehouse.expressions import current
from lamplighter.warehouse.tables import TABLES
from lamplighter.warehouse.warehouse import Warehouse

KILLS = 20
ROWS = 20_000


def write(folder: Path, number: int) -> str:
    """A file of reads of its own hour: whole it has 20,000 rows."""
    name = f"reads_{number:03}.parquet"
    start = pa.scalar(1_767_225_600_000_000 + number * 3_600_000_000).cast(pa.timestamp("us", "UTC"))
    pq.write_table(
        pa.table({
            "meter_id": [f"M{n:06}" for n in range(ROWS)],
            "start": pa.repeat(start, ROWS),
            "seconds": pa.repeat(3600, ROWS),
            "value": pa.array([float(number)] * ROWS),
            "unit": pa.repeat("kWh", ROWS),
        }),
        folder / name,
    )  # fmt: skip
    return name


class Child:
    """The landing process; it is told one file at a time."""

    def __init__(self, url: str, data: Path, organization: str, folder: Path) -> None:
        script = Path(__file__).with_name("killed_landing.py")
        self.process = subprocess.Popen(
            [sys.executable, str(script), url, str(data), organization, str(folder)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        )  # fmt: skip
        assert self.process.stdout is not None and self.process.stdin is not None
        assert self.process.stdout.readline() == "ready\n"

    def land(self, name: str) -> bool:
        """Tell it; false where it was killed before it could answer."""
        assert self.process.stdin is not None and self.process.stdout is not None
        try:
            self.process.stdin.write(name + "\n")
            self.process.stdin.flush()
        except BrokenPipeError:
            return False
        return bool(self.process.stdout.readline())

    def kill(self) -> None:
        os.kill(self.process.pid, signal.SIGKILL)
        self.process.wait()


def _one_landing(url: str, data: Path, organization: str, folder: Path) -> float:
    """Seconds that a landing takes on this machine now: kills fall anywhere within it."""
    child = Child(url, data, organization, folder)
    started = time.perf_counter()
    assert child.land(write(folder, 0))
    seconds = time.perf_counter() - started
    child.kill()
    return seconds


@pytest.mark.timeout(900)
def test_no_batch_is_half_there_or_doubled_after_kills_at_random_moments(
    settings: Settings, organization: object, store: Store, tmp_path: Path
) -> None:
    url = settings.store_url.get_secret_value() if settings.store_url else ""
    folder = tmp_path / "files"
    folder.mkdir()
    moments = random.Random(2026)
    seconds = _one_landing(url, settings.data, str(organization), folder)
    number, interrupted = 1, 0
    while interrupted < KILLS:
        child = Child(url, settings.data, str(organization), folder)
        killer = threading.Timer(moments.uniform(0.0, seconds), child.kill)
        killer.start()
        # Whoever saw no answer lands the same file again.
        while child.land(write(folder, number)):
            number += 1
        interrupted += 1
        killer.join()
    warehouse = Warehouse.open(settings)
    context = Context(organization, store, warehouse)  # type: ignore[arg-type]
    recover(context)
    rows = warehouse.read(current(TABLES["meter_reading"]), context.organization_id)
    by_file = rows.group_by("started_at").aggregate([("meter_id", "count"), ("meter_id", "count_distinct")])
    assert set(by_file.column("meter_id_count").to_pylist()) <= {ROWS}
    assert set(by_file.column("meter_id_count_distinct").to_pylist()) <= {ROWS}
    stored = {int(value) for value in pc.unique(rows.column("value")).to_pylist()}
    assert set(range(number)) <= stored
    with context.session() as session:
        states = batches.states(session)
    assert set(states.values()) <= {"visible"}
    assert {batch.batch_id for batch in warehouse.batches(context.organization_id)} == set(states)
    assert recover(context) == []
    warehouse.close()
