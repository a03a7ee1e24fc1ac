"""A mapping that is wrong, or gone: dates come and holds count all the same, and somebody is told."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from shared.holds.orders import HoldOrder, put_on_hold
from shared.notices.facts import facts_now
from shared.notices.notes import derive
from shared.storage.names import CONFIG, STATE
from tests.conftest import Storage
from tests.support.office import Office, open_office

CREW = [f"{number}-x,P{number},active" for number in range(100, 120)]
WRONG = "version: 1\nkey: Id\nstatus: {colum: Status}\n"


@pytest.fixture
def office(storage: Storage) -> Iterator[Office]:
    with open_office(storage.connection_string) as opened:
        opened.map()
        opened.at("2026-09-18 06:00")
        yield opened


def spoil(office: Office, text: str = WRONG, source: str = "employees") -> None:
    office.context.storage.container(CONFIG).upload_blob(f"{source}.yaml", text.encode(), overwrite=True)


def remove(office: Office, source: str) -> None:
    office.context.storage.container(CONFIG).delete_blob(f"{source}.yaml")


def forget_kept(office: Office, source: str) -> None:
    office.context.storage.container(STATE).delete_blob(f"mappings/{source}.yaml")


@pytest.mark.parametrize("text", [WRONG, "version: 1\nsource: others\nkey: Id\n", "\x00", ""])
def test_a_last_day_ends_the_access_though_the_mapping_is_wrong(office: Office, text: str) -> None:
    office.night("1,Ann,active,,2026-09-20", "2,Bob,active,2026-09-21")
    spoil(office, text)
    office.at("2026-09-21 00:00")
    assert office.tick() == [("1", False), ("2", True)]
    assert office.newest()["Mapping"] == "rollcall-state/mappings/employees.yaml"
    [note] = [note for note in derive(facts_now(office.context)) if note.kind == "mapping-unusable"]
    assert note.text == (
        "The mapping of source employees (hr-config/employees.yaml) cannot be used, so its files are refused. Dates "
        "that are known, and holds, are carried out by the last one that could be used. IT mends it; python -m cli "
        "doctor says what is wrong with it."
    )
    office.map()
    assert not [note for note in derive(facts_now(office.context)) if note.kind == "mapping-unusable"]


def test_whoever_is_put_on_hold_is_disabled_though_the_mapping_is_wrong_or_gone(office: Office) -> None:
    office.map("visitors")
    office.night("1,Ann,active")
    office.night("2,Bob,active", source="visitors")
    spoil(office)
    remove(office, "visitors")
    for worker in ("1", "2"):
        put_on_hold(office.context.storage, HoldOrder(worker, "", "Sam", "A case", office.time()), None)
    office.time.forward(60)
    office.tick()
    assert office.enabled == {"1": False, "2": False}


def test_people_of_a_list_are_let_go_though_one_that_goes_before_it_is_retired(office: Office) -> None:
    office.map("retired", precedence=10)
    office.night("2,Bob,gone", source="retired")
    office.night("1,Ann,active", "2,Bob,active,,2026-09-20")
    assert office.enabled == {"1": True, "2": True}
    remove(office, "retired")
    office.at("2026-09-21 00:00")
    assert office.tick() == [("2", False)]


def test_the_mapping_that_was_used_last_says_how_much_may_change_at_once(office: Office) -> None:
    office.night(*(f"{row},,2026-09-20" for row in CREW[:5]), *CREW[5:])
    spoil(office)
    office.at("2026-09-21 00:00")
    assert (office.tick(), office.newest()["Held"]) == ([], 5)


def test_where_no_mapping_is_kept_no_end_waits_and_nothing_else_is_lost(office: Office) -> None:
    office.map(guard={"off": True})
    office.night(*(f"{row},,2026-09-20" for row in CREW), "1,Ann,active,2026-09-21,,,100-x")
    remove(office, "employees")
    forget_kept(office, "employees")  # as older versions kept none
    office.at("2026-09-21 00:00")
    sent = office.tick()
    assert sorted(sent) == [("1", True), *((row.partition(",")[0], False) for row in CREW)]
    assert office.directory["1"]["displayName"] == "Ann"
    assert office.newest()["Mapping"] == "none, as there is none for 'employees' that can be used"


def test_a_source_whose_mapping_is_gone_does_not_keep_the_dates_of_others_from_coming(office: Office) -> None:
    office.map("interns")
    office.night("1,Ann,active,,2026-09-20")
    office.night("2,Bob,active,,2026-09-20", source="interns")
    remove(office, "interns")
    forget_kept(office, "interns")
    office.at("2026-09-21 00:00")
    office.tick()
    assert office.enabled == {"1": False, "2": False}
