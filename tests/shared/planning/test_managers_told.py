"""What is told of a manager who cannot be named: not only that he is not known, but what is known of him."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from cli.files.preview import main
from shared.model import ENTERPRISE_USER
from shared.planning.orders import Order, release
from tests.conftest import Storage
from tests.support.office import HEADER, Office, open_office

PEOPLE = (
    "00012,Zoe,active",
    "M1,Max,active,2026-12-01",
    "M2,Mia,gone,2026-12-01",  # never came
    "M3,Mo,whatever",
    "1,Ann,active,,,,12",
    "2,Bob,active,,,,M1",
    "3,Cy,active,,,,M2",
    "4,Dee,active,,,,M3",
    "5,Eve,active,,,,99",
)
WHY = {
    "1": (
        "Manager 12 is not known, but 00012 is, which differs from it in zeros in front only (HR writes it as it is "
        "known, or IT has zeros filled in, key: width); sent without a manager."
    ),
    "2": "Manager M1 starts on 2026-12-01 and has no account yet; sent without a manager.",
    "3": "Manager M2 does not work here and has no account; sent without a manager.",
    "4": "Manager M3 has no account, because the row was rejected; sent without a manager.",
    "5": "Manager 99 is not known; sent without a manager.",
}


@pytest.fixture
def office(storage: Storage) -> Iterator[Office]:
    with open_office(storage.connection_string) as opened:
        opened.at("2026-09-25 06:00")
        opened.map(guard={"off": True})
        opened.night(*PEOPLE)
        yield opened


def test_what_is_known_of_a_manager_without_an_account_is_told_with_every_file(office: Office) -> None:
    told = {one: row for one, row in office.workers("Warning").items() if one in WHY}
    assert told == WHY
    office.at("2026-09-26 06:00")
    office.night(*PEOPLE, "7,New,active")
    assert {one: row for one, row in office.workers("Warning").items() if one in WHY} == WHY


def test_he_is_named_once_he_has_an_account(office: Office) -> None:
    office.at("2026-11-24 00:00")
    office.tick()
    office.at("2026-11-24 01:00")
    office.tick()
    assert office.workers("Warning")["2"] == ""
    assert [row for row in office.workers("Warning").values() if row and "M1" in row] == []


def test_whoever_waits_for_a_release_is_not_unknown(office: Office) -> None:
    office.map(guard={"create": {"percent": 1, "at_least": 1}, "minimum": 1, "first_load": 1})
    office.at("2026-09-26 06:00")
    office.night(*PEOPLE[:-1], "5,Eve,active,,,,N1", "N1,New,active", "N2,Newer,active")
    assert office.workers("Warning")["5"] == (
        "Manager N1 waits for a release and has no account yet; sent without a manager."
    )


def test_a_manager_who_is_held_and_has_an_account_stays_the_manager(office: Office) -> None:
    office.at("2026-09-26 06:00")
    office.night("2,Bob,active", "6,Fay,active,,,,2")
    office.at("2026-09-27 06:00")
    office.night("2,Bob,gone", "6,Fay,active,,,,2")
    office.at("2026-09-28 06:00")
    assert office.night("2,Zoltan Quark,active", "6,Fay Lee,active,,,,2") == [("6", True)]
    assert office.workers()["2"] == "held"  # is it the same person?
    assert office.directory["6"][ENTERPRISE_USER] == {"manager": {"value": "2"}}


def test_whoever_is_released_is_not_sent_into_a_circle_that_was_closed_meanwhile(office: Office) -> None:
    office.at("2026-09-26 06:00")
    office.night("2,Bob,active,,,,6", "6,Fay,active")
    office.at("2026-09-27 06:00")
    office.night("2,Bob,gone,,,,6", "6,Fay,active")
    office.at("2026-09-28 06:00")
    office.night("2,Zoltan Quark,active,,,,6", "6,Fay,active,,,,2")
    assert office.workers()["2"] == "held"  # is it the same person?
    office.at("2026-09-28 07:00")
    order = Order("Ina", "Another person.", office.time())
    release(office.context.storage, str(office.newest()["Extract"]), order, ["2"])
    assert office.tick() == [("2", True)]
    assert ENTERPRISE_USER not in office.directory["2"]
    assert office.workers("Warning")["2"] == (
        "The managers form a loop (2-6-2); sent without a manager, but Entra keeps 6: the mapping does not clear "
        "managers (empty: null)."
    )
    office.at("2026-09-28 08:00")
    assert office.tick() == []


def test_a_preview_says_the_same(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "people.csv").write_text("\n".join((HEADER, *(f"{row}{',' * (6 - row.count(','))}" for row in PEOPLE))))
    (tmp_path / "people.yaml").write_text(
        json.dumps(
            {
                "version": 1,
                "key": "Id",
                "status": {
                    "column": "Status",
                    "values": {"active": True, "gone": False},
                    "first_day": "First",
                },
                "attributes": {
                    "displayName": "Name",
                    "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:manager": "Boss",
                },
            }
        )
    )
    how = ["--mapping", str(tmp_path / "people.yaml"), "--today", "2026-09-25", "--format", "json"]
    assert main([str(tmp_path / "people.csv"), *how]) == 0
    notes = json.loads(capsys.readouterr().out)["notes"]
    assert sorted(note.partition(": ")[2] for note in notes if "Manager" in note) == sorted(WHY.values())
