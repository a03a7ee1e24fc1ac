"""What happens by itself on a day, with no file that says so."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from shared.intake import apply_plan, due_dates, ingest
from shared.planning.orders import Order, release
from shared.records import due, extracts, people
from shared.records.people import note_planned
from shared.storage.names import DUE
from shared.tables.extracts import ExtractKind
from tests.conftest import Storage
from tests.support.contexts import rows_of
from tests.support.office import Office, open_office

CREW = [f"{number}-x,P{number},active" for number in range(100, 120)]
GUARD = {"minimum": 10, "disable": {"percent": 10, "at_least": 1}}


@pytest.fixture
def office(storage: Storage) -> Iterator[Office]:
    with open_office(storage.connection_string) as opened:
        opened.at("2026-09-18 06:00")
        yield opened


def test_somebody_who_starts_is_created_a_week_before_and_enabled_at_midnight_of_her_zone(office: Office) -> None:
    assert office.night("1,Ann,active,2026-10-01,,Pacific/Auckland") == []
    assert office.workers("Status", "NextChangeAt") == {"1": ("scheduled", "2026-09-23T12:00:00Z")}
    office.at("2026-09-23 11:59")
    assert office.tick() == []
    office.at("2026-09-23 12:00")
    assert office.tick() == [("1", False)]
    assert office.workers("Kind", "NextChangeAt") == {"1": ("joiner", "2026-09-30T11:00:00Z")}
    office.at("2026-09-30 10:59")
    assert office.tick() == []
    office.at("2026-09-30 11:00")
    assert office.tick() == [("1", True)]
    assert office.workers("Kind", "Status", "NextChangeAt") == {"1": ("joiner", "uploaded", "")}
    office.at("2026-12-01 00:00")
    assert (office.tick(), office.tick(), rows_of(office.context.storage, DUE)) == ([], [], [])


def test_a_last_day_counts_at_the_job_that_knows_it_though_the_source_has_moved_to_another_one(office: Office) -> None:
    office.night("1,Ann,active,,2026-10-31,Europe/Berlin", "2,Bob,active")
    office.context.settings.endpoints["other"] = office.context.settings.endpoints["default"]  # type: ignore[index]
    office.map(job="other")
    assert office.night("2,Bob,active") == [("2", True)]  # it knows nobody yet
    office.at("2026-10-31 23:00")
    assert (office.tick(), office.tick()) == ([("1", False)], [])
    assert rows_of(office.context.storage, DUE) == []


def test_the_last_day_ends_at_midnight_where_the_worker_is_once(office: Office) -> None:
    office.night("1,Ann,active,,2026-10-31,America/Los_Angeles", "2,Bob,active,,2026-10-31,Europe/Berlin")
    assert office.enabled == {"1": True, "2": True}
    office.at("2026-10-31 22:59")
    assert office.tick() == []
    office.at("2026-10-31 23:00")
    assert office.tick() == [("2", False)]
    office.at("2026-11-01 06:59")
    assert office.tick() == []
    office.at("2026-11-01 07:00")
    assert (office.tick(), office.tick()) == ([("1", False)], [])
    assert office.workers("Kind", "Reason")["1"][0] == "leaver"


def test_a_due_day_has_an_extract_of_its_own_whose_counts_add_up(office: Office) -> None:
    office.night("1,Ann,active,,2026-09-20", "2,Bob,active")
    office.at("2026-09-21 00:00")
    office.tick()
    row = office.newest()
    wanted = ("Kind", "File", "Rows", "People", "Extras", "Rejected", "Leavers", "Uploaded")
    assert {name: row[name] for name in wanted} == {
        "Kind": "due",
        "File": "dates due at 2026-09-21T00:00:00Z",
        "Rows": 1,
        "People": 1,
        "Extras": 0,
        "Rejected": 0,
        "Leavers": 1,
        "Uploaded": 1,
    }  # fmt: skip


def test_a_later_file_that_moves_a_date_replaces_it(office: Office) -> None:
    office.night("1,Ann,active,,2026-09-20", "2,Bob,active,2026-10-10", "3,Cid,active,,2026-09-20")
    office.at("2026-09-19 06:00")
    office.night("1,Ann,active,,2026-09-25", "2,Bob,active,2026-10-20", "3,Cid,active")
    office.at("2026-09-21 00:00")
    assert office.tick() == []
    office.at("2026-09-26 00:00")
    assert office.tick() == [("1", False)]
    office.at("2026-10-05 00:00")
    assert office.tick() == []
    office.at("2026-10-13 00:00")
    assert office.tick() == [("2", False)]
    office.at("2026-10-20 00:00")
    assert office.tick() == [("2", True)]


def test_a_hire_that_is_taken_back_never_happens(office: Office) -> None:
    office.night("1,Ann,active,2026-10-10", "2,Bob,active,2026-09-20")
    assert office.enabled == {"2": False}
    office.at("2026-09-19 06:00")
    assert office.night("1,Ann,gone,2026-10-10", "2,Bob,gone,2026-09-20") == []
    assert office.workers("Status", "NextChangeAt") == {"1": ("withdrawn", ""), "2": ("withdrawn", "")}
    for day in ("2026-09-21 00:00", "2026-10-03 00:00", "2026-10-11 00:00"):
        office.at(day)
        assert office.tick() == []


def test_a_file_that_comes_after_the_moment_and_before_the_clock_does_what_was_due(office: Office) -> None:
    office.night("1,Ann,active,,2026-09-20")
    office.at("2026-09-21 00:00")
    assert office.night("1,Ann,gone,,2026-09-20") == [("1", False)]
    assert office.tick() == []


CRASHES = {
    "before it is planned": (ingest, "plan_due"),
    "before people are written down": (apply_plan, "_record"),
    "before it is queued": (apply_plan, "queue_ready_pages"),
    "before it is forgotten": (due, "remove_dues"),
    "before it moves on": (apply_plan, "_move_on"),
    "while it is registered": (due_dates, "_register"),
}


@pytest.mark.parametrize("moment", CRASHES)
def test_a_crash_on_the_way_changes_nothing_in_the_end(
    office: Office, monkeypatch: pytest.MonkeyPatch, moment: str
) -> None:
    office.night("1,Ann,active,,2026-09-20", "2,Bob,active")
    office.at("2026-09-21 00:00")

    def crash(*_: Any, **__: Any) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(*CRASHES[moment], crash)
        with pytest.raises(KeyboardInterrupt):
            office.tick()
    office.time.forward(60)
    sent = office.tick()
    office.time.forward(60)
    sent += office.tick()
    assert (sent, office.workers("Status", "Kind")) == (
        [("1", False)],
        {"1": ("uploaded", "leaver"), "2": ("uploaded", "joiner")},
    )
    assert rows_of(office.context.storage, DUE) == []
    found = [row for row in extracts.of_source(office.context.storage, "employees") if row.kind == ExtractKind.DUE]
    assert [(row.status, row.people) for row in found] == [("uploading", 1)]


def test_nobody_is_planned_twice_if_the_crash_comes_in_the_middle_of_the_people(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    office.night(*(f"{number},P,active,,2026-09-20" for number in range(8)))
    office.at("2026-09-21 00:00")

    def crash_after(*arguments: Any, **named: Any) -> None:
        note_planned(*arguments, **named)
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(people, "note_planned", crash_after)
        with pytest.raises(KeyboardInterrupt):
            office.tick()
    assert sorted(office.tick()) == [(str(number), False) for number in range(8)]
    assert office.tick() == []


def test_dates_of_many_that_fall_due_are_held_and_a_release_sends_them(office: Office) -> None:
    office.map(guard={"off": True})
    office.night(*(f"{row},,2026-09-20" for row in CREW[:5]), *CREW[5:])
    office.map(guard=GUARD)
    office.at("2026-09-21 00:00")
    assert office.tick() == []
    row = office.newest()
    assert (row["Kind"], row["Status"], row["Held"]) == ("due", "held", 5)
    assert {status for _, status in sorted(office.workers().items())[:5]} == {"held"}
    office.time.forward(60)
    assert office.tick() == []
    order = Order("Ina", "The project has ended.", office.time())
    assert release(office.context.storage, row["Extract"], order) == 5
    assert sorted(office.tick()) == [(f"{number}-x", False) for number in range(100, 105)]
    row = office.newest()
    assert (row["Status"], row["Held"], row["Uploaded"], row["ReleasedBy"]) == ("uploading", 0, 5, "Ina")


def test_a_full_file_after_dates_that_were_held_judges_them_anew(office: Office) -> None:
    office.map(guard={"off": True})
    office.night(*(f"{row},,2026-09-20" for row in CREW[:5]), *CREW[5:])
    office.map(guard=GUARD)
    office.at("2026-09-21 00:00")
    office.tick()
    held = office.newest()["Extract"]
    office.at("2026-09-21 06:00")
    assert office.night(*(f"{row},,2026-12-31" for row in CREW)) == []
    row = office.extract(held)
    assert (row["Status"], office.extract(row["SupersededBy"])["File"]) == ("superseded", "people_20260921_060000.csv")
    assert set(office.workers().values()) <= {"scheduled", "held", "unchanged", "uploaded"}


def test_a_date_that_was_moved_since_the_source_has_another_job_does_not_come_at_the_old_one(office: Office) -> None:
    office.night("1,Ann,active,,2026-10-31", "2,Bob,active", "3,Cid,active,2026-10-20", "4,Di,active,,2026-10-31")
    office.context.settings.endpoints["other"] = office.context.settings.endpoints["default"]  # type: ignore[index]
    office.map(job="other")
    office.at("2026-10-01 06:00")
    office.night("1,Ann,active,,2026-10-31", "2,Bob,active", "3,Cid,active,2026-10-20")
    office.at("2026-10-10 06:00")
    assert office.night("1,Ann,active,,2027-10-31", "2,Bob,active", "3,Cid,gone,2026-10-20") == []
    for moment in ("2026-10-13 00:00", "2026-10-20 00:00"):
        office.at(moment)
        assert office.tick() == []
    office.at("2026-11-01 00:00")
    assert (office.tick(), office.tick()) == ([("4", False)], [])  # of whom the list does not speak at the other job
    assert office.enabled == {"1": True, "2": True, "4": False}
    office.at("2027-11-01 00:00")
    assert office.tick() == [("1", False), ("1", False)]
    assert rows_of(office.context.storage, DUE) == []
