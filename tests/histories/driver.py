"""The app's own functions against Azurite and the Entra simulator, in one process and under simulated time.

Time jumps from one thing that falls due to the next; the clock runs then, and not every minute.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from unittest.mock import patch

import azure.functions as func
import requests

from local.entra.calls.provisioning_calls import bulk_upload_path
from local.entra.faults import Faults
from local.entra.server import serving
from local.entra.testing import ManualClock
from local.host.storage import make_everything
from local.scenario.functions import registered, working_with
from local.scenario.simulated import Identity, Killed, Service, TimedStorage
from local.scenario.tenant import Tenant
from shared.clock import Clock, parse_iso
from shared.context import Context
from shared.entra.graph import Graph
from shared.identity import Identity as AppIdentity
from shared.planning import candidates
from shared.records import extracts, pages
from shared.settings import HR_STORAGE, PROVISIONING_ENDPOINT, ProvisioningEndpoint, from_environment
from shared.storage.clients import connect
from shared.storage.names import CONFIG, DUE, EXTRACTS, INBOX, PAGES, UPLOADS, TableName

_HIDDEN = 6 * 24 * 3600  # seconds; nobody but us takes messages off the queue
_LEASE = timedelta(minutes=10)
_RETRY = timedelta(seconds=30)
_OPEN = (*extracts.UNFINISHED,)


@dataclass
class _Wire:
    """Counts what the process says to the outside, and cuts it off for good at some point, as a crash would."""

    cut_after: int | None = None
    cut_at_answer: bool = False
    is_cut: bool = False

    def watch(self, session: requests.Session) -> None:
        send = session.send

        def watched(request: requests.PreparedRequest, **options: Any) -> requests.Response:
            # A lease ends by itself after a while that does not pass here.
            if request.headers.get("x-ms-lease-action") != "release":
                self.count()
            return send(request, **options)

        session.send = watched  # type: ignore[method-assign]

    def count(self) -> None:
        if self.is_cut:
            raise Killed
        if self.cut_after is not None:
            self.cut_after -= 1
            if self.cut_after < 0:
                self.is_cut = True
                raise Killed

    def answered(self) -> None:
        if self.cut_at_answer:
            self.cut_after = 0
        self.count()


@dataclass
class _Graph(Graph):
    """The way to Graph; the process can end before a request and after its answer."""

    wire: _Wire = field(kw_only=True)

    def post(self, endpoint: ProvisioningEndpoint, body: bytes, content_type: str, token: str) -> requests.Response:
        self.wire.count()
        answer = super().post(endpoint, body, content_type, token)
        self.wire.answered()
        return answer


@dataclass(order=True)
class _Message:
    at: datetime
    id: str
    message: Any = field(compare=False)


class World:
    """Rollcall, its storage account, Entra, and a clock.

    Attributes:
        now: the time.
        tenant: Entra.
        crashes: how often the process ended in the middle of something.
        faults: functions that ended with an exception.
    """

    def __init__(self, connection_string: str, start: datetime, tenant: Tenant, now: ManualClock, url: str) -> None:
        self.now = now
        self.tenant = tenant
        self.crashes = 0
        self.faults: list[str] = []
        self._url = url
        self._service = Service(now)
        self._settings = from_environment(
            {HR_STORAGE: connection_string, PROVISIONING_ENDPOINT: url + bulk_upload_path(tenant.tenant)}
        )
        self._functions = registered()
        self._messages: list[_Message] = []
        self._wire = _Wire()
        self._ticked = start
        self._again: datetime | None = None
        self.context = self._open()
        make_everything(self.context.storage)

    def close(self) -> None:
        """Close the connections."""
        self.context.close()

    # What HR does

    def map(self, source: str, text: str) -> None:
        """Put a mapping file into its place."""
        self.context.storage.container(CONFIG).upload_blob(f"{source}.yaml", text.encode(), overwrite=True)

    def drop(self, path: str, content: bytes) -> None:
        """HR drops a file; its event does not come yet."""
        blob = self.context.storage.container(INBOX).get_blob_client(path)
        blob.upload_blob(content, overwrite=True)
        blob.get_blob_properties()  # from now on the version has its time

    # What the platform does

    def announce(self, path: str) -> None:
        """The event of a file comes."""
        self._run("intake", self.context.storage.container(INBOX).get_blob_client(path))

    def advance(self, moment: datetime) -> None:
        """Let time pass, and do what falls due."""
        while (at := self._next()) <= moment:
            self._reach(at)
            self.tick()
        self._reach(moment)

    def skip(self, moment: datetime) -> None:
        """Let time pass while the app is stopped."""
        self._reach(moment)

    def start(self) -> None:
        """A new process begins."""
        self.context.close()
        self.context = self._open()
        self.tick()

    def tick(self) -> None:
        """The clock runs now."""
        self._tick()
        self.deliver()

    def deliver(self) -> None:
        """Send the pages that are on the queue and can be seen."""
        while True:
            self._take_messages()
            seen = min((message for message in self._messages if message.at <= self.now()), default=None)
            if seen is None:
                return
            self._messages.remove(seen)
            done = self._run(UPLOADS, func.QueueMessage(id=seen.message.id, body=seen.message.content))
            if done:
                self.context.storage.queue(UPLOADS).delete_message(seen.message)
            else:
                wait = _LEASE if done is None else _RETRY
                self._messages.append(_Message(self.now() + wait, seen.id, seen.message))

    def report(self) -> None:
        """Read Entra's log."""
        self._run("reporting", _Timer())
        self.tick()

    def crash_after(self, requests_: int, *, at_answer: bool = False) -> None:
        """End the process after so many requests to storage and Entra, or when Entra answers."""
        if at_answer:
            self._wire.cut_at_answer = True
        else:
            self._wire.cut_after = requests_

    def forgive(self) -> None:
        """No crash and no fault any more."""
        self.tenant.faults = Faults()
        self._wire.cut_after, self._wire.cut_at_answer = None, False

    # What there is to see

    def users(self) -> dict[str, dict[str, object]]:
        """The directory, by employeeId."""
        self.tenant.catch_up()
        return {str(user["employeeId"]): dict(user) for user in self.tenant.directory.people()}

    def rows(self, table: TableName[Any], text: str = "") -> list[Any]:
        """Rows of a table."""
        client = self.context.storage.table(table)
        return list(client.query_entities(text) if text else client.list_entities())

    def open_work(self) -> list[str]:
        """What is not finished, in words."""
        found = [
            f"extract {row['Extract']} ({row['File']}) is {row['Status']}: {row['Message']}"
            for row in self.rows(EXTRACTS)
            if row["Status"] in _OPEN
        ]
        found += [
            f"page {row['RowKey']} of {row['PartitionKey']} is {row['Status']}"
            for row in self.rows(PAGES)
            if row["Status"] not in pages.FINISHED
        ]
        return found

    # Inside

    def _open(self) -> Context:
        plain = connect(self._settings.storage, retries=0)
        clock = Clock(now=self.now, sleep=self.now.forward)
        tenant = self.tenant.tenant
        assert plain.session is not None
        self._wire = _Wire()
        self._wire.watch(plain.session)
        identity = AppIdentity(lambda: Identity(self._url, tenant, self.now))
        graph = _Graph(clock, identity, wire=self._wire)
        return Context(
            settings=self._settings,
            clock=clock,
            storage=TimedStorage(plain.blobs, plain.queues, plain.tables, plain.session, service=self._service),
            graph=graph,
            vault=None,
        )

    def _reach(self, moment: datetime) -> None:
        self.now.forward(max((moment - self.now()).total_seconds(), 0))

    def _take_messages(self) -> None:
        for message in self.context.storage.queue(UPLOADS).receive_messages(visibility_timeout=_HIDDEN):
            at = self._service.visible.get(message.id, self.now())
            self._messages.append(_Message(at, message.id, message))

    def _next(self) -> datetime:
        """When there is something to do next."""
        moments = [parse_iso(row["At"]) for row in self.rows(DUE) if "At" in row]
        moments += [message.at for message in self._messages]
        if self._again:
            moments.append(self._again)
        late = [max(moment, self._ticked + timedelta(minutes=1), self.now()) for moment in moments]
        return min(late, default=datetime.max.replace(tzinfo=self.now().tzinfo))

    def _tick(self) -> None:
        self._again = None
        self._ticked = self.now()
        self._run("clock", _Timer())

    def _run(self, name: str, value: object) -> bool | None:
        """Run a function: whether it has succeeded; None if the process ended in the middle of it."""
        try:
            with working_with(self.context):
                self._functions[name](value)
        except Killed:
            pass
        except Exception as error:  # noqa: BLE001 (whatever a function does, the host goes on)
            if not self._wire.is_cut:
                self.faults.append(f"{self.now():%Y-%m-%d %H:%M} {name}: {type(error).__name__}: {error}")
                self._again = self.now() + timedelta(minutes=1)
                return False
        if self._wire.is_cut:
            self.crashes += 1
            self.context.close()
            self.context = self._open()
            self._again = self.now() + timedelta(minutes=1)
            return None
        return True


class _Timer(func.TimerRequest):
    """An occurrence that is on time."""

    @property
    def past_due(self) -> bool:
        return False


@contextmanager
def world(connection_string: str, start: datetime, *, large: bool = False, clears: bool = False) -> Iterator[World]:
    """A new world in an empty storage account; a file may count as one of very many people, and null may clear."""
    now = ManualClock(start)
    tenant = Tenant(now=now)
    tenant.change_settings({"dailyLimit": None, "flowNullValues": clears})
    most = 0 if large else candidates.MOST_REWRITTEN
    with patch.object(candidates, "MOST_REWRITTEN", most), serving(tenant) as url:
        made = World(connection_string, start, tenant, now, url)
        try:
            yield made
        finally:
            made.close()
