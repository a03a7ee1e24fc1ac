"""Replay a story against Azurite, the Entra simulator and the app's own functions."""

from __future__ import annotations

import random
import sys
import zlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime
from unittest.mock import patch

from local.entra.calls.provisioning_calls import bulk_upload_path
from local.entra.server import serving
from local.entra.testing import ManualClock
from local.event_grid import DEPLOYED, EXACT
from local.host.storage import make_everything
from local.scenario.compare import differences, extract_differences, managers_first
from local.scenario.functions import registered
from local.scenario.host import Host
from local.scenario.model import ScenarioError, Step, Story
from local.scenario.observe import Window, extracts_of, people_of
from local.scenario.operator import run_command
from local.scenario.simulated import Service, timed_storage
from local.scenario.tenant import Administrator, Operation, Record, Tenant
from shared.intake.registering import arrived_version
from shared.records import extracts
from shared.settings import HR_STORAGE, PROVISIONING_ENDPOINT, from_environment
from shared.storage.clients import Storage
from shared.storage.names import CONFIG, CONTAINERS, INBOX, QUEUES, TABLES
from shared.tables.extracts import ExtractStatus

_UNREAD = (*extracts.UNREAD, ExtractStatus.TRYING)
_REQUESTS_A_PAGE = 2  # where batches are small


@dataclass(frozen=True)
class Outcome:
    """How a story went.

    Attributes:
        story: which.
        differences: in what it went otherwise than expected; empty if all is well.
        trace: what happened when.
        operations: what Entra accepted.
    """

    story: Story
    differences: Sequence[str]
    trace: Sequence[tuple[datetime, str]]
    operations: Sequence[Operation]


def replay(story: Story, connection_string: str) -> Outcome:
    """Play a story to its end.

    Args:
        story: what happens, and what must come of it.
        connection_string: of an empty storage account.

    Raises:
        ScenarioError: the story cannot be played as it is written.
    """
    registered()  # imports the app before anything in it is replaced
    now = ManualClock(story.scenario.moments()[0])
    tenant = Tenant(now=now)
    random.seed(story.name)  # the app waits a random while at times; here always the same one
    with _batches(story.scenario.batch), serving(tenant) as url:
        stage = _Stage(story, connection_string, now, tenant, url)
        try:
            return stage.play()
        finally:
            stage.close()


@dataclass
class _Opened:
    """A window that is not over yet: from a step with a name to the next one, or what comes before the first."""

    when: str
    first: int  # of the operations
    accounts: Mapping[str, Record]
    steps: list[tuple[Step, Mapping[str, str]]] = field(default_factory=list)  # with the extract ids of its files


class _Stage:
    """Where a story is played."""

    def __init__(self, story: Story, connection_string: str, now: ManualClock, tenant: Tenant, url: str) -> None:
        self._story = story
        self._tenant = tenant
        self._service = Service(now)
        self._environment = {
            **story.scenario.settings,
            HR_STORAGE: connection_string,
            PROVISIONING_ENDPOINT: url + bulk_upload_path(tenant.tenant),
        }
        settings = from_environment(self._environment)
        self._storage = timed_storage(settings.storage, self._service)
        make_everything(self._storage)
        self._entra = Administrator(tenant, url)
        deployed = replace(DEPLOYED, seed=zlib.crc32(story.name.encode()) + story.seed)
        events = deployed if story.scenario.events == "deployed" else EXACT
        every_tick = story.scenario.every_tick
        self._host = Host(settings, self._service, tenant, url, every_tick=every_tick, events=events)
        self._extracts: dict[str, str] = {}  # id of the last file of each step that has a name
        self._found: list[str] = []

    def close(self) -> None:
        """Close the connections."""
        self._host.stop()
        self._storage.close()

    def play(self) -> Outcome:
        """Take all steps, and look around whenever a step with a name, or the end, is reached."""
        scenario, host = self._story.scenario, self._host
        self._entra.apply(scenario.simulator)
        for source, text in scenario.mappings.items():
            self._map(source, text)
        windows = []
        opened = self._open("")
        *moments, end = scenario.moments()
        for moment, step in zip(moments, scenario.steps, strict=True):
            host.advance(moment)
            if step.when:
                windows.append(self._close(opened))
                opened = self._open(step.when)
            opened.steps.append((step, self._take(step)))
        host.advance(end)
        windows.append(self._close(opened))
        self._found += differences(scenario, self._story.expected, [window for window in windows if window.when])
        self._found += managers_first(self._tenant.operations)
        self._found += self._left_over()
        return Outcome(self._story, self._found, host.trace, self._tenant.operations)

    def _open(self, when: str) -> _Opened:
        return _Opened(when, len(self._tenant.operations), self._entra.users())

    def _close(self, opened: _Opened) -> Window:
        rows = extracts_of(self._storage)
        for step, dropped in opened.steps:
            becomes = {path: rows.get(extract) for path, extract in dropped.items()}
            self._found += (f"{opened.when}: {text}" for text in extract_differences(step, becomes))
        operations = self._tenant.operations
        return Window(
            opened.when,
            operations[opened.first :],
            {operation.external_id: operation.data for operation in operations[: opened.first]},
            opened.accounts,
            self._entra.users(),
            people_of(self._storage),
        )

    def _take(self, step: Step) -> dict[str, str]:
        """Let happen what happens at a step; returns the extract ids of its files."""
        host = self._host
        if step.app in ("stop", "restart"):
            host.note("the app is stopped")
            host.stop()
        if step.simulator:
            self._entra.apply(step.simulator)
            host.note("Entra behaves differently from now on")
        for name in step.lose:
            _lose(self._storage, name)
            host.note(f"{name} is lost, and made anew")
        for path in step.clear:
            self._storage.container(INBOX).delete_blob(path)
            host.note(f"{path} is taken out of the inbox")
        for source, text in step.mapping.items():
            self._map(source, text)
        if step.kill:
            self._service.kill, self._service.requests = step.kill, 0
        files = list(step.drop.items())
        dropped = {
            path: self._drop(path, self._story.content(text), announced=step.announced)
            for path, text in (reversed(files) if self._story.reverse else files)
        }
        if step.when and dropped:
            self._extracts[step.when] = list(dropped.values())[-1]
        if step.event:
            host.note(f"an event comes for {step.event}")
            host.announce(step.event)
        if step.app in ("start", "restart"):
            host.start()
            host.note("the app is started")
        for command in step.operator:
            self._operate(step, command)
        return dropped

    def _map(self, source: str, text: str) -> None:
        self._storage.container(CONFIG).upload_blob(f"{source}.yaml", self._story.content(text), overwrite=True)

    def _drop(self, path: str, content: bytes, *, announced: bool) -> str:
        """HR drops a file; returns the id of the extract that it is."""
        blob = self._storage.container(INBOX).get_blob_client(path)
        blob.upload_blob(content, overwrite=True)
        version = arrived_version(blob)
        self._host.note(f"{path} is dropped ({len(content)} bytes): extract {version.ref.id}")
        if announced:
            self._host.announce_by_chance(path)
        return version.ref.id

    def _operate(self, step: Step, command: str) -> None:
        line = self._filled(command)
        code, said = run_command(line, self._host.open, self._environment)
        self._host.note(f"operator: {line}: exit code {code}: {said.strip()}")
        if code != step.exit:
            self._found.append(f"{step.when}: '{line}' ended with {code} instead of {step.exit}: {said.strip()}")
        for words in map(self._filled, step.prints):
            if words.casefold() not in said.casefold():
                self._found.append(f"{step.when}: '{line}' does not say '{words}': {said.strip()}")

    def _filled(self, text: str) -> str:
        """A text in which {NAME} is the id of the extract of that step."""
        for when, extract in self._extracts.items():
            text = text.replace("{" + when + "}", extract)
        if "{" in text:
            raise ScenarioError(f"No step before has dropped a file and has the name that is asked for in '{text}'")
        return text

    def _left_over(self) -> Iterator[str]:
        """What must not be there at the end of any story."""
        for row in extracts_of(self._storage).values():
            if row.status in _UNREAD:
                yield f"At the end {row.path} ({row.extract}) is still {row.status}: {row.message}"
        for failure in self._host.failures:
            if failure.function not in self._story.scenario.tolerate:
                yield f"{self._story.scenario.local(failure.at)}: {failure.function} failed: {failure.error}"


def _lose(storage: Storage, name: str) -> None:
    """Remove something with all that is in it, and make it anew, as the infrastructure does.

    Raises:
        ScenarioError: there is no such thing.
    """
    kind, _, what = name.partition(" ")
    if kind == "table" and what in TABLES:
        storage.tables.delete_table(what)
        storage.tables.create_table(what)
    elif kind == "container" and what in CONTAINERS:
        storage.blobs.delete_container(what)
        storage.blobs.create_container(what)
    elif kind == "queue" and what in QUEUES:
        storage.queues.delete_queue(what)
        storage.queues.create_queue(what)
    else:
        raise ScenarioError(f"There is no '{name}' that could be lost")


@contextmanager
def _batches(people: int | None) -> Iterator[None]:
    """Smaller requests and pages than usual, wherever the app has their size."""
    sizes = {} if people is None else {"OPERATIONS_PER_REQUEST": people, "PEOPLE_PER_PAGE": people * _REQUESTS_A_PAGE}
    with ExitStack() as stack:
        for module in [module for name, module in sys.modules.items() if name.startswith("shared.")]:
            for name, size in sizes.items():
                if hasattr(module, name):
                    stack.enter_context(patch.object(module, name, size))
        yield
