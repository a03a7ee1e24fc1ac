"""Which pages may go onto the queue, and when. Everything here can be called again without harm."""

from __future__ import annotations

import logging
from datetime import timedelta
from typing import Any

from shared.clock import iso, parse_iso
from shared.context import Context
from shared.model import ExtractRef, PageMessage
from shared.records import extracts, messages, pages, progress
from shared.records.names import PAGES, UPLOADS
from shared.records.rows import Key, Values, change_rows

logger = logging.getLogger(__name__)

_CLAIM_IS_OVER = timedelta(seconds=5)
_LOST_AFTER = timedelta(minutes=2)  # if the queue is empty
_LOST_AT_LAST = timedelta(hours=1)  # even if it is not


def queue_ready_pages(context: Context, ref: ExtractRef) -> None:
    """Put those pages onto the queue that wait for no earlier page any more.

    The message goes first and the row second: after a crash in between there is one message too many, never one too
    few, and the claim on the page takes care of that.
    """
    rows = {int(row["RowKey"]): row for row in pages.page_rows(context.storage, ref.id)}
    for number, row in rows.items():
        if row["Status"] != pages.PLANNED or not row["Recorded"]:
            continue
        # Managers may be in any page up to that one.
        if any(rows[earlier]["Status"] not in pages.FINISHED for earlier in range(1, row["After"] + 1)):
            continue
        send_message(context, row)
        _set(context, ref, number, {pages.PLANNED: {"Status": pages.QUEUED}})


def resend_lost_pages(context: Context, ref: ExtractRef) -> None:
    """Make the message again for unfinished pages that seem to have none.

    Messages do get lost: five failures in a row put one aside as poison. As long as the queue is not empty nobody can
    tell whether a page's message is still in it, so then a page is given much more time. The new message is of a new
    generation, which makes the old one, if it turns up after all, a stale one.
    """
    properties = context.storage.queue(UPLOADS).get_queue_properties()
    lost_after = _LOST_AT_LAST if properties.approximate_message_count else _LOST_AFTER
    now = context.clock.now()
    for row in pages.page_rows(context.storage, ref.id):
        if row["Status"] in (*pages.FINISHED, pages.PLANNED):
            continue
        due = max(parse_iso(row[name]) for name in ("UpdatedAt", "WaitUntil", "ClaimedUntil") if row.get(name))
        # A claim that ran out has lost its holder; his message stays hidden for as long as the host leases it.
        patience = _CLAIM_IS_OVER if row["Status"] == pages.SENDING else lost_after
        if due + patience < now:
            logger.warning(
                "Page %s of extract %s had no message left; it is queued again",
                row["RowKey"],
                ref.id,
                extra={"extract": ref.id, "page": int(row["RowKey"])},
            )
            generation = row["Generation"] + 1
            send_message(context, row, generation=generation)
            _set(context, ref, int(row["RowKey"]), {row["Status"]: {"Generation": generation}})


def send_message(context: Context, row: Values, *, delay: float = 0, generation: int | None = None) -> None:
    """Put a message for a page onto the queue."""
    message = PageMessage(
        extract=row["PartitionKey"],
        source=row["Source"],
        job=row["Job"],
        page=int(row["RowKey"]),
        of=row["Of"],
        generation=row["Generation"] if generation is None else generation,
    )
    messages.send(context.storage, message, delay=delay)


def _set(context: Context, ref: ExtractRef, number: int, values: dict[str, dict[str, Any]]) -> None:
    """Write what `values` has for the status that a page is in, if anything."""

    def change(_key: Key, row: Values | None) -> dict[str, Any] | None:
        found = values.get(row["Status"]) if row else None
        return {**found, "UpdatedAt": iso(context.clock.now())} if found else None

    change_rows(context.storage.table(PAGES), [pages.page_key(ref.id, number)], change, select=("Status",))


def tend(context: Context) -> None:
    """Look after every extract whose plan is committed and not all delivered: the clock's part of delivery."""
    for row in extracts.unfinished(context.storage, (extracts.UPLOADING,)):
        ref = ExtractRef(row["Extract"], row["PartitionKey"])
        _recount_sent_pages(context, ref)
        queue_ready_pages(context, ref)
        resend_lost_pages(context, ref)
        progress.refresh(context.storage, ref, context.clock.now())


def _recount_sent_pages(context: Context, ref: ExtractRef) -> None:
    """A page that is done and still has people who wait was not counted: whoever sent it stopped before that."""
    for row in pages.page_rows(context.storage, ref.id, status=pages.DONE):
        if row.get("Waiting"):
            progress.recount_page(context.storage, ref, row["Plan"], int(row["RowKey"]))
