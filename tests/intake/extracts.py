"""Small extracts that tests write by hand, as a billing system would."""

from pathlib import Path

CUSTOMERS = "customer_id,kind,first_name,last_name,email,phone,favourite_colour\n"
FILES = {
    "customers.csv": CUSTOMERS
    + "C1,residential,Ana,Alvarez,ana@example.org,555-0101,green\nC2,residential,Ben,Okafor,ben@example.org,,\n",
    "accounts.csv": "account_id,customer_id,status,opened_on,closed_on,balance\n"
    "A1,C1,open,2024-03-01,,12.50\nA2,C2,open,2025-01-01,,0\n",
    "premises.csv": "premise_id,street,city,state,zip,year_built\n"
    "P1,1 Elm St,Fresno,CA,93650,1984\nP2,2 Elm St,Fresno,CA,93650,\n",
    "service_points.csv": "service_point_id,premise_id,commodity\nSP1,P1,electricity\nSP2,P2,water\n",
    "agreements.csv": "agreement_id,account_id,service_point_id,tariff,started_on,ended_on\n"
    "G1,A1,SP1,E-1,2024-03-01,\nG2,A2,SP2,W-1,2025-01-01,\n",
    "meters.csv": "meter_id,serial,service_point_id,installed_on,removed_on,kind,unit,colour\n"
    "M1,S-1,SP1,2020-01-01,,ami,kWh,grey\nM2,S-2,SP2,2020-01-01,,manual,gal,\n",
    "bills.csv": "bill_id,account_id,period_start,period_end,issued_on,due_on,amount,currency,"
    "usage,unit,commodity,status,replaces_bill_id\n"
    "B1,A1,2026-09-01,2026-10-01,2026-10-03,2026-10-24,136.18,USD,668,kWh,electricity,issued,\n"
    "B2,A2,2026-09-01,2026-10-01,2026-10-03,2026-10-24,40.00,USD,900,gal,water,estimated,\n",
    "bill_lines.csv": "bill_id,line,commodity,service_point_id,kind,description,quantity,unit,rate,amount\n"
    "B1,1,electricity,SP1,energy,Peak,212,kWh,0.41,86.92\nB1,2,electricity,SP1,fixed,Customer charge,,,,49.26\n",
}


def write(folder: Path, **changed: str | bytes | None) -> Path:
    """The extract in a folder; ``customers="…"`` changes a file, None leaves it out."""
    folder.mkdir(parents=True, exist_ok=True)
    files: dict[str, str | bytes | None] = dict(FILES)
    files |= {f"{name}.csv": content for name, content in changed.items()}
    for old in folder.glob("*.csv"):
        old.unlink()
    for name, content in files.items():
        if content is not None:
            (folder / name).write_bytes(content if isinstance(content, bytes) else content.encode())
    return folder


def alone(folder: Path, name: str, content: str | bytes) -> Path:
    """One file."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path
