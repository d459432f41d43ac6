"""What meters measured and signalled."""

from lamplighter.warehouse.table import Retention, Subject, SubjectKind, Table
from lamplighter.warehouse.tables._columns import (
    METER_DETAIL,
    SENSITIVE,
    attributes,
    choice,
    count,
    moment,
    number,
    source,
    text,
)

QUALITIES = ("valid", "estimated", "edited", "missing")
FLOWS = ("delivered", "received", "net")

METER_READING = Table(
    "meter_reading",
    domain="usage",
    meaning="a quantity over one interval, [started_at, started_at + seconds)",
    key=("source", "meter_id", "channel", "flow", "started_at"),
    subject=Subject("usage_point_id", SubjectKind.USAGE_POINT, at="started_at"),
    retention=METER_DETAIL,
    event="usage.landed",
    aliases={
        "sap_isu": "MR document",
        "oracle_ccb": "Measurement",
        "espi": "IntervalReading",
        "csv": "interval_reads",
    },
    columns=(
        source(),
        text("meter_id", "which meter; the usage point's id where a source names no meter", required=True),
        text(
            "usage_point_id",
            "where the meter was then (from its installation; the meter's id where none is known)",
        ),
        text(
            "channel",
            "a second series of one meter and flow (another length or unit); empty for the main one",
            required=True,
        ),
        choice("flow", "delivered to the customer, received from them, or net", FLOWS, required=True),
        moment("started_at", "start of the interval (csv: start)", required=True),
        count("seconds", "length of the interval", required=True, unit="s"),
        number("value", "quantity; null where quality is missing", sensitivity=SENSITIVE),
        text("unit", "kWh, therm, ccf, gal, m3 … (Wh and MWh are stored as kWh)", required=True),
        choice("quality", "valid (actual), estimated, edited, missing", QUALITIES, required=True),
        number("cost", "cost of the interval where the source gives one", unit="currency"),
    ),
)

REGISTER_READ = Table(
    "register_read",
    domain="usage",
    meaning="what stood on a meter's register at one moment",
    key=("source", "meter_id", "register", "read_at"),
    subject=Subject("usage_point_id", SubjectKind.USAGE_POINT, at="read_at"),
    retention=Retention(84, "billing reads", "read_at"),
    event="register_read.landed",
    columns=(
        source(),
        text("meter_id", "which meter", required=True, references="meter.meter_id"),
        text("usage_point_id", "where the meter was then (from its installation)"),
        text("register", "which register; empty for the only one", required=True),
        moment("read_at", "when", required=True),
        number("value", "what stood there", sensitivity=SENSITIVE),
        text("unit", "unit of value"),
        choice("quality", "valid (actual), estimated, edited, missing", QUALITIES),
        choice(
            "read_by", "network, walked route, or the customer (csv: source)", ("ami", "walk", "customer")
        ),
        attributes(),
    ),
)

METER_EVENT = Table(
    "meter_event",
    domain="usage",
    meaning="a signal of a meter: tamper, last gasp, leak alarm …",
    key=("source", "event_id"),
    subject=Subject("usage_point_id", SubjectKind.USAGE_POINT, at="happened_at"),
    retention=Retention(36, "meter signals", "happened_at"),
    event="meter_event.landed",
    columns=(
        source(),
        text("event_id", "number of the signal", required=True),
        text("meter_id", "which meter", required=True, references="meter.meter_id"),
        text("usage_point_id", "where the meter was then (from its installation)"),
        text("kind", "which signal", required=True),
        moment("happened_at", "when (csv: at)"),
        attributes(),
    ),
)

TABLES = (METER_READING, REGISTER_READ, METER_EVENT)
