"""What is computed about people and places: traits (facts worked out) and scores (expectations)."""

from lamplighter.warehouse.table import Retention, Subject, SubjectKind, Table
from lamplighter.warehouse.tables._columns import PERSONAL, SENSITIVE, moment, ratio, text

REBUILT = Retention(None, "computed anew from its sources")
OF_PROFILE = Subject("profile_id", SubjectKind.PROFILE)

TRAIT = Table(
    "trait",
    domain="knowledge",
    meaning="one fact worked out about a person: name and value",
    key=("profile_id", "name"),
    subject=OF_PROFILE,
    retention=REBUILT,
    kind="derived",
    columns=(
        text("profile_id", "whose", required=True, sensitivity=PERSONAL),
        text("name", "which trait", required=True),
        ratio("number", "the value where it is a number", sensitivity=SENSITIVE),
        text("word", "the value where it is a word", sensitivity=SENSITIVE),
        moment("computed_at", "when it was worked out"),
    ),
)

SCORE = Table(
    "score",
    domain="knowledge",
    meaning="one expectation about a person, between 0 and 1",
    key=("profile_id", "name"),
    subject=OF_PROFILE,
    retention=REBUILT,
    kind="derived",
    columns=(
        text("profile_id", "whose", required=True, sensitivity=PERSONAL),
        text("name", "which score", required=True),
        ratio("number", "probability", sensitivity=SENSITIVE),
        moment("computed_at", "when it was worked out"),
    ),
)

TABLES = (TRAIT, SCORE)
