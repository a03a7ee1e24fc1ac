"""The simulator's calls on applications, jobs, schemas, secrets, domains and agents, in the published shapes."""

from __future__ import annotations

import copy
import json
from typing import Any

import pytest

from local.entra.server import serving
from local.entra.settings import DEFAULT_APP_PRINCIPAL, DEFAULT_SERVICE_PRINCIPAL, Tenant
from local.entra.simulator import Simulator
from local.entra.tenant.apps import GRAPH_APP_ID, TEMPLATES
from local.entra.testing import Caller, ManualClock, person

EVERYTHING = [
    "Application.ReadWrite.All",
    "Application.Read.All",
    "Synchronization.ReadWrite.All",
    "AppRoleAssignment.ReadWrite.All",
    "Domain.Read.All",
]


def call(entra: Caller, method: str, path: str, body: object = None) -> Any:
    return entra.session.request(
        method, f"{entra.url}/{path}", json=body, headers=entra.authorization(), timeout=30, allow_redirects=False
    )


@pytest.fixture
def admin(entra: Caller) -> Caller:
    entra.settings(roles=EVERYTHING)
    return entra


def test_a_template_is_found_by_its_name(admin: Caller) -> None:
    path = "v1.0/applicationTemplates?$filter=displayName eq 'API-driven provisioning to Microsoft Entra ID'"
    [found] = call(admin, "GET", path).json()["value"]
    assert (found["id"], found["publisher"]) == (TEMPLATES[0].id, "Microsoft Corporation")
    assert call(admin, "GET", "v1.0/applicationTemplates?$filter=name lt 3").status_code == 400


def test_pages_lead_on(admin: Caller) -> None:
    first = call(admin, "GET", "v1.0/servicePrincipals?$top=2&$select=id").json()
    second = admin.session.get(first["@odata.nextLink"], headers=admin.authorization(), timeout=30).json()
    assert [len(first["value"]), len(second["value"]), "@odata.nextLink" in second] == [2, 1, False]
    assert set(first["value"][0]) == {"id"}


def test_an_application_its_job_and_its_schema(admin: Caller) -> None:
    made = call(admin, "POST", f"v1.0/applicationTemplates/{TEMPLATES[0].id}/instantiate", {"displayName": "HR"})
    principal = made.json()["servicePrincipal"]["id"]
    path = f"v1.0/servicePrincipals/{principal}/synchronization"
    templates = call(admin, "GET", f"{path}/templates").json()["value"]
    job = call(admin, "POST", f"{path}/jobs", {"templateId": "API2AAD"})
    assert (made.status_code, [one["id"] for one in templates], job.status_code) == (201, ["API2AAD"], 201)
    assert job.json()["schedule"]["state"] == "Disabled"
    assert job.json()["status"]["code"] == "NotConfigured"
    assert call(admin, "POST", f"{path}/jobs", {"templateId": "API2AAD"}).status_code == 409
    place = f"{path}/jobs/{job.json()['id']}"
    schema = call(admin, "GET", f"{place}/schema").json()
    [mapping] = schema["synchronizationRules"][0]["objectMappings"]
    assert (mapping["flowTypes"], mapping["attributeMappings"][0]["flowType"]) == ("Add, Update, Delete", "Always")
    mapping["flowTypes"] = "Add, Update"
    assert call(admin, "PUT", f"{place}/schema", schema).status_code == 204
    assert call(admin, "GET", f"{place}/schema").json() == schema
    assert call(admin, "GET", f"{path}/templates/API2AAD/schema").json() != schema
    assert call(admin, "POST", f"{place}/start").status_code == 204
    assert call(admin, "GET", place).json()["schedule"]["state"] == "Active"
    assert len(call(admin, "GET", f"{path}/jobs").json()["value"]) == 1


@pytest.mark.parametrize(
    ("at", "value"),
    [
        (("directories",), []),
        (("synchronizationRules", 0, "objectMappings", 0, "flowTypes"), "Add, Remove"),
        (("synchronizationRules", 0, "objectMappings", 0, "attributeMappings", 0, "flowType"), "Add"),
        (("synchronizationRules", 0, "objectMappings", 0, "attributeMappings", 0, "source", "name"), "nickname"),
        (("synchronizationRules", 0, "sourceDirectoryName"), "Elsewhere"),
        (("directories", 0, "objects", 0, "attributes", 0, "name"), "active"),
        (("directories", 0, "objects", 0, "attributes", 0, "type"), "Text"),
    ],
)
def test_a_schema_that_does_not_fit_is_refused(admin: Caller, at: tuple[str | int, ...], value: object) -> None:
    place = f"v1.0/servicePrincipals/{DEFAULT_SERVICE_PRINCIPAL}/synchronization/jobs/{admin.tenant.job_id}/schema"
    before = call(admin, "GET", place).json()
    schema = copy.deepcopy(before)
    inner: Any = schema
    for step in at[:-1]:
        inner = inner[step]
    inner[at[-1]] = value
    assert call(admin, "PUT", place, schema).status_code == 400
    assert call(admin, "GET", place).json() == before


def test_secrets_are_replaced_all_at_once(admin: Caller) -> None:
    place = f"v1.0/servicePrincipals/{DEFAULT_SERVICE_PRINCIPAL}/synchronization/secrets"
    [before] = call(admin, "GET", place).json()["value"]
    assert json.loads(before["value"])["Recipients"] == "it@example.com"
    assert call(admin, "PUT", place, {"value": [{"key": "SyncAll", "value": "false"}]}).status_code == 204
    assert call(admin, "GET", place).json()["value"] == [{"key": "SyncAll", "value": "false"}]
    broken = call(admin, "PUT", place, {"value": [{"key": "SyncNotificationSettings", "value": ""}]})
    assert (broken.status_code, "InvalidNotificationSettings" in broken.text) == (400, True)
    assert call(admin, "PATCH", place, {}).status_code == 405


def test_an_app_role_is_given_once(admin: Caller) -> None:
    graph = call(admin, "GET", f"v1.0/servicePrincipals(appId='{GRAPH_APP_ID}')").json()
    role = next(one for one in graph["appRoles"] if one["value"] == "AuditLog.Read.All")
    body = {"principalId": DEFAULT_APP_PRINCIPAL, "resourceId": graph["id"], "appRoleId": role["id"]}
    given = call(admin, "POST", f"v1.0/servicePrincipals/{graph['id']}/appRoleAssignedTo", body)
    again = call(admin, "POST", f"v1.0/servicePrincipals/{graph['id']}/appRoleAssignedTo", body)
    held = call(admin, "GET", f"v1.0/servicePrincipals/{DEFAULT_APP_PRINCIPAL}/appRoleAssignments").json()["value"]
    assert (given.status_code, again.status_code, len(held)) == (201, 400, 4)
    assert again.json()["error"]["message"] == "Permission being assigned already exists on the object"


def test_domains_and_agents(admin: Caller) -> None:
    [domain] = call(admin, "GET", "v1.0/domains").json()["value"]
    assert (domain["id"], domain["isVerified"]) == ("example.com", True)
    agents = "beta/onPremisesPublishingProfiles/provisioning/agents"
    assert call(admin, "GET", agents).status_code == 403  # no app may
    admin.settings(
        scopes=["Policy.Read.HybridAuthentication"],
        directoryRoles=["Hybrid Identity Administrator"],
        agents=["inactive"],
    )
    assert [one["status"] for one in call(admin, "GET", agents).json()["value"]] == ["inactive"]


CALLS: list[tuple[str, str, object]] = [
    ("POST", f"v1.0/applicationTemplates/{TEMPLATES[0].id}/instantiate", {"displayName": "HR"}),
    ("GET", "v1.0/servicePrincipals", None),
    ("GET", f"v1.0/servicePrincipals/{DEFAULT_APP_PRINCIPAL}/appRoleAssignments", None),
    ("POST", f"v1.0/servicePrincipals/{DEFAULT_APP_PRINCIPAL}/appRoleAssignedTo", {}),
    ("GET", f"v1.0/servicePrincipals/{DEFAULT_SERVICE_PRINCIPAL}/synchronization/jobs", None),
    ("POST", f"v1.0/servicePrincipals/{DEFAULT_SERVICE_PRINCIPAL}/synchronization/jobs", {"templateId": "API2AAD"}),
    ("GET", f"v1.0/servicePrincipals/{DEFAULT_SERVICE_PRINCIPAL}/synchronization/secrets", None),
    ("PUT", f"v1.0/servicePrincipals/{DEFAULT_SERVICE_PRINCIPAL}/synchronization/secrets", {"value": []}),
    ("GET", "v1.0/domains", None),
]


@pytest.mark.parametrize(("method", "path", "body"), CALLS)
def test_whoever_has_no_right_is_refused(entra: Caller, method: str, path: str, body: object) -> None:
    entra.settings(roles=["ProvisioningLog.Read.All"])
    assert call(entra, method, path, body).status_code == 403
    entra.settings(scopes=["User.Read"], directoryRoles=["Global Administrator"])
    assert call(entra, method, path, body).status_code == 403


def test_synchronization_can_refuse_as_people_report(entra: Caller) -> None:
    entra.settings(roles=[], refusal=401)
    answer = call(entra, "GET", f"v1.0/servicePrincipals/{DEFAULT_SERVICE_PRINCIPAL}/synchronization/jobs")
    assert (answer.status_code, answer.json()["error"]["code"], answer.json()["error"]["message"]) == (
        401,
        "UnknownError",
        "",
    )


@pytest.mark.parametrize("renames", [True, False])
def test_whether_a_known_person_is_renamed_is_the_mappings_affair(renames: bool) -> None:
    clock = ManualClock()
    with serving(Simulator(Tenant(renames=renames), now=clock)) as url, Caller(url) as entra:
        entra.upload(person("1"))
        clock.forward(5)
        entra.upload(person("1", userName="new@example.com", displayName="New"))
        clock.forward(5)
        [user] = entra.users()
    assert (user["displayName"], user["userPrincipalName"]) == (
        "New",
        "new@example.com" if renames else "worker1@example.com",
    )
