from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from shared.context import Context
from shared.entra.jobs import JobStatus, parse_status
from shared.errors import EndpointRefused, EntraUnavailable
from shared.outcomes import overdue, reporting
from shared.outcomes.overdue import JobSeen, find_unanswered, note_overdue
from shared.outcomes.reporting import report
from shared.outcomes.resending import still_wanted
from shared.outcomes.watermark import load_watermark
from shared.records import extracts
from shared.records.due import due_until
from shared.records.health import load_health
from shared.records.people import worker_key
from shared.records.quarantine import Quarantine, load_quarantine
from shared.storage.names import QUOTA, WORKERS
from shared.storage.rows import change_rows
from shared.tables.due import DueReason
from shared.tables.workers import WorkerRow, WorkerStatus
from tests.support.contexts import START, ManualTime
from tests.support.provisioning_log import Log, of_extract, person, planned, uploaded
from tests.support.scripted_server import Reply, Request, Script

RUNNING: dict[str, Any] = {"schedule": {"state": "Active"}, "status": {"code": "Active"}}
QUARANTINED: dict[str, Any] = {"status": {"code": "Quarantine", "quarantine": {"reason": "TooManyDeletes"}}}
PAUSED: dict[str, Any] = {"schedule": {"state": "Active"}, "status": {"code": "Paused"}}


class Tenant:
    """The log and the job of one tenant.

    Attributes:
        log: Entra's.
        job: what is answered when the job is asked for.
        fault: what is answered when the log is asked for, if set.
    """

    def __init__(self, log: Log) -> None:
        self.log = log
        self.job = Reply(200, RUNNING)
        self.fault: Reply | None = None
        self.looks = 0

    def answer(self, request: Request) -> Reply:
        if "/auditLogs/" in request.target:
            return self.fault or self.log.answer(request)
        self.looks += 1
        return self.job


@pytest.fixture
def tenant(log: Log, script: Script) -> Tenant:
    tenant = Tenant(log)
    script.answer = tenant.answer
    return tenant


def pass_minutes(context: Context, minutes: int, step: int = 5) -> None:
    """The timer runs every five minutes, or less often where nothing is to be seen."""
    for _ in range(minutes // step):
        context.clock.sleep(60 * step)
        report(context)


def resends(context: Context) -> list[str]:
    found = due_until(context.storage, START + timedelta(days=60), "default")
    return [due.external_id for due in found if due.why == DueReason.RESEND]


def test_j6_is_overdue_after_an_hour_because_the_job_is_paused(context: Context, tenant: Tenant) -> None:
    tenant.job = Reply(200, PAUSED)
    ref = planned(context, "J1", "J6")
    uploaded(context, ref, "J1", "J6")
    tenant.log.add("J1", 120)
    pass_minutes(context, 45)
    assert (person(context, "J6", "Status"), load_health(context.storage, "default")) == ("uploaded", None)
    pass_minutes(context, 10)
    found = "The provisioning job is paused: Entra takes uploads and does nothing with them."
    step = (
        "IT mends what the job names and starts it in the portal; whoever has no answer then is sent once more by "
        "itself. To restart a stopped job throws away what it was sent."
    )
    assert person(context, "J6", "Status", "SentStatus", "Reason", "NextStep", "WhoActs") == (
        "overdue",
        "overdue",
        f"Entra accepted the upload of 2026-09-18T06:01:00Z, and there is no result after 60 minutes. {found}",
        step,
        "IT",
    )
    assert person(context, "J1", "Status") == "provisioned"
    assert of_extract(context, ref) == ("uploading", {"Provisioned": 1, "Overdue": 1})
    assert extracts.load_extract(context.storage, ref).message.endswith(f"1 sent, no verdict in time. {found} {step}")
    health = load_health(context.storage, "default")
    assert health
    assert (health.state, health.overdue, health.since) == ("paused", 1, START + timedelta(minutes=65, seconds=2))


def test_an_answer_that_comes_at_last_mends_it(context: Context, tenant: Tenant) -> None:
    tenant.job = Reply(200, PAUSED)
    ref = planned(context, "1")
    uploaded(context, ref, "1")
    pass_minutes(context, 60)
    assert of_extract(context, ref) == ("uploading", {"Overdue": 1})
    tenant.job = Reply(200, RUNNING)
    tenant.log.add("1", 70 * 60)
    pass_minutes(context, 5)
    assert of_extract(context, ref) == ("delivered", {"Provisioned": 1})
    health = load_health(context.storage, "default")
    assert health
    assert (health.state, health.overdue) == ("running", 0)
    assert resends(context) == []


def test_who_is_overdue_is_sent_once_more_when_the_job_runs_again_and_is_silent(
    context: Context, tenant: Tenant
) -> None:
    tenant.job = Reply(200, PAUSED)
    ref = planned(context, "1")
    uploaded(context, ref, "1")
    pass_minutes(context, 24 * 60, step=240)
    assert resends(context) == []
    tenant.job = Reply(200, RUNNING)
    pass_minutes(context, 15)
    assert resends(context) == []
    pass_minutes(context, 5)
    assert resends(context) == ["1"]
    assert still_wanted(context.storage, "default", ["1"]) == {"1"}
    asked = person(context, "1", "AskedAgainAt")
    pass_minutes(context, 60)
    assert (resends(context), person(context, "1", "AskedAgainAt")) == (["1"], asked)
    assert person(context, "1", "WhoActs", "NextStep") == (
        "IT",
        (
            "It has been sent once more. If there is no result either, IT looks for the person in the job's "
            "provisioning log and opens a support case with the request id."
        ),
    )


def test_a_job_that_reports_about_others_is_given_a_day(context: Context, tenant: Tenant, time: ManualTime) -> None:
    ref = planned(context, "1")
    uploaded(context, ref, "1")
    for minutes in range(0, 26 * 60, 10):
        tenant.log.add("other", 60.0 * minutes)
    tenant.log.time = time
    pass_minutes(context, 20 * 60, step=120)
    assert (person(context, "1", "Status"), resends(context)) == ("overdue", [])
    pass_minutes(context, 5 * 60, step=60)
    assert resends(context) == ["1"]


def test_an_answer_that_turned_up_very_late_is_found_before_anybody_is_called_overdue(
    context: Context, tenant: Tenant, time: ManualTime
) -> None:
    tenant.log.time = time
    ref = planned(context, "1", "2")
    uploaded(context, ref, "1", "2")
    tenant.log.add("1", 120, late=45 * 60)  # far behind the overlap by then
    tenant.log.add("2", 50 * 60)
    pass_minutes(context, 60)
    assert of_extract(context, ref) == ("delivered", {"Provisioned": 2})
    assert load_health(context.storage, "default") is None


def test_a_late_answer_is_found_among_more_entries_than_are_read_at_once(
    context: Context, tenant: Tenant, time: ManualTime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reporting, "_MOST_ENTRIES", 8)
    tenant.log.time = time
    others = [f"{number:02}" for number in range(40)]
    ref = planned(context, "1", *others)
    uploaded(context, ref, "1", *others)
    tenant.log.add("1", 120, late=45 * 60)
    for number, other in enumerate(others):
        tenant.log.add(other, 300 + 60 * number)
    pass_minutes(context, 120)
    assert of_extract(context, ref) == ("delivered", {"Provisioned": 41})


def test_a_far_look_that_is_too_long_for_one_run_goes_on_with_the_next(
    context: Context, tenant: Tenant, time: ManualTime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reporting, "_MOST_ENTRIES", 8)
    tenant.log.time = time
    ref = planned(context, "1")
    uploaded(context, ref, "1")
    for number in range(60):
        tenant.log.add("2", 300 + 60 * number)
    pass_minutes(context, 4 * 60)
    tenant.log.add("1", 2400)
    monkeypatch.setattr(reporting, "_LONGEST_RUN", timedelta())  # time for one slice only
    runs = 0
    while of_extract(context, ref)[0] != "delivered":
        pass_minutes(context, 5)
        runs += 1
    assert 2 < runs < 40


def test_an_answer_that_turns_up_after_everybody_is_overdue_is_found_within_the_day(
    context: Context, tenant: Tenant, time: ManualTime
) -> None:
    tenant.log.time = time
    ref = planned(context, "1")
    uploaded(context, ref, "1")
    tenant.log.add("1", 120, late=3 * 3600)
    tenant.log.add("2", 2 * 3600)
    pass_minutes(context, 90)
    assert of_extract(context, ref) == ("uploading", {"Overdue": 1})
    pass_minutes(context, 3 * 60)
    assert of_extract(context, ref) == ("delivered", {"Provisioned": 1})


@pytest.mark.parametrize(
    ("job", "found", "who"),
    [
        (Reply(200, RUNNING), "The provisioning job runs.", "nobody"),
        (
            Reply(200, {"status": {"code": "Quarantine", "quarantine": {"reason": "TooManyDeletes"}}}),
            (
                "The provisioning job is in quarantine (TooManyDeletes): Entra takes uploads and does nothing with "
                "them, so nothing more is sent."
            ),
            "IT",
        ),
        (
            Reply(200, {"status": {"code": "NotConfigured"}, "schedule": {"state": "Disabled"}}),
            "The provisioning job is not started (Disabled).",
            "IT",
        ),
        (Reply(200, {}), "The provisioning job is in a state that is not known: no state given.", "IT"),
        (
            Reply(403),
            "Whether the job runs could not be found out: the app lacks the role Synchronization.Read.All.",
            "IT",
        ),
        (Reply(503), "Whether the job runs could not be found out: Entra does not answer that now.", "IT"),
    ],
    ids=["running", "quarantined", "not started", "odd", "forbidden", "ill"],
)
def test_what_the_job_says_is_told(context: Context, tenant: Tenant, job: Reply, found: str, who: str) -> None:
    tenant.job = job
    ref = planned(context, "1")
    uploaded(context, ref, "1")
    pass_minutes(context, 60)
    reason, who_acts = person(context, "1", "Reason", "WhoActs")
    assert (reason.partition(" 60 minutes. ")[2], who_acts) == (found, who)


def test_a_quarantine_is_found_though_nobody_waits_for_anything_and_ends_when_the_job_runs(
    context: Context, tenant: Tenant
) -> None:
    report(context)
    assert (load_quarantine(context.storage, "default"), load_health(context.storage, "default")) == (None, None)
    tenant.job = Reply(200, QUARANTINED)
    pass_minutes(context, 15)
    found = Quarantine(
        since=START + timedelta(minutes=15),
        reason=(
            "The provisioning job is in quarantine (TooManyDeletes): Entra takes uploads and does nothing with them, "
            "so nothing more is sent."
        ),
        next_step=(
            "IT mends what the job names and restarts it in the portal; then sending goes on by itself. The restart "
            "throws away what was sent into the quarantine: whoever has no answer is sent again by itself 45 minutes "
            "after the job runs."
        ),
        checked_at=START + timedelta(minutes=25),
    )
    assert load_quarantine(context.storage, "default") == found
    health = load_health(context.storage, "default")
    assert health
    assert (health.state, health.sentence, health.next_step) == ("quarantined", found.reason, found.next_step)
    tenant.job = Reply(200, PAUSED)  # not started yet
    pass_minutes(context, 5)
    waits = load_quarantine(context.storage, "default")
    assert waits
    assert (waits.since, waits.ended_at, waits.reason.partition(":")[0]) == (
        found.since,
        None,
        "The provisioning job is paused",
    )
    tenant.job = Reply(200, RUNNING)
    pass_minutes(context, 5)
    over = load_quarantine(context.storage, "default")
    assert over
    assert over.ended_at == START + timedelta(minutes=35)
    health = load_health(context.storage, "default")
    assert health
    assert health.state == "running"


def test_a_quarantine_of_which_nothing_is_heard_for_an_hour_holds_nothing_up_any_more(
    context: Context, tenant: Tenant
) -> None:
    tenant.job = Reply(200, QUARANTINED)
    report(context)
    tenant.job = Reply(403)
    pass_minutes(context, 60)
    lasting = load_quarantine(context.storage, "default")
    pass_minutes(context, 5)
    over = load_quarantine(context.storage, "default")
    assert lasting
    assert over
    assert (lasting.ended_at, over.ended_at) == (None, START + timedelta(minutes=75))


@pytest.mark.parametrize("overdue_minutes", [60, 240])
def test_what_was_sent_into_a_quarantine_is_sent_again_three_quarters_of_an_hour_after_the_job_runs(
    context: Context, tenant: Tenant, time: ManualTime, overdue_minutes: int
) -> None:
    """The restart has thrown it away; that the job reports about others meanwhile says nothing about it."""
    context = replace(context, settings=replace(context.settings, overdue_minutes=overdue_minutes))
    tenant.log.time = time
    for minutes in range(20, 300, 5):
        tenant.log.add("other", 60.0 * minutes)
    tenant.job = Reply(200, QUARANTINED)
    ref = planned(context, "1", "2")
    uploaded(context, ref, "1", "2")
    pass_minutes(context, 10)
    tenant.job = Reply(200, RUNNING)  # at minute 25
    pass_minutes(context, 45)
    assert resends(context) == []
    tenant.log.add("2", 60 * 66)  # it was not thrown away
    pass_minutes(context, 10)
    assert (resends(context), still_wanted(context.storage, "default", ["1"])) == (["1"], {"1"})
    asked = person(context, "1", "AskedAgainAt")
    assert person(context, "2", "Status") == "provisioned"
    pass_minutes(context, 60)
    assert person(context, "1", "AskedAgainAt") == asked
    tenant.job = Reply(200, QUARANTINED)  # the second upload, if it was one, is lost as well
    pass_minutes(context, 10)
    tenant.job = Reply(200, RUNNING)
    pass_minutes(context, 60)
    assert person(context, "1", "AskedAgainAt") > asked


def test_a_full_queue_is_told(context: Context, tenant: Tenant) -> None:
    context.storage.table(QUOTA).upsert_entity(
        {"PartitionKey": "stops", "RowKey": "job|default", "Stopped": True, "Kind": "full"}
    )
    report(context)
    health = load_health(context.storage, "default")
    assert health
    assert (health.state, health.sentence) == (
        "queue full",
        "The queue of the job is full, so Entra turns uploads away.",
    )


def test_a_log_that_may_not_be_read_is_told_on_the_people_too(context: Context, tenant: Tenant) -> None:
    ref = planned(context, "1")
    uploaded(context, ref, "1")
    tenant.fault = Reply(403)
    context.clock.sleep(3600)
    with pytest.raises(EndpointRefused):
        report(context)
    reason, step = person(context, "1", "Reason", "NextStep")
    assert reason.endswith("60 minutes. Entra's provisioning log cannot be read (Entra answers 403).")
    assert step == "IT grants the app's managed identity the Microsoft Graph app role ProvisioningLog.Read.All."
    tenant.fault = None
    tenant.log.add("1", 120)
    report(context)
    assert of_extract(context, ref) == ("delivered", {"Provisioned": 1})


def test_a_fault_of_the_log_that_should_pass_is_told_once_it_has_lasted_too_long(
    context: Context, tenant: Tenant
) -> None:
    ref = planned(context, "1")
    uploaded(context, ref, "1")
    pass_minutes(context, 30)
    tenant.fault = Reply(503)
    context.clock.sleep(59 * 60)
    with pytest.raises(EntraUnavailable):
        report(context)
    assert (person(context, "1", "Status"), load_health(context.storage, "default")) == ("uploaded", None)
    context.clock.sleep(6 * 60)
    with pytest.raises(EntraUnavailable):
        report(context)
    found = "Entra's provisioning log cannot be read (Entra answers 503)."
    step = "IT looks whether Microsoft Graph can be reached, and at the app's log; reading is tried again by itself."
    status, reason, next_step = person(context, "1", "Status", "Reason", "NextStep")
    assert (status, reason.partition(" 60 minutes. ")[2], next_step) == ("overdue", found, step)
    health = load_health(context.storage, "default")
    assert health
    assert (health.state, health.sentence, health.overdue) == ("log not readable", found, 1)
    tenant.fault = None
    tenant.log.add("1", 120)
    report(context)
    assert of_extract(context, ref) == ("delivered", {"Provisioned": 1})


def test_a_log_that_has_never_been_read_is_told_at_once(context: Context, tenant: Tenant) -> None:
    tenant.fault = Reply(503)
    with pytest.raises(EntraUnavailable):
        report(context)
    health = load_health(context.storage, "default")
    assert health
    assert health.state == "log not readable"


def test_that_the_log_was_read_is_written_down_every_few_minutes_only(context: Context, tenant: Tenant) -> None:
    pass_minutes(context, 10, step=2)
    watermark = load_watermark(context, "default")
    assert watermark.read_at
    assert context.clock.now() - watermark.read_at < timedelta(minutes=5)
    before = watermark.read_at
    pass_minutes(context, 1, step=1)
    assert load_watermark(context, "default").read_at == before


def test_what_a_newer_file_says_stays_while_the_sending_is_overdue(context: Context, tenant: Tenant) -> None:
    ref = planned(context, "1")
    uploaded(context, ref, "1")
    key = worker_key("employees", "1")
    change_rows(
        context.storage.table(WORKERS),
        [key],
        lambda _key, _row: WorkerRow(status=WorkerStatus.REJECTED, reason="Row 7."),
    )
    pass_minutes(context, 60)
    assert person(context, "1", "Status", "Reason", "SentStatus") == ("rejected", "Row 7.", "overdue")
    assert of_extract(context, ref) == ("uploading", {"Overdue": 1})


def test_a_person_who_waits_for_the_quiet_time_is_not_overdue(context: Context, tenant: Tenant) -> None:
    old = planned(context, "1")
    uploaded(context, old, "1", seconds=60)
    new = planned(context, "1", minutes=4)
    uploaded(context, new, "1", seconds=300)
    tenant.log.add("1", 40 * 60)
    pass_minutes(context, 70)
    assert person(context, "1", "Status") == "uploaded"
    pass_minutes(context, 10)
    assert person(context, "1", "Status") == "provisioned"


def test_where_nothing_is_overdue_and_the_job_is_in_no_quarantine_nothing_is_said_of_it(
    context: Context, tenant: Tenant
) -> None:
    ref = planned(context, "1")
    uploaded(context, ref, "1")
    tenant.log.add("1", 120)
    pass_minutes(context, 120)
    assert load_health(context.storage, "default") is None


def test_of_more_pages_than_there_is_time_for_others_come_next(
    context: Context, tenant: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(overdue, "_PAGES_AT_ONCE", 1)
    names = ("1", "2", "3")
    for number, name in enumerate(names, start=1):
        ref = planned(context, name, number=number)
        uploaded(context, ref, name, number=number)
    context.clock.sleep(7200)

    def note(status: JobStatus) -> tuple[int, list[str]]:
        note_overdue(context, "default", find_unanswered(context, "default"), context.clock.now(), JobSeen(status))
        context.clock.sleep(60)
        health = load_health(context.storage, "default")
        assert health
        return health.overdue, [
            person(context, name, "Reason") for name in names if person(context, name, "SentStatus") == "overdue"
        ]

    found = [note(parse_status(PAUSED)) for _ in names]
    assert [(count, len(reasons)) for count, reasons in found] == [(1, 1), (2, 2), (3, 3)]
    assert all("paused" in reason for reason in found[-1][1])
    found = [note(parse_status(RUNNING)) for _ in names]
    assert [sum("paused" in reason for reason in reasons) for _, reasons in found] == [2, 1, 0]
    assert [count for count, _ in found] == [3, 3, 3]
