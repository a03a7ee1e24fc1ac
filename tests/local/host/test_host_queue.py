from __future__ import annotations

import base64
import json
import time

from azure.core.exceptions import ResourceNotFoundError
from azure.storage.queue import QueueClient

from tests.conftest import Storage
from tests.local.host.conftest import Toy
from tests.support.waiting import wait_for

NOTE = """
@app.queue_trigger(arg_name="msg", queue_name="work", connection="STORE")
def work(msg: func.QueueMessage):
    body = msg.get_body().decode()
    note(body=body, tries=msg.dequeue_count)
    if "bad" in body:
        raise ValueError(body)
"""

SLOW = """
@app.queue_trigger(arg_name="msg", queue_name="work", connection="STORE")
def work(msg: func.QueueMessage):
    note(began=msg.id, tries=msg.dequeue_count)
    while not os.path.exists("release"):
        time.sleep(0.02)
    note(ended=msg.id)
"""


def encode(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def queue(storage: Storage, name: str = "work") -> QueueClient:
    return storage.queues.get_queue_client(name)


def depth(client: QueueClient) -> int:
    return client.get_queue_properties().approximate_message_count or 0


def bodies(client: QueueClient) -> list[str]:
    try:
        return [str(message.content) for message in client.peek_messages(32)]
    except ResourceNotFoundError:
        return []


def test_success_deletes_and_failure_is_tried_five_times_then_set_aside_as_it_was(storage: Storage, toy: Toy) -> None:
    work, poison = queue(storage), queue(storage, "work-poison")
    work.create_queue()
    sent = [encode("good"), encode("bad \u00fc"), "not base64!"]
    for content in sent:
        work.send_message(content)
    toy.write(NOTE)

    toy.start()

    wait_for(lambda: len(bodies(poison)) == 2 and depth(work) == 0)
    assert sorted(bodies(poison)) == sorted(sent[1:])
    assert sorted((note["body"], note["tries"]) for note in toy.notes()) == [
        *(("bad \u00fc", tries) for tries in range(1, 6)),
        ("good", 1),
    ]


def test_a_body_that_is_no_base64_is_set_aside_at_once_and_no_function_ever_sees_it(storage: Storage, toy: Toy) -> None:
    """And what is set aside already has nowhere to go: it stays hidden for its lease, tried or not."""
    work, poison = queue(storage), queue(storage, "work-poison")
    for each in (work, poison):
        each.create_queue()
    work.send_message("not base64!")
    poison.send_message(encode("bad"))
    toy.write(
        """
        def tried(name, msg):
            note(queue=name, body=msg.get_body().decode(), tries=msg.dequeue_count)
            raise ValueError(name)

        @app.queue_trigger(arg_name="msg", queue_name="work", connection="STORE")
        def work(msg: func.QueueMessage):
            tried("work", msg)

        @app.queue_trigger(arg_name="msg", queue_name="work-poison", connection="STORE")
        def work_poison(msg: func.QueueMessage):
            tried("work-poison", msg)
        """,
        {"extensions": {"queues": {"visibilityTimeout": "00:00:00"}}},
    )

    host = toy.start("--lease", "2")

    wait_for(lambda: depth(work) == 0 and depth(poison) == 2)
    assert "it is not base64" in host.log.read_text()
    first, second = toy.wait_for_notes(2)
    told = [{key: note[key] for key in ("queue", "body", "tries")} for note in (first, second)]
    assert told == [{"queue": "work-poison", "body": "bad", "tries": tries} for tries in (1, 2)]
    assert second["at"] - first["at"] > 1.5
    assert [each.name for each in storage.queues.list_queues()] == ["work", "work-poison"]


def test_a_failed_message_waits_for_the_visibility_timeout_and_the_limit_of_tries_is_kept(
    storage: Storage, toy: Toy
) -> None:
    limits = {"visibilityTimeout": "00:00:01", "maxDequeueCount": 2, "messageEncoding": "none"}
    toy.write(NOTE, {"extensions": {"queues": limits}})
    queue(storage).create_queue()
    queue(storage).send_message("bad")

    toy.start()

    wait_for(lambda: bodies(queue(storage, "work-poison")) == ["bad"])
    first, second = toy.notes()
    assert second["at"] - first["at"] > 0.5


def test_a_function_sees_what_azure_tells_of_a_message(storage: Storage, toy: Toy) -> None:
    toy.write("""
        @app.queue_trigger(arg_name="msg", queue_name="%QUEUE%", connection="STORE")
        @app.queue_output(arg_name="out", queue_name="next", connection="STORE")
        async def work(msg: func.QueueMessage, out: func.Out[str], context: func.Context):
            note(id=msg.id, body=msg.get_json(), tries=msg.dequeue_count, receipt=msg.pop_receipt, cwd=os.getcwd(),
                 lease=(msg.time_next_visible - msg.insertion_time).total_seconds(),
                 kept=(msg.expiration_time - msg.insertion_time).days, invocation=context.invocation_id)
            out.set("passed on")
        """)
    toy.env["QUEUE"] = "work"
    queue(storage).create_queue()
    sent = queue(storage).send_message(encode('{"Id": "mine"}'))

    host = toy.start()

    (note,) = toy.wait_for_notes(1)
    assert (note["id"], note["body"], note["tries"]) == (sent.id, {"Id": "mine"}, 1)
    assert note["receipt"]
    assert (round(note["lease"], -1), note["kept"]) == (600, 7)
    assert note["cwd"] == str(toy.folder)
    assert wait_for(lambda: bodies(queue(storage, "next"))) == [encode("passed on")]
    assert f"id={note['invocation']} ms=" in host.tail()


def test_a_message_of_a_killed_host_comes_back_when_its_lease_ends(storage: Storage, toy: Toy) -> None:
    toy.write(SLOW)
    queue(storage).create_queue()
    queue(storage).send_message(encode("x"))
    first = toy.start("--lease", "2")
    toy.wait_for_notes(1)

    first.kill()
    second = toy.start("--lease", "2")

    notes = toy.wait_for_notes(2)
    assert [(note["tries"], note["pid"]) for note in notes] == [(1, first.pid), (2, second.pid)]
    assert notes[1]["at"] - notes[0]["at"] > 1
    (toy.folder / "release").touch()
    wait_for(lambda: depth(queue(storage)) == 0)


def test_a_long_run_keeps_its_lease(storage: Storage, toy: Toy) -> None:
    toy.write(
        """
        @app.queue_trigger(arg_name="msg", queue_name="work", connection="STORE")
        async def work(msg: func.QueueMessage):
            note(tries=msg.dequeue_count)
            time.sleep(2.5)  # even though it holds up the event loop
            note(done=True)
        """
    )
    queue(storage).create_queue()
    queue(storage).send_message(encode("x"))

    toy.start("--instances", "2", "--lease", "1")

    wait_for(lambda: depth(queue(storage)) == 0)
    assert [note.get("tries") for note in toy.notes()] == [1, None]


def test_no_more_run_at_once_than_host_json_says(storage: Storage, toy: Toy) -> None:
    toy.write(SLOW, {"extensions": {"queues": {"batchSize": 3}}})  # and half of it, 1, before the next batch
    queue(storage).create_queue()
    for number in range(8):
        queue(storage).send_message(encode(str(number)))

    toy.start()

    toy.wait_for_notes(3)
    # The queue would be looked at several times in this second; nothing more may begin.
    wait_for(lambda: len(toy.notes()) > 3 or toy.notes()[0]["at"] + 1 < time.monotonic())
    assert len(toy.notes()) == 3
    still = queue(storage)
    assert depth(still) == 8
    (toy.folder / "release").touch()
    wait_for(lambda: depth(still) == 0)
    running, most = 0, 0
    for note in toy.notes():
        running += 1 if "began" in note else -1
        most = max(most, running)
    assert most <= 4


def test_two_instances_share_a_queue(storage: Storage, toy: Toy) -> None:
    toy.write(SLOW, {"extensions": {"queues": {"batchSize": 1, "newBatchThreshold": 0}}})
    queue(storage).create_queue()
    for number in range(4):
        queue(storage).send_message(encode(str(number)))

    host = toy.start("--instances", "2")

    pids = {note["pid"] for note in toy.wait_for_notes(2)}
    assert pids == set(host.ready["pids"])
    assert host.pid not in pids
    (toy.folder / "release").touch()
    wait_for(lambda: depth(queue(storage)) == 0)
    assert len({note["began"] for note in toy.notes() if "began" in note}) == 4
    assert len(toy.notes()) == 8


def test_a_function_that_takes_too_long_fails_and_the_host_starts_again(storage: Storage, toy: Toy) -> None:
    toy.write(
        """
        note(indexed=os.getpid())

        @app.queue_trigger(arg_name="msg", queue_name="work", connection="STORE")
        def work(msg: func.QueueMessage):
            note(tries=msg.dequeue_count)
            if msg.dequeue_count == 1:
                time.sleep(60)
        """,
        {"functionTimeout": "00:00:01"},
    )
    queue(storage).create_queue()
    queue(storage).send_message(encode("x"))

    host = toy.start()

    toy.wait_for_notes(4)
    assert [{"indexed": host.pid}, {"tries": 1}, {"indexed": host.pid}, {"tries": 2}] == [
        {key: note[key] for key in note if key not in ("at", "pid")} for note in toy.notes()
    ]
    wait_for(lambda: depth(queue(storage)) == 0)
    assert "longer than functionTimeout" in host.log.read_text()


def test_json_bodies_do_not_have_to_be_objects(storage: Storage, toy: Toy) -> None:
    toy.write(NOTE)
    queue(storage).create_queue()
    texts = ["{", "[1]", json.dumps({"a": None, "b": [1]}), ""]
    for text in texts:
        queue(storage).send_message(encode(text))

    toy.start()

    assert sorted(note["body"] for note in toy.wait_for_notes(4)) == sorted(texts)
