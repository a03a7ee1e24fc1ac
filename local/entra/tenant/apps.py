"""The applications of a tenant: gallery templates, service principals with their jobs, app roles and who has them."""

import json
import uuid
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from local.entra.clock import timestamp
from local.entra.errors import GraphError, bad_request, not_found
from local.entra.settings import Settings, Tenant, job_id_of, kind_of
from local.entra.tenant import schemas
from local.entra.tenant.directory import Directory
from local.entra.tenant.identity import DEFAULT_CLIENT_ID
from local.entra.tenant.jobs import Job
from local.entra.tenant.log_entries import APPLICATION_NAME
from local.entra.tenant.logs import ProvisioningLog

GRAPH_APP_ID = "00000003-0000-0000-c000-000000000000"
NOTIFICATION = "SyncNotificationSettings"

_NAMESPACE = uuid.UUID("0f9a7d6e-5a4c-4f9e-8a1b-6d1f3f0c2b57")

#: Application roles of Microsoft Graph; the ids are those of Graph's permissions reference, where it has them here.
GRAPH_ROLES = {
    "SynchronizationData-User.Upload": "db31e92a-b9ea-4d87-bf6a-75a37a9ca35a",
    "SynchronizationData-User.Upload.OwnedBy": "25c32ff3-849a-494b-b94f-20a8ac4e6774",
    "ProvisioningLog.Read.All": "091937d3-3e38-47a1-8649-b2f99d3035f1",
    "AuditLog.Read.All": "b0afded3-3588-46d8-8b3d-9842eff778da",
    "Synchronization.Read.All": "5ba43d2f-fa88-4db2-bd1c-a67c5f0fb1ce",
    "Synchronization.ReadWrite.All": "9b50c33d-700f-43b1-b2eb-87e89b703581",
    "Application.ReadWrite.OwnedBy": "18a4783c-866b-4cc7-a460-3d5e5662c884",
}


@dataclass(frozen=True)
class Template:
    """An application of the gallery.

    Attributes:
        id: By which it is instantiated. The real ids are nowhere published.
        name: By which it is found.
        kind: Of its jobs; also the id of its synchronization template.
    """

    id: str
    name: str
    kind: str

    def as_json(self) -> dict[str, Any]:
        """The applicationTemplate resource."""
        return {
            "id": self.id,
            "displayName": self.name,
            "homePageUrl": "https://learn.microsoft.com/entra/identity/app-provisioning/",
            "supportedSingleSignOnModes": [],
            "supportedProvisioningTypes": ["sync"],
            "logoUrl": None,
            "categories": ["humanResources"],
            "publisher": "Microsoft Corporation",
            "description": None,
        }


TEMPLATES = (
    Template(
        str(uuid.uuid5(_NAMESPACE, schemas.ENTRA)),
        "API-driven provisioning to Microsoft Entra ID",
        schemas.ENTRA,
    ),
    Template(
        str(uuid.uuid5(_NAMESPACE, schemas.ACTIVE_DIRECTORY)),
        "API-driven provisioning to on-premises Active Directory",
        schemas.ACTIVE_DIRECTORY,
    ),
)


@dataclass
class Engine:
    """A job with its log, under the names by which it is known."""

    tenant: Tenant
    job: Job
    log: ProvisioningLog


@dataclass
class App:
    """A service principal.

    Attributes:
        template: From which it was made, if it was.
        appears_at: Before that nobody finds it.
        secrets: Of its synchronization, by key.
        engines: Its jobs, by id.
        roles: Application roles that it offers, by value.
    """

    id: str
    app_id: str
    name: str
    kind: str = "Application"
    template: Template | None = None
    appears_at: datetime | None = None
    secrets: dict[str, str] = field(default_factory=dict)
    engines: dict[str, Engine] = field(default_factory=dict)
    roles: dict[str, str] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        """The servicePrincipal resource."""
        return {
            "id": self.id,
            "accountEnabled": True,
            "appDisplayName": self.name,
            "appId": self.app_id,
            "applicationTemplateId": self.template.id if self.template else None,
            "appRoleAssignmentRequired": False,
            "appRoles": [
                {
                    "allowedMemberTypes": ["Application"],
                    "description": value,
                    "displayName": value,
                    "id": role,
                    "isEnabled": True,
                    "origin": "Application",
                    "value": value,
                }
                for value, role in self.roles.items()
            ],
            "displayName": self.name,
            "servicePrincipalType": self.kind,
            "tags": [],
        }


class Apps:
    """All applications of a tenant: at first Graph, the managed identity, and one provisioning app that is set up."""

    def __init__(self, tenant: Tenant, settings: Settings, directory: Directory, engine: Engine) -> None:
        self._tenant = tenant
        self._directory = directory
        self._namespace = uuid.UUID(tenant.tenant_id)
        self.graph = App(self._id("graph"), GRAPH_APP_ID, "Microsoft Graph", roles=dict(GRAPH_ROLES))
        identity = App(tenant.app_principal_id, DEFAULT_CLIENT_ID, "id-rollcall", "ManagedIdentity")
        first = App(
            tenant.service_principal_id,
            self._id("app"),
            APPLICATION_NAME,
            template=next(one for one in TEMPLATES if one.kind == kind_of(tenant)),
            secrets={NOTIFICATION: notification("it@example.com")},
            engines={tenant.job_id: engine},
        )
        self._apps = [self.graph, identity, first]
        self._assignments: list[dict[str, Any]] = []
        for role in settings.roles:
            if role in GRAPH_ROLES:
                self.assign(self.graph, identity.id, self.graph.id, GRAPH_ROLES[role], engine.job.made_at)

    @property
    def engines(self) -> Iterator[Engine]:
        """All jobs."""
        return (engine for app in self._apps for engine in app.engines.values())

    def visible(self, now: datetime) -> list[App]:
        """The service principals that can be found."""
        return [app for app in self._apps if app.appears_at is None or app.appears_at <= now]

    def find(self, object_id: str, now: datetime) -> App:
        """A service principal.

        Raises:
            GraphError: 404.
        """
        return self._one(lambda app: app.id, object_id, now)

    def find_by_app_id(self, app_id: str, now: datetime) -> App:
        """A service principal by the id of its application.

        Raises:
            GraphError: 404.
        """
        return self._one(lambda app: app.app_id, app_id, now)

    def _one(self, id_of: Callable[[App], str], wanted: str, now: datetime) -> App:
        found = next((app for app in self.visible(now) if id_of(app) == wanted), None)
        if found is None:
            raise not_found(f"'{wanted}'")
        return found

    def instantiate(self, template_id: str, name: str, now: datetime, seconds: float) -> App:
        """Make an application of the gallery.

        Raises:
            GraphError: 404, there is no such template.
        """
        template = next((one for one in TEMPLATES if one.id == template_id), None)
        if template is None:
            raise not_found(f"'{template_id}'")
        number = len(self._apps)
        appears_at = now + timedelta(seconds=seconds)
        app = App(self._id(f"principal {number}"), self._id(f"app {number}"), name, "Application", template, appears_at)
        self._apps.append(app)
        return app

    def create_job(self, app: App, template_id: object, now: datetime) -> Engine:
        """Make a job, disabled.

        Raises:
            GraphError: 400, the application has no such template, or has the job already.
        """
        if app.template is None or template_id != app.template.kind:
            raise bad_request("The template is not one of the application's.")
        if app.engines:
            raise GraphError(409, "Conflict", "The application has a job of this template.")
        prefix = job_id_of(self._tenant.tenant_id).split(".")[1]
        job_id = f"{app.template.kind}.{prefix}.{self._id(f'job of {app.id}')}"
        tenant = replace(self._tenant, service_principal_id=app.id, job_id=job_id)
        log = ProvisioningLog()
        job = Job(tenant, self._directory, log, now, schemas.default_schema(app.template.kind))
        job.started = False
        engine = app.engines[job_id] = Engine(tenant, job, log)
        return engine

    def put_secrets(self, app: App, values: object) -> None:
        """Replace all secrets.

        Raises:
            GraphError: 400, they have another form, or the notification settings cannot be read.
        """
        try:
            secrets = {str(one["key"]): str(one["value"]) for one in values}  # type: ignore[attr-defined]
        except (KeyError, TypeError):
            raise bad_request("value must be a list of key and value.") from None
        if NOTIFICATION in secrets:
            try:
                fits = isinstance(json.loads(secrets[NOTIFICATION]), dict)
            except ValueError:
                fits = False
            if not fits:  # the code is one that people report
                raise GraphError(400, "UnknownError", '{"error": {"code": "InvalidNotificationSettings"}}')
        app.secrets = secrets

    def assignments(self, *, principal: str = "", resource: str = "") -> Sequence[dict[str, Any]]:
        """Who has which role of whom."""
        return [
            one
            for one in self._assignments
            if principal in ("", one["principalId"]) and resource in ("", one["resourceId"])
        ]

    def assign(self, resource: App, principal: object, resource_id: object, role: object, now: datetime) -> Any:  # noqa: ANN401
        """Give an application role.

        Raises:
            GraphError: 400, it is given already, or somebody or something is not known.
        """
        who = next((app for app in self._apps if app.id == principal), None)
        if who is None or resource_id != resource.id or role not in resource.roles.values():
            raise GraphError(400, "Request_BadRequest", "Not a valid reference update.")
        if any(one["principalId"] == principal and one["appRoleId"] == role for one in self._assignments):
            message = "Permission being assigned already exists on the object"
            raise GraphError(400, "Request_BadRequest", message)
        given = {
            "id": self._id(f"assignment {len(self._assignments)}"),
            "deletedDateTime": None,
            "appRoleId": role,
            "createdDateTime": timestamp(now),
            "principalDisplayName": who.name,
            "principalId": who.id,
            "principalType": "ServicePrincipal",
            "resourceDisplayName": resource.name,
            "resourceId": resource.id,
        }
        self._assignments.append(given)
        return given

    def _id(self, name: str) -> str:
        return str(uuid.uuid5(self._namespace, f"application {name}"))


def notification(recipients: str, threshold: int = 500) -> str:
    """The notification settings of a synchronization, as its secret holds them."""
    value = {
        "Enabled": True,
        "Recipients": recipients,
        "DeleteThresholdEnabled": True,
        "DeleteThresholdValue": threshold,
    }
    return json.dumps(value)
