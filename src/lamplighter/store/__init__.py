"""State that changes: PostgreSQL, one database for all organizations, each row walled off by row-level security.

What it never does: know a room above it. Rooms declare their own tables with ``tenant_table`` and register
their own jobs; a transaction in one organization sees nothing of another, whatever the query says.
"""

from lamplighter.store import (
    audit,
    events,
    files,
    idempotency,
    jobs,
    key,
    organization,
    progress,
    staff,
    vault,
)
from lamplighter.store.schema import metadata, tenant_table
from lamplighter.store.store import Store

__all__ = [
    "Store", "audit", "events", "files", "idempotency", "jobs", "key", "metadata", "organization", "progress", "staff",
    "tenant_table", "vault",
]  # fmt: skip
