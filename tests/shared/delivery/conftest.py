from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from shared.context import Context
from shared.model import PageMessage
from shared.storage import messages
from tests.conftest import Storage
from tests.support.contexts import ManualTime, endpoint_at, open_test_context
from tests.support.scripted_server import Reply, Script, run_script


@pytest.fixture
def script() -> Iterator[Script]:
    with run_script(Reply(202, headers={"request-id": "r-1"})) as running:
        yield running


@pytest.fixture
def time() -> ManualTime:
    return ManualTime()


@pytest.fixture
def context(storage: Storage, script: Script, time: ManualTime) -> Iterator[Context]:
    endpoints = {"default": endpoint_at(script.url)}
    with open_test_context(storage.connection_string, time, endpoints=endpoints) as opened:
        yield opened


@pytest.fixture(autouse=True)
def sent_messages(monkeypatch: pytest.MonkeyPatch) -> list[tuple[int, int, int]]:
    """Page, generation and delay of every message, in the order of sending."""
    found: list[tuple[int, int, int]] = []
    real = messages.send

    def note(storage: Any, message: PageMessage, *, delay: float = 0) -> None:
        found.append((message.page, message.generation, int(delay)))
        real(storage, message, delay=delay)

    monkeypatch.setattr(messages, "send", note)
    return found
