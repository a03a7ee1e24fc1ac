from __future__ import annotations

import base64
import itertools
import secrets
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import hypothesis
import pytest
from azure.data.tables import TableServiceClient
from azure.storage.blob import BlobServiceClient
from azure.storage.queue import QueueServiceClient

from local import processes
from local.azurite import Azurite
from tests.support.storage.account import CONNECTION_STRING, Account

# A commit passes or fails whoever tests it. `pytest --hypothesis-profile=explore` looks for inputs nobody has tried.
hypothesis.settings.register_profile("same", derandomize=True, deadline=None)
hypothesis.settings.register_profile("explore", print_blob=True)
hypothesis.settings.load_profile("same")

_HERE = Path(__file__).parent
# Where storage itself is what matters, and where other processes have to find it.
_ON_AZURITE = (
    "cli/deploying/", "e2e/", "infra/", "local/", "shared/delivery/", "shared/records/", "shared/retention/",
    "shared/storage/",
)  # fmt: skip
_NUMBERS = range(1000)
# Every ten minutes Azurite takes the content of overwritten blobs away, with a search through all blobs for each: after
# the tests of ten minutes that takes more than a minute, in which it answers nobody.
_YOUNG_SECONDS = 300
_numbers = itertools.count()


def pytest_addoption(parser: pytest.Parser) -> None:
    """The stand-in for storage can be left out."""
    parser.addoption("--azurite", action="store_true", help="have Azurite keep every storage account")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Whatever asks for storage, or searches for inputs, is marked, so that the quick tests can leave it out."""
    for item in items:
        if isinstance(item, pytest.Function):
            if {"storage", "azurites"} & set(item.fixturenames):
                item.add_marker("storage")
            if hypothesis.is_hypothesis_test(item.obj):
                item.add_marker("property")


@dataclass(frozen=True)
class Storage:
    """A storage account that no other test has."""

    connection_string: str
    blobs: BlobServiceClient
    queues: QueueServiceClient
    tables: TableServiceClient


@pytest.fixture(scope="session")
def azurites(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[], Azurite]]:
    """What starts an Azurite in memory, or gives the one that runs as long as it is young."""
    with ExitStack() as stack:
        running: list[tuple[Azurite, float]] = []

        def start() -> Azurite:
            ports = processes.free_ports(3)
            accounts = {f"test{number:04d}": base64.b64encode(secrets.token_bytes(32)).decode() for number in _NUMBERS}
            log = tmp_path_factory.mktemp("azurite") / "azurite.log"
            return stack.enter_context(Azurite.start(ports=(ports[0], ports[1], ports[2]), accounts=accounts, log=log))

        def young() -> Azurite:
            if running and time.monotonic() - running[-1][1] > _YOUNG_SECONDS:
                running.pop()
                stack.close()
            if not running:
                running.append((start(), time.monotonic()))
            return running[-1][0]

        yield young


@pytest.fixture
def azurite(azurites: Callable[[], Azurite]) -> Azurite:
    """Azurite, with an account for each test that wants one."""
    return azurites()


@pytest.fixture
def emulated(azurite: Azurite) -> Iterator[Storage]:
    """An empty account of Azurite, which other processes find too."""
    with _connected(azurite.connection_string(f"test{next(_numbers):04d}")) as storage:
        yield storage


@pytest.fixture
def storage(request: pytest.FixtureRequest) -> Iterator[Storage]:
    """An empty storage account: of Azurite in the folders of which that is said here, or with `--azurite`."""
    folder = request.path.relative_to(_HERE).as_posix()
    if folder.startswith(_ON_AZURITE) or request.config.getoption("--azurite"):
        yield request.getfixturevalue("emulated")
        return
    account = Account(lambda: datetime.now(UTC))
    with account.served(), _connected(CONNECTION_STRING) as storage:
        yield storage
    account.close()


@contextmanager
def _connected(connection_string: str) -> Iterator[Storage]:
    """Clients that give up at the first failure, so that a test fails fast."""
    with (
        BlobServiceClient.from_connection_string(connection_string, retry_total=0) as blobs,
        QueueServiceClient.from_connection_string(connection_string, retry_total=0) as queues,
        TableServiceClient.from_connection_string(connection_string, retry_total=0) as tables,
    ):
        yield Storage(connection_string, blobs, queues, tables)
