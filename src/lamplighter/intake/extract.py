"""The plain CIS extract: which file fills which tables, and what its columns are called there.

The left side is the extract's own word, the right side the declared one; a column with the same name in both
is not listed. One row of ``meters.csv`` tells of two things: a device, and where it hangs.
"""

from dataclasses import dataclass, field

from lamplighter.warehouse.tables import TABLES


@dataclass(frozen=True)
class ExtractFile:
    """One file of the extract."""

    tables: tuple[str, ...]
    renamed: dict[str, str] = field(default_factory=dict)
    optional: tuple[str, ...] = ("source", "register")
    """Declared as required, yet filled at the door where the file has none."""

    @property
    def columns(self) -> dict[str, str]:
        """Every column the file may have → its declared name."""
        back = {declared: own for own, declared in self.renamed.items()}
        names: dict[str, str] = {}
        for table in self.tables:
            for column in TABLES[table]:
                if column.name not in ("source", "attributes"):
                    names[back.get(column.name, column.name)] = column.name
        return names

    @property
    def required(self) -> tuple[str, ...]:
        """The extract's own words for the columns that must be there: keys and references."""
        back = {declared: own for own, declared in self.renamed.items()}
        must: dict[str, None] = {}
        for table in self.tables:
            for column in TABLES[table]:
                if column.required and column.name not in self.optional:
                    must[back.get(column.name, column.name)] = None
        return tuple(must)


_PLACE = {"premise_id": "service_location_id"}
_POINT = {"service_point_id": "usage_point_id"}
_SINCE = {"started_on": "started_at", "ended_on": "ended_at"}

FILES: dict[str, ExtractFile] = {
    "customers": ExtractFile(("customer",)),
    "contacts": ExtractFile(("contact_point",), {"value": "address"}),
    "relationships": ExtractFile(("relationship",), _SINCE),
    "accounts": ExtractFile(("customer_account",), {"opened_on": "opened_at", "closed_on": "closed_at"}),
    "premises": ExtractFile(("service_location",), _PLACE),
    "service_points": ExtractFile(("usage_point",), _PLACE | _POINT),
    "agreements": ExtractFile(("customer_agreement",), _POINT | _SINCE),
    "meters": ExtractFile(
        ("meter", "meter_installation"),
        _POINT | {"installed_on": "installed_at", "removed_on": "removed_at"},
    ),
    "bills": ExtractFile(("bill",), {"usage": "quantity"}),
    "bill_lines": ExtractFile(("bill_line",), _POINT),
    "register_reads": ExtractFile(("register_read",), {"source": "read_by"}),
    "meter_events": ExtractFile(("meter_event",), {"at": "happened_at"}),
    "payments": ExtractFile(("payment",)),
    "collections": ExtractFile(("collection",), {"on": "happened_on"}),
    "arrangements": ExtractFile(("arrangement",)),
    "deposits": ExtractFile(("deposit",)),
    "field_visits": ExtractFile(("field_visit",), _PLACE),
    "programs": ExtractFile(("program",)),
    "enrolments": ExtractFile(("enrolment",), {"started_on": "started_at", "ends_on": "ended_at"}),
    "tickets": ExtractFile(("customer_case",), {"text": "description"}),
    "surveys": ExtractFile(("survey",), {"comment": "remark"}),
    "outages": ExtractFile(("outage",)),
    "outage_service_points": ExtractFile(("outage_usage_point",), _POINT),
    "water_samples": ExtractFile(("water_sample",), _PLACE),
    "interval_reads": ExtractFile(
        ("meter_reading",), {"start": "started_at"}, ("source", "channel", "flow", "quality")
    ),
}

TOGETHER = (("meter", "meter_installation"),)
"""Tables filled from the same rows of a file: such a row is counted once."""
