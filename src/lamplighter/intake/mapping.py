"""``mapping.yaml``: how a utility's own extract differs from the plain one.

    files:
      customers:
        file: KUNDEN.csv            # default: customers.csv, customers.csv.gz or customers.parquet
        delimiter: ';'              # default: ,
        encoding: latin-1           # default: utf-8
        date: '%d.%m.%Y'            # default: ISO
        time: '%d.%m.%Y %H:%M'      # default: RFC 3339 with offset
        timezone: Europe/Berlin     # for times without offset; then also
        ambiguous: first            # first | second: which of the two hours of the autumn night
        decimal: ','                # default: .
        columns: {customer_id: KDNR}             # our name: their header
        codes: {kind: {P: residential}}          # their value: our value
        set: {language: de}                      # for columns the file lacks

Left of ``columns``, ``codes`` and ``set`` stand the names of the plain extract (or the declared ones).
"""

import codecs
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from lamplighter.intake.declared_file import DeclaredFile, Field, read_declared
from lamplighter.intake.extract import FILES, ExtractFile
from lamplighter.intake.wording import listed, nearest
from lamplighter.warehouse.tables import TABLES

KEYS = (
    "file",
    "delimiter",
    "encoding",
    "date",
    "time",
    "timezone",
    "ambiguous",
    "decimal",
    "columns",
    "codes",
    "set",
)


@dataclass(frozen=True)
class FileMapping:
    """One file's entry. ``columns`` is their header → declared name; ``codes`` and ``defaults`` by declared name."""

    file: str | None = None
    delimiter: str = ","
    encoding: str = "utf-8"
    date: str | None = None
    time: str | None = None
    timezone: str | None = None
    ambiguous: str | None = None
    decimal: str = "."
    columns: dict[str, str] = field(default_factory=dict)
    codes: dict[str, dict[str, str]] = field(default_factory=dict)
    defaults: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Mapping:
    """All entries, by the plain extract's file name without ending. ``path`` is where it was read from."""

    files: dict[str, FileMapping] = field(default_factory=dict)
    path: Path | None = None

    def of(self, file: str) -> FileMapping:
        return self.files.get(file, FileMapping())


def read_mapping(path: Path) -> Mapping:
    """Read and check it; InvalidInput names line, field and the nearest known name."""
    declared = read_declared(path)
    top = declared.only((), declared.data, ("files",))
    entries = declared.only(("files",), top.get("files") or {}, FILES)
    return Mapping({name: _file(declared, name, entry) for name, entry in entries.items()}, path)


def _file(declared: DeclaredFile, name: str, entry: object) -> FileMapping:
    where: Field = ("files", name)
    given = declared.only(where, entry, KEYS)
    words = {key: declared.text((*where, key), given[key]) for key in KEYS[:8] if key in given}
    if "delimiter" in words:
        words["delimiter"] = words["delimiter"].replace("\\t", "\t")
        if len(words["delimiter"]) != 1:
            declared.fail((*where, "delimiter"), "a delimiter is one character, such as ';' or '\\t'.")
    if "encoding" in words:
        check_encoding(declared, (*where, "encoding"), words["encoding"])
    if "timezone" in words:
        check_timezone(declared, (*where, "timezone"), words["timezone"])
    for key in ("date", "time"):
        if key in words:
            check_format(declared, (*where, key), words[key])
    if {"..", "/"} & set(Path(words.get("file", "")).parts):
        declared.fail((*where, "file"), "a file inside the folder is expected here.")
    if words.get("ambiguous") not in (None, "first", "second"):
        declared.fail(
            (*where, "ambiguous"),
            "write first or second: which of the two hours of the autumn night is meant.",
        )
    if words.get("decimal", ".") not in (".", ","):
        declared.fail((*where, "decimal"), "the decimal sign is '.' or ','.")
    extract = FILES[name]
    columns = declared.texts((*where, "columns"), given.get("columns") or {})
    codes = given.get("codes") or {}
    if not isinstance(codes, dict):
        declared.fail((*where, "codes"), "pairs “column: {their value: our value}” are expected here.")
    return FileMapping(
        **words,
        columns={
            theirs: _column(declared, (*where, "columns", ours), extract, ours)
            for ours, theirs in columns.items()
        },
        codes={
            _column(declared, (*where, "codes", ours), extract, ours): _codes(
                declared, (*where, "codes", ours), extract, ours, pairs
            )
            for ours, pairs in codes.items()
        },
        defaults={
            _column(declared, (*where, "set", ours), extract, ours): value
            for ours, value in declared.texts((*where, "set"), given.get("set") or {}).items()
        },
    )


def _column(declared: DeclaredFile, where: Field, extract: ExtractFile, ours: str) -> str:
    known = extract.columns
    if ours in known:
        return known[ours]
    if ours in known.values():
        return ours
    return declared.fail(
        where, f"the extract has no column “{ours}”.{nearest(ours, known)} Columns: {listed(known, 40)}."
    )


def _codes(
    declared: DeclaredFile, where: Field, extract: ExtractFile, ours: str, pairs: object
) -> dict[str, str]:
    codes = declared.texts(where, pairs)
    name = _column(declared, where, extract, ours)
    allowed = next((TABLES[t][name].values for t in extract.tables if name in TABLES[t]), None)
    for theirs, value in codes.items():
        if allowed and value not in allowed and value not in ("estimated", "actual"):
            declared.fail(
                (*where, theirs),
                f"“{value}” is no value of {ours}.{nearest(value, allowed)} Values: {listed(allowed)}.",
            )
    return codes


def check_timezone(declared: DeclaredFile, where: Field, name: str) -> None:
    """InvalidInput where the name is no IANA zone."""
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        declared.fail(
            where, f"there is no time zone “{name}”. Names look like America/Los_Angeles or Europe/Madrid."
        )


def check_format(declared: DeclaredFile, where: Field, form: str) -> None:
    """InvalidInput where a day written in this format cannot be read back from it."""
    noon = datetime(2026, 11, 22, 12, 30, tzinfo=UTC)
    try:
        is_day = datetime.strptime(noon.strftime(form), form).date() == noon.date()
    except ValueError:
        is_day = False
    if not is_day or "%Z" in form:
        declared.fail(
            where,
            f"“{form}” does not describe a day or time. Formats look like '%d.%m.%Y' or '%Y-%m-%d %H:%M'.",
        )


def check_encoding(declared: DeclaredFile, where: Field, name: str) -> None:
    """InvalidInput where Python knows no such encoding."""
    try:
        if not getattr(codecs.lookup(name), "_is_text_encoding", True):  # base64, rot13 …
            raise LookupError
    except LookupError:
        declared.fail(where, f"there is no encoding “{name}”. Common ones: utf-8, latin-1, cp1252, utf-16.")
