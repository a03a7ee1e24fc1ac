"""What is wrong with files: those that were refused, and the rows and people of one file, by cause."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from azure.core.exceptions import ResourceNotFoundError

from shared.clock import iso
from shared.model import Actor, ExtractRef
from shared.records import extracts
from shared.records.pages import read_rejects
from shared.storage.clients import Storage
from shared.storage.keys import range_of
from shared.storage.listing import cuts_of, list_rows
from shared.storage.names import WORKERS
from shared.support.files import LISTED, MOST_PAGES, Extract, extract_of, extract_row
from shared.support.people import TOLD, Hit, Trouble, TroubleKind, cause_of_row, grouped, hit_of
from shared.tables.base import columns
from shared.tables.extracts import ExtractKind, ExtractRow, ExtractStatus
from shared.tables.workers import WorkerRow, WorkerStatus

_MOST_FILES = 20  # of a source that are looked at
_LISTED_FOR = timedelta(days=7)
_REFUSED = (ExtractStatus.REJECTED, ExtractStatus.FAILED)
_PASSED_OVER = (ExtractStatus.STALE, ExtractStatus.DUPLICATE, ExtractStatus.ARRIVED, ExtractStatus.READING)
_REJECTED_STEP = "HR corrects the row and drops the file again; the account stays as it was until then."


@dataclass(frozen=True)
class Group:
    """Rows or people of a file with one cause.

    Attributes:
        cause: of them.
        people: whom it is about, by row.
    """

    cause: Trouble
    people: tuple[Hit, ...]


def refused_files(storage: Storage, among: Sequence[str], now: datetime) -> list[Extract]:
    """The files that were refused, and after which no file of their source was used; the newest first.

    One in a folder that cannot be a source is listed for a week: no file of that folder will ever be used.
    Of files that arrived in the same second nobody knows which came after which: those that were refused are listed.
    """
    found: list[Extract] = []
    for source in among:
        rows = extracts.newest(storage, source, (*LISTED, *columns(ExtractRow.path)), _MOST_FILES)
        rows = [row for row in rows if not extracts.is_misplaced(row) or row.arrived_at >= iso(now - _LISTED_FOR)]
        used = max((row.arrived_at for row in rows if _was_used(row)), default="")
        found += [extract_of(row) for row in rows if row.status in _REFUSED and row.arrived_at >= used]
    return sorted(found, key=lambda one: one.arrived_at, reverse=True)


def _was_used(row: ExtractRow) -> bool:
    return row.kind == ExtractKind.FILE and row.status not in (*_REFUSED, *_PASSED_OVER)


def of_file(storage: Storage, ref: ExtractRef, *, whole: bool = False) -> tuple[list[Group], bool]:
    """The rejected rows of a file, and the people of it who failed, by cause; and whether there may be more.

    Args:
        storage: the account with HR data.
        ref: the file.
        whole: whether everybody is wanted, however long it takes.
    """
    found = [*_rejected(storage, ref)]
    listing = list_rows(
        storage.table(WORKERS),
        "Extract eq @extract and (Status eq 'failed' or Status eq 'skipped' or Status eq 'overdue')",
        TOLD,
        lambda row: (cause_of_row(row), hit_of(row)),
        cuts=cuts_of([ref.source]),
        between=range_of(ref.source),
        most_pages=0 if whole else MOST_PAGES,
        parameters={"extract": ref.id},
    )
    found += listing.found
    by_cause: dict[tuple[str, str], list[Hit]] = {}
    for kind, hit in found:
        by_cause.setdefault((kind.status, kind.title), []).append(hit)
    groups = [
        Group(cause, tuple(sorted(by_cause[cause.status, cause.title], key=lambda hit: (hit.row, hit.worker_id))))
        for cause in grouped(kind for kind, _ in found)
    ]
    return groups, listing.cut


def _rejected(storage: Storage, ref: ExtractRef) -> list[tuple[TroubleKind, Hit]]:
    row = extract_row(storage, ref)
    if row is None or not row.read_plan or not row.rejected:
        return []
    try:
        rejects = read_rejects(storage, ref, row.read_plan)
    except ResourceNotFoundError:  # the plan has been cleared away
        return []
    found = []
    for one in rejects:
        about = WorkerRow(
            status=WorkerStatus.REJECTED,
            reason=one.reason,
            next_step=_REJECTED_STEP,
            who_acts=Actor.HR,
        )
        hit = Hit(
            *(ref.source, one.told_on, one.display_name, one.user_name, WorkerStatus.REJECTED, Actor.HR),
            reason=one.reason,
            row=one.row,
        )
        found.append((cause_of_row(about), hit))
    return found
