"""Tokens: what the managed-identity endpoint of App Service hands out, and what Graph makes of them.

The endpoint's contract is the one documented for App Service and Functions (api-version 2019-08-01), which the
``ManagedIdentityCredential`` of azure-identity follows.
"""

import hashlib
from collections.abc import Iterable, Mapping
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


def issue(
    tenant: Tenant, resource: str, client_id: str, roles: Iterable[str], seconds: int, now: datetime
) -> dict[str, object]:
    """Answer a request for a token.

    Args:
        tenant: Whose token.
        resource: What it is for, as asked.
        client_id: Whose identity.
        roles: Application roles, if it is for Graph.
        seconds: How long it lives.
        now: When it begins.

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
    if audience in GRAPH_AUDIENCES:
        claims["roles"] = list(roles)
    return {
        "access_token": jwt.encode(claims, _key(tenant), algorithm="HS256"),
        "expires_on": str(begins + seconds),
        # The credential caches under this name and looks under the one it asked for.
        "resource": resource,
        "token_type": "Bearer",
        "client_id": client_id,
    }


def roles_of(authorization: str | None, tenant: Tenant, now: datetime) -> frozenset[str]:
    """The application roles of a caller of Graph.

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
    roles = claims.get("roles", [])
    return frozenset(roles if isinstance(roles, list) else [])


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
