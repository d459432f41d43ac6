"""Broken and hostile files: a sentence with file, line and remedy; what stood before the break is kept."""

import time
from pathlib import Path

import espi_files as espi
import pytest
from espi_files import JANUARY

from lamplighter.errors import UnreadableFile
from lamplighter.intake.green_button import inspect, read
from lamplighter.intake.green_button.guard import MAX_DEPTH

BOMB = (
    '<?xml version="1.0"?><!DOCTYPE feed [<!ENTITY a "aaaaaaaaaa">'
    + "".join(f'<!ENTITY {chr(98 + n)} "{f"&{chr(97 + n)};" * 10}">' for n in range(12))
    + ']><feed xmlns="http://www.w3.org/2005/Atom"><entry><title>&m;</title></entry></feed>'
)
EXTERNAL = (
    '<?xml version="1.0"?><!DOCTYPE feed [<!ENTITY x SYSTEM "file:///etc/passwd">]>'
    '<feed xmlns="http://www.w3.org/2005/Atom"><entry><title>&x;</title></entry></feed>'
)
REMOTE = '<?xml version="1.0"?><!DOCTYPE feed SYSTEM "http://127.0.0.1:9/evil.dtd"><feed xmlns="http://www.w3.org/2005/Atom"/>'


@pytest.mark.parametrize("text", [BOMB, EXTERNAL, REMOTE, "<!DOCTYPE html><html><p>Please sign in</html>"])
def test_a_document_type_is_refused_before_anything_is_expanded(tmp_path: Path, text: str) -> None:
    started = time.monotonic()
    with pytest.raises(UnreadableFile, match=r"feed\.xml, line 1: .*DOCTYPE.*do not trust"):
        inspect(espi.write(tmp_path, text))
    assert time.monotonic() - started < 5


def test_a_truncated_file_keeps_what_stood_before_the_break(tmp_path: Path) -> None:
    text = espi.whole(espi.block(espi.day(range(1, 11))))
    cut = text[: text.index("<value>8<")]
    with read(espi.write(tmp_path, cut)) as feed:
        assert [row["raw_value"] for batch in feed.readings() for row in batch.to_pylist()] == [
            1,
            2,
            3,
            4,
            5,
            6,
            7,
        ]
        assert feed.broken is not None
        assert feed.broken.startswith(f"feed.xml, line {len(cut.splitlines())}: the file ends in the middle")
        assert "Ask the utility for the file again" in feed.broken
        assert [one.code for one in feed.findings] == ["truncated"]


def test_every_cut_of_a_file_is_survived(tmp_path: Path) -> None:
    text = espi.whole(espi.block(espi.day(range(5)))).encode()
    for cut in range(0, len(text), 7):
        path = espi.write(tmp_path, text[:cut])
        try:
            found = inspect(path)
        except UnreadableFile as error:
            assert str(error).startswith("feed.xml")
        else:
            assert any(one["code"] == "truncated" for one in found["findings"])  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("broken", "code"),
    [
        ("</IntervalBlock></wrong>", "not_well_formed"),
        ("<a>\x00</a>", "not_well_formed"),
        ("<a>&nosuch;</a>", "not_well_formed"),
        ("<a x=1/>", "not_well_formed"),
        ("<p:a/>", "not_well_formed"),
        ("<a>" * (MAX_DEPTH + 10), "over_limit"),
        ("<!--" + "x" * 3_000_000 + "-->", "over_limit"),
        ("<a>" + "x" * 3_000_000 + "</a>", "over_limit"),
        (f'<a x="{"y" * 3_000_000}"/>', "over_limit"),
    ],
)
def test_a_break_in_the_middle_keeps_the_readings_before_it(tmp_path: Path, broken: str, code: str) -> None:
    text = espi.whole(espi.block(espi.day([1, 2]) + broken + espi.day([3], JANUARY + 9000)))
    with read(espi.write(tmp_path, text)) as feed:
        assert [row["raw_value"] for batch in feed.readings() for row in batch.to_pylist()] == [1, 2]
        assert [one.code for one in feed.findings if one.severity == "error"] == [code]
        assert feed.broken is not None
        assert "feed.xml, line" in feed.broken


def test_latin_1_without_declaration_breaks_at_its_line(tmp_path: Path) -> None:
    text = espi.whole(espi.block(espi.day([1]))).replace("<title/>", "<title>Straße</title>", 1)
    with pytest.raises(UnreadableFile, match="line 4"):
        inspect(espi.write(tmp_path, text.encode("latin-1")))
    declared = text.replace("UTF-8", "ISO-8859-1").encode("latin-1")
    assert inspect(espi.write(tmp_path, declared))["findings"] == []


@pytest.mark.parametrize("encoding", ["utf-16", "utf-8-sig"])
def test_other_encodings_and_line_ends_are_read(tmp_path: Path, encoding: str) -> None:
    text = espi.whole(espi.block(espi.day([1, 2]))).replace("\n", "\r\n")
    text = text.replace("UTF-8", "UTF-16") if encoding == "utf-16" else text
    assert inspect(espi.write(tmp_path, text.encode(encoding)))["findings"] == []


def test_an_unknown_encoding_is_a_sentence(tmp_path: Path) -> None:
    text = espi.whole().replace("UTF-8", "EBCDIC-KLINGON")
    with pytest.raises(UnreadableFile, match=r"line 1: .*encoding"):
        inspect(espi.write(tmp_path, text))


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "is empty"),
        (b"   \n ", "is empty"),
        (b"PK\x03\x04rest", "packed file"),
        (b"\x1f\x8brest", "packed file"),
        (b"meter,value\n1,2\n", "neither Green Button XML"),
        (b"<html><body/></html>", "no Green Button feed"),
        (b"\x00\x01\x02", "neither Green Button XML"),
    ],
)
def test_other_files_are_refused_with_what_to_do(tmp_path: Path, content: bytes, words: str) -> None:
    with pytest.raises(UnreadableFile, match=words):
        inspect(espi.write(tmp_path, content))


def test_a_missing_file_and_a_folder_are_refused(tmp_path: Path) -> None:
    for path in (tmp_path / "none.xml", tmp_path):
        with pytest.raises(UnreadableFile, match="cannot be opened"):
            inspect(path)


def test_a_notification_is_no_data(tmp_path: Path) -> None:
    text = '<BatchList xmlns="http://naesb.org/espi"><resources>https://u.example/x</resources></BatchList>'
    found = inspect(espi.write(tmp_path, text))
    assert [one["code"] for one in found["findings"]] == ["notification"]  # type: ignore[attr-defined]
