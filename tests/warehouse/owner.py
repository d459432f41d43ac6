"""A process that owns a warehouse and answers reads: ``python owner.py DATA SOCKET ORGANIZATION``, until told to end.

The organization has 300,000 payments p0, p1 … of amounts 0, 1 …
"""

import sys
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

import numpy as np
import pyarrow as pa

from lamplighter.settings import Settings
from lamplighter.warehouse import remote
from lamplighter.warehouse.tables import table
from lamplighter.warehouse.warehouse import Warehouse

ROWS = 300_000


def payments() -> pa.Table:
    declared = table("payment")
    numbers = np.arange(ROWS)
    columns = {
        "source": pa.array(np.full(ROWS, "cis")),
        "payment_id": pa.array(np.char.add("p", numbers.astype(str))),
        "account_id": pa.array(np.full(ROWS, "1")),
        "amount": pa.array(numbers).cast(pa.decimal128(38, 4)).cast(pa.decimal128(18, 4)),
    }
    return pa.table(
        [columns.get(field.name, pa.nulls(ROWS, field.type)) for field in declared.arrow],
        schema=declared.arrow,
    )


def main(data: str, socket: str, organization: str) -> None:
    warehouse = Warehouse.open(Settings(data=Path(data)))
    now = datetime(2026, 3, 2, tzinfo=UTC)
    warehouse.append(UUID(organization), table("payment"), payments(), batch_id="A", recorded_at=now)
    warehouse.publish(UUID(organization), "A", now)
    with remote.serving(warehouse, socket):
        print("ready", flush=True)
        sys.stdin.read()
    warehouse.close()


if __name__ == "__main__":
    main(*sys.argv[1:])
