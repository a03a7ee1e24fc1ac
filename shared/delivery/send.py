"""Send one page: claim it, cut it into bulk requests, record every answer.

The answer to each request is written to the page's row before the next one goes out: after a crash only the request
whose answer was not written is repeated, which is harmless, because Entra matches people by externalId.

That nothing older lands on something newer is seen to from both ends. Whoever sends looks, once the claim is written,
for people whom a newer plan has taken over, and leaves them out. And a page of that newer plan is not sent while a page
that it took people over from is claimed. Nor is the same record sent twice: see `sent_meanwhile`.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from datetime import timedelta

from azure.core.exceptions import AzureError, ResourceModifiedError, ResourceNotFoundError

from shared.clock import iso, parse_iso
from shared.context import Context
from shared.delivery import circuit_breaker, page_claim
from shared.delivery.answers import Piece, Progress, record_accepted, record_refused
from shared.delivery.failure_policy import JobTrouble, refused_record, trouble_of
from shared.delivery.heeding import heed_holds
from shared.delivery.queueing import all_answered, queue_ready_pages, send_out_all
from shared.delivery.rate_limiter import Calls, ledger_of
from shared.delivery.sent_by_older_page import forget_managers_never_sent, sent_meanwhile
from shared.delivery.waiting import put_off, send_message
from shared.entra.upload import Accepted, upload_bulk
from shared.errors import (
    AnswerLost,
    ClaimLost,
    EntraUnavailable,
    NotDelivered,
    NotNow,
    RequestRejected,
    RollcallError,
    TerminalError,
    Throttled,
    TokenRefused,
    TransientError,
)
from shared.model import ExtractRef, Page, PageMessage, Planned, WaitKind, Worker
from shared.outcomes import progress, resending
from shared.records import pages, people
from shared.storage import messages
from shared.storage.faults import passes
from shared.storage.names import PAGES
from shared.storage.rows import Key, change_rows, read_row
from shared.tables.accounts import AccountRow
from shared.tables.base import columns
from shared.tables.pages import PageRow, PageStatus, answers_column
from shared.tables.quota import StopCause
from shared.tables.workers import WorkerRow
from shared.wording import worker_status

logger = logging.getLogger(__name__)

_STORAGE_WAIT = 30.0
_LATE_WAIT = timedelta(minutes=5)  # until whatever was on its way has been answered
_AWAY = (5.0, 10.0, 20.0, 40.0, 60.0, 60.0)  # seconds between the tries to put a message back
_TOO_MUCH = (400, 413)  # Entra says that about a request; a part of it may do


def deliver(context: Context, message: PageMessage) -> None:
    """Send what is still to be sent of the page that a message points at.

    Returns normally whenever the page is taken care of: sent, being sent by somebody else, or put off. A fault that
    passes (see `passes`) puts the message back as a new one, so that no count of deliveries runs up.
    Nothing is lost if this does not return: the message comes back.

    Raises:
        Exception: a fault of our own making, which is counted in the page's row; after some tries the runtime puts the
            message aside. Or storage has been away for long.
    """
    try:
        _deliver(context, message)
    except Exception as error:
        if not passes(error):
            _count_failure(context, message)
            raise
        logger.warning(
            "Page %d of extract %s is tried again in %.0f seconds: %s",
            message.page, message.extract, _STORAGE_WAIT, type(error).__name__, extra={"extract": message.extract},
        )  # fmt: skip
        _put_back(context, message)


def _put_back(context: Context, message: PageMessage) -> None:
    """Put a message back as a new one.

    Whatever keeps the page from being sent may keep its message from the queue too; the runtime, which has a token of
    its own, would go on handing it over, and put it aside within minutes. So that is waited out here for some time.
    """
    for wait in _AWAY:
        try:
            messages.send(context.storage, message, delay=_STORAGE_WAIT)
        except Exception as error:
            if not passes(error):
                raise
            context.clock.sleep(wait)
        else:
            return
    messages.send(context.storage, message, delay=_STORAGE_WAIT)


def _count_failure(context: Context, message: PageMessage) -> None:
    """Count a fault of our own in the page's row: without any, the page is not given up; see `dead_letter`."""

    def change(_key: Key, row: PageRow | None) -> PageRow | None:
        return None if row is None else PageRow(failures=row.failures + 1)

    with suppress(AzureError, RollcallError):  # then it is storage that is away
        change_rows(
            context.storage.table(PAGES),
            [pages.page_key(message.extract, message.page)],
            change,
            select=columns(PageRow.failures),
        )


def _deliver(context: Context, message: PageMessage) -> None:
    ref = ExtractRef(message.extract, message.source)
    for _ in range(page_claim.LOOKS):
        try:
            row = read_row(context.storage.table(PAGES), pages.page_key(ref.id, message.page))
        except ResourceNotFoundError:
            logger.warning("Message for page %d of extract %s, which is not planned", message.page, ref.id)
            return
        if row.status == PageStatus.CANCELLED:
            return
        if row.status in pages.FINISHED:
            _finish(context, ref, row)  # perhaps a crash came before this
            return
        if message.generation < row.generation:
            return  # a newer message for the page is on the queue, or it waits without one
        now = context.clock.now()
        if (free := page_claim.free_from(context, row)) > now:
            # Its holder is at work, or died less than a request ago; look again when the claim is over.
            send_message(context, row, delay=(free - now).total_seconds() + 1)
            return
        page = pages.read_page(context.storage, ref, row.plan, message.page)
        try:
            held = page_claim.claim(context, row)
        except ResourceModifiedError:
            continue  # somebody has counted, or claimed: look again
        sending = _Sending(context, ref, held, page)
        try:
            sending.run()
        except ClaimLost:
            logger.info("Page %d of extract %s has been taken over", message.page, ref.id, extra={"extract": ref.id})
        except Exception:
            sending.let_go()
            raise
        return
    raise TransientError(f"Page {message.page} of extract {ref.id} keeps changing; try again")


# Writing hundreds of people's rows keeps a processor busy. One page at a time does that in a process, so that those
# with calls in hand need not share the interpreter with all of them: calls have to be made in time, rows have not.
_recording = threading.Lock()


class _Sending:
    """A claimed page on its way.

    Args:
        context: what we work with.
        ref: the extract.
        held: the page's row.
        page: the page.
    """

    def __init__(self, context: Context, ref: ExtractRef, held: page_claim.ClaimedPage, page: Page) -> None:
        self._context = context
        self._ref = ref
        self._held = held
        self._job = held.row.job
        self._progress = Progress.of(page, held.row)
        self._gone: set[str] = set()
        self._accounts: dict[Key, AccountRow] = {}  # of its people, as they were when they were looked at last
        self._calls: Calls | None = None
        self._token = ""
        self._fresh_token = False
        self._unanswered = False  # whether a request may be on its way whose answer is not known

    @property
    def _page(self) -> people.Deliverer:
        return people.Deliverer.of(self._ref, self._number)

    @property
    def _number(self) -> int:
        return int(self._held.row.row_key)

    @property
    def _ids(self) -> list[str]:
        return [worker.worker_id for worker in self._progress.page.workers]

    def run(self) -> None:
        """Send the page as far as that goes.

        Raises:
            ClaimLost: somebody else has the page now.
        """
        wait: NotNow | None = None
        try:
            self._calls = Calls(ledger_of(self._context, self._job))
            forget_managers_never_sent(self._context, self._ref, self._held.row, self._progress)
            self._gone |= sent_meanwhile(self._context, self._ref, self._held.row, self._progress)
            self._leave_out(self._progress.unsent())
            while pieces := self._progress.pieces:
                self._send(pieces[0])
        except ClaimLost:
            raise
        except NotNow as error:
            wait = error
        except (EntraUnavailable, TokenRefused, NotDelivered, AnswerLost, TerminalError) as error:
            wait = self._trouble(trouble_of(error), error)
        finally:
            self._give_calls_back()
        if wait is None:
            with all_answered(self._context, self._ref, self._number):
                self._let_followers_go()
                self._end(self._record())
        else:
            self._record()
            self._put_off(wait)

    def _let_followers_go(self) -> None:
        """Queue the pages that wait for this one. No fault of that may keep what Entra took from being written."""
        try:
            if pages.some_wait_for(self._context.storage, self._ref.id, self._number):
                _queue(self._context, self._ref)
        except Exception as error:  # noqa: BLE001 (they are queued once this page is done, or whoever does that is told)
            logger.warning(
                "Pages that wait for page %d of extract %s could not be queued at once: %s",
                self._number, self._ref.id, type(error).__name__, extra={"extract": self._ref.id, "page": self._number},
            )  # fmt: skip

    def _record(self) -> dict[str, WorkerRow]:
        """Write what Entra took to the people's rows; those in `Workers`, as they are now."""
        with _recording:
            return record_accepted(self._context, self._ref, self._job, self._progress, self._accounts)

    def _give_calls_back(self) -> None:
        try:
            if self._calls:
                self._calls.give_back()
        except (AzureError, TransientError) as error:  # they count as made, then
            logger.warning("Calls that were not made could not be given back: %s", type(error).__name__)

    def let_go(self) -> None:
        """Give the claim back after a fault of our own, so that the message that comes back finds the page free.

        Somebody who finds it claimed would send the message anew, and it would never be seen to fail again and again.
        """
        if self._held.row.status == PageStatus.SENDING:
            with suppress(AzureError, RollcallError):  # then the claim ends by itself
                page_claim.let_go(self._context, self._held, unanswered=self._unanswered)

    def _send(self, piece: Piece) -> None:
        """Send a piece, unless nobody of it is left, or it took too long until it could go."""
        assert self._calls  # noqa: S101 (made before the first piece)
        if not self._left(piece):
            self._answered(self._progress.with_nobody(piece))
            return
        standing = self._look_before(piece)
        if not self._heeds_holds(piece):
            return
        ours = [person.worker for person in self._left(piece)]
        if not ours:
            self._answered(self._progress.with_nobody(piece))
            return
        probe = circuit_breaker.may_probe(self._context, standing, self._job)
        if not (self._calls.at_hand and page_claim.outlasts_a_request(self._context, self._held)):
            return
        try:
            accepted = self._upload(ours)
        except AnswerLost:
            self._unanswered = True
            self._note_if_late(ours)
            self._calls.answered(accepted=False)
            raise
        except RequestRejected as error:
            self._calls.answered(accepted=False)
            self._refused(piece, ours, error, standing, probe=probe)
        except TokenRefused:
            self._calls.answered(accepted=False)
            if self._fresh_token:
                raise
            self._fresh_token = True  # the next request has another one
        except Throttled as error:
            until = self._calls.throttled(error)
            raise NotNow(f"{error}: too many calls.", until=until, kind=WaitKind.QUOTA) from error
        except NotDelivered:
            raise  # it counts for nothing
        except RollcallError:
            self._calls.answered(accepted=False)
            raise
        else:
            self._note_if_late(ours)
            self._calls.answered(accepted=True)
            self._fresh_token = False
            # If the answer to an earlier attempt was lost, Entra may have been at work since then.
            self._answered(self._progress.with_accepted(piece, self._gone, accepted, self._since(accepted)))
            self._went_well(len(ours), standing)

    def _left(self, piece: Piece) -> list[Planned]:
        """Those of a piece who are still to be sent from this page."""
        return [person for person in self._progress.people(piece) if person.worker.worker_id not in self._gone]

    def _look_before(self, piece: Piece) -> circuit_breaker.Stopped:
        """See that a call is in hand, then what is stopped and who of a piece may go.

        Raises:
            NotNow: until when it has to wait, and why.
        """
        assert self._calls  # noqa: S101 (made before the first piece)
        # What may take long goes before the look at who is left, which must not be old when the request goes out.
        self._token = self._context.graph.token(self._context.endpoint(self._job))
        if not self._calls.at_hand:
            self._standing()
        self._calls.wait(self._progress.leavers(self._gone))
        standing = self._standing()
        # As long as there is no newer plan, nobody has been taken over since the page was claimed.
        is_newest = standing.newest_plan(self._job) == self._held.row.plan
        if not (is_newest and page_claim.outlasts_a_request(self._context, self._held)):
            self._leave_out(self._progress.workers(piece))
        return standing

    def _heeds_holds(self, piece: Piece) -> bool:
        """See that nobody of a piece goes who may not any more; False if the piece was cut in two for that.

        Raises:
            NotNow: nobody can tell who may be enabled, and somebody who would be is next.
        """
        ours = self._left(piece)
        if not ours:
            return True
        heeded = heed_holds(self._context, self._ref, self._job, ours)
        self._gone |= heeded.left_out
        if not heeded.waiting:
            return True
        if ours[0].worker.worker_id == heeded.waiting:
            raise heeded.not_now(self._context)
        self._answered(self._progress.with_split_before(piece, heeded.waiting))  # leavers do not wait for that
        return False

    def _standing(self) -> circuit_breaker.Stopped:
        """What is stopped, when nothing is that this page needs.

        Raises:
            NotNow: until when it has to wait, and why.
        """
        standing = circuit_breaker.stopped_now(self._context.storage)
        circuit_breaker.check_may_send(standing, self._ref.source, self._job, self._context.clock.now())
        return standing

    def _leave_out(self, workers: Sequence[Worker]) -> None:
        """Look, under a claim that lasts long enough, for people whom a newer plan has taken over.

        Their rows say why they are not sent from here.
        """
        while True:
            ids = [worker.worker_id for worker in workers]
            accounts = people.accounts_of(self._context.storage, self._job, ids)
            if page_claim.outlasts_a_request(self._context, self._held):
                break
            self._held = page_claim.renew(self._context, self._held)
        self._accounts |= accounts
        elsewhere = people.superseded(accounts, self._page, ids)
        if new := elsewhere - self._gone:
            # One of the same source has written to their rows itself; this is about those of other sources.
            state = worker_status.withdrawn(self._context.clock.now())
            people.note_state(self._context.storage, self._ref, new, state)
        self._gone |= elsewhere

    def _upload(self, workers: Sequence[Worker]) -> Accepted:
        endpoint = self._context.endpoint(self._job)
        return upload_bulk(self._context.graph, endpoint, [worker.user for worker in workers], self._token)

    def _note_if_late(self, sent: Sequence[Worker]) -> None:
        """See to people of whom something newer may have gone out while our request was on its way.

        A request does not outlive its claim, unless the process stood still in the middle of it. Once whatever is on
        its way has been answered, they are sent again as the newest record has them.
        """
        now = self._context.clock.now()
        if now < parse_iso(self._held.row.claimed_until):
            return
        ids = [worker.worker_id for worker in sent]
        late = people.note_late(self._context.storage, self._job, self._page, ids, now)
        if late:
            logger.warning(
                "A request of page %d of extract %s ended after its claim; %d people may have been overtaken",
                self._number, self._ref.id, len(late), extra={"extract": self._ref.id, "page": self._number},
            )  # fmt: skip
            resending.remember_to_resend(self._context, self._job, dict.fromkeys(late, now + _LATE_WAIT))

    def _since(self, accepted: Accepted) -> str:
        """When a piece counts as sent, by Entra's clock."""
        sent_at = parse_iso(accepted.sent_at)
        first = self._held.row.unanswered_since
        earlier = max(self._context.clock.now() - parse_iso(first), timedelta()) if first else timedelta()
        return iso(sent_at - earlier)

    def _answered(self, progress: Progress) -> None:
        """Write an answer to the page's row."""
        self._progress = progress
        values = PageRow(
            answers=answers_column(progress.answers),
            tries=0,
            failures=0,
            came_back=0,
            attempted_at=iso(self._context.clock.now()),
            unanswered_since="",
        )
        self._held = page_claim.renew(self._context, self._held, values)

    def _went_well(self, sent: int, standing: circuit_breaker.Stopped) -> None:
        if circuit_breaker.note_success(self._context, self._job, sent, standing):
            logger.info("Job %s goes on", self._job, extra={"job": self._job})
            send_out_all(self._context)

    def _refused(
        self,
        piece: Piece,
        ours: Sequence[Worker],
        error: RequestRejected,
        standing: circuit_breaker.Stopped,
        *,
        probe: bool,
    ) -> None:
        """Halve what Entra refused; whoever is alone in a refused request is refused by name."""
        if error.status not in _TOO_MUCH:
            raise error
        stopped = standing.stopped(self._job) if probe else None
        if stopped and stopped.kind != StopCause.RECORDS:  # whatever it was stopped for, it answers again
            self._went_well(len(ours), standing)
            stopped = None
        about = {"extract": self._ref.id, "page": self._number}
        if len(ours) > 1:
            logger.warning("%s; the %d people of the request are sent in two halves", error, len(ours), extra=about)
            self._answered(self._progress.with_split(piece, ours))
            if stopped:
                raise self._trouble(refused_record(error), error)
            return
        logger.warning("%s; a record is refused", error, extra=about)
        tries = record_refused(self._context, self._job, self._page, self._left(piece)[0], error)
        self._answered(self._progress.with_refused(piece, error))
        if tries > 1 and not stopped:
            return  # that one record is refused once more says nothing about others
        if (wait := self._trouble(refused_record(error), error)).kind == WaitKind.JOB:
            raise wait

    def _trouble(self, trouble: JobTrouble, error: RollcallError) -> NotNow:
        """Take note of a trouble; how long this page has to wait for it."""
        row = circuit_breaker.note_trouble(self._context, self._job, trouble)
        if row is not None:
            logger.warning("Job %s is stopped: %s", self._job, error, extra={"job": self._job})
            return circuit_breaker.stopped(row, parse_iso(row.until))
        delay = timedelta(seconds=trouble.wait(self._held.row.tries))
        return NotNow(trouble.reason, until=self._context.clock.now() + delay, kind=WaitKind.RETRY)

    def _put_off(self, wait: NotNow) -> None:
        unsent = [worker for worker in self._progress.unsent() if worker.worker_id not in self._gone]
        self._held = put_off(self._context, self._held, unsent, wait, unanswered=self._unanswered)
        if self._progress.answers:
            progress.recount_page(self._context.storage, self._ref, self._held.row.plan, self._number, self._ids)
        progress.refresh(self._context.storage, self._ref, self._context.clock.now())

    def _end(self, told: Mapping[str, WorkerRow]) -> None:
        """Write that the page is done, and what became of its people if that is known of all of them.

        Their rows were read after the page's: if nobody has written to that since, nobody has counted anything else.
        """
        done = PageRow(status=PageStatus.DONE, claimed_until="", reason="")
        counted = None
        if told.keys() >= set(self._ids):
            counts = progress.counts_on_page(self._ref, (told[one] for one in self._ids))
            counted = page_claim.save_unchanged(self._context, self._held, done | counts)
        self._held = counted or page_claim.save_page(self._context, self._held, done)
        requests = sum("requestId" in answer for answer in self._progress.answers)
        logger.info(
            "Page %d of extract %s is sent in %d requests",
            self._number, self._ref.id, requests,
            extra={"extract": self._ref.id, "page": self._number, "requests": requests},
        )  # fmt: skip
        _finish(self._context, self._ref, self._held.row, self._ids, is_counted=counted is not None)


_guard = threading.Lock()
_about_to: set[tuple[int, str, threading.Lock]] = set()
_queueing = threading.Lock()
_refreshing = threading.Lock()


def _finish(
    context: Context, ref: ExtractRef, row: PageRow, ids: Sequence[str] | None = None, *, is_counted: bool = False
) -> None:
    """Queue the pages that waited for one, count its people, and bring the extract's row up to date.

    What waited comes first: most of a company has to wait for its managers.
    """
    _queue(context, ref)
    if not is_counted:
        with _recording:
            progress.recount_page(context.storage, ref, row.plan, int(row.row_key), ids)
    _last_of_all(context, ref, _refreshing, lambda: progress.refresh(context.storage, ref, context.clock.now()))


def _queue(context: Context, ref: ExtractRef) -> None:
    _last_of_all(context, ref, _queueing, lambda: queue_ready_pages(context, ref))


def _last_of_all(context: Context, ref: ExtractRef, one_by_one: threading.Lock, do: Callable[[], None]) -> None:
    """Do something for an extract, one at a time, unless somebody else in this process is about to.

    Pages of an extract that end at about the same time leave it to the last of them, who sees what all have written.
    """
    key = (id(context), ref.id, one_by_one)
    with _guard:
        if key in _about_to:
            return
        _about_to.add(key)
    with one_by_one:
        with _guard:
            _about_to.discard(key)
        do()
