"""Starts that the newest file does not confirm: nobody is let in by a date that HR may not stand by any more.

A hire that is called off often shows in nothing but the absence of the row, or in a row that cannot be used. Whoever
has never worked then waits, by name, until a file or a person says so. Ends are not stopped by it: they were said by a
row that was right.
"""

from __future__ import annotations

from collections.abc import Iterable

from azure.core.exceptions import ResourceNotFoundError

from shared.model import ExtractRef
from shared.planning.plan_run import PlanRun
from shared.records import extracts
from shared.records import pages as page_records
from shared.records.accounts import Account
from shared.records.people import worker_key
from shared.storage import keys
from shared.storage.names import WORKERS
from shared.storage.rows import read_rows
from shared.tables.base import columns
from shared.tables.extracts import ExtractKind, ExtractStatus
from shared.tables.workers import WorkerRow, WorkerStatus

_COLUMNS = columns(
    WorkerRow.status, WorkerRow.reason, WorkerRow.missing_in, WorkerRow.in_doubt, WorkerRow.extract,
    WorkerRow.held_because,
)  # fmt: skip


def unconfirmed_starts(run: PlanRun, known: Iterable[Account]) -> dict[str, str]:
    """Why the start of some people must wait, by id; nobody else is in doubt.

    Args:
        run: the plan, of dates that have come.
        known: whose dates they are.
    """
    people = {account.external_id: account for account in known if not account.enabled}
    if not people:
        return {}
    rows = read_rows(run.storage.table(WORKERS), [worker_key(run.ref.source, one) for one in people], select=_COLUMNS)
    lacking, file = _held_as_a_whole(run)
    found = {}
    for key, row in rows.items():
        worker_id = keys.decode(key.row)
        account = people[worker_id]
        why = _why(run, row, has_worked=account.ever_enabled)
        if not why and worker_id in lacking and not account.ever_enabled:
            why = f"the newest full file, {file}, does not name the person; it is held as a whole"
        if why:
            found[worker_id] = (
                f"The start of {worker_id} waits, because {why}. Is the person to start? Released, the account is made "
                "or enabled now; if the hire was called off, HR says so."
            )
    return found


def _why(run: PlanRun, row: WorkerRow, *, has_worked: bool) -> str:
    if row.in_doubt and row.status in (WorkerStatus.REJECTED, WorkerStatus.HELD):
        return "the newest row of the person was rejected, and it is in doubt that or when the person may work"
    if has_worked:
        return ""
    if row.status == WorkerStatus.MISSING or row.missing_in:
        return "the newest full file does not name the person any more"
    if row.status == WorkerStatus.FILTERED:
        return "the mapping leaves the newest row of the person out"
    if row.status == WorkerStatus.HELD and _is_file(run, row.extract):
        return "what the newest file says of the person is held"
    return ""


def _is_file(run: PlanRun, extract: str) -> bool:
    try:
        return extracts.load_extract(run.storage, ExtractRef(extract, run.ref.source)).kind == ExtractKind.FILE
    except (ResourceNotFoundError, ValueError):  # its time was over
        return False


def _held_as_a_whole(run: PlanRun) -> tuple[frozenset[str], str]:
    """Whom a full file lacks that waits as a whole and is the newest of its source, and its name."""
    whole = extracts.of_source(run.storage, run.ref.source, "HeldWhole eq true")
    waits = [row for row in whole if row.kind == ExtractKind.FILE and not row.superseded_by]
    newest = max(waits, key=lambda row: row.sequence, default=None)
    if newest is None or newest.status != ExtractStatus.HELD:
        return frozenset(), ""
    ref = ExtractRef(newest.extract, run.ref.source)
    held = page_records.read_held(run.storage, ref, newest.read_plan)
    return frozenset(str(person["id"]) for person in held), newest.file
