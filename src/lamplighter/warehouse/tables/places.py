"""Homes and businesses as places, the points where service is measured, and the meters there."""

from lamplighter.model.commodity import COMMODITIES
from lamplighter.warehouse.table import Retention, Subject, SubjectKind, Table
from lamplighter.warehouse.tables._columns import (
    PERSONAL,
    attributes,
    choice,
    count,
    day,
    flag,
    number,
    ratio,
    source,
    text,
)

KEPT = Retention(None, "a place outlives its customers")

SERVICE_LOCATION = Table(
    "service_location",
    domain="places",
    meaning="a premise: the home or business that is served",
    key=("source", "service_location_id"),
    subject=Subject("service_location_id", SubjectKind.SERVICE_LOCATION),
    retention=KEPT,
    event="service_location.landed",
    aliases={
        "sap_isu": "Premise",
        "oracle_ccb": "Premise",
        "salesforce_eu": "Premises",
        "espi": "ServiceLocation",
        "csv": "premises",
    },
    columns=(
        source(),
        text("service_location_id", "the place's number (csv: premise_id)", required=True),
        text("street", "number and street", sensitivity=PERSONAL),
        text("unit", "apartment or suite", sensitivity=PERSONAL),
        text("city", "city"),
        text("state", "state"),
        text("zip", "postal code"),
        ratio("latitude", "WGS 84", sensitivity=PERSONAL, unit="degree"),
        ratio("longitude", "WGS 84", sensitivity=PERSONAL, unit="degree"),
        text("county", "county"),
        text("kind", "single_family, multi_family, mobile_home, commercial …"),
        count("year_built", "year of construction"),
        count("floor_area_sqft", "floor area", unit="sqft"),
        choice("tenure", "lived in by its owner or by a tenant", ("own", "rent"), sensitivity=PERSONAL),
        text("heating_fuel", "what heats the place"),
        choice(
            "service_line_material",
            "what the water service line is made of",
            ("lead", "copper", "galvanized", "plastic", "unknown"),
        ),
        text("census_tract", "census tract"),
        text("outage_block", "block that is switched off together"),
        attributes(),
    ),
)

USAGE_POINT = Table(
    "usage_point",
    domain="places",
    meaning="a service point: where one commodity is supplied and measured",
    key=("source", "usage_point_id"),
    subject=Subject("usage_point_id", SubjectKind.USAGE_POINT),
    retention=KEPT,
    event="usage_point.landed",
    aliases={
        "sap_isu": "Point of Delivery",
        "oracle_ccb": "Service Point",
        "salesforce_eu": "ServicePoint",
        "espi": "UsagePoint",
        "csv": "service_points",
    },
    columns=(
        source(),
        text("usage_point_id", "the point's number (csv: service_point_id)", required=True),
        text(
            "service_location_id",
            "at which place (csv: premise_id)",
            references="service_location.service_location_id",
        ),
        choice("commodity", "what flows there", COMMODITIES),
        text("status", "the source's own status"),
        text("feeder", "electric feeder or main"),
        text("pressure_zone", "gas or water pressure zone"),
        flag("has_solar", "generates on site"),
        attributes(),
    ),
)

METER = Table(
    "meter",
    domain="places",
    meaning="a device that measures",
    key=("source", "meter_id"),
    subject=None,
    retention=KEPT,
    event="meter.landed",
    aliases={"sap_isu": "Device", "oracle_ccb": "Meter", "espi": "EndDevice", "csv": "meters"},
    columns=(
        source(),
        text("meter_id", "the meter's number", required=True),
        text("serial", "number on the device"),
        choice("kind", "read by network, by passing, or by hand", ("ami", "amr", "manual")),
        text("unit", "unit of its reads"),
        number("multiplier", "read × multiplier = quantity"),
        attributes(),
    ),
)

METER_INSTALLATION = Table(
    "meter_installation",
    domain="places",
    meaning="a meter was at a usage point from one day to another: meters move, points stay",
    key=("source", "meter_id", "usage_point_id"),
    subject=Subject("usage_point_id", SubjectKind.USAGE_POINT, at="installed_at"),
    retention=KEPT,
    columns=(
        source(),
        text("meter_id", "which meter", required=True),
        text(
            "usage_point_id",
            "where (csv: service_point_id)",
            required=True,
            references="usage_point.usage_point_id",
        ),
        day("installed_at", "first day there (csv: installed_on)"),
        day("removed_at", "first day no longer there (csv: removed_on)"),
    ),
)

TABLES = (SERVICE_LOCATION, USAGE_POINT, METER, METER_INSTALLATION)
