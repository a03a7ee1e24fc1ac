"""Who has been sent by an older plan after all, between the making of a newer one and its taking over.

A plan that is made while an older page waits sends the people of that page too. If the older page goes out before the
newer plan is written to their rows, Entra has what the newer one wants it to have; to send it again would be for
nothing. By the time the newer page is claimed no older one is on its way, and their answers are all written.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from azure.core.exceptions import ResourceNotFoundError

from shared.context import Context
from shared.delivery.answers import Progress
from shared.model import ExtractRef, ScimUser, Worker
from shared.records import pages, people
from shared.records.people import Deliverer
from shared.storage.names import PAGES
from shared.storage.rows import read_rows
from shared.tables.pages import PageRow


def sent_meanwhile(context: Context, ref: ExtractRef, row: PageRow, progress: Progress) -> set[str]:
    """Note those people of a claimed page whom Entra took from an older page with the very same record.

    Doing it again changes nothing.

    Args:
        context: what we work with.
        ref: the extract of the page.
        row: of the page in `Pages`.
        progress: how far the page has come.

    Returns:
        Their ids.
    """
    waited = {person.worker.worker_id for person in progress.page.people if person.waited}
    unsent = {worker.worker_id: worker for worker in progress.unsent() if worker.worker_id in waited}
    if not unsent or row.overtakes == "[]":
        return set()
    page = people.Deliverer.of(ref, progress.page.number)
    chains = people.taken_over(context.storage, row.job, page, list(unsent))
    older = _older_pages(context, {older for chain in chains.values() for older in chain})
    found = {}
    for one, chain in chains.items():
        if accepted := _accepted(unsent[one], [older[page] for page in chain]):
            found[one] = accepted
    if found:
        people.note_accepted(context.storage, row.job, page, found)
    return set(found)


@dataclass(frozen=True)
class _Older:
    """What may have gone to Entra from an older page, and what Entra has taken of it, by externalId.

    Attributes:
        is_known: whether its plan is still there to say it.
        records: of its people; of nobody, if nothing has ever been on its way from it.
        accepted: when, and in which request.
    """

    is_known: bool
    records: Mapping[str, ScimUser]
    accepted: Mapping[str, tuple[str, str]]


_GONE = _Older(is_known=False, records={}, accepted={})
_NOTHING_SENT = _Older(is_known=True, records={}, accepted={})


def _older_pages(context: Context, older: Iterable[Deliverer]) -> dict[Deliverer, _Older]:
    """Pages that were overtaken."""
    keys = {page: pages.page_key(page.extract, page.page) for page in older}
    rows = read_rows(context.storage.table(PAGES), keys.values())
    return {page: _older_page(context, page, rows.get(key)) for page, key in keys.items()}


def _older_page(context: Context, page: Deliverer, row: PageRow | None) -> _Older:
    if row is None:
        return _GONE
    if pages.has_sent_nothing(row):
        return _NOTHING_SENT
    try:
        planned = pages.read_page(context.storage, ExtractRef(page.extract, page.source), row.plan, page.page)
    except ResourceNotFoundError:
        return _GONE
    records = {worker.worker_id: worker.user for worker in planned.workers}
    return _Older(True, records, Progress.of(planned, row).accepted())


def _accepted(worker: Worker, chain: Sequence[_Older]) -> tuple[str, str] | None:
    """When Entra took somebody's record from one of the pages before, and in which request.

    It counts only as far back as all of them had the same record: another one may have reached Entra, though nobody
    got an answer.
    """
    for page in chain:
        if not page.is_known or page.records.get(worker.worker_id, worker.user) != worker.user:
            return None
        if accepted := page.accepted.get(worker.worker_id):
            return accepted
    return None
