"""The whole of Rollcall on this machine for one test: storage of its own, an Entra simulator, a functions host."""

from __future__ import annotations

import contextlib
import json
import os
import sys
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from local import processes
from local.entra.app_settings import app_settings
from local.processes import Process
from shared import settings
from shared.hr_outbox.history import HISTORY
from shared.records import extracts
from shared.storage.clients import Storage, connect
from shared.storage.names import EXTRACTS, INBOX, OUTBOX, WORKERS, TableName
from shared.storage.rows import query
from shared.tables.extracts import ExtractRow
from tests.support.table_values import Values
from tests.support.waiting import wait_for

LEASE_SECONDS = 5


@dataclass
class Cloud:
    """What stands in for Azure and Entra, and the functions host on it.

    Attributes:
        storage: the account with HR data, seen past any proxy.
        entra: address of the Entra simulator.
        env: the settings of the functions host.
        logs: folder of log files.
        host: the running functions host, if any.
    """

    storage: Storage
    entra: str
    env: dict[str, str]
    logs: Path
    host: Process | None = None
    _started: int = field(default=0)

    def start_host(self, *options: str, instances: int = 1, **env: str) -> Process:
        """Start the functions host, with options of its own and settings changed as named."""
        self._started += 1
        command = [sys.executable, "-m", "local", "host", "--lease", str(LEASE_SECONDS), "--instances", str(instances)]
        command += options
        self.host = processes.start(
            "The functions host", command, log=self.logs / f"host-{self._started}.log", env=self.env | env, deadline=120
        )
        return self.host

    def stop_host(self) -> None:
        """End the functions host, if it runs."""
        if self.host:
            self.host.stop()
            self.host = None

    def drop(self, path: str, content: bytes) -> None:
        """Put a file into the inbox."""
        self.storage.container(INBOX).upload_blob(path, content, overwrite=True)

    def rows(self, table: TableName[Any]) -> list[Values]:
        """All rows of a table."""
        return list(self.storage.table(table).list_entities())

    def extract(self, file: str) -> ExtractRow | None:
        """The row of a file's newest version."""
        found = sorted(query(self.storage.table(EXTRACTS), "File eq @file", file=file), key=lambda row: row.row_key)
        return found[0] if found else None

    def ended(self, file: str, *, seconds: float = 60) -> ExtractRow:
        """The row of a file once it is finished with."""

        def look() -> ExtractRow | None:
            row = self.extract(file)
            return row if row and row.status not in extracts.UNFINISHED else None

        return wait_for(look, timeout=seconds, every=0.2)

    def workers(self, *columns: str) -> dict[str, dict[str, Any]]:
        """The results table by worker id, with the columns named."""
        return {row["WorkerId"]: {name: row.get(name) for name in columns} for row in self.rows(WORKERS)}

    def directory(self, *columns: str) -> dict[str, dict[str, Any]]:
        """The accounts that Entra has, by employeeId, with the properties named."""
        users = self.ask("/simulator/directory")["users"]
        return {user["employeeId"]: {name: user[name] for name in columns} for user in users}

    def ask(self, path: str, body: object = None, method: str = "GET") -> Any:
        """Ask or tell the Entra simulator something."""
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(
            self.entra + path, data=data, method=method, headers={"Content-Type": "application/json"}
        )
        with urllib.request.urlopen(request) as answer:
            content = answer.read()
        return json.loads(content) if content else None

    def outbox(self) -> dict[str, bytes]:
        """Everything HR got back about files, by path."""
        container = self.storage.container(OUTBOX)
        names = [name for name in container.list_blob_names() if not name.endswith(f"/{HISTORY}")]
        return {name: container.download_blob(name).readall() for name in names}


@contextlib.contextmanager
def run_cloud(
    connection_string: str,
    logs: Path,
    *,
    entra_options: Sequence[str] = (),
    env: Mapping[str, str | None] | None = None,
) -> Iterator[Cloud]:
    """A cloud on a storage account; the functions host is started by the test.

    Args:
        connection_string: of the storage account.
        logs: folder for log files.
        entra_options: for the Entra simulator.
        env: settings of the functions host that win over the ones made here; None takes one away.
    """
    command = [
        sys.executable,
        "-m",
        "local.entra",
        "--port",
        "0",
        "--processing-seconds",
        "0.2",
        "--log-seconds",
        "0.2",
    ]
    with contextlib.ExitStack() as stack:
        entra = stack.enter_context(
            processes.start("The Entra simulator", [*command, *entra_options], log=logs / "entra.log")
        )
        made = {
            "AzureWebJobsStorage": connection_string,
            settings.HR_STORAGE: connection_string,
            **app_settings(entra.ready),
            settings.BLOB_SOURCE: "event_grid",
            settings.LOG_SCHEDULE: "*/3 * * * * *",  # the log API takes 5 requests in 10 seconds
            settings.CLOCK_SCHEDULE: "*/2 * * * * *",
        }
        storage = connect(settings.StorageConnection(connection_string=connection_string), retries=0)
        stack.callback(storage.close)
        cloud = Cloud(storage, str(entra.ready["url"]).rstrip("/"), _merged({**os.environ, **made}, env or {}), logs)
        stack.callback(cloud.stop_host)
        yield cloud


def _merged(made: Mapping[str, str], wanted: Mapping[str, str | None]) -> dict[str, str]:
    together = {**made, **wanted}
    return {name: value for name, value in together.items() if value is not None}
