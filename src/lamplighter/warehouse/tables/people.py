"""What the platform itself knows of people and places: derived in the store, mirrored here for audiences.

The rooms that own these facts replace them as a whole (or by profile); every gate asks the store again.
"""

from lamplighter.model.commodity import COMMODITIES
from lamplighter.warehouse.table import Retention, Subject, SubjectKind, Table
from lamplighter.warehouse.tables._columns import (
    PERSONAL,
    RESTRICTED,
    SENSITIVE,
    choice,
    day,
    moment,
    text,
)

REBUILT = Retention(None, "rebuilt from its sources")
OF_PROFILE = Subject("profile_id", SubjectKind.PROFILE)

PROFILE = Table(
    "profile",
    domain="people",
    meaning="one person or one business, ours, permanent",
    key=("profile_id",),
    subject=OF_PROFILE,
    retention=REBUILT,
    kind="derived",
    columns=(
        text("profile_id", "ours, permanent", required=True, sensitivity=PERSONAL),
        choice("kind", "person or business", ("person", "business")),
        text("name", "as shown", sensitivity=PERSONAL),
        text("language", "preferred language, BCP 47", sensitivity=PERSONAL),
        text("stage", "where in the life of a utility customer"),
    ),
)

PROFILE_LINK = Table(
    "profile_link",
    domain="people",
    meaning="a source's customer record is this profile",
    key=("source", "customer_id"),
    subject=OF_PROFILE,
    retention=REBUILT,
    kind="derived",
    columns=(
        text("source", "whose number", required=True),
        text("customer_id", "the source's own number", required=True, sensitivity=PERSONAL),
        text("profile_id", "who it is", required=True, sensitivity=PERSONAL),
    ),
)

OCCUPANCY = Table(
    "occupancy",
    domain="people",
    meaning="who was the customer at a usage point, from when to when: derived from agreements",
    key=("profile_id", "source", "usage_point_id", "agreement_id"),
    subject=OF_PROFILE,
    retention=REBUILT,
    kind="derived",
    columns=(
        text("profile_id", "who", required=True, sensitivity=PERSONAL),
        text("source", "whose numbers", required=True),
        text("usage_point_id", "where", required=True),
        text("service_location_id", "at which place"),
        text("account_id", "under which account", sensitivity=PERSONAL),
        text("agreement_id", "by which agreement", required=True, sensitivity=PERSONAL),
        choice("commodity", "which service", COMMODITIES),
        day("started_at", "first day; empty: since ever", sensitivity=SENSITIVE),
        day("ended_at", "first day no longer; empty: still", sensitivity=SENSITIVE),
    ),
)

HOUSEHOLD = Table(
    "household",
    domain="people",
    meaning="the people who live at one place at one time: a view that never merges persons",
    key=("household_id", "profile_id"),
    subject=OF_PROFILE,
    retention=REBUILT,
    kind="derived",
    columns=(
        text("household_id", "ours", required=True),
        text("profile_id", "a member", required=True, sensitivity=PERSONAL),
        text("source", "whose numbers", required=True),
        text("service_location_id", "at which place", required=True),
        day("started_at", "member since", sensitivity=SENSITIVE),
        day("ended_at", "member until", sensitivity=SENSITIVE),
    ),
)

SITUATION = Table(
    "situation",
    domain="people",
    meaning="a current fact about a person that silences or allows messages",
    key=("profile_id", "kind", "reference"),
    subject=OF_PROFILE,
    retention=REBUILT,
    kind="derived",
    columns=(
        text("profile_id", "whose", required=True, sensitivity=PERSONAL),
        text(
            "kind",
            "open_complaint, outage, disconnect_notice, life_support …",
            required=True,
            sensitivity=RESTRICTED,
        ),
        text("reference", "the row it comes from", required=True),
        moment("since", "from"),
        moment("until", "until; empty: still"),
    ),
)

CONSENT = Table(
    "consent",
    domain="people",
    meaning="the present decision of a person for one purpose, scope and channel",
    key=("profile_id", "purpose", "scope", "channel"),
    subject=OF_PROFILE,
    retention=REBUILT,
    kind="derived",
    columns=(
        text("profile_id", "whose", required=True, sensitivity=PERSONAL),
        text("purpose", "for what", required=True),
        text("scope", "which data", required=True),
        text("channel", "by which way; empty: not about contact", required=True),
        choice("decision", "what was decided", ("given", "denied", "withdrawn", "expired", "superseded")),
        moment("given_at", "when"),
        moment("valid_until", "until"),
    ),
)

TABLES = (PROFILE, PROFILE_LINK, OCCUPANCY, HOUSEHOLD, SITUATION, CONSENT)
