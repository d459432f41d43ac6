"""What was set aside: each row with its reason, file, line and values, until it is mended and tried again.

Rows are written set by set (COPY into a temporary table: COPY itself is refused where row-level security is on),
so that even a file of which every row is wrong does not stop the door. After 90 days they are deleted.
"""

import io
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.csv as pacsv
import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Session

from lamplighter.context import Context
from lamplighter.intake import json_text
from lamplighter.intake.decimals import Rows
from lamplighter.intake.fault import Fault, as_text
from lamplighter.model.declaration import Retention, Sensitivity
from lamplighter.store import jobs
from lamplighter.store.schema import moment, tenant_table

RETENTION_DAYS = 90

rejected_row = tenant_table(
    "rejected_row",
    sa.Column("id", sa.BigInteger, sa.Identity(always=True), primary_key=True, comment="the row"),
    sa.Column("batch", sa.Text, nullable=False, comment="load in which it was set aside"),
    sa.Column("source", sa.Text, nullable=False, comment="configured source"),
    sa.Column(
        "table_name", sa.Text, comment="table it was meant for; empty where the file could not be read"
    ),
    sa.Column("file", sa.Text, nullable=False, comment="file it stood in"),
    sa.Column("line", sa.BigInteger, comment="line (Parquet: row) of that file"),
    sa.Column("column_name", sa.Text, comment="column at fault"),
    sa.Column("value", sa.Text, comment="what stood there", info={"sensitivity": Sensitivity.SENSITIVE}),
    sa.Column("reason", sa.Text, nullable=False, comment="stable code of the reason"),
    sa.Column("remedy", sa.Text, nullable=False, comment="what to do about it, a sentence"),
    sa.Column(
        "raw", JSONB, comment="the row's values by declared name", info={"sensitivity": Sensitivity.SENSITIVE}
    ),
    sa.Column(
        "as_read", sa.Boolean, nullable=False, comment="values as in the file; else already standardised"
    ),
    moment("rejected_at", "when it was set aside"),
    sa.Column("replayed_batch", sa.Text, comment="load in which it landed after all"),
    sa.Index("ix_rejected_row_source", "organization_id", "source", "id"),
    sa.Index("ix_rejected_row_batch", "organization_id", "batch"),
    meaning="a row that could not land, kept with its reason",
    subject=None,
    retention=Retention(3, "kept 90 days to be mended and replayed", "rejected_at"),
)

SCHEMA = pa.schema([
    ("table_name", pa.string()), ("file", pa.string()), ("line", pa.int64()), ("column_name", pa.string()),
    ("value", pa.string()), ("reason", pa.string()), ("remedy", pa.string()), ("raw", pa.string()),
    ("as_read", pa.bool_()),
])  # fmt: skip
"""What ``Rejects`` holds; ``raw`` is JSON text."""

AGAIN_FROM_THE_FILE = (
    "unreadable_file",
    "wrong_file_type",
    "wrong_type",
    "nul_byte",
    "not_utf8",
    "malformed_row",
    "truncated",
    "empty_file",
    "wrong_header",
    "unknown_file",
    "missing_unit",
)
"""Reasons that only a mended file cures: such rows are kept to be seen, not replayed."""

LONGEST_RAW, LONGEST_SHOWN = 20_000, 200
"""Characters kept of a row that is no row (a file without line ends), and shown of a value in a sentence."""


@dataclass
class Rejects:
    """Collects what one load sets aside."""

    pieces: list[pa.Table] = field(default_factory=list)
    reasons: dict[str, int] = field(default_factory=dict)

    @property
    def count(self) -> int:
        return sum(self.reasons.values())

    def add(
        self, table: str, file: str, rows: pa.RecordBatch, fault: Fault, lines: Rows, as_read: bool
    ) -> None:
        """``fault.rows`` are positions in ``rows``; ``lines`` are theirs."""
        count = len(fault.rows)
        bad = rows.take(pa.array(fault.rows))
        raw = json_text.objects({name: as_text(bad.column(name)) for name in bad.schema.names}, count)
        texts = {
            "table_name": table,
            "file": file,
            "column_name": fault.column,
            "reason": fault.reason,
            "remedy": fault.remedy,
        }
        columns: dict[str, pa.Array] = {
            name: pa.repeat(pa.scalar(text), count) for name, text in texts.items()
        }
        columns |= {
            "line": pa.array(lines, pa.int64()),
            "raw": raw,
            "as_read": pa.repeat(pa.scalar(as_read), count),
        }
        columns["value"] = pa.nulls(count, pa.string()) if fault.values is None else fault.values
        self.pieces.append(pa.table({name: columns[name] for name in SCHEMA.names}, SCHEMA))
        self.reasons[fault.reason] = self.reasons.get(fault.reason, 0) + count

    def add_element(
        self,
        table: str | None,
        file: str,
        line: int | None,
        element: str,
        reason: str,
        remedy: str,
        raw: str | None,
    ) -> None:
        """Something that could not even be read as a row."""
        text = (
            None
            if raw is None
            else json_text.objects({"row": pa.array([short(raw, LONGEST_RAW)])}, 1)[0].as_py()
        )
        row = [table, file, line, None, element, reason, remedy, text, True]
        self.pieces.append(
            pa.table([pa.array([cell], kind.type) for cell, kind in zip(row, SCHEMA, strict=True)], SCHEMA)
        )
        self.reasons[reason] = self.reasons.get(reason, 0) + 1

    def table(self) -> pa.Table:
        return pa.concat_tables(self.pieces) if self.pieces else SCHEMA.empty_table()


def write(session: Session, rejects: Rejects, *, batch: str, source: str, now: datetime) -> None:
    """Keep them. A file that is landed again replaces what was set aside of it before."""
    rows = rejects.table()
    names = ", ".join(SCHEMA.names)
    if not rows.num_rows:
        return
    session.execute(sa.text(
        "create temporary table if not exists set_aside (table_name text, file text, line bigint, column_name text, "
        "value text, reason text, remedy text, raw text, as_read boolean) on commit drop"
    ))  # fmt: skip
    session.execute(sa.text("truncate set_aside"))
    connection: Any = session.connection().connection.driver_connection
    with (
        connection.cursor() as cursor,
        cursor.copy(f"copy set_aside ({names}) from stdin (format csv)") as copy,
    ):
        for piece in rows.to_batches(max_chunksize=20_000):
            text = io.BytesIO()
            pacsv.write_csv(
                pa.table(piece), text, pacsv.WriteOptions(include_header=False, quoting_style="needed")
            )
            copy.write(text.getvalue().replace(b"\x00", "␀".encode()))
    session.execute(
        sa.text(
            f"insert into rejected_row (batch, source, rejected_at, {names}) select :batch, :source, :now, "  # noqa: S608
            "table_name, file, line, column_name, value, reason, remedy, raw::jsonb, as_read from set_aside"
        ),
        {"batch": batch, "source": source, "now": now},
    )


def forget_files(session: Session, source: str, files: list[str]) -> int:
    """Drop what earlier loads set aside of files that are being landed again."""
    gone = sa.delete(rejected_row).where(
        rejected_row.c.source == source,
        rejected_row.c.file.in_(files),
        rejected_row.c.replayed_batch.is_(None),
    )
    return int(getattr(session.execute(gone), "rowcount", 0))


def listed(session: Session, source: str, limit: int = 1000) -> list[dict[str, Any]]:
    """What is set aside of a source, oldest first, each with a sentence."""
    query = (
        sa.select(*[rejected_row.c[name] for name in ("id", "batch", *SCHEMA.names, "rejected_at")])
        .where(rejected_row.c.source == source, rejected_row.c.replayed_batch.is_(None))
        .order_by(rejected_row.c.id)
        .limit(limit)
    )
    return [
        {**row._mapping, "rejected_at": row.rejected_at.isoformat(), "message": sentence(**row._mapping)}
        for row in session.execute(query)
    ]


def sentence(*, column_name: str | None, value: str | None, remedy: str, **_: object) -> str:
    """``start “2026-13-01” cannot be used. Write the time with its offset …``"""
    if column_name is None:
        return f"{value}. {remedy}"
    return (
        f"{column_name} is empty. {remedy}"
        if value is None
        else f"{column_name} “{short(value, LONGEST_SHOWN)}” cannot be used. {remedy}"
    )


def short(text: str, most: int) -> str:
    """The text, cut with an ellipsis where it is longer than a person would read."""
    return text if len(text) <= most else text[:most] + "…"


def counts(session: Session) -> dict[tuple[str, str], int]:
    """How many rows are set aside, by source and reason: for the health page."""
    query = (
        sa.select(rejected_row.c.source, rejected_row.c.reason, sa.func.count())
        .where(rejected_row.c.replayed_batch.is_(None))
        .group_by(rejected_row.c.source, rejected_row.c.reason)
    )
    return {(source, reason): count for source, reason, count in session.execute(query)}


def to_replay(session: Session, source: str) -> pa.Table:
    """Rows to try again: id, table_name, file, line, raw (JSON text), as_read; in the order they came."""
    names = ("id", "table_name", "file", "line", "raw", "as_read")
    query = (
        sa.select(*[sa.cast(rejected_row.c.raw, sa.Text) if n == "raw" else rejected_row.c[n] for n in names])
        .where(
            rejected_row.c.source == source, rejected_row.c.replayed_batch.is_(None), rejected_row.c.raw.is_not(None),
            rejected_row.c.table_name.is_not(None), rejected_row.c.reason.not_in(AGAIN_FROM_THE_FILE),
        )
        .order_by(rejected_row.c.id)
    )  # fmt: skip
    rows = session.execute(query).all()
    types = (pa.int64(), pa.string(), pa.string(), pa.int64(), pa.string(), pa.bool_())
    columns = zip(*rows, strict=True) if rows else ([] for _ in names)
    return pa.table(
        [pa.array(values, kind) for values, kind in zip(columns, types, strict=True)], list(names)
    )


def mark_replayed(session: Session, ids: np.ndarray, batch: str) -> None:
    """They have been tried again in ``batch``: landed there, or set aside anew."""
    session.execute(
        sa.text("update rejected_row set replayed_batch = :batch where id = any(:ids)"),
        {"batch": batch, "ids": [int(one) for one in ids]},
    )


@jobs.task("intake.expire_rejects")
def expire_rejects(context: Context) -> None:
    """Delete what has been kept for 90 days."""
    with context.session() as session:
        before = context.now - timedelta(days=RETENTION_DAYS)
        session.execute(sa.delete(rejected_row).where(rejected_row.c.rejected_at < before))


jobs.every("20 3 * * *", "intake.expire_rejects")
