"""Text files of every kind are read: good rows come through, others are refused by line."""

import csv
import gzip
import io
from pathlib import Path

import extracts
import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from lamplighter.intake import csv_file
from lamplighter.intake.csv_file import Text, read_blocks, read_header
from lamplighter.intake.source import Refused

PLAIN = Text()


def read(path: Path, text: Text = PLAIN) -> tuple[list[tuple[int, ...]], list[Refused]]:
    """Rows with their line in front, and what was refused."""
    header = read_header(path, text)
    if isinstance(header, Refused):
        return [], [header]
    rows, refused = [], []
    for piece in read_blocks(path, text, header):
        if isinstance(piece, Refused):
            refused.append(piece)
            continue
        count = piece.rows.num_rows
        lines = range(piece.first_line, piece.first_line + count) if piece.lines is None else piece.lines()
        cells = [tuple(row.values()) for row in piece.rows.to_pylist()]
        rows += [(int(line), *row) for line, row in zip(lines, cells, strict=True)]
    return sorted(rows), refused


@pytest.mark.parametrize("content", [
    b"a,b\n1,2\n3,4\n", b"a,b\r\n1,2\r\n3,4\r\n", b"a,b\r1,2\r3,4\r", b"\xef\xbb\xbfa,b\n1,2\n3,4", b"a, b\n1,2\n3,4",
    gzip.compress(b"a,b\n1,2\n3,4\n"), gzip.compress(b"a,b\n1,2\n") + gzip.compress(b"3,4\n"),
])  # fmt: skip
def test_line_ends_marks_and_packing_make_no_difference(tmp_path: Path, content: bytes) -> None:
    assert read(extracts.alone(tmp_path, "x.csv", content)) == ([(2, "1", "2"), (3, "3", "4")], [])


@pytest.mark.parametrize(("encoding", "content"), [
    ("latin-1", "a,b\nä,2\n".encode("latin-1")),
    ("utf-16", "a,b\nä,2\n".encode("utf-16")),
    ("cp1252", "a,b\nä,2\n".encode("cp1252")),
])  # fmt: skip
def test_other_encodings_are_read_where_declared(tmp_path: Path, encoding: str, content: bytes) -> None:
    assert read(extracts.alone(tmp_path, "x.csv", content), Text(encoding=encoding)) == ([(2, "ä", "2")], [])


@pytest.mark.parametrize(("content", "line", "words"), [
    (b"", 1, "the file is empty"),
    (b"\n\n", 1, "the file is empty"),
    (b"a,a\n1,2\n", 1, "names “a” twice"),
    (b"a,b\x00\n1,2\n", 1, "NUL byte"),
    ("ä,b\n1,2\n".encode("latin-1"), 1, "encoding: latin-1"),
    ("a,b\n1,2\n".encode("utf-16"), 1, "encoding: utf-16"),
    (b"a,b\n1,2\n3\n4,5\n", 3, "the row has 1 fields, the header 2"),
    (b"a,b\n1,2\n3,4,5\n6,7\n", 3, "the row has 3 fields, the header 2"),
    (b'a,b\n1,2\n3,"4\n5,6\n', 3, "a quote is opened and not closed"),
    ("a,b\n1,2\n3,é\n5,6\n".encode("latin-1"), 3, "encoding: latin-1"),
    (b"a,b\n1,2\n3,\x00\n5,6\n", 3, "NUL byte"),
])  # fmt: skip
def test_what_cannot_be_read_is_said_with_its_line(
    tmp_path: Path, content: bytes, line: int, words: str
) -> None:
    rows, refused = read(extracts.alone(tmp_path, "x.csv", content))
    assert [item.line for item in refused] == [line]
    assert words in refused[0].sentence and "x.csv, line" in refused[0].sentence
    if line == 3:
        assert len(rows) == 2


def test_lines_are_right_after_blank_lines_and_line_breaks_in_quotes(tmp_path: Path) -> None:
    content = b'a,b\n1,"x\ny"\n\n2,z\n3\n4,"w"\n'
    rows, refused = read(extracts.alone(tmp_path, "x.csv", content))
    assert rows == [(2, "1", "x\ny"), (5, "2", "z"), (7, "4", "w")]
    assert [item.line for item in refused] == [6]


def test_a_packed_file_that_breaks_off_gives_the_rows_before(tmp_path: Path) -> None:
    whole = gzip.compress(b"a,b\n" + b"".join(b"%d,%d\n" % (n, n * 7919 % 1009) for n in range(50_000)))
    rows, refused = read(extracts.alone(tmp_path, "x.csv.gz", whole[: len(whole) // 2]))
    assert 1000 < len(rows) < 50_000 and rows[-1][1] == str(len(rows) - 1)
    assert [(item.reason, item.line) for item in refused] == [("truncated", len(rows) + 2)]


cells = st.text(
    st.characters(codec="utf-8", exclude_characters="\x00\r", exclude_categories=["Cs"]), max_size=8
)


@given(st.lists(st.tuples(cells, cells, cells), max_size=30), st.integers(40, 400))
@hypothesis_settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_whatever_a_csv_writer_writes_is_read_back(
    tmp_path: Path, rows: list[tuple[str, str, str]], size: int
) -> None:
    written = io.StringIO()
    csv.writer(written, lineterminator="\n", quoting=csv.QUOTE_ALL).writerows([("a", "b", "c"), *rows])
    path = extracts.alone(tmp_path, "x.csv", written.getvalue())
    before, csv_file.BLOCK = csv_file.BLOCK, size
    try:
        found, refused = read(path)
    finally:
        csv_file.BLOCK = before
    assert refused == []
    assert [row[1:] for row in found] == [tuple(cell or None for cell in row) for row in rows]


@given(st.binary(max_size=300))
@hypothesis_settings(
    max_examples=400, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_no_bytes_make_the_reader_crash_and_no_row_is_lost(tmp_path: Path, content: bytes) -> None:
    path = extracts.alone(tmp_path, "x.csv", b"a,b\n" + content)
    rows, refused = read(path)
    text = content.replace(b"\r", b"\n") if b"\n" not in content else content
    lines = [line for line in text.split(b"\n") if line.strip(b"\r")]
    if b'"' not in content and b"\r" not in content:
        assert len(rows) + len(refused) == len(lines)


@given(st.text(st.sampled_from('ab1,"\n\r;'), max_size=60))
@hypothesis_settings(
    max_examples=400, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_no_quoting_makes_the_reader_crash(tmp_path: Path, content: str) -> None:
    read(extracts.alone(tmp_path, "x.csv", "a,b\n" + content))
