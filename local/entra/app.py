"""The HTTP side: routes, and what every answer has in common."""

import asyncio
import contextlib
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable
from email.utils import format_datetime

from aiohttp import web

from local.entra.calls import application_calls, control, managed_identity, provisioning_calls, synchronization_calls
from local.entra.calls.routing import REQUEST_ID, SIMULATOR, AnswerLostError
from local.entra.errors import GraphError, error_body
from local.entra.simulator import Simulator

#: Far above what 50 operations need. The service documents no limit.
MAX_BODY_BYTES = 16 * 1024 * 1024

_PROCESSING_INTERVAL_SECONDS = 0.05
#: Requests processed in one go, so that calls are not kept waiting.
_PROCESSING_STEP = 40

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


def create_app(simulator: Simulator) -> web.Application:
    """The web application of a simulator."""
    app = web.Application(middlewares=[_answer_as_graph], client_max_size=MAX_BODY_BYTES)
    app[SIMULATOR] = simulator
    app.cleanup_ctx.append(_process_in_background)
    managed_identity.add_routes(app.router)
    provisioning_calls.add_routes(app.router)
    synchronization_calls.add_routes(app.router)
    application_calls.add_routes(app.router)
    control.add_routes(app.router)
    return app


@web.middleware
async def _answer_as_graph(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Give every answer the headers that Graph's have, and every error Graph's body."""
    simulator = request.app[SIMULATOR]
    request_id = request[REQUEST_ID] = str(uuid.uuid4())
    client_request_id = request.headers.get("client-request-id", "")
    if not client_request_id or not client_request_id.isascii():
        client_request_id = request_id
    try:
        response = await handler(request)
    except AnswerLostError:
        if request.transport is not None:
            request.transport.abort()
        # Goes nowhere: the connection is closed.
        return web.Response(status=500)
    except (GraphError, web.HTTPError) as raised:
        error = raised if isinstance(raised, GraphError) else _from_aiohttp(raised)
        body = error_body(error, simulator.now(), request_id, client_request_id)
        response = web.json_response(body, status=error.status, headers=error.headers)
    response.headers["request-id"] = request_id
    response.headers["client-request-id"] = client_request_id
    # Callers compare this with times in the log, so it is told by the same clock.
    response.headers["Date"] = format_datetime(simulator.now(), usegmt=True)
    return response


def _from_aiohttp(error: web.HTTPError) -> GraphError:
    headers = {"Allow": error.headers["Allow"]} if "Allow" in error.headers else {}
    return GraphError(error.status, error.reason.replace(" ", ""), error.reason, headers)


async def _process_in_background(app: web.Application) -> AsyncIterator[None]:
    """Process in small steps as time goes by, so that no reader has to wait for a great many."""

    async def process() -> None:
        while True:
            await asyncio.sleep(_PROCESSING_INTERVAL_SECONDS)
            app[SIMULATOR].catch_up(at_most=_PROCESSING_STEP)

    task = asyncio.create_task(process())
    yield
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task
