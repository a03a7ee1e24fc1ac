from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest

from shared.context import Context
from tests.conftest import Storage
from tests.support.contexts import START, ManualTime, endpoint_at, open_test_context
from tests.support.provisioning_log import Log
from tests.support.scripted_server import Script, run_script


@pytest.fixture
def log() -> Log:
    return Log()


@pytest.fixture
def script(log: Log) -> Iterator[Script]:
    """A Graph that has the log and nothing else."""
    with run_script() as running:
        running.answer = log.answer
        yield running


@pytest.fixture
def time() -> ManualTime:
    return ManualTime(START + timedelta(minutes=10))


@pytest.fixture
def context(storage: Storage, script: Script, time: ManualTime) -> Iterator[Context]:
    endpoints = {"default": endpoint_at(script.url)}
    with open_test_context(storage.connection_string, time, endpoints=endpoints) as opened:
        yield opened
