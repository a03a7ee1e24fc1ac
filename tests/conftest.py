from __future__ import annotations

import base64
import itertools
import secrets
from collections.abc import Iterator
from dataclasses import dataclass

import hypothesis
import pytest
from azure.data.tables import TableServiceClient
from azure.storage.blob import BlobServiceClient
from azure.storage.queue import QueueServiceClient

from local import processes
from local.azurite import Azurite

# A commit passes or fails whoever tests it. `pytest --hypothesis-profile=explore` looks for inputs nobody has tried.
hypothesis.settings.register_profile("same", derandomize=True)
hypothesis.settings.register_profile("explore", print_blob=True)
hypothesis.settings.load_profile("same")

_ACCOUNTS = 1000
_numbers = itertools.count()


@dataclass(frozen=True)
class Storage:
    """A storage account that no other test has."""

    connection_string: str
    blobs: BlobServiceClient
    queues: QueueServiceClient
    tables: TableServiceClient


@pytest.fixture(scope="session")
def azurite(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Azurite]:
    """One Azurite in memory for the whole run, with an account for each test that wants one."""
    blob, queue, table = processes.free_ports(3)
    accounts = {f"test{number:04d}": base64.b64encode(secrets.token_bytes(32)).decode() for number in range(_ACCOUNTS)}
    log = tmp_path_factory.mktemp("azurite") / "azurite.log"
    with Azurite.start(ports=(blob, queue, table), accounts=accounts, log=log) as running:
        yield running


@pytest.fixture
def storage(azurite: Azurite) -> Iterator[Storage]:
    """An empty storage account; clients give up at the first failure, so that a test fails fast."""
    connection_string = azurite.connection_string(f"test{next(_numbers):04d}")
    with (
        BlobServiceClient.from_connection_string(connection_string, retry_total=0) as blobs,
        QueueServiceClient.from_connection_string(connection_string, retry_total=0) as queues,
        TableServiceClient.from_connection_string(connection_string, retry_total=0) as tables,
    ):
        yield Storage(connection_string, blobs, queues, tables)
