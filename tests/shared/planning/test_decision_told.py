"""What support reads of a decision, after later files and dates have come."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from shared.storage.names import WORKERS
from shared.storage.rows import Key, change_rows
from shared.support.person import find_stories
from shared.tables.workers import WorkerRow, WorkerStatus
from tests.conftest import Storage
from tests.support.office import Office, open_office

DAY = 86_400


@pytest.fixture
def office(storage: Storage) -> Iterator[Office]:
    with open_office(storage.connection_string) as opened:
        opened.map(mode="full")
        yield opened


def files_told(office: Office, worker: str) -> list[str]:
    [person] = find_stories(office.context, worker)
    return [moment.text for moment in person.timeline if moment.what == "File"]


def test_why_somebody_was_sent_last_stays_while_files_say_the_same(office: Office) -> None:
    office.night("1,Ann,active", "2,Bo,active", "3,Cy,active", name="first.csv")
    why = {worker: f"New worker (row {row} of first.csv)." for worker, row in (("1", 2), ("2", 3), ("3", 4))}
    assert office.workers("SentDecision") == why
    office.time.forward(DAY)
    office.night("1,Ann,gone", "2,Bo,active", "3,Cyn,active", name="second.csv")
    why |= {
        "1": "Leaver: the status says so, and no last day is named, so it counts at once (row 2 of second.csv).",
        "3": "Data changed: displayName (row 4 of second.csv).",
    }
    # As an older version has left it.
    as_before = WorkerRow(sent_decision="", sent_kind="", status=WorkerStatus.PROVISIONED)
    change_rows(office.context.storage.table(WORKERS), [Key("employees|3", "3")], lambda _key, _row: as_before)
    for name in ("third.csv", "fourth.csv"):
        office.time.forward(DAY)
        office.night("1,Ann,gone", "2,Bo,active", "3,Cyn,active", "4,Di,active", name=name)
        assert {**office.workers("SentDecision"), "4": ""} == {**why, "4": ""}
    [person] = find_stories(office.context, "1")
    assert (person.status, person.sent_because) == ("uploaded", why["1"])
    assert why["1"] in [moment.text for moment in person.timeline]


def test_after_a_date_came_the_file_and_row_that_named_it_are_told(office: Office) -> None:
    office.at("2026-09-18 08:00")
    office.night("1,Ann,active,,2026-09-20", "2,Bo,active", name="days.csv")
    office.at("2026-09-21 00:01")
    assert office.tick() == [("1", False)]
    [person] = find_stories(office.context, "1")
    assert office.newest()["Kind"] == "due"
    assert person.sent_because == "Leaver: the last day, 2026-09-20, has passed (row 2 of days.csv)."
    assert (person.file, person.row) == ("days.csv", 2)
    assert files_told(office, "1") == ["days.csv arrived, row 2.", "A date came; no file was needed."]
