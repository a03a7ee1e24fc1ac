"""What the route modules share."""

import json

from aiohttp import web

from local.entra.errors import bad_request
from local.entra.faults import Fault
from local.entra.simulator import Simulator

SIMULATOR = web.AppKey("simulator", Simulator)
REQUEST_ID = web.RequestKey("request_id", str)


class AnswerLostError(Exception):
    """The connection closes without an answer."""


async def suffer(fault: Fault | None, simulator: Simulator) -> None:
    """Let the fault of a call happen as far as it comes before the work.

    Raises:
        AnswerLostError: The connection closes.
        GraphError: The fault answers in place of the work.
    """
    if fault is None:
        return
    if fault.kind == "drop-before":
        raise AnswerLostError
    if fault.kind == "delay":
        await simulator.sleep(fault.seconds)
    if fault.kind == "status":
        raise fault.error()


async def keep_waiting(fault: Fault | None, simulator: Simulator) -> None:
    """Let time pass between the work and its answer, if that is what was asked for."""
    if fault is not None and fault.kind == "late-answer":
        await simulator.sleep(fault.seconds)


async def read_json(request: web.Request) -> object:
    """The body of a control request.

    Raises:
        GraphError: 400, it is not JSON.
    """
    try:
        return json.loads(await request.read())
    except ValueError:
        raise bad_request("The body is not JSON.") from None
