from __future__ import annotations

import json
import os
import signal
from pathlib import Path

import pytest

from tests.conftest import Storage
from tests.local.host.conftest import Toy
from tests.support.waiting import wait_for

pytestmark = pytest.mark.slow

QUEUE = """
@app.queue_trigger(arg_name="msg", queue_name="work", connection="STORE")
def work(msg: func.QueueMessage):
    pass
"""

SLOW = """
@app.queue_trigger(arg_name="msg", queue_name="work", connection="STORE")
def work(msg: func.QueueMessage):
    note(began=True)
    while not os.path.exists("release"):
        time.sleep(0.02)
    note(ended=True)
"""


def is_alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().split()[2] != "Z"
    except FileNotFoundError:
        return False


@pytest.mark.parametrize(
    ("source", "settings", "sentences"),
    [
        (
            QUEUE,
            {"AzureWebJobsStorage": ""},
            ["no connection AzureWebJobsStorage to the blob service", "__blobService"],
        ),
        (QUEUE, {"STORE": ""}, ["work: no connection STORE to the queue service", "STORE__queueServiceUri"]),
        ("import nowhere", {}, ["INDEXING FAILED", "No module named 'nowhere'", "function_app.py", "import nowhere"]),
        (QUEUE.replace("msg:", "other:"), {}, ["INDEXING FAILED", "FunctionLoadError"]),
        ("raise SystemExit(0)", {}, ["the app called for the end of its process: SystemExit(0)"]),
    ],
)
def test_what_cannot_work_stops_the_host_with_a_sentence(
    bare_toy: Toy, source: str, settings: dict[str, str], sentences: list[str]
) -> None:
    bare_toy.env.update(AzureWebJobsStorage="UseDevelopmentStorage=true", STORE="UseDevelopmentStorage=true")
    bare_toy.env.update(settings)
    bare_toy.write(source)

    host = bare_toy.spawn()

    assert host.wait(60) == 1
    output = host.log.read_text()
    assert "The functions host cannot start: " in output
    assert [sentence for sentence in sentences if sentence not in output] == []


def test_no_host_json_and_no_app(bare_toy: Toy) -> None:
    host = bare_toy.spawn()
    assert (host.wait(60), host.tail()) == (
        1,
        f"The functions host cannot start: {bare_toy.folder / 'host.json'} is missing",
    )


def test_one_of_several_that_cannot_start_ends_all(bare_toy: Toy) -> None:
    bare_toy.write(QUEUE)
    bare_toy.env["AzureWebJobsStorage"] = ""
    host = bare_toy.spawn("--instances", "2")
    assert host.wait(60) == 1
    assert "no connection AzureWebJobsStorage" in host.tail()


def test_storage_of_the_app_is_made_ready(storage: Storage, toy: Toy) -> None:
    toy.write("""
        @app.route(route="support")
        def support(req: func.HttpRequest) -> str:
            return ""

        @app.queue_trigger(arg_name="msg", queue_name="work", connection="FROM_FILE")
        def work(msg: func.QueueMessage):
            pass
        """)
    toy.env["HR_STORAGE"] = storage.connection_string
    values = {"FROM_FILE": storage.connection_string, "HR_STORAGE": "the environment wins"}
    (toy.folder / "local.settings.json").write_text(json.dumps({"IsEncrypted": False, "Values": values}))

    host = toy.start()

    url = host.ready["url"]
    assert host.ready == {"ready": True, "pids": [host.pid], "functions": ["support", "work"], "url": url}
    assert [container.name for container in storage.blobs.list_containers()] == [
        "azure-webjobs-hosts",
        "hr-config",
        "hr-inbox",
        "hr-outbox",
        "rollcall-state",
    ]
    assert "bulk-uploads" in [queue.name for queue in storage.queues.list_queues()]
    assert "Workers" in [table.name for table in storage.tables.list_tables()]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_lets_running_work_finish(storage: Storage, toy: Toy, number: signal.Signals) -> None:
    work = storage.queues.create_queue("work")
    work.send_message("eA==")
    toy.write(SLOW, {"extensions": {"queues": {"batchSize": 1, "newBatchThreshold": 0}}})
    host = toy.start()
    toy.wait_for_notes(1)
    work.send_message("eQ==")

    host.signal(number)
    wait_for(lambda: "Stopping" in host.log.read_text())
    (toy.folder / "release").touch()

    assert host.wait(60) == 0
    assert ["began" in note for note in toy.notes()] == [True, False]
    (left,) = work.peek_messages()
    assert left.content == "eQ=="


def test_killing_the_parent_of_several_leaves_no_child(toy: Toy) -> None:
    toy.write(QUEUE)
    host = toy.start("--instances", "2")
    assert all(map(is_alive, host.ready["pids"]))

    host.kill()

    wait_for(lambda: not any(map(is_alive, host.ready["pids"])))


def test_when_one_instance_is_killed_the_other_goes_on(storage: Storage, toy: Toy) -> None:
    storage.queues.create_queue("work")
    toy.write(SLOW)
    host = toy.start("--instances", "2")
    killed, other = host.ready["pids"]

    os.kill(killed, signal.SIGKILL)

    wait_for(lambda: f"(process {killed}) has ended with -9" in host.log.read_text())
    storage.queues.get_queue_client("work").send_message("eA==")
    assert [note["pid"] for note in toy.wait_for_notes(1)] == [other]
    (toy.folder / "release").touch()
    assert host.stop() == 0
    assert not is_alive(other)


def test_logging_of_the_app_is_one_line_a_record(storage: Storage, toy: Toy) -> None:
    storage.queues.create_queue("work").send_message("eA==")
    toy.write("""
        @app.queue_trigger(arg_name="msg", queue_name="work", connection="STORE")
        def work(msg: func.QueueMessage):
            logging.getLogger("app").info("read it", extra={"rows": 3, "file": "a b.csv", "empty": None})
            note()
        """)

    host = toy.start()

    toy.wait_for_notes(1)
    line = next(line for line in host.log.read_text().splitlines() if "read it" in line)
    assert line.endswith('Z INFO app read it rows=3 file="a b.csv" empty=null')
    assert "http_logging_policy" not in host.log.read_text()


def test_a_function_that_calls_sys_exit_ends_only_itself(storage: Storage, toy: Toy) -> None:
    work = storage.queues.create_queue("work")
    for content in ("ZXhpdA==", "eA=="):
        work.send_message(content)
    toy.write(
        """
        @app.queue_trigger(arg_name="msg", queue_name="work", connection="STORE")
        async def work(msg: func.QueueMessage):
            note(body=msg.get_body().decode())
            if msg.get_body() == b"exit":
                raise SystemExit(1)
        """,
        {"extensions": {"queues": {"batchSize": 1, "newBatchThreshold": 0, "maxDequeueCount": 1}}},
    )

    toy.start()

    assert [note["body"] for note in toy.wait_for_notes(2)] == ["exit", "x"]
    wait_for(lambda: work.get_queue_properties().approximate_message_count == 0)
