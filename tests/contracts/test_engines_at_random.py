"""Any order of landing, publishing, withdrawing and erasing leaves what a plain list of versions says."""

from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory
from uuid import uuid4

import pyarrow as pa
import pytest
from hypothesis import settings as effort
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from lamplighter import plugins
from lamplighter.settings import Settings
from lamplighter.warehouse.engine import Appended
from lamplighter.warehouse.expressions import current, history
from lamplighter.warehouse.tables import table
from lamplighter.warehouse.warehouse import Warehouse

PAYMENT = table("payment")
DAY = datetime(2026, 3, 2, tzinfo=UTC)
KEYS, VALUES = "abc", (1, 2)


class Landings(RuleBasedStateMachine):
    """The model: each batch's rows by key, the batches in order, which are visible."""

    engine = "duckdb"

    @initialize()
    def begin(self) -> None:
        self.folder = TemporaryDirectory()
        self.warehouse = Warehouse.open(Settings(data=Path(self.folder.name), warehouse_engine=self.engine))
        self.organization = uuid4()
        self.kept: dict[str, dict[str, int]] = {}
        self.visible: set[str] = set()
        self.count = 0
        self.compacted = False

    def teardown(self) -> None:
        self.warehouse.close()
        self.folder.cleanup()

    @rule(rows=st.dictionaries(st.sampled_from(KEYS), st.sampled_from(VALUES)), publish=st.booleans())
    def land(self, rows: dict[str, int], publish: bool) -> None:
        self.count += 1
        batch = f"batch {self.count}"
        newest = {key: held for held, kept in self.kept.items() for key in kept}
        unchanged = {
            key
            for key, value in rows.items()
            if key in newest and newest[key] in self.visible and self.kept[newest[key]][key] == value
        }
        landed = {key: value for key, value in rows.items() if key not in unchanged}
        appended = self.warehouse.append(
            self.organization, PAYMENT, _payments(rows), batch_id=batch, recorded_at=DAY
        )
        assert appended == Appended(len(landed), len(unchanged), len(landed.keys() & newest.keys()))
        self.kept[batch] = landed
        if publish:
            self._publish(batch)

    @precondition(lambda self: self.kept.keys() - self.visible)
    @rule(data=st.data())
    def publish(self, data: st.DataObject) -> None:
        self._publish(data.draw(st.sampled_from(sorted(self.kept.keys() - self.visible))))

    @precondition(lambda self: self.kept)
    @rule(data=st.data())
    def withdraw(self, data: st.DataObject) -> None:
        batch = data.draw(st.sampled_from(sorted(self.kept)))
        removed = self.warehouse.withdraw(self.organization, batch)
        assert removed == {"payment": len(self.kept.pop(batch))}
        self.visible.discard(batch)

    @rule(key=st.sampled_from(KEYS))
    def erase(self, key: str) -> None:
        erased = self.warehouse.erase(self.organization, PAYMENT, pa.table({"account_id": [key]}))
        assert erased == sum(kept.pop(key, None) is not None for kept in self.kept.values())

    @precondition(lambda self: self.count and not self.compacted)
    @rule()
    def compact(self) -> None:
        self.warehouse.compact(self.organization)
        self.compacted = True

    @invariant()
    def readers_see_the_newest_visible_version_of_each_key(self) -> None:
        shown = current(PAYMENT)[["payment_id", "amount"]]
        seen = [(row["payment_id"], int(row["amount"])) for row in self._read(shown)]
        newest = {key: value for batch in self._shown() for key, value in self.kept[batch].items()}
        assert sorted(seen) == sorted(newest.items())

    @invariant()
    def the_history_holds_every_visible_version_once(self) -> None:
        shown = history(PAYMENT)[["batch_id", "payment_id", "amount"]]
        seen = [(row["batch_id"], row["payment_id"], int(row["amount"])) for row in self._read(shown)]
        versions = [(batch, key, value) for batch in self._shown() for key, value in self.kept[batch].items()]
        assert sorted(seen) == sorted(versions)

    def _publish(self, batch: str) -> None:
        self.warehouse.publish(self.organization, batch, DAY)
        self.visible.add(batch)

    def _shown(self) -> list[str]:
        return [batch for batch in self.kept if batch in self.visible]

    def _read(self, expression: object) -> list[dict[str, object]]:
        return self.warehouse.read(expression, self.organization).to_pylist()


def _payments(rows: dict[str, int]) -> pa.Table:
    columns: dict[str, list[object]] = {name: [None] * len(rows) for name in PAYMENT.schema.names}
    columns |= {
        "source": ["cis"] * len(rows),
        "payment_id": list(rows),
        "account_id": list(rows),
        "amount": [Decimal(value) for value in rows.values()],
    }
    return pa.table(columns, schema=PAYMENT.arrow)


def _play(engine: str, examples: int) -> None:
    machine: Callable[[], Landings] = type("Landings", (Landings,), {"engine": engine})
    run_state_machine_as_test(
        machine, settings=effort(max_examples=examples, stateful_step_count=20, deadline=None)
    )


@pytest.mark.parametrize("engine", plugins.names("engines"))
def test_any_order_of_landings_leaves_what_a_list_of_versions_says(engine: str) -> None:
    _play(engine, examples=8)


@pytest.mark.endure
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("engine", plugins.names("engines"))
def test_many_orders_of_landings_leave_what_a_list_of_versions_says(engine: str) -> None:
    _play(engine, examples=200)
