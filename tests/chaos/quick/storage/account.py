"""A storage account in the process itself, under simulated time: what Azurite would need milliseconds for each time.

It knows what the app asks for and no more: whatever else it is asked ends the round. The clients of the SDK, as the app
makes them, talk to it in the place of HTTP. A test holds it to what Azurite does.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import requests

from benchmarks.support.stand_in import Tables
from benchmarks.support.stand_in import answer as answer_of_tables
from local.azurite import KEY
from shared.settings import StorageConnection
from shared.storage.clients import Storage, connect
from tests.chaos.host_process import made_up
from tests.chaos.quick.storage.answers import Answer, Asked, RefusedError, header, refusal
from tests.chaos.quick.storage.blobs import Blobs
from tests.chaos.quick.storage.queues import Queues

_HOSTS = {"Blob": "127.0.0.1:1", "Queue": "127.0.0.1:2", "Table": "127.0.0.1:3"}  # nobody listens there
CONNECTION_STRING = "DefaultEndpointsProtocol=http;AccountName=round;" + "".join(
    [f"AccountKey={KEY};", *(f"{name}Endpoint=http://{host}/round;" for name, host in _HOSTS.items())]
)


class Account:
    """Blobs, queues and tables of a round.

    Args:
        now: the time.
    """

    def __init__(self, now: Callable[[], datetime]) -> None:
        self._now = now
        self._blobs = Blobs(now)
        self._queues = Queues(now)
        self._tables = Tables(Path(":memory:"), now=now)

    def close(self) -> None:
        """Forget everything."""
        self._tables.close()

    def connect(self, *, retries: int = 4) -> Storage:
        """Clients as the app has them, which ask here whatever they ask."""
        plain = connect(StorageConnection(connection_string=CONNECTION_STRING), retries=retries)
        assert plain.session is not None

        def request(method: str, url: str, **options: Any) -> requests.Response:
            headers = {name.lower(): str(value) for name, value in options["headers"].items()}
            answered = self.answer(method, url, headers, _bytes(options.get("data")))
            always = {
                "Content-Length": str(len(answered.body)),
                "Date": header(self._now()),
                "x-ms-version": "2021-12-02",
            }
            return made_up(answered.status, url, {**always, **answered.headers}, answered.body)

        plain.session.request = request  # type: ignore[assignment]
        return plain

    def answer(self, method: str, url: str, headers: dict[str, str], body: bytes) -> Answer:
        """Do what a request asks for."""
        host = urlsplit(url).netloc
        try:
            if host == _HOSTS["Blob"]:
                return self._blobs.answer(Asked.of(method, url, headers, body))
            if host == _HOSTS["Queue"]:
                return self._queues.answer(Asked.of(method, url, headers, body))
        except RefusedError as error:
            return refusal(error)
        target = url.partition(host)[2]
        found = answer_of_tables(self._tables, method, target, headers, body)
        return Answer(found.status, found.all_headers, found.body.encode())


def _bytes(data: Any) -> bytes:
    if data is None:
        return b""
    if isinstance(data, bytes | str):
        return data.encode() if isinstance(data, str) else data
    return bytes(data.read()) if hasattr(data, "read") else b"".join(data)
