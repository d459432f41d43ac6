"""The first schema: every table, its wall between organizations, the job queue.

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

TENANT_TABLES = (
    "api_key",
    "audience",
    "audit_log",
    "batch",
    "bill_view",
    "blocked_identifier",
    "configured_source",
    "consent_receipt",
    "consent_text",
    "disclosure",
    "event_queue",
    "holding",
    "household",
    "idempotent_answer",
    "identifier",
    "identity_event",
    "occupancy",
    "organization_settings",
    "profile",
    "profile_link",
    "profile_search",
    "profile_section",
    "progress",
    "purpose",
    "rejected_row",
    "sign_in_failure",
    "situation",
    "staff",
    "stored_file",
    "vault_key",
    "staff_session",
)

APPEND_ONLY: dict[str, tuple[str | None, int | None]] = {
    "audit_log": (None, None),
    "consent_receipt": ("happened_at", 84),
    "disclosure": ("happened_at", 84),
}
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
    own = "organization_id = nullif(current_setting('app.organization', true), '')::uuid"
    op.execute(f"alter table {table} enable row level security")
    op.execute(f"alter table {table} force row level security")
    op.execute(f"create policy own_rows on {table} using ({own}) with check ({own})")


def make_append_only(table: str, column: str | None, months: int | None) -> None:
    """Triggers, since a grant alone would not bind the owner. Rows that outlived their retention may go."""
    op.execute(
        f"create function {table}_refuse() returns trigger language plpgsql as "
        f"'begin raise exception ''{table} is append-only''; end'"
    )
    always = "update or truncate" if months else "update or delete or truncate"
    op.execute(
        f"create trigger {table}_append_only before {always} on {table} "
        f"for each statement execute function {table}_refuse()"
    )
    if months:
        op.execute(
            f"create trigger {table}_keep before delete on {table} for each row "
            f"when (old.{column} >= now() - interval '{months} months') execute function {table}_refuse()"
        )


def grant() -> None:
    """The application reads and writes rows; it defines nothing and empties nothing."""
    op.execute(f"grant select, insert, update, delete on all tables in schema public to {APP}")
    op.execute(f"grant usage, select on all sequences in schema public to {APP}")
    for table, (_, months) in APPEND_ONLY.items():
        op.execute(f"revoke {'update' if months else 'update, delete'} on {table} from {APP}")
    op.execute(f"revoke delete on organization from {APP}")
    op.execute(f"revoke insert, update, delete on alembic_version from {APP}")


def make_tables() -> None:
    op.create_table(
        "organization",
        sa.Column("id", sa.Uuid(), nullable=False, comment="the organization"),
        sa.Column("slug", sa.Text(), nullable=False, comment="short name in addresses"),
        sa.Column(
            "hosts",
            sa.ARRAY(sa.Text()),
            server_default="{}",
            nullable=False,
            comment="host names that are its own",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_organization")),
        sa.UniqueConstraint("slug", name=op.f("uq_organization_slug")),
        comment="a tenant: a utility or a partner company",
    )
    op.create_table(
        "api_key",
        sa.Column(
            "organization_id",
            sa.Uuid(),
            server_default=sa.text("nullif(current_setting('app.organization', true), '')::uuid"),
            nullable=False,
            comment="whose row it is",
        ),
        sa.Column(
            "id",
            sa.Uuid(),
            server_default=sa.text("gen_random_uuid()"),
            nullable=False,
            comment="the key; its secret is known to its holder only",
        ),
        sa.Column("name", sa.Text(), nullable=False, comment="what its makers call it"),
        sa.Column("secret_hash", sa.LargeBinary(), nullable=False, comment="SHA-256 of the whole key"),
        sa.Column("scopes", sa.ARRAY(sa.Text()), nullable=False, comment="what it may do"),
        sa.Column("purpose", sa.Text(), nullable=False, comment="the registered purpose of its reads"),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False, comment="when it was made"),
        sa.Column(
            "last_used_at", sa.DateTime(timezone=True), nullable=True, comment="last use, to the minute"
        ),
        sa.Column(
            "revoked_at", sa.DateTime(timezone=True), nullable=True, comment="since when it opens nothing"
        ),
        sa.ForeignKeyConstraint(
            ["organization_id"],
            ["organization.id"],
            name=op.f("fk_api_key_organization_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_api_key")),
        sa.UniqueConstraint("secret_hash", name=op.f("uq_api_key_secret_hash")),
        comment="a key by which a program calls the API",
    )
    op.create_table(
        "audience",
        sa.Column(
            "organization_id",
            sa.Uuid(),
            server_default=sa.text("nullif(current_setting('app.organization', true), '')::uuid"),
            nullable=False,
            comment="whose row it is",
        ),
        sa.Column(
            "name", sa.Text(), nullable=False, comment="by which it is named in journeys and other audiences"
        ),
        sa.Column(
            "definition",
            postgresql.JSONB(astext_type=sa.Text()),
            nullable=False,
            comment="the whole definition",
        ),
        sa.Column("purpose", sa.Text(), nullable=False, comment="what it is for"),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False, comment="last changed"),
        sa.Column("changed_by", sa.Text(), nullable=False, comment="by whom"),
        sa.ForeignKeyConstraint(
            ["organization_id"],
            ["organization.id"],
            name=op.f("fk_audience_organization_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("organization_id", "name", name=op.f("pk_audience")),
        comment="a saved audience definition",
    )
    op.create_table(
        "audit_log",
        sa.Column(
            "organization_id",
            sa.Uuid(),
            server_default=sa.text("nullif(current_setting('app.organization', true), '')::uuid"),
            nullable=False,
            comment="whose row it is",
        ),
        sa.Column(
            "number", sa.BigInteger(), autoincrement=False, nullable=False, comment="1, 2, 3 … without a gap"
        ),
        sa.Column("happened_at", sa.DateTime(timezone=True), nullable=False, comment="when"),
        sa.Column("actor", sa.Text(), nullable=False, comment="kind:id of who"),
        sa.Column("action", sa.Text(), nullable=False, comment="what was done or read: customer.read …"),
        sa.Column("subject", sa.Text(), nullable=True, comment="kind of thing it was done to"),
        sa.Column("subject_id", sa.Text(), nullable=True, comment="which one"),
        sa.Column("reason", sa.Text(), nullable=True, comment="why, in the actor's words or by rule"),
        sa.Column("details", sa.JSON(), nullable=False, comment="what else belongs to it; ids, no contents"),
        sa.Column("previous_hash", sa.Text(), nullable=False, comment="hash of the entry before"),
        sa.Column("hash", sa.Text(), nullable=False, comment="hash of this entry"),
        sa.ForeignKeyConstraint(
            ["organization_id"],
            ["organization.id"],
            name=op.f("fk_audit_log_organization_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("organization_id", "number", name=op.f("pk_audit_log")),
        comment="who did or read what, append-only and chained",
    )
    op.create_index(
        "ix_audit_log_subject", "audit_log", ["organization_id", "subject", "subject_id"], unique=False
    )
    op.create_table(
        "batch",
        sa.Column(
            "organization_id",
            sa.Uuid(),
            server_default=sa.text("nullif(current_setting('app.organization', true), '')::uuid"),
            nullable=False,
            comment="whose row it is",
        ),
        sa.Column(
            "id", sa.Text(), nullable=False, comment="the batch, as its rows in the warehouse carry it"
        ),
        sa.Column("source", sa.Text(), nullable=False, comment="configured source: whose numbers these are"),
        sa.Column("plugin", sa.Text(), nullable=False, comment="source plug-in that read the files"),
        sa.Column(
            "files",
            postgresql.JSONB(astext_type=sa.Text()),
            nullable=False,
            comment="name, bytes and SHA-256 of each file",
        ),
        sa.Column("as_of", sa.DateTime(timezone=True), nullable=False, comment="when the extract was true"),
        sa.Column("is_full", sa.Boolean(), nullable=False, comment="absent rows have ended"),
        sa.Column(
            "state",
            sa.Text(),
            nullable=False,
            comment="stored (rows are in the warehouse, unseen), visible, withdrawn",
        ),
        sa.Column(
            "counts",
            postgresql.JSONB(astext_type=sa.Text()),
            nullable=False,
            comment="landed, unchanged, restated, rejected, ended; in all and by table",
        ),
        sa.Column(
            "notes",
            postgresql.JSONB(astext_type=sa.Text()),
            nullable=False,
            comment="sentences for whoever looks at the load",
        ),
        sa.Column("actor", sa.Text(), nullable=False, comment="who landed it"),
        sa.Column(
            "landed_at", sa.DateTime(timezone=True), nullable=False, comment="when its rows were stored"
        ),
        sa.Column(
            "visible_at", sa.DateTime(timezone=True), nullable=True, comment="since when its rows are seen"
        ),
        sa.Column(
            "withdrawn_at", sa.DateTime(timezone=True), nullable=True, comment="when it was taken back"
        ),
        sa.CheckConstraint("state in ('stored', 'visible', 'withdrawn')", name=op.f("ck_batch_state")),
        sa.ForeignKeyConstraint(
            ["organization_id"],
            ["organization.id"],
            name=op.f("fk_batch_organization_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("organization_id", "id", name=op.f("pk_batch")),
        comment="one load of files through the one door",
    )
    op.create_index("ix_batch_source", "batch", ["organization_id", "source", "landed_at"], unique=False)
    op.create_table(
        "bill_view",
        sa.Column(
            "organization_id",
            sa.Uuid(),
            server_default=sa.text("nullif(current_setting('app.organization', true), '')::uuid"),
            nullable=False,
            comment="whose row it is",
        ),
        sa.Column("bill_id", sa.Text(), nullable=False, comment="ours: bl_…"),
        sa.Column("source", sa.Text(), nullable=False, comment="whose numbers"),
        sa.Column("account_id", sa.Text(), nullable=False, comment="whose"),
        sa.Column(
            "issued_on", sa.Date(), nullable=False, comment="date of issue, else end or start of its period"
        ),
        sa.Column("period_start", sa.Date(), nullable=True, comment="first day billed"),
        sa.Column("status", sa.Text(), nullable=True, comment="issued, corrected or cancelled"),
        sa.Column("amount", sa.Numeric(precision=18, scale=4), nullable=True, comment="charges of this bill"),
        sa.Column("amount_due", sa.Numeric(precision=18, scale=4), nullable=True, comment="to pay"),
        sa.Column("currency", sa.Text(), nullable=True, comment="ISO 4217"),
        sa.Column("replaces", sa.Text(), nullable=True, comment="the bill that this one corrects"),
        sa.Column("replaced_by", sa.Text(), nullable=True, comment="the bill that corrects this one"),
        sa.Column(
            "updated_at", sa.DateTime(timezone=True), nullable=False, comment="when this version was landed"
        ),
        sa.Column("body", sa.JSON(), nullable=False, comment="the bill as on the wire"),
        sa.ForeignKeyConstraint(
            ["organization_id"],
            ["organization.id"],
            name=op.f("fk_bill_view_organization_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("organization_id", "bill_id", name=op.f("pk_bill_view")),
        comment="a bill of the last 36 months as on the wire",
    )
    op.create_index(
        "ix_bill_view_account_id",
        "bill_view",
        ["organization_id", "source", "account_id", "issued_on"],
        unique=False,
    )
    op.create_index(
        "ix_bill_view_issued_on", "bill_view", ["organization_id", "issued_on", "bill_id"], unique=False
    )
    op.create_index(
        "ix_bill_view_replaces",
        "bill_view",
        ["organization_id", "replaces"],
        unique=False,
        postgresql_where=sa.text("replaces is not null"),
    )
    op.create_index("ix_bill_view_updated_at", "bill_view", ["organization_id", "updated_at"], unique=False)
    op.create_table(
        "blocked_identifier",
        sa.Column(
            "organization_id",
            sa.Uuid(),
            server_default=sa.text("nullif(current_setting('app.organization', true), '')::uuid"),
            nullable=False,
            comment="whose row it is",
        ),
        sa.Column("kind", sa.Text(), nullable=False, comment="email or phone"),
        sa.Column("value", sa.Text(), nullable=False, comment="on too many persons"),
        sa.Column("persons", sa.Integer(), nullable=False, comment="on how many"),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False, comment="when it was first blocked"),
        sa.ForeignKeyConstraint(
            ["organization_id"],
            ["organization.id"],
            name=op.f("fk_blocked_identifier_organization_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("organization_id", "kind", "value", name=op.f("pk_blocked_identifier")),
        comment="a value on so many persons that it identifies none; renewed by every run",
    )
    op.create_table(
        "configured_source",
        sa.Column(
            "organization_id",
            sa.Uuid(),
            server_default=sa.text("nullif(current_setting('app.organization', true), '')::uuid"),
            nullable=False,
            comment="whose row it is",
        ),
        sa.Column("name", sa.Text(), nullable=False, comment="first part of the key of each row it lands"),
        sa.Column("plugin", sa.Text(), nullable=False, comment="source plug-in that reads its files"),
        sa.Column(
            "options",
            postgresql.JSONB(astext_type=sa.Text()),
            nullable=False,
            comment="mapping and layout last used",
        ),
        sa.Column("last_batch", sa.Text(), nullable=True, comment="its newest batch"),
        sa.Column("last_landed_at", sa.DateTime(timezone=True), nullable=True, comment="when that landed"),
        sa.ForeignKeyConstraint(
            ["organization_id"],
            ["organization.id"],
            name=op.f("fk_configured_source_organization_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("organization_id", "name", name=op.f("pk_configured_source")),
        comment="a source under the name it lands by",
    )
    op.create_table(
        "consent_receipt",
        sa.Column(
            "organization_id",
            sa.Uuid(),
            server_default=sa.text("nullif(current_setting('app.organization', true), '')::uuid"),
            nullable=False,
            comment="whose row it is",
        ),
        sa.Column(
            "receipt_id",
            sa.Uuid(),
            server_default=sa.text("gen_random_uuid()"),
            nullable=False,
            comment="the receipt",
        ),
        sa.Column(
            "sequence",
            sa.BigInteger(),
            sa.Identity(always=True),
            nullable=False,
            comment="order of decisions",
        ),
        sa.Column("profile_id", sa.Text(), nullable=False, comment="who decided, by the id of that time"),
        sa.Column("purpose", sa.Text(), nullable=False, comment="for what"),
        sa.Column(
            "scope", sa.Text(), nullable=False, comment="which data; empty: all that the purpose needs"
        ),
        sa.Column("channel", sa.Text(), nullable=False, comment="by which way; empty: not about contact"),
        sa.Column("decision", sa.Text(), nullable=False, comment="given, denied or withdrawn"),
        sa.Column("recipients", postgresql.ARRAY(sa.Text()), nullable=False, comment="third parties by name"),
        sa.Column("text_version", sa.Text(), nullable=True, comment="version of the text that was shown"),
        sa.Column("locale", sa.Text(), nullable=True, comment="language of the text that was shown"),
        sa.Column("text_hash", sa.Text(), nullable=True, comment="SHA-256 of the text as filled in"),
        sa.Column(
            "evidence", postgresql.JSONB(astext_type=sa.Text()), nullable=False, comment="how it was given"
        ),
        sa.Column("actor", sa.Text(), nullable=False, comment="who entered it"),
        sa.Column("happened_at", sa.DateTime(timezone=True), nullable=False, comment="when"),
        sa.Column(
            "valid_until", sa.DateTime(timezone=True), nullable=True, comment="until; empty: until revoked"
        ),
        sa.ForeignKeyConstraint(
            ["organization_id"],
            ["organization.id"],
            name=op.f("fk_consent_receipt_organization_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("organization_id", "receipt_id", name=op.f("pk_consent_receipt")),
        comment="one decision of a person about the use of their data",
    )
    op.create_index(
        "ix_consent_receipt_profile_id",
        "consent_receipt",
        ["organization_id", "profile_id", "sequence"],
        unique=False,
    )
    op.create_table(
        "consent_text",
        sa.Column(
            "organization_id",
            sa.Uuid(),
            server_default=sa.text("nullif(current_setting('app.organization', true), '')::uuid"),
            nullable=False,
            comment="whose row it is",
        ),
        sa.Column("version", sa.Text(), nullable=False, comment="version, never reused"),
        sa.Column("locale", sa.Text(), nullable=False, comment="language, BCP 47"),
        sa.Column("body", sa.Text(), nullable=False, comment="Liquid template of the text"),
        sa.ForeignKeyConstraint(
            ["organization_id"],
            ["organization.id"],
            name=op.f("fk_consent_text_organization_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("organization_id", "version", "locale", name=op.f("pk_consent_text")),
        comment="an organization's own wording of the consent text",
    )
    op.create_table(
        "disclosure",
        sa.Column(
            "organization_id",
            sa.Uuid(),
            server_default=sa.text("nullif(current_setting('app.organization', true), '')::uuid"),
            nullable=False,
            comment="whose row it is",
        ),
        sa.Column(
            "id", sa.Uuid(), server_default=sa.text("gen_random_uuid()"), nullable=False, comment="the row"
        ),
        sa.Column("recipient", sa.Text(), nullable=False, comment="who received it: kind:id"),
        sa.Column("purpose", sa.Text(), nullable=False, comment="for what"),
        sa.Column("basis", sa.Text(), nullable=False, comment="why it was allowed"),
        sa.Column("receipt_id", sa.Uuid(), nullable=True, comment="the consent that allowed it"),
        sa.Column("profile_id", sa.Text(), nullable=True, comment="whose data; empty: of many persons"),
        sa.Column(
            "contents",
            postgresql.ARRAY(sa.Text()),
            nullable=False,
            comment="tables and sections it came from",
        ),
        sa.Column("happened_at", sa.DateTime(timezone=True), nullable=False, comment="when"),
        sa.ForeignKeyConstraint(
            ["organization_id"],
            ["organization.id"],
            name=op.f("fk_disclosure_organization_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_disclosure")),
        comment="personal data left the house",
    )
    op.create_index(
        "ix_disclosure_profile_id",
        "disclosure",
        ["organization_id", "profile_id", "happened_at"],
        unique=False,
    )
    op.create_table(
        "event_queue",
        sa.Column(
            "organization_id",
            sa.Uuid(),
            server_default=sa.text("nullif(current_setting('app.organization', true), '')::uuid"),
            nullable=False,
            comment="whose row it is",
        ),
        sa.Column(
            "message_id",
            sa.Text(),
            nullable=False,
            comment="the sender's own id: the same message twice is one",
        ),
        sa.Column(
            "sequence",
            sa.BigInteger(),
            sa.Identity(always=True),
            nullable=False,
            comment="order in which they arrived",
        ),
        sa.Column("name", sa.Text(), nullable=False, comment="key of the event: object.action"),
        sa.Column("subject", sa.Text(), nullable=True, comment="kind of thing it is about"),
        sa.Column("subject_id", sa.Text(), nullable=True, comment="which one"),
        sa.Column("profile_id", sa.Text(), nullable=True, comment="who"),
        sa.Column("origin", sa.Text(), nullable=False, comment="web, portal, app, csr, cis, engine …"),
        sa.Column(
            "properties",
            postgresql.JSONB(astext_type=sa.Text()),
            nullable=False,
            comment="what else is known",
        ),
        sa.Column("happened_at", sa.DateTime(timezone=True), nullable=False, comment="when it happened"),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False, comment="when we heard of it"),
        sa.Column("landed_batch", sa.Text(), nullable=True, comment="batch in which the warehouse has it"),
        sa.Column("landed_at", sa.DateTime(timezone=True), nullable=True, comment="when it was taken there"),
        sa.ForeignKeyConstraint(
            ["organization_id"],
            ["organization.id"],
            name=op.f("fk_event_queue_organization_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("organization_id", "message_id", name=op.f("pk_event_queue")),
        comment="one thing that happened, before and after it lands in the warehouse",
    )
    op.create_index("ix_event_queue_sequence", "event_queue", ["organization_id", "sequence"], unique=True)
    op.create_index(
        "ix_event_queue_unlanded",
        "event_queue",
        ["organization_id", "sequence"],
        unique=False,
        postgresql_where=sa.text("landed_batch is null"),
    )
    op.create_table(
        "holding",
        sa.Column(
            "organization_id",
            sa.Uuid(),
            server_default=sa.text("nullif(current_setting('app.organization', true), '')::uuid"),
            nullable=False,
            comment="whose row it is",
        ),
        sa.Column("profile_id", sa.Text(), nullable=False, comment="who"),
        sa.Column("source", sa.Text(), nullable=False, comment="whose numbers"),
        sa.Column("account_id", sa.Text(), nullable=False, comment="which account"),
        sa.Column("opened_at", sa.Date(), nullable=True, comment="first day; empty: since ever"),
        sa.Column("closed_at", sa.Date(), nullable=True, comment="first day no longer; empty: still"),
        sa.Column("is_shared", sa.Boolean(), nullable=False, comment="others hold it at the same time"),
        sa.Column(
            "is_reused",
            sa.Boolean(),
            nullable=False,
            comment="its number was somebody else's before or after",
        ),
        sa.ForeignKeyConstraint(
            ["organization_id"],
            ["organization.id"],
            name=op.f("fk_holding_organization_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint(
            "organization_id", "profile_id", "source", "account_id", name=op.f("pk_holding")
        ),
        comment="whose account it is, from when to when",
    )
    op.create_index(
        "ix_holding_account_id", "holding", ["organization_id", "source", "account_id"], unique=False
    )
    op.create_table(
        "household",
        sa.Column(
            "organization_id",
            sa.Uuid(),
            server_default=sa.text("nullif(current_setting('app.organization', true), '')::uuid"),
            nullable=False,
            comment="whose row it is",
        ),
        sa.Column("household_id", sa.Text(), nullable=False, comment="ours"),
        sa.Column("profile_id", sa.Text(), nullable=False, comment="a member"),
        sa.Column("source", sa.Text(), nullable=False, comment="whose numbers"),
        sa.Column("service_location_id", sa.Text(), nullable=False, comment="at which place"),
        sa.Column("started_at", sa.Date(), nullable=True, comment="member since"),
        sa.Column("ended_at", sa.Date(), nullable=True, comment="member until"),
        sa.ForeignKeyConstraint(
            ["organization_id"],
            ["organization.id"],
            name=op.f("fk_household_organization_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("organization_id", "household_id", "profile_id", name=op.f("pk_household")),
        comment="the people who live at one place at one time",
    )
    op.create_index("ix_household_profile_id", "household", ["organization_id", "profile_id"], unique=False)
    op.create_table(
        "idempotent_answer",
        sa.Column(
            "organization_id",
            sa.Uuid(),
            server_default=sa.text("nullif(current_setting('app.organization', true), '')::uuid"),
            nullable=False,
            comment="whose row it is",
        ),
        sa.Column(
            "actor", sa.Text(), nullable=False, comment="whose key it is: keys of two callers never meet"
        ),
        sa.Column("idempotency_key", sa.Text(), nullable=False, comment="as the caller sent it"),
        sa.Column("mark", sa.Text(), nullable=False, comment="SHA-256 of the call it came with"),
        sa.Column("status", sa.Integer(), nullable=False, comment="HTTP status of the answer"),
        sa.Column(
            "answer",
            postgresql.JSONB(astext_type=sa.Text()),
            nullable=False,
            comment="the answer; ids and counts",
        ),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=False, comment="when"),
        sa.ForeignKeyConstraint(
            ["organization_id"],
            ["organization.id"],
            name=op.f("fk_idempotent_answer_organization_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint(
            "organization_id", "actor", "idempotency_key", name=op.f("pk_idempotent_answer")
        ),
        comment="the answer to a call that may be repeated",
    )
    op.create_table(
        "identifier",
        sa.Column(
            "organization_id",
            sa.Uuid(),
            server_default=sa.text("nullif(current_setting('app.organization', true), '')::uuid"),
            nullable=False,
            comment="whose row it is",
        ),
        sa.Column("profile_id", sa.Text(), nullable=False, comment="whose"),
        sa.Column("kind", sa.Text(), nullable=False, comment="email, phone, account, customer"),
        sa.Column("value", sa.Text(), nullable=False, comment="in one form: lower case, E.164, as issued"),
        sa.Column("lookup", sa.Text(), nullable=False, comment="the form in which it is looked up"),
        sa.Column("source", sa.Text(), nullable=False, comment="who says so"),
        sa.Column(
            "verified_at",
            sa.DateTime(timezone=True),
            nullable=True,
            comment="proved by its owner at this time",
        ),
        sa.ForeignKeyConstraint(
            ["organization_id"],
            ["organization.id"],
            name=op.f("fk_identifier_organization_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint(
            "organization_id", "profile_id", "kind", "source", "value", name=op.f("pk_identifier")
        ),
        comment="an e-mail address, phone, account or customer number of a profile",
    )
    op.create_index("ix_identifier_lookup", "identifier", ["organization_id", "lookup"], unique=False)
    op.create_table(
        "identity_event",
        sa.Column(
            "organization_id",
            sa.Uuid(),
            server_default=sa.text("nullif(current_setting('app.organization', true), '')::uuid"),
            nullable=False,
            comment="whose row it is",
        ),
        sa.Column(
            "id", sa.Uuid(), server_default=sa.text("gen_random_uuid()"), nullable=False, comment="the row"
        ),
        sa.Column("kind", sa.Text(), nullable=False, comment="merge, split, link"),
        sa.Column("from_profile", sa.Text(), nullable=True, comment="what it was"),
        sa.Column("to_profile", sa.Text(), nullable=False, comment="what it is"),
        sa.Column("source", sa.Text(), nullable=True, comment="the record's source, of a link"),
        sa.Column("customer_id", sa.Text(), nullable=True, comment="the record, of a link"),
        sa.Column("rule", sa.Text(), nullable=True, comment="by which rule"),
        sa.Column(
            "evidence",
            postgresql.JSONB(astext_type=sa.Text()),
            nullable=False,
            comment="kinds of keys and counts, never their values",
        ),
        sa.Column("score", sa.Float(), nullable=True, comment="how sure, 0 to 1"),
        sa.Column("actor", sa.Text(), nullable=False, comment="who decided"),
        sa.Column("happened_at", sa.DateTime(timezone=True), nullable=False, comment="when"),
        sa.ForeignKeyConstraint(
            ["organization_id"],
            ["organization.id"],
            name=op.f("fk_identity_event_organization_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_identity_event")),
        comment="the log of survivorship: how records and profiles came together and apart",
    )
    op.create_index(
        "ix_identity_event_from_profile", "identity_event", ["organization_id", "from_profile"], unique=False
    )
    op.create_index(
        "ix_identity_event_to_profile", "identity_event", ["organization_id", "to_profile"], unique=False
    )
    op.create_table(
        "occupancy",
        sa.Column(
            "organization_id",
            sa.Uuid(),
            server_default=sa.text("nullif(current_setting('app.organization', true), '')::uuid"),
            nullable=False,
            comment="whose row it is",
        ),
        sa.Column("profile_id", sa.Text(), nullable=False, comment="who"),
        sa.Column("source", sa.Text(), nullable=False, comment="whose numbers"),
        sa.Column("usage_point_id", sa.Text(), nullable=False, comment="where"),
        sa.Column("service_location_id", sa.Text(), nullable=True, comment="at which place"),
        sa.Column("account_id", sa.Text(), nullable=False, comment="under which account"),
        sa.Column("agreement_id", sa.Text(), nullable=False, comment="by which agreement"),
        sa.Column("commodity", sa.Text(), nullable=True, comment="which service"),
        sa.Column("started_at", sa.Date(), nullable=True, comment="first day; empty: since ever"),
        sa.Column("ended_at", sa.Date(), nullable=True, comment="first day no longer; empty: still"),
        sa.ForeignKeyConstraint(
            ["organization_id"],
            ["organization.id"],
            name=op.f("fk_occupancy_organization_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint(
            "organization_id",
            "profile_id",
            "source",
            "usage_point_id",
            "agreement_id",
            name=op.f("pk_occupancy"),
        ),
        comment="who was the customer at a usage point, from when to when",
    )
    op.create_index(
        "ix_occupancy_usage_point_id",
        "occupancy",
        ["organization_id", "source", "usage_point_id"],
        unique=False,
    )
    op.create_table(
        "organization_settings",
        sa.Column(
            "organization_id",
            sa.Uuid(),
            server_default=sa.text("nullif(current_setting('app.organization', true), '')::uuid"),
            nullable=False,
            comment="whose row it is",
        ),
        sa.Column("name", sa.Text(), nullable=False, comment="as its customers know it"),
        sa.Column("timezone", sa.Text(), nullable=False, comment="IANA zone of its customers"),
        sa.Column("locale", sa.Text(), nullable=False, comment="language of its texts"),
        sa.Column("currency", sa.Text(), nullable=False, comment="ISO 4217 currency of its bills"),
        sa.Column(
            "is_test",
            sa.Boolean(),
            nullable=False,
            comment="its clock may be moved; nothing leaves it for real",
        ),
        sa.Column(
            "clock_offset_seconds",
            sa.BigInteger(),
            server_default="0",
            nullable=False,
            comment="how far a test organization's clock is ahead",
        ),
        sa.ForeignKeyConstraint(
            ["organization_id"],
            ["organization.id"],
            name=op.f("fk_organization_settings_organization_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("organization_id", name=op.f("pk_organization_settings")),
        comment="how an organization is set",
    )
    op.create_table(
        "profile",
        sa.Column(
            "organization_id",
            sa.Uuid(),
            server_default=sa.text("nullif(current_setting('app.organization', true), '')::uuid"),
            nullable=False,
            comment="whose row it is",
        ),
        sa.Column("profile_id", sa.Text(), nullable=False, comment="ours, permanent"),
        sa.Column("kind", sa.Text(), nullable=False, comment="person or business"),
        sa.Column("name", sa.Text(), nullable=True, comment="as shown"),
        sa.Column("language", sa.Text(), nullable=True, comment="preferred language, BCP 47"),
        sa.Column("stage", sa.Text(), nullable=True, comment="where in the life of a utility customer"),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False, comment="first seen"),
        sa.Column(
            "merged_into", sa.Text(), nullable=True, comment="the profile that answers for this one now"
        ),
        sa.Column("merged_at", sa.DateTime(timezone=True), nullable=True, comment="when it was merged"),
        sa.ForeignKeyConstraint(
            ["organization_id"],
            ["organization.id"],
            name=op.f("fk_profile_organization_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("organization_id", "profile_id", name=op.f("pk_profile")),
        comment="one person or one business",
    )
    op.create_index("ix_profile_merged_into", "profile", ["organization_id", "merged_into"], unique=False)
    op.create_table(
        "profile_link",
        sa.Column(
            "organization_id",
            sa.Uuid(),
            server_default=sa.text("nullif(current_setting('app.organization', true), '')::uuid"),
            nullable=False,
            comment="whose row it is",
        ),
        sa.Column("source", sa.Text(), nullable=False, comment="whose number"),
        sa.Column("customer_id", sa.Text(), nullable=False, comment="the source's own number"),
        sa.Column("profile_id", sa.Text(), nullable=False, comment="who it is"),
        sa.Column(
            "first_profile_id", sa.Text(), nullable=False, comment="the profile it founded or first joined"
        ),
        sa.Column("confidence", sa.Float(), nullable=False, comment="how sure, 0 to 1"),
        sa.Column(
            "rule",
            sa.Text(),
            nullable=True,
            comment="kinds of keys it shares with the others; empty: stands alone",
        ),
        sa.Column("linked_at", sa.DateTime(timezone=True), nullable=False, comment="since when it is so"),
        sa.Column(
            "gone_at",
            sa.DateTime(timezone=True),
            nullable=True,
            comment="since when the record is no longer there",
        ),
        sa.ForeignKeyConstraint(
            ["organization_id"],
            ["organization.id"],
            name=op.f("fk_profile_link_organization_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("organization_id", "source", "customer_id", name=op.f("pk_profile_link")),
        comment="a source's customer record is this profile",
    )
    op.create_index(
        "ix_profile_link_profile_id", "profile_link", ["organization_id", "profile_id"], unique=False
    )
    op.create_table(
        "profile_search",
        sa.Column(
            "organization_id",
            sa.Uuid(),
            server_default=sa.text("nullif(current_setting('app.organization', true), '')::uuid"),
            nullable=False,
            comment="whose row it is",
        ),
        sa.Column("profile_id", sa.Text(), nullable=False, comment="who"),
        sa.Column("sort_name", sa.Text(), nullable=False, comment="by which results are ordered"),
        sa.Column("words", postgresql.TSVECTOR(), nullable=False, comment="what it is found by"),
        sa.Column(
            "summary", postgresql.JSONB(astext_type=sa.Text()), nullable=False, comment="what a result shows"
        ),
        sa.ForeignKeyConstraint(
            ["organization_id"],
            ["organization.id"],
            name=op.f("fk_profile_search_organization_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("organization_id", "profile_id", name=op.f("pk_profile_search")),
        comment="by which words a profile is found",
    )
    op.create_index(
        "ix_profile_search_sort_name",
        "profile_search",
        ["organization_id", "sort_name", "profile_id"],
        unique=False,
    )
    op.create_index(
        "ix_profile_search_words", "profile_search", ["words"], unique=False, postgresql_using="gin"
    )
    op.create_table(
        "profile_section",
        sa.Column(
            "organization_id",
            sa.Uuid(),
            server_default=sa.text("nullif(current_setting('app.organization', true), '')::uuid"),
            nullable=False,
            comment="whose row it is",
        ),
        sa.Column("profile_id", sa.Text(), nullable=False, comment="whose"),
        sa.Column("section", sa.Text(), nullable=False, comment="which part; each has one owner"),
        sa.Column("items", sa.JSON(), nullable=False, comment="list of objects"),
        sa.Column("as_of", sa.DateTime(timezone=True), nullable=False, comment="how fresh it is"),
        sa.ForeignKeyConstraint(
            ["organization_id"],
            ["organization.id"],
            name=op.f("fk_profile_section_organization_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("organization_id", "profile_id", "section", name=op.f("pk_profile_section")),
        comment="one room's part of the customer 360",
    )
    op.create_table(
        "progress",
        sa.Column(
            "organization_id",
            sa.Uuid(),
            server_default=sa.text("nullif(current_setting('app.organization', true), '')::uuid"),
            nullable=False,
            comment="whose row it is",
        ),
        sa.Column(
            "id",
            sa.Uuid(),
            server_default=sa.text("gen_random_uuid()"),
            nullable=False,
            comment="the piece of work",
        ),
        sa.Column("kind", sa.Text(), nullable=False, comment="the verb: land, unify …"),
        sa.Column("state", sa.Text(), nullable=False, comment="queued, running, done or failed"),
        sa.Column("done", sa.BigInteger(), server_default="0", nullable=False, comment="units finished"),
        sa.Column(
            "total", sa.BigInteger(), server_default="0", nullable=False, comment="units in all; 0: unknown"
        ),
        sa.Column(
            "message", sa.Text(), server_default="", nullable=False, comment="what is happening, for a person"
        ),
        sa.Column(
            "result", postgresql.JSONB(astext_type=sa.Text()), nullable=True, comment="what came of it"
        ),
        sa.Column("error_code", sa.Text(), nullable=True, comment="code of the error that ended it"),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False, comment="when it was asked for"),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False, comment="last sign of life"),
        sa.ForeignKeyConstraint(
            ["organization_id"],
            ["organization.id"],
            name=op.f("fk_progress_organization_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_progress")),
        comment="how far a piece of long work has come",
    )
    op.create_index("ix_progress_started_at", "progress", ["organization_id", "started_at"], unique=False)
    op.create_table(
        "purpose",
        sa.Column(
            "organization_id",
            sa.Uuid(),
            server_default=sa.text("nullif(current_setting('app.organization', true), '')::uuid"),
            nullable=False,
            comment="whose row it is",
        ),
        sa.Column("id", sa.Text(), nullable=False, comment="key, such as rate_advice"),
        sa.Column(
            "class",
            sa.Text(),
            nullable=False,
            comment="primary: expected with the service; secondary: consent first",
        ),
        sa.Column("basis", sa.Text(), nullable=False, comment="why the use is lawful"),
        sa.Column(
            "retention_months",
            sa.Integer(),
            nullable=True,
            comment="how long data kept for this purpose alone may stay",
        ),
        sa.Column(
            "texts",
            postgresql.JSONB(astext_type=sa.Text()),
            nullable=False,
            comment="words for customers by locale",
        ),
        sa.ForeignKeyConstraint(
            ["organization_id"],
            ["organization.id"],
            name=op.f("fk_purpose_organization_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("organization_id", "id", name=op.f("pk_purpose")),
        comment="a purpose that an organization added to those that ship",
    )
    op.create_table(
        "rejected_row",
        sa.Column(
            "organization_id",
            sa.Uuid(),
            server_default=sa.text("nullif(current_setting('app.organization', true), '')::uuid"),
            nullable=False,
            comment="whose row it is",
        ),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False, comment="the row"),
        sa.Column("batch", sa.Text(), nullable=False, comment="load in which it was set aside"),
        sa.Column("source", sa.Text(), nullable=False, comment="configured source"),
        sa.Column(
            "table_name",
            sa.Text(),
            nullable=True,
            comment="table it was meant for; empty where the file could not be read",
        ),
        sa.Column("file", sa.Text(), nullable=False, comment="file it stood in"),
        sa.Column("line", sa.BigInteger(), nullable=True, comment="line (Parquet: row) of that file"),
        sa.Column("column_name", sa.Text(), nullable=True, comment="column at fault"),
        sa.Column("value", sa.Text(), nullable=True, comment="what stood there"),
        sa.Column("reason", sa.Text(), nullable=False, comment="stable code of the reason"),
        sa.Column("remedy", sa.Text(), nullable=False, comment="what to do about it, a sentence"),
        sa.Column(
            "raw",
            postgresql.JSONB(astext_type=sa.Text()),
            nullable=True,
            comment="the row's values by declared name",
        ),
        sa.Column(
            "as_read",
            sa.Boolean(),
            nullable=False,
            comment="values as in the file; else already standardised",
        ),
        sa.Column("rejected_at", sa.DateTime(timezone=True), nullable=False, comment="when it was set aside"),
        sa.Column("replayed_batch", sa.Text(), nullable=True, comment="load in which it landed after all"),
        sa.ForeignKeyConstraint(
            ["organization_id"],
            ["organization.id"],
            name=op.f("fk_rejected_row_organization_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_rejected_row")),
        comment="a row that could not land, kept with its reason",
    )
    op.create_index("ix_rejected_row_batch", "rejected_row", ["organization_id", "batch"], unique=False)
    op.create_index(
        "ix_rejected_row_source", "rejected_row", ["organization_id", "source", "id"], unique=False
    )
    op.create_table(
        "sign_in_failure",
        sa.Column(
            "organization_id",
            sa.Uuid(),
            server_default=sa.text("nullif(current_setting('app.organization', true), '')::uuid"),
            nullable=False,
            comment="whose row it is",
        ),
        sa.Column(
            "attempt_hash", sa.LargeBinary(), nullable=False, comment="SHA-256 of account and network address"
        ),
        sa.Column("failures", sa.Integer(), nullable=False, comment="wrong tries in a row"),
        sa.Column(
            "blocked_until", sa.DateTime(timezone=True), nullable=False, comment="no further try before"
        ),
        sa.ForeignKeyConstraint(
            ["organization_id"],
            ["organization.id"],
            name=op.f("fk_sign_in_failure_organization_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("organization_id", "attempt_hash", name=op.f("pk_sign_in_failure")),
        comment="wrong sign-ins of one account from one address",
    )
    op.create_table(
        "situation",
        sa.Column(
            "organization_id",
            sa.Uuid(),
            server_default=sa.text("nullif(current_setting('app.organization', true), '')::uuid"),
            nullable=False,
            comment="whose row it is",
        ),
        sa.Column("profile_id", sa.Text(), nullable=False, comment="whose"),
        sa.Column("kind", sa.Text(), nullable=False, comment="which fact"),
        sa.Column("reference", sa.Text(), nullable=False, comment="the row it comes from"),
        sa.Column(
            "origin",
            sa.Text(),
            nullable=False,
            comment="rows: derived from landed rows; else the room that noted it",
        ),
        sa.Column("since", sa.DateTime(timezone=True), nullable=True, comment="from"),
        sa.Column("until", sa.DateTime(timezone=True), nullable=True, comment="until; empty: still"),
        sa.ForeignKeyConstraint(
            ["organization_id"],
            ["organization.id"],
            name=op.f("fk_situation_organization_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint(
            "organization_id", "profile_id", "kind", "reference", name=op.f("pk_situation")
        ),
        comment="a current fact about a person that silences or allows messages",
    )
    op.create_table(
        "staff",
        sa.Column(
            "organization_id",
            sa.Uuid(),
            server_default=sa.text("nullif(current_setting('app.organization', true), '')::uuid"),
            nullable=False,
            comment="whose row it is",
        ),
        sa.Column(
            "id",
            sa.Uuid(),
            server_default=sa.text("gen_random_uuid()"),
            nullable=False,
            comment="the member of staff",
        ),
        sa.Column("email", sa.Text(), nullable=False, comment="signs in with it; lower case"),
        sa.Column("name", sa.Text(), nullable=False, comment="as shown"),
        sa.Column("role", sa.Text(), nullable=False, comment="one of the five roles"),
        sa.Column("password_hash", sa.Text(), nullable=False, comment="argon2id"),
        sa.Column(
            "sealed_code_secret",
            sa.LargeBinary(),
            nullable=True,
            comment="secret of the authenticator app, sealed",
        ),
        sa.Column(
            "code_confirmed_at",
            sa.DateTime(timezone=True),
            nullable=True,
            comment="since when the app's code is asked for",
        ),
        sa.Column(
            "last_code_step",
            sa.BigInteger(),
            nullable=True,
            comment="time step of the last code used: each works once",
        ),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False, comment="when they were added"),
        sa.Column(
            "disabled_at",
            sa.DateTime(timezone=True),
            nullable=True,
            comment="since when they may not sign in",
        ),
        sa.ForeignKeyConstraint(
            ["organization_id"],
            ["organization.id"],
            name=op.f("fk_staff_organization_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_staff")),
        sa.UniqueConstraint("organization_id", "email", name=op.f("uq_staff_organization_id_email")),
        comment="a person who works in the console",
    )
    op.create_table(
        "stored_file",
        sa.Column(
            "organization_id",
            sa.Uuid(),
            server_default=sa.text("nullif(current_setting('app.organization', true), '')::uuid"),
            nullable=False,
            comment="whose row it is",
        ),
        sa.Column(
            "id",
            sa.Uuid(),
            server_default=sa.text("gen_random_uuid()"),
            nullable=False,
            comment="the file; also its name on the disk",
        ),
        sa.Column("name", sa.Text(), nullable=False, comment="as a person calls it"),
        sa.Column("size", sa.BigInteger(), nullable=False, comment="bytes before sealing"),
        sa.Column("sha256", sa.Text(), nullable=False, comment="hash of the contents before sealing"),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
            comment="when it was stored",
        ),
        sa.ForeignKeyConstraint(
            ["organization_id"],
            ["organization.id"],
            name=op.f("fk_stored_file_organization_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_stored_file")),
        comment="a file on the disk, sealed",
    )
    op.create_table(
        "vault_key",
        sa.Column(
            "organization_id",
            sa.Uuid(),
            server_default=sa.text("nullif(current_setting('app.organization', true), '')::uuid"),
            nullable=False,
            comment="whose row it is",
        ),
        sa.Column(
            "id",
            sa.Uuid(),
            server_default=sa.text("gen_random_uuid()"),
            nullable=False,
            comment="the key's own id, written into each value it seals",
        ),
        sa.Column("master_id", sa.Text(), nullable=False, comment="which master key seals it"),
        sa.Column("sealed_key", sa.LargeBinary(), nullable=False, comment="the data key, sealed"),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
            comment="since when it exists",
        ),
        sa.Column(
            "retired_at", sa.DateTime(timezone=True), nullable=True, comment="since when it only opens"
        ),
        sa.ForeignKeyConstraint(
            ["organization_id"],
            ["organization.id"],
            name=op.f("fk_vault_key_organization_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_vault_key")),
        comment="keys that seal this organization's values, themselves sealed by a master key",
    )
    op.create_table(
        "staff_session",
        sa.Column(
            "organization_id",
            sa.Uuid(),
            server_default=sa.text("nullif(current_setting('app.organization', true), '')::uuid"),
            nullable=False,
            comment="whose row it is",
        ),
        sa.Column("token_hash", sa.LargeBinary(), nullable=False, comment="SHA-256 of the cookie"),
        sa.Column("staff_id", sa.Uuid(), nullable=False, comment="who signed in"),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False, comment="when they signed in"),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False, comment="until when it is good"),
        sa.ForeignKeyConstraint(
            ["organization_id"],
            ["organization.id"],
            name=op.f("fk_staff_session_organization_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["staff_id"], ["staff.id"], name=op.f("fk_staff_session_staff_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("token_hash", name=op.f("pk_staff_session")),
        comment="a member of staff who is signed in",
    )
