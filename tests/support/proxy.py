"""A reverse proxy that breaks things on purpose: crashes, lost answers, errors and delays at an exact request.

It stands between the app and a service over http, and passes on what comes, as it comes: method, target with its very
percent-encoding, headers (the client's `Host` included), and bodies as they arrive. Rules say what goes wrong and
when::

    with run_proxy("http://127.0.0.1:10001") as proxy:
        # The second message is put into the queue, but the app is killed before it hears of it.
        rule = proxy.add_rule(
            Call(lambda: os.kill(pid, signal.SIGKILL)), method="POST", path=r"/bulk-uploads/messages", nth=2, after=True
        )
        ...
        assert rule.fired.wait(30)
"""

from __future__ import annotations

import asyncio
import re
import threading
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import NamedTuple

import aiohttp
from aiohttp import web
from multidict import CIMultiDict
from yarl import URL

from local.serving import serve_in_thread

# Of one connection only, so never passed on; aiohttp sets what its own connections need.
_HOP_BY_HOP = frozenset({"connection", "keep-alive", "proxy-connection", "te", "transfer-encoding", "upgrade"})
# What aiohttp would add to a request or an answer that came without.
_AUTOMATIC = ("Accept", "Accept-Encoding", "Content-Type", "User-Agent")
_AUTOMATIC_IN_ANSWERS = ("Content-Type", "Date", "Server")
# Signed URLs and table filters are long.
_LONGEST_LINE = 64 * 1024
# The names of the headers of the service's answer, in lower case.
_CAME_WITH = web.ResponseKey("came_with", frozenset[str])

Where = Callable[[str, str, bytes], bool]


@dataclass(frozen=True)
class Answer:
    """Answer with this, whatever the service says or would have said."""

    status: int
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Drop:
    """Cut the connection without an answer."""


@dataclass(frozen=True)
class Delay:
    """Wait, then go on."""

    seconds: float


@dataclass(frozen=True)
class Call:
    """Call a function in a thread of its own, wait for it, then cut the connection or go on."""

    function: Callable[[], object]
    drop: bool = True


Action = Answer | Drop | Delay | Call


class Seen(NamedTuple):
    """One request: its method and its target as the client wrote it, query included."""

    method: str
    target: str


class Rule:
    """What goes wrong, and at which requests.

    Attributes:
        action: what to do.
        after: whether to do it once the service's answer is here, instead of before the service is asked.
        fired: set once the action has been done.
    """

    def __init__(
        self, action: Action, method: str, path: str, where: Where | None, nth: int, times: int | None, after: bool
    ) -> None:
        self.action = action
        self.after = after
        self.fired = threading.Event()
        self._method = method
        self._path = re.compile(path)
        self._where = where
        self._first = nth
        self._end = None if times is None else nth + times
        self._matches = 0

    @property
    def reads_body(self) -> bool:
        """Whether it takes the body to tell if a request matches."""
        return self._where is not None

    def strikes(self, seen: Seen, body: bytes) -> bool:
        """Count a request if it matches; whether it is one to act on."""
        if self._method not in ("", seen.method) or not self._path.search(seen.target):
            return False
        if self._where and not self._where(seen.method, seen.target, body):
            return False
        self._matches += 1
        return self._first <= self._matches and (self._end is None or self._matches < self._end)


class Proxy:
    """The proxy's rules and what it has seen; every method may be called from any thread.

    Attributes:
        url: where it listens.
    """

    def __init__(self, upstream: str) -> None:
        self.url = ""
        self._upstream = upstream.rstrip("/")
        self._lock = threading.Lock()
        self._rules: list[Rule] = []
        self._requests: list[Seen] = []
        self._session: aiohttp.ClientSession | None = None

    def add_rule(
        self,
        action: Action,
        *,
        method: str = "",
        path: str = "",
        where: Where | None = None,
        nth: int = 1,
        times: int | None = 1,
        after: bool = False,
    ) -> Rule:
        """Add a rule. If several strike at one request, they act in the order in which they were added.

        Args:
            action: what to do.
            method: only requests of this method.
            path: only requests in whose target this regular expression is found.
            where: only requests for which this holds, given method, target and body. The body of every request is then
                read to its end before it is passed on.
            nth: the first of these requests to act on, counted from 1 and from now.
            times: how many to act on; None for all that follow.
            after: act once the service has answered, instead of before it is asked.
        """
        rule = Rule(action, method, path, where, nth, times, after)
        with self._lock:
            self._rules.append(rule)
        return rule

    def clear_rules(self) -> None:
        """Let everything pass from now on."""
        with self._lock:
            self._rules.clear()

    @property
    def requests(self) -> tuple[Seen, ...]:
        """Every request so far, in the order of arrival."""
        with self._lock:
            return tuple(self._requests)

    def application(self) -> web.Application:
        """The proxy as a web application."""
        application = web.Application(client_max_size=0)
        application.router.add_route("*", "/{path:.*}", self._handle)
        application.cleanup_ctx.append(self._connect)
        application.on_response_prepare.append(_remove_automatic_headers)
        return application

    async def _connect(self, _: web.Application) -> AsyncIterator[None]:
        async with aiohttp.ClientSession(
            # A connection that is used again may turn out dead, and aiohttp would then send the request once more:
            # the very thing that tests look for.
            connector=aiohttp.TCPConnector(limit=0, force_close=True),
            cookie_jar=aiohttp.DummyCookieJar(),
            timeout=aiohttp.ClientTimeout(total=None),
            skip_auto_headers=_AUTOMATIC,
            auto_decompress=False,
            max_line_size=_LONGEST_LINE,
            max_field_size=_LONGEST_LINE,
        ) as self._session:
            yield

    async def _handle(self, request: web.Request) -> web.StreamResponse:
        seen = Seen(request.method, request.raw_path)
        with self._lock:
            self._requests.append(seen)
            reads_body = any(rule.reads_body for rule in self._rules)
        try:
            body = await request.read() if reads_body else b""
            with self._lock:
                struck = [rule for rule in self._rules if rule.strikes(seen, body)]
            for rule in struck:
                if not rule.after and (ending := await _act(rule)):
                    return _end(request, ending)
            return await self._forward(request, body if reads_body else None, [rule for rule in struck if rule.after])
        except (aiohttp.ClientError, ConnectionError):
            # A service that is not there, or goes away in the middle, must look no better from here.
            return _end(request, Drop())

    async def _forward(self, request: web.Request, body: bytes | None, rules: list[Rule]) -> web.StreamResponse:
        assert self._session is not None
        data = (request.content if body is None else body) if request.body_exists else None
        async with self._session.request(
            request.method,
            URL(self._upstream + request.raw_path, encoded=True),
            headers=_passed_on(request.raw_headers),
            data=data,
            allow_redirects=False,
        ) as upstream:
            if rules:
                # The service is done only when its answer is whole.
                await upstream.read()
            for rule in rules:
                if ending := await _act(rule):
                    return _end(request, ending)
            answer = web.StreamResponse(
                status=upstream.status, reason=upstream.reason, headers=_passed_on(upstream.raw_headers)
            )
            answer[_CAME_WITH] = frozenset(name.lower() for name in upstream.headers)
            await answer.prepare(request)
            if rules:
                await answer.write(await upstream.read())
            async for chunk in upstream.content.iter_any():
                await answer.write(chunk)
            await answer.write_eof()
            return answer


@contextmanager
def run_proxy(upstream: str) -> Iterator[Proxy]:
    """Run a proxy in a thread; yields it with `url` set.

    Args:
        upstream: scheme, host and port of the service, such as `http://127.0.0.1:10000`.
    """
    proxy = Proxy(upstream)
    with serve_in_thread(
        proxy.application(), auto_decompress=False, max_line_size=_LONGEST_LINE, max_field_size=_LONGEST_LINE
    ) as port:
        proxy.url = f"http://127.0.0.1:{port}"
        yield proxy


async def _act(rule: Rule) -> Answer | Drop | None:
    """Do what a rule says; what ends the exchange, if it does."""
    ending: Answer | Drop | None = None
    match rule.action:
        case Delay(seconds):
            await asyncio.sleep(seconds)
        case Call(function, drop):
            await asyncio.to_thread(function)
            ending = Drop() if drop else None
        case Answer() | Drop():
            ending = rule.action
    rule.fired.set()
    return ending


def _end(request: web.Request, ending: Answer | Drop) -> web.Response:
    if isinstance(ending, Answer):
        return web.Response(status=ending.status, body=ending.body, headers=ending.headers)
    if request.transport:
        request.transport.abort()
    # Goes nowhere; aiohttp wants one.
    return web.Response()


def _passed_on(headers: tuple[tuple[bytes, bytes], ...]) -> CIMultiDict[str]:
    # aiohttp writes UTF-8 and silently leaves out what is none, so what is none fails here, loudly.
    pairs = [(name.decode(), value.decode()) for name, value in headers]
    return CIMultiDict([(name, value) for name, value in pairs if name.lower() not in _HOP_BY_HOP])


async def _remove_automatic_headers(_: web.Request, response: web.StreamResponse) -> None:
    came_with = response.get(_CAME_WITH)
    if came_with is None:
        return
    for name in _AUTOMATIC_IN_ANSWERS:
        if name.lower() not in came_with:
            response.headers.pop(name, None)
