"""What App Service authentication does to a request: takes away what it may not say of itself, and says who asks.

https://learn.microsoft.com/azure/app-service/configure-authentication-user-identities
"""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass

ENABLED = "WEBSITE_AUTH_ENABLED"
"""The platform sets it for an app whose authentication is on, and nobody else may."""

ROLES = {"reader": ("reader",), "releaser": ("releaser",), "stranger": ()}
"""Whom the local host can say it has signed in, and their app roles."""

_FORGEABLE = ("x-ms-client-principal", "x-ms-token-")
_NAME = "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/emailaddress"
_ROLE = "http://schemas.microsoft.com/ws/2008/06/identity/claims/role"
_OBJECT_ID = "http://schemas.microsoft.com/identity/claims/objectidentifier"


@dataclass(frozen=True)
class SignIn:
    """The development user of a local host.

    Attributes:
        role: one of `ROLES`; without one nobody is signed in and authentication is off.
    """

    role: str = ""

    def headers(self, sent: Mapping[str, str]) -> dict[str, str]:
        """The headers that the app gets of those that were sent."""
        kept = {name: value for name, value in sent.items() if not name.lower().startswith(_FORGEABLE)}
        return {**kept, **self._principal()} if self.role else kept

    def _principal(self) -> dict[str, str]:
        user = f"{self.role}@localhost"
        claims = [
            *({"typ": "roles", "val": role} for role in ROLES[self.role]),
            {"typ": "name", "val": f"Local {self.role}"},
            {"typ": "preferred_username", "val": user},
            {"typ": _OBJECT_ID, "val": f"00000000-0000-0000-0000-{list(ROLES).index(self.role):012d}"},
        ]
        principal = {"auth_typ": "aad", "claims": claims, "name_typ": _NAME, "role_typ": _ROLE}
        return {
            "X-MS-CLIENT-PRINCIPAL": base64.b64encode(json.dumps(principal).encode()).decode(),
            "X-MS-CLIENT-PRINCIPAL-ID": claims[-1]["val"],
            "X-MS-CLIENT-PRINCIPAL-NAME": user,
            "X-MS-CLIENT-PRINCIPAL-IDP": "aad",
        }


NOBODY = SignIn()
