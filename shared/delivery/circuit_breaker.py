"""What is stopped: all sending or a source's by a person, a job's by an answer or a quarantine; the newest plans.

A few rows of `Quota` that every instance reads before each request. A stopped job is tried again after a while by one
request of one instance, the *probe*; when Entra takes it, the job goes on by itself.
"""

from __future__ import annotations

import math
import random
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from azure.core.exceptions import ResourceExistsError

from shared.clock import iso, parse_iso
from shared.context import Context
from shared.delivery.failure_policy import JobTrouble, is_over
from shared.errors import NotNow, TerminalError
from shared.model import Actor, WaitKind
from shared.records.quarantine import STOPS_PARTITION, quarantine_row_key, stop_key
from shared.storage.clients import Storage
from shared.storage.names import STOPS
from shared.storage.rows import Change, Key, change_rows, delete_row, insert_row, query, replace_row
from shared.tables.base import from_json, to_json
from shared.tables.quota import StopRow

ANY_SOURCE = ""

_PROBE = timedelta(seconds=60)  # longer than a request lasts; a probe whose host died is made again after it
# Somebody has to end a pause, and a quarantine; this is when a page would be looked at in any case.
_PAUSE = timedelta(hours=1)
_WHILE_PROBED = (3.0, 6.0)  # seconds until those who wait for the probe look again


@dataclass(frozen=True)
class Stopped:
    """What was stopped at the last look.

    Attributes:
        rows: of the partition, by RowKey.
    """

    rows: Mapping[str, StopRow]

    def pause(self, source: str) -> StopRow | None:
        """The pause that holds a source up, if there is one."""
        return self.rows.get(_pause_key(ANY_SOURCE)) or self.rows.get(_pause_key(source))

    def pauses(self) -> list[StopRow]:
        """All pauses."""
        return [row for key, row in self.rows.items() if key.startswith(_pause_key(ANY_SOURCE))]

    def newest_plan(self, job: str) -> str:
        """The plan of a job that was begun to be carried out last; an empty text if that is not known."""
        row = self.rows.get(_plan_key(job))
        return row.plan if row else ""

    def job(self, job: str) -> StopRow | None:
        """What is noted about a job: that it is stopped, or that something has begun to go wrong."""
        return self.rows.get(stop_key(job).row)

    def stopped(self, job: str) -> StopRow | None:
        """The row of a job that is stopped."""
        row = self.job(job)
        return row if row and row.stopped else None

    def quarantine(self, job: str) -> StopRow | None:
        """The quarantine that a job is in; whoever looks at the jobs writes it, and ends it."""
        row = self.rows.get(quarantine_row_key(job))
        return row if row and not row.ended_at else None


def stopped_now(storage: Storage) -> Stopped:
    """What is stopped now."""
    rows = query(storage.table(STOPS), "PartitionKey eq @partition", partition=STOPS_PARTITION)
    return Stopped({row.row_key: row for row in rows})


class PauseRefused(TerminalError):  # noqa: N818
    """Nothing is paused; the sentence says why."""


def pause(storage: Storage, source: str, *, by: str, reason: str, now: datetime) -> StopRow | None:
    """Stop sending from a source, or all sending (`ANY_SOURCE`), until `resume`.

    Returns:
        The pause that is there already, which stays as it is; None if there was none.

    Raises:
        PauseRefused: it does not say who stops it, or why.
    """
    if not by.strip() or not reason.strip():
        raise PauseRefused("Say who stops it (--by NAME) and why (--reason TEXT); both are recorded")
    row = StopRow(source=source, by=by, why=reason, at=iso(now))
    try:
        insert_row(storage.table(STOPS), Key(STOPS_PARTITION, _pause_key(source)), row)
    except ResourceExistsError:
        return stopped_now(storage).rows.get(_pause_key(source))
    return None


def resume(storage: Storage, source: str) -> bool:
    """Take a pause back; False if there was none."""
    if _pause_key(source) not in stopped_now(storage).rows:
        return False
    delete_row(storage.table(STOPS), Key(STOPS_PARTITION, _pause_key(source)))
    return True


def note_plan(storage: Storage, job: str, plan: str) -> None:
    """Say that a plan is about to be carried out, before the first account is written.

    As long as it is the newest, whoever holds a page of it need not look for people whom a newer one has taken over.
    """
    row = StopRow(plan=plan)
    replace_row(storage.table(STOPS), Key(STOPS_PARTITION, _plan_key(job)), row)


def check_may_send(standing: Stopped, source: str, job: str, now: datetime) -> None:
    """See whether a source may send to a job now.

    Raises:
        NotNow: it may not, until when, and why.
    """
    if row := standing.pause(source):
        what = f"Sending from {source}" if row.source else "All sending"
        again = f"python -m cli resume {row.source}".rstrip()
        raise NotNow(
            f"{what} was stopped by {row.by} at {row.at}: {row.why}",
            until=now + _PAUSE,
            kind=WaitKind.PAUSE,
            next_step=f"{row.by} lets it go on: {again}",
            who_acts=Actor.IT,
        )
    if row := standing.quarantine(job):
        raise NotNow(
            f"Nothing is sent to this job since {row.since}: {row.reason}",
            until=now + _PAUSE,
            kind=WaitKind.QUARANTINE,
            next_step=row.next_step,
            who_acts=Actor.IT,
        )
    row = standing.stopped(job)
    if row and parse_iso(row.until) > now:
        raise stopped(row, parse_iso(row.until))


def may_probe(context: Context, standing: Stopped, job: str) -> bool:
    """Whether the caller's next request is the probe of a stopped job; False if the job is not stopped.

    Raises:
        NotNow: the job is stopped, and it is not the caller's turn.
    """
    seen = standing.stopped(job)
    if seen is None:
        return False
    now = context.clock.now()
    won = False

    def change(_key: Key, row: StopRow | None) -> StopRow | None:
        nonlocal won
        won = bool(row and row.stopped) and parse_iso(max(row.until, row.probed_until)) <= now if row else False
        return StopRow(probed_until=iso(now + _PROBE)) if won else None

    _change(context, job, change)
    if not won:
        raise stopped(seen, now + timedelta(seconds=random.uniform(*_WHILE_PROBED)))
    return True


def note_trouble(context: Context, job: str, trouble: JobTrouble) -> StopRow | None:
    """Take note that something went wrong with a request.

    Returns:
        The row of the job, if it is stopped by it; None if it goes on, because the trouble has not come often enough in
        a row.
    """
    now = context.clock.now()
    written: StopRow | None = None

    def change(_key: Key, row: StopRow | None) -> StopRow | None:
        nonlocal written
        before = row or _CLEAR
        counts = from_json(before.counts)
        counts[trouble.cause] = counts.get(trouble.cause, 0) + 1
        noted = _CLEAR | StopRow(counts=to_json(counts)) if row is None else StopRow(counts=to_json(counts))
        if not before.stopped and counts[trouble.cause] < trouble.threshold:
            written = None
            return noted
        # Requests that were under way together when it began are one trouble.
        first = not before.stopped or parse_iso(before.until) > now
        tries = 0 if first else before.tries + 1
        written = noted | StopRow(
            stopped=True,
            kind=trouble.kind,
            reason=trouble.reason,
            next_step=trouble.next_step(tries),
            who_acts=trouble.who_acts(tries),
            since=before.since if before.stopped else iso(now),
            until=iso(now + timedelta(seconds=math.ceil(trouble.wait(tries)))),
            probed_until="",
            tries=tries,
        )
        return written

    _change(context, job, change)
    return written


def note_success(context: Context, job: str, people: int, standing: Stopped) -> bool:
    """Take note that Entra has taken a request of so many people.

    Returns:
        Whether a stopped job goes on by this.
    """
    seen = standing.job(job)
    if seen is None or not (seen.stopped or _left_over(seen, people) != from_json(seen.counts)):
        return False
    lifted = False

    def change(_key: Key, row: StopRow | None) -> StopRow | None:
        nonlocal lifted
        lifted = bool(row and row.stopped)
        if row is None:
            return None
        return _CLEAR | StopRow(counts=to_json({} if lifted else _left_over(row, people)))

    _change(context, job, change)
    return lifted


def _left_over(row: StopRow, people: int) -> dict[str, int]:
    return {cause: count for cause, count in from_json(row.counts).items() if not is_over(cause, people)}


def stopped(row: StopRow, until: datetime) -> NotNow:
    """What a stopped job means for a page."""
    return NotNow(
        f"Nothing is sent to this job since {row.since}: {row.reason}",
        until=until,
        kind=WaitKind.JOB,
        next_step=row.next_step,
        who_acts=row.who_acts,
    )


_CLEAR = StopRow(
    stopped=False,
    kind="",
    reason="",
    next_step="",
    who_acts="",
    since="",
    until="",
    probed_until="",
    tries=0,
    counts=to_json({}),
)


def _change(context: Context, job: str, change: Change[StopRow]) -> None:
    change_rows(context.storage.table(STOPS), [stop_key(job)], change)


def _pause_key(source: str) -> str:
    return f"pause|{source}"


def _plan_key(job: str) -> str:
    return f"plan|{job}"
