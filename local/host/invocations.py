"""One invocation from its start to its end: logged, timed, its outputs sent."""

from __future__ import annotations

import base64
import json
import logging
import time
import uuid
from collections.abc import Callable, Mapping
from concurrent.futures import CancelledError, Future
from concurrent.futures import TimeoutError as StillRunning
from dataclasses import dataclass, replace

from azure.core.exceptions import ResourceNotFoundError

from local.host.config import HostConfig
from local.host.connections import HOST_STORAGE, Connections
from local.host.errors import HostError
from local.host.outages import STORAGE_ERRORS, sentence
from local.host.worker import Data, Function, Outcome, Worker

log = logging.getLogger("host")


class Invocation:
    """A function that is running."""

    def __init__(self, invoker: Invoker, function: Function, future: Future[Outcome], invocation_id: str) -> None:
        self._invoker = invoker
        self._function = function
        self._future = future
        self._id = invocation_id
        self._started = time.monotonic()

    def wait(self, seconds: float) -> Outcome | None:
        """Wait for its end, `seconds` at most; None if it is still running then."""
        left = self._invoker.timeout - (time.monotonic() - self._started)
        try:
            outcome = self._future.result(timeout=max(0.0, min(seconds, left)))
        except StillRunning:
            if left > seconds:
                return None
            outcome = Outcome(f"TimeoutError: it ran longer than functionTimeout, {self._invoker.timeout:g} s")
            self._future.cancel()
            self._invoker.timed_out(self._function)
        except CancelledError:
            outcome = Outcome("the worker was restarted, because another function ran into functionTimeout")
        except HostError as error:
            outcome = Outcome(str(error))
        outcome = self._invoker.send_outputs(self._function, outcome)
        fields = {"id": self._id, "ms": round((time.monotonic() - self._started) * 1000)}
        if outcome.succeeded:
            log.info("Executed %s", self._function.name, extra=fields)
        else:
            log.error("Failed %s\n%s", self._function.name, outcome.stack.rstrip() or outcome.error, extra=fields)
        return outcome


@dataclass(frozen=True)
class Invoker:
    """Starts invocations.

    Attributes:
        worker: runs them.
        connections: where outputs go.
        config: how long they may take, and how outputs are encoded.
        timed_out: told of a function that took too long.
    """

    worker: Worker
    connections: Connections
    config: HostConfig
    timed_out: Callable[[Function], None]

    @property
    def timeout(self) -> float:
        return self.config.function_timeout

    def start(self, function: Function, data: Data, metadata: Mapping[str, object], why: str) -> Invocation:
        """Invoke a function; `why` says in the log what for."""
        invocation_id = str(uuid.uuid4())
        log.info("Executing %s %s", function.name, why, extra={"id": invocation_id})
        return Invocation(self, function, self.worker.invoke(function, data, metadata, invocation_id), invocation_id)

    def send_outputs(self, function: Function, outcome: Outcome) -> Outcome:
        """Send what the function put into its queue outputs; if that fails, so did the function."""
        try:
            for name, data in outcome.outputs.items():
                binding = function.outputs.get(name, {"type": "http"})
                if binding["type"] == "http":  # whoever asked gets it
                    continue
                for text in _messages(data):
                    self._send(str(binding.get("connection") or HOST_STORAGE), str(binding["queueName"]), text)
        except STORAGE_ERRORS as error:
            return replace(outcome, error=f"the output could not be sent: {sentence(error)}")
        return outcome

    def _send(self, connection: str, queue: str, text: str) -> None:
        content = base64.b64encode(text.encode()).decode() if self.config.queues.base64 else text
        with self.connections.queues(connection) as service, service.get_queue_client(queue) as client:
            try:
                client.send_message(content)
            except ResourceNotFoundError:
                client.create_queue()
                client.send_message(content)


def _messages(data: Data) -> list[str]:
    if data.kind == "bytes":
        return [data.value.decode()]
    if data.kind == "json":
        found = json.loads(data.value)
        items = found if isinstance(found, list) else [found]
        # A message object carries its text in `body`; anything else is sent as it stands.
        return [item if isinstance(item, str) else item.get("body", json.dumps(item)) for item in items]
    return [str(data.value)]
