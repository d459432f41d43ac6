"""A process that lands batches until it is killed: ``python lander.py DATA ORGANIZATION FIRST``.

Batch N restates 1,000 reads of batch N - 1 and brings 19,000 new ones, and a payment. Each batch is told on
standard output once it is appended and once it is published.
"""

import sys
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from uuid import UUID

import numpy as np
import pyarrow as pa

from lamplighter.settings import Settings
from lamplighter.warehouse.tables import table
from lamplighter.warehouse.warehouse import Warehouse

READS, RESTATED = 20_000, 1_000
BEGIN = datetime(2026, 1, 1, tzinfo=UTC)


def reads(number: int) -> pa.Table:
    first = number * (READS - RESTATED)
    hours = np.arange(first, first + READS)
    started = pa.array(hours * 3_600_000_000 + int(BEGIN.timestamp() * 1e6)).cast(pa.timestamp("us", "UTC"))
    declared = table("meter_reading")
    same = {"source": "ami", "meter_id": "m", "usage_point_id": "m", "channel": "", "flow": "delivered"}
    same |= {"unit": "kWh", "quality": "valid"}
    columns = {name: pa.array([text]).take(pa.array(np.zeros(READS, "int32"))) for name, text in same.items()}
    columns |= {
        "started_at": started,
        "seconds": pa.array(np.full(READS, 3600)),
        "value": pa.array(np.full(READS, number)).cast(pa.decimal128(38, 6)).cast(pa.decimal128(18, 6)),
        "cost": pa.nulls(READS, pa.decimal128(18, 6)),
    }
    return pa.table([columns[name] for name in declared.schema.names], schema=declared.arrow)


def payment(number: int) -> pa.Table:
    declared = table("payment")
    row = dict.fromkeys(declared.schema.names) | {
        "source": "cis", "payment_id": str(number), "account_id": "1", "amount": Decimal(number)
    }  # fmt: skip
    return pa.Table.from_pylist([row], schema=declared.arrow)


def main(data: str, organization: str, first: str) -> None:
    warehouse = Warehouse.open(Settings(data=Path(data)))
    who, number = UUID(organization), int(first)
    while True:
        batch, now = f"batch {number}", BEGIN + timedelta(days=number)
        warehouse.append(who, table("meter_reading"), reads(number), batch_id=batch, recorded_at=now)
        warehouse.append(who, table("payment"), payment(number), batch_id=batch, recorded_at=now)
        print("appended", number, flush=True)
        warehouse.publish(who, batch, now)
        print("published", number, flush=True)
        number += 1


if __name__ == "__main__":
    main(*sys.argv[1:])
