from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import pytest

from local.host import config
from local.host.config import HostConfig, QueueLimits
from local.host.errors import HostError
from local.host.pace import AZURE


def write(folder: Path, document: object) -> Path:
    (folder / "host.json").write_text(document if isinstance(document, str) else json.dumps(document))
    return folder


def test_defaults_are_those_of_the_functions_host(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.cpu_count", lambda: 2)

    assert config.load(write(tmp_path, {"version": "2.0"}), {}) == HostConfig(
        queues=QueueLimits(16, 8, 5, 0.0, 1.0, base64=True),
        blobs=QueueLimits(9, 7, 5, 0.0, 1.0, base64=True),
        function_timeout=1800.0,
    )


def test_what_host_json_says(tmp_path: Path) -> None:
    queues = {
        "batchSize": 1,
        "newBatchThreshold": 0,
        "maxDequeueCount": 3,
        "visibilityTimeout": "00:01:30",
        "maxPollingInterval": "00:00:00.5",
        "messageEncoding": "None",
    }
    blobs = {"maxDegreeOfParallelism": 1, "poisonBlobThreshold": 2}
    document = {"version": "2.0", "functionTimeout": "1.01:00:00", "extensions": {"queues": queues, "blobs": blobs}}

    assert config.load(write(tmp_path, document), {}) == HostConfig(
        queues=QueueLimits(1, 0, 3, 90.0, 0.5, base64=False),
        blobs=QueueLimits(1, 0, 2, 0.0, 1.0, base64=True),
        function_timeout=90000.0,
    )


def test_the_environment_wins(tmp_path: Path) -> None:
    document = {"version": "2.0", "functionTimeout": "-1", "extensions": {"queues": {"batchSize": 4}}}
    env = {"AzureFunctionsJobHost__extensions__queues__batchSize": "6"}

    found = config.load(write(tmp_path, document), env)

    assert (found.queues.batch_size, found.queues.new_batch_threshold) == (6, 3)
    assert found.function_timeout == math.inf


def test_at_the_pace_of_azure_queues_are_left_alone_for_as_long_as_host_json_says(tmp_path: Path) -> None:
    document = {"version": "2.0", "extensions": {"queues": {"maxPollingInterval": "00:00:10"}}}
    found = config.load(write(tmp_path, document), {}, AZURE)
    assert (found.queues.max_polling_interval, found.blobs.max_polling_interval, found.pace) == (10.0, 60.0, AZURE)


def queues(**limits: object) -> dict[str, Any]:
    return {"version": "2.0", "extensions": {"queues": limits}}


@pytest.mark.parametrize(
    ("document", "message"),
    [
        ("{", "is not valid JSON"),
        ("[]", "must hold a JSON object"),
        ({}, '"version" must be "2.0"; it is null'),
        (queues(batchSize=33), "extensions.queues.batchSize is 33; it must be a whole number from 1 to 32"),
        (queues(batchSize=True), "batchSize is true"),
        (queues(batchSize="many"), 'batchSize is "many"'),
        (queues(newBatchThreshold=-1), "newBatchThreshold is -1; it must be a whole number of 0 or more"),
        (queues(maxDequeueCount=0), "maxDequeueCount is 0"),
        (queues(visibilityTimeout="30"), "visibilityTimeout: '30' is not a time span such as 00:00:30"),
        (queues(maxPollingInterval="00:00:00"), "maxPollingInterval must be at least"),
        (queues(messageEncoding="utf-8"), "messageEncoding is 'utf-8'; it must be 'base64' or 'none'"),
        ({"version": "2.0", "functionTimeout": "soon"}, "functionTimeout: 'soon' is not a time span"),
        ({"version": "2.0", "extensions": []}, "must be an object"),
    ],
)
def test_what_is_wrong_is_named(tmp_path: Path, document: object, message: str) -> None:
    with pytest.raises(HostError) as caught:
        config.load(write(tmp_path, document), {})
    assert message in str(caught.value)
    assert str(tmp_path / "host.json") in str(caught.value)


def test_local_settings_fill_in_what_the_environment_lacks(tmp_path: Path) -> None:
    (tmp_path / "local.settings.json").write_text('{"Values": {"A": "file", "B": "file"}}')
    env = {"A": "environment"}

    config.apply_local_settings(tmp_path, env)

    assert env == {"A": "environment", "B": "file"}


def test_local_settings_must_be_strings(tmp_path: Path) -> None:
    (tmp_path / "local.settings.json").write_text('{"Values": {"A": 1}}')
    with pytest.raises(HostError, match="must be an object whose values are all strings"):
        config.apply_local_settings(tmp_path, {})
