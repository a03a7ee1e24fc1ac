"""Which pages may go onto the queue, and when. Everything here can be called again without harm."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import timedelta

from shared.clock import iso, parse_iso
from shared.context import Context
from shared.delivery.waiting import MOST_ON_THE_QUEUE, send_message, send_out
from shared.errors import Turns
from shared.model import ExtractRef
from shared.outcomes import progress
from shared.records import extracts, pages
from shared.storage.names import PAGES, UPLOADS
from shared.storage.rows import Key, change_rows, key_of
from shared.tables.base import columns
from shared.tables.pages import PageRow, PageStatus

logger = logging.getLogger(__name__)

_CLAIM_IS_OVER = timedelta(seconds=5)
_LOST_AFTER = timedelta(minutes=2)  # if the queue is empty
_LOST_AT_LAST = timedelta(hours=1)  # even if it is not


def queue_ready_pages(context: Context, ref: ExtractRef) -> None:
    """Put those pages onto the queue that wait for no earlier page any more, and those that need not wait any longer.

    The message goes first and the row second: after a crash in between there is one message too many, never one too
    few, and the claim on the page takes care of that.
    """
    waiting = list(pages.page_rows(context.storage, ref.id, status=PageStatus.WAITING))
    _queue_ready_pages(context, ref)
    send_out(context, waiting, forecast=False)


_answered: set[tuple[int, str, int]] = set()  # pages whose requests this process has had answered, until they are done


@contextmanager
def all_answered(context: Context, ref: ExtractRef, number: int) -> Iterator[None]:
    """While the answers about a page are written to the rows of its people, pages that wait for it need not wait.

    Writing them takes seconds where the rows lie far apart, as those of managers do; and most of a company waits for
    its managers. Other instances do not know of it, and go by the page's row.
    """
    page = (id(context), ref.id, number)
    _answered.add(page)
    try:
        yield
    finally:
        _answered.discard(page)


def _queue_ready_pages(context: Context, ref: ExtractRef) -> None:
    """The first half of `queue_ready_pages`.

    It asks for no more rows than there is room for on the queue: an extract may have thousands of pages, and this is
    done whenever one of them ends.
    """
    on_their_way = pages.on_their_way(context.storage, ref.id)
    if (room := MOST_ON_THE_QUEUE - len(on_their_way)) <= 0:
        return
    answered = {number for of, extract, number in tuple(_answered) if (of, extract) == (id(context), ref.id)}
    first = pages.first_unfinished(context.storage, ref.id, answered)
    for row in pages.ready(context.storage, ref.id, first, room) if first else ():
        send_message(context, row)
        _set(context, row, {PageStatus.PLANNED: PageRow(status=PageStatus.QUEUED)})


def send_out_all(context: Context) -> None:
    """Send out again whatever waits and may go, of all extracts, leavers first."""
    rows = extracts.unfinished(context.storage, extracts.SENDING)
    _send_out(context, [ExtractRef(row.extract, row.partition_key) for row in rows])


def _send_out(context: Context, refs: Sequence[ExtractRef]) -> None:
    rows = [row for ref in refs for row in pages.page_rows(context.storage, ref.id, status=PageStatus.WAITING)]
    send_out(context, rows, forecast=True)


def resend_lost_pages(context: Context, ref: ExtractRef) -> None:
    """Make the message again for unfinished pages that should have one and seem to have none.

    As long as the queue is not empty nobody can tell whether a page's message is still in it, so then a page is given
    much more time. The new message is of a new generation, which makes the old one, if it turns up after all, a stale
    one.
    """
    properties = context.storage.queue(UPLOADS).get_queue_properties()
    lost_after = _LOST_AT_LAST if properties.approximate_message_count else _LOST_AFTER
    now = context.clock.now()
    for row in pages.on_their_way(context.storage, ref.id):
        due = max(parse_iso(at) for at in (row.updated_at, row.wait_until, row.claimed_until) if at)
        # A claim that ran out has lost its holder; the message stays hidden for as long as the host leases it.
        patience = _CLAIM_IS_OVER if row.status == PageStatus.SENDING else lost_after
        if due + patience < now:
            logger.warning(
                "Page %s of extract %s had no message left; it is queued again",
                row.row_key,
                ref.id,
                extra={"extract": ref.id, "page": int(row.row_key)},
            )
            generation = row.generation + 1
            send_message(context, row, generation=generation)
            _set(context, row, {row.status: PageRow(generation=generation)})


def _set(context: Context, page: PageRow, values: Mapping[PageStatus, PageRow]) -> None:
    """Write what `values` has for the status that a page is in, if anything; it was read just now."""

    def change(_key: Key, row: PageRow | None) -> PageRow | None:
        found = values.get(row.status) if row else None
        return found | PageRow(updated_at=iso(context.clock.now())) if found else None

    key = key_of(page)
    change_rows(context.storage.table(PAGES), [key], change, select=columns(PageRow.status), known={key: page})


def look_after_pages(context: Context) -> None:
    """Look after every extract whose plan is committed and not all delivered: the clock's part of delivery.

    Raises:
        Exception: the first fault, after all extracts have had their turn.
    """
    refs = []
    with Turns() as turns:
        for row in extracts.unfinished(context.storage, extracts.SENDING):
            ref = ExtractRef(row.extract, row.partition_key)
            with turns.turn():
                _recount_sent_pages(context, ref)
                resend_lost_pages(context, ref)
                progress.refresh(context.storage, ref, context.clock.now())
                refs.append(ref)
        _send_out(context, refs)  # leavers first, of whatever extract
        for ref in refs:
            with turns.turn():
                _queue_ready_pages(context, ref)


def _recount_sent_pages(context: Context, ref: ExtractRef) -> None:
    """A page that is done and still has people who wait was not counted: whoever sent it stopped before that."""
    for row in pages.page_rows(context.storage, ref.id, status=PageStatus.DONE):
        if row.waiting:
            progress.recount_page(context.storage, ref, row.plan, int(row.row_key))
