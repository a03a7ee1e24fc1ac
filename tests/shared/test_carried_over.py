"""People whom a newer extract of the job takes over from a page that was never sent."""

from __future__ import annotations

import dataclasses

from shared.records.names import PAGES
from tests.conftest import Storage
from tests.support.contexts import rows_of
from tests.support.office import open_office


def test_a_leaver_who_is_carried_over_still_goes_first_and_from_the_reserve(storage: Storage) -> None:
    with open_office(storage.connection_string) as office:
        office.map(mode="delta")
        office.night("7,Eve,active", *(f"{number},P{number},active" for number in range(10, 40)))
        office.drop("7,Eve,gone")
        office.time.forward(60)
        newer = office.drop(*(f"{number},Q{number},active" for number in range(10, 20)))

        [page] = [row for row in rows_of(office.context.storage, PAGES) if row["PartitionKey"] == newer]
        assert (page["People"], page["Leavers"]) == (11, 1)
        settings = dataclasses.replace(office.context.settings, daily_calls=2, leaver_reserve=50)
        object.__setattr__(office.context, "settings", settings)  # one call is used, the other is kept for leavers
        assert office.tick()[:2] == [("7", False), ("10", True)]
