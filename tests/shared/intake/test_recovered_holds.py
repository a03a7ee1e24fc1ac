"""Holds that were lost with their table: whoever was on hold is so again, before HR's next word counts."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from shared.holds.hold_rows import HOLDS_PARTITION, read_all
from shared.holds.orders import HoldOrder, end_hold, put_on_hold
from shared.holds.taking_in import take_in_holds
from shared.intake.recovering import BY, recover
from shared.storage.names import QUOTA
from tests.conftest import Storage
from tests.support.contexts import rows_of
from tests.support.office import Office, open_office


@pytest.fixture
def office(storage: Storage) -> Iterator[Office]:
    with open_office(storage.connection_string) as opened:
        yield opened


def lose_holds(office: Office) -> None:
    """As if `Quota` had been made anew."""
    table = office.context.storage.table(QUOTA)
    for row in rows_of(office.context.storage, QUOTA):
        if row["PartitionKey"] == HOLDS_PARTITION:
            table.delete_entity(row["PartitionKey"], row["RowKey"])


def hold(office: Office, worker: str) -> None:
    put_on_hold(office.context.storage, HoldOrder(worker, "employees", "Sam", "Case 17.", office.time()), None)
    take_in_holds(office.context)


def test_whoever_was_on_hold_stays_disabled_when_the_table_with_the_orders_is_lost(office: Office) -> None:
    assert office.night("1,Ann,active", "2,Bob,active") == [("1", True), ("2", True)]
    office.at("2026-09-19 06:00")
    hold(office, "1")
    assert office.tick() == [("1", False)]
    lose_holds(office)
    office.at("2026-09-20 06:00")
    done = [recover(office.context.storage, "default", office.time()).holds for _ in range(2)]
    assert (done, [(row.worker, row.by) for row in read_all(office.context.storage)]) == ([1, 0], [("1", BY)])
    take_in_holds(office.context)
    assert office.night("1,Anna,active", "2,Bob,active") == [("1", False)]
    office.at("2026-09-21 06:00")
    end_hold(office.context.storage, HoldOrder("1", "", "Sam", "It is over.", office.time()))
    take_in_holds(office.context)
    assert office.tick() == [("1", True)]
