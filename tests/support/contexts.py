"""A `Context` for tests: time that passes when told to, real storage clients, and a job at any URL."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

from azure.core.credentials import AccessToken, TokenCredential

from local.host.storage import make_everything
from shared.clock import Clock
from shared.context import Context
from shared.entra.graph import Graph
from shared.identity import Identity as AppIdentity
from shared.model import CORE_USER, ENTERPRISE_USER, ExtractRef, Page, Planned, ScimUser, Worker
from shared.records import pages
from shared.settings import ProvisioningEndpoint, Settings, StorageConnection, parse_endpoint
from shared.storage.clients import Storage, connect
from shared.storage.names import UPLOADS, TableName
from tests.support.table_values import Values

START = datetime(2026, 9, 18, 6, 0, tzinfo=UTC)
NOWHERE = "http://127.0.0.1:9"
"""Nobody listens there."""


class ManualTime:
    """Time that stands still until it is told to pass, or somebody sleeps.

    Attributes:
        slept: how long each sleep was asked to be.
    """

    def __init__(self, start: datetime = START) -> None:
        self.slept: list[float] = []
        self._now = start
        self._lock = threading.Lock()

    @property
    def clock(self) -> Clock:
        """The clock to inject."""
        return Clock(now=self, sleep=self._sleep)

    def __call__(self) -> datetime:
        with self._lock:
            return self._now

    def forward(self, seconds: float) -> None:
        """Let time pass."""
        with self._lock:
            self._now += timedelta(seconds=seconds)

    def _sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.forward(seconds)


class Identity:
    """Stands for the managed identity; counts its tokens, so that a fresh one can be told from the first.

    Attributes:
        scopes: what a token was asked for, in order.
        error: raised instead of an answer, if set.
    """

    def __init__(self) -> None:
        self.scopes: list[str] = []
        self.made = 0
        self.closed = 0
        self.error: Exception | None = None

    def make(self) -> TokenCredential:
        """A new credential; it keeps its token, as the real one does."""
        self.made += 1
        return _Credential(self, f"token-{self.made}")


class _Credential:
    def __init__(self, identity: Identity, token: str) -> None:
        self._identity = identity
        self._token = token

    def get_token(self, *scopes: str, **_: Any) -> AccessToken:
        self._identity.scopes.extend(scopes)
        if self._identity.error:
            raise self._identity.error
        return AccessToken(self._token, 4102444800)

    def close(self) -> None:
        self._identity.closed += 1


class FixedToken:
    """A credential that always has the same token."""

    def __init__(self, token: str) -> None:
        self._token = token

    def get_token(self, *scopes: str, **_: Any) -> AccessToken:
        return AccessToken(self._token, 4102444800)


def endpoint_at(url: str, name: str = "default", job_id: str = "API2AAD.b16687d3.1a03de52") -> ProvisioningEndpoint:
    """A job whose Graph is at `url`."""
    return parse_endpoint(
        name,
        f"{url}/v1.0/servicePrincipals/5f224b4d-9c1b-4190-bcbb-8e6a23b015eb/synchronization/jobs/{job_id}/bulkUpload",
    )


@contextmanager
def open_test_context(
    connection_string: str,
    time: ManualTime,
    credential: TokenCredential | None = None,
    endpoints: Mapping[str, ProvisioningEndpoint] | None = None,
) -> Iterator[Context]:
    """A context with everything in its storage account that the infrastructure would have made.

    Args:
        connection_string: of an empty account.
        time: the clock's.
        credential: for Graph; one that makes up a token if there is none.
        endpoints: the jobs; one at which nobody listens if there are none.
    """
    connection = StorageConnection(connection_string=connection_string)
    storage = connect(connection, retries=0)
    make_everything(storage)
    context = Context(
        settings=Settings(storage=connection, endpoints=endpoints or {"default": endpoint_at(NOWHERE)}),
        clock=time.clock,
        storage=storage,
        graph=Graph(time.clock, AppIdentity(lambda: credential or FixedToken("made up"))),
        vault=None,
    )
    try:
        yield context
    finally:
        context.close()


@contextmanager
def connected(connection_string: str) -> Iterator[Storage]:
    """Clients as the app has them, of an empty account in which everything is made."""
    storage = connect(StorageConnection(connection_string=connection_string), retries=0)
    make_everything(storage)
    try:
        yield storage
    finally:
        storage.close()


def user(external_id: str, **changes: Any) -> ScimUser:
    """A SCIM user as the mapping makes them."""
    return {
        "schemas": [CORE_USER, ENTERPRISE_USER],
        "externalId": external_id,
        "active": True,
        "userName": f"worker{external_id}@example.com",
        "displayName": f"Worker {external_id}",
        **changes,
    }


def worker(external_id: str, row: int = 2, **changes: Any) -> Worker:
    """Somebody in an extract."""
    return Worker(external_id, row, user(external_id, **changes))


def page_of(*workers: Worker, number: int = 1, after: int = 0, sequence: str = "") -> Page:
    """A page of a plan with people of whom nothing was known before."""
    return Page(number, after, tuple(Planned(worker, sequence=sequence, said="digest", claim={}) for worker in workers))


def write_page(storage: Storage, ref: ExtractRef, attempt: str, page: Page) -> None:
    """Store the people of a page."""
    people = [pages.planned_to_json(person) for person in page.people]
    pages.write_people(storage, ref, attempt, pages.PageHead(page.number, page.after, len(people)), people)


def rows_of(storage: Storage, table: TableName[Any]) -> list[dict[str, Any]]:
    """All rows of a table as plain dictionaries, sorted by key."""
    return [plain(row) for row in storage.table(table).list_entities()]


def plain(row: Values) -> dict[str, Any]:
    """A row without what the service adds."""
    return dict(row)


def visible_messages(storage: Storage) -> list[str]:
    """The messages that can be seen now; they are taken off the queue."""
    queue = storage.queue(UPLOADS)
    found = []
    for message in queue.receive_messages(max_messages=32):
        found.append(str(message.content))
        queue.delete_message(message)
    return found
