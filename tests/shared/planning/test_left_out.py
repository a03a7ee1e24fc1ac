"""Rows of people for whom a list does not provide: counted, found, no reject, and no call."""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import UTC, date, datetime
from typing import Any

import openpyxl  # type: ignore[import-untyped]
import pytest

from cli.__main__ import main
from shared import settings
from shared.changes.reasons import left_out
from shared.errors import MappingError
from shared.extract.reading import ReadExtract, read_extract
from shared.mapping.cells.user_names import NOBODY, Known
from shared.mapping.load import parse_mapping
from shared.mapping.model import MappingFile
from shared.mapping.row_filter import LeftOut
from shared.model import ChangeKind, Planned, Reject, Worker
from shared.planning.orders import Order, release
from shared.readers.open_extract import Reading
from shared.tables.workers import WorkerRow, WorkerStatus
from shared.wording import worker_status
from tests.conftest import Storage
from tests.support.contexts import NOWHERE, endpoint_at
from tests.support.known import People
from tests.support.office import Office, open_office

HEADER = "Id,Name,State,Type,Company\n"


def mapping(said: dict[str, Any], **more: object) -> MappingFile:
    plain = {
        "version": 1,
        "key": "Id",
        "status": {"column": "State", "values": {"Active": True, "Left": False}},
        "attributes": {"displayName": "Name"},
        "filter": said,
    }
    return MappingFile.model_validate(plain | more)


@pytest.fixture
def opened() -> Iterator[ExitStack]:
    with ExitStack() as stack:
        yield stack


def read(stack: ExitStack, rows: str, said: MappingFile, known: Known = NOBODY) -> ReadExtract:
    extract = read_extract([f"{HEADER}{rows}".encode()], said, Reading(today=date(2026, 11, 21)), known)
    assert extract.rows == extract.people + extract.repeated + len(extract.rejects) + extract.left_out
    return stack.enter_context(extract)


def people(extract: ReadExtract) -> list[str]:
    return [worker_id for worker_id, _ in extract.people_by_account()]


@pytest.mark.parametrize(
    ("said", "stay"),
    [
        ({"only": {"Type": ["Employee", "Contract*"]}}, ["1", "2", "3"]),
        ({"only": {"Type": "employee"}}, ["1", "2"]),
        ({"only": {"Type": {"words": ["employee"], "case_sensitive": True}}}, []),
        ({"without": {"Company": "Tessera"}}, ["1", "3", "4", "5"]),
        ({"without": {"Company": "", "Type": "Franchise"}}, ["1", "2", "5"]),
        ({"only": {"Type": "*"}, "without": {"Company": "Tess*"}}, ["1", "3", "4"]),
        ({"only": {"Type": ["Employee", "Franchise"], "Company": "Main"}}, ["1", "4"]),
        ({"only": {"Type": ["Employee", ""]}}, ["1", "2", "5"]),
    ],
)
def test_a_row_stays_if_all_of_only_fit_and_nothing_of_without(
    opened: ExitStack, said: dict[str, Any], stay: list[str]
) -> None:
    rows = "1,A,Active,Employee,Main\n2,B,Active,EMPLOYEE,Tessera\n3,C,Active,Contractor,\n4,D,Active,Franchise,Main\n"
    extract = read(opened, f"{rows}5,E,Left,N/A,x\n", mapping(said))
    assert people(extract) == stay


def test_whoever_is_left_out_is_no_reject_whatever_is_wrong_with_the_row(opened: ExitStack) -> None:
    rows = "1,=1+1,maybe,Franchise,\n,B,Active,Franchise,\n1.2E+7,C,Active,Franchise,\n4,D,Active,Employee,\n"
    extract = read(opened, rows, mapping({"only": {"Type": "Employee"}}))
    assert (people(extract), extract.rejects, extract.left_out) == (["4"], [], 3)
    assert list(extract.people_left_out()) == [LeftOut("1", 2, "Type")]


def test_somebody_with_another_row_that_stays_is_one_of_the_list_s_people(opened: ExitStack) -> None:
    rows = "1,Ann,Active,Franchise,\n1,Ann,Active,Employee,\n2,Bo,Active,Franchise,\n2,Bo,Left,Franchise,\n"
    extract = read(opened, rows, mapping({"only": {"Type": "Employee"}}))
    assert (people(extract), extract.left_out) == (["1"], 3)
    assert list(extract.people_left_out()) == [LeftOut("2", 4, "Type", "Bo", "")]
    assert [extract.is_left_out(worker_id) for worker_id in "123"] == [False, True, False]


def test_somebody_whose_other_row_is_rejected_is_not_left_out(opened: ExitStack) -> None:
    extract = read(opened, "1,Ann,Active,Franchise,\n1,Ann,maybe,Employee,\n", mapping({"only": {"Type": "Employee"}}))
    assert ([reject.row for reject in extract.rejects], list(extract.people_left_out())) == ([3], [])
    assert not extract.is_left_out("1")


def test_an_empty_cell_of_only_gives_nobody_an_account_and_takes_it_from_nobody(opened: ExitStack) -> None:
    rows = "1,Ann,Active,,\n2,Bo,Active,#REF!,\n3,Cy,Active,,\n4,Di,Active,,\n"
    known = People({"3": "", "4": ""}, last_days={"3": ""})  # 4 has left, or was let go of
    extract = read(opened, rows, mapping({"only": {"Type": "Employee"}}), known)
    doubt = "Type is empty, or cannot be used, so nobody can tell whether the person is one of this list's"
    assert people(extract) == ["3"]
    assert extract.rejects == [
        Reject(2, 2, "1", f"{doubt}.", display_name="Ann"),
        Reject(3, 3, "2", f"{doubt}.", display_name="Bo"),
        Reject(5, 5, "4", f"{doubt}.", display_name="Di"),
    ]
    assert extract.notes == [f"Row 4: {doubt}; they were so far, and the row counts."]


def test_whoever_is_left_out_is_found_by_the_id_that_she_is_known_by(opened: ExitStack) -> None:
    known = People({"00012": "", "w1": ""})
    rows = "12,Ann,Active,Franchise,\nW1,Bo,Active,Franchise,\n"
    extract = read(opened, rows, mapping({"only": {"Type": "Employee"}}), known)
    assert [one.worker_id for one in extract.people_left_out()] == ["00012", "w1"]


def test_an_error_in_a_workbook_is_no_reject_of_whom_the_list_leaves_out_and_tells_nothing_in_only(
    opened: ExitStack,
) -> None:
    book = openpyxl.Workbook()
    for row in (
        ["Id", "Name", "State", "Type"],
        ["1", "#N/A", "Active", "Franchise"],
        ["2", "Bo", "Active", "#N/A"],
        ["3", "Cy", "Active", "#N/A"],
        ["4", "Di", "Active", "Employee"],
    ):
        book.active.append(row)
    data = io.BytesIO()
    book.save(data)
    said = mapping({"only": {"Type": "Employee"}})
    known = People({"3": ""}, last_days={"3": ""})
    extract = opened.enter_context(read_extract([data.getvalue()], said, Reading(today=date(2026, 11, 21)), known))
    assert (extract.left_out, [reject.row for reject in extract.rejects]) == (1, [3, 4])
    advice = "holds the error #N/A of a spreadsheet; enter the value itself there, or correct the formula."
    doubt = "Type is empty, or cannot be used, so nobody can tell whether the person is one of this list's."
    assert [reject.reason for reject in extract.rejects] == [
        f"{doubt} Type (cell D3) {advice}",
        f"Type (cell D4) {advice}",
    ]
    assert list(extract.people_left_out()) == [LeftOut("1", 2, "Type")]


@pytest.mark.parametrize(
    ("said", "fault"),
    [
        ("filter: {}", "line 5: filter: say 'only' or 'without', with the words of a column"),
        ("filter: {olny: {A: B}}", "line 5: filter.olny: no such key; did you mean 'only'?"),
        ("filter: {only: {A: B}, known: drop}", "line 5: filter.known: must be 'disable' or 'keep'"),
        (
            "filter: {only: {A: B}}\noptional: [A]",
            "line 6: optional: 'A' is needed in every row and cannot be optional",
        ),
    ],
)
def test_a_filter_that_says_too_little_or_too_much_is_told_with_its_place(said: str, fault: str) -> None:
    frame = "version: 1\nkey: Id\nstatus: {column: S, values: {A: true}}\nattributes: {displayName: Name}\n"
    with pytest.raises(MappingError) as wrong:
        parse_mapping(f"{frame}{said}\n".encode(), "a.yaml")
    assert str(wrong.value) == f"a.yaml {fault}"


@pytest.fixture
def office(storage: Storage) -> Iterator[Office]:
    with open_office(storage.connection_string) as opened_office:
        yield opened_office


STAFF = [f"{number},P{number},active,,,Europe/Berlin" for number in range(100, 120)]


def moved(*numbers: int) -> list[str]:
    """Everybody, some of whom have come under the filter."""
    return [row.replace("Europe/Berlin", "Asia/Tokyo") if int(row[:3]) in numbers else row for row in STAFF]


def test_a_filter_that_leaves_out_too_many_people_of_before_is_held_and_they_are_not_missing(office: Office) -> None:
    office.map(filter={"without": {"Zone": "Asia/*"}}, missing="disable")
    office.night(*STAFF)
    office.time.forward(86_400)
    assert office.night(*moved(100, 101, 102)) == []
    assert office.workers()["100"] == "held"
    row = office.newest()
    assert (row["Status"], row["People"], row["Filtered"], row["Missing"]) == ("held", 17, 3, 0)
    extract = str(row["Extract"])
    because = "3 accounts would be disabled with this file, of 20 people known; more than 10% need approval."
    assert row["HeldBecause"] == because
    release(office.context.storage, extract, Order("Ina", "They moved.", office.time()), ["100", "102"])
    assert sorted(office.tick()) == [("100", False), ("102", False)]
    assert office.workers()["101"] == "held"


def test_a_rejected_row_counts_among_the_rows_of_the_list_s_own_people(office: Office) -> None:
    office.map(filter={"without": {"Zone": "Asia/*"}}, missing="disable")
    others = [f"{number},P{number},active,,,Asia/Tokyo" for number in range(200, 260)]
    office.night(*STAFF, *others)
    office.time.forward(86_400)
    office.night(*STAFF[:17], "118,P118,maybe", "119,P119,maybe", *others)
    told = "1 person is not in the file any more; nobody was disabled for that, because 2 of 19 rows were rejected"
    assert told in office.newest()["Message"]


def test_a_file_that_is_smaller_by_those_left_out_alone_is_complete(office: Office) -> None:
    office.map(missing="disable")
    others = [f"{number},P{number},gone,,,Asia/Tokyo" for number in range(200, 260)]
    office.night(*STAFF, *others)
    office.time.forward(86_400)
    office.map(filter={"without": {"Zone": "Asia/*"}}, missing="disable")
    assert office.night(*STAFF[:19], *others) == [("119", False)]


def test_those_who_are_let_go_of_are_disabled_once_and_then_only_noted(office: Office) -> None:
    office.map(filter={"without": {"Zone": "Asia/*"}})
    office.night(*STAFF)
    office.time.forward(86_400)
    assert sorted(office.night(*moved(100, 101), name="people_20260919.csv")) == [("100", False), ("101", False)]
    office.time.forward(86_400)
    assert office.night(*moved(100, 101), name="people_20260920.csv") == []
    why, missing = office.workers("SentDecision", "MissingIn")["100"]
    assert (why, missing) == ("Leaver (row 2 of people_20260919.csv, which the mapping leaves out by Zone).", "")


def test_whom_the_mapping_keeps_stays_as_the_list_had_her(office: Office) -> None:
    office.map(filter={"without": {"Zone": "Asia/*"}, "known": "keep"})
    office.night(*STAFF)
    office.time.forward(86_400)
    assert office.night(*moved(100, 101, 102, 103), name="people_20260919.csv") == []
    assert (office.enabled["100"], office.newest()["Message"].split(";")[0]) == (
        True,
        "20 rows: 0 rejected, 4 left out by the mapping's filter",
    )
    assert office.workers("Status", "SeenRow")["100"] == ("uploaded", 2)  # until Entra has answered


def test_what_is_told_of_somebody_who_is_left_out_takes_no_name_from_her() -> None:
    user = {"displayName": "Ann Lee", "userName": ""}
    reason = left_out(2, "people.csv", "Type", keeps=True)
    planned = Planned(Worker("1", 2, user), kind=ChangeKind.UNCHANGED, reason=reason)
    at = datetime(2026, 11, 21, tzinfo=UTC)
    known = WorkerRow(
        status=WorkerStatus.PROVISIONED,
        sent_by="e1",
        sent_status=WorkerStatus.PROVISIONED,
        missing_in="e1",
        extract="e1",
    )
    told = worker_status.quiet(WorkerStatus.FILTERED, planned, known, worker_status.Telling("e2", at))
    assert told is not None
    assert told.stored() == {
        "SeenIn": "e2", "SeenRow": 2, "NextChangeAt": "", "MissingIn": "", "WorkerId": "1", "Status": "filtered",
        "Reason": "Row 2 of people.csv is about somebody for whom this list does not provide: by Type (filter). The "
        "account was left as it is, because the mapping says 'known: keep'.",
        "Decision": reason, "NextStep": "Nothing to do: another list provides for the person, or nobody does.",
        "WhoActs": "nobody", "ErrorCode": "", "Kind": "unchanged", "Changed": "", "Warning": "", "WarningKind": "",
        "Extract": "e2", "Row": 2, "ResolvedAt": "2026-11-21T00:00:00Z",
    }  # fmt: skip
    new = worker_status.quiet(WorkerStatus.FILTERED, planned, None, worker_status.Telling("e2", at))
    assert new is not None
    assert (new.display_name, bool(new.user_name), new.status) == ("Ann Lee", False, "filtered")
    waits = worker_status.quiet(
        WorkerStatus.FILTERED, planned, known | WorkerRow(status=WorkerStatus.QUEUED), worker_status.Telling("e2", at)
    )
    assert waits == WorkerRow(
        seen_in="e2",
        seen_row=2,
        next_change_at="",
        missing_in="",
        warning="",
        warning_kind="",
    )


def test_a_file_of_changes_lets_go_of_whom_it_names_alone_and_explain_finds_who_is_left_out(
    office: Office, storage: Storage, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    office.map(mode="delta", filter={"without": {"Zone": "Asia/*"}})
    office.night(*STAFF)
    office.time.forward(86_400)
    new = "200,New,active,,,Asia/Tokyo"
    assert office.night(moved(100)[0], new, name="changes_20260919.csv") == [("100", False)]
    assert office.workers("Status", "DisplayName")["200"] == ("filtered", "New")
    monkeypatch.setenv(settings.HR_STORAGE, storage.connection_string)
    monkeypatch.setenv(settings.PROVISIONING_ENDPOINT, endpoint_at(NOWHERE).url)
    settings.load.cache_clear()
    try:
        assert main(["explain", "200"]) == 0
    finally:
        settings.load.cache_clear()
    told = " ".join(capsys.readouterr().out.split())
    assert told.startswith("Worker 200 of employees, New: filtered")
    assert "Row 3 of changes_20260919.csv is about somebody for whom this list does not provide: by Zone" in told
