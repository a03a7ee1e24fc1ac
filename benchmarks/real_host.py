"""The demo's three days behind the library that is inside the real Functions host, with events that go wrong.

    REAL_HOST=/path/to/real_host.py python -m benchmarks.real_host --seeds 10

REAL_HOST is a program that runs the app of a folder behind the WebJobs SDK: `REAL_HOST APP --port PORT --host-id NAME
--twice SHARE --late SECONDS --lost SHARE --seed N --no-events --quiet`. Two of them share the work. Each seed is three
days of its own, with other events twice, late and lost. Without such a program it says so and ends with 2.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import sys
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

from rich.console import Console

from local import company, demo, processes
from local.azurite import Azurite
from local.entra.app_settings import app_settings
from local.host.connections import Connections
from local.host.storage import ensure_storage
from shared import settings
from shared.storage.clients import connect
from shared.storage.names import EXTRACTS
from shared.storage.rows import query
from shared.tables.extracts import ExtractStatus

LOGS = processes.ROOT / ".local" / "real-host"
_STARTS = 60.0  # seconds


def main() -> int:
    """Run it; 0 if everything adds up, 1 if not, 2 if there is no such program."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=10, help="how many")
    parser.add_argument("--first", type=int, default=1, help="the first of them")
    parser.add_argument("--people", type=int, default=600, help="fewer, and the guard holds day two")
    parser.add_argument("--twice", type=float, default=0.3)
    parser.add_argument("--late", type=float, default=10.0)
    parser.add_argument("--lost", type=float, default=0.2)
    options = parser.parse_args()
    program = Path(os.environ.get("REAL_HOST", ""))
    if not program.is_file():
        print("There is no program to run the real host: set REAL_HOST to it (`--help` says what it must take).")
        return 2
    wrong = 0
    for seed in range(options.first, options.first + options.seeds):
        began = time.monotonic()
        events = {"twice": options.twice, "late": options.late, "lost": options.lost, "seed": seed}
        faults = _live_through(program, events, options.people)
        wrong += bool(faults)
        print(f"seed {seed}: {'; '.join(faults) or 'every row is accounted for'} ({time.monotonic() - began:.0f} s)")
    return bool(wrong)


def _live_through(program: Path, events: Mapping[str, float], people: int) -> list[str]:
    """Three days with two hosts; what does not add up."""
    faults: list[str] = []
    with _cloud(program, events) as cloud:
        days = [day(people) for day in (company.day_one, company.day_two, company.day_three)]
        try:
            for number, (file, day) in enumerate(zip(company.FILES, days, strict=True), 1):
                row = demo.run_day(Console(quiet=True), cloud, file, day.content)
                faults += [f"day {number}: {fault}" for fault in demo.check_day(cloud, row, days[:number])]
        except demo.DemoError as error:
            faults.append(str(error))
        rows = list(query(cloud.storage.table(EXTRACTS), ""))
        if len(rows) != len(days) or any(row.failures or row.status == ExtractStatus.FAILED for row in rows):
            faults.append(f"extracts: {[(row.file, row.status, row.failures) for row in rows]}")
    return faults


@contextlib.contextmanager
def _cloud(program: Path, events: Mapping[str, float]) -> Iterator[demo.Cloud]:
    """Storage, Entra and two real hosts, of which the first tells of files."""
    with contextlib.ExitStack() as stack:
        blob, queue, table = processes.free_ports(3)
        azurite = stack.enter_context(Azurite.start(ports=(blob, queue, table), log=LOGS / "azurite.log"))
        command = [
            sys.executable,
            "-m",
            "local.entra",
            "--port",
            "0",
            "--processing-seconds",
            "1",
            "--log-seconds",
            "1",
        ]
        entra = stack.enter_context(processes.start("The Entra simulator", command, log=LOGS / "entra.log"))
        connection = azurite.connection_string()
        env = {
            **os.environ,
            "AzureWebJobsStorage": connection,
            settings.HR_STORAGE: connection,
            **app_settings(entra.ready),
            settings.BLOB_SOURCE: "event_grid",
            settings.LOG_SCHEDULE: "*/3 * * * * *",
            settings.CLOCK_SCHEDULE: "*/10 * * * * *",
        }
        ensure_storage(Connections(env))
        for number in range(2):
            command = [sys.executable, str(program), str(processes.ROOT), "--port", str(processes.free_port())]
            command += ["--host-id", "rollcall", "--quiet"]
            command += ["--no-events"] if number else [f"--{name}={value}" for name, value in events.items()]
            log = LOGS / f"host-{number}.log"
            host = stack.enter_context(processes.spawn("A real host", command, log=log, env=env))
            _wait_for_host(host, log)
        storage = connect(settings.StorageConnection(connection_string=connection))
        stack.callback(storage.close)
        yield demo.Cloud(storage, str(entra.ready["url"]).rstrip("/"))


def _wait_for_host(host: processes.Process, log: Path) -> None:
    end = time.monotonic() + _STARTS
    while "webjobs-host" not in log.read_text():
        if not host.alive or time.monotonic() > end:
            raise processes.ProcessError(f"The real host does not start: {host.tail()}")
        time.sleep(0.2)


if __name__ == "__main__":
    sys.exit(main())
