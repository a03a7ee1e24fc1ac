"""The fault-injecting proxy, in front of a tiny service that writes down what reaches it."""

from __future__ import annotations

import http.client
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit

import pytest

from tests.support.proxy import Answer, Call, Delay, Drop, Proxy, Seen, run_proxy


@dataclass(frozen=True)
class Received:
    line: str
    headers: list[tuple[str, str]]
    body: bytes


@dataclass
class Service:
    """What the service got, and what it answers: every request with its own body turned round, or as told."""

    url: str = ""
    received: list[Received] = field(default_factory=list)
    status: int = 201
    headers: list[tuple[str, str]] = field(default_factory=list)
    first_chunk: threading.Event = field(default_factory=threading.Event)


@pytest.fixture
def service() -> Iterator[Service]:
    service = Service()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def answer(self) -> None:
            body = self.read_body()
            # Whether a connection is used again is settled anew between each two that it joins.
            headers = [(name, value) for name, value in self.headers.items() if name != "Connection"]
            service.received.append(Received(self.requestline, headers, body))
            # The bare response: without the headers that this server would add to each.
            self.send_response_only(service.status, "As You Like It")
            for name, value in service.headers:
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(body[::-1])

        def read_body(self) -> bytes:
            if self.headers.get("Transfer-Encoding") != "chunked":
                return self.rfile.read(int(self.headers.get("Content-Length", "0")))
            chunks = b""
            while size := int(self.rfile.readline(), 16):
                chunks += self.rfile.read(size)
                self.rfile.readline()
                service.first_chunk.set()
            self.rfile.readline()
            return chunks

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 (the name in the base class)
            """Keep the test's output quiet."""

    for method in ("GET", "HEAD", "PUT", "POST", "DELETE", "MERGE"):
        setattr(Handler, f"do_{method}", Handler.answer)
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    service.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield service
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def proxy(service: Service) -> Iterator[Proxy]:
    with run_proxy(service.url) as proxy:
        yield proxy


@pytest.fixture
def client(proxy: Proxy) -> Iterator[http.client.HTTPConnection]:
    connection = http.client.HTTPConnection(urlsplit(proxy.url).netloc, timeout=30)
    yield connection
    connection.close()


def ask(client: http.client.HTTPConnection, method: str, target: str, body: bytes = b"abc") -> tuple[int, bytes]:
    client.request(method, target, body)
    response = client.getresponse()
    return response.status, response.read()


def test_a_request_reaches_the_service_as_it_was_written(service: Service, client: http.client.HTTPConnection) -> None:
    target = "/devstoreaccount1//a%2fb%20c/../d'%C3%A9?comp=list&prefix=%2F+x&sig=a%2Bb%3D&empty=&flag"
    headers = [
        ("Host", "account.example:10000"),
        ("x-ms-DATE", "Sat, 21 Nov 2026 06:00:00 GMT"),
        ("Authorization", "SharedKey devstoreaccount1:c2lnbmF0dXJl"),
        ("x-ms-meta-twice", "1"),
        ("x-ms-meta-twice", "2"),
        ("x-ms-meta-name", "Zoë".encode().decode("latin-1")),
        ("Content-Encoding", "gzip"),
        ("Content-Length", "9"),
    ]
    client.putrequest("MERGE", target, skip_host=True, skip_accept_encoding=True)
    for name, value in headers:
        client.putheader(name, value)
    client.endheaders(b"\x1f\x8bno gzip"[:9])
    client.getresponse().read()

    assert service.received == [Received(f"MERGE {target} HTTP/1.1", headers, b"\x1f\x8bno gzip"[:9])]


def test_an_answer_reaches_the_client_as_it_was_written(service: Service, client: http.client.HTTPConnection) -> None:
    service.status = 307
    service.headers = [
        ("ETag", '"0x8D"'),
        ("x-ms-Request-ID", "1"),
        ("Set-Cookie", "a=1"),
        ("Set-Cookie", "b=2"),
        ("Location", "http://elsewhere.example/a%2Fb"),
        ("Content-Encoding", "gzip"),
    ]
    client.request("PUT", "/", b"abc")
    response = client.getresponse()

    assert (response.status, response.reason, response.read()) == (307, "As You Like It", b"cba")
    assert response.getheaders() == [*service.headers, ("Content-Length", "3")]


def test_a_head_request_is_answered_with_the_length_and_no_body(
    service: Service, client: http.client.HTTPConnection
) -> None:
    client.request("HEAD", "/blob", b"abc")
    response = client.getresponse()

    assert (response.getheaders(), response.read()) == ([("Content-Length", "3")], b"")


def test_a_request_without_a_body_gets_none_on_the_way(service: Service, client: http.client.HTTPConnection) -> None:
    client.putrequest("GET", "/", skip_accept_encoding=True)
    client.endheaders()
    client.getresponse().read()

    assert service.received == [Received("GET / HTTP/1.1", [("Host", f"{client.host}:{client.port}")], b"")]


def test_a_body_is_passed_on_while_it_is_still_coming(service: Service, client: http.client.HTTPConnection) -> None:
    arrived = []

    def chunks() -> Iterator[bytes]:
        yield b"first "
        arrived.append(service.first_chunk.wait(30))
        yield b"second"

    client.request("PUT", "/", chunks(), encode_chunked=True, headers={"Transfer-Encoding": "chunked"})
    answer = client.getresponse().read()

    assert arrived == [True]
    assert (service.received[0].body, answer) == (b"first second", b"dnoces tsrif")


def test_a_body_of_many_megabytes_comes_through_whole(service: Service, client: http.client.HTTPConnection) -> None:
    body = bytes(range(256)) * 32 * 1024

    assert ask(client, "PUT", "/", body) == (201, body[::-1])
    assert service.received[0].body == body


def test_what_came_is_listed_with_method_and_target(proxy: Proxy, client: http.client.HTTPConnection) -> None:
    ask(client, "PUT", "/a%20b?x=1")
    ask(client, "DELETE", "/a%20b")

    assert proxy.requests == (Seen("PUT", "/a%20b?x=1"), Seen("DELETE", "/a%20b"))


def test_an_answer_is_given_in_place_of_the_service_s(
    service: Service, proxy: Proxy, client: http.client.HTTPConnection
) -> None:
    proxy.add_rule(Answer(503, b"busy", {"Retry-After": "1"}), method="PUT", path="/messages$")
    answers = [ask(client, "GET", "/messages"), ask(client, "PUT", "/messages/1")]
    client.request("PUT", "/messages", b"abc")
    response = client.getresponse()
    answers += [(response.status, response.read()), ask(client, "PUT", "/messages")]

    assert answers == [(201, b"cba"), (201, b"cba"), (503, b"busy"), (201, b"cba")]
    assert response.headers["Retry-After"] == "1"
    assert [received.line for received in service.received] == [
        "GET /messages HTTP/1.1",
        "PUT /messages/1 HTTP/1.1",
        "PUT /messages HTTP/1.1",
    ]


def test_a_rule_strikes_from_the_nth_match_on_and_so_many_times(
    proxy: Proxy, client: http.client.HTTPConnection
) -> None:
    proxy.add_rule(Answer(429), path="/counted", nth=2, times=2)
    proxy.add_rule(Answer(500), path="/for-ever", nth=2, times=None)

    assert [ask(client, "POST", "/counted")[0] for _ in range(5)] == [201, 429, 429, 201, 201]
    assert [ask(client, "POST", "/for-ever")[0] for _ in range(4)] == [201, 500, 500, 500]


def test_a_rule_may_look_at_the_body(service: Service, proxy: Proxy, client: http.client.HTTPConnection) -> None:
    proxy.add_rule(Answer(400), where=lambda _method, _target, body: b"bad" in body)

    assert [ask(client, "POST", "/", body) for body in (b"good", b"so bad", b"bad")] == [
        (201, b"doog"),
        (400, b""),
        (201, b"dab"),
    ]
    assert [received.body for received in service.received] == [b"good", b"bad"]


def test_a_dropped_request_never_reaches_the_service(
    service: Service, proxy: Proxy, client: http.client.HTTPConnection
) -> None:
    rule = proxy.add_rule(Drop())

    with pytest.raises(ConnectionError):
        ask(client, "PUT", "/")
    assert rule.fired.is_set()
    assert service.received == []
    client.close()
    assert ask(client, "PUT", "/") == (201, b"cba")


def test_a_lost_answer_is_lost_after_the_service_has_done_its_work(
    service: Service, proxy: Proxy, client: http.client.HTTPConnection
) -> None:
    proxy.add_rule(Drop(), after=True)

    with pytest.raises(ConnectionError):
        ask(client, "PUT", "/")
    assert [received.line for received in service.received] == ["PUT / HTTP/1.1"]


def test_an_answer_may_be_replaced_after_the_service_has_done_its_work(
    service: Service, proxy: Proxy, client: http.client.HTTPConnection
) -> None:
    proxy.add_rule(Answer(500, b"oops"), after=True)

    assert ask(client, "PUT", "/") == (500, b"oops")
    assert len(service.received) == 1


@pytest.mark.parametrize(("after", "received_at_call"), [(False, 0), (True, 1)], ids=["before", "after"])
def test_a_function_is_called_before_or_after_the_service_and_then_the_connection_is_cut(
    service: Service, proxy: Proxy, client: http.client.HTTPConnection, after: bool, received_at_call: int
) -> None:
    called_with = []
    rule = proxy.add_rule(Call(lambda: called_with.append(len(service.received))), after=after)

    with pytest.raises(ConnectionError):
        ask(client, "PUT", "/")
    assert rule.fired.is_set()
    assert called_with == [received_at_call]
    assert len(service.received) == received_at_call


def test_a_function_that_waits_holds_one_request_and_no_other(
    service: Service, proxy: Proxy, client: http.client.HTTPConnection
) -> None:
    others_done, answers = threading.Event(), []
    proxy.add_rule(Call(lambda: others_done.wait(30), drop=False), path="/held", after=True)

    def other() -> None:
        connection = http.client.HTTPConnection(urlsplit(proxy.url).netloc, timeout=30)
        answers.append(ask(connection, "GET", "/free", b""))
        connection.close()
        others_done.set()

    thread = threading.Thread(target=other)
    client.request("PUT", "/held", b"abc")
    thread.start()
    answers.append((client.getresponse().status, b""))
    thread.join()

    assert answers == [(201, b""), (201, b"")]
    assert others_done.is_set()


def test_a_delay_is_waited_before_the_request_goes_on(proxy: Proxy, client: http.client.HTTPConnection) -> None:
    proxy.add_rule(Delay(0.2))
    start = time.monotonic()

    assert ask(client, "PUT", "/") == (201, b"cba")
    assert time.monotonic() - start >= 0.2


def test_several_rules_act_in_the_order_in_which_they_were_added(
    proxy: Proxy, client: http.client.HTTPConnection
) -> None:
    called: list[str] = []
    proxy.add_rule(Call(lambda: called.append("first"), drop=False))
    proxy.add_rule(Answer(418))
    proxy.add_rule(Call(lambda: called.append("never"), drop=False))

    assert ask(client, "PUT", "/") == (418, b"")
    assert called == ["first"]


def test_without_rules_everything_passes_again(proxy: Proxy, client: http.client.HTTPConnection) -> None:
    proxy.add_rule(Answer(503), times=None)
    before = ask(client, "PUT", "/")
    proxy.clear_rules()

    assert (before, ask(client, "PUT", "/")) == ((503, b""), (201, b"cba"))


def test_a_service_that_is_not_there_looks_like_a_lost_connection(service: Service) -> None:
    with run_proxy("http://127.0.0.1:1") as proxy:
        client = http.client.HTTPConnection(urlsplit(proxy.url).netloc, timeout=30)
        with pytest.raises(ConnectionError):
            ask(client, "PUT", "/")
        client.close()
