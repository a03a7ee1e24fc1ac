"""`ProvisioningEvents`: entries of Entra's log, kept under the person whom they are about, the newest first."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

from shared.clock import iso
from shared.entra.logs import LogEntry
from shared.records import keys
from shared.records.names import EVENTS
from shared.records.rows import Key, Values, put_rows, query
from shared.records.storage import Storage

_LAST_MOMENT = 10**15  # milliseconds; inverts a time so that the newest entry of a person sorts first
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)
_LONGEST_KEY = 400  # characters; a key takes 1 KiB, and nobody of ours has an id of that length
_PARALLEL = 8


def write_events(storage: Storage, job: str, entries: Iterable[LogEntry]) -> None:
    """Store entries, each under its own key, so that one that is read twice is stored once."""
    rows = {_event_key(job, entry): _event(entry) for entry in entries}
    fit = {key: row for key, row in rows.items() if max(len(key.partition), len(key.row)) <= _LONGEST_KEY}
    put_rows(storage.table(EVENTS), fit)


def read_events(storage: Storage, job: str, since: Mapping[str, datetime]) -> dict[str, list[LogEntry]]:
    """Entries about people, of each since a moment of its own (included), the newest first."""

    def read(external_id: str) -> list[LogEntry]:
        rows = query(
            storage.table(EVENTS),
            "PartitionKey eq @partition and RowKey lt @end",
            partition=keys.event_partition(job, external_id),
            end=f"{_inverted(since[external_id]) + 1:015d}",
        )
        return [_entry(row) for row in rows]

    with ThreadPoolExecutor(_PARALLEL) as pool:
        return dict(zip(since, pool.map(read, since), strict=True))


def _inverted(at: datetime) -> int:
    return _LAST_MOMENT - (at - _EPOCH) // _MILLISECOND


def _event_key(job: str, entry: LogEntry) -> Key:
    row = f"{_inverted(entry.at):015d}-{keys.encode(entry.id)}"
    return Key(keys.event_partition(job, entry.external_id), row)


def _event(entry: LogEntry) -> dict[str, Any]:
    return {
        "EventId": entry.id,
        "At": iso(entry.at),
        "WorkerId": entry.external_id,
        "TargetId": entry.target_id,
        "ChangeId": entry.change_id,
        "Action": entry.action,
        "Status": entry.status,
        "ErrorCode": entry.code,
        "Reason": entry.reason,
        "ManagerUnresolved": entry.manager_unresolved,
        "InScope": entry.in_scope,
    }


def _entry(row: Values) -> LogEntry:
    return LogEntry(
        id=row["EventId"],
        at=_EPOCH + (_LAST_MOMENT - int(row["RowKey"][:15])) * _MILLISECOND,
        change_id=row["ChangeId"],
        external_id=row["WorkerId"],
        target_id=row["TargetId"],
        action=row["Action"],
        status=row["Status"],
        code=row["ErrorCode"],
        reason=row["Reason"],
        manager_unresolved=row.get("ManagerUnresolved", False),
        in_scope=row.get("InScope", True),
    )
