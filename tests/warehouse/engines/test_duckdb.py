"""What is particular to the embedded engine: it survives kills, admits one process, and grows with its tables."""

import dataclasses
import random
import subprocess
import sys
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from uuid import UUID, uuid4

import pyarrow as pa
import pytest

from lamplighter.errors import InstallationInUse, InvalidInput, Misconfigured, Unavailable
from lamplighter.settings import Settings
from lamplighter.warehouse.expressions import current
from lamplighter.warehouse.table import Column
from lamplighter.warehouse.tables import table
from lamplighter.warehouse.warehouse import Warehouse

LANDER = Path(__file__).parents[1] / "lander.py"
READS, RESTATED = 20_000, 1_000
READING, PAYMENT = table("meter_reading"), table("payment")
DAY = datetime(2026, 3, 2, tzinfo=UTC)


def payment(amount: int, **more: str) -> pa.Table:
    row: dict[str, object] = dict.fromkeys(PAYMENT.schema.names) | {
        "source": "cis", "payment_id": "p1", "account_id": "1", "amount": Decimal(amount)
    }  # fmt: skip
    schema = [*PAYMENT.arrow, *(pa.field(name, pa.string()) for name in more if name not in PAYMENT)]
    return pa.Table.from_pylist([row | more], schema=pa.schema(schema))


def _kill_while_landing(data: Path, organization: UUID, first: int, moment: float) -> dict[str, set[int]]:
    """What the lander had told by the time it was killed."""
    told: dict[str, set[int]] = {"appended": set(), "published": set()}
    with subprocess.Popen(
        [sys.executable, LANDER, data, str(organization), str(first)], stdout=subprocess.PIPE, text=True
    ) as lander:
        assert lander.stdout is not None
        line = lander.stdout.readline()
        assert line, "the lander did not start"
        try:
            lander.wait(moment)
        except subprocess.TimeoutExpired:
            lander.kill()
        for said in [line, *lander.stdout.read().splitlines()]:
            what, number = said.split()
            told[what].add(int(number))
    return told


def _survives(kills: int, tmp_path: Path) -> None:
    chance, organization = random.Random(), uuid4()
    published: set[int] = set()
    for _ in range(kills):
        first = max(published, default=-1) + 1
        told = _kill_while_landing(tmp_path, organization, first, chance.uniform(0, 0.6))
        published |= told["published"]
        warehouse = Warehouse.open(Settings(data=tmp_path))
        held = {int(batch.batch_id.split()[1]): batch for batch in warehouse.batches(organization)}
        visible = {number for number, batch in held.items() if batch.visible}
        assert published <= visible <= published | told["appended"]
        assert told["appended"] <= held.keys()
        published = visible
        warehouse.sweep(organization, {f"batch {number}" for number in published})
        assert {batch.visible for batch in warehouse.batches(organization)} <= {True}
        reading = current(READING)
        counted = reading.aggregate(
            rows=reading.count(), total=reading.value.sum(), keys=reading.started_at.nunique()
        )
        rows = len(published) * (READS - RESTATED) + (RESTATED if published else 0)
        total = (
            sum(number * (READS - RESTATED) for number in published) + max(published, default=0) * RESTATED
        )
        assert warehouse.read(counted, organization).to_pylist() == [
            {"rows": rows, "total": Decimal(total) if rows else None, "keys": rows}
        ]
        paid = warehouse.read(current(PAYMENT), organization)["payment_id"].to_pylist()
        assert sorted(map(int, paid)) == sorted(published)
        warehouse.close()


def test_a_kill_while_landing_leaves_no_half_batch(tmp_path: Path) -> None:
    _survives(6, tmp_path)


@pytest.mark.endure
@pytest.mark.timeout(3600)
def test_two_hundred_kills_while_landing_leave_no_half_batch(tmp_path: Path) -> None:
    _survives(200, tmp_path)


def test_a_second_process_is_refused_in_words_and_admitted_after_the_first(tmp_path: Path) -> None:
    first = Warehouse.open(Settings(data=tmp_path))
    with pytest.raises(InstallationInUse, match="Another process works on the warehouse"):
        Warehouse.open(Settings(data=tmp_path))
    first.close()
    with pytest.raises(Unavailable, match="closed"):
        first.batches(uuid4())
    Warehouse.open(Settings(data=tmp_path)).close()


def test_a_declaration_that_gained_a_column_widens_what_is_stored(tmp_path: Path) -> None:
    organization = uuid4()
    branch = Column("branch", "string", "where it was paid")
    wider = dataclasses.replace(PAYMENT, columns=(*PAYMENT.columns[:3], branch, *PAYMENT.columns[3:]))
    warehouse = Warehouse.open(Settings(data=tmp_path))

    def shown() -> list[object]:
        rows = warehouse.read(current(wider).union(current(wider)), organization).to_pylist()
        return [(row["branch"], int(row["amount"])) for row in rows[:1]]

    for batch, declared, rows in (("A", PAYMENT, payment(1)), ("B", wider, payment(2, branch="Nord"))):
        warehouse.append(organization, declared, rows, batch_id=batch, recorded_at=DAY)
        warehouse.publish(organization, batch, DAY)
    assert shown() == [("Nord", 2)]
    warehouse.withdraw(organization, "B")
    assert shown() == [(None, 1)]
    warehouse.compact(organization)
    warehouse.close()
    warehouse = Warehouse.open(Settings(data=tmp_path))
    assert warehouse.read(current(PAYMENT), organization).num_rows == 1
    warehouse.append(organization, wider, payment(3, branch="Ost"), batch_id="C", recorded_at=DAY)
    warehouse.publish(organization, "C", DAY)
    assert shown() == [("Ost", 3)]
    warehouse.close()


def test_a_column_that_changed_its_type_is_refused(tmp_path: Path) -> None:
    columns = tuple(
        dataclasses.replace(column, type="int64") if column.name == "amount" else column for column in PAYMENT
    )
    warehouse = Warehouse.open(Settings(data=tmp_path))
    with pytest.raises(Misconfigured, match=r"payment\.amount is stored as DECIMAL"):
        warehouse.append(
            uuid4(), dataclasses.replace(PAYMENT, columns=columns), payment(1), batch_id="A", recorded_at=DAY
        )
    warehouse.close()


def test_an_erased_word_is_nowhere_in_the_folder_after_compacting(tmp_path: Path) -> None:
    organization, secret = uuid4(), "Quetzalcoatlus-4711"
    warehouse = Warehouse.open(Settings(data=tmp_path))
    for batch, method in (("A", secret), ("B", "card"), ("C", secret + " again")):
        warehouse.append(organization, PAYMENT, payment(1, method=method), batch_id=batch, recorded_at=DAY)
        warehouse.publish(organization, batch, DAY)
    warehouse.erase(organization, PAYMENT, pa.table({"account_id": ["1"]}))
    warehouse.compact(organization)
    warehouse.close()
    for file in tmp_path.rglob("*"):
        assert file.is_dir() or secret.encode() not in file.read_bytes()


def test_more_organizations_than_files_kept_open(tmp_path: Path) -> None:
    warehouse = Warehouse.open(Settings(data=tmp_path))
    organizations = [uuid4() for _ in range(7)]
    for amount, organization in enumerate(organizations):
        warehouse.append(organization, PAYMENT, payment(amount), batch_id="A", recorded_at=DAY)
        warehouse.publish(organization, "A", DAY)
    for amount, organization in enumerate(organizations):
        assert warehouse.read(current(PAYMENT)[["amount"]], organization).to_pylist() == [
            {"amount": Decimal(amount)}
        ]
    warehouse.close()


def test_a_query_ends_with_its_time(tmp_path: Path) -> None:
    warehouse = Warehouse.open(Settings(data=tmp_path))
    endless = "SELECT count(*) FROM range(1000000) AS a (x), range(10000000) AS b (y) WHERE x + y = 7"
    with pytest.raises(Unavailable, match=r"stopped after 0\.05 s"):
        warehouse.query(endless, uuid4(), seconds=0.05).read_all()
    warehouse.close()


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT * FROM read_csv('/etc/passwd')",
        "SELECT * FROM '/etc/passwd'",
        "SELECT content FROM read_text('/etc/passwd')",
    ],
)
def test_even_an_unchecked_query_reads_no_files(tmp_path: Path, sql: str) -> None:
    warehouse = Warehouse.open(Settings(data=tmp_path))
    with pytest.raises(InvalidInput):
        warehouse._reader.stream(uuid4(), sql, {}, None).read_all()
    for write in (
        "CREATE TABLE x (a INT)",
        "SET memory_limit = '9GB'",
        "DELETE FROM payment",
        "SELECT 1; SELECT 2",
    ):
        with pytest.raises(InvalidInput, match="one SELECT"):
            warehouse._reader.stream(uuid4(), write, {}, None).read_all()
    warehouse.close()
