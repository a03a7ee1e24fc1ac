"""Pages that wait: for the day's calls, for a stopped job, for a person. Nothing is lost, and waiting costs nothing."""

from __future__ import annotations

import json
import math
import threading
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from shared.clock import iso, parse_iso
from shared.context import Context
from shared.delivery import circuit_breaker
from shared.delivery.queueing import look_after_pages, queue_ready_pages, send_out_all
from shared.delivery.rate_limiter import ledger_of, remaining, tenant_of
from shared.delivery.send import deliver
from shared.delivery.waiting import MOST_ON_THE_QUEUE
from shared.model import ExtractRef
from shared.records import extracts, pages
from shared.records.quarantine import Quarantine, save_quarantine
from shared.settings import Settings, parse_endpoint
from shared.storage import messages
from shared.storage.names import PAGES, QUOTA, WORKERS
from shared.tables.pages import PageStatus
from tests.support.contexts import START, ManualTime, rows_of, visible_messages
from tests.support.delivering import column, counts, ids, message, page_row, planned, sent
from tests.support.scripted_server import CUT, Reply, Request, Script

ACCEPTED = Reply(202, headers={"request-id": "r-1"})
DOWN = Reply(503)


def limited(context: Context, daily: int, reserve: float = 5.0) -> None:
    settings = Settings(context.settings.storage, context.settings.endpoints, daily_calls=daily, leaver_reserve=reserve)
    object.__setattr__(context, "settings", settings)


def work_off_the_queue(context: Context) -> int:
    """Deliver every message that is visible, as a host would; how many there were."""
    found = [messages.message_from_json(text) for text in visible_messages(context.storage)]
    for one in found:
        deliver(context, one)
    return len(found)


def queue_is_empty(context: Context) -> bool:
    return not context.storage.queue("bulk-uploads").get_queue_properties().approximate_message_count


def test_what_is_over_the_days_calls_waits_without_a_message_until_the_window_opens(
    context: Context, script: Script, time: ManualTime
) -> None:
    limited(context, 7, reserve=0)
    ref = planned(context, ids(200), ids(200, 200), ids(200, 400))
    work_off_the_queue(context)
    assert (len(sent(script)), queue_is_empty(context)) == (7, True)
    row = page_row(context, ref, 2)
    assert (row["Status"], row["Parked"], row["WaitFor"]) == ("waiting", True, "quota")
    assert "The 7 calls in 24 hours are used up. It is tried again at" in row["Reason"]
    assert row["Reason"] in extracts.load_extract(context.storage, ref).message
    jane = next(row for row in rows_of(context.storage, WORKERS) if row["RowKey"] == "0399-x")
    assert (jane["Status"], jane["Reason"], jane["WhoActs"]) == ("queued", row["Reason"], "nobody")
    assert remaining(context, "default").calls == 0
    for _ in range(3):
        time.forward(3600)
        look_after_pages(context)
    assert queue_is_empty(context)
    time.forward(86_400)
    look_after_pages(context)
    work_off_the_queue(context)
    assert (len(sent(script)), counts(context, ref)) == (12, {"Uploaded": 600})


def test_it_is_told_when_each_of_the_waiting_pages_will_go(context: Context, time: ManualTime) -> None:
    limited(context, 4, reserve=0)
    ref = planned(context, ids(100), ids(100, 100), ids(200, 200))
    deliver(context, message(ref, 1))
    time.forward(7200)
    deliver(context, message(ref, 2))
    deliver(context, message(ref, 3))
    planned(context, ids(100, 400), minutes=5)
    work_off_the_queue(context)
    look_after_pages(context)
    until = [parse_iso(row["WaitUntil"]) for row in rows_of(context.storage, PAGES) if row["Status"] == "waiting"]
    day = timedelta(days=1)
    assert START + day <= until[0] <= START + day + timedelta(minutes=10)
    assert START + day + timedelta(hours=2) <= until[1] <= START + day + timedelta(hours=2, minutes=10)


def test_leavers_go_first_and_from_the_reserve(context: Context, script: Script, time: ManualTime) -> None:
    limited(context, 4, reserve=25)
    first = planned(context, ids(200))
    second = planned(context, ids(100, 200), minutes=5, leavers=ids(30, 200))
    deliver(context, message(first))
    assert len(sent(script)) == 3
    deliver(context, message(second))
    assert sent(script)[3:] == [ids(50, 200)]
    left = remaining(context, "default")
    assert (left.calls, left.for_leavers) == (0, 0)
    time.forward(90_000)
    limited(context, 1, reserve=100)
    third = planned(context, ids(10, 400), minutes=6, leavers=ids(10, 400))
    context.storage.queue("bulk-uploads").clear_messages()
    time.forward(8000)
    look_after_pages(context)  # the message of the third is lost, and the others have no leaver left
    work_off_the_queue(context)
    assert sent(script)[4:] == [ids(10, 400)]
    assert page_row(context, third)["Status"] == "done"


def test_calls_that_were_not_made_are_given_back(context: Context, script: Script) -> None:
    ref = planned(context, ids(200))
    script.replies[:] = [ACCEPTED, Reply(403)]
    deliver(context, message(ref))
    assert remaining(context, "default").calls == 1900 - 2
    [row] = [row for row in rows_of(context.storage, QUOTA) if row["RowKey"] == "calls"]
    assert row["CallsIn24Hours"] == 2


def test_people_who_are_all_planned_anew_cost_no_call(context: Context, script: Script) -> None:
    old = planned(context, ids(120))
    planned(context, ids(100), minutes=5)
    deliver(context, message(old))
    assert (sent(script), remaining(context, "default").calls) == ([ids(20, 100)], 1899)


def test_a_stopped_job_costs_one_call_a_while_and_goes_on_by_itself(
    context: Context, script: Script, time: ManualTime
) -> None:
    refs = [planned(context, ids(50, 50 * number), minutes=number) for number in range(5)]
    script.replies[:] = [Reply(403)]
    work_off_the_queue(context)
    assert (len(sent(script)), queue_is_empty(context)) == (1, True)
    for probes in range(2, 5):
        time.forward(901)
        for _ in range(3):
            look_after_pages(context)
            work_off_the_queue(context)
        assert len(sent(script)) == probes
    script.replies[:] = [ACCEPTED]
    time.forward(901)
    look_after_pages(context)
    assert work_off_the_queue(context) == 1
    assert work_off_the_queue(context) == 4  # the one that got through has sent the others out
    assert [counts(context, ref) for ref in refs] == [{"Uploaded": 50}] * 5
    assert "403" not in extracts.load_extract(context.storage, refs[4]).message


def test_of_many_instances_one_tries_a_stopped_job(context: Context, script: Script, time: ManualTime) -> None:
    refs = [planned(context, ids(50, 50 * number), minutes=number) for number in range(4)]
    script.replies[:] = [Reply(404)]
    deliver(context, message(refs[0]))
    time.forward(901)
    script.answer = _slow(script)
    threads = [threading.Thread(target=deliver, args=(context, message(ref, generation=2))) for ref in refs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(sent(script)) == 2


def _slow(script: Script) -> Any:
    def answer(_: Request) -> Reply:
        script.over.wait(0.5)
        return Reply(404)

    return answer


def test_a_full_bucket_is_left_alone_by_everybody_and_longer_after_several_looks(
    context: Context, script: Script, time: ManualTime
) -> None:
    refs = [planned(context, ids(50, 50 * number), minutes=number) for number in range(3)]
    script.replies[:] = [Reply(500)]
    waits = []
    for probes in range(1, 6):
        look_after_pages(context)
        work_off_the_queue(context)
        assert len(sent(script)) == probes
        [row] = [row for row in rows_of(context.storage, QUOTA) if row["RowKey"] == "job|default"]
        waits.append((parse_iso(row["Until"]) - time()).total_seconds())
        time.forward(waits[-1])
    assert all(300 <= wait <= 601 for wait in waits[:3])
    assert all(900 <= wait <= 1801 for wait in waits[3:])
    assert row["NextStep"].startswith("IT looks at the provisioning job: one that is paused or in quarantine")
    script.replies[:] = [ACCEPTED]
    for _ in range(3):
        look_after_pages(context)
        work_off_the_queue(context)
    assert [counts(context, ref) for ref in refs] == [{"Uploaded": 50}] * 3


@pytest.mark.parametrize("down", [DOWN, CUT], ids=["503", "no answer"])
def test_when_entra_is_back_after_six_hours_everything_arrives_leavers_first(
    context: Context, script: Script, time: ManualTime, down: Reply
) -> None:
    movers = planned(context, *(ids(200, 200 * number) for number in range(5)))
    leavers = planned(context, ids(40, 2000), minutes=5, leavers=ids(40, 2000))
    script.replies[:] = [down]
    end = time() + timedelta(hours=6)
    while time() < end:
        look_after_pages(context)
        work_off_the_queue(context)
        time.forward(300)
    assert len(sent(script)) < 100
    script.requests.clear()
    script.replies[:] = [ACCEPTED]
    for _ in range(4):
        time.forward(600)
        look_after_pages(context)
        work_off_the_queue(context)
    assert (counts(context, movers), counts(context, leavers)) == ({"Uploaded": 1000}, {"Uploaded": 40})
    assert sent(script)[0] == ids(40, 2000)
    assert len(sent(script)) == 21


def test_a_pause_stops_all_sending_and_says_who_and_why(
    context: Context, script: Script, caplog: pytest.LogCaptureFixture
) -> None:
    ref = planned(context, ids(60))
    circuit_breaker.pause(context.storage, "", by="Kim", reason="maintenance of the directory", now=context.clock.now())
    work_off_the_queue(context)
    said = f"All sending was stopped by Kim at {iso(START)}: maintenance of the directory"
    assert (sent(script), queue_is_empty(context)) == ([], True)
    logged = [record.getMessage() for record in caplog.records if "waits" in record.getMessage()]
    assert logged == [f"Page 000001 of extract {ref.id} waits 3600 seconds: pause"]  # which nobody's name is in
    assert said in extracts.load_extract(context.storage, ref).message
    rows = rows_of(context.storage, WORKERS)
    assert {(row["Reason"], row["NextStep"]) for row in rows} == {(said, "Kim lets it go on: python -m cli resume")}
    send_out_all(context)
    assert queue_is_empty(context)
    assert circuit_breaker.resume(context.storage, "")
    send_out_all(context)
    work_off_the_queue(context)
    assert counts(context, ref) == {"Uploaded": 60}
    assert not circuit_breaker.resume(context.storage, "")


def test_a_pause_of_a_source_leaves_the_others_alone(context: Context, script: Script) -> None:
    planned(context, ids(10), source="employees")
    planned(context, ids(10, 10), source="contractors")
    circuit_breaker.pause(context.storage, "employees", by="Kim", reason="x", now=context.clock.now())
    work_off_the_queue(context)
    look_after_pages(context)
    work_off_the_queue(context)
    assert sent(script) == [ids(10, 10)]


def test_a_pause_between_two_requests_is_heeded_by_the_second(context: Context, script: Script) -> None:
    ref = planned(context, ids(120))

    def pause(_: Request) -> Reply:
        circuit_breaker.pause(context.storage, "", by="Kim", reason="x", now=context.clock.now())
        return ACCEPTED

    script.answer = pause
    deliver(context, message(ref))
    assert (sent(script), counts(context, ref)) == ([ids(50)], {"Uploaded": 50, "Waiting": 70})


def test_no_more_pages_are_on_the_queue_than_the_instances_work_on(context: Context) -> None:
    ref = planned(context, *([one] for one in ids(MOST_ON_THE_QUEUE + 6)))
    statuses = list(column(context, PAGES, "Status").values())
    assert (statuses.count("queued"), statuses.count("planned")) == (MOST_ON_THE_QUEUE, 6)
    deliver(context, message(ref, 1))
    deliver(context, message(ref, 2))
    assert list(column(context, PAGES, "Status").values()).count("planned") == 4
    queue_ready_pages(context, ref)
    assert list(column(context, PAGES, "Status").values()).count("planned") == 4


def test_many_who_ask_at_once_get_no_more_than_there_is(context: Context) -> None:
    limited(context, 30, reserve=0)
    ledger = ledger_of(context, "default")
    grants: list[Any] = []
    threads = [threading.Thread(target=lambda: grants.append(ledger.ask([False] * 4))) for _ in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(len(getattr(grant, "slots", ())) for grant in grants) == 30
    assert remaining(context, "default").calls == 0


def test_nothing_is_sent_into_a_quarantine_and_everything_goes_on_when_it_ends(
    context: Context, script: Script, time: ManualTime
) -> None:
    held = Quarantine(START, "The provisioning job is in quarantine (X).", "IT restarts it.", START)
    save_quarantine(context.storage, "default", held)
    ref = planned(context, ids(60))
    deliver(context, message(ref))
    row = page_row(context, ref)
    assert (sent(script), row["Status"], row["WaitFor"], row["Parked"], row["Reason"]) == (
        [],
        "waiting",
        "quarantine",
        True,
        ("Nothing is sent to this job since 2026-09-18T06:00:00Z: The provisioning job is in quarantine (X)."),
    )
    [person, *_] = rows_of(context.storage, WORKERS)
    assert (person["Status"], person["NextStep"], person["WhoActs"]) == ("queued", "IT restarts it.", "IT")
    time.forward(2 * 3600)
    look_after_pages(context)
    assert page_row(context, ref)["Status"] == "waiting"
    save_quarantine(context.storage, "default", replace(held, ended_at=time()))
    look_after_pages(context)
    deliver(context, message(ref, generation=page_row(context, ref)["Generation"]))
    assert (sent(script), counts(context, ref)) == ([ids(50), ids(10, 50)], {"Uploaded": 60})


@pytest.mark.parametrize(
    ("job", "tenant"),
    [
        ("API2AAD.b16687d38faf42adb29892cdcaf01c6e.1a03de52", "graph.microsoft.us|b16687d38faf42adb29892cdcaf01c6e"),
        ("API2AAD.B16687D38FAF42ADB29892CDCAF01C6E.1a03de52", "graph.microsoft.us|b16687d38faf42adb29892cdcaf01c6e"),
        ("API2AD.b16687d38faf42adb29892cdcaf01c6e.9c3a52de", "graph.microsoft.us|b16687d38faf42adb29892cdcaf01c6e"),
        ("api2ad.B16687D38FAF42ADB29892CDCAF01C6E.9c3a52de", "graph.microsoft.us|b16687d38faf42adb29892cdcaf01c6e"),
        ("Another.b16687d38faf42adb29892cdcaf01c6e.9c3a52de", "graph.microsoft.us|b16687d38faf42adb29892cdcaf01c6e"),
        ("something.else", "graph.microsoft.us|tenant"),
    ],
)
def test_calls_are_counted_by_tenant(job: str, tenant: str) -> None:
    url = f"https://graph.microsoft.us/v1.0/servicePrincipals/x/synchronization/jobs/{job}/bulkUpload"
    assert tenant_of(parse_endpoint("default", url)) == tenant


def test_an_extract_takes_no_more_calls_than_its_people_need(context: Context, script: Script) -> None:
    ref = planned(context, ids(200), ids(130, 200))
    work_off_the_queue(context)
    assert len(sent(script)) == math.ceil(330 / 50)
    assert [len(json.loads(row.answers)) for row in pages.page_rows(context.storage, ref.id)] == [4, 3]


def test_a_cancelled_page_is_dropped_quietly(context: Context, script: Script) -> None:
    ref: ExtractRef = planned(context, ids(2))
    context.storage.table(PAGES).update_entity({**page_row(context, ref), "Status": PageStatus.CANCELLED})
    deliver(context, message(ref))
    assert (sent(script), page_row(context, ref)["Status"]) == ([], "cancelled")
