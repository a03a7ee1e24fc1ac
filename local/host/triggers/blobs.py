"""Blob triggers: versions are handed over through a queue of the host, whether an event told of them or a look.

Fed by Event Grid, as deployed, a function runs once for each event, with whatever the file holds by then; see
`events` beside this file. With the other source the host looks for new versions and notes them in receipts; the message
is sent before the receipt is completed, so a version may come twice, but never not at all.
"""

from __future__ import annotations

import base64
import contextlib
import json
import logging
import re
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from azure.core.exceptions import HttpResponseError, ResourceExistsError, ResourceNotFoundError
from azure.storage.blob import BlobProperties, BlobServiceClient, ContainerClient
from azure.storage.queue import QueueClient, QueueMessage

from local.host.connections import HOST_STORAGE
from local.host.invocations import Invocation, Invoker
from local.host.outages import STORAGE_ERRORS, Outage, sentence
from local.host.triggers.events import makes_no_path
from local.host.triggers.queues import Refused, UnreadableError, decode
from local.host.worker import Data, Function

log = logging.getLogger("host")

POISON_QUEUE = "webjobs-blobtrigger-poison"

_FASTEST_LOOK = 0.2
_SLOWEST_LOOK = 1.0
_RECEIPT_LEASE = 30
_INCOMPLETE = "incomplete"  # what the SDK writes on a receipt, and takes away when the message is sent
_PLACE = re.compile(r"\{(\w+)\}")


@dataclass(frozen=True)
class BlobPattern:
    """Which blobs trigger a function: `container`, or `container/` and a path with `{places}` in it."""

    container: str
    path: re.Pattern[str] | None = None

    def matches(self, name: str) -> Mapping[str, str] | None:
        """The values of the places in a blob's name, or None if it does not fit."""
        if self.path is None:
            return {}
        match = self.path.match(name)
        return match.groupdict() if match else None


def parse_pattern(path: str) -> BlobPattern:
    """Read the path of a blob trigger.

    Raises:
        ValueError: saying what is wrong with it.
    """
    container, _, name = path.strip().lstrip("/").partition("/")
    if not re.fullmatch(r"\$root|\$web|\$logs|[a-z0-9](?:-?[a-z0-9]){2,62}", container):
        raise ValueError(f"'{path}' does not begin with a container's name")
    if not name:
        return BlobPattern(container)
    parts, at = [], 0
    for place in _PLACE.finditer(name):
        parts += [re.escape(name[at : place.start()]), f"(?P<{place[1]}>.+)"]
        at = place.end()
    rest = name[at:]
    if "{" in "".join(parts[::2]) + rest or "}" in rest:
        raise ValueError(f"'{path}' has a brace that does not belong to a place such as {{name}}")
    try:
        return BlobPattern(container, re.compile("".join([*parts, re.escape(rest), r"\Z"]), re.DOTALL))
    except re.error:
        raise ValueError(f"'{path}' names a place twice") from None


@dataclass(frozen=True)
class BlobTrigger:
    """A function that blobs trigger, and where they are.

    Attributes:
        function: the function.
        pattern: which blobs.
        blobs: the account they are in.
        poison: where messages go after the last try.
        is_told: whether Event Grid tells of them.
    """

    function: Function
    pattern: BlobPattern
    blobs: BlobServiceClient
    poison: QueueClient
    is_told: bool = False


class BlobMessages:
    """The host's queue for versions that a function is to see.

    Attributes:
        queue: where it is; made when it is needed.
        sent: called whenever something was put into it.
    """

    def __init__(self, queue: QueueClient) -> None:
        self.queue = queue
        self.sent: Callable[[], None] = lambda: None

    def send(self, message: Mapping[str, str]) -> None:
        """Put a message into it."""
        content = base64.b64encode(json.dumps(message).encode()).decode()
        try:
            self.queue.send_message(content)
        except ResourceNotFoundError:
            with contextlib.suppress(ResourceExistsError):
                self.queue.create_queue()
            self.queue.send_message(content)
        self.sent()


class BlobScanner:
    """Looks for new versions of the blobs of one trigger.

    Args:
        trigger: what to look for.
        receipts: the container with receipts.
        messages: the host's queue for versions found.
        host_id: the name of all instances together.
        stopping: set when it is time to end.
    """

    def __init__(
        self,
        trigger: BlobTrigger,
        receipts: ContainerClient,
        messages: BlobMessages,
        host_id: str,
        stopping: threading.Event,
    ) -> None:
        self._trigger = trigger
        self._container = trigger.blobs.get_container_client(trigger.pattern.container)
        self._receipts = receipts
        self._messages = messages
        self._folder = f"blobreceipts/{host_id}/{trigger.function.full_name}"
        self._stopping = stopping
        self._known: dict[str, str] = {}  # name -> ETag of what has a completed receipt
        self._outage = Outage(f"looking for blobs in {trigger.pattern.container}")
        self._thread = threading.Thread(target=self._listen, name=f"blobs {trigger.pattern.container}", daemon=True)

    def start(self) -> None:
        """Begin to look."""
        self._thread.start()

    def finish(self, deadline: float) -> bool:
        """Wait until it has ended, or the monotonic clock reads `deadline`; returns whether it has."""
        self._thread.join(max(0.0, deadline - time.monotonic()))
        return not self._thread.is_alive()

    def _listen(self) -> None:
        pause = _FASTEST_LOOK
        while not self._stopping.is_set():
            try:
                found = self._look()
            except STORAGE_ERRORS as error:
                self._stopping.wait(self._outage.failed(error))
                continue
            self._outage.passed()
            pause = _FASTEST_LOOK if found else min(pause * 1.5, _SLOWEST_LOOK)
            self._stopping.wait(pause)

    def _look(self) -> bool:
        try:
            blobs = list(self._container.list_blobs())
        except ResourceNotFoundError:  # no container yet: as good as empty
            blobs = []
        fitting = {blob.name: blob for blob in blobs if self._trigger.pattern.matches(blob.name) is not None}
        self._known = {name: etag for name, etag in self._known.items() if name in fitting}
        found = False
        for name, blob in fitting.items():
            etag = blob.etag.strip('"')
            if self._known.get(name) == etag:
                continue
            if self._stopping.is_set():
                break
            if self._announce(blob, etag):
                self._known[name] = etag
                found = True
        return found

    def _announce(self, blob: BlobProperties, etag: str) -> bool:
        """Queue a version unless that was done; returns whether it is done now."""
        if makes_no_path(blob.name):
            return True
        try:
            return self._queue_once(blob, etag)
        except HttpResponseError as error:
            if error.status_code != 400:
                raise
            # Such as a receipt whose name is too long: it must not keep the others from coming.
            log.error("Blob %s cannot be handed over: %s", blob.name, sentence(error))  # noqa: TRY400
            return True

    def _queue_once(self, blob: BlobProperties, etag: str) -> bool:
        name = f'{self._folder}/"{etag}"/{self._trigger.pattern.container}/{blob.name}'
        with self._receipts.get_blob_client(name) as receipt:
            with contextlib.suppress(ResourceExistsError):
                receipt.upload_blob(b"", overwrite=False, metadata={_INCOMPLETE: "true"})
            try:
                lease = receipt.acquire_lease(_RECEIPT_LEASE)
            except HttpResponseError as error:
                if error.status_code == 409:  # another instance is at it
                    return False
                raise
            try:
                if _INCOMPLETE in (receipt.get_blob_properties().metadata or {}):
                    self._send(blob, etag)
                    receipt.set_blob_metadata({}, lease=lease)
            finally:
                with contextlib.suppress(*STORAGE_ERRORS):
                    lease.release()
        return True

    def _send(self, blob: BlobProperties, etag: str) -> None:
        message = {
            "Type": "BlobTrigger",
            "FunctionId": self._trigger.function.full_name,
            "BlobType": str(getattr(blob.blob_type, "value", blob.blob_type)),
            "ContainerName": self._trigger.pattern.container,
            "BlobName": blob.name,
            "ETag": f'"{etag}"',
        }
        self._messages.send(message)


class BlobQueue:
    """Hands the versions in the host's queue to their functions.

    Args:
        triggers: of all functions that blobs trigger.
        invoker: runs them.
        host_poison: where a message goes that belongs to none of them.
    """

    def __init__(self, triggers: list[BlobTrigger], invoker: Invoker, host_poison: QueueClient) -> None:
        self._triggers = {trigger.function.full_name: trigger for trigger in triggers}
        self._invoker = invoker
        self._host_poison = host_poison

    def begin(self, message: QueueMessage) -> Invocation | Refused | None:
        """Invoke the function, if what the message is about is still there.

        Whoever looks for new versions wants the very one that was found; an event only says that there is a file.

        Raises:
            UnreadableError: nobody could have written such a message.
        """
        text = decode(message.content, base64_encoded=True).value
        try:
            found = json.loads(text)
            trigger = self._triggers.get(found["FunctionId"])
            container, name = str(found["ContainerName"]), str(found["BlobName"])
            etag = str(found["ETag"]).strip('"')
        except (ValueError, KeyError, TypeError):
            log.error("Message %s is not about a blob", message.id)  # noqa: TRY400 - a stack would say no more
            return Refused()
        if trigger is None:
            log.warning("Message %s is for %s, which this app has not", message.id, found["FunctionId"])
            return None
        with trigger.blobs.get_blob_client(container, name) as blob:
            try:
                properties = blob.get_blob_properties()
            except ResourceNotFoundError:
                log.info("Blob %s/%s is gone: nothing to do", container, name)
                return None
            if not trigger.is_told and properties.etag.strip('"') != etag:  # the newer version has a message of its own
                log.info("Blob %s/%s has changed: its newer version comes by itself", container, name)
                return None
            if (trigger.function.trigger.get("properties") or {}).get("SupportsDeferredBinding"):
                data = _reference(trigger.function, container, name)
            else:
                data = Data("bytes", blob.download_blob().readall())
            metadata: dict[str, object] = {
                **(trigger.pattern.matches(name) or {}),
                "BlobTrigger": f"{container}/{name}",
                "Uri": blob.url,
                "Properties": _described(properties),
                "Metadata": dict(properties.metadata or {}),
            }
        why = f"blob={container}/{name} try={message.dequeue_count}"
        return self._invoker.start(trigger.function, data, metadata, why)

    def poison(self, message: QueueMessage) -> QueueClient:
        """Where a message goes after the last try: the account of its blob."""
        try:
            function = json.loads(decode(message.content, base64_encoded=True).value)["FunctionId"]
            return self._triggers[function].poison
        except (UnreadableError, ValueError, KeyError, TypeError):
            return self._host_poison


def _reference(function: Function, container: str, name: str) -> Data:
    """What the blob extension makes a client of."""
    connection = function.trigger.get("connection") or HOST_STORAGE
    content = {"Connection": connection, "ContainerName": container, "BlobName": name}
    return Data(
        "model_binding_data",
        {
            "version": "1.0",
            "source": "AzureStorageBlobs",
            "content_type": "application/json",
            "content": json.dumps(content).encode(),
        },
    )


def _described(properties: BlobProperties) -> dict[str, object]:
    return {
        "ContentLength": properties.size,
        "Length": properties.size,
        "ContentType": properties.content_settings.content_type,
        "ETag": properties.etag,
        "LastModified": properties.last_modified.isoformat(),
        "CreatedOn": properties.creation_time.isoformat() if properties.creation_time else None,
    }
