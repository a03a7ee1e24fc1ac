"""A last day that is taken back is a change, with a reason and a guard; if all vanish, the file is questioned."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.conftest import Storage
from tests.support.office import Office, open_office

STAY = [f"{number},P{number},active,2020-01-01,,," for number in range(20, 40)]
ENDS = [f"{number},P{number},active,2020-01-01,2026-11-30,," for number in range(10, 16)]
BLANK = [row.replace("2026-11-30", "") for row in ENDS]


@pytest.fixture
def office(storage: Storage) -> Iterator[Office]:
    with open_office(storage.connection_string) as opened:
        opened.at("2026-11-02 06:00")
        yield opened


def test_all_last_days_vanish_and_the_file_is_questioned(office: Office) -> None:
    office.night(*STAY, *ENDS)
    office.at("2026-11-03 06:00")
    office.night(*STAY, *BLANK)
    row = office.newest()
    assert row["Status"] == "rejected"
    assert "Last is empty for nearly everybody, but was not in the file before" in row["Message"]
    assert "python -m cli process EXTRACT --force" in row["Message"]


def test_many_last_days_that_are_taken_back_are_held(office: Office) -> None:
    office.map(guard={"change": {"percent": 10, "at_least": 2}})
    office.night(*STAY, *ENDS)
    office.at("2026-11-03 06:00")
    office.night(*STAY, *BLANK[:5], ENDS[5])
    assert {office.workers()[str(number)] for number in range(10, 15)} == {"held"}
    assert office.newest()["Status"] == "held"
