"""What HR is told of people who are not in a full file any more."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from shared.hr_outbox.summary import write_summary
from shared.model import ExtractRef
from shared.storage.names import WORKERS
from tests.conftest import Storage
from tests.support.contexts import rows_of
from tests.support.office import Office, open_office

STAFF = [f"{number},P{number},active" for number in range(100, 140)]


@pytest.fixture
def office(storage: Storage) -> Iterator[Office]:
    with open_office(storage.connection_string) as opened:
        yield opened


def next_day(office: Office, missing: str, *rows: str) -> dict[str, Any]:
    """What HR is told of a second file, after one with everybody."""
    office.map(mode="full", missing=missing, guard={"shrunk": "pass"})
    office.night(*STAFF)
    office.time.forward(86_400)
    office.night(*rows)
    return office.summary_of(str(office.newest()["Extract"]))


@pytest.mark.parametrize(
    ("rows", "gone", "because"),
    [
        (
            [*STAFF[:18], *(f"{row},maybe" for row in STAFF[18:24])],
            "16 people are not in the file any more; nobody was disabled for that, because ",
            "6 of 24 rows were rejected, so the file proves nothing.",
        ),
        (
            STAFF[:30],
            "10 people are not in the file any more; nobody was disabled for that, because ",
            "the file has 30 people; the one before, people_20260918_060000.csv, had 40 people.",
        ),
        (
            [*STAFF[:39], "1.2E+7,X,active"],
            "1 person is not in the file any more; nobody was disabled for that, because ",
            "a row was rejected whose id is unreadable or unknown, and might be anybody's.",
        ),
    ],
)
def test_why_nobody_was_disabled_is_told(office: Office, rows: list[str], gone: str, because: str) -> None:
    told = next_day(office, "disable", *rows)
    assert told["message"].endswith(gone + because)
    assert office.newest()["Message"] == told["message"]
    assert set(office.enabled.values()) == {True}
    assert [note for note in told["notes"] if "complete" in note] == []


def test_where_people_are_disabled_nothing_is_said_of_doubts(office: Office) -> None:
    told = next_day(office, "disable", *STAFF[:39])
    assert office.newest()["Message"].endswith("Sent for: 1 leaver.")
    assert (office.enabled["139"], told["leavers"]) == (False, 1)


def test_a_file_that_is_far_smaller_than_the_last_one_makes_people_ask(office: Office) -> None:
    told = next_day(office, "report", *STAFF[:35])
    assert told["message"].endswith("5 people are not in the file any more.")
    assert told["notes"] == [
        "The file has 35 people; the one before, people_20260918_060000.csv, had 40 people. Is this one complete?"
    ]
    assert (told["comparedWith"], told["comparedPeople"], told["comparedRejected"]) == (
        *("people_20260918_060000.csv", 40),
        0,
    )
    assert told["missingPeople"] == [
        {"workerId": f"{number}", "name": f"P{number}", "row": 0, "text": ""} for number in range(135, 140)
    ]
    assert told["outcome"] == "Done, but look at this: 5 people are missing from the list."


def test_people_in_rejected_rows_are_in_the_list_all_the_same(office: Office) -> None:
    told = next_day(office, "report", *STAFF[:30], *(f"{row},maybe" for row in STAFF[30:38]))
    before = "the one before, people_20260918_060000.csv, had 40 people."
    assert told["notes"] == [f"The file has 30 people and 8 rows that were rejected; {before}"]
    assert [person["workerId"] for person in told["missingPeople"]] == ["138", "139"]
    assert [row["row"] for row in told["rejectedRows"]] == list(range(32, 40))


def test_who_was_missing_before_is_named_after_who_is_missing_anew(office: Office) -> None:
    next_day(office, "report", *STAFF[:39])
    office.time.forward(86_400)
    office.night(*STAFF[:38])
    told = office.summary_of(str(office.newest()["Extract"]))
    assert [(person["workerId"], person["text"]) for person in told["missingPeople"]] == [
        ("138", ""),
        ("139", "missing from an earlier list already"),
    ]


def test_of_two_lists_of_one_second_neither_hides_who_is_missing_from_the_other(office: Office) -> None:
    next_day(office, "report", *STAFF[:39])
    ref = ExtractRef(str(office.newest()["Extract"]), "employees")
    second, _, digest = ref.id.partition("-")
    storage = office.context.storage
    for other in ("0" * len(digest), "f" * len(digest)):
        [row] = [row for row in rows_of(storage, WORKERS) if row.get("WorkerId") == "139"]
        keys = {"PartitionKey": row["PartitionKey"], "RowKey": row["RowKey"]}
        storage.table(WORKERS).update_entity({**keys, "MissingIn": f"{second}-{other}"})
        write_summary(storage, ref)
        assert office.summary_of(ref.id)["missingPeople"] == [
            {"workerId": "139", "name": "P139", "row": 0, "text": "missing from an earlier list already"}
        ]


def test_a_file_that_is_a_little_smaller_does_not(office: Office) -> None:
    told = next_day(office, "report", *STAFF[:36])
    assert told["message"].endswith("4 people are not in the file any more.")
    assert told["notes"] == []
