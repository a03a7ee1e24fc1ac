"""One extract from its arrival to its queued pages.

register -> copy -> read and map -> plan -> **commit** -> record people -> queue pages -> tell HR

Up to the commit everything can be done again from the start. After it nothing is decided again: whoever comes next
continues from where the last one stopped. Who comes next is whoever gets the job's lease: another event, the same event
redelivered, or the clock.
"""

from __future__ import annotations

import logging
import uuid
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import Enum

from azure.core.exceptions import AzureError, ResourceModifiedError, ResourceNotFoundError
from azure.storage.blob import BlobClient

from shared.clock import iso
from shared.context import Context
from shared.errors import (
    ClaimLost,
    ExtractDuplicate,
    ExtractRefused,
    ExtractReplaced,
    ExtractStale,
    MappingError,
    TerminalError,
    TransientError,
    Turns,
)
from shared.hr_outbox import summary
from shared.hr_outbox.history import write_history
from shared.intake.answering import way_to_answer_source
from shared.intake.apply_plan import apply_plan, settle, supersede_whole
from shared.intake.registering import arrived_version, failed_by_us, for_hr, register
from shared.intake.trial import try_out
from shared.mapping.load import find_mapping, keep_mapping, mapping_for_dates
from shared.model import ExtractRef
from shared.outcomes import progress
from shared.planning.build import NO_OTHERS, OtherFiles, Pace, ToPlan, check_new, of_job, plan_due, plan_file
from shared.records import extracts
from shared.records.failures import count_failure
from shared.storage import messages
from shared.storage.faults import passes
from shared.storage.leases import Lease, hold
from shared.storage.names import EXTRACTS, INBOX
from shared.storage.rows import etag_of, key_of, merge_row
from shared.tables.extracts import ExtractKind, ExtractRow, ExtractStatus

logger = logging.getLogger(__name__)

_LONGEST_RUN = timedelta(minutes=2)
"""After so long nothing is begun any more, and a plan that is carried out is left to a message."""
_GIVES_WAY = timedelta(minutes=2)
"""So long after that a comparison may still begin anew: it has to come to its end within one run of the function."""
_LOOKS_BETWEEN = timedelta(seconds=3)
_TELLS = timedelta(seconds=10)  # how often it is told how far a file has been read
_SMALL = 256 * 1024  # bytes: a file that is read and planned in a few seconds


def ingest_version(context: Context, blob: BlobClient, *, tries: bool = True) -> None:
    """Take in the version of HR's file that is there now.

    Returns normally whenever the version is taken care of, be it by refusing it. A second event for the same version
    changes nothing, or continues what a crash left undone.

    Args:
        context: everything.
        blob: the file.
        tries: whether there is time for a trial; else it is only made known.
    """
    try:
        version = arrived_version(blob)
    except ResourceNotFoundError:
        logger.info("The file is not there any more; nothing to take in")
        return
    job = register(context, version)
    if job is None:
        return
    if extracts.kind_of_file(version.name) == ExtractKind.TRIAL:
        if tries:
            try_out(context, job)
        return
    try:
        extracts.keep_copy(context.storage, version.ref, blob, version.etag)
    except (ExtractReplaced, ExtractRefused) as error:
        status = ExtractStatus.STALE if isinstance(error, ExtractReplaced) else ExtractStatus.REJECTED
        _end(context, version.ref, status, str(error))
        return
    process_pending(context, job, version.ref)


def go_on(context: Context, job: str) -> None:
    """What a message asks for that there is more to do for a job: its extracts, then its trials."""
    if job:
        process_pending(context, job)
    try_out(context, job)


@dataclass(frozen=True)
class _Turn:
    """What whoever works off the extracts of a job goes by.

    Attributes:
        context: everything.
        job: whose extracts.
        own: the extract that the caller answers for; None for all of them.
        until: when nothing is begun any more.
        tried: the extracts that have had their turn.
        faults: those that the caller answers for.
    """

    context: Context
    job: str
    own: ExtractRef | None
    until: datetime
    tried: set[str] = field(default_factory=set)
    faults: list[Exception] = field(default_factory=list)


class _End(Enum):
    """Why a look at the extracts of a job came to its end."""

    DONE = "done"
    TIME = "time"  # somebody has to go on
    STOP = "stop"  # what is half done keeps the others from their turn


def process_pending(context: Context, job: str, own: ExtractRef | None = None) -> None:
    """Read and plan the arrived extracts of a job, one after the other, the oldest file first.

    Somebody else who is at it is left to it: everybody looks again for what has arrived after giving the lease back,
    so an extract that was registered before the lease was asked for is always seen. While a committed plan has not been
    carried out to its end nothing else is planned: it would be compared with what is only half written. Small files
    are an exception to both, see `_SmallOnes`: nobody waits behind a giant.

    No run of a function depends on its time-out: after a while the rest is left to the next run, which a message on the
    queue brings about at once.

    Args:
        context: everything.
        job: whose extracts.
        own: the extract that the caller answers for; faults of the others are logged, and they are tried again later.

    Raises:
        Exception: the first fault that the caller answers for, after all extracts have had their turn.
    """
    turn = _Turn(context, job, own, context.clock.now() + _LONGEST_RUN)
    while True:
        with hold(context.storage, job) as lease:
            if lease is None:
                break
            end = _work_through(turn, lease)
        if end is _End.TIME:
            messages.ask_to_go_on(context.storage, job)
        if end is not _End.DONE or all(row.extract in turn.tried for row in _to_read(context, job)):
            break
    if turn.faults:
        raise turn.faults[0]


def _work_through(turn: _Turn, lease: Lease) -> _End:
    """Give each extract that has arrived its turn, under the lease."""
    rows = _to_read(turn.context, turn.job)
    if _stop_others(turn.context, rows):
        rows = _to_read(turn.context, turn.job)
    for row in rows:
        if row.extract in turn.tried:
            continue
        if turn.context.clock.now() > turn.until:
            return _End.TIME
        small = _SmallOnes(turn, row, lease, turn.context.clock.now())
        if (end := _give_turn(turn, row, lease, small)) is not _End.DONE:
            return end
    return _End.DONE


def _give_turn(turn: _Turn, row: ExtractRow, lease: Lease, small: _SmallOnes | None) -> _End:
    """Bring one extract as far as it gets; `small` are those that go first, or in between."""
    turn.tried.add(row.extract)
    try:
        if not _continue(turn.context, row, lease, turn.until, small):
            return _End.TIME
    except ClaimLost as error:
        logger.warning("Somebody else works for job %s now: %s", turn.job, error, extra={"job": turn.job})
        return _End.STOP
    except Exception as error:  # noqa: BLE001 (one extract must not keep the others from being read)
        if turn.own is None or row.extract == turn.own.id:
            turn.faults.append(error)
        else:
            logger.warning("Extract %s waits: %s", row.extract, type(error).__name__)
        if passes(error) and _is_committed(turn.context, row):
            return _End.STOP
    return _End.DONE


@dataclass
class _SmallOnes:
    """Small files of other sources, which get their turn while the extract `busy` is read, compared or carried out.

    While it is read, nothing has been compared yet. While it is compared it gives way, and is compared anew. While its
    plan is carried out, that is written first for the people of the small file (`_settle`). Of one source, files are
    read in HR's order.

    Attributes:
        turn: of whoever works off the extracts of the job.
        busy: what takes long.
        lease: of the job.
        looked_at: when somebody looked last.
    """

    turn: _Turn
    busy: ExtractRow
    lease: Lease
    looked_at: datetime

    def look(self) -> None:
        """Give them their turn, if it is time to look for them."""
        if self._is_time():
            self.give_turns()

    def are_waiting(self) -> bool:
        """Whether there are any, if it is time to look for them, and time enough to do something twice."""
        return self._is_time() and self.looked_at <= self.turn.until + _GIVES_WAY and any(self._waiting())

    def give_turns(self) -> None:
        """Have each of them read and planned.

        Raises:
            ClaimLost: one has been planned and could not be carried out, which comes first now.
        """
        for row in self._waiting():
            own = replace(self.turn, until=self.turn.context.clock.now() + _LONGEST_RUN)
            if _give_turn(own, row, self.lease, None) is not _End.DONE:
                raise ClaimLost(f"extract {row.extract} has to be carried out first")

    def _is_time(self) -> bool:
        now = self.turn.context.clock.now()
        if now - self.looked_at < _LOOKS_BETWEEN:
            return False
        self.looked_at = now
        return True

    def _waiting(self) -> Iterator[ExtractRow]:
        passed_over = {self.busy.partition_key}
        for row in _to_read(self.turn.context, self.turn.job):
            if not _is_small(row):
                passed_over.add(row.partition_key)
            elif row.partition_key not in passed_over and row.extract not in self.turn.tried:
                yield row


def _is_small(row: ExtractRow) -> bool:
    """Whether an extract is a file that has not been begun, and is read and planned within seconds."""
    return row.kind == ExtractKind.FILE and row.status == ExtractStatus.ARRIVED and extracts.size_of(row) <= _SMALL


def _stop_others(context: Context, rows: Sequence[ExtractRow]) -> bool:
    """Keep others from committing: whoever is reading an extract still has lost the lease. Whether there was one."""
    begun = [row for row in rows if row.status == ExtractStatus.READING]
    for row in begun:
        with suppress(ClaimLost):  # whoever was reading has done it just now
            _write_if_unchanged(context, row, etag_of(row), ExtractRow(message="To be read again."))
    return bool(begun)


def process_all_pending(context: Context) -> None:
    """The clock's part: continue whatever a crash, or a fault that has passed, left unread.

    Raises:
        Exception: the first fault, after all jobs have had their turn.
    """
    with Turns() as turns:
        for job in sorted({row.job for row in extracts.unfinished(context.storage, extracts.UNREAD)}):
            with turns.turn():
                process_pending(context, job)


def _is_committed(context: Context, row: ExtractRow) -> bool:
    try:
        now = extracts.load_extract(context.storage, ExtractRef(row.extract, row.partition_key))
    except (AzureError, TransientError):
        return True  # for all we know
    return now.status == ExtractStatus.PLANNED


def _to_read(context: Context, job: str) -> list[ExtractRow]:
    """The extracts that need work, in the order in which they get their turn.

    Plans that are committed go first, because the next comparison builds on them; then small files, those of one source
    in HR's order.
    """
    rows = [row for row in extracts.unfinished(context.storage, extracts.UNREAD) if row.job == job]
    behind: set[str] = set()  # sources of which something comes first that takes long
    places = {}
    for row in rows:
        if not _is_small(row):
            behind.add(row.partition_key)
        places[row.extract] = (row.status != ExtractStatus.PLANNED, row.partition_key in behind)
    return sorted(rows, key=lambda row: places[row.extract])


def _continue(context: Context, row: ExtractRow, lease: Lease, until: datetime, small: _SmallOnes | None) -> bool:
    """Bring one extract as far as its queued pages; whether there was time for it."""
    ref = ExtractRef(row.extract, row.partition_key)
    try:
        if row.status != ExtractStatus.PLANNED:
            if row.kind == ExtractKind.FILE:
                inbox = context.storage.container(INBOX).get_blob_client(row.path)
                extracts.keep_copy(context.storage, ref, inbox, row.e_tag)
            _plan(context, ref, row, lease, small)
        return apply_plan(context, ref, until, small.look) if small else apply_plan(context, ref, until)
    except (ExtractRefused, MappingError) as error:
        _refuse(context, ref, row, for_hr(error))
    except (ExtractReplaced, ExtractStale) as error:
        _end(context, ref, ExtractStatus.STALE, str(error))
    except ExtractDuplicate as error:
        supersede_whole(context, ref, row)
        _end(context, ref, ExtractStatus.DUPLICATE, str(error))
    except TerminalError as error:  # a role, a secret or a setting; once it is right, the clock comes back to it
        extracts.save_extract(context.storage, ref, ExtractRow(message=f"Waits until IT has acted: {error}"))
        raise
    except Exception as error:
        if not passes(error):
            _count_failure(context, ref)
        raise  # the event is redelivered, or the clock comes back to it
    return True


def _plan(context: Context, ref: ExtractRef, row: ExtractRow, lease: Lease, small: _SmallOnes | None) -> None:
    """Read, map, compare and plan; the last write of it commits the plan."""
    # The mapping may name another job by now; what was begun for a job is brought to its end there.
    find = find_mapping if row.kind == ExtractKind.FILE else mapping_for_dates
    loaded = of_job(find(context.storage, ref.source), row.job)
    reading = ExtractRow(status=ExtractStatus.READING, message="Being read.")
    etag = _write_if_unchanged(context, row, etag_of(row), reading)
    told_at = context.clock.now()

    def has_read(done: int) -> None:
        nonlocal etag, told_at
        if small:
            small.look()
        if (now := context.clock.now()) - told_at >= _TELLS:
            told_at = now
            how_far = ExtractRow(message=f"Being read: {100 * done // max(extracts.size_of(row), done)}% so far.")
            etag = _write_if_unchanged(context, row, etag, how_far)

    asked = ToPlan(ref, row, loaded, uuid.uuid4().hex)
    if row.kind == ExtractKind.FILE:
        content = ExtractRow() if row.releasing else check_new(context, ref, row, loaded)
        others = OtherFiles(small.are_waiting, small.give_turns) if small else NO_OTHERS
        pace = Pace(has_read, lambda people: _settle(context, ref, row.job, people), others)
        values = content | plan_file(context, asked, pace)
    else:
        values = plan_due(context, asked)
    planned = ExtractRow(
        status=ExtractStatus.PLANNED,
        message="Read and planned.",
        mapping=loaded.name,
        mapping_version=loaded.version,
    )
    keep_mapping(context.storage, ref.source, loaded)
    lease.confirm()  # whoever took it over compares with something else
    _write_if_unchanged(context, row, etag, planned | values)
    logger.info(
        "Extract %s is planned: %s",
        ref.id,
        {name: value for name, value in values.stored().items() if isinstance(value, int)},
        extra={"extract": ref.id},
    )


def _settle(context: Context, ref: ExtractRef, job: str, people: Iterable[str]) -> None:
    """Write what plans that are being carried out say of some people."""
    planned = extracts.unfinished(context.storage, (ExtractStatus.PLANNED,))
    others = [row for row in planned if row.job == job and row.extract != ref.id]
    if others:
        ids = set(people)
        for row in others:
            settle(context, ExtractRef(row.extract, row.partition_key), row, ids)


def _write_if_unchanged(context: Context, row: ExtractRow, etag: str, values: ExtractRow) -> str:
    """Merge values into an extract's row, and return its new ETag.

    Raises:
        ClaimLost: another instance, which took the lease over, has written to it.
    """
    try:
        return merge_row(context.storage.table(EXTRACTS), key_of(row), values, etag)
    except ResourceModifiedError as error:
        raise ClaimLost(f"Extract {row.extract} is being read by another instance") from error


def _refuse(context: Context, ref: ExtractRef, row: ExtractRow, message: str) -> None:
    if row.planned_at:
        _take_back_order(context, ref, message)
    else:
        _end(context, ref, ExtractStatus.REJECTED, message)


def _take_back_order(context: Context, ref: ExtractRef, message: str) -> None:
    """What the extract has planned goes on; only what was ordered since cannot be done."""
    logger.warning("What was ordered for extract %s came to nothing", ref.id, extra={"extract": ref.id})
    back = ExtractRow(status=ExtractStatus.UPLOADING, releasing="", order_failed=message)
    extracts.save_extract(context.storage, ref, back)
    progress.refresh(context.storage, ref, context.clock.now())


def _end(context: Context, ref: ExtractRef, status: ExtractStatus, message: str) -> None:
    """Nothing of the extract is used; say so in the table and in HR's outbox, unless somebody else has planned it."""
    if extracts.load_extract(context.storage, ref).status not in (ExtractStatus.ARRIVED, ExtractStatus.READING):
        return
    logger.warning("Extract %s of source %s ends as %s", ref.id, ref.source, status, extra={"extract": ref.id})
    ended = ExtractRow(
        status=status,
        message=message,
        ended_at=iso(context.clock.now()),
    ) | way_to_answer_source(context.storage, ref.source)
    summary.write_summary(context.storage, ref, ended)
    write_history(context.storage, ref, ended)
    extracts.save_extract(context.storage, ref, ended)


def _count_failure(context: Context, ref: ExtractRef) -> None:
    """A fault in our own code must not make the file come round for ever.

    Once a plan is committed it is continued for ever all the same: its people are queued, and must not be forgotten.
    """
    if not count_failure(context.storage, ref, context.clock.now()).are_enough:
        return
    row = extracts.load_extract(context.storage, ref)
    if row.status == ExtractStatus.PLANNED:
        return
    message = failed_by_us(ref.id)
    if row.planned_at:
        _take_back_order(context, ref, message)
    else:
        _end(context, ref, ExtractStatus.FAILED, message)
