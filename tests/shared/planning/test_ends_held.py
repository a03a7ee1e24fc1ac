"""Last days that the guard holds until they have passed: nobody stays enabled because somebody looked a day later."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from azure.data.tables import UpdateMode

from shared.planning.orders import Order, release
from shared.storage.names import EXTRACTS
from tests.conftest import Storage
from tests.support.office import Office, open_office

STAFF = [f"{number},P{number},active" for number in range(100, 125)]
INTERNS = [f"{number}i,I{number},active" for number in range(1, 5)]
ENDING = [f"{row},,2026-09-30" for row in INTERNS]
FOUR = ("1i", "2i", "3i", "4i")
STATUS = {"column": "Status", "values": {"active": True, "gone": False}, "first_day": "First", "last_day": "Last"}


@pytest.fixture
def office(storage: Storage) -> Iterator[Office]:
    """29 people have accounts."""
    with open_office(storage.connection_string) as opened:
        opened.at("2026-09-29 06:00")
        opened.night(*INTERNS, *STAFF)
        opened.at("2026-09-30 06:00")
        yield opened


def let_go(office: Office, *workers: str) -> None:
    release(office.context.storage, office.newest()["Extract"], Order("Ina Ito", "They leave.", office.time()), workers)


def of_interns(office: Office, *columns: str) -> set[object]:
    rows = office.workers(*columns)
    return {rows[one] for one in FOUR}


def test_the_next_full_file_holds_them_anew_once_the_day_has_passed(office: Office) -> None:
    """Released there, they are disabled; and so it goes on for as many nights as nobody looks."""
    assert office.night(*ENDING, *STAFF) == []
    assert of_interns(office, "Status", "NextChangeAt", "HeldLastDay") == {("held", "", "2026-09-30")}
    for day in ("10-01", "10-02"):
        office.at(f"2026-{day} 06:00")
        assert office.night(*ENDING, *STAFF, f"2{day[-1]},N,active") == [(f"2{day[-1]}", True)]
        told = ("held", office.newest()["Extract"], "2026-09-30", "")
        assert of_interns(office, "Status", "HeldIn", "HeldLastDay", "NextChangeAt") == {told}
        assert office.newest()["Rejected"] == 0
    let_go(office)
    assert office.tick() == [(one, False) for one in FOUR]
    assert of_interns(office, "Status", "HeldLastDay") == {("uploaded", "")}
    office.at("2026-10-03 06:00")
    assert office.night(*ENDING, *STAFF, "23,N,active") == [("23", True)]
    assert not any(office.enabled[one] for one in FOUR)


@pytest.mark.parametrize("mode", ["delta", "full"])
@pytest.mark.parametrize("version", ["this", "an older one"])
def test_whoever_releases_them_the_morning_after_has_them_disabled(office: Office, mode: str, version: str) -> None:
    """The rows mean what they meant when the file was read."""
    office.map(mode=mode)
    office.drop(*ENDING, *(STAFF if mode == "full" else []))
    assert office.tick() == []
    if version == "an older one":
        row = office.newest()
        del row["ReadAt"]
        office.context.storage.table(EXTRACTS).upsert_entity(row, mode=UpdateMode.REPLACE)
    office.at("2026-10-01 08:00")
    let_go(office, "1i", "2i")
    assert office.tick() == [("1i", False), ("2i", False)]
    office.at("2026-10-05 08:00")
    let_go(office)
    assert office.tick() == [("3i", False), ("4i", False)]
    assert (office.newest()["Held"], office.newest()["OrderFailed"]) == (0, "")


def test_of_a_file_of_changes_the_next_row_that_says_the_same_is_held_again(office: Office) -> None:
    office.map(mode="delta")
    office.night(*ENDING)
    office.at("2026-10-02 06:00")
    assert office.night(*ENDING, "21,N,active") == [("21", True)]
    assert of_interns(office, "Status", "HeldIn") == {("held", office.newest()["Extract"])}
    let_go(office)
    assert office.tick() == [(one, False) for one in FOUR]


def test_a_file_that_was_held_as_a_whole_means_what_it_meant_when_it_came(office: Office) -> None:
    office.night(ENDING[0], *STAFF[:20])
    assert office.newest()["HeldWhole"]
    office.at("2026-10-01 08:00")
    let_go(office)
    assert office.tick() == [("1i", False)]
    assert office.newest()["Rejected"] == 0


def test_an_absence_and_a_rejected_row_take_no_day_back_that_is_held(office: Office) -> None:
    office.night(*ENDING, *STAFF)
    office.at("2026-10-01 06:00")
    assert office.night("1i,I1,activ,,2026-09-30", *ENDING[2:], *STAFF) == [("3i", False), ("4i", False)]
    assert office.workers("Status", "NextChangeAt", "HeldLastDay")["1i"] == ("rejected", "", "2026-09-30")
    assert office.workers("Status", "NextChangeAt", "HeldLastDay")["2i"] == ("held", "", "2026-09-30")
    assert office.workers("MissingIn")["2i"] == office.newest()["Extract"]
    office.at("2026-10-02 05:00")
    assert office.night(*ENDING, *STAFF) == []
    assert {one: office.workers()[one] for one in ("1i", "2i")} == {"1i": "held", "2i": "held"}
    let_go(office)
    assert office.tick() == [("1i", False), ("2i", False)]


def test_a_day_that_was_taken_back_and_is_named_again_once_it_has_passed_is_a_contradiction(office: Office) -> None:
    office.night(*ENDING, *STAFF)
    office.at("2026-10-01 06:00")
    office.night(*INTERNS, *STAFF)
    assert of_interns(office, "Status", "HeldLastDay") == {("unchanged", "")}
    office.at("2026-10-02 06:00")
    assert office.night(*ENDING, *STAFF) == []
    assert of_interns(office, "Status") == {"rejected"}
    assert "Last 2026-09-30 has passed; one of them is wrong" in office.workers("Reason")["1i"]


def test_another_day_that_has_passed_is_a_contradiction(office: Office) -> None:
    office.night(*ENDING, *STAFF)
    office.at("2026-10-02 06:00")
    office.night(*[row.replace("09-30", "10-01") for row in ENDING], *STAFF)
    assert of_interns(office, "Status") == {"rejected"}


def test_while_an_earlier_end_is_held_the_one_that_was_taken_in_is_what_is_due(office: Office) -> None:
    office.map(guard={"off": True})
    office.night(*[f"{row},,2026-12-31" for row in INTERNS], *STAFF)
    office.map()
    office.at("2026-10-02 06:00")
    office.night(*[f"{row},,2026-10-02" for row in INTERNS], *STAFF)
    assert of_interns(office, "Status", "NextChangeAt") == {("held", "2027-01-01T00:00:00Z")}
    office.at("2026-10-03 06:00")
    assert office.night(*[f"{row},,2026-10-02" for row in INTERNS], *STAFF, "21,N,active") == [("21", True)]
    assert of_interns(office, "Status", "NextChangeAt") == {("held", "2027-01-01T00:00:00Z")}
    office.map(guard={"off": True})
    office.at("2027-01-01 00:01")
    assert office.tick() == [(one, False) for one in FOUR]


def test_a_release_that_comes_to_nothing_says_so_until_one_comes_to_something(office: Office) -> None:
    office.night(*[f"{row.replace('active', 'gone')}" for row in INTERNS], *STAFF)
    assert of_interns(office, "Status") == {"held"}
    office.map(status={**STATUS, "values": {"active": True, "left": False}})
    let_go(office)
    assert office.tick() == []
    row = office.newest()
    assert row["OrderFailed"] == (
        "The last release came to nothing for 1i, 2i, 3i, 4i: row 2: Status 'gone' is not one of the agreed words "
        "(active, left); correct it, or have IT map it."
    )
    assert (row["Status"], row["Held"], row["Message"].endswith(row["OrderFailed"])) == ("held", 4, True)
    assert of_interns(office, "Status") == {"held"}
    office.map()
    let_go(office, "1i")
    assert office.tick() == [("1i", False)]
    assert (office.newest()["OrderFailed"], office.newest()["Held"]) == ("", 3)


def test_a_full_list_without_those_whose_end_is_held_leaves_it_held_and_to_be_released(office: Office) -> None:
    """Lists leave out who has left; the account stays enabled until somebody releases the end."""
    office.map(mode="full", guard={"off": True})
    office.night(*ENDING, *STAFF)
    office.map(mode="full")
    office.at("2026-10-01 00:00")
    assert office.tick() == []
    held = str(office.newest()["Extract"])
    office.at("2026-10-01 06:00")
    assert office.night(*STAFF, "21,N,active") == [("21", True)]
    assert of_interns(office, "Status", "Kind", "HeldIn") == {("held", "leaver", held)}
    assert (office.newest()["Status"], office.extract(held)["Status"]) == ("uploading", "held")
    release(office.context.storage, held, Order("Ina Ito", "They leave.", office.time()))
    office.time.forward(60)
    assert office.tick() == [(one, False) for one in FOUR]


@pytest.mark.parametrize("left_out", [False, True])
def test_leavers_who_are_held_stay_so_in_a_list_that_lacks_them(office: Office, left_out: bool) -> None:
    lists_shrink = {"shrunk": "pass"}
    office.map(mode="full", guard=lists_shrink)
    gone = [row.replace("active", "gone") for row in INTERNS]
    assert office.night(*gone, *STAFF) == []
    held = str(office.newest()["Extract"])
    if left_out:
        office.map(mode="full", guard=lists_shrink, filter={"without": {"Boss": "elsewhere"}})
    office.at("2026-10-01 06:00")
    rows = [f"{row},,,,elsewhere" for row in gone] if left_out else []
    assert office.night(*rows, *STAFF, "21,N,active")[:1] == [("21", True)]
    if left_out:  # which is an end as well, and newer
        assert of_interns(office, "Status", "HeldIn") == {("held", office.newest()["Extract"])}
        return
    assert of_interns(office, "Status", "HeldIn", "MissingIn") == {("held", held, office.newest()["Extract"])}
    release(office.context.storage, held, Order("Ina Ito", "They leave.", office.time()))
    office.time.forward(60)
    assert office.tick() == [(one, False) for one in FOUR]


def test_a_joiner_who_is_held_and_whom_the_next_list_lacks_is_withdrawn(office: Office) -> None:
    office.map(mode="full", guard={"create": {"percent": 0, "at_least": 0}, "minimum": 1})
    assert office.night(*INTERNS, *STAFF, "21,N,active") == []
    held = str(office.newest()["Extract"])
    office.at("2026-10-01 06:00")
    assert office.night(*INTERNS, *STAFF) == []
    file = office.newest()["File"]
    said = f"This was held, and {file}, a newer full file, does not have the person any more; nothing was sent."
    assert office.workers("Status", "Reason", "WhoActs")["21"] == ("withdrawn", said, "nobody")
    assert office.extract(held)["Status"] == "superseded"
