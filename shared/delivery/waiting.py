"""Pages that have to wait: put off, and sent out again.

A wait of less than a minute is the time for which the page's message stays invisible. A page that waits longer has no
message: no count of deliveries runs up, no message grows old, and the platform does not start machines for pages that
cannot go. It is sent out again by the clock, and by each page that finishes: leavers first, and no more than the day's
calls allow.
"""

from __future__ import annotations

import logging
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property

from shared.clock import iso, parse_iso
from shared.context import Context
from shared.delivery import circuit_breaker, page_claim
from shared.delivery.rate_limiter import Ledger, ledger_of
from shared.entra.upload import OPERATIONS_PER_REQUEST
from shared.errors import NotNow, TerminalError
from shared.holds.look import holds_at
from shared.model import Actor, ExtractRef, PageMessage, WaitKind, Worker
from shared.records import people
from shared.storage import messages
from shared.storage.names import PAGES
from shared.storage.rows import Key, change_rows, key_of
from shared.tables.base import columns
from shared.tables.pages import PageRow, PageStatus, answers_of
from shared.wording import worker_status

logger = logging.getLogger(__name__)

MOST_ON_THE_QUEUE = 64
"""Pages of an extract that have a message at one time: more than the instances work on, and no reason to start more."""

_SHORT = 60.0
_FORECAST_OFF_BY = 60.0  # seconds; a forecast that has changed by less is not written again
_MAY_BE_OVER = (WaitKind.PAUSE, WaitKind.QUARANTINE, WaitKind.JOB, WaitKind.QUOTA)  # before the time, by other rows
_BY_ITSELF = "Nothing to do: it is sent by itself."


def put_off(
    context: Context, held: page_claim.ClaimedPage, unsent: Sequence[Worker], wait: NotNow, *, unanswered: bool
) -> page_claim.ClaimedPage:
    """Give a claimed page back, to be sent later. Its message goes first, if it gets one, so that none is lost.

    Args:
        context: what we work with.
        held: the page.
        unsent: its people of whom there is no answer yet.
        wait: until when, and why.
        unanswered: whether a request may have reached Entra whose answer is not known.

    Returns:
        The page as it is now.
    """
    row = held.row
    ref = ExtractRef(row.partition_key, row.source)
    now = context.clock.now()
    delay = max(math.ceil((wait.until - now).total_seconds()), 1)
    until = now + timedelta(seconds=delay)
    parked = delay >= _SHORT
    why = wait.kind if wait.kind == WaitKind.PAUSE else str(wait)  # who stopped it, and what for, may be about people
    logger.warning(
        "Page %s of extract %s waits %d seconds: %s",
        row.row_key, ref.id, delay, why, extra={"extract": ref.id, "page": int(row.row_key)},
    )  # fmt: skip
    generation = row.generation + 1
    if not parked:
        send_message(context, row, delay=delay, generation=generation)
    told = f"{wait.kind}|{wait.next_step}|{iso(until)[:13] if wait.kind == WaitKind.QUOTA else ''}"
    values = PageRow(
        status=PageStatus.WAITING,
        parked=parked,
        wait_for=wait.kind,
        wait_until=iso(until),
        claimed_until="",
        generation=generation,
        tries=row.tries + 1,
        reason=_reason(wait, until),
    )
    if unanswered:
        # The claim stays: nothing newer of these people may go as long as the request may still be on its way.
        values.claimed_until = row.claimed_until
        values.unanswered_since = held.unanswered_since
    if parked:
        values.told = told
    held = page_claim.save_page(context, held, values)
    if parked and row.told != told:
        state = worker_status.waiting(_reason(wait, until), wait.next_step or _BY_ITSELF, wait.who_acts or Actor.NOBODY)
        people.note_state(context.storage, ref, [worker.worker_id for worker in unsent], state)
    return held


def _reason(wait: NotNow, until: datetime) -> str:
    return (
        str(wait)
        if wait.kind in (WaitKind.PAUSE, WaitKind.QUARANTINE, WaitKind.HOLDS)
        else f"{wait} It is tried again at {iso(until)}."
    )


def send_out(context: Context, rows: Iterable[PageRow], *, forecast: bool) -> None:
    """Send out again those of some pages that wait without a message and may go now: leavers first.

    Doing it twice at once does no harm: there is a message too many, and the page is claimed before it is sent.

    Args:
        context: what we work with.
        rows: the rows of the pages.
        forecast: whether these are all that wait, so that those that have to wait for calls can be told for how long.
    """
    waiting = [row for row in rows if row.status == PageStatus.WAITING and row.parked]
    if not waiting:
        return
    gate = _Gate(context, circuit_breaker.stopped_now(context.storage), forecast=forecast)
    for row in sorted(waiting, key=lambda row: (not row.leavers, row.partition_key, row.row_key)):
        if not gate.lets_through(row):
            continue
        generation = row.generation + 1
        send_message(context, row, generation=generation)
        queued = PageRow(
            status=PageStatus.QUEUED,
            parked=False,
            generation=generation,
            wait_until="",
            reason="",
        )
        _change_waiting(context, row, queued)


class _Gate:
    """What may go out now: what is stopped, and how many calls the day still has."""

    def __init__(self, context: Context, standing: circuit_breaker.Stopped, *, forecast: bool) -> None:
        self._context = context
        self._standing = standing
        self._forecasts = forecast
        self._now = context.clock.now()
        self._probed: set[str] = set()
        self._allowances: dict[str, _Allowance] = {}
        self._sent = 0

    def lets_through(self, row: PageRow) -> bool:
        if self._sent >= MOST_ON_THE_QUEUE:
            return False
        job, due = row.job, parse_iso(row.wait_until) <= self._now
        try:
            circuit_breaker.check_may_send(self._standing, row.source, job, self._now)
            allowance = self._allowance(job)
        except NotNow:
            return False
        except TerminalError:  # no setting for the job
            return due
        if self._standing.stopped(job):
            if job in self._probed:
                return False
            self._probed.add(job)
        elif row.wait_for == WaitKind.HOLDS:
            if self._holds_fault:
                return False
        elif not due and row.wait_for not in _MAY_BE_OVER:
            return False
        calls = _calls(row)
        if not allowance.take(calls, leaver=bool(row.leavers)):
            if self._forecasts:
                self._forecast(row, allowance.opens(calls, leaver=bool(row.leavers)))
            return False
        self._sent += 1
        return True

    @cached_property
    def _holds_fault(self) -> str:
        """Why it is not known who is on hold; empty if it is."""
        return holds_at(self._context.storage, self._now).fault

    def _allowance(self, job: str) -> _Allowance:
        ledger = ledger_of(self._context, job)
        if ledger.tenant not in self._allowances:
            left = ledger.remaining()
            self._allowances[ledger.tenant] = _Allowance(ledger, left.calls, left.for_leavers)
        return self._allowances[ledger.tenant]

    def _forecast(self, row: PageRow, until: datetime) -> None:
        """Write when a page will go, now that it is known how many go before it."""
        if abs((until - parse_iso(row.wait_until)).total_seconds()) < _FORECAST_OFF_BY:
            return
        reason = f"The calls in 24 hours are used up, and other pages go first. It is tried again at {iso(until)}."
        _change_waiting(self._context, row, PageRow(wait_until=iso(until), wait_for=WaitKind.QUOTA, reason=reason))


@dataclass
class _Allowance:
    """The day's calls that are left, less those of the pages that have been let through."""

    ledger: Ledger
    calls: int
    for_leavers: int
    ahead: int = 0

    def take(self, calls: int, *, leaver: bool) -> bool:
        """Count a page that needs so many calls, if one of them is left: it goes as far as it gets."""
        if (self.for_leavers if leaver else self.calls) <= 0:
            return False
        self.calls -= calls
        self.for_leavers -= calls
        return True

    def opens(self, calls: int, *, leaver: bool) -> datetime:
        """When a page that was not let through may go, behind all those before it."""
        first = self.ledger.forecast(self.ahead + 1, leaver=leaver)
        self.ahead += calls
        return first


def _calls(row: PageRow) -> int:
    """The calls that a page still needs, if nothing is refused."""
    done = sum("split" not in answer for answer in answers_of(row))
    return max(math.ceil(row.people / OPERATIONS_PER_REQUEST) - done, 1)


def _change_waiting(context: Context, row: PageRow, values: PageRow) -> None:
    def change(_key: Key, now: PageRow | None) -> PageRow | None:
        if now is None or now.status != PageStatus.WAITING or now.generation != row.generation:
            return None
        return values | PageRow(updated_at=iso(context.clock.now()))

    change_rows(context.storage.table(PAGES), [key_of(row)], change, select=columns(PageRow.status, PageRow.generation))


def send_message(context: Context, row: PageRow, *, delay: float = 0, generation: int | None = None) -> None:
    """Put a message for a page onto the queue."""
    message = PageMessage(
        extract=row.partition_key,
        source=row.source,
        job=row.job,
        page=int(row.row_key),
        of=row.of,
        generation=row.generation if generation is None else generation,
    )
    messages.send(context.storage, message, delay=delay)
