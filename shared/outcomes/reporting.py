"""The reporting timer: Entra's log since a watermark, into `ProvisioningEvents`, `Workers` and the counts of extracts.

Entries are stored first, under the person whom they are about, and the people are written into the watermark as it
moves. What became of a person is then worked out from what is stored. So a crash repeats work and forgets nobody, and
it makes no difference in which order entries turn up. They are read again over an overlap, because Graph delivers them
late; entries that come later still are found by a look far back before anybody is called overdue.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from azure.core.exceptions import AzureError

from shared.context import Context
from shared.entra.logs import LogEntry, entries_since
from shared.errors import RollcallError, TerminalError, Turns
from shared.outcomes.events import write_events
from shared.outcomes.judging import judge, recount
from shared.outcomes.overdue import JobSeen, find_unanswered, look_at_job, note_overdue
from shared.outcomes.watermark import Watermark, load_watermark, save_watermark
from shared.records import created
from shared.storage.rows import in_chunks

logger = logging.getLogger(__name__)

_OVERLAP = timedelta(minutes=15)  # entries turn up 5 to 10 minutes late
_MOST_ENTRIES = 10_000  # of a slice of time: 20 requests, which Graph's budget lets take 50 seconds
_FEW_ENTRIES = _MOST_ENTRIES // 4
_ONE_ANSWER = 500  # entries
_MOST_IN_HAND = 24_000  # entries that are stored together; the more, the more of them are about one person
# At the 200 entries a second that Graph gives, a run is not there before its last slice, of which it begins none after
# 90 seconds: so all that it reads is stored together.
_SECOND = timedelta(seconds=1)
_SHORTEST_SLICE = timedelta(seconds=2)
_LONGEST_RUN = timedelta(minutes=3)  # of all jobs; what is in hand then takes a minute more, and a function may take 10
_PEOPLE_AT_ONCE = 5_000
_LOOK_FAR_BACK = timedelta(hours=1)  # how often, at most
_READ_AT_AGES = timedelta(minutes=5)  # that the log was read is not written down each time


@dataclass(frozen=True)
class _Times:
    """Until when the steps of a run may go on. What is not done by then is done by the next run.

    Attributes:
        begin: a further slice of the log.
        read: a slice that was begun in time.
        judge: what became of people.
        count: pages.
    """

    begin: datetime
    read: datetime
    judge: datetime
    count: datetime

    @classmethod
    def within(cls, now: datetime, share: timedelta) -> _Times:
        """The times of a run that has so long."""
        return cls(*(now + share * part for part in (0.5, 0.75, 0.875, 1.0)))


def report(context: Context) -> None:
    """Read the logs of every job. A job whose log cannot be read does not keep the others from being read.

    Raises:
        Exception: the first fault, after all jobs have had their turn.
    """
    stop = context.clock.now() + _LONGEST_RUN
    with Turns() as turns:
        for left, job in zip(range(len(context.settings.endpoints), 0, -1), context.settings.endpoints, strict=True):
            share = max(stop - context.clock.now(), timedelta()) / left  # what a job does not need is the others'
            with turns.turn((RollcallError, AzureError)):
                try:
                    _report_job_and_overdue(context, job, share)
                except (RollcallError, AzureError) as error:
                    logger.warning(
                        "The provisioning log of job %s could not be read: %s", job, error, extra={"job": job}
                    )
                    raise


def _report_job_and_overdue(context: Context, job: str, share: timedelta) -> None:
    stop = context.clock.now() + share
    status = look_at_job(context, job)  # first: nothing is to be sent into a quarantine, whatever the log says
    try:
        is_caught_up = report_job(context, job, share)
    except TerminalError as error:  # nobody hears anything before a person has acted
        note_overdue(context, job, find_unanswered(context, job), stop, JobSeen(status, error))
        raise
    except RollcallError as error:
        if _is_deaf_for_long(context, job):
            note_overdue(context, job, find_unanswered(context, job), stop, JobSeen(status, error))
        raise
    if not is_caught_up:  # an answer may still be among what has not been read
        return
    unanswered = find_unanswered(context, job)
    looked_at = load_watermark(context, job).read_again_at
    if unanswered.since and (looked_at is None or looked_at + _LOOK_FAR_BACK <= context.clock.now()):
        if not _read_again(context, job, unanswered.since, stop):
            return
        unanswered = find_unanswered(context, job)
    note_overdue(context, job, unanswered, stop, JobSeen(status))


def _is_deaf_for_long(context: Context, job: str) -> bool:
    """Whether a fault that should pass has kept the log from being read for longer than anybody may wait."""
    read_at = load_watermark(context, job).read_at
    return read_at is None or context.clock.now() - read_at > timedelta(minutes=context.settings.overdue_minutes)


def report_job(context: Context, job: str, share: timedelta = _LONGEST_RUN) -> bool:
    """Read one job's log and write what it says.

    What is more than can be read in one go is read in slices of time, and the watermark moves after some of them. A run
    that takes long stops; the next one goes on.

    Args:
        context: what everything works with.
        job: whose log.
        share: how long it may take. Each step ends in time, but does a piece of its work in any case.

    Returns:
        Whether the log has been read to its end, and everybody in it been looked at.
    """
    times = _Times.within(context.clock.now(), share)
    watermark = load_watermark(context, job)
    if len(watermark.due(context.clock.now())) > _PEOPLE_AT_ONCE:  # runs before this one had no time for them
        watermark, has_looked = _look_at_people(context, job, watermark, times)
        if not has_looked or context.clock.now() >= times.begin:
            return False
    watermark, is_at_end = _read_log(context, job, watermark, times)
    return _look_at_people(context, job, watermark, times)[1] and is_at_end


def _read_log(context: Context, job: str, watermark: Watermark, times: _Times) -> tuple[Watermark, bool]:
    """Store what the log says since the watermark, and move that; and whether the log has been read to its end."""
    # What turns up late is young; while old entries are being caught up with, it need not be looked for.
    since = watermark.at - (_SECOND if watermark.slice else _OVERLAP)
    hand = _Hand([], {}, watermark.at, watermark.slice)
    is_at_end = is_begun = False
    while not is_at_end and (not is_begun or context.clock.now() < times.begin):
        is_begun = True
        now = context.clock.now()
        until = since + hand.slice if hand.slice and since + hand.slice < now else None
        try:
            entries, narrower = _read_slice(context, job, (since, until, now), times)
        except RollcallError:
            if hand.slice:
                _take_note(context, job, hand, watermark)  # or a log that fails now and then is never caught up with
            raise
        if narrower:
            hand = replace(_with_entries(hand, entries, now), slice=narrower)
        else:
            hand = _with_slice(hand, entries, now, until)
            is_at_end = until is None
            since = (until or now) - _SECOND  # filters know whole seconds only, and both ends are left out
        if len(hand.entries) >= _MOST_IN_HAND:
            watermark = _take_note(context, job, hand, watermark)
            hand = replace(hand, entries=[])
    return _take_note(context, job, hand, watermark), is_at_end


@dataclass(frozen=True)
class _Hand:
    """What has been read of the log and is not stored yet, and where that leaves the watermark.

    Attributes:
        entries: of some slices of time, one after the other.
        recent: when entries of the overlap happened, by their ids.
        at: up to where has been read.
        slice: how much time is read next; None if there is nothing more to read.
    """

    entries: list[LogEntry]
    recent: dict[str, datetime]
    at: datetime
    slice: timedelta | None


def _read_slice(
    context: Context, job: str, between: tuple[datetime, datetime | None, datetime], times: _Times
) -> tuple[list[LogEntry], timedelta | None]:
    """The entries of a slice of time; if they are too many for one go, some of them, and how long a slice may be.

    Args:
        context: what everything works with.
        job: whose log.
        between: since when, until when or None for the end of the log, and the moment that this end is.
        times: of the run.
    """
    since, until, now = between
    found = entries_since(context.graph, context.endpoint(job), since, until)
    entries = list(_slice_of(found, context, times.read))
    if (rest := next(found, None)) is None:
        return entries, None
    narrower = _narrower([*entries, rest], (until or now) - since, is_dense=len(entries) >= _MOST_ENTRIES)
    if narrower >= _SHORTEST_SLICE:
        return [*entries, rest], narrower
    return [*entries, rest, *found], None  # so many in so short a time: no way around reading them


def _slice_of(found: Iterator[LogEntry], context: Context, until: datetime) -> Iterator[LogEntry]:
    """The entries of a slice, as far as they are not too many and there is time."""
    for number, entry in enumerate(found, start=1):
        yield entry
        # Whoever has an answer has got on; to ask for a further one takes time.
        if number >= _MOST_ENTRIES or (number % _ONE_ANSWER == 0 and context.clock.now() >= until):
            return


def _with_slice(hand: _Hand, entries: Sequence[LogEntry], now: datetime, until: datetime | None) -> _Hand:
    """What is in hand with the entries of a further slice, which ends at `until`; with None, at the end of the log."""
    hand = _with_entries(hand, entries, now)
    newest = max([hand.at, *(min(entry.at, now) for entry in entries), *([until] if until else [])])
    wider = hand.slice * 2 if hand.slice and len(entries) < _FEW_ENTRIES else hand.slice
    return _Hand(
        hand.entries,
        {entry_id: at for entry_id, at in hand.recent.items() if at > newest - _OVERLAP - _SECOND},
        newest,
        wider if until else None,
    )


def _with_entries(hand: _Hand, entries: Sequence[LogEntry], now: datetime) -> _Hand:
    """What is in hand with some entries, wherever the watermark is: nobody waits for those that are read once more."""
    new = [entry for entry in entries if entry.id not in hand.recent]
    # An entry of the future, by a clock that is wrong, must not keep us from reading the present.
    recent = hand.recent | {entry.id: min(entry.at, now) for entry in new}
    return replace(hand, entries=[*hand.entries, *new], recent=recent)


def _read_again(context: Context, job: str, since: datetime, stop: datetime) -> bool:
    """Read the log once more from far back, for entries that came later than the overlap waits for.

    What is too much for one go, or for one run, is read in slices of time, and the next run goes on.

    Returns:
        Whether that has come to its end.
    """
    started = context.clock.now()
    times = _Times.within(started, stop - started)
    watermark = load_watermark(context, job)
    at, has_got_on = watermark.read_again_from or since, False
    window = started - at
    people: dict[str, datetime] = {}
    while at < started and (not has_got_on or context.clock.now() < times.begin):
        until = at + window if at + window < started else None
        entries, narrower = _read_slice(context, job, (at, until, started), times)
        if narrower:
            window = narrower
            continue
        write_events(context.storage, job, entries)
        people |= dict.fromkeys((entry.external_id for entry in entries), started)
        at, has_got_on = until - _SECOND if until else started, True
    is_done = at >= started
    watermark = replace(
        watermark,
        look_at={**watermark.look_at, **people},
        read_again_from=None if is_done else at,
        read_again_at=started if is_done else watermark.read_again_at,
    )
    save_watermark(context.storage, job, watermark)
    _look_at_people(context, job, watermark, times)
    return is_done


def _narrower(entries: Sequence[LogEntry], window: timedelta, *, is_dense: bool) -> timedelta:
    """A slice of time that will not be too much: what was read tells how dense the log is, if it came in order.

    Where there was no time for more, half the slice takes half the time.
    """
    times = [entry.at for entry in entries]
    return min(window, max(times) - min(times) if is_dense else window) / 2


def _take_note(context: Context, job: str, hand: _Hand, watermark: Watermark) -> Watermark:
    """Store new entries, then move the watermark, with the people whom they are about."""
    new = [entry for entry in hand.entries if entry.id not in watermark.seen]
    now = context.clock.now()
    read_at = watermark.read_at
    if hand.slice is None:  # to the end
        read_at = now if read_at is None or new or now - read_at >= _READ_AT_AGES else read_at
    if not new and (hand.at, hand.slice, read_at) == (watermark.at, watermark.slice, watermark.read_at):
        return watermark
    write_events(context.storage, job, new)
    moved = replace(
        watermark,
        at=hand.at,
        seen=frozenset(hand.recent),
        slice=hand.slice,
        look_at={**watermark.look_at, **dict.fromkeys((entry.external_id for entry in new), now)},
        read_at=read_at,
    )
    save_watermark(context.storage, job, moved)
    if new:
        logger.info("%d new log entries of job %s", len(new), job, extra={"job": job, "entries": len(new)})
    return moved


def _look_at_people(context: Context, job: str, watermark: Watermark, times: _Times) -> tuple[Watermark, bool]:
    """Write what the stored entries say about those whom the watermark names; whether there was time for everything.

    Counts are made when all have been looked at: the people of a page are spread over everybody's ids.
    """
    people = sorted(watermark.due(context.clock.now()))
    looked_at = 0
    for some in in_chunks(people, _PEOPLE_AT_ONCE):
        if looked_at and context.clock.now() >= times.judge:
            break
        found = judge(context, job, some)
        created.mark(context.storage, found.days)
        gone = set(some)
        others = {person: at for person, at in watermark.look_at.items() if person not in gone}
        touched = watermark.recount | found.touched
        watermark = replace(watermark, look_at={**others, **found.look_again}, recount=touched)
        save_watermark(context.storage, job, watermark)
        looked_at += len(some)
    if watermark.recount:
        left = recount(context, watermark.recount, times.count)
        watermark = replace(watermark, recount=left)
        save_watermark(context.storage, job, watermark)
    return watermark, looked_at == len(people) and not watermark.recount
