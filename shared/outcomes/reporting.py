"""The reporting timer: Entra's log since a watermark, into `ProvisioningEvents`, `Workers` and the counts of extracts.

Entries are stored first, under the person whom they are about, and the people are written into the watermark as it
moves. What became of a person is then worked out from what is stored. So a crash repeats work and forgets nobody, and
it makes no difference in which order entries turn up. They are read again over an overlap, because Graph delivers them
late; entries that come later still are found by a look far back before anybody is called overdue.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import islice

from azure.core.exceptions import AzureError

from shared.context import Context
from shared.entra.logs import LogEntry, entries_since
from shared.errors import RollcallError, TerminalError
from shared.outcomes.events import write_events
from shared.outcomes.judging import judge, recount
from shared.outcomes.overdue import find_unanswered, note_overdue
from shared.outcomes.watermark import Watermark, load_watermark, save_watermark
from shared.records.rows import in_chunks

logger = logging.getLogger(__name__)

_OVERLAP = timedelta(minutes=15)  # entries turn up 5 to 10 minutes late
_MOST_ENTRIES = 10_000  # at once: 20 requests, which Graph's budget lets take 50 seconds
_FEW_ENTRIES = _MOST_ENTRIES // 4
_SECOND = timedelta(seconds=1)
_SHORTEST_SLICE = timedelta(minutes=1)
_LONGEST_READING = timedelta(minutes=5)  # a function is stopped after 10
_LONGEST_RUN = timedelta(minutes=8)
_PEOPLE_AT_ONCE = 2_000
_LOOK_FAR_BACK = timedelta(hours=1)  # how often, at most
_READ_AT_AGES = timedelta(minutes=5)  # that the log was read is not written down each time


def report(context: Context) -> None:
    """Read the logs of every job. A job whose log cannot be read does not keep the others from being read.

    Raises:
        Exception: the first fault, after all jobs have had their turn.
    """
    faults: list[Exception] = []
    for job in context.settings.endpoints:
        try:
            _report_job_and_overdue(context, job)
        except (RollcallError, AzureError) as error:
            logger.warning("The provisioning log of job %s could not be read: %s", job, error, extra={"job": job})
            faults.append(error)
    if faults:
        raise faults[0]


def _report_job_and_overdue(context: Context, job: str) -> None:
    try:
        is_caught_up = report_job(context, job)
    except TerminalError as error:  # nobody hears anything before a person has acted
        note_overdue(context, job, find_unanswered(context, job), fault=error)
        raise
    except RollcallError as error:
        if _is_deaf_for_long(context, job):
            note_overdue(context, job, find_unanswered(context, job), fault=error)
        raise
    if not is_caught_up:  # an answer may still be among what has not been read
        return
    unanswered = find_unanswered(context, job)
    looked_at = load_watermark(context, job).read_again_at
    if unanswered.since and (looked_at is None or looked_at + _LOOK_FAR_BACK <= context.clock.now()):
        read_again(context, job, unanswered.since)
        unanswered = find_unanswered(context, job)
    note_overdue(context, job, unanswered)


def _is_deaf_for_long(context: Context, job: str) -> bool:
    """Whether a fault that should pass has kept the log from being read for longer than anybody may wait."""
    read_at = load_watermark(context, job).read_at
    return read_at is None or context.clock.now() - read_at > timedelta(minutes=context.settings.overdue_minutes)


def report_job(context: Context, job: str) -> bool:
    """Read one job's log and write what it says.

    What is more than can be read in one go is read in slices of time, and the watermark moves after each. A run that
    takes long stops; the next one goes on.

    Returns:
        Whether the log has been read to its end, and everybody in it been looked at.
    """
    started = context.clock.now()
    watermark = load_watermark(context, job)
    # What turns up late is young; while old entries are being caught up with, it need not be looked for.
    since = watermark.at - (_SECOND if watermark.slice else _OVERLAP)
    recent: dict[str, datetime] = {}
    is_at_end = False
    while not is_at_end and context.clock.now() - started < _LONGEST_READING:
        now = context.clock.now()
        length = watermark.slice
        until = since + length if length and since + length < now else None
        found = entries_since(context.graph, context.endpoint(job), since, until)
        entries = list(islice(found, _MOST_ENTRIES + 1))
        if len(entries) > _MOST_ENTRIES:
            narrower = _narrower(entries, (until or now) - since)
            if narrower >= _SHORTEST_SLICE:
                watermark = replace(watermark, slice=narrower)
                save_watermark(context.storage, job, watermark)
                continue
            entries += found  # so many in so short a time: no way around reading them
        # An entry of the future, by a clock that is wrong, must not keep us from reading the present.
        recent |= {entry.id: min(entry.at, now) for entry in entries}
        newest = max([watermark.at, *(min(entry.at, now) for entry in entries), *([until] if until else [])])
        wider = length * 2 if length and until and len(entries) < _FEW_ENTRIES else length
        recent = {entry_id: at for entry_id, at in recent.items() if at > newest - _OVERLAP - _SECOND}
        watermark = _take_note(context, job, entries, watermark, frozenset(recent), newest, wider if until else None)
        is_at_end = until is None
        since = (until or now) - _SECOND  # filters know whole seconds only, and both ends are left out
    return _look_at_people(context, job, watermark, started) and is_at_end


def read_again(context: Context, job: str, since: datetime) -> None:
    """Read the log once more from far back, for entries that came later than the overlap waits for."""
    started = context.clock.now()
    entries = list(islice(entries_since(context.graph, context.endpoint(job), since), _MOST_ENTRIES))
    write_events(context.storage, job, entries)
    watermark = load_watermark(context, job)
    people = dict.fromkeys((entry.external_id for entry in entries), started)
    watermark = replace(watermark, look_at={**watermark.look_at, **people}, read_again_at=started)
    save_watermark(context.storage, job, watermark)
    _look_at_people(context, job, watermark, started)


def _narrower(entries: Sequence[LogEntry], window: timedelta) -> timedelta:
    """A slice of time that will not be too much: what was read tells how dense the log is, if it came in order."""
    times = [entry.at for entry in entries]
    return min(window, max(times) - min(times)) / 2


def _take_note(
    context: Context,
    job: str,
    entries: Sequence[LogEntry],
    watermark: Watermark,
    recent: frozenset[str],
    newest: datetime,
    length: timedelta | None,
) -> Watermark:
    """Store new entries, then move the watermark to `newest`, with the people whom they are about."""
    new = [entry for entry in entries if entry.id not in watermark.seen]
    read_at = watermark.read_at
    if length is None:  # to the end
        now = context.clock.now()
        read_at = now if read_at is None or new or now - read_at >= _READ_AT_AGES else read_at
    if not new and (newest, length, read_at) == (watermark.at, watermark.slice, watermark.read_at):
        return watermark
    write_events(context.storage, job, new)
    people = dict.fromkeys((entry.external_id for entry in new), context.clock.now())
    moved = replace(
        watermark,
        at=newest,
        seen=recent,
        slice=length,
        look_at={**watermark.look_at, **people},
        read_at=read_at,
    )
    save_watermark(context.storage, job, moved)
    if new:
        logger.info("%d new log entries of job %s", len(new), job, extra={"job": job, "entries": len(new)})
    return moved


def _look_at_people(context: Context, job: str, watermark: Watermark, started: datetime) -> bool:
    """Write what the stored entries say about those whom the watermark names; whether there was time for everybody.

    Counts are made when all have been looked at: the people of a page are spread over everybody's ids.
    """
    now = context.clock.now()
    people = sorted(person for person, at in watermark.look_at.items() if at <= now)
    has_time = True
    for some in in_chunks(people, _PEOPLE_AT_ONCE):
        has_time = context.clock.now() - started <= _LONGEST_RUN
        if not has_time:
            break
        found = judge(context, job, some)
        others = {person: watermark.look_at[person] for person in watermark.look_at.keys() - set(some)}
        touched = watermark.recount | found.touched
        watermark = replace(watermark, look_at={**others, **found.look_again}, recount=touched)
        save_watermark(context.storage, job, watermark)
    if watermark.recount:
        recount(context, watermark.recount)
        save_watermark(context.storage, job, replace(watermark, recount=frozenset()))
    return has_time
