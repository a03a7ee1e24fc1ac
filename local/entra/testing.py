"""For tests: a clock that is set by hand, records of the published shape, and a caller of a running simulator."""

import threading
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from types import TracebackType
from typing import Self

import requests

from local.entra.calls.managed_identity import PATH
from local.entra.calls.provisioning_calls import bulk_upload_path
from local.entra.settings import Tenant
from local.entra.tenant.bulk import BULK_REQUEST, CONTENT_TYPE, CORE_USER, ENTERPRISE_USER

Record = dict[str, object]

_TIMEOUT_SECONDS = 30


class ManualClock:
    """Time that passes when told to."""

    def __init__(self, start: datetime = datetime(2026, 9, 18, 6, 0, tzinfo=UTC)) -> None:
        self._now = start
        self._lock = threading.Lock()

    def __call__(self) -> datetime:
        """The present."""
        with self._lock:
            return self._now

    def forward(self, seconds: float) -> None:
        """Let time pass."""
        with self._lock:
            self._now += timedelta(seconds=seconds)


def person(external_id: str, **changes: object) -> Record:
    """A complete record.

    Args:
        external_id: Whose.
        **changes: Core attributes instead of the usual ones; under ``enterprise``, enterprise attributes besides or
            instead of the department.
    """
    enterprise = changes.pop("enterprise", {})
    return {
        "schemas": [CORE_USER, ENTERPRISE_USER],
        "externalId": external_id,
        "userName": f"worker{external_id}@example.com",
        "displayName": f"Worker {external_id}",
        "name": {"givenName": "Worker", "familyName": external_id},
        "active": True,
        ENTERPRISE_USER: {"department": "Tour Operations", **(enterprise if isinstance(enterprise, dict) else {})},
        **changes,
    }


def bulk_request(*records: Record) -> Record:
    """A request with an operation for each record."""
    operations = [
        {"method": "POST", "bulkId": f"operation {number}", "path": "/Users", "data": record}
        for number, record in enumerate(records)
    ]
    return {"schemas": [BULK_REQUEST], "Operations": operations, "failOnErrors": None}


class Caller:
    """Calls a running simulator as an application with a managed identity would."""

    def __init__(self, url: str, tenant: Tenant | None = None) -> None:
        self.url = url
        self.tenant = tenant or Tenant()
        self.session = requests.Session()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.session.close()

    def token(self, resource: str = "https://graph.microsoft.com", **headers: str) -> requests.Response:
        """Ask for a token."""
        return self.session.get(
            self.url + PATH,
            params={"api-version": "2019-08-01", "resource": resource},
            headers={"X-IDENTITY-HEADER": self.tenant.identity_header, **headers},
            timeout=_TIMEOUT_SECONDS,
        )

    def authorization(self) -> dict[str, str]:
        """The header with a new token for Graph."""
        return {"Authorization": f"Bearer {self.token().json()['access_token']}"}

    def upload(self, *records: Record, version: str = "v1.0") -> requests.Response:
        """Send records."""
        return self.post(bulk_request(*records), version=version)

    def post(self, body: object, version: str = "v1.0", **headers: str) -> requests.Response:
        """Send a body to bulkUpload."""
        return self.session.post(
            self.url + bulk_upload_path(self.tenant, version),
            json=body,
            headers={**self.authorization(), "Content-Type": CONTENT_TYPE, **headers},
            allow_redirects=False,
            timeout=_TIMEOUT_SECONDS,
        )

    def graph(self, method: str, path: str) -> requests.Response:
        """Call Graph; the path begins with the version."""
        return self.session.request(
            method, f"{self.url}/{path}", headers=self.authorization(), timeout=_TIMEOUT_SECONDS
        )

    def job(self, action: str = "", method: str = "GET", version: str = "v1.0") -> requests.Response:
        """Read the job or, with ``start``, ``pause`` or ``restart`` and POST, command it."""
        path = bulk_upload_path(self.tenant, version).removesuffix("/bulkUpload").lstrip("/")
        return self.graph(method, f"{path}/{action}".rstrip("/"))

    def log(self, query: str = "", version: str = "v1.0") -> requests.Response:
        """Read the provisioning log."""
        return self.graph("GET", f"{version}/auditLogs/provisioning{query}")

    def control(self, method: str, path: str, body: object = None) -> requests.Response:
        """Call a control endpoint."""
        return self.session.request(method, f"{self.url}/simulator/{path}", json=body, timeout=_TIMEOUT_SECONDS)

    def settings(self, **changes: object) -> None:
        """Change settings.

        Raises:
            requests.HTTPError: They were refused.
        """
        self.control("PATCH", "settings", changes).raise_for_status()

    def faults(self, *faults: Record) -> None:
        """Ask for faults.

        Raises:
            requests.HTTPError: They were refused.
        """
        self.control("POST", "faults", list(faults)).raise_for_status()

    def users(self) -> Sequence[dict[str, object]]:
        """The directory, without attributes that have no value."""
        users = self.control("GET", "directory").json()["users"]
        return [{name: value for name, value in user.items() if value is not None} for user in users]
