"""A tiny HTTP server that answers with what a test wrote down for it."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from tests.support.contexts import START

DATE = format_datetime(START, usegmt=True)


@dataclass(frozen=True)
class Request:
    """A request as it came."""

    method: str
    target: str
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True)
class Reply:
    """An answer. Without a status, the connection is cut instead; `hold` waits for the end of the test before that."""

    status: int = 0
    body: object = None
    headers: Mapping[str, str] = field(default_factory=dict)
    date: str = DATE
    hold: bool = False

    @property
    def content(self) -> bytes:
        """The body's bytes; everything but bytes is sent as JSON."""
        if self.body is None:
            return b""
        return self.body if isinstance(self.body, bytes) else json.dumps(self.body).encode()


CUT = Reply()
SILENCE = Reply(hold=True)


class Script:
    """What the server answers, in order; the last answer is repeated.

    Attributes:
        url: where it listens.
        requests: what has come so far.
        answer: decides instead of the list, if set.
    """

    def __init__(self, *replies: Reply) -> None:
        self.url = ""
        self.requests: list[Request] = []
        self.replies = list(replies)
        self.answer: Callable[[Request], Reply] | None = None
        self.over = threading.Event()
        self._lock = threading.Lock()

    def next(self, request: Request) -> Reply:
        """The answer to a request."""
        with self._lock:
            self.requests.append(request)
            if self.answer is None:
                return self.replies.pop(0) if len(self.replies) > 1 else self.replies[0]
        return self.answer(request)


@contextmanager
def run_script(*replies: Reply) -> Iterator[Script]:
    """Serve from threads for as long as the block lasts."""
    script = Script(*replies)

    class Handler(_Handler):
        pass

    Handler.script = script
    with _Server(("127.0.0.1", 0), Handler) as server:
        script.url = f"http://127.0.0.1:{server.server_address[1]}"
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
        thread.start()
        try:
            yield script
        finally:
            script.over.set()
            server.shutdown()
            thread.join()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that went away is part of the script."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    script: Script

    def _serve(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        reply = self.script.next(Request(self.command, self.path, dict(self.headers), body))
        if reply.hold:
            self.script.over.wait()
        if not reply.status:
            self.close_connection = True
            self.connection.shutdown(socket.SHUT_RDWR)
            return
        self.send_response_only(reply.status)
        if reply.date:
            self.send_header("Date", reply.date)
        for name, value in reply.headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(reply.content)))
        self.end_headers()
        self.wfile.write(b"" if self.command == "HEAD" else reply.content)

    do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = _serve  # noqa: N815

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """The script keeps the requests."""
