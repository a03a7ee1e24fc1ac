from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from shared.clock import iso
from shared.context import Context
from shared.errors import EntraUnavailable
from shared.model import ExtractRef
from shared.outcomes import reporting
from shared.outcomes.reporting import load_watermark, report, report_job
from shared.records import extracts, pages, people
from shared.records.extracts import Version
from shared.records.names import EVENTS, PAGES, STATE, WORKERS
from shared.records.rows import change_rows
from tests.conftest import Storage
from tests.support.contexts import START, ManualTime, endpoint_at, open_test_context, page_of, rows_of, worker
from tests.support.scripted_server import Reply, Request, Script, run_script


class Log:
    """A provisioning log that the scripted server shows, newest first, as Graph does without an order."""

    def __init__(self) -> None:
        self.entries: list[dict[str, Any]] = []
        self.since: list[str] = []

    def add(self, external_id: str, seconds: float, entry_id: str = "", **changes: Any) -> None:
        self.entries.append(
            {
                "id": entry_id or f"{external_id}-{seconds}",
                "activityDateTime": (START + timedelta(seconds=seconds)).isoformat(),
                "changeId": f"change of {external_id} {seconds}",
                "provisioningAction": "create",
                "sourceIdentity": {"id": external_id},
                "targetIdentity": {"id": f"target of {external_id}"},
                "provisioningStatusInfo": {"status": "success"},
                **changes,
            }
        )

    def answer(self, request: Request) -> Reply:
        [text] = parse_qs(urlsplit(request.target).query)["$filter"]
        bounds = dict(re.findall(r"activityDateTime (gt|lt) (\S+)", text))
        self.since.append(bounds["gt"])
        after, before = (datetime.fromisoformat(bounds.get(name, "9999-01-01T00:00:00Z")) for name in ("gt", "lt"))
        found = [one for one in self.entries if after < datetime.fromisoformat(one["activityDateTime"]) < before]
        return Reply(200, {"value": found[::-1]})


@pytest.fixture
def log() -> Log:
    return Log()


@pytest.fixture
def script(log: Log) -> Iterator[Script]:
    with run_script() as running:
        running.answer = log.answer
        yield running


@pytest.fixture
def time() -> ManualTime:
    return ManualTime(START + timedelta(minutes=10))


@pytest.fixture
def context(storage: Storage, script: Script, time: ManualTime) -> Iterator[Context]:
    endpoints = {"default": endpoint_at(script.url)}
    with open_test_context(storage.connection_string, time, endpoints=endpoints) as opened:
        yield opened


def planned(context: Context, *ids: str, source: str = "employees", minutes: int = 0, number: int = 1) -> ExtractRef:
    """An extract of one page whose people wait to be sent."""
    moment = START + timedelta(minutes=minutes)
    version = Version(source, "list.csv", f"{source}/list.csv", f"etag {minutes}", moment, 1)
    ref = version.ref
    counts = {"Rows": len(ids), "Rejected": 0, "Repeated": 0, "People": len(ids)}
    extracts.register(
        context.storage,
        version,
        {"Status": extracts.UPLOADING, "Sequence": ref.id, "Plan": "plan", "Job": "default", **counts},
    )
    page = page_of(*map(worker, ids), number=number)
    pages.write_page(context.storage, ref, "plan", page)
    row = {"Status": pages.DONE, "Plan": "plan", "Waiting": len(ids)}
    change_rows(context.storage.table(PAGES), [pages.page_key(ref.id, number)], lambda *_: row)
    people.note_planned(
        context.storage,
        ref,
        "default",
        page,
        file="list.csv",
        sequence=ref.id,
        fingerprint=lambda _: "print",
        at=moment,
    )
    return ref


def uploaded(context: Context, ref: ExtractRef, *ids: str, seconds: float = 60) -> None:
    answers = dict.fromkeys(ids, (iso(START + timedelta(seconds=seconds)), "r-1"))
    people.note_accepted(context.storage, ref, "default", ref.id, answers)


def statuses(context: Context) -> dict[tuple[str, str], str]:
    return {
        (row["PartitionKey"].split("|")[0], row["RowKey"]): row["Status"] for row in rows_of(context.storage, WORKERS)
    }


def of_extract(context: Context, ref: ExtractRef) -> tuple[str, dict[str, int]]:
    row = extracts.load(context.storage, ref)
    return row["Status"], {name: row[name] for name in extracts.OUTCOMES if row.get(name)}


def test_the_log_ends_an_extract(context: Context, log: Log) -> None:
    ref = planned(context, "1", "2", "3")
    uploaded(context, ref, "1", "2", "3")
    log.add("1", 100)
    log.add("2", 100, provisioningStatusInfo={"status": "failure", "errorInformation": {"errorCode": "X"}})
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
    log.add(
        "1/2",
        100.25,
        "e-1",
        provisioningStatusInfo={"status": "failure", "errorInformation": {"errorCode": "X", "reason": "Y"}},
    )
    report(context)
    report(context)
    assert rows_of(context.storage, EVENTS) == [
        {
            "PartitionKey": "default|1!2F2",
            "RowKey": f"{10**15 - int(START.timestamp() * 1000) - 100_250:015d}-e-1",
            "EventId": "e-1",
            "At": "2026-09-18T06:01:40Z",
            "WorkerId": "1/2",
            "TargetId": "target of 1/2",
            "ChangeId": "change of 1/2 100.25",
            "Action": "create",
            "Status": "failure",
            "ErrorCode": "X",
            "Reason": "Y",
        }
    ]


def test_the_log_is_read_since_the_newest_entry_with_an_overlap(context: Context, log: Log) -> None:
    report(context)
    log.add("1", 3600.5)
    report(context)
    report(context)
    assert log.since == ["2026-09-17T05:55:00Z", "2026-09-17T05:55:00Z", "2026-09-18T06:45:00Z"]
    watermark = load_watermark(context, "default")
    assert (watermark.at, watermark.seen) == (START + timedelta(seconds=3600.5), frozenset({"1-3600.5"}))


def test_an_entry_that_comes_late_and_out_of_order_is_not_missed(context: Context, log: Log) -> None:
    ref = planned(context, "1", "2")
    uploaded(context, ref, "1", "2")
    log.add("1", 900)
    report(context)
    log.add("2", 100)
    report(context)
    assert of_extract(context, ref) == ("delivered", {"Provisioned": 2})


def test_an_entry_before_we_wrote_down_the_upload_is_read_again(context: Context, log: Log) -> None:
    ref = planned(context, "1")
    log.add("1", 100)
    report(context)
    assert (statuses(context), load_watermark(context, "default").seen) == ({("employees", "1"): "queued"}, frozenset())
    uploaded(context, ref, "1")
    report(context)
    assert of_extract(context, ref) == ("delivered", {"Provisioned": 1})
    assert load_watermark(context, "default").seen == frozenset({"1-100"})


def test_an_entry_of_the_time_before_the_upload_says_nothing_about_it(context: Context, log: Log) -> None:
    ref = planned(context, "1")
    uploaded(context, ref, "1", seconds=200)
    log.add("1", 100)
    report(context)
    assert statuses(context) == {("employees", "1"): "uploaded"}


def test_a_later_entry_mends_and_an_older_one_does_not_come_over_a_newer(context: Context, log: Log) -> None:
    ref = planned(context, "1", "2")
    uploaded(context, ref, "1")
    log.add("1", 100, provisioningStatusInfo={"status": "failure"})
    report(context)
    assert statuses(context)["employees", "1"] == "failed"
    log.add("1", 300)
    report(context)
    log.add("1", 200, provisioningStatusInfo={"status": "failure"})
    report(context)
    assert statuses(context)["employees", "1"] == "provisioned"


def test_entries_read_twice_change_nothing(context: Context, log: Log) -> None:
    ref = planned(context, "1", "2")
    uploaded(context, ref, "1", "2")
    log.add("1", 100)
    report(context)
    before = [rows_of(context.storage, table) for table in (EVENTS, WORKERS, PAGES)]
    context.storage.container(STATE).delete_blob("watermarks/default.json")
    report(context)
    assert [rows_of(context.storage, table) for table in (EVENTS, WORKERS, PAGES)] == before


@pytest.mark.parametrize("step", ["write_events", "change_rows", "recount", "save_watermark"])
@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
def test_a_crash_at_any_step_and_another_run_give_the_same_end(
    context: Context, log: Log, monkeypatch: pytest.MonkeyPatch, step: str, after: bool
) -> None:
    ref = planned(context, "1", "2")
    uploaded(context, ref, "1", "2")
    log.add("1", 100)
    log.add("2", 101)
    real = getattr(reporting, step)

    def crash(*arguments: Any, **named: Any) -> None:
        if after:
            real(*arguments, **named)
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(reporting, step, crash)
        with pytest.raises(KeyboardInterrupt):
            report(context)
    report(context)
    assert of_extract(context, ref) == ("delivered", {"Provisioned": 2})
    assert [row["EventId"] for row in rows_of(context.storage, EVENTS)] == ["1-100", "2-101"]


def test_a_person_of_two_sources_ends_in_both_and_so_do_both_extracts(context: Context, log: Log) -> None:
    employees = planned(context, "1", number=2)
    uploaded(context, employees, "1")
    contractors = planned(context, "1", source="contractors", minutes=1, number=3)
    uploaded(context, contractors, "1", seconds=90)
    log.add("1", 100)
    report(context)
    assert statuses(context) == {("contractors", "1"): "provisioned", ("employees", "1"): "provisioned"}
    assert of_extract(context, contractors) == ("delivered", {"Provisioned": 1})
    assert of_extract(context, employees) == ("delivered", {"Provisioned": 1})


def test_an_entry_about_somebody_whom_nobody_planned_is_kept_as_an_event_only(context: Context, log: Log) -> None:
    log.add("stranger", 100)
    report(context)
    assert (len(rows_of(context.storage, EVENTS)), statuses(context)) == (1, {})


def test_endless_words_of_entra_do_not_stop_the_log(context: Context, log: Log) -> None:
    ref = planned(context, "1", "2")
    uploaded(context, ref, "1", "2")
    words = {"errorCode": "c" * 99_999, "reason": "w" * 99_999}
    log.add("1", 100, provisioningStatusInfo={"status": "failure", "errorInformation": words})
    log.add("2", 101)
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
    assert state == {"at": "2026-09-18T06:01:40+00:00", "seen": ["1-100"], "slice": None}


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
    report_job(context, "default")
    assert set(statuses(context).values()) == {"provisioned"}
    assert len(rows_of(context.storage, EVENTS)) == 50
    assert of_extract(context, ref)[0] == "delivered"
    requests = len(log.since)
    report_job(context, "default")
    assert len(log.since) == requests + 1


def test_a_run_that_takes_long_stops_and_the_next_one_goes_on(
    context: Context, log: Log, time: ManualTime, script: Script, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reporting, "_MOST_ENTRIES", 8)
    names = [f"{number:02d}" for number in range(40)]
    ref = planned(context, *names)
    uploaded(context, ref, *names, seconds=1)
    time.forward(3600)
    for number, name in enumerate(names):
        log.add(name, seconds=60 * number + 30)

    def slow(request: Request) -> Reply:
        time.forward(100)
        return log.answer(request)

    script.answer = slow
    runs = 0
    while set(statuses(context).values()) != {"provisioned"}:
        report_job(context, "default")
        runs += 1
        assert runs < 100
    assert runs > 1
    assert len(rows_of(context.storage, EVENTS)) == 40


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


def test_nothing_to_change_in_a_later_reading_takes_nothing_away_from_a_success(context: Context, log: Log) -> None:
    ref = planned(context, "1")
    uploaded(context, ref, "1")
    log.add("1", 100)
    report_job(context, "default")
    log.add("1", 160, provisioningAction="other", provisioningStatusInfo={"status": "skipped"})
    report_job(context, "default")
    [row] = rows_of(context.storage, WORKERS)
    assert (row["Status"], row["Action"]) == ("provisioned", "create")
