"""When timers fire: NCRONTAB, by the wall clock of a time zone, as the timers of the WebJobs SDK work it out."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo

from croniter import croniter

from shared.schedules import read_schedule


@dataclass(frozen=True)
class Schedule:
    """When a timer fires.

    Attributes:
        fields: the values of the six fields, as lists.
        zone: the time zone they are in.
    """

    fields: str
    zone: tzinfo = UTC

    def after(self, moment: datetime) -> datetime:
        """The first occurrence later than `moment`, in UTC.

        It is looked for by the wall clock, and a time that the wall clock shows twice, or never, is taken for standard
        time: when summer time ends, a timer of every minute stands still for 61 minutes.
        """
        wall = moment.astimezone(self.zone).replace(tzinfo=None)
        # Both the day and the day of the week must fit, unlike in cron, where one of them is enough.
        found: datetime = croniter(self.fields, wall, second_at_beginning=True, day_or=False).get_next(datetime)
        return max(found.replace(tzinfo=self.zone, fold=fold).astimezone(UTC) for fold in (0, 1))

    def is_slow(self, now: datetime) -> bool:
        """Whether a minute or more lies between occurrences: faster ones keep no account of what they missed."""
        first = self.after(now)
        return (self.after(first) - first).total_seconds() >= 60


def parse(expression: str, zone: tzinfo = UTC) -> Schedule:
    """Read an NCRONTAB expression, as odd as the host takes it.

    Raises:
        ValueError: saying which field is wrong.
    """
    return Schedule(" ".join(",".join(map(str, values)) for values in read_schedule(expression).fields), zone)
