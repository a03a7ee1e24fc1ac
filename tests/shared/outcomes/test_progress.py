from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from shared.context import Context
from shared.hr_outbox import summary
from shared.model import Actor
from shared.outcomes import progress
from shared.outcomes.progress import recount_page, recount_pages, refresh, waiting_pages
from shared.records import extracts, pages
from shared.records.extracts import Version
from shared.records.health import Health, save_health
from shared.records.people import worker_key
from shared.storage import rows
from shared.storage.names import EXTRACTS, OUTBOX, PAGES, STATE, WORKERS
from shared.storage.rows import change_rows, etag_of
from shared.tables.base import to_json
from shared.tables.extracts import OUTCOMES, ExtractRow, ExtractStatus, Outcome
from shared.tables.pages import PageRow, PageStatus
from shared.tables.workers import WorkerRow, WorkerStatus
from tests.conftest import Storage
from tests.support.contexts import START, ManualTime, open_test_context, page_of, rows_of, worker, write_page

VERSION = Version("employees", "list.csv", "employees/list.csv", "etag", START, 1)
REF = VERSION.ref
LATER = START + timedelta(minutes=5)
COUNTS = ExtractRow(rows=12, rejected=2, repeated=1, people=9)


@pytest.fixture
def context(storage: Storage) -> Iterator[Context]:
    with open_test_context(storage.connection_string, ManualTime()) as opened:
        extracts.insert_extract(
            opened.storage, VERSION, ExtractRow(status=ExtractStatus.UPLOADING, sequence="1") | COUNTS
        )
        yield opened


def page(context: Context, number: int, *ids: str, **values: Any) -> None:
    write_page(context.storage, REF, "plan", page_of(*map(worker, ids), number=number))
    row = PageRow(status=PageStatus.DONE, plan="plan", waiting=len(ids)) | PageRow.read(values)
    change_rows(context.storage.table(PAGES), [pages.page_key(REF.id, number)], lambda *_: row)


def status(context: Context, **statuses: str) -> None:
    for worker_id, word in statuses.items():
        key = worker_key("employees", worker_id)
        context.storage.table(WORKERS).upsert_entity(
            {"PartitionKey": key.partition, "RowKey": key.row, "SentStatus": word, "SentBy": REF.id}
        )


def counts_of(row: Any) -> dict[str, int]:
    return {name: row[name] for name in OUTCOMES if row.get(name)}


def test_a_pages_people_are_counted_by_what_became_of_them(context: Context) -> None:
    everybody = "abcdefghijk"
    page(context, 1, *everybody)
    status(
        context,
        a=WorkerStatus.QUEUED,
        b=WorkerStatus.UPLOADED,
        c=WorkerStatus.PROVISIONED,
        d=WorkerStatus.UNCHANGED,
        e=WorkerStatus.FAILED,
        f=WorkerStatus.SKIPPED,
        g=WorkerStatus.WITHDRAWN,
        h="a word of the future",
        i=WorkerStatus.PROVISIONED,
        k=WorkerStatus.OVERDUE,
    )
    change_rows(
        context.storage.table(WORKERS),
        [worker_key("employees", "i")],
        lambda _key, _row: WorkerRow(sent_by="a newer one"),
    )
    recount_page(context.storage, REF, "plan", 1)
    [row] = rows_of(context.storage, PAGES)
    assert counts_of(row) == {
        "Waiting": 1,
        "Uploaded": 1,
        "Provisioned": 1,
        "Unchanged": 1,
        "Failed": 2,
        "Skipped": 1,
        "Overdue": 1,
        "Superseded": 3,
    }
    assert sum(counts_of(row).values()) == len(everybody)


def test_a_page_without_a_row_is_not_made_up(context: Context) -> None:
    write_page(context.storage, REF, "plan", page_of(worker("a")))
    recount_page(context.storage, REF, "plan", 1)
    assert rows_of(context.storage, PAGES) == []


def test_the_counts_of_the_pages_add_up_in_the_extracts_row(context: Context) -> None:
    page(context, 1, Waiting=3, Uploaded=1, Status=PageStatus.WAITING, Reason="Entra answered 500. Again at noon.")
    page(context, 2, Waiting=0, Provisioned=4, Superseded=1)
    refresh(context.storage, REF, LATER)
    [row] = rows_of(context.storage, EXTRACTS)
    assert (row["Status"], counts_of(row), row["Message"]) == (
        "uploading",
        {"Waiting": 3, "Uploaded": 1, "Provisioned": 4, "Superseded": 1},
        (
            "12 rows: 2 rejected, 1 said the same again; 9 people: 4 provisioned, 1 taken over by a newer file, "
            "1 sent, no verdict yet, 3 waiting to be sent. Entra answered 500. Again at noon."
        ),
    )


def test_an_extract_is_delivered_when_everybody_has_an_outcome_and_hr_is_told(context: Context) -> None:
    page(context, 1, Waiting=0, Provisioned=8, Failed=1)
    refresh(context.storage, REF, LATER)
    [row] = rows_of(context.storage, EXTRACTS)
    message = "12 rows: 2 rejected, 1 said the same again; 9 people: 8 provisioned, 1 failed."
    assert (row["Status"], row["DeliveredAt"], row["Message"]) == ("delivered", "2026-09-18T06:05:00Z", message)
    [*_, blob] = context.storage.container(OUTBOX).list_blobs()  # summary.html and summary.json
    summary = json.loads(context.storage.container(OUTBOX).download_blob(blob.name).readall())
    assert summary == {
        "source": "employees",
        "outcome": "Done, but look at this: 2 rows were not sent, 1 person failed.",
        "extract": REF.id,
        "file": "list.csv",
        "status": "delivered",
        "message": message,
        "asOf": "2026-09-18T06:05:00Z",
        "rows": 12,
        "people": 9,
        "repeated": 1,
        "rejected": 2,
        "waiting": 0,
        "uploaded": 0,
        "provisioned": 8,
        "unchanged": 0,
        "failed": 1,
        "skipped": 0,
        "overdue": 0,
        "superseded": 0,
        "held": 0,
        "scheduled": 0,
        "withdrawn": 0,
        "notes": [],
    }


def test_an_extract_has_not_ended_while_a_page_waits_though_nobody_of_it_is_left(context: Context) -> None:
    page(context, 1, Waiting=0, Superseded=9, Status=PageStatus.WAITING, Parked=True, Reason="Again at noon.")
    refresh(context.storage, REF, LATER)
    assert [row["Status"] for row in rows_of(context.storage, EXTRACTS)] == ["uploading"]
    page(context, 1, Waiting=0, Superseded=9)
    refresh(context.storage, REF, LATER)
    assert [row["Status"] for row in rows_of(context.storage, EXTRACTS)] == ["delivered"]


def test_hr_is_told_before_the_extract_counts_as_delivered(context: Context, monkeypatch: pytest.MonkeyPatch) -> None:
    page(context, 1, Waiting=0, Provisioned=9)

    def crash(*_: object, **__: object) -> None:
        raise ConnectionError

    with monkeypatch.context() as patch:
        patch.setattr(summary, "write_summary", crash)
        with pytest.raises(ConnectionError):
            refresh(context.storage, REF, LATER)
    assert [row["Status"] for row in rows_of(context.storage, EXTRACTS)] == ["uploading"]
    refresh(context.storage, REF, LATER)
    assert [row["Status"] for row in rows_of(context.storage, EXTRACTS)] == ["delivered"]
    assert len(list(context.storage.container(OUTBOX).list_blobs())) == 3  # with the history of the source


@pytest.mark.parametrize(
    "status", sorted({ExtractStatus.PLANNED, ExtractStatus.FAILED, ExtractStatus.REJECTED, ExtractStatus.STALE})
)
def test_only_an_extract_that_is_being_sent_or_was_is_refreshed(context: Context, status: ExtractStatus) -> None:
    page(context, 1, Waiting=0, Provisioned=9)
    extracts.save_extract(context.storage, REF, ExtractRow(status=status))
    before = rows_of(context.storage, EXTRACTS)
    refresh(context.storage, REF, LATER)
    assert rows_of(context.storage, EXTRACTS) == before


def state_of(context: Context) -> tuple[str, dict[str, int], str]:
    row = extracts.load_extract(context.storage, REF)
    return row.status, counts_of(row), row.message


def summary_of(context: Context) -> dict[str, Any]:
    container = context.storage.container(OUTBOX)
    [name] = [name for name in container.list_blob_names() if name.endswith(".json")]
    return dict(json.loads(container.download_blob(name).readall()))


def test_a_verdict_that_comes_after_the_end_is_counted_and_told_to_hr(context: Context) -> None:
    page(context, 1, Waiting=0, Provisioned=8, Failed=1)
    refresh(context.storage, REF, LATER)
    page(context, 1, Waiting=0, Provisioned=9, Failed=0)
    refresh(context.storage, REF, LATER + timedelta(hours=1))
    message = "12 rows: 2 rejected, 1 said the same again; 9 people: 9 provisioned."
    assert state_of(context) == ("delivered", {"Provisioned": 9}, message)
    assert extracts.load_extract(context.storage, REF).delivered_at == "2026-09-18T06:05:00Z"
    assert (summary_of(context)["provisioned"], summary_of(context)["message"]) == (9, message)


def test_while_people_are_being_sent_hr_is_told_how_it_goes_and_who_is_held_every_quarter_of_an_hour(
    context: Context,
) -> None:
    held: pages.HeldPerson = {"id": "7", "row": 8, "name": "Ada", "changed": ["active"], "why": "Leavers are 12 %."}
    pages.write_held(context.storage, REF, "plan", [held])
    pages.write_rejects(context.storage, REF, "plan", [])
    extracts.save_extract(
        context.storage, REF, ExtractRow(quiet=to_json({Outcome.HELD: 1}), plan="plan", read_plan="plan")
    )

    def told(minutes: int, **counts: int) -> tuple[dict[str, int], str, list[str]]:
        page(context, 1, **counts)
        refresh(context.storage, REF, START + timedelta(minutes=minutes))
        now = summary_of(context)
        names = [person["name"] for person in now["heldPeople"]]
        return {name: now[name] for name in ("waiting", "failed", "held")}, now["asOf"], names

    at_six = ({"waiting": 8, "failed": 0, "held": 1}, "2026-09-18T06:00:00Z", ["Ada"])
    assert told(0, Waiting=8) == at_six
    assert told(14, Waiting=2, Failed=1, Provisioned=5) == at_six
    at_quarter = ({"waiting": 2, "failed": 1, "held": 1}, "2026-09-18T06:15:00Z", ["Ada"])
    assert told(15, Waiting=2, Failed=1, Provisioned=5) == at_quarter
    at_the_end = ({"waiting": 0, "failed": 1, "held": 1}, "2026-09-18T06:16:00Z", ["Ada"])
    assert told(16, Waiting=0, Failed=1, Provisioned=7) == at_the_end


def test_people_of_whom_nothing_is_sent_are_counted_as_the_plan_says(context: Context) -> None:
    extracts.save_extract(context.storage, REF, ExtractRow(quiet=to_json({Outcome.UNCHANGED: 5, Outcome.SCHEDULED: 1})))
    page(context, 1, Waiting=0, Unchanged=1, Provisioned=2)
    refresh(context.storage, REF, LATER)
    message = (
        "12 rows: 2 rejected, 1 said the same again; 9 people: 2 provisioned, 5 unchanged, 1 sent, which Entra "
        "had already, 1 scheduled for a date."
    )
    assert state_of(context) == ("delivered", {"Provisioned": 2, "Unchanged": 6, "Scheduled": 1}, message)


def test_an_extract_that_holds_people_ends_as_held_until_it_does_not(context: Context) -> None:
    extracts.save_extract(context.storage, REF, ExtractRow(quiet=to_json({Outcome.HELD: 3})))
    page(context, 1, Waiting=1, Provisioned=5)
    refresh(context.storage, REF, LATER)
    assert state_of(context)[0] == "uploading"
    page(context, 1, Waiting=0, Provisioned=6)
    refresh(context.storage, REF, LATER)
    assert state_of(context) == (
        "held",
        {"Provisioned": 6, "Held": 3},
        (
            "12 rows: 2 rejected, 1 said the same again; 9 people: 6 provisioned, 3 held until somebody has looked at "
            "them. Somebody with the role Releaser looks at them and releases them."
        ),
    )
    extracts.save_extract(context.storage, REF, ExtractRow(superseded_by="20260919T060000Z-bbbbbbbbbbbb"))
    for provisioned, failed in ((6, 0), (5, 1)):  # a verdict that comes later still is counted
        page(context, 1, Waiting=0, Provisioned=provisioned, Failed=failed)
        refresh(context.storage, REF, LATER)
    assert state_of(context) == (
        "superseded",
        {"Provisioned": 5, "Failed": 1, "Held": 3},
        (
            "12 rows: 2 rejected, 1 said the same again; 9 people: 5 provisioned, 3 held, and judged anew since, 1 "
            "failed. Those who were held are judged anew with the newer extract 20260919T060000Z-bbbbbbbbbbbb."
        ),
    )
    extracts.save_extract(
        context.storage, REF, ExtractRow(quiet=to_json({}), superseded_by="", status=ExtractStatus.HELD)
    )
    page(context, 1, Waiting=0, Provisioned=9, Failed=0)
    refresh(context.storage, REF, LATER)
    assert state_of(context)[:2] == ("delivered", {"Provisioned": 9})


def test_an_extract_waits_for_those_who_are_overdue_and_says_why_but_not_for_ever(context: Context) -> None:
    extracts.save_extract(context.storage, REF, ExtractRow(job="default", arrived_at="2026-09-18T06:00:00Z"))
    health = Health("default", "paused", "The job is paused.", "IT starts it.", Actor.IT, START, START)
    save_health(context.storage, health)
    page(context, 1, Waiting=0, Provisioned=8, Overdue=1)
    refresh(context.storage, REF, LATER)
    message = (
        "12 rows: 2 rejected, 1 said the same again; 9 people: 8 provisioned, 1 sent, no verdict in time. "
        "The job is paused. IT starts it."
    )
    assert state_of(context) == ("uploading", {"Provisioned": 8, "Overdue": 1}, message)
    refresh(context.storage, REF, START + timedelta(days=7))
    assert state_of(context) == ("delivered", {"Provisioned": 8, "Overdue": 1}, message)


def test_the_week_of_waiting_begins_with_the_newest_upload(context: Context) -> None:
    extracts.save_extract(context.storage, REF, ExtractRow(arrived_at="2026-09-18T06:00:00Z"))
    sent = [{"accepted": "2026-09-25T06:00:00Z"}, {"split": 4}, {"accepted": "2026-09-26T06:00:00Z"}]
    page(context, 1, Waiting=0, Provisioned=8, Overdue=1, Answers=json.dumps(sent))
    refresh(context.storage, REF, START + timedelta(days=14))
    assert state_of(context)[0] == "uploading"
    refresh(context.storage, REF, START + timedelta(days=15))
    assert state_of(context)[0] == "delivered"


@pytest.mark.parametrize("waits", ["Uploaded", "Overdue"])
def test_who_was_sent_before_the_extract_was_processed_again_is_waited_for_and_not_counted(
    context: Context, waits: str
) -> None:
    extracts.save_extract(context.storage, REF, ExtractRow(plans=to_json(["newer"]), arrived_at="2026-09-18T06:00:00Z"))
    page(context, 1, **{"Waiting": 0, waits: 1})
    page(context, 2, Plan="newer", Waiting=0, Provisioned=9)
    refresh(context.storage, REF, LATER)
    assert state_of(context)[:2] == ("uploading", {"Provisioned": 9})
    page(context, 1, **{"Waiting": 0, waits: 0})
    refresh(context.storage, REF, LATER)
    assert state_of(context)[:2] == ("delivered", {"Provisioned": 9})


def test_nothing_new_is_not_written(context: Context) -> None:
    page(context, 1, Waiting=9)
    refresh(context.storage, REF, LATER)
    etag = etag_of(extracts.load_extract(context.storage, REF))
    refresh(context.storage, REF, LATER)
    assert etag_of(extracts.load_extract(context.storage, REF)) == etag


def test_an_extract_that_is_not_there_is_not_made_up(context: Context) -> None:
    refresh(context.storage, replace(VERSION, name="other.csv").ref, LATER)
    assert len(rows_of(context.storage, EXTRACTS)) == 1


class Pause:
    """Stops the first caller between reading people and writing their count, until told to go on."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.reached = threading.Event()
        self.go_on = threading.Event()
        real = rows.read_rows

        def read_rows(*arguments: Any, **named: Any) -> Any:
            found = real(*arguments, **named)
            if arguments[0].table_name == WORKERS and not self.reached.is_set():
                self.reached.set()
                assert self.go_on.wait(60)
            return found

        monkeypatch.setattr(progress, "read_rows", read_rows)

    @contextmanager
    def within(self, work: Callable[[], None]) -> Iterator[None]:
        """What is done in the block is done while the work stands still."""
        thread = threading.Thread(target=work)
        thread.start()
        assert self.reached.wait(60)
        try:
            yield
        finally:
            self.go_on.set()
            thread.join()


def test_a_slow_count_does_not_come_over_a_newer_one(context: Context, monkeypatch: pytest.MonkeyPatch) -> None:
    page(context, 1, "a")
    status(context, a=WorkerStatus.UPLOADED)

    def slow() -> None:
        recount_page(context.storage, REF, "plan", 1)
        refresh(context.storage, REF, LATER)

    with Pause(monkeypatch).within(slow):
        status(context, a=WorkerStatus.PROVISIONED)
        recount_page(context.storage, REF, "plan", 1)
    assert [counts_of(row) for row in rows_of(context.storage, PAGES)] == [{"Provisioned": 1}]
    assert [row["Status"] for row in rows_of(context.storage, EXTRACTS)] == ["delivered"]


def test_several_pages_are_counted_at_once_and_again_where_somebody_wrote_in_between(
    context: Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number, name in enumerate("abc", start=1):
        page(context, number, name)
        status(context, **{name: WorkerStatus.UPLOADED})
    with Pause(monkeypatch).within(lambda: recount_pages(context.storage, REF, (1, 2, 9))):
        status(context, b=WorkerStatus.FAILED)
        recount_page(context.storage, REF, "plan", 2)
    assert [counts_of(row) for row in rows_of(context.storage, PAGES)] == [
        {"Uploaded": 1},
        {"Failed": 1},
        {"Waiting": 1},
    ]


def test_of_all_pages_those_are_counted_that_wait_for_answers_and_are_still_there(context: Context) -> None:
    counts = ({"Uploaded": 1}, {"Overdue": 1}, {"Failed": 1}, {"Uploaded": 1})
    for number, (name, values) in enumerate(zip("abcd", counts, strict=True), start=1):
        page(context, number, name, **{"Waiting": 0, **values})
        status(context, **{name: WorkerStatus.PROVISIONED})
    context.storage.container(STATE).delete_blob(pages.plan_path(REF, "plan", "000004.json"))
    assert waiting_pages(context.storage, REF) == [1, 2, 4]
    recount_pages(context.storage, REF, [1, 2, 4])
    assert [counts_of(row) for row in rows_of(context.storage, PAGES)] == [
        {"Provisioned": 1},
        {"Provisioned": 1},
        {"Failed": 1},
        {"Uploaded": 1},
    ]


def test_of_two_who_finish_pages_at_once_one_sees_that_the_extract_is_delivered(context: Context) -> None:
    for number in range(1, 7):
        page(context, number, f"w{number}")
        status(context, **{f"w{number}": WorkerStatus.PROVISIONED})
    barrier = threading.Barrier(6)

    def finish(number: int) -> None:
        barrier.wait()
        recount_page(context.storage, REF, "plan", number)
        refresh(context.storage, REF, LATER)

    threads = [threading.Thread(target=finish, args=(number,)) for number in range(1, 7)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    [row] = rows_of(context.storage, EXTRACTS)
    assert (row["Status"], counts_of(row)) == ("delivered", {"Provisioned": 6})


@pytest.mark.parametrize(
    ("before", "none", "said"),
    [
        (0, 0, ""),
        (1, 1, ", of whom 1 has no account: failed before"),
        (3, 2, ", of whom 2 have no account and 1 has not got what the file says: failed before"),
    ],
)
def test_of_those_who_failed_before_it_is_said_how_many_have_no_account(before: int, none: int, said: str) -> None:
    assert progress._failed_before(ExtractRow(failed_before=before, no_account=none)) == said
