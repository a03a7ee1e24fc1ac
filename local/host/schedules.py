"""NCRONTAB: six fields, seconds first, as the Functions host reads them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo

from croniter import CroniterError, croniter

_FIELDS = (
    ("second", 0, 59, ()),
    ("minute", 0, 59, ()),
    ("hour", 0, 23, ()),
    ("day", 1, 31, ()),
    ("month", 1, 12, ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")),
    ("day of week", 0, 6, ("sun", "mon", "tue", "wed", "thu", "fri", "sat")),
)
_PART = re.compile(r"^(?:\*|(?P<first>\w+)(?:-(?P<last>\w+))?)(?:/(?P<step>\d+))?$")


@dataclass(frozen=True)
class Schedule:
    """When a timer fires.

    Attributes:
        expression: the six fields.
        zone: the time zone they are in.
    """

    expression: str
    zone: tzinfo = UTC

    def after(self, moment: datetime) -> datetime:
        """The first occurrence later than `moment`, in UTC."""
        # Both the day and the day of the week must fit, unlike in cron, where one of them is enough.
        found = croniter(
            self.expression, moment.astimezone(self.zone), second_at_beginning=True, day_or=False
        ).get_next(datetime)
        return datetime.fromtimestamp(found.timestamp(), UTC)

    def is_slow(self, now: datetime) -> bool:
        """Whether a minute or more lies between occurrences: faster ones keep no account of what they missed."""
        first = self.after(now)
        return (self.after(first) - first).total_seconds() >= 60


def parse(expression: str, zone: tzinfo = UTC) -> Schedule:
    """Check an NCRONTAB expression.

    Raises:
        ValueError: saying which field is wrong.
    """
    fields = expression.split()
    if len(fields) != 6:
        raise ValueError(
            f"'{expression}' has {len(fields)} fields; NCRONTAB has six, seconds first, such as '0 */5 * * * *'"
        )
    numbers = [_check(text, *field) for text, field in zip(fields, _FIELDS, strict=True)]
    schedule = Schedule(" ".join(numbers), zone)
    try:
        schedule.after(datetime(2026, 1, 1, tzinfo=UTC))
    except CroniterError:
        raise ValueError(f"'{expression}' never comes: there is no such day") from None
    return schedule


def _check(text: str, name: str, least: int, most: int, names: tuple[str, ...]) -> str:
    """The field with names turned into numbers."""
    parts = []
    for part in text.split(","):
        match = _PART.match(part)
        if not match:
            raise ValueError(f"'{text}' is not a {name}")
        values = [_number(value, name, least, most, names) for value in (match["first"], match["last"]) if value]
        if len(values) == 2 and values[0] > values[1]:
            raise ValueError(f"'{part}' as a {name} runs backwards")
        step = match["step"]
        if step is not None and not 1 <= int(step) <= most:
            raise ValueError(f"'{part}' as a {name} has a step that is not from 1 to {most}")
        # `5/10` means from 5 on to the end, every 10.
        if step is not None and len(values) == 1:
            values.append(most)
        parts.append(("-".join(map(str, values)) or "*") + (f"/{step}" if step is not None else ""))
    return ",".join(parts)


def _number(value: str, name: str, least: int, most: int, names: tuple[str, ...]) -> int:
    if value.isdecimal():
        number = int(value)
    elif value.lower()[:3] in names:
        number = names.index(value.lower()[:3]) + least
    else:
        raise ValueError(f"'{value}' is not a {name}")
    if not least <= number <= most:
        raise ValueError(f"{value} is not a {name}: it must be from {least} to {most}")
    return number
