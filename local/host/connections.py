"""Connections: app settings that say where a storage account is, and how to be let in."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Literal, TypeVar

from azure.storage.blob import BlobServiceClient
from azure.storage.queue import QueueServiceClient

from local.host.errors import HostError

if TYPE_CHECKING:  # slow to import, and not every app needs them
    from azure.data.tables import TableServiceClient
    from azure.identity import ManagedIdentityCredential

HOST_STORAGE = "AzureWebJobsStorage"

Client = TypeVar("Client")
Service = Literal["blob", "queue", "table"]

# Failures are for the caller to wait out, where they are logged once: a client that retries by itself hides them.
_OPTIONS: dict[str, Any] = {"retry_total": 0, "connection_timeout": 5, "read_timeout": 60}


class Connections:
    """The storage accounts that the app's settings name."""

    def __init__(self, env: Mapping[str, str]) -> None:
        self._env = env
        self._credential = lru_cache(_credential)

    def blobs(self, name: str) -> BlobServiceClient:
        """The blob service of a connection."""
        if plain := self._plain(name):
            return _checked(name, lambda: BlobServiceClient.from_connection_string(plain, **_OPTIONS))
        return BlobServiceClient(self.uri(name, "blob"), credential=self._identity(name), **_OPTIONS)

    def queues(self, name: str) -> QueueServiceClient:
        """The queue service of a connection."""
        if plain := self._plain(name):
            return _checked(name, lambda: QueueServiceClient.from_connection_string(plain, **_OPTIONS))
        return QueueServiceClient(self.uri(name, "queue"), credential=self._identity(name), **_OPTIONS)

    def tables(self, name: str) -> TableServiceClient:
        """The table service of a connection."""
        from azure.data.tables import TableServiceClient

        if plain := self._plain(name):
            return _checked(name, lambda: TableServiceClient.from_connection_string(plain, **_OPTIONS))
        return TableServiceClient(self.uri(name, "table"), credential=self._identity(name), **_OPTIONS)

    def is_set(self, name: str) -> bool:
        """Whether any setting of this connection is made."""
        return any(key == name or key.startswith(f"{name}__") for key, value in self._env.items() if value.strip())

    def has(self, name: str, service: Service) -> bool:
        """Whether the connection reaches a service: one may be for blobs only."""
        return bool(self._plain(name) or self._uri(name, service))

    def uri(self, name: str, service: Service) -> str:
        """The address of a service of an identity-based connection.

        Raises:
            HostError: naming the settings that could give it.
        """
        if found := self._uri(name, service):
            if not found.startswith("https://"):
                raise HostError(f"{name}__{service}ServiceUri must start with https://: a token never goes over http")
            return found
        raise HostError(
            f"no connection {name} to the {service} service: set {name} to a connection string, "
            f"or {name}__{service}ServiceUri to its address for an identity-based connection"
        )

    def _uri(self, name: str, service: Service) -> str:
        value = self._env.get(f"{name}__{service}ServiceUri", "").strip()
        if not value and service == "blob":
            value = self._env.get(f"{name}__serviceUri", "").strip()
        account = self._env.get(f"{name}__accountName", "").strip()
        if not value and account and name == HOST_STORAGE:
            value = f"https://{account}.{service}.core.windows.net"
        return value

    def _plain(self, name: str) -> str:
        return self._env.get(name, "").strip()

    def _identity(self, name: str) -> ManagedIdentityCredential:
        client_id = self._env.get(f"{name}__clientId", "").strip()
        explicit = self._env.get(f"{name}__credential", "").strip().lower()
        if explicit not in ("", "managedidentity"):
            raise HostError(f"{name}__credential is '{explicit}'; only 'managedidentity' is known")
        return self._credential(client_id if explicit else "")


def _credential(client_id: str) -> ManagedIdentityCredential:
    from azure.identity import ManagedIdentityCredential

    return ManagedIdentityCredential(client_id=client_id) if client_id else ManagedIdentityCredential()


def _checked(name: str, make: Callable[[], Client]) -> Client:
    try:
        return make()
    except ValueError as error:
        raise HostError(f"{name} is not a usable connection string: {error}") from None
