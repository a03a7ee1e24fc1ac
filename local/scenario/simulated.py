"""Storage and identity as an app sees them under simulated time.

Everything goes to the real Azurite and over real HTTP. But Azurite dates files and hides messages by the system's
clock; here both follow the scenario's.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, cast

import requests
from azure.core.credentials import AccessToken
from azure.core.rest import HttpRequest, HttpResponse
from azure.storage.blob import BlobClient, BlobProperties, ContainerClient
from azure.storage.queue import QueueClient, QueueMessage
from requests.adapters import HTTPAdapter
from urllib3.util import Retry

from local.entra.calls.managed_identity import PATH
from local.entra.settings import Tenant
from local.entra.tenant.identity import API_VERSION
from local.entra.testing import ManualClock
from local.scenario.model import Kill
from shared.entra.graph import Graph
from shared.settings import ProvisioningEndpoint, StorageConnection
from shared.storage.clients import Storage, connect
from shared.storage.names import DUE, INBOX, PAGES, RowT, TableName
from shared.storage.queries import RowTable
from shared.tables.pages import PageRow

_REFRESH = 300  # seconds before the end of a token
_TIMEOUT_SECONDS = 30


class Killed(BaseException):
    """The process ends here and now. No error: nobody may catch it as one."""


@dataclass
class Service:
    """What the storage service and the platform know beside what Azurite does; it survives the app's crashes.

    Attributes:
        now: the scenario's clock.
        dated: when each version of a file was written, by ETag.
        visible: when each message can be seen, by id.
        sent: whether a message was sent since somebody has looked for messages.
        rescheduled: whether the app may have written down another moment at which to look at something.
        kill: what ends the process next, if anything.
        requests: requests to Entra since that was said.
    """

    now: ManualClock
    dated: dict[str, datetime] = field(default_factory=dict)
    visible: dict[str, datetime] = field(default_factory=dict)
    sent: bool = False
    rescheduled: bool = False
    kill: Kill | None = None
    requests: int = 0

    def at_request(self, when: str) -> None:
        """End the process if this is the moment.

        Raises:
            Killed: it is.
        """
        if self.kill is None:
            return
        if when == "before":
            self.requests += 1
        if self.kill.when == when and self.requests == self.kill.request:
            self.kill = None
            raise Killed

    def written(self, properties: BlobProperties) -> BlobProperties:
        """The properties of a file with the time at which it was written."""
        etag = properties.etag.strip('"')
        properties.last_modified = self.dated.setdefault(etag, self.now().replace(microsecond=0))
        return properties


class _Around:
    """Passes everything on that a subclass does not see to itself."""

    def __init__(self, client: Any, service: Service) -> None:  # noqa: ANN401 (any client of the SDK)
        self._around = client
        self._service = service

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401
        return getattr(self._around, name)


class _DatedBlob(_Around):
    def get_blob_properties(self, **options: Any) -> BlobProperties:  # noqa: ANN401
        return self._service.written(self._around.get_blob_properties(**options))


class _DatedInbox(_Around):
    def get_blob_client(self, *names: Any, **options: Any) -> BlobClient:  # noqa: ANN401
        return cast("BlobClient", _DatedBlob(self._around.get_blob_client(*names, **options), self._service))

    def list_blobs(self, **options: Any) -> Iterator[BlobProperties]:  # noqa: ANN401
        return map(self._service.written, self._around.list_blobs(**options))


class _TimedQueue(_Around):
    def send_message(self, content: Any, *, visibility_timeout: int = 0, **options: Any) -> QueueMessage:  # noqa: ANN401
        message: QueueMessage = self._around.send_message(content, visibility_timeout=0, **options)
        self._service.sent = True
        self._service.visible[message.id] = self._service.now() + timedelta(seconds=visibility_timeout or 0)
        return message


class _WatchedRequests(_Around):
    """What the tables' client sends: transactions, and rows that are put."""

    def send_request(self, request: HttpRequest, **options: Any) -> HttpResponse:  # noqa: ANN401
        if request.method != "GET":
            self._service.rescheduled = True
        answer: HttpResponse = self._around.send_request(request, **options)
        return answer


class _WatchedTable(_Around):
    @property
    def _client(self) -> _WatchedRequests:  # as the SDK's client has one, see `shared.storage.transactions`
        return _WatchedRequests(self._around._client, self._service)

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401
        if name.startswith(("create", "update", "upsert", "submit", "delete")):
            self._service.rescheduled = True
        return super().__getattr__(name)

    def update_entity(self, entity: dict[str, Any], *more: Any, **options: Any) -> Any:  # noqa: ANN401
        self._service.rescheduled = True
        answer = self._around.update_entity(entity, *more, **options)
        if PageRow.read(entity).answers:
            self._service.at_request("recorded")
        return answer


@dataclass(frozen=True)
class TimedStorage(Storage):
    """The storage account under simulated time."""

    service: Service = field(kw_only=True)

    def container(self, name: str) -> ContainerClient:
        client = super().container(name)
        return cast("ContainerClient", _DatedInbox(client, self.service)) if name == INBOX else client

    def queue(self, name: str) -> QueueClient:
        return cast("QueueClient", _TimedQueue(super().queue(name), self.service))

    def table(self, name: TableName[RowT]) -> RowTable[RowT]:
        client = super().table(name)
        return cast("RowTable[RowT]", _WatchedTable(client, self.service)) if name in (DUE, PAGES) else client


def timed_storage(connection: StorageConnection, service: Service) -> TimedStorage:
    """Clients for an account under simulated time; nothing is sent yet."""
    plain = connect(connection)
    assert plain.session is not None  # `connect` makes one
    # Azurite closes connections that are idle for five seconds, and a busy machine may be about to use one just then.
    again = HTTPAdapter(pool_maxsize=64, max_retries=Retry(total=2, allowed_methods=None, status=0, redirect=0))
    plain.session.mount("http://", again)
    plain.session.asks_environment = False  # no proxy stands before this machine, and looking for one takes its time
    return TimedStorage(plain.blobs, plain.queues, plain.tables, plain.session, service=service)


class Identity:
    """The managed identity, by way of the simulator's endpoint; its tokens age with the scenario's clock."""

    def __init__(self, url: str, tenant: Tenant, now: Callable[[], datetime]) -> None:
        self._url = url
        self._tenant = tenant
        self._now = now
        self._token: AccessToken | None = None

    def get_token(self, *scopes: str, **_: Any) -> AccessToken:  # noqa: ANN401 (as azure.core has it)
        """A token that is good for a while."""
        if self._token is None or self._token.expires_on < self._now().timestamp() + _REFRESH:
            answer = requests.get(
                self._url + PATH,
                params={"api-version": API_VERSION, "resource": scopes[0].removesuffix("/.default")},
                headers={"X-IDENTITY-HEADER": self._tenant.identity_header},
                timeout=_TIMEOUT_SECONDS,
            )
            answer.raise_for_status()
            body = answer.json()
            self._token = AccessToken(body["access_token"], int(body["expires_on"]))
        return self._token


@dataclass
class WatchedGraph(Graph):
    """The way to Graph, on which a process may be killed."""

    service: Service = field(kw_only=True)

    def post(self, endpoint: ProvisioningEndpoint, body: bytes, content_type: str, token: str) -> requests.Response:
        self.service.at_request("before")
        answer = super().post(endpoint, body, content_type, token)
        self.service.at_request("answered")
        return answer
