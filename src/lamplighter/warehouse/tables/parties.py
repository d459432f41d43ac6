"""People and businesses as a source knows them, how they are reached and how they belong together."""

from lamplighter.warehouse.table import Subject, SubjectKind, Table
from lamplighter.warehouse.tables._columns import (
    PERSONAL,
    RESTRICTED,
    SENSITIVE,
    WHILE_CUSTOMER,
    attributes,
    choice,
    count,
    day,
    flag,
    moment,
    money,
    source,
    text,
)

CUSTOMER_KINDS = ("residential", "commercial", "industrial", "municipal")
CHANNELS = ("email", "sms", "voice", "post")
RELATIONSHIPS = ("landlord", "authorized_contact", "caregiver", "payer", "parent_company")

CUSTOMER = Table(
    "customer",
    domain="parties",
    meaning="a person or organization as one source knows it, under that source's own number",
    key=("source", "customer_id"),
    subject=Subject("customer_id", SubjectKind.CUSTOMER),
    retention=WHILE_CUSTOMER,
    event="customer.landed",
    aliases={
        "sap_isu": "Business Partner",
        "oracle_ccb": "Person",
        "salesforce_eu": "Account + Contact",
        "espi": "Customer",
    },
    columns=(
        source(),
        text("customer_id", "the source's own number", required=True, sensitivity=PERSONAL),
        choice("kind", "household or business", CUSTOMER_KINDS),
        text("first_name", "given name", sensitivity=PERSONAL),
        text("last_name", "family name", sensitivity=PERSONAL),
        text("organization", "name of the business", sensitivity=PERSONAL),
        text("email", "as given", sensitivity=PERSONAL),
        text("phone", "as given", sensitivity=PERSONAL),
        text("mobile", "as given", sensitivity=PERSONAL),
        text("mail_street", "mailing address: street and unit", sensitivity=PERSONAL),
        text("mail_city", "mailing address: city", sensitivity=PERSONAL),
        text("mail_state", "mailing address: state", sensitivity=PERSONAL),
        text("mail_zip", "mailing address: postal code", sensitivity=PERSONAL),
        text("language", "preferred language, BCP 47", sensitivity=PERSONAL),
        count("birth_year", "year of birth", sensitivity=SENSITIVE),
        count("household_size", "people living in the home", sensitivity=SENSITIVE),
        money("income_annual", "household income a year", sensitivity=RESTRICTED, unit="currency"),
        choice(
            "income_source",
            "how the income is known",
            ("documented", "attested", "estimated"),
            sensitivity=SENSITIVE,
        ),
        day("income_on", "when the income was stated", sensitivity=SENSITIVE),
        text(
            "special_needs",
            "life_support, medical, senior, infant, disability; joined by ;",
            sensitivity=RESTRICTED,
        ),
        flag("deceased", "the person has died", sensitivity=SENSITIVE),
        flag("confidential", "the address must not be shown (protected person)", sensitivity=RESTRICTED),
        day("created_on", "first known to the source"),
        attributes(),
    ),
)

RELATIONSHIP = Table(
    "relationship",
    domain="parties",
    meaning="one customer's standing toward another: landlord, caregiver, payer …",
    key=("source", "from_customer_id", "to_customer_id", "kind"),
    subject=Subject("from_customer_id", SubjectKind.CUSTOMER),
    retention=WHILE_CUSTOMER,
    event="relationship.landed",
    columns=(
        source(),
        text(
            "from_customer_id",
            "who stands in the relation",
            required=True,
            references="customer.customer_id",
            sensitivity=PERSONAL,
        ),
        text(
            "to_customer_id",
            "toward whom",
            required=True,
            references="customer.customer_id",
            sensitivity=PERSONAL,
        ),
        choice("kind", "which relation", RELATIONSHIPS, required=True),
        text(
            "account_id",
            "for one account only",
            references="customer_account.account_id",
            sensitivity=PERSONAL,
        ),
        day("started_at", "from this day"),
        day("ended_at", "until before this day"),
        attributes(),
    ),
)

CONTACT_POINT = Table(
    "contact_point",
    domain="parties",
    meaning="one way to reach a customer",
    key=("source", "customer_id", "channel"),
    subject=Subject("customer_id", SubjectKind.CUSTOMER),
    retention=WHILE_CUSTOMER,
    event="contact_point.landed",
    columns=(
        source(),
        text("customer_id", "whose", required=True, references="customer.customer_id", sensitivity=PERSONAL),
        choice("channel", "by which way", CHANNELS, required=True),
        text("address", "address or number as given (csv: value)", sensitivity=PERSONAL),
        moment("verified_at", "proved by its owner at this time"),
        moment("opted_out_at", "its owner said no at this time"),
        attributes(),
    ),
)

TABLES = (CUSTOMER, RELATIONSHIP, CONTACT_POINT)
