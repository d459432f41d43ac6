"""Two utilities' own CSV exports, read into the same document as ESPI.

``csv_sce``: prose before the tables, a new table header for each day, the period as “start to end” in one cell.
``csv_eversource``: a line a bill, newest first, lines ended by a bare carriage return. Neither names a zone or a
service point; the zone is the utility's own, the point has no number (so these are inspected and converted,
not landed). An address in the header is dropped unread.
"""

import csv
import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from decimal import Decimal, InvalidOperation
from io import StringIO
from pathlib import Path
from zoneinfo import ZoneInfo

from lamplighter.errors import UnreadableFile
from lamplighter.intake.green_button.parse import BLOCK, Document
from lamplighter.intake.green_button.readings import NO_CODE, NO_COST
from lamplighter.intake.green_button.resource import Entry, Node

SCE, EVERSOURCE = "csv_sce", "csv_eversource"
ZONES = {SCE: ZoneInfo("America/Los_Angeles"), EVERSOURCE: ZoneInfo("America/New_York")}
LARGEST = 200_000_000

_EVERSOURCE_HEADER = ["Read Date", "Usage", "Number of Days"]
_SCE_HEADER = "Energy consumption time period"
_PERIOD = re.compile(r"(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d)\s+to\s+(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d)")
_SCE_QUALITIES = {"": NO_CODE, "actual": 0, "estimated": 8}

Row = tuple[int, int, Decimal, int, int]
"""start, seconds, value, cost in hundred-thousandths, quality code"""


def dialect_of(head: bytes) -> str | None:
    """Name of the dialect that a file beginning so is written in; None for any other text."""
    text = head.decode("utf-8", "replace").lstrip("\ufeff")
    if text.startswith(",".join(_EVERSOURCE_HEADER)):
        return EVERSOURCE
    if text.startswith("Energy Usage Information") or _SCE_HEADER in text:
        return SCE
    return None


def read_document(path: Path, dialect: str) -> Document:
    """The file as a document with one usage point and one series named after the file."""
    if path.stat().st_size > LARGEST:
        raise UnreadableFile(f"{path.name}: the file is larger than 200 MB. Split it by date.")
    document = Document(path)
    text = path.read_bytes().decode("utf-8-sig", "replace")
    _describe(document, dialect)
    document.findings.add("timezone_assumed", 1, f"The times name no zone; {ZONES[dialect].key} was taken.")
    block = document.blocks.begin(1)
    document.blocks.group[block] = 0
    document.block_groups[(f"{path.stem}/MeterReading", "", (), 0)] = 0
    readings = document.readings
    readings.block(block)
    rows = _sce(text, document) if dialect == SCE else _eversource(text, document)
    for line, (start, seconds, value, cost, quality) in rows:
        digits, power = _digits(value)
        if power:
            readings.exponents[len(readings.start)] = power
        for column, number in (
            (readings.start, start), (readings.seconds, seconds), (readings.value, digits), (readings.cost, cost),
            (readings.quality, quality), (readings.tou, NO_CODE), (readings.tier, NO_CODE), (readings.line, line),
        ):  # fmt: skip
            column.append(number)
        readings.block(block)
    readings.done()
    return document


def _describe(document: Document, dialect: str) -> None:
    """The entries that an ESPI feed of the same data would have."""
    gas = dialect == EVERSOURCE
    stem = document.path.stem
    service = Node("UsagePoint", 1, children=[_nest("ServiceCategory", kind=1 if gas else 0)])
    facts = (
        {"uom": 169, "flowDirection": 1}
        if gas
        else {"uom": 72, "powerOfTenMultiplier": 3, "flowDirection": 1}
    )
    if gas:
        facts["currency"] = 840
        document.findings.add(
            "unit_assumed", 1, "The file names no unit; gas of this utility was taken as therms."
        )
    for order, (kind, own, up, related, node) in enumerate((
        ("UsagePoint", stem, "", (), service),
        ("LocalTimeParameters", "zone", "", (), Node("LocalTimeParameters", 1)),
        ("MeterReading", f"{stem}/MeterReading", "", (stem, "type"), Node("MeterReading", 1)),
        ("ReadingType", "type", "", (), _nest("ReadingType", **facts)),
    )):  # fmt: skip
        document.entries.append(Entry(order, 1, own, up, related, kind=kind, node=node))
    document.root = BLOCK


def _nest(name: str, **numbers: int) -> Node:
    return Node(name, 1, children=[Node(key, 1, str(number)) for key, number in numbers.items()])


def _sce(text: str, document: Document) -> Iterator[tuple[int, Row]]:
    zone = ZONES[SCE]
    for line, cells in _lines(text):
        period = _PERIOD.search(cells[0].replace("\u00a0", " ")) if cells else None
        if period is None or len(cells) < 2:
            continue
        try:
            start, end = (datetime.fromisoformat(period[n]).replace(tzinfo=zone).timestamp() for n in (1, 2))
            value = _number(cells[1])
        except (ValueError, InvalidOperation):
            _refuse(document, line, cells)
            continue
        word = cells[2].strip().casefold() if len(cells) > 2 else ""
        yield line, (int(start), int(end - start), value, NO_COST, _SCE_QUALITIES.get(word, NO_CODE))


def _eversource(text: str, document: Document) -> Iterator[tuple[int, Row]]:
    zone = ZONES[EVERSOURCE]
    columns: list[str] = []
    for line, cells in _lines(text):
        if not columns:
            columns = [cell.strip() for cell in cells]
            continue
        if not any(cells):
            continue
        named = dict(zip(columns, cells, strict=False))
        try:
            day = datetime.strptime(named["Read Date"].strip(), "%m/%d/%Y").replace(tzinfo=zone)
            first = day - timedelta(days=int(named["Number of Days"]))
            value = _number(named["Usage"])
            charge = named.get("Charge", "").strip()
            cost = int(_number(charge) * 100_000) if charge else NO_COST
        except (ValueError, KeyError, InvalidOperation, OverflowError):
            _refuse(document, line, cells)
            continue
        yield line, (int(first.timestamp()), int(day.timestamp() - first.timestamp()), value, cost, NO_CODE)


def _lines(text: str) -> Iterator[tuple[int, list[str]]]:
    reader = csv.reader(StringIO(text.replace("\r\n", "\n").replace("\r", "\n"), newline=""))
    try:
        for cells in reader:
            yield reader.line_num, cells
    except csv.Error as error:
        raise UnreadableFile(f"line {reader.line_num}: this is not a CSV table ({error}).") from None


def _number(text: str) -> Decimal:
    number = Decimal(text.strip().lstrip("$").replace(",", ""))
    if not number.is_finite() or abs(number) > 10**12:
        raise ValueError(text)
    return number


def _digits(value: Decimal) -> tuple[int, int]:
    """Digits and power of ten, at most nine decimals (exports have two or three)."""
    scaled = value.quantize(Decimal("1e-9")).normalize()
    exponent = int(scaled.as_tuple().exponent)
    return (int(scaled), 0) if exponent >= 0 else (int(scaled.scaleb(-exponent)), exponent)


def _refuse(document: Document, line: int, cells: list[str]) -> None:
    sentence = "The row has no readable date or number; it was set aside."
    document.findings.add("row_unreadable", line, sentence)
    document.rejects.add(line, "row", "row_unreadable", sentence, ",".join(cells))
