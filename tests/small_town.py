"""Four customers of a small utility, landed through the one door: what the tests of pages and API look at.

- Rosa Delgado (C1): power at 418 Alder Street, 14 monthly bills, hourly reads with an estimate and a gap, an
  open complaint.
- A customer whose names try to be a script and a spreadsheet formula (C2).
- Alder Bakery (C3), a business with an overdue balance.
- Sam Vale (C4), on life support, at a confidential address.
"""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

from lamplighter.app import Application, join
from lamplighter.context import Context
from lamplighter.intake.land import land
from lamplighter.settings import Settings
from lamplighter.store import jobs, key, staff
from lamplighter.store.role import ROLES

PASSWORD = "a lantern on every street"
SCRIPT = "<script>alert(1)</script>"
FORMULA = "=HYPERLINK(http://evil.example)"
NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)


def application_of(settings: Settings, context: Context) -> Application:
    """The parts of a test as an open installation, without a second set of databases."""
    join()
    return Application(settings, context.store, context.warehouse, True, context.clock)


def add_staff(context: Context) -> None:
    """One member of staff per role, ``<role>@lumen.example``."""
    with context.session() as session:
        for role in ROLES:
            name = f"Ines {role.replace('_', ' ').title()}"
            staff.add(
                session,
                email=f"{role}@lumen.example",
                name=name,
                role=role,
                password=PASSWORD,
                now=context.now,
            )


def add_key(context: Context, *scopes: str, purpose: str = "customer_service") -> str:
    """An API key with these scopes."""
    with context.session() as session:
        return key.create(session, "test", list(scopes), purpose, context.now)[1]


def load(application: Application, organization_id: UUID, folder: Path) -> None:
    """Land the extract and the reads, and let everything follow."""
    context = application.context(organization_id)
    land(context, "cis_csv", write_extract(folder / "extract"), name="cis")
    land(context, "ami", write_reads(folder / "reads"), name="cis")
    follow(application)


def load_faulty(application: Application, organization_id: UUID, folder: Path) -> None:
    """A second source with two rows that cannot land."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "customers.csv").write_text(
        "customer_id,kind,first_name,last_name,email,birth_year\n"
        "O1,residential,Old,Record,old@example.org,1970\nO2,residential,Bad,Year,bad@example.org,19x0\n"
        f"O3,residential,{SCRIPT},Row,x@example.org,what\n"
    )
    land(application.context(organization_id), "cis_csv", folder, name="old_billing")
    follow(application)


def follow(application: Application) -> None:
    """Carry out what waits."""
    jobs.drain(application.store, application.context, now=application.clock())


def write_extract(folder: Path) -> Path:
    """The plain extract."""
    folder.mkdir(parents=True, exist_ok=True)
    files: dict[str, list[str]] = {
        "customers.csv": [
            "customer_id,kind,first_name,last_name,organization,email,phone,language,special_needs,confidential,household_size,created_on",
            "C1,residential,Rosa,Delgado,,rosa@example.org,+15035550141,es,,,3,2014-05-01",
            f"C2,residential,{SCRIPT},{FORMULA},,x2@example.org,,en,,,,2020-01-01",
            "C3,commercial,,,Alder Bakery,baker@example.org,+15035550142,en,,,,2019-02-01",
            "C4,residential,Sam,Vale,,sam@example.org,+15035550143,en,life_support,true,,2021-03-01",
        ],
        "accounts.csv": [
            "account_id,customer_id,status,opened_on,autopay,paperless,balance,arrears,oldest_due_on",
            "A100001,C1,open,2014-05-01,true,false,136.18,0,",
            "A100002,C2,open,2020-01-01,false,false,0,0,",
            "A100003,C3,open,2019-02-01,false,true,412.00,212.50,2026-09-24",
            "A100004,C4,open,2021-03-01,false,false,0,0,",
        ],
        "premises.csv": [
            "premise_id,street,unit,city,state,zip,kind,year_built,tenure,heating_fuel",
            "P1,418 Alder Street,Apt 2,Alder Bay,OR,97398,multi_family,1984,rent,electric",
            f"P2,9 {SCRIPT} Road,,Alder Bay,OR,97398,single_family,1990,own,gas",
            "P3,1 Market Square,,Alder Bay,OR,97398,commercial,1950,own,gas",
            "P4,77 Hidden Lane,,Alder Bay,OR,97398,single_family,1985,own,gas",
        ],
        "service_points.csv": [
            "service_point_id,premise_id,commodity",
            "S1,P1,electricity",
            "S2,P2,electricity",
            "S3,P3,electricity",
            "S4,P4,water",
        ],
        "agreements.csv": [
            "agreement_id,account_id,service_point_id,tariff,started_on,ended_on",
            "G1,A100001,S1,E-TOU,2014-05-01,",
            "G2,A100002,S2,E-1,2020-01-01,",
            "G3,A100003,S3,E-2,2019-02-01,",
            "G4,A100004,S4,W-1,2021-03-01,",
        ],
        "meters.csv": [
            "meter_id,serial,service_point_id,installed_on,kind,unit",
            "M1,SN-0001,S1,2014-05-01,ami,kWh",
            "M4,SN-0004,S4,2021-03-01,manual,gal",
        ],
        "tickets.csv": [
            "ticket_id,customer_id,account_id,channel,topic,severity,opened_at,resolved_at,text",
            "T1,C1,A100001,phone,complaint: bill too high,normal,2026-11-12T17:00:00Z,,Asked why October was higher",
        ],
        "payments.csv": [
            "payment_id,account_id,paid_on,amount,method,channel",
            "Y1,A100001,2026-10-20,117.00,card,web",
        ],
        "bills.csv": [
            "bill_id,account_id,period_start,period_end,issued_on,due_on,amount,amount_due,currency,usage,unit,commodity,status"
        ],
        "bill_lines.csv": ["bill_id,line,commodity,service_point_id,tariff,description,kind,quantity,unit,rate,amount"],
    }  # fmt: skip
    for number, (start, end) in enumerate(_months(date(2025, 9, 1), 14)):
        used, amount = 500 + 12 * number, f"{117 + number * 1.5:.2f}"
        issued, due = end + timedelta(days=3), end + timedelta(days=24)
        files["bills.csv"].append(
            f"B{number},A100001,{start},{end},{issued},{due},{amount},{amount},USD,{used},kWh,electricity,issued"
        )
        files["bill_lines.csv"].append(
            f"B{number},1,electricity,S1,E-TOU,Energy,energy,{used},kWh,0.2,{amount}"
        )
    for name, rows in files.items():
        (folder / name).write_text("\n".join(rows) + "\n")
    return folder


def write_reads(folder: Path) -> Path:
    """Hourly reads of M1 from 1 October 2026, local midnight, to 21 November; day 5 estimated, 6 hours missing."""
    folder.mkdir(parents=True, exist_ok=True)
    start = datetime(2026, 10, 1, 7, tzinfo=UTC)
    rows = ["meter_id,start,seconds,value,unit,flow,quality"]
    for hour in range(24 * 51):
        if 240 <= hour < 246:
            continue
        at = start + timedelta(hours=hour)
        quality = "estimated" if 96 <= hour < 120 else "valid"
        rows.append(f"M1,{at:%Y-%m-%dT%H:%M:%SZ},3600,{0.5 + hour % 24 / 48:.3f},kWh,delivered,{quality}")
    (folder / "reads.csv").write_text("\n".join(rows) + "\n")
    return folder


def profile_of(context: Context, customer_id: str) -> str:
    """The profile behind a number of the source."""
    from lamplighter.customers import profile

    with context.session() as session:
        return profile.find(session, customer_id)


def _months(first: date, count: int) -> Iterator[tuple[date, date]]:
    at = first
    for _ in range(count):
        following = date(at.year + at.month // 12, at.month % 12 + 1, 1)
        yield at, following
        at = following


Json = dict[str, Any]
