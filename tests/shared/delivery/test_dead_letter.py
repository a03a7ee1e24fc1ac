"""Poison is not the end: support sees it, and an operator puts it back."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from azure.core.exceptions import HttpResponseError, ServiceRequestError

from cli.__main__ import main as cli
from shared import settings
from shared.clock import iso
from shared.context import Context
from shared.delivery import dead_letter, page_claim, send
from shared.delivery.dead_letter import put_aside, redrive
from shared.delivery.queueing import look_after_pages
from shared.delivery.send import deliver
from shared.errors import NoToken, TerminalError, TransientError
from shared.intake import dead_letter as files
from shared.intake.registering import arrived_version
from shared.model import ExtractRef
from shared.outcomes import progress
from shared.records import extracts, people
from shared.storage import messages
from shared.storage.names import ACCOUNTS, INBOX, WORKERS
from shared.tables.extracts import ExtractRow, ExtractStatus
from shared.tables.pages import PageStatus
from tests.conftest import Storage
from tests.support.broken_connections import BROKEN_CONNECTIONS
from tests.support.contexts import NOWHERE, START, ManualTime, endpoint_at, rows_of, visible_messages
from tests.support.delivering import column, counts, give_up, ids, message, page_row, planned, sent, set_page
from tests.support.scripted_server import CUT, Reply, Script

ACCEPTED = Reply(202, headers={"request-id": "r-1"})


@pytest.fixture
def env(storage: Storage, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The settings of the commands."""
    monkeypatch.setenv(settings.HR_STORAGE, storage.connection_string)
    monkeypatch.setenv(settings.PROVISIONING_ENDPOINT, endpoint_at(NOWHERE).url)
    settings.load.cache_clear()
    yield
    settings.load.cache_clear()


def test_people_of_a_page_that_failed_again_and_again_are_failed_and_told_what_to_do(
    context: Context, script: Script
) -> None:
    ref = planned(context, ids(60), ids(5, 60))
    script.replies[:] = [ACCEPTED, Reply(503)]
    deliver(context, message(ref))
    give_up(context, message(ref, generation=2))
    rows = {row["RowKey"]: row for row in rows_of(context.storage, WORKERS)}
    assert [rows[one]["Status"] for one in ids(65)] == ["uploaded"] * 50 + ["failed"] * 10 + ["queued"] * 5
    assert (rows["0055-x"]["WhoActs"], rows["0055-x"]["NextStep"], rows["0055-x"]["ErrorCode"]) == (
        "IT",
        f"IT mends the cause, then: python -m cli redrive {ref.id}",
        "PutAside",
    )
    assert (page_row(context, ref)["Status"], counts(context, ref)) == (
        "failed",
        {"Uploaded": 50, "Failed": 10, "Waiting": 5},
    )
    give_up(context, message(ref, generation=2))
    assert counts(context, ref) == {"Uploaded": 50, "Failed": 10, "Waiting": 5}


def test_a_page_that_was_put_aside_is_put_back_and_sent(context: Context, script: Script) -> None:
    ref = planned(context, ids(60))
    script.replies[:] = [ACCEPTED, Reply(503)]
    deliver(context, message(ref))
    give_up(context, message(ref, generation=2))
    context.storage.queue("bulk-uploads").clear_messages()
    assert redrive(context, "20260918T060000Z-aaaaaaaaaaaa") == {}
    assert redrive(context) == {ref.id: 1}
    look_after_pages(context)
    assert counts(context, ref) == {"Uploaded": 50, "Waiting": 10}
    script.replies[:] = [ACCEPTED]
    [found] = visible_messages(context.storage)
    deliver(context, messages.message_from_json(found))
    assert (sent(script)[2:], counts(context, ref)) == ([ids(10, 50)], {"Uploaded": 60})
    assert set(column(context, ACCOUNTS, "Accepted").values()) == {f"{one} of employees 0" for one in ids(60)}


class Killed(BaseException):
    """The process was killed."""


@pytest.mark.parametrize("moment", ["save_page", "note_state", "_forget_pending", "recount_page", "queue_ready_pages"])
def test_whoever_is_killed_while_he_puts_a_page_aside_strands_nobody(
    context: Context, script: Script, time: ManualTime, monkeypatch: pytest.MonkeyPatch, moment: str
) -> None:
    ref = planned(context, ids(60))
    script.replies[:] = [ACCEPTED, Reply(503)]
    deliver(context, message(ref))

    def kill(*_: object) -> None:
        raise Killed

    owners = {"save_page": page_claim, "note_state": people, "recount_page": progress}
    with monkeypatch.context() as patch:
        patch.setattr(owners.get(moment, dead_letter), moment, kill)
        with pytest.raises(Killed):
            give_up(context, message(ref, generation=2))
    time.forward(60)
    put_aside(context, message(ref, generation=2))  # which the runtime hands over again
    row = page_row(context, ref)
    assert (row["Status"], row["ClaimedUntil"], counts(context, ref)) == ("failed", "", {"Uploaded": 50, "Failed": 10})
    assert set(column(context, ACCOUNTS, "Pending").values()) == {""}
    context.storage.queue("bulk-uploads").clear_messages()
    assert redrive(context) == {ref.id: 1}
    script.replies[:] = [ACCEPTED]
    [found] = visible_messages(context.storage)
    deliver(context, messages.message_from_json(found))
    assert (sent(script)[-1], counts(context, ref)) == (ids(10, 50), {"Uploaded": 60})


def test_a_page_that_is_being_put_aside_is_not_put_back_at_that_moment(context: Context, time: ManualTime) -> None:
    ref = planned(context, ids(2))
    give_up(context, message(ref))
    set_page(context, ref, ClaimedUntil=iso(time() + timedelta(seconds=5)))
    assert redrive(context) == {}
    time.forward(6)
    assert redrive(context) == {ref.id: 1}


def test_of_those_whose_request_had_no_answer_nobody_knows_what_entra_has(context: Context, script: Script) -> None:
    ref = planned(context, ids(60))
    script.replies[:] = [CUT]
    deliver(context, message(ref))
    give_up(context, message(ref, generation=2))
    accepted = column(context, ACCOUNTS, "Accepted")
    assert {one: accepted[one] for one in ids(60)} == {
        **dict.fromkeys(ids(50), people.ANOTHER),
        **dict.fromkeys(ids(10, 50)),
    }


def test_the_next_file_is_compared_with_what_entra_has(context: Context) -> None:
    ref = planned(context, ids(2))
    give_up(context, message(ref))
    assert set(column(context, ACCOUNTS, "Pending").values()) == {""}
    redrive(context)
    assert set(column(context, ACCOUNTS, "Pending").values()) == {f"{one} of employees 0" for one in ids(2)}


def test_people_whom_a_newer_plan_has_taken_over_are_not_put_back(context: Context, script: Script) -> None:
    old = planned(context, ids(3))
    give_up(context, message(old))
    planned(context, ids(2), minutes=5)
    redrive(context, old.id)
    deliver(context, message(old, generation=page_row(context, old)["Generation"]))
    assert sent(script) == [["0002-x"]]


def test_poison_of_a_page_that_has_a_newer_message_or_a_holder_or_an_end_changes_nothing(context: Context) -> None:
    ref = planned(context, ids(1), ids(1, 1), ids(1, 2))
    set_page(context, ref, 1, Generation=2)
    set_page(context, ref, 2, Status=PageStatus.SENDING, Claim="x", ClaimedUntil=iso(START + timedelta(seconds=30)))
    set_page(context, ref, 3, Status=PageStatus.DONE)
    for number in (1, 2, 3):
        put_aside(context, message(ref, number))
    put_aside(context, message(ExtractRef("20260918T060000Z-aaaaaaaaaaaa", "employees")))
    assert [page_row(context, ref, number)["Status"] for number in (1, 2, 3)] == ["queued", "sending", "done"]


def test_a_page_whose_plan_is_gone_ends_all_the_same(context: Context) -> None:
    ref = planned(context, ids(1))
    set_page(context, ref, Plan="gone")
    with pytest.raises(HttpResponseError):
        deliver(context, message(ref))
    context.clock.sleep(60)
    with pytest.raises(HttpResponseError):
        put_aside(context, message(ref))
    assert page_row(context, ref)["Status"] == "failed"


def answer_of_storage(status: int) -> HttpResponseError:
    error = HttpResponseError(f"answer {status}")
    error.status_code = status
    return error


@pytest.mark.parametrize(
    "fault",
    [
        ServiceRequestError("gone"),
        TransientError("keeps changing"),
        TerminalError("no such job"),
        answer_of_storage(503),
        answer_of_storage(409),
        *BROKEN_CONNECTIONS,
    ],
    ids=str,
)
def test_a_fault_of_storage_that_passes_costs_no_try_of_the_message(
    context: Context,
    monkeypatch: pytest.MonkeyPatch,
    sent_messages: list[tuple[int, int, int]],
    fault: Exception,
) -> None:
    ref = planned(context, ids(1))

    def fail(*_: Any) -> None:
        raise fault

    monkeypatch.setattr(send, "_deliver", fail)
    deliver(context, message(ref))
    assert sent_messages[1:] == [(1, 1, 30)]
    assert "Failures" not in page_row(context, ref)


def test_a_page_is_not_given_up_because_storage_or_the_identity_was_away(
    context: Context, script: Script, time: ManualTime, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The runtime has a token of its own, and hands a message over five times, which takes some minutes."""
    ref = planned(context, ids(2))
    context.storage.queue("bulk-uploads").clear_messages()

    def fail(*_: Any, **__: Any) -> None:
        raise NoToken("no token for storage")

    with monkeypatch.context() as patch:
        patch.setattr(send, "_deliver", fail)
        patch.setattr(messages, "send", fail)
        for _ in range(5):
            before = time()
            with pytest.raises(NoToken):
                deliver(context, message(ref))
            assert timedelta(minutes=3) <= time() - before <= timedelta(minutes=5)
    put_aside(context, message(ref))
    assert page_row(context, ref)["Status"] == "queued"
    assert set(column(context, WORKERS, "Status").values()) == {"queued"}
    put_aside(context, message(ref))  # once more, by a second message: it is an old one now
    assert page_row(context, ref)["CameBack"] == 1
    look_after_pages(context)
    assert page_row(context, ref)["Generation"] == 2  # its message is not taken for lost
    deliver(context, message(ref, generation=2))
    assert (sent(script), counts(context, ref)) == ([ids(2)], {"Uploaded": 2})


def test_a_message_goes_back_once_storage_is_there_again(
    context: Context, time: ManualTime, monkeypatch: pytest.MonkeyPatch, sent_messages: list[tuple[int, int, int]]
) -> None:
    ref = planned(context, ids(1))
    real, faults = messages.send, [NoToken("no token"), ServiceRequestError("gone"), ConnectionResetError(104, "reset")]

    def fail_at_first(*arguments: Any, **options: Any) -> None:
        if faults:
            raise faults.pop()
        real(*arguments, **options)

    def fail(*_: Any) -> None:
        raise TransientError("keeps changing")

    monkeypatch.setattr(send, "_deliver", fail)
    monkeypatch.setattr(messages, "send", fail_at_first)
    deliver(context, message(ref))
    assert (sent_messages[1:], time.slept) == ([(1, 1, 30)], [5.0, 10.0, 20.0])


def test_a_page_that_comes_back_again_and_again_is_given_up_at_last(context: Context) -> None:
    ref = planned(context, ids(1))
    for generation in range(1, 26):
        assert page_row(context, ref)["Status"] == "queued"
        put_aside(context, message(ref, generation=generation))
    assert page_row(context, ref)["Status"] == "failed"


@pytest.mark.parametrize("status", [400, 404, 413])
def test_a_fault_of_our_own_making_is_not_repeated_for_ever(
    context: Context, monkeypatch: pytest.MonkeyPatch, sent_messages: list[tuple[int, int, int]], status: int
) -> None:
    ref = planned(context, ids(1))

    def fail(*_: Any) -> None:
        raise answer_of_storage(status)

    monkeypatch.setattr(send, "_deliver", fail)
    with pytest.raises(HttpResponseError):
        deliver(context, message(ref))
    assert sent_messages[1:] == []


def test_a_fault_while_a_page_is_sent_comes_back_with_the_message_until_the_page_is_put_aside(
    context: Context,
    time: ManualTime,
    monkeypatch: pytest.MonkeyPatch,
    sent_messages: list[tuple[int, int, int]],
) -> None:
    ref = planned(context, ids(1))
    monkeypatch.setattr(send, "upload_bulk", lambda *_: 1 // 0)
    for _ in range(5):
        with pytest.raises(ZeroDivisionError):
            deliver(context, message(ref))
        time.forward(30)  # `visibilityTimeout`
    assert sent_messages[1:] == []
    assert page_row(context, ref)["UnansweredSince"] == iso(START)
    put_aside(context, message(ref))
    assert (page_row(context, ref)["Status"], counts(context, ref)) == ("failed", {"Failed": 1})


def test_a_fault_after_a_page_was_put_off_or_has_ended_does_not_change_that(
    context: Context, script: Script, time: ManualTime, monkeypatch: pytest.MonkeyPatch
) -> None:
    ref = planned(context, ids(1), ids(1, 1))
    script.replies[:] = [Reply(500), ACCEPTED]
    monkeypatch.setattr(progress, "recount_page", lambda *_: 1 // 0)
    monkeypatch.setattr(progress, "refresh", lambda *_: 1 // 0)
    with pytest.raises(ZeroDivisionError):
        deliver(context, message(ref))
    assert page_row(context, ref)["Status"] == "waiting"
    time.forward(3600)
    with pytest.raises(ZeroDivisionError):
        deliver(context, message(ref, 2))
    assert page_row(context, ref, 2)["Status"] == "done"


def test_putting_back_leaves_an_extract_alone_that_is_about_to_be_planned_again(context: Context) -> None:
    ref = planned(context, ids(1))
    give_up(context, message(ref))
    extracts.save_extract(context.storage, ref, ExtractRow(status=ExtractStatus.ARRIVED, releasing="1"))
    assert redrive(context) == {ref.id: 1}
    assert (extracts.load_extract(context.storage, ref).status, page_row(context, ref)["Status"]) == (
        "arrived",
        "queued",
    )


def test_a_file_whose_event_failed_again_and_again_is_marked_or_taken_in(
    context: Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    blob = context.storage.container(INBOX).get_blob_client("employees/people.csv")
    blob.upload_blob(b"id\n1\n")
    text = json.dumps({"FunctionId": "Host.Functions.intake", "ContainerName": INBOX, "BlobName": blob.blob_name})
    taken: list[str] = []
    monkeypatch.setattr(files, "ingest_version", lambda _, found: taken.append(found.blob_name))
    files.note_unread(context, text)
    assert taken == ["employees/people.csv"]
    version = arrived_version(blob)
    first = ExtractRow(status=ExtractStatus.READING, message="Being read.", sequence="1")
    extracts.insert_extract(context.storage, version, first)
    files.note_unread(context, text)
    assert taken == ["employees/people.csv"]
    assert "has failed five times" in extracts.load_extract(context.storage, version.ref).message
    blob.delete_blob()
    files.note_unread(context, text)


@pytest.mark.parametrize("text", ["", "[]", "{}", "1"])
def test_what_else_was_put_aside_names_no_file(context: Context, text: str) -> None:
    with pytest.raises(TerminalError):
        files.note_unread(context, text)


@pytest.mark.parametrize(
    ("function", "container"), [("Host.Functions.intake", "scans"), ("Host.Functions.scan", INBOX), ("scan", INBOX)]
)
def test_what_another_app_has_put_aside_is_left_alone_with_a_line(
    context: Context, function: str, container: str, caplog: pytest.LogCaptureFixture
) -> None:
    blob = context.storage.container(INBOX).get_blob_client("employees/people.csv")
    blob.upload_blob(b"")
    version = arrived_version(blob)
    extracts.insert_extract(
        context.storage, version, ExtractRow(status=ExtractStatus.READING, message="Being read.", sequence="1")
    )
    text = json.dumps({"FunctionId": function, "ContainerName": container, "BlobName": blob.blob_name})
    files.note_unread(context, text)
    assert extracts.load_extract(context.storage, version.ref).message == "Being read."
    [line] = [record.getMessage() for record in caplog.records if record.name == files.logger.name]
    assert line == (
        f"A message that was put aside is about container {container} and function {function.rpartition('.')[2]}: "
        "not ours, left alone"
    )


def test_the_commands_pause_resume_and_redrive(
    context: Context, time: ManualTime, env: None, capsys: pytest.CaptureFixture[str]
) -> None:
    ref = planned(context, ids(1))
    assert cli(["pause", "employees", "--by", "Kim", "--reason", "audit"]) == 0
    assert cli(["pause", "--by", "Sam", "--reason", "storm"]) == 0
    deliver(context, message(ref))
    assert page_row(context, ref)["WaitFor"] == "pause"
    assert cli(["resume"]) == 0
    look_after_pages(context)
    assert page_row(context, ref)["Status"] == "waiting"
    assert cli(["resume", "employees"]) == 0
    assert page_row(context, ref)["Status"] == "queued"
    assert cli(["redrive"]) == 0
    said = capsys.readouterr().out
    assert "Nothing more is sent from employees until: python -m cli resume employees\n" in said
    assert "Nothing more is sent until: python -m cli resume\n" in said
    assert "Still paused, by Kim at " in said
    assert "There is nothing that was put aside.\n" in said
    give_up(context, message(ref, generation=page_row(context, ref)["Generation"]))
    assert cli(["redrive", ref.id]) == 0
    assert capsys.readouterr().out == f"Extract {ref.id}: 1 page is sent again.\n"


def test_a_command_without_its_settings_says_what_is_missing(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in (settings.HR_STORAGE, settings.PROVISIONING_ENDPOINT):
        monkeypatch.delenv(name, raising=False)
    settings.load.cache_clear()
    assert cli(["redrive"]) == 1
    assert "HR_STORAGE is missing" in capsys.readouterr().err
