"""HTTP triggers: one listener for all of them, on this machine only."""

from __future__ import annotations

import asyncio
import logging
import re
import time
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from types import MappingProxyType

from aiohttp import web

from local.host.errors import HostError
from local.host.invocations import Invoker
from local.host.sign_in import SignIn
from local.host.triggers.events import Webhook
from local.host.worker import Data, Function
from local.serving import HOST, serve_in_thread

log = logging.getLogger("host")

_LARGEST = 100 * 1024 * 1024  # as in Azure
_LOOK = 1.0
_PARAMETER = re.compile(r"(/?)\{(\*?)(\w+)(\??)\}")


@dataclass(frozen=True)
class Route:
    """Where a function answers.

    Attributes:
        function: which.
        pattern: of the path, with the parameters as groups.
        methods: that it answers; all if empty.
    """

    function: Function
    pattern: re.Pattern[str]
    methods: frozenset[str]


def parse_route(function: Function, prefix: str) -> Route:
    """The route of a function, such as `support/{*page}`; without one it is its name.

    Raises:
        HostError: it has parts that are not known here, such as constraints.
    """
    template = str(function.trigger.get("route") or function.name).strip("/")
    whole = "/".join(part for part in (prefix, template) if part)
    path, at = "", 0
    for found in _PARAMETER.finditer(whole):
        slash, every, name, optional = found.groups()
        part = rf"{slash}(?P<{name}>{'.*' if every else '[^/]+'})"
        path += re.escape(whole[at : found.start()]) + (f"(?:{part})?" if every or optional else part)
        at = found.end()
    if "{" in _PARAMETER.sub("", whole):
        raise HostError(f"the route of {function.name} is '{template}', which the local host does not know to read")
    rest = whole[at:]
    methods = frozenset(str(method).upper() for method in function.trigger.get("methods") or ())
    return Route(function, re.compile(f"/{path}{re.escape(rest)}", re.IGNORECASE), methods)


class HttpListener:
    """Answers requests with the app's functions.

    Args:
        routes: in the order in which they are tried.
        sign_in: who is said to ask.
        port: where to listen; 0 takes any free port.
        invoker: runs functions.
        webhooks: what takes the events of blob triggers, by the full names of their functions.
    """

    def __init__(
        self,
        routes: Sequence[Route],
        sign_in: SignIn,
        port: int,
        invoker: Invoker,
        webhooks: Mapping[str, Webhook] = MappingProxyType({}),
    ) -> None:
        self._routes = routes
        self._webhooks = webhooks
        self._sign_in = sign_in
        self._port = port
        self._invoker = invoker
        self._stack = ExitStack()
        self.url = ""

    def start(self) -> None:
        """Begin to listen.

        Raises:
            HostError: somebody else listens there.
        """
        application = web.Application(client_max_size=_LARGEST)
        application.router.add_post("/runtime/webhooks/blobs", self._take_event)
        application.router.add_route("*", "/{path:.*}", self._answer)
        try:
            # Several instances share a port, as they share an address in Azure.
            port = self._stack.enter_context(serve_in_thread(application, port=self._port, reuse_port=True))
        except OSError as error:
            raise HostError(f"port {self._port} cannot be used: {error.strerror}") from None
        self.url = f"http://{HOST}:{port}"

    def finish(self, deadline: float) -> bool:
        """Stop listening."""
        self._stack.close()
        return True

    async def _take_event(self, request: web.Request) -> web.Response:
        webhook = self._webhooks.get(request.query.get("functionName", ""))
        if webhook is None:
            return web.Response(status=404)
        kind, body = request.headers.get("aeg-event-type", ""), await request.read()
        status, answer = await asyncio.to_thread(webhook.take, kind, body)
        return web.Response(status=status, body=answer)

    async def _answer(self, request: web.Request) -> web.Response:
        for route in self._routes:
            if (found := route.pattern.fullmatch(request.path)) is not None:
                if route.methods and request.method not in route.methods:
                    return web.Response(status=405)
                params = {name: value for name, value in found.groupdict().items() if value is not None}
                return await self._run(route.function, request, params)
        return web.Response(status=404)

    async def _run(self, function: Function, request: web.Request, params: dict[str, str]) -> web.Response:
        message = {
            "method": request.method,
            "url": str(request.url),
            "headers": self._sign_in.headers(request.headers),
            "params": params,
            "query": dict(request.query),
            "body": await request.read(),
        }
        # The path only: a query may hold people's data.
        invocation = self._invoker.start(function, Data("http", message), {}, f"{request.method} {request.path}")
        began = time.monotonic()
        while (outcome := await asyncio.to_thread(invocation.wait, _LOOK)) is None:
            if time.monotonic() - began > self._invoker.timeout:
                break
        if outcome is None or not outcome.succeeded:
            return web.Response(status=500)
        return _response(outcome.outputs.get("$return"))


def _response(returned: Data | None) -> web.Response:
    if returned is None or not returned.kind:
        return web.Response(status=204)
    if returned.kind != "http":
        return web.Response(body=_bytes(returned))
    answer = returned.value
    return web.Response(
        status=int(answer.status_code),
        headers=answer.headers,
        body=_bytes(Data(answer.body.WhichOneof("data"), next(iter(vars(answer.body).values())))),
    )


def _bytes(data: Data) -> bytes:
    return data.value if isinstance(data.value, bytes) else str(data.value).encode()
