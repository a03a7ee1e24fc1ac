from __future__ import annotations

import base64
import json

import pytest

from local.host.triggers.blobs import parse_pattern
from tests.conftest import Storage
from tests.local.host.conftest import Toy
from tests.support.waiting import wait_for

NOTE = """
@app.blob_trigger(arg_name="client", path="inbox/{name}", connection="STORE")
def arrived(client: blob.BlobClient):
    note(name=client.blob_name, content=client.download_blob().readall().decode())
    if "bad" in client.blob_name:
        raise ValueError("bad")
"""


def test_every_version_comes_once_to_one_of_two_instances(storage: Storage, toy: Toy) -> None:
    inbox = storage.blobs.create_container("inbox")
    toy.write(NOTE)
    inbox.upload_blob("before.csv", b"0")
    host = toy.start("--instances", "2")
    toy.wait_for_notes(1)

    inbox.upload_blob("employees/O'Brien \u00fc #1.csv", b"1")
    toy.wait_for_notes(2)
    inbox.upload_blob("employees/O'Brien \u00fc #1.csv", b"2", overwrite=True)
    toy.wait_for_notes(3)
    host.stop()
    inbox.upload_blob("while away.csv", b"3")
    toy.start()
    toy.wait_for_notes(4)
    inbox.upload_blob("last.csv", b"4")
    toy.wait_for_notes(5)

    assert [(note["name"], note["content"]) for note in toy.notes()] == [
        ("before.csv", "0"),
        ("employees/O'Brien \u00fc #1.csv", "1"),
        ("employees/O'Brien \u00fc #1.csv", "2"),
        ("while away.csv", "3"),
        ("last.csv", "4"),
    ]


def test_a_receipt_is_marked_while_it_is_open_and_a_name_that_ends_in_a_slash_never_comes(
    storage: Storage, toy: Toy
) -> None:
    inbox = storage.blobs.create_container("inbox")
    hosts = storage.blobs.create_container("azure-webjobs-hosts")
    toy.write(NOTE)
    etag = str(inbox.upload_blob("open.csv", b"0").get_blob_properties().etag)
    # As an instance leaves it that dies between the receipt and the message.
    receipt = f"blobreceipts/local/Host.Functions.arrived/{etag}/inbox/open.csv"
    hosts.upload_blob(receipt, b"", metadata={"incomplete": "true"})
    inbox.upload_blob("folder/", b"1")
    etag = str(inbox.upload_blob("done.csv", b"2").get_blob_properties().etag)
    hosts.upload_blob(f"blobreceipts/local/Host.Functions.arrived/{etag}/inbox/done.csv", b"")

    toy.start()
    toy.wait_for_notes(1)
    inbox.upload_blob("last.csv", b"3")
    toy.wait_for_notes(2)

    assert [note["name"] for note in toy.notes()] == ["open.csv", "last.csv"]
    wait_for(lambda: hosts.get_blob_client(receipt).get_blob_properties().metadata == {})


def test_a_version_that_always_fails_is_set_aside(storage: Storage, toy: Toy) -> None:
    inbox = storage.blobs.create_container("inbox")
    toy.write(NOTE)
    toy.start()

    etag = inbox.upload_blob("bad.csv", b"x").get_blob_properties().etag

    poison = storage.queues.get_queue_client("webjobs-blobtrigger-poison")
    wait_for(lambda: "webjobs-blobtrigger-poison" in [queue.name for queue in storage.queues.list_queues()])
    (message,) = wait_for(lambda: poison.peek_messages(2))
    assert json.loads(base64.b64decode(message.content)) == {
        "Type": "BlobTrigger",
        "FunctionId": "Host.Functions.arrived",
        "BlobType": "BlockBlob",
        "ContainerName": "inbox",
        "BlobName": "bad.csv",
        "ETag": etag,
    }
    assert len(toy.notes()) == 5


def test_a_version_that_is_no_longer_there_is_passed_over(storage: Storage, toy: Toy) -> None:
    """It fails once, and before it is tried again it is overwritten; another is deleted."""
    inbox = storage.blobs.create_container("inbox")
    toy.write("""
        @app.blob_trigger(arg_name="client", path="inbox/{name}.csv", connection="STORE")
        def arrived(client: blob.BlobClient):
            content = client.download_blob().readall().decode()
            note(name=client.blob_name, content=content)
            if content == "overwritten":
                client.upload_blob(b"newer", overwrite=True)
                raise ValueError("once")
            if content == "deleted":
                client.delete_blob()
                raise ValueError("once")
        """)
    inbox.upload_blob("a.csv", b"overwritten")
    inbox.upload_blob("b.csv", b"deleted")
    inbox.upload_blob("c.txt", b"does not fit the pattern")

    host = toy.start()

    toy.wait_for_notes(3)
    wait_for(lambda: "is gone: nothing to do" in host.log.read_text())
    wait_for(lambda: "has changed: its newer version" in host.log.read_text())
    assert sorted((note["name"], note["content"]) for note in toy.notes()) == [
        ("a.csv", "newer"),
        ("a.csv", "overwritten"),
        ("b.csv", "deleted"),
    ]


def test_input_streams_are_served_too(storage: Storage, toy: Toy) -> None:
    inbox = storage.blobs.create_container("inbox")
    toy.write("""
        @app.blob_trigger(arg_name="stream", path="inbox/{name}", connection="STORE")
        def arrived(stream: func.InputStream):
            note(name=stream.name, length=stream.length, content=stream.read().decode(), uri=stream.uri,
                 metadata=stream.metadata)
        """)
    uploaded = inbox.upload_blob("a.csv", b"abc", metadata={"from": "hr"})

    toy.start()

    (note,) = toy.wait_for_notes(1)
    assert {key: note[key] for key in ("name", "length", "content", "uri", "metadata")} == {
        "name": "inbox/a.csv",
        "length": 3,
        "content": "abc",
        "uri": uploaded.url,
        "metadata": {"from": "hr"},
    }


@pytest.mark.parametrize(
    ("path", "name", "places"),
    [
        ("inbox", "a/b.csv", {}),
        ("inbox/{name}", "a/b.csv", {"name": "a/b.csv"}),
        ("inbox/{source}/{file}.csv", "hr/b.csv", {"source": "hr", "file": "b"}),
        ("inbox/{source}/{file}.csv", "b.csv", None),
        ("inbox/{name}.csv", "b.csv.txt", None),
        ("inbox/a.c", "abc", None),
    ],
)
def test_patterns(path: str, name: str, places: dict[str, str] | None) -> None:
    assert parse_pattern(path).container == "inbox"
    assert parse_pattern(path).matches(name) == places


@pytest.mark.parametrize("path", ["", "{container}/x", "In Box/{name}", "inbox/{name", "inbox/name}", "inbox/{a}{a}"])
def test_patterns_that_are_wrong(path: str) -> None:
    with pytest.raises(ValueError, match="'"):
        parse_pattern(path)
