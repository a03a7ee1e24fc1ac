from __future__ import annotations

import socket
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from azure.core.exceptions import ClientAuthenticationError

from shared.entra import graph as graph_module
from shared.entra.graph import Graph
from shared.entra.upload import Accepted, upload_bulk
from shared.errors import (
    AnswerLost,
    EndpointRefused,
    EntraUnavailable,
    NotDelivered,
    RequestRejected,
    RollcallError,
    Throttled,
    TokenRefused,
    TransientError,
)
from shared.identity import Identity as AppIdentity
from shared.identity import app_identity
from shared.settings import ProvisioningEndpoint
from tests.support.contexts import NOWHERE, START, Identity, ManualTime, endpoint_at, user
from tests.support.scripted_server import CUT, DATE, SILENCE, Reply, Script, run_script

ACCEPTED = Reply(202, headers={"request-id": "r-1"})
SECRET_WORDS = "Babs Jensen, born 1979"


def error(code: str = "badRequest", message: str = SECRET_WORDS) -> dict[str, Any]:
    return {"error": {"code": code, "message": message, "innerError": {}}}


@pytest.fixture
def script() -> Iterator[Script]:
    with run_script(ACCEPTED) as running:
        yield running


@pytest.fixture
def identity() -> Identity:
    return Identity()


@pytest.fixture
def time() -> ManualTime:
    return ManualTime(START + timedelta(hours=3))


@pytest.fixture
def graph(identity: Identity, time: ManualTime) -> Iterator[Graph]:
    client = Graph(time.clock, AppIdentity(identity.make))
    yield client
    client.close()


def send(graph: Graph, endpoint: ProvisioningEndpoint) -> Accepted:
    return upload_bulk(graph, endpoint, [user("1")], graph.token(endpoint))


def refusal(graph: Graph, script: Script, *replies: Reply) -> RollcallError:
    script.replies[:] = replies
    with pytest.raises(RollcallError) as caught:
        send(graph, endpoint_at(script.url))
    return caught.value


def test_a_202_says_when_the_request_was_sent_by_graphs_clock_and_its_id(graph: Graph, script: Script) -> None:
    assert send(graph, endpoint_at(script.url)) in (
        Accepted("2026-09-18T06:00:00Z", "r-1"),
        Accepted("2026-09-18T05:59:59Z", "r-1"),
    )


def test_a_202_without_a_date_takes_our_own_clock(graph: Graph, script: Script) -> None:
    script.replies[:] = [Reply(202, date="")]
    assert send(graph, endpoint_at(script.url)) in (
        Accepted("2026-09-18T09:00:00Z", ""),
        Accepted("2026-09-18T08:59:59Z", ""),
    )


def test_the_token_goes_to_the_endpoint_in_a_header_and_was_asked_for_its_scope(
    graph: Graph, script: Script, identity: Identity
) -> None:
    send(graph, endpoint_at(script.url))
    [request] = script.requests
    assert (request.method, request.target, request.headers["Authorization"], request.headers["Content-Type"]) == (
        "POST",
        urlsplit(endpoint_at(NOWHERE).url).path,
        "Bearer token-1",
        "application/scim+json",
    )
    assert identity.scopes == ["https://graph.microsoft.com/.default"]


def test_the_token_is_sent_whatever_a_netrc_has_for_the_host(
    graph: Graph, script: Script, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login somebody password something\n")
    monkeypatch.setenv("NETRC", str(netrc))
    send(graph, endpoint_at(script.url))
    assert [request.headers["Authorization"] for request in script.requests] == ["Bearer token-1"]


def test_a_400_carries_entras_words_aside_from_the_message(graph: Graph, script: Script) -> None:
    fault = refusal(graph, script, Reply(400, error(), {"request-id": "r-9"}))
    assert isinstance(fault, RequestRejected)
    assert (str(fault), fault.status, fault.code, fault.request_id, fault.words) == (
        "Entra answered 400 for job default (request-id r-9)",
        400,
        "badRequest",
        "r-9",
        SECRET_WORDS,
    )


@pytest.mark.parametrize(
    "body", [b"", b"<html>", b"[]", b"1", b'{"error": null}', b'{"error": "no"}', b'{"error": []}', b"\xff\xfe"]
)
def test_a_400_with_any_body_is_a_400(graph: Graph, script: Script, body: bytes) -> None:
    fault = refusal(graph, script, Reply(400, body))
    assert isinstance(fault, RequestRejected)
    assert (fault.status, fault.code, fault.words) == (400, "400", "")


def test_endless_words_are_cut_so_that_they_fit_into_a_table(graph: Graph, script: Script) -> None:
    fault = refusal(graph, script, Reply(400, error("c" * 100_000, "w" * 100_000)))
    assert isinstance(fault, RequestRejected)
    assert (fault.code, fault.words) == ("c" * 200, "w" * 2000)


def test_after_a_401_the_next_request_has_a_fresh_token(graph: Graph, script: Script, identity: Identity) -> None:
    script.replies[:] = [Reply(401), ACCEPTED]
    with pytest.raises(TokenRefused):
        send(graph, endpoint_at(script.url))
    send(graph, endpoint_at(script.url))
    assert [request.headers["Authorization"] for request in script.requests] == ["Bearer token-1", "Bearer token-2"]
    assert script.requests[0].body == script.requests[1].body
    send(graph, endpoint_at(script.url))
    assert script.requests[2].headers["Authorization"] == "Bearer token-2"
    assert identity.closed == 1


def test_many_401_at_once_fetch_one_fresh_token(graph: Graph, script: Script, identity: Identity) -> None:
    script.answer = lambda request: ACCEPTED if request.headers["Authorization"] != "Bearer token-1" else Reply(401)

    def try_twice(_: int) -> str:
        try:
            return send(graph, endpoint_at(script.url)).request_id
        except TokenRefused:
            return send(graph, endpoint_at(script.url)).request_id

    with ThreadPoolExecutor(8) as pool:
        results = list(pool.map(try_twice, range(8)))
    assert (results, identity.made) == (["r-1"] * 8, 2)


@pytest.mark.parametrize("status", [403, 404])
def test_a_403_or_404_stops_the_job_and_says_what_to_do(graph: Graph, script: Script, status: int) -> None:
    fault = refusal(graph, script, Reply(status, error(), {"request-id": "r-9"}))
    assert isinstance(fault, EndpointRefused)
    assert (fault.status, fault.request_id) == (status, "r-9")
    assert ("app role" if status == 403 else "provisioning API endpoint") in str(fault)


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ({"Retry-After": "17"}, 17.0),
        ({"Retry-After": "Fri, 18 Sep 2026 06:02:00 GMT"}, 120.0),
        ({"Retry-After": "Fri, 18 Sep 2026 05:00:00 GMT"}, 0.0),
        ({"Retry-After": "soon"}, None),
        ({"Retry-After": "-5"}, None),
        ({"Retry-After": "\u00b2"}, None),
        ({"Retry-After": "9" * 400}, 86_400.0),
        ({"Retry-After": "Fri, 31 Dec 9999 23:59:59 GMT"}, 86_400.0),
        ({}, None),
    ],
)
@pytest.mark.parametrize(("status", "kind"), [(429, Throttled), (500, EntraUnavailable), (503, EntraUnavailable)])
def test_a_429_or_5xx_says_how_long_to_wait_if_it_does(
    graph: Graph, script: Script, status: int, kind: type[TransientError], header: dict[str, str], seconds: float | None
) -> None:
    fault = refusal(graph, script, Reply(status, error(), header))
    assert isinstance(fault, kind)
    assert fault.retry_after == seconds


def test_a_date_to_wait_for_is_measured_by_our_clock_if_the_answer_has_no_date(
    graph: Graph, script: Script, time: ManualTime
) -> None:
    fault = refusal(graph, script, Reply(429, headers={"Retry-After": "Fri, 18 Sep 2026 09:01:00 GMT"}, date=""))
    assert isinstance(fault, Throttled)
    assert fault.retry_after == 60.0


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_a_redirect_is_not_followed(graph: Graph, script: Script, status: int) -> None:
    with run_script(ACCEPTED) as elsewhere:
        fault = refusal(graph, script, Reply(status, headers={"Location": f"{elsewhere.url}/bulkUpload"}))
        assert isinstance(fault, RequestRejected)
        assert (fault.status, elsewhere.requests) == (status, [])


@pytest.mark.parametrize("status", [200, 201, 204, 405, 413, 415])
def test_an_answer_outside_the_contract_refuses_the_request(graph: Graph, script: Script, status: int) -> None:
    fault = refusal(graph, script, Reply(status))
    assert isinstance(fault, RequestRejected)
    assert fault.status == status


def test_a_connection_that_is_cut_leaves_open_what_entra_has(graph: Graph, script: Script) -> None:
    assert isinstance(refusal(graph, script, CUT), AnswerLost)
    assert len(script.requests) == 1


def test_a_kept_connection_that_is_cut_is_not_tried_again_behind_our_back(graph: Graph, script: Script) -> None:
    send(graph, endpoint_at(script.url))
    assert isinstance(refusal(graph, script, CUT), AnswerLost)
    assert len(script.requests) == 2


def test_an_answer_that_does_not_come_leaves_open_what_entra_has(
    graph: Graph, script: Script, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(graph_module, "READ_SECONDS", 0.1)
    assert isinstance(refusal(graph, script, SILENCE), AnswerLost)
    assert len(script.requests) == 1


def test_a_refused_connection_means_that_nothing_was_sent(graph: Graph) -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        url = f"http://127.0.0.1:{closed.getsockname()[1]}"
    with pytest.raises(NotDelivered) as caught:
        send(graph, endpoint_at(url))
    assert str(caught.value) == f"No connection to {url.removeprefix('http://')} for job default"


@pytest.mark.parametrize("through_a_proxy", [False, True], ids=["straight", "through a proxy"])
def test_nothing_goes_out_on_a_connection_that_took_too_long(
    graph: Graph, script: Script, monkeypatch: pytest.MonkeyPatch, *, through_a_proxy: bool
) -> None:
    if through_a_proxy:
        monkeypatch.setenv("http_proxy", script.url)
        monkeypatch.setenv("no_proxy", "")
    times = iter([0.0, 8.1])  # before and after connecting
    monkeypatch.setattr(graph_module, "monotonic", lambda: next(times))
    with pytest.raises(NotDelivered):
        send(graph, endpoint_at("http://localhost:9" if through_a_proxy else script.url))
    assert script.requests == []


def test_a_host_without_an_address_means_that_nothing_was_sent(graph: Graph, monkeypatch: pytest.MonkeyPatch) -> None:
    def no_address(*_: object, **__: object) -> None:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", no_address)
    with pytest.raises(NotDelivered):
        send(graph, endpoint_at("http://localhost:9"))


def test_without_a_token_nothing_is_sent(graph: Graph, script: Script, identity: Identity) -> None:
    identity.error = ClientAuthenticationError("no identity")
    assert isinstance(refusal(graph, script, ACCEPTED), TokenRefused)
    assert script.requests == []


@pytest.mark.parametrize(
    "broken",
    [
        Reply(500, b"oh"),
        Reply(400, {"statusCode": 400, "message": "no such identity"}),
        Reply(200, b""),
        Reply(200, b"[]"),
        Reply(200, b"no JSON"),
        Reply(200, {}),
        Reply(200, {"access_token": "t"}),
        Reply(200, {"access_token": "t", "expires_on": "soon"}),
        CUT,
    ],
    ids=["500", "400", "empty", "list", "text", "no token", "no expiry", "wrong expiry", "cut"],
)
def test_a_broken_token_endpoint_is_a_token_refused(
    script: Script, time: ManualTime, monkeypatch: pytest.MonkeyPatch, broken: Reply
) -> None:
    with run_script(broken) as tokens:
        monkeypatch.setenv("IDENTITY_ENDPOINT", f"{tokens.url}/msi/token")
        monkeypatch.setenv("IDENTITY_HEADER", "header")
        monkeypatch.setattr("time.sleep", lambda _: None)
        client = Graph(time.clock, app_identity(""))
        try:
            assert isinstance(refusal(client, script, ACCEPTED), TokenRefused)
        finally:
            client.close()
    assert (script.requests, bool(tokens.requests)) == ([], True)


@pytest.mark.parametrize("status", [302, 400, 401, 403, 404, 405, 429, 500, 503])
def test_no_word_of_an_answer_or_of_the_request_is_in_an_exceptions_text(
    graph: Graph, script: Script, status: int
) -> None:
    fault = refusal(graph, script, Reply(status, error(), {"request-id": "r-9"}))
    text = f"{fault} {fault.__cause__} {fault.__context__}"
    assert not [word for word in (SECRET_WORDS, "worker1@example.com", "Worker 1", "token-1") if word in text]


def test_the_credential_is_closed_with_the_connections(identity: Identity, script: Script, time: ManualTime) -> None:
    client = Graph(time.clock, AppIdentity(identity.make))
    send(client, endpoint_at(script.url))
    client.close()
    assert (identity.made, identity.closed) == (1, 1)


def test_what_a_get_brings_must_be_a_json_object(graph: Graph, script: Script) -> None:
    endpoint = endpoint_at(script.url)
    script.replies[:] = [Reply(200, {"value": []}), Reply(200, []), Reply(200, b"<html>")]
    assert graph.get(endpoint, f"{script.url}/v1.0/auditLogs/provisioning") == {"value": []}
    for _ in range(2):
        with pytest.raises(RequestRejected):
            graph.get(endpoint, f"{script.url}/v1.0/auditLogs/provisioning")


@pytest.mark.parametrize("url", ["http://127.0.0.1.example.com/v1.0/x", "/v1.0/x", "", "http://127.0.0.1:9/v1.0/x"])
def test_a_get_goes_nowhere_else(graph: Graph, script: Script, identity: Identity, url: str) -> None:
    with pytest.raises(RequestRejected):
        graph.get(endpoint_at(script.url), url)
    assert (script.requests, identity.scopes) == ([], [])


def test_the_scripts_date_is_graphs() -> None:
    assert datetime.strptime(DATE, "%a, %d %b %Y %H:%M:%S GMT").replace(tzinfo=UTC) == START
