"""Who asks, as App Service authentication says.

The platform takes the headers `X-MS-CLIENT-PRINCIPAL*` off every request from outside and sets them itself for a user
whom it has signed in. That is true only while authentication is on for the app, so it is asked first.

https://learn.microsoft.com/azure/app-service/configure-authentication-user-identities
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from shared.errors import TerminalError

_ENABLED = "WEBSITE_AUTH_ENABLED"
"""The platform sets this variable of an app whose authentication is on."""

READER = "reader"
RELEASER = "releaser"
"""The app roles: who may look, and who may also release. A releaser may look."""

_HEADER = "x-ms-client-principal"
_ENTRA = "aad"
_OBJECT_ID = ("http://schemas.microsoft.com/identity/claims/objectidentifier", "oid")
_USER_NAME = (
    "preferred_username",
    "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/upn",
    "upn",
    "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/emailaddress",
    "email",
    "name",
)
_ROLES = ("roles", "http://schemas.microsoft.com/ws/2008/06/identity/claims/role")


class NotProtected(TerminalError):  # noqa: N818
    """The platform does not say that it signs people in: whatever a request says about its sender may be forged."""


class NotSignedIn(TerminalError):  # noqa: N818
    """The platform has not signed the sender in."""


class NoRole(TerminalError):  # noqa: N818
    """The user lacks an app role."""


@dataclass(frozen=True)
class Principal:
    """A user who is signed in.

    Attributes:
        id: object id in the directory.
        name: user name, for the records.
        roles: the app roles.
    """

    id: str
    name: str
    roles: frozenset[str]

    @property
    def may_read(self) -> bool:
        """Whether the user may look."""
        return bool(self.roles & {READER, RELEASER})

    @property
    def may_release(self) -> bool:
        """Whether the user may release people."""
        return RELEASER in self.roles


def read_principal(headers: Mapping[str, str], environment: Mapping[str, str]) -> Principal:
    """Who asks.

    Args:
        headers: of the request, names in lower case.
        environment: the variables of the process.

    Raises:
        NotProtected: authentication is off.
        NotSignedIn: nobody is signed in, or not with Entra, or the platform's words cannot be read.
        NoRole: the user has neither app role.
    """
    if environment.get(_ENABLED, "").strip().lower() not in ("true", "1"):
        raise NotProtected("App Service authentication is off")
    principal = _decoded(headers.get(_HEADER, ""))
    if not principal.may_read:
        raise NoRole(f"The user has neither the app role {READER} nor {RELEASER}")
    return principal


def _decoded(header: str) -> Principal:
    try:
        said = json.loads(base64.b64decode(header, validate=True))
        claims = [(str(claim["typ"]), str(claim["val"])) for claim in said["claims"]]
        provider, role_type = said["auth_typ"], str(said.get("role_typ") or _ROLES[0])
    except (binascii.Error, ValueError, KeyError, TypeError) as error:
        raise NotSignedIn("Nobody is signed in") from error
    object_id, name = _first(claims, _OBJECT_ID), _first(claims, _USER_NAME)
    if provider != _ENTRA or not object_id or not name:
        raise NotSignedIn("Nobody is signed in with Microsoft Entra ID")
    return Principal(object_id, name, frozenset(value for kind, value in claims if kind in (*_ROLES, role_type)))


def _first(claims: list[tuple[str, str]], kinds: tuple[str, ...]) -> str:
    """The value of the first kind of claim that is there."""
    found: dict[str, Any] = dict(reversed(claims))
    return str(next((found[kind] for kind in kinds if found.get(kind)), ""))
