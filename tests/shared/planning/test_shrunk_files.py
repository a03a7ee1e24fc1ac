"""A full file that lacks more people than the guard allows waits as a whole."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from shared.changes.guard import shrinks
from shared.mapping.guard_limits import Guard
from shared.model import Actor
from shared.notices.facts import facts_now
from shared.notices.notes import derive
from shared.planning.orders import Order, OrderRefused, release
from shared.records.people import worker_key
from shared.storage.names import WORKERS
from shared.storage.rows import change_rows
from shared.support.person import find_stories
from shared.tables.workers import WorkerRow, WorkerStatus
from tests.conftest import Storage
from tests.support.office import Office, open_office

DAY = 86_400
STAFF = [f"{number},P{number},active" for number in range(100, 164)]
GONE = "163,P163,gone"


@pytest.fixture
def office(storage: Storage) -> Iterator[Office]:
    with open_office(storage.connection_string) as opened:
        opened.map(mode="full")
        opened.night(*STAFF)
        opened.time.forward(DAY)
        yield opened


def approve(office: Office, extract: str, *workers: str) -> list[tuple[str, bool]]:
    release(office.context.storage, extract, Order("Ina Ito", "The site was sold.", office.time()), workers)
    return office.tick()


def test_it_is_held_with_names_and_a_notice_until_it_is_released_and_is_the_newest_then(office: Office) -> None:
    before = office.workers("Status", "Sequence", "Extract")
    assert office.night("100,New name,active", *STAFF[1:38], GONE) == []  # 25 of 64 are missing
    row = office.newest()
    held = str(row["Extract"])
    because = "25 of 64 people are missing from it; more than 5% need approval."
    assert {name: row.get(name) for name in ("Status", "People", "Held", "Missing", "HeldBecause", "Full")} == {
        "Status": "held", "People": 39, "Held": 39, "Missing": 25, "HeldBecause": because, "Full": False,
    }  # fmt: skip
    assert row["Message"] == (
        f"39 rows, 39 people; nothing of the file was used. It is held as a whole: {because} Somebody with the role "
        "Releaser looks at who is missing and releases the file, or HR drops a complete one."
    )
    assert office.workers("Status", "Sequence", "Extract") == before
    told = office.summary_of(held)
    assert [(one["workerId"], one["name"]) for one in told["heldPeople"]] == [
        (f"{number}", f"P{number}") for number in range(138, 163)
    ]
    [note] = derive(facts_now(office.context))
    assert note.kind == "file-held"
    assert note.text == (
        f"A full file of source employees (extract {held}) lacks unusually many: 25 people are missing. Nothing of it "
        "was used. Somebody looks at them on the support page and releases the file (or: python -m cli release "
        f"{held} --by NAME --reason TEXT), or HR drops a complete one."
    )
    with pytest.raises(OrderRefused, match="held as a whole"):
        approve(office, held, "163")
    assert sorted(approve(office, held)) == [("100", True), ("163", False)]
    row = office.extract(held)
    assert {name: row[name] for name in ("Status", "Full", "Missing", "Movers", "Leavers", "ReleasedBy")} == {
        "Status": "uploading", "Full": True, "Missing": 25, "Movers": 1, "Leavers": 1, "ReleasedBy": "Ina Ito",
    }  # fmt: skip
    assert {office.workers("Status", "MissingIn")[f"{number}"] for number in range(138, 163)} == {("missing", held)}
    office.time.forward(DAY)
    assert office.night("100,New name,active", *STAFF[1:37], GONE) == []  # of 38 people only one more is missing
    assert (office.newest()["Status"], office.newest()["Missing"]) == ("delivered", 26)
    office.time.forward(DAY)
    office.drop(*STAFF, name="people_20260917.csv")
    assert office.newest()["Status"] == "stale"


def test_a_complete_file_takes_its_place_and_so_does_one_that_is_held_itself(office: Office) -> None:
    first = office.drop(*STAFF[:30])
    office.time.forward(60)
    second = office.drop(*STAFF[:31])
    assert [office.extract(one)["Status"] for one in (first, second)] == ["superseded", "held"]
    office.time.forward(60)
    office.night("100,New name,active", *STAFF[1:63])
    assert [office.extract(one)["Status"] for one in (first, second)] == ["superseded", "superseded"]
    assert (office.newest()["Missing"], office.directory["100"]["displayName"]) == (1, "New name")
    with pytest.raises(OrderRefused, match="was superseded"):
        approve(office, second)


def test_the_file_before_dropped_again_takes_its_place(office: Office) -> None:
    held = office.drop(*STAFF[:30])
    office.time.forward(60)
    office.drop(*STAFF)
    assert (office.newest()["Status"], office.extract(held)["Status"]) == ("duplicate", "superseded")


def test_files_that_lose_a_few_people_each_are_added_up_over_a_day_and_no_longer(office: Office) -> None:
    statuses = []
    for hours, people in ((1, 61), (8, 59), (23, 58)):
        office.time.forward(3600 * hours)
        office.night(*STAFF[:people])
        statuses.append(office.newest()["Status"])
    assert statuses == ["delivered", "held", "delivered"]


@pytest.mark.parametrize("how", [{"guard": {"shrunk": "pass"}}, {"missing": "disable"}])
def test_it_passes_if_the_mapping_says_so_or_guards_who_is_missing_otherwise(
    office: Office, how: dict[str, Any]
) -> None:
    office.map(mode="full", **how)
    office.night(*STAFF[:39])
    assert (office.newest()["Status"], office.newest()["Missing"]) == ("delivered", 25)
    assert set(office.enabled.values()) == {True}


def test_that_somebody_is_missing_stands_beside_what_is_wrong_and_never_in_its_place(office: Office) -> None:
    office.map(mode="full", guard={"shrunk": "pass"})
    office.night(*STAFF, "900,Eve,maybe", "901,Fay,active,2026-12-01")
    key = worker_key("employees", "101")
    wrong = WorkerRow(status=WorkerStatus.FAILED, reason="Conflict.", who_acts=Actor.IT)
    change_rows(office.context.storage.table(WORKERS), [key], lambda _key, _row: wrong)
    office.time.forward(DAY)
    one = office.drop("100,P100,active")
    shown = ("Status", "WhoActs", "MissingIn")
    told = office.workers(*shown)
    assert {who: told[who] for who in ("100", "101", "102", "900")} == {
        "100": ("uploaded", "nobody", ""),
        "101": ("failed", "IT", one),
        "102": ("missing", "HR", one),
        "900": ("rejected", "HR", ""),
    }
    [person] = find_stories(office.context, "101")
    assert (person.reason, person.missing) == (
        "Conflict.",
        f"Not in the full file {person_file(office, one)} any more (extract {one}).",
    )
    assert "There is no account" in office.workers("Reason")["901"]
    office.time.forward(DAY)
    office.night(*STAFF)
    told = office.workers(*shown)
    assert {who: told.get(who) for who in ("101", "102", "900")} == {
        "101": ("failed", "IT", ""), "102": ("unchanged", "nobody", ""), "900": None,
    }  # fmt: skip


def person_file(office: Office, extract: str) -> str:
    return str(office.extract(extract)["File"])


def test_the_limit_is_that_of_the_guard_with_its_small_numbers() -> None:
    pairs = {(2, 10): False, (3, 10): True, (8, 9): False, (5, 100): False, (6, 100): True}
    assert {pair: bool(shrinks(Guard(), pair[0], 0, pair[1])) for pair in pairs} == pairs
    said: list[tuple[dict[str, Any], str]] = [
        ({"off": True}, ""),
        ({"shrunk": "pass"}, ""),
        ({"missing": {"percent": 50}}, ""),
        (
            {"missing": {"percent": 50, "at_most": 24}},
            "25 of 64 people are missing from it; more than 24 need approval.",
        ),
    ]
    assert [shrinks(Guard.model_validate(guard), 25, 0, 64) for guard, _ in said] == [text for _, text in said]
    assert shrinks(Guard(), 3, 2, 61) == (
        "5 of 63 people are missing from it within 24 hours (3 with this file, 2 with earlier ones); more than 5% need "
        "approval."
    )
