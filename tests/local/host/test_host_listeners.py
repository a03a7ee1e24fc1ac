from __future__ import annotations

import threading
from collections.abc import Mapping
from typing import cast

import pytest

from local.host.config import HostConfig
from local.host.connections import Connections
from local.host.errors import HostError
from local.host.invocations import Invoker
from local.host.triggers.listeners import Wiring
from local.host.worker import Function

STORAGE = "UseDevelopmentStorage=true"
QUEUE = {"type": "queueTrigger", "queueName": "work", "connection": "STORE"}
BLOB = {"type": "blobTrigger", "path": "inbox/{name}", "connection": "STORE"}
TIMER = {"type": "timerTrigger", "schedule": "%TICK%"}


def wire(trigger: Mapping[str, object], settings: Mapping[str, str], **outputs: Mapping[str, object]) -> list[str]:
    env = {"AzureWebJobsStorage": STORAGE, "STORE": STORAGE, **settings}
    invoker = cast("Invoker", None)  # nothing runs
    wiring = Wiring(env, HostConfig(), Connections(env), invoker, 600, threading.Event())
    return [type(listener).__name__ for listener in wiring.listeners([Function("go", "1", trigger, outputs)])]


def test_each_trigger_has_what_listens_for_it() -> None:
    assert wire(QUEUE, {}) == ["QueueListener"]
    assert wire(BLOB, {}) == ["BlobScanner", "QueueListener"]
    assert wire(TIMER, {"TICK": "0 * * * * *"}) == ["TimerListener"]
    assert wire({"type": "httpTrigger"}, {}, out={"type": "http"}) == ["HttpListener"]


@pytest.mark.parametrize("setting", ["AzureWebJobs.go.Disabled", "AzureWebJobs__go__Disabled"])
def test_a_function_can_be_disabled(setting: str) -> None:
    assert wire(QUEUE, {setting: "true"}) == []
    assert wire(QUEUE, {setting: "false"}) == ["QueueListener"]


def test_what_event_grid_tells_of_is_not_looked_for() -> None:
    assert wire({**BLOB, "source": "EventGrid"}, {}) == ["QueueListener", "HttpListener"]


@pytest.mark.parametrize(
    ("trigger", "settings", "message"),
    [
        (QUEUE, {"STORE": ""}, "go: no connection STORE to the queue service"),
        (QUEUE, {"STORE": "nonsense"}, "go: STORE is not a usable connection string"),
        (QUEUE, {"STORE": "", "STORE__queueServiceUri": "http://x"}, "STORE__queueServiceUri must start with https"),
        (QUEUE, {"STORE": "", "STORE__blobServiceUri": "https://x"}, "or STORE__queueServiceUri to its address"),
        (
            QUEUE,
            {"STORE": "", "STORE__queueServiceUri": "https://x", "STORE__credential": "secret"},
            "STORE__credential is 'secret'; only 'managedidentity' is known",
        ),
        (BLOB, {"STORE": ""}, "go: no connection STORE to the blob service"),
        ({**BLOB, "path": "In Box/{n}"}, {}, "path of go is wrong: 'In Box/{n}' does not begin with a container's"),
        (TIMER, {}, "schedule of go uses %TICK%, and there is no app setting TICK"),
        (TIMER, {"TICK": "* * * *"}, "the schedule of go is wrong: '* * * *' has 4 fields"),
        (TIMER, {"TICK": "0 * * * * *", "WEBSITE_TIME_ZONE": "Mars"}, "WEBSITE_TIME_ZONE is 'Mars'"),
        ({"type": "serviceBusTrigger"}, {}, "go has a serviceBusTrigger, which the local host does not know"),
    ],
)
def test_what_cannot_work_is_refused(trigger: Mapping[str, object], settings: dict[str, str], message: str) -> None:
    with pytest.raises(HostError) as caught:
        wire(trigger, settings)
    assert message in str(caught.value)


def test_outputs_that_cannot_be_served_are_refused() -> None:
    with pytest.raises(HostError, match="go has a binding of type eventHub: the local host has none"):
        wire(QUEUE, {}, out={"type": "eventHub"})
    with pytest.raises(HostError, match="go: no connection NOWHERE to the queue service"):
        wire(QUEUE, {}, out={"type": "queue", "queueName": "next", "connection": "NOWHERE"})
