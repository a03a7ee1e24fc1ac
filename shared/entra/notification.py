"""Whom a job tells when it goes into quarantine, and at how many disabled accounts it stops.

Both are in the secret `SyncNotificationSettings` of the service principal's synchronization, a JSON object as text:
https://learn.microsoft.com/entra/identity/hybrid/cloud-sync/how-to-inbound-synch-ms-graph
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

KEY = "SyncNotificationSettings"


@dataclass(frozen=True)
class Notification:
    """The settings.

    Attributes:
        recipients: mail addresses; none if nobody is told.
        threshold: accounts; 0 if accidental deletions are not prevented.
        rest: whatever else is in them, which stays.
    """

    recipients: tuple[str, ...] = ()
    threshold: int = 0
    rest: Mapping[str, Any] = field(default_factory=dict)

    def text(self) -> str:
        """The value of the secret."""
        values = dict(self.rest) | {"Enabled": bool(self.recipients), "Recipients": ";".join(self.recipients)}
        values["DeleteThresholdEnabled"] = self.threshold > 0
        if self.threshold > 0:
            values["DeleteThresholdValue"] = self.threshold
        return json.dumps(values)


def read_notification(secrets: Sequence[Mapping[str, Any]]) -> Notification:
    """The settings among the secrets of a synchronization; empty ones if there are none that can be read."""
    text = next((one.get("value") for one in secrets if one.get("key") == KEY), None)
    try:
        said = json.loads(text) if isinstance(text, str) else {}
    except ValueError:
        said = {}
    if not isinstance(said, dict):
        said = {}
    known = ("Enabled", "Recipients", "DeleteThresholdEnabled", "DeleteThresholdValue")
    addresses = str(said.get("Recipients") or "").replace(",", ";").split(";")
    recipients = tuple(one.strip() for one in addresses if one.strip()) if said.get("Enabled") else ()
    value = said.get("DeleteThresholdValue")
    threshold = value if isinstance(value, int) and said.get("DeleteThresholdEnabled") else 0
    return Notification(recipients, threshold, {name: value for name, value in said.items() if name not in known})
