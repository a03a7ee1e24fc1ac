"""The calls of Microsoft Graph: bulkUpload, the job, the provisioning log; each under v1.0 and beta."""

from urllib.parse import quote, urlencode

from aiohttp import web

from local.entra.calls.application_calls import authorize
from local.entra.calls.routing import REQUEST_ID, SIMULATOR, AnswerLostError, keep_waiting, suffer
from local.entra.errors import GraphError, bad_request, too_many_requests
from local.entra.settings import Tenant
from local.entra.simulator import Call
from local.entra.tenant import bulk, log_entries, log_queries, permissions
from local.entra.tenant.apps import Engine
from local.entra.tenant.bulk import CONTENT_TYPE, InvalidBulkRequestError
from local.entra.tenant.identity import require, roles_of

_VERSION = r"/{version:v1\.0|beta}"
_JOB = _VERSION + "/servicePrincipals/{servicePrincipal}/synchronization/jobs/{job}"

_UPLOAD_ROLES = ("SynchronizationData-User.Upload", "SynchronizationData-User.Upload.OwnedBy")
_LOG_ROLES = ("ProvisioningLog.Read.All", "AuditLog.Read.All", "Directory.Read.All")


def bulk_upload_path(tenant: Tenant, version: str = "v1.0") -> str:
    """The path of the provisioning endpoint, as the portal shows it."""
    return f"/{version}/servicePrincipals/{tenant.service_principal_id}/synchronization/jobs/{tenant.job_id}/bulkUpload"


def add_routes(router: web.UrlDispatcher) -> None:
    """Add the calls."""
    # Any method: the answer to a wrong one comes after the answers to a wrong token and a wrong job.
    router.add_route("*", _JOB + "/bulkUpload", _bulk_upload)
    router.add_get(_JOB, _get_job)
    router.add_post(_JOB + "/start", _start)
    router.add_post(_JOB + "/pause", _pause)
    router.add_post(_JOB + "/restart", _restart)
    router.add_get(_VERSION + "/auditLogs/provisioning", _list_log)
    router.add_get(_VERSION + "/auditLogs/provisioning/", _list_log)


async def _bulk_upload(request: web.Request) -> web.Response:
    simulator = request.app[SIMULATOR]
    root, unreadable = _load(await request.read())
    fault = simulator.faults.spend("bulkUpload")
    call = simulator.note_call(request[REQUEST_ID], bulk.outline(root), fault)
    refusal = None
    if fault is None or fault.kind != "drop-before":
        # A call that never arrived counts for no limit; any other does, also one that is refused.
        refusal = simulator.throttle_upload()
    try:
        await suffer(fault, simulator)
        _authorize(request, *_UPLOAD_ROLES)
        engine = simulator.engine(request.match_info)
        if request.method != "POST":
            raise GraphError(405, "MethodNotAllowed", "The endpoint takes only POST.", {"Allow": "POST"})
        if refusal is not None:
            raise too_many_requests(refusal)
        _stage(request, call, engine, root, unreadable)
    except GraphError as error:
        call.status = error.status
        if fault is None or fault.kind != "lose-answer":
            raise
    await keep_waiting(fault, simulator)
    if fault is not None and fault.kind == "lose-answer":
        raise AnswerLostError
    log = f"{_root(request)}/auditLogs/provisioning/?$filter=jobid%20eq%20'{engine.tenant.job_id}'"
    return web.Response(status=202, headers={"Location": log})


def _load(body: bytes) -> tuple[object, InvalidBulkRequestError | None]:
    try:
        return bulk.load(body), None
    except InvalidBulkRequestError as error:
        return None, error


def _stage(
    request: web.Request, call: Call, engine: Engine, root: object, unreadable: InvalidBulkRequestError | None
) -> None:
    simulator = request.app[SIMULATOR]
    if request.content_type != CONTENT_TYPE:
        raise bad_request(f"Invalid Data Format: Content-Type must be {CONTENT_TYPE}.")
    try:
        if unreadable is not None:
            raise unreadable
        records = bulk.check(root)
    except InvalidBulkRequestError as error:
        raise bad_request(f"Invalid Data Format: {error}.") from None
    simulator.stage(call, records, engine)


async def _get_job(request: web.Request) -> web.Response:
    simulator = request.app[SIMULATOR]
    authorize(request, permissions.READ_SYNCHRONIZATION)
    engine = simulator.engine(request.match_info)
    simulator.catch_up()
    context = f"{_root(request)}/$metadata#servicePrincipals('{request.match_info['servicePrincipal']}')"
    return web.json_response(
        {
            "@odata.context": f"{context}/synchronization/jobs/$entity",
            **engine.job.describe(simulator.settings),
        }
    )


async def _start(request: web.Request) -> web.Response:
    return _set_paused(request, paused=False)


async def _pause(request: web.Request) -> web.Response:
    return _set_paused(request, paused=True)


def _set_paused(request: web.Request, *, paused: bool) -> web.Response:
    simulator = request.app[SIMULATOR]
    authorize(request, permissions.WRITE_SYNCHRONIZATION)
    job = simulator.engine(request.match_info).job
    simulator.catch_up()
    job.paused = paused and job.started
    job.started = job.started or not paused
    return web.Response(status=204)


async def _restart(request: web.Request) -> web.Response:
    simulator = request.app[SIMULATOR]
    authorize(request, permissions.WRITE_SYNCHRONIZATION)
    job = simulator.engine(request.match_info).job
    simulator.catch_up()
    job.restart(simulator.settings)
    simulator.lift_quarantine()
    return web.Response(status=204)


async def _list_log(request: web.Request) -> web.Response:
    simulator = request.app[SIMULATOR]
    fault = simulator.faults.spend("logs")
    refusal = simulator.throttle_log()
    await suffer(fault, simulator)
    _authorize(request, *_LOG_ROLES)
    if refusal is not None:
        raise too_many_requests(refusal)
    options = {name: request.query.getall(name) for name in request.query}
    engine = simulator.engine_in(request.query.get("$filter", ""))
    try:
        query = log_queries.parse(options, engine.tenant)
    except log_queries.InvalidQueryError as error:
        raise bad_request(f"{error}.") from None
    simulator.catch_up()
    entries, skip_token = engine.log.page(query, engine.log.visible(simulator.now(), simulator.settings.log_seconds))
    version = request.match_info["version"]
    root = _root(request)
    body: dict[str, object] = {"@odata.context": f"{root}/$metadata#auditLogs/provisioning"}
    if skip_token is not None:
        following = {name: request.query[name] for name in options} | {"$top": str(query.top), "$skiptoken": skip_token}
        encoded = urlencode(following, safe="$", quote_via=quote)
        body["@odata.nextLink"] = f"{root}/auditLogs/provisioning?{encoded}"
    body["value"] = [log_entries.render(entry, engine.tenant, version) for entry in entries]
    if fault is not None and fault.kind == "lose-answer":
        raise AnswerLostError
    await keep_waiting(fault, simulator)
    return web.json_response(body)


def _authorize(request: web.Request, *sufficient: str) -> None:
    simulator = request.app[SIMULATOR]
    require(roles_of(request.headers.get("Authorization"), simulator.tenant, simulator.now()), *sufficient)


def _root(request: web.Request) -> str:
    return f"{request.url.origin()}/{request.match_info['version']}"
