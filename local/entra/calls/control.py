"""``/simulator/``: look inside, change how it behaves, make it fail. And the page for people at ``/``."""

from aiohttp import web

from local.entra.calls.pages import overview
from local.entra.calls.routing import SIMULATOR, read_json
from local.entra.errors import ControlError, bad_request


def add_routes(router: web.UrlDispatcher) -> None:
    """Add the control endpoints."""
    router.add_get("/", _page)
    router.add_get("/simulator/state", _state)
    router.add_get("/simulator/directory", _directory)
    router.add_put("/simulator/directory", _seed)
    router.add_get("/simulator/requests", _requests)
    router.add_patch("/simulator/settings", _change_settings)
    router.add_post("/simulator/faults", _add_faults)
    router.add_post("/simulator/reset", _reset)


async def _page(request: web.Request) -> web.Response:
    simulator = request.app[SIMULATOR]
    simulator.catch_up()
    # Replaced, not refused: JSON can carry halves of surrogate pairs, which UTF-8 cannot.
    return web.Response(body=overview(simulator).encode("utf-8", "replace"), content_type="text/html", charset="utf-8")


async def _state(request: web.Request) -> web.Response:
    simulator = request.app[SIMULATOR]
    simulator.catch_up()
    return web.json_response(simulator.state())


async def _directory(request: web.Request) -> web.Response:
    simulator = request.app[SIMULATOR]
    simulator.catch_up()
    return web.json_response({"users": simulator.directory.people()})


async def _seed(request: web.Request) -> web.Response:
    simulator = request.app[SIMULATOR]
    people = await read_json(request)
    try:
        simulator.directory.seed(people)
    except ControlError as error:
        raise bad_request(f"{error}.") from None
    return web.Response(status=204)


async def _requests(request: web.Request) -> web.Response:
    return web.json_response([call.as_json() for call in request.app[SIMULATOR].calls])


async def _change_settings(request: web.Request) -> web.Response:
    simulator = request.app[SIMULATOR]
    changes = await read_json(request)
    try:
        simulator.change_settings(changes)
    except ControlError as error:
        raise bad_request(f"{error}.") from None
    return web.json_response(simulator.state()["settings"])


async def _add_faults(request: web.Request) -> web.Response:
    simulator = request.app[SIMULATOR]
    faults = await read_json(request)
    try:
        simulator.faults.add(faults)
    except ControlError as error:
        raise bad_request(f"{error}.") from None
    return web.json_response(simulator.faults.waiting())


async def _reset(request: web.Request) -> web.Response:
    request.app[SIMULATOR].reset()
    return web.Response(status=204)
