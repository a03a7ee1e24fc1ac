from __future__ import annotations

import gc
import gzip
import json
import zlib
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from azure.core.exceptions import ResourceNotFoundError
from azure.storage.blob import BlobClient, ContentSettings, StorageStreamDownloader

from shared.context import Context
from shared.errors import ExtractReplaced, TransientError
from shared.hr_outbox import summary
from shared.hr_outbox.to_look_at import PersonToLookAt, Some, ToLookAt
from shared.model import ExtractRef
from shared.records import extracts, pages
from shared.records.extracts import (
    Version,
    copy_path,
    insert_extract,
    keep_copy,
    load_extract,
    read_copy,
    save_extract,
    unfinished,
)
from shared.storage.names import EXTRACTS, INBOX, OUTBOX, STATE
from shared.tables.extracts import ExtractRow, ExtractStatus
from tests.conftest import Storage
from tests.support.contexts import START, ManualTime, open_test_context, plain, rows_of

VERSION = Version("employees", "list.csv", "employees/list.csv", '"0x8D1"', START, 123)
ARRIVED = ExtractRow(status=ExtractStatus.ARRIVED, sequence="1")


@pytest.fixture
def context(storage: Storage) -> Iterator[Context]:
    with open_test_context(storage.connection_string, ManualTime()) as opened:
        yield opened


def dropped(context: Context, content: bytes, path: str = "employees/list.csv") -> BlobClient:
    blob = context.storage.container(INBOX).get_blob_client(path)
    blob.upload_blob(content, overwrite=True)
    return blob


def etag_of(blob: BlobClient) -> str:
    return str(blob.get_blob_properties().etag)


def test_the_same_version_always_has_the_same_id() -> None:
    assert VERSION.ref == ExtractRef("20260918T060000Z-f36bfb6fff25", "employees")
    others = [
        replace(VERSION, source="payroll"),
        replace(VERSION, name="other.csv"),
        replace(VERSION, etag='"0x8D2"'),
        replace(VERSION, source="employeeslist", name=".csv"),
    ]
    assert len({other.ref.id for other in [VERSION, *others]}) == 5
    assert replace(VERSION, path="elsewhere", size=1).ref == VERSION.ref


def test_the_newest_extract_of_a_source_comes_first() -> None:
    versions = [replace(VERSION, last_modified=START + timedelta(seconds=seconds)) for seconds in (0, 1, 10**6, 10**9)]
    keys = [extracts.row_key(version.ref.id) for version in versions]
    assert sorted(keys) == keys[::-1]


def test_a_version_is_registered_once(context: Context) -> None:
    assert insert_extract(context.storage, VERSION, ARRIVED)
    assert not insert_extract(context.storage, VERSION, ExtractRow(status=ExtractStatus.REJECTED))
    assert plain(load_extract(context.storage, VERSION.ref).stored()) == {
        "PartitionKey": "employees",
        "RowKey": f"{10**12 - int(START.timestamp()):013d}-f36bfb6fff25",
        "Extract": "20260918T060000Z-f36bfb6fff25",
        "File": "list.csv",
        "Path": "employees/list.csv",
        "ETag": '"0x8D1"',
        "LastModified": "2026-09-18T06:00:00Z",
        "Size": (123, "Edm.Int64"),
        "Status": "arrived",
        "Sequence": "1",
    }


def test_what_is_saved_is_merged_into_a_row_that_is_there(context: Context) -> None:
    insert_extract(context.storage, VERSION, ARRIVED)
    save_extract(context.storage, VERSION.ref, ExtractRow(status=ExtractStatus.READING))
    row = load_extract(context.storage, VERSION.ref)
    assert (row.status, row.sequence) == ("reading", "1")
    with pytest.raises(ResourceNotFoundError):
        save_extract(context.storage, replace(VERSION, name="other.csv").ref, ExtractRow(status=ExtractStatus.READING))


def test_unfinished_extracts_come_in_the_order_of_their_sequence(context: Context) -> None:
    # Two files of the same second: the one that was registered first is the older one, whatever their hashes.
    for etag, sequence, status in [
        ("a", "4", ExtractStatus.PLANNED),
        ("b", "2", ExtractStatus.ARRIVED),
        ("c", "3", ExtractStatus.READING),
        ("d", "1", ExtractStatus.UPLOADING),
        ("e", "5", ExtractStatus.DELIVERED),
    ]:
        insert_extract(context.storage, replace(VERSION, etag=etag), ExtractRow(status=status, sequence=sequence))
    assert [row.e_tag for row in unfinished(context.storage)] == ["d", "b", "c", "a"]
    assert [row.e_tag for row in unfinished(context.storage, (ExtractStatus.ARRIVED, ExtractStatus.PLANNED))] == [
        "b",
        "a",
    ]


@pytest.mark.parametrize("size", [1, 9 * 1024 * 1024])
def test_the_copy_of_a_version_is_its_bytes(context: Context, size: int) -> None:
    content = bytes(range(256)) * (size // 256) + b"x" * (size % 256)
    blob = dropped(context, content)
    keep_copy(context.storage, VERSION.ref, blob, etag_of(blob))
    assert b"".join(read_copy(context.storage, VERSION.ref)) == content


@pytest.mark.parametrize("encoding", ["gzip", "deflate", "GZIP"])
@pytest.mark.parametrize("people", [4, 400_000])
def test_the_copy_of_a_file_that_says_it_is_packed_is_as_it_is_stored(
    context: Context, encoding: str, people: int
) -> None:
    text = b"".join(b"%d,%d\n" % (number, number * number) for number in range(people))
    content = gzip.compress(text, mtime=0) if encoding.lower() == "gzip" else zlib.compress(text)
    blob = dropped(context, content)
    blob.set_http_headers(ContentSettings(content_encoding=encoding))
    keep_copy(context.storage, VERSION.ref, blob, etag_of(blob))
    assert b"".join(read_copy(context.storage, VERSION.ref)) == content


def test_plain_text_that_says_it_is_packed_is_copied_as_it_is(context: Context) -> None:
    blob = dropped(context, b"Id\n1\n")
    blob.set_http_headers(ContentSettings(content_encoding="gzip"))
    keep_copy(context.storage, VERSION.ref, blob, etag_of(blob))
    assert b"".join(read_copy(context.storage, VERSION.ref)) == b"Id\n1\n"


@pytest.mark.parametrize("came", [b"Id\n", b"Id\n1\n2\n"])
def test_a_copy_that_is_not_as_long_as_the_file_is_not_kept(
    context: Context, monkeypatch: pytest.MonkeyPatch, came: bytes
) -> None:
    blob = dropped(context, b"Id\n1\n")
    monkeypatch.setattr(StorageStreamDownloader, "chunks", lambda _: iter([came]))
    with pytest.raises(TransientError, match="bytes"):
        keep_copy(context.storage, VERSION.ref, blob, etag_of(blob))
    assert not context.storage.container(STATE).get_blob_client(copy_path(VERSION.ref)).exists()


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_the_copy_of_an_empty_file_is_empty(context: Context) -> None:
    blob = dropped(context, b"")
    keep_copy(context.storage, VERSION.ref, blob, etag_of(blob))
    assert b"".join(read_copy(context.storage, VERSION.ref)) == b""
    gc.collect()  # the storage client leaves the answer 416 unread, and so its connection open


def test_a_version_that_was_overwritten_is_not_copied(context: Context) -> None:
    blob = dropped(context, b"old")
    etag = etag_of(blob)
    dropped(context, b"new")
    with pytest.raises(ExtractReplaced):
        keep_copy(context.storage, VERSION.ref, blob, etag)
    blob.delete_blob()
    with pytest.raises(ExtractReplaced):
        keep_copy(context.storage, VERSION.ref, blob, etag)
    assert [blob.name for blob in context.storage.container(STATE).list_blobs()] == []


def test_a_version_that_is_overwritten_while_it_is_copied_leaves_no_copy(
    context: Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    blob = dropped(context, b"a" * 33 * 1024 * 1024)
    etag = etag_of(blob)
    overwritten: list[bool] = []
    download = BlobClient.download_blob

    def download_blob(client: BlobClient, *arguments: Any, **named: Any) -> Any:
        started = download(client, *arguments, **named)
        if not overwritten:
            overwritten.append(True)
            dropped(context, b"b" * 33 * 1024 * 1024)
        return started

    monkeypatch.setattr(BlobClient, "download_blob", download_blob)
    with pytest.raises(ExtractReplaced):
        keep_copy(context.storage, VERSION.ref, blob, etag)
    assert not context.storage.container(STATE).get_blob_client(copy_path(VERSION.ref)).exists()


def test_a_version_that_somebody_else_copied_before_it_was_overwritten_is_kept(
    context: Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    blob = dropped(context, b"old")
    etag = etag_of(blob)
    real = BlobClient.download_blob

    def download_blob(client: BlobClient, *arguments: Any, **named: Any) -> Any:
        monkeypatch.setattr(BlobClient, "download_blob", real)
        monkeypatch.setattr(extracts, "_copying", {})  # another instance
        keep_copy(context.storage, VERSION.ref, blob, etag)
        dropped(context, b"new")
        return real(client, *arguments, **named)

    monkeypatch.setattr(BlobClient, "download_blob", download_blob)
    keep_copy(context.storage, VERSION.ref, blob, etag)
    assert b"".join(read_copy(context.storage, VERSION.ref)) == b"old"


def test_a_copy_is_made_once(context: Context) -> None:
    blob = dropped(context, b"old")
    keep_copy(context.storage, VERSION.ref, blob, etag_of(blob))
    dropped(context, b"new")
    keep_copy(context.storage, VERSION.ref, blob, "any")
    assert b"".join(read_copy(context.storage, VERSION.ref)) == b"old"


def test_the_summary_has_what_concerns_hr_and_what_the_row_is_about_to_say(context: Context) -> None:
    insert_extract(
        context.storage, VERSION, ARRIVED | ExtractRow(message="Arrived.", arrived_at="2026-09-18T06:00:01Z")
    )
    summary.write_summary(context.storage, VERSION.ref, ExtractRow(status=ExtractStatus.REJECTED, message="No. Größe?"))
    [_, blob] = context.storage.container(OUTBOX).list_blobs()  # summary.html and summary.json
    assert blob.name == "employees/list.csv/20260918T060000Z-f36bfb6fff25/summary.json"
    assert json.loads(context.storage.container(OUTBOX).download_blob(blob.name).readall()) == {
        "source": "employees",
        "outcome": "The file was refused: nothing of it was used.",
        "extract": "20260918T060000Z-f36bfb6fff25",
        "file": "list.csv",
        "status": "rejected",
        "message": "No. Größe?",
        "arrivedAt": "2026-09-18T06:00:01Z",
        "asOf": "2026-09-18T06:00:01Z",
        "notes": [],
    }
    assert [row["Status"] for row in rows_of(context.storage, EXTRACTS)] == ["arrived"]


def test_a_last_modified_of_any_year_makes_a_row_key() -> None:
    for year in (1970, 2026, 9999):
        version = replace(VERSION, last_modified=datetime(year, 12, 31, 23, 59, 59, tzinfo=UTC))
        assert len(extracts.row_key(version.ref.id)) == 26


def test_the_summary_page_escapes_what_hr_wrote_and_tells_what_is_worth_knowing() -> None:
    row = ExtractRow(
        file="<script>.csv",
        status=ExtractStatus.UPLOADING,
        message="2 rows & 1 rejected",
        rejects_file="rejects.csv",
        rows=2,
        people=1,
        rejected=1,
        failed=0,
    )
    page = summary.summary_page(VERSION.ref, row, ["Row 2: <b>"])
    assert "<script>" not in page
    assert "&lt;script&gt;.csv" in page
    assert "<li>Row 2: &lt;b&gt;</li>" in page
    assert "<th scope='row'>Rows that were not sent</th><td>1</td>" in page
    assert "Failed" not in page
    assert "<b>rejects.csv</b> beside this page" in page
    assert "drop that file into <b>hr-inbox/employees/</b>" in page


def test_the_summary_page_names_the_people_whom_somebody_has_to_look_at() -> None:
    row = ExtractRow(
        file="list.csv",
        status=ExtractStatus.HELD,
        message="2 people: 1 held.",
        arrived_at="2026-09-18T06:00:01Z",
        leavers=1,
        held=1,
        failed=1,
        rows=1200,
        people=2,
        rejected=0,
        movers=0,
    )
    page = summary.summary_page(
        VERSION.ref,
        row,
        [],
        as_of="2026-09-18T06:10:00Z",
        people=ToLookAt(
            failed=Some([PersonToLookAt("7", "Ada <b>", 3, "Entra does not know the domain.")]),
            warned=Some([PersonToLookAt("8", "", 0, "manager 9 is not known.")]),
            held=Some([PersonToLookAt(str(number), "Bo", number, "too many leavers.") for number in range(2, 300)]),
        ),
    )
    assert "<h2>In the file</h2><table><tr><th scope='row'>Rows</th><td>1,200</td></tr>" in page
    assert "<h2>What it changes</h2><table><tr><th scope='row'>Leavers</th><td>1</td></tr></table>" in page
    assert "<tr><th scope='row'>Held until somebody approves</th><td>1</td></tr>" in page
    assert "<li><b>7</b> Ada &lt;b&gt;, row 3: Entra does not know the domain.</li>" in page
    assert "<li><b>8</b>: manager 9 is not known.</li>" in page
    assert (
        "<li><b>201</b> Bo, row 201: too many leavers.</li><li>and 98 more; the support desk has them all.</li>" in page
    )
    assert "As of 2026-09-18 06:10 (UTC). Arrived 2026-09-18 06:00 (UTC)" in page
    in_order = [
        page.index(text)
        for text in ("1 person failed, 1 person waits for approval", "Status: <b>held</b>", "In the file")
    ]
    assert in_order == sorted(in_order)


def test_one_cause_is_one_line_of_the_summary_however_many_people_have_it() -> None:
    failed = Some()
    for number in range(1, 60):
        reason = f"Entra knows no licence. Entra's words: {'none' if number < 59 else 'no more'}."
        failed.add(
            PersonToLookAt(f"{number}", "Bo", 2, "Each.", ("no licence", "IT")), reason, "Entra knows no licence."
        )
    failed.add(PersonToLookAt("99", "Cy <b>", 3, "The user name is taken.", ("taken", "HR")), "Taken.", "Taken.")
    page = summary.summary_page(
        VERSION.ref, ExtractRow(file="a", status=ExtractStatus.DELIVERED, message=""), [], ToLookAt(failed)
    )
    behind = "".join(f"<li><b>{number}</b> Bo, row 2</li>" for number in range(1, 60))
    assert (
        "<h2>Failed: Entra could not take these people</h2><ul><li><details><summary><b>59 people</b> (IT acts): Entra "
        f"knows no licence.</summary><ul>{behind}</ul></details></li></ul>"
        "<ul><li><b>99</b> Cy &lt;b&gt;, row 3: The user name is taken.</li></ul>"
    ) in page


def test_one_reason_for_which_nobody_got_through_is_told_before_anything_else() -> None:
    failed = Some()
    text = "Entra could not create the account: the domain contoso.local is not in the tenant. IT adds it."
    for number in range(9):
        failed.add(PersonToLookAt(f"{number}", "Bo", 2, "Each.", ("the domain", "IT")), text, text)
    row = ExtractRow(file="a", status=ExtractStatus.DELIVERED, message="", failed=9, provisioned=1)
    page = summary.summary_page(VERSION.ref, row, [], ToLookAt(failed))
    first = f"Nearly nobody of this file got through, for one reason: {text}"
    assert page.index(f"<p class='outcome'>{first}</p>") < page.index("Status:")
    page = summary.summary_page(VERSION.ref, row | ExtractRow(provisioned=30), [], ToLookAt(failed))
    assert "<p class='outcome'>Done, but look at this: 9 people failed.</p>" in page


def test_hr_s_times_are_those_of_the_source() -> None:
    row = ExtractRow(
        file="a",
        status=ExtractStatus.DELIVERED,
        message="",
        arrived_at="2026-07-18T22:30:00Z",
        zone="Europe/Berlin",
    )
    page = summary.summary_page(VERSION.ref, row, [], as_of="2026-12-18T06:10:00Z")
    assert "As of 2026-12-18 07:10 (Europe/Berlin). Arrived 2026-07-19 00:30 (Europe/Berlin)" in page


def test_the_list_that_came_before_is_named() -> None:
    row = ExtractRow(file="a", status=ExtractStatus.DELIVERED, message="")
    before = ExtractRow(compared_with="people <1>.csv", compared_people=30, compared_rejected=10)
    assert (
        "The list before it is <b>people &lt;1&gt;.csv</b>: 30 people, and 10 rows that were rejected."
        in summary.summary_page(VERSION.ref, row | before, [])
    )
    first = ExtractRow(compared_with="", compared_people=0, compared_rejected=0)
    assert "It is the first list of this source" in summary.summary_page(VERSION.ref, row | first, [])
    assert "list before" not in summary.summary_page(VERSION.ref, row, [])


def test_a_refused_file_is_told_where_the_next_one_belongs() -> None:
    page = summary.summary_page(VERSION.ref, ExtractRow(file="a", status=ExtractStatus.REJECTED, message="No."), [])
    assert "Nothing of the file was used. The place for the next one is <b>hr-inbox/employees/</b>." in page


def test_the_summary_lists_held_people_from_the_plan_and_failed_ones_as_told(context: Context) -> None:
    row = ARRIVED | ExtractRow(message="Held.", read_plan="try", held=1, failed=1)
    insert_extract(context.storage, VERSION, row)
    held: list[pages.HeldPerson] = [
        {"id": "7", "row": 2, "name": "Ada", "kind": "leaver", "class": "disable", "why": "too many leavers."}
    ]
    pages.write_held(context.storage, VERSION.ref, "try", held)
    pages.write_notes(context.storage, VERSION.ref, "try", ["A note."])
    people = ToLookAt(failed=Some([PersonToLookAt("8", "Bo", 3, "No licence.")]))
    summary.write_summary(context.storage, VERSION.ref, look=lambda _: people, at=START)
    [_, blob] = context.storage.container(OUTBOX).list_blobs()
    told = json.loads(context.storage.container(OUTBOX).download_blob(blob.name).readall())
    assert told["asOf"] == "2026-09-18T06:00:00Z"
    assert told["heldPeople"] == [{"workerId": "7", "name": "Ada", "row": 2, "text": "too many leavers."}]
    assert told["failedPeople"] == [{"workerId": "8", "name": "Bo", "row": 3, "text": "No licence."}]
    assert (told["held"], told["failed"], told["notes"]) == (1, 1, ["A note."])
