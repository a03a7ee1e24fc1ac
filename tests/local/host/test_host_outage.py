from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from azure.storage.blob import BlobServiceClient
from azure.storage.queue import QueueServiceClient

from local import processes
from local.azurite import Azurite
from tests.local.host.conftest import Toy
from tests.support.waiting import wait_for

pytestmark = pytest.mark.slow

ALL_KINDS = """
@app.queue_trigger(arg_name="msg", queue_name="work", connection="STORE")
def work(msg: func.QueueMessage):
    note(kind="queue", body=msg.get_body().decode())

@app.blob_trigger(arg_name="client", path="inbox/{name}", connection="STORE")
def arrived(client: blob.BlobClient):
    note(kind="blob", body=client.blob_name)

@app.timer_trigger(arg_name="timer", schedule="* * * * * *")
def tick(timer: func.TimerRequest):
    note(kind="timer")
"""


def test_storage_that_goes_away_is_waited_for(bare_toy: Toy, tmp_path: Path) -> None:
    blob, queue, table = processes.free_ports(3)

    def start() -> Azurite:
        return Azurite.start(ports=(blob, queue, table), location=tmp_path / "data", log=tmp_path / "azurite.log")

    def send(text: str) -> None:
        with QueueServiceClient.from_connection_string(connection, retry_total=0) as queues:
            queues.get_queue_client("work").send_message(text)
        with BlobServiceClient.from_connection_string(connection, retry_total=0) as blobs:
            blobs.get_blob_client("inbox", text).upload_blob(b"x")

    def noted(kind: str, body: str | None = None) -> Callable[[], bool]:
        return lambda: any(note["kind"] == kind and note.get("body") == body for note in bare_toy.notes())

    with start() as emulator:
        connection = emulator.connection_string()
        with QueueServiceClient.from_connection_string(connection, retry_total=0) as queues:
            queues.create_queue("work")
        with BlobServiceClient.from_connection_string(connection, retry_total=0) as blobs:
            blobs.create_container("inbox")
        bare_toy.env.update(AzureWebJobsStorage=connection, STORE=connection)
        bare_toy.write(ALL_KINDS, {"extensions": {"queues": {"messageEncoding": "none"}}})
        host = bare_toy.start()
        send("before")
        wait_for(noted("queue", "before"))
        wait_for(noted("blob", "before"))
        wait_for(noted("timer"))
        # Azurite writes its books to disk every few seconds, and when it is told to end.
    wait_for(lambda: "Trouble reading queue work" in host.log.read_text())
    wait_for(lambda: "Trouble looking for blobs in inbox" in host.log.read_text())

    with start():
        send("after")
        wait_for(noted("queue", "after"))
        wait_for(noted("blob", "after"))
        assert host.alive
        assert host.log.read_text().count("Trouble reading queue work") == 1
        assert [note["body"] for note in bare_toy.notes() if note["kind"] == "blob"] == ["before", "after"]
        assert host.stop() == 0
