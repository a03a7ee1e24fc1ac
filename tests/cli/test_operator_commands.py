"""The commands with which people release and repeat, on the app's own settings."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from cli.__main__ import main
from shared import settings
from tests.conftest import Storage
from tests.support.contexts import NOWHERE, endpoint_at
from tests.support.office import Office, open_office

BY = ["--by", "Ina Ito", "--reason", "The site was closed."]


@pytest.fixture
def office(storage: Storage, monkeypatch: pytest.MonkeyPatch) -> Iterator[Office]:
    """An office of which the environment names the storage account."""
    monkeypatch.setenv(settings.HR_STORAGE, storage.connection_string)
    monkeypatch.setenv(settings.PROVISIONING_ENDPOINT, endpoint_at(NOWHERE).url)
    settings.load.cache_clear()
    with open_office(storage.connection_string) as opened:
        opened.map(guard={"disable": {"at_most": 1}})
        opened.at("2026-09-18 06:00")
        opened.night("1,Ann,active", "2,Bob,active", "3,Cid,active")
        yield opened
    settings.load.cache_clear()


def held(office: Office) -> str:
    """An extract in which everybody is held."""
    office.at("2026-09-19 06:00")
    office.night("1,Ann,gone", "2,Bob,gone", "3,Cid,gone")
    return str(office.newest()["Extract"])


def test_held_people_are_released_all_or_by_name(office: Office, capsys: pytest.CaptureFixture[str]) -> None:
    extract = held(office)
    assert main(["release", extract, *BY, "--worker", "2"]) == 0
    assert office.tick() == [("2", False)]
    assert main(["release", extract, *BY]) == 0
    assert office.enabled == {"1": True, "2": False, "3": True}
    assert sorted(office.tick()) == [("1", False), ("3", False)]
    follows = "released. The clock compares the file anew within a minute and sends whoever still is to change.\n"
    assert capsys.readouterr().out == f"1 person is {follows}2 people are {follows}"
    row = office.extract(extract)
    assert (row["ReleasedBy"], row["ReleaseReason"]) == ("Ina Ito", "The site was closed.")


def test_what_cannot_be_done_is_said_in_a_sentence(office: Office, capsys: pytest.CaptureFixture[str]) -> None:
    extract = held(office)
    assert [
        main(["release", extract, *BY, "--worker", "1", "7", "--worker", "8"]),
        main(["release", extract, "--by", "Ina", "--reason", " "]),
        main(["process", "nonsense", "--force", *BY]),
        main(["reprocess", "interns", *BY]),
    ] == [1, 1, 1, 1]
    said = capsys.readouterr()
    assert (said.out, said.err.splitlines()) == (
        "",
        [
            f"Not held in extract {extract}: 7, 8",
            "Say who orders it (--by NAME) and why (--reason TEXT); both are recorded",
            "'nonsense' is not the id of an extract, such as 20261121T060000Z-0123456789ab",
            "No file of source 'interns' has been processed yet",
        ],
    )
    assert office.tick() == []


def test_a_duplicate_is_processed_and_the_last_file_again(office: Office, capsys: pytest.CaptureFixture[str]) -> None:
    office.at("2026-09-19 06:00")
    same = office.drop("1,Ann,active", "2,Bob,active", "3,Cid,active")
    assert office.extract(same)["Status"] == "duplicate"
    assert main(["process", same, "--force", *BY]) == 0
    assert office.tick() == []
    assert office.extract(same)["Status"] == "delivered"
    assert main(["reprocess", "employees", *BY]) == 0
    assert office.tick() == []
    assert capsys.readouterr().out.splitlines() == [
        f"Extract {same} is processed within a minute, as the newest file of its source.",
        f"Extract {same}, the last file of 'employees', is processed again within a minute.",
    ]


@pytest.mark.parametrize(
    "arguments",
    [
        ["release"],
        ["release", "x"],
        ["release", "x", "--by", "Ina"],
        ["process", "x", *BY],
        ["reprocess", "No Source", *BY],
    ],
)
def test_a_command_that_is_not_complete_says_what_is_missing(
    arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        main(arguments)
    assert ended.value.code == 2
    assert f"usage: python -m cli {arguments[0]}" in capsys.readouterr().err


def test_without_settings_the_command_says_which_are_missing(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv(settings.HR_STORAGE, raising=False)
    monkeypatch.delenv(settings.PROVISIONING_ENDPOINT, raising=False)
    settings.load.cache_clear()
    assert main(["release", "x", *BY]) == 1
    assert "HR_STORAGE is missing" in capsys.readouterr().err
