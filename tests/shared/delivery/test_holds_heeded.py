"""Right before a request it is looked once more who is on hold."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from azure.core.exceptions import HttpResponseError, ServiceRequestError
from azure.storage.blob import ContainerClient
from msgspec import structs

from shared.context import Context
from shared.delivery import heeding
from shared.delivery.dead_letter import put_aside, redrive
from shared.delivery.queueing import look_after_pages
from shared.delivery.send import deliver
from shared.holds.look import holds_at
from shared.holds.orders import HoldOrder, put_on_hold
from shared.holds.taking_in import take_in_holds
from shared.records import pages
from shared.records.due import due_until
from shared.storage.names import CONFIG, WORKERS
from shared.tables.pages import PageStatus
from tests.support.contexts import START, ManualTime, write_page
from tests.support.delivering import column, ids, message, page_row, planned, sent, set_page
from tests.support.scripted_server import Reply, Request, Script

ACCEPTED = Reply(202, headers={"request-id": "r-1"})


def hold(context: Context, *workers: str) -> None:
    for worker in workers:
        put_on_hold(context.storage, HoldOrder(worker, "", "Sam", "Case 17", START), None)


def write(context: Context, text: str) -> None:
    context.storage.container(CONFIG).upload_blob("holds.yaml", text.encode(), overwrite=True)


def due(context: Context) -> list[str]:
    return sorted(one.external_id for one in due_until(context.storage, context.clock.now(), "default"))


def test_a_hold_between_two_requests_of_a_page_counts_for_the_second(context: Context, script: Script) -> None:
    ref = planned(context, ids(60))

    def answer(_: Request) -> Reply:
        hold(context, "0010-x", "0055-x")  # the first is gone already, and is sent disabled by the clock
        return ACCEPTED

    script.answer = answer
    deliver(context, message(ref))
    assert sent(script) == [ids(50), [*ids(5, 50), *ids(4, 56)]]
    assert due(context) == ["0055-x"]
    row = page_row(context, ref)
    assert (row["Status"], row["Uploaded"], row["Waiting"]) == ("done", 59, 1)
    assert column(context, WORKERS, "Reason")["0055-x"].startswith("The account was put on hold by order of IT")


def test_a_request_of_nobody_else_is_not_sent(context: Context, script: Script) -> None:
    ref = planned(context, ids(1))
    hold(context, *ids(1))
    deliver(context, message(ref))
    assert (sent(script), due(context), page_row(context, ref)["Status"]) == ([], ids(1), "done")


def test_a_page_that_was_put_aside_and_is_put_back_heeds_what_was_ordered_since(
    context: Context, script: Script
) -> None:
    ref = planned(context, ids(3))
    set_page(context, ref, Failures=1)
    put_aside(context, message(ref))
    hold(context, "0001-x")
    assert redrive(context) == {ref.id: 1}
    deliver(context, message(ref, generation=int(page_row(context, ref)["Generation"])))
    assert (sent(script), due(context)) == ([["0000-x", "0002-x"]], ["0001-x"])


def test_while_the_list_is_broken_leavers_of_a_request_go_and_the_others_wait_until_it_is_mended(
    context: Context, script: Script, time: ManualTime
) -> None:
    ref = planned(context, ids(4), leavers=ids(2))
    write(context, "nonsense")
    deliver(context, message(ref))
    assert sent(script) == [ids(2)]
    row = page_row(context, ref)
    assert (row["Status"], row["WaitFor"], row["Parked"]) == (PageStatus.WAITING, "holds", True)
    time.forward(400)
    look_after_pages(context)
    assert page_row(context, ref)["Status"] == PageStatus.WAITING
    write(context, "version: 1\nholds: []")
    look_after_pages(context)
    row = page_row(context, ref)
    assert row["Status"] == PageStatus.QUEUED
    deliver(context, message(ref, generation=int(row["Generation"])))
    assert sent(script) == [ids(2), ids(2, 2)]
    assert [answer.get("split") for answer in json.loads(page_row(context, ref)["Answers"])] == [2, None, None]


def test_whoever_is_protected_since_the_page_was_planned_is_left_out_unless_just_this_was_ordered(
    context: Context, script: Script
) -> None:
    ref = planned(context, ids(3), leavers=ids(1))
    write(context, "version: 1\nprotected: [{worker: 0000-x}, {worker: 0002-x}]")
    page = pages.read_page(context.storage, ref, "plan", 1)
    *others, last = page.people
    write_page(context.storage, ref, "plan", replace(page, people=(*others, structs.replace(last, approved=True))))
    deliver(context, message(ref))
    assert (sent(script), due(context)) == ([["0001-x", "0002-x"]], ["0000-x"])
    assert column(context, WORKERS, "Reason")["0000-x"].startswith("The person was protected after this was planned.")


def test_while_nobody_can_read_who_is_on_hold_nobody_is_enabled(
    context: Context, script: Script, monkeypatch: pytest.MonkeyPatch, sent_messages: list[tuple[int, int, int]]
) -> None:
    ref = planned(context, ids(2))

    def away(*_: object) -> None:
        raise ServiceRequestError("No connection")

    with monkeypatch.context() as patch:
        patch.setattr(heeding, "holds_at", away)
        deliver(context, message(ref))
    assert (sent(script), sent_messages[1:]) == ([], [(1, 1, 30)])
    deliver(context, message(ref))
    assert sent(script) == [ids(2)]


def test_a_file_that_the_app_may_not_read_is_taken_for_broken(
    context: Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(context, "version: 1\nholds: [{worker: '1', by: Sam, reason: R}]")
    take_in_holds(context)

    read = ContainerClient.download_blob

    def forbidden(container: ContainerClient, blob: str, **how: Any) -> Any:
        if container.container_name != CONFIG:
            return read(container, blob, **how)
        error = HttpResponseError("AuthorizationPermissionMismatch")
        error.status_code = 403
        raise error

    monkeypatch.setattr(ContainerClient, "download_blob", forbidden)
    holds = holds_at(context.storage, START)
    assert (holds.fault, holds.names("1")) == ("hr-config/holds.yaml cannot be read: storage answers 403", True)


def test_of_a_list_that_names_thousands_only_those_on_the_page_are_looked_up(context: Context, script: Script) -> None:
    people = [{"worker": f"{number}-y", "by": "Sam", "reason": "R"} for number in range(3000)]
    write(context, json.dumps({"version": "1", "holds": [*people, {"worker": "0001-x", "by": "Sam", "reason": "R"}]}))
    ref = planned(context, ids(2))
    deliver(context, message(ref))
    assert sent(script) == [["0000-x"]]
