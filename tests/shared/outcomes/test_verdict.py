from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from shared.entra.logs import LogEntry
from shared.outcomes.verdict import DATA, MANAGER_NOT_KNOWN, verdict
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
    return found.values.status, found.values.reason


def test_a_success_in_full() -> None:
    found = verdict([entry(action="create")], START)
    assert found is not None
    assert (found.at, found.values.stored()) == (
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
            {"status": "failure", "action": "create", "code": "OfTheFuture", "reason": "New."},
            "failed",
            "Entra could not create the account (OfTheFuture). Entra's words: New.",
        ),
        (
            {"status": "failure", "action": "update", "code": "Timeout"},
            "failed",
            "Entra could not update the account: Entra took too long (Timeout).",
        ),
        (
            {"status": "skipped", "in_scope": False, "code": "EntrySynchronizationSkipped"},
            "skipped",
            "Entra skipped this person (EntrySynchronizationSkipped).",
        ),
        (
            {"status": "success", "action": "stageddelete"},
            "failed",
            (
                "Entra holds this change back: so many accounts were to be disabled that the job's threshold "
                "against accidental deletions was reached."
            ),
        ),
        (
            {"status": "skipped", "action": "stagedaction", "target_id": ""},
            "failed",
            (
                "Entra holds this change back: so many accounts were to be disabled that the job's threshold "
                "against accidental deletions was reached."
            ),
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


def test_a_wrong_domain_is_named_and_somebody_is_told_to_mend_it() -> None:
    failure = entry(status="failure", action="create", code="InvalidDomain", reason="No such domain.")
    found = verdict([failure], START, user_name="j3@fabrikam.invalid")
    assert found is not None
    assert (found.values.reason, found.values.next_step, found.values.who_acts, found.wrong) == (
        (
            "Entra could not create the account: the domain fabrikam.invalid is not in the tenant (InvalidDomain). "
            "Entra's words: No such domain."
        ),
        "HR corrects the domain of the user name, or IT adds it to the tenant as a verified domain.",
        "HR",
        "data, mapping or rights",
    )


def test_a_failed_leaver_is_told_so() -> None:
    found = verdict([entry(status="failure", code="Conflict")], START, leaver=True)
    assert found is not None
    assert found.values.reason.endswith("(Conflict). This is a leaver: the account may still be enabled.")


@pytest.mark.parametrize(("changes", "wrong"), [({"target_id": ""}, DATA), ({"in_scope": False}, DATA), ({}, "")])
def test_a_leaver_whom_entra_skipped_is_sent_again(changes: dict[str, Any], wrong: str) -> None:
    found = verdict([entry(status="skipped", **changes)], START, leaver=True)
    assert found is not None
    assert found.wrong == wrong


def test_further_failures_do_not_move_the_first_one() -> None:
    answers = [entry(10), entry(60, "c-2", status="failure"), entry(120, "c-3", status="failure")]
    found = verdict(answers, START)
    assert found is not None
    assert (found.at - START, found.first_at - START) == (timedelta(seconds=120), timedelta(seconds=60))


def test_nothing_to_change_has_no_error_code() -> None:
    found = verdict([entry(status="skipped", code="EntrySynchronizationSkipped")], START)
    assert found is not None
    assert (found.values.status, found.values.error_code) == ("unchanged", "")


@pytest.mark.parametrize(
    ("changes", "wrong"),
    [
        ({}, ""),
        ({"status": "skipped"}, ""),
        ({"status": "skipped", "target_id": ""}, ""),
        ({"status": "failure", "code": "TooManyRequests"}, "Entra's own fault"),
        ({"status": "failure", "code": "Conflict"}, "data, mapping or rights"),
        ({"status": "of the future"}, "data, mapping or rights"),
        ({"action": "stageddelete"}, "data, mapping or rights"),
        ({"action": "stagedaction"}, "data, mapping or rights"),
        ({"manager_unresolved": True}, "manager not known"),
        ({"manager_unresolved": True, "status": "failure"}, "data, mapping or rights"),
    ],
)
def test_what_has_to_be_sent_again_some_time_is_told_apart(changes: dict[str, Any], wrong: str) -> None:
    found = verdict([entry(**changes)], START)
    assert found is not None
    assert found.wrong == wrong


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
    assert (found.values.status, found.values.error_code, found.values.target_id) == ("failed", "X", "t-1")
    assert found.values.resolved_at == "2026-09-18T06:01:00Z"


def test_an_unresolved_manager_in_any_row_of_the_change_is_told_to_hr() -> None:
    found = verdict([entry(60, status="warning"), entry(61, status="skipped", manager_unresolved=True)], START)
    assert found is not None
    assert (found.values.status, found.values.who_acts) == ("provisioned", "HR")


def test_a_manager_whom_entra_does_not_know_is_not_hidden_by_a_success_without_him() -> None:
    created = entry(1, "c-1", action="create")
    skipped = entry(2, "c-2", action="other", status="skipped", manager_unresolved=True)
    found = verdict([created, skipped], START)
    assert found is not None
    assert (found.wrong, found.values.who_acts) == (MANAGER_NOT_KNOWN, "HR")


def test_a_failure_outweighs_an_unresolved_manager() -> None:
    assert say(entry(60, status="failure"), entry(61, manager_unresolved=True))[0] == "failed"


def test_nothing_to_change_after_a_success_takes_nothing_away_from_it() -> None:
    created = entry(1, "c-1", action="create")
    repeated = entry(2, "c-2", status="skipped", action="other")
    found = verdict([repeated, created], START)
    assert found
    assert (found.values.status, found.values.action) == ("provisioned", "create")


@pytest.mark.parametrize("code", ["MandatoryFieldsMissing", "MissingValues"])
def test_a_leaver_of_whom_entra_has_no_account_and_can_make_none_has_nothing_to_lose(code: str) -> None:
    found = verdict([entry(status="failure", action="create", target_id="", code=code)], START, leaver=True)
    assert found is not None
    assert (found.wrong, found.has_account, found.values.stored()) == (
        "",
        False,
        {
            "Status": "unchanged",
            "Action": "none",
            "Reason": "There is no account to disable: Entra has none that matches this leaver, and makes none of a "
            f"row that lacks what a new account needs ({code}).",
            "NextStep": "Nothing to do.",
            "WhoActs": "nobody",
            "ErrorCode": "",
            "ResolvedAt": "2026-09-18T06:01:00Z",
        },
    )


@pytest.mark.parametrize(
    "changes",
    [
        {"action": "update", "code": "MandatoryFieldsMissing"},  # there is an account
        {"action": "create", "code": "Conflict"},  # there may be one, of another id
    ],
)
def test_a_leaver_who_may_have_an_account_is_sent_again(changes: dict[str, Any]) -> None:
    found = verdict([entry(status="failure", **changes)], START, leaver=True)
    assert found is not None
    assert (found.wrong, found.values.status) == (DATA, "failed")
    assert "the account may still be enabled" in found.values.reason
