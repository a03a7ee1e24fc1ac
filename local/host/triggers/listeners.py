"""From the app's functions to what listens for them."""

from __future__ import annotations

import logging
import threading
from collections.abc import Mapping
from datetime import UTC, tzinfo
from typing import Protocol
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from local.host.config import HostConfig, fill_in
from local.host.connections import HOST_STORAGE, Connections
from local.host.errors import HostError
from local.host.instances import Told
from local.host.invocations import Invoker
from local.host.leases import Lock
from local.host.sign_in import NOBODY, SignIn
from local.host.storage import HOSTS
from local.host.triggers import schedules
from local.host.triggers.blobs import POISON_QUEUE, BlobMessages, BlobQueue, BlobScanner, BlobTrigger, parse_pattern
from local.host.triggers.events import Webhook
from local.host.triggers.http import HttpListener, Route, parse_route
from local.host.triggers.queues import QueueListener, poison_of, queue_trigger
from local.host.triggers.timers import TimerListener
from local.host.worker import Function

log = logging.getLogger("host")

_HOST_QUEUE = "azure-webjobs-blobtrigger-"


class Listener(Protocol):
    """What makes functions run."""

    def start(self) -> None: ...

    def finish(self, deadline: float) -> bool: ...


class Wiring:
    """Builds the listeners of an app, refusing what could not work.

    Args:
        env: the app settings.
        config: the limits.
        connections: where storage is.
        invoker: runs functions.
        lease: seconds of a message's lease.
        stopping: what the listeners are to heed.
        sign_in: whom HTTP functions are told to be asked by.
        port: where HTTP functions answer; 0 is any free port.

    Attributes:
        told: the functions that Event Grid tells of new files.
    """

    # Many parameters: what it works with, each of another owner.
    def __init__(
        self,
        env: Mapping[str, str],
        config: HostConfig,
        connections: Connections,
        invoker: Invoker,
        lease: int,
        stopping: threading.Event,
        sign_in: SignIn = NOBODY,
        port: int = 0,
    ) -> None:
        self._env = env
        self._config = config
        self._connections = connections
        self._invoker = invoker
        self._lease = lease
        self._stopping = stopping
        self._sign_in = sign_in
        self._port = port
        self.told: list[Told] = []
        self._host_id = env.get("AzureFunctionsWebHost__hostid", "").strip() or "local"

    def listeners(self, functions: list[Function]) -> list[Listener]:
        """Everything that must listen for these functions to run.

        Raises:
            HostError: naming the function and what it lacks.
        """
        listeners: list[Listener] = []
        blob_triggers: list[BlobTrigger] = []
        routes: list[Route] = []
        for function in functions:
            if self._is_disabled(function):
                log.warning("%s is disabled by an app setting", function.name)
                continue
            if function.has_retry_policy:
                log.warning("The retry policy of %s is not applied by the local host", function.name)
            self._check_outputs(function)
            match function.trigger["type"]:
                case "queueTrigger":
                    listeners.append(self._queue(function))
                case "timerTrigger":
                    listeners.append(self._timer(function))
                case "blobTrigger":
                    blob_triggers.append(self._blob(function))
                case "httpTrigger":
                    routes.append(parse_route(function, self._config.route_prefix))
                case other:
                    raise HostError(f"{function.name} has a {other}, which the local host does not know")
        webhooks: dict[str, Webhook] = {}
        if blob_triggers:
            listeners += self._blob_listeners(blob_triggers, webhooks)
        if routes or webhooks:
            listeners.append(HttpListener(routes, self._sign_in, self._port, self._invoker, webhooks))
        return listeners

    def _is_disabled(self, function: Function) -> bool:
        settings = (f"AzureWebJobs.{function.name}.Disabled", f"AzureWebJobs__{function.name}__Disabled")
        return any(self._env.get(name, "").strip().lower() in ("1", "true") for name in settings)

    def _check_outputs(self, function: Function) -> None:
        for binding in function.outputs.values():
            if binding["type"] == "queue":
                self._require(function, str(binding.get("connection") or HOST_STORAGE), "queue")
            elif binding["type"] != "http":
                raise HostError(f"{function.name} has a binding of type {binding['type']}: the local host has none")

    def _require(self, function: Function, connection: str, *services: str) -> None:
        for service in services:
            try:
                with getattr(self._connections, f"{service}s")(connection):
                    pass
            except HostError as error:
                raise HostError(f"{function.name}: {error}") from None

    def _text(self, function: Function, key: str) -> str:
        return fill_in(str(function.trigger.get(key) or ""), self._env, f"{key} of {function.name}")

    def _queue(self, function: Function) -> Listener:
        connection = str(function.trigger.get("connection") or HOST_STORAGE)
        self._require(function, connection, "queue")
        name = self._text(function, "queueName")
        service = self._connections.queues(connection)
        poison = poison_of(service, name)
        return QueueListener(
            service.get_queue_client(name),
            self._config.queues,
            self._lease,
            queue_trigger(function, self._invoker, self._config.queues.base64),
            lambda _message: poison,
            self._stopping,
        )

    def _timer(self, function: Function) -> Listener:
        expression = self._text(function, "schedule")
        try:
            schedule = schedules.parse(expression, self._zone())
        except ValueError as error:
            raise HostError(f"the schedule of {function.name} is wrong: {error}") from None
        container = self._connections.blobs(HOST_STORAGE).get_container_client(HOSTS)
        pace = self._config.pace
        lease = pace.timer_lease or self._lease
        lock = Lock(container.get_blob_client(f"locks/{self._host_id}/{function.full_name}.Listener"), lease)
        status = container.get_blob_client(f"timers/{self._host_id}/{function.full_name}/status")
        return TimerListener(function, schedule, lock, status, pace.asks_for_timer, self._invoker, self._stopping)

    def _zone(self) -> tzinfo:
        name = self._env.get("WEBSITE_TIME_ZONE", "").strip()
        try:
            return ZoneInfo(name) if name else UTC
        except (ZoneInfoNotFoundError, ValueError):
            raise HostError(f"WEBSITE_TIME_ZONE is '{name}', which is no time zone such as Europe/Berlin") from None

    def _blob(self, function: Function) -> BlobTrigger:
        connection = str(function.trigger.get("connection") or HOST_STORAGE)
        self._require(function, connection, "blob")
        is_told = str(function.trigger.get("source", "")).lower() == "eventgrid"
        # The account of the blobs keeps their poison messages, unless it has no queues.
        queues = self._connections.queues(connection if self._connections.has(connection, "queue") else HOST_STORAGE)
        try:
            pattern = parse_pattern(self._text(function, "path"))
        except ValueError as error:
            raise HostError(f"the path of {function.name} is wrong: {error}") from None
        if is_told:
            self.told.append(Told(function.name, connection, pattern.container))
        poison = queues.get_queue_client(POISON_QUEUE)
        return BlobTrigger(function, pattern, self._connections.blobs(connection), poison, is_told)

    def _blob_listeners(self, triggers: list[BlobTrigger], webhooks: dict[str, Webhook]) -> list[Listener]:
        host_queues = self._connections.queues(HOST_STORAGE)
        messages = BlobMessages(host_queues.get_queue_client(f"{_HOST_QUEUE}{self._host_id}"))
        receipts = self._connections.blobs(HOST_STORAGE).get_container_client(HOSTS)
        handler = BlobQueue(triggers, self._invoker, host_queues.get_queue_client(POISON_QUEUE))
        scanners = [
            BlobScanner(trigger, receipts, messages, self._host_id, self._stopping)
            for trigger in triggers
            if not trigger.is_told
        ]
        for trigger in triggers:
            if trigger.is_told:
                name = trigger.function.full_name
                webhooks[name] = Webhook(name, urlsplit(trigger.blobs.url).path, messages.send)
        reader = QueueListener(
            messages.queue, self._config.blobs, self._lease, handler.begin, handler.poison, self._stopping
        )
        messages.sent = reader.notify
        return [*scanners, reader]
