"""The application roles in Microsoft Graph that the app's identity needs; `infra/graph.bicep` gives the same ones."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from shared.entra.management import GRAPH_APP_ID, Management

UPLOAD = "SynchronizationData-User.Upload"
READ_LOG = "ProvisioningLog.Read.All"
READ_JOB = "Synchronization.Read.All"

PURPOSES = {
    UPLOAD: "to send people to the job",
    READ_LOG: "to hear what became of them",
    READ_JOB: "to see how the job is",
}
"""Each role, and what it is for."""


@dataclass(frozen=True)
class Offer:
    """Microsoft Graph as the directory knows it.

    Attributes:
        principal: object id of its service principal.
        roles: ids of its application roles, by name.
        names: the names of all its roles, by id.
    """

    principal: str
    roles: Mapping[str, str]
    names: Mapping[str, str]


def read_offer(management: Management) -> Offer:
    """What roles Microsoft Graph offers.

    Raises:
        CallRefused: it cannot be read.
    """
    said = management.get(f"servicePrincipals(appId='{GRAPH_APP_ID}')", select="id,displayName,appRoles")
    found = [one for one in said.get("appRoles") or [] if isinstance(one, dict)]
    return Offer(
        str(said["id"]),
        {str(one["value"]): str(one["id"]) for one in found if "Application" in _list(one, "allowedMemberTypes")},
        {str(one["id"]): str(one["value"]) for one in found},
    )


def held_roles(management: Management, principal: str, offer: Offer) -> list[str]:
    """The names of the roles that an identity has in Microsoft Graph; the id of one that Graph does not list.

    Args:
        management: the way to Graph.
        principal: object id of the identity.
        offer: see `read_offer`.

    Raises:
        CallRefused: they cannot be read.
    """
    given = management.items(f"servicePrincipals/{quote(principal, safe='')}/appRoleAssignments")
    ids = [str(one.get("appRoleId")) for one in given if one.get("resourceId") == offer.principal]
    return [offer.names.get(role, role) for role in ids]


def _list(item: Mapping[str, Any], name: str) -> list[Any]:
    value = item.get(name)
    return value if isinstance(value, list) else []
