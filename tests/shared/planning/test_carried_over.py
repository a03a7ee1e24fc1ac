"""Whose page it is: people whom another plan takes over, and people whom a late file speaks of."""

from __future__ import annotations

import dataclasses

from shared.storage.names import PAGES
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


def test_a_late_file_of_changes_is_told_on_the_row_of_whom_it_sends_though_a_date_has_come_since(
    storage: Storage,
) -> None:
    with open_office(storage.connection_string) as office:
        office.map(mode="delta")
        office.at("2026-09-18 06:00")
        office.night("1,Ann,active,2026-10-01", name="people_20260918.csv")
        office.at("2026-09-22 06:00")
        office.night("2,Bob,active", name="people_20260922.csv")
        office.at("2026-09-24 06:00")
        assert office.tick() == [("1", False)]
        late = office.drop("1,Anna,active,2026-10-01", name="people_20260921.csv")
        assert office.tick() == [("1", False)]
        assert office.workers("Extract", "SentBy", "Status", "DisplayName")["1"] == (late, late, "uploaded", "Anna")
        row = office.extract(late)
        assert {name: row[name] for name in ("People", "Movers", "Uploaded", "Superseded")} == {
            "People": 1,
            "Movers": 1,
            "Uploaded": 1,
            "Superseded": 0,
        }
