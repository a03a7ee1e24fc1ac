"""The webhook of blob triggers that Event Grid feeds: an event becomes a message in the host's queue, and no more.

As in the SDK nothing is filtered, neither types of events nor containers, and no receipt is kept: an event that comes
twice runs twice. What makes no good path, such as a name that ends in `/`, is dropped without a line; segments `.` and
`..` are taken out of a name, as any client does with an address.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Mapping
from urllib.parse import unquote, urlsplit

from local.host.outages import STORAGE_ERRORS, sentence

log = logging.getLogger("host")

Send = Callable[[Mapping[str, str]], None]


class Webhook:
    """Takes the events of one function.

    Args:
        function: its full name, as messages have it.
        account: the path of the storage account's address, as of Azurite; empty in Azure.
        send: puts a message into the host's queue.
    """

    def __init__(self, function: str, account: str, send: Send) -> None:
        self._function = function
        self._account = account.strip("/")
        self._send = send

    def take(self, kind: str, body: bytes) -> tuple[int, bytes]:
        """Answer a request of Event Grid's; the status and the body.

        Args:
            kind: `Notification` or `SubscriptionValidation`, from the header `aeg-event-type`.
            body: the events.
        """
        try:
            events = json.loads(body)
            events = events if isinstance(events, list) else [events]
            if kind == "SubscriptionValidation":
                return 200, json.dumps({"validationResponse": events[0]["data"]["validationCode"]}).encode()
            messages = [self._message(event) for event in events]
        except (ValueError, KeyError, TypeError, IndexError):
            return 400, b""
        try:
            for message in messages:
                if message is not None:
                    self._send(message)
        except STORAGE_ERRORS as error:  # Event Grid comes again
            log.warning("An event could not be queued: %s", sentence(error))
            return 500, b""
        return 202, b""

    def _message(self, event: Mapping[str, Mapping[str, str]]) -> Mapping[str, str] | None:
        data = event["data"]
        path = _plain(unquote(urlsplit(data["url"]).path)).removeprefix(f"{self._account}/" if self._account else "")
        container, _, name = path.partition("/")
        if not name or name.endswith("/"):
            return None
        return {
            "Type": "BlobTrigger",
            "FunctionId": self._function,
            "BlobType": str(data.get("blobType") or "BlockBlob"),
            "ContainerName": container,
            "BlobName": name,
            "ETag": f'"{data.get("eTag", "")}"',
        }


def makes_no_path(name: str) -> bool:
    """Whether a blob of that name never reaches a function, without a line: to a client its address is another one."""
    return name.endswith("/") or any(segment in (".", "..") for segment in name.split("/"))


def _plain(path: str) -> str:
    """A path without segments `.` and `..`, and without the slash that it begins with."""
    segments: list[str] = []
    for segment in path.lstrip("/").split("/"):
        if segment == "..":
            segments = segments[:-1]
        elif segment != ".":
            segments.append(segment)
    return "/".join(segments)
