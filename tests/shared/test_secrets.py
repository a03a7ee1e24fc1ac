"""The vault module against a real `SecretClient` and the local Key Vault."""

from __future__ import annotations

import logging
import socket
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import jwt
import pytest
from azure.core.credentials import AccessToken

from local.vault import LocalVault, Request, run_vault
from shared.clock import Clock
from shared.errors import NoToken, SecretForbidden, SecretMissing, TerminalError, TransientError
from shared.identity import Identity as AppIdentity
from shared.secrets import MADE_BY, MADE_TAG, SETTLE, Vault, open_vault

MADE = {MADE_TAG: MADE_BY}


@dataclass
class Time:
    """A clock that moves only when it is told to, or by what is slept."""

    moment: datetime = datetime(2026, 11, 21, 6, tzinfo=UTC)
    slept: list[float] = field(default_factory=list)

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.pass_by(timedelta(seconds=seconds))

    def pass_by(self, span: timedelta) -> None:
        self.moment += span

    @property
    def clock(self) -> Clock:
        return Clock(now=lambda: self.moment, sleep=self.sleep)


@dataclass(frozen=True)
class Identity:
    """A credential whose token is simply who it is."""

    token: str = "the-app"

    def get_token(self, *scopes: str, **options: Any) -> AccessToken:
        assert scopes == ("https://vault.azure.net/.default",)
        return AccessToken(self.token, 4_000_000_000)


@dataclass(frozen=True)
class NoIdentity:
    """A credential that fails as azure-identity can when its endpoint answers with nothing."""

    def get_token(self, *scopes: str, **options: Any) -> AccessToken:
        raise ValueError("Expecting value: line 1 column 1 (char 0)")


@pytest.fixture
def time() -> Time:
    return Time()


@pytest.fixture
def local(time: Time) -> Iterator[LocalVault]:
    with run_vault(clock=time.clock) as vault:
        yield vault


OpenVault = Callable[..., Vault]


@pytest.fixture
def opened(local: LocalVault, time: Time) -> Iterator[OpenVault]:
    """Opens vaults that trust the local one and do not try again by themselves."""
    vaults = []

    def opened_(**changes: Any) -> Vault:
        credential = changes.pop("credential", Identity())
        options: dict[str, Any] = {
            "uri": local.url,
            "identity": AppIdentity(lambda: credential),
            "clock": time.clock,
            "connection_verify": str(local.ca_file),
            "verify_challenge_resource": False,
            "retry_total": 0,
        }
        vaults.append(open_vault(**(options | changes)))
        return vaults[-1]

    yield opened_
    for vault in vaults:
        vault.close()


def test_a_secret_is_asked_for_once_and_again_when_it_has_been_kept_long_enough(
    local: LocalVault, opened: OpenVault, time: Time
) -> None:
    vault = opened()
    local.put("webhook", "first")
    values = [vault.read("webhook")]
    local.put("webhook", "second")
    time.pass_by(timedelta(minutes=9, seconds=59))
    values.append(vault.read("webhook"))
    time.pass_by(timedelta(seconds=1))
    values.append(vault.read("webhook"))

    assert values == ["first", "first", "second"]
    assert local.requests == (Request("GET", "/secrets/webhook/", "the-app", 200),) * 2


def test_a_missing_secret_says_how_to_set_or_recover_it(opened: OpenVault) -> None:
    with pytest.raises(SecretMissing) as caught:
        opened().read("webhook")

    assert str(caught.value) == (
        "There is no secret 'webhook' in the vault 127.0.0.1. Set it (az keyvault secret set); if it was deleted by "
        "mistake, recover it (az keyvault secret recover)."
    )


def test_a_missing_secret_is_looked_for_again_at_once(local: LocalVault, opened: OpenVault) -> None:
    vault = opened()
    with pytest.raises(SecretMissing):
        vault.read("webhook")
    local.put("webhook", "set by now")

    assert vault.read("webhook") == "set by now"


def test_a_missing_right_to_read_names_the_role(local: LocalVault, opened: OpenVault) -> None:
    local.put("webhook", "hidden")
    local.forbid("webhook", identity="the-app")

    assert opened(credential=Identity("a-person")).read("webhook") == "hidden"
    with pytest.raises(SecretForbidden) as caught:
        opened().read("webhook")
    assert str(caught.value) == (
        "The app's identity may not read secret 'webhook' in the vault 127.0.0.1: assign it the role "
        "Key Vault Secrets User on the vault. If it has the role already, wait: a new assignment may take ten minutes "
        "to work."
    )


def test_a_missing_right_to_make_names_the_stronger_role(local: LocalVault, opened: OpenVault) -> None:
    local.forbid(method="PUT")

    with pytest.raises(SecretForbidden) as caught:
        opened().read_or_make("key", lambda: "made")
    assert str(caught.value) == (
        "The app's identity may not make secret 'key' in the vault 127.0.0.1: assign it the role "
        "Key Vault Secrets Officer on the vault. If it has the role already, wait: a new assignment may take ten "
        "minutes to work."
    )


@pytest.mark.parametrize("code", ["ForbiddenByFirewall", "ForbiddenByConnection"])
def test_a_network_rule_is_not_taken_for_a_missing_role(local: LocalVault, opened: OpenVault, code: str) -> None:
    local.forbid(code=code)

    with pytest.raises(SecretForbidden) as caught:
        opened().read("webhook")
    assert str(caught.value) == (
        "The network rules of the vault 127.0.0.1 keep the app out: give the vault a private endpoint in the app's "
        "network, or let the app's subnet in."
    )


def test_a_disabled_secret_is_not_taken_for_a_missing_role_nor_made_again(local: LocalVault, opened: OpenVault) -> None:
    local.put("key", "made before", tags=MADE, enabled=False)

    with pytest.raises(SecretForbidden) as caught:
        opened().read_or_make("key", lambda: "made")
    assert str(caught.value) == (
        "The newest version of secret 'key' in the vault 127.0.0.1 is disabled: enable it, or set a new one."
    )
    assert [version.value for version in local.versions("key")] == ["made before"]


def test_an_identity_of_another_tenant_is_told_apart_from_a_missing_role(local: LocalVault, opened: OpenVault) -> None:
    local.refuse_tokens()

    with pytest.raises(SecretForbidden) as caught:
        opened().read("webhook")
    assert str(caught.value) == (
        "The vault 127.0.0.1 does not accept the app's identity. Both must belong to the same tenant: check "
        "KEY_VAULT_URI, and AZURE_CLIENT_ID if the identity is a user-assigned one."
    )


@pytest.mark.parametrize(
    ("claims", "outcome"),
    [
        ({"aud": "https://vault.azure.net", "exp": 4_000_000_000, "oid": "object-id"}, "hidden"),
        ({"aud": "https://vault.azure.net", "exp": 1, "oid": "object-id"}, SecretForbidden),
        ({"aud": "https://graph.microsoft.com", "exp": 4_000_000_000, "oid": "object-id"}, SecretForbidden),
    ],
    ids=["for the vault", "expired", "for another service"],
)
def test_the_local_vault_takes_only_fresh_tokens_that_are_for_it(
    local: LocalVault, opened: OpenVault, claims: dict[str, Any], outcome: str | type[Exception]
) -> None:
    local.put("webhook", "hidden")
    vault = opened(credential=Identity(jwt.encode(claims, "any key of at least thirty-two bytes")))

    if isinstance(outcome, str):
        assert vault.read("webhook") == outcome
        assert local.requests == (Request("GET", "/secrets/webhook/", "object-id", 200),)
    else:
        with pytest.raises(outcome):
            vault.read("webhook")


def test_an_identity_that_gets_no_token_is_told_apart_from_the_vault_s_answers(opened: OpenVault) -> None:
    with pytest.raises(NoToken) as caught:
        opened(credential=NoIdentity()).read("webhook")

    assert str(caught.value) == (
        "The app's identity got no token for https://vault.azure.net/.default (ValueError). It is tried again by "
        "itself. If this stays so, check that the managed identity is assigned to the app and that AZURE_CLIENT_ID is "
        "its client id (for storage HR_STORAGE__clientId)."
    )


def test_a_vault_that_cannot_be_reached_may_be_reached_later(opened: OpenVault) -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        uri = f"https://127.0.0.1:{closed.getsockname()[1]}"
        with pytest.raises(TransientError) as caught:
            opened(uri=uri).read("webhook")

    assert type(caught.value) is TransientError
    assert str(caught.value) == (
        "The vault 127.0.0.1 could not be reached (ServiceRequestError). If this stays so, check KEY_VAULT_URI, and "
        "that the app's network can resolve and reach the vault (private endpoint, DNS)."
    )


def test_a_host_whose_certificate_is_not_trusted_gets_no_token(local: LocalVault, opened: OpenVault) -> None:
    with pytest.raises(TransientError):
        opened(connection_verify=True).read("webhook")

    assert local.requests == ()


def test_a_host_that_asks_for_a_token_of_another_service_gets_none(local: LocalVault, opened: OpenVault) -> None:
    with pytest.raises(TerminalError) as caught:
        opened(verify_challenge_resource=True).read("webhook")

    assert str(caught.value) == f"{local.url} does not answer as a Key Vault does: check KEY_VAULT_URI."
    assert local.requests == ()


def test_a_vault_that_is_busy_says_when_to_come_back(local: LocalVault, opened: OpenVault) -> None:
    local.break_down(429, retry_after=7)

    with pytest.raises(TransientError) as caught:
        opened().read("webhook")
    assert str(caught.value) == (
        "The vault 127.0.0.1 cannot read secret 'webhook' just now (it answered 429 Throttled)."
    )
    assert caught.value.retry_after == 7


def test_one_hiccup_of_the_vault_is_not_noticed(local: LocalVault, opened: OpenVault) -> None:
    local.put("webhook", "value")
    local.break_down(503)

    assert opened(retry_total=1).read("webhook") == "value"


def test_an_impossible_name_is_a_fault_that_repeating_does_not_mend(opened: OpenVault) -> None:
    with pytest.raises(TerminalError) as caught:
        opened().read("no_underscores")

    assert str(caught.value) == (
        "Could not read secret 'no_underscores' in the vault 127.0.0.1: it answered 400 BadParameter. "
        "Check KEY_VAULT_URI and the name."
    )


def test_an_empty_secret_is_never_used(local: LocalVault, opened: OpenVault) -> None:
    local.put("webhook", "")

    with pytest.raises(TerminalError) as caught:
        opened().read("webhook")
    assert str(caught.value) == "Secret 'webhook' in the vault 127.0.0.1 is empty: set its value."


def test_a_secret_that_is_there_is_not_made(local: LocalVault, opened: OpenVault) -> None:
    local.put("key", "set by a person")

    assert opened().read_or_make("key", lambda: pytest.fail("made without need")) == "set by a person"
    assert [request.method for request in local.requests] == ["GET"]


def test_a_secret_that_is_made_once_is_found_by_everybody_after(
    local: LocalVault, opened: OpenVault, time: Time
) -> None:
    assert opened().read_or_make("key", lambda: "made") == "made"
    assert time.slept == [SETTLE.total_seconds()]
    time.pass_by(timedelta(days=1))

    assert opened().read_or_make("key", lambda: pytest.fail("made twice")) == "made"
    assert opened().read("key") == "made"
    assert [(version.value, version.tags) for version in local.versions("key")] == [("made", MADE)]
    assert time.slept == [SETTLE.total_seconds()]


def test_a_deleted_secret_is_not_made_again_while_it_can_be_recovered(local: LocalVault, opened: OpenVault) -> None:
    local.put("key", "made before", tags=MADE)
    local.delete("key")

    with pytest.raises(TerminalError) as caught:
        opened().read_or_make("key", lambda: "made")
    assert str(caught.value) == (
        "Cannot make secret 'key' in the vault 127.0.0.1: one of that name was deleted and can still be recovered. "
        "Recover it (az keyvault secret recover), or, if its value is really to be replaced, purge it "
        "(az keyvault secret purge)."
    )


def test_an_instance_that_comes_late_takes_the_value_of_the_one_that_was_there_first(
    local: LocalVault, opened: OpenVault, time: Time
) -> None:
    early, late = opened(), opened()
    first = []

    def dawdle() -> str:
        # The late one has seen that the secret is missing; now the early one comes, finishes and goes.
        first.append(early.read_or_make("key", lambda: "early"))
        time.pass_by(timedelta(minutes=5))
        return "late"

    assert late.read_or_make("key", dawdle) == "early"
    assert first == ["early"]
    assert [version.value for version in local.versions("key")] == ["early", "late"]
    assert opened().read("key") == "early"


def test_two_instances_that_make_a_secret_in_the_same_second_end_with_the_same_value(
    local: LocalVault, opened: OpenVault, time: Time
) -> None:
    both_missed, both_made = threading.Barrier(2, timeout=60), threading.Barrier(2, timeout=60)
    # What settling is for: when it is over, whoever made a version in this second has done so.
    clock = Clock(now=lambda: time.moment, sleep=lambda _: void(both_made.wait()))

    def instance(value: str) -> str:
        def make() -> str:
            both_missed.wait()
            return value

        return opened(clock=clock).read_or_make("key", make)

    with ThreadPoolExecutor(2) as pool:
        values = list(pool.map(instance, ["one", "other"]))

    time.pass_by(timedelta(days=1))
    winner = min(local.versions("key"), key=lambda version: version.id)
    assert values == [winner.value] * 2
    assert opened().read("key") == winner.value
    assert {version.value for version in local.versions("key")} == {"one", "other"}


def test_the_oldest_is_found_among_more_versions_than_one_answer_lists(
    local: LocalVault, opened: OpenVault, time: Time
) -> None:
    for number in range(60):
        local.put("key", f"made {number}", tags=MADE)
        time.pass_by(timedelta(minutes=1))

    assert opened().read("key") == "made 0"


def test_a_version_that_was_disabled_does_not_count(local: LocalVault, opened: OpenVault, time: Time) -> None:
    local.put("key", "retired", tags=MADE, enabled=False)
    time.pass_by(timedelta(minutes=1))
    local.put("key", "in use", tags=MADE)
    time.pass_by(timedelta(minutes=1))

    assert opened().read("key") == "in use"


@pytest.mark.parametrize("tags", [[None, MADE], [MADE, None], [MADE, None, MADE]], ids=str)
def test_what_a_person_set_beats_what_was_made(
    local: LocalVault, opened: OpenVault, time: Time, tags: list[dict[str, str] | None]
) -> None:
    for tag in tags:
        local.put("key", "made" if tag else "set by a person", tags=tag)
        time.pass_by(timedelta(minutes=1))

    assert opened().read_or_make("key", lambda: pytest.fail("made without need")) == "set by a person"


def test_no_value_and_no_token_is_ever_logged_or_shown(
    local: LocalVault, opened: OpenVault, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    vault = opened(credential=Identity("token-s3cr3t"))
    local.put("read", "read-s3cr3t")
    vault.read("read")
    vault.read_or_make("made", lambda: "made-s3cr3t")
    local.delete("made")
    vault.close()
    with pytest.raises(TerminalError) as caught:
        opened().read_or_make("made", lambda: "lost-s3cr3t")

    shown = [caplog.text, repr(vault), repr(vars(vault)), repr(caught.value), str(caught.value.__cause__)]
    assert [text for text in shown if "s3cr3t" in text] == []
    assert caplog.text


def void(_: object) -> None:
    """Take a result that nobody wants."""
