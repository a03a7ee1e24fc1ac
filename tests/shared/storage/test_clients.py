"""Which address the clients of storage use."""

from __future__ import annotations

import pytest

from shared.settings import StorageConnection
from shared.storage.clients import connect

# The account and key that every storage emulator has.
KEY = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw=="


@pytest.mark.parametrize(
    ("host", "asked"),
    [
        ("http://localhost:20002", "http://127.0.0.1:20002"),  # by its name taken for the emulator of Cosmos DB
        ("http://LOCALHOST:20002", "http://127.0.0.1:20002"),
        ("http://localhost.contoso.com:20002", "http://localhost.contoso.com:20002"),
        ("https://localhost:20002", "https://localhost:20002"),  # whose certificate is for the name
    ],
)
def test_an_emulator_on_this_machine_is_asked_by_its_number(host: str, asked: str) -> None:
    text = (
        f"AccountName=devstoreaccount1;AccountKey={KEY};BlobEndpoint={host}/devstoreaccount1;"
        f"QueueEndpoint={host}/devstoreaccount1;TableEndpoint={host}/devstoreaccount1;"
    )
    storage = connect(StorageConnection(connection_string=text))
    assert storage.tables.url == f"{asked}/devstoreaccount1"
    storage.close()
