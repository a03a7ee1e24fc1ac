"""Four functions hosts on one ledger, against a simulator that enforces both of Entra's limits.

    python -m benchmarks.limit            both parts
    python -m benchmarks.limit burst      20,000 people, 40 calls in any 5 seconds
    python -m benchmarks.limit day        20,000 people and then 750 leavers, 300 calls a day

Azurite, the simulator and the functions hosts are the real ones of `local/`. The plans are written as intake writes
them, so that nothing but sending is measured. The day's window opens by making the ledger, and the simulator's limit, a
day older. Prints what the simulator saw; ends with 1 if a promise is broken.
"""

from __future__ import annotations

import contextlib
import json
import os
import sys
import tempfile
import time
import urllib.request
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from local import processes
from local.azurite import Azurite
from shared import settings
from shared.clock import SYSTEM_CLOCK, iso, parse_iso
from shared.context import Context, open_context
from shared.delivery.queueing import queue_ready_pages
from shared.delivery.windows import BURST_CALLS, BURST_SECONDS
from shared.model import CORE_USER, ENTERPRISE_USER, LEAVER, MOVER, ExtractRef, Page, Planned, Worker
from shared.records import extracts, pages, people
from shared.records.names import CONTAINERS, PAGES, QUEUES, QUOTA, TABLES
from shared.records.rows import query

_HOSTS = 4
_PEOPLE_PER_PAGE = 200
_DAY = 86_400


@dataclass
class Bench:
    """The parts, and a context of our own on the same storage."""

    context: Context
    entra: str
    env: dict[str, str]
    logs: Path
    pids: dict[str, list[int]]

    def processor_seconds(self) -> dict[str, float]:
        """What each part has used so far."""
        return {name: round(sum(map(_processor_seconds, pids)), 1) for name, pids in self.pids.items()}

    def ask(self, path: str, body: object = None, method: str = "GET") -> Any:  # noqa: ANN401 (JSON)
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(
            self.entra + path, data=data, method=method, headers={"Content-Type": "application/json"}
        )
        with urllib.request.urlopen(request) as answer:
            return json.loads(answer.read() or b"null")

    def calls(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.ask("/simulator/requests")
        return found

    @contextlib.contextmanager
    def hosts(self, **env: str) -> Iterator[None]:
        command = [sys.executable, "-m", "local", "host", "--instances", str(_HOSTS)]
        with processes.start(
            "Four hosts", command, log=self.logs / "hosts.log", env={**self.env, **env}, deadline=120
        ) as run:
            self.pids["hosts"] = list(run.ready["pids"])
            yield


@contextlib.contextmanager
def bench() -> Iterator[Bench]:
    with contextlib.ExitStack() as stack:
        logs = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="limit-")))
        blob, queue, table = processes.free_ports(3)
        azurite = stack.enter_context(Azurite.start(ports=(blob, queue, table), log=logs / "azurite.log"))
        command = [sys.executable, "-m", "local.entra", "--port", "0"]
        entra = stack.enter_context(processes.start("The Entra simulator", command, log=logs / "entra.log"))
        connection = azurite.connection_string()
        env = {
            **os.environ,
            "AzureWebJobsStorage": connection,
            settings.HR_STORAGE: connection,
            settings.PROVISIONING_ENDPOINT: str(entra.ready["provisioningEndpoint"]),
            "IDENTITY_ENDPOINT": str(entra.ready["identityEndpoint"]),
            "IDENTITY_HEADER": str(entra.ready["identityHeader"]),
            settings.BLOB_SOURCE: "polling",
            settings.LOG_SCHEDULE: "0 0 0 1 1 *",  # nothing but sending is measured
            settings.CLOCK_SCHEDULE: "*/10 * * * * *",
        }
        context = open_context(settings.from_environment(env), SYSTEM_CLOCK)
        stack.callback(context.close)
        for container in CONTAINERS:
            context.storage.container(container).create_container()
        for name in QUEUES:
            context.storage.queue(name).create_queue()
        for name in TABLES:
            context.storage.tables.create_table(name)
        pids = {"azurite": [azurite.process.pid], "entra": [entra.pid]}
        yield Bench(context, str(entra.ready["url"]).rstrip("/"), env, logs, pids)


def _processor_seconds(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def write_plan(context: Context, name: str, at: datetime, size: int, *, kind: str = MOVER) -> ExtractRef:
    """An extract whose plan is committed and recorded; its pages are not on the queue yet."""
    version = extracts.Version("employees", f"{name}.csv", f"employees/{name}.csv", name, at, 1)
    ref = version.ref
    counts = {"Rows": size, "People": size, "Rejected": 0, "Repeated": 0, "Failures": 0}
    row = {"Status": extracts.UPLOADING, "Plan": "plan", "Job": "default", "Sequence": iso(at), "Message": "", **counts}
    extracts.register(context.storage, version, {**row, "ArrivedAt": iso(at)})
    of = -(-size // _PEOPLE_PER_PAGE)
    for number in range(1, of + 1):
        count = min(_PEOPLE_PER_PAGE, size - (number - 1) * _PEOPLE_PER_PAGE)
        found = tuple(_person(f"{name}{index:03d}{number:02d}"[:-2], number, kind, ref) for index in range(count))
        page = Page(number, 0, found)
        pages.write_page(context.storage, ref, "plan", page)
        people.note_planned(
            context.storage,
            ref,
            "default",
            page,
            file=f"{name}.csv",
            stamp=ref.id,
            fingerprint=lambda user: str(user["externalId"]),
            at=at,
        )
        context.storage.table(PAGES).create_entity(
            {
                "PartitionKey": ref.id,
                "RowKey": f"{number:06d}",
                "Source": "employees",
                "Job": "default",
                "Plan": "plan",
                "Of": of,
                "After": 0,
                "People": count,
                "Leavers": count if kind == LEAVER else 0,
                "Waiting": count,
                "Status": pages.PLANNED,
                "Recorded": True,
                "Generation": 1,
                "Tries": 0,
                "Answers": "[]",
                "Overtakes": "[]",
                "UpdatedAt": iso(at),
            }
        )
    return ref


def _person(prefix: str, number: int, kind: str, ref: ExtractRef) -> Planned:
    worker_id = f"{prefix}{number % 100:02d}"  # a page's people share a table partition, as in a real plan
    user = {
        "schemas": [CORE_USER, ENTERPRISE_USER],
        "externalId": worker_id,
        "active": kind != LEAVER,
        "userName": f"{worker_id}@example.com",
        "displayName": f"Worker {worker_id}",
        ENTERPRISE_USER: {"department": "Tour Operations"},
    }
    return Planned(Worker(worker_id, 2, user), kind, sequence=ref.id, said="said", claim={})


def wait_until(condition: Callable[[], bool], seconds: float, what: str) -> None:
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            raise SystemExit(f"gave up after {seconds:g} s: {what}")
        time.sleep(0.5)


def most_in_a_window(calls: Sequence[dict[str, Any]]) -> int:
    """The most calls that came in any 5 seconds."""
    times = sorted(parse_iso(call["time"]).timestamp() for call in calls)
    most = first = 0
    for last, moment in enumerate(times):
        while times[first] <= moment - BURST_SECONDS:
            first += 1
        most = max(most, last - first + 1)
    return most


def span(calls: Sequence[dict[str, Any]]) -> float:
    times = [parse_iso(call["time"]).timestamp() for call in calls]
    return max(times) - min(times)


def statuses(calls: Sequence[dict[str, Any]]) -> dict[int, int]:
    return dict(Counter(call["status"] for call in calls))


class Promises:
    """What was promised, and whether it was kept."""

    def __init__(self) -> None:
        self.broken = 0

    def check(self, what: str, kept: bool) -> None:
        self.broken += not kept
        print(f"  {'kept  ' if kept else 'BROKEN'}  {what}", flush=True)


def burst(promises: Promises) -> None:
    with bench() as parts:
        ref = write_plan(parts.context, "a", datetime.now(UTC), 20_000)
        with parts.hosts():
            before = parts.processor_seconds()
            queue_ready_pages(parts.context, ref)
            wait_until(lambda: len(parts.calls()) >= 400, 300, "400 calls")
            calls = parts.calls()
            print(f"burst: load of the machine {os.getloadavg()[0]:.1f} on {os.cpu_count()} processors")
            promises.check(f"400 calls exactly: {len(calls)}", len(calls) == 400)
            promises.check(f"nothing but 202: {statuses(calls)}", statuses(calls) == {202: 400})
            most = most_in_a_window(calls)
            promises.check(f"never more than 40 in 5 s: {most}", most <= BURST_CALLS)
            promises.check(f"the last at most 50 s after the first: {span(calls):.1f} s", span(calls) <= 50)
            wait_until(lambda: _all_done(parts, ref), 180, "every page done")
            used = {name: round(seconds - before[name], 1) for name, seconds in parts.processor_seconds().items()}
            print(f"  processor seconds from the first page to the last: {used}")
            time.sleep(6)
            promises.check(f"and none after that: {len(parts.calls())}", len(parts.calls()) == 400)


def day(promises: Promises) -> None:
    with bench() as parts:
        parts.ask("/simulator/settings", {"dailyLimit": 300}, "PATCH")
        first = write_plan(parts.context, "a", datetime.now(UTC) - timedelta(minutes=5), 20_000)
        with parts.hosts(**{settings.DAILY_CALLS: "300"}):
            queue_ready_pages(parts.context, first)
            wait_until(lambda: _waiting(parts, first) == 29, 300, "the rest of the first extract waits")
            calls = parts.calls()
            print(f"day: load of the machine {os.getloadavg()[0]:.1f} on {os.cpu_count()} processors")
            promises.check(f"285 calls that day: {len(calls)}", len(calls) == 285)
            promises.check(f"and the rest waits: {_message(parts, first)}", "used up" in _message(parts, first))
            began = time.time()  # when the second extract is dropped
            second = write_plan(parts.context, "b", datetime.now(UTC), 750, kind=LEAVER)
            queue_ready_pages(parts.context, second)
            wait_until(lambda: len(parts.calls()) >= 300, 60, "the leavers")
            calls = parts.calls()
            took = max(parse_iso(call["time"]).timestamp() for call in calls) - began
            leavers = sum(not one["active"] for call in calls for one in call["operations"])
            promises.check(
                f"750 leavers in 15 calls within 30 s: {leavers}, {took:.1f} s", leavers == 750 and took < 30
            )
            time.sleep(25)
            calls = parts.calls()
            promises.check(f"300 calls, nothing but 202: {statuses(calls)}", statuses(calls) == {202: 300})
            parts.ask("/simulator/settings", {"dailyLimit": 600}, "PATCH")
            _a_day_later(parts)
            wait_until(lambda: _all_done(parts, first) and _all_done(parts, second), 300, "the rest, the next day")
            calls = parts.calls()
            promises.check(f"415 calls, nothing but 202: {statuses(calls)}", statuses(calls) == {202: 415})


def _all_done(parts: Bench, ref: ExtractRef) -> bool:
    return all(row["Status"] == pages.DONE for row in pages.page_rows(parts.context.storage, ref.id))


def _waiting(parts: Bench, ref: ExtractRef) -> int:
    rows = pages.page_rows(parts.context.storage, ref.id, status=pages.WAITING)
    return sum(bool(row.get("Parked")) for row in rows)


def _message(parts: Bench, ref: ExtractRef) -> str:
    return str(extracts.load(parts.context.storage, ref)["Message"])


def _a_day_later(parts: Bench) -> None:
    """What has been counted was counted a day ago."""
    table = parts.context.storage.table(QUOTA)
    for row in query(table, "RowKey eq 'calls'"):
        older = {int(bucket) - _DAY // 600 - 1: calls for bucket, calls in json.loads(row["Day"]).items()}
        table.update_entity({**row, "Day": json.dumps(older)})


def main(arguments: Sequence[str]) -> int:
    promises = Promises()
    parts = {"burst": burst, "day": day}
    for name in arguments or parts:
        parts[name](promises)
    return 1 if promises.broken else 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
