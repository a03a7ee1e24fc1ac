"""`ProvisioningEvents`: entries of Entra's log, kept under the person whom they are about, the newest first."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

from shared.clock import iso
from shared.entra.logs import LogEntry
from shared.records import keys
from shared.records.names import EVENTS
from shared.records.rows import Key, Values, in_chunks, put_rows, query
from shared.records.storage import Storage

_LAST_MOMENT = 10**15  # milliseconds; inverts a time so that the newest entry of a person sorts first
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)
_LONGEST_KEY = 400  # characters; a key takes 1 KiB, and nobody of ours has an id of that length
_PARALLEL = 8
_GROUP = 50  # people, whose entries are read by one query if they lie close together
_FEW = 8
_SCAN_PAGES = 3  # of 1,000 rows each


def write_events(storage: Storage, job: str, entries: Iterable[LogEntry]) -> None:
    """Store entries, each under its own key, so that one that is read twice is stored once."""
    rows = {_event_key(job, entry): _event(entry) for entry in entries}
    fit = {key: row for key, row in rows.items() if max(len(key.partition), len(key.row)) <= _LONGEST_KEY}
    put_rows(storage.table(EVENTS), fit)


def read_events(storage: Storage, job: str, since: Mapping[str, datetime]) -> dict[str, list[LogEntry]]:
    """Entries about people, of each since a moment of its own (included), the newest first."""
    partitions = {keys.event_partition(job, external_id): external_id for external_id in since}
    groups = in_chunks(sorted(partitions, key=lambda partition: partition.encode("utf-16-be")), _GROUP)

    def read(group: Sequence[str]) -> dict[str, list[LogEntry]]:
        starts = {partition: _end(since[partitions[partition]]) for partition in group}
        rows = _scan(storage, starts)
        if rows is None:
            rows = {partition: _read(storage, partition, end) for partition, end in starts.items()}
        return {partitions[partition]: [_entry(row) for row in found] for partition, found in rows.items()}

    with ThreadPoolExecutor(_PARALLEL) as pool:
        return {person: entries for part in pool.map(read, groups) for person, entries in part.items()}


def _scan(storage: Storage, ends: Mapping[str, str]) -> dict[str, list[Values]] | None:
    """The rows of neighbouring partitions by one query; None if that would read too much, or there are few.

    After a big file everybody has entries, and to ask for each person takes a request for each.
    """
    if len(ends) < _FEW:
        return None
    first, *_, last = ends  # they are sorted
    pages = (
        storage.table(EVENTS)
        .query_entities(
            "PartitionKey ge @first and PartitionKey le @last and RowKey lt @end",
            parameters={"first": first, "last": last, "end": max(ends.values())},
        )
        .by_page()
    )
    found: dict[str, list[Values]] = {partition: [] for partition in ends}
    for number, page in enumerate(pages):
        if number == _SCAN_PAGES:
            return None
        for row in page:
            if row["RowKey"] < ends.get(row["PartitionKey"], ""):
                found[row["PartitionKey"]].append(row)
    return found


def _read(storage: Storage, partition: str, end: str) -> list[Values]:
    text = "PartitionKey eq @partition and RowKey lt @end"
    return list(query(storage.table(EVENTS), text, partition=partition, end=end))


def _end(since: datetime) -> str:
    """The RowKey behind that of the oldest entry since a moment."""
    return f"{_inverted(since) + 1:015d}"


def row_key_of(at: datetime) -> str:
    """A RowKey behind those of all entries from `at` on, and before those of all older ones."""
    return _end(at)


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
