"""What is between the app and the outside: time passes, storage is busy or away, answers come late, processes die."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import requests

from local.scenario.simulated import Killed
from shared.entra.graph import READ_SECONDS
from tests.chaos.host_process import BUSY_SHARE, DONE_SHARE, busy_answer
from tests.chaos.quick.tenant import TimedEntra
from tests.chaos.quick.turns import Process, Turns, current_task


@dataclass(frozen=True)
class Asked:
    """A request on its way.

    Attributes:
        method: of the request.
        url: of the request.
        patience: seconds that its answer is waited for.
        send: does it.
    """

    method: str
    url: str
    patience: float
    send: Callable[[], requests.Response]


Ask = Callable[[Process, Asked], requests.Response]

_RECORDS = ("PATCH", "PUT", "MERGE")
_LONGEST = 12.0  # times the usual latency
_LONG_WAY, _LONG_SHARE = 20.0, 0.15  # seconds until a request is with Entra, and how many take that long
_SLOW_SHARE = 0.002  # of the answers of storage
_SLOW = (2.0, 4.0, 4.0, 20.0, 70.0)  # seconds


@dataclass
class Wire:
    """What every request of the app passes.

    Attributes:
        turns: who runs.
        entra: the simulator.
        latency: seconds that a request usually takes.
        upload: seconds that a request to bulkUpload takes at most.
        happens: told before each request who makes it: something may be planned for it.
        answered: told method and address of each request that storage has done.
        uploads: told that a request to bulkUpload goes out.
        made: how many requests were made.
        busy: how many were answered that storage is busy.
        silent: how many were not answered by storage in time.
        busy_until: until when storage is busy.
        away_until: until when nobody answers for storage.
        in_doubt: how many answers of Entra were not written down in time, because a process died, or stood still, or
            storage was silent.
        doomed: the moment at which whoever comes to it dies, if any: before a request to bulkUpload, or at its answer.
        is_calm: whether nothing goes wrong.
    """

    turns: Turns
    entra: TimedEntra
    latency: float
    upload: float
    happens: Callable[[Process], None]
    answered: Callable[[str, str], None]
    uploads: Callable[[], None] = lambda: None
    made: int = 0
    busy: int = 0
    silent: int = 0
    in_doubt: int = 0
    busy_until: float = 0.0
    away_until: float = 0.0
    doomed: list[str] = field(default_factory=list)
    is_calm: bool = False

    @property
    def is_away(self) -> bool:
        """Whether nobody answers for storage."""
        return self.turns.now.seconds < self.away_until

    def calm(self) -> None:
        """Nothing goes wrong any more."""
        self.is_calm = True
        self.busy_until = self.away_until = 0.0
        self.doomed.clear()

    def to_storage(self, session: requests.Session, process: Process) -> None:
        """Stand between a session of a process and storage."""
        self._between(session, process, self._ask_storage)

    def to_entra(self, session: requests.Session, process: Process) -> None:
        """Stand between a session of a process and Graph."""
        self._between(session, process, self._ask_entra)

    def _between(self, session: requests.Session, process: Process, ask: Ask) -> None:
        request = session.request

        def asked(method: str, url: str, **options: Any) -> requests.Response:
            if process.is_dead:
                raise Killed
            if (task := current_task()) is not None:
                task.is_sending = ask == self._ask_entra and method == "POST"
            self.turns.sleep(min(self.turns.dice.expovariate(1 / self.latency), _LONGEST * self.latency))
            self.made += 1
            self.happens(process)
            self._live(process)
            answer = ask(process, Asked(method, url, options["timeout"][1], lambda: request(method, url, **options)))
            self._live(process)
            return answer

        session.request = asked  # type: ignore[assignment]

    def _live(self, process: Process) -> None:
        if process.is_dead:
            raise Killed

    def _ask_storage(self, process: Process, asked: Asked) -> requests.Response:
        dice, now = self.turns.dice, self.turns.now.seconds

        def ask() -> requests.Response:
            answer = asked.send()
            self.answered(asked.method, asked.url)
            if asked.method in _RECORDS and "/Pages(" in asked.url and answer.ok and (task := current_task()):
                task.is_in_doubt = False
            return answer

        if now < self.away_until:
            raise requests.ConnectionError("Storage is away")
        if now < self.busy_until:
            chance = dice.random()
            if chance < BUSY_SHARE:
                self.busy += 1
                if chance < DONE_SHARE:
                    ask().close()
                return busy_answer(asked.url)
        if self.is_calm or dice.random() >= _SLOW_SHARE:
            answer = ask()
        else:
            answer = self._slowly(ask, dice.choice(_SLOW), asked.patience)
        if process.dies_at_answer:
            process.is_dead = True
        return answer

    def _slowly(self, ask: Callable[[], requests.Response], seconds: float, patience: float) -> requests.Response:
        """An answer that comes late, or too late; what was asked for may be done all the same."""
        if seconds <= patience:
            answer = ask()
            self.turns.sleep(seconds)
            return answer
        self.silent += 1
        self.in_doubt += (task := current_task()) is not None and task.is_in_doubt
        if self.turns.dice.random() < 0.5:
            ask().close()
        self.turns.sleep(patience)
        raise requests.ReadTimeout("Read timed out")

    def _ask_entra(self, process: Process, asked: Asked) -> requests.Response:
        self.entra.delayed = 0.0
        if asked.method != "POST":
            return self._late(asked.send())
        self._die_if_doomed("before", process)
        self.uploads()
        dice = self.turns.dice
        there = dice.uniform(0, _LONG_WAY if not self.is_calm and dice.random() < _LONG_SHARE else self.upload / 4)
        self.turns.sleep(there)
        self._live(process)
        task = current_task()
        assert task is not None
        task.is_in_doubt, task.is_sending = True, False
        self.entra.delayed = 0.0
        answer = self._late(asked.send())
        task.is_in_doubt = answer.ok
        self._die_if_doomed("answered", process)
        self.turns.sleep(min(dice.uniform(0, self.upload), READ_SECONDS - 1 - there))
        return answer

    def _late(self, answer: requests.Response) -> requests.Response:
        """An answer, as late as Entra says; or too late."""
        if (late := self.entra.delayed) > READ_SECONDS:
            self.turns.sleep(READ_SECONDS)
            raise requests.ReadTimeout
        if late:
            self.turns.sleep(late)
        return answer

    def _die_if_doomed(self, moment: str, process: Process) -> None:
        if moment in self.doomed:
            self.doomed.remove(moment)
            process.is_dead = True
            raise Killed
