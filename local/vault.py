"""A small Key Vault for this machine: https, and the challenge, the versions and the errors of the real one.

It speaks what `azure-keyvault-secrets` needs to read, set and list the versions of secrets. A request without a token
is answered by the challenge; a JWT must be for Key Vault and not have expired (its signature is not checked), and any
other text is taken as the name of who asks. Everything is kept in memory. `python -m local.vault` runs it by itself;
tests run it in a thread::

    with run_vault() as vault:
        vault.put("greeting", "hello")
        client = SecretClient(
            vault.url, credential, connection_verify=str(vault.ca_file), verify_challenge_resource=False
        )
"""

from __future__ import annotations

import argparse
import re
import ssl
import tempfile
import threading
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import jwt
from aiohttp import web

from local.certificates import make_certificate
from local.serving import HOST, serve_in_thread
from shared.clock import SYSTEM_CLOCK, Clock

RESOURCE = "https://vault.azure.net"
TENANT = "00000000-0000-0000-0000-00000000c0de"
PAGE = 25

_CHALLENGE = f'Bearer authorization="https://login.microsoftonline.com/{TENANT}", resource="{RESOURCE}"'
_NAME = re.compile(r"[0-9A-Za-z-]{1,127}")


@dataclass(frozen=True)
class Version:
    """One version of a secret."""

    id: str
    value: str = field(repr=False)
    created: datetime
    tags: Mapping[str, str] = field(default_factory=dict)
    content_type: str | None = None
    enabled: bool = True


@dataclass(frozen=True)
class Request:
    """One request that reached the vault with a token, and how it was answered."""

    method: str
    path: str
    identity: str
    status: int


@dataclass(frozen=True)
class _Ban:
    name: str | None
    identity: str | None
    method: str | None
    code: str

    def covers(self, name: str, identity: str, method: str) -> bool:
        pairs = ((self.name, name), (self.identity, identity), (self.method, method))
        return all(wanted in (None, actual) for wanted, actual in pairs)


class VaultError(Exception):
    """An answer that is an error, in the words of Key Vault."""

    def __init__(
        self, status: int, code: str, message: str, *, inner: str = "", headers: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(message)
        self.status = status
        self.body: dict[str, Any] = {"error": {"code": code, "message": message}}
        if inner:
            self.body["error"]["innererror"] = {"code": inner}
        self.headers = dict(headers or {})


class LocalVault:
    """The vault's content and behaviour; every method may be called from any thread.

    Attributes:
        url: where it listens.
        ca_file: the certificate that a client must trust.
    """

    def __init__(self, clock: Clock = SYSTEM_CLOCK) -> None:
        self.url = ""
        self.ca_file = Path()
        self._clock = clock
        self._lock = threading.RLock()
        # By name in lower case, as the real vault does not tell upper from lower.
        self._secrets: dict[str, list[Version]] = {}
        self._deleted: set[str] = set()
        self._bans: list[_Ban] = []
        self._accepts_tokens = True
        self._ills: list[VaultError] = []
        self._requests: list[Request] = []

    def put(
        self,
        name: str,
        value: str,
        *,
        tags: Mapping[str, str] | None = None,
        content_type: str | None = None,
        enabled: bool = True,
    ) -> Version:
        """Add a version to a secret, as a person would in the portal."""
        version = Version(uuid.uuid4().hex, value, self._clock.now(), dict(tags or {}), content_type, enabled)
        with self._lock:
            self._secrets.setdefault(name.lower(), []).append(version)
        return version

    def versions(self, name: str) -> tuple[Version, ...]:
        """Every version of a secret, oldest first."""
        with self._lock:
            return tuple(self._secrets.get(name.lower(), ()))

    def delete(self, name: str) -> None:
        """Delete a secret so that it can be recovered: it is not found any more, but its name stays taken."""
        with self._lock:
            self._deleted.add(name.lower())

    def forbid(
        self,
        name: str | None = None,
        *,
        identity: str | None = None,
        method: str | None = None,
        code: str = "ForbiddenByRbac",
    ) -> None:
        """Answer 403 from now on.

        Args:
            name: only for this secret.
            identity: only for this identity: a JWT's `oid` or `appid`, or the text of any other token.
            method: only for `GET` or `PUT`.
            code: the inner code; `ForbiddenByFirewall` is a network rule.
        """
        with self._lock:
            self._bans.append(_Ban(name, identity, method, code))

    def refuse_tokens(self) -> None:
        """Answer 401 to every token from now on, as a vault of another tenant does."""
        with self._lock:
            self._accepts_tokens = False

    def break_down(self, status: int, *, times: int = 1, retry_after: int | None = None) -> None:
        """Answer the next requests with an error such as 429 or 503."""
        headers = {} if retry_after is None else {"Retry-After": str(retry_after)}
        code = "Throttled" if status == 429 else "ServiceUnavailable"
        with self._lock:
            self._ills += [VaultError(status, code, "The vault cannot answer just now.", headers=headers)] * times

    @property
    def requests(self) -> tuple[Request, ...]:
        """Every request so far that carried a token."""
        with self._lock:
            return tuple(self._requests)

    def application(self) -> web.Application:
        """The vault as a web application."""
        application = web.Application()
        application.router.add_route("*", "/{path:.*}", self._handle)
        return application

    async def _handle(self, request: web.Request) -> web.Response:
        scheme, _, token = request.headers.get("Authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not token:
            message = "AKV10000: Request is missing a Bearer or PoP token."
            error = VaultError(401, "Unauthorized", message, headers={"WWW-Authenticate": _CHALLENGE})
            return web.json_response(error.body, status=error.status, headers=error.headers)
        # Read before anything is refused, so that the connection can be used again.
        body = await request.json() if request.can_read_body else {}
        identity = ""
        with self._lock:
            try:
                identity = self._identify(token)
                response = web.json_response(self._answer(request, identity, body))
            except VaultError as error:
                response = web.json_response(error.body, status=error.status, headers=error.headers)
            self._requests.append(Request(request.method, request.path, identity, response.status))
        return response

    def _identify(self, token: str) -> str:
        refused = {"WWW-Authenticate": _CHALLENGE}
        if not self._accepts_tokens:
            raise VaultError(401, "Unauthorized", "AKV10032: Invalid issuer.", headers=refused)
        if token.count(".") != 2:
            return token
        try:
            claims = jwt.decode(
                token,
                audience=[RESOURCE, f"{RESOURCE}/"],
                options={"verify_signature": False, "verify_aud": True, "verify_exp": True},
            )
        except jwt.PyJWTError as error:
            message = f"AKV10022: Invalid token: {error}."
            raise VaultError(401, "Unauthorized", message, headers=refused) from error
        return str(claims.get("oid") or claims.get("appid") or "")

    def _answer(self, request: web.Request, identity: str, body: Mapping[str, Any]) -> dict[str, Any]:
        if self._ills:
            raise self._ills.pop(0)
        if "api-version" not in request.query:
            raise VaultError(400, "BadParameter", "The api-version query parameter is missing.")
        match request.method, request.path.strip("/").split("/"):
            case method, ["secrets", name, *rest] if method in ("GET", "PUT"):
                self._check(name, identity, method)
            case _:
                raise VaultError(404, "NotFound", "There is nothing at this address.")
        match method, rest:
            case "PUT", []:
                return self._set(name, body)
            case "GET", []:
                return self._bundle(name, self._find(name)[-1], with_value=True)
            case "GET", ["versions"]:
                return self._list(name, int(request.query.get("$skiptoken", "0")))
            case "GET", [id_] if found := [version for version in self._find(name) if version.id == id_]:
                return self._bundle(name, found[0], with_value=True)
        raise self._not_found(name)

    def _check(self, name: str, identity: str, method: str) -> None:
        if not _NAME.fullmatch(name):
            raise VaultError(400, "BadParameter", "The request URI contains an invalid name.")
        for ban in self._bans:
            if ban.covers(name, identity, method):
                message = f"Caller is not authorized to perform action on resource. Caller: oid={identity}"
                raise VaultError(403, "Forbidden", message, inner=ban.code)

    def _set(self, name: str, body: Mapping[str, Any]) -> dict[str, Any]:
        if name.lower() in self._deleted:
            message = f"Secret {name} is currently in a deleted but recoverable state, and its name cannot be reused."
            raise VaultError(409, "Conflict", message, inner="ObjectIsDeletedButRecoverable")
        if not isinstance(body.get("value"), str):
            raise VaultError(400, "BadParameter", "The property value is required.")
        version = self.put(
            name,
            body["value"],
            tags=body.get("tags"),
            content_type=body.get("contentType"),
            enabled=body.get("attributes", {}).get("enabled", True),
        )
        return self._bundle(name, version, with_value=True)

    def _list(self, name: str, start: int) -> dict[str, Any]:
        # In the order of their ids, which is none: a client that takes the first for the oldest is mistaken.
        versions = sorted(self._find(name), key=lambda version: version.id)
        page = [self._bundle(name, version, with_value=False) for version in versions[start : start + PAGE]]
        more = start + PAGE < len(versions)
        following = f"{self.url}/secrets/{name}/versions?api-version=7.5&$skiptoken={start + PAGE}"
        return {"value": page, "nextLink": following if more else None}

    def _find(self, name: str) -> tuple[Version, ...]:
        versions = self.versions(name)
        if not versions or name.lower() in self._deleted:
            raise self._not_found(name)
        return versions

    def _bundle(self, name: str, version: Version, *, with_value: bool) -> dict[str, Any]:
        if with_value and not version.enabled:
            raise VaultError(
                403, "Forbidden", "Operation get is not allowed on a disabled secret.", inner="SecretDisabled"
            )
        created = int(version.created.timestamp())
        bundle: dict[str, Any] = {
            "id": f"{self.url}/secrets/{name}/{version.id}",
            "attributes": {
                "enabled": version.enabled,
                "created": created,
                "updated": created,
                "recoveryLevel": "Recoverable+Purgeable",
            },
            "tags": dict(version.tags),
        }
        if version.content_type is not None:
            bundle["contentType"] = version.content_type
        return {"value": version.value} | bundle if with_value else bundle

    @staticmethod
    def _not_found(name: str) -> VaultError:
        return VaultError(404, "SecretNotFound", f"A secret with (name/id) {name} was not found in this key vault.")


@contextmanager
def run_vault(*, port: int = 0, clock: Clock = SYSTEM_CLOCK) -> Iterator[LocalVault]:
    """Run a vault in a thread; yields it with `url` and `ca_file` set.

    Args:
        port: where to listen; 0 takes any free port.
        clock: tells when versions are created.
    """
    vault = LocalVault(clock)
    with tempfile.TemporaryDirectory() as folder:
        vault.ca_file, key = make_certificate(Path(folder))
        with serve_in_thread(vault.application(), port=port, tls=_tls(vault.ca_file, key)) as actual_port:
            vault.url = f"https://{HOST}:{actual_port}"
            yield vault


def _tls(certificate: Path, key: Path) -> ssl.SSLContext:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate, key)
    return context


def main(arguments: list[str] | None = None) -> None:
    """Run a vault until it is interrupted."""
    parser = argparse.ArgumentParser(prog="python -m local.vault", description="A small Key Vault for this machine.")
    parser.add_argument("--port", type=int, default=8200)
    parser.add_argument("--folder", type=Path, default=Path(".local/vault"), help="where the certificate goes")
    parser.add_argument("--secret", action="append", default=[], metavar="NAME=VALUE", help="a secret to start with")
    options = parser.parse_args(arguments)
    vault = LocalVault()
    vault.url = f"https://{HOST}:{options.port}"
    vault.ca_file, key = make_certificate(options.folder)
    for secret in options.secret:
        name, _, value = secret.partition("=")
        vault.put(name, value)
    print(f"Key Vault at {vault.url}, trusted with {vault.ca_file}")
    web.run_app(
        vault.application(), host=HOST, port=options.port, ssl_context=_tls(vault.ca_file, key), print=lambda *_: None
    )


if __name__ == "__main__":
    main()
