"""Cells that cannot be relied on, in every format: whoever leaves by such a row leaves, everybody else is rejected."""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import date, time

import openpyxl  # type: ignore[import-untyped]
import pytest

from shared.extract.reading import ReadExtract, read_extract
from shared.mapping.model import MappingFile
from shared.model import CORE_USER, ENTERPRISE_USER, Reject, Worker
from shared.readers.open_extract import Reading
from tests.support.known import People

DEPARTMENT = f"{ENTERPRISE_USER}:department"
MAPPING = MappingFile.model_validate(
    {
        "version": 1,
        "key": "Id",
        "status": {"column": "State", "values": {"Active": True, "Left": False}},
        "attributes": {"displayName": "Name", DEPARTMENT: "Team"},
    }
)
ALTHOUGH = "The row counts all the same: of somebody who may not work, only id and status are needed."
NARROW = "holds what a spreadsheet shows where a column is too narrow; make it wider and export the list again."
ADVICE = "of a spreadsheet; enter the value itself there, or correct the formula."


@pytest.fixture
def opened() -> Iterator[ExitStack]:
    with ExitStack() as stack:
        yield stack


def read(stack: ExitStack, data: bytes, said: MappingFile = MAPPING) -> ReadExtract:
    extract = stack.enter_context(read_extract([data], said, Reading(), People({"1": "", "2": ""})))
    assert extract.rows == extract.people + extract.repeated + len(extract.rejects)
    return extract


def workbook(*rows: list[object]) -> bytes:
    book = openpyxl.Workbook()
    for row in (["Id", "Name", "State", "Team"], *rows):
        book.active.append(row)
    target = io.BytesIO()
    book.save(target)
    return target.getvalue()


def left(worker_id: str, row: int, **more: str) -> Worker:
    schemas = [CORE_USER, ENTERPRISE_USER]
    return Worker(worker_id, row, {"schemas": schemas, "externalId": worker_id, "active": False, **more})


@pytest.mark.parametrize(
    ("data", "row", "fault"),
    [
        (workbook(["1", "Ann", "Left", "#N/A"]), 2, f"Team (cell D2) holds the error #N/A {ADVICE}"),
        (b"Id,Name,State,Team\n1,Ann,Left,#REF!\n", 2, f"Team holds the error #REF! {ADVICE}"),
        (b"Id;Name;State;Team\n1;Ann;Left;#BEZUG!\n", 2, f"Team holds the error #BEZUG! {ADVICE}"),
        (b"Id,Name,State,Team\n1,Ann,Left,########\n", 2, f"Team {NARROW}"),
        (
            b'[{"Id": "1", "Name": "Ann", "State": "Left", "Team": {"Id": 7, "Name": "x"}}]',
            1,
            "'Team' is not a value but has parts (Id, Name), and the mapping names none of them.",
        ),
        (
            b'[{"Id": "1", "Name": "Ann", "State": "Left", "Team": "\\ud83d"}]',
            1,
            "A value holds half a character (a lone surrogate).",
        ),
    ],
)
def test_a_cell_at_fault_keeps_nobody_from_leaving(opened: ExitStack, data: bytes, row: int, fault: str) -> None:
    extract = read(opened, data)
    assert extract.rejects == []
    [said] = extract.read(["1"])
    assert said.worker == left("1", row, displayName="Ann")
    assert said.keeps == (DEPARTMENT,)
    assert extract.notes == [f"Row {row}: {fault} {ALTHOUGH}"]


@pytest.mark.parametrize(
    "data",
    [
        workbook(["1", "Ann", "Active", "#REF!"], ["2", "Bo", "Active", "IT"]),
        b"Id,Name,State,Team\n1,Ann,Active,#REF!\n2,Bo,Active,IT\n",
    ],
)
def test_somebody_who_works_is_rejected_by_name_and_with_what_to_do(opened: ExitStack, data: bytes) -> None:
    extract = read(opened, data)
    where = "" if data.startswith(b"Id") else " (cell D2)"
    assert extract.rejects == [Reject(2, 2, "1", f"Team{where} holds the error #REF! {ADVICE}", display_name="Ann")]
    assert [worker_id for worker_id, _ in extract.people_by_account()] == ["2"]


def test_a_line_break_behind_the_status_keeps_nobody_from_leaving(opened: ExitStack) -> None:
    rows = "1,Ann,Left,Ops\nof the north\n2,Bo,Active,Ops\nof the south\n3,Cy,Left,\n"
    extract = read(opened, f"Id,Name,State,Team\n{rows}".encode())
    goes_on = (
        "the last cell seems to go on in the next line, and nothing shows where it ends: cells with a line break have "
        "to be in quotes (in PowerShell: Export-Csv without -UseQuotes Never)."
    )
    assert [said.worker for said in extract.read(["1"])] == [left("1", 2, displayName="Ann")]
    assert extract.notes == [f"Row 2: {goes_on} {ALTHOUGH}"]
    assert [(reject.row, reject.worker_id, reject.reason) for reject in extract.rejects] == [
        (3, "", "the row has 1 of 4 columns."),
        (4, "2", goes_on),
        (5, "", "the row has 1 of 4 columns."),
    ]


@pytest.mark.parametrize("cells", [["#REF!", "Ann", "Left", "IT"], ["1", "Ann", "#N/A", "IT"]])
def test_an_error_in_the_id_or_the_status_of_a_workbook_tells_nobody_who_leaves(
    opened: ExitStack, cells: list[object]
) -> None:
    extract = read(opened, workbook(cells))
    assert (extract.people, len(extract.rejects)) == (0, 1)


def test_an_error_is_nobodys_id_in_a_csv_either(opened: ExitStack) -> None:
    extract = read(opened, b"Id,Name,State,Team\n#REF!,Ann,Active,IT\n#REF!,Bo,Left,IT\n")
    reason = f"Id holds the error #REF! {ADVICE}"
    assert extract.rejects == [Reject(2, 2, "", reason), Reject(3, 3, "", reason)]


def test_what_the_mapping_calls_a_placeholder_is_empty_and_no_error(opened: ExitStack) -> None:
    extract = read(opened, b"Id,Name,State,Team\n1,Ann,Active,#N/A\n2,# 1 in sales,Active,#7\n")
    assert (extract.rejects, extract.notes) == ([], [])
    assert [said.worker.user.get(ENTERPRISE_USER) for said in extract.read(["1", "2"])] == [None, {"department": "#7"}]


def test_a_row_of_a_leaver_with_a_cell_at_fault_still_contradicts_another_row(opened: ExitStack) -> None:
    extract = read(opened, workbook(["1", "Ann", "Left", "#REF!"], ["1", "Ann", "Active", "IT"]))
    assert [reject.worker_id for reject in extract.rejects] == ["1", "1"]


DAYS = (
    "Cells are days in the workbook where the rest of the column is none: Team in {}. Excel makes a day of 10-12 and "
    "of 3/4. They are sent as days; format these columns as text, and enter the cells again."
)


@pytest.mark.parametrize(
    ("teams", "notes"),
    [
        ([date(2026, 10, 12), "10-13", "Ops"], [DAYS.format("1 cell (row 2)")]),
        ([time(1, 0), "1:1", date(2026, 10, 12), "Ops", "Ops"], [DAYS.format("2 cells (rows 2, 4)")]),
        ([date(2026, 10, 12), date(2026, 10, 13), "Ops"], []),  # a column of days
        (["2026-10-12 and later", "Ops", "Ops"], []),
    ],
)
def test_what_a_spreadsheet_took_for_a_day_in_a_column_of_texts_is_told(
    opened: ExitStack, teams: list[object], notes: list[str]
) -> None:
    data = workbook(*([str(number), "Ann", "Active", team] for number, team in enumerate(teams, 1)))
    assert read(opened, data).notes == notes


def test_whole_numbers_that_a_program_gave_decimals_are_told(opened: ExitStack) -> None:
    rows = "1,Ann,Active,1000.0\n2,Bo,Active,\n3,Cy,Active,200.0\n4,Di,Active,1.0\n5,Eve,Active,Unit 100.0\n"
    [note] = read(opened, f"Id,Name,State,Team\n{rows}".encode()).notes
    assert note == (
        "Whole numbers have decimals, such as 1000.0: Team in 2 cells (rows 2, 4). A program took the column for "
        "numbers (pandas does, if a cell is empty). They are sent so; have the column exported as text."
    )


def test_in_a_list_of_text_a_day_is_what_somebody_wrote(opened: ExitStack) -> None:
    rows = "1,Ann,Active,2026-10-12\n2,Bo,Active,Ops\n3,Cy,Active,Ops\n"
    assert read(opened, f"Id,Name,State,Team\n{rows}".encode()).notes == []
