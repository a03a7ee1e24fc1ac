"""Threads that take turns under simulated time: one runs at a time, until it waits, and a seed says for how long.

Whatever is to happen stands in one queue, in order of time. Nothing runs between two entries of it but what the first
of them has started, so that the same seed makes the same things happen in the same order.
"""

from __future__ import annotations

import faulthandler
import heapq
import itertools
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from random import Random

from local.scenario.simulated import Killed

_STUCK = 120.0  # seconds of the system's clock in which whoever has the turn must give it back


class ToldTime:
    """Time that passes when it is told to.

    Attributes:
        seconds: the present, since 1970.
    """

    def __init__(self, start: datetime) -> None:
        self.seconds = start.timestamp()

    def __call__(self) -> datetime:
        return datetime.fromtimestamp(self.seconds, UTC)


@dataclass(eq=False)
class Process:
    """A process of the app, as far as it makes a difference here.

    Attributes:
        number: which.
        is_dead: whether it was killed: nothing of it runs any more, and nothing leaves it.
        dies_at_answer: whether it dies as soon as storage has done what it is asked for.
        frozen_until: until when nothing of it runs, by the time's seconds.
        tasks: its threads.
    """

    number: int
    is_dead: bool = False
    dies_at_answer: bool = False
    frozen_until: float = 0.0
    tasks: list[Task] = field(default_factory=list)

    @property
    def in_doubt(self) -> int:
        """How many of its threads have something in doubt."""
        return sum(task.is_in_doubt for task in self.tasks)


class Task:
    """A thread of a process, which runs when it has the turn.

    Attributes:
        is_over: whether it has ended.
        is_sending: whether a request to bulkUpload is about to go out.
        is_in_doubt: whether Entra may have taken something of which nothing is written down yet.
    """

    def __init__(self, turns: Turns, process: Process, work: Callable[[], object], name: str) -> None:
        self.turns = turns
        self.process = process
        self.is_over = False
        self.is_sending = self.is_in_doubt = False
        self.wait = 0  # the number of the wait it is in
        self.timed_out = False
        self.turn = threading.Semaphore(0)
        self._work = work
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)
        self._thread.task = self  # type: ignore[attr-defined]
        self._thread.start()

    def _run(self) -> None:
        self.turn.acquire()
        try:
            if not self.process.is_dead:
                self._work()
        except Killed:
            pass
        except BaseException as error:  # noqa: BLE001 (told to whoever waits for the turn)
            self.turns.fault = error
        finally:
            self.is_over = True
            self.turns.back.release()


def current_task() -> Task | None:
    """The task that asks; None outside of any."""
    return getattr(threading.current_thread(), "task", None)


class Turns:
    """Who runs, and what happens, in order of time.

    Attributes:
        now: the time.
        dice: the chance of a round.
        back: released by whoever gives the turn back.
        fault: what ended a task, and should not have.
    """

    def __init__(self, now: ToldTime, dice: Random) -> None:
        self.now = now
        self.dice = dice
        self.back = threading.Semaphore(0)
        self.fault: BaseException | None = None
        self._numbers = itertools.count()
        self._queue: list[tuple[float, int, Callable[[], None]]] = []
        self._waiting: list[tuple[Task, int, Callable[[], bool]]] = []
        self._processes: list[Process] = []

    # For whoever has no thread here

    def at(self, seconds: float, do: Callable[[], None]) -> None:
        """Something is to happen at a moment."""
        heapq.heappush(self._queue, (max(seconds, self.now.seconds), next(self._numbers), do))

    def later(self, seconds: float, do: Callable[[], None]) -> None:
        """Something is to happen after so many seconds."""
        self.at(self.now.seconds + seconds, do)

    def begin(self, process: Process, work: Callable[[], object], name: str) -> Task:
        """A thread of a process begins."""
        task = Task(self, process, work, name)
        process.tasks = [*(one for one in process.tasks if not one.is_over), task]
        if process not in self._processes:
            self._processes.append(process)
        self._resume(self.now.seconds, task)
        return task

    def step(self) -> None:
        """Let the next thing happen.

        Raises:
            BaseException: what ended a task, and should not have.
        """
        seconds, _, do = heapq.heappop(self._queue)
        self.now.seconds = max(self.now.seconds, seconds)
        do()
        self._bury()
        self._look()
        if self.fault is not None:
            raise self.fault

    def end(self) -> None:
        """All processes end here and now."""
        for process in self._processes:
            process.is_dead = True
        self._bury()

    def _bury(self) -> None:
        """Let the threads of those who were killed come to their end, in which nothing leaves them."""
        for process in self._processes:
            if process.is_dead:
                for task in process.tasks:
                    while not task.is_over:
                        self._give(task)
        self._processes = [process for process in self._processes if not process.is_dead]

    def _look(self) -> None:
        """Wake whoever has what he waits for."""
        self._waiting = [one for one in self._waiting if one[0].wait == one[1] and not one[0].is_over]
        for task, number, is_so in self._waiting:
            # Whoever stands still is looked at when that is over: something happens at that moment.
            if task.process.frozen_until <= self.now.seconds and is_so():
                self._resume(self.now.seconds, task, number)

    def _resume(self, seconds: float, task: Task, number: int = 0, *, late: bool = False) -> None:
        def resume() -> None:
            if task.is_over or task.wait != number:
                return
            if task.process.frozen_until > self.now.seconds:
                self._resume(task.process.frozen_until, task, number, late=late)
                return
            task.timed_out = late
            self._give(task)

        self.at(seconds, resume)

    def _give(self, task: Task) -> None:
        task.turn.release()
        if not self.back.acquire(timeout=_STUCK):
            faulthandler.dump_traceback()
            raise AssertionError("A thread waits for something that nobody here knows of")

    # For tasks

    def sleep(self, seconds: float) -> None:
        """Let others have the turn for so many seconds.

        Raises:
            Killed: the process has died.
        """
        task = self._task()
        wake = self.now.seconds + max(seconds, 0.0)
        if not self._waiting and task.process.frozen_until <= wake and (not self._queue or wake < self._queue[0][0]):
            self.now.seconds = wake  # it would be the next one anyway
            return
        self._resume(wake, task, task.wait)
        self._rest(task)

    def wait_for(self, is_so: Callable[[], bool], seconds: float | None = None) -> bool:
        """Let others have the turn until something is so; whether it is, after so many seconds at most.

        Raises:
            Killed: the process has died.
        """
        task = self._task()
        while not is_so():
            if seconds is not None and seconds <= 0:
                return False
            self._waiting.append((task, task.wait, is_so))
            if seconds is not None:
                until = self.now.seconds + seconds
                self._resume(until, task, task.wait, late=True)
            self._rest(task)
            if seconds is not None:
                seconds = 0.0 if task.timed_out else until - self.now.seconds
        return True

    def _task(self) -> Task:
        task = current_task()
        assert task is not None
        if task.process.is_dead:
            raise Killed
        return task

    def _rest(self, task: Task) -> None:
        self.back.release()
        task.turn.acquire()
        task.wait += 1
        if task.process.is_dead:
            raise Killed
