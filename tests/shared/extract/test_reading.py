"""A whole extract: who is in it, who is rejected, and what it says of people."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.errors import ExtractRefused
from shared.extract.reading import ReadExtract, Said, read_extract
from shared.mapping.cells.user_names import NOBODY, Known
from shared.mapping.load import SHIPPED, parse_mapping
from shared.mapping.model import Days, MappingFile
from shared.model import CORE_USER, ENTERPRISE_USER, Reject, ScimUser, Worker
from shared.readers.open_extract import Reading
from tests.support.known import People

MANAGER = f"{ENTERPRISE_USER}:manager"
HEADER = "Id,Name,State,Boss,Salary\n"
MAIL = 'emails[type eq "work"].value'


def mapping(attributes: dict[str, Any] | None = None, **more: Any) -> MappingFile:
    plain = {
        "version": 1,
        "key": "Id",
        "status": {"column": "State", "values": {"Active": True, "Left": False}},
        "attributes": {"displayName": "Name", MANAGER: "Boss"} | (attributes or {}),
    }
    return MappingFile.model_validate(plain | more)


MAPPING = mapping()


@pytest.fixture
def opened() -> Iterator[ExitStack]:
    with ExitStack() as stack:
        yield stack


def read(stack: ExitStack, text: str, said: MappingFile = MAPPING, known: Known = NOBODY) -> ReadExtract:
    read_it = read_extract([text.encode()], said, Reading(today=date(2026, 11, 21)), known)
    assert read_it.rows == read_it.people + read_it.repeated + len(read_it.rejects)
    return stack.enter_context(read_it)


def people_of(extract: ReadExtract) -> list[str]:
    return [worker_id for worker_id, _ in extract.people_by_account()]


def user(worker_id: str, name: str, *, active: bool = True) -> ScimUser:
    schemas = [CORE_USER, ENTERPRISE_USER]
    return {"schemas": schemas, "externalId": worker_id, "active": active, "displayName": name}


def conflict(row: int, worker_id: str, others: str, line: int = 0, where: str = "") -> Reject:
    differing = f" ({where})" if where else ""
    reason = (
        f"the same Id is also in row {others} with different data{differing}; leave the right one only or, if they are "
        "two people, correct Id in one of them."
    )
    return Reject(row, line or row, worker_id, reason)


def unnamed(rejects: list[Reject]) -> list[Reject]:
    """Rejects without the names that are told with them."""
    return [replace(reject, display_name="", user_name="") for reject in rejects]


def test_people_wait_until_they_are_asked_for(opened: ExitStack) -> None:
    extract = read(opened, f'{HEADER}1,"Jür\ngen",Active,2,9\n\n2,Ann\u2028Lee,left,,8\n')
    one, two = (str(extract.digest(worker_id)) for worker_id in "12")
    ann = Worker("2", 4, user("2", "Ann Lee", active=False))
    joe = Worker("1", 2, {**user("1", "Jür gen"), ENTERPRISE_USER: {"manager": {"value": "2"}}})
    assert extract.read(["2", "1"]) == [Said(ann, 5, None, None, "UTC", two), Said(joe, 2, None, None, "UTC", one)]
    assert list(extract.people_by_account()) == [("1", one), ("2", two)]
    assert list(extract.managers()) == [("1", "2"), ("2", "")]
    assert [extract.manager_of(worker_id) for worker_id in "123"] == ["2", "", ""]
    assert (extract.digest("3"), extract.rejected("1"), extract.rejects, extract.notes) == (None, False, [], [])


def test_nothing_is_said_of_somebody_who_is_not_in_the_extract(opened: ExitStack) -> None:
    with pytest.raises(KeyError):
        read(opened, f"{HEADER}1,Ann,Active,,\n").read(["2"])


def test_days_and_zones_come_with_the_person(opened: ExitStack) -> None:
    status = {
        "column": "State",
        "values": {"Active": True},
        "first_day": "From",
        "last_day": "To",
        "zone": "Zone",
    }
    said = mapping(status=status, dates={"zone": "Europe/Berlin"})
    text = (
        "Id,Name,State,Boss,From,To,Zone\n"
        "1,A,Active,,2026-12-01,2027-01-31,Asia/Tokyo\n"
        "2,A,Active,,2026-12-01,,\n"
        "3,A,Active,,,,Asia/Nowhere\n"
    )
    extract = read(opened, text, said)
    days = [(one.first_day, one.last_day, one.zone) for one in extract.read(["1", "2"])]
    assert days == [
        (date(2026, 12, 1), date(2027, 1, 31), "Asia/Tokyo"),
        (date(2026, 12, 1), None, "Europe/Berlin"),
    ]
    near = "use an IANA name such as Europe/Berlin, or ask IT to map it (zone: map)."
    reason = f"Zone 'Asia/Nowhere' is not a time zone; {near}"
    assert unnamed(extract.rejects) == [Reject(4, 4, "3", reason)]


@pytest.mark.parametrize(
    ("row", "same"),
    [
        ("1,A,Active,2,2026-12-01,UTC", True),
        (" 1,A ,ACTIVE,2,2026-12-01,", True),
        ("1,B,Active,2,2026-12-01,UTC", False),
        ("1,A,Left,2,2026-12-01,UTC", False),
        ("1,A,Active,3,2026-12-01,UTC", False),
        ("1,A,Active,2,2026-12-02,UTC", False),
        ("1,A,Active,2,2026-12-01,Asia/Tokyo", False),
    ],
)
def test_the_digest_is_the_same_if_hr_says_the_same(opened: ExitStack, row: str, *, same: bool) -> None:
    status = {"column": "State", "values": MAPPING.status.values, "last_day": "To", "zone": "Zone"}
    header = "Id,Name,State,Boss,To,Zone\n"
    one = read(opened, f"{header}9,Z,Active,,,\n1,A,Active,2,2026-12-01,UTC\n", mapping(status=status))
    other = read(opened, f"{header}{row}\n", mapping(status=status))
    assert (one.digest("1") == other.digest("1")) is same


def test_people_come_sorted_by_the_end_of_their_ids(opened: ExitStack) -> None:
    extract = read(
        opened, HEADER + "".join(f"{worker_id},A,Active,,\n" for worker_id in ("210", "9", "110", "ü1", "z2"))
    )
    assert people_of(extract) == ["110", "210", "9", "z2", "ü1"]


def test_unmapped_columns_are_not_kept(opened: ExitStack) -> None:
    extract = read(opened, f"{HEADER}1,Ann,Active,,90000\n")
    assert "90000" not in str(extract.read(["1"]))


def test_every_row_is_counted_in_exactly_one_place(opened: ExitStack) -> None:
    extract = read(
        opened,
        HEADER
        + "1,Ann,Active,,\n"  # row 2
        + "1,Ann,Active,,other salary\n"  # row 3 says nothing new
        + "2,Bob,Retired,,\n"  # row 4
        + '"3",Cy,"Active\n",1,\n'  # row 5, over two lines
        + "5,Cy,Active\n"  # row 6 is short, and nobody else knows the id
        + "4,Dee,Active,,\n"  # row 7
        + "4,Dee,Left,,\n"  # row 8 says something else
        + ",Eve,Active,,\n",  # row 9
    )
    assert (extract.rows, people_of(extract), extract.repeated) == (8, ["1", "3"], 1)
    assert unnamed(extract.rejects) == [
        Reject(
            4,
            4,
            "2",
            "State 'Retired' is not one of the agreed words (Active, Left); correct it, or have IT map it.",
        ),
        Reject(6, 7, "", "the row has 3 of 5 columns.", tentative_id="5"),
        conflict(7, "4", "8", line=8, where="State"),
        conflict(8, "4", "7", line=9, where="State"),
        Reject(9, 10, "", "Id is empty, so nobody can tell whom the row is about."),
    ]
    assert [worker_id for worker_id in "12345" if extract.rejected(worker_id)] == ["2", "4"]
    assert extract.digest("4") is None


@pytest.mark.parametrize("rows", [("1,Ann,Gone,,\n", "1,Ann,Active,,\n"), ("1,Ann,Active,,\n", "1,Ann,Gone,,\n")])
def test_a_row_that_cannot_be_read_contradicts_the_others_of_its_id(opened: ExitStack, rows: tuple[str, str]) -> None:
    extract = read(opened, HEADER + "".join(rows))
    gone = "State 'Gone' is not one of the agreed words (Active, Left); correct it, or have IT map it."
    assert unnamed(extract.rejects) == [
        Reject(row, row, "1", gone) if "Gone" in text else conflict(row, "1", str(5 - row))
        for row, text in enumerate(rows, 2)
    ]


def test_a_row_that_was_repeated_before_it_was_contradicted_is_rejected_as_well(opened: ExitStack) -> None:
    extract = read(opened, HEADER + "1,Ann,Active,,\n1,Ann,Active,,\n1,Ann,Left,,\n")
    assert unnamed(extract.rejects) == [
        conflict(2, "1", "3, 4", where="State"),
        conflict(3, "1", "2, 4", where="State"),
        conflict(4, "1", "2, 3", where="State"),
    ]


@pytest.mark.parametrize(
    ("one", "other", "people"),
    [
        ("1", " 1\u00a0", ["1"]),
        ("Mu\u0308", "M\u00fc", ["M\u00fc"]),
        ("1\u200b", "\ufeff1", ["1"]),
        ("1", "01", []),
        ("ab", "AB", []),
        ("a b", "ab", []),
    ],
)
def test_ids_are_the_same_where_a_person_sees_no_difference(
    opened: ExitStack, one: str, other: str, people: list[str]
) -> None:
    assert people_of(read(opened, f"{HEADER}{one},Ann,Active,,\n{other},Ann,Active,,\n")) == people


@pytest.mark.parametrize(
    ("key", "people"),
    [
        ({}, ["x"]),
        ({"leading_zeros": "distinct"}, ["00012", "12", "x"]),
        ({"width": 5}, ["00012", "x"]),
    ],
)
def test_ids_that_have_lost_their_zeros_are_not_sent_next_to_those_that_have_them(
    opened: ExitStack, key: dict[str, Any], people: list[str]
) -> None:
    said = mapping(key={"column": "Id", **key})
    extract = read(opened, f"{HEADER}00012,Ann,Active,,\n12,Ann,Active,,\nx,Cy,Active,,\n", said)
    assert sorted(people_of(extract)) == people
    if not key:
        assert [(reject.row, reject.worker_id, reject.reason) for reject in extract.rejects] == [
            (row, worker, f"Id differs from that of row {other} only in zeros in front; leave the right one only.")
            for row, worker, other in ((2, "00012", 3), (3, "12", 2))
        ]


TOO_MANY = "the row has 6 columns where the header has 5; perhaps a comma in a cell is not in quotes."


def test_a_row_that_cannot_be_taken_apart_contradicts_the_row_of_its_id(opened: ExitStack) -> None:
    extract = read(opened, f"{HEADER}1,Ann,Active,,\n1,Ann,Left\n2,Bob,Active,,\n2,Bob, Esq,Active,,\n")
    assert unnamed(extract.rejects) == [
        conflict(2, "1", "3"),
        Reject(3, 3, "1", "the row has 3 of 5 columns.", tentative_id="1"),
        conflict(4, "2", "5"),
        Reject(5, 5, "2", TOO_MANY, tentative_id="2"),
    ]


@pytest.mark.parametrize(
    ("header", "bad", "worker_id"),
    [
        (HEADER, "7,Ann,Active", "7"),
        (HEADER, "8,Ann,Active", ""),  # nobody knows it
        (HEADER, "7", ""),
        (HEADER, "1.2E+5,Ann", ""),
        ("Name,Id,State,Boss,Salary\n", "Lee,7,Ann", ""),  # perhaps the cells have moved
    ],
)
def test_the_id_of_a_row_that_cannot_be_taken_apart_is_known_only_if_it_is_certain(
    opened: ExitStack, header: str, bad: str, worker_id: str
) -> None:
    good = "1,Ann,Active,,\n" if header == HEADER else "Ann,1,Active,,\n"
    extract = read(opened, f"{header}{good}{bad}\n{good}", known=People({"7": ""}))
    assert [(reject.row, reject.worker_id) for reject in extract.rejects] == [(3, worker_id)]
    assert extract.rejected("7") is (worker_id == "7")


def test_a_bad_file_is_refused_as_a_whole() -> None:
    with pytest.raises(ExtractRefused, match=r"^The file ends in the middle of line 3 \(2 of 5 columns\)"):
        read_extract([f"{HEADER}1,Ann,Active,,\n2,Bo".encode()], MAPPING)


def test_two_files_run_into_one_are_not_taken_for_a_worker_called_id(opened: ExitStack) -> None:
    extract = read(opened, f"{HEADER}1,Ann,Active,,\n\ufeff{HEADER}2,Bob,Active,,\n")
    assert (extract.rows, people_of(extract), extract.rejects) == (2, ["1", "2"], [])
    assert extract.notes == ["Line 3 repeats the header, as when files are joined; it was left out."]


def test_a_fault_in_every_row_is_told_two_hundred_times(opened: ExitStack) -> None:
    extract = read(opened, HEADER + "".join(f"{number},+A,Active,,\n" for number in range(1000, 1300)))
    assert len(extract.notes) == 201
    assert extract.notes[0] == "Row 2: Name starts with +, like a formula; it is sent as it is."
    assert extract.notes[-1] == "100 more warnings about rows."


# Which of several rows counts


def test_with_last_the_last_row_counts_and_earlier_ones_are_repeated(opened: ExitStack) -> None:
    text = f"{HEADER}1,Ann,Left,,\n2,Bob,Active,,\n1,Ann,Oops,,\n1,Anna,Active,,\n"
    extract = read(opened, text, mapping(duplicates="last"))
    assert (people_of(extract), extract.repeated, extract.rejects) == (["1", "2"], 2, [])
    assert extract.read(["1"])[0].worker == Worker("1", 5, user("1", "Anna"))
    assert extract.notes == [
        (
            "Row 4: State 'Oops' is not one of the agreed words (Active, Left); correct it, or have IT map it. Another "
            "row of the same Id counts."
        )
    ]
    assert not extract.rejected("1")


def test_with_prefer_active_somebody_who_works_somewhere_works(opened: ExitStack) -> None:
    text = f"{HEADER}1,Ann,Left,,\n1,Ann,Active,,\n2,Bob,Active,,\n2,Bo,Active,,\n"
    extract = read(opened, text, mapping(duplicates="prefer_active"))
    assert [said.worker.row for said in extract.read(["1"])] == [3]
    assert unnamed(extract.rejects) == [conflict(4, "2", "5", where="Name"), conflict(5, "2", "4", where="Name")]


def test_with_primary_the_marked_row_counts_and_two_that_differ_say_in_what(opened: ExitStack) -> None:
    said = mapping({"title": "Salary"}, duplicates={"primary": {"column": "Main", "value": "Y"}})
    extract = read(
        opened,
        "Id,Name,State,Boss,Salary,Main\n"
        "1,Ann,Left,,,N\n1,Ann,Active,,,y\n"
        "2,Bob,Active,8,x,Y\n2,Bob,Left,9,x,Y\n2,Cy,Left,,,\n"
        "3,Dee,Active,,,\n3,Di,Active,,,\n",
        said,
    )
    assert [one.worker.row for one in extract.read(people_of(extract))] == [3]
    primary = "two rows of the same Id are marked primary and disagree (State, Boss); its other rows: {}."
    none = "the same Id is also in row {} with different data, and no row is marked primary (by 'Y' in Main)."
    assert unnamed(extract.rejects) == [
        Reject(4, 4, "2", primary.format("5, 6")),
        Reject(5, 5, "2", primary.format("4, 6")),
        Reject(6, 6, "2", primary.format("4, 5")),
        Reject(7, 7, "3", none.format("8")),
        Reject(8, 8, "3", none.format("7")),
    ]


def many_rows() -> tuple[str, set[str], int]:
    """A file in which most people have several rows; its ids, and how many people have only one."""
    header = "WorkerID,WorkerStatus,UserID,FullName,FirstName,LastName,JobTitle,WorkerType,StreetAddress,City,ZipCode,"
    header += "CountryCode,OfficePhone,CostCenter,Company,Division,Department,ManagerID\n"
    ids = [str(1000 + number * number % 641) for number in range(1000)]
    text = header + "".join(
        f"{worker_id},Active,user{worker_id}@contoso.example,Ann,,,Job {row},,,,,,,,,,,\n"
        for row, worker_id in enumerate(ids)
    )
    return text, set(ids), sum(ids.count(worker_id) == 1 for worker_id in set(ids))


@pytest.mark.parametrize("last", [False, True])
def test_a_file_with_many_rows_of_most_people_ends_as_the_mapping_says(opened: ExitStack, *, last: bool) -> None:
    text, ids, alone = many_rows()
    shipped = (SHIPPED / "csv2scim.yaml").read_bytes()
    said = parse_mapping(shipped + (b"duplicates: last\n" if last else b""), "csv2scim.yaml").mapping
    extract = read(opened, text, said)
    if last:
        assert (extract.people, extract.repeated, extract.rejects) == (len(ids), 1000 - len(ids), [])
    else:
        assert (extract.people, extract.repeated, len(extract.rejects)) == (alone, 0, 1000 - alone)


# Names that only one person may have

NAMES = mapping({"userName": "Boss", MANAGER: "Salary"})


def taken(column: str, name: str, holder: str, row: int = 0, what: str = "user name") -> str:
    said = f"{column}: the {what} '{name}' is already used by worker {holder}{f' in row {row}' if row else ''}."
    return f"{said} If they are one person, Id is wrong in one of the two places; if they are two, {column} is."


def names_in(stack: ExitStack, rows: str, known: Known = NOBODY) -> tuple[dict[str, str], list[tuple[int, str]]]:
    """Who gets which user name, and the reasons of those who get none; whoever may be known otherwise waits."""
    lines = [f"{worker_id},A,{state},{name},\n" for worker_id, name, state in map(str.split, rows.split(","))]
    extract = read(stack, HEADER + "".join(lines), NAMES, known)
    said = [one for one in extract.read(people_of(extract)) if not one.maybe]
    return {one.worker.worker_id: one.worker.user.get("userName", "") for one in said}, [
        (reject.row, reject.reason) for reject in extract.rejects
    ]


def test_a_name_that_an_earlier_row_has_rejects_the_later_one(opened: ExitStack) -> None:
    assert names_in(opened, "1 js Active,2 JS Active,1 js Active,2 JS Active,3 x Active") == (
        {"1": "js", "3": "x"},
        [(3, taken("Boss", "JS", "1", 2)), (5, taken("Boss", "JS", "1", 2))],
    )


def test_a_name_that_another_known_worker_has_rejects_the_row(opened: ExitStack) -> None:
    known = People({"1": "js", "7": "al"}, {"2": "bo", "8": "cy", "9": "dy"})
    assert names_in(opened, "1 js Active,2 bo Active,3 Al Active,4 cy Active,5 new Active", known) == (
        {"1": "js", "2": "bo", "5": "new"},
        [(4, taken("Boss", "Al", "7")), (5, taken("Boss", "cy", "8"))],
    )


def test_who_has_a_name_keeps_it_wherever_the_row_is(opened: ExitStack) -> None:
    assert names_in(opened, "2 js Active,1 js Active", People({"1": "js"})) == (
        {"1": "js"},
        [(2, taken("Boss", "js", "1", 3))],
    )


def test_two_people_can_swap_their_names(opened: ExitStack) -> None:
    known = People({"1": "a", "2": "b", "3": "c"})
    assert names_in(opened, "1 b Active,2 c Active,3 a Active", known) == ({"1": "b", "2": "c", "3": "a"}, [])


def test_a_name_is_not_free_if_its_owner_cannot_get_another(opened: ExitStack) -> None:
    known = People({"1": "a", "2": "b", "3": "c"}, {"9": "x"})
    assert names_in(opened, "3 b Active,1 x Active,2 a Active", known) == (
        {},
        [(2, taken("Boss", "b", "2")), (3, taken("Boss", "x", "9")), (4, taken("Boss", "a", "1"))],
    )


@pytest.mark.parametrize("rows", ["2 a Active,1 b Nonsense", "2 a Active,1 b Active,1 c Active"])
def test_a_name_is_not_free_if_its_owner_is_rejected(opened: ExitStack, rows: str) -> None:
    names, reasons = names_in(opened, rows, People({"1": "a"}))
    assert (names, reasons[0]) == ({}, (2, taken("Boss", "a", "1")))


def test_a_leaver_leaves_without_the_name_that_somebody_else_has(opened: ExitStack) -> None:
    said = mapping({"userName": "Boss", "nickName": {"copy": "userName"}, MAIL: "Salary", MANAGER: "Name"})
    extract = read(opened, f"{HEADER}1,,Active,js,j@x.example\n2,,Left,js,j@x.example\n", said)
    left = Worker("2", 3, {"schemas": [CORE_USER, ENTERPRISE_USER], "externalId": "2", "active": False})
    assert extract.rejects == []
    assert extract.read(["2"])[0].worker == left
    although = "The row counts all the same: of somebody who may not work, only id and status are needed."
    assert extract.notes == [
        f"Row 3: {taken('Boss', 'js', '1', 2)} {although}",
        f"Row 3: {taken('Salary', 'j@x.example', '1', 2, 'mail address')} {although}",
    ]


def test_a_mail_address_is_looked_for_in_the_extract_only(opened: ExitStack) -> None:
    said = mapping({MAIL: "Salary"})
    extract = read(opened, f"{HEADER}1,A,Active,,m@x\n2,B,Active,,M@x\n3,C,Active,,n@x\n", said, People({"9": "n@x"}))
    assert unnamed(extract.rejects) == [Reject(3, 3, "2", taken("Salary", "M@x", "1", 2, "mail address"))]


PERSON = st.tuples(st.sampled_from("123"), st.sampled_from(["a", "A", "b", "c"]), st.sampled_from(["Active", "Left"]))
OWNED = st.dictionaries(st.sampled_from("12345"), st.sampled_from(["a", "b", "c"]))


@settings(max_examples=60)
@given(st.lists(PERSON, min_size=1, max_size=6), OWNED)
def test_no_two_people_end_up_with_one_name(people: list[tuple[str, str, str]], had: dict[str, str]) -> None:
    had = {worker_id: name for name, worker_id in {name: worker_id for worker_id, name in had.items()}.items()}
    with ExitStack() as stack:
        names, _ = names_in(stack, ",".join(" ".join(person) for person in people), People(had))
    final = had | {worker_id: name for worker_id, name in names.items() if name}
    assert len({name.casefold() for name in final.values()}) == len(final)


# Managers


def test_every_loop_of_managers_is_found(opened: ExitStack) -> None:
    rows = {"C1": "C2", "C2": "C1", "C3": "C1", "A": "", "B3": "B1", "B1": "B2", "B2": "B3", "X": "gone"}
    extract = read(opened, HEADER + "".join(f"{worker},N,Active,{boss},\n" for worker, boss in rows.items()))
    assert extract.loops() == [("B1", "B2", "B3"), ("C1", "C2")]
    assert dict(extract.managers()) == rows


def test_who_is_rejected_is_in_no_loop(opened: ExitStack) -> None:
    assert read(opened, f"{HEADER}1,A,Active,2,\n2,B,Oops,1,\n").loops() == []


@pytest.mark.parametrize("by", ["mail", "name"])
def test_managers_can_be_named_by_mail_or_name(opened: ExitStack, by: str) -> None:
    said = mapping({MAIL: {"column": "Name", "shared": True}, MANAGER: {"column": "Boss", "by": by}})
    at = "@x.example" if by == "mail" else ""
    rows = (f"1,Ann{at},Active,", f"2,Bob{at},Active,ANN{at}", f"3,Cy{at},Active,Nobody", f"4,Twin{at},Active,Twin{at}",
            f"5,Twin{at},Active,NO_MGR", f"6,Fay{at},Active,fay{at}")  # fmt: skip
    said = said if at else mapping({MANAGER: {"column": "Boss", "by": by}})
    extract = read(opened, HEADER + "".join(f"{row},\n" for row in rows), said)
    assert dict(extract.managers()) == {"1": "", "2": "1", "3": "", "4": "", "5": "", "6": ""}
    managers = [one.worker.manager_id for one in extract.read(["1", "2", "3"])]
    assert managers == ["", "1", ""]
    assert extract.notes == [
        "Row 4: Boss 'Nobody' names nobody in the file; the person is sent without a manager.",
        f"Row 5: Boss 'Twin{at}' names several people of the file (4, 5); the person is sent without a manager.",
        f"Row 7: Boss 'fay{at}' names the person's own row; the person is sent without a manager.",
    ]


def test_a_manager_whose_row_is_rejected_is_told_as_that(opened: ExitStack) -> None:
    said = mapping({MANAGER: {"column": "Boss", "by": "name"}, "displayName": "Name"})
    extract = read(opened, f"{HEADER}1,Zoe Top,Oops,,\n2,Bob,Active,zoe top,\n", said)
    assert extract.notes == [
        "Row 3: Boss 'zoe top' names somebody whose row was rejected; the person is sent without a manager."
    ]


def test_a_rejected_row_does_not_make_a_namesake_the_manager(opened: ExitStack) -> None:
    said = mapping({MANAGER: {"column": "Boss", "by": "name"}, "displayName": "Name"})
    extract = read(opened, f"{HEADER}1,Zoe Top,Oops,,\n2,Zoe Top,Active,,\n3,Bob,Active,zoe top,\n", said)
    assert dict(extract.managers()) == {"2": "", "3": ""}
    assert extract.notes == [
        "Row 4: Boss 'zoe top' names several people of the file (1, 2); the person is sent without a manager."
    ]


@pytest.mark.parametrize("display", ["{Note} {Name}", "{Name}, {Note}"])
@pytest.mark.parametrize(
    ("rule", "bosses"),
    [
        ({"template": "{Boss} {Salary}"}, ("Zoe,Top", "zoe,TOP", "Zoe,Nob")),
        ({"columns": ["Salary", "Boss"], "join": ", "}, ("Zoe,Top", "zoe,top", "Zoe,Nob")),
        ({"column": "Boss"}, ('"Top, Zoe",', "Zoe  Top,", "Zoe Nob,")),
    ],
)
def test_a_managers_name_may_be_in_two_columns_and_have_the_family_name_first(
    opened: ExitStack, display: str, rule: dict[str, Any], bosses: tuple[str, ...]
) -> None:
    said = mapping({MANAGER: {**rule, "by": "name"}, "displayName": {"template": display}})
    people = [f"{number},B{number},Active,{boss},A" for number, boss in enumerate(bosses, 1)]
    rows = [f"{HEADER[:-1]},Note", "9,Top,Active,,,Zoe", *people]
    extract = read(opened, "".join(f"{row}\n" for row in rows), said)
    assert dict(extract.managers()) == {"9": "", "1": "9", "2": "9", "3": ""}
    [note] = extract.notes
    assert "Nob" in note
    assert note.endswith("' names nobody in the file; the person is sent without a manager.")


def test_the_digests_are_those_that_earlier_versions_kept(opened: ExitStack) -> None:
    """With other digests everybody would be looked at again after an upgrade."""
    said = mapping({"title": "Salary", "nickName": "Note"})
    said = said.model_copy(update={"status": said.status.model_copy(update={"first_day": Days(column="Note")})})
    rows = (
        '1,"Z\u00f6\u00eb ""Z"" \\ Li",Active,2,\u20ac 5,2026-01-31',  # as a column
        "2,B\u00c3\u00b6,Left,,7,",  # by itself, because there is something to tell
    )
    extract = read(opened, "\n".join((f"{HEADER[:-1]},Note", *rows, "")), said)
    assert [len(extract.notes), *dict(extract.people_by_account()).values()] == [
        1,
        "edd87e88a87889dadb457868bab4ce7a",
        "8688ce2056e76a056667fcaee21a267b",
    ]


def test_the_digest_tells_another_manager_of_the_same_name(opened: ExitStack) -> None:
    said = mapping({MANAGER: {"column": "Boss", "by": "name"}})
    text = HEADER + "{},Ann,Active,,\n2,Bob,Active,Ann,\n"
    digests = [read(opened, text.format(boss), said).digest("2") for boss in ("1", "1", "7")]
    assert (digests[0] == digests[1], digests[0] == digests[2]) == (True, False)


def test_rejected_rows_tell_the_names_that_the_mapping_makes_of_them(opened: ExitStack) -> None:
    said = mapping({"userName": {"column": "Boss"}, MANAGER: "Salary"}, required=["Salary"])
    rows = [
        "1,Ann Lee,Retired,ann@x.com,5",  # a status that is not agreed on
        "2, Bo  Ek,Active,bo@x.com,",  # a required cell is empty
        "3,UNKNOWN,Active,c@x.com,5",  # no name at all
        "4,Dee,Retired,not a user name\x07,5",
        "5,Eve,Active,eve@x.com,1",
        "5,Eva,Active,eve@x.com,2",  # the same id with different data
        "6,Fay,Active,gus@x.com,5",
        "7,Gus,Active,gus@x.com,5",  # somebody else's user name
        "8,Hal",  # not what the header promises
        ",Ida,Active,ida@x.com,5",  # no id: nobody could look for the row
    ]
    extract = read(opened, HEADER + "\n".join(rows), said)
    assert [(reject.row, reject.display_name, reject.user_name) for reject in extract.rejects] == [
        (2, "Ann Lee", "ann@x.com"),
        (3, "Bo Ek", "bo@x.com"),
        (4, "", "c@x.com"),
        (5, "Dee", ""),
        (6, "Eve", "eve@x.com"),
        (7, "Eva", "eve@x.com"),
        (9, "Gus", "gus@x.com"),
        (10, "", ""),
        (11, "", ""),
    ]


def test_a_rejected_row_takes_no_user_name_that_is_made_unique_from_anybody(opened: ExitStack) -> None:
    unique = {"userName": {"template": "{Name}@x.com", "transliterate": "plain", "unique": True}}
    extract = read(opened, f"{HEADER}1,Ann,Retired,,\n2,Ann,Active,,\n", mapping(unique), People({}))
    assert [(reject.display_name, reject.user_name) for reject in extract.rejects] == [("Ann", "")]
    assert [said.worker.user["userName"] for said in extract.read(["2"])] == ["Ann@x.com"]


def test_damaged_letters_leave_somebody_known_as_he_was_and_nobody_new_gets_them(opened: ExitStack) -> None:
    rows = "1,J\u00c3\u00bcrgen,Active,,\u00c3\u00bc\n2,J?rg M??ig,Active,,\n3,J?rg M??ig,Active,,\n"
    extract = read(opened, HEADER + rows, known=People({"1": "", "2": ""}))
    marks = "Name holds question marks, as programs write them for letters that they lack"
    assert extract.notes == [
        (
            "Question marks stand in the place of letters: Name in 2 cells (rows 3, 4). Outside of names they are sent "
            "as they are. A program wrote the list in an encoding that lacks these letters; export it again in UTF-8 "
            "(in PowerShell: Export-Csv -Encoding UTF8)."
        ),
        "Row 2: Name holds signs that look like letters in a wrong encoding; what was said before stays.",
        f"Row 3: {marks}; what was said before stays.",
    ]
    assert [said.keeps for said in extract.everybody()] == [("displayName",)] * 2
    told = [(reject.row, reject.worker_id, reject.reason) for reject in extract.rejects]
    assert told == [(4, "3", f"{marks}; somebody of that name would be created.")]


def test_the_user_name_of_somebody_whose_new_one_is_damaged_stays_hers(opened: ExitStack) -> None:
    named = {"userName": {"template": "{Name}@x.com", "transliterate": "german"}}
    text = f"{HEADER}1,M\u00c3\u00bcller,Active,,\n2,M\u00fcller,Active,,\n"
    extract = read(opened, text, mapping(named), People({"1": "Mueller@x.com"}))
    assert (people_of(extract), [reject.row for reject in extract.rejects]) == (["1"], [3])
