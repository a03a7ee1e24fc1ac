"""A workbook in, a workbook with the failed rows out."""

from __future__ import annotations

import datetime as dt
import io
import zipfile
from collections.abc import Mapping

import openpyxl  # type: ignore[import-untyped]
import pytest

from shared.errors import ExtractRefused
from shared.extract.rejects_workbook import write_rejects_workbook
from shared.mapping.format import FormatHints
from shared.model import Row
from shared.readers.table import BadRow
from shared.readers.text.own_rejects import unguard_reject
from shared.readers.workbook.workbook import open_workbook

HINTS = FormatHints()
WANTED = ("Id", "Hired")
ADDED = ("Rollcall row", "Rollcall reason")


def original(rows: list[list[object]], title: str = "Workers") -> bytes:
    book = openpyxl.Workbook()
    book.active.title = title
    for row in rows:
        book.active.append(row)
    book.active["A4"].number_format = "0000"
    target = io.BytesIO()
    book.save(target)
    return target.getvalue()


def rejected(data: bytes, rejects: Mapping[int, str], hints: FormatHints = HINTS) -> bytes:
    with write_rejects_workbook(io.BytesIO(data), hints, WANTED, rejects) as file:
        return file.read()


def rows_of(data: bytes, hints: FormatHints = HINTS) -> list[Row | BadRow]:
    return list(open_workbook(io.BytesIO(data), hints, WANTED).rows)


ROWS: list[list[object]] = [
    ["Woodgrove"],
    ["Id", "Hired", "Note"],
    ["1", dt.date(2020, 1, 31), "fine"],
    [7, dt.date(2020, 2, 1), "=HYPERLINK(A1)"],
    ["'=1", "@SUM", "+49 30", "moved"],
    ["5", "31.02.2020", "x"],
]


def test_the_failed_rows_come_back_as_text_with_number_and_reason() -> None:
    data = rejected(original(ROWS), {4: "why 4", 6: "=why"})
    book = openpyxl.load_workbook(io.BytesIO(data))
    sheet = book["Workers"]
    assert [[cell.value for cell in row] for row in sheet.iter_rows()] == [
        ["Id", "Hired", "Note", *ADDED],
        ["0007", "2020-02-01", "=HYPERLINK(A1)", "4", "why 4"],
        ["5", "31.02.2020", "x", "6", "=why"],
    ]
    cells = [cell for row in sheet.iter_rows() for cell in row]
    assert {cell.number_format for cell in cells} == {"@"}
    assert b"<f>" not in data
    assert {row.cells[2] for row in rows_of(data)} == {"=HYPERLINK(A1)", "x"}


def test_no_formula_is_live() -> None:
    data = rejected(original(ROWS), dict.fromkeys(range(3, 7), "why"))
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        text = b"".join(archive.read(name) for name in archive.namelist() if "sheet" in name)
    assert b"HYPERLINK(A1)" in text
    assert b"<f>" not in text


def test_what_was_corrected_reads_as_hr_wrote_it() -> None:
    rows = rows_of(rejected(original(ROWS), {4: "why", 5: "why"}))
    plain = [tuple(unguard_reject(cell) for cell in row.cells[:3]) for row in rows]
    assert plain == [("0007", "2020-02-01", "=HYPERLINK(A1)"), ("'=1", "@SUM", "+49 30")]
    assert isinstance(rows[1], BadRow)  # its surplus cell follows the reason


def test_a_rejects_file_that_failed_again_gets_new_numbers_and_reasons() -> None:
    again = rejected(rejected(original(ROWS), {4: "first", 6: "first"}), {3: "second"})
    [row] = rows_of(again)
    assert row.cells == ("5", "31.02.2020", "x", "3", "second")
    twice = rejected(rejected(original(ROWS), {5: "first"}), {2: "second"})
    assert unguard_reject(rows_of(twice)[0].cells[0]) == "'=1"


def test_rows_whose_cells_cannot_be_given_back_stay_bad() -> None:
    data = original([["Title"], ["Id", "Hired"], ["x", "=A1"], [12345678901234567890, "#REF!"]])
    first = rows_of(data)
    assert all(isinstance(row, BadRow) for row in first)
    back = rows_of(rejected(data, {row.number: "why" for row in first}))
    assert all(isinstance(row, BadRow) for row in back)
    assert len(back) == len(first) == 2


def test_further_header_rows_come_along() -> None:
    hints = FormatHints(header_rows=2)
    labels: list[object] = ["Number", "Hired on", "What else"]
    data = rejected(original([*ROWS[:2], labels, *ROWS[3:]]), {4: "why"}, hints)
    book = openpyxl.load_workbook(io.BytesIO(data))
    assert [row[0].value for row in book.active.iter_rows()] == ["Id", "Number", "0007"]
    assert len(rows_of(data, hints)) == 1


def test_a_sheet_name_that_cannot_be_written_is_replaced() -> None:
    book = openpyxl.load_workbook(io.BytesIO(original(ROWS)))
    book.active._WorkbookChild__title = "History"
    target = io.BytesIO()
    book.save(target)
    assert len(rows_of(rejected(target.getvalue(), {4: "why"}))) == 1


def test_damage_is_refused() -> None:
    with pytest.raises(ExtractRefused, match="damaged"):
        rejected(b"PK\x03\x04 nothing", {1: "why"})
