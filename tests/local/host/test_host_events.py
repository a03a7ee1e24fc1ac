"""A blob trigger that Event Grid feeds, as it is deployed: what stands here was seen of the real library."""

from __future__ import annotations

import random
import time
from collections import Counter

import pytest
import requests

from local.event_grid import CREATED, DELETED, Chance, Event, body_of, events_of, webhook
from local.host.triggers.events import Webhook
from tests.conftest import Storage
from tests.local.host.conftest import Toy
from tests.support.waiting import wait_for

NOTE = """
@app.blob_trigger(arg_name="client", path="inbox/{name}", connection="STORE", source=func.BlobSource.EVENT_GRID)
def arrived(client: blob.BlobClient):
    note(container=client.container_name, name=client.blob_name, content=client.download_blob().readall().decode())
    if "bad" in client.blob_name:
        raise ValueError("bad")
    while "slow" in client.blob_name and not os.path.exists("release"):
        time.sleep(0.02)
"""
ACCOUNT = "http://127.0.0.1:10000/devstoreaccount1"


def told(toy: Toy) -> list[tuple[str, str, str]]:
    return [(note["container"], note["name"], note["content"]) for note in toy.notes()]


def test_each_event_runs_whatever_it_is_about_with_what_the_file_holds_by_then(storage: Storage, toy: Toy) -> None:
    inbox, other = storage.blobs.create_container("inbox"), storage.blobs.create_container("other")
    toy.write(NOTE)
    tell = webhook(toy.start("--no-events").ready["url"], "arrived", storage.blobs.url)
    for content in range(5):
        inbox.upload_blob("a.csv", str(content).encode(), overwrite=True)
    other.upload_blob("x.csv", b"other")

    for number in range(5):  # of versions of which four are no more
        assert tell(Event("inbox", "a.csv", f"0x{number}"))
    assert tell(Event("inbox", "a.csv", "0x4", DELETED))
    assert tell(Event("inbox", "gone.csv"))
    assert tell(Event("other", "x.csv", type="My.Own.Type"))
    assert tell(Event("inbox", "folder/"))

    toy.wait_for_notes(7)
    assert tell(Event("inbox", "./no/../a.csv"))
    toy.wait_for_notes(8)
    assert Counter(told(toy)) == {("inbox", "a.csv", "4"): 7, ("other", "x.csv", "other"): 1}


def test_two_events_of_one_version_run_at_once_up_to_the_limit_of_host_json(storage: Storage, toy: Toy) -> None:
    inbox = storage.blobs.create_container("inbox")
    toy.write(NOTE, {"extensions": {"blobs": {"maxDegreeOfParallelism": 4}}})
    tell = webhook(toy.start("--no-events").ready["url"], "arrived", storage.blobs.url)
    inbox.upload_blob("slow.csv", b"x")

    for _ in range(6):
        assert tell(Event("inbox", "slow.csv"))

    began = toy.wait_for_notes(2)
    # Of four a batch is half and one, and the next comes when one at most is running: three if they come together.
    wait_for(lambda: len(toy.notes()) > 3 or began[0]["at"] + 1 < time.monotonic())
    assert 2 <= len(toy.notes()) <= 3
    (toy.folder / "release").touch()
    toy.wait_for_notes(6)


def test_a_run_that_fails_is_tried_five_times_at_once_whatever_visibility_host_json_has(
    storage: Storage, toy: Toy
) -> None:
    inbox = storage.blobs.create_container("inbox")
    toy.write(NOTE, {"extensions": {"queues": {"visibilityTimeout": "00:00:30"}}})
    tell = webhook(toy.start("--no-events").ready["url"], "arrived", storage.blobs.url)
    inbox.upload_blob("bad.csv", b"x")

    assert tell(Event("inbox", "bad.csv"))

    poison = storage.queues.get_queue_client("webjobs-blobtrigger-poison")
    wait_for(lambda: "webjobs-blobtrigger-poison" in [queue.name for queue in storage.queues.list_queues()])
    assert len(wait_for(lambda: poison.peek_messages(2))) == 1
    at = [note["at"] for note in toy.notes()]
    assert len(at) == 5
    assert at[-1] - at[0] < 30  # the visibility that host.json has; it is 0.7 s


def test_the_host_is_told_of_new_versions_and_of_what_lay_there_when_it_started(storage: Storage, toy: Toy) -> None:
    inbox = storage.blobs.create_container("inbox")
    inbox.upload_blob("before.csv", b"0")
    toy.write(NOTE)
    toy.start("--instances", "2", "--twice", "0", "--strange", "0")
    toy.wait_for_notes(1)
    inbox.upload_blob("after.csv", b"1")
    toy.wait_for_notes(2)
    assert told(toy) == [("inbox", "before.csv", "0"), ("inbox", "after.csv", "1")]


def test_the_webhook_answers_the_question_with_which_a_subscription_begins(storage: Storage, toy: Toy) -> None:
    toy.write(NOTE)
    url = f"{toy.start('--no-events').ready['url']}/runtime/webhooks/blobs"
    question = [{"eventType": "x", "data": {"validationCode": "abc"}}]
    headers = {"aeg-event-type": "SubscriptionValidation"}
    known, unknown = ({"functionName": f"Host.Functions.{name}"} for name in ("arrived", "nobody"))
    assert requests.post(url, params=known, json=question, headers=headers, timeout=5).json() == {
        "validationResponse": "abc"
    }
    assert requests.post(url, params=known, json=[{}], timeout=5).status_code == 400
    assert requests.post(url, params=unknown, json=question, timeout=5).status_code == 404


@pytest.mark.parametrize(
    ("account", "path"), [("", "https://hr.blob.core.windows.net"), ("/devstoreaccount1", ACCOUNT)]
)
def test_an_event_becomes_a_message_as_the_real_host_writes_it(account: str, path: str) -> None:
    sent: list[object] = []
    webhook = Webhook("Host.Functions.arrived", account, sent.append)
    for name in ("employees/O'Brien \u00fc #1%41.csv", "folder/", "."):
        assert webhook.take("Notification", body_of(Event("inbox", name, "0x1"), path)) == (202, b"")
    assert sent == [
        {
            "Type": "BlobTrigger",
            "FunctionId": "Host.Functions.arrived",
            "BlobType": "BlockBlob",
            "ContainerName": "inbox",
            "BlobName": "employees/O'Brien \u00fc #1%41.csv",
            "ETag": '"0x1"',
        }
    ]


def test_how_unreliable_events_are_is_left_to_chance_with_a_seed() -> None:
    chance = Chance(twice=0.2, lost=0.05, late=2.0, strange=0.1)
    rounds = [[events_of("inbox", "a", "1", chance, random.Random(seed)) for seed in range(2000)] for _ in range(2)]
    assert rounds[0] == rounds[1]
    plain = [[late for late, event in found if event == Event("inbox", "a", "1", CREATED)] for found in rounds[0]]
    strange = [event for found in rounds[0] for _, event in found if event != Event("inbox", "a", "1", CREATED)]
    counts = Counter(len(lates) for lates in plain)
    assert 60 <= counts[0] <= 140
    assert 320 <= counts[2] <= 440
    at_once = sum(len(lates) == 2 and lates[0] == lates[1] for lates in plain)
    assert 0.4 <= at_once / counts[2] <= 0.6
    assert 0 <= min(late for lates in plain for late in lates) < max(late for lates in plain for late in lates) <= 2
    assert {(event.container, event.name, event.type) for event in strange} == {
        ("inbox", "a", DELETED),
        ("inbox", "a", "Microsoft.Storage.BlobTierChanged"),
        ("inbox", "a.gone", CREATED),
        ("hr-outbox", "a/summary.json", CREATED),
    }
