"""Days that a program wrote as midnight of its own zone, so that they look like times of the day before."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from shared.mapping.cells.datetext import odata_moment, read_serial

_HALF = r"[^\W\d_][^\d:+/]{0,19}?"
_CLOCK = re.compile(
    rf"[T ](?P<before>{_HALF})??(?:(?P<hour>\d{{1,2}}):(?P<minute>\d{{1,2}})(?::(?P<second>\d{{1,2}})(?:[.,]\d+)?)?"
    r"|(?P<dotted>\d{1,2}\.\d{2}\.\d{2}(?:[.,]\d+)?)|(?P<worded>\d{1,2} h \d{2}(?: min(?: \d{2} s)?)?))"
    rf"(?: ?(?P<after>(?!Z|z|UTC|GMT){_HALF}))??"
    r"(?: ?(?:Z|z|UTC|GMT)| ?(?P<sign>[+-])(?P<hours>\d{2}):?(?P<minutes>\d{2}))?\Z"
)
_MORNING = re.compile(
    r"a\. ?m\.?|am|오전|上午|上晝|午前|凌晨|ص|π\.μ\.|p\.d\.|pg|ጥዋት|ቅ\.ቀ\.|ب\.ن|صبح|gh|পূৰ্বাহ্ন|पूर्वाह्न|पूर्वाह्‍न|முற்பகல்",
    re.IGNORECASE,
)
_EVENING = re.compile(
    r"p\. ?m\.?|pm|오후|下午|下晝|午後|م|μ\.μ\.|m\.d\.|ptg|ከሰዓት|ድ\.ቀ\.|د\.ن|شام|gd|অপৰাহ্ন|अपराह्न|பிற்பகல்", re.IGNORECASE
)
_DAY = 24 * 60


@dataclass(frozen=True, slots=True)
class TimeOfDay:
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


def clock_of(text: str) -> TimeOfDay | None:
    """The time in a cell that holds a day; None if there is none, or it is midnight, or the end of an hour.

    The last second of an hour is how people write the end of a day, be it in another zone (22:59:59Z): the day is the
    one that is written. Other odd seconds belong to the nearest minute.

    Dates that are numbers have one too: the milliseconds of OData, and the part of a day of a spreadsheet's number.
    """
    if match := _CLOCK.search(text):
        if match["hour"]:
            numbers = [match["hour"], match["minute"], match["second"] or 0]
        else:
            numbers = [*re.findall(r"\d+", match["dotted"] or match["worded"]), 0]
        hour, minute, second = map(int, numbers[:3])
        half = match["before"] or match["after"] or ""
        if _MORNING.fullmatch(half.strip()):
            hour %= 12
        elif _EVENING.fullmatch(half.strip()):
            hour = hour % 12 + 12
        elif half and hour == 12 and not minute:
            return None  # twelve in a half of the day that is not known: midnight, because days are written with it
        if minute == 59 == second:
            return None
        minute = hour * 60 + minute + (second >= 30)
        ahead = int(match["hours"]) * 60 + int(match["minutes"]) if match["sign"] else 0
        return _clock(minute, -ahead if match["sign"] == "-" else ahead)
    if found := odata_moment(text):
        moment, offset = found
        if moment.minute == 59 == moment.second:
            return None
        ahead = 0 if offset == "Z" else int(f"{offset[0]}1") * (int(offset[1:3]) * 60 + int(offset[4:6]))
        return _clock(round((moment.hour * 3600 + moment.minute * 60 + moment.second) / 60) % _DAY, ahead)
    serial = read_serial(text)
    return _clock(round(serial[1] / 60)) if serial else None


def clock_at(moment: datetime) -> TimeOfDay | None:
    """The time of a moment on a clock of UTC; None if it is midnight, or the last second of an hour."""
    if moment.minute == 59 == moment.second:
        return None
    return _clock(round((moment.hour * 3600 + moment.minute * 60 + moment.second) / 60) % _DAY)


def _clock(minute: int, ahead: int = 0) -> TimeOfDay | None:
    return TimeOfDay(minute, ahead) if 0 < minute < _DAY else None


@lru_cache(maxsize=4096)
def day_meant(day: date, clock: TimeOfDay, zone: ZoneInfo) -> date | None:
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
