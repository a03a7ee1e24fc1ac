"""When the same is sent again, because what went wrong was not about HR's data, or matters too much to wait for HR.

A new record of HR's is sent whenever it comes; this is about records that have not changed. The table `Due` remembers
who is to be sent again and when; whoever works it off asks `still_wanted` first.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from datetime import datetime, timedelta

from shared.context import Context
from shared.model import Worker
from shared.outcomes.verdict import DATA, ENTRA_FAULT, MANAGER_NOT_KNOWN
from shared.records import due, extracts
from shared.records.people import ANOTHER, account_key, unpack, worker_key
from shared.storage import keys
from shared.storage.clients import Storage
from shared.storage.names import ACCOUNTS, WORKERS
from shared.storage.rows import read_rows
from shared.tables.accounts import AccountRow
from shared.tables.base import columns
from shared.tables.due import DueReason
from shared.tables.workers import WorkerRow, WorkerStatus

LEAVER = "leaver"  # the data of somebody who is still enabled, and must not be
SAID_ONCE = "said once"  # the data of somebody of a feed that does not say things twice

TAKER = "taker"  # the data of somebody who gets a name that somebody else has given up just now

_HOUR = timedelta(hours=1)
_LADDERS: Mapping[str, tuple[timedelta, ...]] = {
    ENTRA_FAULT: (timedelta(minutes=10), _HOUR, 6 * _HOUR, 24 * _HOUR),
    MANAGER_NOT_KNOWN: (_HOUR, 6 * _HOUR, 24 * _HOUR),
    DATA: (),
    LEAVER: (_HOUR, 6 * _HOUR, 24 * _HOUR),
    SAID_ONCE: (24 * _HOUR,),
    TAKER: (timedelta(minutes=10), _HOUR, 6 * _HOUR, 24 * _HOUR),
}
_AT_LAST = timedelta(days=7)


def matter_of_data(*, is_leaver: bool, is_taker: bool, says_it_once: Callable[[], bool]) -> str:
    """What decides when a person is sent again of whom the data were wrong, for `next_try`.

    Args:
        is_leaver: whether the account is to lose access.
        is_taker: whether the person gets a name that somebody else has given up just now.
        says_it_once: whether the feed is a delta; asked only where it matters.
    """
    if is_leaver:
        return LEAVER
    if is_taker:
        return TAKER
    return SAID_ONCE if says_it_once() else DATA


def next_try(wrong: str, tries: int, at: datetime) -> datetime:
    """When a person is sent again.

    Args:
        wrong: what was wrong, as in `shared.outcomes.verdict`, or `LEAVER`, `SAID_ONCE` or `TAKER` in the place of
            `DATA`.
        tries: how often the same has been sent in vain, 1 at least.
        at: when it went wrong.
    """
    ladder = _LADDERS[wrong]
    return at + (ladder[tries - 1] if tries <= len(ladder) else _AT_LAST)


def says_it_once(storage: Storage, source: str) -> bool:
    """Whether the feed is a delta: nobody must expect it to say the same again."""
    last = extracts.newest_planned_file(storage, source)
    return last is not None and last.full is False


def remember_to_resend(context: Context, job: str, times: Mapping[str, datetime]) -> None:
    """Have people (externalId) sent again at some time. Doing it again changes nothing."""
    due.schedule(
        context.storage, (due.Due(at, job, external_id, DueReason.RESEND) for external_id, at in times.items())
    )


def still_wanted(storage: Storage, job: str, people: Iterable[str]) -> set[str]:
    """Those people whom it still makes sense to send again: the last word on what Entra was sent is no good one.

    A newer record, an upload on its way or a success since then makes it pointless. Of whom an older record may have
    reached Entra last, what was said of the newer one says nothing.
    """
    accounts = read_rows(
        storage.table(ACCOUNTS),
        [account_key(job, external_id) for external_id in people],
        select=columns(AccountRow.pending, AccountRow.source, AccountRow.accepted),
    )
    overtaken = {keys.decode(key.row) for key, row in accounts.items() if row.accepted == ANOTHER and not row.pending}
    rows = {
        worker_key(account.source, keys.decode(key.row)): keys.decode(key.row)
        for key, account in accounts.items()
        if not account.pending and account.source
    }
    found = read_rows(storage.table(WORKERS), rows, select=columns(WorkerRow.sent_status, WorkerRow.tries))
    return overtaken | {rows[key] for key, row in found.items() if _is_wanted(row)}


def _is_wanted(row: WorkerRow) -> bool:
    status = row.sent_status
    # Of these it is tried again only if something was wrong.
    may_be_well = status in (WorkerStatus.PROVISIONED, WorkerStatus.SKIPPED)
    return status in (WorkerStatus.FAILED, WorkerStatus.OVERDUE) or (may_be_well and bool(row.tries))


def resend_after_managers(context: Context, job: str, people: Collection[str]) -> None:
    """Remember whose manager Entra did not know, under the manager, so that the manager's success brings them back."""
    accounts = [account_key(job, external_id) for external_id in people]
    rows = read_rows(context.storage.table(ACCOUNTS), accounts, select=columns(AccountRow.record))
    records = {keys.decode(key.row): unpack(row.record) for key, row in rows.items()}
    managers = {external_id: Worker(external_id, 0, record).manager_id for external_id, record in records.items()}
    known = {external_id: (manager,) for external_id, manager in managers.items() if manager}
    due.await_managers(context.storage, job, known, DueReason.RESEND)


def managers_known(context: Context, job: str, people: Collection[str]) -> None:
    """Have those sent again who waited for one of these people to be known to Entra as their manager."""
    if people:
        waiting = due.awaited(context.storage, job, DueReason.RESEND)
        due.wake(context.storage, waiting, people, context.clock.now())
