"""`python -m local demo`: three days of a fictitious company through the real functions, checked to the last row.

Starts Azurite, the Entra simulator and the functions host on free ports, drops the extract of each day, shows what
happens, and compares the end with what the files say. The third file would disable a third of the people by mistake:
nobody is disabled. Ends by itself and leaves nothing running.
"""

from __future__ import annotations

import argparse
import contextlib
import csv
import io
import json
import os
import sys
import time
import urllib.request
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from azure.storage.blob import BlobServiceClient
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from local import company, processes
from local.azurite import Azurite
from local.entra.app_settings import app_settings
from local.processes import ProcessError
from shared import settings
from shared.mapping.load import DEFAULT_SOURCE
from shared.model import ExtractRef
from shared.records import extracts
from shared.storage.clients import Storage, connect
from shared.storage.names import EXTRACTS, INBOX, OUTBOX, WORKERS
from shared.storage.rows import query
from shared.tables.extracts import (
    OUTCOMES,
    Count,
    ExtractRow,
    ExtractStatus,
    Outcome,
    count_of,
    counted_in,
    outcomes_of,
    quiet_of,
)
from shared.tables.workers import WorkerStatus

LOGS = processes.ROOT / ".local" / "demo"
_PATIENCE = 150.0  # seconds for one day


class DemoError(Exception):
    """Something does not add up, or did not happen in time."""


def main(arguments: Sequence[str]) -> int:
    """Run the demo; 0 if everything adds up."""
    parser = argparse.ArgumentParser(prog="python -m local demo", description=__doc__.splitlines()[0])
    parser.add_argument("--people", type=int, default=1200, help="size of the company (default: %(default)s)")
    options = parser.parse_args(arguments)
    console = Console()
    try:
        with contextlib.ExitStack() as stack:
            console.print("Starting storage (Azurite), Entra (a simulator) and the functions host ...")
            cloud = start(stack)
            days = [day(options.people) for day in (company.day_one, company.day_two, company.day_three)]
            for number, (file, day) in enumerate(zip(company.FILES, days, strict=True), 1):
                console.rule(f"Day {number}: HR drops {file} with {day.rows} rows")
                row = run_day(console, cloud, file, day.content)
                faults = check_day(cloud, row, days[:number])
                show_day(console, cloud, row, day)
                if faults:
                    raise DemoError("\n".join(faults))
    except (DemoError, ProcessError) as error:
        console.print(f"[bold red]The demo failed:[/] {error}")
        console.print(f"Logs are in {LOGS.relative_to(processes.ROOT)}")
        return 1
    console.print("[bold green]Every row of the three files is accounted for.[/]")
    return 0


@dataclass(frozen=True)
class Cloud:
    """This machine in the place of Azure.

    Attributes:
        storage: the account with HR data.
        entra: address of the Entra simulator.
    """

    storage: Storage
    entra: str

    def directory(self) -> dict[str, dict[str, Any]]:
        """The accounts in the simulator's directory, by employeeId."""
        with urllib.request.urlopen(f"{self.entra}/simulator/directory") as answer:
            return {user["employeeId"]: user for user in json.load(answer)["users"]}


def start(stack: contextlib.ExitStack) -> Cloud:
    """Start all parts on free ports, whatever else runs or is set on this machine."""
    blob, queue, table = processes.free_ports(3)
    azurite = stack.enter_context(Azurite.start(ports=(blob, queue, table), log=LOGS / "azurite.log"))
    # Short delays, so that a demo is not spent waiting; Entra itself takes minutes.
    command = [sys.executable, "-m", "local.entra", "--port", "0", "--processing-seconds", "1", "--log-seconds", "1"]
    entra = stack.enter_context(processes.start("The Entra simulator", command, log=LOGS / "entra.log"))
    env = {key: value for key, value in os.environ.items() if not key.startswith(_OURS)}
    env |= {
        "AzureWebJobsStorage": azurite.connection_string(),
        settings.HR_STORAGE: azurite.connection_string(),
        **app_settings(entra.ready),
        settings.BLOB_SOURCE: "event_grid",
        settings.LOG_SCHEDULE: "*/3 * * * * *",
        settings.CLOCK_SCHEDULE: "*/10 * * * * *",
    }
    host = [sys.executable, "-m", "local", "host"]
    stack.enter_context(processes.start("The functions host", host, log=LOGS / "host.log", env=env, deadline=60))
    storage = connect(settings.StorageConnection(connection_string=azurite.connection_string()))
    stack.callback(storage.close)
    return Cloud(storage, str(entra.ready["url"]).rstrip("/"))


# Settings that somebody may have made in the environment; the demo makes its own.
_OURS = (
    settings.HR_STORAGE,
    settings.PROVISIONING_ENDPOINT,
    settings.KEY_VAULT_URI,
    "ROLLCALL_",
    "IDENTITY_",
    "AZURE_",
    "AzureWebJobs",
)


def run_day(console: Console, cloud: Cloud, file: str, content: bytes) -> ExtractRow:
    """Drop a file and watch it until everybody in it has an outcome; the row of its extract."""
    blobs: BlobServiceClient = cloud.storage.blobs
    blobs.get_blob_client(INBOX, f"{DEFAULT_SOURCE}/{file}").upload_blob(content, overwrite=True)
    columns = (TextColumn("{task.description:<11}"), BarColumn(40), MofNCompleteColumn(), TimeElapsedColumn())
    rows = content.count(b"\n") - 1
    with Progress(*columns, console=console) as progress:
        reading = progress.add_task("reading", total=rows)
        uploading = progress.add_task("uploading", total=None)
        confirming = progress.add_task("confirming", total=None)
        end = time.monotonic() + _PATIENCE
        while time.monotonic() < end:
            row = next(query(cloud.storage.table(EXTRACTS), "File eq @file", file=file), None)
            if row and count_of(row, Count.PEOPLE) is not None:
                progress.update(reading, completed=row.rows, total=row.rows)
                counts = outcomes_of(row)
                people = row.people
                told = people - counts[Outcome.WAITING] - counts[Outcome.UPLOADED] if sum(counts.values()) else 0
                sent = people - counts[Outcome.WAITING] if sum(counts.values()) else 0
                progress.update(uploading, completed=sent, total=people)
                progress.update(confirming, completed=told, total=people)
            if row and row.status not in extracts.UNFINISHED:
                return row
            time.sleep(0.2)
    raise DemoError(f"{file} was not done within {_PATIENCE:.0f} seconds; it stands at: {row and row.message}")


def check_day(cloud: Cloud, row: ExtractRow, days: Sequence[company.Extract]) -> list[str]:
    """Everything that does not add up, one sentence each."""
    day = days[-1]
    ref = ExtractRef(row.extract, row.partition_key)
    faults = []
    outcomes = counted_in(row, *OUTCOMES)
    if row.status != (ExtractStatus.HELD if day.mistaken else ExtractStatus.DELIVERED):
        faults.append(f"the extract ended as {row.status}: {row.message}")
    if row.rows != day.rows or row.people + row.repeated + row.rejected != day.rows:
        faults.append(f"{day.rows} rows in the file, but {row.message}")
    if outcomes != row.people:
        faults.append(f"{row.people} people, but {outcomes} outcomes")
    broken = sorted(planted.row_number for planted in day.broken)
    rejected = sorted(int(line["Rollcall row"]) for line in read_rejects(cloud, ref, row.file))
    if broken != rejected:
        faults.append(f"rows {broken} are broken, but rows {rejected} were rejected")
    in_table = {person.row for person in query(cloud.storage.table(WORKERS), "Extract eq @extract", extract=ref.id)}
    unexplained = set(range(2, day.rows + 2)) - in_table - set(rejected)
    if unexplained:
        faults.append(f"rows {sorted(unexplained)} are neither in the results table nor in the rejects")
    if quiet_of(row).get(Outcome.HELD, 0) != len(day.mistaken):
        faults.append(
            f"{len(day.mistaken)} people left by mistake, but this is what became of those not sent: {row.quiet}"
        )
    expected: dict[str, dict[str, Any]] = {}
    for earlier in days:
        expected |= expected_accounts(earlier)
    directory = {key: {name: user[name] for name in _COMPARED} for key, user in cloud.directory().items()}
    different = sorted(key for key in expected.keys() | directory.keys() if expected.get(key) != directory.get(key))
    if different:
        faults.append(f"{len(different)} accounts in the directory are not as HR's files say: {different[:5]}")
    return faults


_COMPARED = ("displayName", "department", "jobTitle", "accountEnabled", "manager")


def expected_accounts(day: company.Extract) -> dict[str, dict[str, Any]]:
    """What the directory should hold after a day, for everybody whose row is right."""
    broken = {planted.row_number for planted in day.broken}
    mistaken = set(day.mistaken)
    rows = csv.DictReader(io.StringIO(day.content.decode("utf-8-sig")))
    return {
        line["WorkerID"]: {
            "displayName": line["FullName"],
            "department": line["Department"],
            "jobTitle": line["JobTitle"],
            "accountEnabled": line["WorkerStatus"] == "Active",
            "manager": line["ManagerID"] or None,
        }
        for number, line in enumerate(rows, 2)
        if number not in broken and line["WorkerID"] not in mistaken
    }


def read_rejects(cloud: Cloud, ref: ExtractRef, file: str) -> list[Mapping[str, str]]:
    """The rejects that HR gets back."""
    path = extracts.outbox_path(ref.source, file, ref.id, "rejects.csv")
    blob = cloud.storage.container(OUTBOX).get_blob_client(path)
    if not blob.exists():
        return []
    return list(csv.DictReader(io.StringIO(blob.download_blob().readall().decode("utf-8-sig"))))


def show_day(console: Console, cloud: Cloud, row: ExtractRow, day: company.Extract) -> None:
    """The results table by outcome, some people, and the rejects."""
    people = list(query(cloud.storage.table(WORKERS), "Extract eq @extract", extract=row.extract))
    console.print(f"[bold]{row.message}[/]")
    summary = Table("Status", "Change", "Enabled", "People", title="Workers: the results table, counted")
    counted = Counter((person.status, person.kind, person.active) for person in people)
    for (status, kind, active), number in sorted(counted.items(), key=str):
        summary.add_row(status, kind, "yes" if active else "no", str(number))
    console.print(summary)
    shown = {*day.joiners[:2], *day.movers[:2], *day.leavers[:2], *day.mistaken[:2]} or {
        person.worker_id for person in people[:4]
    }
    table = Table("Worker", "Row", "Status", "Decision", "Outcome", title="Some of the people")
    for person in sorted(people, key=lambda person: person.row):
        if person.worker_id in shown:
            outcome = person.next_step if person.status == WorkerStatus.HELD else person.reason
            table.add_row(person.worker_id, str(person.row), person.status, person.decision, outcome)
    console.print(table)
    rejects = read_rejects(cloud, ExtractRef(row.extract, row.partition_key), row.file)
    if rejects:
        table = Table("Row", "WorkerID", "Reason", title=f"rejects.csv: {len(rejects)} rows that HR gets back")
        for line in rejects:
            table.add_row(line["Rollcall row"], line["WorkerID"], line["Rollcall reason"])
        console.print(table)
