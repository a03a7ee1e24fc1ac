"""Some ids of a file have lost the zeros in front: nobody becomes a second person, and nobody is missing for it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.errors import ExtractRefused
from shared.extract.reading import ReadExtract, read_extract
from shared.mapping.model import MappingFile
from shared.model import ENTERPRISE_USER, Reject
from tests.conftest import Storage
from tests.support.known import People
from tests.support.office import Office, open_office

HEADER = "Id,Name,State,Mail\n"
NO_ONE = People({})
KNOWN = People({"000021": "ann@x", "000022": "bo@x", "31": "", "000031": ""})


def mapping(**more: Any) -> MappingFile:
    plain = {
        "version": 1,
        "key": "Id",
        "status": {"column": "State", "values": {"Active": True, "Left": False}},
        "attributes": {"displayName": "Name", "userName": "Mail"},
    }
    return MappingFile.model_validate(plain | more)


def reason(worker_id: str, known_as: str) -> str:
    return (
        f"Id {worker_id} is known as {known_as}; a spreadsheet took the zeros off. Format the column as text, or ask "
        "IT to fill the zeros in (key: width)."
    )


@pytest.fixture
def opened() -> Iterator[ExitStack]:
    with ExitStack() as stack:
        yield stack


def read(stack: ExitStack, rows: str, **key: Any) -> ReadExtract:
    said = mapping(key={"column": "Id", **key})
    extract = stack.enter_context(read_extract([f"{HEADER}{rows}".encode()], said, known=KNOWN))
    assert extract.rows == extract.people + extract.repeated + len(extract.rejects)
    return extract


def rejected(extract: ReadExtract) -> list[tuple[int, str, str]]:
    return [(one.row, one.worker_id, one.reason) for one in extract.rejects]


def people(extract: ReadExtract) -> list[str]:
    return sorted(worker_id for worker_id, _ in extract.people_by_account())


@pytest.mark.parametrize("state", ["Active", "Left", "Retired"])
def test_a_single_row_is_rejected_as_that_of_the_known_person(opened: ExitStack, state: str) -> None:
    extract = read(opened, f"21,Ann,{state},\n")
    assert extract.rejects == [Reject(2, 2, "000021", reason("21", "000021"))]
    assert [extract.rejected(worker_id) for worker_id in ("000021", "000022", "21")] == [True, False, False]


def test_the_id_comes_before_the_user_name_that_the_known_person_has(opened: ExitStack) -> None:
    extract = read(opened, "21,Ann,Active,ann@x\n5,Cy,Active,ann@x\n6,Di,Active,di@x\n")
    name = (
        "Mail: the user name 'ann@x' is already used by worker 000021. If they are one person, Id is wrong in one of "
        "the two places; if they are two, Mail is."
    )
    assert rejected(extract) == [(2, "000021", reason("21", "000021")), (3, "5", name)]
    assert people(extract) == ["6"]


def test_who_is_known_with_few_zeros_or_not_at_all_is_sent(opened: ExitStack) -> None:
    extract = read(opened, "31,A,Active,\n0000021,B,Active,\n41,C,Active,\na21,D,Active,\n")
    assert (people(extract), extract.rejects) == (["0000021", "31", "41", "a21"], [])


def test_every_row_of_the_id_is_rejected_for_it(opened: ExitStack) -> None:
    rows = "21,A,Active,\n21,A,Active,\n021,B,Left,\n"
    expected = [(row, "000021", reason(one, "000021")) for row, one in ((2, "21"), (3, "21"), (4, "021"))]
    assert rejected(read(opened, rows + "".join(f"9{row},X,Active,\n" for row in range(3)))) == expected


def test_next_to_the_right_id_they_are_compared_with_each_other(opened: ExitStack) -> None:
    extract = read(opened, "21,A,Active,\n000021,A,Active,\n")
    zeros = "Id differs from that of row {} only in zeros in front; leave the right one only."
    assert rejected(extract) == [(2, "21", zeros.format(3)), (3, "000021", zeros.format(2))]


def test_a_width_that_is_too_small_makes_nobody_new_and_the_right_row_counts(opened: ExitStack) -> None:
    extract = read(opened, "21,A,Active,\n22,B,Active,\n000022,B,Active,\n7,C,Active,\n8,C,Active,\n", width=5)
    assert rejected(extract) == [
        (2, "000021", reason("00021", "000021")),
        (3, "00022", reason("00022", "000022")),
    ]
    assert people(extract) == ["000022", "00007", "00008"]


@pytest.mark.parametrize("key", [{"width": 6}, {"leading_zeros": "distinct"}])
def test_the_mapping_may_say_whose_such_an_id_is(opened: ExitStack, key: dict[str, Any]) -> None:
    extract = read(opened, "21,A,Active,\n", **key)
    assert (people(extract), extract.rejects) == (["000021"] if "width" in key else ["21"], [])


def test_a_row_that_cannot_be_taken_apart_is_that_of_the_known_person_as_well(opened: ExitStack) -> None:
    extract = read(opened, "21,Ann\n")
    assert extract.rejects == [Reject(2, 2, "000021", "the row has 2 of 4 columns.", tentative_id="21")]
    assert read(opened, "21,Ann\n", leading_zeros="distinct").rejects == [
        Reject(2, 2, "", "the row has 2 of 4 columns.", tentative_id="21")
    ]


FOUR = People({f"00{number}": "" for number in range(11, 15)})
LOST = (
    "Id has lost the zeros in front: {} of {} ids are known only with them. A spreadsheet does that; format the column "
    "as text, or ask IT to fill the zeros in (key: width), then drop the file again."
)
SWAPPED = (
    "Mail: the day and the month of every date can be swapped ('02/03/2026'), so nobody can tell which is meant. Ask "
    "IT to say in the mapping how dates are written (dates: format), then drop the file again."
)


def whole_file_refusal(rows: str, known: People = FOUR) -> str:
    said = mapping(status={"column": "State", "values": {"Active": True}, "last_day": "Mail"})
    said = said.model_copy(update={"attributes": {"displayName": said.attributes["displayName"]}})
    with pytest.raises(ExtractRefused) as refused:
        read_extract([f"{HEADER}{rows}".encode()], said, known=known)
    return str(refused.value)


@pytest.mark.parametrize("lost", [3, 4])
def test_most_ids_of_a_small_file_without_zeros_refuse_it(lost: int) -> None:
    rows = [f"{number if at < lost else f'00{number}'},A,Active,\n" for at, number in enumerate(range(11, 15))]
    assert whole_file_refusal("".join(rows)) == LOST.format(lost, 4)


def test_what_a_spreadsheet_did_to_ids_is_told_before_what_it_did_to_dates() -> None:
    rows = [f"{number},A,Active,02/03/2026\n" for number in range(11, 15)]
    assert whole_file_refusal("".join(rows)) == f"{LOST.format(4, 4)} {SWAPPED}"
    assert whole_file_refusal("".join(rows[:2])) == f"{LOST.format(2, 2)} {SWAPPED}"
    assert whole_file_refusal("".join(rows), NO_ONE) == SWAPPED


def test_lost_zeros_are_told_before_words_that_nobody_agreed() -> None:
    rows = [f"{number},A,{state},\n" for number, state in zip(range(11, 15), ("x", "y", "z", "w"), strict=True)]
    fill = "".join(f"{number},A,v,\n" for number in range(11, 15)) * 3
    assert whole_file_refusal("".join(rows) + fill) == LOST.format(16, 16)


@given(st.lists(st.sampled_from(["21", "021", "000021", "22", "31", "7", "0"]), max_size=6))
def test_nobody_is_sent_under_an_id_that_is_known_with_more_zeros(ids: list[str]) -> None:
    with ExitStack() as stack:
        fill = "".join(f"9{row},X,Active,\n" for row in range(7))  # so that not most of the file is wrong
        extract = read(stack, "".join(f"{one},A,Active,\n" for one in ids) + fill)
        assert {"21", "021", "22"}.isdisjoint(people(extract))
        assert extract.rejected("000021") >= bool({"21", "021"} & set(ids))


# Through the whole of intake

EVERYBODY = [f"{number:06},P{number},active" for number in range(1, 41)]
STRIPPED = [f"{number},P{number},active" for number in range(1, 11)]


@pytest.fixture
def office(storage: Storage) -> Iterator[Office]:
    with open_office(storage.connection_string) as opened:
        yield opened


@pytest.mark.parametrize("missing", ["report", "disable"])
def test_a_quarter_of_the_ids_stripped_makes_no_second_accounts_and_disables_nobody(
    office: Office, missing: str
) -> None:
    office.map(mode="full", missing=missing)
    office.night(*EVERYBODY)
    office.time.forward(86_400)
    sent = office.night(*STRIPPED, *EVERYBODY[10:])
    row = office.newest()
    assert (sent, row["Rejected"], row["People"], row["Missing"]) == ([], 10, 30, 0)
    everybody = office.workers()
    assert sorted(everybody) == [f"{number:06}" for number in range(1, 41)]
    assert {worker_id for worker_id, status in everybody.items() if status == "rejected"} == {
        f"{number:06}" for number in range(1, 11)
    }
    assert office.workers("Reason")["000001"] == (
        f"Row 2 of {row['File']} was not sent: Id 1 is known as 000001; a spreadsheet took the zeros off. Format the "
        "column as text, or ask IT to fill the zeros in (key: width)."
    )


def test_one_stripped_id_protects_its_owner_while_whoever_is_missing_is_disabled(office: Office) -> None:
    office.map(mode="full", missing="disable")
    office.night(*EVERYBODY)
    office.time.forward(86_400)
    assert office.night(STRIPPED[0], *EVERYBODY[1:39]) == [("000040", False)]
    assert office.workers()["000001"] == "rejected"
    office.time.forward(86_400)
    assert office.night(*EVERYBODY[:39]) == []
    assert office.workers()["000001"] == "unchanged"


def test_a_corrected_file_of_rejects_may_not_bring_them_back_without_zeros(office: Office) -> None:
    office.map(mode="full")
    office.night(*EVERYBODY)
    office.time.forward(86_400)
    assert office.night("21,P21,active", "22,P22,gone", name="people.rejects.csv") == []
    assert {one: status for one, status in office.workers().items() if status == "rejected"} == {
        "000021": "rejected",
        "000022": "rejected",
    }


def test_somebody_whose_first_day_is_to_come_is_known_as_well(office: Office) -> None:
    office.map(mode="full")
    office.night(*EVERYBODY[:10], "000077,Eve,active,2026-12-01")
    office.time.forward(86_400)
    assert office.night(*EVERYBODY[:10], "77,Eve,active,2026-12-01") == []
    assert {one: status for one, status in office.workers().items() if one.endswith("77")} == {"000077": "rejected"}


MANAGED = "Id,Name,State,Mail,Boss\n"


def managed(stack: ExitStack, rows: str, known: People = NO_ONE, **key: Any) -> ReadExtract:
    attributes = {"displayName": "Name", "userName": "Mail", f"{ENTERPRISE_USER}:manager": "Boss"}
    said = mapping(key={"column": "Id", **key}, attributes=attributes)
    return stack.enter_context(read_extract([f"{MANAGED}{rows}".encode()], said, known=known))


REPORTS = "11,Ann,Active,a@x,\n12,Bo,Active,b@x,00011\n13,Cy,Active,c@x,00012\n14,Di,Active,d@x,00012\n"


def test_a_first_list_whose_managers_still_have_the_zeros_is_refused(opened: ExitStack) -> None:
    with pytest.raises(ExtractRefused) as refused:
        managed(opened, REPORTS)
    assert str(refused.value) == (
        "Id has lost the zeros in front: reports name 2 of the list's people with them, such as 00011 (11), 00012 "
        "(12). A spreadsheet does that; format the column as text, or ask IT to fill the zeros in (key: width), then "
        "drop the file again."
    )


@pytest.mark.parametrize(
    ("rows", "known", "key"),
    [
        (REPORTS, NO_ONE, {"width": 5}),  # which fills them in
        (REPORTS, NO_ONE, {"leading_zeros": "distinct"}),
        (REPORTS, People({"11": "", "12": ""}), {}),  # they are known so
        (f"00015,Eve,Active,e@x,\n{REPORTS}", NO_ONE, {}),
        ("11,Ann,Active,a@x,\n12,Bo,Active,b@x,00011\n", NO_ONE, {}),  # one may be a slip
    ],
    ids=["width", "distinct", "known", "some have them", "one"],
)
def test_managers_with_zeros_refuse_no_other_list(
    opened: ExitStack, rows: str, known: People, key: dict[str, Any]
) -> None:
    assert managed(opened, rows, known, **key).people == rows.count("\n")
