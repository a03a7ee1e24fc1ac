"""`python -m local drop` and `map` put files where HR and the cloud team would."""

from __future__ import annotations

from pathlib import Path

import pytest

from local.__main__ import main
from local.host.storage import make_everything
from shared import settings
from shared.mapping.load import SHIPPED
from shared.settings import StorageConnection
from shared.storage.clients import Storage as Account
from shared.storage.clients import connect
from shared.storage.names import CONFIG, INBOX
from tests.conftest import Storage


@pytest.fixture
def account(storage: Storage, monkeypatch: pytest.MonkeyPatch) -> Account:
    """The account that the environment names, with its containers."""
    monkeypatch.setenv(settings.HR_STORAGE, storage.connection_string)
    account = connect(StorageConnection(connection_string=storage.connection_string), retries=0)
    make_everything(account)
    return account


def test_a_mapping_and_a_file_of_the_source_are_put_where_the_app_looks(
    account: Account, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    mapping, people = tmp_path / "mine.yaml", tmp_path / "people.csv"
    mapping.write_bytes((SHIPPED / "csv2scim.yaml").read_bytes())
    people.write_text("Id\n1\n")
    assert main(["map", "staff", str(mapping)]) == 0
    assert main(["drop", str(people), "--source", "staff"]) == 0
    assert capsys.readouterr().out == "put into hr-config/staff.yaml\nput into hr-inbox/staff/people.csv\n"
    assert account.container(CONFIG).download_blob("staff.yaml").readall() == mapping.read_bytes()
    assert account.container(INBOX).download_blob("staff/people.csv").readall() == b"Id\n1\n"


def test_a_mapping_that_is_wrong_is_refused_with_its_faults(
    account: Account, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    mapping = tmp_path / "mine.yaml"
    mapping.write_text("version: 2\n")
    assert main(["map", "staff", str(mapping)]) == 1
    assert f"{mapping} line 1: version: must be 1\n" in capsys.readouterr().err
    assert list(account.container(CONFIG).list_blob_names()) == []
    assert main(["map", "staff", "no/such.yaml"]) == 2
    assert capsys.readouterr().err == "No such file: no/such.yaml\n"


def test_where_nothing_runs_that_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    nowhere = "AccountName=a;AccountKey=a2V5;BlobEndpoint=http://127.0.0.1:9/a;"
    monkeypatch.setenv(settings.HR_STORAGE, nowhere)
    file = tmp_path / "people.csv"
    file.write_text("Id\n")
    assert main(["drop", str(file)]) == 1
    assert capsys.readouterr().err == (
        "The container hr-inbox cannot be reached (ServiceRequestError). "
        "Is `python -m local up` running, or is HR_STORAGE set?\n"
    )
