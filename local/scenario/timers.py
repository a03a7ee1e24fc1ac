"""When the app's timers run under simulated time.

Most occurrences find nothing to do, and a month has forty thousand of them. So a timer runs soon after something has
happened, then less and less often, and always at the moments that the app has written down for itself and when Entra's
log has news.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta

from local.host.triggers.schedules import Schedule
from shared.clock import parse_iso
from shared.records.pages import FINISHED
from shared.storage.clients import Storage
from shared.storage.names import DUE, PAGES
from shared.storage.rows import query
from shared.tables.base import columns
from shared.tables.due import DueRow
from shared.tables.pages import PageRow

NEVER = datetime.max.replace(tzinfo=UTC)

_SOON = tuple(timedelta(minutes=minutes) for minutes in (1, 2, 5, 61))
_LATER = tuple(timedelta(days=days) for days in (1, 2, 4, 8, 16, 32, 64, 128, 256))
_SECOND = timedelta(seconds=1)
# A claim that ran out is left a few seconds, and a message that ought to be on the queue two minutes.
_PATIENCE = (timedelta(seconds=6), timedelta(seconds=125))


def next_occurrence(schedule: Schedule, last: datetime, now: datetime, moments: Iterable[datetime]) -> datetime:
    """The first occurrence that can find something to do.

    Args:
        schedule: of the timer.
        last: when it has run before.
        now: the present; nothing happens in the past.
        moments: when there is something to do; what lies before `last` is done.
    """
    first = min((at for at in moments if at > last), default=None)
    return NEVER if first is None else schedule.after(max(_whole(first) - _SECOND, last, now - _SECOND))


def moments_after(moment: datetime) -> Iterator[datetime]:
    """When there can be something for a timer to do because something has happened at a moment."""
    return (moment + delay for delay in (*_SOON, *_LATER))


def moments_written_down(storage: Storage) -> Iterator[datetime]:
    """The moments at which the app itself wants to look at something again."""
    due = query(storage.table(DUE), "", columns(DueRow.at))
    yield from (parse_iso(row.at) for row in due if row.at)  # others wait for a person, not for a time
    wanted = columns(PageRow.status, PageRow.wait_until, PageRow.claimed_until)
    for row in query(storage.table(PAGES), "", wanted):
        if row.status not in FINISHED:
            times = [parse_iso(at) for at in (row.wait_until, row.claimed_until) if at]
            yield from (time + patience for time in times for patience in _PATIENCE)


def _whole(moment: datetime) -> datetime:
    """The moment, or the next whole second."""
    return datetime.fromtimestamp(math.ceil(moment.timestamp()), UTC)
