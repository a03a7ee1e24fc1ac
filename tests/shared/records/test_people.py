from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from azure.data.tables import UpdateMode
from msgspec import structs

from shared.context import Context
from shared.model import ENTERPRISE_USER, Actor, ExtractRef, Page, Planned, Reject, ScimUser, Worker
from shared.records import accounts, people
from shared.records.people import (
    ANOTHER,
    Deliverer,
    PlanNoted,
    accounts_of,
    is_refused,
    note_accepted,
    note_planned,
    note_quiet,
    note_refused,
    note_rejected,
    note_state,
    pack,
    superseded,
    unpack,
)
from shared.storage.names import ACCOUNTS, DUE, WORKERS, TableName
from shared.storage.rows import change_rows
from shared.tables.workers import WarningKind, WorkerRow, WorkerStatus
from shared.wording import worker_status
from shared.wording.worker_status import Telling
from tests.conftest import Storage
from tests.support.contexts import START, ManualTime, open_test_context, page_of, rows_of, user, worker

OLD = ExtractRef("20260918T060000Z-aaaaaaaaaaaa", "employees")
NEW = ExtractRef("20260918T070000Z-bbbbbbbbbbbb", "employees")
OTHER = ExtractRef("20260918T080000Z-cccccccccccc", "contractors")
LATER = START + timedelta(hours=1)


@pytest.fixture
def context(storage: Storage) -> Iterator[Context]:
    with open_test_context(storage.connection_string, ManualTime()) as opened:
        yield opened


def print_of(person: ScimUser) -> str:
    return f"print of {person['displayName']}"


def plan(context: Context, ref: ExtractRef, page: Page, stamp: str = "") -> set[Deliverer]:
    """Note a page of an extract; its stamp and sequence are the extract's id unless there is another."""
    stamp = stamp or ref.id
    people = tuple(structs.replace(person, sequence=stamp) for person in page.people)
    before = note_planned(
        context.storage,
        PlanNoted(ref, "default", stamp),
        [replace(page, people=people)],
        Telling(ref.id, START, "list.csv"),
        print_of,
    )
    return before[page.number]


def accept(context: Context, ref: ExtractRef, worker_id: str = "1", page: int = 1) -> None:
    note_accepted(
        context.storage, "default", Deliverer(ref.source, ref.id, page), {worker_id: ("2026-09-18T06:01:00Z", "r-1")}
    )


def remember(context: Context, ref: ExtractRef, *people: Planned, stamp: str, keep: bool = True) -> None:
    """Note people who are not sent."""
    note_quiet(
        context.storage,
        PlanNoted(ref, "default", stamp),
        people,
        state=lambda person, row: worker_status.quiet(WorkerStatus.SCHEDULED, person, row, Telling(ref.id, START)),
        remember=keep,
    )


def by_id(context: Context, table: TableName[Any], *columns: str) -> dict[str, Any]:
    found = {}
    for row in rows_of(context.storage, table):
        values = [row.get(column) for column in columns]
        found[row["RowKey"]] = values[0] if len(values) == 1 else tuple(values)
    return found


def test_people_who_are_planned_are_in_both_tables_in_full(context: Context) -> None:
    assert plan(context, OLD, page_of(worker("1222", 7), number=3)) == set()
    assert rows_of(context.storage, ACCOUNTS) == [
        {
            "PartitionKey": "default|22",
            "RowKey": "1222",
            "ExternalId": "1222",
            "Open": "",
            "Circle": "",
            "NextChangeAt": "",
            "Said": '{"employees": ["20260918T060000Z-aaaaaaaaaaaa", "digest", ""]}',
            "Claims": pack({"employees": {}}),
            "Stamp": OLD.id,
            "Pending": "print of Worker 1222",
            "Record": pack(user("1222")),
            "Manager": "",
            "Kept": "[]",
            "TakesFrom": "",
            "Source": "employees",
            "Extract": OLD.id,
            "Page": 3,
            "Enabled": True,
            "EverEnabled": True,
            "Before": "[]",
            "PutAside": "",
            "OnHold": False,
            "Since": "",
        }
    ]
    assert rows_of(context.storage, WORKERS) == [
        {
            "PartitionKey": "employees|22",
            "RowKey": "1222",
            "WorkerId": "1222",
            "DisplayName": "Worker 1222",
            "UserName": "worker1222@example.com",
            "Active": True,
            "Status": "queued",
            "Reason": "Row 7 of list.csv was read. It waits to be sent to Entra.",
            "Decision": "",
            "NextStep": "Nothing to do: it is sent by itself.",
            "WhoActs": "nobody",
            "ErrorCode": "",
            "Kind": "joiner",
            "SentDecision": "",
            "SentKind": "joiner",
            "Changed": "",
            "Warning": "",
            "WarningKind": "",
            "InDoubt": False,
            "OnHold": "",
            "NextChangeAt": "",
            "Extract": OLD.id,
            "Row": 7,
            "SentBy": OLD.id,
            "SentStatus": "queued",
            "SentChanged": "",
            **dict.fromkeys(("HeldIn", "HeldAt", "HeldBecause", "ReleasedBy", "ReleaseReason", "ReleasedAt"), ""),
            "QueuedAt": "2026-09-18T06:00:00Z",
            "UploadedAt": "",
            "ResolvedAt": "",
            "RequestId": "",
            "MissingIn": "",
            "Tries": 0,
            "AskedAgainAt": "",
            "Sequence": OLD.id,
        }
    ]


def test_a_record_comes_back_from_its_packing() -> None:
    person = user("1", name={"givenName": "Łukasz"}, title=None)
    assert unpack(pack(person)) == person


@pytest.mark.parametrize("worker_id", ["a/b", "a\\b", "a#b", "a?b", "it's", "7", "Ü", "!21", "ab\u0085c"])
def test_any_id_finds_its_rows_again(context: Context, worker_id: str) -> None:
    page = page_of(worker(worker_id))
    plan(context, OLD, page)
    accept(context, OLD, worker_id)
    assert [row["Status"] for row in rows_of(context.storage, WORKERS)] == ["uploaded"]
    assert [row["Accepted"] for row in rows_of(context.storage, ACCOUNTS)] == [f"print of Worker {worker_id}"]


def test_planning_again_changes_nothing_and_says_the_same(context: Context) -> None:
    plan(context, OLD, page_of(worker("1"), worker("2"), number=4))
    first = plan(context, NEW, page_of(worker("1"), worker("3")))
    before = rows_of(context.storage, ACCOUNTS), rows_of(context.storage, WORKERS)
    assert (first, plan(context, NEW, page_of(worker("1"), worker("3")))) == (
        {Deliverer("employees", OLD.id, 4)},
        {Deliverer("employees", OLD.id, 4)},
    )
    assert (rows_of(context.storage, ACCOUNTS), rows_of(context.storage, WORKERS)) == before


def test_planning_again_after_sending_does_not_queue_anybody_again(context: Context) -> None:
    plan(context, OLD, page_of(worker("1")))
    accept(context, OLD)
    plan(context, OLD, page_of(worker("1")))
    assert by_id(context, WORKERS, "Status") == {"1": "uploaded"}
    assert by_id(context, ACCOUNTS, "Pending", "Accepted") == {"1": ("", "print of Worker 1")}


def test_an_older_extract_never_comes_over_a_newer_one(context: Context) -> None:
    plan(context, NEW, page_of(worker("1", displayName="new")))
    assert plan(context, OLD, page_of(worker("1", displayName="old"), worker("2"))) == set()
    assert by_id(context, ACCOUNTS, "Pending", "Stamp") == {
        "1": ("print of new", NEW.id),
        "2": ("print of Worker 2", OLD.id),
    }
    assert by_id(context, WORKERS, "DisplayName", "Extract") == {"1": ("new", NEW.id), "2": ("Worker 2", OLD.id)}


def test_of_two_extracts_of_the_same_second_the_stamp_decides_in_both_tables(context: Context) -> None:
    first = ExtractRef("20260918T060000Z-ffffffffffff", "employees")
    second = ExtractRef("20260918T060000Z-000000000000", "employees")
    plan(context, first, page_of(worker("1", displayName="first")), "1")
    assert plan(context, second, page_of(worker("1", displayName="second")), "2") == {
        Deliverer("employees", first.id, 1)
    }
    assert by_id(context, ACCOUNTS, "Extract", "Pending") == {"1": (second.id, "print of second")}
    assert by_id(context, WORKERS, "Extract", "DisplayName") == {"1": (second.id, "second")}


@pytest.mark.parametrize("crash", [False, True])
def test_a_newer_extract_between_the_two_steps_of_an_older_one_wins_in_both_tables(
    context: Context, monkeypatch: pytest.MonkeyPatch, crash: bool
) -> None:
    newer: list[Page] = [page_of(worker("1", displayName="new"))]

    def change_rows_slowly(table: Any, keys: Any, change: Any, select: Any = (), new: Any = ()) -> None:
        if table.table_name == WORKERS and newer:
            page = newer.pop()
            if crash:  # of the newer one, after its first step; it comes back later
                with pytest.raises(ConnectionError):
                    plan_until_workers(context, page)
            else:
                plan(context, NEW, page)
        change_rows(table, keys, change, select=select, new=new)

    def plan_until_workers(context: Context, page: Page) -> None:
        def refuse(table: Any, keys: Any, change: Any, select: Any = (), new: Any = ()) -> None:
            if table.table_name == WORKERS:
                raise ConnectionError
            change_rows(table, keys, change, select=select, new=new)

        with monkeypatch.context() as patch:
            patch.setattr(people, "change_rows", refuse)
            plan(context, NEW, page)

    monkeypatch.setattr(people, "change_rows", change_rows_slowly)
    plan(context, OLD, page_of(worker("1", displayName="old"), worker("2")))
    plan(context, NEW, page_of(worker("1", displayName="new")))
    assert by_id(context, ACCOUNTS, "Extract", "Pending") == {
        "1": (NEW.id, "print of new"),
        "2": (OLD.id, "print of Worker 2"),
    }
    assert by_id(context, WORKERS, "Extract", "DisplayName") == {"1": (NEW.id, "new"), "2": (OLD.id, "Worker 2")}


def test_what_each_source_says_is_kept_beside_what_the_others_say(context: Context) -> None:
    plan(context, OLD, page_of(worker("1"), number=2))
    quiet = Planned(
        worker("1"), sequence="3", said="other digest", until="2026-12-01", claim={"row": 9}, warning="Open."
    )
    remember(context, OTHER, quiet, stamp="20261")
    assert plan(context, NEW, page_of(worker("1"), number=5), "20262") == {Deliverer("employees", OLD.id, 2)}
    [account] = rows_of(context.storage, ACCOUNTS)
    assert (json.loads(account["Said"]), unpack(account["Claims"])) == (
        {"employees": ["20262", "digest", ""], "contractors": ["3", "other digest", "2026-12-01"]},
        {"employees": {}, "contractors": {"row": 9}},
    )


def test_somebody_whom_a_newer_file_of_another_source_names_has_a_row_all_the_same(context: Context) -> None:
    plan(context, OTHER, page_of(worker("1")))
    plan(context, OLD, page_of(worker("1")))
    assert [(row["PartitionKey"], row["Status"], row["Extract"]) for row in rows_of(context.storage, WORKERS)] == [
        ("contractors|1", "queued", OTHER.id),
        ("employees|1", "queued", OLD.id),
    ]
    assert by_id(context, ACCOUNTS, "Extract") == {"1": OTHER.id}


def test_people_whom_a_newer_extract_planned_are_superseded(context: Context) -> None:
    workers = [worker("1"), worker("2"), worker("3")]
    plan(context, OLD, page_of(*workers))
    plan(context, NEW, page_of(worker("2")))
    ids = ["1", "2", "3"]
    accounts = accounts_of(context.storage, "default", ids)
    assert superseded(accounts, Deliverer.of(OLD, 1), ids) == {"2"}
    assert superseded(accounts, Deliverer.of(NEW, 1), ids) == {"1", "3"}


def test_who_was_sent_is_accepted_and_uploaded(context: Context) -> None:
    plan(context, OLD, page_of(worker("1"), worker("2")))
    for _ in range(2):
        accept(context, OLD)
    assert by_id(context, ACCOUNTS, "Pending", "Accepted", "AcceptedAt") == {
        "1": ("", "print of Worker 1", "2026-09-18T06:01:00Z"),
        "2": ("print of Worker 2", None, None),
    }
    assert by_id(context, WORKERS, "Status", "UploadedAt", "RequestId") == {
        "1": ("uploaded", "2026-09-18T06:01:00Z", "r-1"),
        "2": ("queued", "", ""),
    }


def test_rows_that_were_read_before_a_newer_plan_or_not_all_of_them_do_not_hide_it(context: Context) -> None:
    plan(context, OLD, page_of(worker("1"), worker("2"), worker("3")))
    read = accounts_of(context.storage, "default", ["1", "2"])
    plan(context, NEW, page_of(structs.replace(worker("2"), user=user("2", displayName="Another"))))
    page = Deliverer.of(OLD, 1)
    for ids in (("1", "2"), ("2", "3")):
        note_accepted(context.storage, "default", page, dict.fromkeys(ids, ("2026-09-18T06:01:00Z", "r-1")), read)
    assert by_id(context, ACCOUNTS, "Pending", "Accepted", "AcceptedAt") == {
        "1": ("", "print of Worker 1", "2026-09-18T06:01:00Z"),
        "2": ("print of Another", ANOTHER, None),
        "3": ("", "print of Worker 3", "2026-09-18T06:01:00Z"),
    }


def test_an_answer_to_an_older_record_does_not_touch_the_newer_plan(context: Context) -> None:
    plan(context, OLD, page_of(worker("1")))
    plan(context, NEW, page_of(worker("1", displayName="new")))
    accept(context, OLD)
    # Entra has what nobody plans any more; whatever comes next differs from that.
    assert by_id(context, ACCOUNTS, "Pending", "Accepted") == {"1": ("print of new", ANOTHER)}
    assert by_id(context, WORKERS, "Status", "Extract", "UploadedAt") == {"1": ("queued", NEW.id, "")}


def test_a_state_is_noted_for_those_who_still_wait_in_the_extract(context: Context) -> None:
    plan(context, OLD, page_of(worker("1"), worker("2"), worker("3")))
    plan(context, NEW, page_of(worker("2")))
    accept(context, OLD, "3")
    note_state(context.storage, OLD, ["1", "2", "3", "4"], worker_status.waiting("Because.", "Wait.", Actor.IT))
    assert by_id(context, WORKERS, "Status", "WhoActs") == {
        "1": ("queued", "IT"),
        "2": ("queued", "nobody"),
        "3": ("uploaded", "nobody"),
    }


def rejects(*ids: str) -> list[Reject]:
    return [Reject(number, number, worker_id, f"reason {number}.") for number, worker_id in enumerate(ids, 2)]


def reject(context: Context, ref: ExtractRef, *ids: str) -> None:
    note_rejected(context.storage, ref.source, rejects(*ids), Telling(ref.id, LATER, "list.csv"), ref.id)


def test_the_first_reject_of_an_id_is_on_its_row_and_rejects_without_an_id_are_not(context: Context) -> None:
    reject(context, NEW, "1", "", "1")
    assert rows_of(context.storage, WORKERS) == [
        {
            "PartitionKey": "employees|1",
            "RowKey": "1",
            "WorkerId": "1",
            "Status": "rejected",
            "Reason": "Row 2 of list.csv was not sent: reason 2.",
            "NextStep": "HR corrects the row and drops the file again; nothing is sent of the person until then.",
            "InDoubt": False,
            "WhoActs": "HR",
            "ErrorCode": "",
            "Extract": NEW.id,
            "Row": 2,
            "ResolvedAt": "2026-09-18T07:00:00Z",
            "MissingIn": "",
            "Sequence": NEW.id,
        }
    ]
    assert rows_of(context.storage, ACCOUNTS) == []


def test_a_reject_leaves_what_was_known_and_never_comes_over_something_newer(context: Context) -> None:
    plan(context, OLD, page_of(worker("1")))
    plan(context, OTHER, page_of(worker("2")))
    reject(context, NEW, "1", "2")
    plan(context, OLD, page_of(worker("1")))
    assert [
        (row["PartitionKey"], row["Status"], row.get("DisplayName")) for row in rows_of(context.storage, WORKERS)
    ] == [
        ("contractors|2", "queued", "Worker 2"),
        ("employees|1", "rejected", "Worker 1"),
        ("employees|2", "rejected", None),
    ]
    reject(context, OLD, "1")
    assert by_id(context, WORKERS, "Extract")["1"] == NEW.id


def test_a_rejected_row_has_the_names_that_it_tells_unless_others_have_gone_out(context: Context) -> None:
    def tell(ref: ExtractRef, worker_id: str, name: str, user_name: str) -> None:
        told = Reject(2, 2, worker_id, "no.", display_name=name, user_name=user_name)
        note_rejected(context.storage, ref.source, [told], Telling(ref.id, LATER, "list.csv"), ref.id)

    plan(context, OLD, page_of(worker("1")))
    tell(NEW, "1", "Jane Roe", "roe@x.com")
    for ref, name, user_name in ((OLD, "Ann Lee", "lee@x.com"), (NEW, "Ann Lee-Ek", "")):
        tell(ref, "2", name, user_name)
    assert by_id(context, WORKERS, "Status", "DisplayName", "UserName") == {
        "1": ("rejected", "Worker 1", "worker1@example.com"),
        "2": ("rejected", "Ann Lee-Ek", "lee@x.com"),
    }


@pytest.mark.parametrize(
    ("status", "before", "new", "shown"),
    [
        (WorkerStatus.SCHEDULED, WorkerStatus.SCHEDULED, False, "Ann Ek"),
        (WorkerStatus.WITHDRAWN, WorkerStatus.SCHEDULED, False, "Ann Ek"),
        (WorkerStatus.UNCHANGED, WorkerStatus.PROVISIONED, False, "Ann Ek"),
        (WorkerStatus.UNCHANGED, WorkerStatus.FAILED, False, "Ann Ek"),
        (WorkerStatus.HELD, WorkerStatus.HELD, True, "Ann Ek"),
        (WorkerStatus.HELD, WorkerStatus.SCHEDULED, False, ""),  # what is held is not taken in yet
    ],
)
def test_a_row_shows_the_names_of_the_last_word_that_was_taken_in(
    status: str, before: WorkerStatus, new: bool, shown: str
) -> None:
    user = {"externalId": "1", "displayName": "Ann Ek", "userName": "ek@x.com"}
    person = Planned(Worker("1", 2, user), sequence="2", new=new)
    row = WorkerRow(
        status=before,
        sequence="1",
        display_name="Ann Lee",
        user_name="lee@x.com",
        decision="Starts.",
    )
    told = worker_status.quiet(status, person, row, Telling(OLD.id, START))
    assert told is not None
    assert (told.display_name, told.user_name) == (shown, shown and "ek@x.com")
    wrong = Reject(3, 3, "1", "no.", display_name="Ann Wrong", user_name="wrong@x.com")
    assert not worker_status.rejected(wrong, Telling(OLD.id, START, "list.csv"), row).display_name


@pytest.mark.parametrize("status", [WorkerStatus.UNCHANGED, WorkerStatus.SCHEDULED])
@pytest.mark.parametrize(
    ("warning", "tries", "told"),
    [
        ("", 2, "Entra did not know the manager."),
        ("Manager 7 has left.", 2, "Manager 7 has left."),
        ("", 0, ""),
    ],
)
def test_what_is_open_at_entra_stays_told_as_long_as_it_is_sent_again(
    status: str, warning: str, tries: int, told: str
) -> None:
    person = Planned(Worker("1", 2, {}), sequence="2", warning=warning, next_change_at="2026-12-01T00:00:00Z")
    row = WorkerRow(
        status=WorkerStatus.PROVISIONED,
        sent_status=WorkerStatus.PROVISIONED,
        tries=tries,
        warning="Entra did not know the manager.",
    )
    new = worker_status.quiet(status, person, row, Telling(OLD.id, START))
    assert new is not None
    assert new.warning == told
    assert bool(new.next_step) is (status == WorkerStatus.SCHEDULED or not tries)


def test_a_reject_is_told_although_its_own_plan_sends_what_an_earlier_file_said(context: Context) -> None:
    plan(context, NEW, page_of(worker("1"), sequence=NEW.id))
    reject(context, NEW, "1")
    accept(context, NEW)
    told = {"1": ("rejected", NEW.id, NEW.id, "uploaded")}
    assert by_id(context, WORKERS, "Status", "Extract", "SentBy", "SentStatus") == told
    reject(context, NEW, "1")  # the plan is continued after a crash
    assert by_id(context, WORKERS, "Status", "Extract", "SentBy", "SentStatus") == told


def test_a_page_of_two_hundred_is_written_and_read_whole(context: Context) -> None:
    workers = [worker(f"{number:03d}-2{number % 3}") for number in range(200)]
    plan(context, OLD, page_of(*workers))
    plan(context, NEW, page_of(*workers[::2]))
    ids = [person.worker_id for person in workers]
    assert superseded(accounts_of(context.storage, "default", ids), Deliverer.of(OLD, 1), ids) == set(ids[::2])


def test_whoever_is_not_sent_is_remembered_with_dates_and_without_a_page(context: Context) -> None:
    person = Planned(
        worker("1"), sequence="2", said="digest", until="", claim={"row": 2}, next_change_at="2026-12-01T00:00:00Z",
        reason="Starts later.",
    )  # fmt: skip
    for _ in range(2):
        remember(context, OLD, person, stamp="2")
    [account] = rows_of(context.storage, ACCOUNTS)
    assert account == {
        "PartitionKey": "default|1",
        "RowKey": "1",
        "ExternalId": "1",
        "Open": "",
        "Circle": "",
        "NextChangeAt": "2026-12-01T00:00:00Z",
        "Said": '{"employees": ["2", "digest", ""]}',
        "Claims": pack({"employees": {"row": 2}}),
        "Stamp": "2",
        "Pending": "",
        "Accepted": "",
        "Record": b"",
        "Source": "",
        "Extract": "",
        "Page": 0,
        "Enabled": False,
        "EverEnabled": False,
        "Before": "[]",
        "OnHold": False,
        "PutAside": "",
    }
    assert [(row["At"], row["ExternalId"], row["Why"]) for row in rows_of(context.storage, DUE)] == [
        ("2026-12-01T00:00:00Z", "1", "date")
    ]
    assert by_id(context, WORKERS, "Status", "Reason", "Sequence") == {"1": ("scheduled", "Starts later.", "2")}


def test_of_somebody_who_is_held_nothing_is_remembered_but_the_row_says_so(context: Context) -> None:
    remember(context, OLD, Planned(worker("1"), sequence="2", said="digest", claim={}), stamp="2", keep=False)
    assert (rows_of(context.storage, ACCOUNTS), by_id(context, WORKERS, "Status")) == ([], {"1": "scheduled"})


def test_what_is_pending_stays_pending_when_a_newer_file_says_nothing_new(context: Context) -> None:
    plan(context, OLD, page_of(worker("1")), "1")
    remember(context, NEW, Planned(worker("1"), sequence="2", said="digest", claim={}), stamp="2")
    assert by_id(context, ACCOUNTS, "Pending", "Extract", "Page", "Stamp") == {
        "1": ("print of Worker 1", OLD.id, 1, "2")
    }
    accept(context, OLD)
    assert by_id(context, ACCOUNTS, "Pending", "Accepted") == {"1": ("", "print of Worker 1")}


def test_what_became_of_sending_is_noted_beside_what_a_newer_file_says(context: Context) -> None:
    plan(context, OLD, page_of(worker("1")))
    reject(context, NEW, "1")
    accept(context, OLD)
    assert by_id(context, WORKERS, "Status", "Extract", "SentBy", "SentStatus", "UploadedAt") == {
        "1": ("rejected", NEW.id, OLD.id, "uploaded", "2026-09-18T06:01:00Z")
    }


def test_a_record_that_entra_refuses_is_not_pending_any_more_and_waits_for_a_week(context: Context) -> None:
    plan(context, OLD, page_of(worker("1"), worker("2")))
    plan(context, NEW, page_of(worker("2")), OLD.id + "x")
    state = worker_status.refused("InvalidValue", "no", "r-1", START, START)
    note_refused(context.storage, "default", Deliverer(OLD.source, OLD.id, 1), ["1", "2"], state)
    assert by_id(context, ACCOUNTS, "Pending", "Refused", "RefusedAt") == {
        "1": ("", "print of Worker 1", "2026-09-18T06:00:00Z"),
        "2": ("print of Worker 2", None, None),
    }
    assert by_id(context, WORKERS, "Status", "SentStatus") == {"1": ("failed", "failed"), "2": ("queued", "queued")}
    since = "2026-09-18T06:00:00Z"
    almost = START + timedelta(days=7, seconds=-1)
    assert [
        is_refused("a", since, "a", START),
        is_refused("a", since, "a", almost),
        is_refused("a", since, "a", START + timedelta(days=7)),
        is_refused("a", since, "b", START),
    ] == [True, True, False, False]


def test_whom_entra_has_as_the_manager_outlives_a_record_that_names_none(context: Context) -> None:
    def manager() -> str:
        return accounts.read_accounts(context.storage, "default", ["1"])["1"].manager

    reports = {**worker("1").user, ENTERPRISE_USER: {"manager": {"value": "7"}}}
    plan(context, OLD, page_of(Worker("1", 2, reports)))
    table = context.storage.table(ACCOUNTS)
    [row] = rows_of(context.storage, ACCOUNTS)
    before_this_version = {name: value for name, value in row.items() if name != "Manager"}
    for kept in (row, before_this_version):
        table.update_entity(kept, mode=UpdateMode.REPLACE)
        assert manager() == "7"
    for stamp, keeps in (("3", "7"), ("4", "")):  # left out, and cleared
        person = Planned(worker("1"), sequence=stamp, keeps=keeps)
        plan(context, NEW, Page(1, 0, (person,)), stamp=stamp)
        assert manager() == keeps


@pytest.mark.parametrize(
    ("row", "is_so"),
    [
        (WorkerRow(warning="In other words.", warning_kind=WarningKind.NO_MANAGER), True),
        (
            WorkerRow(
                warning="Entra did not know the manager, so the manager is not set.", warning_kind=WarningKind.OF_HR
            ),
            False,
        ),
        # Older versions wrote the sentence only.
        (WorkerRow(warning="Entra did not know the manager, so the manager is not set."), True),
        (WorkerRow(warning="Manager 7 is not known; sent without a manager."), False),
        (WorkerRow(warning=""), False),
        (WorkerRow(), False),
    ],
)
def test_rows_that_lack_a_manager_are_known_by_a_word_whatever_their_sentence(row: WorkerRow, is_so: bool) -> None:
    assert worker_status.lacks_manager(row) is is_so
