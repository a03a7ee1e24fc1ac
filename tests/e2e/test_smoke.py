"""`python -m cli smoke` against an app that runs: green when Entra confirms, red in words when it does not."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from cli.__main__ import main
from shared import settings
from tests.conftest import Storage
from tests.support.cloud import Cloud, run_cloud

pytestmark = pytest.mark.e2e


@pytest.fixture
def cloud(storage: Storage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Cloud]:
    monkeypatch.setenv(settings.HR_STORAGE, storage.connection_string)
    with run_cloud(storage.connection_string, tmp_path) as running:
        running.start_host()
        yield running


def test_three_people_are_confirmed_disabled_and_another_domain_is_told(
    cloud: Cloud, capsys: pytest.CaptureFixture[str]
) -> None:
    smoke = ["smoke", "--wait", "3", "--domain"]
    assert main([*smoke, "example.com"]) == 0, capsys.readouterr()
    said = capsys.readouterr()
    assert said.out.endswith("Entra has confirmed all of them: it works from end to end.\n")
    assert said.err == ""
    accounts = {
        f"SMOKE-{number}": {"userPrincipalName": f"rollcall-smoke-{number}@example.com", "accountEnabled": False}
        for number in (1, 2, 3)
    }
    assert cloud.directory("userPrincipalName", "accountEnabled") == accounts

    assert main([*smoke, "elsewhere.test"]) == 1
    said = capsys.readouterr()
    assert "SMOKE-3: failed. " in said.out
    assert "the domain elsewhere.test is not in the tenant" in said.out
    assert said.err.startswith("Not all of them are confirmed. `python -m cli doctor` looks for what is missing;")
    assert cloud.directory("userPrincipalName", "accountEnabled") == accounts


def test_a_word_that_is_no_domain_or_no_job_is_refused_before_anything_is_dropped() -> None:
    for wrong in (["--domain", "a/b.com"], ["--domain", "contoso.com", "--job", "x\nmode: delta"]):
        with pytest.raises(SystemExit):
            main(["smoke", *wrong])
