"""The functions with what Microsoft's own library hands them."""

from __future__ import annotations

import importlib
import json
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace
from typing import Any

import pytest
from azurefunctions.extensions.base import Datum, get_binding_registry
from azurefunctions.extensions.bindings import blob

from local.scenario.functions import registered, working_with
from shared.context import Context, open_context
from shared.settings import Settings, StorageConnection
from shared.storage.names import EXTRACTS, INBOX
from tests.conftest import Storage
from tests.support.contexts import ManualTime, open_test_context, rows_of
from tests.support.scripted_server import Reply, Script, run_script


@pytest.fixture
def context(storage: Storage) -> Iterator[Context]:
    with open_test_context(storage.connection_string, ManualTime()) as opened:
        yield opened


@pytest.fixture
def identity(monkeypatch: pytest.MonkeyPatch) -> Iterator[Script]:
    """An identity endpoint as App Service has it, which knows no identity but the one that is named to it."""
    with run_script(Reply(400, {"statusCode": 400, "message": "no such identity"})) as running:
        monkeypatch.setenv("IDENTITY_ENDPOINT", f"{running.url}/msi/token")
        monkeypatch.setenv("IDENTITY_HEADER", "secret")
        yield running


def handed_over(name: str) -> blob.BlobClient:
    """What the library makes of an event about a file."""
    content = {"Connection": "HR_STORAGE", "ContainerName": INBOX, "BlobName": name}
    reference = SimpleNamespace(
        version="1.0",
        source="AzureStorageBlobs",
        content_type="application/json",
        content=json.dumps(content).encode(),
    )
    converter: Any = get_binding_registry().get("blobTrigger")
    client: blob.BlobClient = converter.decode(
        Datum(value=reference, type="model_binding_data"), trigger_metadata=None, pytype=blob.BlobClient
    )
    return client


def test_an_event_gives_the_name_of_a_file_and_its_client_is_not_asked_for_anything(
    context: Context, identity: Script, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The library knows no identity that only AZURE_CLIENT_ID names, and its client waits as long as it likes."""
    intake = registered()["intake"]
    monkeypatch.delenv("HR_STORAGE", raising=False)
    monkeypatch.setenv("HR_STORAGE__blobServiceUri", "https://127.0.0.1:9/account")
    monkeypatch.setenv("AZURE_CLIENT_ID", "the app's")
    context.storage.container(INBOX).upload_blob("employees/a b#c.csv", b"Id\n1\n")
    with working_with(context):
        intake(handed_over("employees/a b#c.csv"))
    assert [row["File"] for row in rows_of(context.storage, EXTRACTS)] == ["a b#c.csv"]
    assert identity.requests == []


def test_many_first_messages_of_a_process_open_one_context(monkeypatch: pytest.MonkeyPatch) -> None:
    functions = importlib.import_module("functions")
    settings = Settings(storage=StorageConnection(connection_string="UseDevelopmentStorage=true"), endpoints={})
    all_there, opened = threading.Barrier(8), []

    def open_slowly(_: Settings) -> Context:
        opened.append(open_context(settings))
        return opened[-1]

    monkeypatch.setattr(functions, "load", lambda: settings)
    monkeypatch.setattr(functions, "open_context", open_slowly)
    cache: Callable[[], None] = getattr(functions, "_open", functions.context).cache_clear
    cache()

    def first_message(_: int) -> Context:
        all_there.wait(60)
        context: Context = functions.context()
        return context

    try:
        with ThreadPoolExecutor(8) as pool:
            found = {id(context) for context in pool.map(first_message, range(8))}
        assert (len(opened), len(found)) == (1, 1)
    finally:
        cache()
        for context in opened:
            context.close()
