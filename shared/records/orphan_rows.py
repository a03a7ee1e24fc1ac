"""Rows of `Workers` about ids that nobody has: rejected, never sent, without an account.

Such an id is a slip, say a number that a spreadsheet has cut short. Its row tells HR to correct the file; once that is
done no file names the id again, and nothing else would ever change the row. So it is removed. What was rejected and why
stays with the file.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

from azure.core.exceptions import ResourceModifiedError, ResourceNotFoundError

from shared.records import accounts
from shared.records.people import worker_key
from shared.storage.clients import Storage
from shared.storage.keys import range_of
from shared.storage.names import WORKERS
from shared.storage.rows import delete_row, etag_of, in_chunks, key_of, query, read_rows
from shared.tables.base import columns
from shared.tables.workers import WorkerRow, WorkerStatus

_COLUMNS = columns(
    WorkerRow.partition_key, WorkerRow.row_key, WorkerRow.worker_id, WorkerRow.status, WorkerRow.queued_at,
    WorkerRow.extract,
)  # fmt: skip
_AT_ONCE = 1000
_PARALLEL = 8


def remove_absent(storage: Storage, source: str, job: str, *, before: str, named: Collection[str]) -> None:
    """Remove the strangers of a source whom its newest full file does not name. Doing it again changes nothing.

    Args:
        storage: the account with HR data.
        source: of the file.
        job: of the accounts.
        before: the file's sequence; rows that tell of it, or of a newer file, stay.
        named: ids that stand in rejected rows of the file.
    """
    first, last = range_of(source)
    rows = query(
        storage.table(WORKERS),
        "PartitionKey ge @first and PartitionKey lt @last and Status eq @status and Sequence lt @before",
        select=_COLUMNS,
        first=first,
        last=last,
        status=WorkerStatus.REJECTED,
        before=before,
    )
    _remove(storage, source, job, (row for row in rows if row.worker_id not in named))


def remove_corrected(storage: Storage, source: str, job: str, *, ids: Collection[str], extract: str) -> None:
    """Remove the strangers among some ids whose rows in a file have been corrected. Doing it again changes nothing.

    Args:
        storage: the account with HR data.
        source: of the file.
        job: of the accounts.
        ids: that stand in rows which have been corrected.
        extract: the file; rows that tell of another one stay.
    """
    rows = read_rows(storage.table(WORKERS), [worker_key(source, worker_id) for worker_id in ids], select=_COLUMNS)
    _remove(storage, source, job, (row for row in rows.values() if row.extract == extract))


def _remove(storage: Storage, source: str, job: str, rows: Iterable[WorkerRow]) -> None:
    """Remove the rows that were rejected, of people of whom the source has never said anything that counts."""
    table = storage.table(WORKERS)

    def remove(row: WorkerRow) -> None:
        with suppress(ResourceNotFoundError, ResourceModifiedError):  # somebody has told something newer
            delete_row(table, key_of(row), etag_of(row))

    rejected = [row for row in rows if row.status == WorkerStatus.REJECTED and not row.queued_at]
    with ThreadPoolExecutor(_PARALLEL) as pool:
        for some in in_chunks(rejected, _AT_ONCE):
            known = accounts.read_briefly(storage, job, [row.worker_id for row in some])
            people = {account.external_id for account in known.values() if source in account.said}
            for _ in pool.map(remove, (row for row in some if row.worker_id not in people)):
                pass
