"""Files as they come on a bad day: each is refused with a sentence, or lands with its bad rows set aside."""

import gzip
import os
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psycopg
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from installed import lamplighter
from pydantic import SecretStr
from tests.conftest import SHARED_DATA, TEMPLATE
from tests.intake.extracts import FILES, write

from lamplighter.context import Context
from lamplighter.errors import InvalidInput, UnreadableFile
from lamplighter.intake.land import Landing, land, rejects, replay
from lamplighter.settings import Settings
from lamplighter.store import organization as organizations
from lamplighter.store.embedded import EmbeddedServer
from lamplighter.store.store import Store
from lamplighter.warehouse.expressions import current
from lamplighter.warehouse.tables import TABLES
from lamplighter.warehouse.warehouse import Warehouse

HEADER = "meter_id,start,seconds,value,unit,flow,quality\n"
GOOD = "".join(f"M1,2026-07-01T{hour:02}:00:00-07:00,3600,1.25,kWh,delivered,valid\n" for hour in range(3))
LATE = GOOD.replace("07-01T", "07-02T")
GREEN_BUTTON = SHARED_DATA / "greenbutton" / "doe_sample_cew821.xml"
LAYOUT = (
    "shape: long\nmeter: meter_id\nstart: start\nformat: '%d.%m.%Y %H:%M'\ntimezone: America/Los_Angeles\n"
    "seconds: 3600\nvalue: value\nunit: kWh\n"
)


@pytest.fixture(scope="module")
def utility(
    server: EmbeddedServer, store_url: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Context]:
    """One utility for all tests of this file, with its customers, homes and meters landed."""
    folder = tmp_path_factory.mktemp("utility")
    with psycopg.connect(server.url(), autocommit=True) as connection:
        connection.execute(f"create database bad_input template {TEMPLATE}")
    settings = Settings(data=folder / "data", store_url=SecretStr(server.url("bad_input")))
    warehouse = Warehouse.open(settings)
    with Store.open(settings) as store:
        with store.system_session() as session:
            organization_id = organizations.create(session, "lumen", "Lumen", timezone="America/Los_Angeles")
        context = Context(
            organization_id, store, warehouse, clock=lambda: datetime(2026, 11, 22, 12, tzinfo=UTC)
        )
        land(context, "cis_csv", write(folder / "extract"))
        yield context
    warehouse.close()
    with psycopg.connect(server.url(), autocommit=True) as connection:
        connection.execute("drop database bad_input with (force)")


@pytest.fixture
def landed(
    utility: Context, tmp_path: Path, request: pytest.FixtureRequest
) -> Callable[..., tuple[Landing, list[str]]]:
    """Land one file; what came of it, and the sentences about what was set aside of it."""

    def landed(source: str, name: str, content: str | bytes, **options: Any) -> tuple[Landing, list[str]]:
        path = tmp_path / name
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        landing = land(utility, source, path, **options)
        rows = [row for row in rejects(utility, landing.source) if row["batch"] == landing.batch]
        assert len(rows) == landing.rejected
        return landing, [f"{row['file']}:{row['line']} {row['reason']} {row['message']}" for row in rows]

    return landed


BAD_ROWS: dict[str, tuple[str | bytes, list[tuple[str, str]]]] = {
    "days that no calendar has": (
        "M1,2026-13-41T00:00:00Z,3600,1,kWh,delivered,valid\nM1,yesterday,3600,1,kWh,delivered,valid\n"
        "M1,,3600,1,kWh,delivered,valid\n",
        [(":5 bad_time", "offset"), (":6 bad_time", "yesterday"), (":7 missing_value", "started_at is empty")],
    ),
    "years that no meter has seen": (
        "M1,0026-07-01T00:00:00Z,3600,1,kWh,delivered,valid\nM1,9999-12-31T00:00:00Z,3600,1,kWh,delivered,valid\n",
        [(":5 bad_time", "between 1970 and 2100"), (":6 bad_time", "correct the year")],
    ),
    "a meter nobody knows": (
        "M7,2026-07-01T10:00:00Z,3600,1,kWh,delivered,valid\n",
        [(":5 unknown_meter", "Land it first, then replay")],
    ),
    "a NUL byte": (
        "M1,2026-07-01T10:00:00Z,3600,1\x00,kWh,delivered,valid\n",
        [(":5 nul_byte", "Export the file again as plain text")],
    ),
    "Latin-1 text": (
        "M1,2026-07-01T10:00:00Z,3600,1,kWh,gelöscht,valid\n".encode("latin-1"),
        [(":5 not_utf8", "encoding: latin-1")],
    ),
    "ragged rows": (
        "M1,2026-07-01T10:00:00Z,3600\nM1,2026-07-01T10:00:00Z,3600,1,kWh,delivered,valid,more\n",
        [(":5 malformed_row", "has 3 fields, the header 7"), (":6 malformed_row", "has 8 fields")],
    ),
    "a quote that is never closed": (
        'M1,2026-07-01T10:00:00Z,3600,1,"kWh,delivered,valid\n',
        [(":5 malformed_row", "a quote is opened and not closed")],
    ),
    "a line of nine million characters": (
        "M" * 9_000_000 + "\n",
        [(":5 malformed_row", "double quotes")],
    ),
    "a cell of two million characters": (
        "M1,2026-07-01T10:00:00Z,3600,1,kWh,delivered," + "v" * 2_000_000 + "\n",
        [(":5 unknown_code", "vvv…")],
    ),
    "numbers that are none": (
        "M1,2026-07-01T10:00:00Z,3600,NaN,kWh,delivered,valid\nM1,2026-07-01T10:00:00Z,-5,1,kWh,delivered,valid\n"
        "M1,2026-07-01T10:00:00Z,3600,1e400,kWh,delivered,valid\nM1,2026-07-01T10:00:00Z,3600,1,kFoo,delivered,valid\n",
        [(":5 bad_number", "nan"), (":6 bad_number", "from one second"), (":7 bad_number", "decimal"),
         (":8 unknown_unit", "Units known")],
    ),
}  # fmt: skip


@pytest.mark.parametrize("what", BAD_ROWS)
def test_a_file_with_bad_rows_lands_its_good_rows(what: str, landed: Any, utility: Context) -> None:
    bad, expected = BAD_ROWS[what]
    middle = bad if isinstance(bad, bytes) else bad.encode()
    name = f"{what.replace(' ', '_')}.csv"
    landing, said = landed("ami", name, HEADER.encode() + GOOD.encode() + middle + LATE.encode())
    assert landing.landed + landing.unchanged == 6
    assert len(said) == len(expected)
    for (place, words), sentence in zip(expected, sorted(said), strict=True):
        assert sentence.startswith(name + place)
        assert words in sentence
        assert len(sentence) < 1000


NO_SUCH_FILES: dict[str, tuple[str, str, str | bytes, str]] = {
    "a header with other names": ("ami", "r.csv", "meter,start,seconds,value,unit\n", "Did you mean “meter”?"),
    "a header without unit": ("ami", "r.csv", "meter_id,start,seconds,value\n", "never guessed"),
    "a header that names a column twice": ("ami", "r.csv", "meter_id,start,start,seconds,value,unit\n", "“start” twice"),
    "a header with a NUL byte": ("ami", "r.csv", HEADER.replace("value", "va\x00ue"), "NUL byte"),
    "an empty file": ("ami", "r.csv", "", "the file is empty"),
    "an Excel workbook": ("ami", "r.csv", b"PK\x03\x04" + b"\x00\xff" * 500, "Excel workbook"),
    "a PDF": ("ami", "r.csv", b"%PDF-1.7\n\xff\xfe\x00", "this is a PDF"),
    "Parquet under the name of CSV": ("ami", "r.csv", b"PAR1" + b"\x15\x00" * 40 + b"PAR1", "this is a Parquet file"),
    "CSV under the name of Parquet": ("ami", "r.parquet", HEADER, "not a whole Parquet file"),
    "text in UTF-16": ("ami", "r.csv", HEADER.encode("utf-16"), "UTF-16"),
    "a gzip that is no more than its beginning": ("ami", "r.csv.gz", gzip.compress(HEADER.encode())[:10], "breaks off"),
    "a customer file of another system": ("cis_csv", "customers.csv", "Nummer;Name\n1;Ana\n", "lacks the column “customer_id”"),
    "a web page instead of Green Button": ("green_button", "g.xml", "<!DOCTYPE html><html></html>", "do not trust this file"),
    "other XML": ("green_button", "g.xml", "<a><b/></a>", "no Green Button feed"),
    "an empty Green Button file": ("green_button", "g.xml", " \n", "the file is empty"),
    "an XML bomb": ("green_button", "g.xml", "<?xml version='1.0'?><!DOCTYPE l [<!ENTITY a 'aaaaaaaaaa'>" + "".join(
        f"<!ENTITY b{n} '{(f'&b{n - 1};' if n else '&a;') * 10}'>" for n in range(12)) + "]><feed>&b11;</feed>", "line 1"),
    "an external entity": ("green_button", "g.xml", "<?xml version='1.0'?>\n<!DOCTYPE l [<!ENTITY a SYSTEM "
                           "'file:///etc/passwd'>]><feed>&a;</feed>", "line 2: the file declares a document type"),
    "elements without end": ("green_button", "g.xml", "<feed>" + "<a>" * 100_000, "nested more than 64 deep"),
}  # fmt: skip


@pytest.mark.parametrize("what", NO_SUCH_FILES)
def test_a_file_that_is_not_what_it_claims_is_refused_with_a_sentence(what: str, landed: Any) -> None:
    source, name, content, words = NO_SUCH_FILES[what]
    with pytest.raises(UnreadableFile) as refusal:
        landed(source, name, content)
    assert words in str(refusal.value)
    assert str(refusal.value).startswith(name)
    assert str(refusal.value).count(name) == 1
    assert "root:" not in str(refusal.value)


def test_a_truncated_gzip_gives_the_rows_before_the_break(landed: Any) -> None:
    rows = "".join(
        f"M1,2026-08-{1 + n // 24:02}T{n % 24:02}:00:00Z,3600,{n}.{n * 7919 % 1000},kWh,,\n"
        for n in range(700)
    )
    packed = gzip.compress((HEADER + rows).encode())
    landing, said = landed("ami", "reads.csv.gz", packed[: len(packed) // 2])
    assert 100 < landing.landed < 700
    assert said[0].startswith(f"reads.csv.gz:{landing.landed + 2} truncated")
    assert any("breaks off here" in note for note in landing.notes)
    whole, said = landed("ami", "reads.csv.gz", packed)
    assert (whole.landed + landing.landed, said) == (700, [])


@pytest.mark.shared_data
@pytest.mark.parametrize("damage", ["cut off", "a NUL byte", "Latin-1 text"])
def test_a_damaged_green_button_file_gives_the_reads_before_the_damage(damage: str, landed: Any) -> None:
    content = GREEN_BUTTON.read_bytes()
    middle = content[: len(content) * 2 // 3]
    broken = {"cut off": b"", "a NUL byte": b"\x00", "Latin-1 text": b"\xe9"}[damage]
    rest = b"" if damage == "cut off" else content[len(middle) :]
    landing, said = landed("green_button", "use.xml", middle + broken + rest)
    assert landing.landed + landing.unchanged > 100
    line = middle.count(b"\n") + 1
    assert any(note.startswith(f"use.xml, line {line}:") for note in landing.notes)
    assert any(sentence.startswith(f"use.xml:{line} ") for sentence in said)


def parquet(path: Path, **columns: Any) -> Path:
    """Two reads; ``columns`` replaces some."""
    starts = [datetime(2026, 7, 3, hour, tzinfo=UTC) for hour in (1, 2)]
    reads = {
        "meter_id": ["M1", "M1"],
        "start": starts,
        "seconds": [3600, 3600],
        "value": [1.0, 2.0],
        "unit": ["kWh"] * 2,
    }
    pq.write_table(pa.table(reads | columns), path)
    return path


@pytest.mark.parametrize(
    ("columns", "reason", "words"),
    [
        ({"start": [1, 2]}, "bad_time", "“1” cannot be used"),
        ({"start": pa.array([1, 2], pa.timestamp("us"))}, "bad_time", "offset"),
        ({"meter_id": [["M1"], ["M1"]]}, "wrong_type", "list<element: string>"),
        ({"meter_id": [1, 2]}, "unknown_meter", "“1”"),
        ({"value": [True, False]}, "bad_number", "“true”"),
        ({"value": [{"kWh": 1}, {"kWh": 2}]}, "wrong_type", "struct"),
        ({"seconds": pa.array([3600, 3600], pa.duration("s"))}, "wrong_type", "export it as plain int64"),
        ({"unit": [b"\xff", b"\xfe"]}, "not_utf8", "Export the column as text"),
    ],
)
def test_a_parquet_column_of_a_wrong_type_is_named_with_the_type_expected(
    columns: dict[str, Any], reason: str, words: str, utility: Context, tmp_path: Path
) -> None:
    landing = land(utility, "ami", parquet(tmp_path / "typed.parquet", **columns))
    assert (landing.landed, landing.unchanged, landing.reasons) == (0, 0, {reason: 2})
    said = [row["message"] for row in rejects(utility, "ami") if row["batch"] == landing.batch]
    assert words in said[0]


def test_parquet_bytes_that_are_text_are_read_as_text(utility: Context, tmp_path: Path) -> None:
    path = parquet(tmp_path / "bytes.parquet", meter_id=[b"M1", b"\xff\xfe"], picture=[b"\xff", b"\x89PNG"])
    landing = land(utility, "ami", path)
    assert (landing.landed + landing.unchanged, landing.reasons) == (1, {"not_utf8": 1})


def test_a_parquet_file_damaged_in_the_middle_gives_its_other_row_groups(
    utility: Context, tmp_path: Path
) -> None:
    start = pa.array(
        [1_767_225_600_000_000 + n * 3_600_000_000 for n in range(5000)], pa.timestamp("us", "UTC")
    )
    path = tmp_path / "damaged.parquet"
    reads = pa.table({
        "meter_id": ["M1"] * 5000, "start": start, "seconds": [3600] * 5000,
        "value": [float(n * 7919 % 1001) for n in range(5000)], "unit": ["kWh"] * 5000,
    })  # fmt: skip
    pq.write_table(reads, path, row_group_size=1000)
    content = bytearray(path.read_bytes())
    middle = len(content) // 2
    content[middle : middle + 200] = bytes(byte ^ 0xFF for byte in content[middle : middle + 200])
    path.write_bytes(content)
    landing = land(utility, "ami", path)
    assert landing.landed + landing.unchanged == 4000
    (said,) = [row for row in rejects(utility, "ami") if row["batch"] == landing.batch]
    assert (said["reason"], said["line"]) == ("truncated", 2001)
    assert "to row 3,000" in said["message"]


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ("shape: {long", 1, "indentation and quotes"),
        (LAYOUT + "shpae: long\n", 9, "Did you mean “shape”?"),
        (LAYOUT + "unit: Wh\n", 9, "“unit” stands here twice"),
        (LAYOUT.replace("%d.%m.%Y %H:%M", "%Q%Z%%%"), 4, "does not describe a day"),
        (LAYOUT.replace("America/Los_Angeles", "Mars/Phobos"), 5, "no time zone “Mars/Phobos”"),
        (LAYOUT.replace("kWh", "kFoo"), 8, "no unit known here"),
        (LAYOUT + "encoding: base64\n", 9, "no encoding “base64”"),
        ("a: &a [*a]\n", 1, "without aliases"),
        ("a: &a [x, x]\nb: &b [*a, *a]\n" + "".join(
            f"c{n}: &c{n} [*{f'c{n - 1}' if n else 'b'}, *{f'c{n - 1}' if n else 'b'}]\n" for n in range(40)), 1, "too many"),
        ("- a\n- b\n", 1, "holds no fields"),
    ],
)  # fmt: skip
def test_a_mistake_in_layout_yaml_is_told_with_its_line(
    text: str, line: int, words: str, landed: Any, tmp_path: Path
) -> None:
    layout = tmp_path / "layout.yaml"
    layout.write_text(text)
    with pytest.raises(InvalidInput) as refusal:
        landed("ami", "reads.csv", HEADER + GOOD, layout=layout)
    assert str(refusal.value).startswith(f"layout.yaml, line {line}")
    assert words in str(refusal.value)


@pytest.mark.parametrize(
    ("entry", "line", "words"),
    [
        ("delimeter: ';'", 3, "Did you mean “delimiter”?"),
        ("columns: {customerid: KDNR}", 3, "Did you mean “customer_id”?"),
        ("codes: {kind: {P: alien}}", 3, "“alien” is no value of kind"),
        ("date: '%Q'", 3, "does not describe a day"),
        ("file: ../../../etc/passwd", 3, "inside the folder"),
        ("file: /etc/passwd", 3, "inside the folder"),
    ],
)
def test_a_mistake_in_mapping_yaml_is_told_with_its_line(
    entry: str, line: int, words: str, utility: Context, tmp_path: Path
) -> None:
    folder = write(tmp_path / "extract")
    (folder / "mapping.yaml").write_text(f"files:\n  customers:\n    {entry}\n")
    with pytest.raises(InvalidInput) as refusal:
        land(utility, "cis_csv", folder)
    assert str(refusal.value).startswith(f"mapping.yaml, line {line}")
    assert words in str(refusal.value)


def test_a_layout_that_is_a_folder_is_refused(landed: Any, tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match=r"cannot be opened \(Is a directory\)"):
        landed("ami", "reads.csv", HEADER + GOOD, layout=tmp_path)


@pytest.mark.parametrize(
    ("source", "words"),
    [("cis_csv", "no file of the extract"), ("ami", "no file of reads"), ("green_button", "no Green")],
)
def test_a_folder_without_known_files_is_refused(
    source: str, words: str, utility: Context, tmp_path: Path
) -> None:
    (tmp_path / "holiday.jpg").write_bytes(b"\xff\xd8\xff")
    with pytest.raises(UnreadableFile, match=words):
        land(utility, source, tmp_path)


@pytest.mark.parametrize("source", ["ami", "cis_csv"])
def test_a_folder_and_a_broken_disk_in_place_of_a_file_are_told_and_the_others_land(
    source: str, utility: Context, tmp_path: Path
) -> None:
    good, folder, broken = {
        "ami": ("a.csv", "b.csv", "c.csv"),
        "cis_csv": ("accounts.csv", "premises.csv", "customers.csv"),
    }[source]
    (tmp_path / good).write_text(HEADER + GOOD if source == "ami" else FILES[good])
    (tmp_path / folder).mkdir()
    (tmp_path / broken).symlink_to("/proc/self/mem")  # reading it is an I/O error, for root as well
    landing = land(utility, source, tmp_path)
    assert landing.landed + landing.unchanged > 0
    assert landing.reasons == {"unreadable_file": 2}
    assert any(note.startswith(f"{folder}: this is a folder") for note in landing.notes)
    assert any(note.startswith(f"{broken}: the file cannot be opened") for note in landing.notes)


def test_a_file_without_the_right_to_read_it_is_told(landed: Any, tmp_path: Path) -> None:
    from lamplighter.intake.csv_file import Text, read_header

    path = tmp_path / "private.csv"
    path.write_text(HEADER + GOOD)
    path.chmod(0)
    tmp_path.chmod(0o755)
    if os.geteuid() == 0:
        # Root may read everything; the file system of the kernel has files that even root may not open so.
        path = Path("/proc/sys/vm/drop_caches")
    refused = read_header(path, Text())
    assert "cannot be opened" in refused.sentence  # type: ignore[union-attr]
    assert "Permission denied" in refused.sentence  # type: ignore[union-attr]


def test_the_same_key_twice_in_a_file_says_which_row_landed(utility: Context, tmp_path: Path) -> None:
    twice = FILES["customers.csv"] + "C2,residential,Benno,Okafor,,,\n"
    landing = land(utility, "cis_csv", write(tmp_path / "extract", customers=twice))
    (said,) = [row for row in rejects(utility, "cis_csv") if row["batch"] == landing.batch]
    assert said["line"] == 3
    assert said["message"].startswith("customer_id “C2” cannot be used. Another row further down")


def test_nothing_is_lost_what_was_set_aside_lands_once_its_cause_is_mended(
    context: Context, tmp_path: Path
) -> None:
    extract = write(tmp_path / "extract")
    land(context, "cis_csv", extract)
    path = tmp_path / "reads.csv"
    waiting = GOOD.replace("M1", "M9")
    path.write_text(HEADER + GOOD + waiting + "M1,never,3600,1,kWh,delivered,valid\n")
    landing = land(context, "ami", path)
    assert (landing.landed, landing.rejected) == (3, 4)
    assert {row["raw"]["meter_id"] for row in rejects(context, "ami")} == {"M9", "M1"}

    land(context, "cis_csv", write(extract, meters=FILES["meters.csv"] + "M9,S-9,SP1,2020-01-01,,ami,kWh,\n"))
    again = replay(context, "ami")
    assert (again.landed, again.rejected) == (3, 1)
    (left,) = rejects(context, "ami")
    assert (left["reason"], left["line"]) == ("bad_time", 8)

    path.write_text(HEADER + GOOD + waiting + "M1,2026-07-09T00:00:00Z,3600,1,kWh,delivered,valid\n")
    mended = land(context, "ami", path)
    assert (mended.landed, mended.unchanged, mended.rejected) == (1, 6, 0)
    assert rejects(context, "ami") == []
    rows = context.warehouse.read(current(TABLES["meter_reading"]), context.organization_id)
    assert rows.num_rows == 7


def test_a_source_needs_a_name_one_can_read(utility: Context, tmp_path: Path) -> None:
    for name in ("", "x\x00y", "n" * 101):
        with pytest.raises(InvalidInput, match="name of a source"):
            land(utility, "cis_csv", write(tmp_path / "extract"), name=name)


def test_a_failure_in_the_worker_reaches_whoever_waits_for_it(utility: Context) -> None:
    from lamplighter import verbs
    from lamplighter.store import progress

    with utility.session() as session:
        row = progress.start(session, "land", now=utility.now)
    with pytest.raises(TypeError):
        verbs.perform(replace(utility), verb="land", arguments={}, progress_id=str(row), actor="system:test")
    with utility.session() as session:
        found = progress.get(session, row)
    assert found.state == "failed"
    assert found.message.startswith("“land” broke off (TypeError: ")


def test_the_command_line_says_it_in_one_sentence_and_status_1(tmp_path: Path) -> None:
    data = tmp_path / "data"
    (tmp_path / "reads.csv").write_text(HEADER.replace("start", "begin") + GOOD)
    said = lamplighter("land", "ami", tmp_path / "reads.csv", data=data, status=1)
    assert said.strip() == (
        "reads.csv, line 1: the header lacks the column “start”. The header has: meter_id, begin, seconds, value, unit, "
        "flow, quality. Other layouts are declared: --layout layout.yaml."
    )
    (tmp_path / "file").write_text("")
    refused = lamplighter("land", "ami", tmp_path / "reads.csv", "--json", data=tmp_path / "file", status=1)
    assert "Not a directory" in refused["error"]["detail"]
