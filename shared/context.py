"""Everything a function needs, opened once per process."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from functools import cached_property

from shared.clock import SYSTEM_CLOCK, Clock
from shared.entra.graph import Graph
from shared.errors import TerminalError
from shared.identity import app_identity
from shared.records.failures import Failures
from shared.secrets import Vault, open_vault
from shared.settings import ProvisioningEndpoint, Settings
from shared.storage.clients import Storage, connect
from shared.storage.fingerprint import load_key


@dataclass(frozen=True)
class Context:
    """The settings and what they lead to.

    Attributes:
        known_versions: ids of extracts that this process has seen in the table.
        failed_versions: of those that are not there yet, how often this process could not put them there.
    """

    settings: Settings
    clock: Clock
    storage: Storage
    graph: Graph
    vault: Vault | None
    known_versions: set[str] = field(default_factory=set)
    failed_versions: dict[str, Failures] = field(default_factory=dict)
    _reading_key: threading.Lock = field(default_factory=threading.Lock, init=False, repr=False, compare=False)

    @property
    def fingerprint_key(self) -> bytes:
        """The key of the fingerprints, read once, on first use."""
        with self._reading_key:
            return self._fingerprint_key

    @cached_property
    def _fingerprint_key(self) -> bytes:
        return load_key(self.vault, self.storage)

    def endpoint(self, job: str) -> ProvisioningEndpoint:
        """The endpoint of a job.

        Raises:
            TerminalError: no setting names it.
        """
        try:
            return self.settings.endpoints[job]
        except KeyError:
            raise TerminalError(
                f"There is no job '{job}': set PROVISIONING_ENDPOINT__{job.upper().replace('-', '_')}, "
                "or correct 'job' in the mapping"
            ) from None

    def close(self) -> None:
        """Close the connections."""
        self.storage.close()
        self.graph.close()
        if self.vault:
            self.vault.close()


def open_context(settings: Settings, clock: Clock = SYSTEM_CLOCK) -> Context:
    """Clients for everything that the settings name; nothing is sent yet."""
    identity = app_identity(settings.client_id)
    return Context(
        settings=settings,
        clock=clock,
        storage=connect(settings.storage),
        graph=Graph(clock, identity),
        vault=open_vault(settings.key_vault_uri, identity) if settings.key_vault_uri else None,
    )
