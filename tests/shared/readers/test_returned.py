"""Corrected rejects that come back: seen as such, read as HR wrote them, never a full file."""

from __future__ import annotations

import io

import openpyxl  # type: ignore[import-untyped]
import pytest

from shared.errors import ExtractRefused
from shared.extract.records import read_records
from shared.extract.rejects import rejects_csv
from shared.mapping.format import FixedColumn, FormatHints
from shared.model import Record, Reject
from shared.readers.open_extract import Reading
from shared.readers.returned import files_answered, first_file, is_returned
from shared.readers.table import Table

WANTED = ("Id", "Name")


def opened(data: bytes, file: str = "people.csv", hints: FormatHints | None = None) -> Table:
    return Reading(hints or FormatHints(), file=file).open([data], WANTED)


def people(table: Table) -> list[tuple[str, ...]]:
    return [tuple(record.values.values()) for record in read_records(table, WANTED) if isinstance(record, Record)]


@pytest.mark.parametrize(
    "file",
    [
        *("rejects.csv", "Rejects.CSV", "people.rejects.csv", "people_rejects.xlsx", "people-rejects (2).csv"),
        *("Kopie von rejects.csv", "rejected people.csv", "people_2026.rejected.csv.gz", "people.abgelehnt.csv"),
        *("sub/rejects.csv", "people rejections corrected.csv"),
    ],
)
def test_the_name_may_say_that_a_file_answers_rejects(file: str) -> None:
    assert is_returned(file, WANTED)


@pytest.mark.parametrize(
    "file", ["people.csv", "projects.csv", "rejectsome.csv", "unrejected.csv", "", "rejects/people.csv"]
)
def test_other_names_say_nothing(file: str) -> None:
    assert not is_returned(file, WANTED)


@pytest.mark.parametrize(
    ("header", "returned"),
    [
        (("Id", "Name", "Rollcall row", "Rollcall reason"), True),
        (("Id", "Name", " rollcall ROW "), True),
        (("Rollcall reason", "Id", "Name"), True),
        (("Id", "Name", "Grund"), True),
        (("Id", "Name", "Rejection reason", ""), True),
        (("Grund", "Id", "Name"), False),
        (("Id", "Termination Reason"), False),
        (("Id", "Name"), False),
        ((), False),
    ],
)
def test_the_header_may_say_that_a_file_answers_rejects(header: tuple[str, ...], *, returned: bool) -> None:
    assert is_returned("people.csv", header, WANTED) is returned


def test_a_column_that_the_mapping_reads_is_no_column_of_reasons() -> None:
    assert not is_returned("people.csv", ("Id", "Reason"), ("Id", "Reason"))


@pytest.mark.parametrize(
    ("file", "first"),
    [
        ("mitarbeiter_20261102.rejects.csv", "mitarbeiter_20261102"),
        ("people_rejects (1).csv", "people"),
        ("people.rejects - Copy (2).csv", "people"),
        ("Kopie von people_rejected_korrigiert.xlsx", "people"),
        ("rejects-people.csv", "people"),
        ("people.rejects.csv.gz", "people"),
        ("rejects.csv", ""),
        ("sub/people.rejects.csv", "people"),
    ],
)
def test_the_name_leads_to_the_file_that_is_answered(file: str, first: str) -> None:
    assert first_file(file) == first


def test_of_several_files_the_newest_of_that_name_is_answered() -> None:
    earlier = ["other.csv", "People.XLSX", "people.csv"]
    assert files_answered("people.rejects.csv", earlier) == "People.XLSX"
    assert files_answered("rejects.csv", earlier) == ""
    assert files_answered("persons.rejects.csv", earlier) == ""


def test_the_rows_of_the_first_file_are_known() -> None:
    first = opened(b"Id,Name\n00012,Ada\n13,Bob\n14,Cem\n")
    back = b"".join(rejects_csv(first, [Reject(2, 2, "", "no."), Reject(4, 4, "", "no.")]))
    table = opened(back)
    assert people(table) == [("00012", "Ada"), ("14", "Cem")]
    assert (table.returned, table.first_rows, table.notes) == (True, {2: 2, 3: 4}, [])


def test_our_columns_may_be_gone_and_the_name_is_enough() -> None:
    table = opened(b"Id;Name\r\n'00012;Ada\r\n", "people.rejects.csv", FormatHints(delimiter=",", trailer="TRL"))
    assert people(table) == [("00012", "Ada")]
    assert (table.returned, table.first_rows) == (True, {})


def test_a_spreadsheet_may_have_changed_the_delimiter_and_the_encoding() -> None:
    text = "Id;Name;Rollcall row;Rollcall reason\r\n12;J\u00fcrgen;7;no.\r\n"
    hints = FormatHints(delimiter="|", encoding="windows-1252", header_rows=2, trailer="TRL")
    for encoding in ("windows-1252", "utf-8-sig"):
        table = opened(text.encode(encoding), "rejects.csv", hints)
        assert people(table) == [("12", "J\u00fcrgen")]
        assert table.first_rows == {2: 7}


@pytest.mark.parametrize(
    ("header", "file"), [("Id;Name;Rollcall row;Rollcall reason", "x.csv"), ("Id;Name", "people.rejects.csv")]
)
@pytest.mark.parametrize("hints", [FormatHints(), FormatHints(encoding="utf-8", delimiter=",")])
def test_rejects_that_a_german_spreadsheet_saved_again_are_taken_back(
    header: str, file: str, hints: FormatHints
) -> None:
    more = ";7;no \u2026" if "Rollcall" in header else ""
    table = opened(f"{header}\r\n12;J\u00fcrgen Gro\u00df{more}\r\n".encode("cp1252"), file, hints)
    assert people(table) == [("12", "J\u00fcrgen Gro\u00df")]
    assert (table.returned, table.form.encoding, table.form.delimiter) == (True, "cp1252", ";")
    assert "A spreadsheet has saved the file in windows-1252; it was read as that." in table.notes


@pytest.mark.parametrize(
    ("name", "encoding"),
    [("K\u0119pa", "cp1250"), ("Fran\u00e7ois L\u00e8bre", "cp1252"), ("\u0418\u0432\u0430\u043d", "cp1251")],
)
def test_rejects_in_a_code_page_that_may_be_another_are_refused_with_what_to_do(name: str, encoding: str) -> None:
    data = f"Id;Name;Rollcall row;Rollcall reason\r\n12;{name};7;no.\r\n".encode(encoding)
    with pytest.raises(ExtractRefused, match="In Excel, save it as 'CSV UTF-8' and drop it again"):
        people(opened(data, "x.csv"))
    with pytest.raises(ExtractRefused, match="The file is not in UTF-8"):
        people(opened("Id;Name\r\n12;J\u00fcrgen\r\n".encode("cp1252"), "people.csv"))  # not one of ours


@pytest.mark.parametrize(
    "hints",
    [
        FormatHints(type="json"),
        FormatHints(type="fixed", columns=(FixedColumn(name="Id", start=1, width=9),)),
        FormatHints(type="xlsx", sheet="People"),
    ],
)
def test_rejects_come_back_as_csv_whatever_the_source_sends(hints: FormatHints) -> None:
    table = opened(b"Id,Name,Rollcall row,Rollcall reason\n12,Ada,2,no.\n", "x.csv", hints)
    assert people(table) == [("12", "Ada")]


def test_a_workbook_may_come_back_for_any_source() -> None:
    book = openpyxl.Workbook()
    for row in [("Id", "Name", "Rollcall row", "Rollcall reason"), ("00012", "Ada", "7", "no.")]:
        book.active.append(row)
    target = io.BytesIO()
    book.save(target)
    table = opened(target.getvalue(), "rejects.xlsx", FormatHints(type="csv", encoding="utf-8"))
    assert people(table) == [("00012", "Ada")]
    assert (table.returned, table.first_rows) == (True, {2: 7})


def test_a_file_with_reasons_of_hr_s_own_may_be_rejects() -> None:
    table = opened("Id;Name;Grund\n12;Ada;falsches Datum\n".encode("cp1252"))
    assert people(table) == [("12", "Ada")]
    assert (table.returned, table.reasons, table.notes) == (True, "Grund", [])
    ours = opened(b"Id,Name,Rollcall row,Reason\n12,Ada,2,wrong day\n", "rejects.csv")
    assert (ours.returned, ours.reasons) == (True, "")


def test_an_ordinary_file_is_none() -> None:
    assert not opened(b"Id,Name\n12,Ada\n").returned
