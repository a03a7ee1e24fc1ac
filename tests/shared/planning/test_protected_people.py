"""Protected people: nothing is sent of them before somebody has released just this person, by name."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from shared.changes.guard import PROTECTED
from shared.holds.orders import HoldOrder, put_on_hold
from shared.intake.ingest import process_all_pending
from shared.planning.orders import Order, OrderRefused, release
from shared.storage.names import CONFIG
from tests.conftest import Storage
from tests.support.office import Office, open_office


@pytest.fixture
def office(storage: Storage) -> Iterator[Office]:
    with open_office(storage.connection_string) as opened:
        opened.map(guard={"off": True})
        opened.at("2026-09-18 06:00")
        assert opened.night("1,Chief,active", "2,Bob,active", "3,Cid,active") == [("1", True), ("2", True), ("3", True)]
        protect(opened, "1", "3")
        yield opened


def protect(office: Office, *workers: str) -> None:
    text = json.dumps({"version": "1", "protected": [{"worker": worker} for worker in workers]})
    office.context.storage.container(CONFIG).upload_blob("holds.yaml", text, overwrite=True)


def let_go(office: Office, extract: str, *workers: str) -> int:
    return release(office.context.storage, extract, Order("Ina", "Looked at.", office.time()), workers)


def held(office: Office) -> set[str]:
    return {worker for worker, status in office.workers().items() if status == "held"}


def test_no_file_changes_or_disables_a_protected_person_and_everybody_else_goes_on(office: Office) -> None:
    office.at("2026-09-19 06:00")
    assert office.night("1,Boss,active", "2,Bo,active", "3,Cid,gone") == [("2", True)]
    assert office.workers("Status", "HeldBecause")["3"] == ("held", f"Leaver waits for approval: {PROTECTED}")
    assert office.workers("Status", "Changed")["1"] == ("held", "displayName")
    row = office.newest()
    assert (row["Held"], row["HeldBecause"], row["Counted"]) == (2, PROTECTED, '{"change": 1}')


def test_a_release_of_the_file_leaves_protected_people_held(office: Office) -> None:
    office.map(guard={"minimum": 1, "change": {"percent": 0, "at_least": 0}})
    office.at("2026-09-19 06:00")
    assert office.night("1,Boss,active", "2,Bo,active", "3,Cid,gone") == []
    extract = str(office.newest()["Extract"])
    assert let_go(office, extract) == 1
    office.time.forward(60)
    assert office.tick() == [("2", True)]
    assert held(office) == {"1", "3"}
    with pytest.raises(OrderRefused, match="Protected people are released one by one, each by name and alone: 1, 3"):
        let_go(office, extract)


def test_each_is_released_alone(office: Office) -> None:
    office.at("2026-09-19 06:00")
    office.night("1,Boss,active", "2,Bob,active", "3,Cid,gone")
    extract = str(office.newest()["Extract"])
    with pytest.raises(OrderRefused, match="each by name and alone: 1, 3"):
        let_go(office, extract, "1", "3")
    assert let_go(office, extract, "3") == 1
    office.time.forward(60)
    assert office.tick() == [("3", False)]
    assert held(office) == {"1"}
    assert let_go(office, extract, "1") == 1
    office.time.forward(60)
    assert (office.tick(), office.tick(), held(office)) == ([("1", True)], [], set())


def test_a_protected_person_among_several_is_refused_though_the_others_are_not_protected(office: Office) -> None:
    office.map(guard={"pilot": []})
    office.at("2026-09-19 06:00")
    office.night("1,Boss,active", "2,Bo,active", "3,Cid,active")
    extract = str(office.newest()["Extract"])
    with pytest.raises(OrderRefused, match="alone: 1"):
        let_go(office, extract, "1", "2")
    assert let_go(office, extract, "2") == 1


def test_a_last_day_that_comes_waits_for_a_release(office: Office) -> None:
    office.at("2026-09-19 06:00")
    assert office.night("1,Chief,active,,2026-09-20", "2,Bob,active,,2026-09-20", "3,Cid,active") == []
    office.at("2026-09-21 00:00")
    assert office.tick() == [("2", False)]
    row = office.newest()
    assert (row["Kind"], row["Held"], held(office)) == ("due", 1, {"1"})
    assert let_go(office, str(row["Extract"]), "1") == 1
    office.time.forward(60)
    assert office.tick() == [("1", False)]


def test_an_account_is_not_created_for_a_protected_person_either(office: Office) -> None:
    protect(office, "9")
    office.at("2026-09-19 06:00")
    assert office.night("1,Chief,active", "2,Bob,active", "3,Cid,active", "9,Glass,active") == []
    assert office.workers("Status", "Kind")["9"] == ("held", "joiner")
    assert let_go(office, str(office.newest()["Extract"]), "9") == 1
    office.time.forward(60)
    assert office.tick() == [("9", True)]


def test_a_newer_file_judges_whoever_is_held_anew_and_holds_her_again(office: Office) -> None:
    office.at("2026-09-19 06:00")
    office.night("1,Boss,active", "2,Bob,active", "3,Cid,active")
    older = str(office.newest()["Extract"])
    office.at("2026-09-20 06:00")
    office.night("1,Big Boss,active", "2,Bob,active", "3,Cid,active")
    with pytest.raises(OrderRefused, match="was superseded by"):
        let_go(office, older, "1")
    assert held(office) == {"1"}
    office.at("2026-09-21 06:00")
    office.night("1,Chief,active", "2,Bob,active", "3,Cid,active")
    assert held(office) == set()


def test_absence_from_a_full_file_disables_no_protected_person(office: Office) -> None:
    office.map(guard={"off": True}, missing="disable")
    rows = [f"{number},P,active" for number in range(10, 40)]
    office.at("2026-09-19 06:00")
    office.night("1,Chief,active", "2,Bob,active", "3,Cid,active", *rows)
    office.at("2026-09-20 06:00")
    assert office.night("3,Cid,active", *rows) == [("2", False)]
    assert held(office) == {"1"}


def test_security_can_disable_a_protected_person_and_what_hr_says_besides_waits(office: Office) -> None:
    order = HoldOrder("1", "", "Sam", "An investigation", office.time())
    put_on_hold(office.context.storage, order, None)
    office.time.forward(60)
    assert office.tick() == [("1", False)]
    office.at("2026-09-19 06:00")
    assert office.night("1,Boss,active", "2,Bob,active", "3,Cid,active") == []
    assert held(office) == {"1"}


def test_protection_counts_for_whoever_is_on_trial_too_and_goes_over_a_guard_that_is_off(office: Office) -> None:
    office.map(guard={"pilot": ["1", "2"]})
    office.at("2026-09-19 06:00")
    assert office.night("1,Boss,active", "2,Bo,active", "3,Cid,active") == [("2", True)]
    assert office.workers("HeldBecause")["1"] == f"Data changed waits for approval: {PROTECTED}"


def test_whoever_was_protected_since_the_release_was_ordered_with_others_is_held_again(office: Office) -> None:
    office.map(guard={"pilot": []})
    protect(office)
    office.at("2026-09-19 06:00")
    office.night("1,Boss,active", "2,Bo,active", "3,Cid,active")
    assert let_go(office, str(office.newest()["Extract"]), "1", "2") == 2
    protect(office, "1")
    office.time.forward(60)
    assert office.tick() == [("2", True)]
    assert held(office) == {"1"}


def test_whoever_is_protected_while_her_page_waits_is_held_and_released_by_name_alone(office: Office) -> None:
    protect(office)
    office.at("2026-09-19 06:00")
    office.drop("1,Boss,active", "2,Bo,active", "3,Cid,gone")
    protect(office, "1", "3")
    office.deliver()
    assert office.enabled["3"]
    office.time.forward(60)
    office.tick()
    assert (office.directory["2"]["displayName"], held(office)) == ("Bo", {"1", "3"})
    extract = str(office.newest()["Extract"])
    with pytest.raises(OrderRefused, match="each by name and alone: 1, 3"):
        let_go(office, extract)
    assert let_go(office, extract, "3") == 1
    office.time.forward(60)
    assert office.tick() == [("3", False)]
    assert let_go(office, extract, "1") == 1
    office.time.forward(60)
    assert (office.tick(), office.tick(), held(office)) == ([("1", True)], [], set())


def test_a_broken_file_protects_whom_it_protected_before(office: Office) -> None:
    office.tick()
    office.context.storage.container(CONFIG).upload_blob("holds.yaml", b"- oops", overwrite=True)
    office.at("2026-09-19 06:00")
    assert office.night("1,Chief,gone", "2,Bob,gone", "3,Cid,active") == [("2", False)]
    assert held(office) == {"1"}


def test_what_was_released_by_name_and_waits_for_entra_is_not_held_again_by_the_next_file(office: Office) -> None:
    office.at("2026-09-19 06:00")
    office.night("1,Chief,active", "2,Bob,active", "3,Cid,gone")
    assert let_go(office, str(office.newest()["Extract"]), "3") == 1
    office.time.forward(60)
    process_all_pending(office.context)  # the page is on the queue, and Entra takes nothing
    office.at("2026-09-20 06:00")
    assert office.night("1,Boss,active", "2,Bob,active", "3,Cid,gone") == [("3", False)]
    assert held(office) == {"1"}


def test_what_was_released_is_sent_and_what_is_said_meanwhile_is_held(office: Office) -> None:
    office.at("2026-09-19 06:00")
    office.night("1,Boss,active", "2,Bob,active", "3,Cid,active")
    assert let_go(office, str(office.newest()["Extract"]), "1") == 1
    office.time.forward(60)
    process_all_pending(office.context)
    office.at("2026-09-20 06:00")
    office.night("1,Big Boss,active", "2,Bob,active", "3,Cid,active")
    assert (office.directory["1"]["displayName"], held(office)) == ("Boss", {"1"})
