"""Days of an HR office through the app's own steps: real storage, an Entra that takes whatever it is sent."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

from shared.context import Context
from shared.delivery.queueing import look_after_pages
from shared.delivery.send import deliver
from shared.holds.taking_in import take_in_holds
from shared.intake.due_dates import register_due
from shared.intake.ingest import go_on, ingest_version, process_all_pending
from shared.intake.trial import call_for_trials
from shared.model import ENTERPRISE_USER, GO_ON, ScimUser
from shared.storage.messages import message_from_json
from shared.storage.names import CONFIG, EXTRACTS, INBOX, OUTBOX, WORKERS
from tests.support.contexts import ManualTime, endpoint_at, open_test_context, rows_of, visible_messages
from tests.support.scripted_server import Reply, Script, run_script

HEADER = "Id,Name,Status,First,Last,Zone,Boss"
_MAPPING = {
    "version": 1,
    "key": "Id",
    "status": {
        "column": "Status",
        "values": {"active": True, "gone": False},
        "first_day": "First",
        "last_day": "Last",
        "zone": "Zone",
    },
    "attributes": {"displayName": "Name", f"{ENTERPRISE_USER}:manager": "Boss"},
}


class Office:
    """A company with its storage account.

    Attributes:
        context: for what has no method here.
        time: the clock's.
        script: what Entra answers.
    """

    def __init__(self, context: Context, time: ManualTime, script: Script) -> None:
        self.context = context
        self.time = time
        self.script = script

    def map(self, source: str = "employees", **changes: object) -> None:
        """Give a source its mapping, with changes to the usual one."""
        text = json.dumps({**_MAPPING, **changes})  # which is YAML, too
        self.context.storage.container(CONFIG).upload_blob(f"{source}.yaml", text, overwrite=True)

    def at(self, text: str) -> None:
        """Let it be a time, which must not be over: `2026-09-18 06:00`, in UTC."""
        wanted = datetime.fromisoformat(text).replace(tzinfo=UTC)
        seconds = (wanted - self.time()).total_seconds()
        assert seconds >= 0
        self.time.forward(seconds)

    def drop(self, *rows: str, name: str = "", source: str = "employees") -> str:
        """Drop a file with some rows, and have it taken in; the id of its extract.

        Cells that a row lacks are empty. Unless it is said otherwise, the name of the file holds the day.
        """
        name = name or f"people_{self.time():%Y%m%d_%H%M%S}.csv"
        wanted = HEADER.count(",")
        lines = [HEADER, *(row + "," * (wanted - row.count(",")) for row in rows)]
        blob = self.context.storage.container(INBOX).get_blob_client(f"{source}/{name}")
        blob.upload_blob("".join(f"{line}\n" for line in lines).encode(), overwrite=True)
        self.time.forward(1)
        ingest_version(self.context, blob)
        versions = [row for row in self._extracts() if row["Path"] == f"{source}/{name}"]
        return str(max(versions, key=lambda row: row["ArrivedAt"])["Extract"])

    def tick(self) -> list[tuple[str, bool]]:
        """A tick of the clock, and delivery of whatever is on the queue then; who was sent, and whether enabled."""
        before = len(self._sent())
        take_in_holds(self.context)
        register_due(self.context)
        process_all_pending(self.context)
        self.deliver()
        look_after_pages(self.context)
        call_for_trials(self.context)
        self.deliver()
        return [(user["externalId"], user["active"]) for user in self._sent()[before:]]

    def deliver(self) -> None:
        """Send whatever is on the queue."""
        while messages := visible_messages(self.context.storage):
            for text in messages:
                header = message_from_json(text)
                if header.page == GO_ON:
                    go_on(self.context, header.job)
                else:
                    deliver(self.context, header)

    def night(self, *rows: str, **how: str) -> list[tuple[str, bool]]:
        """Drop a file and have it sent."""
        before = len(self._sent())
        self.drop(*rows, **how)
        self.tick()
        return [(user["externalId"], user["active"]) for user in self._sent()[before:]]

    @property
    def directory(self) -> dict[str, ScimUser]:
        """What Entra was sent last of everybody."""
        return {user["externalId"]: user for user in self._sent()}

    @property
    def enabled(self) -> dict[str, bool]:
        """Whether the accounts are enabled."""
        return {person: user["active"] for person, user in self.directory.items()}

    def extract(self, extract: str) -> dict[str, Any]:
        """The row of an extract."""
        return next(row for row in self._extracts() if row["Extract"] == extract)

    def summary_of(self, extract: str) -> dict[str, Any]:
        """What HR is told of an extract, as programs read it."""
        box = self.context.storage.container(OUTBOX)
        [name] = [one.name for one in box.list_blobs() if one.name.endswith(f"{extract}/summary.json")]
        told: dict[str, Any] = json.loads(box.download_blob(name).readall())
        return told

    def newest(self, source: str = "employees") -> Any:
        """The row of the extract of a source that was registered last."""
        return max((row for row in self._extracts() if row["PartitionKey"] == source), key=lambda row: row["ArrivedAt"])

    def workers(self, *columns: str, source: str = "employees") -> dict[str, Any]:
        """Columns of everybody's row, by id; `Status` if none are named."""
        found = {}
        for row in rows_of(self.context.storage, WORKERS):
            if row["PartitionKey"].startswith(f"{source}|"):
                values = tuple(row.get(column) for column in columns or ("Status",))
                found[row["WorkerId"]] = values[0] if len(values) == 1 else values
        return found

    def _extracts(self) -> Sequence[dict[str, Any]]:
        return rows_of(self.context.storage, EXTRACTS)

    def _sent(self) -> list[ScimUser]:
        bodies = [json.loads(request.body) for request in self.script.requests]
        return [operation["data"] for body in bodies for operation in body["Operations"]]


@contextmanager
def open_office(connection_string: str) -> Iterator[Office]:
    """An office with a mapping for the source `employees`, on an empty storage account."""
    time = ManualTime()
    with (
        run_script(Reply(202, headers={"request-id": "r-1"}, date="")) as script,
        open_test_context(connection_string, time, endpoints={"default": endpoint_at(script.url)}) as context,
    ):
        office = Office(context, time, script)
        office.map()
        yield office
