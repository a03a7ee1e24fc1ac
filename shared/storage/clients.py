"""Clients for the storage account with HR data, made once per process from the settings."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar, cast

from azure.core.exceptions import HttpResponseError
from azure.data.tables import TableServiceClient
from azure.storage.blob import BlobServiceClient, ContainerClient
from azure.storage.queue import QueueClient, QueueServiceClient, TextBase64DecodePolicy, TextBase64EncodePolicy

from shared.identity import Identity, storage_identity
from shared.settings import StorageConnection
from shared.storage.names import RowT, TableName
from shared.storage.queries import RowTable
from shared.transport import HostwiseSession, limited_session, limited_transport

# The Functions host runs a dozen messages of the queue at once in one process, each writing tables in parallel.
_POOL_SIZE = 64
_CONNECT_SECONDS = 5.0
_READ_SECONDS = 60.0  # as long as the slowest thing that storage does for us may take
_MOST_SILENCES = 2  # repetitions of a request to which no answer came in time
# Seconds between the tries of the clients of blobs and queues: 2, 4, 8, 16, each one more or less. By themselves they
# wait 18, 24, 42, 96, which is longer than a lease lasts, or a run of the clock. The client of tables begins at once.
_WAITS: dict[str, Any] = {"initial_backoff": 0, "increment_base": 2, "random_jitter_range": 1}


_ClientT = TypeVar("_ClientT")


@dataclass(frozen=True)
class Storage:
    """The account with HR data.

    Queue messages are base64, as the Functions host reads them by default. Each client is made once, for all
    threads: to make one takes the SDK as long as to send a request.
    """

    blobs: BlobServiceClient
    queues: QueueServiceClient
    tables: TableServiceClient
    session: HostwiseSession | None = None  # what the clients share
    identity: Identity | None = None
    _made: dict[tuple[object, str], Any] = field(default_factory=dict, init=False, repr=False, compare=False)

    def container(self, name: str) -> ContainerClient:
        """The container called `name`; see `shared.storage.names`."""
        return self._once(ContainerClient, name, lambda: self.blobs.get_container_client(name))

    def table(self, name: TableName[RowT]) -> RowTable[RowT]:
        """The table called `name`; see `shared.storage.names`."""

        def make() -> RowTable[RowT]:
            table = cast("RowTable[RowT]", self.tables.get_table_client(name))
            table.rows = name.rows
            return table

        return self._once(name.rows, name, make)  # a table may have rows of several types

    def queue(self, name: str) -> QueueClient:
        """The queue called `name`; see `shared.storage.names`."""

        def make() -> QueueClient:
            return self.queues.get_queue_client(
                name,
                message_encode_policy=TextBase64EncodePolicy(),
                message_decode_policy=TextBase64DecodePolicy(),
            )

        return self._once(QueueClient, name, make)

    def _once(self, kind: object, name: str, make: Callable[[], _ClientT]) -> _ClientT:
        client: _ClientT | None = self._made.get((kind, name))
        return client if client is not None else self._made.setdefault((kind, name), make())

    def close(self) -> None:
        """Close the connections."""
        self.blobs.close()
        self.queues.close()
        self.tables.close()
        if self.session:
            self.session.close()
        if self.identity:
            self.identity.close()


def code_of(error: HttpResponseError) -> str:
    """Storage's word for a refusal, such as `AuthorizationPermissionMismatch`; empty if it gives none.

    Where the client makes up an error, its code is of an enumeration.
    """
    code = getattr(error, "error_code", None)
    return str(getattr(code, "value", code) or "")


def _by_number(text: str) -> str:
    """A connection with 127.0.0.1 for the name of this machine.

    By its name the client of tables takes any emulator for that of Cosmos DB, and writes updates in a way in which
    Azurite makes rows of those that are gone.
    """
    return re.sub(r"(?i)\bhttp://localhost(?=[:/])", "http://127.0.0.1", text)


def connect(connection: StorageConnection, *, retries: int = 4) -> Storage:
    """Clients for the account that `connection` names; nothing is sent yet.

    Args:
        connection: a connection string, or service URIs with an identity.
        retries: how often a client repeats a request that failed for a passing reason.
    """
    connection = replace(
        connection,
        connection_string=_by_number(connection.connection_string),
        table_uri=_by_number(connection.table_uri),
    )
    session = limited_session(pool_size=_POOL_SIZE)
    options: dict[str, Any] = {
        "transport": limited_transport(session, connect=_CONNECT_SECONDS, read=_READ_SECONDS, shared=True),
        "retry_total": retries,
        "retry_read": _MOST_SILENCES,
    }
    if text := connection.connection_string:
        return Storage(
            BlobServiceClient.from_connection_string(text, **options, **_WAITS),
            QueueServiceClient.from_connection_string(text, **options, **_WAITS),
            TableServiceClient.from_connection_string(text, **options),
            session,
        )
    identity = storage_identity(connection)
    return Storage(
        BlobServiceClient(connection.blob_uri, identity, **options, **_WAITS),
        QueueServiceClient(connection.queue_uri, identity, **options, **_WAITS),
        TableServiceClient(connection.table_uri, credential=identity, **options),
        session,
        identity,
    )
