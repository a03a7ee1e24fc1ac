"""What older plans of a job have not sent yet."""

from __future__ import annotations

from shared.clock import iso
from shared.context import Context
from shared.model import ExtractRef
from shared.records import extracts, pages
from shared.records.accounts import Account
from shared.records.people import Deliverer
from shared.tables.pages import PageRow, PageStatus


class Flights:
    """The pages of older plans of a job that are not finished."""

    def __init__(self, context: Context, job: str) -> None:
        self._storage = context.storage
        now = iso(context.clock.now())
        self._sending: set[tuple[str, int]] = set()
        self._waiting: list[PageRow] = []
        for extract in extracts.unfinished(context.storage, extracts.SENDING):
            if extract.job != job:
                continue
            for page in pages.page_rows(context.storage, extract.extract):
                if page.status in pages.FINISHED:
                    continue
                if page.status == PageStatus.SENDING and page.claimed_until > now:
                    self._sending.add((page.partition_key, int(page.row_key)))
                else:
                    self._waiting.append(page)

    def is_sending(self, account: Account) -> bool:
        """Whether what is pending of an account is being sent at this moment."""
        return account.deliverer is not None and account.deliverer[1:] in self._sending

    def was_approved(self, account: Account) -> bool:
        """Whether what waits to be sent of an account goes even if the person is protected: see `Planned.approved`."""
        for row in self._waiting:
            if account.deliverer == Deliverer(row.source, row.partition_key, int(row.row_key)):
                return account.external_id in self._approved(row)
        return False

    def _approved(self, row: PageRow) -> frozenset[str]:
        """Those of a page who go even if they are protected."""
        page = pages.read_page(self._storage, ExtractRef(row.partition_key, row.source), row.plan, int(row.row_key))
        return frozenset(person.worker.worker_id for person in page.people if person.approved)

    def waiting(self, ref: ExtractRef) -> dict[str, Deliverer]:
        """The people of a source in pages that wait, with their page."""
        found: dict[str, Deliverer] = {}
        for row in self._waiting:
            if row.source == ref.source and row.partition_key != ref.id:
                page = pages.read_page(
                    self._storage, ExtractRef(row.partition_key, row.source), row.plan, int(row.row_key)
                )
                deliverer = Deliverer(row.source, row.partition_key, page.number)
                found |= {worker.worker_id: deliverer for worker in page.workers}
        return found
