"""The catalog says of every table and column what it is, how sensitive, and where it comes from."""

from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

import pyarrow as pa

from lamplighter.settings import Settings
from lamplighter.warehouse import catalog, quality
from lamplighter.warehouse.tables import TABLES, table
from lamplighter.warehouse.warehouse import Warehouse

SHAPE = {
    "name", "kind", "owner", "meaning", "sensitivity", "subject", "purposes", "lineage", "freshness", "quality",
    "used_by", "aliases",
}  # fmt: skip


def test_every_table_and_column_has_an_entry_with_a_meaning() -> None:
    entries = {entry["name"]: entry for entry in catalog.entries()}
    assert len(entries) == sum(1 + len(declared.columns) for declared in TABLES.values())
    for entry in entries.values():
        assert entry.keys() >= SHAPE
        assert entry["meaning"] and entry["owner"]


def test_an_entry_tells_sensitivity_subject_lineage_and_other_systems_words() -> None:
    entries = {entry["name"]: entry for entry in catalog.entries()}
    account = entries["customer_account"]
    assert account["sensitivity"] == "sensitive"
    assert account["subject"] == {"column": "account_id", "kind": "account"}
    assert account["aliases"]["sap_isu"] == "Contract Account"
    assert "customer" in account["lineage"]["from"] and "bill" in account["lineage"]["to"]
    assert "bill.account_id" in entries["customer_account.account_id"]["used_by"]
    assert entries["bill.account_id"]["lineage"]["from"] == ["customer_account.account_id"]


def test_freshness_and_quality_come_from_the_batches(tmp_path: Path) -> None:
    warehouse, organization, program = Warehouse.open(Settings(data=tmp_path)), uuid4(), table("program")
    for day, name in ((1, "Help"), (2, "Help"), (3, "More help")):
        now = datetime(2026, 3, day, tzinfo=UTC)
        row = {"source": "cis", "program_id": "P1", "name": name, "kind": "assistance", "attributes": None}
        rows = pa.Table.from_pylist([row], schema=program.arrow)
        warehouse.append(organization, program, rows, batch_id=str(day), recorded_at=now)
        warehouse.publish(organization, str(day), now)
    states = quality.states(warehouse, organization)
    assert states.keys() == TABLES.keys()
    entry = catalog.table_entry(program, states["program"])
    assert entry["freshness"] == "2026-03-03T00:00:00+00:00"
    assert entry["quality"] == {"rows": 1, "batches": 3, "landed": 2, "unchanged": 1, "restated": 1}
    assert catalog.table_entry(table("bill"), states["bill"])["freshness"] is None
    warehouse.close()
