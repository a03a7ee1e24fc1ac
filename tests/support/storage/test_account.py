"""The storage account in the process answers as Azurite does; leases run out and messages come by its time."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import pytest
from azure.core import MatchConditions
from azure.core.exceptions import HttpResponseError, ResourceExistsError
from azure.data.tables import EdmType, EntityProperty, UpdateMode
from azure.storage.blob import BlobClient, BlobLeaseClient, ContainerClient, ContentSettings, StandardBlobTier

from shared.storage.clients import Storage, code_of
from shared.storage.names import INBOX, PAGES, STATE, UPLOADS
from tests.conftest import Storage as Emulated
from tests.support.contexts import ManualTime, connected
from tests.support.storage.account import CONNECTION_STRING, Account

IDS = ("11111111-1111-4111-8111-111111111111", "22222222-2222-4222-8222-222222222222")
LARGE = bytes(range(256)) * 20_000


@pytest.fixture
def time() -> ManualTime:
    return ManualTime(datetime(2028, 3, 1, 6, 0, tzinfo=UTC))


@pytest.fixture
def ours(time: ManualTime) -> Iterator[Storage]:
    account = Account(time)
    with account.served(), connected(CONNECTION_STRING) as storage:
        yield storage
    account.close()


@pytest.fixture
def azurites_own(emulated: Emulated) -> Iterator[Storage]:
    with connected(emulated.connection_string) as storage:
        yield storage


def outcome(do: Callable[[], Any]) -> object:
    """What comes of something, as far as it must be the same."""
    try:
        found = do()
    except HttpResponseError as error:
        return type(error).__name__, error.status_code, code_of(error)
    return found if isinstance(found, bytes | bool | int | str | list | tuple) else type(found).__name__


def blob_tale(storage: Storage) -> list[object]:
    """Everything that is asked of blobs."""
    state = storage.container(STATE)
    blob, other = state.get_blob_client("a/b & <c>.json"), state.get_blob_client("a/empty")
    told = [outcome(do) for do in (blob.exists, blob.get_blob_properties, lambda: state.download_blob("a/x").readall())]
    blob.upload_blob(b"one", overwrite=True, metadata={"kind": "first"})
    etag = blob.get_blob_properties().etag
    told += [
        outcome(do)
        for do in (
            blob.exists,
            lambda: blob.download_blob().readall(),
            lambda: blob.download_blob(offset=1, length=1).readall(),
            lambda: blob.download_blob(offset=7, length=1).readall(),
            lambda: blob.upload_blob(b"two", overwrite=False),
            lambda: blob.upload_blob(b"two", etag="0x1", match_condition=MatchConditions.IfNotModified, overwrite=True),
            lambda: blob.upload_blob(b"two", etag=etag, match_condition=MatchConditions.IfNotModified, overwrite=True),
            lambda: blob.download_blob(etag=etag, match_condition=MatchConditions.IfNotModified).readall(),
            lambda: dict(blob.get_blob_properties().metadata) == {},
            lambda: other.upload_blob(iter([b""]), length=0, overwrite=False),
            lambda: other.download_blob(decompress=False).readall(),
            lambda: state.upload_blob("large", iter([LARGE[:70_000], LARGE[70_000:]]), overwrite=True),
            lambda: state.download_blob("large").readall() == LARGE,
            lambda: list(state.list_blob_names()),
            lambda: list(state.list_blob_names(name_starts_with="a/")),
            lambda: [(one.name, one.size) for one in state.list_blobs(include=["metadata"])],
            lambda: [[one.name for one in page] for page in state.list_blobs(results_per_page=2).by_page()],
            lambda: blob.get_blob_properties().size,
            other.delete_blob,
            other.delete_blob,
            lambda: kind_of(blob),
            lambda: blob.set_http_headers(ContentSettings("text/csv", "gzip", content_disposition="attachment")),
            lambda: kind_of(blob),
            lambda: blob.get_blob_properties().metadata,
            lambda: blob.upload_blob(b"three", overwrite=True, content_settings=ContentSettings("text/html")),
            lambda: kind_of(blob),
            lambda: blob.set_standard_blob_tier(StandardBlobTier.ARCHIVE),
            lambda: str(blob.get_blob_properties().blob_tier),
            lambda: blob.download_blob().readall(),
            lambda: storage.container("nothing").upload_blob("a", b""),
            storage.container(INBOX).create_container,
            state.get_blob_client("../list.csv").exists,
            state.get_blob_client("../list.csv").delete_blob,
            state.exists,
            state.delete_container,
            state.delete_container,
            state.exists,
            blob.exists,
            lambda: list(state.list_blob_names()),
            lambda: state.create_container() is not None,
            lambda: list(state.list_blob_names()),
        )
    ]
    return told


def kind_of(blob: BlobClient) -> tuple[object, ...]:
    """What a blob says that it is."""
    settings = blob.get_blob_properties().content_settings
    return settings.content_type, settings.content_encoding, settings.content_disposition


def lease_tale(storage: Storage) -> list[object]:
    """Everything that is asked of leases."""
    blob = storage.container(STATE).get_blob_client("leases/default")

    def lease(number: int) -> BlobLeaseClient:
        return BlobLeaseClient(blob, lease_id=IDS[number])  # a new one: it forgets its id when it lets go

    told = [outcome(lambda: lease(0).acquire(15))]
    blob.upload_blob(b"", overwrite=False)
    told += [
        outcome(do)
        for do in (
            lambda: lease(0).renew(),
            lambda: lease(0).acquire(15),
            lambda: lease(0).acquire(15),
            lambda: lease(1).acquire(15),
            lambda: lease(1).renew(),
            lambda: lease(1).release(),
            lambda: lease(0).renew(),
            lambda: blob.upload_blob(b"", overwrite=True),
            blob.delete_blob,
            lambda: BlobLeaseClient(blob).break_lease(0),
            lambda: BlobLeaseClient(blob).break_lease(0),
            lambda: lease(0).renew(),
            lambda: lease(1).acquire(15),
            lambda: lease(0).release(),
            lambda: lease(1).renew(),
            lambda: lease(1).release(),
            lambda: lease(1).renew(),
            lambda: BlobLeaseClient(blob).break_lease(0),
        )
    ]
    return told


def queue_tale(storage: Storage) -> list[object]:
    """Everything that is asked of queues."""
    queue = storage.queue(UPLOADS)
    told: list[object] = [outcome(lambda: len(queue.peek_messages(5)))]
    for text in ("first <&> 1", "second"):
        queue.send_message(text)
    queue.send_message("hidden", visibility_timeout=100)
    told.append(queue.get_queue_properties().approximate_message_count)
    told.append([one.content for one in queue.peek_messages(5)])
    first, second = list(queue.receive_messages(max_messages=2, visibility_timeout=100))
    told.append([(one.content, one.dequeue_count) for one in (first, second)])
    told += [
        outcome(do)
        for do in (
            lambda: len(list(queue.receive_messages(max_messages=2))),
            lambda: queue.update_message(second, visibility_timeout=0),
            lambda: [one.dequeue_count for one in queue.peek_messages(5)],
            lambda: queue.delete_message(first),
            lambda: queue.delete_message(first),
            lambda: queue.delete_message(second),
            lambda: queue.get_queue_properties().approximate_message_count,
            lambda: storage.queue("nothing").send_message("a"),
            lambda: queue.send_message("third"),
            queue.clear_messages,
            lambda: queue.get_queue_properties().approximate_message_count,
            queue.delete_queue,
            queue.delete_queue,
            lambda: len(queue.peek_messages(5)),
        )
    ]
    return told


def table_tale(storage: Storage) -> list[object]:
    """Everything that is asked of tables, but for what the app's own queries make of their answers."""
    table = storage.tables.get_table_client(PAGES)
    rows = [{"PartitionKey": "p", "RowKey": f"{number}'|", "N": number, "Text": f"o'd {number}"} for number in range(5)]

    def write(row: dict[str, Any], etag: str, mode: UpdateMode) -> object:
        return table.update_entity(row, mode, etag=etag, match_condition=MatchConditions.IfNotModified)

    def found(text: str, **how: Any) -> list[list[Any]]:
        pages = table.query_entities(text, **how).by_page()
        return [[(row.get("RowKey"), row.get("N"), row.get("Size")) for row in page] for page in pages]

    told = [outcome(partial(table.create_entity, row)) for row in (*rows, rows[0])]
    etag = str(table.get_entity("p", "0'|").metadata["etag"])
    absent = {"PartitionKey": "p", "RowKey": "absent", "N": 9}
    size = {**rows[0], "Size": EntityProperty(2**40, EdmType.INT64), "Yes": True, "Broken": 2.5, "Bytes": b"\0"}
    told += [
        outcome(do)
        for do in (
            lambda: table.get_entity("p", "absent"),
            lambda: bool(write(size, etag, UpdateMode.MERGE)),
            lambda: write(rows[0], etag, UpdateMode.REPLACE),
            lambda: sorted(map(str, table.get_entity("p", "0'|").items())),
            lambda: table.update_entity(absent),
            lambda: table.delete_entity("p", "1'|", etag=etag, match_condition=MatchConditions.IfNotModified),
            lambda: table.delete_entity("p", "absent"),
            lambda: found("PartitionKey eq 'p' and N ge 1 and not (Text eq 'o''d 3')"),
            lambda: found("Size gt 5L or RowKey gt '3' and Yes eq true"),
            lambda: found("N ge 1", results_per_page=2),
            lambda: found("Nothing lt 1"),
            lambda: found("N ge 3", select=["RowKey", "Nothing"]),
            lambda: table.submit_transaction([("delete", rows[4]), ("create", rows[1])]),
            lambda: found("N eq 4"),
            lambda: len(table.submit_transaction([("delete", rows[4]), ("upsert", absent)])),
            lambda: found("N ge 4"),
            lambda: table.submit_transaction([("upsert", rows[4]), ("upsert", rows[4])]),
            lambda: storage.tables.create_table(PAGES),
            lambda: PAGES in [one.name for one in storage.tables.list_tables()],
            lambda: storage.tables.delete_table(PAGES),
            lambda: storage.tables.delete_table(PAGES),
            lambda: PAGES in [one.name for one in storage.tables.list_tables()],
            lambda: found("N ge 1"),
            lambda: table.create_entity(rows[0]),
            lambda: table.get_entity("p", "0'|"),
            lambda: table.submit_transaction([("create", rows[0])]),
            lambda: storage.tables.create_table(PAGES) is not None,
            lambda: found("N ge 0"),
        )
    ]
    return told


@pytest.mark.parametrize("tale", [blob_tale, lease_tale, queue_tale, table_tale], ids=lambda tale: tale.__name__)
def test_it_answers_as_azurite_does(
    tale: Callable[[Storage], list[object]], azurites_own: Storage, ours: Storage
) -> None:
    assert tale(ours) == tale(azurites_own)


def test_a_lease_runs_out_unless_it_is_renewed(ours: Storage, time: ManualTime) -> None:
    blob = ours.container(STATE).get_blob_client("leases/default")
    blob.upload_blob(b"")
    one, two = (BlobLeaseClient(blob, lease_id=lease_id) for lease_id in IDS)
    one.acquire(15)
    time.forward(14)
    one.renew()
    time.forward(14)
    with pytest.raises(ResourceExistsError):
        two.acquire(15)
    time.forward(1)
    two.acquire(15)
    with pytest.raises(ResourceExistsError):
        one.renew()


def test_a_message_is_hidden_for_as_long_as_was_said(ours: Storage, time: ManualTime) -> None:
    queue = ours.queue(UPLOADS)
    queue.send_message("later", visibility_timeout=60)
    assert not queue.peek_messages()
    time.forward(60)
    [message] = queue.receive_messages(visibility_timeout=30)
    assert not queue.peek_messages()
    time.forward(30)
    [again] = queue.receive_messages()
    assert (again.id, again.dequeue_count) == (message.id, 2)


def test_files_carry_the_time_at_which_they_were_written(ours: Storage, time: ManualTime) -> None:
    container: ContainerClient = ours.container(INBOX)
    container.upload_blob("a.csv", b"1")
    first = container.get_blob_client("a.csv").get_blob_properties()
    time.forward(3600)
    container.upload_blob("a.csv", b"2", overwrite=True)
    second = container.get_blob_client("a.csv").get_blob_properties()
    assert second.last_modified - first.last_modified == timedelta(hours=1)
    assert second.creation_time == first.creation_time
    assert second.etag != first.etag
