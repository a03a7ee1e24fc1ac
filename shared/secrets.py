"""The vault: secrets that people put there, and the one kind of secret that the app makes for itself.

A secret that the app makes (a fingerprint key) must have one value for all instances for ever, yet two instances may
find it missing at the same moment, and Key Vault has no "set if absent": each set adds a version and the newest one is
what a plain read returns. So a version made here is tagged, and among tagged versions the **oldest** counts: whoever
comes late finds that it was late. A version without the tag was set by a person, who knows why; the newest of those
beats any that was made here. Every read follows the same rule, so it does not matter who reads when.

No value is ever part of a message, a log line or a representation.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self
from urllib.parse import urlsplit

from azure.core.exceptions import AzureError, HttpResponseError

from shared.clock import SYSTEM_CLOCK, Clock
from shared.errors import (
    RollcallError,
    SecretForbidden,
    SecretMissing,
    TerminalError,
    TransientError,
)
from shared.identity import Identity
from shared.transport import limited_session, limited_transport, retry_after

if TYPE_CHECKING:  # it takes a tenth of a cold start, and many an app has no vault
    from azure.keyvault.secrets import SecretClient, SecretProperties

KEEP = timedelta(minutes=10)

# What a version carries that was made here.
MADE_TAG = "made-by"
MADE_BY = "rollcall"

# Key Vault tells when a version was created in whole seconds, so two of one second have no order but that of their ids,
# and a smaller id may still turn up until the second is over. A version younger than FRESH (generous: the vault's clock
# is not ours) is looked at again after SETTLE.
FRESH = timedelta(minutes=1)
SETTLE = timedelta(seconds=2)

# The caller has a retry of its own (a queue message that comes back), so trying again here only bridges a hiccup. The
# SDK's defaults would spend minutes on a vault that is not there.
_CONNECT_SECONDS = 5.0
_READ_SECONDS = 10.0
_BOUNDED: dict[str, Any] = {"retry_total": 3, "retry_backoff_factor": 0.5, "retry_backoff_max": 5, "timeout": 30}

_RIGHTS = {"read": "Key Vault Secrets User", "make": "Key Vault Secrets Officer"}
_KEPT_OUT_BY_NETWORK = frozenset({"ForbiddenByFirewall", "ForbiddenByConnection"})
_TRY_AGAIN = frozenset({408, 429, 500, 502, 503, 504})


@dataclass(frozen=True, repr=False)
class _Kept:
    value: str
    until: datetime


class Vault:
    """Reads secrets, and makes those that the app owns. Build one with `open_vault`.

    Safe to share between threads: at worst two of them ask the vault for the same secret at the same time.
    """

    def __init__(self, client: SecretClient, *, clock: Clock, keep: timedelta) -> None:
        self._client = client
        self._clock = clock
        self._keep = keep
        self._kept: dict[str, _Kept] = {}
        self._host = urlsplit(client.vault_url).hostname or client.vault_url

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections to the vault and forget what was read."""
        self._kept.clear()
        self._client.close()

    def read(self, name: str) -> str:
        """The value of a secret, at most `keep` old.

        Raises:
            SecretMissing: there is no such secret.
            SecretForbidden: the identity may not read it, or the vault's network rules keep the app out.
            NoToken: the identity got no token.
            TransientError: the vault could not be reached, is busy or is ill.
            TerminalError: the secret is empty, or what answered is no Key Vault or refuses the request itself.
        """
        kept = self._kept.get(name)
        if kept and self._clock.now() < kept.until:
            return kept.value
        with self._asking("read", name):
            value = self._value(name)
        if not value:
            raise TerminalError(f"Secret '{name}' in the vault {self._host} is empty: set its value.")
        self._kept[name] = _Kept(value, self._clock.now() + self._keep)
        return value

    def read_or_make(self, name: str, make: Callable[[], str]) -> str:
        """The value of a secret that the app owns; made if it is not there yet, the same for every instance.

        Args:
            name: the secret's name.
            make: makes a value; called only if the secret is missing, and what it made may lose to another's.

        Raises:
            SecretForbidden: as `read`, or the secret is missing and the identity may not make it.
            NoToken: as `read`.
            TransientError: as `read`.
            TerminalError: as `read`, or the secret was deleted and can still be recovered.
        """
        try:
            return self.read(name)
        except SecretMissing:
            with self._asking("make", name):
                self._client.set_secret(name, make(), tags={MADE_TAG: MADE_BY})
        return self.read(name)

    def _value(self, name: str) -> str | None:
        newest = self._client.get_secret(name)
        if not _made_here(newest.properties):
            return newest.value
        winner = self._winner(name)
        if winner.created_on is None or self._clock.now() - winner.created_on < FRESH:
            self._clock.sleep(SETTLE.total_seconds())
            winner = self._winner(name)
        if winner.version == newest.properties.version:
            return newest.value
        return self._client.get_secret(name, winner.version).value

    def _winner(self, name: str) -> SecretProperties:
        versions = [each for each in self._client.list_properties_of_secret_versions(name) if each.enabled]
        by_people = [each for each in versions if not _made_here(each)]
        if not versions:
            raise SecretForbidden(
                f"Every version of secret '{name}' in the vault {self._host} is disabled: enable one."
            )
        return max(by_people, key=_age_order) if by_people else min(versions, key=_age_order)

    @contextmanager
    def _asking(self, doing: str, name: str) -> Iterator[None]:
        try:
            yield
        except HttpResponseError as error:
            raise self._answered(error, doing, name) from error
        except AzureError as error:
            raise TransientError(
                f"The vault {self._host} could not be reached ({type(error).__name__}). If this stays so, check "
                "KEY_VAULT_URI, and that the app's network can resolve and reach the vault (private endpoint, DNS)."
            ) from error
        except ValueError as error:
            # The SDK's word for a challenge that is none, or that asks for a token which is not for this host.
            raise self._no_vault() from error

    def _answered(self, error: HttpResponseError, doing: str, name: str) -> RollcallError:
        status, code, inner = error.status_code, *_codes(error)
        where = f"secret '{name}' in the vault {self._host}"
        if status == 404:
            if code != "SecretNotFound":
                return self._no_vault()
            return SecretMissing(
                f"There is no {where}. Set it (az keyvault secret set); if it was deleted by mistake, recover it "
                "(az keyvault secret recover)."
            )
        if status == 401:
            return SecretForbidden(
                f"The vault {self._host} does not accept the app's identity. Both must belong to the same tenant: "
                "check KEY_VAULT_URI, and AZURE_CLIENT_ID if the identity is a user-assigned one."
            )
        if status == 403 and inner == "SecretDisabled":
            return SecretForbidden(f"The newest version of {where} is disabled: enable it, or set a new one.")
        if status == 403 and inner in _KEPT_OUT_BY_NETWORK:
            return SecretForbidden(
                f"The network rules of the vault {self._host} keep the app out: give the vault a private endpoint in "
                "the app's network, or let the app's subnet in."
            )
        if status == 403:
            return SecretForbidden(
                f"The app's identity may not {doing} {where}: assign it the role {_RIGHTS[doing]} on the vault. If it "
                "has the role already, wait: a new assignment may take ten minutes to work."
            )
        if status == 409 and inner == "ObjectIsDeletedButRecoverable":
            return TerminalError(
                f"Cannot make {where}: one of that name was deleted and can still be recovered. Recover it "
                "(az keyvault secret recover), or, if its value is really to be replaced, purge it "
                "(az keyvault secret purge)."
            )
        if status == 409 or status in _TRY_AGAIN:
            return TransientError(
                f"The vault {self._host} cannot {doing} secret '{name}' just now (it answered {status} "
                f"{inner or code}).",
                retry_after=retry_after(getattr(error.response, "headers", {}), self._clock.now()),
            )
        return TerminalError(
            f"Could not {doing} {where}: it answered {status} {inner or code}. Check KEY_VAULT_URI and the name."
        )

    def _no_vault(self) -> TerminalError:
        return TerminalError(f"{self._client.vault_url} does not answer as a Key Vault does: check KEY_VAULT_URI.")


def open_vault(
    uri: str,
    identity: Identity,
    *,
    clock: Clock = SYSTEM_CLOCK,
    keep: timedelta = KEEP,
    **client_options: Any,  # noqa: ANN401 (they are the SDK's, which types them so)
) -> Vault:
    """A vault, ready to be asked; nothing is sent yet.

    Args:
        uri: the vault's https:// address.
        identity: whose rights count; its failures are told from an answer of the vault.
        clock: the time, and how to wait.
        keep: how long a value that was read is used without asking again.
        client_options: further options of `SecretClient`, such as `connection_verify` or `retry_total`.
    """
    from azure.keyvault.secrets import SecretClient

    verify = client_options.get("connection_verify", True)
    transport = limited_transport(
        limited_session(), connect=_CONNECT_SECONDS, read=_READ_SECONDS, shared=False, verify=verify
    )
    options = {"transport": transport} | _BOUNDED | client_options
    return Vault(SecretClient(uri, identity, **options), clock=clock, keep=keep)


def _made_here(version: SecretProperties) -> bool:
    return (version.tags or {}).get(MADE_TAG) == MADE_BY


def _age_order(version: SecretProperties) -> tuple[datetime, str]:
    return version.created_on or datetime.max.replace(tzinfo=UTC), version.version or ""


def _codes(error: HttpResponseError) -> tuple[str, str]:
    """Key Vault's code of an error, and the finer one within."""
    if error.error is None:
        return "", ""
    return error.error.code or "", str((error.error.innererror or {}).get("code", ""))
