"""The Entra simulator in a thread, and whoever sets it up: with his rights in the environment's identity endpoint."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from local.entra.calls.managed_identity import PATH
from local.entra.server import serving
from local.entra.settings import Settings, Tenant
from local.entra.simulator import Simulator
from local.entra.tenant.apps import App
from local.entra.testing import ManualClock
from shared.clock import Clock

ADMINISTRATOR = ("Application Administrator", "Privileged Role Administrator")
SCOPES = ("Application.ReadWrite.All", "Synchronization.ReadWrite.All", "AppRoleAssignment.ReadWrite.All")


class Tenancy:
    """A simulated tenant.

    Attributes:
        url: of its Graph.
        simulator: to look inside.
        time: the simulator's.
    """

    def __init__(self, url: str, simulator: Simulator, time: ManualClock) -> None:
        self.url = url
        self.simulator = simulator
        self.time = time

    @property
    def clock(self) -> Clock:
        """A clock whose sleep lets the simulator's time pass."""
        return Clock(now=self.time, sleep=self.time.forward)

    def settings(self, **changes: object) -> None:
        """Change how it behaves."""
        self.simulator.change_settings(changes)

    def app(self, name: str) -> App:
        """The application with a name."""
        [found] = [app for app in self.simulator.apps.visible(self.time()) if app.name == name]
        return found

    def runs(self, name: str) -> bool:
        """Whether its job has been started."""
        [engine] = self.app(name).engines.values()
        return engine.job.started

    def schema(self, name: str) -> dict[str, Any]:
        """The schema of its job."""
        [engine] = self.app(name).engines.values()
        return engine.job.schema

    def users(self, name: str) -> dict[str, Any]:
        """The mapping of users of its job."""
        mapping: dict[str, Any] = self.schema(name)["synchronizationRules"][0]["objectMappings"][0]
        return mapping

    def user_name(self, name: str) -> dict[str, Any]:
        """The mapping of the user name of its job."""
        mappings: list[dict[str, Any]] = self.users(name)["attributeMappings"]
        return next(one for one in mappings if one["targetAttributeName"] == "userPrincipalName")

    def notification(self, name: str) -> dict[str, Any]:
        """Its notification settings."""
        found: dict[str, Any] = json.loads(self.app(name).secrets.get("SyncNotificationSettings", "{}"))
        return found


@contextmanager
def open_tenancy(monkeypatch: pytest.MonkeyPatch, tenant: Tenant | None = None, **settings: Any) -> Iterator[Tenancy]:
    """A tenant in which an administrator is signed in; the settings win."""
    time = ManualClock()
    usual: dict[str, Any] = {"scopes": SCOPES, "directory_roles": ADMINISTRATOR}
    simulator = Simulator(tenant, Settings(**{**usual, **settings}), now=time)
    with serving(simulator) as url:
        monkeypatch.setenv("IDENTITY_ENDPOINT", url + PATH)
        monkeypatch.setenv("IDENTITY_HEADER", simulator.tenant.identity_header)
        monkeypatch.delenv("AZURE_CLIENT_ID", raising=False)
        yield Tenancy(url, simulator, time)
