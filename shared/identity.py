"""The app's identity: one wrapper round every credential, whoever it is for: storage, Graph, the vault, a topic.

Left to itself, azure-identity raises whatever the identity's endpoint makes it raise (a bare `JSONDecodeError` of a web
page), waits as long as the endpoint's `Retry-After` says, and 300 seconds for an answer. And the clients of storage try
for minutes again to get a token that cannot be had, because the fault looks like one of storage.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from azure.core.credentials import AccessToken, TokenCredential
from azure.core.pipeline.transport import RequestsTransport
from azure.identity import DefaultAzureCredential, ManagedIdentityCredential

from shared.errors import NoToken
from shared.settings import StorageConnection
from shared.transport import limited_session, limited_transport

_CONNECT_SECONDS = 2.0  # the endpoint is on the machine itself
_READ_SECONDS = 15.0  # a first token may take its time
_LONGEST_WAIT = 2  # seconds, whatever the endpoint's Retry-After says
_RETRIES: dict[str, Any] = {
    "retry_total": 2,
    "retry_connect": 1,
    "retry_read": 0,
    "retry_status": 2,
    "retry_backoff_factor": 0.5,
    "retry_backoff_max": 2.0,
    "timeout": 20,
}


@dataclass
class Identity:
    """A credential whose every failure is a `NoToken`, at once.

    Safe to share between threads: one of them asks at a time, and those who waited for it meanwhile fail with it
    instead of asking a broken endpoint one after the other.

    Attributes:
        make: makes a credential of azure-identity. A new one is made after each failure, because the old one remembers
            failures too, and to get past its cache of tokens.
    """

    make: Callable[[], TokenCredential]
    _credential: TokenCredential | None = field(init=False, default=None, repr=False)
    _lock: threading.Lock = field(init=False, default_factory=threading.Lock, repr=False)
    _failures: int = field(init=False, default=0, repr=False)
    _fault: str = field(init=False, default="", repr=False)

    def get_token(
        self,
        *scopes: str,
        claims: str | None = None,
        tenant_id: str | None = None,
        enable_cae: bool = False,
        **options: Any,  # noqa: ANN401 (the protocol's own type)
    ) -> AccessToken:
        """A token, from the credential's cache if it has one.

        Raises:
            NoToken: there is none to be had now. It is no error of Azure's SDK, so no client tries again.
        """
        return self._ask("", scopes, {"claims": claims, "tenant_id": tenant_id, "enable_cae": enable_cae, **options})

    def renew(self, refused: str, scope: str) -> AccessToken:
        """A token; another one than one that was refused, unless the endpoint insists on it.

        Raises:
            NoToken: as `get_token`.
        """
        return self._ask(refused, (scope,), {})

    def _ask(self, refused: str, scopes: tuple[str, ...], options: dict[str, Any]) -> AccessToken:
        failures = self._failures
        with self._lock:
            if self._failures != failures:  # somebody has tried in vain while we waited
                raise NoToken(_sentence(scopes, self._fault))
            try:
                token = self._open().get_token(*scopes, **options)
                if token.token == refused:
                    self._drop()  # with its cache
                    token = self._open().get_token(*scopes, **options)
            except Exception as error:
                # A broken answer of the endpoint comes through as any exception there is.
                self._failures += 1
                self._fault = type(error).__name__
                self._drop()
                raise NoToken(_sentence(scopes, self._fault)) from error
            return token

    def close(self) -> None:
        """Close the connections; the next token is asked for anew."""
        with self._lock:
            self._drop()

    def _open(self) -> TokenCredential:
        self._credential = self._credential or self.make()
        return self._credential

    def _drop(self) -> None:
        credential, self._credential = self._credential, None
        if credential is not None and hasattr(credential, "close"):
            credential.close()


def _sentence(scopes: tuple[str, ...], fault: str) -> str:
    return (
        f"The app's identity got no token for {' '.join(scopes)} ({fault}). It is tried again by itself. If this stays "
        "so, check that the managed identity is assigned to the app and that AZURE_CLIENT_ID is its client id (for "
        "storage HR_STORAGE__clientId)."
    )


def app_identity(client_id: str) -> Identity:
    """The app's managed identity where the platform offers one, else whatever a developer's machine has."""
    if "IDENTITY_ENDPOINT" in os.environ:
        return Identity(lambda: _managed(client_id))
    return Identity(lambda: _default(client_id))


def storage_identity(connection: StorageConnection) -> Identity:
    """The identity that the Functions host uses for the same settings."""
    if connection.managed_identity:
        return Identity(lambda: _managed(connection.client_id))
    return Identity(lambda: _default(connection.client_id or os.environ.get("AZURE_CLIENT_ID", "")))


def _managed(client_id: str) -> TokenCredential:
    return ManagedIdentityCredential(client_id=client_id or None, transport=_transport(), **_RETRIES)


def _default(client_id: str) -> TokenCredential:
    return DefaultAzureCredential(managed_identity_client_id=client_id or None, transport=_transport(), **_RETRIES)


def _transport() -> RequestsTransport:
    session = limited_session(longest_wait=_LONGEST_WAIT)
    return limited_transport(session, connect=_CONNECT_SECONDS, read=_READ_SECONDS, shared=False)
