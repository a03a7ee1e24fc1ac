"""The platform in a quick round: instances that come and go, and what calls their functions.

It follows what docs/host.md says of the Functions host, at the pace of Azure.
"""

from __future__ import annotations

import contextlib
import heapq
import json
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import parse_qs, urlsplit

import azure.functions as func
from azure.core.exceptions import AzureError
from azure.storage.blob import BlobLeaseClient

from local.entra.calls.provisioning_calls import bulk_upload_path
from local.entra.faults import Faults
from local.entra.server import serving
from local.entra.settings import Settings as EntraSettings
from local.event_grid import Event, events_of
from local.host.storage import make_everything
from local.scenario.functions import asking, registered
from local.scenario.simulated import Identity, Killed
from local.scenario.timers import moments_after, moments_written_down
from shared.clock import Clock
from shared.context import Context
from shared.entra.graph import READ_SECONDS, Graph
from shared.identity import Identity as AppIdentity
from shared.settings import HR_STORAGE, PROVISIONING_ENDPOINT, from_environment
from shared.storage.clients import Storage
from shared.storage.names import BLOBS_POISON, CONFIG, DUE, INBOX, PAGES, STATE, UPLOADS, UPLOADS_POISON
from tests.chaos.quick.plan import QuickPlan
from tests.chaos.quick.stand_ins import Lock, in_turns
from tests.chaos.quick.tenant import TimedEntra
from tests.chaos.quick.turns import Process, Task, Turns, current_task
from tests.chaos.quick.wire import Wire
from tests.support.storage.account import CONNECTION_STRING, Account

_INTAKE = "intake"
_QUEUES = (UPLOADS, UPLOADS_POISON, BLOBS_POISON)
_TIMERS = {"clock": 60, "reporting": 300}  # seconds
_MOST_TRIES = 5
_LEASE = 600  # seconds that a message stays hidden if whoever has it dies
_RETRY = 30
_RETRY_OF_FILES = 0.15
_SLOWEST_LOOK = 10.0  # at a queue
_MOST_MESSAGES = 8
_WHILE_ACTIVE = 0.4  # how often a timer fires though others are still at work, and there is nothing else to do for it
_TAKEN_FOR_DEAD = 60.0  # seconds after which the lock of a timer is over


@dataclass(eq=False)
class Instance:
    """An instance of the app.

    Attributes:
        process: what runs.
        context: what its functions work with.
        is_ending: whether it takes on nothing new.
    """

    process: Process
    context: Context
    is_ending: bool = False

    @property
    def is_there(self) -> bool:
        """Whether it takes on work."""
        return not (self.process.is_dead or self.is_ending)


@dataclass
class _Timer:
    """A timer, which one of the instances fires.

    Attributes:
        name: of the function.
        owner: who fires it.
        free_at: when somebody else may be found to fire it.
        ran_at: when it was fired last.
        running: what it has started.
    """

    name: str
    owner: Instance | None = None
    free_at: float = 0.0
    ran_at: float = 0.0
    running: Task | None = None


class Cloud:
    """What a quick round runs on.

    Attributes:
        now: its time.
        turns: who runs.
        entra: the simulator.
        wire: what every request passes.
        storage: past everything that goes wrong.
        killed: how often a process was killed.
        stood_still: how often one stood still.
        stopped: how many were told to end.
        told: the events that came, by their type.
        outages: from when to when storage was away or busy, in seconds.
        longest_answer: seconds after Entra has accepted a request in which its answer comes and is written down.
        functions: how often each function has ended, and how.
        changed: whether a function has ended since this was last put to False.
        note: told what happens, for people.
    """

    def __init__(self, plan: QuickPlan, turns: Turns, entra: TimedEntra, url: str) -> None:
        self.now, self.turns, self.entra = turns.now, turns, entra
        self.killed = self.stood_still = self.stopped = 0
        self.told: Counter[str] = Counter()
        self.outages: list[tuple[float, float]] = []
        self.longest_answer = READ_SECONDS
        self.functions: Counter[str] = Counter()
        self.changed = False
        self.note: Callable[[str], None] = lambda _: None
        self.wire = Wire(turns, entra, plan.latency, plan.upload, lambda _: None, self._note_request)
        self._clock = Clock(now=turns.now, sleep=turns.sleep)
        self._events = plan.events
        self._url = url
        self._settings = from_environment(
            {HR_STORAGE: CONNECTION_STRING, PROVISIONING_ENDPOINT: url + bulk_upload_path(entra.tenant)}
        )
        self._account = Account(self.now)
        self.storage: Storage = self._account.connect(retries=0)
        make_everything(self.storage)
        self._functions = registered()
        self._count = plan.hosts
        self._instances: list[Instance] = []
        self._contexts: list[Context] = []  # none of them has the id of another one
        self._due: dict[str, list[float]] = defaultdict(list)  # when messages of a queue can be seen
        self._timers = [_Timer(name, ran_at=turns.now.seconds) for name in _TIMERS]
        self._active_at = turns.now.seconds
        self._written_down: dict[float, float] = {}  # moments, and since when they stand there
        self._is_rescheduled = True
        self.scale(plan.hosts)
        self._tick()

    @property
    def kills(self) -> int:
        """How often somebody had to die, or the like, for that Entra is sent something again."""
        return self.wire.in_doubt

    def close(self) -> None:
        """End all of it."""
        self.turns.end()
        for context in self._contexts:
            context.close()
        self.storage.close()
        self._account.close()

    # What is done to it

    def map(self, source: str, text: str) -> None:
        """Put a mapping file into its place."""
        self.storage.container(CONFIG).upload_blob(f"{source}.yaml", text.encode(), overwrite=True)

    def drop(self, path: str, content: bytes) -> None:
        """HR drops a file; of its events some are late, lost, or come twice."""
        self.storage.container(INBOX).upload_blob(path, content, overwrite=True)
        self._note_activity()
        for late, event in events_of(INBOX, path, "", self._events, self.turns.dice):
            self.turns.later(late, lambda event=event: self._tell(event))  # type: ignore[misc]

    def scale(self, count: int) -> None:
        """So many instances there are from now on; those that are too many end when they have done what they run."""
        self._count = count
        for instance in self._there[count:]:
            instance.is_ending = True
            self.stopped += 1
            self._give_up_timers(instance, 0.0)
        while len(self._there) < count:
            self._instances.append(self._open())

    def kill(self, instance: Instance) -> None:
        """It dies here and now, if it lives; later another one takes its place."""
        instance.process.is_dead = True
        self.buried()

    def buried(self) -> None:
        """See to it that whoever is dead is replaced."""
        for instance in [one for one in self._instances if one.process.is_dead]:
            self._instances.remove(instance)
            self.killed += 1
            self.wire.in_doubt += instance.process.in_doubt
            self._give_up_timers(instance, _TAKEN_FOR_DEAD)
            self._note_activity()
            self.turns.later(self.turns.dice.uniform(0, 60), lambda: self.scale(self._count))

    def stand_still(self, instance: Instance, seconds: float) -> None:
        """For so long nothing of it runs."""
        instance.process.frozen_until = self.now.seconds + seconds
        self.stood_still += 1
        self.wire.in_doubt += instance.process.in_doubt
        if seconds > _TAKEN_FOR_DEAD:
            self.turns.later(_TAKEN_FOR_DEAD, lambda: self._give_up_timers(instance, 0.0))
        self.turns.later(seconds, self._note_activity)

    def throttle(self, seconds: float) -> None:
        """For so long storage is busy."""
        self.wire.busy_until = self.now.seconds + seconds
        self.outages.append((self.now.seconds, self.wire.busy_until))
        self.turns.later(seconds, self._note_activity)

    def take_storage_away(self, seconds: float) -> None:
        """For so long nobody answers for storage."""
        self.wire.away_until = self.now.seconds + seconds
        self.outages.append((self.now.seconds, self.wire.away_until))
        self.turns.later(seconds, self._note_activity)

    def break_lease(self) -> None:
        """Whoever reads loses the lease of the job."""
        blob = self.storage.container(STATE).get_blob_client("leases/default")
        with contextlib.suppress(AzureError):  # nobody has it
            BlobLeaseClient(blob).break_lease(0)

    def calm(self) -> None:
        """Nothing goes wrong any more."""
        self.entra.faults = Faults()
        self.wire.calm()
        for instance in self._instances:
            instance.process.dies_at_answer = False
            instance.process.frozen_until = 0.0

    def instance_of(self, process: Process) -> Instance:
        """Whose process it is."""
        return next(instance for instance in self._instances if instance.process is process)

    def context_of(self, process: Process) -> Context:
        """What the functions of a process work with."""
        return self._contexts[process.number]

    @property
    def instances(self) -> list[Instance]:
        """All that live."""
        return list(self._instances)

    # What there is to see

    def is_quiet(self) -> bool:
        """Whether nothing runs, and there is nothing on the queues that can be seen."""
        if any(not task.is_over for instance in self._instances for task in instance.process.tasks):
            return False
        return not any(due and due[0] <= self.now.seconds + _SLOWEST_LOOK for due in self._due.values())

    # Instances

    @property
    def _there(self) -> list[Instance]:
        return [instance for instance in self._instances if instance.is_there]

    def _somebody(self) -> Instance | None:
        """Somebody who takes on work."""
        there = [one for one in self._there if one.process.frozen_until <= self.now.seconds]
        return self.turns.dice.choice(there) if there else None

    def _open(self) -> Instance:
        process = Process(len(self._contexts))
        storage = self._account.connect()
        tenant = self.entra.tenant
        identity = AppIdentity(lambda: Identity(self._url, tenant, self.now))
        graph = Graph(self._clock, identity)
        context = Context(self._settings, self._clock, storage, graph, vault=None)
        object.__setattr__(context, "_reading_key", Lock())
        assert storage.session is not None
        graph._session.asks_environment = False
        self.wire.to_storage(storage.session, process)
        self.wire.to_entra(graph._session, process)
        self._contexts.append(context)
        return Instance(process, context)

    def _run(self, instance: Instance, name: str, value: object, ended: Callable[[bool | None], None]) -> Task:
        """Run a function; `ended` is told whether it has succeeded, or None if its process has died."""

        def work() -> None:
            done: bool | None = None
            try:
                self._functions[name](value)
                done = True
            except Killed:
                raise
            except Exception as error:  # noqa: BLE001 (whatever a function does, the host goes on)
                done = False if not instance.process.is_dead else None
                self.note(f"{name} failed at {instance.process.number}: {type(error).__name__}: {error}")
            finally:
                self.functions[f"{name} {_ENDED[done]}"] += 1
                self.changed = True
                ended(done)

        return self.turns.begin(instance.process, work, name)

    # Files

    def _tell(self, event: Event, tries: int = 1) -> None:
        instance = None if self.wire.is_away else self._somebody()
        if instance is None:
            self.turns.later(self.turns.dice.uniform(5, 15), lambda: self._tell(event, tries))
            return
        if tries == 1:
            self.told[event.type.rpartition(".")[2]] += 1
        client = self.storage.container(event.container).get_blob_client(event.name)
        if not client.exists():  # the host leaves out what is gone
            return

        def ended(done: bool | None) -> None:
            self._note_activity()
            if done:
                return
            if done is None or tries < _MOST_TRIES:
                self.turns.later(_LEASE if done is None else _RETRY_OF_FILES, lambda: self._tell(event, tries + 1))
            else:
                function = f"Host.Functions.{_INTAKE}"
                text = {"Type": "BlobTrigger", "FunctionId": function, "ContainerName": event.container}
                self.storage.queue(BLOBS_POISON).send_message(json.dumps({**text, "BlobName": event.name}))
                self._expect(BLOBS_POISON, 0)

        self._run(instance, _INTAKE, client, ended)

    # Queues

    def _note_request(self, method: str, address: str) -> None:
        """Storage has done something: somebody may have sent a message, or has written down when to look again."""
        url = urlsplit(address)
        parts = url.path.split("/")
        if method == "POST" and parts[-1] == "messages" and parts[-2] in _QUEUES:
            self._expect(parts[-2], float(parse_qs(url.query).get("visibilitytimeout", ["0"])[0]))
        elif method != "GET" and (parts[-1] == "$batch" or parts[-1].startswith((DUE, PAGES))):
            self._is_rescheduled = True

    def _expect(self, queue: str, seconds: float) -> None:
        """A message can be seen after so many seconds; sooner or later somebody looks."""
        seen_at = self.now.seconds + seconds
        heapq.heappush(self._due[queue], seen_at)
        self.turns.at(seen_at + self.turns.dice.choice((0.1, 0.3, 1.0, 1.0, _SLOWEST_LOOK)), lambda: self._poll(queue))

    def _poll(self, queue: str) -> None:
        due = self._due[queue]
        if not due or due[0] > self.now.seconds:
            return
        instance = None if self.wire.is_away else self._somebody()
        if instance is None:
            self.turns.later(self.turns.dice.uniform(1, _SLOWEST_LOOK), lambda: self._poll(queue))
            return
        most = self.turns.dice.randint(1, _MOST_MESSAGES)
        messages = list(self.storage.queue(queue).receive_messages(max_messages=most, visibility_timeout=_LEASE))
        for _ in messages:
            if due:
                heapq.heappop(due)
        if len(messages) < most:  # there are no more
            while due and due[0] <= self.now.seconds:
                heapq.heappop(due)
        elif due and due[0] <= self.now.seconds:
            self.turns.later(self.turns.dice.uniform(0.05, 1), lambda: self._poll(queue))
        for message in messages:
            self._handle(instance, queue, message)

    def _handle(self, instance: Instance, name: str, message: Any) -> None:
        queue, hidden_until = self.storage.queue(name), self.now.seconds + _LEASE

        def ended(done: bool | None) -> None:
            self._note_activity()
            is_last, poison = message.dequeue_count >= _MOST_TRIES, f"{name}-poison"
            if done is None or self.wire.is_away or not (done or poison in self._functions):
                self._expect(name, hidden_until - self.now.seconds)
            elif done or is_last:
                if not done:
                    self.storage.queue(poison).send_message(message.content)
                    self._expect(poison, 0)
                with contextlib.suppress(AzureError):  # it has been seen by somebody else since
                    queue.delete_message(message)
            else:
                with contextlib.suppress(AzureError):
                    queue.update_message(message, visibility_timeout=_RETRY)
                self._expect(name, _RETRY)

        if message.dequeue_count > _MOST_TRIES:  # whoever had it last has died during the last try
            ended(done=False)
        else:
            self._run(instance, name, func.QueueMessage(id=message.id, body=message.content), ended)

    # Timers

    def _note_activity(self) -> None:
        self._active_at = self.now.seconds

    def _tick(self) -> None:
        """A minute begins."""
        now = self.now.seconds
        for timer in self._timers:
            if now % _TIMERS[timer.name] == 0:
                self._fire(timer)
        self.turns.at((now // 60 + 1) * 60, self._tick)

    def _fire(self, timer: _Timer) -> None:
        """Fire a timer, if that can find something to do."""
        if self.wire.is_away or not self._is_wanted(timer):
            return  # what is missed is made up for
        if timer.owner is None and self.now.seconds >= timer.free_at:
            timer.owner = self._somebody()
        if timer.owner is None or (timer.running and not timer.running.is_over):
            return
        timer.ran_at = self.now.seconds

        def ended(done: bool | None) -> None:
            if not done:
                self._note_activity()

        timer.running = self._run(timer.owner, timer.name, _OnTime(), ended)

    def _give_up_timers(self, instance: Instance, seconds: float) -> None:
        for timer in self._timers:
            if timer.owner is instance:
                timer.owner = timer.running = None
                timer.free_at = self.now.seconds + seconds + self.turns.dice.uniform(0, 60)

    def _is_wanted(self, timer: _Timer) -> bool:
        """Whether something has happened since it ran, or was to be looked at."""
        if self._is_rescheduled:
            self._is_rescheduled = False
            found = (moment.timestamp() for moment in moments_written_down(self.storage))
            self._written_down = {moment: self._written_down.get(moment, self.now.seconds) for moment in found}
        active_at = datetime.fromtimestamp(self._active_at, self.now().tzinfo)
        # A verdict that comes late writes down what should have been done before; it is due now.
        moments = [*(moment.timestamp() for moment in moments_after(active_at)), *map(max, self._written_down.items())]
        if self.turns.dice.random() < _WHILE_ACTIVE:
            moments.append(self._active_at)
        if self.entra.accepted:
            settings = self.entra.settings
            moments.append(self.entra.accepted[-1].moment + settings.processing_seconds + settings.log_seconds + 1)
        return any(timer.ran_at < moment <= self.now.seconds for moment in moments)


_ENDED = {True: "succeeded", False: "failed", None: "killed"}


class _OnTime(func.TimerRequest):
    """An occurrence that is on time."""

    @property
    def past_due(self) -> bool:
        return False


@contextlib.contextmanager
def cloud(plan: QuickPlan, turns: Turns) -> Iterator[Cloud]:
    """A cloud in which nothing has happened yet."""
    registered()  # imports the app before anything in it is replaced
    entra = TimedEntra(turns.now, EntraSettings(processing_seconds=plan.processing, log_seconds=plan.log))
    clock = Clock(now=turns.now, sleep=turns.sleep)
    sizes = {"OPERATIONS_PER_REQUEST": plan.request, "PEOPLE_PER_PAGE": plan.page}
    with contextlib.ExitStack() as stack:
        url = stack.enter_context(serving(entra))
        stack.enter_context(in_turns(turns, clock, sizes, f"{plan.seed}"))
        made = stack.enter_context(contextlib.closing(Cloud(plan, turns, entra, url)))

        def context() -> Context:
            task = current_task()
            assert task is not None
            return made.context_of(task.process)

        stack.enter_context(asking(context))
        yield made
