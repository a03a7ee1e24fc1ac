"""An extract read to its end: who is sent, who is rejected, what waits in the spool."""

from __future__ import annotations

import io

import pytest

from shared.errors import ExtractRefused
from shared.extracts.planning import ReadWorkers, read_spool, read_workers
from shared.mapping.model import MappingFile
from shared.model import CORE_USER, ENTERPRISE_USER, Reject, Worker

MAPPING = MappingFile.model_validate(
    {
        "version": 1,
        "key": "Id",
        "status": {"column": "State", "values": {"Active": True, "Left": False}},
        "attributes": {"displayName": "Name", f"{ENTERPRISE_USER}:manager": "Boss"},
    }
)
HEADER = "Id,Name,State,Boss,Salary\n"


def read(text: str) -> tuple[ReadWorkers, io.BytesIO]:
    spool = io.BytesIO()
    return read_workers([text.encode()], MAPPING, spool), spool


def conflict(row: int, line: int, worker_id: str, others: str) -> Reject:
    reason = f"the same Id is also in row {others} with different data; leave the right one only."
    return Reject(row, line, worker_id, reason)


def test_people_wait_in_the_spool_until_they_are_asked_for() -> None:
    result, spool = read(f'{HEADER}1,"Jür\ngen",Active,2,9\n\n2,Ann\u2028Lee,left,,8\n')
    assert result == ReadWorkers(
        rows=2, managers={"1": "2", "2": ""}, places={"1": 0, "2": result.places["2"]}, repeated=0, rejects=[]
    )
    schemas = [CORE_USER, ENTERPRISE_USER]
    assert read_spool(spool, result.places, ["2", "1"]) == [
        Worker("2", 4, {"schemas": schemas, "externalId": "2", "active": False, "displayName": "Ann Lee"}),
        Worker(
            "1",
            2,
            {
                "schemas": schemas,
                "externalId": "1",
                "active": True,
                "displayName": "Jür gen",
                ENTERPRISE_USER: {"manager": {"value": "2"}},
            },
        ),
    ]


def test_unmapped_columns_do_not_reach_the_spool() -> None:
    _, spool = read(f"{HEADER}1,Ann,Active,,90000\n")
    assert b"90000" not in spool.getvalue()


def test_every_row_is_counted_in_exactly_one_place() -> None:
    result, _ = read(
        HEADER
        + "1,Ann,Active,,\n"  # row 2
        + "1,Ann,Active,,other salary\n"  # row 3 says nothing new
        + "2,Bob,Retired,,\n"  # row 4
        + '"3",Cy,"Active\n",1,\n'  # row 5, over two lines
        + "3,Cy,Active\n"  # row 6 is short: nobody knows who it is
        + "4,Dee,Active,,\n"  # row 7
        + "4,Dee,Left,,\n"  # row 8 says something else
        + ",Eve,Active,,\n"  # row 9
    )
    assert result == ReadWorkers(
        rows=8,
        managers={"1": "", "3": "1"},
        places=result.places,
        repeated=1,
        rejects=[
            Reject(4, 4, "2", "State 'Retired' is not one of the agreed words (Active, Left)."),
            Reject(6, 7, "", "the row has 3 of 5 columns."),
            conflict(7, 8, "4", "8"),
            conflict(8, 9, "4", "7"),
            Reject(9, 10, "", "Id is empty, so nobody can tell whom the row is about."),
        ],
    )
    assert result.rows == len(result.managers) + result.repeated + len(result.rejects)


@pytest.mark.parametrize("rows", [("1,Ann,Gone,,\n", "1,Ann,Active,,\n"), ("1,Ann,Active,,\n", "1,Ann,Gone,,\n")])
def test_a_row_that_cannot_be_read_contradicts_the_others_of_its_id(rows: tuple[str, str]) -> None:
    result, _ = read(HEADER + "".join(rows))
    reasons = {
        row: "State 'Gone' is not one of the agreed words (Active, Left)."
        if "Gone" in text
        else f"the same Id is also in row {5 - row} with different data; leave the right one only."
        for row, text in enumerate(rows, 2)
    }
    assert (result.rows, result.managers, result.repeated) == (2, {}, 0)
    assert result.rejects == [Reject(row, row, "1", reason) for row, reason in reasons.items()]


def test_a_row_that_was_repeated_before_it_was_contradicted_is_rejected_as_well() -> None:
    result, _ = read(HEADER + "1,Ann,Active,,\n1,Ann,Active,,\n1,Ann,Left,,\n")
    assert (result.rows, result.managers, result.repeated) == (3, {}, 0)
    assert result.rejects == [conflict(2, 2, "1", "3, 4"), conflict(3, 3, "1", "2, 4"), conflict(4, 4, "1", "2, 3")]


@pytest.mark.parametrize(
    ("one", "other", "people"),
    [
        ("1", " 1\u00a0", {"1": ""}),
        ("Mu\u0308", "M\u00fc", {"M\u00fc": ""}),
        ("1\u200b", "\ufeff1", {"1": ""}),
        ("1", "01", {"1": "", "01": ""}),
        ("ab", "AB", {}),
    ],
)
def test_ids_are_the_same_where_a_person_sees_no_difference(one: str, other: str, people: dict[str, str]) -> None:
    result, _ = read(f"{HEADER}{one},Ann,Active,,\n{other},Ann,Active,,\n")
    assert result.managers == people
    assert result.rows == len(result.managers) + result.repeated + len(result.rejects)


def test_a_bad_file_is_refused_as_a_whole() -> None:
    with pytest.raises(ExtractRefused, match=r"^The file ends in the middle of line 3 \(2 of 5 columns\)"):
        read(HEADER + "1,Ann,Active,,\n2,Bo")


def test_two_files_run_into_one_are_not_taken_for_a_worker_called_id() -> None:
    result, _ = read(f"{HEADER}1,Ann,Active,,\n\ufeff{HEADER}2,Bob,Active,,\n")
    assert (result.rows, result.managers, result.rejects) == (2, {"1": "", "2": ""}, [])
    assert result.notes == ["Line 3 repeats the header, as when files are joined; it was left out."]
