"""How Alembic runs here: on the connection it is handed, as the owner's role, in one transaction."""

import sqlalchemy as sa
from alembic import context

from lamplighter.store.database_role import OWNER
from lamplighter.store.migrations import job_schema

connection: sa.Connection = context.config.attributes["connection"]
connection.execute(sa.text(f"set local role {OWNER}"))
context.configure(connection=connection, target_metadata=context.config.attributes["metadata"])
context.run_migrations()
job_schema.upgrade(connection)
connection.execute(sa.text("reset role"))
