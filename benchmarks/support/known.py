"""A company that is known already: its first file, taken in by the app's own functions in little time.

The functions run in this process, on a clock that jumps over every wait, so that neither Entra's limits nor the pace of
its log cost time. What is in storage afterwards is what the app itself has written, whatever shape that has.
"""

from __future__ import annotations

import contextlib
import os
import threading
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from unittest.mock import patch

import azure.functions as func

from benchmarks.support.extracts import SOURCE, Company, write
from benchmarks.support.figures import left, say
from benchmarks.support.parts import Parts, parts
from local.entra.calls.managed_identity import PATH
from local.entra.calls.provisioning_calls import bulk_upload_path
from local.entra.server import serving
from local.entra.settings import Settings as EntraSettings
from local.entra.simulator import Simulator
from local.entra.testing import ManualClock
from local.scenario.functions import Function, registered, working_with
from local.scenario.simulated import Service, timed_storage
from shared import settings
from shared.clock import Clock
from shared.context import Context, open_context
from shared.storage.names import INBOX

_AGO = timedelta(days=3)  # so that the clock, however far it jumps, stays behind the real one
_AT_ONCE = 4
_ROUNDS = 2_000
_A_MINUTE = 60.0
_GENEROUS = EntraSettings(
    burst_limit=None,
    daily_limit=None,
    logs_limit=None,
    token_seconds=10 * 86_400,  # whoever keeps tokens goes by the real time
)
_TIMERS = ("reporting", "clock")
_INTAKE = "intake"


class Time(ManualClock):
    """Time that passes when told to, until it is let go; then it is the real one."""

    def __init__(self, start: datetime | None = None) -> None:
        super().__init__(start or datetime.now(UTC) - _AGO)
        self._free = threading.Event()

    def __call__(self) -> datetime:
        return datetime.now(UTC) if self._free.is_set() else super().__call__()

    def let_go(self) -> None:
        """From now on it is the real time.

        Raises:
            RuntimeError: it has come further than that.
        """
        if super().__call__() > datetime.now(UTC):
            raise RuntimeError("the clock has jumped over the present")
        self._free.set()

    @property
    def clock(self) -> Clock:
        """What the app is given; whoever sleeps has slept already."""
        return Clock(now=self, sleep=self.forward)


@dataclass(frozen=True)
class Known:
    """A company whose people are known, and what runs.

    Attributes:
        running: Azurite and the simulator; no functions host.
        folder: for files.
        seconds: until everybody was known.
    """

    running: Parts
    folder: Path
    seconds: float


@contextlib.contextmanager
def known(company: Company, folder: Path, deadline: float, **options: Any) -> Iterator[Known]:  # noqa: ANN401
    """Azurite in which the people of a company are known and confirmed, and the simulator that knows them too.

    Args:
        company: on its first day.
        folder: for files.
        deadline: seconds for it.
        options: of `benchmarks.support.parts.parts`.

    Raises:
        TooLateError: it took longer.
    """
    time = Time()
    simulator = Simulator(settings=_GENEROUS, now=time)
    with serving(simulator) as url:
        env = {
            settings.PROVISIONING_ENDPOINT: url + bulk_upload_path(simulator.tenant),
            "IDENTITY_ENDPOINT": url + PATH,
            "IDENTITY_HEADER": simulator.tenant.identity_header,
        }
        with parts(entra=url, env=env, **options) as running:
            path = folder / "first.csv"
            write(company, path)
            service = Service(time)
            loaded = settings.from_environment({**running.env, **env})
            began = datetime.now(UTC)
            with patch.dict(os.environ, env):  # the app's identity is that of its process
                context = replace(open_context(loaded, time.clock), storage=timed_storage(loaded.storage, service))
                try:
                    running.drop(path)
                    settle(context, time, path.name, lambda: _status(running, path.name), deadline)
                finally:
                    context.close()
            # The host of the benchmark would see a file of another date, and take it for a new one.
            running.blobs.get_blob_client(INBOX, f"{SOURCE}/{path.name}").delete_blob()
            time.let_go()
            running.ask("/simulator/settings", {"burstLimit": 40, "logsLimit": 5}, "PATCH")
            yield Known(running, folder, (datetime.now(UTC) - began).total_seconds())


class TooLateError(Exception):
    """A company could not be made known in the time there was."""


def settle(context: Context, time: Time, name: str, status: Callable[[], str], deadline: float) -> None:
    """Call the app's functions as a host would, until everybody of a file has an outcome.

    Args:
        context: what the functions work with.
        time: its clock.
        name: of the file, in the inbox.
        status: what its row says.
        deadline: seconds.

    Raises:
        TooLateError: it takes longer.
    """
    functions, deadline = registered(), left(deadline)
    end = datetime.now(UTC) + timedelta(seconds=deadline)
    with working_with(context), ThreadPoolExecutor(_AT_ONCE) as pool:
        functions[_INTAKE](context.storage.container(INBOX).get_blob_client(f"{SOURCE}/{name}"))
        status()  # before anything else happens: some want to know how long that took
        for number in range(_ROUNDS):
            for queue in functions.keys() - {_INTAKE, *_TIMERS}:
                while _work_off(context, functions, queue, pool):
                    if datetime.now(UTC) > end:
                        raise TooLateError(f"{name} is {status()} after {deadline:.0f} s")
            if (now := status()) == "delivered":
                return
            if number % 5 == 0:
                say(f"  making everybody known: {now}")
            if datetime.now(UTC) > end:
                raise TooLateError(f"{name} is {now} after {deadline:.0f} s")
            time.forward(_A_MINUTE)
            for timer in _TIMERS:
                functions[timer](_Timer())
    raise TooLateError(f"{name} is {status()} after {_ROUNDS} rounds")


def _work_off(context: Context, functions: Mapping[str, Function], queue: str, pool: ThreadPoolExecutor) -> int:
    """Call a queue's function for the messages that are there; how many there were."""
    client = context.storage.queue(queue)
    found = list(client.receive_messages(messages_per_page=32, max_messages=32, visibility_timeout=3600))

    def call(message: Any) -> None:  # noqa: ANN401 (the SDK's message)
        functions[queue](func.QueueMessage(id=message.id, body=message.content))
        client.delete_message(message)

    for _ in pool.map(call, found):
        pass
    return len(found)


def _status(running: Parts, name: str) -> str:
    row = running.extract(name)
    return row.status if row else ""


class _Timer(func.TimerRequest):
    """An occurrence that is on time."""

    @property
    def past_due(self) -> bool:
        return False
