"""What happens between a utility and its customers beside bills: cases, surveys, outages, visits, programs."""

from lamplighter.warehouse.table import Retention, Subject, SubjectKind, Table
from lamplighter.warehouse.tables._columns import (
    PERSONAL,
    SENSITIVE,
    attributes,
    choice,
    count,
    day,
    flag,
    moment,
    number,
    source,
    text,
)

THREE_YEARS = Retention(36, "service history")
OF_CUSTOMER = Subject("customer_id", SubjectKind.CUSTOMER)

CUSTOMER_CASE = Table(
    "customer_case",
    domain="service",
    meaning="a ticket, complaint or service question",
    key=("source", "ticket_id"),
    subject=OF_CUSTOMER,
    retention=THREE_YEARS,
    event="case.landed",
    columns=(
        source(),
        text("ticket_id", "number of the case", required=True),
        text("customer_id", "whose", references="customer.customer_id", sensitivity=PERSONAL),
        text("account_id", "about which account", sensitivity=PERSONAL),
        text("channel", "phone, web, mail, counter …"),
        text("topic", "billing, outage, complaint, move …"),
        text("severity", "low, normal, high"),
        moment("opened_at", "opened"),
        moment("resolved_at", "resolved; empty while open"),
        text("description", "what was said (csv: text)", sensitivity=SENSITIVE),
        attributes(),
    ),
)

SURVEY = Table(
    "survey",
    domain="service",
    meaning="an answer to a survey",
    key=("source", "response_id"),
    subject=OF_CUSTOMER,
    retention=THREE_YEARS,
    event="survey.landed",
    columns=(
        source(),
        text("response_id", "number of the answer", required=True),
        text("customer_id", "whose", references="customer.customer_id", sensitivity=PERSONAL),
        choice("instrument", "net promoter, satisfaction, effort", ("nps", "csat", "ces")),
        count("score", "0–10 (nps), 1–5 (csat), 1–7 (ces)"),
        moment("answered_at", "when"),
        text("remark", "free words (csv: comment)", sensitivity=SENSITIVE),
        attributes(),
    ),
)

OUTAGE = Table(
    "outage",
    domain="service",
    meaning="an interruption of supply",
    key=("source", "outage_id"),
    subject=None,
    retention=Retention(84, "reliability records"),
    event="outage.landed",
    columns=(
        source(),
        text("outage_id", "number of the outage", required=True),
        text("cause", "why"),
        flag("planned", "announced work"),
        moment("started_at", "since"),
        moment("expected_at", "expected back"),
        moment("restored_at", "back; empty while it lasts"),
        attributes(),
    ),
)

OUTAGE_USAGE_POINT = Table(
    "outage_usage_point",
    domain="service",
    meaning="a usage point hit by an outage",
    key=("source", "outage_id", "usage_point_id"),
    subject=Subject("usage_point_id", SubjectKind.USAGE_POINT),
    retention=Retention(84, "reliability records"),
    event="outage.landed",
    columns=(
        source(),
        text("outage_id", "which outage", required=True, references="outage.outage_id"),
        text(
            "usage_point_id",
            "where (csv: service_point_id)",
            required=True,
            references="usage_point.usage_point_id",
        ),
    ),
)

FIELD_VISIT = Table(
    "field_visit",
    domain="service",
    meaning="somebody came, or will come, to a place",
    key=("source", "visit_id"),
    subject=Subject("service_location_id", SubjectKind.SERVICE_LOCATION, at="window_start"),
    retention=THREE_YEARS,
    event="field_visit.landed",
    columns=(
        source(),
        text("visit_id", "number of the visit", required=True),
        text(
            "service_location_id",
            "where (csv: premise_id)",
            references="service_location.service_location_id",
        ),
        text("reason", "why"),
        flag("planned", "arranged beforehand"),
        moment("window_start", "not before"),
        moment("window_end", "not after"),
        text("outcome", "what came of it"),
        attributes(),
    ),
)

WATER_SAMPLE = Table(
    "water_sample",
    domain="service",
    meaning="a tap sample for lead and copper",
    key=("source", "sample_id"),
    subject=Subject("service_location_id", SubjectKind.SERVICE_LOCATION, at="taken_on"),
    retention=Retention(144, "lead and copper rule records"),
    event="water_sample.landed",
    columns=(
        source(),
        text("sample_id", "number of the sample", required=True),
        text(
            "service_location_id",
            "where (csv: premise_id)",
            references="service_location.service_location_id",
        ),
        day("taken_on", "when"),
        number("lead_ppb", "lead", unit="ppb", sensitivity=SENSITIVE),
        number("copper_ppb", "copper", unit="ppb"),
        attributes(),
    ),
)

PROGRAM = Table(
    "program",
    domain="service",
    meaning="an assistance, rebate or rate program of the source",
    key=("source", "program_id"),
    subject=None,
    retention=Retention(None, "reference data"),
    columns=(
        source(),
        text("program_id", "code of the program", required=True),
        text("name", "as customers know it"),
        text("kind", "assistance, rebate, demand_response …"),
        attributes(),
    ),
)

ENROLMENT = Table(
    "enrolment",
    domain="service",
    meaning="an account takes part in a program",
    key=("source", "enrolment_id"),
    subject=Subject("account_id", SubjectKind.ACCOUNT),
    retention=Retention(84, "program records"),
    event="enrolment.landed",
    columns=(
        source(),
        text("enrolment_id", "number of the enrolment", required=True),
        text("program_id", "which program", required=True, references="program.program_id"),
        text(
            "account_id",
            "whose",
            required=True,
            references="customer_account.account_id",
            sensitivity=PERSONAL,
        ),
        text("status", "the source's own status", sensitivity=SENSITIVE),
        day("started_at", "since (csv: started_on)"),
        day("ended_at", "until (csv: ends_on)"),
        text("benefit", "what it gives", sensitivity=SENSITIVE),
        attributes(),
    ),
)

TABLES = (CUSTOMER_CASE, SURVEY, OUTAGE, OUTAGE_USAGE_POINT, FIELD_VISIT, WATER_SAMPLE, PROGRAM, ENROLMENT)
