"""Days that a program wrote as midnight of its own zone, so that they look like times of the day before."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from shared.mapping.datetext import read_serial

_CLOCK = re.compile(
    r"[T ](?P<hour>\d{1,2}):(?P<minute>\d{2})(?::(?P<second>\d{2})(?:[.,]\d+)?)?(?: ?(?P<half>[AaPp])\.?[Mm]\.?)?"
    r"(?: ?(?:Z|z|UTC|GMT)| ?(?P<sign>[+-])(?P<hours>\d{2}):?(?P<minutes>\d{2}))?\Z"
)
_ODATA = re.compile(r"/Date\((-?\d{1,15})(?:[+-]\d{4})?\)/\Z")
_DAY = 24 * 60


@dataclass(frozen=True, slots=True)
class Clock:
    """The time in a cell with a day.

    Attributes:
        minute: of the day, as it is written; seconds are rounded.
        ahead: minutes that the clock is ahead of UTC, if the cell says so, else 0.
    """

    minute: int
    ahead: int = 0

    @property
    def text(self) -> str:
        """As people write it."""
        return f"{self.minute // 60:02}:{self.minute % 60:02}"


def clock_of(text: str) -> Clock | None:
    """The time in a cell that holds a day; None if there is none, or it is midnight.

    Dates that are numbers have one too: the milliseconds of OData, and the part of a day of a spreadsheet's number.
    """
    if match := _CLOCK.search(text):
        hour = int(match["hour"])
        if match["half"]:
            hour = hour % 12 + (12 if match["half"] in "pP" else 0)
        minute = hour * 60 + int(match["minute"]) + (int(match["second"] or 0) >= 30)
        ahead = int(match["hours"]) * 60 + int(match["minutes"]) if match["sign"] else 0
        return _clock(minute, -ahead if match["sign"] == "-" else ahead)
    if match := _ODATA.match(text):
        return _clock(round(int(match[1]) / 60_000) % _DAY)
    serial = read_serial(text)
    return _clock(round(serial[1] / 60)) if serial else None


def _clock(minute: int, ahead: int = 0) -> Clock | None:
    return Clock(minute, ahead) if 0 < minute < _DAY else None


@lru_cache(maxsize=4096)
def day_meant(day: date, clock: Clock, zone: ZoneInfo) -> date | None:
    """The day whose midnight a time is; None if it is no midnight.

    Some programs store the midnight of their zone as it is in UTC (31 October 23:00 is 1 November in Berlin), others
    the midnight of UTC as it is in their zone (31 October 20:00 is 1 November, written in New York).

    Args:
        day: as it is written.
        clock: the time beside it.
        zone: where the program ran.
    """
    try:
        moment = datetime.combine(day, time(), UTC) + timedelta(minutes=clock.minute - clock.ahead)
        local = moment.astimezone(zone)
        # Where clocks go forward at midnight, the day begins at 01:00, which is what Python makes of 00:00, too.
        if datetime.combine(local.date(), time(), zone).astimezone(UTC) == moment:
            return local.date()
        if not clock.ahead:
            there = datetime.combine(day, time(clock.minute // 60, clock.minute % 60), zone).astimezone(UTC)
            if there.time() == time():
                return there.date()
    except OverflowError:
        pass
    return None
