"""Somebody of whom several lists speak: what the rows of each say of the account, and what HR is told of it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.conftest import Storage
from tests.support.office import Office, open_office

OTHERS = [f"P{number},Per{number} Son{number},active" for number in range(10)]


@pytest.fixture
def office(storage: Storage) -> Iterator[Office]:
    with open_office(storage.connection_string) as opened:
        opened.map(guard={"off": True})
        opened.map("contractors", precedence=5, guard={"off": True})
        yield opened


def told(office: Office, extract: str) -> tuple[str, list[str]]:
    """How a file went, and the notes on it, as HR reads them."""
    summary = office.summary_of(extract)
    return summary["outcome"], summary["notes"]


def test_hr_is_told_who_has_left_by_one_list_and_stays_enabled_by_another(office: Office) -> None:
    office.night("1,Jane,active", "2,Bob,active", source="contractors")
    office.night("1,Jane,active", "2,Bob,active")
    office.at("2026-09-19 06:00")
    extract = office.drop("1,Jane,gone", "2,Bob,active")
    assert office.tick() == []
    assert office.extract(extract)["StayEnabled"] == 1
    assert told(office, extract) == (
        ("Done, but look at this: 1 person stays enabled by another list, though this one says that they have left."),
        [
            (
                "Left by this list, and still enabled, because the list 'contractors' employs them: 1 person (1). "
                "Whoever has left there too is to be marked so in 'contractors'."
            )
        ],
    )
    assert office.workers("Reason")["1"] == (
        "Unchanged: row 2 of people_20260919_060000.csv; nothing to send. This list says that the person has left; the "
        "account stays enabled, because the list 'contractors' employs the person."
    )


def test_it_is_said_that_the_other_list_does_not_name_the_person_any_more(office: Office) -> None:
    office.night(*OTHERS, "1,Jane,active", source="contractors")
    office.night("1,Jane,active", "2,Bob,active")
    office.at("2026-09-19 06:00")
    office.night(*OTHERS, source="contractors")
    office.at("2026-09-20 06:00")
    extract = office.drop("1,Jane,gone", "2,Bob,active")
    assert office.tick() == []
    _, [note] = told(office, extract)
    assert "Its newest file does not name 1, so nobody says any more that they work." in note
    assert office.workers("Reason")["1"].endswith(
        "the account stays enabled, because the list 'contractors' employs the person, though its newest file does not "
        "name the person: HR says there too who has left."
    )


def test_of_whoever_leaves_every_list_nothing_of_the_kind_is_said(office: Office) -> None:
    office.night("1,Jane,active", source="contractors")
    office.night("1,Jane,active", "2,Bob,active")
    office.at("2026-09-19 06:00")
    office.night("1,Jane,gone", source="contractors")
    extract = office.drop("1,Jane,gone", "2,Bob,active")
    assert office.tick() == [("1", False)]
    assert office.extract(extract)["StayEnabled"] == 0
    assert office.summary_of(extract)["notes"] == []


def test_people_left_out_as_older_are_named_and_not_all_went_well(office: Office) -> None:
    office.map(mode="delta", guard={"off": True})
    office.night("1,Jane,active", "2,Bob,active", name="d_20260917.csv")
    office.at("2026-09-20 08:00")
    office.night("2,Bobby,active", name="d_20260920.csv")
    extract = office.drop("2,Bob,gone", "1,Jane,gone", name="d_20260919.csv")
    assert office.tick() == [("1", False)]
    outcome, notes = told(office, extract)
    assert "1 person was left out, because something newer is known of them" in outcome
    assert notes == [
        (
            "Left out, because a newer file has spoken of them: 1 person (2). What this file says of them is not used. "
            "If it is right, HR says it once more in a file that is newer."
        )
    ]


def test_a_file_of_nothing_but_former_ids_did_not_go_well(office: Office) -> None:
    office.map(key={"column": "Id", "former": "Boss"}, attributes={"displayName": "Name"}, mode="delta")
    office.night("C9,Ann Miller,active")
    office.at("2026-09-19 06:00")
    office.night("W10,Ann Miller,active,,,,C9")
    office.at("2026-09-20 06:00")
    extract = office.drop("C9,Ann Miller,gone,,2026-09-19")
    office.tick()
    assert office.enabled["C9"]
    assert told(office, extract)[0] == "This did not go well: 1 row does not count."


def test_the_row_of_the_other_list_says_what_becomes_of_the_account(office: Office) -> None:
    office.night("1,Jane,active", "2,Bob,active")
    office.night("1,Jane,active,,2026-09-25", "3,Ann,active", source="contractors")
    assert office.workers("Status", "NextChangeAt", source="contractors")["1"] == ("scheduled", "2026-09-26T00:00:00Z")
    office.at("2026-09-19 06:00")
    office.night("1,Jane,gone", "2,Bob,active")
    office.at("2026-09-26 00:01")
    assert office.tick() == [("1", False)]
    assert office.workers("Active", "NextChangeAt")["1"] == (False, "")
    assert office.workers("Status", "Active", "NextChangeAt", source="contractors")["1"] == ("uploaded", False, "")


def test_the_row_of_another_list_tells_of_no_date_that_is_over(office: Office) -> None:
    office.night("1,Jane,active", "3,Ann,active", source="contractors")
    office.at("2026-09-19 06:00")
    office.night("1,Jane,gone,,2026-09-30", "3,Ann,active", source="contractors")
    assert office.workers(source="contractors")["1"] == "scheduled"
    office.night("1,Jane,active,2026-10-01", "2,Bob,active")
    office.at("2026-10-01 00:01")
    assert office.tick() == []  # the account goes on
    assert office.workers("Status", "Reason", "Active", "NextChangeAt", source="contractors")["1"] == (
        "unchanged",
        "What the list 'employees' says has been looked at since; what became of the account is told there.",
        True,
        "",
    )


def test_whom_a_column_says_to_be_the_same_person_is_no_shared_id(office: Office) -> None:
    office.map(key={"column": "Id", "former": "Boss"}, attributes={"displayName": "Name"}, guard={"off": True})
    office.night("C9,Ann Miller,active", source="contractors")
    extract = office.drop("W10,Ann Miller-Smith,active,,,,C9", "3,Bob,active")
    office.tick()
    assert office.extract(extract)["OtherNames"] == 0


def test_a_last_day_that_moves_later_is_told(office: Office) -> None:
    office.night(*OTHERS, "1,Jane,active")
    for day, last in (("19", "2026-10-10"), ("20", "2027-10-10"), ("21", "2027-10-10")):
        office.at(f"2026-09-{day} 06:00")
        office.night(*OTHERS, f"1,Jane,active,,{last}")
    assert office.workers("Status", "Reason", "NextChangeAt")["1"] == (
        "scheduled",
        (
            "Works until 2027-10-10 (row 12 of people_20260920_060000.csv): the account is disabled at "
            "2027-10-11T00:00:00Z."
        ),
        "2027-10-11T00:00:00Z",
    )
