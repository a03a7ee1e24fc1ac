"""host.json and local.settings.json, with the defaults that the Functions host has."""

from __future__ import annotations

import json
import math
import os
import re
from collections.abc import Mapping, MutableMapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from local.host.errors import HostError
from local.host.pace import QUICK, Pace

_LONGEST_POLL = 60.0  # seconds; the default of the SDK

_TIME_SPAN = re.compile(r"^(?:(\d+)\.)?(\d{1,2}):(\d{2}):(\d{2})(\.\d+)?$")


@dataclass(frozen=True)
class QueueLimits:
    """How one queue is read: `extensions.queues`.

    Attributes:
        batch_size: messages fetched at once, at most 32.
        new_batch_threshold: fetch again when no more than this many are still being worked on.
        max_dequeue_count: tries before a message goes to the poison queue.
        visibility_timeout: seconds before a failed message is tried again.
        max_polling_interval: seconds between two looks at an empty queue, at most.
        base64: whether message bodies are base64.
    """

    batch_size: int = 16
    new_batch_threshold: int = 8
    max_dequeue_count: int = 5
    visibility_timeout: float = 0.0
    max_polling_interval: float = QUICK.longest_poll
    base64: bool = True


@dataclass(frozen=True)
class HostConfig:
    """What host.json says.

    Attributes:
        queues: limits of each queue trigger.
        blobs: limits of the one queue through which all blob triggers go.
        function_timeout: seconds that an invocation may take; infinite if there is no limit.
        route_prefix: what all routes begin with.
        pace: how fast the host looks around.
    """

    queues: QueueLimits = QueueLimits()
    blobs: QueueLimits = QueueLimits()
    function_timeout: float = 1800.0
    route_prefix: str = "api"
    pace: Pace = QUICK


def load(app: Path, env: Mapping[str, str], pace: Pace = QUICK) -> HostConfig:
    """Read the app's host.json.

    As in Azure, an environment setting such as `AzureFunctionsJobHost__extensions__queues__batchSize` wins over it.

    Raises:
        HostError: naming the file and the key that is wrong.
    """
    path = app / "host.json"
    document = _read_object(path)
    if document.get("version") != "2.0":
        raise HostError(f'{path}: the key "version" must be "2.0"; it is {json.dumps(document.get("version"))}')
    reader = _Reader(path, document, env)
    batch_size = reader.whole("extensions.queues.batchSize", 16, 1, 32)
    encoding = reader.text("extensions.queues.messageEncoding", "base64").lower()
    if encoding not in ("base64", "none"):
        raise HostError(f"{path}: extensions.queues.messageEncoding is '{encoding}'; it must be 'base64' or 'none'")
    polling = reader.seconds("extensions.queues.maxPollingInterval", _LONGEST_POLL)
    if polling < 0.1:
        raise HostError(f"{path}: extensions.queues.maxPollingInterval must be at least 00:00:00.1")
    queues = QueueLimits(
        batch_size=batch_size,
        new_batch_threshold=reader.whole("extensions.queues.newBatchThreshold", batch_size // 2, 0),
        max_dequeue_count=reader.whole("extensions.queues.maxDequeueCount", 5, 1),
        visibility_timeout=reader.seconds("extensions.queues.visibilityTimeout", 0.0),
        max_polling_interval=min(polling, pace.longest_poll),
        base64=encoding == "base64",
    )
    parallel = reader.whole("extensions.blobs.maxDegreeOfParallelism", 8 * (os.cpu_count() or 1), 1)
    # The real host splits the degree like this, so that a batch is never more than a queue can give.
    blob_batch = min(32, parallel // 2 + 1)
    blobs = QueueLimits(
        batch_size=blob_batch,
        new_batch_threshold=parallel - blob_batch,
        max_dequeue_count=reader.whole("extensions.blobs.poisonBlobThreshold", 5, 1),
        # The queue of the blob trigger has the defaults of the SDK, whatever `extensions.queues` says.
        max_polling_interval=min(_LONGEST_POLL, pace.longest_poll),
    )
    # 30 minutes is what Flex Consumption and Premium have; -1 is no limit.
    unlimited = reader.text("functionTimeout", "00:30:00") == "-1"
    timeout = math.inf if unlimited else reader.seconds("functionTimeout", 1800.0)
    prefix = reader.text("extensions.http.routePrefix", "api").strip("/")
    return HostConfig(queues, blobs, timeout, prefix, pace)


def apply_local_settings(app: Path, env: MutableMapping[str, str]) -> int:
    """Add the `Values` of local.settings.json to the environment, which wins; returns how many were added.

    Raises:
        HostError: if the file is there and cannot be used.
    """
    path = app / "local.settings.json"
    if not path.exists():
        return 0
    values = _read_object(path).get("Values", {})
    if not isinstance(values, dict) or not all(isinstance(value, str) for value in values.values()):
        raise HostError(f'{path}: "Values" must be an object whose values are all strings')
    missing = {name: value for name, value in values.items() if name not in env}
    env.update(missing)
    return len(missing)


def fill_in(text: str, env: Mapping[str, str], where: str) -> str:
    """Replace each `%SETTING%` in a binding by that app setting.

    Raises:
        HostError: if there is no such setting.
    """

    def value(match: re.Match[str]) -> str:
        found = env.get(match[1], "").strip()
        if not found:
            raise HostError(f"{where} uses %{match[1]}%, and there is no app setting {match[1]}")
        return found

    return re.sub(r"%([^%]+)%", value, text)


def parse_time_span(text: str) -> float:
    """Seconds of a .NET time span such as `00:00:30` or `1.00:00:00`.

    Raises:
        ValueError: if it is not one.
    """
    match = _TIME_SPAN.match(text.strip())
    if not match or int(match[2]) > 23 or int(match[3]) > 59 or int(match[4]) > 59:
        raise ValueError(f"'{text}' is not a time span such as 00:00:30")
    days, hours, minutes, seconds = (int(part or 0) for part in match.groups()[:4])
    return days * 86400 + hours * 3600 + minutes * 60 + seconds + float(match[5] or 0)


def _read_object(path: Path) -> dict[str, Any]:
    try:
        found = json.loads(path.read_text("utf-8-sig"))
    except FileNotFoundError:
        raise HostError(f"{path} is missing") from None
    except OSError as error:
        raise HostError(f"{path} cannot be read: {error.strerror}") from None
    except ValueError as error:
        raise HostError(f"{path} is not valid JSON: {error}") from None
    if not isinstance(found, dict):
        raise HostError(f"{path} must hold a JSON object")
    return found


@dataclass(frozen=True)
class _Reader:
    path: Path
    document: Mapping[str, Any]
    env: Mapping[str, str]

    def value(self, key: str, default: object) -> object:
        override = "AzureFunctionsJobHost__" + key.replace(".", "__")
        if override in self.env:
            return self.env[override]
        here: object = self.document
        for part in key.split("."):
            if here is None:
                return default
            if not isinstance(here, Mapping):
                raise HostError(f"{self.path}: what is above {key} must be an object")
            here = here.get(part)
        return default if here is None else here

    def text(self, key: str, default: str) -> str:
        return str(self.value(key, default)).strip()

    def whole(self, key: str, default: int, least: int, most: int | None = None) -> int:
        found = self.value(key, default)
        try:
            number = -1 if isinstance(found, bool | float) else int(str(found))
        except ValueError:
            number = -1
        if number < least or (most is not None and number > most):
            limits = f"from {least} to {most}" if most is not None else f"of {least} or more"
            raise HostError(f"{self.path}: {key} is {json.dumps(found)}; it must be a whole number {limits}")
        return number

    def seconds(self, key: str, default: float) -> float:
        found = self.value(key, None)
        if found is None:
            return default
        try:
            return parse_time_span(str(found))
        except ValueError as error:
            raise HostError(f"{self.path}: {key}: {error}") from None
