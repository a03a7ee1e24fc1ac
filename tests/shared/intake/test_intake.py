from __future__ import annotations

import gzip
import json
import threading
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from http.client import HTTPConnection
from typing import Any
from urllib.parse import urlsplit
from weakref import WeakValueDictionary

import pytest
import requests
from azure.core.exceptions import HttpResponseError, ResourceExistsError, ServiceRequestError
from azure.storage.blob import (
    AccountSasPermissions,
    BlobClient,
    BlobLeaseClient,
    ContentSettings,
    ResourceTypes,
    StandardBlobTier,
    generate_account_sas,
)

from shared.clock import Clock
from shared.context import Context
from shared.delivery.queueing import look_after_pages
from shared.delivery.send import deliver
from shared.errors import ClaimLost, SecretForbidden
from shared.hr_outbox import summary
from shared.hr_outbox.history import HISTORY
from shared.intake import ingest
from shared.intake.ingest import ingest_version, process_all_pending
from shared.intake.registering import arrived_version, register
from shared.intake.sweep import ingest_unannounced
from shared.mapping.load import LoadedMapping, find_mapping
from shared.model import ExtractRef
from shared.planning import build
from shared.records import extracts, people
from shared.storage.leases import Lease, hold
from shared.storage.messages import message_from_json
from shared.storage.names import CONFIG, EXTRACTS, INBOX, OUTBOX, PAGES, STATE, UPLOADS, WORKERS, TableName
from shared.tables.extracts import OUTCOMES, ExtractStatus
from tests.conftest import Storage
from tests.support.broken_connections import BROKEN_CONNECTIONS
from tests.support.contexts import NOWHERE, ManualTime, endpoint_at, open_test_context, rows_of, visible_messages

MAPPING = b"""
version: 1
key: Id
status: {column: Status, values: {active: true, gone: false}}
attributes:
  userName: Mail
  displayName: Name
  urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:manager: Boss
"""
HEADER = "Id,Name,Mail,Status,Boss\n"
LIST = (
    HEADER + "1,Ann,ann@example.com,active,\n2,Bob,bob@example.com,gone,1\n3,Cid,cid@example.com,maybe,1\n"
).encode()


@pytest.fixture
def time() -> ManualTime:
    return ManualTime()


@pytest.fixture
def context(storage: Storage, time: ManualTime) -> Iterator[Context]:
    with open_test_context(storage.connection_string, time) as opened:
        opened.storage.container(CONFIG).upload_blob("employees.yaml", MAPPING)
        yield opened


def drop(context: Context, content: bytes = LIST, path: str = "employees/list.csv") -> BlobClient:
    blob = context.storage.container(INBOX).get_blob_client(path)
    blob.upload_blob(content, overwrite=True)
    return blob


def outbox(context: Context) -> dict[str, bytes]:
    """File name and content of everything HR got about files."""
    box = context.storage.container(OUTBOX)
    names = [blob.name for blob in box.list_blobs() if not blob.name.endswith(HISTORY)]
    return {name.split("/")[-1]: box.download_blob(name).readall() for name in names}


def extract_row(context: Context) -> dict[str, Any]:
    [row] = rows_of(context.storage, EXTRACTS)
    return row


def statuses(context: Context, table: TableName[Any] = WORKERS) -> dict[str, str]:
    return {row["RowKey"]: row["Status"] for row in rows_of(context.storage, table)}


def test_an_extract_becomes_rows_pages_messages_and_feedback(context: Context) -> None:
    blob = drop(context)
    ingest_version(context, blob)
    row = extract_row(context)
    assert (row["Status"], row["Rows"], row["People"], row["Rejected"], row["Repeated"], row["Pages"]) == (
        "uploading",
        3,
        2,
        1,
        0,
        1,
    )
    assert row["Message"] == "3 rows: 1 rejected; 2 people: 2 waiting to be sent. Sent for: 1 joiner, 1 leaver."
    assert statuses(context) == {"1": "queued", "2": "queued", "3": "rejected"}
    assert statuses(context, PAGES) == {"000001": "queued"}
    [message] = map(message_from_json, visible_messages(context.storage))
    assert (message.extract, message.source, message.job, message.page, message.of, message.generation) == (
        row["Extract"],
        "employees",
        "default",
        1,
        1,
        1,
    )
    files = outbox(context)
    assert sorted(files) == ["rejects.csv", "summary.html", "summary.json"]
    assert json.loads(files["summary.json"])["status"] == "uploading"
    assert b"3,Cid,cid@example.com,maybe,1,4," in files["rejects.csv"]


def test_the_same_event_twice_changes_nothing(context: Context) -> None:
    blob = drop(context)
    ingest_version(context, blob)
    before = {table: rows_of(context.storage, table) for table in (EXTRACTS, PAGES, WORKERS)}
    ingest_version(context, blob)
    assert {table: rows_of(context.storage, table) for table in (EXTRACTS, PAGES, WORKERS)} == before
    assert len(visible_messages(context.storage)) == 1


def test_the_same_event_twice_at_once_changes_nothing(context: Context) -> None:
    blob = drop(context)
    barrier = threading.Barrier(2)

    def event() -> None:
        barrier.wait()
        ingest_version(context, blob)

    threads = [threading.Thread(target=event) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert extract_row(context)["Status"] == "uploading"
    assert statuses(context, PAGES) == {"000001": "queued"}
    assert len(visible_messages(context.storage)) == 1


@pytest.mark.parametrize("instances", [1, 2])
def test_a_version_taken_up_four_times_at_one_moment_is_copied_once(
    context: Context, monkeypatch: pytest.MonkeyPatch, instances: int
) -> None:
    """By one process it is also read from the inbox once; of two the copy that is finished first stays."""
    blob = drop(context, (HEADER + "1,Ann,ann@example.com,active,\n" * 200_000).encode())
    real, writes, reads, together = BlobClient.upload_blob, [], [], threading.Barrier(4)

    def upload(client: BlobClient, data: Any, **options: Any) -> dict[str, Any]:
        if not client.blob_name.endswith("/original"):
            return real(client, data, **options)
        reads.append(client.blob_name)
        answer = real(client, data, **options)
        writes.append(answer["etag"])
        return answer

    monkeypatch.setattr(BlobClient, "upload_blob", upload)
    monkeypatch.setattr(ingest, "process_pending", lambda *_: None)

    def event(number: int) -> None:
        together.wait()
        if number % instances:
            # As another process would: nobody here knows that it copies.
            monkeypatch.setattr(extracts, "_copying", WeakValueDictionary())
        ingest_version(context, blob)

    threads = [threading.Thread(target=event, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    version = arrived_version(blob)
    copy = context.storage.container(STATE).get_blob_client(extracts.copy_path(version.ref))
    assert writes == [copy.get_blob_properties().etag]
    assert instances > 1 or len(reads) == 1
    assert (extract_row(context)["Status"], copy.get_blob_properties().size) == ("arrived", version.size)


def test_an_event_for_a_version_that_has_been_taken_in_costs_a_look_at_the_file_and_one_read(
    context: Context,
) -> None:
    blob = drop(context)
    ingest_version(context, blob)
    assert extract_row(context)["Status"] == "uploading"
    asked: list[tuple[str, str]] = []
    assert context.storage.session is not None
    send = context.storage.session.send

    def seen(request: requests.PreparedRequest, **options: Any) -> requests.Response:
        asked.append((str(request.method), str(request.path_url).partition("?")[0].split("/")[2].partition("(")[0]))
        return send(request, **options)

    context.storage.session.send = seen  # type: ignore[method-assign]
    ingest_version(context, blob)
    assert asked == [("HEAD", INBOX), ("GET", EXTRACTS)]


def test_an_event_for_a_file_that_is_gone_is_nothing(context: Context) -> None:
    blob = drop(context)
    blob.delete_blob()
    ingest_version(context, blob)
    assert rows_of(context.storage, EXTRACTS) == []


def test_a_version_that_is_overwritten_before_it_was_copied_is_stale_and_hr_is_told(
    context: Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    blob = drop(context)
    real = extracts.keep_copy

    def overwrite_first(*arguments: Any) -> None:
        drop(context, LIST + b"4,Dan,dan@example.com,active,\n")
        real(*arguments)

    with monkeypatch.context() as patch:
        patch.setattr(extracts, "keep_copy", overwrite_first)
        ingest_version(context, blob)
    row = extract_row(context)
    assert (row["Status"], statuses(context)) == ("stale", {})
    assert json.loads(outbox(context)["summary.json"])["status"] == "stale"
    ingest_version(context, blob)
    assert sorted(row["Status"] for row in rows_of(context.storage, EXTRACTS)) == ["stale", "uploading"]


@pytest.mark.parametrize("found_by", ["event", "clock"])
def test_a_file_in_the_archive_tier_ends_refused_and_hr_is_told_what_mends_it(context: Context, found_by: str) -> None:
    blob = drop(context)
    if found_by == "clock":
        with hold(context.storage, "default"):
            register(context, arrived_version(blob))  # and the process ended
    blob.set_standard_blob_tier(StandardBlobTier.ARCHIVE)
    if found_by == "clock":
        process_all_pending(context)
    else:
        ingest_version(context, blob)
    row = extract_row(context)
    assert (row["Status"], row["Message"]) == (
        "rejected",
        (
            "The file is in the archive tier of the storage account, from where it cannot be read. Drop it again; IT "
            "sees to it that neither the upload nor a rule of the account puts files of hr-inbox into the archive tier."
        ),
    )
    assert json.loads(outbox(context)["summary.json"])["status"] == "rejected"
    process_all_pending(context)
    ingest_unannounced(context)
    assert extract_row(context) == row
    blob.delete_blob()
    ingest_version(context, drop(context))
    assert sorted(row["Status"] for row in rows_of(context.storage, EXTRACTS)) == ["rejected", "uploading"]


def test_a_file_that_takes_its_uploaders_key_to_read_ends_refused(
    context: Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(BlobClient, "download_blob", failing(409, "BlobUsesCustomerSpecifiedEncryption"))
    ingest_version(context, drop(context))
    row = extract_row(context)
    assert (row["Status"], row["Message"].partition(". ")[0]) == (
        "rejected",
        (
            "The file was uploaded with an encryption key of the uploader's own, without which storage does not hand "
            "it over"
        ),
    )


def test_a_file_that_is_on_its_way_out_of_the_archive_is_waited_for_and_its_row_says_so(
    context: Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    blob = drop(context)
    with monkeypatch.context() as patch:
        patch.setattr(BlobClient, "download_blob", failing(409, "BlobBeingRehydrated"))
        with pytest.raises(HttpResponseError):
            ingest_version(context, blob)
    assert (extract_row(context)["Status"], extract_row(context)["Message"]) == (
        "arrived",
        "Storage brings the file back from its archive; it is read when it is here.",
    )
    process_all_pending(context)
    assert extract_row(context)["Status"] == "uploading"


def failing(status: int, code: str) -> Any:
    """What storage answers in the place of a file of HR's."""
    real = BlobClient.download_blob

    def download(client: BlobClient, **options: Any) -> Any:
        if client.container_name != INBOX:
            return real(client, **options)
        error = HttpResponseError(code)
        error.status_code = status
        error.error_code = code  # type: ignore[attr-defined]  # the SDK sets it
        raise error

    return download


@pytest.mark.parametrize("encoding", ["gzip", "deflate"])
def test_a_plain_file_that_claims_to_be_packed_is_read_as_it_is(context: Context, encoding: str) -> None:
    blob = context.storage.container(INBOX).get_blob_client("employees/list.csv")
    blob.upload_blob(LIST, content_settings=ContentSettings(content_encoding=encoding))
    ingest_version(context, blob)
    assert (extract_row(context)["Status"], extract_row(context)["Rows"]) == ("uploading", 3)


def test_while_somebody_else_reads_the_extract_is_left_to_him(context: Context) -> None:
    blob = drop(context)
    with hold(context.storage, "default"):
        ingest_version(context, blob)
        assert extract_row(context)["Status"] == "arrived"
    process_all_pending(context)
    assert extract_row(context)["Status"] == "uploading"


@pytest.mark.parametrize(
    ("path", "source", "words"),
    [
        ("My Folder!/list.csv", "my-folder", "The folder 'My Folder!' cannot be a source"),
        ("nobody-knows/list.csv", "nobody-knows", "There is no mapping for the source 'nobody-knows'"),
        ("elsewhere/list.csv", "elsewhere", "There is no job 'other': set PROVISIONING_ENDPOINT__OTHER"),
    ],
)
@pytest.mark.parametrize("crash", [False, True])
def test_a_file_that_nobody_can_read_is_refused_and_hr_is_told(
    context: Context, monkeypatch: pytest.MonkeyPatch, path: str, source: str, words: str, crash: bool
) -> None:
    context.storage.container(CONFIG).upload_blob("elsewhere.yaml", MAPPING + b"job: other\n")
    blob = drop(context, path=path)
    if crash:

        def stop(*_: object) -> None:
            raise KeyboardInterrupt

        with monkeypatch.context() as patch:
            patch.setattr(summary, "write_summary", stop)
            with pytest.raises(KeyboardInterrupt):
                ingest_version(context, blob)
    ingest_version(context, blob)
    ingest_version(context, blob)
    row = extract_row(context)
    assert (row["PartitionKey"], row["Status"], row["Path"]) == (source, "rejected", path)
    assert words in row["Message"]
    told = json.loads(outbox(context)["summary.json"])
    assert (told["status"], told["message"]) == ("rejected", row["Message"])


def test_a_second_event_after_the_mapping_went_away_does_not_undo_what_was_done(context: Context) -> None:
    blob = drop(context)
    ingest_version(context, blob)
    context.storage.container(CONFIG).delete_blob("employees.yaml")
    ingest_version(context, blob)
    assert extract_row(context)["Status"] == "uploading"
    assert json.loads(outbox(context)["summary.json"])["status"] == "uploading"


def test_a_file_that_cannot_be_used_is_refused_with_a_reason(context: Context) -> None:
    ingest_version(context, drop(context, b"Id,Name\n1,Ann\n"))
    row = extract_row(context)
    assert (row["Status"], statuses(context), visible_messages(context.storage)) == ("rejected", {}, [])
    assert "columns are missing: Status, Mail, Boss" in row["Message"]
    assert json.loads(outbox(context)["summary.json"])["message"] == row["Message"]


def test_a_file_of_rejected_rows_only_is_delivered_at_once(context: Context) -> None:
    ingest_version(context, drop(context, (HEADER + "3,Cid,cid@example.com,maybe,\n").encode()))
    row = extract_row(context)
    assert (row["Status"], row["Message"]) == ("delivered", "1 row: 1 rejected; 0 people.")
    assert json.loads(outbox(context)["summary.json"])["status"] == "delivered"


def test_a_file_at_the_root_belongs_to_the_default_source(context: Context) -> None:
    version = arrived_version(drop(context, path="list.csv"))
    assert (version.source, version.name, version.path, version.size) == ("default", "list.csv", "list.csv", len(LIST))
    nested = arrived_version(drop(context, path="employees/2026/list.csv"))
    assert (nested.source, nested.name) == ("employees", "2026/list.csv")


def test_five_faults_of_our_own_a_minute_apart_end_it_and_hr_is_told(
    context: Context, time: ManualTime, monkeypatch: pytest.MonkeyPatch
) -> None:
    blob = drop(context)
    monkeypatch.setattr(ingest, "plan_file", lambda *_: 1 / 0)
    for attempt in range(5):
        assert not attempt or extract_row(context)["Status"] == "reading"
        with pytest.raises(ZeroDivisionError):
            ingest_version(context, blob)
        time.forward(60)
    row = extract_row(context)
    assert (row["Status"], row["Failures"]) == ("failed", 5)
    assert json.loads(outbox(context)["summary.json"])["status"] == "failed"
    ingest_version(context, blob)
    process_all_pending(context)


def test_a_fault_of_less_than_a_minute_ends_no_file_however_often_the_trigger_tries(
    context: Context, time: ManualTime, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Five tries 0.1 s apart, by each of four events, and the clock besides; then the fault is gone."""
    blob = drop(context)
    with monkeypatch.context() as patch:
        patch.setattr(ingest, "plan_file", lambda *_: 1 / 0)
        for _ in range(4):
            for _ in range(5):
                with pytest.raises(ZeroDivisionError):
                    ingest_version(context, blob)
                time.forward(0.1)
            with pytest.raises(ZeroDivisionError):
                process_all_pending(context)
            time.forward(14)
    row = extract_row(context)
    assert (row["Status"], row["Failures"], row["FailedAt"]) == ("reading", 1, row["ArrivedAt"])
    process_all_pending(context)
    assert extract_row(context)["Status"] == "uploading"


@pytest.mark.parametrize("fault", BROKEN_CONNECTIONS, ids=lambda fault: type(fault).__name__)
def test_a_connection_that_breaks_for_twenty_minutes_ends_no_file(
    context: Context, time: ManualTime, monkeypatch: pytest.MonkeyPatch, fault: Exception
) -> None:
    take = drop(context)

    def cut(*_: object) -> None:
        raise fault

    with monkeypatch.context() as patch:
        patch.setattr(ingest, "plan_file", cut)
        for _ in range(20):
            with pytest.raises(type(fault)):
                ingest_version(context, take)
            time.forward(60)
    assert (extract_row(context)["Status"], extract_row(context)["Failures"]) == ("reading", 0)
    process_all_pending(context)
    assert extract_row(context)["Status"] == "uploading"


def test_a_role_that_is_missing_keeps_the_extract_waiting_and_says_so(
    context: Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    blob = drop(context)

    def forbid(*_: object, **__: object) -> None:
        raise SecretForbidden("The app may not read secrets of the vault.")

    with monkeypatch.context() as patch:
        patch.setattr(people, "note_planned", forbid)
        for _ in range(6):
            with pytest.raises(SecretForbidden):
                ingest_version(context, blob)
    row = extract_row(context)
    assert (row["Status"], row["Message"]) == (
        "planned",
        "Waits until IT has acted: The app may not read secrets of the vault.",
    )
    process_all_pending(context)
    assert extract_row(context)["Status"] == "uploading"


def test_a_fault_in_one_extract_or_job_does_not_keep_the_others_from_being_read(
    storage: Storage, monkeypatch: pytest.MonkeyPatch
) -> None:
    endpoints = {"default": endpoint_at(NOWHERE), "zz": endpoint_at(NOWHERE, "zz")}
    with open_test_context(storage.connection_string, ManualTime(), endpoints=endpoints) as context:
        config = context.storage.container(CONFIG)
        config.upload_blob("a.yaml", MAPPING)
        config.upload_blob("b.yaml", MAPPING)
        config.upload_blob("c.yaml", MAPPING + b"job: zz\n")
        real = build.plan_file

        def plan(context: Any, asked: Any, *rest: Any) -> Any:
            if asked.ref.source == "a":
                raise ConnectionError("boom")
            return real(context, asked, *rest)

        with hold(context.storage, "default"), hold(context.storage, "zz"):
            for source in "abc":
                ingest_version(context, drop(context, path=f"{source}/list.csv"))
        monkeypatch.setattr(ingest, "plan_file", plan)
        with pytest.raises(ConnectionError, match="boom"):
            process_all_pending(context)
        found = {row["PartitionKey"]: row["Status"] for row in rows_of(context.storage, EXTRACTS)}
        assert found == {"a": "reading", "b": "uploading", "c": "uploading"}


def test_a_reader_who_lost_the_lease_does_not_plan_again_what_another_has_planned(
    context: Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    blob = drop(context)
    with hold(context.storage, "default"):
        ingest_version(context, blob)
    [stale] = extracts.unfinished(context.storage)
    ingest_version(context, blob)
    before = extract_row(context)
    with hold(context.storage, "default") as lease:
        assert lease
        with pytest.raises(ClaimLost):
            ingest._continue(context, stale, lease, context.clock.now(), None)
    assert extract_row(context) == before


def test_a_reader_who_lost_the_lease_commits_nothing_and_leaves_the_rest_to_the_other(
    context: Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A process stood still for longer than its lease lasts, and somebody else has begun to work meanwhile."""
    with hold(context.storage, "default"):
        ingest_version(context, drop(context))
        ingest_version(context, drop(context, LIST.replace(b"Ann", b"Eve"), "employees/two.csv"))
    lease = BlobLeaseClient(context.storage.container(STATE).get_blob_client("leases/default"))
    real = build.plan_file

    def stand_still(*arguments: Any) -> Any:
        values = real(*arguments)
        lease.break_lease(0)
        return values

    with monkeypatch.context() as patch:
        patch.setattr(ingest, "plan_file", stand_still)
        process_all_pending(context)
    assert sorted(row["Status"] for row in rows_of(context.storage, EXTRACTS)) == ["arrived", "reading"]
    process_all_pending(context)
    assert {row["Status"] for row in rows_of(context.storage, EXTRACTS)} == {"uploading", "delivered"}


def test_who_stood_still_just_before_the_commit_does_not_commit_once_another_has_the_lease(
    context: Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The other one may have planned something else in between, which is not what was compared with."""
    lease = BlobLeaseClient(context.storage.container(STATE).get_blob_client("leases/default"))
    confirm = Lease.confirm

    def stand_still(own: Lease) -> None:
        confirm(own)
        lease.break_lease(0)
        with monkeypatch.context() as busy:
            busy.setattr(ingest, "_continue", lambda *_: None)  # he has begun with another extract
            process_all_pending(context)

    with monkeypatch.context() as patch:
        patch.setattr(Lease, "confirm", stand_still)
        ingest_version(context, drop(context))
    assert extract_row(context)["Status"] == "reading"
    process_all_pending(context)
    assert extract_row(context)["Status"] == "uploading"


def test_who_stood_still_does_not_refuse_what_another_has_planned(context: Context) -> None:
    ingest_version(context, drop(context))
    before = extract_row(context)
    ingest._end(context, ExtractRef(before["Extract"], before["PartitionKey"]), ExtractStatus.STALE, "Too old.")
    assert extract_row(context) == before


def test_nothing_is_planned_while_a_committed_plan_is_only_half_carried_out(
    context: Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The next plan would be compared with what is only half written."""
    with hold(context.storage, "default"):
        first = drop(context)
        ingest_version(context, first)
        ingest_version(context, drop(context, LIST.replace(b"Ann", b"Eve"), "employees/two.csv"))

    def away(*_: object, **__: object) -> None:
        raise ServiceRequestError("storage is away")

    with monkeypatch.context() as patch:
        patch.setattr(people, "note_planned", away)
        with pytest.raises(ServiceRequestError):
            process_all_pending(context)
        assert sorted(row["Status"] for row in rows_of(context.storage, EXTRACTS)) == ["arrived", "planned"]
        with suppress(ServiceRequestError):  # it is the caller's, if it is his file whose plan is committed
            ingest_version(context, first)
        assert sorted(row["Status"] for row in rows_of(context.storage, EXTRACTS)) == ["arrived", "planned"]
    process_all_pending(context)
    assert "arrived" not in {row["Status"] for row in rows_of(context.storage, EXTRACTS)}


class Crash:
    """Ends the process, as far as the storage account can tell, after a number of writes."""

    def __init__(self, context: Context, writes: int, monkeypatch: pytest.MonkeyPatch) -> None:
        self.happened = False
        self._left = writes
        self._lock = threading.Lock()
        session = context.storage.session
        assert session is not None
        real = session.request

        def request(method: str, *arguments: Any, **named: Any) -> Any:
            if threading.current_thread().name.startswith("lease-"):
                # How often a lease is renewed depends on the machine, so it does not count.
                if self.happened:
                    raise requests.ConnectionError
                return real(method, *arguments, **named)
            with self._lock:
                if self.happened:
                    raise KeyboardInterrupt
                answer = real(method, *arguments, **named)
                if method not in ("GET", "HEAD"):
                    self._left -= 1
                    self.happened = self._left == 0
            if self.happened:
                raise KeyboardInterrupt
            return answer

        monkeypatch.setattr(session, "request", request)


def end_state(context: Context, source: str) -> dict[str, Any]:
    """What people can see of two extracts of a source, the names of the source aside."""
    ours = [row for row in rows_of(context.storage, EXTRACTS) if row["PartitionKey"] == source]
    ours.sort(key=lambda row: str(row["Sequence"]))
    names = ("Status", "Message", "Rows", "People", "Rejected", "Pages", *OUTCOMES)
    box = context.storage.container(OUTBOX)
    files = [
        (blob.name.split("/")[-1], box.download_blob(blob.name).readall().decode())
        for blob in box.list_blobs(name_starts_with=f"{source}/")
        if not blob.name.endswith(HISTORY)
    ]
    digits = {row["Extract"]: f"extract {place}" for place, row in enumerate(ours)}
    return {
        "extracts": [{name: row.get(name) for name in names} for row in ours],
        "pages": sorted(
            (digits[row["PartitionKey"]], row["RowKey"], row["Status"], row["Waiting"], row.get("Superseded", 0))
            for row in rows_of(context.storage, PAGES)
            if row["PartitionKey"] in digits
        ),
        "workers": {
            row["RowKey"]: (row["Status"], row["Reason"], digits[row["Extract"]])
            for row in rows_of(context.storage, WORKERS)
            if row["PartitionKey"].startswith(f"{source}|")
        },
        "files": sorted(
            (name, "" if name.startswith("summary") else text, json.loads(text)["status"] if "json" in name else "")
            for name, text in files
        ),
    }


def two_files(
    context: Context, time: ManualTime, source: str, monkeypatch: pytest.MonkeyPatch, writes: int = 10_000
) -> bool:
    """Take in two files of a source, the second with a crash after so many writes; whether it came to that."""
    context.storage.container(CONFIG).upload_blob(f"{source}.yaml", MAPPING + f"job: {source}\nmode: delta\n".encode())
    time.forward(1)
    ingest_version(context, drop(context, LIST, f"{source}/first.csv"))
    time.forward(1)
    blob = drop(context, LIST.replace(b"Ann", b"Anna"), f"{source}/second.csv")
    with monkeypatch.context() as patch:
        crash = Crash(context, writes, patch)
        try:
            ingest_version(context, blob)
        except KeyboardInterrupt:
            assert crash.happened
    if crash.happened:  # time passes
        lease = context.storage.container(STATE).get_blob_client(f"leases/{source}")
        with suppress(ResourceExistsError):  # it was not held
            BlobLeaseClient(lease).break_lease(0)
    ingest_version(context, blob)
    process_all_pending(context)
    look_after_pages(context)
    return crash.happened


@pytest.mark.parametrize("part", range(4))
def test_a_crash_after_any_write_and_another_run_give_the_same_end(
    storage: Storage, time: ManualTime, monkeypatch: pytest.MonkeyPatch, part: int
) -> None:
    assert crashes_give_the_same_end(storage, time, monkeypatch, range(part + 1, 100, 4)) > 15


def test_a_crash_after_some_writes_to_azurite_and_another_run_give_the_same_end(
    emulated: Storage, time: ManualTime, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert crashes_give_the_same_end(emulated, time, monkeypatch, range(3, 99, 12)) > 15


def crashes_give_the_same_end(
    storage: Storage, time: ManualTime, monkeypatch: pytest.MonkeyPatch, numbers: Sequence[int]
) -> int:
    """Crash after each of these numbers of writes, up to the first that is more than there are; returns that."""
    sources = ["whole"]  # the same people in each
    endpoints = {job: endpoint_at(NOWHERE, job) for job in ("whole", *map("crash-{}".format, numbers))}
    with open_test_context(storage.connection_string, time, endpoints=endpoints) as context:
        assert not two_files(context, time, "whole", monkeypatch)
        expected = end_state(context, "whole")
        assert [row["Status"] for row in expected["extracts"]] == ["delivered", "uploading"]
        for writes in numbers:
            sources.append(f"crash-{writes}")
            if not two_files(context, time, sources[-1], monkeypatch, writes):
                break
            assert (writes, end_state(context, sources[-1])) == (writes, expected)
        else:
            pytest.fail("there are more writes than thought")
        pages = {(message.source, message.page) for message in map(message_from_json, all_messages(context))}
        assert pages == {(source, 1) for source in sources}
        return writes


def all_messages(context: Context) -> list[str]:
    found: list[str] = []
    while new := visible_messages(context.storage):
        found += new
    return found


def test_a_newer_extract_of_the_same_people_delivers_the_older_one(context: Context, time: ManualTime) -> None:
    ingest_version(context, drop(context))
    time.forward(60)
    ingest_version(context, drop(context, LIST.replace(b"Ann", b"Anna")))
    older, newer = sorted(rows_of(context.storage, EXTRACTS), key=lambda row: str(row["Sequence"]))
    assert (newer["Status"], newer["Waiting"]) == ("uploading", 2)
    assert (older["Status"], older["Superseded"], older["Waiting"]) == ("delivered", 2, 0)
    [page] = [row for row in rows_of(context.storage, PAGES) if row["PartitionKey"] == newer["Extract"]]
    assert json.loads(page["Overtakes"]) == [["employees", older["Extract"], 1]]


def test_nobodys_data_is_in_the_logs(context: Context, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("DEBUG", "shared")
    ingest_version(context, drop(context))
    assert not [word for word in ("Ann", "Bob", "Cid", "example.com") if word in caplog.text]


def test_the_whole_way_to_entra_starts_with_the_message(context: Context) -> None:
    ingest_version(context, drop(context))
    [text] = visible_messages(context.storage)
    deliver(context, message_from_json(text))  # nobody listens at the endpoint
    assert statuses(context, PAGES) == {"000001": "waiting"}
    assert extract_row(context)["Waiting"] == 2
    assert context.storage.queue(UPLOADS).get_queue_properties().approximate_message_count == 1


def at(context: Context, when: datetime) -> Context:
    """The same context at another time, in a process that has just started."""
    return replace(context, clock=Clock(now=lambda: when, sleep=context.clock.sleep), known_versions=set())


def test_files_that_no_event_announced_are_taken_in_once_they_are_a_minute_old(context: Context) -> None:
    drop(context, path="employees/silent.csv")
    drop(context, path="My Folder/list.csv")
    newest = max(blob.last_modified for blob in context.storage.container(INBOX).list_blobs())
    ingest_unannounced(at(context, newest + timedelta(seconds=30)))
    assert rows_of(context.storage, EXTRACTS) == []

    for _ in range(2):
        ingest_unannounced(at(context, newest + timedelta(seconds=90)))
        rows = {(row["PartitionKey"], row["Path"]): row["Status"] for row in rows_of(context.storage, EXTRACTS)}
        assert rows == {
            ("employees", "employees/silent.csv"): "uploading",
            ("my-folder", "My Folder/list.csv"): "rejected",
        }


def test_a_file_that_was_announced_is_no_other_extract_for_the_sweep(context: Context) -> None:
    ingest_version(context, drop(context))
    row = extract_row(context)
    ingest_unannounced(at(context, datetime.now(UTC) + timedelta(hours=1)))
    assert extract_row(context) == row


@pytest.mark.parametrize("path", ["employees/list.csv", "employees/list.csv.gz"])
def test_everybody_in_a_packed_file_is_read_whatever_its_header_says(context: Context, path: str) -> None:
    people = 60
    rows = "".join(f"{number},N {number:07},n{number}@example.com,active,\n" for number in range(1, people + 1))
    blob = drop(context, gzip.compress((HEADER + rows).encode()), path)
    blob.set_http_headers(ContentSettings(content_type="text/csv", content_encoding="gzip"))
    ingest_version(context, blob)
    row = extract_row(context)
    assert (row["Rows"], row["People"], row["Rejected"]) == (people, people, 0)


LONG = "a" * 300


def test_a_path_that_nobody_expects_is_answered_once_and_keeps_no_other_file_waiting(context: Context) -> None:
    expected = {
        f"{LONG}/list.csv": "rejected",
        f"{LONG}b/{'c' * 700}.csv": "rejected",
        f"{'A1 ' * 100}/list.csv": "rejected",
        "back/slash/list.csv": "rejected",
        "//list.csv": "rejected",
        "-/list.csv": "rejected",
        "employees/in/side.csv": "uploading",
        "employees/%41%zz #?.csv": "duplicate",
        "employees//list.csv": "duplicate",
        "\u00e4\u200b\U0001f600/list.csv": "rejected",
    }
    for path in expected:
        drop(context, path=path.replace("/slash", "\\slash").replace("/side", "\\side"))
    for _ in range(2):
        ingest_unannounced(at(context, datetime.now(UTC) + timedelta(hours=1)))
        rows = rows_of(context.storage, EXTRACTS)
        assert {row["Path"] for row in rows} == expected.keys()
        used = [row["Status"] for row in rows if row["PartitionKey"] == "employees"]
        assert sorted(used) == ["duplicate", "duplicate", "uploading"]
        assert {row["Status"] for row in rows if row["PartitionKey"] != "employees"} == {"rejected"}
    answers = [blob.name for blob in context.storage.container(OUTBOX).list_blobs()]
    assert len([name for name in answers if name.endswith("/summary.json")]) == len(expected)
    [long] = [row for row in rows if row["Path"] == f"{LONG}/list.csv"]
    assert len(long["PartitionKey"]) == 89
    assert long["Message"] == (
        f"The folder '{LONG[:40]}\u2026' cannot be a source: its name may have small letters, digits and hyphens only, "
        "100 at most. Drop the file into the right folder."
    )


def put_as_it_is(storage: Storage, path: str, content: bytes) -> None:
    """Upload to a path that every client would write in another way."""
    blobs = storage.blobs
    allowed = generate_account_sas(
        str(blobs.account_name),
        blobs.credential.account_key,
        ResourceTypes(object=True),
        AccountSasPermissions(write=True, create=True),
        datetime.now(UTC) + timedelta(hours=1),
    )
    parts = urlsplit(blobs.url)
    connection = HTTPConnection(str(parts.hostname), parts.port)
    headers = {"x-ms-blob-type": "BlockBlob", "x-ms-version": "2021-12-02"}
    connection.request("PUT", f"{parts.path.rstrip('/')}/{INBOX}/{path}?{allowed}", content, headers)
    assert connection.getresponse().status == 201
    connection.close()


def test_names_for_which_no_event_ever_comes_are_found_by_the_sweep_and_answered(
    emulated: Storage, time: ManualTime
) -> None:
    """A name that ends in a slash is read; one that is another one's address is refused; a folder's mark is nothing."""
    with open_test_context(emulated.connection_string, time) as context:
        context.storage.container(CONFIG).upload_blob("employees.yaml", MAPPING)
        drop(context, LIST, "employees/list/")
        drop(context, b"", "employees/folder/")
        for path in ("employees/./list.csv", "employees/../other/list.csv", "./list.csv"):
            put_as_it_is(emulated, path, LIST)
        for _ in range(2):
            ingest_unannounced(at(context, datetime.now(UTC) + timedelta(hours=1)))
        rows = {row["Path"]: row for row in rows_of(context.storage, EXTRACTS)}
        assert {path: row["Status"] for path, row in rows.items()} == {
            "employees/list/": "uploading",
            "employees/./list.csv": "rejected",
            "employees/../other/list.csv": "rejected",
            "./list.csv": "rejected",
        }
        assert rows["employees/./list.csv"]["Message"] == (
            "The path of the file has a part that is only '.' or '..', so that storage hands it over to nobody. Drop "
            "it again without that part."
        )
        answers = {blob.name for blob in context.storage.container(OUTBOX).list_blobs() if "summary.json" in blob.name}
        assert answers == {
            f"employees/list//{rows['employees/list/']['Extract']}/summary.json",
            f"employees/%2E/list.csv/{rows['employees/./list.csv']['Extract']}/summary.json",
            f"employees/%2E%2E/other/list.csv/{rows['employees/../other/list.csv']['Extract']}/summary.json",
            f"default/list.csv/{rows['./list.csv']['Extract']}/summary.json",
        }


def test_an_event_and_the_sweep_call_a_file_with_a_backslash_the_same(context: Context) -> None:
    ingest_version(context, drop(context, path="employees\\list.csv"))
    ingest_unannounced(at(context, datetime.now(UTC) + timedelta(hours=1)))
    assert (extract_row(context)["Path"], extract_row(context)["Status"]) == ("employees/list.csv", "uploading")


def test_a_file_that_meets_a_fault_of_our_own_for_minutes_is_answered_so_and_not_tried_for_ever(
    context: Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    def find(storage: Storage, source: str) -> LoadedMapping:
        if source == "broken":
            raise OSError(36, "File name too long")
        return find_mapping(storage, source)  # type: ignore[arg-type]

    monkeypatch.setattr("shared.intake.registering.find_mapping", find)
    for path in ("broken/a.csv", "employees/b.csv"):
        drop(context, path=path)
    late = ManualTime(datetime.now(UTC) + timedelta(hours=1))
    process = replace(context, clock=late.clock, known_versions=set(), failed_versions={})
    for seconds in (0, 1, 58, 1, 1, 59, 60):
        late.forward(seconds)
        with pytest.raises(OSError, match="too long"):
            ingest_unannounced(process)
        assert [row["Path"] for row in rows_of(context.storage, EXTRACTS)] == ["employees/b.csv"]
    for _ in range(2):
        late.forward(60)
        ingest_unannounced(process)
    assert process.failed_versions == {}
    rows = {row["Path"]: row for row in rows_of(context.storage, EXTRACTS)}
    assert {path: row["Status"] for path, row in rows.items()} == {
        "broken/a.csv": "failed",
        "employees/b.csv": "uploading",
    }
    assert rows["broken/a.csv"]["Message"] == (
        "The file could not be processed because of a fault in Rollcall itself, not in the file. IT finds the fault in "
        f"the app's log under {rows['broken/a.csv']['Extract']}."
    )
