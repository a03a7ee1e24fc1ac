"""The app's identity against an endpoint as App Service has it, in all ways in which that may fail."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import jwt
import pytest
from azure.core.credentials import AccessToken

from shared import identity as identity_module
from shared.errors import NoToken
from shared.identity import Identity, app_identity, storage_identity
from shared.settings import StorageConnection
from shared.storage.clients import connect
from tests.support.scripted_server import CUT, SILENCE, Reply, Script, run_script

HTML = Reply(200, b"<html>Service unavailable</html>", {"Content-Type": "text/html"})
SCOPE = "https://graph.microsoft.com/.default"


def token(**changes: Any) -> Reply:
    now = int(time.time())
    claims = {"aud": "https://storage.azure.com", "iss": "https://sts.windows.net/tenant/"}
    signed = jwt.encode({**claims, "nbf": now - 60, "iat": now - 60, "exp": now + 3600}, "k" * 32)
    answer = {"access_token": signed, "expires_on": str(now + 3600), "token_type": "Bearer", "resource": "any"}
    return Reply(200, answer | changes, {"Content-Type": "application/json"})


@pytest.fixture
def endpoint(monkeypatch: pytest.MonkeyPatch) -> Iterator[Script]:
    with run_script(token()) as running:
        monkeypatch.setenv("IDENTITY_ENDPOINT", f"{running.url}/msi/token")
        monkeypatch.setenv("IDENTITY_HEADER", "secret")
        yield running


def seconds(work: Callable[[], object]) -> float:
    """How long it takes until there is a `NoToken`."""
    began = time.monotonic()
    with pytest.raises(NoToken):
        work()
    return time.monotonic() - began


@pytest.mark.slow
@pytest.mark.parametrize(
    "broken",
    [
        HTML,
        Reply(500, b"oh"),
        Reply(401, b""),
        Reply(400, {"statusCode": 400, "message": "no such identity"}),
        Reply(429, {"message": "slow down"}, {"Retry-After": "3600", "Content-Type": "application/json"}),
        Reply(503, b"", {"Retry-After": "Fri, 31 Dec 9999 23:59:59 GMT"}),
        Reply(503, b"", {"x-ms-retry-after-ms": "3600000"}),
        Reply(200, b"[]"),
        Reply(200, {"access_token": "t"}),
        CUT,
    ],
    ids=["page", "500", "401", "400", "429 for an hour", "503 for ever", "503 in ms", "list", "no expiry", "cut"],
)
def test_whatever_the_endpoint_answers_instead_of_a_token_is_a_token_refused_within_seconds(
    endpoint: Script, broken: Reply
) -> None:
    endpoint.replies[:] = [broken]
    identity = app_identity("")
    assert seconds(lambda: identity.get_token(SCOPE)) < 8
    endpoint.replies[:] = [token(access_token="good")]
    assert identity.get_token(SCOPE).token == "good"
    identity.close()


def test_an_endpoint_that_says_nothing_is_waited_for_once(endpoint: Script, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(identity_module, "_READ_SECONDS", 0.3)
    endpoint.replies[:] = [SILENCE]
    identity = app_identity("")
    assert 0.3 <= seconds(lambda: identity.get_token(SCOPE)) < 2
    assert len(endpoint.requests) == 1
    identity.close()


def test_the_sentence_says_what_there_was_no_token_for_and_what_to_do(endpoint: Script) -> None:
    endpoint.replies[:] = [HTML]
    with pytest.raises(NoToken) as caught:
        app_identity("").get_token(SCOPE)
    assert str(caught.value) == (
        "The app's identity got no token for https://graph.microsoft.com/.default (JSONDecodeError). It is tried again "
        "by itself. If this stays so, check that the managed identity is assigned to the app and that AZURE_CLIENT_ID "
        "is its client id (for storage HR_STORAGE__clientId)."
    )


class Broken:
    """A credential that takes its time to fail, and counts how often it was asked."""

    def __init__(self) -> None:
        self.asked = 0
        self.go_on = threading.Event()

    def get_token(self, *_: str, **__: Any) -> AccessToken:
        self.asked += 1
        self.go_on.wait(60)
        raise ValueError("no JSON")


class Queued:
    """A lock that says when somebody stands before it."""

    def __init__(self) -> None:
        self.come = threading.Semaphore(0)
        self._lock = threading.Lock()

    def __enter__(self) -> None:
        self.come.release()
        self._lock.acquire()

    def __exit__(self, *_: object) -> None:
        self._lock.release()


def test_those_who_wait_for_a_token_that_cannot_be_had_fail_with_the_one_who_asked() -> None:
    broken, lock = Broken(), Queued()
    identity = Identity(lambda: broken)
    identity._lock = lock  # type: ignore[assignment]

    def ask(_: int) -> str:
        with pytest.raises(NoToken) as caught:
            identity.get_token(SCOPE)
        return str(caught.value)

    with ThreadPoolExecutor(8) as pool:
        answers = [pool.submit(ask, number) for number in range(8)]
        for _ in range(8):
            assert lock.come.acquire(timeout=60)
        broken.go_on.set()
        assert len({answer.result() for answer in answers}) == 1
    assert broken.asked == 1


@pytest.mark.parametrize(
    ("connection", "asked"),
    [
        (StorageConnection(blob_uri="https://a", managed_identity=True, client_id="hr"), "hr"),
        (StorageConnection(blob_uri="https://a", managed_identity=True), None),
        (StorageConnection(blob_uri="https://a", client_id="hr"), "hr"),
        (StorageConnection(blob_uri="https://a"), "app"),
    ],
    ids=["both", "system-assigned", "client id alone", "the app's"],
)
def test_storage_is_asked_for_as_the_identity_that_the_settings_name(
    endpoint: Script, monkeypatch: pytest.MonkeyPatch, connection: StorageConnection, asked: str | None
) -> None:
    monkeypatch.setenv("AZURE_CLIENT_ID", "app")
    identity = storage_identity(connection)
    identity.get_token("https://storage.azure.com/.default")
    identity.close()
    [request] = endpoint.requests
    assert (f"client_id={asked}" in request.target) if asked else ("client_id" not in request.target)


@pytest.mark.parametrize("broken", [HTML, Reply(400, {"message": "no such identity"}), CUT], ids=["page", "400", "cut"])
def test_no_client_of_storage_tries_again_for_a_token_that_cannot_be_had(endpoint: Script, broken: Reply) -> None:
    endpoint.replies[:] = [broken]
    nowhere = "https://127.0.0.1:9/account"
    uris = {"blob_uri": nowhere, "queue_uri": nowhere, "table_uri": nowhere}
    storage = connect(StorageConnection(**uris, managed_identity=True))  # which tries as often as the app's
    calls: list[Callable[[], object]] = [
        lambda: storage.container("some").exists(),
        lambda: storage.queue("some").send_message("x"),
        lambda: storage.tables.get_table_client("some").get_entity("p", "r"),
    ]
    assert max(seconds(call) for call in calls) < 5
    storage.close()
