"""One door for every file."""

from __future__ import annotations

import gzip
import io
import zipfile
from datetime import date

import pytest
import xlsxwriter  # type: ignore[import-untyped]

from shared.errors import ExtractRefused
from shared.mapping.format import FixedColumn, FormatHints
from shared.model import Row
from shared.readers.open_extract import Reading, open_extract

WANTED = ["Id", "Name"]
CSV = b"Id,Name\n1,Ann\n"
JSON = b'{"Report_Entry": [{"Id": "1", "Name": "Ann"}]}'
XML = b"<Report_Data><Report_Entry><Id>1</Id><Name>Ann</Name></Report_Entry></Report_Data>"
HDL = b"METADATA|Worker|Id|Name\nMERGE|Worker|1|Ann\n"
FIXED = b"1 Ann\n2 Bob\n"
COLUMNS = (FixedColumn(name="Id", start=1, width=1), FixedColumn(name="Name", start=3, width=3))
EMPTY = (
    "The file is empty (0 bytes). If its upload is still going on, nothing needs to be done; otherwise drop the "
    "complete file again."
)


def workbook(*rows: tuple[str, ...]) -> bytes:
    file = io.BytesIO()
    with xlsxwriter.Workbook(file) as book:
        sheet = book.add_worksheet()
        for number, row in enumerate(rows):
            sheet.write_row(number, 0, row)
    return file.getvalue()


def zipped(data: bytes) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("workers.csv", data)
    return file.getvalue()


def cells_of(data: bytes, hints: FormatHints | None = None, size: int = 65536) -> tuple[str, list[tuple[str, ...]]]:
    chunks = (data[at : at + size] for at in range(0, len(data), size))
    table = open_extract(chunks, WANTED, Reading(hints or FormatHints(), today=date(2026, 11, 21)))
    return table.form.kind, [row.cells for row in table.rows]


def refusal_of(data: bytes, hints: FormatHints | None = None) -> str:
    with pytest.raises(ExtractRefused) as refused:
        cells_of(data, hints)
    return str(refused.value)


KINDS = {
    "csv": CSV,
    "json": JSON,
    "xml": XML,
    "hdl": HDL,
    "xlsx": workbook(("Id", "Name"), ("1", "Ann")),
}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("size", [1, 65536])
@pytest.mark.parametrize("declared", [True, False])
def test_the_bytes_say_what_a_file_is(kind: str, size: int, declared: bool) -> None:
    hints = FormatHints.model_validate({"type": kind if declared else None})
    assert cells_of(KINDS[kind], hints, size) == (kind, [("1", "Ann")])


@pytest.mark.parametrize("pack", [gzip.compress, zipped, lambda data: gzip.compress(zipped(data))])
def test_what_a_file_is_wrapped_in_is_taken_off(pack: object) -> None:
    assert callable(pack)
    assert cells_of(pack(CSV)) == ("csv", [("1", "Ann")])


def test_text_without_delimiters_needs_columns() -> None:
    assert cells_of(FIXED, FormatHints(columns=COLUMNS)) == ("fixed", [("1", "Ann"), ("2", "Bob")])
    assert cells_of(CSV, FormatHints(columns=COLUMNS, type="csv")) == ("csv", [("1", "Ann")])
    assert refusal_of(FIXED, FormatHints(type="fixed")).startswith(
        "The mapping says that the file has columns of fixed"
    )


@pytest.mark.parametrize(
    ("data", "declared", "sentence"),
    [
        (JSON, "csv", "The file is JSON, but the mapping says delimited text (format.type: csv)."),
        (CSV, "json", "The file is delimited text, but the mapping says JSON (format.type: json)."),
        (
            KINDS["xlsx"],
            "csv",
            "The file is an Excel workbook, but the mapping says delimited text (format.type: csv).",
        ),
        (CSV, "xlsx", "The file is delimited text, but the mapping says an Excel workbook (format.type: xlsx)."),
        (XML, "hdl", "The file is XML, but the mapping says an HDL file of Oracle HCM (format.type: hdl)."),
        (HDL, "xml", "The file is an HDL file of Oracle HCM, but the mapping says XML (format.type: xml)."),
        (JSON, "fixed", "The file is JSON, but the mapping says text of fixed width (format.type: fixed)."),
    ],
)
def test_another_form_than_the_mapping_says_is_refused(data: bytes, declared: str, sentence: str) -> None:
    advice = "Drop the list in that form, or ask IT to correct the mapping."
    assert refusal_of(data, FormatHints.model_validate({"type": declared})) == f"{sentence} {advice}"


@pytest.mark.parametrize(
    ("data", "beginning"),
    [
        (b"", EMPTY),
        (gzip.compress(b"", mtime=0), "The archive holds an empty file (0 bytes). Drop the complete list."),
        (b"%PDF-1.7\n", "The file is a PDF document."),
        (b"\x89PNG\r\n\x1a\n", "The file is a picture (PNG)."),
        (b"<html><table><tr><td>Id</td></tr></table></html>", "The file is a web page (HTML)"),
        (
            b"\xef\xbb\xbf",
            "The file has only blank lines: there is no header and nobody in it. Drop the complete list.",
        ),
        (bytes(range(256)), "This is not a text file."),
        (b"-----BEGIN PGP MESSAGE-----\n", "The file is PGP-encrypted"),
    ],
)
def test_what_holds_no_list_is_refused_by_its_name(data: bytes, beginning: str) -> None:
    assert refusal_of(data).startswith(beginning)


@pytest.mark.parametrize("declared", [None, "csv", "fixed", "json", "xml", "hdl", "xlsx"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
@pytest.mark.parametrize("mark", [",", ";"])
def test_a_rejects_file_may_come_back_whatever_the_form_of_the_source(
    declared: str | None, encoding: str, mark: str
) -> None:
    text = '"Id\nx",Name,Rollcall row,Rollcall reason\r\n1,Zoë,7,why\r\n'.replace(",", mark)
    hints = FormatHints.model_validate(
        {"type": declared, "columns": COLUMNS, "encoding": "windows-1252", "trailer": "T"}
    )
    table = open_extract([text.encode(encoding)], ["Id x", "Name"], Reading(hints))
    assert (table.form.kind, list(table.rows)) == ("csv", [Row(2, 3, ("1", "Zoë", "7", "why"))])


def test_notes_of_the_archive_come_first() -> None:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("part1.csv", b"List\nId,Name\n1,Ann\n")
        archive.writestr("__MACOSX/._part1.csv", b"x")
    table = open_extract([file.getvalue()], WANTED, Reading())
    assert [row.cells for row in table.rows] == [("1", "Ann")]
    assert table.notes[-1] == "The header is on line 2; what stands above it (1 row) was left out."


def test_dated_lines_need_a_day() -> None:
    with pytest.raises(ExtractRefused, match="nothing says which day it is"):
        open_extract([HDL], WANTED, Reading())


@pytest.mark.parametrize(
    ("file", "notes"),
    [
        ("people.XLSX", ["The file's name ends in .xlsx, but it is delimited text; it was read as that."]),
        ("people.json.gz", ["The file's name ends in .json, but it is delimited text; it was read as that."]),
        ("people.csv", []),
        ("people.txt", []),
        ("people", []),
        ("people.2026", []),
    ],
)
def test_what_a_file_really_is_is_said_if_its_name_says_something_else(file: str, notes: list[str]) -> None:
    assert open_extract([b"Id,Name\n1,Ann\n"], ["Id", "Name"], Reading(file=file)).notes == notes
