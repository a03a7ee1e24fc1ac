"""A functions host of a chaos test: the real one as a process of its own, under the time that all of them share.

It is forked from a process that has imported everything already (`multiprocessing`'s fork server); its settings, the
app and all clients are its own. What differs from a host that `python -m local host` starts: where the time comes from,
how one of several is found to fire a timer, that it looks around more often, that requests and pages are smaller, that
it does not wait long for an answer, and that it can be told to die at a request.
"""

from __future__ import annotations

import fcntl
import functools
import multiprocessing
import os
import random
import signal
import sys
import threading
import time
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from dataclasses import dataclass
from multiprocessing.connection import wait
from multiprocessing.context import ForkServerContext, ForkServerProcess
from pathlib import Path
from typing import Any

import requests
from azure.core.pipeline.transport import HttpTransport
from azure.storage.blob import BlobClient
from requests.adapters import HTTPAdapter

from local.host import main, worker
from local.host.triggers import blobs, timers
from shared.clock import Clock
from shared.entra import graph
from shared.settings import ProvisioningEndpoint
from tests.chaos.shared_time import SharedTime, Work
from tests.support.storage.answers import made_up

DOOMED = ("before", "answered")
"""Moments at which a host can be told to die: before its next request goes out, or when the answer has come."""

THROTTLED = "throttled"
"""The file that says that storage is busy."""

BUSY_SHARE, DONE_SHARE = 0.7, 0.2
"""Of the requests to storage that is busy, those that it refuses, and those among them that it does all the same."""

READ_SECONDS = 2.0  # that a host waits for an answer of Entra's
_BACK_OFF = 0.05  # of what the storage clients would wait before they try again: a second stands for twenty
_LOOK = 0.25  # seconds between two looks at a timer
_SLOWEST_LOOK = 0.5  # at the inbox


@dataclass(frozen=True)
class Place:
    """What a host is started with.

    Attributes:
        folder: where the processes of the round meet.
        env: its settings.
        lease: seconds of a message's lease.
        log: the file for what it prints.
        port: where events of files are taken, by whichever host.
        request: people in a request.
        page: people in a page.
    """

    folder: Path
    env: Mapping[str, str]
    lease: int
    log: Path
    port: int
    request: int
    page: int


_IMPORTED = (
    "tests.chaos.host_process",
    "azure.functions",
    "azure.data.tables",
    "azure_functions_runtime",
    "azurefunctions.extensions.bindings.blob",
    "shared.delivery.dead_letter",
    "shared.intake.dead_letter",
    "shared.intake.due_dates",
    "shared.intake.sweep",
    "shared.notices.telling",
    "shared.outcomes.reporting",
    "shared.retention.removal",
    "shared.support.web",
)


@functools.cache
def _context() -> ForkServerContext:
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(list(_IMPORTED))
    return context


def start(place: Place) -> ForkServerProcess:
    """Start a host; it is not waited for."""
    process = _context().Process(target=_run, args=(place,), daemon=True)
    process.start()
    return process


def _run(place: Place) -> None:
    _write_to(place.log)
    _die_with_parent()
    os.environ.clear()
    os.environ.update(place.env)
    now = SharedTime(place.folder)
    work = Work(place.folder, now)
    _make_small(place)
    clock = Clock(now=now, sleep=work.sleep)
    _give_context(clock, place.folder)
    _replace(timers, _now=now, _LOOK=_LOOK, Lock=functools.partial(_Lock, place.folder))
    _replace(blobs, _SLOWEST_LOOK=_SLOWEST_LOOK)
    _replace(graph, READ_SECONDS=READ_SECONDS)
    _replace(HttpTransport, sleep=lambda _, duration: time.sleep(duration * _BACK_OFF))
    _replace(main, Worker=functools.partial(_Worker, work, place.folder))
    _replace(HTTPAdapter, send=_busy(place.folder, HTTPAdapter.send))
    sys.exit(main.main(["--lease", str(place.lease), "--port", str(place.port), "--no-events"]))


class _Worker(worker.Worker):
    """Says when it is at work, and what it has done."""

    def __init__(self, work: Work, folder: Path) -> None:
        super().__init__()
        self._work = work
        self._done = os.open(folder / "done", os.O_WRONLY | os.O_APPEND | os.O_CREAT)

    def invoke(
        self, function: worker.Function, data: worker.Data, metadata: Mapping[str, object], invocation_id: str
    ) -> Future[worker.Outcome]:
        self._work.begin()
        future = super().invoke(function, data, metadata, invocation_id)
        future.add_done_callback(functools.partial(self._ended, function.name))
        return future

    def _ended(self, name: str, future: Future[worker.Outcome]) -> None:
        failed = future.cancelled() or future.exception() is not None or not future.result().succeeded
        os.write(self._done, f"{name} {'failed' if failed else 'succeeded'}\n".encode())
        self._work.end()


class _Lock:
    """Whoever fires a timer holds a file: a lease would be over with every jump of the time, and all would fire."""

    def __init__(self, folder: Path, blob: BlobClient, seconds: int) -> None:
        self._file = (folder / f"timer-{blob.blob_name.rpartition('/')[2]}").open("w")

    def hold(self) -> bool:
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True

    def let_go(self) -> None:
        fcntl.flock(self._file, fcntl.LOCK_UN)


class _Graph(graph.Graph):
    """The way to Graph, on which the process may be told to die."""

    folder: Path

    def post(self, endpoint: ProvisioningEndpoint, body: bytes, content_type: str, token: str) -> requests.Response:
        self._die_if_doomed("before")
        answer = super().post(endpoint, body, content_type, token)
        self._die_if_doomed("answered")
        return answer

    def _die_if_doomed(self, moment: str) -> None:
        try:
            (self.folder / f"doom-{moment}").unlink()  # whoever takes it is the one
        except FileNotFoundError:
            return
        os.kill(os.getpid(), signal.SIGKILL)


def _busy(folder: Path, send: Callable[..., requests.Response]) -> Callable[..., requests.Response]:
    """Storage that is busy as long as a file says so: 503, often before a request is done, at times after it.

    What was done all the same is done again then, and finds its own ETag outdated (412), or the thing there (409).
    """
    chance = random.Random(os.getpid())

    def sent(adapter: HTTPAdapter, request: requests.PreparedRequest, **options: Any) -> requests.Response:
        if "/devstoreaccount1" not in (request.url or "") or not (folder / THROTTLED).exists():
            return send(adapter, request, **options)
        dice = chance.random()
        if dice >= BUSY_SHARE:
            return send(adapter, request, **options)
        if dice < DONE_SHARE:
            send(adapter, request, **options).close()
        with (folder / "busy").open("a") as said:
            said.write(".")
        return busy_answer(request.url or "")

    return sent


def busy_answer(url: str) -> requests.Response:
    """What storage answers when it is busy."""
    return made_up(503, url, {"x-ms-error-code": "ServerBusy"})


def _give_context(clock: Clock, folder: Path) -> None:
    """Have the functions, which are not imported yet, work with this clock."""
    import functions
    from shared import context
    from shared.settings import load

    _Graph.folder = folder
    _replace(context, Graph=_Graph)
    _replace(functions, context=functools.lru_cache(maxsize=1)(lambda: context.open_context(load(), clock)))


def _make_small(place: Place) -> None:
    """Smaller requests and pages than usual, so that a few people make many."""
    import shared.delivery.dead_letter
    import shared.intake.ingest  # noqa: F401 (and with both whatever knows the size of a request, or of a page)

    sizes = {"OPERATIONS_PER_REQUEST": place.request, "PEOPLE_PER_PAGE": place.page}
    for module in [module for name, module in sys.modules.items() if name.startswith("shared.")]:
        _replace(module, **{name: size for name, size in sizes.items() if hasattr(module, name)})


def _replace(place: object, **attributes: object) -> None:
    for name, value in attributes.items():
        setattr(place, name, value)


def _write_to(log: Path) -> None:
    file = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    os.dup2(file, 1)
    os.dup2(file, 2)


def _die_with_parent() -> None:
    parent = multiprocessing.parent_process()
    assert parent is not None

    def watch(sentinel: Any) -> None:
        wait([sentinel])
        os._exit(1)

    threading.Thread(target=watch, args=(parent.sentinel,), name="parent", daemon=True).start()
