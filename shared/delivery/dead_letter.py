"""Pages whose message failed again and again, and how they come back.

The runtime puts such a message aside as poison. The people of its page who were not sent are then marked failed, so
that somebody sees them, and the page ends. Nothing is sent again by itself, because whatever made it fail five times
would do so again; a newer file that names these people sends them, and `redrive` puts the page back.

A message fails five times too while storage, or the identity, is away for long. Then nothing in the page's row speaks
of a fault of ours, and the page goes back to the queue.
"""

from __future__ import annotations

import logging
from collections.abc import Collection, Iterable
from datetime import timedelta

from azure.core.exceptions import ResourceNotFoundError

from shared.clock import iso, parse_iso
from shared.context import Context
from shared.delivery import page_claim
from shared.delivery.answers import Progress, record_accepted
from shared.delivery.queueing import queue_ready_pages
from shared.delivery.waiting import send_message
from shared.model import Actor, ExtractRef, PageMessage
from shared.outcomes import progress
from shared.records import extracts, pages, people
from shared.storage import keys
from shared.storage.names import ACCOUNTS, EXTRACTS, PAGES, WORKERS
from shared.storage.rows import Key, change_rows, key_of, query, read_row
from shared.tables.accounts import AccountRow
from shared.tables.base import NO_JSON, columns
from shared.tables.extracts import ExtractRow, ExtractStatus
from shared.tables.pages import PageRow, PageStatus
from shared.tables.workers import WorkerRow, WorkerStatus
from shared.wording import worker_status

logger = logging.getLogger(__name__)

PUT_ASIDE = "PutAside"
"""The error code of people whose page was put aside."""

_COMES_BACK = 300.0  # seconds
_MOST_COME_BACKS = 24  # two hours at least, and usually four; then it is no outage


def put_aside(context: Context, message: PageMessage) -> None:
    """End the page of a message that failed again and again; doing it again finishes what was begun."""
    ref = ExtractRef(message.extract, message.source)
    try:
        row = read_row(context.storage.table(PAGES), pages.page_key(ref.id, message.page))
    except ResourceNotFoundError:
        logger.warning("Poison message for page %d of extract %s, which is not planned", message.page, ref.id)
        return
    if message.generation < row.generation or row.status in pages.FINISHED:
        if message.generation == row.generation and row.status == PageStatus.FAILED:
            _tell_people(context, ref, row)  # perhaps a crash came before this
        return  # else it has come to its end some other way, or has a newer message
    if row.status == PageStatus.SENDING and parse_iso(row.claimed_until) > context.clock.now():
        # Another instance is at work; the message is looked at again when its claim is over.
        delay = (parse_iso(row.claimed_until) - context.clock.now()).total_seconds() + 1
        send_message(context, row, delay=delay)
        return
    if row.status != PageStatus.SENDING and not row.failures and row.came_back < _MOST_COME_BACKS:
        _come_back(context, ref, row)
        return
    held = page_claim.claim(context, row)
    logger.error(
        "Page %d of extract %s is given up: its message failed again and again",
        message.page, ref.id, extra={"extract": ref.id, "page": message.page},
    )  # fmt: skip
    # The page first: as long as it could be sent, whoever finds it would send it without those who are not pending.
    # Its claim stays, so that nobody puts it back in the middle of this.
    failed = PageRow(status=PageStatus.FAILED, reason="It failed again and again and was given up.")
    held = page_claim.save_page(context, held, failed)
    _tell_people(context, ref, held.row)


def _tell_people(context: Context, ref: ExtractRef, row: PageRow) -> None:
    """Mark the people of a page that is given up, and go on without it."""
    number = int(row.row_key)
    try:
        sending = Progress.of(pages.read_page(context.storage, ref, row.plan, number), row)
    except ResourceNotFoundError:  # the plan is gone: nobody can be sent from it
        logger.exception("The plan of extract %s is gone", ref.id)
    else:
        record_accepted(context, ref, row.job, sending)
        ids = [worker.worker_id for worker in sending.unsent()]
        people.note_state(context.storage, ref, ids, _state(context, ref))
        # Of those whose request had no answer nobody knows what Entra has.
        on_its_way = sending.workers(sending.pieces[0]) if row.unanswered_since and sending.pieces else ()
        maybe = {worker.worker_id for worker in on_its_way}
        _forget_pending(context, row.job, people.Deliverer.of(ref, number), ids, maybe)

    def over(_key: Key, now: PageRow | None) -> PageRow | None:
        is_ours = now and now.status == PageStatus.FAILED and now.generation == row.generation
        return PageRow(claimed_until="") if is_ours else None

    change_rows(context.storage.table(PAGES), [key_of(row)], over, select=columns(PageRow.status, PageRow.generation))
    progress.recount_page(context.storage, ref, row.plan, number)
    queue_ready_pages(context, ref)
    progress.refresh(context.storage, ref, context.clock.now())


def _come_back(context: Context, ref: ExtractRef, row: PageRow) -> None:
    """Put a page that nothing of ours has failed at back onto the queue, as a new generation."""
    logger.warning(
        "The message for page %s of extract %s could not be delivered; it is tried again in %.0f seconds",
        row.row_key, ref.id, _COMES_BACK, extra={"extract": ref.id, "page": int(row.row_key)},
    )  # fmt: skip
    generation = row.generation + 1
    send_message(context, row, delay=_COMES_BACK, generation=generation)
    until = iso(context.clock.now() + timedelta(seconds=_COMES_BACK))  # until then its message is not taken for lost
    values = PageRow(generation=generation, came_back=row.came_back + 1, wait_until=until)

    def change(_key: Key, now: PageRow | None) -> PageRow | None:
        return values if now and now.generation == row.generation else None

    change_rows(context.storage.table(PAGES), [key_of(row)], change, select=columns(PageRow.generation))


def _state(context: Context, ref: ExtractRef) -> WorkerRow:
    return WorkerRow(
        status=WorkerStatus.FAILED,
        reason="Rollcall failed again and again to send this person; the app's log says why.",
        next_step=f"IT mends the cause, then: python -m cli redrive {ref.id}",
        who_acts=Actor.IT,
        error_code=PUT_ASIDE,
        resolved_at=iso(context.clock.now()),
    )


def redrive(context: Context, extract: str = "") -> dict[str, int]:
    """Put back pages that were put aside, of one extract or of all.

    Returns:
        For each extract, the number of its pages that are sent again.
    """
    text = "Status eq @status" + (" and PartitionKey eq @extract" if extract else "")
    rows = list(query(context.storage.table(PAGES), text, status=PageStatus.FAILED, extract=extract))
    found: dict[str, int] = {}
    refs = {}
    for row in rows:
        if row.claimed_until and parse_iso(row.claimed_until) > context.clock.now():
            continue  # it is being put aside
        ref = refs[row.partition_key] = ExtractRef(row.partition_key, row.source)
        _put_back(context, ref, row)
        found[ref.id] = found.get(ref.id, 0) + 1
    for ref in refs.values():
        queue_ready_pages(context, ref)  # the rest follows when the pages have been sent
    return found


def _put_back(context: Context, ref: ExtractRef, row: PageRow) -> None:
    number = int(row.row_key)
    page = pages.read_page(context.storage, ref, row.plan, number)
    ids = [worker.worker_id for worker in Progress.of(page, row).unsent()]
    _remember_pending(context, row.job, people.Deliverer.of(ref, number), ids)
    _wait_again(context, ref, ids)
    change_rows(
        context.storage.table(EXTRACTS), [extracts.extract_key(ref)], _open_again, select=columns(ExtractRow.status)
    )
    planned = PageRow(
        status=PageStatus.PLANNED,
        generation=row.generation + 1,
        tries=0,
        failures=0,
        came_back=0,
        reason="",
        told="",
        updated_at=iso(context.clock.now()),
    )

    def change(_key: Key, now: PageRow | None) -> PageRow | None:
        return planned if now and now.status == PageStatus.FAILED else None

    change_rows(context.storage.table(PAGES), [pages.page_key(ref.id, number)], change, select=columns(PageRow.status))
    progress.recount_page(context.storage, ref, row.plan, number)


def _open_again(_key: Key, row: ExtractRow | None) -> ExtractRow | None:
    """Of an extract that has ended. One that is open may be about to be planned again, for a release say."""
    return ExtractRow(status=ExtractStatus.UPLOADING) if row and row.status not in extracts.UNFINISHED else None


def _wait_again(context: Context, ref: ExtractRef, ids: Iterable[str]) -> None:
    """People who were put aside wait to be sent again, as far as nothing newer is said about them."""
    queued = worker_status.waiting(
        "Put back by an operator; waits to be sent to Entra.",
        "Nothing to do: it is sent by itself.",
        Actor.NOBODY,
    )

    def person(_key: Key, row: WorkerRow | None) -> WorkerRow | None:
        if row is None or row.sent_by != ref.id or row.error_code != PUT_ASIDE:
            return None
        sent = WorkerRow(sent_status=WorkerStatus.QUEUED, error_code="")
        return queued | sent | WorkerRow(resolved_at="") if row.extract == ref.id else sent

    keys = [people.worker_key(ref.source, worker_id) for worker_id in ids]
    change_rows(
        context.storage.table(WORKERS),
        keys,
        person,
        select=columns(WorkerRow.extract, WorkerRow.sent_by, WorkerRow.error_code),
    )


def _forget_pending(
    context: Context, job: str, page: people.Deliverer, ids: Iterable[str], maybe: Collection[str]
) -> None:
    """Compare the next file with what Entra has, not with what it was to get: so the next file sends these people.

    Args:
        context: what we work with.
        job: whose accounts.
        page: that they were to be sent from.
        ids: externalIds.
        maybe: those of them whom Entra may have got all the same.
    """

    def account(key: Key, row: AccountRow | None) -> AccountRow | None:
        if row is None or not people.is_from(row, page) or not row.pending:
            return None
        aside = AccountRow(put_aside=row.pending, pending="")
        return aside | AccountRow(accepted=people.ANOTHER, had=NO_JSON) if keys.decode(key.row) in maybe else aside

    accounts = [people.account_key(job, worker_id) for worker_id in ids]
    change_rows(context.storage.table(ACCOUNTS), accounts, account, select=_ACCOUNT)


def _remember_pending(context: Context, job: str, page: people.Deliverer, ids: Iterable[str]) -> None:
    def account(_key: Key, row: AccountRow | None) -> AccountRow | None:
        if row is None or not people.is_from(row, page) or row.pending or not row.put_aside:
            return None
        return AccountRow(pending=row.put_aside, put_aside="")

    keys = [people.account_key(job, worker_id) for worker_id in ids]
    change_rows(context.storage.table(ACCOUNTS), keys, account, select=_ACCOUNT)


_ACCOUNT = columns(AccountRow.pending, AccountRow.put_aside, AccountRow.source, AccountRow.extract, AccountRow.page)
