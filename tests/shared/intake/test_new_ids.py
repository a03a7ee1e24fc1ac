"""The same person under a new id: which rows count, who is asked about, and what is kept of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from datetime import date
from typing import Any

import pytest

from shared.extract.reading import ReadExtract, read_extract
from shared.holds.orders import HoldOrder, put_on_hold
from shared.intake.new_ids import make_same, take_back
from shared.intake.recovering import put_back_new_ids
from shared.mapping.model import MappingFile
from shared.model import ENTERPRISE_USER, NO_NEW_IDS, Same, SamePeople
from shared.planning.orders import Order, OrderRefused, release
from shared.readers.open_extract import Reading
from shared.records import same_people
from shared.retention.forget import ForgetOrder, forget
from shared.storage.names import STATE
from tests.conftest import Storage
from tests.support.known import People
from tests.support.office import HEADER, Office, open_office

TODAY = date(2026, 9, 25)
COLUMNS = "Id,Before,Name,Login,Status,First,Last,Boss\n"
MAPPING = {
    "version": 1,
    "key": {"column": "Id", "former": "Before"},
    "status": {
        "column": "Status",
        "values": {"active": True, "gone": False},
        "first_day": "First",
        "last_day": "Last",
    },
    "attributes": {
        "userName": "Login",
        "displayName": "Name",
        "nickName": "Id",
        f"{ENTERPRISE_USER}:manager": "Boss",
    },
}
KNOWN = People({"C9": "ann"}, {"X1": "eve"}, {"C9": "Ann Bee"})
W10 = SamePeople({"W10": Same("C9", "Ines", "HR says so.", "2026-09-20T00:00:00Z", "employees", seen=True)})
OLD = "C9,,Ann Bee,ann,gone,,2026-09-24,"
NEW = "W10,,Ann Bee,ann,active,2026-09-25,,"


@pytest.fixture
def opened() -> Iterator[ExitStack]:
    with ExitStack() as stack:
        yield stack


def read(stack: ExitStack, *rows: str, same: SamePeople = NO_NEW_IDS, known: People = KNOWN) -> ReadExtract:
    text = COLUMNS + "".join(f"{row}\n" for row in rows)
    mapping = MappingFile.model_validate(MAPPING)
    made = stack.enter_context(read_extract([text.encode()], mapping, Reading(today=TODAY), known, same=same))
    assert made.rows == made.people + made.repeated + len(made.rejects)
    return made


def said(extract: ReadExtract) -> dict[str, Any]:
    """Of everybody the row that counts, and whether it says that the person works."""
    people = [extract.read([person])[0] for person, _ in extract.people_by_account()]
    return {one.worker.worker_id: (one.worker.row, one.worker.user["active"]) for one in people}


@pytest.mark.parametrize("rows", [(OLD, NEW), (NEW, OLD)])
@pytest.mark.parametrize("how", ["the order", "the column"])
def test_the_row_with_the_new_id_counts_under_the_id_by_which_the_account_is_known(
    opened: ExitStack, rows: tuple[str, str], how: str
) -> None:
    rows = (rows[0], rows[1]) if how == "the order" else tuple(row.replace("W10,,", "W10,C9,") for row in rows)  # type: ignore[assignment]
    extract = read(opened, *rows, "2,,Bo,bo,active,,,W10", same=W10 if how == "the order" else NO_NEW_IDS)
    place = 2 + [row.startswith("W10") for row in rows].index(True)
    assert (said(extract), extract.repeated, extract.rejects) == ({"C9": (place, True), "2": (4, True)}, 1, [])
    [ann] = extract.read(["C9"])
    assert (ann.now_called, ann.worker.user["externalId"], ann.worker.user["nickName"]) == ("W10", "C9", "W10")
    assert dict(extract.managers()) == {"C9": "", "2": "C9"}
    assert (extract.maybe, extract.new_ids) == ({}, {"W10": "C9"})


@pytest.mark.parametrize(
    ("old", "new", "counts", "then"),
    [
        ("active,,2026-09-25", "active,2026-09-26,", 2, 3),  # the old contract ends today, and the new one follows
        ("active,,2026-09-24", "active,2026-09-26,", 3, None),  # the row of the old one is rejected: it has ended
        ("gone,,2026-09-24", "active,2026-09-26,", 3, None),
        ("active,,", "active,2026-09-25,", 3, None),
        ("whatever,,", "active,2026-09-25,", 3, None),
        ("active,,", "gone,,2026-09-24", 3, None),
    ],
)
def test_until_the_first_day_under_the_new_id_the_contract_under_the_old_one_counts(
    opened: ExitStack, old: str, new: str, counts: int, then: int | None
) -> None:
    extract = read(opened, f"C9,,Ann Bee,ann,{old},", f"W10,,Ann Bee,ann,{new},", same=W10)
    [ann] = extract.read(["C9"])
    assert (ann.worker.row, ann.then and ann.then.worker.row, extract.rejects) == (counts, then, [])


def test_a_row_of_the_new_id_that_cannot_be_used_is_the_persons_and_the_old_one_puts_nobody_out(
    opened: ExitStack,
) -> None:
    extract = read(opened, OLD, NEW.replace("active", "whatever"), same=W10)
    assert (said(extract), [(one.row, one.worker_id) for one in extract.rejects]) == ({}, [(3, "C9")])


@pytest.mark.parametrize(
    ("seen", "row", "counts"),
    [
        (True, OLD, {}),  # the end of the old contract is no news
        (False, OLD, {"C9": (2, False)}),  # nobody has seen the new one yet
        (True, "C9,,Ann Bee,ann,active,,,", {"C9": (2, True)}),
    ],
)
def test_the_old_id_alone_ends_nobody_who_has_been_seen_under_the_new_one(
    opened: ExitStack, seen: bool, row: str, counts: Mapping[str, Any]
) -> None:
    same = SamePeople({"W10": Same("C9", "Ines", "x", "2026-09-20T00:00:00Z", "employees", seen=seen)})
    assert said(read(opened, row, same=same)) == counts


def test_of_several_new_ids_the_newest_counts(opened: ExitStack) -> None:
    later = SamePeople({**W10.by_id, "Z1": Same("C9", "Ines", "x", "2026-09-24T00:00:00Z", "employees")})
    extract = read(opened, "Z1,,Ann Cee,ann,active,,,", NEW, OLD, same=later)
    assert (said(extract), extract.repeated) == ({"C9": (2, True)}, 2)


@pytest.mark.parametrize(
    ("row", "person"),
    [
        ("W10,C9,Ann,a,active,,,", "C9"),
        ("W10,c9,Ann,a,active,,,", "C9"),  # in other letters
        ("W10,X1,Eve,eve,active,,,", "X1"),  # known to another list
        ("W10,Q7,Ann,a,active,,,", "W10"),  # nobody is known so
        ("W10,W10,Ann,a,active,,,", "W10"),
        ("W10,N/A,Ann,a,active,,,", "W10"),
        ("C9,X1,Ann,ann,active,,,", "C9"),  # has an account of that id
    ],
)
def test_the_column_with_the_id_of_before_counts_if_somebody_is_known_by_it(
    opened: ExitStack, row: str, person: str
) -> None:
    assert list(said(read(opened, row))) == [person]


def test_an_id_of_before_that_nobody_knows_ends_nobody_in_the_same_file(opened: ExitStack) -> None:
    extract = read(opened, "Q7,,Ann,a,gone,,,", "W10,Q7,Ann,a,active,,,", "2,,Bo,bo,active,,,Q7")
    assert (said(extract), extract.repeated, extract.maybe) == ({"W10": (3, True), "2": (4, True)}, 1, {})
    assert dict(extract.managers())["2"] == "W10"


def test_of_two_ids_that_nobody_knows_the_older_one_counts_as_long_as_it_employs_the_person(opened: ExitStack) -> None:
    rows = ("W10,Q7,Ann,a,active,2026-10-01,,", "Q7,,Ann,a,active,2020-01-01,2026-09-30,", "2,,Bo,bo,active,,,W10")
    extract = read(opened, *rows)
    [ann, bo] = extract.read(["Q7", "2"])
    assert (ann.worker.row, ann.worker.user["active"], ann.then and ann.then.worker.row) == (3, True, 2)
    assert ann.then is not None
    assert ann.then.worker.user["externalId"] == "Q7"
    assert (extract.people, extract.repeated, extract.new_ids) == (2, 1, {"W10": "Q7"})
    assert bo.worker.manager_id == "Q7"


@pytest.mark.parametrize(
    ("rows", "asked", "rejected"),
    [
        ((OLD, NEW), {"W10": "C9"}, []),
        ((NEW,), {"W10": "C9"}, []),  # a month later
        (("C9,,Ann Bee,ann,active,,2026-09-30,", "W10,,Ann Bee,ann,active,2026-10-01,,"), {"W10": "C9"}, []),
        (("C9,,Ann Bee,ann,active,,2026-09-30,", "W10,,Ann Bee,ann,active,2026-09-30,,"), {}, [3]),
        (("C9,,Ann Bee,ann,active,,,", NEW), {}, [3]),
        ((OLD, "W10,,Zoltan Quark,ann,active,,,"), {}, [3]),
        (("W10,,Zoltan Quark,ann,active,,,",), {}, [2]),
        ((OLD, "W10,,Ann Bee,ann,gone,,,"), {}, []),  # who leaves gets no name
        (("X1,,Eve,eve,active,,,", "W10,,Eve,eve,active,,,"), {}, [3]),
    ],
)
def test_it_is_asked_only_of_somebody_new_who_is_called_like_whoever_had_the_name_and_works_after_that(
    opened: ExitStack, rows: tuple[str, ...], asked: Mapping[str, str], rejected: list[int]
) -> None:
    extract = read(opened, *rows)
    assert (extract.maybe, [one.row for one in extract.rejects]) == (asked, rejected)


def test_an_id_that_is_only_written_wrongly_is_no_new_one(opened: ExitStack) -> None:
    known = People({}, {"00012": "ann"}, {"00012": "Ann Bee"})
    extract = read(opened, "12,,Ann Bee,ann,active,,,", known=known)
    assert (extract.maybe, [one.row for one in extract.rejects]) == ({}, [2])


def test_who_is_known_by_the_new_id_already_is_asked_about_no_more(opened: ExitStack) -> None:
    known = People({"C9": "ann", "W10": "ann"}, called={"C9": "Ann Bee"})
    assert read(opened, OLD, NEW, known=known).maybe == {}


# With storage

USUAL: dict[str, Any] = {
    "guard": {"off": True},
    "attributes": {"userName": "Zone", "displayName": "Name", f"{ENTERPRISE_USER}:manager": "Boss"},
    "status": {
        "column": "Status",
        "values": {"active": True, "gone": False},
        "first_day": "First",
        "last_day": "Last",
    },
}


@pytest.fixture
def office(storage: Storage) -> Iterator[Office]:
    with open_office(storage.connection_string) as opened:
        opened.at("2026-09-24 06:00")
        opened.map(**USUAL)
        opened.night("C9,Ann Bee,active,,,ann", "2,Bo,active,,,bo,C9")
        opened.at("2026-09-25 06:00")
        yield opened


ENDS = "C9,Ann Bee,gone,,,ann"
COMES = "W10,Ann Bee,active,,,ann"


def order(office: Office) -> Order:
    return Order("Ines", "HR says so.", office.time())


def test_both_wait_until_somebody_says_who_it_is_and_then_the_account_goes_on(office: Office) -> None:
    assert HEADER.split(",")[5] == "Zone"
    office.night(ENDS, COMES, "2,Bo,active,,,bo,C9")
    assert office.workers() == {"C9": "held", "W10": "held", "2": "uploaded"}
    asked = office.workers("Reason")
    assert asked["W10"] == (
        "New worker waits for approval: W10 is new, and is to get the user name or mail address of C9, who is called "
        "alike: is it the same person under a new id, or somebody new? If it is the same, IT says so, and the account "
        "goes on: python -m cli same-person C9 W10 --source employees --by NAME --reason TEXT. If it is somebody new, "
        "HR gives that person a user name and a mail address of their own. Released, an account of its own is made for "
        "W10, which Entra refuses as long as that of C9 has the name."
    )
    done = make_same(office.context, "employees", "C9", "W10", order(office))
    assert (done.known_as, done.extract) == ("C9", office.newest()["Extract"])
    assert office.tick() == []  # Entra has all that there is to say
    assert office.workers() == {"C9": "unchanged", "W10": "unchanged", "2": "uploaded"}
    assert office.workers("KnownAs")["W10"] == "C9"
    office.at("2026-09-26 06:00")
    assert office.night(ENDS, COMES.replace("Ann Bee", "Ann Cee"), "2,Bo,active,,,bo,W10") == [("C9", True)]
    assert office.directory["2"][ENTERPRISE_USER]["manager"]["value"] == "C9"


def test_the_manager_of_the_next_contract_is_known_by_the_new_id_on_its_first_day_too(office: Office) -> None:
    office.night(ENDS, COMES, "2,Bo,active,,,bo,C9")
    make_same(office.context, "employees", "C9", "W10", order(office))
    office.map(**USUAL, duplicates="current")
    until, then = "2,Bo,active,2026-01-01,2026-09-27,bo,W10", "2,Bo Dee,active,2026-09-28,,bo,W10"
    office.at("2026-09-26 06:00")
    office.night(ENDS, COMES, until, then)
    office.at("2026-09-28 00:01")
    assert office.tick() == [("2", True)]
    sent = office.directory["2"]
    assert (sent["displayName"], sent[ENTERPRISE_USER]["manager"]["value"]) == ("Bo Dee", "C9")
    assert office.workers("Warning")["2"] == ""


def test_in_a_first_file_too_nobody_is_put_out_and_nobody_gets_a_second_account(office: Office) -> None:
    assert office.night("C7,Eve Fox,gone,,,eve", "W7,Eve Fox,active,,,eve", "C9,Ann Bee,active,,,ann") == []
    assert (office.workers()["C7"], office.workers()["W7"]) == ("held", "held")
    make_same(office.context, "employees", "C7", "W7", order(office))
    assert (office.tick(), office.workers("KnownAs")["W7"]) == ([("C7", True)], "C7")


def test_whoever_is_somebody_new_is_released_by_name_and_the_other_one_too(office: Office) -> None:
    extract = office.drop(ENDS, COMES, "2,Bo,active,,,bo,C9")
    office.tick()
    with pytest.raises(OrderRefused, match="one by one"):
        release(office.context.storage, extract, order(office))
    release(office.context.storage, extract, order(office), ["C9"])
    assert office.tick() == [("C9", False)]
    release(office.context.storage, extract, order(office), ["W10"])
    assert office.tick() == [("W10", True)]
    office.at("2026-09-26 06:00")
    assert office.night(ENDS, COMES, "2,Bo,active,,,bo,C9") == []
    with pytest.raises(OrderRefused, match="there may be two accounts"):
        make_same(office.context, "employees", "C9", "W10", order(office))


def test_a_last_day_that_comes_while_it_is_asked_puts_nobody_out(office: Office) -> None:
    old = "C9,Ann Bee,active,,2026-09-27,ann"
    office.night(old, "2,Bo,active,,,bo,C9")
    office.at("2026-09-26 06:00")
    office.night(old, "W10,Ann Bee,active,2026-09-28,,ann", "2,Bo,active,,,bo,C9")
    office.at("2026-09-28 00:00")
    assert (office.tick(), office.workers()["C9"], office.enabled["C9"]) == ([], "held", True)
    release(office.context.storage, str(office.newest()["Extract"]), order(office), ["C9"])
    assert office.tick() == [("C9", False)]


def test_absence_puts_nobody_out_while_it_is_asked(office: Office) -> None:
    crew = [f"{number},P{number},active,,,p{number}" for number in range(100, 120)]
    office.map(
        missing="disable", guard={"off": True}, attributes={"userName": "Zone", "displayName": "Name"},
        status={"column": "Status", "values": {"active": True, "gone": False}},
    )  # fmt: skip
    office.night("C9,Ann Bee,active,,,ann", "2,Bo,active,,,bo", *crew)
    office.at("2026-09-26 06:00")
    assert office.night(COMES, "2,Bo,active,,,bo", *crew) == []
    assert (office.workers()["C9"], office.workers()["W10"]) == ("held", "held")


def test_of_a_file_of_changes_the_person_alone_goes_on(office: Office) -> None:
    office.map(
        mode="delta", guard={"off": True}, attributes={"userName": "Zone", "displayName": "Name", "nickName": "Boss"},
        status={"column": "Status", "values": {"active": True, "gone": False}},
    )  # fmt: skip
    extract = office.drop(ENDS, COMES + ",x")
    office.tick()
    assert office.extract(extract)["Held"] == 2
    assert make_same(office.context, "employees", "C9", "W10", order(office)).extract == extract
    assert office.tick() == [("C9", True)]
    assert office.workers("Status", "KnownAs") == {
        "C9": ("uploaded", None),
        "W10": ("unchanged", "C9"),
        "2": ("uploaded", None),
    }
    assert (office.extract(extract)["Held"], office.directory["C9"]["nickName"]) == (0, "x")


def test_what_another_list_says_of_the_id_by_which_the_account_is_known_goes_on_counting(office: Office) -> None:
    """Else nothing would ever end the word of the list of contractors, and the account would stay enabled for ever."""
    status = {"column": "Status", "values": {"active": True, "gone": False}}
    names = {"userName": "Zone", "displayName": "Name"}
    office.map("contractors", guard={"off": True}, attributes=names, status=status)
    office.night("C5,Eve Fox,active,,,eve", source="contractors")
    office.map(guard={"off": True}, attributes=names, status=status)
    crew = ("C9,Ann Bee,active,,,ann", "2,Bo,active,,,bo")
    office.night(*crew, "W5,Eve Fox,active,,,eve")
    assert office.workers()["W5"] == "held"
    make_same(office.context, "employees", "C5", "W5", order(office))
    office.tick()
    office.at("2026-09-26 06:00")
    assert office.night("C5,Eve Fox,gone,,,eve", source="contractors") == []
    office.at("2026-09-27 06:00")
    assert office.night(*crew, "W5,Eve Fox,gone,,,eve") == [("C5", False)]


def test_a_hold_on_the_new_id_holds_the_account(office: Office) -> None:
    office.night(ENDS, COMES, "2,Bo,active,,,bo,C9")
    put_on_hold(office.context.storage, HoldOrder("W10", "employees", "Sam", "Case 17.", office.time()), None)
    make_same(office.context, "employees", "C9", "W10", order(office))
    office.tick()
    office.time.forward(60)
    office.tick()
    assert office.enabled["C9"] is False
    office.at("2026-09-26 06:00")
    office.night(ENDS, COMES.replace("Ann Bee", "Ann Cee"), "2,Bo,active,,,bo,C9")
    assert (office.enabled["C9"], office.directory["C9"]["displayName"]) == (False, "Ann Cee")


def test_a_row_of_a_new_id_that_the_filter_leaves_out_lets_go_of_whoever_is_known(office: Office) -> None:
    names = {"userName": "Zone", "displayName": "Name"}
    changed = {
        "key": {"column": "Id", "former": "Boss"},
        "attributes": names,
        "filter": {"without": {"First": "2020-01-01"}},
    }
    office.map(**{**USUAL, **changed})
    assert office.night("W10,Ann Bee,active,2020-01-01,,ann,C9", "2,Bo,active,,,bo")[0] == ("C9", False)
    assert office.workers("Kind")["C9"] == "leaver"


@pytest.mark.parametrize("by_file", [True, False])
def test_a_hold_on_an_id_to_come_holds_whoever_turns_out_to_go_on_under_it(office: Office, by_file: bool) -> None:
    put_on_hold(office.context.storage, HoldOrder("W10", "", "Sam", "Case 17.", office.time()), None)
    assert office.tick() == []
    if by_file:
        names = {"userName": "Zone", "displayName": "Name"}
        office.map(**{**USUAL, "key": {"column": "Id", "former": "Boss"}, "attributes": names})
        office.night("W10,Ann Bee,active,,,ann,C9", "2,Bo,active,,,bo")
    else:
        make_same(office.context, "employees", "C9", "W10", order(office))
    for _ in range(2):
        office.time.forward(60)
        office.tick()
    assert (office.enabled["C9"], office.enabled["2"]) == (False, True)


def test_what_nobody_can_mean_is_refused_and_an_order_can_be_taken_back(office: Office) -> None:
    context = office.context
    for old, new, why in (("Q7", "W10", "Nobody is known by"), ("C9", "C9", "a new one is needed"), ("C9", "2", "two")):
        with pytest.raises(OrderRefused, match=why):
            make_same(context, "employees", old, new, order(office))
    assert make_same(context, "employees", "C9", "W10", order(office)).extract == ""
    assert make_same(context, "employees", "W10", "Z1", order(office)).known_as == "C9"
    with pytest.raises(OrderRefused, match="W10 is kept as a new id of C9 already"):
        make_same(context, "employees", "2", "W10", order(office))
    assert take_back(context, "employees", "W10") == "C9"
    assert list(same_people.read(context.storage).of("default").by_id) == ["Z1"]
    with pytest.raises(OrderRefused, match="is not kept"):
        take_back(context, "employees", "W10")
    assert same_people.forget_new_ids(context.storage, "C9") == ["Z1"]
    assert same_people.read(context.storage).of("default").by_id == {}


def test_what_is_kept_of_new_ids_is_put_back_from_the_results_and_forgotten_with_the_person(office: Office) -> None:
    context = office.context
    office.night(ENDS, COMES, "2,Bo,active,,,bo,C9")
    make_same(context, "employees", "C9", "W10", order(office))
    office.tick()
    kept = same_people.read(context.storage).of("default").by_id["W10"]
    assert (kept.known_as, kept.by, kept.reason, kept.seen) == ("C9", "Ines", "HR says so.", True)
    context.storage.container(STATE).delete_blob(same_people.PATH)
    assert [put_back_new_ids(context.storage, office.time()) for _ in range(2)] == [1, 0]
    assert same_people.read(context.storage).of("default").known_as("W10") == "C9"
    done = forget(context, "W10", ["employees"], ForgetOrder("Sam", "Asked for.", whatever=True))
    assert done.removed["new ids"] == 1
    assert "What is held about C9, by which the person is known; forget that id too." in done.kept
    assert same_people.read(context.storage).of("default").by_id == {}
