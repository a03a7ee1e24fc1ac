"""Who may call what: application roles of an app, or scopes and directory roles of a user.

The tables of permissions are those on the page of each call in Graph's reference. A user needs both: a scope of the app
through which the call is made, and a directory role of the user's own.
"""

from dataclasses import dataclass

from local.entra.errors import GraphError, forbidden
from local.entra.tenant.identity import DIRECTORY_ROLES, Caller

_GLOBAL = "Global Administrator"
_APPLICATIONS = ("Application Administrator", "Cloud Application Administrator", _GLOBAL)


@dataclass(frozen=True)
class Needs:
    """What a call takes; any one of each.

    Attributes:
        roles: Of an app; each may be several at once, joined by ``+``.
        scopes: Of an app that calls for a user; likewise. None: no user may call.
        directory_roles: Of the user; none if every user may.
    """

    roles: tuple[str, ...]
    scopes: tuple[str, ...] = ()
    directory_roles: tuple[str, ...] = ()

    def allow(self, caller: Caller) -> bool:
        """Whether a caller may call."""
        if not caller.is_user:
            return _any(self.roles, caller.roles)
        held = {DIRECTORY_ROLES.get(role, role) for role in self.directory_roles}
        return _any(self.scopes, caller.scopes) and (not held or not held.isdisjoint(caller.directory_roles))

    def require(self, caller: Caller, refusal: int = 403) -> None:
        """Let a caller pass who may call.

        Raises:
            GraphError: 403; or 401 with empty words, as people report of synchronization calls.
        """
        if not self.allow(caller):
            raise GraphError(401, "UnknownError", "") if refusal == 401 else forbidden()


def _any(sufficient: tuple[str, ...], held: frozenset[str]) -> bool:
    return any(set(one.split("+")) <= held for one in sufficient)


_READ_APPLICATIONS = (
    "Application.Read.All",
    "Application.ReadWrite.OwnedBy",
    "Application.ReadWrite.All",
    "Directory.Read.All",
    "Directory.ReadWrite.All",
)
_SYNCHRONIZATION_SCOPES = (
    "Synchronization.ReadWrite.All",
    # Not on the pages. Microsoft says so of these calls: with a directory role, any permission on applications does
    # (microsoft/zerotrustassessment, issue 1382). Without that nobody could use the Azure CLI's token.
    "Application.Read.All",
    "Application.ReadWrite.All",
)

INSTANTIATE = Needs(
    roles=("Application.ReadWrite.OwnedBy", "Application.ReadWrite.All", "Directory.ReadWrite.All"),
    scopes=("Application.ReadWrite.All", "Directory.ReadWrite.All"),
    directory_roles=_APPLICATIONS,
)
READ_APPLICATIONS = Needs(roles=_READ_APPLICATIONS, scopes=(*_READ_APPLICATIONS, "Directory.AccessAsUser.All"))
ASSIGN_ROLES = Needs(
    roles=(
        "AppRoleAssignment.ReadWrite.All+Application.Read.All",
        "AppRoleAssignment.ReadWrite.All+Directory.Read.All",
    ),
    scopes=(
        "AppRoleAssignment.ReadWrite.All+Application.Read.All",
        "AppRoleAssignment.ReadWrite.All+Application.ReadWrite.All",
        "AppRoleAssignment.ReadWrite.All+Directory.Read.All",
    ),
    directory_roles=("Privileged Role Administrator", _GLOBAL),
)
WRITE_SYNCHRONIZATION = Needs(
    roles=("Application.ReadWrite.OwnedBy", "Synchronization.ReadWrite.All"),
    scopes=_SYNCHRONIZATION_SCOPES,
    directory_roles=_APPLICATIONS,
)
READ_SYNCHRONIZATION = Needs(
    roles=("Synchronization.Read.All", *WRITE_SYNCHRONIZATION.roles),
    scopes=("Synchronization.Read.All", *_SYNCHRONIZATION_SCOPES),
    directory_roles=_APPLICATIONS,
)
READ_DOMAINS = Needs(
    roles=("Domain.Read.All", "Domain.ReadWrite.All", "Directory.Read.All"),
    scopes=("Domain.Read.All", "Domain.ReadWrite.All", "Directory.Read.All", "Directory.AccessAsUser.All"),
)
READ_AGENTS = Needs(
    roles=(),
    scopes=("Policy.Read.HybridAuthentication", "Policy.ReadWrite.HybridAuthentication", "Directory.ReadWrite.All"),
    directory_roles=("Hybrid Identity Administrator", _GLOBAL),
)
