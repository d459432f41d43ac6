"""Who pays, under which contract, for which place, from when to when."""

from lamplighter.warehouse.table import Subject, SubjectKind, Table
from lamplighter.warehouse.tables._columns import (
    PERSONAL,
    SENSITIVE,
    WHILE_CUSTOMER,
    attributes,
    choice,
    day,
    flag,
    money,
    source,
    text,
)

CUSTOMER_ACCOUNT = Table(
    "customer_account",
    domain="accounts",
    meaning="who pays: an account and one of its customers",
    key=("source", "account_id", "customer_id"),
    subject=Subject("account_id", SubjectKind.ACCOUNT),
    retention=WHILE_CUSTOMER,
    event="account.landed",
    aliases={
        "sap_isu": "Contract Account",
        "oracle_ccb": "Account",
        "salesforce_eu": "BillingAccount",
        "espi": "CustomerAccount",
    },
    columns=(
        source(),
        text("account_id", "account number", required=True, sensitivity=PERSONAL),
        text(
            "customer_id",
            "whose account",
            required=True,
            references="customer.customer_id",
            sensitivity=PERSONAL,
        ),
        choice("status", "open, closed, or final (closed with an unpaid rest)", ("open", "closed", "final")),
        day("opened_at", "opened on (csv: opened_on)"),
        day("closed_at", "closed on (csv: closed_on)"),
        text("billing_cycle", "reading and billing group"),
        flag("autopay", "bills are paid automatically"),
        flag("paperless", "bills come by e-mail"),
        flag("budget_billing", "pays a levelled amount"),
        money("balance", "what is owed in all, as of the batch", sensitivity=SENSITIVE, unit="currency"),
        money("arrears", "what is overdue, as of the batch", sensitivity=SENSITIVE, unit="currency"),
        day("oldest_due_on", "due date of the oldest unpaid bill", sensitivity=SENSITIVE),
        text("credit_rating", "the source's own rating", sensitivity=SENSITIVE),
        attributes(),
    ),
)

CUSTOMER_AGREEMENT = Table(
    "customer_agreement",
    domain="accounts",
    meaning="the service contract: an account takes service at a usage point, from when to when",
    key=("source", "agreement_id"),
    subject=Subject("account_id", SubjectKind.ACCOUNT),
    retention=WHILE_CUSTOMER,
    event="agreement.landed",
    aliases={
        "sap_isu": "Contract",
        "oracle_ccb": "Service Agreement",
        "salesforce_eu": "EnergyServiceAgreement",
        "espi": "CustomerAgreement",
    },
    columns=(
        source(),
        text("agreement_id", "the contract's number", required=True, sensitivity=PERSONAL),
        text(
            "account_id",
            "who pays",
            required=True,
            references="customer_account.account_id",
            sensitivity=PERSONAL,
        ),
        text(
            "usage_point_id",
            "where (csv: service_point_id)",
            required=True,
            references="usage_point.usage_point_id",
        ),
        text("tariff", "rate code"),
        day("started_at", "first day of service (csv: started_on)"),
        day("ended_at", "first day without it (csv: ended_on)"),
        text("status", "the source's own status"),
        flag("is_prepay", "energy is paid before it is used"),
        text("payer_customer_id", "somebody else who pays", sensitivity=PERSONAL),
        attributes(),
    ),
)

TABLES = (CUSTOMER_ACCOUNT, CUSTOMER_AGREEMENT)
