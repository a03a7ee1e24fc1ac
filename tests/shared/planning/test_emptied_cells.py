"""A value that HR takes away stays in Entra where the mapping leaves empty cells out: that is told, and stays open."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from shared.model import ENTERPRISE_USER
from shared.records import accounts
from tests.conftest import Storage
from tests.support.office import Office, open_office

MANAGER = f"{ENTERPRISE_USER}:manager"
DAY = 86_400
STATUS = {"column": "Status", "values": {"active": True, "gone": False}}
ATTRIBUTES: dict[str, Any] = {"displayName": "Name", "title": "Zone", "name.givenName": "First", MANAGER: "Boss"}
BOTH = (
    "HR's file has no {} any more, but Entra keeps what it has: the mapping leaves empty cells out. IT has the mapping "
    "send null for it (empty: \"null\") and switches on 'Flow null values' for the attribute in Entra, or clears it "
    "there by hand."
)


@pytest.fixture
def office(storage: Storage) -> Iterator[Office]:
    with open_office(storage.connection_string) as opened:
        opened.map(status=STATUS, attributes=ATTRIBUTES)
        yield opened


def night(office: Office, *rows: str) -> str:
    """What is open about worker 1 after a night's file."""
    office.time.forward(DAY)
    office.night(*rows)
    return str(office.workers("Warning")["1"])


def test_it_is_told_as_long_as_it_is_so(office: Office) -> None:
    office.night("1,Ann,active,Ann,,Clerk,2", "2,Bo,active,,,,")
    open_now = night(office, "1,Ann,active,,,,", "2,Bo,active,,,,")
    assert open_now == BOTH.format("name.givenName, title and manager (2)")
    assert night(office, "1,Ann,active,,,,", "2,Bo,active,,,,") == open_now
    assert night(office, "1,Anna,active,,,,", "2,Bo,active,,,,") == open_now
    assert night(office, "1,Anna,active,,,Chief,", "2,Bo,active,,,,") == BOTH.format("name.givenName and manager (2)")
    assert night(office, "1,Anna,active,Ann,,Chief,2", "2,Bo,active,,,,") == ""
    account = accounts.read_accounts(office.context.storage, "default", ["1"])["1"]
    assert (account.kept, account.open, account.manager) == ((), "", "2")


def test_an_optional_column_that_the_file_before_had_is_told_of_once(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    office.map(status=STATUS, attributes=ATTRIBUTES, optional=["Boss", "First"])
    office.night("1,Ann,active,Ann,,Clerk,2", "2,Bo,active,,,,")
    monkeypatch.setattr("tests.support.office.HEADER", "Id,Name,Status,Last,Zone")
    told = []
    for name in ("Bo", "Bob"):
        office.time.forward(DAY)
        office.night("1,Ann,active,,Clerk", f"2,{name},active,,")
        told.append(office.summary_of(str(office.newest()["Extract"]))["notes"])
    note = (
        "These columns were in the file before and are not in this one, so that nobody has a value there: First, Boss. "
        "If that is not meant, correct the export and drop the file again."
    )
    assert [note in notes for notes in told] == [True, False]


def test_it_ends_once_the_mapping_sends_null(office: Office) -> None:
    office.night("1,Ann,active,Ann,,Clerk,2", "2,Bo,active,,,,")
    assert night(office, "1,Ann,active,,,,", "2,Bo,active,,,,")
    office.map(status=STATUS, attributes=ATTRIBUTES, empty="null")
    assert night(office, "1,Ann,active,,,,", "2,Bo,active,,,,") == ""
    assert office.directory["1"]["title"] is None


def test_an_attribute_that_the_mapping_has_given_up_is_nobodys_matter(office: Office) -> None:
    office.night("1,Ann,active,Ann,,Clerk,2", "2,Bo,active,,,,")
    office.map(status=STATUS, attributes={"displayName": "Name", MANAGER: "Boss"})
    assert night(office, "1,Ann,active,Ann,,Clerk,2", "2,Bo,active,,,,") == ""


def test_somebody_who_leaves_may_keep_it(office: Office) -> None:
    office.night("1,Ann,active,Ann,,Clerk,2", "2,Bo,active,,,,")
    assert night(office, "1,Ann,gone,,,,", "2,Bo,active,,,,") == ""


def test_whoever_is_new_keeps_nothing(office: Office) -> None:
    assert night(office, "1,Ann,active,,,,") == ""
