"""How a store table is declared: once, with what the privacy walk and the migrations need to know of it.

Every table of a room belongs to one organization at a time; ``tenant_table`` gives it the column, the default
(the organization of the running transaction) and the mark by which migrations wall it off. Only the tables
named in ``OPEN`` carry no wall: they hold nothing about a person.
"""

from typing import Any

import sqlalchemy as sa

from lamplighter.model.declaration import Retention, Subject

SETTING = "app.organization"
"""The transaction-local setting that says whose rows are visible."""

CURRENT_ORGANIZATION = f"nullif(current_setting('{SETTING}', true), '')::uuid"
"""The organization of this transaction, null outside one. ``nullif``: in a pooled connection the setting
returns to empty, not to null, and ``''::uuid`` would be an error."""

metadata = sa.MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)

organization = sa.Table(
    "organization",
    metadata,
    sa.Column("id", sa.Uuid, primary_key=True, comment="the organization"),
    sa.Column("slug", sa.Text, nullable=False, unique=True, comment="short name in addresses"),
    sa.Column(
        "hosts", sa.ARRAY(sa.Text), nullable=False, server_default="{}", comment="host names that are its own"
    ),
    comment="a tenant: a utility or a partner company",
    info={
        "tenant": False,
        "append_only": False,
        "meaning": "a tenant: a utility or a partner company",
        "subject": None,
        "retention": Retention(None, "as long as the organization is a customer"),
    },
)

OPEN = ("organization", "alembic_version")
"""Tables without a policy, beside those of the job queue (``procrastinate_*``)."""


def tenant_table(
    name: str,
    *columns: sa.schema.SchemaItem,
    meaning: str,
    subject: Subject | None,
    retention: Retention,
    append_only: bool = False,
) -> sa.Table:
    """Declare a table of one organization's rows.

    ``organization_id`` comes first, is filled by the transaction and enforced by its policy: neither insert nor
    query needs to name it. To lead the key with it, add ``sa.PrimaryKeyConstraint("organization_id", …)``.
    Each column says its meaning in ``comment=`` and, where it is not merely internal, its
    ``info={"sensitivity": Sensitivity.…}``. ``append_only`` tables refuse update and delete, even the owner's;
    rows that outlived their ``retention`` may go.
    """
    return sa.Table(
        name,
        metadata,
        sa.Column(
            "organization_id",
            sa.Uuid,
            sa.ForeignKey("organization.id", ondelete="CASCADE"),
            nullable=False,
            server_default=sa.text(CURRENT_ORGANIZATION),
            comment="whose row it is",
        ),
        *columns,
        comment=meaning,
        info={
            "tenant": True,
            "append_only": append_only,
            "meaning": meaning,
            "subject": subject,
            "retention": retention,
        },
    )


def new_id(**kwargs: Any) -> sa.Column[Any]:
    """A random ``id`` that is the primary key."""
    kwargs.setdefault("comment", "the row")
    return sa.Column("id", sa.Uuid, primary_key=True, server_default=sa.text("gen_random_uuid()"), **kwargs)


def moment(name: str, comment: str, *, nullable: bool = False, **kwargs: Any) -> sa.Column[Any]:
    """A time with its zone."""
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable, comment=comment, **kwargs)


def tenant_tables(of: sa.MetaData = metadata) -> list[sa.Table]:
    """The walled tables, referenced ones first."""
    return [table for table in of.sorted_tables if table.info.get("tenant")]
