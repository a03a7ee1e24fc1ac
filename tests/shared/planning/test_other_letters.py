"""An id in other letters than it is known in is nobody new: by capital letters Entra tells nobody apart."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any

import pytest

from shared.extract.reading import ReadExtract, read_extract
from shared.mapping.model import MappingFile
from shared.model import ENTERPRISE_USER
from tests.conftest import Storage
from tests.support.known import People
from tests.support.office import Office, open_office

HEADER = "Id,Name,State,Boss\n"
KNOWN = People({"w1": "ann@x", "b2": "", "x": "", "X": "", "12": "", "test": ""})
ALTHOUGH = "The row counts all the same: of somebody who may not work, only id and status are needed."


def mapping(**key: Any) -> MappingFile:
    return MappingFile.model_validate(
        {
            "version": 1,
            "key": {"column": "Id", **key},
            "status": {"column": "State", "values": {"Active": True, "Left": False}},
            "attributes": {"displayName": "Name", f"{ENTERPRISE_USER}:manager": "Boss"},
        }
    )


def reason(worker_id: str, known_as: str, what: str = "capital letters") -> str:
    return (
        f"Id {worker_id} is known as {known_as}, which differs from it in {what} only; Entra takes them for the same "
        "person. Write it as it is known; or ask IT to say in the mapping that HR writes ids in several ways (key: "
        "as_known), or that they are different people (key: case_sensitive)."
    )


@pytest.fixture
def opened() -> Iterator[ExitStack]:
    with ExitStack() as stack:
        yield stack


def read(stack: ExitStack, rows: str, **key: Any) -> ReadExtract:
    extract = stack.enter_context(read_extract([f"{HEADER}{rows}".encode()], mapping(**key), known=KNOWN))
    assert extract.rows == extract.people + extract.repeated + len(extract.rejects)
    return extract


def rejected(extract: ReadExtract) -> list[tuple[int, str, str]]:
    return [(one.row, one.worker_id, one.reason) for one in extract.rejects]


def people(extract: ReadExtract) -> dict[str, bool]:
    return {said.worker.worker_id: said.worker.user["active"] for said in extract.everybody()}


def test_the_row_of_somebody_who_works_is_rejected_as_that_of_the_known_person(opened: ExitStack) -> None:
    extract = read(opened, "W1,Ann,Active,\nB2,Bo,Active,\nn3,Cy,Active,\n")
    assert rejected(extract) == [(2, "w1", reason("W1", "w1")), (3, "b2", reason("B2", "b2"))]
    assert people(extract) == {"n3": True}
    assert extract.rejected("w1")


def test_a_leaver_leaves_under_the_id_that_is_known(opened: ExitStack) -> None:
    extract = read(opened, "W1,Ann,Left,\n")
    assert (people(extract), extract.rejects) == ({"w1": False}, [])
    assert [said.worker.user["externalId"] for said in extract.everybody()] == ["w1"]
    assert extract.notes == [f"Row 2: {reason('W1', 'w1')} {ALTHOUGH}"]


def test_blanks_are_no_other_person_either(opened: ExitStack) -> None:
    extract = read(opened, "w 1,Ann,Left,\n1 2,Cy,Active,\n")
    assert people(extract) == {"w1": False}
    assert rejected(extract) == [(3, "12", reason("1 2", "12", "blanks"))]


def test_where_two_are_known_nobody_can_tell_who_leaves(opened: ExitStack) -> None:
    assert people(read(opened, " x ,Cy,Active,\n")) == {"x": True}
    assert people(read(opened, "X,Di,Left,\n")) == {"X": False}
    twice = People({"xy": "", "XY": ""})
    with read_extract([f"{HEADER}Xy,Cy,Left,\n".encode()], mapping(), known=twice) as other:
        assert rejected(other) == [(2, "XY", reason("Xy", "XY and xy"))]


def test_beside_the_known_id_the_rows_contradict_each_other(opened: ExitStack) -> None:
    extract = read(opened, "w1,Ann,Active,\nW1,Ann,Left,\n")
    assert [(row, who) for row, who, _ in rejected(extract)] == [(2, "w1"), (3, "w1")]


def test_a_row_that_cannot_be_taken_apart_is_hers_as_well(opened: ExitStack) -> None:
    [reject] = read(opened, "W1,Ann\n").rejects
    assert (reject.worker_id, reject.tentative_id) == ("w1", "W1")


@pytest.mark.parametrize(
    ("key", "found"), [({"as_known": True}, {"w1": True}), ({"case_sensitive": True}, {"W1": True})]
)
def test_the_mapping_may_say_whose_such_an_id_is(
    opened: ExitStack, key: dict[str, Any], found: dict[str, bool]
) -> None:
    extract = read(opened, "W1,Ann,Active,\n", **key)
    assert (people(extract), extract.rejects, extract.notes) == (found, [], [])


def test_it_cannot_say_both() -> None:
    with pytest.raises(ValueError, match="'case_sensitive' and 'as_known' are two rules; say one of them"):
        mapping(as_known=True, case_sensitive=True)


def test_a_manager_in_other_letters_is_the_one_who_is_known(opened: ExitStack) -> None:
    extract = read(opened, "n3,Cy,Active,W1\nn4,Di,Active,N3\nn5,Ed,Active,Z9\nn6,Fi,Active,XX\nn7,Gu,Active,n3\n")
    assert dict(extract.managers()) == {"n3": "w1", "n4": "n3", "n5": "Z9", "n6": "XX", "n7": "n3"}
    with read_extract([f"{HEADER}n3,Cy,Active,W1\n".encode()], mapping(case_sensitive=True), known=KNOWN) as other:
        assert dict(other.managers()) == {"n3": "W1"}


@pytest.fixture
def office(storage: Storage) -> Iterator[Office]:
    with open_office(storage.connection_string) as around:
        yield around


@pytest.mark.parametrize("missing", ["report", "disable"])
def test_who_comes_back_in_capitals_gets_no_second_account_and_is_not_missing(office: Office, missing: str) -> None:
    staff = [f"s{number},S{number},active" for number in range(30)]
    office.map(mode="full", missing=missing, guard={"off": True})
    office.night("w1,Ann,active", "w2,Bo,active", *staff)
    office.time.forward(86_400)
    assert office.night("W1,Ann,gone", "W2,Bo,active", *staff) == [("w1", False)]
    assert {one: office.workers()[one] for one in ("w1", "w2")} == {"w1": "uploaded", "w2": "rejected"}
    assert {"W1", "W2"}.isdisjoint(office.workers())
    assert office.newest()["Missing"] == 0


def test_a_known_id_in_full_width_digits_is_nobody_new(opened: ExitStack) -> None:
    wide, fault = (
        "\uff42\uff12",
        (
            "Id \uff42\uff12 is known as b2: it holds full-width signs, as keyboards for Chinese and Japanese write "
            "them. Write it as it is known; or ask IT to say in the mapping that HR writes ids in several ways (key: "
            "as_known), or that they are different people (key: case_sensitive)."
        ),
    )
    assert rejected(read(opened, f"{wide},Bo,Active,\n")) == [(2, "b2", fault)]
    assert people(read(opened, f"{wide},Bo,Active,\n", as_known=True)) == {"b2": True}
    assert people(read(opened, "\uff11\uff12,Bo,Active,\n", as_known=True)) == {"12": True}
    assert people(read(opened, f"{wide},Bo,Active,\n", case_sensitive=True)) == {wide: True}


IDS = "".join(f"{number},Ann,Active,\n" for number in range(100, 110))


@pytest.mark.parametrize("word", ["TBD", "new", "None", "Neu"])
def test_a_word_in_the_place_of_an_id_makes_nobody(opened: ExitStack, word: str) -> None:
    extract = read(opened, f"{IDS}{word},Bo,Active,\n{word},Cy,Left,\n120,Dee,Active,{word}\n")
    fault = (
        f"Id '{word}' stands in for an id, and nobody by it is known, so nobody can tell whom the row is about. Enter "
        "the id itself."
    )
    assert rejected(extract) == [(12, "", fault), (13, "", fault)]
    assert [len(people(extract)), extract.is_left_out(word), extract.rejected(word)] == [11, False, False]


@pytest.mark.parametrize("day", ["01-Jan", "Jan-01", "3. M\u00e4r", "dic-12"])
def test_a_day_that_a_spreadsheet_made_of_an_id_makes_nobody(opened: ExitStack, day: str) -> None:
    assert rejected(read(opened, f"{IDS}{day},Bo,Active,\n")) == [
        (
            12,
            "",
            (
                f"Id '{day}' is a day, as a spreadsheet makes it of an id such as 1-1, and nobody by it is known. "
                "Format the column as text, enter the id again and export the list."
            ),
        )
    ]


@pytest.mark.parametrize(
    "rows",
    [
        f"{IDS}test,Bo,Active,\n",  # somebody is known by it
        "NEW,Bo,Active,\nABC,Cy,Active,\nBCD,Dee,Active,\n",  # ids of letters
        "01-Jan,Bo,Active,\n02-Feb,Cy,Active,\n",  # all look so
        f"{IDS}01-Jam,Bo,Active,\nnewt,Cy,Active,\n",
    ],
)
def test_what_may_be_an_id_is_one(opened: ExitStack, rows: str) -> None:
    assert rejected(read(opened, rows)) == []


def test_an_id_that_is_known_in_full_width_digits_is_nobody_new_in_usual_ones(opened: ExitStack) -> None:
    known = People({"\uff57\uff19": ""})
    extract = opened.enter_context(read_extract([f"{HEADER}w9,Bo,Active,\n".encode()], mapping(), known=known))
    assert rejected(extract) == [(2, "\uff57\uff19", reason("w9", "\uff57\uff19", "the width of its signs"))]
