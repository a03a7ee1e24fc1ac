from __future__ import annotations

import logging
from datetime import timedelta
from typing import Any

import pytest

from shared.context import Context
from shared.model import ENTERPRISE_USER, ExtractRef
from shared.outcomes.reporting import report
from shared.outcomes.resending import LEAVER, SAID_ONCE, next_try, still_wanted
from shared.outcomes.verdict import DATA, ENTRA_FAULT, MANAGER_NOT_KNOWN
from shared.outcomes.watermark import load_watermark
from shared.records import extracts, people
from shared.records.due import due_until
from shared.records.people import account_key, worker_key
from shared.storage.names import ACCOUNTS, DUE, PAGES, WORKERS
from shared.storage.rows import change_rows
from shared.tables.accounts import AccountRow
from shared.tables.due import DueReason
from shared.tables.extracts import OUTCOMES, ExtractRow
from shared.tables.workers import WorkerRow
from tests.support.contexts import START, ManualTime, rows_of
from tests.support.provisioning_log import Log, of_extract, person, planned, statuses, uploaded


def set_person(context: Context, worker_id: str, **values: Any) -> None:
    row = WorkerRow.read(values)
    change_rows(context.storage.table(WORKERS), [worker_key("employees", worker_id)], lambda *_: row)


def resends(context: Context) -> dict[str, str]:
    found = due_until(context.storage, START + timedelta(days=60), "default")
    return {due.external_id: f"{due.at - START}" for due in found if due.why == DueReason.RESEND}


def test_an_entry_of_the_time_before_the_upload_says_nothing_about_it(context: Context, log: Log) -> None:
    ref = planned(context, "1")
    uploaded(context, ref, "1", seconds=200)
    log.add("1", 100)
    report(context)
    assert statuses(context) == {("employees", "1"): "uploaded"}


def test_how_long_entra_took_is_logged_once_for_each_upload(
    context: Context, log: Log, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "shared.outcomes.judging")
    ref = planned(context, "1", "2", "3")
    for worker, seconds in (("1", 100), ("2", 160), ("3", 500)):
        uploaded(context, ref, worker)
        log.add(worker, seconds)
    report(context)
    log.add("1", 520)
    report(context)
    said = [record.getMessage() for record in caplog.records]
    assert said == ["Verdicts on 3 people of job default after 100 s in the middle, 440 s at most"]


def test_a_later_entry_mends_and_an_older_one_does_not_come_over_a_newer(context: Context, log: Log) -> None:
    ref = planned(context, "1", "2")
    uploaded(context, ref, "1")
    log.fail("1", 100)
    report(context)
    assert statuses(context)["employees", "1"] == "failed"
    log.add("1", 300)
    report(context)
    log.fail("1", 200)
    report(context)
    assert statuses(context)["employees", "1"] == "provisioned"
    assert person(context, "1", "Tries") == 0


def test_nothing_to_change_in_a_later_reading_takes_nothing_away_from_a_success(context: Context, log: Log) -> None:
    ref = planned(context, "1")
    uploaded(context, ref, "1")
    log.add("1", 100)
    report(context)
    log.add("1", 160, provisioningAction="other", provisioningStatusInfo={"status": "skipped"})
    report(context)
    assert person(context, "1", "Status", "Action") == ("provisioned", "create")


def test_rows_of_one_change_are_judged_together_even_if_one_comes_hours_later(
    context: Context, log: Log, time: ManualTime
) -> None:
    ref = planned(context, "1")
    uploaded(context, ref, "1")
    log.add("1", 100, changeId="c-1")
    report(context)
    time.forward(7200)
    log.fail("1", 7300, changeId="c-1")
    report(context)
    assert person(context, "1", "SentStatus") == "failed"


def two_uploads(context: Context) -> tuple[ExtractRef, ExtractRef]:
    """The same person sent at 06:01 and, before Entra said anything, at 06:05."""
    old = planned(context, "1")
    uploaded(context, old, "1", seconds=60)
    new = planned(context, "1", minutes=4)
    uploaded(context, new, "1", seconds=300)
    return old, new


def test_an_entry_on_an_earlier_upload_is_not_taken_for_the_answer_to_a_newer_one(
    context: Context, log: Log, time: ManualTime
) -> None:
    _, new = two_uploads(context)
    log.add("1", 310, provisioningAction="create")  # about the upload of 06:01, though after the one of 06:05
    report(context)
    assert statuses(context) == {("employees", "1"): "uploaded"}
    log.fail("1", 900)
    time.forward(300)
    report(context)
    assert statuses(context) == {("employees", "1"): "uploaded"}
    time.forward(50 * 60)
    report(context)
    assert person(context, "1", "Status", "ResolvedAt") == ("failed", "2026-09-18T06:15:00Z")
    assert of_extract(context, new) == ("delivered", {"Failed": 1})


def test_after_the_quiet_time_the_last_entry_counts_without_a_further_one(
    context: Context, log: Log, time: ManualTime
) -> None:
    _, new = two_uploads(context)
    log.add("1", 310)
    report(context)
    assert list(load_watermark(context, "default").look_at) == ["1"]
    time.forward(45 * 60)
    report(context)
    assert statuses(context) == {("employees", "1"): "uploaded"}
    time.forward(5 * 60)
    report(context)
    assert of_extract(context, new) == ("delivered", {"Provisioned": 1})
    assert load_watermark(context, "default").look_at == {}


def test_whoever_is_spoken_of_all_the_time_is_judged_once_the_newest_upload_is_old_enough(
    context: Context, log: Log, time: ManualTime
) -> None:
    _, new = two_uploads(context)
    for minutes in (10, 40, 54):
        log.add("1", 60 * minutes)
        time.forward(60 * minutes - (time() - START).total_seconds())
        report(context)
        assert statuses(context) == {("employees", "1"): "uploaded"}
    log.add("1", 60 * 55)  # 50 minutes after the upload of 06:05
    time.forward(60)
    report(context)
    assert of_extract(context, new) == ("delivered", {"Provisioned": 1})


def test_an_answer_before_the_next_upload_ends_the_wait_for_the_first(context: Context, log: Log) -> None:
    old = planned(context, "1")
    uploaded(context, old, "1", seconds=60)
    log.add("1", 100)
    report(context)
    new = planned(context, "1", minutes=4)
    uploaded(context, new, "1", seconds=300)
    log.add("1", 310)
    report(context)
    assert of_extract(context, new) == ("delivered", {"Provisioned": 1})


def test_an_answer_while_the_next_record_waits_to_be_sent_ends_the_wait_too(context: Context, log: Log) -> None:
    old = planned(context, "1")
    uploaded(context, old, "1", seconds=60)
    new = planned(context, "1", minutes=4)
    log.add("1", 100)
    report(context)
    assert statuses(context) == {("employees", "1"): "queued"}
    uploaded(context, new, "1", seconds=300)
    log.add("1", 310)
    report(context)
    assert of_extract(context, new) == ("delivered", {"Provisioned": 1})


def test_an_upload_that_is_answered_after_a_newer_plan_counts_as_unanswered(
    context: Context, log: Log, time: ManualTime
) -> None:
    old = planned(context, "1")
    new = planned(context, "1", minutes=4)
    people.note_accepted(
        context.storage, "default", people.Deliverer(old.source, old.id, 1), {"1": ("2026-09-18T06:01:00Z", "r")}
    )
    uploaded(context, new, "1", seconds=300)
    log.add("1", 310)
    report(context)
    assert statuses(context) == {("employees", "1"): "uploaded"}
    time.forward(50 * 60)
    report(context)
    assert statuses(context) == {("employees", "1"): "provisioned"}


def test_a_person_of_two_sources_ends_in_both_and_so_do_both_extracts(
    context: Context, log: Log, time: ManualTime
) -> None:
    employees = planned(context, "1", number=2)
    uploaded(context, employees, "1", number=2)
    contractors = planned(context, "1", source="contractors", minutes=1, number=3)
    uploaded(context, contractors, "1", seconds=90, number=3)
    log.add("1", 100)
    report(context)
    time.forward(50 * 60)
    report(context)
    assert statuses(context) == {("contractors", "1"): "provisioned", ("employees", "1"): "provisioned"}
    assert of_extract(context, contractors) == ("delivered", {"Provisioned": 1})
    assert of_extract(context, employees) == ("delivered", {"Provisioned": 1})


def test_an_upload_of_a_source_that_another_took_over_from_meanwhile_is_answered_too(
    context: Context, log: Log
) -> None:
    employees = planned(context, "1")
    planned(context, "1", source="contractors", minutes=1)
    uploaded(context, employees, "1")
    log.add("1", 100)
    report(context)
    assert statuses(context) == {("contractors", "1"): "queued", ("employees", "1"): "provisioned"}
    assert of_extract(context, employees) == ("delivered", {"Provisioned": 1})


@pytest.mark.parametrize("word", ["rejected", "held", "scheduled", "missing"])
def test_what_a_newer_file_says_stays_and_the_extract_ends_all_the_same(context: Context, log: Log, word: str) -> None:
    ref = planned(context, "1")
    uploaded(context, ref, "1")
    set_person(context, "1", Status=word, Extract="a newer one", Reason="Row 7 was not sent.", Action="none")
    log.add("1", 100)
    report(context)
    assert person(context, "1", "Status", "Reason", "Action", "SentStatus", "TargetId") == (
        word, "Row 7 was not sent.", "none", "provisioned", "target of 1",
    )  # fmt: skip
    assert of_extract(context, ref) == ("delivered", {"Provisioned": 1})


def test_unchanged_by_a_newer_file_becomes_failed_if_entra_fails(context: Context, log: Log) -> None:
    ref = planned(context, "1")
    uploaded(context, ref, "1")
    set_person(context, "1", Status="unchanged", Extract="a newer one")
    log.fail("1", 100)
    report(context)
    assert person(context, "1", "Status", "SentStatus", "ErrorCode") == ("failed", "failed", "Conflict")


def test_j3_of_a_domain_that_the_tenant_does_not_have(context: Context, log: Log) -> None:
    ref = planned(context, "J3", changes={"J3": {"userName": "j3@fabrikam.invalid"}})
    uploaded(context, ref, "J3")
    log.fail("J3", 100, "InvalidDomain")
    report(context)
    assert person(context, "J3", "Status", "Reason", "NextStep", "WhoActs") == (
        "failed",
        (
            "Entra could not create the account: the domain fabrikam.invalid is not in the tenant (InvalidDomain). "
            "Entra's words: Because."
        ),
        (
            "HR corrects the domain of the user name, or IT adds it to the tenant as a verified domain. The same is "
            "sent again by itself at 2026-09-25T06:01:40Z, and whenever HR's record changes."
        ),
        "HR",
    )


@pytest.mark.parametrize(
    ("wrong", "waits"),
    [
        (ENTRA_FAULT, ["0:10:00", "1:00:00", "6:00:00", "1 day, 0:00:00", "7 days, 0:00:00", "7 days, 0:00:00"]),
        (MANAGER_NOT_KNOWN, ["1:00:00", "6:00:00", "1 day, 0:00:00", "7 days, 0:00:00"]),
        (LEAVER, ["1:00:00", "6:00:00", "1 day, 0:00:00", "7 days, 0:00:00"]),
        (SAID_ONCE, ["1 day, 0:00:00", "7 days, 0:00:00", "7 days, 0:00:00"]),
        (DATA, ["7 days, 0:00:00", "7 days, 0:00:00"]),
    ],
)
def test_what_is_sent_again_waits_longer_each_time(wrong: str, waits: list[str]) -> None:
    times = [next_try(wrong, tries, START) - START for tries in range(1, len(waits) + 1)]
    assert [str(one) for one in times] == waits


def test_failures_of_entra_and_of_leavers_are_sent_again_soon_and_others_after_a_week(
    context: Context, log: Log
) -> None:
    ref = planned(context, "busy", "leaver", "data", "fine", changes={"leaver": {"active": False}})
    uploaded(context, ref, "busy", "leaver", "data", "fine")
    log.fail("busy", 100, "TooManyRequests")
    log.fail("leaver", 100)
    log.fail("data", 100)
    log.add("fine", 100)
    report(context)
    assert resends(context) == {"busy": "0:11:40", "leaver": "1:01:40", "data": "7 days, 0:01:40"}
    assert "the account may still be enabled" in person(context, "leaver", "Reason")
    assert person(context, "busy", "WhoActs") == "nobody"


def test_an_account_made_ahead_of_the_first_day_is_no_leavers(context: Context, log: Log) -> None:
    everybody = ("ahead", "gone", "left")
    ref = planned(context, *everybody, changes={who: {"active": False} for who in everybody})
    uploaded(context, ref, *everybody)
    for who, was_enabled in {"ahead": False, "left": True}.items():
        row = {"NextChangeAt": "2026-11-25T00:00:00Z", "EverEnabled": was_enabled}
        key = account_key("default", who)
        context.storage.table(ACCOUNTS).update_entity({"PartitionKey": key.partition, "RowKey": key.row, **row})
    for who in everybody:
        log.fail(who, 100)
    report(context)
    assert resends(context) == {"ahead": "7 days, 0:01:40", "gone": "1:01:40", "left": "1:01:40"}
    called = [who for who in everybody if "This is a leaver" in person(context, who, "Reason")]
    assert called == ["gone", "left"]


def test_a_leaver_whom_entra_skipped_is_sent_again_and_others_are_not(context: Context, log: Log) -> None:
    ref = planned(context, "leaver", "other", changes={"leaver": {"active": False}})
    uploaded(context, ref, "leaver", "other")
    for who in ("leaver", "other"):
        log.add(who, 100, targetIdentity=None, provisioningStatusInfo={"status": "skipped"})
    report(context)
    assert statuses(context) == {("employees", "leaver"): "skipped", ("employees", "other"): "skipped"}
    assert resends(context) == {"leaver": "1:01:40"}
    assert still_wanted(context.storage, "default", ["leaver", "other"]) == {"leaver"}


def test_further_failures_of_one_upload_lead_to_no_further_try(context: Context, log: Log) -> None:
    ref = planned(context, "1")
    uploaded(context, ref, "1")
    for seconds in (100, 400, 5000):
        log.fail("1", seconds, "Timeout")
        report(context)
    found = [row["At"] for row in rows_of(context.storage, DUE)]
    assert found == ["2026-09-18T06:11:40Z"]


def test_for_a_delta_feed_nobody_waits_longer_than_a_day(context: Context, log: Log) -> None:
    ref = planned(context, "1")
    extracts.save_extract(context.storage, ref, ExtractRow(full=False))
    uploaded(context, ref, "1")
    log.fail("1", 100)
    report(context)
    assert resends(context) == {"1": "1 day, 0:01:40"}


def test_tries_are_counted_once_for_each_upload_and_anew_for_a_new_record(context: Context, log: Log) -> None:
    ref = planned(context, "1")
    for number in (1, 2):
        uploaded(context, ref, "1", seconds=1000 * number)
        log.fail("1", 1000 * number + 1, "Timeout")
        report(context)
        log.fail("1", 1000 * number + 2, "Timeout")
        report(context)
        assert person(context, "1", "Tries") == number
        set_person(context, "1", SentStatus="queued", Status="queued")  # as a plan that sends the same again does
        key = account_key("default", "1")
        change_rows(context.storage.table(ACCOUNTS), [key], lambda _key, _row: AccountRow(pending="print"))
    planned(context, "1", minutes=60)
    assert person(context, "1", "Tries") == 0


def test_nobody_is_sent_again_for_whom_a_newer_record_waits(context: Context, log: Log) -> None:
    ref = planned(context, "1", "2", "3")
    uploaded(context, ref, "1", "2", "3")
    log.fail("1", 100)
    log.fail("2", 100)
    log.add("3", 100)
    report(context)
    assert still_wanted(context.storage, "default", ["1", "2", "3", "nobody"]) == {"1", "2"}
    planned(context, "2", minutes=5)
    assert still_wanted(context.storage, "default", ["1", "2", "3"]) == {"1"}


UNRESOLVED = [{"details": {"SkipReason": "UnableToResolveReferenceAttributeValue", "PropertyName": "manager"}}]


def test_a_manager_whom_entra_does_not_know_is_a_warning_until_he_is_known(
    context: Context, log: Log, time: ManualTime
) -> None:
    report_to = {ENTERPRISE_USER: {"manager": {"value": "boss"}}}
    ref = planned(context, "1", "boss", changes={"1": report_to})
    uploaded(context, ref, "1")
    log.add("1", 100, provisioningSteps=UNRESOLVED)
    report(context)
    assert person(context, "1", "Status", "Warning", "WhoActs") == (
        "provisioned", "Entra did not know the manager, so the manager is not set.", "HR",
    )  # fmt: skip
    assert resends(context) == {"1": "1:01:40"}
    assert still_wanted(context.storage, "default", ["1"]) == {"1"}

    uploaded(context, ref, "boss", seconds=200)
    log.add("boss", 300)
    report(context)
    now = {row["ExternalId"]: row["At"] for row in rows_of(context.storage, DUE) if row.get("At", "") < "2026-09-18T07"}
    assert now == {"1": "2026-09-18T06:10:02Z"}
    assert [row for row in rows_of(context.storage, DUE) if row["PartitionKey"].startswith("manager")] == []

    log.add("1", 400)
    report(context)
    assert person(context, "1", "Status", "Warning", "Tries") == ("provisioned", "", 0)
    assert still_wanted(context.storage, "default", ["1"]) == set()


def test_the_counts_of_the_page_add_up_after_each_reading(context: Context, log: Log) -> None:
    ref = planned(context, "1", "2", "3")
    uploaded(context, ref, "1", "2", "3")
    for name in ("1", "2", "3"):
        log.add(name, 100 + int(name))
        report(context)
        [page] = rows_of(context.storage, PAGES)
        assert sum(page[name] for name in OUTCOMES) == 3
        assert page["Provisioned"] == int(name)
