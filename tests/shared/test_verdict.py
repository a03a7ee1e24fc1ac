from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from shared.entra.logs import LogEntry
from shared.outcomes.verdict import verdict
from tests.support.contexts import START


def entry(seconds: float = 60, change: str = "c-1", **changes: Any) -> LogEntry:
    values: dict[str, Any] = {
        "id": f"e-{seconds}",
        "at": START + timedelta(seconds=seconds),
        "change_id": change,
        "external_id": "1",
        "target_id": "t-1",
        "action": "update",
        "status": "success",
        "code": "",
        "reason": "",
        "manager_unresolved": False,
        **changes,
    }
    return LogEntry(**values)


def say(*entries: LogEntry) -> tuple[str, str]:
    found = verdict(entries, START)
    assert found is not None
    return found.values["Status"], found.values["Reason"]


def test_a_success_in_full() -> None:
    found = verdict([entry(action="create")], START)
    assert found is not None
    assert (found.at, found.values) == (
        START + timedelta(seconds=60),
        {
            "Status": "provisioned",
            "Action": "create",
            "Reason": "Entra created the account.",
            "NextStep": "Nothing to do.",
            "WhoActs": "nobody",
            "ErrorCode": "",
            "ResolvedAt": "2026-09-18T06:01:00Z",
            "TargetId": "t-1",
        },
    )


@pytest.mark.parametrize(
    ("changes", "status", "reason"),
    [
        ({"action": "disable"}, "provisioned", "Entra disabled the account."),
        ({"action": "teleport"}, "provisioned", "Entra reports success (teleport)."),
        ({"action": ""}, "provisioned", "Entra reports success (no action named)."),
        ({"status": "skipped"}, "unchanged", "The account already is as HR's file says."),
        (
            {"status": "skipped", "target_id": "", "code": "NotInScope", "reason": "Out."},
            "skipped",
            "Entra skipped this person (NotInScope). Entra's words: Out.",
        ),
        ({"status": "warning", "code": "Odd"}, "provisioned", "Entra reports a warning (Odd)."),
        (
            {"status": "failure", "action": "create", "code": "InvalidDomain", "reason": "No domain."},
            "failed",
            "Entra could not create the account (InvalidDomain). Entra's words: No domain.",
        ),
        ({"status": "quarantined", "action": ""}, "failed", "Entra could not process the account (quarantined)."),
        (
            {"status": "success", "manager_unresolved": True},
            "provisioned",
            "The account is there, but Entra did not know the manager, so the manager is not set.",
        ),
    ],
)
def test_what_each_status_means(changes: dict[str, Any], status: str, reason: str) -> None:
    assert say(entry(**changes)) == (status, reason)


def test_nothing_is_said_without_an_entry_after_the_upload() -> None:
    assert verdict([], START) is None
    assert verdict([entry(-1)], START) is None


def test_an_entry_of_the_very_moment_answers() -> None:
    assert verdict([entry(0)], START) is not None


def test_a_later_success_mends_a_failure_in_whatever_order_they_come() -> None:
    failure, success = entry(60, "c-1", status="failure"), entry(120, "c-2")
    assert say(failure, success)[0] == say(success, failure)[0] == "provisioned"


def test_a_later_failure_counts_too() -> None:
    assert say(entry(60, "c-1"), entry(120, "c-2", status="failure"))[0] == "failed"


def test_of_the_rows_of_one_change_the_worst_counts_and_any_may_name_the_account() -> None:
    found = verdict(
        [entry(60, status="failure", code="X", target_id=""), entry(61), entry(62, status="skipped")], START
    )
    assert found is not None
    assert (found.values["Status"], found.values["ErrorCode"], found.values["TargetId"]) == ("failed", "X", "t-1")
    assert found.values["ResolvedAt"] == "2026-09-18T06:01:00Z"


def test_an_unresolved_manager_in_any_row_of_the_change_is_told_to_hr() -> None:
    found = verdict([entry(60, status="warning"), entry(61, status="skipped", manager_unresolved=True)], START)
    assert found is not None
    assert (found.values["Status"], found.values["WhoActs"]) == ("provisioned", "HR")


def test_a_failure_outweighs_an_unresolved_manager() -> None:
    assert say(entry(60, status="failure"), entry(61, manager_unresolved=True))[0] == "failed"


def test_nothing_to_change_after_a_success_takes_nothing_away_from_it() -> None:
    created = entry(1, "c-1", action="create")
    repeated = entry(2, "c-2", status="skipped", action="other")
    found = verdict([repeated, created], START)
    assert found
    assert (found.values["Status"], found.values["Action"]) == ("provisioned", "create")
