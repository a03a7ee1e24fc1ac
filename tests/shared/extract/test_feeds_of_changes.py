"""The guard of feeds that tell only of those who changed: whom it counts, and when."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from shared.planning import deciding
from tests.conftest import Storage
from tests.support.office import Office, open_office

CREW = [f"{number}-x,P{number},active" for number in range(100, 120)]
LEFT = [f"{number}-x,P{number},gone" for number in range(100, 120)]
PAST = [f"{number}-y,Q{number},gone" for number in range(100, 125)]
GUARD = {"minimum": 10, "disable": {"percent": 10, "at_least": 1}}


@pytest.fixture
def office(storage: Storage) -> Iterator[Office]:
    with open_office(storage.connection_string) as opened:
        opened.map(mode="delta", guard=GUARD)
        opened.at("2026-09-18 06:00")
        yield opened


def test_people_who_had_left_before_do_not_make_the_others_unknown(office: Office) -> None:
    assert len(office.night(*CREW, *PAST)) == 45
    office.at("2026-09-20 06:00")
    assert office.night(*LEFT[:12]) == []
    because = "12 accounts would be disabled with this file, of 20 people known; more than 10% need approval."
    assert (office.newest()["Held"], office.newest()["HeldBecause"]) == (12, because)


def test_people_who_came_back_are_known_again(office: Office) -> None:
    office.map(mode="delta", guard={"off": True})
    for number, rows in enumerate((CREW, LEFT, CREW)):
        office.at(f"2026-09-{18 + number} 06:00")
        assert len(office.night(*rows)) == 20
    office.map(mode="delta", guard=GUARD)
    office.at("2026-09-22 06:00")
    assert (office.night(*LEFT[:3]), office.newest()["Held"]) == ([], 3)


def test_nobody_is_counted_for_a_few_changes_and_yet_they_add_up(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    office.night(*CREW)
    office.at("2026-09-20 06:00")
    with monkeypatch.context() as patch:
        patch.setattr(deciding, "count_known", lambda _: pytest.fail("people were counted"))
        assert office.night(LEFT[0]) == [("100-x", False)]
    office.time.forward(3600)
    assert office.night(LEFT[1]) == []
    because = (
        "2 accounts would be disabled within 24 hours (1 with this file, 1 with earlier ones), of 19 people known; "
        "more than 10% need approval."
    )
    assert (office.newest()["Held"], office.newest()["HeldBecause"]) == (1, because)


def test_the_first_file_says_nothing_about_what_is_usual(office: Office) -> None:
    office.map(mode="delta", guard={"create": {"at_least": 15}})
    office.night(*CREW[:11])
    office.time.forward(3600)
    assert len(office.night(*CREW[11:])) == 9


def test_dates_that_come_are_judged_by_those_who_are_known(office: Office) -> None:
    office.map(mode="delta", guard={"off": True})
    office.night(*(f"{row},,2026-09-20" for row in CREW[:5]), *CREW[5:], *PAST)
    office.map(mode="delta", guard=GUARD)
    office.at("2026-09-21 00:00")
    assert (office.tick(), office.newest()["Kind"], office.newest()["Held"]) == ([], "due", 5)
