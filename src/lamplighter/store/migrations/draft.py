"""Write ``versions/0001_first.py`` anew from the declared tables, while no version is released.

    python -m lamplighter.store.migrations.draft

The same declarations give the same file. After the first release this module goes, and each change of a table
gets a migration of its own.
"""

import subprocess
import sys
from pathlib import Path
from pkgutil import resolve_name
from typing import Any

import sqlalchemy as sa
from alembic.autogenerate import render_python_code
from alembic.operations import Operations, ops
from alembic.runtime.migration import MigrationContext
from sqlalchemy.dialects import postgresql

from lamplighter.store.schema import CURRENT_ORGANIZATION, tenant_tables

FIRST = Path(__file__).parent / "versions" / "0001_first.py"

HEAD = '''"""The first schema: every table, its wall between organizations, the job queue.

Drafted from the declarations by ``lamplighter.store.migrations.draft``; a test compares the two.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from lamplighter.store.migrations import job_schema

revision = "0001"
down_revision = None

OWNER = "lamplighter_owner"
APP = "lamplighter_app"

TENANT_TABLES = {tenant_tables}

APPEND_ONLY: dict[str, tuple[str | None, int | None]] = {append_only}
"""Table → column and months after which its rows may go; None: never."""


def upgrade() -> None:
    make_tables()
    for table in TENANT_TABLES:
        wall_off(table)
    for table, (column, months) in APPEND_ONLY.items():
        make_append_only(table, column, months)
    job_schema.create(op.get_bind())
    grant()


def wall_off(table: str) -> None:
    """Only rows of the transaction's organization are seen and accepted, even the owner's; none without one."""
    own = "organization_id = {current_organization}"
    op.execute(f"alter table {{table}} enable row level security")
    op.execute(f"alter table {{table}} force row level security")
    op.execute(f"create policy own_rows on {{table}} using ({{own}}) with check ({{own}})")


def make_append_only(table: str, column: str | None, months: int | None) -> None:
    """Triggers, since a grant alone would not bind the owner. Rows that outlived their retention may go."""
    op.execute(
        f"create function {{table}}_refuse() returns trigger language plpgsql as "
        f"'begin raise exception ''{{table}} is append-only''; end'"
    )
    always = "update or truncate" if months else "update or delete or truncate"
    op.execute(
        f"create trigger {{table}}_append_only before {{always}} on {{table}} "
        f"for each statement execute function {{table}}_refuse()"
    )
    if months:
        op.execute(
            f"create trigger {{table}}_keep before delete on {{table}} for each row "
            f"when (old.{{column}} >= now() - interval '{{months}} months') execute function {{table}}_refuse()"
        )


def grant() -> None:
    """The application reads and writes rows; it defines nothing and empties nothing."""
    op.execute(f"grant select, insert, update, delete on all tables in schema public to {{APP}}")
    op.execute(f"grant usage, select on all sequences in schema public to {{APP}}")
    for table, (_, months) in APPEND_ONLY.items():
        op.execute(f"revoke {{'update' if months else 'update, delete'}} on {{table}} from {{APP}}")
    op.execute(f"revoke delete on organization from {{APP}}")
    op.execute(f"revoke insert, update, delete on alembic_version from {{APP}}")


def make_tables() -> None:
'''


def draft(metadata: sa.MetaData) -> str:
    """The text of the first migration."""
    walled = tenant_tables(metadata)
    tables: list[ops.MigrateOperation] = []
    for table in metadata.sorted_tables:
        made = ops.CreateTableOp.from_table(table)
        made.info = {}  # meaning, subject and retention are for the application, not for the database
        tables.append(made)
        tables += map(ops.CreateIndexOp.from_index, sorted(table.indexes, key=lambda index: str(index.name)))
    context = MigrationContext.configure(
        dialect=postgresql.dialect(),  # type: ignore[no-untyped-call]
        opts={"sqlalchemy_module_prefix": "sa.", "target_metadata": metadata},
    )
    body = render_python_code(ops.UpgradeOps(tables), migration_context=context)
    head = HEAD.format(
        tenant_tables=_tuple([table.name for table in walled]),
        append_only=_append_only(walled),
        current_organization=CURRENT_ORGANIZATION,
    )
    return head + "".join(f"    {line}\n" for line in _lines(body))


def _lines(body: str) -> list[str]:
    """The operations without Alembic's own comments."""
    lines = (line.removeprefix("    ") for line in body.splitlines())
    return [line for line in lines if line.strip() and not line.strip().startswith("# ###")]


def _append_only(tables: list[sa.Table]) -> str:
    kept = {table.name: table.info["retention"] for table in tables if table.info.get("append_only")}
    return str({name: (retention.column, retention.months) for name, retention in kept.items()})


def _tuple(names: list[str]) -> str:
    return "(" + "".join(f'"{name}", ' for name in names) + ")"


def formatted(metadata: sa.MetaData) -> str:
    """The same, as the formatter writes it."""
    command = [sys.executable, "-m", "ruff", "format", "--stdin-filename", str(FIRST), "-"]
    text = draft(metadata)
    return subprocess.run(command, input=text, capture_output=True, text=True, check=True).stdout


def create(connection: sa.Connection, metadata: sa.MetaData) -> None:
    """Carry the draft out without writing it, in the connection's transaction: so that tests can try a table
    before its migration is there.
    """
    from lamplighter.store import database_role

    text = draft(metadata)
    migration: dict[str, Any] = {}
    exec(compile(text, FIRST.name, "exec"), migration)  # noqa: S102 - our own text, a line above
    database_role.ensure(connection)
    connection.execute(sa.text(f"set local role {database_role.OWNER}"))
    connection.execute(sa.text("create table alembic_version (version_num varchar(32) primary key)"))
    note = sa.text("insert into alembic_version values (:revision)")
    connection.execute(note, {"revision": migration["revision"]})
    with Operations.context(MigrationContext.configure(connection)):
        migration["upgrade"]()


def main() -> None:
    """Write the file."""
    metadata = resolve_name(
        "lamplighter.app:metadata"
    )()  # named, not imported: the store knows no room above it
    FIRST.parent.mkdir(exist_ok=True)
    FIRST.write_text(formatted(metadata))
    print(f"Wrote {FIRST}.")


if __name__ == "__main__":
    main()
