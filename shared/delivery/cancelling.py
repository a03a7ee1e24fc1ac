"""Pages of older plans whose people a newer plan has taken over need not be sent any more."""

from __future__ import annotations

from collections.abc import Iterable

from azure.core.exceptions import ResourceModifiedError

from shared.clock import iso
from shared.context import Context
from shared.model import ExtractRef
from shared.outcomes import progress
from shared.records import accounts, pages, people
from shared.records.people import Deliverer
from shared.storage.names import PAGES
from shared.storage.rows import etag_of, merge_row, read_rows
from shared.tables.pages import PageRow, PageStatus
from shared.wording import worker_status


def cancel_overtaken(context: Context, earlier: Iterable[Deliverer]) -> None:
    """Cancel those pages that are not being sent and have nobody left. Doing it again changes nothing."""
    table = context.storage.table(PAGES)
    keys = {pages.page_key(page.extract, page.page): page for page in earlier}
    now = iso(context.clock.now())
    for key, row in read_rows(table, keys).items():
        if row.status == PageStatus.CANCELLED and row.waiting:  # whoever cancelled it stopped before the rest
            _tell(context, keys[key], row)
        claimed = row.status == PageStatus.SENDING and row.claimed_until > now
        if row.status in pages.FINISHED or claimed or _somebody_is_left(context, keys[key], row):
            continue
        cancelled = PageRow(status=PageStatus.CANCELLED, updated_at=now)
        try:
            merge_row(table, key, cancelled, etag_of(row))
        except ResourceModifiedError:
            continue  # somebody has claimed it, and finds nobody to send
        _tell(context, keys[key], row)


def _tell(context: Context, page: Deliverer, row: PageRow) -> None:
    """Say on the rows of those whom another source has taken over that they are not sent from here."""
    ref = ExtractRef(page.extract, page.source)
    ids = [worker.worker_id for worker in pages.read_page(context.storage, ref, row.plan, page.page).workers]
    now = context.clock.now()
    people.note_state(context.storage, ref, ids, worker_status.withdrawn(now))
    progress.recount_page(context.storage, ref, row.plan, page.page)
    progress.refresh(context.storage, ref, now)


def _somebody_is_left(context: Context, page: Deliverer, row: PageRow) -> bool:
    ref = ExtractRef(page.extract, page.source)
    ids = [worker.worker_id for worker in pages.read_page(context.storage, ref, row.plan, page.page).workers]
    found = accounts.read_briefly(context.storage, row.job, ids)
    return any(account.pending and account.deliverer == page for account in found.values())
