"""Everything that happened, in the shape of the tracking specification."""

from lamplighter.warehouse.table import Column, Retention, Subject, SubjectKind, Table
from lamplighter.warehouse.tables._columns import PERSONAL, SENSITIVE, moment, text

EVENT = Table(
    "event",
    domain="behaviour",
    meaning="one thing that happened, at one time, to or by somebody",
    key=("message_id",),
    subject=Subject("profile_id", SubjectKind.PROFILE),
    retention=Retention(13, "raw behaviour", "happened_at"),
    columns=(
        text("message_id", "the sender's own id: the same message twice is one", required=True),
        text("name", "key of the event: object.action", required=True),
        text("profile_id", "who", sensitivity=PERSONAL),
        text("subject", "kind of thing it is about"),
        text("subject_id", "which one"),
        text("origin", "web, portal, app, csr, cis, mdm, oms, engine …"),
        moment("happened_at", "when it happened", required=True),
        moment("received_at", "when we heard of it", required=True),
        Column("properties", "json", "what else is known", SENSITIVE),
    ),
)

TABLES = (EVENT,)
