"""Calls of Microsoft Graph on applications: templates, service principals, app roles; and on domains and agents.

https://learn.microsoft.com/graph/api/resources/applicationtemplate, .../serviceprincipal, .../approleassignment,
.../domain, .../onpremisesagent (beta).
"""

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any
from urllib.parse import quote, urlencode

from aiohttp import web

from local.entra.calls.routing import SIMULATOR, read_json
from local.entra.errors import bad_request
from local.entra.tenant import permissions
from local.entra.tenant.apps import TEMPLATES, App
from local.entra.tenant.identity import Caller, caller_of
from local.entra.tenant.permissions import Needs

_VERSION = r"/{version:v1\.0|beta}"
_PRINCIPAL = _VERSION + "/servicePrincipals/{servicePrincipal}"
_CLAUSE = re.compile(r"(\w+) eq '((?:[^']|'')*)'")
_PAGE = 100


def add_routes(router: web.UrlDispatcher) -> None:
    """Add the calls."""
    router.add_get(_VERSION + "/applicationTemplates", _templates)
    router.add_post(_VERSION + "/applicationTemplates/{template}/instantiate", _instantiate)
    router.add_get(_VERSION + "/servicePrincipals", _principals)
    router.add_get(_VERSION + "/servicePrincipals(appId='{appId}')", _principal_of_app)
    router.add_get(_PRINCIPAL, _principal)
    router.add_get(_PRINCIPAL + "/appRoleAssignments", _assignments)
    router.add_post(_PRINCIPAL + "/appRoleAssignedTo", _assign)
    router.add_get(_VERSION + "/domains", _domains)
    router.add_get("/beta/onPremisesPublishingProfiles/provisioning/agents", _agents)


async def _templates(request: web.Request) -> web.Response:
    _caller(request)  # any token will do
    return collection(request, "applicationTemplates", _filtered(request, [one.as_json() for one in TEMPLATES]))


async def _instantiate(request: web.Request) -> web.Response:
    simulator = request.app[SIMULATOR]
    permissions.INSTANTIATE.require(_caller(request))
    body = await _body(request)
    name = body.get("displayName")
    if not isinstance(name, str) or not name:
        raise bad_request("displayName is required.")
    seconds = simulator.settings.appears_seconds
    app = simulator.apps.instantiate(request.match_info["template"], name, simulator.now(), seconds)
    application = {"id": app.id, "appId": app.app_id, "displayName": name, "applicationTemplateId": _template_of(app)}
    made = {"application": application, "servicePrincipal": app.as_json()}
    return web.json_response(made, status=201)


async def _principals(request: web.Request) -> web.Response:
    simulator = request.app[SIMULATOR]
    permissions.READ_APPLICATIONS.require(_caller(request))
    found = [app.as_json() for app in simulator.apps.visible(simulator.now())]
    return collection(request, "servicePrincipals", _filtered(request, found))


async def _principal(request: web.Request) -> web.Response:
    simulator = request.app[SIMULATOR]
    permissions.READ_APPLICATIONS.require(_caller(request))
    app = simulator.apps.find(request.match_info["servicePrincipal"], simulator.now())
    return web.json_response(_selected(request, app.as_json()))


async def _principal_of_app(request: web.Request) -> web.Response:
    simulator = request.app[SIMULATOR]
    permissions.READ_APPLICATIONS.require(_caller(request))
    app = simulator.apps.find_by_app_id(request.match_info["appId"], simulator.now())
    return web.json_response(_selected(request, app.as_json()))


async def _assignments(request: web.Request) -> web.Response:
    simulator = request.app[SIMULATOR]
    permissions.READ_APPLICATIONS.require(_caller(request))
    app = simulator.apps.find(request.match_info["servicePrincipal"], simulator.now())
    return collection(request, "appRoleAssignments", simulator.apps.assignments(principal=app.id))


async def _assign(request: web.Request) -> web.Response:
    simulator = request.app[SIMULATOR]
    permissions.ASSIGN_ROLES.require(_caller(request))
    body = await _body(request)
    app = simulator.apps.find(request.match_info["servicePrincipal"], simulator.now())
    wanted = (body.get("principalId"), body.get("resourceId"), body.get("appRoleId"))
    return web.json_response(simulator.apps.assign(app, *wanted, simulator.now()), status=201)


async def _domains(request: web.Request) -> web.Response:
    simulator = request.app[SIMULATOR]
    permissions.READ_DOMAINS.require(_caller(request))
    found = [
        {
            "id": domain,
            "authenticationType": "Managed",
            "isAdminManaged": True,
            "isDefault": number == 0,
            "isInitial": False,
            "isRoot": True,
            "isVerified": True,
            "supportedServices": ["Email"],
        }
        for number, domain in enumerate(simulator.settings.verified_domains)
    ]
    return collection(request, "domains", found)


async def _agents(request: web.Request) -> web.Response:
    simulator = request.app[SIMULATOR]
    permissions.READ_AGENTS.require(_caller(request))
    found = [
        {
            "id": f"agent-{number}",
            "machineName": f"server{number}.corp.example.com",
            "externalIp": "203.0.113.7",
            "status": status,
            "supportedPublishingTypes": ["provisioning"],
        }
        for number, status in enumerate(simulator.settings.agents, start=1)
    ]
    return collection(request, "onPremisesPublishingProfiles('provisioning')/agents", found)


def collection(request: web.Request, name: str, found: Sequence[Mapping[str, Any]]) -> web.Response:
    """A page of a collection; `$top` and `$skiptoken` say which."""
    try:
        top, skip = int(request.query.get("$top", _PAGE)), int(request.query.get("$skiptoken", 0))
    except ValueError:
        raise bad_request("$top and $skiptoken must be numbers.") from None
    root = f"{request.url.origin()}/{request.path.split('/')[1]}"
    body: dict[str, Any] = {"@odata.context": f"{root}/$metadata#{name}"}
    if len(found) > skip + top:
        following = urlencode({**request.query, "$top": top, "$skiptoken": skip + top}, safe="$", quote_via=quote)
        body["@odata.nextLink"] = f"{request.url.origin()}{request.path}?{following}"
    body["value"] = [_selected(request, one) for one in found[skip : skip + top]]
    return web.json_response(body)


def authorize(request: web.Request, needs: Needs) -> None:
    """Let a synchronization call pass.

    Raises:
        GraphError: 401 or 403.
    """
    needs.require(_caller(request), request.app[SIMULATOR].settings.refusal)


def _caller(request: web.Request) -> Caller:
    simulator = request.app[SIMULATOR]
    return caller_of(request.headers.get("Authorization"), simulator.tenant, simulator.now())


async def _body(request: web.Request) -> dict[str, Any]:
    body = await read_json(request)
    if not isinstance(body, dict):
        raise bad_request("The body is not a JSON object.")
    return body


def _filtered(request: web.Request, found: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Those for which `$filter` holds: clauses of the form `name eq 'text'`, joined by `and`."""
    text = request.query.get("$filter", "")
    holds: list[Callable[[dict[str, Any]], bool]] = []
    for clause in text.split(" and ") if text else []:
        match = _CLAUSE.fullmatch(clause.strip())
        if match is None:
            raise bad_request(f"Invalid filter clause: {clause}.")
        holds.append(_equals(match[1], match[2].replace("''", "'")))
    return [one for one in found if all(hold(one) for hold in holds)]


def _equals(name: str, value: str) -> Callable[[dict[str, Any]], bool]:
    def hold(item: dict[str, Any]) -> bool:
        if name not in item:
            raise bad_request(f"Property '{name}' does not exist.")
        return str(item[name] or "").casefold() == value.casefold()

    return hold


def _selected(request: web.Request, item: Mapping[str, Any]) -> dict[str, Any]:
    wanted = [name for name in request.query.get("$select", "").split(",") if name]
    return {name: value for name, value in item.items() if not wanted or name in wanted}


def _template_of(app: App) -> str | None:
    return app.template.id if app.template else None
