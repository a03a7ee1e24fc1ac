"""People whom Entra has taken and says nothing about: what the provisioning job says of itself, and asking once more.

They are found by the counts of pages, not by looking at everybody. An answer that comes later mends it.
"""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from azure.core.exceptions import ResourceNotFoundError

from shared.clock import iso, parse_iso
from shared.context import Context
from shared.entra import jobs
from shared.entra.jobs import JobStatus
from shared.errors import EndpointRefused, EntraUnavailable, RollcallError
from shared.model import Actor, ExtractRef
from shared.outcomes import progress, resending
from shared.outcomes.watermark import Watermark, load_watermark
from shared.records import extracts, pages
from shared.records.health import Health, load_health, save_health
from shared.records.people import worker_key
from shared.records.quarantine import Quarantine, load_quarantine, save_quarantine, stop_key
from shared.storage import keys
from shared.storage.names import STOPS, WORKERS
from shared.storage.rows import Key, change_rows, in_chunks, read_rows
from shared.tables.base import columns
from shared.tables.extracts import ExtractStatus
from shared.tables.pages import PageRow, answers_of
from shared.tables.quota import StopCause, StopRow
from shared.tables.workers import WorkerRow, WorkerStatus
from shared.wording import worker_status

logger = logging.getLogger(__name__)

FULL = "queue full"
DEAF = "log not readable"

_PAGES_AT_ONCE = 25  # of up to 200 people
_TURN = 60  # seconds; runs are further apart
_PATIENCE = timedelta(minutes=15)  # a job that runs again first works off what it has been given before
_AFTER_QUARANTINE = timedelta(minutes=45)  # Microsoft asks for about 40 between the restart and sending again
_BLIND = timedelta(hours=1)  # a quarantine of which nothing has been heard for so long may be over
_PATIENCE_AT_MOST = timedelta(days=1)  # even if it keeps reporting about others
_LATEST_ANSWER = timedelta(days=1)  # for so long answers of the past are looked for


@dataclass(frozen=True)
class Unanswered:
    """What a job has been sent long enough ago and not answered.

    Attributes:
        pages: extract and row of the pages.
        since: when the first of it was sent that nobody has called overdue yet, or that was sent within the last day;
            None if there is none.
        is_full: whether Entra turns uploads away because the job's queue is full.
    """

    pages: tuple[tuple[ExtractRef, PageRow], ...]
    since: datetime | None
    is_full: bool


def find_unanswered(context: Context, job: str) -> Unanswered:
    """The pages of a job with people who have waited for Entra's verdict for too long."""
    now = context.clock.now()
    late = _late(context, load_quarantine(context.storage, job))
    found: list[tuple[ExtractRef, PageRow]] = []
    times: list[datetime] = []
    for extract in extracts.unfinished(context.storage, (ExtractStatus.UPLOADING,)):
        if extract.job != job:
            continue
        ref = ExtractRef(extract.extract, extract.partition_key)
        for page in pages.page_rows(context.storage, ref.id):
            accepted = [parse_iso(answer["accepted"]) for answer in answers_of(page) if "accepted" in answer]
            sent = min(accepted, default=late)
            if page.uploaded and sent <= late:
                times.append(sent)
            if page.overdue:
                times += [at for at in accepted if at >= now - _LATEST_ANSWER]
            if page.overdue or (page.uploaded and sent <= late):
                found.append((ref, page))
    return Unanswered(tuple(found), min(times, default=None), _is_full(context, job))


def _is_full(context: Context, job: str) -> bool:
    """Whether delivery has noted that Entra answers 500 (`shared.delivery.circuit_breaker` keeps it in `Quota`)."""
    key = stop_key(job)
    row = read_rows(context.storage.table(STOPS), [key], select=columns(StopRow.stopped, StopRow.kind)).get(key)
    return bool(row and row.stopped and row.kind == StopCause.FULL)


def look_at_job(context: Context, job: str) -> JobStatus | RollcallError:
    """Ask Entra how a job is, and see to it that nothing is sent while it is in quarantine.

    Returns:
        How it is, or why that cannot be found out; then what was known before holds, for an hour.
    """
    now = context.clock.now()
    known = load_quarantine(context.storage, job)
    lasting = known if known and not known.ended_at else None
    status: JobStatus | RollcallError
    try:
        status = jobs.read_status(context.graph, context.endpoint(job))
    except RollcallError as error:
        status = error
        is_over = bool(lasting and now - lasting.checked_at > _BLIND)
    else:
        # A job that is paused or stopped after a quarantine still has to be restarted, which throws away what it has.
        is_over = status.state == jobs.RUNNING
        if status.state == jobs.QUARANTINED or (lasting and not is_over):
            since = lasting.since if lasting else now
            save_quarantine(context.storage, job, Quarantine(since, _sentence_of(status), _CURE, now))
    if lasting and is_over:
        logger.warning("Job %s is out of quarantine; sending to it goes on", job, extra={"job": job})
        save_quarantine(context.storage, job, replace(lasting, ended_at=now))
    return status


@dataclass(frozen=True)
class JobSeen:
    """What could be found out about a job.

    Attributes:
        status: how it is, or why that cannot be found out.
        fault: why its log cannot be read, if it cannot.
    """

    status: JobStatus | RollcallError
    fault: RollcallError | None = None

    @property
    def is_out(self) -> bool:
        """Whether Entra takes uploads and throws them away."""
        return isinstance(self.status, JobStatus) and self.status.state == jobs.QUARANTINED


def note_overdue(context: Context, job: str, unanswered: Unanswered, stop: datetime, seen: JobSeen) -> None:
    """Say on the people, on their extracts and in the job's health that no answer has come, and what the job says.

    Those who wait are sent once more when the job runs and is silent.

    Args:
        context: what everything works with.
        job: whose people.
        unanswered: as just found.
        stop: when to leave the rest of the pages to the next run; some are looked at in any case.
        seen: what could be found out about the job.
    """
    before = load_health(context.storage, job)
    is_well = before is None or (before.state == jobs.RUNNING and not before.overdue)
    if not unanswered.pages and not unanswered.is_full and not seen.fault and not seen.is_out and is_well:
        return
    state, sentence, next_step, who_acts = _state(context, job, unanswered, seen)
    now = context.clock.now()
    since = before.since if before and before.state == state else now
    health = Health(job, state, sentence, next_step, who_acts, since, now)
    known = _Known(health, load_watermark(context, job), load_quarantine(context.storage, job))
    overdue = 0
    save_health(context.storage, health)  # first, because the sentence of an extract names it
    waiting = _in_turn(unanswered.pages, context.clock.now())
    for number, some in enumerate(in_chunks(waiting, _PAGES_AT_ONCE)):
        if number and context.clock.now() >= stop:
            overdue += sum(page.overdue for _, page in waiting[number * _PAGES_AT_ONCE :])
            break
        by_extract: defaultdict[ExtractRef, list[int]] = defaultdict(list)
        for ref, page in some:
            overdue += _note_page(context, ref, page, known)
            by_extract[ref].append(int(page.row_key))
        for ref, numbers in by_extract.items():
            progress.recount_pages(context.storage, ref, numbers)
    for ref in {ref for ref, _ in waiting}:
        progress.refresh(context.storage, ref, context.clock.now())
    save_health(context.storage, Health(**{**vars(health), "overdue": overdue}))
    if overdue:
        logger.warning(
            "%d people of job %s have no answer in time; the job is found to be: %s",
            overdue, job, health.state, extra={"job": job, "overdue": overdue},
        )  # fmt: skip


def _in_turn(found: Sequence[tuple[ExtractRef, PageRow]], now: datetime) -> list[tuple[ExtractRef, PageRow]]:
    """Pages of which nobody is called overdue yet, then the others, another one first each time."""
    new = [one for one in found if not one[1].overdue]
    others = [one for one in found if one[1].overdue]
    first = int(now.timestamp()) // _TURN * _PAGES_AT_ONCE % len(others) if others else 0
    return [*new, *others[first:], *others[:first]]


@dataclass(frozen=True)
class _Known:
    """How a job is, how far its log has been read, and its last quarantine."""

    health: Health
    watermark: Watermark
    quarantine: Quarantine | None


def _note_page(context: Context, ref: ExtractRef, page: PageRow, known: _Known) -> int:
    """Write it on the people of a page; how many are overdue."""
    try:
        people = pages.read_page(context.storage, ref, page.plan, int(page.row_key)).workers
    except ResourceNotFoundError:  # an old plan that somebody has cleared away
        return 0
    late, now = iso(_late(context, known.quarantine)), context.clock.now()

    found: dict[Key, WorkerRow] = {}

    def is_overdue(key: Key, row: WorkerRow) -> bool:
        return (
            (row.sent_by, row.sent_status in worker_status.UNANSWERED) == (ref.id, True)
            and "" < row.uploaded_at <= late
            and keys.decode(key.row) not in known.watermark.look_at  # something was heard and is about to be written
        )

    def change(key: Key, row: WorkerRow | None) -> WorkerRow | None:
        found.pop(key, None)
        if row is None or not is_overdue(key, row):
            return None
        found[key] = row
        sentences = _advice(known.health, asked_again=bool(row.asked_again_at))
        waited = int((now - parse_iso(row.uploaded_at)).total_seconds() // 60)
        minutes = min(context.settings.overdue_minutes, waited)
        values = WorkerRow(sent_status=WorkerStatus.OVERDUE)
        if worker_status.is_told(row.status, WorkerStatus.OVERDUE):
            values = worker_status.overdue(row.uploaded_at, minutes, *sentences) | values
        return None if row.says(values) else values

    table = context.storage.table(WORKERS)
    everybody = [worker_key(ref.source, worker.worker_id) for worker in people]
    change_rows(table, everybody, change, select=_COLUMNS)
    _ask_again(context, known, found)
    return len(found)


_COLUMNS = columns(
    WorkerRow.status, WorkerRow.sent_by, WorkerRow.sent_status, WorkerRow.uploaded_at, WorkerRow.asked_again_at,
    WorkerRow.reason, WorkerRow.next_step, WorkerRow.who_acts,
)  # fmt: skip


def _ask_again(context: Context, known: _Known, rows: Mapping[Key, WorkerRow]) -> None:
    """Have those sent once more whom a running job has had time enough to answer; once for each record of HR's.

    What was sent into a quarantine, or so soon after it that it was thrown away with the rest, is sent once more for
    that, whether the job is silent or not.
    """
    now, health, quarantine = context.clock.now(), known.health, known.quarantine
    if health.state != jobs.RUNNING or now - health.since < _PATIENCE:
        return
    ended = quarantine.ended_at if quarantine else None
    if ended and now - ended < _AFTER_QUARANTINE:
        return

    def is_lost(row: WorkerRow) -> bool:
        if ended is None:
            return False
        is_before = row.uploaded_at <= iso(ended + _AFTER_QUARANTINE)
        return is_before and row.asked_again_at <= iso(ended)

    is_silent = now - known.watermark.at >= _PATIENCE
    long_ago = iso(now - _PATIENCE_AT_MOST)
    asked = [
        key
        for key, row in rows.items()
        if is_lost(row) or (not row.asked_again_at and (is_silent or row.uploaded_at <= long_ago))
    ]
    resending.remember_to_resend(context, health.job, dict.fromkeys((keys.decode(key.row) for key in asked), now))
    change_rows(
        context.storage.table(WORKERS),
        asked,
        lambda _, __: WorkerRow(asked_again_at=iso(now)),
        select=columns(WorkerRow.status),
    )


def _state(context: Context, job: str, unanswered: Unanswered, seen: JobSeen) -> tuple[str, str, str, Actor]:
    """How the job is, in words for support."""
    status, fault = seen.status, seen.fault
    if fault:
        answered = f" (Entra answers {fault.status})" if isinstance(fault, EndpointRefused | EntraUnavailable) else ""
        step = _GRANT_LOG if isinstance(fault, EndpointRefused) and fault.status == 403 else _REACH_LOG
        return DEAF, f"Entra's provisioning log cannot be read{answered}.", step, Actor.IT
    if not isinstance(status, JobStatus):
        refused = isinstance(status, EndpointRefused) and status.status == 403
        why = " the app lacks the role Synchronization.Read.All" if refused else " Entra does not answer that now"
        return jobs.UNKNOWN, f"Whether the job runs could not be found out:{why}.", _CHECK, Actor.IT
    words = f" The job names an error: {status.error}." if status.error else ""
    agent = _AGENT if context.endpoint(job).is_for_active_directory else ""
    if status.state == jobs.RUNNING:
        if unanswered.is_full:
            return (
                FULL,
                f"The queue of the job is full, so Entra turns uploads away.{words}",
                _FULL + agent,
                Actor.IT,
            )
        return jobs.RUNNING, f"The provisioning job runs.{words}", _ASKING + agent, Actor.NOBODY
    step = _CURE if status.state == jobs.QUARANTINED else _START if status.state in _STOPPED else _CHECK
    return status.state, _sentence_of(status), step + agent, Actor.IT


def _sentence_of(status: JobStatus) -> str:
    """How a job is that does not run."""
    found = _STOPPED.get(status.state, f"The provisioning job is in a state that is not known: {status.words}.")
    words = f" The job names an error: {status.error}." if status.error else ""
    return found.format(words=status.words) + words


def _advice(health: Health, *, asked_again: bool) -> tuple[str, str, Actor]:
    if health.state == jobs.RUNNING and asked_again:
        return health.sentence, _ASKED, Actor.IT
    return health.sentence, health.next_step, health.who_acts


_STOPPED = {
    jobs.PAUSED: "The provisioning job is paused: Entra takes uploads and does nothing with them.",
    jobs.QUARANTINED: (
        "The provisioning job is in quarantine ({words}): Entra takes uploads and does nothing with them, so nothing "
        "more is sent."
    ),
    jobs.NOT_STARTED: "The provisioning job is not started ({words}).",
}
_START = (
    "IT mends what the job names and starts it in the portal; whoever has no answer then is sent once more by itself. "
    "To restart a stopped job throws away what it was sent."
)
_CURE = (
    "IT mends what the job names and restarts it in the portal; then sending goes on by itself. The restart throws "
    "away what was sent into the quarantine: whoever has no answer is sent again by itself 45 minutes after the job "
    "runs."
)
_CHECK = "IT checks that the provisioning job is running."
_GRANT_LOG = "IT grants the app's managed identity the Microsoft Graph app role ProvisioningLog.Read.All."
_REACH_LOG = "IT looks whether Microsoft Graph can be reached, and at the app's log; reading is tried again by itself."
_FULL = "IT looks at the failures of the job, which stay in its queue; uploads go on by themselves when there is room."
_ASKING = "Nothing to do yet: if nothing is heard, the same is sent once more by itself."
_ASKED = (
    "It has been sent once more. If there is no result either, IT looks for the person in the job's provisioning log "
    "and opens a support case with the request id."
)
_AGENT = " For Active Directory: IT checks that the provisioning agent is up."


def _late(context: Context, quarantine: Quarantine | None) -> datetime:
    """Whatever was sent until then should have been answered."""
    now = context.clock.now()
    late = now - _limit(context)
    ended = quarantine.ended_at if quarantine else None
    return max(late, ended) if ended and now - ended >= _AFTER_QUARANTINE else late


def _limit(context: Context) -> timedelta:
    return timedelta(minutes=context.settings.overdue_minutes)
