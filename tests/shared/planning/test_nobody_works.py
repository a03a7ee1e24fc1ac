"""A first list in which nobody may work is questioned: it would disable everybody."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from shared.planning.orders import Order, process
from tests.conftest import Storage
from tests.support.office import Office, open_office

GONE = [f"{number},P{number},gone" for number in range(10, 22)]
QUESTION = (
    "None of the 12 people who were looked at may work, by {columns}: then all accounts would be disabled. Does the "
    "column mean the opposite, is it another field, or are these leavers alone? Nothing of the file was used. Correct "
    "the export, or have IT correct the mapping (status), and drop the file again. If it is meant, IT has this file "
    "processed all the same: python -m cli process EXTRACT --force --by NAME --reason TEXT."
)


@pytest.fixture
def office(storage: Storage) -> Iterator[Office]:
    with open_office(storage.connection_string) as opened:
        opened.at("2026-11-02 06:00")
        yield opened


def test_a_first_list_in_which_nobody_may_work_is_questioned(office: Office) -> None:
    assert office.night(*GONE) == []
    row = office.newest()
    assert (row["Status"], row["Message"], office.directory) == ("rejected", QUESTION.format(columns="Status"), {})
    process(office.context.storage, row["Extract"], Order("ann@example.com", "They have all left", office.time()))
    assert len(office.tick()) == 12
    office.at("2026-11-03 06:00")
    assert office.night(*GONE, "30,Bo,gone") == [("30", False)]


def test_the_last_day_is_named_where_it_decides(office: Office) -> None:
    office.map(status={"first_day": "First", "last_day": "Last"})
    office.night(*(f"{number},P{number},active,2020-01-01,2026-10-31" for number in range(10, 22)))
    assert office.newest()["Message"] == QUESTION.format(columns="Last")


@pytest.mark.parametrize("rows", [GONE[:9], [*GONE, "30,Ann,active"]])
def test_a_list_of_a_few_or_with_somebody_who_works_is_not(office: Office, rows: list[str]) -> None:
    sent = [tuple(row.split(",")) for row in rows]
    assert sorted(office.night(*rows)) == [(worker, status == "active") for worker, _, status in sent]


def test_a_list_of_changes_may_hold_leavers_alone(office: Office) -> None:
    office.map(mode="delta")
    assert len(office.night(*GONE)) == 12
