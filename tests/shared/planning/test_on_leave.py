"""Somebody on leave, whose account is disabled meanwhile, has not left; and who left long ago needs no account."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.conftest import Storage
from tests.support.office import Office, open_office

STATUS: dict[str, Any] = {
    "column": "Status",
    "values": {"active": True, "gone": False},
    "leave": ["away"],
    "leave_policy": "disabled",
    "first_day": "First",
    "last_day": "Last",
}
CREW = [f"{number},P{number},active,,,,2" for number in range(100, 104)]


@pytest.fixture
def office(storage: Storage) -> Iterator[Office]:
    with open_office(storage.connection_string) as opened:
        opened.map(status=STATUS, guard={"off": True})
        opened.at("2026-09-24 06:00")
        yield opened


def test_a_leave_is_no_leaving_and_its_end_no_new_hire(office: Office) -> None:
    office.night("2,Ann,active", *CREW)
    office.at("2026-09-25 06:00")
    assert office.night("2,Ann,away,,2026-12-31", *CREW, "104,New,active,,,,2") == [("2", False), ("104", True)]
    told = office.workers("Kind", "Reason", "Warning", "Decision")
    assert (told["2"][0], told["2"][3]) == (
        "on leave",
        "On leave: the account is disabled until the status says otherwise (row 2 of people_20260925_060000.csv).",
    )
    assert {one: row[2] for one, row in told.items() if row[2]} == {}  # nobody reads that the manager has left
    assert "1 on leave" in office.newest()["Message"]
    office.at("2026-09-26 06:00")
    assert office.night("2,Ann,active", *CREW, "105,Newer,active,,,,2") == [("2", True), ("105", True)]
    assert office.workers("Kind")["2"] == "back from leave"


def test_whoever_leaves_from_a_leave_has_left(office: Office) -> None:
    office.night("2,Ann,away", *CREW)
    assert office.workers("Kind", "Active")["2"] == ("joiner", False)
    office.at("2026-09-25 06:00")
    office.night("2,Ann,gone,,2026-09-24", *CREW[1:], "100,Other,active,,,,2")
    assert office.workers("Warning")["100"] == "Manager 2 has left."


def test_whoever_is_on_leave_and_vanishes_is_missing(office: Office) -> None:
    office.map(status=STATUS, guard={"off": True, "shrunk": "pass"})
    office.night("2,Ann,away", *CREW)
    office.at("2026-09-25 06:00")
    office.night(*CREW)
    assert office.workers()["2"] == "missing"


def test_of_somebody_who_left_long_before_the_first_file_nothing_is_sent_if_the_mapping_says_so(office: Office) -> None:
    people = ("1,Old,gone,,2026-08-01", "2,Ann,active", "3,Late,gone,,2026-09-01", "4,Undated,gone")
    office.map(status={**STATUS, "gone_before": 30}, guard={"off": True})
    assert sorted(office.night(*people)) == [("2", True), ("3", False), ("4", False)]
    assert office.workers("Status", "Reason", "WhoActs")["1"] == (
        "unchanged",
        (
            "Left on 2026-08-01 (row 2 of people_20260924_060000.csv), longer ago than the mapping asks about "
            "(gone_before), and nothing was ever sent of the person: no account is made, and nothing is sent."
        ),
        "nobody",
    )
    office.at("2026-10-20 06:00")
    assert office.night(*people[:-1], "4,Undated,gone,,2026-01-01") == []  # 3 and 4 are known: they stay as they are
    office.at("2026-10-21 06:00")
    assert office.night("1,Old,active,2026-10-21", *people[1:-1], "4,Undated,gone,,2026-01-01") == [("1", True)]
