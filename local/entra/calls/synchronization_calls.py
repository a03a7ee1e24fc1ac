"""Calls of Microsoft Graph on the set-up of jobs: synchronization templates, jobs, schema and secrets.

https://learn.microsoft.com/graph/api/resources/synchronization-overview. Of the secrets only PUT is in the reference;
the page on cloud sync through Graph tells of GET, and that there is no PATCH.
"""

import copy

from aiohttp import web

from local.entra.calls.application_calls import authorize, collection
from local.entra.calls.routing import SIMULATOR, read_json
from local.entra.errors import bad_request, not_found
from local.entra.tenant import permissions, schemas
from local.entra.tenant.apps import App

_SYNCHRONIZATION = r"/{version:v1\.0|beta}/servicePrincipals/{servicePrincipal}/synchronization"
_JOB = _SYNCHRONIZATION + "/jobs/{job}"


def add_routes(router: web.UrlDispatcher) -> None:
    """Add the calls."""
    router.add_get(_SYNCHRONIZATION + "/templates", _templates)
    router.add_get(_SYNCHRONIZATION + "/templates/{template}/schema", _template_schema)
    for path in ("/jobs", "/jobs/"):
        router.add_get(_SYNCHRONIZATION + path, _jobs)
        router.add_post(_SYNCHRONIZATION + path, _create_job)
    router.add_get(_JOB + "/schema", _schema)
    router.add_put(_JOB + "/schema", _put_schema)
    router.add_get(_SYNCHRONIZATION + "/secrets", _secrets)
    router.add_put(_SYNCHRONIZATION + "/secrets", _put_secrets)


async def _templates(request: web.Request) -> web.Response:
    authorize(request, permissions.READ_SYNCHRONIZATION)
    app = _app(request)
    kinds = [app.template.kind] if app.template else []
    found = [
        {"id": kind, "applicationId": app.app_id, "default": True, "description": None, "discoverable": True}
        | {"factoryTag": kind, "metadata": []}
        for kind in kinds
    ]
    return collection(request, "templates", found)


async def _template_schema(request: web.Request) -> web.Response:
    authorize(request, permissions.READ_SYNCHRONIZATION)
    app, kind = _app(request), request.match_info["template"]
    if app.template is None or app.template.kind != kind:
        raise not_found(f"'{kind}'")
    return web.json_response(schemas.default_schema(kind))


async def _jobs(request: web.Request) -> web.Response:
    simulator = request.app[SIMULATOR]
    authorize(request, permissions.READ_SYNCHRONIZATION)
    simulator.catch_up()
    found = [engine.job.describe(simulator.settings) for engine in _app(request).engines.values()]
    return collection(request, "jobs", found)


async def _create_job(request: web.Request) -> web.Response:
    simulator = request.app[SIMULATOR]
    authorize(request, permissions.WRITE_SYNCHRONIZATION)
    body = await read_json(request)
    template = body.get("templateId") if isinstance(body, dict) else None
    engine = simulator.apps.create_job(_app(request), template, simulator.now())
    return web.json_response(engine.job.describe(simulator.settings), status=201)


async def _schema(request: web.Request) -> web.Response:
    authorize(request, permissions.READ_SYNCHRONIZATION)
    simulator = request.app[SIMULATOR]
    return web.json_response(simulator.engine(request.match_info).job.schema)


async def _put_schema(request: web.Request) -> web.Response:
    simulator = request.app[SIMULATOR]
    authorize(request, permissions.WRITE_SYNCHRONIZATION)
    engine = simulator.engine(request.match_info)
    try:
        schema = schemas.check(await read_json(request))
    except schemas.UnfitSchemaError as error:
        raise bad_request(f"The schema does not fit: {error}.") from None
    simulator.catch_up()
    engine.job.schema = copy.deepcopy(schema)
    return web.Response(status=204)


async def _secrets(request: web.Request) -> web.Response:
    authorize(request, permissions.READ_SYNCHRONIZATION)
    found = [{"key": key, "value": value} for key, value in _app(request).secrets.items()]
    return collection(request, "secrets", found)


async def _put_secrets(request: web.Request) -> web.Response:
    simulator = request.app[SIMULATOR]
    authorize(request, permissions.WRITE_SYNCHRONIZATION)
    body = await read_json(request)
    simulator.apps.put_secrets(_app(request), body.get("value") if isinstance(body, dict) else None)
    return web.Response(status=204)


def _app(request: web.Request) -> App:
    simulator = request.app[SIMULATOR]
    return simulator.apps.find(request.match_info["servicePrincipal"], simulator.now())
