"""The store's tables of who is who. Only ``identity`` writes them."""

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

from lamplighter.model.declaration import Retention, Sensitivity, Subject, SubjectKind
from lamplighter.store.schema import moment, new_id, tenant_table

PERSONAL = {"sensitivity": Sensitivity.PERSONAL}
OF_PROFILE = Subject("profile_id", SubjectKind.PROFILE)
WHILE_CUSTOMER = Retention(None, "as long as the person is served; erased on request")

PROFILE = tenant_table(
    "profile",
    sa.Column("profile_id", sa.Text, nullable=False, comment="ours, permanent", info=PERSONAL),
    sa.Column("kind", sa.Text, nullable=False, comment="person or business"),
    sa.Column("name", sa.Text, comment="as shown", info=PERSONAL),
    sa.Column("language", sa.Text, comment="preferred language, BCP 47", info=PERSONAL),
    sa.Column("stage", sa.Text, comment="where in the life of a utility customer"),
    moment("created_at", "first seen"),
    sa.Column("merged_into", sa.Text, comment="the profile that answers for this one now"),
    moment("merged_at", "when it was merged", nullable=True),
    sa.PrimaryKeyConstraint("organization_id", "profile_id"),
    sa.Index("ix_profile_merged_into", "organization_id", "merged_into"),
    meaning="one person or one business",
    subject=OF_PROFILE,
    retention=WHILE_CUSTOMER,
)

PROFILE_LINK = tenant_table(
    "profile_link",
    sa.Column("source", sa.Text, nullable=False, comment="whose number"),
    sa.Column("customer_id", sa.Text, nullable=False, comment="the source's own number", info=PERSONAL),
    sa.Column("profile_id", sa.Text, nullable=False, comment="who it is", info=PERSONAL),
    sa.Column(
        "first_profile_id",
        sa.Text,
        nullable=False,
        comment="the profile it founded or first joined",
        info=PERSONAL,
    ),
    sa.Column("confidence", sa.Float, nullable=False, comment="how sure, 0 to 1"),
    sa.Column("rule", sa.Text, comment="kinds of keys it shares with the others; empty: stands alone"),
    moment("linked_at", "since when it is so"),
    moment("gone_at", "since when the record is no longer there", nullable=True),
    sa.PrimaryKeyConstraint("organization_id", "source", "customer_id"),
    sa.Index("ix_profile_link_profile_id", "organization_id", "profile_id"),
    meaning="a source's customer record is this profile",
    subject=OF_PROFILE,
    retention=WHILE_CUSTOMER,
)

IDENTITY_EVENT = tenant_table(
    "identity_event",
    new_id(),
    sa.Column("kind", sa.Text, nullable=False, comment="merge, split, link"),
    sa.Column("from_profile", sa.Text, comment="what it was", info=PERSONAL),
    sa.Column("to_profile", sa.Text, nullable=False, comment="what it is", info=PERSONAL),
    sa.Column("source", sa.Text, comment="the record's source, of a link"),
    sa.Column("customer_id", sa.Text, comment="the record, of a link", info=PERSONAL),
    sa.Column("rule", sa.Text, comment="by which rule"),
    sa.Column(
        "evidence", postgresql.JSONB, nullable=False, comment="kinds of keys and counts, never their values"
    ),
    sa.Column("score", sa.Float, comment="how sure, 0 to 1"),
    sa.Column("actor", sa.Text, nullable=False, comment="who decided"),
    moment("happened_at", "when"),
    sa.Index("ix_identity_event_to_profile", "organization_id", "to_profile"),
    sa.Index("ix_identity_event_from_profile", "organization_id", "from_profile"),
    meaning="the log of survivorship: how records and profiles came together and apart",
    subject=Subject("to_profile", SubjectKind.PROFILE),
    retention=WHILE_CUSTOMER,
)

IDENTIFIER = tenant_table(
    "identifier",
    sa.Column("profile_id", sa.Text, nullable=False, comment="whose", info=PERSONAL),
    sa.Column("kind", sa.Text, nullable=False, comment="email, phone, account, customer"),
    sa.Column(
        "value", sa.Text, nullable=False, comment="in one form: lower case, E.164, as issued", info=PERSONAL
    ),
    sa.Column("lookup", sa.Text, nullable=False, comment="the form in which it is looked up", info=PERSONAL),
    sa.Column("source", sa.Text, nullable=False, comment="who says so"),
    moment("verified_at", "proved by its owner at this time", nullable=True),
    sa.PrimaryKeyConstraint("organization_id", "profile_id", "kind", "source", "value"),
    sa.Index("ix_identifier_lookup", "organization_id", "lookup"),
    meaning="an e-mail address, phone, account or customer number of a profile",
    subject=OF_PROFILE,
    retention=WHILE_CUSTOMER,
)

BLOCKED_IDENTIFIER = tenant_table(
    "blocked_identifier",
    sa.Column("kind", sa.Text, nullable=False, comment="email or phone"),
    sa.Column("value", sa.Text, nullable=False, comment="on too many persons", info=PERSONAL),
    sa.Column("persons", sa.Integer, nullable=False, comment="on how many"),
    moment("since", "when it was first blocked"),
    sa.PrimaryKeyConstraint("organization_id", "kind", "value"),
    meaning="a value on so many persons that it identifies none; renewed by every run",
    subject=None,
    retention=Retention(None, "renewed by every run"),
)
