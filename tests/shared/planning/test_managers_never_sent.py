"""A manager whom only a plan named that never sent the person is not one that Entra keeps."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator

import pytest

from shared.model import ENTERPRISE_USER
from tests.conftest import Storage
from tests.support.office import Office, open_office
from tests.support.scripted_server import CUT

LOOP = "Manager 1 would close a loop (1-2-1), because Entra keeps the manager that 1 had; sent without a manager."


@pytest.fixture
def office(storage: Storage) -> Iterator[Office]:
    with open_office(storage.connection_string) as opened:
        yield opened


def settle(office: Office) -> list[tuple[str, bool]]:
    """Send what waits, and whoever is looked at again because of that."""
    sent = office.tick()
    office.time.forward(360)
    return sent + office.tick()


def manager_of(office: Office, person: str) -> str:
    """Whom Entra was sent last."""
    record = office.directory[person].get(ENTERPRISE_USER, {})
    return str(record.get("manager", {}).get("value", ""))


def let_calls(office: Office, calls: int) -> None:
    """So many calls a day."""
    settings = dataclasses.replace(office.context.settings, daily_calls=calls, leaver_reserve=0)
    object.__setattr__(office.context, "settings", settings)


def test_whom_such_a_manager_kept_from_naming_hers_is_looked_at_again(office: Office) -> None:
    office.drop("1,Ann,active,,,,2", "2,Bob,active")
    office.time.forward(60)
    office.drop("1,Ann,active", "2,Bob,active,,,,1")
    assert office.workers("Warning")["2"] == LOOP  # as long as the older page may go out
    assert settle(office) == [("1", True), ("2", True), ("2", True)]
    assert (manager_of(office, "1"), manager_of(office, "2")) == ("", "1")
    assert office.workers("Warning") == {"1": "", "2": ""}


def test_so_she_is_where_the_older_page_was_sent_in_part(office: Office) -> None:
    others = [f"{number},P{number},active" for number in range(10, 60)]  # with Bob, a request and one of another
    let_calls(office, 1)
    office.night(*others, "99,Ann,active,,,,2", "2,Bob,active")
    assert {"99", "2"} & office.directory.keys() == {"2"}
    office.drop(*others, "99,Ann,active", "2,Bob,active,,,,99")
    let_calls(office, 2000)
    settle(office)
    assert (manager_of(office, "99"), manager_of(office, "2")) == ("", "99")


def test_entra_keeps_the_manager_whom_it_was_sent_before(office: Office) -> None:
    office.night("1,Ann,active,,,,3", "2,Bob,active", "3,Cy,active")
    office.drop("1,Ann,active,,,,2", "2,Bob,active", "3,Cy,active")
    office.time.forward(60)
    office.drop("1,Ann,active", "2,Bob,active,,,,1", "3,Cy,active")
    settle(office)
    assert manager_of(office, "2") == "1"
    assert "manager (3)" in office.workers("Warning")["1"]


def test_it_may_keep_one_if_no_answer_came_to_the_request_that_named_him(office: Office) -> None:
    office.drop("1,Ann,active,,,,2", "2,Bob,active")
    office.script.answer = lambda _: CUT
    office.tick()
    office.script.answer = None
    office.time.forward(60)
    office.drop("1,Ann,active", "2,Bob,active,,,,1")
    office.time.forward(300)
    settle(office)
    assert manager_of(office, "2") == ""
    assert office.workers("Warning")["2"] == LOOP
