"""What Entra refuses, or cannot do, it has not got: what comes next is compared with what it had before."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from shared.context import Context
from shared.model import ENTERPRISE_USER
from shared.outcomes.reporting import report
from shared.records import accounts
from tests.conftest import Storage
from tests.support.office import Office, open_office
from tests.support.provisioning_log import Log, planned, uploaded
from tests.support.scripted_server import Reply, Request

OTHERS = [f"P{number},Per{number} Son{number},active" for number in range(20)]
ACCEPTED = Reply(202, headers={"request-id": "r-1"})
REFUSED = Reply(400, {"error": {"code": "InvalidRequest", "message": "no"}}, {"request-id": "r-9"})


@pytest.fixture
def office(storage: Storage) -> Iterator[Office]:
    with open_office(storage.connection_string) as opened:
        opened.map(guard={"off": True})
        yield opened


def refuse(office: Office, person: str) -> None:
    """From now on Entra refuses whatever request the person is in."""

    def answer(request: Request) -> Reply:
        ids = [operation["data"]["externalId"] for operation in json.loads(request.body)["Operations"]]
        return REFUSED if person in ids else ACCEPTED

    office.script.answer = answer


def test_whoever_is_again_as_entra_has_it_is_unchanged_and_not_sent_again(office: Office) -> None:
    office.night("1,Jane,active", "2,Bob,active")
    office.at("2026-09-19 06:00")
    refuse(office, "1")
    office.night("1,Janet,active", "2,Bob,active")
    assert office.workers()["1"] == "failed"
    office.script.answer = lambda _: ACCEPTED
    office.at("2026-09-20 06:00")
    extract = office.drop("1,Jane,active", "2,Bob,active", name="people_20260920.csv")
    assert office.tick() == []
    assert office.workers("Status", "Reason", "WhoActs", "Active", "SentStatus")["1"] == (
        "unchanged",
        (
            "Unchanged: row 2 of people_20260920.csv says again what Entra has, and not what Entra refused; nothing to "
            "send."
        ),
        "nobody",
        True,
        "",
    )
    assert "failed" not in office.extract(extract)["Message"]
    office.at("2026-09-30 06:00")
    assert office.tick() == []
    assert office.night("1,Jane,active", "2,Bob,active") == []
    assert office.workers()["1"] == "unchanged"


def test_the_manager_whom_entra_keeps_is_not_the_one_whom_it_refused(office: Office) -> None:
    people = ["M1,Mia,active", "M2,Max,active"]
    office.night(*people, "1,Jane,active,,,,M1")
    office.at("2026-09-19 06:00")
    refuse(office, "1")
    office.night(*people, "1,Jane,active,,,,M2")
    office.script.answer = lambda _: ACCEPTED
    office.at("2026-09-20 06:00")
    office.night(*people, "1,Jane,active")
    assert "no manager (M1) any more" in office.workers("Warning")["1"]
    office.at("2026-09-21 06:00")
    # Jane is no manager of M2's by way of herself; but M1 would be managed by whom he manages.
    office.night("M1,Mia,active,,,,1", "M2,Max,active,,,,1", "1,Jane,active")
    assert office.directory["M2"][ENTERPRISE_USER]["manager"]["value"] == "1"
    assert ENTERPRISE_USER not in office.directory["M1"]
    assert office.workers("Warning")["M1"] == (
        "Manager 1 would close a loop (1-M1-1), because Entra keeps the manager that 1 had; sent without a manager."
    )


def test_whose_account_was_never_made_keeps_no_manager(office: Office) -> None:
    refuse(office, "1")
    office.night("M1,Mia,active", "1,Jane,active,,,,M1")
    office.script.answer = lambda _: ACCEPTED
    office.at("2026-09-19 06:00")
    office.night("M1,Mia,active,,,,1", "1,Jane,active")
    assert office.workers("Warning") == {"M1": "", "1": ""}
    assert office.directory["M1"][ENTERPRISE_USER]["manager"]["value"] == "1"


def test_a_leaver_whom_entra_refused_is_a_leaver_again_for_the_guard(office: Office) -> None:
    office.night(*OTHERS, "1,Jane Doe,active")
    office.at("2026-09-19 06:00")
    refuse(office, "1")
    office.night(*OTHERS, "1,Jane Doe,gone")
    office.script.answer = lambda _: ACCEPTED
    office.map(guard={"disable": {"percent": 0, "at_least": 0}})
    office.at("2026-09-19 06:20")
    assert office.night(*OTHERS, "1,Jane Doe,active") == []
    office.at("2026-09-19 06:40")
    assert office.night(*OTHERS, "1,Jane Ann Doe,gone") == []
    assert office.workers("Status", "Kind")["1"] == ("held", "leaver")


def test_a_failure_of_one_list_is_over_once_another_list_has_sent_the_person(office: Office) -> None:
    office.map("contractors", precedence=5)
    refuse(office, "1")
    office.night("1,Jane,active", "2,Bob,active")
    office.script.answer = lambda _: ACCEPTED
    office.at("2026-09-18 09:00")
    assert office.night("1,Jane,active,,,,2", source="contractors") == [("1", True)]
    office.at("2026-09-19 06:00")
    extract = office.drop("1,Jane,active", "2,Bob,active", "3,Ann,active")
    office.tick()
    assert office.workers("Status", "WhoActs", "SentStatus")["1"] == ("unchanged", "nobody", "")
    assert office.extract(extract)["NoAccount"] == office.extract(extract)["FailedBefore"] == 0
    office.at("2026-09-30 06:00")
    assert office.tick() == []


def test_what_failed_is_told_on_as_long_as_no_other_list_has_sent_the_person(office: Office) -> None:
    office.map("contractors", precedence=5)
    office.night("1,Jane,active", source="contractors")
    refuse(office, "2")
    office.night("1,Jane,active", "2,Bob,active")
    office.at("2026-09-19 06:00")
    office.night("1,Jane,active", "2,Bob,active", "3,Ann,active")
    assert office.workers()["2"] == "failed"


@pytest.fixture
def changes() -> dict[str, Any]:
    """A new manager and a new name, and an account that is disabled."""
    return {"displayName": "New", "active": False, ENTERPRISE_USER: {"manager": {"value": "M2"}}}


def has(context: Context) -> tuple[str, str, bool]:
    """What the next plan takes Entra to have: name, manager, and whether the account is enabled."""
    account = accounts.read_accounts(context.storage, "default", ["1"])["1"]
    return str(account.record["displayName"]), account.manager, account.enabled


def test_what_the_log_says_has_failed_is_put_back_and_what_came_late_counts(
    context: Context, log: Log, changes: dict[str, Any]
) -> None:
    before = {"displayName": "Old", ENTERPRISE_USER: {"manager": {"value": "M1"}}}
    first = planned(context, "1", changes={"1": before})
    uploaded(context, first, "1")
    log.add("1", 100)
    report(context)
    second = planned(context, "1", minutes=4, changes={"1": changes})
    uploaded(context, second, "1", seconds=300)
    assert has(context) == ("New", "M2", False)
    log.fail("1", 330)
    report(context)
    assert has(context) == ("Old", "M1", True)
    log.add("1", 360)
    report(context)
    assert has(context) == ("New", "M2", False)


def test_of_whom_entra_knew_all_but_the_manager_only_he_is_put_back(
    context: Context, log: Log, changes: dict[str, Any]
) -> None:
    before = {"displayName": "Old", ENTERPRISE_USER: {"manager": {"value": "M1"}}}
    uploaded(context, planned(context, "1", changes={"1": before}), "1")
    log.add("1", 100)
    report(context)
    uploaded(context, planned(context, "1", minutes=4, changes={"1": changes}), "1", seconds=300)
    unresolved = {"SkipReason": "UnableToResolveReferenceAttributeValue", "PropertyName": "manager"}
    log.add("1", 330, provisioningSteps=[{"details": unresolved}])
    report(context)
    assert has(context) == ("New", "M1", False)
    log.add("1", 360)
    report(context)
    assert has(context) == ("New", "M2", False)
