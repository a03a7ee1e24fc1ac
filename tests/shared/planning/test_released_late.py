"""A release is no word of HR's: a file that comes late and is newer than the one that was released goes before it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from shared.planning.orders import Order, OrderRefused, release
from shared.records.accounts import read_accounts
from shared.storage.names import CONFIG, EXTRACTS
from tests.conftest import Storage
from tests.support.contexts import rows_of
from tests.support.office import Office, open_office

GUARD = {"minimum": 1, "change": {"percent": 0, "at_least": 0}}
STAFF = [f"{number},P{number},active" for number in range(10, 30)]


@pytest.fixture
def office(storage: Storage) -> Iterator[Office]:
    """Monday's file changes two people, who are held; Wednesday's, which is about others, is there."""
    with open_office(storage.connection_string) as opened:
        opened.map(mode="delta", guard=GUARD)
        opened.at("2026-11-01 06:00")
        opened.night("1,Jane,active", "2,Bob,active", name="changes_20261101.csv")
        opened.at("2026-11-02 06:00")
        opened.night("1,Jane Miller,active", "2,Bob Lee,active", name="changes_20261102.csv")
        opened.at("2026-11-04 06:00")
        opened.night("3,Cid,active", name="changes_20261104.csv")
        opened.at("2026-11-04 09:00")
        yield opened


def extract_of(office: Office, file: str) -> str:
    return next(str(row["Extract"]) for row in rows_of(office.context.storage, EXTRACTS) if row["File"] == file)


def let_go(office: Office, file: str, *workers: str) -> int:
    order = Order("Ina Ito", "They are right.", office.time())
    return release(office.context.storage, extract_of(office, file), order, workers)


def late(office: Office, *rows: str, name: str = "changes_20261103.csv") -> list[tuple[str, bool]]:
    office.time.forward(3600)
    return office.night(*rows, name=name)


def said(office: Office, worker: str) -> str:
    """The sequence of what the source said last of somebody."""
    return read_accounts(office.context.storage, "default", [worker])[worker].said["employees"][0]


def test_whoever_has_left_by_a_late_file_is_disabled_after_a_release_of_an_older_one(office: Office) -> None:
    let_go(office, "changes_20261102.csv", "1")
    assert office.tick() == [("1", True)]
    assert said(office, "1") == office.extract(extract_of(office, "changes_20261102.csv"))["Sequence"]
    assert late(office, "1,Jane Miller,gone", "2,Bob Lee,gone") == [("1", False), ("2", False)]
    tuesday = extract_of(office, "changes_20261103.csv")
    assert office.workers("Extract", "Status", "Kind") == {
        "1": (tuesday, "uploaded", "leaver"),
        "2": (tuesday, "uploaded", "leaver"),
        "3": (extract_of(office, "changes_20261104.csv"), "uploaded", "joiner"),
    }
    with pytest.raises(OrderRefused, match=r"superseded by changes_20261103\.csv"):
        let_go(office, "changes_20261102.csv")


def test_a_late_file_that_is_older_than_the_released_one_changes_nothing(office: Office) -> None:
    let_go(office, "changes_20261102.csv")
    assert office.tick() == [("1", True), ("2", True)]
    assert late(office, "1,Jane,gone", name="changes_20261101_230000.csv") == []
    row = office.newest()
    assert (row["People"], row["Superseded"]) == (1, 1)
    assert (office.workers("Extract")["1"], office.enabled["1"]) == (extract_of(office, "changes_20261102.csv"), True)


def test_what_a_late_file_names_for_a_day_to_come_happens_on_the_day(office: Office) -> None:
    let_go(office, "changes_20261102.csv", "1")
    office.tick()
    assert late(office, "1,Jane Miller,active,,2026-11-05") == []
    told = office.workers("Extract", "Status", "NextChangeAt")["1"]
    assert told == (extract_of(office, "changes_20261103.csv"), "scheduled", "2026-11-06T00:00:00Z")
    office.at("2026-11-06 00:00")
    assert office.tick() == [("1", False)]


def test_what_is_held_of_a_late_file_is_released_from_there(office: Office) -> None:
    let_go(office, "changes_20261102.csv")
    office.tick()
    assert late(office, "1,Jane Mills,active") == []
    assert office.workers("Status", "HeldIn")["1"] == ("held", extract_of(office, "changes_20261103.csv"))
    assert let_go(office, "changes_20261103.csv") == 1
    assert office.tick() == [("1", True)]
    assert office.directory["1"]["displayName"] == "Jane Mills"


def test_each_release_of_a_file_is_as_old_as_the_file(office: Office) -> None:
    """In between somebody else has left by a late file, which the second release does not bring back."""
    let_go(office, "changes_20261102.csv", "2")
    assert office.tick() == [("2", True)]
    assert late(office, "2,Bob Lee,gone") == [("2", False)]
    assert let_go(office, "changes_20261102.csv") == 1
    assert office.tick() == [("1", True)]
    assert late(office, "1,Jane Miller,gone", name="changes_20261103_120000.csv") == [("1", False)]
    assert office.enabled == {"1": False, "2": False, "3": True}


def test_of_full_files_the_next_one_goes_before_what_was_released(office: Office) -> None:
    """Whoever was missing, and was released to be disabled, is as old as the file, too."""
    office.map(guard={"minimum": 1, "missing": {"percent": 0, "at_least": 0}}, missing="disable")
    office.at("2026-11-05 06:00")
    office.night("1,Jane Miller,active", "2,Bob Lee,active", "3,Cid,active", *STAFF)
    office.at("2026-11-06 06:00")
    assert office.night("1,Jane Miller,active", "2,Bob Lee,active", *STAFF) == []
    row = office.newest()
    let_go(office, row["File"], "3")
    assert office.tick() == [("3", False)]
    assert said(office, "3") == office.extract(row["Extract"])["Sequence"]
    office.at("2026-11-07 06:00")
    assert office.night("1,Jane Miller,active", "2,Bob Lee,active", "3,Cid,active", *STAFF) == [("3", True)]


def test_whoever_is_held_on_by_a_release_is_told_of_by_a_late_file_that_is_newer(office: Office) -> None:
    """Protected once the order was given, and not any more when the late file comes."""
    config = office.context.storage.container(CONFIG)
    let_go(office, "changes_20261102.csv")
    config.upload_blob("holds.yaml", '{"version": 1, "protected": [{"worker": "1"}]}')
    assert office.tick() == [("2", True)]
    assert "protected" in office.workers("HeldBecause")["1"]
    config.upload_blob("holds.yaml", '{"version": 1, "protected": []}', overwrite=True)
    assert late(office, "1,Jane Miller,gone") == [("1", False)]
    assert office.workers("Status", "Extract")["1"] == ("uploaded", extract_of(office, "changes_20261103.csv"))
