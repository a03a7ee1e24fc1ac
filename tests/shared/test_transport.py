"""The limits of what the clients of storage and of the vault wait for."""

from __future__ import annotations

import io
import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import requests
from azure.core.exceptions import AzureError

from shared.settings import StorageConnection
from shared.storage import clients as storage_module
from shared.storage.clients import connect
from shared.transport import LONGEST_WAIT, limited_session
from tests.support.scripted_server import SILENCE, Reply, Script, run_script


def account_at(script: Script) -> StorageConnection:
    uris = ";".join(f"{service}Endpoint={script.url}/account" for service in ("Blob", "Queue", "Table"))
    return StorageConnection(connection_string=f"AccountName=account;AccountKey=a2V5;{uris}")


def test_no_client_of_storage_waits_for_an_answer_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    """A transport of our own would wait 300 seconds for it, whatever the client's own limits are."""
    monkeypatch.setattr(storage_module, "_READ_SECONDS", 0.2)
    with run_script(SILENCE) as script:
        storage = connect(account_at(script), retries=0)
        calls: list[Callable[[], object]] = [
            lambda: storage.container("some").exists(),
            lambda: storage.queue("some").send_message("x"),
            lambda: storage.tables.get_table_client("some").get_entity("p", "r"),
        ]
        for call in calls:
            began = time.monotonic()
            with pytest.raises(AzureError):
                call()
            assert time.monotonic() - began < 60
        storage.close()


def test_no_client_of_storage_waits_long_before_it_tries_again(monkeypatch: pytest.MonkeyPatch) -> None:
    slept: list[float] = []
    monkeypatch.setattr("time.sleep", slept.append)
    with run_script(Reply(503, headers={"Retry-After": "3600"})) as script:
        storage = connect(account_at(script))
        calls: list[Callable[[], object]] = [
            lambda: storage.container("some").exists(),
            lambda: storage.queue("some").send_message("x"),
            lambda: storage.tables.get_table_client("some").get_entity("p", "r"),
        ]
        for call in calls:
            slept.clear()
            with pytest.raises(AzureError):
                call()
            assert len(slept) >= 3
            assert sum(slept) < 45
        storage.close()


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        ({"Retry-After": "3600"}, str(LONGEST_WAIT)),
        ({"Retry-After": "2"}, "2"),
        ({"Retry-After": "9" * 400}, str(LONGEST_WAIT)),
        ({"Retry-After": "Fri, 31 Dec 9999 23:59:59 GMT"}, str(LONGEST_WAIT)),
        ({"x-ms-retry-after-ms": "3600000", "retry-after-ms": "3600000"}, None),
        ({}, None),
    ],
)
def test_a_client_is_told_to_wait_no_longer_than_it_may(asked: dict[str, str], told: str | None) -> None:
    with run_script(Reply(503, headers=asked)) as script, limited_session() as session:
        headers = session.get(script.url, timeout=5).headers
    found = {name: headers.get(name) for name in ("Retry-After", "x-ms-retry-after-ms", "retry-after-ms")}
    assert found == {"Retry-After": told, "x-ms-retry-after-ms": None, "retry-after-ms": None}


def test_the_environment_is_asked_once_for_the_proxies_and_the_certificates_of_each_host(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name in [name for name in os.environ if name.lower().endswith("_proxy")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("HTTPS_PROXY", "http://proxy.example:3128")
    monkeypatch.setenv("NO_PROXY", "direct.example")
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", "/of/the/company.pem")
    with limited_session() as session:

        def settings(url: str, verify: bool | str | None = True) -> Any:
            return session.merge_environment_settings(url, {}, True, verify, None)

        by_proxy = settings("https://account.example/a")
        assert by_proxy == {
            "proxies": {"https": "http://proxy.example:3128", "no": "direct.example"},
            "stream": True,
            "verify": "/of/the/company.pem",
            "cert": None,
        }
        assert settings("https://direct.example/a")["proxies"] == {}
        assert settings("https://direct.example/a", verify=False)["verify"] is False
        assert settings("https://direct.example/a", verify="/ours.pem")["verify"] == "/ours.pem"
        monkeypatch.setattr("requests.sessions.get_environ_proxies", lambda *_, **__: pytest.fail("asked again"))
        assert settings("https://account.example/b?c") == by_proxy
        session.asks_environment = False
        assert settings("https://account.example/b?c") == {**by_proxy, "proxies": {}, "verify": True}


def test_what_a_client_has_signed_with_does_not_give_way_to_a_netrc(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login somebody password something\n")
    monkeypatch.setenv("NETRC", str(netrc))
    with run_script(Reply(200)) as script, limited_session() as session:
        session.get(script.url, headers={"Authorization": "Bearer ours"}, timeout=5)
    assert [request.headers["Authorization"] for request in script.requests] == ["Bearer ours"]


def test_the_scripts_silence_is_one() -> None:
    with run_script(SILENCE) as script, pytest.raises(requests.ReadTimeout):
        requests.get(script.url, timeout=0.2)


SIGNED = {"Authorization": "Bearer ours", "Content-Type": "application/json", "User-Agent": "azsdk"}


@pytest.mark.parametrize(
    ("method", "target", "options"),
    [
        ("GET", "/a/Workers(PartitionKey='x%20y',RowKey='1')?$filter=a%20eq%20%27b%27", {"headers": SIGNED}),
        ("HEAD", "/a", {}),
        ("DELETE", "/a", {"headers": {"If-Match": "*"}}),
        ("POST", "/a/$batch", {"data": b"--batch\r\n", "headers": {**SIGNED, "Content-Length": "9"}}),
        ("put", "/a", {"data": b"text", "headers": {"content-type": "text/plain"}}),
        ("PUT", "/a", {"data": b""}),
        ("PATCH", "/a", {"data": io.BytesIO(b"in pieces")}),
        ("POST", "/a", {"data": {"of": "a form"}}),
        ("GET", "/a b/\u00fc", {"params": {"c": "d"}}),
    ],
)
def test_what_a_client_has_made_ready_arrives_as_requests_would_send_it(
    method: str, target: str, options: dict[str, Any]
) -> None:
    with run_script(Reply(200, "yes")) as script, limited_session() as session, requests.Session() as usual:
        usual.trust_env = False
        for one in (session, usual):
            answer = one.request(method, script.url + target, timeout=(5, 5), allow_redirects=False, **options)
            if method == "PATCH":
                options["data"].seek(0)
            assert (answer.status_code, answer.content) == (200, b"" if method == "HEAD" else b'"yes"')
        ours, theirs = script.requests
    assert (ours.method, ours.target, ours.body) == (theirs.method, theirs.target, theirs.body)
    assert {name.lower(): value for name, value in ours.headers.items()} == {
        name.lower(): value for name, value in theirs.headers.items()
    }


def test_nothing_is_followed_that_a_client_is_to_see() -> None:
    reply = Reply(302, headers={"Location": "/elsewhere", "Set-Cookie": "a=b"})
    with run_script(reply) as script, limited_session() as session:
        answers = [session.request("GET", script.url, timeout=5, allow_redirects=False) for _ in range(2)]
    assert [answer.headers["Location"] for answer in answers] == ["/elsewhere"] * 2
    assert [request.headers.get("Cookie") for request in script.requests] == [None, None]
