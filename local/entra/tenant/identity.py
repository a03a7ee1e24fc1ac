"""Tokens: what the managed-identity endpoint of App Service hands out, and what Graph makes of them.

The endpoint's contract is the one documented for App Service and Functions (api-version 2019-08-01), which the
``ManagedIdentityCredential`` of azure-identity follows.
"""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import jwt

from local.entra.errors import GraphError, forbidden
from local.entra.settings import Tenant

API_VERSION = "2019-08-01"
DEFAULT_CLIENT_ID = "f2764360-e0ec-4676-b11e-cd6fc0d4dd61"

#: Graph in the global and the national clouds.
GRAPH_AUDIENCES = (
    "https://graph.microsoft.com",
    "https://graph.microsoft.us",
    "https://dod-graph.microsoft.us",
    "https://microsoftgraph.chinacloudapi.cn",
)

#: Template ids of built-in directory roles: https://learn.microsoft.com/entra/identity/role-based-access-control/permissions-reference
DIRECTORY_ROLES = {
    "Global Administrator": "62e90394-69f5-4237-9190-012177145e10",
    "Privileged Role Administrator": "e8611ab8-c189-46e8-94e1-60213ab1f814",
    "Application Administrator": "9b895d92-2cd3-44c7-9d02-a6ac2d5ea5c3",
    "Cloud Application Administrator": "158c047a-c907-4556-b7ef-446551a6b5f7",
    "Hybrid Identity Administrator": "8ac3fc64-6eca-42ea-9e69-59f4c7b60eb2",
}


@dataclass(frozen=True)
class Caller:
    """Who calls Graph, as the token says.

    Attributes:
        roles: Application roles, of an app that calls for itself.
        scopes: Delegated permissions, of an app that calls for a user.
        directory_roles: Ids of the user's directory roles (the claim ``wids``).
        is_user: Whether a user calls.
    """

    roles: frozenset[str] = frozenset()
    scopes: frozenset[str] = frozenset()
    directory_roles: frozenset[str] = frozenset()
    is_user: bool = False


@dataclass(frozen=True)
class User:
    """A user for whom tokens are issued, with the permissions that the app has in the user's name."""

    scopes: Sequence[str]
    directory_roles: Sequence[str]


# Many parameters: the claims of a token, each of another owner.
def issue(
    tenant: Tenant,
    resource: str,
    client_id: str,
    roles: Iterable[str],
    seconds: int,
    now: datetime,
    user: User | None = None,
) -> dict[str, object]:
    """Answer a request for a token.

    Args:
        tenant: Whose token.
        resource: What it is for, as asked.
        client_id: Whose identity.
        roles: Application roles, if it is for Graph.
        seconds: How long it lives.
        now: When it begins.
        user: Whose it is, if not the app's own; then it has no application roles.

    Returns:
        The body of the answer.
    """
    begins = int(now.timestamp())
    # Storage refuses the audience with a slash at its end, and Graph's has none either.
    audience = resource.rstrip("/")
    claims: dict[str, object] = {
        "aud": audience,
        "iss": f"https://sts.windows.net/{tenant.tenant_id}/",
        "iat": begins,
        "nbf": begins,
        "exp": begins + seconds,
        "appid": client_id,
        "tid": tenant.tenant_id,
        "ver": "1.0",
    }
    if audience in GRAPH_AUDIENCES and user is not None:
        claims["scp"] = " ".join(user.scopes)
        claims["wids"] = [DIRECTORY_ROLES.get(role, role) for role in user.directory_roles]
    elif audience in GRAPH_AUDIENCES:
        claims["roles"] = list(roles)
        claims["oid"] = tenant.app_principal_id
    return {
        "access_token": jwt.encode(claims, _key(tenant), algorithm="HS256"),
        "expires_on": str(begins + seconds),
        # The credential caches under this name and looks under the one it asked for.
        "resource": resource,
        "token_type": "Bearer",
        "client_id": client_id,
    }


def roles_of(authorization: str | None, tenant: Tenant, now: datetime) -> frozenset[str]:
    """The application roles of a caller of Graph; see `caller_of`."""
    return caller_of(authorization, tenant, now).roles


def caller_of(authorization: str | None, tenant: Tenant, now: datetime) -> Caller:
    """Who calls Graph.

    Args:
        authorization: The Authorization header.
        tenant: Whose Graph.
        now: The present.

    Raises:
        GraphError: 401, there is no token or it is not good here.
    """
    scheme, _, token = (authorization or "").partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        raise _unauthorized("Access token is empty.")
    try:
        claims: Mapping[str, object] = jwt.decode(
            token.strip(),
            _key(tenant),
            algorithms=["HS256"],
            audience=GRAPH_AUDIENCES,
            issuer=f"https://sts.windows.net/{tenant.tenant_id}/",
            # Time is this simulator's, not the system's.
            options={"verify_exp": False, "verify_nbf": False, "verify_iat": False, "require": ["exp", "nbf"]},
        )
    except jwt.InvalidAudienceError:
        raise _unauthorized("Access token validation failure. Invalid audience.") from None
    except jwt.InvalidTokenError:
        raise _unauthorized("CompactToken validation failed.") from None
    begins, ends = claims["nbf"], claims["exp"]
    if not isinstance(begins, int) or not isinstance(ends, int) or not begins <= now.timestamp() < ends:
        raise _unauthorized("Lifetime validation failed, the token is expired.")
    roles, scopes, wids = claims.get("roles", []), claims.get("scp"), claims.get("wids", [])
    return Caller(
        frozenset(roles if isinstance(roles, list) else []),
        frozenset(str(scopes or "").split()),
        frozenset(wids if isinstance(wids, list) else []),
        scopes is not None,
    )


def require(roles: frozenset[str], *sufficient: str) -> None:
    """Let a caller pass who has one of the roles.

    Raises:
        GraphError: 403, the caller has none.
    """
    if roles.isdisjoint(sufficient):
        raise forbidden()


def _key(tenant: Tenant) -> bytes:
    # The same after a restart, so that tokens that callers hold stay good, as they would with Entra.
    return hashlib.sha256(f"simulated Entra {tenant.tenant_id} {tenant.identity_header}".encode()).digest()


def _unauthorized(message: str) -> GraphError:
    return GraphError(401, "InvalidAuthenticationToken", message, {"WWW-Authenticate": "Bearer"})
