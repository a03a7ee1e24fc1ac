"""Files of changes that come late: a date that has come in between is no word of HR's."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.conftest import Storage
from tests.support.office import Office, open_office

FIRST_DAY = "2026-09-22"


@pytest.fixture
def office(storage: Storage) -> Iterator[Office]:
    with open_office(storage.connection_string) as opened:
        opened.map(mode="delta", guard={"off": True})
        opened.at("2026-09-18 06:00")
        yield opened


def test_the_results_tell_of_a_late_file_though_a_date_came_after_the_day_in_its_name(office: Office) -> None:
    office.night(f"1,Ann,active,{FIRST_DAY}", f"2,Bob,active,{FIRST_DAY}", "3,Cy,active")
    office.at("2026-09-21 06:00")
    newer = office.drop("3,Cyd,active")
    office.tick()
    office.at(f"{FIRST_DAY} 00:00")
    assert office.tick() == [("1", True), ("2", True)]
    office.at(f"{FIRST_DAY} 06:00")
    late = office.drop(
        f"1,Anna,active,{FIRST_DAY}", f"2,Bob,active,{FIRST_DAY}", "3,Cy,active", name="people_20260920_060000.csv"
    )
    assert office.tick() == [("1", True)]
    assert office.directory["1"]["displayName"] == "Anna"
    of_date = office.workers("Extract")["2"]
    assert office.workers("Extract", "SeenIn", "Status") == {
        "1": (late, None, "uploaded"),
        "2": (of_date, late, "uploaded"),
        "3": (newer, None, "uploaded"),
    }
    assert of_date not in (late, newer)
