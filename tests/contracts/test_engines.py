"""What every warehouse engine must do, told as what happens to a utility's payments and reads."""

import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import ibis
import pyarrow as pa
import pytest

from lamplighter import plugins
from lamplighter.errors import Conflict, InvalidInput, LamplighterError, UnreadableFile
from lamplighter.settings import Settings
from lamplighter.warehouse.engine import Appended
from lamplighter.warehouse.expressions import batches, current, history
from lamplighter.warehouse.tables import table
from lamplighter.warehouse.warehouse import Warehouse

PAYMENT, READING, PROFILE = table("payment"), table("meter_reading"), table("profile")
MONDAY = datetime(2026, 3, 2, tzinfo=UTC)
TUESDAY = MONDAY + timedelta(days=1)
DAYS = {"A": MONDAY, "B": TUESDAY, "C": TUESDAY + timedelta(days=1), "D": TUESDAY + timedelta(days=2)}


@pytest.fixture(params=plugins.names("engines"))
def warehouse(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Warehouse]:
    warehouse = Warehouse.open(
        Settings(data=tmp_path, warehouse_engine=request.param, warehouse_memory="1GB")
    )
    yield warehouse
    warehouse.close()


@pytest.fixture
def organization() -> UUID:
    return uuid4()


def payments(account: str = "1", **amounts: int | None) -> pa.Table:
    """Payments of an account: ``payments(p1=100, p2=50)``."""
    columns: dict[str, list[Any]] = {name: [None] * len(amounts) for name in PAYMENT.schema.names}
    columns |= {
        "source": ["cis"] * len(amounts),
        "payment_id": list(amounts),
        "account_id": [account] * len(amounts),
        "amount": [None if amount is None else Decimal(amount) for amount in amounts.values()],
    }
    return pa.table(columns, schema=PAYMENT.arrow)


def reads(meter: str, first: datetime, *values: int) -> pa.Table:
    """Hourly reads of a meter from ``first`` on."""
    columns: dict[str, list[Any]] = {
        "source": ["ami"] * len(values),
        "meter_id": [meter] * len(values),
        "usage_point_id": [meter] * len(values),
        "channel": [""] * len(values),
        "flow": ["delivered"] * len(values),
        "started_at": [first + timedelta(hours=hour) for hour in range(len(values))],
        "seconds": [3600] * len(values),
        "value": [Decimal(value) for value in values],
        "unit": ["kWh"] * len(values),
        "quality": ["valid"] * len(values),
        "cost": [None] * len(values),
    }
    return pa.table(columns, schema=READING.arrow)


def profiles(*ids: str, name: str = "") -> pa.Table:
    columns: dict[str, list[Any]] = {column: [None] * len(ids) for column in PROFILE.schema.names}
    columns |= {"profile_id": list(ids), "name": [name] * len(ids)}
    return pa.table(columns, schema=PROFILE.arrow)


class Desk:
    """Lands payments and reads them back, in one organization."""

    def __init__(self, warehouse: Warehouse, organization: UUID) -> None:
        self.warehouse, self.organization = warehouse, organization

    def append(self, batch: str, rows: pa.Table | pa.RecordBatchReader, declared: Any = PAYMENT) -> Appended:
        day = DAYS.get(batch, MONDAY)
        return self.warehouse.append(self.organization, declared, rows, batch_id=batch, recorded_at=day)

    def publish(self, *batches: str) -> None:
        for batch in batches:
            self.warehouse.publish(self.organization, batch, DAYS.get(batch, MONDAY))

    def land(self, batch: str, rows: pa.Table | pa.RecordBatchReader, declared: Any = PAYMENT) -> Appended:
        appended = self.append(batch, rows, declared)
        self.publish(batch)
        return appended

    def withdraw(self, batch: str) -> dict[str, int]:
        return self.warehouse.withdraw(self.organization, batch)

    def rows(self, expression: ibis.Table) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.warehouse.read(expression, self.organization).to_pylist()
        return found

    @property
    def amounts(self) -> dict[str, int | None]:
        """What readers see: amount by payment, each payment once."""
        rows = self.rows(current(PAYMENT)[["payment_id", "amount"]])
        seen = {row["payment_id"]: None if row["amount"] is None else int(row["amount"]) for row in rows}
        assert len(seen) == len(rows)
        return seen

    @property
    def values(self) -> list[int]:
        reading = current(READING)
        rows = self.rows(reading.order_by("meter_id", "started_at")[["value"]])
        return [int(row["value"]) for row in rows]


@pytest.fixture
def desk(warehouse: Warehouse, organization: UUID) -> Desk:
    return Desk(warehouse, organization)


def test_a_batch_is_invisible_until_it_is_published(desk: Desk) -> None:
    assert desk.append("A", payments(p1=100)) == Appended(1, 0, 0)
    assert desk.append("A", reads("m1", MONDAY, 1, 2), READING) == Appended(2, 0, 0)
    assert desk.amounts == {} and desk.values == [] and desk.rows(history(PAYMENT)) == []
    desk.publish("A")
    assert desk.amounts == {"p1": 100}
    assert desk.values == [1, 2]


def test_values_come_back_as_they_were_declared(desk: Desk) -> None:
    rows = payments(p1=100).set_column(
        PAYMENT.schema.names.index("attributes"), "attributes", pa.array(['{"branch": "Nord"}'])
    )
    desk.land("A", rows)
    assert desk.warehouse.read(current(PAYMENT), desk.organization) == rows
    desk.land("B", reads("m1", MONDAY, 7), READING)
    assert desk.warehouse.read(current(READING), desk.organization) == reads("m1", MONDAY, 7)


def test_the_same_rows_again_change_nothing(desk: Desk) -> None:
    desk.land("A", payments(p1=100, p2=None))
    assert desk.land("B", payments(p1=100, p2=None)) == Appended(0, 2, 0)
    assert desk.land("C", payments(p2=None)) == Appended(0, 1, 0)
    assert desk.amounts == {"p1": 100, "p2": None}
    assert len(desk.rows(history(PAYMENT))) == 2


def test_a_restated_row_replaces_the_old_one_which_stays_in_the_history(desk: Desk) -> None:
    desk.land("A", payments(p1=100, p2=50, p3=None))
    assert desk.land("B", payments(p1=100, p2=60, p3=10, p4=5)) == Appended(3, 1, 2)
    assert desk.amounts == {"p1": 100, "p2": 60, "p3": 10, "p4": 5}
    versions = [
        (int(row["amount"]), row["batch_id"], row["recorded_at"], row["is_current"])
        for row in desk.rows(
            history(PAYMENT).filter(history(PAYMENT).payment_id == "p2").order_by("recorded_at")
        )
    ]
    assert versions == [(50, "A", MONDAY, False), (60, "B", TUESDAY, True)]


def test_a_value_that_returns_to_what_it_was_is_a_version_of_its_own(desk: Desk) -> None:
    for batch, amount in (("A", 1), ("B", 2), ("C", 1)):
        desk.land(batch, payments(p1=amount))
    assert desk.amounts == {"p1": 1}
    desk.withdraw("A")
    assert desk.amounts == {"p1": 1}
    desk.withdraw("C")
    assert desk.amounts == {"p1": 2}


@pytest.mark.parametrize(
    ("order", "left"),
    [
        ("A", [3]), ("B", [3]), ("C", [2]), ("AB", [3]), ("BC", [1]), ("CB", [1]), ("AC", [2]), ("CA", [2]),
        ("BAC", []), ("CBA", []),
    ],
)  # fmt: skip
def test_a_withdrawn_batch_is_as_if_it_never_landed(desk: Desk, order: str, left: list[int]) -> None:
    for batch, amount in (("A", 1), ("B", 2), ("C", 3)):
        desk.land(batch, payments(p1=amount, **{f"only_{batch}": 7}))
    for batch in order:
        assert desk.withdraw(batch) == {"payment": 2}
    assert [amount for payment, amount in desk.amounts.items() if payment == "p1"] == left
    assert sorted(payment for payment in desk.amounts if payment != "p1") == [
        f"only_{batch}" for batch in "ABC" if batch not in order
    ]
    assert [batch.batch_id for batch in desk.warehouse.batches(desk.organization)] == [
        batch for batch in "ABC" if batch not in order
    ]


def test_a_batch_can_be_withdrawn_before_it_was_published_and_landed_again(desk: Desk) -> None:
    desk.land("A", payments(p1=1))
    desk.append("B", payments(p1=2, p2=2))
    assert desk.withdraw("B") == {"payment": 2}
    desk.publish("A")
    assert desk.amounts == {"p1": 1}
    assert desk.land("B", payments(p1=3)) == Appended(1, 0, 1)
    assert desk.amounts == {"p1": 3}
    assert desk.withdraw("nobody knows it") == {}


def test_appending_a_batch_twice_answers_the_same_and_adds_nothing(desk: Desk) -> None:
    first = desk.append("A", payments(p1=1, p2=2))
    assert desk.append("A", payments(p1=1, p2=2)) == first
    desk.publish("A", "A")
    assert desk.amounts == {"p1": 1, "p2": 2}
    assert desk.append("A", payments(p1=1, p2=2)) == first
    with pytest.raises(Conflict, match="already visible"):
        desk.append("A", reads("m1", MONDAY, 1), READING)


def test_batches_may_be_published_in_another_order_than_they_were_appended(desk: Desk) -> None:
    desk.land("A", payments(p1=1, p2=1))
    desk.append("B", payments(p1=2, p2=2))
    desk.append("C", payments(p1=3))
    desk.publish("C")
    assert desk.amounts == {"p1": 3, "p2": 1}
    desk.publish("B")
    assert desk.amounts == {"p1": 3, "p2": 2}
    desk.withdraw("C")
    assert desk.amounts == {"p1": 2, "p2": 2}


def test_a_row_equal_to_one_not_yet_visible_is_kept_for_that_one_may_go(desk: Desk) -> None:
    desk.land("A", payments(p1=1))
    desk.append("B", payments(p1=2))
    assert desk.append("C", payments(p1=2)).landed == 1
    assert desk.append("D", payments(p1=1)).landed == 1
    desk.withdraw("B")
    desk.publish("C")
    assert desk.amounts == {"p1": 2}
    desk.publish("D")
    assert desk.amounts == {"p1": 1}


def test_only_overlapping_spans_of_reads_are_compared_and_rightly(desk: Desk) -> None:
    desk.land("A", reads("m1", MONDAY, 1, 2, 3), READING)
    assert desk.land("B", reads("m1", TUESDAY, 1, 2, 3), READING) == Appended(3, 0, 0)
    assert desk.land("C", reads("m2", MONDAY, 1, 2, 3), READING) == Appended(3, 0, 0)
    later = MONDAY + timedelta(hours=2)
    assert desk.land("D", reads("m1", later, 3, 4), READING) == Appended(1, 1, 0)
    assert desk.land("E", reads("m1", later, 9, 4), READING) == Appended(1, 1, 1)
    assert desk.values == [1, 2, 9, 4, 1, 2, 3, 1, 2, 3]
    desk.withdraw("A")
    assert desk.values == [9, 4, 1, 2, 3, 1, 2, 3]


def test_the_same_file_with_one_changed_read(desk: Desk) -> None:
    desk.land("A", reads("m1", MONDAY, *range(1000)), READING)
    assert desk.land("B", reads("m1", MONDAY, *range(1000)), READING) == Appended(0, 1000, 0)
    changed = [*range(999), 5000]
    assert desk.land("C", reads("m1", MONDAY, *changed), READING) == Appended(1, 999, 1)
    backwards = reads("m1", MONDAY, *changed).sort_by([("started_at", "descending")])
    assert desk.land("D", backwards, READING) == Appended(0, 1000, 0)
    assert desk.values == changed


def test_a_batch_over_several_tables_appears_and_goes_at_once(desk: Desk) -> None:
    desk.append("A", payments(p1=1))
    desk.append("A", reads("m1", MONDAY, 1), READING)
    landed = desk.warehouse.batches(desk.organization)[0]
    assert (landed.batch_id, landed.recorded_at, landed.visible) == ("A", MONDAY, False)
    assert landed.tables == {"payment": Appended(1, 0, 0), "meter_reading": Appended(1, 0, 0)}
    desk.publish("A")
    assert [row["table_name"] for row in desk.rows(batches().order_by("table_name"))] == [
        "meter_reading",
        "payment",
    ]
    assert desk.withdraw("A") == {"meter_reading": 1, "payment": 1}
    assert desk.amounts == {} and desk.values == []


def test_a_batch_without_rows_is_a_batch(desk: Desk) -> None:
    desk.publish("A")
    assert [batch.visible for batch in desk.warehouse.batches(desk.organization)] == [True]
    assert desk.land("B", payments()) == Appended(0, 0, 0)
    assert desk.withdraw("B") == {"payment": 0}


def test_what_a_crash_left_behind_is_swept(desk: Desk) -> None:
    desk.land("A", payments(p1=1))
    desk.append("B", payments(p1=2))
    assert desk.warehouse.sweep(desk.organization, {"A"}) == ["B"]
    assert desk.warehouse.sweep(desk.organization, {"A"}) == []
    assert desk.amounts == {"p1": 1}


def test_a_stream_that_breaks_leaves_nothing_and_tells_its_own_error(desk: Desk) -> None:
    def half() -> Iterator[pa.RecordBatch]:
        yield from payments(p1=1).to_batches()
        raise UnreadableFile("payments.csv ends in the middle of line 3.")

    with pytest.raises(UnreadableFile, match="line 3"):
        desk.append("A", pa.RecordBatchReader.from_batches(PAYMENT.arrow, half()))
    desk.publish("A")
    assert desk.amounts == {}


def test_rows_that_lack_a_column_are_refused_by_name(desk: Desk) -> None:
    with pytest.raises(InvalidInput, match="lack the columns amount"):
        desk.append("A", payments(p1=1).drop_columns("amount"))
    with pytest.raises(InvalidInput, match="derived"):
        desk.append("A", profiles("x"), PROFILE)
    with pytest.raises(InvalidInput, match="landed"):
        desk.warehouse.replace(desk.organization, PAYMENT, payments(p1=1))


def test_another_organization_sees_nothing(desk: Desk, warehouse: Warehouse) -> None:
    desk.land("A", payments(p1=1))
    desk.warehouse.replace(desk.organization, PROFILE, profiles("pr_1"))
    other = Desk(warehouse, uuid4())
    assert other.amounts == {} and other.rows(current(PROFILE)) == [] and other.rows(batches()) == []
    other.land("A", payments(p1=2))
    other.withdraw("A")
    assert desk.amounts == {"p1": 1}
    with pytest.raises(LamplighterError):
        warehouse.query(f'SELECT * FROM "{desk.organization}".main.payment', other.organization)


def test_derived_rows_are_replaced_as_a_whole_by_rows_or_by_an_expression(desk: Desk) -> None:
    assert desk.warehouse.replace(desk.organization, PROFILE, profiles("a", "b")) == 2
    renamed = current(PROFILE).filter(current(PROFILE).profile_id == "b").mutate(name=ibis.literal("Ana"))
    assert desk.warehouse.replace(desk.organization, PROFILE, renamed) == 1
    assert [(row["profile_id"], row["name"]) for row in desk.rows(current(PROFILE))] == [("b", "Ana")]


def test_some_derived_rows_are_replaced_by_value(desk: Desk) -> None:
    desk.warehouse.replace(desk.organization, PROFILE, profiles("a", "b", "c"))
    again = profiles("b", name="Ben")
    assert desk.warehouse.replace_where(desk.organization, PROFILE, "profile_id", ["b", "c"], again) == 1
    rows = desk.rows(current(PROFILE).order_by("profile_id"))
    assert [(row["profile_id"], row["name"]) for row in rows] == [("a", ""), ("b", "Ben")]


def test_an_expression_may_bring_rows_along(desk: Desk) -> None:
    desk.land("A", payments(p1=1, p2=2, p3=3))
    wanted = ibis.memtable(pa.table({"payment_id": ["p1", "p3"]}))
    found = current(PAYMENT).semi_join(wanted, "payment_id")
    assert desk.rows(found.aggregate(total=found.amount.sum())) == [{"total": Decimal(4)}]


def test_erasing_an_account_removes_every_version_of_its_rows(desk: Desk) -> None:
    desk.land("A", payments("1", p1=1, p2=2))
    desk.land("B", payments("1", p1=3))
    desk.land("C", payments("2", p9=9))
    desk.append("D", payments("1", p3=3))
    who = pa.table({"source": ["cis"], "account_id": ["1"]})
    assert desk.warehouse.erase(desk.organization, PAYMENT, who) == 4
    desk.publish("D")
    assert desk.amounts == {"p9": 9}
    assert [row["payment_id"] for row in desk.rows(history(PAYMENT))] == ["p9"]
    other_source = pa.table({"source": ["other"], "account_id": ["2"]})
    assert desk.warehouse.erase(desk.organization, PAYMENT, other_source) == 0


def test_erasing_a_former_tenants_reads_leaves_the_next_tenants(desk: Desk) -> None:
    desk.land("A", reads("m1", MONDAY, 1, 2, 3, 4), READING)
    moved = MONDAY + timedelta(hours=2)
    until = pa.table(
        {"source": ["ami"], "usage_point_id": ["m1"], "start": [None], "end": [moved]},
        schema=pa.schema(
            [
                ("source", pa.string()),
                ("usage_point_id", pa.string()),
                ("start", pa.timestamp("us", "UTC")),
                ("end", pa.timestamp("us", "UTC")),
            ]
        ),
    )
    assert desk.warehouse.erase(desk.organization, READING, until) == 2
    assert desk.values == [3, 4]


def test_erasing_asks_for_what_a_table_can_be_erased_by(desk: Desk) -> None:
    with pytest.raises(InvalidInput, match="column account_id"):
        desk.warehouse.erase(desk.organization, PAYMENT, pa.table({"profile_id": ["x"]}))
    with pytest.raises(InvalidInput, match="no date"):
        desk.warehouse.erase(desk.organization, PAYMENT, pa.table({"account_id": ["1"], "end": [MONDAY]}))
    with pytest.raises(InvalidInput, match="about nobody"):
        desk.warehouse.erase(desk.organization, table("outage"), pa.table({"outage_id": ["1"]}))


def test_rows_expire_by_their_own_date_or_by_their_batch(desk: Desk) -> None:
    desk.land("A", reads("m1", MONDAY, 1, 2, 3, 4), READING)
    assert desk.warehouse.expire(desk.organization, READING, MONDAY + timedelta(hours=3)) == 3
    assert desk.values == [4]
    desk.land("B", payments(p1=1))
    desk.land("C", payments(p2=2))
    assert desk.warehouse.expire(desk.organization, PAYMENT, DAYS["C"]) == 1
    assert desk.amounts == {"p2": 2}


def test_what_was_written_is_there_after_a_restart(tmp_path: Path, organization: UUID) -> None:
    for engine in plugins.names("engines"):
        settings = Settings(data=tmp_path / engine, warehouse_engine=engine)
        desk = Desk(Warehouse.open(settings), organization)
        desk.land("A", payments(p1=1))
        desk.append("B", payments(p1=2))
        desk.warehouse.close()
        desk = Desk(Warehouse.open(settings), organization)
        assert desk.amounts == {"p1": 1}
        desk.publish("B")
        assert desk.amounts == {"p1": 2}
        desk.warehouse.close()


def test_erased_rows_are_gone_after_compacting_and_all_else_is_there(desk: Desk) -> None:
    desk.land("A", payments("1", p1=1))
    desk.land("B", payments("2", p2=2))
    desk.land("C", payments("2", p2=3))
    desk.append("D", payments("2", p2=4))
    desk.warehouse.replace(desk.organization, PROFILE, profiles("a"))
    desk.warehouse.erase(desk.organization, PAYMENT, pa.table({"account_id": ["1"]}))
    desk.warehouse.compact(desk.organization)
    assert desk.amounts == {"p2": 3}
    assert len(desk.rows(current(PROFILE))) == 1
    desk.publish("D")
    assert desk.amounts == {"p2": 4}
    desk.withdraw("D")
    desk.withdraw("C")
    assert desk.amounts == {"p2": 2}


def test_readers_never_meet_half_a_replacement(desk: Desk) -> None:
    desk.warehouse.replace(desk.organization, PROFILE, profiles(*map(str, range(1000)), name="0"))
    wrong: list[object] = []
    done = threading.Event()

    def look() -> None:
        profile = current(PROFILE)
        summed = profile.aggregate(rows=profile.count(), names=profile.name.nunique())
        while not done.is_set():
            try:
                found = desk.rows(summed)
                if found != [{"rows": 1000, "names": 1}]:
                    wrong.append(found)
            except LamplighterError as error:
                wrong.append(error)

    readers = [threading.Thread(target=look) for _ in range(3)]
    for reader in readers:
        reader.start()
    for version in range(1, 25):
        desk.warehouse.replace(
            desk.organization, PROFILE, profiles(*map(str, range(1000)), name=str(version))
        )
    done.set()
    for reader in readers:
        reader.join(60)
    assert wrong == []


def test_readers_beside_writers_see_whole_batches_only(desk: Desk) -> None:
    done = threading.Event()
    wrong: list[object] = []
    looked = []

    def look() -> None:
        reading = current(READING)
        counted = reading.aggregate(
            rows=reading.count(), keys=(reading.meter_id + reading.started_at.cast(str)).nunique()
        )
        while not done.is_set():
            try:
                found = desk.rows(counted)[0]
                looked.append(found)
                if found["rows"] % 500 or found["rows"] != found["keys"]:
                    wrong.append(found)
            except LamplighterError as error:
                wrong.append(error)

    def land(meter: str) -> None:
        for day in range(6):
            batch, first = f"{meter}-{day}", MONDAY + timedelta(hours=500 * (day // 2))
            desk.land(batch, reads(meter, first, *range(day, day + 500)), READING)

    readers = [threading.Thread(target=look) for _ in range(3)]
    writers = [threading.Thread(target=land, args=(f"m{number}",)) for number in range(3)]
    for thread in readers + writers:
        thread.start()
    for thread in writers:
        thread.join(120)
    done.set()
    for thread in readers:
        thread.join(60)
    assert wrong == [] and looked
    assert len(desk.values) == 3 * 3 * 500
    assert not any(thread.is_alive() for thread in readers + writers)
