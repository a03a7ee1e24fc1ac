"""``GET /msi/token``: the managed-identity endpoint of App Service."""

import hmac

from aiohttp import web

from local.entra.calls.routing import SIMULATOR, AnswerLostError, keep_waiting, suffer
from local.entra.tenant.identity import API_VERSION, DEFAULT_CLIENT_ID, User, issue

PATH = "/msi/token"


def add_routes(router: web.UrlDispatcher) -> None:
    """Add the endpoint."""
    router.add_get(PATH, _get_token)


async def _get_token(request: web.Request) -> web.Response:
    simulator = request.app[SIMULATOR]
    fault = simulator.faults.spend("token")
    await suffer(fault, simulator)
    secret = request.headers.get("X-IDENTITY-HEADER", "")
    if not hmac.compare_digest(secret.encode("utf-8", "surrogateescape"), simulator.tenant.identity_header.encode()):
        return _refusal(401, "The X-IDENTITY-HEADER is missing or wrong.")
    if request.query.get("api-version") != API_VERSION:
        return _refusal(400, f"The api-version must be {API_VERSION}.")
    resource = request.query.get("resource", "")
    if not resource:
        return _refusal(400, "The resource is missing.")
    settings = simulator.settings
    answer = issue(
        simulator.tenant,
        resource,
        request.query.get("client_id") or DEFAULT_CLIENT_ID,
        settings.roles,
        settings.token_seconds,
        simulator.now(),
        None if settings.scopes is None else User(settings.scopes, settings.directory_roles),
    )
    if fault is not None and fault.kind == "lose-answer":
        raise AnswerLostError
    await keep_waiting(fault, simulator)
    return web.json_response(answer)


def _refusal(status: int, message: str) -> web.Response:
    # The credential cannot read an error without a JSON body.
    return web.json_response({"statusCode": status, "message": message}, status=status)
