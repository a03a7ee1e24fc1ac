"""Bytes in, rows out."""

from __future__ import annotations

import csv
import gzip
import io
import itertools
import re
import tracemalloc
from collections.abc import Iterator
from contextlib import suppress
from typing import Literal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.errors import ExtractRefused
from shared.extracts.csv_rows import BadRow, read_rows
from shared.model import Row

ADVICE = "Export the list again as CSV (comma separated, UTF-8) and drop that file."


def rows_of(data: bytes, size: int = 65536) -> list[Row | BadRow]:
    return list(read_rows(data[at : at + size] for at in range(0, len(data), size)))


def refusal_of(data: bytes) -> tuple[str, int | None]:
    with pytest.raises(ExtractRefused) as refused:
        rows_of(data)
    return str(refused.value), refused.value.line


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("bom", [b"", b"\xef\xbb\xbf"])
@pytest.mark.parametrize("size", [1, 2, 3, 65536])
def test_rows_are_read_whatever_the_line_ends_the_byte_order_mark_and_the_chunks(
    end: str, bom: bytes, size: int
) -> None:
    data = bom + end.join(["Id,Name", "1,Jürgen", '2,"O\'Neil, Pat"', ""]).encode()
    assert rows_of(data, size) == [
        Row(1, 1, ("Id", "Name")),
        Row(2, 2, ("1", "Jürgen")),
        Row(3, 3, ("2", "O'Neil, Pat")),
    ]


def test_line_ends_may_be_mixed() -> None:
    assert rows_of(b"a,b\r1,2\n3,4\r\n5,6") == [
        Row(1, 1, ("a", "b")),
        Row(2, 2, ("1", "2")),
        Row(3, 3, ("3", "4")),
        Row(4, 4, ("5", "6")),
    ]


def test_only_line_ends_end_a_line() -> None:
    assert rows_of("a,b\n1,x\u2028y\u0085z\x0b\x0c\n2,z\n".encode()) == [
        Row(1, 1, ("a", "b")),
        Row(2, 2, ("1", "x\u2028y\u0085z\x0b\x0c")),
        Row(3, 3, ("2", "z")),
    ]


def test_blank_rows_are_left_out_but_counted() -> None:
    assert rows_of(b"\n,\na,b\n\n , \n1,2\n\n") == [Row(3, 3, ("a", "b")), Row(6, 6, ("1", "2"))]


def test_a_line_break_in_a_cell_counts_as_a_line_but_not_as_a_row() -> None:
    assert rows_of(b'a,b\r\n1,"x\r\n\r\ny"\r\n\r\n2,z\r\n') == [
        Row(1, 1, ("a", "b")),
        Row(2, 2, ("1", "x\r\n\r\ny")),
        Row(4, 6, ("2", "z")),
    ]


@pytest.mark.parametrize(
    ("line", "cells", "reason"),
    [
        ("1", ("1",), "the row has 1 of 2 columns."),
        (
            "1,Doe, Jane",
            ("1", "Doe", " Jane"),
            "the row has 3 columns where the header has 2; perhaps a comma in a cell is not in quotes.",
        ),
        ('1,"Ann" Lee', ('1,"Ann" Lee',), "a cell has a quotation mark in the wrong place."),
        ("1," + "x" * 131073, ("1," + "x" * 131073,), "a cell has more than 131,072 characters."),
    ],
)
def test_a_bad_row_is_handed_on_and_the_rest_goes_on(line: str, cells: tuple[str, ...], reason: str) -> None:
    assert rows_of(f"a,b\n\n{line}\n2,z\n".encode()) == [
        Row(1, 1, ("a", "b")),
        BadRow(3, 3, cells, reason),
        Row(4, 4, ("2", "z")),
    ]


def test_a_long_cell_is_no_fault_of_the_file() -> None:
    assert rows_of(b"a,b\n1," + b"x" * 131072 + b"\n") == [Row(1, 1, ("a", "b")), Row(2, 2, ("1", "x" * 131072))]


def test_a_quotation_mark_inside_an_unquoted_cell_is_text() -> None:
    assert rows_of(b"a,b\n1,5'11\" tall\n") == [Row(1, 1, ("a", "b")), Row(2, 2, ("1", "5'11\" tall"))]


def test_a_nul_below_the_header_spoils_no_other_row() -> None:
    assert rows_of(b"a,b\n1,Ta\x00lya\n2,z\n") == [
        Row(1, 1, ("a", "b")),
        Row(2, 2, ("1", "Ta\x00lya")),
        Row(3, 3, ("2", "z")),
    ]


def test_a_byte_order_mark_in_the_middle_is_text() -> None:
    assert rows_of(b"a,b\n\xef\xbb\xbf1,2\n") == [Row(1, 1, ("a", "b")), Row(2, 2, ("\ufeff1", "2"))]


def test_a_full_last_row_needs_no_line_end() -> None:
    assert rows_of(b"a,b\n1,2") == [Row(1, 1, ("a", "b")), Row(2, 2, ("1", "2"))]


EMPTY = (
    "The file is empty (0 bytes). If its upload is still going on, nothing needs to be done; otherwise drop the "
    "complete file again."
)
NO_TEXT = f"This is not a text file in UTF-8. {ADVICE}"


@pytest.mark.parametrize(
    ("data", "sentence", "line"),
    [
        (b"", EMPTY, None),
        (b"PK\x03\x04\x14\x00", f"This is an Excel workbook or a zip archive, not a CSV file. {ADVICE}", None),
        (
            b"\xd0\xcf\x11\xe0\xa1\xb1",
            f"This is an old Excel workbook or a password-protected one, not a CSV file. {ADVICE}",
            None,
        ),
        (gzip.compress(b"a,b\n"), f"This is a gzip archive, not a CSV file. {ADVICE}", None),
        (b"%PDF-1.7\n", f"This is a PDF document, not a CSV file. {ADVICE}", None),
        (b"-----BEGIN PGP MESSAGE-----\n", f"This is a PGP-encrypted file, not a CSV file. {ADVICE}", None),
        ("a,b\n1,2\n".encode("utf-16"), f"This is text in UTF-16, not a CSV file. {ADVICE}", None),
        (b"\xfe\xff\x00a\x00,", f"This is text in UTF-16, not a CSV file. {ADVICE}", None),
        ("a,b\n1,2\n".encode("utf-16-le"), NO_TEXT, None),
        (b'\n {"Report_Entry": []}', f"This is JSON, not a CSV file. {ADVICE}", None),
        (b'\xef\xbb\xbf[{"a": 1}]', f"This is JSON, not a CSV file. {ADVICE}", None),
        (b'<?xml version="1.0"?>', f"This is XML or HTML, not a CSV file. {ADVICE}", None),
        (b"\x89PNG\r\n\x1a\n", f"This is a picture, not a CSV file. {ADVICE}", None),
        (bytes(range(256)), NO_TEXT, None),
        (
            b"a,b\n1,2\n\n3,J\xfcrgen\n",
            f"The file is not in UTF-8: line 4 holds the byte 0xFC. {ADVICE}",
            4,
        ),
        (
            b"a,b\n1,J\xc3",
            (
                "The file ends in the middle of a character on line 2: the upload was cut off. Drop the complete file "
                "again."
            ),
            2,
        ),
        (
            b"a,b\n1,2\n3",
            (
                "The file ends in the middle of line 3 (1 of 2 columns): the upload was cut off. Drop the complete "
                "file "
                "again."
            ),
            3,
        ),
        (
            b'a,b\n1,"x\n2,y\n3,z\n',
            (
                "A quotation mark that opens on line 2 is never closed: either it is a mistake or the upload was "
                "cut off. "
                "Correct that line, or drop the complete file again."
            ),
            2,
        ),
        (
            b'a,b\n1,"x\n2,y\n3,"z"\n',
            (
                "A quotation mark that opens on line 2 is never properly closed, so everything after it cannot be told "
                "apart. Correct that line and drop the file again."
            ),
            2,
        ),
        (
            b'a,b,c\n0,0,0\n1,"x,2\n2,y,3\n3,z"\n4,5,6\n',
            (
                "The row that starts on line 3 runs to line 5 and has 2 columns where the header has 3: probably a "
                "quotation mark is not closed. Correct it and drop the file again."
            ),
            3,
        ),
        (
            b'a,"b"c\n1,2\n',
            f"The header on line 1 cannot be read: ',' expected after '\"'. {ADVICE}",
            1,
        ),
        (
            b"a,b\n1," + b"x" * 1_000_000,
            "Line 2 has more than 1,000,000 characters, so this is no list with one row for each person. " + ADVICE,
            2,
        ),
    ],
)
def test_a_bad_file_is_refused_with_a_sentence_for_hr(data: bytes, sentence: str, line: int | None) -> None:
    assert refusal_of(data) == (sentence, line)


@pytest.mark.parametrize("data", [b"\xef\xbb\xbf", b"\n\r\n", b" \t\n,,\n"])
def test_a_file_without_text_has_no_rows(data: bytes) -> None:
    assert rows_of(data) == []


def test_a_refusal_carries_no_piece_of_the_file() -> None:
    with pytest.raises(ExtractRefused) as refused:
        rows_of(b"Id,Name\n1,Geheim\n2,J\xfcrgen\n")
    assert (refused.value.__cause__, refused.value.__context__) == (None, None)


def test_memory_does_not_grow_with_the_file() -> None:
    line = b"1234567," + b"x" * 990 + b"\n"
    chunks = itertools.chain([b"Id,Name\n"], itertools.repeat(line * 64, 300))  # 19 MB
    tracemalloc.start()
    try:
        count = sum(1 for _ in read_rows(chunks))
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert count == 1 + 64 * 300
    assert peak < 1_000_000


def test_a_file_without_line_ends_does_not_fill_the_memory() -> None:
    given_out = 0

    def endless() -> Iterator[bytes]:
        nonlocal given_out
        while True:
            given_out += 65536
            yield b"x" * 65536

    with pytest.raises(ExtractRefused, match=r"^Line 1 has more than 1,000,000 characters"):
        list(read_rows(endless()))
    assert given_out < 2_000_000


LINE_END = re.compile(r"\r\n|\n|\r")
TEXT = st.text(st.characters(exclude_categories=["Cs"]) | st.sampled_from('",\r\n \t\x00\ufeff;'), max_size=8)


@st.composite
def tables(draw: st.DrawFn) -> tuple[bytes, list[Row | BadRow]]:
    """A file as csv.writer writes it in some style, and the rows that are in it."""
    width = draw(st.integers(1, 4))
    body = draw(st.lists(st.lists(TEXT, min_size=width, max_size=width), max_size=6))
    quoting: Literal[0, 1, 2, 3] = draw(st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL, csv.QUOTE_NONNUMERIC]))
    end = draw(st.sampled_from(["\r\n", "\n", "\r"]))
    if quoting == csv.QUOTE_MINIMAL:
        end = "\r\n"  # with another end csv.writer leaves a lone \r or \n unquoted, and nobody can read that back
    data, rows, line = "", [], 1
    for number, cells in enumerate([[f"Column {place}" for place in range(width)], *body], 1):
        text = io.StringIO(newline="")
        csv.writer(text, quoting=quoting, lineterminator=end).writerow(cells)
        if any(cell.strip() for cell in cells):
            rows.append(Row(number, line, tuple(cells)))
        data += text.getvalue()
        line += len(LINE_END.findall(text.getvalue()))
    if draw(st.booleans()):
        data = data.removesuffix(end)
    return draw(st.sampled_from([b"", b"\xef\xbb\xbf"])) + data.encode(), list(rows)


@settings(max_examples=300, deadline=None)
@given(table=tables(), sizes=st.lists(st.integers(1, 40), min_size=1, max_size=5))
def test_any_table_is_read_back_exactly(table: tuple[bytes, list[Row | BadRow]], sizes: list[int]) -> None:
    data, rows = table
    ends = list(itertools.accumulate(itertools.islice(itertools.cycle(sizes), len(data))))
    chunks = [data[start:end] for start, end in itertools.pairwise([0, *ends])]
    assert list(read_rows(chunks)) == rows


@settings(max_examples=200, deadline=None)
@given(data=st.binary(max_size=200) | TEXT.map(str.encode), size=st.integers(1, 50))
def test_whatever_is_dropped_is_read_or_refused(data: bytes, size: int) -> None:
    with suppress(ExtractRefused):
        rows = rows_of(data, size)
        assert [row.number for row in rows] == sorted({row.number for row in rows})


@settings(max_examples=50, deadline=None)
@given(before=st.integers(1, 4000), end=st.sampled_from([b"\n", b"\r\n"]), size=st.integers(1, 9000))
def test_the_line_of_a_byte_that_is_not_utf_8_is_exact(before: int, end: bytes, size: int) -> None:
    data = b"Id,Name" + end + (b"1,Ann" + end) * (before - 1) + b"2,J\xfcrgen" + end + b"3,Bob" + end
    with pytest.raises(ExtractRefused) as refused:
        rows_of(data, size)
    assert refused.value.line == before + 1
