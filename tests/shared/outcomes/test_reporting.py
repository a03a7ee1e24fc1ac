from __future__ import annotations

import json
import random
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
import requests
from requests.adapters import BaseAdapter

from shared.context import Context
from shared.entra.logs import LogEntry
from shared.errors import EntraUnavailable
from shared.outcomes import events, judging, reporting
from shared.outcomes.reporting import report, report_job
from shared.outcomes.watermark import load_watermark
from shared.records.people import worker_key
from shared.storage.names import EVENTS, EXTRACTS, PAGES, STATE, WORKERS
from shared.storage.rows import change_rows
from shared.tables.workers import WorkerRow, WorkerStatus
from tests.conftest import Storage
from tests.support.contexts import START, ManualTime, endpoint_at, open_test_context, rows_of
from tests.support.provisioning_log import Log, fill, model, of_extract, planned, statuses, uploaded
from tests.support.scripted_server import Reply, Request, Script, run_script

FOUR_MINUTES = timedelta(minutes=4)


def test_the_log_ends_an_extract(context: Context, log: Log) -> None:
    ref = planned(context, "1", "2", "3")
    uploaded(context, ref, "1", "2", "3")
    log.add("1", 100)
    log.fail("2", 100)
    report(context)
    assert statuses(context) == {
        ("employees", "1"): "provisioned",
        ("employees", "2"): "failed",
        ("employees", "3"): "uploaded",
    }
    assert of_extract(context, ref) == ("uploading", {"Provisioned": 1, "Failed": 1, "Uploaded": 1})
    log.add("3", 400)
    report(context)
    assert of_extract(context, ref) == ("delivered", {"Provisioned": 2, "Failed": 1})


def test_an_entry_is_kept_under_its_person_in_full(context: Context, log: Log) -> None:
    log.fail("1/2", 100.25, "X")
    report(context)
    report(context)
    assert rows_of(context.storage, EVENTS) == [
        {
            "PartitionKey": "default|1!2F2",
            "RowKey": f"{10**15 - int(START.timestamp() * 1000) - 100_250:015d}-1!2F2-100.25",
            "EventId": "1/2-100.25",
            "At": "2026-09-18T06:01:40Z",
            "WorkerId": "1/2",
            "TargetId": "target of 1/2",
            "ChangeId": "change of 1/2 100.25",
            "Action": "create",
            "Status": "failure",
            "ErrorCode": "X",
            "Reason": "Because.",
            "ManagerUnresolved": False,
            "InScope": True,
        }
    ]


def test_the_log_is_read_since_the_newest_entry_with_an_overlap(context: Context, log: Log, time: ManualTime) -> None:
    report(context)
    log.add("1", 3600.5)
    time.forward(3600)
    report(context)
    report(context)
    assert log.since == ["2026-09-17T05:55:00Z", "2026-09-17T05:55:00Z", "2026-09-18T06:45:00Z"]
    watermark = load_watermark(context, "default")
    assert (watermark.at, watermark.seen) == (START + timedelta(seconds=3600.5), frozenset({"1-3600.5"}))


def test_an_entry_of_the_future_does_not_keep_the_present_from_being_read(context: Context, log: Log) -> None:
    ref = planned(context, "1", "2")
    uploaded(context, ref, "1", "2")
    log.add("1", 86_400 * 365)
    report(context)
    log.add("2", 100)
    report(context)
    assert of_extract(context, ref) == ("delivered", {"Provisioned": 2})


def test_an_entry_that_comes_late_and_out_of_order_is_not_missed(context: Context, log: Log) -> None:
    ref = planned(context, "1", "2")
    uploaded(context, ref, "1", "2")
    log.add("1", 900)
    report(context)
    log.add("2", 100)
    report(context)
    assert of_extract(context, ref) == ("delivered", {"Provisioned": 2})


def test_an_entry_before_we_wrote_down_the_upload_is_looked_at_again(context: Context, log: Log) -> None:
    ref = planned(context, "1")
    log.add("1", 100)
    report(context)
    assert statuses(context) == {("employees", "1"): "queued"}
    assert list(load_watermark(context, "default").look_at) == ["1"]
    uploaded(context, ref, "1")
    report(context)
    assert of_extract(context, ref) == ("delivered", {"Provisioned": 1})
    assert load_watermark(context, "default").look_at == {}


def test_an_entry_about_somebody_who_is_never_sent_is_forgotten_after_a_day(
    context: Context, log: Log, time: ManualTime
) -> None:
    planned(context, "1")
    log.add("1", 100)
    report(context)
    time.forward(86_400)
    report(context)
    assert load_watermark(context, "default").look_at == {}


def test_entries_read_twice_change_nothing(context: Context, log: Log) -> None:
    ref = planned(context, "1", "2")
    uploaded(context, ref, "1", "2")
    log.add("1", 100)
    log.fail("2", 100)
    report(context)
    tables = (EVENTS, WORKERS, PAGES, EXTRACTS)
    before = [rows_of(context.storage, table) for table in tables]
    context.storage.container(STATE).delete_blob("watermarks/default.json")
    report(context)
    assert [rows_of(context.storage, table) for table in tables] == before


class Kill(BaseException):
    """What no code catches."""


class Killer:
    """Ends the process, so to speak, at the n-th request to storage: before it goes out, or after its answer."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, *, after: bool) -> None:
        self.left = 0
        self.after = after
        find = requests.Session.get_adapter

        def between(session: requests.Session, url: str) -> Between:
            return Between(self, find(session, url))

        monkeypatch.setattr(requests.Session, "get_adapter", between)

    def send(self, adapter: BaseAdapter, request: requests.PreparedRequest, **named: Any) -> requests.Response:
        self.left -= 1
        is_last = self.left == 0
        if is_last and not self.after:
            raise Kill
        answer = adapter.send(request, **named)
        if is_last:
            answer.close()
            raise Kill
        return answer


@dataclass
class Between:
    """Stands before an adapter."""

    killer: Killer
    adapter: BaseAdapter

    def send(self, request: requests.PreparedRequest, **named: Any) -> requests.Response:
        return self.killer.send(self.adapter, request, **named)


def test_a_crash_after_any_request_and_another_run_give_the_same_end(
    context: Context, log: Log, monkeypatch: pytest.MonkeyPatch
) -> None:
    killer = Killer(monkeypatch, after=True)
    for number in range(1, 60):
        ids = (f"a{number}", f"b{number}")
        ref = planned(context, *ids, minutes=number)
        uploaded(context, ref, *ids, seconds=60 * number + 1)
        log.add(ids[0], 60 * number + 10)
        log.fail(ids[1], 60 * number + 11)
        context.clock.sleep(60)
        killer.left = number
        try:
            report(context)
        except Kill:
            killer.left = 0
            report(context)
            assert of_extract(context, ref) == ("delivered", {"Provisioned": 1, "Failed": 1})
        else:
            assert number > 10
            return
    pytest.fail("the run takes more requests than thought")


def test_an_entry_about_somebody_whom_nobody_planned_is_kept_as_an_event_only(context: Context, log: Log) -> None:
    log.add("stranger", 100)
    log.add("s" * 500, 100)
    report(context)
    assert (len(rows_of(context.storage, EVENTS)), statuses(context)) == (2, {})


def test_endless_words_of_entra_do_not_stop_the_log(context: Context, log: Log) -> None:
    ref = planned(context, "1", "2")
    uploaded(context, ref, "1", "2")
    words = {"errorCode": "c" * 99_999, "reason": "w" * 99_999}
    log.add("1", 100, provisioningStatusInfo={"status": "failure", "errorInformation": words})
    log.add("2", 101)
    log.add("/" * 199, 102)
    report(context)
    assert of_extract(context, ref) == ("delivered", {"Provisioned": 1, "Failed": 1})


def test_a_job_whose_log_cannot_be_read_does_not_keep_the_others_from_it(storage: Storage, log: Log) -> None:
    with run_script(Reply(503)) as ill, run_script() as well:
        well.answer = log.answer
        endpoints = {"ill": endpoint_at(ill.url, "ill"), "well": endpoint_at(well.url, "well")}
        with open_test_context(storage.connection_string, ManualTime(), endpoints=endpoints) as context:
            log.add("1", 100)
            with pytest.raises(EntraUnavailable):
                report(context)
            assert [row["PartitionKey"] for row in rows_of(context.storage, EVENTS)] == ["well|1"]


def test_a_watermark_is_kept_for_each_job(context: Context, log: Log) -> None:
    log.add("1", 100)
    report_job(context, "default")
    state = json.loads(context.storage.container(STATE).download_blob("watermarks/default.json").readall())
    assert state == {
        "at": "2026-09-18T06:01:40+00:00",
        "seen": ["1-100"],
        "slice": None,
        "lookAt": {},
        "recount": [],
        "readAgainAt": None,
        "readAgainFrom": None,
        "readAt": "2026-09-18T06:10:00+00:00",
    }


def one_a_minute(context: Context, log: Log, time: ManualTime, many: int) -> None:
    """Some people are sent; an hour later the log has an entry about each, a minute apart."""
    names = [f"{number:02d}" for number in range(many)]
    uploaded(context, planned(context, *names), *names, seconds=1)
    time.forward(3600)
    for number, name in enumerate(names):
        log.add(name, seconds=60 * number + 30)


def slow(log: Log, time: ManualTime, seconds: float) -> Callable[[Request], Reply]:
    """A log that takes so long for each answer."""

    def answer(request: Request) -> Reply:
        time.forward(seconds)
        return log.answer(request)

    return answer


def test_more_than_can_be_read_at_once_is_read_in_slices_of_time(
    context: Context, log: Log, time: ManualTime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reporting, "_MOST_ENTRIES", 8)
    names = [f"{number:02d}" for number in range(50)]
    ref = planned(context, *names)
    uploaded(context, ref, *names, seconds=1)
    time.forward(3600)
    for number, name in enumerate(names):
        log.add(name, seconds=60 * (number % 40) + 2.5 + number)  # out of order, several a minute
    assert report_job(context, "default", FOUR_MINUTES)
    assert set(statuses(context).values()) == {"provisioned"}
    assert len(rows_of(context.storage, EVENTS)) == 50
    assert of_extract(context, ref)[0] == "delivered"
    readings = len(log.since)
    report_job(context, "default", FOUR_MINUTES)
    assert len(log.since) == readings + 1


def test_what_was_read_of_too_long_a_slice_is_told_before_the_slice_is_read_again(
    context: Context, log: Log, time: ManualTime, script: Script, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reporting, "_MOST_ENTRIES", 8)
    one_a_minute(context, log, time, 20)
    script.answer = slow(log, time, 130)
    before = load_watermark(context, "default").at
    assert not report_job(context, "default")
    assert Counter(statuses(context).values())["provisioned"] >= 8
    assert load_watermark(context, "default").at == before
    while not report_job(context, "default"):
        pass
    assert set(statuses(context).values()) == {"provisioned"}
    assert len(rows_of(context.storage, EVENTS)) == 20


def test_after_a_burst_the_slices_grow_again(
    context: Context, log: Log, time: ManualTime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reporting, "_MOST_ENTRIES", 8)
    monkeypatch.setattr(reporting, "_FEW_ENTRIES", 2)
    for number in range(40):
        log.add(f"{number}", seconds=number * 10 - 80_000)
    time.forward(10)
    assert report_job(context, "default")
    assert len(log.since) < 40  # a minute at a time would take 1,300 readings


def test_a_run_that_takes_long_stops_and_the_next_one_goes_on(
    context: Context, log: Log, time: ManualTime, script: Script, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reporting, "_MOST_ENTRIES", 8)
    one_a_minute(context, log, time, 40)
    script.answer = slow(log, time, 100)
    runs = 1
    while not report_job(context, "default"):
        runs += 1
        assert runs < 100
    assert runs > 1
    assert set(statuses(context).values()) == {"provisioned"}
    assert len(rows_of(context.storage, EVENTS)) == 40


def test_a_run_that_has_no_time_left_for_everybody_goes_on_next_time(
    context: Context, log: Log, time: ManualTime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reporting, "_PEOPLE_AT_ONCE", 1)
    real = judging.judge

    def slow(*arguments: Any) -> Any:
        time.forward(150)
        return real(*arguments)

    monkeypatch.setattr(reporting, "judge", slow)
    ref = planned(context, "1", "2", "3")
    uploaded(context, ref, "1", "2", "3")
    for name in ("1", "2", "3"):
        log.add(name, 100)
    assert not report_job(context, "default")
    assert Counter(statuses(context).values()) == {"provisioned": 2, "uploaded": 1}
    assert report_job(context, "default")
    assert of_extract(context, ref) == ("delivered", {"Provisioned": 3})


def test_slices_that_are_read_one_after_the_other_are_stored_together(
    context: Context, log: Log, time: ManualTime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reporting, "_MOST_ENTRIES", 8)
    stored: list[int] = []

    def write(storage: Any, job: str, entries: list[LogEntry]) -> None:
        stored.append(len(entries))
        events.write_events(storage, job, entries)

    monkeypatch.setattr(reporting, "write_events", write)
    for number in range(40):
        log.add(f"{number % 5}", 30 * number + 10)
    time.forward(3600)
    assert report_job(context, "default", FOUR_MINUTES)
    assert stored == [40]
    monkeypatch.setattr(reporting, "_MOST_IN_HAND", 12)
    context.storage.container(STATE).delete_blob("watermarks/default.json")
    stored.clear()
    assert report_job(context, "default", FOUR_MINUTES)
    assert (sum(stored), max(stored) <= 12 + 8, len(stored) > 1) == (40, True, True)
    assert len(rows_of(context.storage, EVENTS)) == 40


def test_a_graph_that_fails_every_now_and_then_does_not_keep_a_log_from_being_caught_up_with(
    context: Context, log: Log, time: ManualTime, script: Script, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reporting, "_MOST_ENTRIES", 8)
    for number in range(60):
        log.add(f"{number}", 30 * number + 10)
    time.forward(3600)
    asked = 0

    def answer(request: Request) -> Reply:
        nonlocal asked
        asked += 1
        return log.answer(request) if asked % 6 else Reply(503)

    script.answer = answer
    for _ in range(20):
        with suppress(EntraUnavailable):
            report_job(context, "default")
        if len(rows_of(context.storage, EVENTS)) == 60:
            break
    else:
        pytest.fail("the log is never caught up with")
    assert asked > 12  # it has failed more than once on the way


def test_a_log_that_is_slow_to_come_is_read_in_slices_for_which_there_is_time(
    context: Context, log: Log, time: ManualTime, script: Script
) -> None:
    for number in range(5_000):
        log.add(f"{number % 50}", number / 10, f"e-{number}")
    time.forward(600)

    script.answer = slow(log, time, 60)
    lasted = []
    is_at_end = False
    while not is_at_end:
        began = time()
        is_at_end = report_job(context, "default")
        lasted.append(time() - began)
        assert len(lasted) < 50
    assert max(lasted) <= timedelta(minutes=5)
    assert len(rows_of(context.storage, EVENTS)) == 5_000


def test_a_job_with_a_long_log_leaves_time_for_the_others(storage: Storage) -> None:
    time = ManualTime(START + timedelta(minutes=10))
    busy, calm = Log(), Log()

    for number in range(5_000):
        busy.add(f"{number % 50}", number / 10, f"e-{number}")
    calm.add("1", 100)
    with run_script() as one, run_script() as other:
        one.answer, other.answer = slow(busy, time, 60), calm.answer
        endpoints = {"busy": endpoint_at(one.url, "busy"), "calm": endpoint_at(other.url, "calm")}
        with open_test_context(storage.connection_string, time, endpoints=endpoints) as context:
            began = time()
            report(context)
            assert time() - began <= timedelta(minutes=5)
            stored = {row["PartitionKey"].partition("|")[0] for row in rows_of(context.storage, EVENTS)}
            assert stored == {"busy", "calm"}


def test_people_for_whom_earlier_runs_had_no_time_come_before_a_further_reading(
    context: Context, log: Log, time: ManualTime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reporting, "_PEOPLE_AT_ONCE", 1)
    real = judging.judge

    def slow(*arguments: Any) -> Any:
        time.forward(100)
        return real(*arguments)

    monkeypatch.setattr(reporting, "judge", slow)
    names = [f"{number}" for number in range(8)]
    ref = planned(context, *names)
    uploaded(context, ref, *names)
    for name in names:
        log.add(name, 100)
    readings: list[int] = []
    left: list[int] = []
    while not left or left[-1]:
        report_job(context, "default", FOUR_MINUTES)
        readings.append(len(log.since))
        left.append(len(load_watermark(context, "default").look_at))
    assert (readings, left) == ([1, 1, 1], [5, 2, 0])
    assert report_job(context, "default", FOUR_MINUTES)
    assert len(log.since) == 2
    assert set(statuses(context).values()) == {"provisioned"}


def test_counting_stops_in_time_and_goes_on_with_the_next_run(
    context: Context, time: ManualTime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(judging, "_PAGES_AT_ONCE", 1)
    ref = planned(context, "1")
    for number in (2, 3):
        planned(context, f"{number}", number=number)
    for number in (1, 2, 3):
        uploaded(context, ref, f"{number}", number=number)
        key = worker_key("employees", f"{number}")
        change_rows(
            context.storage.table(WORKERS), [key], lambda _key, _row: WorkerRow(sent_status=WorkerStatus.PROVISIONED)
        )
    left = frozenset({("employees", ref.id, 0)})
    seen = []
    while left:
        left = judging.recount(context, left, time())
        seen.append((sorted(number for _, _, number in left), of_extract(context, ref)[0]))
    assert seen == [([2, 3], "uploading"), ([3], "uploading"), ([], "delivered")]
    assert of_extract(context, ref) == ("delivered", {"Provisioned": 3})


def test_a_plan_that_was_cleared_away_does_not_stop_the_log(context: Context, log: Log) -> None:
    ref = planned(context, "1")
    uploaded(context, ref, "1")
    state = context.storage.container(STATE)
    for name in list(state.list_blob_names(name_starts_with="plans/")):
        state.delete_blob(name)
    log.add("1", 100)
    report_job(context, "default")
    assert statuses(context) == {("employees", "1"): "provisioned"}
    assert load_watermark(context, "default").at == START + timedelta(seconds=100)


def test_thousands_of_entries_end_as_a_simple_model_says_however_often_the_reader_is_killed(
    context: Context, log: Log, time: ManualTime, monkeypatch: pytest.MonkeyPatch
) -> None:
    ids = [f"{number:03d}" for number in range(100)]
    halves = [planned(context, *ids[:50]), planned(context, *ids[50:], minutes=1)]
    uploaded(context, halves[0], *ids[:50], seconds=100)
    uploaded(context, halves[1], *ids[50:], seconds=110)
    fill(log, ids, entries=2_500, seconds=7_200, seed=1)
    log.time = time
    monkeypatch.setattr(reporting, "_MOST_ENTRIES", 1_250)
    time.forward(2 * 3_600)
    dice = random.Random(2)
    with monkeypatch.context() as patch:
        killer = Killer(patch, after=False)
        for _ in range(20):
            killer.after = dice.random() < 0.5
            killer.left = dice.randint(1, 150)
            try:
                report_job(context, "default")
            except Kill:
                time.forward(300)
    time.forward(900)
    assert report_job(context, "default")
    expected = model(log, START + timedelta(seconds=120))
    assert {who: status for (_, who), status in statuses(context).items()} == expected
    assert {row["EventId"] for row in rows_of(context.storage, EVENTS)} == {entry["id"] for _, _, entry in log.entries}
    assert len(rows_of(context.storage, EVENTS)) == 2_500
    for ref, some in zip(halves, (ids[:50], ids[50:]), strict=True):
        counts = Counter(expected[one].title() for one in some)
        assert of_extract(context, ref) == ("delivered", dict(counts))
    gaps = [(later - earlier).total_seconds() for earlier, later in zip(log.asked, log.asked[4:], strict=False)]
    assert min(gaps) >= 7.5  # at most 5 requests in 10 seconds, across crashes too
