"""How dates are written: patterns such as `dd.mm.yyyy`, and what a cell says by them."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from itertools import pairwise
from zoneinfo import ZoneInfo

from shared.mapping.cells.zones import zone_of

# A time and an offset may follow the day. They are left out: moved to another zone, the day would be another one. .NET
# writes a time with colons or dots (fi, da, id), in words (fr-CA: 13 h 45 min 30 s), with something for the half of the
# day in front (ko, zh, ta) or behind, and the word for year (bg, kk) or a dot (hr, hu, lv) behind the day.
_WORD = r"[^\W\d_][^\d:+/]{0,19}"
_IN_NUMBERS = r"\d{1,2}(?::\d{1,2}(?::\d{1,2}(?:[.,]\d+)?)?|\.\d{2}(?:\.\d{2}(?:[.,]\d+)?)?)"
_TIME = rf"(?:{_IN_NUMBERS}|\d{{1,2}} h \d{{2}}(?: min(?: \d{{2}} s)?)?)"
_REST = (
    rf"(?: ?[гж]\.?|\.)?(?:(?:[,،]? |T)(?:{_WORD}?)?{_TIME}(?: ?{_WORD})?)?"
    r"(?: ?(?:[Zz]|UTC|GMT)| ?[+-]\d{2}:?\d{2})?"
)
_TOKEN = re.compile(r"yyyy|yy|mon|mm|m|dd|d|[^a-z0-9]|(?P<wrong>.)")
_ISO = "yyyy-mm-dd"
_SWAP = str.maketrans("dm", "md")
_OF = {"d": "day", "m": "month", "y": "year"}
_ODATA = re.compile(r"/Date\((?P<ms>-?\d{1,15})(?:(?P<sign>[+-])(?P<hours>\d{2})(?P<minutes>\d{2}))?\)/")
_EPOCH = datetime(1970, 1, 1)  # noqa: DTZ001 (what is added makes it the time on a clock)
_EARLIEST = _EPOCH.replace(1)
_NEVER = "/Date(-62135596800000"  # the earliest time that .NET knows, which stands for none; in any zone
_UNIX = re.compile(r"(-?\d{1,15})(?:[.,]\d+)?")
_MAY_BE_SECONDS = 10**10  # milliseconds: April 1970; and the seconds of every day that anybody means
_GLUED = re.compile(r"(?:19|20)\d\d(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])")
_NO_SECONDS = range(1, 100_000)  # 1 January 1970, and numbers of days: those of a spreadsheet, or since 1970
_YEARS = range(1900, 2101)  # as numbers of days, 1905 by a spreadsheet and 1975 by programs; nobody means these
_DAYS_SINCE_1970 = range(10_000, 24_107)  # 1997 to 2035; by a spreadsheet 1927 to 1965, when nobody was hired
_SERIAL = re.compile(r"(?P<days>[1-9]\d{0,5})(?:[.,](?P<part>\d+))?")
_MONTHS = {
    name: number
    for number, names in enumerate(
        (
            "jan january januar jänner janv janvier ene enero",
            "feb february februar févr fevr février febrero",
            "mar march mär mrz märz mars marzo",
            "apr april avr avril abr abril",
            "may mai mayo",
            "jun june juni juin junio",
            "jul july juli juil juill juillet julio",
            "aug august août aout ago agosto",
            "sep sept september septembre septiembre",
            "oct october okt oktober octobre octubre",
            "nov november novembre noviembre",
            "dec december dez dezember déc décembre dic diciembre",
        ),
        1,
    )
    for name in names.split()
}
EXCEL_DAY_0 = date(1899, 12, 30)
DAY_SECONDS = 86_400
"""Seconds."""

Parts = tuple[int, int, int]
"""Year, month and day as they are written, whether or not there is such a day."""


@dataclass(frozen=True, slots=True)
class DatePattern:
    """One way to write dates.

    Attributes:
        text: as the mapping file has it.
        read: year, month and day that a cell says by it, or None if the cell is written in another way.
        needs_pivot: whether years have two digits.
        iso: whether it is yyyy-mm-dd.
        moment: the time on a clock of UTC that a cell says, if the pattern is a number of seconds and the like.
    """

    text: str
    read: Callable[[str, int | None], Parts | None]
    needs_pivot: bool = False
    iso: bool = False
    moment: Callable[[str], datetime | None] | None = None

    @property
    def letters(self) -> str:
        """The pattern in letters, such as yyyy-mm-dd for iso."""
        return _ISO if self.iso else self.text.strip().casefold()

    @property
    def other_order(self) -> str:
        """The pattern with the day in the place of the month."""
        return self.letters.translate(_SWAP)


@lru_cache(maxsize=256)
def parse_pattern(text: str) -> DatePattern:
    """The pattern that a mapping file names.

    Raises:
        ValueError: it is none, with the reason.
    """
    name = text.strip().casefold()
    if name == "odata":
        return ODATA
    if name == "excel":
        return DatePattern(text, _read_serial)
    if name in _UNIX_TIMES:
        return DatePattern(text, _read_unix(_UNIX_TIMES[name]), moment=_UNIX_TIMES[name])
    plain = _ISO if name == "iso" else name
    tokens = list(_TOKEN.finditer(plain))
    words = [token[0] for token in tokens if token[0][0] in _OF]
    wrong = next((token["wrong"] for token in tokens if token["wrong"]), "")
    if wrong or sorted(word[0] for word in words) != ["d", "m", "y"]:
        raise ValueError(
            f"'{text}' is not a date format: write it with dd, mm and yyyy (also d, m, mon, yy), such as dd.mm.yyyy, "
            "or say iso, odata, excel, unix, unix_ms or unix_days"
        )
    glued = any(a in words and b in words for a, b in pairwise(token[0] for token in tokens))
    expression = "".join(_expression(token[0], glued) for token in tokens)
    return DatePattern(text, _reader(re.compile(expression + _REST)), "yy" in words, plain == _ISO)


def parse_time(text: str) -> time:
    """The time of day that a mapping file names.

    Raises:
        ValueError: it is none.
    """
    match = re.fullmatch(r"([01]?\d|2[0-3]):([0-5]\d)(?::([0-5]\d))?", text.strip())
    if not match:
        raise ValueError(f"'{text}' is not a time of day; write it as 08:00")
    return time(int(match[1]), int(match[2]), int(match[3] or 0))


def parse_zone(name: str) -> ZoneInfo:
    """The time zone that a mapping file names.

    Raises:
        ValueError: there is none of that name, or it is an abbreviation that has no summer time.
    """
    return zone_of(name)


def stamp(day: date, at: time, zone: ZoneInfo) -> str:
    """A day and a local time as ISO 8601 with an offset, `Z` for UTC."""
    text = datetime.combine(day, at, zone).isoformat(timespec="seconds")
    return f"{text[:-6]}Z" if text.endswith("+00:00") else text


def ad_stamp(day: date, at: time, zone: ZoneInfo) -> str:
    """A day and a local time as `yyyyMMddHHmmss.fZ`, in UTC.

    So the source of employeeHireDate and employeeLeaveDateTime has to be in Active Directory (Microsoft, "How to
    synchronize attributes for Lifecycle workflows").
    """
    return f"{datetime.combine(day, at, zone).astimezone(UTC):%Y%m%d%H%M%S}.0Z"


def _expression(part: str, glued: bool) -> str:
    if part == "mon":
        return r"(?P<name>[^\W\d_]{3,12})\.?"
    if part[0] in _OF:
        wide = len(part) == 4
        digits = r"\d{4}" if wide else r"\d{2}" if glued or part == "yy" else r"\d{1,2}"
        return f"(?P<{_OF[part[0]]}>{digits})"
    return r"\. ?" if part == "." else re.escape(part)


def _reader(pattern: re.Pattern[str]) -> Callable[[str, int | None], Parts | None]:
    named = "name" in pattern.groupindex
    fullmatch = pattern.fullmatch

    def read(text: str, pivot: int | None) -> Parts | None:
        match = fullmatch(text)
        if match is None:
            return None
        month = _MONTHS.get(match["name"].casefold()) if named else int(match["month"])
        if month is None:
            return None
        year = int(match["year"])
        if len(match["year"]) == 2 and pivot is not None:
            year += 2000 if year <= pivot else 1900
        return year, month, int(match["day"])

    return read


def is_month(name: str) -> bool:
    """Whether a word is the name of a month, or short for it."""
    return name.casefold() in _MONTHS


def odata_moment(text: str) -> tuple[datetime, str] | None:
    """The time that `/Date(ms)/` or `/Date(ms+0100)/` says, and its offset as ISO 8601 has it; None if it is neither.

    The milliseconds are of UTC in both. An offset says which clock the program went by, so the day is the one that was
    on that clock; without one nothing is known but UTC, which is then the clock. .NET writes hours and minutes, OData
    2.0 the minutes alone (`+0060`): what no clock shows is minutes, and so is what makes midnight of the time.
    """
    match = _ODATA.fullmatch(text)
    if match is None:
        return None
    hours, minutes = int(match["hours"] or 0), int(match["minutes"] or 0)
    ways = [hours * 60 + minutes] if hours < 15 and minutes % 15 == 0 and minutes < 60 else []
    if (alone := hours * 100 + minutes) <= 14 * 60:
        ways.append(alone)
    sign = -1 if match["sign"] == "-" else 1
    try:
        moments = [(_EPOCH + timedelta(milliseconds=int(match["ms"]), minutes=sign * way), way) for way in ways]
    except OverflowError:
        return (_EARLIEST, "Z") if text.startswith(_NEVER) else None
    if not moments:
        return None
    moment, way = next((one for one in moments if one[0].time() == time()), moments[0])
    return moment, f"{match['sign']}{way // 60:02}:{way % 60:02}" if way else "Z"


def odata_text(text: str) -> str:
    """What `/Date(ms)/` says, as ISO 8601: the day alone at midnight; whatever is no such text stays as it is."""
    found = odata_moment(text) if text.startswith("/Date(") else None
    if found is None:
        return text
    moment, offset = found
    if moment.time() == time():
        return moment.date().isoformat()
    return f"{moment.isoformat(timespec='seconds')}{offset}"


def _read_odata(text: str, _: int | None) -> Parts | None:
    found = odata_moment(text) if text.startswith("/Date(") else None
    return (found[0].year, found[0].month, found[0].day) if found else None


ODATA = DatePattern("odata", _read_odata)
"""`/Date(ms)/`, which cannot be taken for anything else."""


def _unix_seconds(text: str) -> datetime | None:
    """So few seconds that they may be days, and a day without dashes (20261130), are none."""
    match = _UNIX.fullmatch(text)
    if match is None or int(match[1]) in _NO_SECONDS or _GLUED.fullmatch(match[1]):
        return None
    return _after_1970(int(match[1]))


def _unix_milliseconds(text: str) -> datetime | None:
    """So few milliseconds that they may be seconds, written by a program that has changed, are neither."""
    match = _UNIX.fullmatch(text)
    if match is None or 0 < abs(int(match[1])) < _MAY_BE_SECONDS:
        return None
    return _after_1970(int(match[1]) // 1000)


def _unix_days(text: str) -> datetime | None:
    """The day of Avro, Parquet and Debezium, where nobody has made a date of it."""
    match = _UNIX.fullmatch(text)
    return _after_1970(int(match[1]) * DAY_SECONDS) if match and int(match[1]) not in _YEARS else None


def _after_1970(seconds: int) -> datetime | None:
    try:
        return _EPOCH + timedelta(seconds=seconds)
    except OverflowError:
        return None


def _read_unix(moment_of: Callable[[str], datetime | None]) -> Callable[[str, int | None], Parts | None]:
    def read(text: str, _: int | None) -> Parts | None:
        moment = moment_of(text)
        if moment is None:
            return None
        return (0, 0, 0) if moment == _EPOCH else (moment.year, moment.month, moment.day)  # 0 is what an empty field is

    return read


def glued_day(text: str) -> date | None:
    """The day that a number such as 20261130 may mean."""
    if not _GLUED.fullmatch(text):
        return None
    try:
        return date(int(text[:4]), int(text[4:6]), int(text[6:]))
    except ValueError:
        return None


def unix_day(text: str) -> tuple[date, str] | None:
    """The day that a number may mean as Unix time, and the format that reads it so; None if that is not likely."""
    name = {9: "unix", 10: "unix", 12: "unix_ms", 13: "unix_ms"}.get(len(text)) if text.isdecimal() else None
    if len(text) == 5 and text.isdecimal() and int(text) in _DAYS_SINCE_1970:
        name = "unix_days"
    moment = _UNIX_TIMES[name](text) if name else None
    return (moment.date(), name) if moment and name else None


_UNIX_TIMES = {"unix": _unix_seconds, "unix_ms": _unix_milliseconds, "unix_days": _unix_days}


def _read_serial(text: str, _: int | None) -> Parts | None:
    day = serial_day(text)
    return (day.year, day.month, day.day) if day else None


def serial_day(text: str) -> date | None:
    """The day that a spreadsheet means by a number such as 41275."""
    found = read_serial(text)
    return found[0] if found else None


def read_serial(text: str) -> tuple[date, int] | None:
    """The day that a spreadsheet means by a number such as 41275.5, and the second of it; None if it is no number."""
    match = _SERIAL.fullmatch(text)
    if match is None:
        return None
    if not (match["part"] or "").strip("0") and int(match["days"]) in _YEARS:
        return None
    days, seconds = int(match["days"]), round(float(f"0.{match['part'] or 0}") * DAY_SECONDS)
    if is_midnight(seconds):
        days, seconds = days + 1, 0
    try:
        return EXCEL_DAY_0 + timedelta(days=days), seconds
    except OverflowError:
        return None


def is_midnight(second: int) -> bool:
    """Whether a second of the day, out of a spreadsheet's number, is meant for the midnight after it.

    Programs that work with the local time of 1899, which had odd minutes and seconds, miss midnight by less than a
    minute: SheetJS 0.18.5 writes 46326.99947916667 in Lisbon for 1 November 2026. 23:59:59 is how people write the end
    of a day, and stays.
    """
    return DAY_SECONDS - 60 < second < DAY_SECONDS - 1 or second == DAY_SECONDS
