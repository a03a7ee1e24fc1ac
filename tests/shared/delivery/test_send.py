from __future__ import annotations

import json
import threading
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from azure.core.credentials import AccessToken
from azure.core.exceptions import ServiceRequestError

from shared.clock import iso, parse_iso
from shared.context import Context
from shared.delivery import circuit_breaker, page_claim, rate_limiter, send
from shared.delivery.answers import record_accepted
from shared.delivery.cancelling import cancel_overtaken
from shared.delivery.queueing import look_after_pages
from shared.delivery.send import deliver
from shared.entra import upload as upload_module
from shared.entra.graph import LONGEST_REQUEST
from shared.errors import NoToken
from shared.model import ExtractRef
from shared.outcomes import progress
from shared.outcomes.resending import still_wanted
from shared.records import extracts, pages, people
from shared.records.due import due_until
from shared.records.people import Deliverer
from shared.storage.names import ACCOUNTS, PAGES, UPLOADS, WORKERS
from shared.storage.rows import change_rows
from shared.tables.due import DueReason
from shared.tables.pages import PageStatus
from shared.tables.workers import WorkerRow, WorkerStatus
from tests.support.contexts import START, ManualTime, rows_of
from tests.support.delivering import column, counts, ids, message, names, page_row, planned, sent, set_page
from tests.support.scripted_server import CUT, Reply, Request, Script
from tests.support.waiting import wait_for

ACCEPTED = Reply(202, headers={"request-id": "r-1"})
BULK_FULL = Reply(500, {"error": {"code": "InternalServerError", "message": "bucket full"}})


def test_a_page_is_sent_in_requests_of_fifty_and_everybody_is_uploaded(context: Context, script: Script) -> None:
    ref = planned(context, ids(120))
    deliver(context, message(ref))
    assert sent(script) == [ids(50), ids(50, 50), ids(20, 100)]
    row = page_row(context, ref)
    assert (row["Status"], row["ClaimedUntil"], row["Uploaded"], row["Waiting"]) == ("done", "", 120, 0)
    answers = json.loads(row["Answers"])
    assert [(answer["from"], answer["people"], answer["requestId"]) for answer in answers] == [
        (0, 50, "r-1"),
        (50, 50, "r-1"),
        (100, 20, "r-1"),
    ]
    assert set(column(context, WORKERS, "Status").values()) == {"uploaded"}
    assert set(column(context, ACCOUNTS, "Pending").values()) == {""}
    assert counts(context, ref) == {"Uploaded": 120}


def test_a_message_for_a_page_that_is_done_sends_nothing(context: Context, script: Script) -> None:
    ref = planned(context, ids(2))
    deliver(context, message(ref))
    before = rows_of(context.storage, WORKERS)
    deliver(context, message(ref))
    assert (sent(script), rows_of(context.storage, WORKERS)) == ([ids(2)], before)


def test_a_message_for_a_page_that_nobody_planned_is_dropped(context: Context, script: Script) -> None:
    deliver(context, message(ExtractRef("20260918T060000Z-aaaaaaaaaaaa", "employees")))
    assert (sent(script), rows_of(context.storage, PAGES)) == ([], [])


def test_a_message_of_an_older_generation_is_stale(context: Context, script: Script) -> None:
    ref = planned(context, ids(2))
    set_page(context, ref, Generation=3, Status=PageStatus.WAITING)
    deliver(context, message(ref, generation=2))
    assert sent(script) == []
    deliver(context, message(ref, generation=3))
    assert sent(script) == [ids(2)]


def test_pages_that_wait_for_this_one_are_queued_after_it(
    context: Context, sent_messages: list[tuple[int, int, int]]
) -> None:
    ref = planned(context, ["a"], ["b"], ["c"], after={2: 1, 3: 2})
    assert sent_messages == [(1, 1, 0)]
    deliver(context, message(ref, 1))
    assert sent_messages == [(1, 1, 0), (2, 1, 0)]
    assert column(context, PAGES, "Status") == {"000001": "done", "000002": "queued", "000003": "planned"}
    deliver(context, message(ref, 2))
    assert sent_messages == [(1, 1, 0), (2, 1, 0), (3, 1, 0)]


def test_pages_that_wait_for_this_one_do_not_wait_until_the_rows_of_its_people_are_written(
    context: Context, sent_messages: list[tuple[int, int, int]], monkeypatch: pytest.MonkeyPatch
) -> None:
    ref = planned(context, ["a"], ["b"], ["c"], ["d"], after={2: 1, 4: 3})
    queued_before: list[list[int]] = []

    def recording(*given: Any) -> Any:
        queued_before.append([page for page, _, _ in sent_messages])
        return record_accepted(*given)

    monkeypatch.setattr(send, "record_accepted", recording)
    deliver(context, message(ref, 1))
    deliver(context, message(ref, 3))
    assert (queued_before, counts(context, ref)) == ([[1, 3, 2], [1, 3, 2]], {"Uploaded": 2, "Waiting": 2})
    deliver(context, message(ref, 2))
    assert [page for page, _, _ in sent_messages] == [1, 3, 2, 4]  # before 3 there must be nobody left


def test_what_entra_took_is_written_even_if_pages_that_wait_cannot_be_queued(
    context: Context, sent_messages: list[tuple[int, int, int]], monkeypatch: pytest.MonkeyPatch
) -> None:
    ref = planned(context, ["a"], ["b"], after={2: 1})

    def away(*_: Any) -> None:
        raise ServiceRequestError("no connection")

    with monkeypatch.context() as patch:
        patch.setattr(send, "queue_ready_pages", away)
        deliver(context, message(ref, 1))
    assert (column(context, WORKERS, "Status"), page_row(context, ref)["Status"]) == (
        {"a": "uploaded", "b": "queued"},
        "done",
    )
    look_after_pages(context)
    assert [page for page, _, _ in sent_messages] == [1, 1, 2]  # the first is put back, and found to be done


def test_pages_that_wait_for_several_wait_for_none_of_them_to_be_written(
    context: Context, sent_messages: list[tuple[int, int, int]], monkeypatch: pytest.MonkeyPatch
) -> None:
    ref = planned(context, ["a"], ["b"], ["c"], after={3: 2})
    is_recording, go_on = threading.Event(), threading.Event()

    def recording(*given: Any) -> Any:
        is_recording.set()
        assert go_on.wait(60)
        return record_accepted(*given)

    monkeypatch.setattr(send, "record_accepted", recording)
    with ThreadPoolExecutor(2) as pool:
        first = pool.submit(deliver, context, message(ref, 1))
        assert is_recording.wait(60)
        second = pool.submit(deliver, context, message(ref, 2))
        wait_for(lambda: page_row(context, ref, 3)["Status"] == "queued")
        assert [page_row(context, ref, number)["Status"] for number in (1, 2)] == ["sending", "sending"]
        go_on.set()
        first.result()
        second.result()
    assert [page for page, _, _ in sent_messages] == [1, 2, 3]


def test_people_who_have_been_counted_meanwhile_are_counted_anew(
    context: Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    ref = planned(context, ids(3))

    def recorded_and_counted(*given: Any) -> Any:
        told = record_accepted(*given)
        change_rows(
            context.storage.table(WORKERS),
            [people.worker_key(ref.source, ids(1)[0])],
            lambda *_: WorkerRow(sent_status=WorkerStatus.PROVISIONED),
        )
        progress.recount_page(context.storage, ref, "plan", 1)
        return told

    monkeypatch.setattr(send, "record_accepted", recorded_and_counted)
    deliver(context, message(ref))
    assert (page_row(context, ref)["Status"], counts(context, ref)) == ("done", {"Provisioned": 1, "Uploaded": 2})


def test_nothing_is_asked_twice_for_a_page_of_three_requests(
    context: Context, script: Script, monkeypatch: pytest.MonkeyPatch
) -> None:
    ref = planned(context, ids(120))
    circuit_breaker.note_plan(context.storage, "default", "plan")
    asked: Counter[str] = Counter()

    def counting(place: Any, name: str) -> None:
        real = getattr(place, name)

        def count(*given: Any, **named: Any) -> Any:
            asked[name] += 1
            return real(*given, **named)

        monkeypatch.setattr(place, name, count)

    for place, name in (
        (circuit_breaker, "stopped_now"), (pages, "read_page"), (people, "accounts_of"), (progress, "recount_page"),
    ):  # fmt: skip
        counting(place, name)
    deliver(context, message(ref))
    assert (sent(script), asked) == (
        [ids(50), ids(50, 50), ids(20, 100)],
        {"stopped_now": 4, "read_page": 1, "accounts_of": 1},  # once more before calls are asked for
    )


def test_a_pause_that_comes_while_calls_are_waited_for_is_heeded(
    context: Context, script: Script, monkeypatch: pytest.MonkeyPatch
) -> None:
    ref = planned(context, ids(2))
    wait = rate_limiter.Calls.wait

    def pausing(calls: rate_limiter.Calls, leavers: Any) -> None:
        wait(calls, leavers)
        circuit_breaker.pause(context.storage, ref.source, by="Ann", reason="A wrong list.", now=START)

    monkeypatch.setattr(rate_limiter.Calls, "wait", pausing)
    deliver(context, message(ref))
    assert (sent(script), page_row(context, ref)["Status"]) == ([], "waiting")


def test_a_page_that_somebody_else_is_sending_is_looked_at_again_when_his_claim_is_over(
    context: Context, script: Script, sent_messages: list[tuple[int, int, int]]
) -> None:
    ref = planned(context, ids(2))
    set_page(context, ref, Status=PageStatus.SENDING, Claim="somebody", ClaimedUntil=iso(START + timedelta(seconds=40)))
    deliver(context, message(ref))
    assert (sent(script), sent_messages[1:]) == ([], [(1, 1, 41)])


def test_who_takes_over_resends_just_the_request_without_an_answer(
    context: Context, script: Script, time: ManualTime
) -> None:
    ref = planned(context, ids(120))
    script.answer = lambda request: ACCEPTED if names(request) != ids(50, 50) else crash()

    def crash() -> Reply:
        raise AssertionError("the test's process ends here")

    real = upload_module.upload_bulk

    def upload(*arguments: Any) -> Any:
        if arguments[2][0]["externalId"] == "0050-x":
            raise KeyboardInterrupt
        return real(*arguments)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(send, "upload_bulk", upload)
        with pytest.raises(KeyboardInterrupt):
            deliver(context, message(ref))
    script.answer = None
    time.forward(300)
    deliver(context, message(ref))
    assert sent(script) == [ids(50), ids(50, 50), ids(20, 100)]
    assert counts(context, ref) == {"Uploaded": 120}


def test_answers_that_a_crash_left_unrecorded_are_recorded_by_the_next(
    context: Context, script: Script, time: ManualTime, monkeypatch: pytest.MonkeyPatch
) -> None:
    ref = planned(context, ids(2))

    def crash(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(send, "record_accepted", crash)
        with pytest.raises(KeyboardInterrupt):
            deliver(context, message(ref))
    assert set(column(context, WORKERS, "Status").values()) == {"queued"}
    time.forward(300)
    deliver(context, message(ref))
    assert (sent(script), counts(context, ref)) == ([ids(2)], {"Uploaded": 2})


def test_counting_a_page_while_it_is_sent_does_not_end_the_claim(context: Context, script: Script) -> None:
    ref = planned(context, ids(120))

    def count(request: Request) -> Reply:
        progress.recount_page(context.storage, ref, "plan", 1)
        return ACCEPTED

    script.answer = count
    deliver(context, message(ref))
    assert sent(script) == [ids(50), ids(50, 50), ids(20, 100)]
    assert page_row(context, ref)["Status"] == "done"


def test_a_page_whose_row_changes_just_before_the_claim_is_sent_all_the_same(
    context: Context, script: Script, monkeypatch: pytest.MonkeyPatch
) -> None:
    ref = planned(context, ids(2))
    set_page(context, ref, Status=PageStatus.PLANNED)
    real = page_claim._update
    steps: list[Callable[[], None]] = [lambda: set_page(context, ref, Status=PageStatus.QUEUED)]

    def update(*arguments: Any) -> Any:
        if steps:
            steps.pop()()
        return real(*arguments)

    monkeypatch.setattr(page_claim, "_update", update)
    deliver(context, message(ref))
    assert (sent(script), page_row(context, ref)["Status"]) == ([ids(2)], "done")


def test_of_two_who_get_the_same_message_at_once_one_sends(
    context: Context, script: Script, sent_messages: list[tuple[int, int, int]], monkeypatch: pytest.MonkeyPatch
) -> None:
    ref = planned(context, ids(2))
    barrier = threading.Barrier(2)
    real = page_claim._update
    waited = threading.local()

    def update(*arguments: Any) -> Any:
        if not getattr(waited, "once", False):
            waited.once = True
            barrier.wait(60)
        return real(*arguments)

    monkeypatch.setattr(page_claim, "_update", update)
    threads = [threading.Thread(target=deliver, args=(context, message(ref))) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (sent(script), page_row(context, ref)["Status"]) == ([ids(2)], "done")
    assert set(sent_messages[1:]) <= {(1, 1, 46)}


def test_who_lost_his_claim_stops_and_leaves_the_row_to_the_other(context: Context, script: Script) -> None:
    ref = planned(context, ids(120))

    def take_over(request: Request) -> Reply:
        set_page(context, ref, Claim="somebody else", ClaimedUntil=iso(START + timedelta(hours=1)))
        return ACCEPTED

    script.answer = take_over
    deliver(context, message(ref))
    row = page_row(context, ref)
    assert sent(script) == [ids(50)]
    assert (row["Status"], row["Claim"], row["Answers"]) == ("sending", "somebody else", "[]")


def test_a_claim_is_renewed_before_it_could_end_during_a_request(
    context: Context, script: Script, time: ManualTime
) -> None:
    ref = planned(context, ids(120))
    left: list[float] = []

    def look(request: Request) -> Reply:
        until = page_row(context, ref)["ClaimedUntil"]
        left.append((parse_iso(until) - time()).total_seconds())
        time.forward(60)
        return ACCEPTED

    script.answer = look
    deliver(context, message(ref))
    assert len(left) == 3
    assert min(left) >= LONGEST_REQUEST


SHORT: list[tuple[Reply, int, str]] = [
    (Reply(429, headers={"Retry-After": "17"}), 17, "Entra answered 429"),
    (Reply(429), 5, "Entra answered 429"),
    (Reply(503, headers={"Retry-After": "3"}), 3, "Entra answered 503"),
    (Reply(503), 10, "Entra answered 503"),
    (Reply(408), 10, "Entra answered 408"),
    (CUT, 10, "broke before the answer"),
]


@pytest.mark.parametrize(("reply", "wait", "words"), SHORT, ids=[f"{words} {wait}" for _, wait, words in SHORT])
def test_a_short_wait_is_the_time_for_which_the_message_stays_invisible_and_nobody_is_lost(
    context: Context,
    script: Script,
    time: ManualTime,
    sent_messages: list[tuple[int, int, int]],
    reply: Reply,
    wait: int,
    words: str,
) -> None:
    ref = planned(context, ids(60))
    script.replies[:] = [ACCEPTED, reply]
    deliver(context, message(ref))
    row = page_row(context, ref)
    assert sent_messages[1:] == [(1, 2, wait)]
    assert (row["Generation"], row["Status"], row["Parked"], row["Tries"]) == (2, "waiting", False, 1)
    assert row["WaitUntil"] == iso(time() + timedelta(seconds=wait))
    assert words in row["Reason"]
    assert row["Reason"] in extracts.load_extract(context.storage, ref).message
    assert counts(context, ref) == {"Uploaded": 50, "Waiting": 10}
    script.replies[:] = [ACCEPTED]
    script.requests.clear()
    time.forward(wait)
    deliver(context, message(ref, generation=2))
    assert (sent(script), counts(context, ref)) == ([ids(10, 50)], {"Uploaded": 60})
    assert page_row(context, ref)["Tries"] == 0


LONG: list[tuple[Reply, tuple[int, int], str]] = [
    (Reply(429, headers={"Retry-After": "86400"}), (86400, 86400), "Entra answered 429"),
    (BULK_FULL, (300, 600), "Entra answered 500"),
    (Reply(503, headers={"Retry-After": "120"}), (120, 120), "Entra answered 503"),
    (Reply(401), (60, 60), "Entra answered 401"),
    (Reply(403), (900, 900), "Entra answered 403"),
    (Reply(404), (900, 900), "Entra answered 404"),
    (Reply(302), (900, 900), "Entra answered 302"),
    (Reply(405), (900, 900), "Entra answered 405"),
    (Reply(409), (900, 900), "Entra answered 409"),
]


@pytest.mark.parametrize(("reply", "wait", "words"), LONG, ids=[f"{words} {wait}" for _, wait, words in LONG])
def test_a_long_wait_needs_no_message_and_ends_by_itself(
    context: Context,
    script: Script,
    time: ManualTime,
    sent_messages: list[tuple[int, int, int]],
    reply: Reply,
    wait: tuple[int, int],
    words: str,
) -> None:
    ref = planned(context, ids(60))
    script.replies[:] = [ACCEPTED, reply]
    deliver(context, message(ref))
    row = page_row(context, ref)
    until = parse_iso(row["WaitUntil"])
    assert wait[0] <= (until - time()).total_seconds() <= wait[1] + 1
    assert (sent_messages[1:], row["Status"], row["Parked"]) == ([], "waiting", True)
    assert words in row["Reason"]
    assert row["Reason"] in extracts.load_extract(context.storage, ref).message
    assert counts(context, ref) == {"Uploaded": 50, "Waiting": 10}
    script.replies[:] = [ACCEPTED]
    script.requests.clear()
    look_after_pages(context)
    assert sent_messages[1:] == []
    time.forward((until - time()).total_seconds())
    look_after_pages(context)
    assert sent_messages[1:] == [(1, 3, 0)]
    deliver(context, message(ref, generation=3))
    assert (sent(script), counts(context, ref)) == ([ids(10, 50)], {"Uploaded": 60})
    assert extracts.load_extract(context.storage, ref).message.endswith("60 sent, no verdict yet.")


def test_a_refused_token_is_replaced_once_and_at_once(context: Context, script: Script) -> None:
    ref = planned(context, ids(60))
    script.replies[:] = [Reply(401), ACCEPTED]
    deliver(context, message(ref))
    assert (sent(script), counts(context, ref)) == ([ids(50), ids(50), ids(10, 50)], {"Uploaded": 60})


def test_people_who_wait_for_it_are_told_that_it_has_to_act(context: Context, script: Script) -> None:
    ref = planned(context, ids(51))
    script.replies[:] = [ACCEPTED, Reply(403)]
    deliver(context, message(ref))
    rows = {row["RowKey"]: row for row in rows_of(context.storage, WORKERS)}
    assert (rows["0000-x"]["Status"], rows["0050-x"]["Status"], rows["0050-x"]["WhoActs"]) == (
        "uploaded",
        "queued",
        "IT",
    )
    assert "lacks the Microsoft Graph app role" in rows["0050-x"]["Reason"]


def test_without_a_setting_for_the_job_the_page_waits_and_says_so(
    context: Context, script: Script, sent_messages: list[tuple[int, int, int]]
) -> None:
    ref = planned(context, ids(1))
    set_page(context, ref, Job="gone")
    deliver(context, message(ref))
    assert (sent(script), sent_messages[1:], page_row(context, ref)["Parked"]) == ([], [], True)
    assert "set PROVISIONING_ENDPOINT__GONE" in page_row(context, ref)["Reason"]


def test_people_whom_a_newer_extract_planned_are_not_sent_with_the_older_one(context: Context, script: Script) -> None:
    old = planned(context, ids(3))
    new = planned(context, ids(2), minutes=5)
    deliver(context, message(old))
    deliver(context, message(new))
    assert sent(script) == [["0002-x"], ids(2)]
    assert counts(context, old) == {"Uploaded": 1, "Superseded": 2}
    assert counts(context, new) == {"Uploaded": 2}


def test_a_page_all_of_whose_people_are_planned_anew_sends_nothing_and_is_delivered(
    context: Context, script: Script
) -> None:
    old = planned(context, ids(2))
    planned(context, ids(2), minutes=5)
    deliver(context, message(old))
    assert (sent(script), extracts.load_extract(context.storage, old).status) == ([], "delivered")


def test_people_whom_a_newer_extract_plans_between_two_requests_are_left_out_of_the_next(
    context: Context, script: Script
) -> None:
    old = planned(context, ids(51))

    def plan_anew(request: Request) -> Reply:
        script.answer = None
        planned(context, ["0050-x"], minutes=5)
        return ACCEPTED

    script.answer = plan_anew
    deliver(context, message(old))
    assert sent(script) == [ids(50)]
    assert counts(context, old) == {"Uploaded": 50, "Superseded": 1}


def test_a_page_waits_while_an_older_page_with_its_people_is_being_sent(
    context: Context, script: Script, time: ManualTime, sent_messages: list[tuple[int, int, int]]
) -> None:
    old = planned(context, ids(1))
    set_page(context, old, Status=PageStatus.SENDING, Claim="somebody", ClaimedUntil=iso(START + timedelta(seconds=40)))
    new = planned(context, ids(1), minutes=5)
    sent_messages.clear()
    deliver(context, message(new))
    assert (sent(script), sent_messages) == ([], [(1, 1, 41)])
    time.forward(41)
    deliver(context, message(new))
    assert sent(script) == [ids(1)]


def test_a_page_waits_for_a_request_of_the_plan_before_last_too(
    context: Context, script: Script, time: ManualTime, sent_messages: list[tuple[int, int, int]]
) -> None:
    first = planned(context, ids(1))
    set_page(
        context, first, Status=PageStatus.SENDING, Claim="somebody", ClaimedUntil=iso(START + timedelta(seconds=40))
    )
    planned(context, ids(1), minutes=5)
    third = planned(context, ids(1), minutes=6)
    sent_messages.clear()
    deliver(context, message(third))
    assert (sent(script), sent_messages) == ([], [(1, 1, 41)])


def test_who_had_to_wait_before_he_could_send_looks_again_for_people_whom_a_newer_plan_has(
    context: Context, script: Script, time: ManualTime, monkeypatch: pytest.MonkeyPatch
) -> None:
    """For a token, or because the process stood still; the newer plan's page need not wait for a claim that is over."""
    real: dict[str, Any] = {"token": context.graph.token, "stopped_now": circuit_breaker.stopped_now}

    def hold_up(where: str, newer: list[ExtractRef], minutes: int) -> Callable[..., Any]:
        def wait(*arguments: Any) -> Any:
            if not newer:
                time.forward(120)
                newer.append(planned(context, ids(1), minutes=minutes + 5))
                deliver(context, message(newer[0]))
            return real[where](*arguments)

        return wait

    for minutes, where, owner in ((10, "token", context.graph), (20, "stopped_now", circuit_breaker)):
        old = planned(context, ids(2), minutes=minutes)
        newer: list[ExtractRef] = []
        script.requests.clear()
        with monkeypatch.context() as patch:
            patch.setattr(owner, where, hold_up(where, newer, minutes))
            deliver(context, message(old))
        assert sent(script) == [ids(1), ["0001-x"]], where


def test_an_identity_that_is_slow_after_the_look_at_the_claim_holds_no_older_record_up(
    context: Context, script: Script, time: ManualTime
) -> None:
    """The token that was got beforehand is the one that is sent: nobody asks for another while the claim runs out."""
    asked: list[str] = []

    class Slow:
        def get_token(self, *_: str, **__: Any) -> AccessToken:
            asked.append("token")
            if len(asked) == 2:
                time.forward(120)
                deliver(context, message(planned(context, ids(1), minutes=5)))
            return AccessToken("made up", 4102444800)

    old = planned(context, ids(2))
    context.graph.identity.make = Slow
    deliver(context, message(old))
    assert (sent(script), asked) == ([ids(2)], ["token"])


def storage_is_away(*_: object, **__: object) -> None:
    raise ServiceRequestError("no connection")


def test_a_claim_whose_request_had_no_answer_stays_though_storage_is_away_too(
    context: Context, script: Script, time: ManualTime, monkeypatch: pytest.MonkeyPatch
) -> None:
    ref = planned(context, ids(2))
    script.replies[:] = [CUT]
    monkeypatch.setattr(progress, "refresh", storage_is_away)
    monkeypatch.setattr(send, "put_off", storage_is_away)
    monkeypatch.setattr(rate_limiter.Ledger, "settle", storage_is_away)
    deliver(context, message(ref))
    row = page_row(context, ref)
    claimed = iso(time() + timedelta(seconds=LONGEST_REQUEST + 10))
    assert (row["Status"], row["ClaimedUntil"], row["UnansweredSince"]) == ("queued", claimed, iso(time()))


def test_calls_that_cannot_be_given_back_keep_no_page(
    context: Context, script: Script, monkeypatch: pytest.MonkeyPatch
) -> None:
    ref = planned(context, ids(2))
    monkeypatch.setattr(rate_limiter.Ledger, "settle", storage_is_away)
    deliver(context, message(ref))
    assert (sent(script), page_row(context, ref)["Status"]) == ([ids(2)], "done")


@pytest.mark.parametrize("reply", [ACCEPTED, CUT], ids=["202", "no answer"])
@pytest.mark.parametrize("newer_is_answered", [True, False])
def test_an_older_record_that_may_have_reached_entra_after_the_newer_one_is_not_the_end_of_it(
    context: Context,
    script: Script,
    time: ManualTime,
    monkeypatch: pytest.MonkeyPatch,
    reply: Reply,
    newer_is_answered: bool,
) -> None:
    """A process that stood still between the look at its claim and the request."""
    real = upload_module.upload_bulk
    newer: list[ExtractRef] = []

    def stand_still(*arguments: Any) -> Any:
        if not newer:
            time.forward(120)
            newer.append(planned(context, ids(1), minutes=5))
            if newer_is_answered:
                deliver(context, message(newer[0]))
            script.replies[:] = [reply, ACCEPTED]
        return real(*arguments)

    old = planned(context, ids(2))
    monkeypatch.setattr(send, "upload_bulk", stand_still)
    deliver(context, message(old))
    if not newer_is_answered:  # it was on its way before the older one's answer came
        deliver(context, message(newer[0]))
    assert column(context, ACCOUNTS, "Accepted")["0000-x"] == "another record"
    assert still_wanted(context.storage, "default", ids(1)) == set(ids(1))
    found = due_until(context.storage, time() + timedelta(hours=1), "default")
    assert [(due.external_id, due.why) for due in found] == [("0000-x", DueReason.RESEND)]


@pytest.mark.parametrize(
    ("reply", "status"),
    [(ACCEPTED, "done"), (CUT, "cancelled"), (Reply(503), "cancelled")],
    ids=["202", "no answer", "503"],
)
def test_a_page_that_is_cancelled_while_its_holder_stands_still_is_not_put_off_again(
    context: Context, script: Script, time: ManualTime, monkeypatch: pytest.MonkeyPatch, reply: Reply, status: str
) -> None:
    real = upload_module.upload_bulk

    def stand_still(*arguments: Any) -> Any:
        time.forward(120)
        planned(context, ids(2), minutes=5)
        cancel_overtaken(context, [Deliverer.of(old, 1)])
        return real(*arguments)

    old = planned(context, ids(2))
    monkeypatch.setattr(send, "upload_bulk", stand_still)
    script.replies[:] = [reply]
    deliver(context, message(old))
    assert page_row(context, old)["Status"] == status


def test_an_identity_that_has_no_token_for_storage_after_the_answer_is_no_trouble_of_the_job(
    context: Context, script: Script, monkeypatch: pytest.MonkeyPatch, sent_messages: list[tuple[int, int, int]]
) -> None:
    ref = planned(context, ids(2))
    real, faults = page_claim.renew, [NoToken("no token for storage")]

    def fail_once(context: Context, held: page_claim.ClaimedPage, values: Any = None) -> page_claim.ClaimedPage:
        if values and faults:
            raise faults.pop()
        return real(context, held, values)

    monkeypatch.setattr(page_claim, "renew", fail_once)
    deliver(context, message(ref))
    assert (sent(script), sent_messages[1:]) == ([ids(2)], [(1, 1, 30)])
    assert circuit_breaker.stopped_now(context.storage).stopped("default") is None
    row = page_row(context, ref)
    assert (row["Status"], row["UnansweredSince"]) == ("queued", iso(START))  # it may have reached Entra
    deliver(context, message(ref))
    assert (sent(script), counts(context, ref)) == ([ids(2)] * 2, {"Uploaded": 2})


def test_people_whom_another_source_planned_are_withdrawn_and_not_said_to_be_sent(
    context: Context, script: Script
) -> None:
    employees = planned(context, ids(2))
    planned(context, ids(1), source="contractors", minutes=5)
    deliver(context, message(employees))
    assert sent(script) == [["0001-x"]]
    assert [(row["PartitionKey"], row["RowKey"], row["Status"]) for row in rows_of(context.storage, WORKERS)] == [
        ("contractors|-x", "0000-x", "queued"),
        ("employees|-x", "0000-x", "withdrawn"),
        ("employees|-x", "0001-x", "uploaded"),
    ]
    assert counts(context, employees) == {"Uploaded": 1, "Superseded": 1}


def test_a_page_whose_message_is_gone_gets_a_new_one_of_a_new_generation(
    context: Context, time: ManualTime, sent_messages: list[tuple[int, int, int]]
) -> None:
    ref = planned(context, ids(2))
    context.storage.queue(UPLOADS).clear_messages()
    time.forward(100)
    look_after_pages(context)
    assert sent_messages == [(1, 1, 0)]
    time.forward(30)
    look_after_pages(context)
    look_after_pages(context)
    assert sent_messages == [(1, 1, 0), (1, 2, 0)]
    assert page_row(context, ref)["Generation"] == 2


def test_a_page_without_a_message_is_found_even_if_the_queue_is_never_empty(
    context: Context, time: ManualTime, sent_messages: list[tuple[int, int, int]]
) -> None:
    planned(context, ids(2))
    time.forward(3000)
    look_after_pages(context)
    assert sent_messages == [(1, 1, 0)]
    time.forward(700)
    look_after_pages(context)
    assert sent_messages == [(1, 1, 0), (1, 2, 0)]


def test_an_extract_that_a_crash_kept_from_being_counted_is_delivered_by_the_clock(
    context: Context, script: Script, monkeypatch: pytest.MonkeyPatch
) -> None:
    ref = planned(context, ids(2))
    script.replies[:] = [Reply(400)]
    with monkeypatch.context() as patch:
        patch.setattr(send, "_finish", lambda *_, **__: None)
        deliver(context, message(ref))
    context.storage.queue(UPLOADS).clear_messages()
    look_after_pages(context)
    row = extracts.load_extract(context.storage, ref)
    assert (row.status, counts(context, ref)) == ("delivered", {"Failed": 2})


def test_nobodys_data_is_in_the_logs(context: Context, script: Script, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("DEBUG", "shared")
    words = "worker0000-x@example.com is no address"
    ref = planned(context, ids(2))
    script.replies[:] = [
        *(Reply(status, {"error": {"message": words}}) for status in (400, 400, 400)),
        Reply(302, words.encode(), {"Location": f"https://example.com/{words}"}),
    ]
    deliver(context, message(ref))
    planned(context, ids(2, 5), minutes=5)
    deliver(context, message(planned(context, ids(2, 5), minutes=6)))
    assert column(context, WORKERS, "Status")["0000-x"] == "failed"
    assert "Entra answered 302" in caplog.text
    assert "example.com" not in caplog.text
    assert "of employees" not in caplog.text


def test_after_a_lost_answer_the_person_counts_as_sent_from_the_first_attempt(context: Context, script: Script) -> None:
    ref = planned(context, ids(1))
    script.replies[:] = [CUT, ACCEPTED]
    deliver(context, message(ref))
    first = page_row(context, ref)["UnansweredSince"]
    context.clock.sleep(60)
    deliver(context, message(ref, generation=2))
    [row] = context.storage.table(WORKERS).list_entities()
    # Graph's clock stands still here: a minute before the second request, less the second it may have lasted.
    assert (first, row["Status"], row["UploadedAt"]) == (iso(START), "uploaded", iso(START - timedelta(seconds=61)))


def test_a_page_whose_holder_died_is_queued_again_though_his_message_is_still_hidden(
    context: Context, time: ManualTime
) -> None:
    ref = planned(context, ids(1))
    set_page(context, ref, Status="sending", ClaimedUntil=iso(START))
    assert context.storage.queue("bulk-uploads").get_queue_properties().approximate_message_count
    time.forward(4)
    look_after_pages(context)
    assert page_row(context, ref)["Generation"] == 1
    time.forward(2)
    look_after_pages(context)
    assert page_row(context, ref)["Generation"] == 2
