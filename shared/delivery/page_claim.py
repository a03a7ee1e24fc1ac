"""The claim on a page: a name of the claimant's own in the page's row, written only on the row as it was read (ETag).

It is renewed before every request and outlives it, so no two machines send the same page at once. Others write to the
row too, to count its people; a claim survives that, and only another claim ends it.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta

from azure.core.exceptions import ResourceModifiedError

from shared.clock import iso, parse_iso
from shared.context import Context
from shared.entra.graph import LONGEST_REQUEST
from shared.errors import ClaimLost, TransientError
from shared.records import pages
from shared.storage.names import PAGES
from shared.storage.rows import etag_of, key_of, merge_row, read_row, read_rows
from shared.tables.base import columns
from shared.tables.pages import PageRow, PageStatus, overtaken_by

_CLAIM = timedelta(seconds=LONGEST_REQUEST + 10)
LOOKS = 30
"""How often a row is read again that others keep writing to."""


@dataclass(frozen=True)
class ClaimedPage:
    """A page's row with our claim on it, and the ETag that says it is still as we know it."""

    row: PageRow
    etag: str

    @property
    def unanswered_since(self) -> str:
        """Since when something may have reached Entra without an answer, if the last attempt got none."""
        return self.row.unanswered_since or self.row.attempted_at


def free_from(context: Context, row: PageRow) -> datetime:
    """When the claims end that keep a page from being sent: its own, and those of pages it took people over from.

    One of those that was put off because an answer did not come has its claim still: its request may be on its way. To
    send the same page again need not wait for that.
    """
    overtaken = [pages.page_key(extract, number) for _, extract, number in overtaken_by(row)]
    rows = read_rows(context.storage.table(PAGES), overtaken, select=columns(PageRow.claimed_until))
    claims = [other.claimed_until for other in rows.values()]
    own = row.claimed_until if row.status == PageStatus.SENDING else ""
    return parse_iso(max((own, *claims)) or "0001-01-01T00:00:00Z")


def claim(context: Context, row: PageRow) -> ClaimedPage:
    """Claim a page whose row was read just now.

    Raises:
        azure.core.exceptions.ResourceModifiedError: somebody has counted, or claimed, since.
    """
    # Whoever held the page before may have died between Entra's answer and its record.
    unanswered = row.attempted_at if row.status == PageStatus.SENDING else row.unanswered_since
    attempt = PageRow(
        claim=uuid.uuid4().hex,
        attempted_at=iso(context.clock.now()),
        unanswered_since=unanswered,
    )
    return _update(context, row, etag_of(row), attempt | _until(context))


def let_go(context: Context, held: ClaimedPage, *, unanswered: bool) -> None:
    """Give a page back; what was sent under its claim may have reached Entra.

    Args:
        context: what we work with.
        held: the page.
        unanswered: whether a request may be on its way still: the claim then keeps newer pages back until it is over.

    Raises:
        ClaimLost, TransientError: as `save_page`.
    """
    until = held.row.claimed_until if unanswered else ""
    values = PageRow(status=PageStatus.QUEUED, claimed_until=until, unanswered_since=held.unanswered_since)
    save_page(context, held, values)


def outlasts_a_request(context: Context, held: ClaimedPage) -> bool:
    """Whether a claim is sure to last longer than a request that starts now."""
    return (parse_iso(held.row.claimed_until) - context.clock.now()).total_seconds() >= LONGEST_REQUEST


def renew(context: Context, held: ClaimedPage, values: PageRow | None = None) -> ClaimedPage:
    """Begin a claim's time anew, and merge values into the page's row.

    Raises:
        ClaimLost: as `save_page`.
    """
    until = _until(context)
    return save_page(context, held, values | until if values else until)


def save_page(context: Context, held: ClaimedPage, values: PageRow) -> ClaimedPage:
    """Merge values into a page's row as long as our claim is on it.

    Raises:
        ClaimLost: somebody else has claimed the page, or it was cancelled and is not to be sent any more.
        TransientError: the row kept changing under our hands.
    """
    for _ in range(LOOKS):
        try:
            return _update(context, held.row, held.etag, values)
        except ResourceModifiedError as error:
            row = read_row(context.storage.table(PAGES), key_of(held.row))
            if row.claim != held.row.claim:
                raise ClaimLost("The page was taken over by somebody else") from error
            if row.status == PageStatus.CANCELLED and values.status != PageStatus.SENDING:
                # We stood still for longer than our claim lasted. An answer is noted; it is not to wait for anything.
                raise ClaimLost("Everybody of the page was taken over by newer plans") from error
            held = ClaimedPage(row, etag_of(row))
    raise TransientError(f"Page {held.row.row_key} of extract {held.row.partition_key} keeps changing; try again")


def save_unchanged(context: Context, held: ClaimedPage, values: PageRow) -> ClaimedPage | None:
    """Merge values into a page's row if nobody has written to it since we did; None if somebody has."""
    try:
        return _update(context, held.row, held.etag, values)
    except ResourceModifiedError:
        return None


def _until(context: Context) -> PageRow:
    return PageRow(status=PageStatus.SENDING, claimed_until=iso(context.clock.now() + _CLAIM))


def _update(context: Context, row: PageRow, etag: str, values: PageRow) -> ClaimedPage:
    """Merge values into a page's row if it is still as we know it."""
    values = values | PageRow(updated_at=iso(context.clock.now()))
    return ClaimedPage(row | values, merge_row(context.storage.table(PAGES), key_of(row), values, etag))
