"""What the app's threads use to wait for each other, as far as the turns have to know of it.

A lock of a module keeps the threads of one process apart, so each process has its own here. Pools do one thing after
the other, in an order of chance: what differs is only that requests of one pool never overlap.
"""

from __future__ import annotations

import contextlib
import random
import sys
import threading
import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from functools import cached_property
from types import SimpleNamespace
from typing import Any, Self
from unittest.mock import patch

from azure.core.pipeline.transport import HttpTransport
from azure.storage.blob._shared import policies as blob_policies
from azure.storage.queue._shared import policies as queue_policies

from shared.clock import Clock
from shared.delivery import send
from shared.entra import graph
from shared.storage import leases
from tests.chaos.quick.turns import Process, Task, Turns, current_task

_A_LOCK = type(threading.Lock())


class Lock:
    """A lock that each process has for itself."""

    def __init__(self) -> None:
        self._holders: set[Process] = set()

    def acquire(self, blocking: bool = True, timeout: float = -1) -> bool:
        """Take it; whether it was to be had in time."""
        task = current_task()
        if task is None:
            return True
        process = task.process
        seconds = (timeout if timeout >= 0 else None) if blocking else 0.0
        if not task.turns.wait_for(lambda: process not in self._holders, seconds):
            return False
        self._holders.add(process)
        return True

    def release(self) -> None:
        """Let others have it."""
        if task := current_task():
            self._holders.discard(task.process)

    def __enter__(self) -> Self:
        self.acquire()
        return self

    def __exit__(self, *_: object) -> None:
        self.release()


class Event:
    """A `threading.Event`."""

    def __init__(self) -> None:
        self._is_set = False

    def set(self) -> None:
        """Wake whoever waits for it."""
        self._is_set = True

    def is_set(self) -> bool:
        """Whether it is set."""
        return self._is_set

    def wait(self, timeout: float | None = None) -> bool:
        """Wait until it is set; whether it is in the end."""
        task = current_task()
        assert task is not None
        return task.turns.wait_for(self.is_set, timeout)


class Thread:
    """A `threading.Thread` of the process that starts it."""

    def __init__(
        self, *, target: Callable[..., object], args: Sequence[object] = (), name: str = "", daemon: bool = False
    ) -> None:
        self._work = lambda: target(*args)
        self._name = name or f"daemon {daemon}"
        self._task: Task | None = None

    def start(self) -> None:
        """Begin."""
        starter = current_task()
        assert starter is not None
        self._task = starter.turns.begin(starter.process, self._work, self._name)

    def join(self) -> None:
        """Wait for its end."""
        task, waiting = self._task, current_task()
        assert task is not None
        assert waiting is not None
        waiting.turns.wait_for(lambda: task.is_over)


class Pool:
    """A `ThreadPoolExecutor` whose threads are never at work at the same time."""

    def __init__(self, max_workers: int | None = None) -> None:
        pass

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def submit(self, do: Callable[..., Any], *arguments: object) -> Future[Any]:
        """Do something, at once."""
        future: Future[Any] = Future()
        try:
            future.set_result(do(*arguments))
        except Exception as error:  # noqa: BLE001 (raised where the result is asked for)
            future.set_exception(error)
        return future

    def map(self, do: Callable[..., Any], *arguments: Iterable[Any]) -> Iterator[Any]:
        """Do something with each of several; what fails keeps nobody from doing the others."""
        calls = list(enumerate(zip(*arguments, strict=False)))
        if task := current_task():
            task.turns.dice.shuffle(calls)
        done = {number: self.submit(do, *call) for number, call in calls}
        return (done[number].result() for number in sorted(done))


_THREADING = SimpleNamespace(Lock=Lock, Event=Event, Thread=Thread)


@contextlib.contextmanager
def in_turns(turns: Turns, clock: Clock, sizes: Mapping[str, int], seed: str) -> Iterator[None]:
    """Have everything in `shared` wait by these turns, and take its chances by a seed.

    Args:
        turns: who runs.
        clock: whose sleep lets others have the turn.
        sizes: constants that differ, by their names, wherever they are.
        seed: of what is left to chance.
    """
    names, waits = random.Random(f"{seed} names"), random.Random(f"{seed} waits of clients")
    random.seed(f"{seed} waits")
    send._about_to.clear()
    with contextlib.ExitStack() as stack:

        def put(place: object, name: str, value: object) -> None:
            stack.enter_context(patch.object(place, name, value))

        put(uuid, "uuid4", lambda: uuid.UUID(int=names.getrandbits(128), version=4))
        put(HttpTransport, "sleep", lambda _, seconds: clock.sleep(seconds))
        put(leases, "SYSTEM_CLOCK", clock)
        for policies in (blob_policies, queue_policies):  # their waits are of a chance of their own
            put(policies, "random", SimpleNamespace(Random=lambda: waits))
        put(graph, "_within", lambda _, call: call())  # whoever sends the request knows how long it takes
        for module in [module for name, module in sys.modules.items() if name.startswith("shared.")]:
            for name, value in list(vars(module).items()):
                if name in sizes:
                    put(module, name, sizes[name])
                elif value is ThreadPoolExecutor:
                    put(module, name, Pool)
                elif value is threading:
                    put(module, name, _THREADING)
                elif type(value) is _A_LOCK:
                    put(module, name, Lock())
                elif isinstance(value, type) and value.__module__ == module.__name__:
                    for found in vars(value).values():
                        # Until Python 3.12 one lock kept all objects of a class apart, those of other processes too.
                        if isinstance(found, cached_property) and hasattr(found, "lock"):
                            put(found, "lock", contextlib.nullcontext())
        yield
