"""Azurite, the Entra simulator and functions hosts as processes, and what can be seen of them from outside.

Nothing in here knows how the app works inside: a file is dropped, rows of tables and calls of the simulator are looked
at, and the processes say what they took. The app can be that of another folder, so that two commits run side by side.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from azure.core.exceptions import AzureError
from azure.data.tables import TableServiceClient
from azure.storage.blob import BlobServiceClient

from benchmarks.support.extracts import MAPPING, SOURCE
from benchmarks.support.figures import left, say
from local import processes
from local.azurite import ACCOUNT, Azurite
from local.entra.app_settings import app_settings
from shared import settings
from shared.storage.names import CONFIG, CONTAINERS, EXTRACTS, INBOX, QUEUES, TABLES, RowT, TableName
from shared.tables.extracts import ExtractRow

CALLS, WINDOW = 40, 5.0  # Entra's limit: so many calls in so many seconds
A_REQUEST = 50  # people
LONGEST_INVOCATION = 300.0  # seconds: what no function may come near
LOADED = ("uploading", "held", "delivered")
"""What the row of an extract says once all its pages are queued."""

_EVERY_TEN_SECONDS = "*/10 * * * * *"
_LOOK, _TELL = 0.25, 15.0
_EXECUTED = re.compile(r"(?:Executed|Failed) (\w+).*? ms=(\d+)")
_TOOK_TOO_LONG = re.compile(r"(\w+) ran into functionTimeout")
_TO_TABLES = re.compile(rf'"[A-Z]+ /[^/ ]+/(?:\$batch|{"|".join(TABLES)})\b')


@dataclass
class Parts:
    """What runs.

    Attributes:
        entra: where the simulator is.
        env: the settings of a functions host.
        logs: the folder of their logs.
        pids: by part.
        app: the folder of the app.
        blobs: of the account with HR data.
        tables: likewise.
        stand_in: where the stand-in for the tables is; empty if they are Azurite's.
    """

    entra: str
    env: dict[str, str]
    logs: Path
    pids: dict[str, list[int]]
    app: Path
    blobs: BlobServiceClient
    tables: TableServiceClient
    stand_in: str = ""
    _hosts: int = field(default=0, repr=False)

    def ask(self, path: str, body: object = None, method: str = "GET") -> Any:  # noqa: ANN401 (JSON)
        """Call the simulator's control endpoints."""
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(
            self.entra + path, data=data, method=method, headers={"Content-Type": "application/json"}
        )
        with urllib.request.urlopen(request, timeout=60) as answer:
            return json.loads(answer.read() or b"null")

    def calls(self) -> list[dict[str, Any]]:
        """The calls of bulkUpload, the last 5,000."""
        found: list[dict[str, Any]] = self.ask("/simulator/requests")
        return found

    def taken(self) -> int:
        """People in accepted requests so far; those of one person sent twice count twice."""
        state = self.ask("/simulator/state")
        return int(state["staged"]) + int(state["processed"])

    def map(self, source: str = SOURCE, mapping: str = MAPPING) -> None:
        """Give a source its mapping."""
        self.blobs.get_blob_client(CONFIG, f"{source}.yaml").upload_blob(mapping.encode(), overwrite=True)

    def drop(self, path: Path, source: str = SOURCE, name: str = "") -> float:
        """Drop a file, as HR would; returns the time (of `time.time`) at which the upload had ended."""
        with path.open("rb") as content:
            self.blobs.get_blob_client(INBOX, f"{source}/{name or path.name}").upload_blob(content, overwrite=True)
        return time.time()

    def extract(self, name: str, source: str = SOURCE) -> ExtractRow | None:
        """The row of a file; None if there is none yet."""
        try:
            rows = self.tables.get_table_client(EXTRACTS).query_entities(
                "PartitionKey eq @source and File eq @name", parameters={"source": source, "name": name}
            )
            return next(map(ExtractRow.read, rows), None)
        except AzureError:
            return None  # Azurite is busy; the next look tells

    def rows(self, name: TableName[RowT]) -> Iterator[RowT]:
        """All rows of a table."""
        for row in self.tables.get_table_client(name).list_entities():
            yield name.rows.read(row)

    @contextlib.contextmanager
    def hosts(self, count: int = 1, *arguments: str, without: Sequence[str] = (), **env: str) -> Iterator[Host]:
        """Run functions hosts.

        Args:
            count: how many.
            arguments: more, of `python -m local host`.
            without: functions that are switched off, as an app setting of Azure does it.
            env: more settings.
        """
        self._hosts += 1
        log = self.logs / f"hosts-{self._hosts}.log"
        off = {f"AzureWebJobs.{name}.Disabled": "true" for name in without}
        command = [sys.executable, "-m", "local", "host", "--instances", str(count), *arguments]
        began = time.time()
        with processes.start(
            "The functions host", command, log=log, env={**self.env, **off, **env}, cwd=self.app, deadline=180
        ) as run:
            self.pids["hosts"] = list(run.ready["pids"])
            yield Host(self, log, self.pids["hosts"], str(run.ready.get("url", "")), time.time() - began)

    def processor(self) -> dict[str, float]:
        """Processor seconds of each part so far."""
        return {name: sum(map(_processor_seconds, pids)) for name, pids in self.pids.items()}

    def table_requests(self) -> int:
        """Requests to tables so far, a transaction being one; only of the stand-in, or if Azurite was told to log."""
        if self.stand_in:
            with urllib.request.urlopen(f"{self.stand_in}/requests", timeout=60) as answer:
                return sum(json.loads(answer.read()).values())
        with (self.logs / "azurite.log").open(encoding="utf-8", errors="replace") as lines:
            return sum(1 for line in lines if _TO_TABLES.search(line))


@dataclass(frozen=True)
class Host:
    """Running functions hosts.

    Attributes:
        url: where the HTTP functions are.
        started: seconds until they were ready.
    """

    parts: Parts
    log: Path
    pids: Sequence[int]
    url: str
    started: float

    def longest(self) -> tuple[str, float]:
        """The function that took longest, and its seconds; one that ran into its time-out is infinite."""
        text = self.log.read_text("utf-8", "replace")
        if match := _TOOK_TOO_LONG.search(text):
            return match[1], float("inf")
        found = [(int(took) / 1000, name) for name, took in _EXECUTED.findall(text)]
        seconds, name = max(found, default=(0.0, "none"))
        return name, seconds

    def of(self, function: str) -> list[float]:
        """The seconds of each invocation of a function, in order."""
        text = self.log.read_text("utf-8", "replace")
        return [int(took) / 1000 for name, took in _EXECUTED.findall(text) if name == function]

    def failures(self) -> int:
        """Invocations that failed."""
        return self.log.read_text("utf-8", "replace").count(" ERROR host Failed ")

    def peak(self) -> float:
        """Megabytes that the largest host held at most so far."""
        return max(_peak(pid) for pid in self.pids)

    def processor(self) -> float:
        """Their processor seconds so far."""
        return sum(map(_processor_seconds, self.pids))


@contextlib.contextmanager
def parts(
    app: Path = processes.ROOT,
    *,
    entra: str = "",
    stand_in: bool = False,
    log_requests: bool = False,
    env: Mapping[str, str] | None = None,
) -> Iterator[Parts]:
    """Start Azurite and, unless there is one, the simulator; end them with the block.

    Args:
        app: the folder of the app.
        entra: where a simulator is that runs already; with its settings among `env`.
        stand_in: have the tables in `benchmarks.support.stand_in`, and Azurite keep everything else on disk.
        log_requests: have Azurite log each request, so that `Parts.table_requests` knows them.
        env: settings of the functions hosts.
    """
    with contextlib.ExitStack() as stack:
        logs = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="bench-")))
        blob, queue, table = processes.free_ports(3)
        azurite = stack.enter_context(
            Azurite.start(
                ports=(blob, queue, table),
                location=logs / "azurite" if stand_in else None,
                log=logs / "azurite.log",
                log_requests=log_requests,
            )
        )
        connection = azurite.connection_string()
        common = {**os.environ, "PYTHONDONTWRITEBYTECODE": "", "AzureWebJobsStorage": connection}
        pids = {"azurite": [azurite.process.pid]}
        tables_at = ""
        if stand_in:
            command = [sys.executable, "-m", "benchmarks.support.stand_in", "--file", str(logs / "tables.db")]
            server = stack.enter_context(processes.start("The tables", command, log=logs / "tables.log"))
            tables_at = str(server.ready["url"])
            connection = connection.replace(azurite.url("table"), f"{tables_at}/{ACCOUNT}")
            pids["tables"] = [server.pid]
        common[settings.HR_STORAGE] = connection
        if not entra:
            command = [sys.executable, "-m", "local.entra", "--port", "0"]
            simulator = stack.enter_context(processes.start("The Entra simulator", command, log=logs / "entra.log"))
            entra = str(simulator.ready["url"]).rstrip("/")
            common |= app_settings(simulator.ready)
            pids["entra"] = [simulator.pid]
        common |= {
            settings.BLOB_SOURCE: "polling",
            settings.LOG_SCHEDULE: _EVERY_TEN_SECONDS,
            settings.CLOCK_SCHEDULE: _EVERY_TEN_SECONDS,
            settings.DAILY_CALLS: "1000000",
            **(env or {}),
        }
        blobs = stack.enter_context(BlobServiceClient.from_connection_string(connection))
        tables = stack.enter_context(TableServiceClient.from_connection_string(connection))
        for container in CONTAINERS:
            blobs.create_container(container)
        for name in TABLES:
            tables.create_table(name)
        _make_queues(connection)
        found = Parts(entra, common, logs, pids, app, blobs, tables, tables_at)
        if common[settings.DAILY_CALLS] == "1000000" and "entra" in pids:
            found.ask("/simulator/settings", {"dailyLimit": None}, "PATCH")
        found.map()
        yield found


def _make_queues(connection: str) -> None:
    from azure.storage.queue import QueueServiceClient

    with QueueServiceClient.from_connection_string(connection) as queues:
        for name in QUEUES:
            queues.create_queue(name)


def wait(
    condition: Callable[[], bool], deadline: float, what: str, progress: Callable[[], str] = lambda: ""
) -> float | None:
    """Wait for something and say how it goes; returns when it was seen (of `time.time`), or None if it came too late.

    Args:
        condition: whether it is there.
        deadline: seconds from now.
        what: is waited for.
        progress: how far it is, for the one who waits.
    """
    began = told = time.monotonic()
    deadline = left(deadline)
    while not condition():
        now = time.monotonic()
        if now - began > deadline:
            say(f"  gave up after {deadline:.0f} s: {what}; {progress()}")
            return None
        if now - told > _TELL:
            told = now
            say(f"  {now - began:4.0f} s, waiting: {what}; {progress()}")
        time.sleep(_LOOK)
    return time.time()


def accepted(calls: Sequence[Mapping[str, Any]]) -> list[tuple[float, Mapping[str, Any]]]:
    """The calls that Entra took, with their times, in order."""
    found = [(datetime.fromisoformat(call["time"]).timestamp(), call) for call in calls if call["status"] == 202]
    return sorted(found, key=lambda one: one[0])


def share(calls: Sequence[Mapping[str, Any]]) -> float | None:
    """The rate of the accepted calls in percent of what Entra allows; None for fewer than two windows'."""
    times = [at for at, _ in accepted(calls)]
    if len(times) < 2 * CALLS:
        return None
    # The first forty may go out at once: what counts is how soon the others follow.
    return 100 * (len(times) - CALLS) / (times[-1] - times[0]) * WINDOW / CALLS


def most_in_a_window(calls: Sequence[Mapping[str, Any]]) -> int:
    """The most calls that came in any 5 seconds, whatever was answered."""
    times = sorted(datetime.fromisoformat(call["time"]).timestamp() for call in calls)
    most = first = 0
    for last, moment in enumerate(times):
        while times[first] <= moment - WINDOW:
            first += 1
        most = max(most, last - first + 1)
    return most


def refusals(calls: Sequence[Mapping[str, Any]]) -> int:
    """Calls that Entra did not take."""
    return sum(call["status"] != 202 for call in calls)


@contextlib.contextmanager
def worktree(commit: str) -> Iterator[Path]:
    """Another commit's files in a folder of their own."""
    folder = Path(tempfile.mkdtemp(prefix="bench-commit-"))
    place = folder / "app"
    subprocess.run(
        ["git", "worktree", "add", "--quiet", "--detach", str(place), commit], cwd=processes.ROOT, check=True
    )
    try:
        yield place
    finally:
        remove = ["git", "worktree", "remove", "--force", str(place)]
        subprocess.run(remove, cwd=processes.ROOT, check=False)
        shutil.rmtree(folder, ignore_errors=True)


def _processor_seconds(pid: int) -> float:
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:  # it has ended
        return 0.0
    return sum(int(fields[index]) for index in (11, 12, 13, 14)) / os.sysconf("SC_CLK_TCK")


def _peak(pid: int) -> float:
    try:
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    except OSError:
        return 0.0
    return next((int(line.split()[1]) / 1024 for line in lines if line.startswith("VmHWM")), 0.0)
