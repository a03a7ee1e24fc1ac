"""A trial with one person: `send`, and `pilot` in a mapping's guard."""

from __future__ import annotations

import json
from typing import Any

import pytest
from azure.data.tables import UpdateMode

from cli.__main__ import main
from cli.operating import send
from shared.clock import SYSTEM_CLOCK, Clock
from shared.records.people import worker_key
from shared.storage.names import WORKERS
from tests.support.office import Office

ONE = ["send", "--source", "employees", "--worker"]
YES = ["--yes", "--by", "Ina Ito", "--reason", "The first one."]
OPEN = "  Open besides  Manager 1 is not known; sent without a manager.\n"
WAITS = "IT tries it with some people first (the mapping says whom, under guard: pilot), and this is somebody else."


@pytest.fixture
def office(deployed: Office) -> Office:
    """On trial, with a file of three people who all wait."""
    deployed.map(guard={"pilot": []})
    deployed.at("2026-09-18 06:00")
    assert deployed.night("1,Ann,active", "2,Bob,active,,,,1", "3,Cid,gone") == []
    return deployed


def verdict(office: Office, status: str, worker: str = "2") -> None:
    key = worker_key("employees", worker)
    said = {"PartitionKey": key.partition, "RowKey": key.row, "Status": status, "Reason": "Entra says so."}
    office.context.storage.table(WORKERS).update_entity(said, mode=UpdateMode.MERGE)


def run_with(office: Office, monkeypatch: pytest.MonkeyPatch, *steps: Any) -> None:
    """While the command waits, the app goes on, a step at a time."""
    left = iter(steps)
    monkeypatch.setattr(send, "SYSTEM_CLOCK", Clock(SYSTEM_CLOCK.now, lambda _: next(left)()))


def test_the_request_that_is_shown_is_the_one_that_is_sent_of_her_alone(
    office: Office, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([*ONE, "2"]) == 0
    shown = capsys.readouterr().out
    assert shown.endswith("Nothing was sent. To send just this, run it again with --yes --by NAME --reason TEXT.\n")
    request = json.loads(shown[shown.index("{") : shown.rindex("}") + 1])
    assert office.tick() == []

    run_with(office, monkeypatch, office.tick, lambda: verdict(office, "provisioned"))
    assert main([*ONE, "2", *YES]) == 0
    assert f"uploaded ...\nWorker 2: provisioned\n{'  Why':16}Entra says so.\n" in capsys.readouterr().out
    assert office.directory == {"2": request["Operations"][0]["data"]}
    assert office.workers() == {"1": "held", "2": "provisioned", "3": "held"}


def test_the_verdict_is_told_and_is_the_exit_status(
    office: Office, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    run_with(office, monkeypatch, lambda: verdict(office, "failed"))
    assert main([*ONE, "2", *YES]) == 1
    assert "Worker 2: failed\n" in capsys.readouterr().out


def test_whoever_is_not_held_is_not_sent(office: Office, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*ONE, "9"]) == 1
    assert main([*ONE, "2", "--yes"]) == 1
    assert main([*ONE, "2", *YES, "--wait", "0"]) == 0
    office.tick()
    verdict(office, "provisioned")
    assert main([*ONE, "2", *YES]) == 0
    said = capsys.readouterr()
    assert said.err.splitlines() == [
        ("No file of 'employees' has been taken in that has 9: drop one first. Ids are compared letter by letter."),
        "Say who orders it (--by NAME) and why (--reason TEXT); both are recorded",
    ]
    assert said.out.endswith(
        "What becomes of it: python -m cli explain 2 --source employees\nWorker 2: provisioned\n"
        "  Why           Entra says so.\n  Next step     Wait: Entra usually reports within 5 to 40 minutes.\n"
        f"{OPEN}Nothing was sent: only who is held can be sent by hand.\n"
    )
    assert office.tick() == []


def test_on_trial_only_those_named_are_sent_whatever_changes_until_the_mapping_says_so(office: Office) -> None:
    assert office.workers("Status", "HeldBecause")["3"] == ("held", f"Leaver waits for approval: {WAITS}")
    office.map(guard={"pilot": ["2"]})
    office.at("2026-09-19 06:00")
    assert office.night("1,Ann,active", "2,Bob,active,,,,1", "3,Cid,gone") == [("2", True)]
    assert office.directory["2"].keys() & {"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"} == set()
    office.at("2026-09-20 06:00")
    assert office.night("1,Anna,active", "2,Bo,active,,,,1", "3,Cid,active") == [("2", True)]
    office.map()
    office.at("2026-09-21 06:00")
    sent = office.night("1,Anna,active", "2,Bo,active,,,,1", "3,Cid,active")
    assert sent == [("1", True), ("2", True), ("3", True)]
    enterprise = office.directory["2"]["urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"]
    assert enterprise == {"manager": {"value": "1"}}


def test_a_trial_cannot_be_switched_off_and_named_at_once(office: Office, capsys: pytest.CaptureFixture[str]) -> None:
    office.map(guard={"pilot": ["2"], "off": True})
    assert main(["reprocess", "employees", "--by", "Ina", "--reason", "Again."]) == 1
    assert "'off' holds nobody and 'pilot' all but some; say one of them" in capsys.readouterr().err
