"""`ProvisioningEvents`: entries of Entra's log, kept under the person whom they are about, the newest first."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from sys import intern

from shared.clock import iso
from shared.entra.logs import LogEntry
from shared.storage import keys
from shared.storage.clients import Storage
from shared.storage.keys import in_order
from shared.storage.names import EVENTS
from shared.storage.queries import query_answers
from shared.storage.rows import Key, in_chunks, put_rows, query
from shared.tables.base import columns
from shared.tables.events import EventRow

_LAST_MOMENT = 10**15  # milliseconds; inverts a time so that the newest entry of a person sorts first
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)
_LONGEST_KEY = 400  # characters; a key takes 1 KiB, and nobody of ours has an id of that length
_PARALLEL = 8
_GROUP = 500  # people, whose entries are read by one query if they lie close together
_FEW = 8
_FREE_ANSWERS = 3  # of up to 1,000 rows, before a look at whether it is worth it
_WORTH = 250  # rows that are wanted, of the 1,000 of an answer
_STORED_AT_ONCE = 4_000  # entries; more rows than that are not held in memory beside the entries


def write_events(storage: Storage, job: str, entries: Iterable[LogEntry]) -> None:
    """Store entries, each under its own key, so that one that is read twice is stored once.

    Those of one person go into one transaction: the more entries come at once, the fewer requests they take.
    """
    fit = [
        (key, entry)
        for entry in entries
        if max(len((key := _event_key(job, entry)).partition), len(key.row)) <= _LONGEST_KEY
    ]
    fit.sort(key=lambda one: one[0].partition)
    for some in in_chunks(fit, _STORED_AT_ONCE):
        put_rows(storage.table(EVENTS), {key: _event(entry) for key, entry in some})


def read_events(storage: Storage, job: str, since: Mapping[str, datetime]) -> dict[str, list[LogEntry]]:
    """Entries about people, of each since a moment of its own (included), the newest first."""
    partitions = {keys.event_partition(job, external_id): external_id for external_id in since}
    groups = in_chunks(sorted(partitions, key=in_order), _GROUP)

    def read(group: Sequence[str]) -> dict[str, list[LogEntry]]:
        starts = {partition: _end(since[partitions[partition]]) for partition in group}
        rows = _scan(storage, starts)
        if rows is None:
            rows = {partition: _read(storage, partition, end) for partition, end in starts.items()}
        return {partitions[partition]: [_entry(row) for row in found] for partition, found in rows.items()}

    with ThreadPoolExecutor(_PARALLEL) as pool:
        return {person: entries for part in pool.map(read, groups) for person, entries in part.items()}


def _scan(storage: Storage, ends: Mapping[str, str]) -> dict[str, list[EventRow]] | None:
    """The rows of neighbouring partitions by one query; None if there are few people, or too many others between them.

    After a big file everybody has entries, and to ask for each person takes a request for each.
    """
    if len(ends) < _FEW:
        return None
    first, *_, last = ends  # they are sorted
    pages = query_answers(
        storage.table(EVENTS),
        "PartitionKey ge @first and PartitionKey le @last and RowKey lt @end",
        {"first": first, "last": last, "end": max(ends.values())},
        _COLUMNS,
    )
    found: dict[str, list[EventRow]] = {partition: [] for partition in ends}
    wanted = 0
    for number, page in enumerate(pages):
        if number >= _FREE_ANSWERS and wanted < number * _WORTH:
            return None
        for row in page:
            if row.row_key < ends.get(row.partition_key, ""):
                found[row.partition_key].append(row)
                wanted += 1
    return found


def _read(storage: Storage, partition: str, end: str) -> list[EventRow]:
    text = "PartitionKey eq @partition and RowKey lt @end"
    return list(query(storage.table(EVENTS), text, _COLUMNS, partition=partition, end=end))


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


def _event(entry: LogEntry) -> EventRow:
    row = EventRow(
        event_id=entry.id,
        at=iso(entry.at),
        worker_id=entry.external_id,
        target_id=entry.target_id,
        change_id=entry.change_id,
        action=entry.action,
        status=entry.status,
        error_code=entry.code,
        reason=entry.reason,
        manager_unresolved=entry.manager_unresolved,
        in_scope=entry.in_scope,
    )
    if entry.user_name:
        row.user_name = entry.user_name
    return row


_COLUMNS = columns(
    EventRow.partition_key, EventRow.row_key, EventRow.event_id, EventRow.worker_id, EventRow.target_id,
    EventRow.change_id, EventRow.action, EventRow.status, EventRow.error_code, EventRow.reason,
    EventRow.manager_unresolved, EventRow.in_scope, EventRow.user_name,
)  # fmt: skip


def _entry(row: EventRow) -> LogEntry:
    return LogEntry(
        id=row.event_id,
        at=_EPOCH + (_LAST_MOMENT - int(row.row_key[:15])) * _MILLISECOND,
        change_id=row.change_id,
        external_id=row.worker_id,
        target_id=row.target_id,
        action=intern(row.action),
        status=intern(row.status),
        code=intern(row.error_code),
        reason=row.reason,
        manager_unresolved=row.manager_unresolved,
        in_scope=row.in_scope,
        user_name=row.user_name,
    )
