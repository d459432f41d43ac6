"""Bills with their lines, payments, and what happens when a bill is not paid."""

from lamplighter.model.commodity import COMMODITIES
from lamplighter.warehouse.table import Lookup, Subject, SubjectKind, Table
from lamplighter.warehouse.tables._columns import (
    BILLING_RECORDS,
    PERSONAL,
    SENSITIVE,
    attributes,
    choice,
    count,
    day,
    flag,
    money,
    number,
    source,
    text,
)

LINE_KINDS = ("fixed", "energy", "demand", "tax", "credit", "other")
COLLECTION_KINDS = ("reminder", "disconnect_notice", "disconnected", "reconnected")
OF_ACCOUNT = Subject("account_id", SubjectKind.ACCOUNT)


BILL = Table(
    "bill",
    domain="billing",
    meaning="what an account is asked to pay for a period; a correction is a bill of its own that replaces one",
    key=("source", "bill_id"),
    subject=OF_ACCOUNT,
    retention=BILLING_RECORDS,
    event="bill.issued",
    columns=(
        source(),
        text("bill_id", "number of the bill", required=True, sensitivity=PERSONAL),
        text(
            "account_id",
            "whose",
            required=True,
            references="customer_account.account_id",
            sensitivity=PERSONAL,
        ),
        day("period_start", "first day billed"),
        day("period_end", "first day not billed"),
        day("issued_on", "date of issue"),
        day("due_on", "to be paid by"),
        money("amount", "charges of this bill", sensitivity=SENSITIVE, unit="currency"),
        money("previous_balance", "carried over", sensitivity=SENSITIVE, unit="currency"),
        money("payments", "paid since the last bill", sensitivity=SENSITIVE, unit="currency"),
        money("amount_due", "to pay now", sensitivity=SENSITIVE, unit="currency"),
        text("currency", "ISO 4217"),
        number("quantity", "total use billed, where the bill names one (csv: usage)", sensitivity=SENSITIVE),
        text("unit", "unit of quantity"),
        choice("commodity", "where the bill is for one service", COMMODITIES),
        choice(
            "status", "issued, corrected (replaces another), cancelled", ("issued", "corrected", "cancelled")
        ),
        flag("is_estimated", "no actual read stood behind it (csv status estimated sets it)"),
        text("replaces_bill_id", "the bill that this one corrects", sensitivity=PERSONAL),
        attributes(),
    ),
)

BILL_LINE = Table(
    "bill_line",
    domain="billing",
    meaning="one line of a bill; one bill may hold several services",
    key=("source", "bill_id", "line"),
    subject=OF_ACCOUNT,
    retention=BILLING_RECORDS,
    lookups=(Lookup("account_id", by="bill_id", table="bill", take="account_id"),),
    columns=(
        source(),
        text("bill_id", "which bill", required=True, references="bill.bill_id", sensitivity=PERSONAL),
        count("line", "position on the bill", required=True),
        text("account_id", "whose (from the bill)", sensitivity=PERSONAL),
        choice("commodity", "for which service", COMMODITIES),
        text("usage_point_id", "measured where (csv: service_point_id)"),
        text("tariff", "rate code"),
        day("period_start", "first day billed"),
        day("period_end", "first day not billed"),
        text("description", "as printed"),
        choice("kind", "what the line is for", LINE_KINDS),
        number("quantity", "how much", sensitivity=SENSITIVE),
        text("unit", "unit of quantity"),
        number("rate", "price of one unit", unit="currency"),
        money("amount", "quantity × rate, or a fixed amount", sensitivity=SENSITIVE, unit="currency"),
        attributes(),
    ),
)

PAYMENT = Table(
    "payment",
    domain="billing",
    meaning="money received for an account",
    key=("source", "payment_id"),
    subject=OF_ACCOUNT,
    retention=BILLING_RECORDS,
    event="payment.landed",
    columns=(
        source(),
        text("payment_id", "number of the payment", required=True, sensitivity=PERSONAL),
        text(
            "account_id",
            "whose",
            required=True,
            references="customer_account.account_id",
            sensitivity=PERSONAL,
        ),
        day("paid_on", "received on"),
        money("amount", "received", sensitivity=SENSITIVE, unit="currency"),
        text("method", "card, bank, cash …"),
        text("channel", "web, phone, mail, shop …"),
        flag("returned", "the bank took it back"),
        attributes(),
    ),
)

COLLECTION = Table(
    "collection",
    domain="billing",
    meaning="a step taken because a bill was not paid: reminder, notice, shutoff, reconnection",
    key=("source", "event_id"),
    subject=OF_ACCOUNT,
    retention=BILLING_RECORDS,
    event="collection.landed",
    columns=(
        source(),
        text("event_id", "number of the step", required=True),
        text(
            "account_id",
            "whose",
            required=True,
            references="customer_account.account_id",
            sensitivity=PERSONAL,
        ),
        choice("kind", "which step", COLLECTION_KINDS, required=True, sensitivity=SENSITIVE),
        day("happened_on", "taken on (csv: on)", sensitivity=SENSITIVE),
        day("planned_on", "shutoff planned for", sensitivity=SENSITIVE),
        money("amount", "overdue then", sensitivity=SENSITIVE, unit="currency"),
        attributes(),
    ),
)

ARRANGEMENT = Table(
    "arrangement",
    domain="billing",
    meaning="an agreement to pay in parts or later",
    key=("source", "arrangement_id"),
    subject=OF_ACCOUNT,
    retention=BILLING_RECORDS,
    event="arrangement.landed",
    columns=(
        source(),
        text("arrangement_id", "number of the arrangement", required=True),
        text(
            "account_id",
            "whose",
            required=True,
            references="customer_account.account_id",
            sensitivity=PERSONAL,
        ),
        text("kind", "instalments, extension, moratorium …"),
        day("made_on", "agreed on"),
        count("instalments", "number of parts"),
        count("kept", "parts paid in time"),
        text("status", "the source's own status", sensitivity=SENSITIVE),
        money("amount", "sum agreed on", sensitivity=SENSITIVE, unit="currency"),
        attributes(),
    ),
)

DEPOSIT = Table(
    "deposit",
    domain="billing",
    meaning="money held as security",
    key=("source", "deposit_id"),
    subject=OF_ACCOUNT,
    retention=BILLING_RECORDS,
    columns=(
        source(),
        text("deposit_id", "number of the deposit", required=True),
        text(
            "account_id",
            "whose",
            required=True,
            references="customer_account.account_id",
            sensitivity=PERSONAL,
        ),
        money("amount", "held", sensitivity=SENSITIVE, unit="currency"),
        day("held_since", "since"),
        attributes(),
    ),
)

TABLES = (BILL, BILL_LINE, PAYMENT, COLLECTION, ARRANGEMENT, DEPOSIT)
