"""What an app has to be told to reach the simulator, out of what it says when it is ready."""

from __future__ import annotations

from collections.abc import Mapping

from shared import settings

_TOLD = {
    settings.PROVISIONING_ENDPOINT: "provisioningEndpoint",
    "IDENTITY_ENDPOINT": "identityEndpoint",
    "IDENTITY_HEADER": "identityHeader",
}


def app_settings(ready: Mapping[str, object]) -> dict[str, str]:
    """The settings of an app that sends to a simulator, and gets its tokens there."""
    return {name: str(ready[key]) for name, key in _TOLD.items()}
