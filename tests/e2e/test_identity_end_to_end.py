"""The identity-based connections of the deployed app, on storage that takes tokens only over https."""

from __future__ import annotations

from pathlib import Path

import pytest

from local import processes
from local.azurite import Azurite
from local.certificates import make_certificate
from tests.support.cloud import run_cloud

pytestmark = pytest.mark.e2e

FIVE_PEOPLE = (Path(__file__).parent.parent / "samples" / "five-people.csv").read_bytes()
CLIENT_ID = "7e1f6c2a-0000-4000-8000-00000000c0de"


def test_an_extract_goes_through_with_managed_identity_and_no_key_at_all(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cert, key = make_certificate(tmp_path)
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(cert))
    blob, queue, table = processes.free_ports(3)
    with Azurite.start(ports=(blob, queue, table), cert=cert, key=key, log=tmp_path / "azurite.log") as azurite:
        connection: dict[str, str | None] = {
            f"{name}__{service}ServiceUri": azurite.url(service)
            for name in ("HR_STORAGE", "AzureWebJobsStorage")
            for service in ("blob", "queue", "table")
        }
        for name in ("HR_STORAGE", "AzureWebJobsStorage"):
            connection |= {f"{name}__credential": "managedidentity", f"{name}__clientId": CLIENT_ID}
        env = {**connection, "HR_STORAGE": None, "AzureWebJobsStorage": None, "AZURE_CLIENT_ID": CLIENT_ID}
        with run_cloud(azurite.connection_string(), tmp_path, env=env) as cloud:
            cloud.start_host()
            cloud.drop("default/people.csv", FIVE_PEOPLE)

            row = cloud.ended("people.csv")

            assert row.message == "5 rows: 0 rejected; 5 people: 5 provisioned. Sent for: 4 joiners, 1 leaver."
            assert len(cloud.directory("displayName")) == 5
