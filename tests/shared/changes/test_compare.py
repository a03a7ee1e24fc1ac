"""What becomes of a person of whom a file, or a date, speaks."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from msgspec.structs import replace

from shared.changes.claims import Claim, Employment, Speaker, Stated, claim_to_json, make_claim
from shared.changes.compare import SEND, Draft, Judge, Judged, draft, is_settled
from shared.changes.guard import CHANGE, CREATE, DISABLE, MISSING
from shared.changes.kinds import employed_since
from shared.changes.managers import Managers, ManagerStanding
from shared.clock import iso
from shared.model import ENTERPRISE_USER, ScimUser
from shared.records.accounts import Account
from shared.records.people import ANOTHER, Deliverer
from shared.tables.workers import WorkerStatus
from tests.support.contexts import user

NOW = datetime(2026, 9, 18, 6, 0, tzinfo=UTC)
TODAY = NOW.date()
MONDAY, TUESDAY = "2026-09-14", "2026-09-15"
PAGE = Deliverer("employees", "monday's", 3)


def mark(record: ScimUser) -> str:
    return json.dumps(record, sort_keys=True)


def claim(
    *,
    works: bool = True,
    first: date | None = None,
    last: date | None = None,
    sequence: str = TUESDAY,
    source: str = "employees",
    **changes: Any,
) -> Claim:
    by = Speaker(source, 0, sequence, f"the extract of {sequence}", NOW, Employment())
    return make_claim(by, Stated(7, user("1", active=works, **changes), first, last, ZoneInfo("UTC")))


def account(said: Claim | None = None, **changes: Any) -> Account:
    """Somebody of whom Monday's file said something, which Entra has accepted, unless it is said otherwise."""
    said = said or claim(sequence=MONDAY)
    record = {**said.record, "active": said.employs(NOW)}
    usual: dict[str, Any] = {
        "external_id": "1",
        "said": {said.source: [MONDAY, "monday's", said.until()]},
        "pending": "",
        "accepted": mark(record),
        "refused": "",
        "refused_at": "",
        "put_aside": "",
        "enabled": record["active"],
        "ever_enabled": record["active"],
        "accepted_enabled": record["active"],
        "since": employed_since(said) if record["active"] else "",
        "open": "",
        "next_change_at": "",
        "stamp": MONDAY,
        "deliverer": PAGE,
        "claims": {said.source: claim_to_json(said)},
        "record": record,
    }
    return Account(**{**usual, **changes})


def judge(made: Draft | None, *, sending: bool = False) -> Judged:
    assert made is not None
    how = Judge(
        NOW,
        mark,
        Managers(lambda manager: ManagerStanding.UNKNOWN if manager == "nobody" else ManagerStanding.WORKS, {}),
        lambda _: sending,
        "list.csv",
    )
    return how.judge(Draft.load(made.dump()))


def said(now: Claim, known: Account | None, **how: Any) -> Judged:
    """What becomes of somebody of whom Tuesday's file says something new."""
    return judge(draft(now, "1", known, "tuesday's"), **how)


def told(judged: Judged) -> tuple[str, str, str]:
    return judged.fate, judged.counts_as, judged.planned.kind


def test_somebody_new_is_sent_with_everything_that_is_to_be_kept() -> None:
    now = claim(title="Clerk")
    judged = said(now, None)
    assert told(judged) == (SEND, CREATE, "joiner")
    planned = judged.planned
    assert (planned.worker.user, planned.said, planned.until, planned.claim, planned.sequence) == (
        user("1", title="Clerk"),
        "tuesday's",
        "",
        claim_to_json(now),
        TUESDAY,
    )
    assert planned.reason.startswith("New worker (row 7 of list.csv")


@pytest.mark.parametrize(
    ("now", "known", "result", "changed"),
    [
        (claim(title="Clerk"), account(), (SEND, CHANGE, "mover"), ("title",)),
        (claim(works=False), account(), (SEND, DISABLE, "leaver"), ("active",)),
        (claim(), account(claim(works=False), ever_enabled=True), (SEND, CREATE, "rehire"), ("active",)),
        (
            claim(first=date(2020, 1, 1)),
            account(claim(works=False, first=date(2020, 1, 1)), ever_enabled=True, since="2020-01-01T00:00:00Z"),
            (SEND, CREATE, "reinstated"),
            ("active",),
        ),
        (claim(works=False), None, (SEND, CREATE, "leaver"), ()),
    ],
)
def test_what_is_different_is_sent_and_counts_as_what_it_is(
    now: Claim, known: Account | None, result: tuple[str, str, str], changed: tuple[str, ...]
) -> None:
    judged = said(now, known)
    assert (told(judged), judged.planned.changed) == (result, changed)


def test_what_entra_has_is_not_sent_again() -> None:
    judged = said(claim(), account())
    assert told(judged) == (WorkerStatus.UNCHANGED, "", "unchanged")
    assert judged.planned.said == "tuesday's"


def test_a_then_b_then_a_again_ends_as_a_while_b_waits() -> None:
    a, b = claim(sequence=MONDAY, title="A"), claim(title="B")
    waiting = account(a, pending=mark(b.record), record=b.record, claims={"employees": claim_to_json(b)})
    again = said(claim(title="A"), waiting)
    assert (told(again), again.planned.worker.user["title"]) == ((SEND, CHANGE, "mover"), "A")


@pytest.mark.parametrize("sending", [True, False])
def test_what_is_pending_and_still_right_goes_into_the_new_plan_unless_it_is_being_sent(sending: bool) -> None:
    waiting = account(pending=mark(user("1")), accepted="something older")
    judged = said(claim(), waiting, sending=sending)
    assert told(judged) == ((WorkerStatus.UNCHANGED, "", "unchanged") if sending else (SEND, "", "resent"))


def test_who_gives_up_a_name_is_remembered_when_a_newer_plan_takes_over_what_is_not_sent() -> None:
    waiting = account(pending=mark(user("1")), accepted="something older", takes_from="9")
    assert said(claim(), waiting).planned.takes_from == "9"
    assert said(claim(title="Boss"), waiting).planned.takes_from == ""  # worked out anew


def test_whoever_may_have_something_else_in_entra_is_sent_whatever_the_file_says() -> None:
    assert told(said(claim(), account(accepted=ANOTHER))) == (SEND, CHANGE, "mover")
    assert told(said(claim(), account(put_aside="print of what was not sent"))) == (SEND, "", "resent")


def test_whoever_is_forced_is_sent_though_nothing_is_new() -> None:
    again = draft(claim(), "1", account(), "tuesday's")
    assert again is not None
    judged = judge(replace(again, force=True))
    assert (told(judged), judged.planned.worker.user) == ((SEND, "", "resent"), user("1"))


@pytest.mark.parametrize(
    ("ago", "title", "fate"),
    [
        (timedelta(days=6), "Clerk", WorkerStatus.UNCHANGED),
        (timedelta(days=6), "Boss", SEND),
        (timedelta(days=7), "Clerk", SEND),
    ],
)
def test_what_entra_has_refused_is_not_sent_again_within_a_week(ago: timedelta, title: str, fate: str) -> None:
    refused = mark(user("1", title="Clerk"))
    judged = said(claim(title=title), account(refused=refused, refused_at=iso(NOW - ago)))
    assert judged.fate == fate


def test_somebody_who_starts_later_is_scheduled_and_counts_once() -> None:
    now = claim(first=date(2026, 12, 1))
    judged = said(now, None)
    assert told(judged) == (WorkerStatus.SCHEDULED, CREATE, "joiner")
    assert judged.planned.next_change_at == "2026-11-24T00:00:00Z"
    known = replace(account(now, accepted="", record={}), said={"employees": (MONDAY, "tuesday's", "")})
    assert told(said(now, known)) == (WorkerStatus.SCHEDULED, "", "joiner")


def test_an_account_that_is_due_before_the_first_day_is_made_disabled() -> None:
    judged = said(claim(first=TODAY + timedelta(days=7)), None)
    assert told(judged) == (SEND, CREATE, "joiner")
    assert (judged.planned.worker.user["active"], judged.planned.next_change_at) == (False, "2026-09-25T00:00:00Z")


def test_a_hire_that_is_taken_back_before_there_is_an_account_is_withdrawn() -> None:
    known = account(claim(first=date(2026, 12, 1), sequence=MONDAY), accepted="", record={}, enabled=False)
    judged = said(claim(works=False, first=date(2026, 12, 1)), known)
    assert told(judged) == (WorkerStatus.WITHDRAWN, "", "withdrawn")
    assert judged.planned.next_change_at == ""


def test_a_hire_that_is_taken_back_once_there_is_an_account_leaves_it_disabled() -> None:
    known = account(claim(first=TODAY + timedelta(days=3), sequence=MONDAY))
    assert told(said(claim(works=False, first=TODAY + timedelta(days=3)), known)) == (
        WorkerStatus.WITHDRAWN,
        "",
        "withdrawn",
    )


def test_a_last_day_that_is_to_come_counts_as_a_disable_when_it_is_said_and_not_when_it_is_put_off() -> None:
    soon, later = claim(last=date(2026, 9, 30)), claim(last=date(2026, 10, 31))
    assert told(said(soon, account())) == (WorkerStatus.SCHEDULED, DISABLE, "unchanged")
    assert told(said(soon, account(later))) == (WorkerStatus.SCHEDULED, DISABLE, "unchanged")
    assert told(said(later, account(soon)))[1] == ""
    assert told(said(replace(soon, record=user("1", title="Clerk")), account())) == (SEND, DISABLE, "mover")


def test_absence_from_a_full_file_counts_by_itself() -> None:
    known = account()
    gone = replace(claim(sequence=MONDAY), works=False)
    missing = Draft("1", 7, "employees", {"employees": gone}, True, WorkerStatus.MISSING, TUESDAY, known, missing=True)
    judged = judge(missing)
    assert (told(judged), judged.planned.until) == ((SEND, MISSING, "leaver"), "0")
    assert judged.planned.reason == "Leaver (no longer in the full file list.csv)."


def test_absence_that_ends_later_counts_when_it_is_noticed_and_once() -> None:
    ends = datetime(2026, 9, 20, 6, 0, tzinfo=UTC)
    gone = replace(claim(sequence=MONDAY), works=False, ends=ends)
    missing = Draft(
        "1", 7, "employees", {"employees": gone}, True, WorkerStatus.MISSING, TUESDAY, account(), missing=True
    )
    judged = judge(missing)
    assert told(judged) == (WorkerStatus.SCHEDULED, MISSING, "unchanged")
    assert judged.planned.reason == (
        "Works until 2026-09-20T06:00:00Z (no longer in the full file list.csv): the account is disabled at "
        "2026-09-20T06:00:00Z."
    )
    again = judge(replace(missing, account=account(gone, record=account().record, accepted=account().accepted)))
    assert told(again) == (WorkerStatus.UNCHANGED, "", "unchanged")
    assert again.planned.reason == "Unchanged: no longer in the full file list.csv; nothing to send."


@pytest.mark.parametrize(
    ("now", "fate", "reason"),
    [
        (
            claim(works=False),
            SEND,
            "Leaver: the status says so, and no last day is named, so it counts at once (row 7 of list.csv).",
        ),
        (
            replace(claim(works=False, last=date(2026, 9, 30)), ends=None),  # of a mapping that says `end: at_once`
            SEND,
            (
                "Leaver: the status says so, and counts at once, not only after the last day, 2026-09-30 "
                "(row 7 of list.csv)."
            ),
        ),
        (
            replace(claim(works=False), ends=NOW),
            SEND,
            "Leaver: the status says so, and the days of grace are over (row 7 of list.csv).",
        ),
        (
            claim(works=False, last=date(2026, 9, 30)),
            WorkerStatus.SCHEDULED,
            (
                "Works until 2026-09-30 (row 7 of list.csv), though the status says that the person has left: the "
                "account is disabled at 2026-10-01T00:00:00Z."
            ),
        ),
        (
            claim(works=False, last=date(2026, 9, 30), title="Head"),
            SEND,
            (
                "Data changed: title (row 7 of list.csv). The status says that the person has left; the account is "
                "enabled until 2026-10-01T00:00:00Z, after the last day, 2026-09-30."
            ),
        ),
    ],
)
def test_of_a_leaver_it_is_said_which_day_counts(now: Claim, fate: str, reason: str) -> None:
    judged = said(now, account())
    assert (judged.fate, judged.planned.reason) == (fate, reason)


def test_an_unknown_manager_is_left_out_waited_for_and_warned_of() -> None:
    record = user("1", **{ENTERPRISE_USER: {"manager": {"value": "nobody"}}})
    judged = said(replace(claim(), record=record), None)
    planned = judged.planned
    assert (planned.worker.user, planned.awaits, planned.warning) == (
        user("1"),
        ("nobody",),
        "Manager nobody is not known; sent without a manager.",
    )


def test_an_older_file_does_not_speak_over_a_newer_one() -> None:
    assert draft(claim(sequence="2026-09-13"), "1", account(), "sunday's") is None
    assert draft(claim(source="contractors", sequence="2026-09-13"), "1", account(), "sunday's") is not None


def test_a_word_that_is_not_new_keeps_its_dates_and_is_dated_anew() -> None:
    old = replace(claim(last=date(2026, 9, 30), sequence=MONDAY), row=2)
    again = draft(claim(last=date(2026, 9, 30), title="not looked at"), "1", account(old), "monday's")
    assert again is not None
    assert (again.new, again.claims) == (
        False,
        {"employees": replace(old, sequence=TUESDAY, extract=f"the extract of {TUESDAY}", row=7)},
    )


@pytest.mark.parametrize(
    ("changes", "digest", "settled"),
    [
        ({}, "monday's", True),
        ({}, "tuesday's", False),
        ({"said": {"contractors": [MONDAY, "monday's", ""]}}, "monday's", False),
        ({"pending": "x"}, "monday's", False),
        ({"open": "Manager 7 is not known."}, "monday's", False),
        ({"refused": "x", "refused_at": iso(NOW)}, "monday's", False),
        ({"next_change_at": iso(NOW + timedelta(seconds=1))}, "monday's", True),
        ({"next_change_at": iso(NOW)}, "monday's", False),
        ({"on_hold": True}, "monday's", False),  # the hold may have ended, and that may have been held
    ],
)
def test_nobody_looks_closer_at_somebody_of_whom_nothing_is_new_and_nothing_open(
    changes: dict[str, Any], digest: str, settled: bool
) -> None:
    assert is_settled(replace(account(), **changes), "employees", digest, NOW) == settled
