"""Reads of a warehouse that another process owns, over a real socket."""

import json
import socket
import stat
import struct
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from tempfile import mkdtemp
from uuid import UUID, uuid4

import ibis
import pyarrow as pa
import pytest

from lamplighter.errors import InvalidInput, Misconfigured, NotAllowed, Unavailable
from lamplighter.settings import Settings
from lamplighter.warehouse import quality, remote
from lamplighter.warehouse.expressions import batches, current
from lamplighter.warehouse.tables import table
from lamplighter.warehouse.warehouse import Warehouse

PAYMENT, PROFILE = table("payment"), table("profile")
OWNER, ROWS = Path(__file__).with_name("owner.py"), 300_000


@dataclass
class Owner:
    """The other process, what it holds, and a warehouse of ours that asks it."""

    process: subprocess.Popen[str]
    socket: Path
    organization: UUID
    warehouse: Warehouse


@pytest.fixture(scope="module")
def owner(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Owner]:
    data, organization = tmp_path_factory.mktemp("owner"), uuid4()
    path = Path(mkdtemp(prefix="lamp-")) / "warehouse"
    with subprocess.Popen(
        [sys.executable, OWNER, data, path, str(organization)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None and process.stdin is not None
        assert process.stdout.readline() == "ready\n"
        yield Owner(process, path, organization, Warehouse.remote(path))
        process.stdin.close()
        assert process.wait(30) == 0
    assert not path.exists()


def test_an_expression_reads_the_same_through_the_socket(owner: Owner) -> None:
    paid = current(PAYMENT)
    summed = paid.aggregate(rows=paid.count(), total=paid.amount.sum())
    assert owner.warehouse.read(summed, owner.organization).to_pylist() == [
        {"rows": ROWS, "total": Decimal(ROWS * (ROWS - 1) // 2)}
    ]
    everything = owner.warehouse.read(paid, owner.organization)
    assert everything.schema == PAYMENT.arrow and everything.num_rows == ROWS
    assert owner.warehouse.read(batches(), owner.organization)["landed"].to_pylist() == [ROWS]
    assert quality.states(owner.warehouse, owner.organization)["payment"].rows == ROWS


def test_rows_that_an_expression_brings_along_travel_too(owner: Owner) -> None:
    wanted = ibis.memtable(pa.table({"payment_id": ["p1", "p4", "nobody"]}))
    found = current(PAYMENT).semi_join(wanted, "payment_id").order_by("amount")[["payment_id"]]
    assert owner.warehouse.read(found, owner.organization)["payment_id"].to_pylist() == ["p1", "p4"]


def test_another_organization_sees_nothing(owner: Owner) -> None:
    assert owner.warehouse.read(current(PAYMENT), uuid4()).num_rows == 0


def test_a_reader_cannot_write(owner: Owner) -> None:
    with pytest.raises(Unavailable, match="only reads"):
        owner.warehouse.withdraw(owner.organization, "A")
    with pytest.raises(Unavailable, match="only reads"):
        owner.warehouse.replace(owner.organization, PROFILE, PROFILE.arrow.empty_table())


def test_errors_of_the_other_side_are_raised_here(owner: Owner) -> None:
    with pytest.raises(NotAllowed, match="stored"):
        owner.warehouse.query("SELECT * FROM stored.payment", owner.organization)
    with pytest.raises(InvalidInput, match="one SELECT"):
        owner.warehouse.query("DROP TABLE payment", owner.organization)
    with pytest.raises(InvalidInput, match="nothing"):
        owner.warehouse.query("SELECT nothing FROM payment", owner.organization).read_all()
    with pytest.raises(InvalidInput, match="Could not convert"):
        owner.warehouse.query("SELECT payment_id::INT FROM payment", owner.organization).read_all()


def test_the_owner_checks_what_a_client_did_not(owner: Owner) -> None:
    asked = {"organization": str(owner.organization), "sql": "DROP VIEW payment", "seconds": 5, "inputs": []}
    body = json.dumps(asked).encode()
    with socket.socket(socket.AF_UNIX) as client:
        client.connect(str(owner.socket))
        client.sendall(struct.pack("<cI", b"Q", len(body)) + body)
        assert client.recv(1) == b"E"


def test_a_query_ends_with_its_time_and_the_next_is_answered(owner: Owner) -> None:
    endless = "SELECT count(*) FROM range(1000000) AS a (x), range(10000000) AS b (y) WHERE x + y = 7"
    with pytest.raises(Unavailable, match=r"stopped after 0\.1 s"):
        owner.warehouse.query(endless, owner.organization, seconds=0.1).read_all()
    assert owner.warehouse.read(current(PROFILE), owner.organization).num_rows == 0


def test_many_clients_at_once_are_all_answered(owner: Owner) -> None:
    answers: list[int] = []

    def ask(number: int) -> None:
        paid = current(PAYMENT)
        for _ in range(5):
            answers.append(
                owner.warehouse.read(paid.filter(paid.amount < number), owner.organization).num_rows
            )

    clients = [threading.Thread(target=ask, args=(number,)) for number in range(24)]
    for client in clients:
        client.start()
    for client in clients:
        client.join(60)
    assert sorted(answers) == sorted(number for number in range(24) for _ in range(5))


def test_a_client_that_leaves_in_the_middle_disturbs_nobody(owner: Owner) -> None:
    for _ in range(20):
        rows = owner.warehouse.stream(current(PAYMENT), owner.organization)
        assert rows.read_next_batch().num_rows
        del rows
    with socket.socket(socket.AF_UNIX) as client:
        client.connect(str(owner.socket))
        client.sendall(b"GET / HTTP/1.1\r\n\r\n")
    assert owner.warehouse.read(current(PAYMENT).limit(3), owner.organization).num_rows == 3


def test_the_socket_is_private(owner: Owner) -> None:
    assert stat.S_IMODE(owner.socket.stat().st_mode) == 0o600


def test_a_worker_that_is_not_there_is_told_with_the_remedy(tmp_path: Path) -> None:
    with pytest.raises(Unavailable, match="lamplighter work"):
        Warehouse.remote(tmp_path / "nobody").read(current(PAYMENT), uuid4())


def test_a_socket_path_too_long_is_refused_in_words(tmp_path: Path) -> None:
    warehouse = Warehouse.open(Settings(data=tmp_path))
    with (
        pytest.raises(Misconfigured, match="too long for a socket"),
        remote.serving(warehouse, tmp_path / ("x" * 120)),
    ):
        pass
    warehouse.close()
