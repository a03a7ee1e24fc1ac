"""The processes of a round: Azurite, which keeps its data in a folder, Entra, and functions hosts."""

from __future__ import annotations

import contextlib
import os
import random
import signal
import socket
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from multiprocessing.context import ForkServerProcess
from pathlib import Path

from azure.core.exceptions import AzureError, ResourceNotFoundError
from azure.storage.blob import BlobLeaseClient, ContainerClient

from local.azurite import Azurite
from local.entra.calls import managed_identity
from local.entra.calls.provisioning_calls import bulk_upload_path
from local.entra.server import serving
from local.event_grid import Event, EventGrid, webhook
from local.host.storage import make_everything
from shared import settings
from shared.storage.clients import Storage, connect
from shared.storage.names import BLOBS_POISON, CONFIG, INBOX, STATE, UPLOADS, UPLOADS_POISON
from tests.chaos import host_process
from tests.chaos.entra import Entra
from tests.chaos.host_process import Place
from tests.chaos.plan import Plan
from tests.chaos.shared_time import SharedTime

LEASE_SECONDS = 5

_PRELOAD = Path(__file__).with_name("shared_time.cjs")
_BLOB_QUEUE = "azure-webjobs-blobtrigger-local"
_TIMERS = {"clock": 1, "reporting": 5}  # minutes


class Cloud:
    """What a round runs on.

    Attributes:
        now: its time.
        entra: the simulator.
        storage: past everything that goes wrong; made anew when Azurite starts again.
        kills: how many hosts were killed.
        stopped: how many were told to end, and did.
        told: the events that came, by their type.
        outages: from when to when, by the system's monotonic clock, there was no storage.
        longest_answer: seconds after Entra has accepted a request in which its answer comes and is written down.
    """

    def __init__(self, plan: Plan, folder: Path, now: SharedTime, entra: Entra, url: str) -> None:
        self.now = now
        self.entra = entra
        self.kills = 0
        self.stopped = 0
        self.told: Counter[str] = Counter()
        self.outages: list[tuple[float, float]] = []
        self.longest_answer = 1.0
        self._folder = folder
        self._ports = (_lasting_port(), _lasting_port(), _lasting_port())
        self._started = 0
        self._azurite = self._start_azurite()
        self.storage = self._connect()
        self._hosts: dict[int, ForkServerProcess] = {}
        self._told_to_end: set[int] = set()
        connection = self._azurite.connection_string()
        env = {
            **os.environ,
            "AzureWebJobsStorage": connection,
            settings.HR_STORAGE: connection,
            settings.PROVISIONING_ENDPOINT: url + bulk_upload_path(entra.tenant),
            "IDENTITY_ENDPOINT": url + managed_identity.PATH,
            "IDENTITY_HEADER": entra.tenant.identity_header,
            settings.BLOB_SOURCE: "event_grid",
            "AzureFunctionsJobHost__extensions__queues__maxPollingInterval": "00:00:00.5",
        }
        port = _lasting_port()
        self._place = Place(folder, env, LEASE_SECONDS, folder / "host.log", port, plan.request, plan.page)
        self._count = plan.hosts
        make_everything(self.storage)
        self._post = webhook(f"http://127.0.0.1:{port}", "intake", self._azurite.url("blob"))
        inbox = ContainerClient.from_connection_string(connection, INBOX, retry_total=0)
        self._grid = EventGrid(inbox, self._tell, plan.events, retry=0.5)
        self._grid.start()

    def close(self) -> None:
        """End all of it."""
        self._grid.stop()
        for process in self._hosts.values():
            process.kill()
            process.join()
        self.storage.close()
        self._azurite.process.kill()

    def _tell(self, event: Event) -> bool:
        taken = self._post(event)
        self.told[f"{event.type.rpartition('.')[2]}{'' if taken else ' (not taken)'}"] += 1
        return taken

    # What is done to it

    def map(self, source: str, text: str) -> None:
        """Put a mapping file into its place."""
        self.storage.container(CONFIG).upload_blob(f"{source}.yaml", text.encode(), overwrite=True)

    def drop(self, path: str, content: bytes) -> None:
        """HR drops a file."""
        self.storage.container(INBOX).upload_blob(path, content, overwrite=True)

    def see_to_hosts(self) -> None:
        """Start a new host in the place of each that has ended."""
        for number in range(self._count):
            process = self._hosts.get(number)
            if process is None or not process.is_alive():
                if process is not None:
                    self._note_end(process)
                self._started += 1
                log = self._folder / f"host-{number}-{self._started}.log"
                self._hosts[number] = host_process.start(replace(self._place, log=log))

        for number in [number for number in self._hosts if number >= self._count]:
            if not self._hosts[number].is_alive():
                self._note_end(self._hosts.pop(number))

    def scale(self, count: int) -> None:
        """So many hosts there are from now on; those that are too many are told to end, and finish what they run."""
        self._count = count
        for number, process in self._hosts.items():
            if number >= count and process.is_alive() and process.pid is not None:
                self._told_to_end.add(process.pid)
                process.terminate()

    def throttle(self, seconds: float) -> None:
        """For so long storage is busy, whatever it is asked by a host."""
        (self._folder / host_process.THROTTLED).touch()
        time.sleep(seconds)
        (self._folder / host_process.THROTTLED).unlink()

    def break_lease(self) -> None:
        """Whoever reads loses the lease of the job."""
        blob = self.storage.container(STATE).get_blob_client("leases/default")
        with contextlib.suppress(AzureError):  # nobody has it
            BlobLeaseClient(blob).break_lease(0)

    @property
    def busy(self) -> int:
        """How many requests were answered that storage is busy."""
        said = self._folder / "busy"
        return said.stat().st_size if said.exists() else 0

    def _note_end(self, process: ForkServerProcess) -> None:
        process.join()
        assert process.pid is not None
        self.now.forget(process.pid)
        # Whoever is told before it listens for that simply ends.
        if process.exitcode in (0, -signal.SIGTERM) and process.pid in self._told_to_end:
            self.stopped += 1
            process.close()
            return
        if process.exitcode != -signal.SIGKILL:
            raise AssertionError(f"A functions host has ended with {process.exitcode}, and nobody has killed it")
        self.kills += 1
        process.close()

    def kill(self, number: int) -> None:
        """SIGKILL for a host; another takes its place at the next look."""
        process = self._hosts.get(number)
        if process is None:  # there are fewer now
            return
        process.kill()
        process.join()

    def doom(self, moment: str) -> None:
        """The host that comes to such a moment next dies of it."""
        (self._folder / f"doom-{moment}").touch()

    def spare(self) -> None:
        """Nobody dies any more."""
        for moment in host_process.DOOMED:
            (self._folder / f"doom-{moment}").unlink(missing_ok=True)

    def restart_azurite(self, seconds: float) -> None:
        """Storage goes away in the middle of everything, and comes back with what it had."""
        began = time.monotonic()
        self._azurite.stop()  # in order: what it has acknowledged is on disk, as in Azure
        time.sleep(seconds)
        self._azurite = self._start_azurite()
        self.outages.append((began, time.monotonic()))
        self.storage.close()
        self.storage = self._connect()

    # What there is to see

    def is_quiet(self) -> bool:
        """Whether nobody works and there is nothing on the queues that can be seen."""
        if self.now.is_anybody_at_work() or self.entra.is_busy:
            return False
        return not any(self._visible(name) for name in (UPLOADS, _BLOB_QUEUE, UPLOADS_POISON, BLOBS_POISON))

    def _visible(self, name: str) -> bool:
        try:
            return bool(self.storage.queue(name).peek_messages(1))
        except ResourceNotFoundError:  # the host makes its own when it needs it
            return False

    def done(self) -> Counter[str]:
        """How often each function has ended, and how."""
        try:
            return Counter((self._folder / "done").read_text().splitlines())
        except FileNotFoundError:
            return Counter()

    def jump_and_wait_for_timers(self, moment: datetime, seconds: float) -> None:
        """Unless somebody is at work; the timers that fall due by it have run then, or are late by so many seconds."""
        before, done = self.now(), self.done()
        if not self.now.jump(moment):
            return
        after = self.now()
        names = [name for name, minutes in _TIMERS.items() if _number(before, minutes) != _number(after, minutes)]
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            news = self.done() - done
            if all(any(line.startswith(f"{name} ") for line in news) for name in names):
                break
            time.sleep(0.05)

    def _start_azurite(self) -> Azurite:
        self._started += 1
        return Azurite.start(
            ports=self._ports,
            location=self._folder / "azurite",
            log=self._folder / f"azurite-{self._started}.log",
            env={"NODE_OPTIONS": f"--require {_PRELOAD}", "CHAOS_TIME": str(self._folder / "time")},
            deadline=120,
        )

    def _connect(self) -> Storage:
        return connect(settings.StorageConnection(connection_string=self._azurite.connection_string()), retries=1)


def _lasting_port() -> int:
    """A free port that the system gives to nobody who connects somewhere while Azurite is away."""
    while True:
        port = random.randrange(15_000, 32_000)
        with socket.socket() as one, contextlib.suppress(OSError):
            one.bind(("127.0.0.1", port))
            return port


def _number(moment: datetime, minutes: int) -> int:
    """How many spans of so many minutes are over."""
    return int(moment.timestamp() // (60 * minutes))


@contextlib.contextmanager
def cloud(plan: Plan, folder: Path, start: datetime) -> Iterator[Cloud]:
    """A cloud in a folder."""
    now = SharedTime.begin(folder, start)
    entra = Entra(now)
    with (
        contextlib.closing(now),
        serving(entra) as url,
        contextlib.closing(Cloud(plan, folder, now, entra, url)) as made,
    ):
        yield made
