import time

import jwt
import pytest
from azure.core.exceptions import ClientAuthenticationError
from azure.identity import ManagedIdentityCredential

from local.entra.calls.managed_identity import PATH
from local.entra.server import serving
from local.entra.settings import DEFAULT_APP_PRINCIPAL, DEFAULT_TENANT, Tenant
from local.entra.simulator import Simulator
from local.entra.tenant.identity import issue, roles_of
from local.entra.testing import Caller, ManualClock

ISSUER = f"https://sts.windows.net/{DEFAULT_TENANT}/"


def claims_of(token: str) -> dict[str, object]:
    claims: dict[str, object] = jwt.decode(token, options={"verify_signature": False})
    return claims


def test_the_credential_of_azure_identity_gets_a_token_and_keeps_it(monkeypatch: pytest.MonkeyPatch) -> None:
    simulator = Simulator()
    with serving(simulator) as url:
        monkeypatch.setenv("IDENTITY_ENDPOINT", url + PATH)
        monkeypatch.setenv("IDENTITY_HEADER", simulator.tenant.identity_header)
        with ManagedIdentityCredential(client_id="4b1bd6b2-0d3c-4a0e-8a3a-0d8f6a1f5c11") as credential:
            token = credential.get_token("https://graph.microsoft.com/.default")
            assert credential.get_token("https://graph.microsoft.com/.default").token == token.token
    claims = claims_of(token.token)
    assert claims["appid"] == "4b1bd6b2-0d3c-4a0e-8a3a-0d8f6a1f5c11"
    assert claims["exp"] == token.expires_on
    assert token.expires_on == pytest.approx(time.time() + 86_400, abs=30)
    roles = roles_of(f"Bearer {token.token}", simulator.tenant, simulator.now())
    assert roles == {"SynchronizationData-User.Upload", "ProvisioningLog.Read.All", "Synchronization.Read.All"}


def test_the_credential_reports_a_wrong_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    with serving(Simulator()) as url:
        monkeypatch.setenv("IDENTITY_ENDPOINT", url + PATH)
        monkeypatch.setenv("IDENTITY_HEADER", "wrong")
        with (
            ManagedIdentityCredential() as credential,
            pytest.raises(ClientAuthenticationError, match="X-IDENTITY-HEADER is missing or wrong"),
        ):
            credential.get_token("https://graph.microsoft.com/.default")


def test_a_token_for_graph_names_its_roles(entra: Caller, clock: ManualClock) -> None:
    answer = entra.token().json()
    begins = int(clock().timestamp())
    assert claims_of(answer.pop("access_token")) == {
        "aud": "https://graph.microsoft.com",
        "iss": ISSUER,
        "iat": begins,
        "nbf": begins,
        "exp": begins + 86_400,
        "appid": answer["client_id"],
        "oid": DEFAULT_APP_PRINCIPAL,
        "tid": DEFAULT_TENANT,
        "ver": "1.0",
        "roles": ["SynchronizationData-User.Upload", "ProvisioningLog.Read.All", "Synchronization.Read.All"],
    }
    assert answer == {
        "expires_on": str(begins + 86_400),
        "resource": "https://graph.microsoft.com",
        "token_type": "Bearer",
        "client_id": "f2764360-e0ec-4676-b11e-cd6fc0d4dd61",
    }


@pytest.mark.parametrize("resource", ["https://storage.azure.com", "https://storage.azure.com/"])
def test_a_token_for_storage_has_an_audience_without_a_slash_and_no_roles(entra: Caller, resource: str) -> None:
    answer = entra.token(resource).json()
    claims = claims_of(answer["access_token"])
    assert (claims["aud"], claims["iss"], "roles" in claims) == ("https://storage.azure.com", ISSUER, False)
    assert answer["resource"] == resource


@pytest.mark.parametrize("resource", ["https://graph.microsoft.us", "https://microsoftgraph.chinacloudapi.cn/"])
def test_graph_in_national_clouds_has_roles_too(entra: Caller, resource: str) -> None:
    assert "roles" in claims_of(entra.token(resource).json()["access_token"])


@pytest.mark.parametrize("secret", ["wrong", "", "\xff"])
def test_a_wrong_secret_is_refused_with_json(entra: Caller, secret: str) -> None:
    answer = entra.token(**{"X-IDENTITY-HEADER": secret})
    assert (answer.status_code, answer.json()) == (
        401,
        {"statusCode": 401, "message": "The X-IDENTITY-HEADER is missing or wrong."},
    )


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ("?resource=https://graph.microsoft.com", "The api-version must be 2019-08-01."),
        ("?api-version=2017-09-01&resource=x", "The api-version must be 2019-08-01."),
        ("?api-version=2019-08-01", "The resource is missing."),
    ],
)
def test_an_incomplete_request_for_a_token_is_refused(entra: Caller, query: str, message: str) -> None:
    answer = entra.session.get(
        entra.url + PATH + query, headers={"X-IDENTITY-HEADER": entra.tenant.identity_header}, timeout=30
    )
    assert (answer.status_code, answer.json()) == (400, {"statusCode": 400, "message": message})


def test_tokens_outlive_a_restart_of_the_simulator(clock: ManualClock) -> None:
    token = issue(Tenant(), "https://graph.microsoft.com", "app", ["Role"], 60, clock())["access_token"]
    assert roles_of(f"Bearer {token}", Tenant(), clock()) == {"Role"}
