"""The power goes at random moments: the next start finds nothing half there or doubled, and needs no hand."""

import json
import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from installed import free_port, lamplighter, until

KILLS = 20
ROWS = 3000
READS = "meter_id,start,seconds,value,unit\n"


class Lander:
    """The process that starts landing processes, one at a time."""

    def __init__(self) -> None:
        script = Path(__file__).with_name("landing_again.py")
        self._process = subprocess.Popen(
            [sys.executable, str(script)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    def start(self, data: Path, number: int) -> int:
        """Start one; its process id, which is its group's as well."""
        assert self._process.stdin is not None
        self._process.stdin.write(f"{data} {number}\n")
        self._process.stdin.flush()
        return int(next(self.said())["pid"])

    def said(self) -> Iterator[dict[str, Any]]:
        """What it says until it ends."""
        assert self._process.stdout is not None
        for line in self._process.stdout:
            said = json.loads(line)
            if "ended" in said:
                return
            yield said

    def close(self) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait(10)


@pytest.fixture
def lander() -> Iterator[Lander]:
    lander = Lander()
    yield lander
    lander.close()


@pytest.mark.timeout(600)
def test_twenty_kills_during_landing_leave_nothing_half_there_or_doubled(
    lander: Lander, tmp_path: Path
) -> None:
    data = tmp_path / "data"
    moments = random.Random(20)
    number = 0
    acknowledged: set[int] = set()
    seconds = _seconds_of_a_load(lander, data)
    for kill in range(KILLS):
        pid = lander.start(data, number)
        # Every fifth dies while it starts, the others during one of the next loads.
        while_starting = kill % 5 == 4
        killer = threading.Timer(moments.uniform(0, 2 * seconds), os.killpg, (pid, signal.SIGKILL))
        if while_starting:
            killer.start()
        for said in lander.said():
            if "found" in said:
                _check(said["found"], acknowledged)
                if not while_starting:
                    killer.start()
                continue
            assert said["agree"], "the store's book and the warehouse name other batches"
            assert said["landed"] in (0, ROWS)
            acknowledged.add(said["number"])
            number = said["number"] + 1
        killer.join()
    assert number >= 3, "no load was ever finished: the kills came too early to show anything"
    assert _processes_of(data, within=10) == []


def _seconds_of_a_load(lander: Lander, data: Path) -> float:
    """How long this machine takes today: the second of two loads, then the first kill."""
    pid = lander.start(data, 0)
    begun = seconds = 0.0
    for said in lander.said():
        if said.get("number") == 0:
            begun = time.monotonic()
        elif said.get("number") == 1:
            seconds = time.monotonic() - begun
            os.killpg(pid, signal.SIGKILL)
    return seconds


def _check(found: list[list[float]], acknowledged: set[int]) -> None:
    """Each hour is whole and of one load; what was acknowledged is there, or restated by the load that died."""
    assert all(rows == meters == ROWS and least == most for rows, meters, least, most in found), found
    values = {int(most) for _, _, _, most in found}
    hours = {value // 2 for value in values}
    assert len(hours) == len(found)
    for number in acknowledged:
        assert {number, number | 1} & values, f"load {number} was acknowledged and is gone"


def _processes_of(data: Path, within: float) -> list[int]:
    """Processes that name the folder in their command line, once ``within`` seconds have passed or none is left."""
    end = time.monotonic() + within
    while True:
        left = []
        for entry in Path("/proc").glob("[0-9]*"):
            try:
                if os.fsencode(data) in (entry / "cmdline").read_bytes():
                    left.append(int(entry.name))
            except OSError:
                continue
        if not left or time.monotonic() > end:
            return left
        time.sleep(0.1)


@pytest.fixture
def files(tmp_path: Path) -> Path:
    """A folder with reads of one home, and of many."""
    row = "M1,2026-07-0{}T10:00:00-07:00,3600,{},kWh\n"
    (tmp_path / "reads.csv").write_text(READS + "".join(row.format(day, day) for day in range(1, 4)))
    hours = "".join(f"X{n:04},2026-07-01T10:00:00-07:00,3600,{n},kWh\n" for n in range(5000))
    (tmp_path / "many.csv").write_text(READS + hours)
    return tmp_path


def test_power_cut_of_a_running_installation_leaves_nothing_behind(files: Path) -> None:
    data = files / "data"
    port = free_port()
    process = _command("up", "--port", port, data=data)
    try:
        until(
            lambda: httpx.get(f"http://127.0.0.1:{port}/healthz", timeout=5).is_success, process, seconds=60
        )
        refused = lamplighter("up", "--port", free_port(), data=data, status=1)
        assert "already running" in refused
        refused = lamplighter("up", "--port", port, data=files / "other", status=1)
        assert f"Nothing can listen on port {port}" in refused
        assert not (files / "other" / "store").exists()

        reads = lamplighter("land", "ami", files / "reads.csv", "--json", data=data)
        assert reads["landed"] == 3
        assert lamplighter("withdraw", reads["batch"], "--json", data=data)["withdrawn"] == {
            "meter_reading": 3
        }
        # Somebody waits for the worker when the power goes.
        waiting = _command("land", "ami", files / "many.csv", "--as", "bulk", data=data)
        time.sleep(2)
        begun = _family(process.pid)
        assert len(begun) >= 4
    finally:
        process.kill()
        process.wait()
    gone_by = time.monotonic() + 10
    while begun and time.monotonic() < gone_by:
        begun = {pid for pid in begun if _lives(pid)}
        time.sleep(0.1)
    assert begun == set()
    assert _processes_of(data, within=max(0.0, gone_by - time.monotonic())) in ([], [waiting.pid])
    said = waiting.communicate(timeout=60)[0]
    assert "Traceback" not in said
    assert waiting.returncode in (0, 1)

    again = lamplighter("land", "ami", files / "many.csv", "--as", "bulk", "--json", data=data)
    assert (again["landed"] + again["unchanged"], again["rejected"]) == (5000, 0)
    assert _processes_of(data, within=10) == []


def test_the_web_server_alone_says_what_it_needs(tmp_path: Path) -> None:
    said = lamplighter("serve", "--port", free_port(), data=tmp_path / "nothing", status=1)
    assert "`lamplighter up` starts all parts" in said
    assert not (tmp_path / "nothing" / "store").exists()


def test_two_loads_at_once_on_one_folder_end_well_or_say_why_not(files: Path) -> None:
    data = files / "data"
    both = [
        _command("land", "ami", files / "many.csv", "--as", "bulk", "--json", data=data) for _ in range(2)
    ]
    ended = [(process.communicate(timeout=120)[0], process.returncode) for process in both]
    landed = 0
    for said, status in ended:
        assert "Traceback" not in said
        if status == 0:
            landed += json.loads(said.splitlines()[-1])["landed"]
        else:
            assert status == 1
            assert "in use" in said
    assert landed == 5000


def _command(*arguments: object, data: Path) -> subprocess.Popen[str]:
    """A verb that is not waited for; all it says goes to one pipe."""
    command = [sys.executable, "-m", "lamplighter", *map(str, arguments), "--data", str(data)]
    return subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, start_new_session=True
    )


def _family(pid: int) -> set[int]:
    """The process and everything it has started, at any depth."""
    parents: dict[int, int] = {}
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            parents[int(entry.name)] = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
        except OSError:
            continue
    family = {pid}
    while more := {child for child, parent in parents.items() if parent in family} - family:
        family |= more
    return family


def _lives(pid: int) -> bool:
    try:
        return (Path("/proc") / str(pid) / "stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False
