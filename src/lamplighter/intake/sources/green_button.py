"""``green_button``: ESPI files, one or a folder of them, landed as usage points, readings, customers and bills.

A usage feed names no person and a customer feed no reading (the standard forbids to mix them); where both lie in
one folder they are put together: a bill finds its account, a usage point its place. ESPI names no meter either,
so ``meter_id`` is the usage point's id.
"""

import json
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from lamplighter.errors import UnreadableFile
from lamplighter.intake.green_button import retail
from lamplighter.intake.green_button.bill import bill_of
from lamplighter.intake.green_button.codes import STORED_QUALITIES
from lamplighter.intake.green_button.feed import Feed, read
from lamplighter.intake.green_button.local_time import local_time_of
from lamplighter.intake.source import PLAIN, Chunk, Note, ReadOptions, Refused, Rows, Rules
from lamplighter.warehouse.table import Table
from lamplighter.warehouse.tables import TABLES

ENDINGS = (".xml", ".atom", ".csv")
REMEDY = "Ask the utility for a corrected file; “lamplighter greenbutton inspect FILE” shows all findings."
REMEDIES = {
    "bill_without_account": "Put the customer feed into the same folder and land the folder.",
    "agreement_without_point": "Declare which usage point the agreement is for in a cis_csv agreements.csv.",
    "conflicting_reading": "Nothing to do if the later value is right.",
}
_IN_ORDER = ("customer", "customer_account", "service_location", "usage_point", "customer_agreement", "bill")

Row = dict[str, str | None]


class GreenButton:
    """The plug-in."""

    name = "green_button"
    tables = ("usage_point", "meter_reading", "bill", "customer", "customer_account", "customer_agreement",
              "service_location")  # fmt: skip

    def files(self, where: Path, options: ReadOptions) -> list[Path]:
        """The file, or all XML and CSV files of a folder by name."""
        if where.is_file():
            return [where]
        if not where.is_dir():
            raise UnreadableFile(f"There is no file or folder {where}.")
        found = sorted(path for path in where.iterdir() if path.name.lower().endswith(ENDINGS))
        if not found:
            raise UnreadableFile(f"{where} holds no Green Button file ({', '.join(ENDINGS)}).")
        return found

    def read(self, where: Path, options: ReadOptions) -> Iterator[Chunk | Refused | Note]:
        """Readings as they come; the small tables at the end, put together over all files."""
        gathered = _Gathered()
        for path in self.files(where, options):
            try:
                feed = read(path)
            except UnreadableFile as error:
                yield _whole_file(path, error)
                continue
            with feed:
                if feed.dialect != "espi":
                    yield _no_point(path)
                    continue
                yield from _readings(feed)
                gathered.take(feed)
                yield from _set_aside(feed)
                yield from _notes(feed)
        yield from gathered.chunks()

    def rules(self, table: Table, options: ReadOptions) -> Rules:
        """Rows are spelled our way already."""
        return PLAIN


SOURCE = GreenButton()


def _whole_file(path: Path, error: UnreadableFile) -> Refused:
    place, _, words = str(error).partition(": ")
    number = place.rpartition(", line ")[2]
    what, _, remedy = words.partition(". ")
    return Refused(
        path.name,
        int(number) if number.isdecimal() else None,
        what,
        "unreadable_file",
        remedy or REMEDY,
        whole_file=True,
    )


def _no_point(path: Path) -> Refused:
    return Refused(
        path.name, 1, "a utility's CSV export names no service point", "usage_point_unknown",
        "Land it with “lamplighter land ami FILE --layout LAYOUT”, where the layout sets the meter.", whole_file=True,
    )  # fmt: skip


def _readings(feed: Feed) -> Iterator[Chunk]:
    table = TABLES["meter_reading"]
    stored = pa.array([STORED_QUALITIES[word] for word in STORED_QUALITIES])
    known = pa.array(list(STORED_QUALITIES))
    for batch in feed.readings():
        quality = batch.column("quality")
        words = stored.take(pc.index_in(quality.dictionary, known))
        line = batch.column("line")
        columns = {
            "meter_id": batch.column("usage_point"),
            "usage_point_id": batch.column("usage_point"),
            "channel": batch.column("channel"),
            "flow": batch.column("flow"),
            "started_at": batch.column("started_at"),
            "seconds": batch.column("seconds"),
            "value": batch.column("value"),
            "unit": batch.column("unit"),
            "quality": pa.DictionaryArray.from_arrays(quality.indices, words),
            "cost": batch.column("cost"),
        }

        def lines(of: pa.Array = line) -> Rows:
            numbers: Rows = of.cast(pa.int64()).to_numpy()
            return numbers

        yield Chunk(table, pa.RecordBatch.from_pydict(columns), feed.path.name, line[0].as_py(), lines)


def _set_aside(feed: Feed) -> Iterator[Refused]:
    """What the reader could not use, and where a file breaks off."""
    file = feed.path.name
    for rejected in feed.rejected:
        yield Refused(
            file, rejected.line, rejected.message.rstrip("."), rejected.code,
            REMEDIES.get(rejected.code, REMEDY), rejected.raw, TABLES["meter_reading"],
        )  # fmt: skip
    more = feed.rejected_count - len(feed.rejected)
    if more:
        yield Refused(
            file,
            None,
            f"{more:,} more readings were set aside",
            "too_many",
            REMEDY,
            None,
            TABLES["meter_reading"],
        )
    for finding in feed.findings:
        if finding.code in ("not_well_formed", "truncated", "unsafe_xml", "over_limit", "content_mismatch"):
            words = finding.message.removeprefix(f"{file}, line {finding.line}: ")
            what, _, remedy = words.partition(". ")
            yield Refused(file, finding.line, what.rstrip("."), finding.code, remedy or REMEDY)


def _notes(feed: Feed) -> Iterator[Note]:
    """One sentence for each kind of repair."""
    told: set[str] = set()
    if feed.broken and not any(finding.code == "truncated" for finding in feed.findings):
        yield Note(feed.broken)
    for finding in feed.findings:
        if finding.severity == "warning" and finding.code not in told | REMEDIES.keys():
            told.add(finding.code)
            yield Note(f"{feed.path.name}, line {finding.line}: {finding.message}")


class _Gathered:
    """Small rows of all files of one load, by table and key: the same thing told twice is one row."""

    def __init__(self) -> None:
        self._rows: dict[str, dict[str, Row]] = {name: {} for name in _IN_ORDER}
        self._places: dict[tuple[str, str], tuple[str, int]] = {}
        self._bills: list[tuple[str, int, Row]] = []
        self._refused: list[Refused] = []

    def take(self, feed: Feed) -> None:
        """Adds what one feed says."""
        for point in feed.usage_points:
            line = point.entry.line if point.entry else 1
            clock = local_time_of(point.local_time)
            commodities = [
                series.commodity for series in feed.series if series.point is point and series.commodity
            ]
            row: Row = {
                "usage_point_id": point.id,
                "commodity": commodity_of(point.service_commodity, commodities),
                "status": point.status,
                "timezone": clock.zone,
            }
            self._add("usage_point", row, feed, line)
            for summary in point.summaries:
                bill = bill_of(summary, point)
                if bill is not None:
                    self._bills.append((feed.path.name, summary.line, bill))
        for landed in retail.rows_of(feed):
            if landed.reason is None:
                self._add(landed.table, landed.row, feed, landed.line)
                continue
            code, sentence = landed.reason
            self._refuse(landed.table, feed.path.name, landed.line, code, sentence, landed.row)

    def _refuse(self, table: str, file: str, line: int, code: str, sentence: str, row: Row) -> None:
        raw = json.dumps({name: text for name, text in row.items() if text is not None}, ensure_ascii=False)
        remedy = REMEDIES.get(code, REMEDY)
        self._refused.append(Refused(file, line, sentence.rstrip("."), code, remedy, raw, TABLES[table]))

    def _add(self, table: str, row: Row, feed: Feed, line: int) -> None:
        key = "\x1f".join(row.get(name) or "" for name in TABLES[table].key if name != "source")
        known = self._rows[table].setdefault(key, {})
        known.update({name: text for name, text in row.items() if text is not None or name not in known})
        self._places.setdefault((table, key), (feed.path.name, line))

    def _settle_bills(self) -> None:
        accounts: dict[str, set[str]] = {}
        for row in self._rows["customer_agreement"].values():
            accounts.setdefault(row["usage_point_id"] or "", set()).add(row["account_id"] or "")
        for file, line, bill in self._bills:
            whose = accounts.get(bill["usage_point_id"] or "", set())
            if len(whose) != 1:
                words = "no account is known" if not whose else "several accounts are known"
                sentence = f"This is a bill, but {words} for its usage point"
                self._refuse("bill", file, line, "bill_without_account", sentence, bill)
                continue
            key = bill["bill_id"] or ""
            self._rows["bill"][key] = bill | {"account_id": next(iter(whose))}
            self._places["bill", key] = (file, line)

    def chunks(self) -> Iterator[Chunk | Refused]:
        """A chunk per table and file."""
        self._settle_bills()
        for name in _IN_ORDER:
            files: dict[str, list[tuple[int, Row]]] = {}
            for key, row in self._rows[name].items():
                file, line = self._places[name, key]
                files.setdefault(file, []).append((line, row))
            for file, placed in files.items():
                yield _chunk(name, file, placed)
        yield from self._refused


def commodity_of(service: str | None, named: list[str]) -> str | None:
    """The usage point's own service, else what its readings measure, where that is one of ours."""
    allowed = TABLES["usage_point"]["commodity"].values or ()
    return next((one for one in (service, *named) if one in allowed), None)


def _chunk(name: str, file: str, placed: list[tuple[int, Row]]) -> Chunk:
    columns = dict.fromkeys(column for _, row in placed for column, text in row.items() if text is not None)
    rows = pa.RecordBatch.from_pydict(
        {column: pa.array([row.get(column) for _, row in placed], pa.string()) for column in columns}
    )
    numbers = pa.array([line for line, _ in placed], pa.int64())

    def lines() -> Rows:
        found: Rows = numbers.to_numpy()
        return found

    return Chunk(TABLES[name], rows, file, placed[0][0], lines)
