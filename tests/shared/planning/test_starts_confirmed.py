"""A start that the newest file does not confirm waits until a file or a person says so."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from shared.planning.orders import Order, OrderRefused, release
from tests.conftest import Storage
from tests.support.office import Office, open_office

CREW = [f"{number},P{number},active" for number in range(100, 120)]
STARTS = ["1,Ann,active,2026-10-01", "2,Bob,active,2026-10-01"]


@pytest.fixture
def office(storage: Storage) -> Iterator[Office]:
    with open_office(storage.connection_string) as opened:
        opened.at("2026-09-25 06:00")
        opened.map(guard={"shrunk": "pass"})
        opened.night(*CREW, *STARTS)
        yield opened


def order(office: Office) -> Order:
    return Order("Ines", "Looked at.", office.time())


def test_whoever_is_absent_is_released_by_name_only(office: Office) -> None:
    office.at("2026-09-26 06:00")
    office.night(*CREW)
    office.at("2026-10-01 00:00")
    assert (office.tick(), office.workers()["1"], office.workers()["2"]) == ([], "held", "held")
    due = office.newest()["Extract"]
    assert "question about each of some people" in office.newest()["Message"]
    with pytest.raises(OrderRefused, match="released one by one"):
        release(office.context.storage, due, order(office))
    assert release(office.context.storage, due, order(office), ["1"]) == 1
    assert office.tick() == [("1", True)]
    assert (office.tick(), office.enabled["2"]) == ([], False)
    office.at("2026-10-02 06:00")
    assert office.night(*CREW, *STARTS) == [("2", True)]


def test_who_is_in_the_newest_file_starts_though_missing_from_one_before(office: Office) -> None:
    office.at("2026-09-26 06:00")
    office.night(*CREW, STARTS[1])
    office.at("2026-09-27 06:00")
    office.night(*CREW, *STARTS)
    office.at("2026-10-01 00:00")
    assert sorted(office.tick()) == [("1", True), ("2", True)]


def test_an_account_is_not_even_made_for_somebody_who_is_absent(office: Office) -> None:
    office.at("2026-09-26 06:00")
    office.night(*CREW, *STARTS, "3,Cy,active,2026-10-20")
    office.at("2026-09-27 06:00")
    office.night(*CREW, *STARTS)
    office.at("2026-10-13 00:00")
    assert ("3", False) not in office.tick()
    assert office.workers()["3"] == "held"


@pytest.mark.parametrize(
    ("row", "sent"),
    [
        ("1,Ann,oops,2026-10-01", []),
        ("1,Ann,active,2026-02-31", []),
        ("1,Ann,active,2026-10-01\n1,Ann,gone,2026-10-01", []),
        ("1,UNKNOWN,active,2026-10-01", [("1", True)]),  # neither status nor days are in doubt
    ],
)
def test_a_row_that_leaves_the_day_in_doubt_stops_the_start(
    office: Office, row: str, sent: list[tuple[str, bool]]
) -> None:
    office.at("2026-09-26 06:00")
    office.night(*CREW, *row.split("\n"), STARTS[1])
    assert office.workers()["1"] == "rejected"
    office.at("2026-10-01 00:00")
    assert sorted(office.tick()) == [*sent, ("2", True)]


def test_a_row_in_doubt_stops_no_end(office: Office) -> None:
    office.at("2026-09-26 06:00")
    office.night(*CREW, *STARTS, "3,Cy,active,,2026-09-30")
    office.at("2026-09-27 06:00")
    office.night(*CREW, *STARTS, "3,Cy,oops,,2026-09-30")
    office.at("2026-10-01 00:00")
    assert ("3", False) in office.tick()


def test_a_file_that_is_held_as_a_whole_confirms_nobody_whom_it_lacks(office: Office) -> None:
    office.map(guard={"minimum": 3, "missing": {"percent": 5, "at_least": 1}})
    office.at("2026-09-26 06:00")
    office.night(*CREW)
    assert office.newest()["Status"] == "held"
    office.at("2026-10-01 00:00")
    assert (office.tick(), office.enabled["1"], office.enabled["2"]) == ([], False, False)
