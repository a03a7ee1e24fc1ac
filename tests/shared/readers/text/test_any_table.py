"""Any table, however it is written, is read back exactly; anything else is read or refused."""

from __future__ import annotations

import codecs
import csv
import io
import itertools
import re
import time
from collections.abc import Iterable, Sequence
from contextlib import suppress
from typing import Literal

from hypothesis import assume, given, settings
from hypothesis import strategies as st

from shared.errors import RollcallError
from shared.mapping.format import FixedColumn, FormatHints
from shared.model import Row
from shared.readers.open_extract import Reading, open_extract
from shared.readers.table import Table
from shared.readers.text import open_delimited, open_fixed
from shared.readers.text.count_rows import is_rule, looks_like_count

LINE_END = re.compile(r"\r\n|\n|\r")
SHARP = "\",;\t|'\r\n \\\x00\ufeffé"
NAMES = ["Worker ID", "Name", "State", "City"]


def chunks_of(data: bytes, sizes: list[int]) -> list[bytes]:
    ends = list(itertools.accumulate(itertools.islice(itertools.cycle(sizes), len(data))))
    return [data[start:end] for start, end in itertools.pairwise([0, *ends])]


def begins_in_utf8(data: bytes) -> bool:
    """Whether it holds a letter in UTF-8 and nothing else; the last letter may be cut off."""
    with suppress(UnicodeDecodeError):
        return not codecs.getincrementaldecoder("utf-8")().decode(data).isascii()
    return False


@st.composite
def tables(draw: st.DrawFn) -> tuple[bytes, FormatHints, list[str], list[Row]]:
    """A file as csv.writer writes it in some style, its hints, its header and the rows that are in it."""
    encoding, mark = draw(
        st.sampled_from(
            [
                ("utf-8", ""),
                ("utf-8", "\ufeff"),
                ("utf-16-le", "\ufeff"),
                ("utf-16-be", "\ufeff"),
                ("cp1252", ""),
                ("iso8859-15", ""),
            ]
        )
    )
    page = None if encoding.startswith("utf") else encoding
    letters = st.characters(codec=page) if page else st.characters(exclude_categories=["Cs"])
    sharp = st.sampled_from(SHARP.replace("\ufeff", "") if page else SHARP)
    cell = st.text(letters | sharp, max_size=8)
    width = draw(st.integers(2, 4))
    header = NAMES[:width]
    delimiter = draw(st.sampled_from(",;\t|~"))
    quote = draw(st.sampled_from("\"'"))
    escape = draw(st.sampled_from(["", "\\"]))
    body = draw(st.lists(st.lists(cell, min_size=width, max_size=width), max_size=6))
    quoting: Literal[0, 1, 2, 3] = draw(st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL, csv.QUOTE_NONNUMERIC]))
    end = draw(st.sampled_from(["\r\n", "\n", "\r"]))
    if quoting == csv.QUOTE_MINIMAL:
        end = "\r\n"  # with another end csv.writer leaves a lone \r or \n unquoted, and nobody can read that back
    data, rows, line = mark, [], 1
    for number, cells in enumerate([header, *body], 1):
        text = io.StringIO(newline="")
        csv.writer(
            text,
            quoting=quoting,
            lineterminator=end,
            delimiter=delimiter,
            quotechar=quote,
            escapechar=escape or None,
            doublequote=not escape,
        ).writerow(cells)
        if number > 1 and any(cell.strip() for cell in cells):
            rows.append(Row(number, line, tuple(cells)))
        data += text.getvalue()
        line += len(LINE_END.findall(text.getvalue()))
    if draw(st.booleans()):
        data = data.removesuffix(end)
    found = draw(st.booleans())
    hints = FormatHints(
        encoding=page,
        delimiter=None if found else delimiter,
        quote=quote,
        escape=escape or None,
    )
    return data.encode(encoding), hints, header, rows


@settings(max_examples=400, deadline=None)
@given(table=tables(), sizes=st.lists(st.integers(1, 40), min_size=1, max_size=5))
def test_any_table_is_read_back_exactly(
    table: tuple[bytes, FormatHints, list[str], list[Row]], sizes: list[int]
) -> None:
    data, hints, header, rows = table
    assume(not hints.encoding or not begins_in_utf8(data))  # then it counts as UTF-8
    assume(not any(looks_like_count(row.cells)[0] or is_rule(row.cells) for row in rows))  # then it is no person
    cells = [cell for row in rows for cell in row.cells]
    assume(hints.escape or not any("\\\\" in cell or cell == "\\N" for cell in cells))  # then they may be escapes
    opened = open_delimited(chunks_of(data, sizes), hints, header)
    assert opened.header == tuple(header)
    assert list(opened.rows) == rows


PIECES = st.sampled_from(
    [
        *(b"Id,Name\n", b"Id;Name\r", b"1,Ann\n", b'2,"x\n', b'"', b"'", b"\\", b"\xff\xfe", b"\x00", b"\x1a", b"#"),
        *(b"TRL,2\n", b"Total: 5\n", b"sep=;\n", b"=1\n", b"--,--\n", b",,,,\n", b"\r\n", "ü".encode(), b"\xfc"),
        *(b"{", b"[{", b"<", b"METADATA|Worker|", b"PK\x03\x04", b"\x1f\x8b", b"Rollcall row,Rollcall reason\n"),
    ]
)
FILES = st.binary(max_size=200) | st.lists(PIECES | st.binary(max_size=6), max_size=30).map(b"".join)
HINTS = st.sampled_from(
    [
        FormatHints(),
        FormatHints(encoding="cp1252", trailer="TRL", comment="#", header_rows=2),
        FormatHints(escape="\\", quote="'", delimiter=";"),
        FormatHints(columns=(FixedColumn(name="Id", start=1, width=2), FixedColumn(name="Name", start=3, width=4))),
        FormatHints(type="csv"),
    ]
)


def by_the_one_door(chunks: Iterable[bytes], hints: FormatHints, wanted: Sequence[str]) -> Table:
    return open_extract(chunks, wanted, Reading(hints))


@settings(max_examples=400, deadline=None)
@given(data=FILES, hints=HINTS, size=st.integers(1, 50))
def test_whatever_is_dropped_is_read_or_refused(data: bytes, hints: FormatHints, size: int) -> None:
    chunks = [data[at : at + size] for at in range(0, len(data), size)]
    began = time.process_time()
    for opener in (by_the_one_door, open_delimited, open_fixed):
        with suppress(RollcallError):
            rows = list(opener(chunks, hints, ["Id", "Name"]).rows)
            assert [row.number for row in rows] == sorted({row.number for row in rows})
    assert time.process_time() - began < 5
