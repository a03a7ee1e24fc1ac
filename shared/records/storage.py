"""Clients for the storage account with HR data, made once per process from the settings."""

from __future__ import annotations

from dataclasses import dataclass

import requests
from azure.core.credentials import TokenCredential
from azure.core.pipeline.transport import RequestsTransport
from azure.data.tables import TableClient, TableServiceClient
from azure.identity import DefaultAzureCredential, ManagedIdentityCredential
from azure.storage.blob import BlobServiceClient, ContainerClient
from azure.storage.queue import QueueClient, QueueServiceClient, TextBase64DecodePolicy, TextBase64EncodePolicy
from requests.adapters import HTTPAdapter

from shared.settings import StorageConnection

# The Functions host runs a dozen messages of the queue at once in one process, each writing tables in parallel.
_POOL_SIZE = 64


@dataclass(frozen=True)
class Storage:
    """The account with HR data.

    Queue messages are base64, as the Functions host reads them by default.
    """

    blobs: BlobServiceClient
    queues: QueueServiceClient
    tables: TableServiceClient
    session: requests.Session | None = None  # what the clients share

    def container(self, name: str) -> ContainerClient:
        """The container called `name`; see `shared.records.names`."""
        return self.blobs.get_container_client(name)

    def table(self, name: str) -> TableClient:
        """The table called `name`; see `shared.records.names`."""
        return self.tables.get_table_client(name)

    def queue(self, name: str) -> QueueClient:
        """The queue called `name`; see `shared.records.names`."""
        return self.queues.get_queue_client(
            name,
            message_encode_policy=TextBase64EncodePolicy(),
            message_decode_policy=TextBase64DecodePolicy(),
        )

    def close(self) -> None:
        """Close the connections."""
        self.blobs.close()
        self.queues.close()
        self.tables.close()
        if self.session:
            self.session.close()


def connect(connection: StorageConnection, *, retries: int = 4) -> Storage:
    """Clients for the account that `connection` names; nothing is sent yet.

    Args:
        connection: a connection string, or service URIs with an identity.
        retries: how often a client repeats a request that failed for a passing reason.
    """
    session = requests.Session()
    session.mount("https://", HTTPAdapter(pool_maxsize=_POOL_SIZE))
    session.mount("http://", HTTPAdapter(pool_maxsize=_POOL_SIZE))
    shared_session = RequestsTransport(session=session, session_owner=False)
    if text := connection.connection_string:
        return Storage(
            BlobServiceClient.from_connection_string(text, transport=shared_session, retry_total=retries),
            QueueServiceClient.from_connection_string(text, transport=shared_session, retry_total=retries),
            TableServiceClient.from_connection_string(text, transport=shared_session, retry_total=retries),
            session,
        )
    credential = storage_credential(connection)
    return Storage(
        BlobServiceClient(connection.blob_uri, credential, transport=shared_session, retry_total=retries),
        QueueServiceClient(connection.queue_uri, credential, transport=shared_session, retry_total=retries),
        TableServiceClient(connection.table_uri, credential=credential, transport=shared_session, retry_total=retries),
        session,
    )


def storage_credential(connection: StorageConnection) -> TokenCredential:
    """The identity that the Functions host would use for the same settings."""
    if connection.managed_identity:
        return ManagedIdentityCredential(client_id=connection.client_id or None)
    return DefaultAzureCredential()
