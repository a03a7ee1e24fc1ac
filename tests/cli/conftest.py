from __future__ import annotations

from collections.abc import Iterator

import pytest

from shared import settings
from tests.conftest import Storage
from tests.support.contexts import NOWHERE, endpoint_at
from tests.support.office import Office, open_office


@pytest.fixture
def deployed(storage: Storage, monkeypatch: pytest.MonkeyPatch) -> Iterator[Office]:
    """An office of which the environment names the storage account; more than one leaver at a time is held."""
    monkeypatch.setenv(settings.HR_STORAGE, storage.connection_string)
    monkeypatch.setenv(settings.PROVISIONING_ENDPOINT, endpoint_at(NOWHERE).url)
    settings.load.cache_clear()
    with open_office(storage.connection_string) as opened:
        opened.map(guard={"disable": {"at_most": 1}})
        yield opened
    settings.load.cache_clear()
