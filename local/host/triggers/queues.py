"""Queues: fetched in batches, leased while worked on, deleted when done, put aside after too many tries."""

from __future__ import annotations

import base64
import binascii
import contextlib
import json
import logging
import threading
import time
from collections.abc import Callable
from typing import Protocol

from azure.core.exceptions import ClientAuthenticationError, HttpResponseError, ResourceNotFoundError
from azure.storage.queue import QueueClient, QueueMessage, QueueServiceClient

from local.host.config import QueueLimits
from local.host.invocations import Invocation, Invoker
from local.host.outages import STORAGE_ERRORS, Outage
from local.host.triggers.backoff import BackOff
from local.host.worker import Data, Function, Outcome

log = logging.getLogger("host")

_POISON = "-poison"
_LOOK = 0.2  # seconds between two looks whether it is time to end


class Running(Protocol):
    """What is being done about a message."""

    def wait(self, seconds: float) -> Outcome | None: ...


class QueueListener:
    """Reads one queue.

    Args:
        queue: the queue.
        limits: how many at once, how often, how fast.
        lease: seconds that a message stays hidden from others if we die; renewed at half of it.
        begin: starts the work on a message; None if there is nothing to do about it.
        poison: where a message goes after the last try; None if it stays where it is, hidden until its lease ends.
        stopping: set when no more messages are to be taken.
    """

    # Many parameters: what it works with, each of another owner.
    def __init__(
        self,
        queue: QueueClient,
        limits: QueueLimits,
        lease: int,
        begin: Callable[[QueueMessage], Running | None],
        poison: Callable[[QueueMessage], QueueClient | None],
        stopping: threading.Event,
    ) -> None:
        self._queue = queue
        self._limits = limits
        self._lease = lease
        self._begin = begin
        self._poison = poison
        self._stopping = stopping
        self._changed = threading.Condition()
        self._news = threading.Event()
        self._running = 0
        self._outage = Outage(f"reading queue {queue.queue_name}")
        self._thread = threading.Thread(target=self._listen, name=f"queue {queue.queue_name}", daemon=True)

    def start(self) -> None:
        """Begin to read."""
        self._thread.start()

    def finish(self, deadline: float) -> bool:
        """Wait until what was begun is done, or the monotonic clock reads `deadline`; returns whether it is done."""
        self._thread.join(max(0.0, deadline - time.monotonic()))
        with self._changed:
            return self._changed.wait_for(
                lambda: not self._running and not self._thread.is_alive(), max(0.0, deadline - time.monotonic())
            )

    def notify(self) -> None:
        """Look soon: this instance has put something into the queue."""
        self._news.set()

    def _listen(self) -> None:
        back_off, found = BackOff(self._limits.max_polling_interval), False
        while not self._stopping.is_set():
            if not self._has_room() or self._stopping.is_set():
                continue
            try:
                messages = self._receive()
            except STORAGE_ERRORS as error:
                self._stopping.wait(self._outage.failed(error))
                continue
            self._outage.passed()
            for message in messages:
                with self._changed:
                    self._running += 1
                threading.Thread(target=self._handle, args=(message,), daemon=True).start()
            found = bool(messages) or self._wait(back_off.next(found=found))

    def _wait(self, seconds: float) -> bool:
        """Wait until the next look; whether there was news before."""
        end = time.monotonic() + seconds
        while not self._stopping.is_set() and (left := end - time.monotonic()) > 0:
            if self._news.wait(min(left, _LOOK)):
                self._news.clear()
                return True
        return False

    def _has_room(self) -> bool:
        with self._changed:
            return self._changed.wait_for(lambda: self._running <= self._limits.new_batch_threshold, 0.2)

    def _receive(self) -> list[QueueMessage]:
        pages = self._queue.receive_messages(
            messages_per_page=self._limits.batch_size, visibility_timeout=self._lease
        ).by_page()
        try:
            return list(next(pages))
        except (StopIteration, ResourceNotFoundError):  # no queue yet: as good as empty
            return []

    def _handle(self, message: QueueMessage) -> None:
        try:
            self._work(message)
        except Exception:
            # Its lease runs out and it is tried again, as after a crash.
            log.exception("The host failed on message %s of %s", message.id, self._queue.queue_name)
        finally:
            with self._changed:
                self._running -= 1
                self._changed.notify_all()

    def _work(self, message: QueueMessage) -> None:
        limit = self._limits.max_dequeue_count
        tries = message.dequeue_count or 0
        poison = self._poison(message)
        done: bool | None = None
        try:
            if tries <= limit:  # else whoever had it last died during its last try
                done = self._succeeds(message)
        except UnreadableError as error:
            log.error("Message %s of %s: %s", message.id, self._queue.queue_name, error)  # noqa: TRY400
        if done:
            self._settle(message, "deleted", lambda: self._delete(message))
        elif poison is None:
            log.warning("Message %s of %s stays hidden until its lease ends", message.id, self._queue.queue_name)
        elif done is None or tries >= limit:
            self._settle(message, "set aside", lambda: self._put_aside(message, poison))
        else:
            self._settle(message, "released", lambda: self._release(message))

    def _succeeds(self, message: QueueMessage) -> bool:
        try:
            running = self._begin(message)
        except STORAGE_ERRORS as error:
            log.warning("Message %s of %s waits: %s", message.id, self._queue.queue_name, error)
            return False
        if running is None:
            return True
        while (outcome := running.wait(self._lease / 2)) is None:
            self._renew(message)
        return outcome.succeeded

    def _renew(self, message: QueueMessage) -> None:
        try:
            message.pop_receipt = self._queue.update_message(message, visibility_timeout=self._lease).pop_receipt
        except STORAGE_ERRORS as error:
            log.warning("The lease of message %s could not be renewed: %s", message.id, error)

    def _delete(self, message: QueueMessage) -> None:
        self._queue.delete_message(message)

    def _release(self, message: QueueMessage) -> None:
        self._queue.update_message(message, visibility_timeout=round(self._limits.visibility_timeout))

    def _put_aside(self, message: QueueMessage, poison: QueueClient) -> None:
        try:
            poison.send_message(message.content)
        except ResourceNotFoundError:
            poison.create_queue()
            poison.send_message(message.content)
        log.error("Message was moved to %s", poison.queue_name, extra={"message_id": message.id})
        self._queue.delete_message(message)

    def _settle(self, message: QueueMessage, done: str, action: Callable[[], None]) -> None:
        """Do what ends our hold on the message; tried until the lease ends it anyway."""
        outage = Outage(f"having message {message.id} of {self._queue.queue_name} {done}")
        end = time.monotonic() + self._lease
        while True:
            try:
                action()
            except STORAGE_ERRORS as error:
                if _is_no_longer_ours(error):
                    log.warning("Message %s was not %s: its lease had run out", message.id, done)
                    return
                pause = outage.failed(error)
                if time.monotonic() + pause > end:
                    return
                time.sleep(pause)
            else:
                outage.passed()
                return


def _is_no_longer_ours(error: Exception) -> bool:
    if isinstance(error, ClientAuthenticationError) or not isinstance(error, HttpResponseError):
        return False
    return error.status_code is not None and 400 <= error.status_code < 500 and error.status_code not in (408, 429)


def poison_of(service: QueueServiceClient, name: str) -> QueueClient | None:
    """Where messages of a queue go after the last try; what is such a queue already has none."""
    return None if name.endswith(_POISON) else service.get_queue_client(f"{name}{_POISON}")


class UnreadableError(Exception):
    """The body of a message cannot be decoded: no function ever sees it."""


def queue_trigger(function: Function, invoker: Invoker, base64_encoded: bool) -> Callable[[QueueMessage], Invocation]:
    """What to do with the messages of a function's queue."""

    def begin(message: QueueMessage) -> Invocation:
        data = decode(message.content, base64_encoded)
        why = f"message={message.id} try={message.dequeue_count}"
        return invoker.start(function, data, _trigger_metadata(message, data), why)

    return begin


class Refused:
    """The end of a message that is about nothing we know."""

    def wait(self, seconds: float) -> Outcome:
        return Outcome("it is about nothing we know")


def decode(content: str, base64_encoded: bool) -> Data:
    """The body of a message.

    Raises:
        UnreadableError: it is not encoded as it should be.
    """
    if not base64_encoded:
        return Data("string", content)
    try:
        body = base64.b64decode(content, validate=True)
    except binascii.Error as error:
        raise UnreadableError(f"it is not base64 ({error}), so no function sees it") from None
    try:
        return Data("string", body.decode())
    except UnicodeDecodeError:
        return Data("bytes", body)


def _trigger_metadata(message: QueueMessage, data: Data) -> dict[str, object]:
    times = {
        "InsertionTime": message.inserted_on,
        "ExpirationTime": message.expires_on,
        "NextVisibleTime": message.next_visible_on,
    }
    metadata: dict[str, object] = {name: at.isoformat() for name, at in times.items() if at is not None}
    metadata |= {
        "Id": message.id,
        "DequeueCount": message.dequeue_count,
        "PopReceipt": message.pop_receipt,
        "QueueTrigger": data.value if data.kind == "string" else "",
    }
    # The members of a JSON body are binding data too, but never in the place of the above.
    if data.kind == "string" and data.value.startswith("{"):
        with contextlib.suppress(ValueError):
            metadata = {**json.loads(data.value), **metadata}
    return metadata
