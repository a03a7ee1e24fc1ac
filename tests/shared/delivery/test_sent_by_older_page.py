"""A plan is made while an older page waits, and that page goes out before the plan is written to its people's rows."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from shared.context import Context
from shared.delivery.send import deliver
from shared.model import ExtractRef
from shared.records import people
from shared.storage.names import ACCOUNTS, WORKERS
from tests.support.contexts import ManualTime
from tests.support.delivering import column, counts, ids, message, planned, sent
from tests.support.scripted_server import CUT, Reply, Request, Script

ACCEPTED = Reply(202, headers={"request-id": "r-1"})


def while_it_is_sent(
    context: Context, script: Script, old: ExtractRef, plan: Callable[[], ExtractRef], reply: Reply = ACCEPTED
) -> ExtractRef:
    """Send an older page, and plan something between its first request and the record of the answer."""
    made: list[ExtractRef] = []

    def answer(_request: Request) -> Reply:
        script.answer = None
        made.append(plan())
        return reply

    script.answer = answer
    deliver(context, message(old))
    return made[0]


def newer(context: Context, *pages_of_ids: list[str], minutes: int = 5) -> ExtractRef:
    """A plan for people because an older one had not sent their records."""
    return planned(context, *pages_of_ids, minutes=minutes, records_of=0, waited=True)


def test_whoever_was_sent_by_the_older_plan_after_all_is_not_sent_again(context: Context, script: Script) -> None:
    old = planned(context, ids(60))
    deliver(context, message(old))
    new = newer(context, ids(61))
    deliver(context, message(new))
    assert sent(script) == [ids(50), ids(10, 50), ids(1, 60)]
    assert counts(context, new) == {"Uploaded": 61}
    assert column(context, ACCOUNTS, "Accepted") == {one: f"{one} of employees 0" for one in ids(61)}
    assert set(column(context, ACCOUNTS, "Pending").values()) == {""}


def test_whoever_is_on_the_way_when_the_newer_plan_is_written_is_not_sent_again(
    context: Context, script: Script
) -> None:
    old = planned(context, ids(60))
    new = while_it_is_sent(context, script, old, lambda: newer(context, ids(60)))
    script.replies = [Reply(202, headers={"request-id": "r-2"})]
    deliver(context, message(new))
    # The second request of the older plan did not go out any more.
    assert sent(script) == [ids(50), ids(10, 50)]
    assert counts(context, new) == {"Uploaded": 60}
    assert column(context, WORKERS, "RequestId") == {
        **dict.fromkeys(ids(50), "r-1"),
        **dict.fromkeys(ids(10, 50), "r-2"),
    }
    assert column(context, ACCOUNTS, "Accepted") == {one: f"{one} of employees 0" for one in ids(60)}


def test_whoever_was_left_out_of_the_older_plans_request_is_sent(context: Context, script: Script) -> None:
    old = planned(context, ids(3))
    first = newer(context, ids(1), minutes=5)
    new = while_it_is_sent(context, script, old, lambda: newer(context, ids(3), minutes=6))
    deliver(context, message(first))
    deliver(context, message(new))
    assert sent(script) == [ids(2, 1), ids(1)]
    assert counts(context, new) == {"Uploaded": 3}


def test_another_record_is_sent_and_so_is_whoever_is_sent_for_another_reason(context: Context, script: Script) -> None:
    old = planned(context, ids(2))
    deliver(context, message(old))
    deliver(context, message(planned(context, ids(1), minutes=5, waited=True)))
    deliver(context, message(planned(context, ids(1, 1), minutes=6, records_of=0)))
    assert sent(script) == [ids(2), ids(1), ids(1, 1)]


def test_whoever_was_sent_by_the_plan_before_last_is_not_sent_again(context: Context, script: Script) -> None:
    old = planned(context, ids(1))

    def two_plans() -> ExtractRef:
        newer(context, ids(1), minutes=5)
        return newer(context, ids(1), minutes=6)

    new = while_it_is_sent(context, script, old, two_plans)
    deliver(context, message(new))
    assert (sent(script), counts(context, new)) == ([ids(1)], {"Uploaded": 1})


def test_a_record_is_sent_again_if_another_one_may_have_reached_entra_since(context: Context, script: Script) -> None:
    old = planned(context, ids(1))

    def three_plans() -> ExtractRef:
        planned(context, ids(1), minutes=5)
        planned(context, ids(1), minutes=6, records_of=0)
        return newer(context, ids(1), minutes=7)

    new = while_it_is_sent(context, script, old, three_plans)
    deliver(context, message(new))
    assert sent(script) == [ids(1), ids(1)]


def test_a_lost_answer_counts_for_nothing(context: Context, script: Script, time: ManualTime) -> None:
    old = planned(context, ids(1))
    new = while_it_is_sent(context, script, old, lambda: newer(context, ids(1)), reply=CUT)
    deliver(context, message(new))
    assert sent(script) == [ids(1)]  # the first request may still be on its way
    time.forward(60)
    deliver(context, message(new))
    assert sent(script) == [ids(1), ids(1)]
    assert counts(context, new) == {"Uploaded": 1}


def test_what_entra_took_from_an_older_plan_is_not_taken_for_what_it_took_before(
    context: Context, script: Script
) -> None:
    deliver(context, message(planned(context, ids(1))))
    old = planned(context, ids(1), minutes=5)
    new = while_it_is_sent(context, script, old, lambda: planned(context, ids(1), minutes=6))
    script.replies = [Reply(400, {"error": {"code": "BadRequest", "message": "no"}})]
    deliver(context, message(new))
    assert (column(context, ACCOUNTS, "Pending"), column(context, ACCOUNTS, "Accepted")) == (
        {"0000-x": ""},
        {"0000-x": people.ANOTHER},
    )


def test_a_crash_while_it_is_noted_changes_nothing(
    context: Context, script: Script, time: ManualTime, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = planned(context, ids(1))
    deliver(context, message(old))
    new = newer(context, ids(1))

    def crash(*_: object) -> None:
        raise SystemExit

    with monkeypatch.context() as patched:
        patched.setattr(people, "_change_workers", crash)
        with pytest.raises(SystemExit):
            deliver(context, message(new))
    assert (column(context, ACCOUNTS, "Pending"), column(context, WORKERS, "Status")) == (
        {"0000-x": ""},
        {"0000-x": "queued"},
    )
    time.forward(200)
    deliver(context, message(new))
    assert (sent(script), counts(context, new)) == ([ids(1)], {"Uploaded": 1})
