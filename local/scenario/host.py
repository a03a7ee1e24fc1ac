"""The app's functions, called as the Functions host would call them, in one process and under simulated time.

Time stands still while a function runs, and then jumps to the next moment at which there is something to do.
"""

from __future__ import annotations

import json
import random
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import azure.functions as func

from local.event_grid import EXACT, Chance, Event, events_of
from local.host.triggers.schedules import parse
from local.scenario.functions import registered, working_with
from local.scenario.simulated import Identity, Killed, Service, WatchedGraph, timed_storage
from local.scenario.tenant import Tenant
from local.scenario.timers import moments_after, moments_written_down, next_occurrence
from shared.clock import Clock
from shared.context import Context
from shared.identity import Identity as AppIdentity
from shared.settings import Settings
from shared.storage.names import BLOBS_POISON, INBOX

# A failed message is hidden for the 30 s of host.json, and found by the look after. A file is tried again at once,
# whatever host.json says. What fails in a queue for poison stays hidden, as if its process had vanished.
_RETRY = timedelta(seconds=34)
_RETRY_OF_FILES = timedelta(milliseconds=150)
_MOST_TRIES = 5
_LEASE = timedelta(minutes=10)
_HIDDEN = 6 * 24 * 3600  # seconds; nobody but us takes messages off the queue
_INTAKE = "intake"


@dataclass(order=True)
class _Call:
    """A function that is to be called for a file or a message."""

    due: datetime
    number: int
    function: str = field(compare=False)
    value: Any = field(compare=False)  # the event of a file, or the message
    tries: int = field(compare=False, default=0)


@dataclass(frozen=True)
class Failure:
    """A function that ended with an exception."""

    at: datetime
    function: str
    error: str


class Host:
    """Runs the functions of `function_app`.

    Attributes:
        failures: what went wrong in them.
        trace: what happened when, for people.
    """

    # Many parameters: what it works with, each of another owner.
    def __init__(
        self,
        settings: Settings,
        service: Service,
        tenant: Tenant,
        entra: str,
        *,
        every_tick: bool = False,
        events: Chance = EXACT,
    ) -> None:
        self.failures: list[Failure] = []
        self.trace: list[tuple[datetime, str]] = []
        self._settings = settings
        self._service = service
        self._tenant = tenant
        self._entra = entra
        self._every_tick = every_tick
        self._events = events
        self._dice = random.Random(events.seed)
        self._functions = registered()
        self._calls: list[_Call] = []
        self._numbers = 0
        self._active_at = service.now()
        self._schedules = {"clock": parse(settings.clock_schedule), "reporting": parse(settings.log_schedule)}
        self._ran_at = dict.fromkeys(self._schedules, service.now())
        self._written_down: list[datetime] = []
        self._context: Context | None = self.open()

    @property
    def context(self) -> Context:
        """What the functions work with just now.

        Raises:
            RuntimeError: the app is stopped.
        """
        if self._context is None:
            raise RuntimeError("The app is stopped")
        return self._context

    def stop(self) -> None:
        """End the process."""
        if self._context is not None:
            self._context.close()
            self._context = None

    def start(self) -> None:
        """Begin a new process, which knows only what is in storage."""
        self.stop()
        self._context = self.open()
        self._active_at = self._service.now()

    def announce(self, path: str) -> None:
        """An event comes for a file of the inbox."""
        self._add(_INTAKE, Event(INBOX, path))

    def announce_by_chance(self, path: str) -> None:
        """Event Grid hears of a file: an event comes once, twice, late or never, and others besides."""
        for late, event in events_of(INBOX, path, "", self._events, self._dice):
            self._add(_INTAKE, event, self._service.now() + timedelta(seconds=late))

    def note(self, text: str) -> None:
        """Something has happened, and the functions may have to do with it."""
        self.trace.append((self._service.now(), text))
        self._active_at = self._service.now()

    def advance(self, moment: datetime) -> None:
        """Let time pass up to a moment, and do what falls due before it."""
        while self._context is not None:
            self._take_messages()
            call = min(self._calls, default=None)
            timer, at = min(self._occurrences().items(), key=lambda item: item[1])
            if call is not None and call.due <= at and call.due < moment:
                self._reach(call.due)
                self._calls.remove(call)
                self._call(call)
            elif at < moment:
                self._reach(at)
                self._run(timer, _Timer())
                self._ran_at[timer] = at
            else:
                break
        self._reach(moment)

    def open(self) -> Context:
        """What a process works with that starts now."""
        service, tenant = self._service, self._tenant.tenant
        clock = Clock(now=service.now, sleep=service.now.forward)
        identity = AppIdentity(lambda: Identity(self._entra, tenant, service.now))
        return Context(
            settings=self._settings,
            clock=clock,
            storage=timed_storage(self._settings.storage, service),
            graph=WatchedGraph(clock, identity, service=service),
            vault=None,
        )

    def _reach(self, moment: datetime) -> None:
        # Who slept in a function has come further.
        self._service.now.forward(max((moment - self._service.now()).total_seconds(), 0))

    def _add(self, function: str, value: object, due: datetime | None = None, tries: int = 0) -> None:
        self._numbers += 1
        self._calls.append(_Call(due or self._service.now(), self._numbers, function, value, tries))

    def _take_messages(self) -> None:
        if not self._service.sent:
            return
        self._service.sent = False
        for name in sorted(self._functions.keys() - self._schedules.keys() - {_INTAKE}):
            for message in self.context.storage.queue(name).receive_messages(visibility_timeout=_HIDDEN):
                self._add(name, message, self._service.visible.get(message.id))

    def _occurrences(self) -> dict[str, datetime]:
        """The next occurrence of each timer that can find something to do."""
        if self._service.rescheduled:
            self._service.rescheduled = False
            self._written_down = list(moments_written_down(self.context.storage))
        moments = [*moments_after(self._active_at), *self._written_down]
        if self._tenant.quiet_at:
            moments.append(self._tenant.quiet_at)
        found = {}
        for name, schedule in self._schedules.items():
            last = self._ran_at[name]
            wanted = [last + timedelta(seconds=1)] if self._every_tick else moments
            found[name] = next_occurrence(schedule, last, self._service.now(), wanted)
        return found

    def _call(self, call: _Call) -> None:
        """Call a function for a file or a message, and see to it that it is called again if it must be."""
        value: Any
        if call.function == _INTAKE:
            value = self.context.storage.container(call.value.container).get_blob_client(call.value.name)
            if not value.exists():  # the host leaves out what is gone
                return
        else:
            value = func.QueueMessage(id=call.value.id, body=call.value.content)
        done = self._run(call.function, value)
        self._active_at = self._service.now()
        if done is None:
            self._add(call.function, call.value, self._service.now() + _LEASE, call.tries)
        elif not done and call.tries + 1 < _MOST_TRIES:
            self._add(call.function, call.value, self._service.now() + _retry(call.function), call.tries + 1)
        else:
            if not done:
                self._put_aside(call)
            if call.function != _INTAKE:
                self.context.storage.queue(call.function).delete_message(call.value)

    def _put_aside(self, call: _Call) -> None:
        """What the host does with a file or a message for which a function has failed too often."""
        self.note(f"{call.function} is given up after {_MOST_TRIES} tries")
        if call.function == _INTAKE:
            text = json.dumps(
                {
                    "Type": "BlobTrigger",
                    "FunctionId": f"Host.Functions.{_INTAKE}",
                    "ContainerName": call.value.container,
                    "BlobName": call.value.name,
                }
            )
            self.context.storage.queue(BLOBS_POISON).send_message(text)
        elif (poison := f"{call.function}-poison") in self._functions:
            self.context.storage.queue(poison).send_message(call.value.content)

    def _run(self, name: str, value: object) -> bool | None:
        """Run a function: whether it has succeeded; None if the process ended in the middle of it."""
        before = len(self._tenant.operations)
        done: bool | None = True
        try:
            with working_with(self.context):
                self._functions[name](value)
        except Killed:
            done = None
        except Exception as error:  # noqa: BLE001 (whatever a function does, the host goes on)
            done = False
            self.failures.append(Failure(self._service.now(), name, f"{type(error).__name__}: {error}"))
            self.note(f"{name} failed: {type(error).__name__}: {error}")
        for operation in self._tenant.operations[before:]:
            active = operation.data.get("active")
            self.note(f"request {operation.request}: {operation.external_id}, active {str(active).lower()}")
        if done is None:
            self.note(f"the process was killed in {name} and starts again")
            self.start()
        return done


def _retry(function: str) -> timedelta:
    """After how long the host tries again what has failed."""
    if function.endswith("-poison"):
        return _LEASE
    return _RETRY_OF_FILES if function == _INTAKE else _RETRY


class _Timer(func.TimerRequest):
    """An occurrence that is on time."""

    @property
    def past_due(self) -> bool:
        return False
