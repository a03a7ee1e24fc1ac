"""The commands with which people release and repeat, on the app's own settings."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from azure.core.exceptions import ClientAuthenticationError, HttpResponseError, ServiceRequestError

from cli.__main__ import main
from cli.connecting import run
from shared import settings
from shared.delivery import circuit_breaker
from shared.errors import NoToken
from tests.support.office import Office

BY = ["--by", "Ina Ito", "--reason", "The site was closed."]


@pytest.fixture
def office(deployed: Office) -> Office:
    """With people whom Entra has been sent."""
    deployed.at("2026-09-18 06:00")
    deployed.night("1,Ann,active", "2,Bob,active", "3,Cid,active")
    return deployed


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
        f"Extract {same}, the last list of 'employees', is processed again within a minute.",
    ]


def test_a_file_of_damaged_names_waits_until_somebody_wants_it_and_overwrites_no_name(office: Office) -> None:
    office.at("2026-09-19 06:00")
    damaged = office.drop("1,?nn,active", "2,B?b,active", "3,Cid,active")
    row = office.extract(damaged)
    assert (row["Status"], row["Message"].partition(",")[0]) == (
        "rejected",
        "2 of 3 cells of Name hold question marks in the place of letters",
    )
    assert office.tick() == []
    assert main(["process", damaged, "--force", *BY]) == 0
    assert office.tick() == []
    assert (office.extract(damaged)["Status"], office.directory["1"]["displayName"]) == ("delivered", "Ann")


def test_the_rowkey_names_an_extract_as_well_as_its_id(office: Office, capsys: pytest.CaptureFixture[str]) -> None:
    extract = held(office)
    assert main(["release", office.extract(extract)["RowKey"], *BY, "--worker", "2"]) == 0
    assert office.tick() == [("2", False)]
    office.at("2026-09-20 06:00")
    rows = ("1,Ann,gone", "2,Bob,gone", "3,Cid,gone")
    office.drop(*rows)
    same = office.drop(*rows, name="people_20260920_070000.csv")
    assert office.extract(same)["Status"] == "duplicate"
    assert main(["process", office.extract(same)["RowKey"], "--force", *BY]) == 0
    assert f"Extract {same} is processed within a minute" in capsys.readouterr().out


def test_nothing_is_redriven_of_an_extract_that_nobody_knows(
    office: Office, capsys: pytest.CaptureFixture[str]
) -> None:
    absent = "20261121T060000Z-0123456789ab"
    assert [
        main(["redrive", "nope"]),
        main(["redrive", absent]),
        main(["redrive", str(office.newest()["RowKey"])]),
    ] == [
        1,
        1,
        0,
    ]
    said = capsys.readouterr()
    assert said.out == "There is nothing that was put aside.\n"
    assert said.err.splitlines() == [
        "'nope' is not the id of an extract, such as 20261121T060000Z-0123456789ab",
        f"There is no extract {absent}",
    ]


def test_a_source_that_nobody_knows_is_neither_paused_nor_resumed_nor_forgotten(
    office: Office, capsys: pytest.CaptureFixture[str]
) -> None:
    office.map("contractors")
    assert [
        main(["pause", "employes", *BY]),
        main(["resume", "employes"]),
        main(["forget", "1", "--source", "employes", *BY]),
        main(["pause", "nosource", *BY]),
    ] == [1, 1, 1, 1]
    missing = "hr-config/nosource.yaml is not there"
    known = "Known: contractors, employees. Nothing was done"
    misspelt = (
        "There is no source 'employes': no file of it was taken in, and hr-config/employes.yaml is not there. Did you "
        f"mean employees? {known}"
    )
    said = capsys.readouterr()
    assert (said.out, said.err.splitlines()) == (
        "",
        [
            *[misspelt] * 3,
            f"There is no source 'nosource': no file of it was taken in, and {missing}. {known}",
        ],
    )
    assert circuit_breaker.stopped_now(office.context.storage).pauses() == []
    assert main(["pause", "contractors", *BY]) == 0
    assert [row.source for row in circuit_breaker.stopped_now(office.context.storage).pauses()] == ["contractors"]


def test_whoever_paused_first_stays_on_record(office: Office, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["pause", "employees", "--by", "Kim", "--reason", "audit"]) == 0
    (first,) = circuit_breaker.stopped_now(office.context.storage).pauses()
    assert main(["pause", "employees", *BY]) == 0
    assert circuit_breaker.stopped_now(office.context.storage).pauses() == [first]
    assert capsys.readouterr().out.splitlines() == [
        "Nothing more is sent from employees until: python -m cli resume employees",
        f"Sending from employees is paused already, by Kim since {first.at}: audit",
        "That stays as it is, until: python -m cli resume employees",
    ]
    assert main(["resume", "employees"]) == 0
    assert main(["resume", "employees"]) == 0
    assert capsys.readouterr().out == "employees: sending goes on.\nemployees: not paused.\n"


@pytest.mark.parametrize(("by", "reason"), [("", ""), (" ", "audit"), ("Kim", " ")])
def test_a_pause_says_who_and_why(by: str, reason: str, office: Office, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["pause", "--by", by, "--reason", reason]) == 1
    assert capsys.readouterr().err == "Say who stops it (--by NAME) and why (--reason TEXT); both are recorded\n"
    assert circuit_breaker.stopped_now(office.context.storage).pauses() == []


def test_commands_that_send_nothing_need_not_know_where_to_send(
    office: Office, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv(settings.PROVISIONING_ENDPOINT)
    extract = held(office)
    commands = [
        ["explain", "2"],
        ["pause", *BY],
        ["resume"],
        ["release", extract, *BY],
        ["redrive"],
        ["forget", "3", *BY, "--yes"],
    ]
    assert [main(command) for command in commands[:-1]] == [0] * 5
    assert sorted(office.tick()) == [("1", False), ("2", False), ("3", False)]
    assert [main(["reprocess", "employees", *BY]), *office.tick()] == [0]
    capsys.readouterr()
    assert main(commands[-1]) == 0
    assert "rows of Accounts: 1" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("credential", "error", "sentence"),
    [
        (
            "managedidentity",
            ClientAuthenticationError("no such endpoint"),
            (
                "There is no managed identity on this machine: leave out HR_STORAGE__credential and "
                "HR_STORAGE__clientId, and sign in with az login."
            ),
        ),
        (
            "",
            ClientAuthenticationError("nobody"),
            "Nobody who may use storage is signed in on this machine: sign in with az login.",
        ),
        (
            "",
            HttpResponseError("refused", response=SimpleNamespace(status_code=403, reason="", headers={})),
            (
                "Storage refused: whoever is signed in has no role there, or not yet (a new one takes some minutes). "
                "The roles are those of the operators' group, see docs/security.md."
            ),
        ),
        (
            "managedidentity",
            NoToken("no token"),
            (
                "There is no managed identity on this machine: leave out HR_STORAGE__credential and "
                "HR_STORAGE__clientId, and sign in with az login."
            ),
        ),
        ("", NoToken("x"), "Nobody who may use storage is signed in on this machine: sign in with az login."),
        ("", ServiceRequestError("x"), "Storage could not be used: ServiceRequestError."),
    ],
)
def test_why_storage_cannot_be_used_is_said_with_what_to_do(
    credential: str,
    error: Exception,
    sentence: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv(f"{settings.HR_STORAGE}__credential", credential)

    def fail() -> int:
        raise error

    assert run(fail) == 1
    assert capsys.readouterr().err == f"{sentence} Nothing may have been done.\n"


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
