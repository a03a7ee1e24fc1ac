"""A storage account in the process itself: what Azurite would need milliseconds for each time.

It knows what the app asks for and no more: whatever else it is asked ends the test. The clients of the SDK, as the app
makes them, talk to it in the place of HTTP. A test holds it to what Azurite does.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any
from unittest.mock import patch
from urllib.parse import urlsplit

import requests
from requests.adapters import BaseAdapter

from benchmarks.support.stand_in import Tables
from benchmarks.support.stand_in import answer as answer_of_tables
from local.azurite import KEY
from shared.settings import StorageConnection
from shared.storage.clients import Storage, connect
from tests.support.storage.answers import Answer, Asked, RefusedError, UnknownError, header, made_up, refusal
from tests.support.storage.blobs import Blobs
from tests.support.storage.queues import Queues

_HOSTS = {"Blob": "127.0.0.1:1", "Queue": "127.0.0.1:2", "Table": "127.0.0.1:3"}  # nobody listens there
CONNECTION_STRING = "DefaultEndpointsProtocol=http;AccountName=round;" + "".join(
    [f"AccountKey={KEY};", *(f"{name}Endpoint=http://{host}/round;" for name, host in _HOSTS.items())]
)


class Account:
    """Blobs, queues and tables.

    Args:
        now: the time.
    """

    def __init__(self, now: Callable[[], datetime]) -> None:
        self._now = now
        self._blobs = Blobs(now)
        self._queues = Queues(now)
        self._tables = Tables(Path(":memory:"), now=now)
        self._one_at_a_time = threading.Lock()

    def close(self) -> None:
        """Forget everything."""
        self._tables.close()

    def connect(self, *, retries: int = 4) -> Storage:
        """Clients as the app has them, which ask here whatever they ask."""
        plain = connect(StorageConnection(connection_string=CONNECTION_STRING), retries=retries)
        assert plain.session is not None

        def request(method: str, url: str, **options: Any) -> requests.Response:
            return self._answer(method, url, options["headers"], options.get("data"))

        plain.session.request = request  # type: ignore[assignment]
        return plain

    @contextmanager
    def served(self) -> Iterator[None]:
        """Have whoever sends requests to its addresses be answered, by whatever session of this process."""
        ask, adapter_of, here = requests.Session.request, requests.Session.get_adapter, _Adapter(self._answer)

        def request(session: requests.Session, method: str, url: str, **options: Any) -> requests.Response:
            if not _is_here(url):
                return ask(session, method, url, **options)
            # As requests does it, but for proxies, cookies and passwords, for which it would look each time.
            prepared = requests.PreparedRequest()
            prepared.prepare_method(method)
            prepared.prepare_url(url, None)
            prepared.prepare_headers(options["headers"])
            prepared.body, prepared.hooks = options.get("data"), {"response": []}
            return session.send(prepared, stream=True, timeout=options["timeout"], proxies={}, allow_redirects=False)

        def get_adapter(session: requests.Session, url: str) -> BaseAdapter:
            return here if _is_here(url) else adapter_of(session, url)

        with patch.multiple(requests.Session, request=request, get_adapter=get_adapter):
            yield

    def _answer(self, method: str, url: str, headers: Mapping[str, object], data: object) -> requests.Response:
        named = {name.lower(): str(value) for name, value in headers.items()}
        with self._one_at_a_time:
            answered = self.answer(method, url, named, _bytes(data))
        always = {
            "Content-Length": str(len(answered.body)),
            "Date": header(self._now()),
            "x-ms-version": "2021-12-02",
        }
        return made_up(answered.status, url, {**always, **answered.headers}, answered.body)

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
        try:
            found = answer_of_tables(self._tables, method, target, headers, body)
        except ValueError as error:
            raise UnknownError(target) from error
        return Answer(found.status, found.all_headers, found.body.encode())


class _Adapter(BaseAdapter):
    """Where a session's requests go in the place of the network."""

    def __init__(self, answer: Callable[[str, str, Mapping[str, object], object], requests.Response]) -> None:
        super().__init__()
        self._answer = answer

    def send(self, request: requests.PreparedRequest, **_: Any) -> requests.Response:  # type: ignore[override]
        assert request.method is not None
        assert request.url is not None
        answer = self._answer(request.method, request.url, request.headers, request.body)
        answer.request = request
        return answer

    def close(self) -> None:
        """There is nothing to close."""


def _is_here(url: str) -> bool:
    return urlsplit(url).netloc in _HOSTS.values()


def _bytes(data: Any) -> bytes:
    if data is None:
        return b""
    if isinstance(data, bytes | str):
        return data.encode() if isinstance(data, str) else data
    return bytes(data.read()) if hasattr(data, "read") else b"".join(data)
