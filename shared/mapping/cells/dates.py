"""Dates of an extract: read as the mapping declares, or as far as the file itself shows what is meant."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from functools import lru_cache
from typing import NoReturn
from zoneinfo import ZoneInfo

from shared.errors import ExtractRefused
from shared.mapping.cells.datetext import (
    ODATA,
    DatePattern,
    Parts,
    glued_day,
    odata_text,
    parse_pattern,
    serial_day,
    unix_day,
)
from shared.mapping.cells.midnight import TimeOfDay, clock_at, clock_of, day_meant
from shared.mapping.cells.text import INVISIBLE, clean, count_values, odd_character, shorten

# Year, month and day in any order: days by which systems say "none" or "for ever".
# Zero is 1753-01-01 in SQL Server and Dynamics NAV, 1601-01-01 by the clock of Active Directory (west of Greenwich the
# day before) and 1899-12-30 in Access and OLE. 544 is the first year of .NET by the Buddhist calendar, 10542 the last.
_ZERO = {(1753, 1, 1), (1601, 1, 1), (1600, 12, 31), (1899, 12, 30)}
_NO_DAY = {(9999, 12, 31), (4712, 12, 31), (0, 0, 0), (1900, 1, 0), (1900, 1, 1), (1, 1, 1)} | {(544, 1, 1)} | _ZERO
_NO_DAY_SORTED = {tuple(sorted(parts)) for parts in (_NO_DAY | {(10542, 12, 31)}) - {(1, 1, 1)}}  # 01.01.01 is a day
_NO_DAY_1 = re.compile(r"(?:0001\D0?1\D0?1|0?1\D0?1\D0001)(?!\d).*")
_NEVER = {(9999, 12, 31), (4712, 12, 31)}  # of these, the days that are to come; the others say nothing
_NEVER_SORTED = {tuple(sorted(parts)) for parts in _NEVER | {(10542, 12, 31)}}
FOR_EVER = date.max
"""What `DateReader.read_end` makes of a day that stands for "for ever"."""
YEARS = range(1900, 9991)  # days in others are slips; and days are added to them, which a calendar must still have
WORKING_LIFE = 60
"""Years. Nobody is hired, or leaves, further ahead."""
_OF_PEOPLE = range(1900, 2101)  # years in which people of our time are hired and leave
_CENTURY = 100
_BUDDHIST = 543  # years that the calendar of Thailand is ahead
_HIJRI = range(1300, 1500)  # the years of our time by the Islamic calendars
_UNSEEN = re.compile(f"[{INVISIBLE}]")
_NUMBERS = re.compile(r"\d+")
_OTHER_DASH = re.compile("[\u2010-\u2015\u2212]")  # in the place of the plain one
_MONTH = 12  # letters that its name has at most
_FOR_PEOPLE = {
    "iso": "yyyy-mm-dd",
    "unix": "seconds since 1970",
    "unix_ms": "milliseconds since 1970",
    "unix_days": "days since 1970",
    "excel": "the number of a day in a spreadsheet",
}  # who have not read the mapping
_SENSIBLE_SERIALS = range(10_000, 100_000)  # 1927 to 2173

_YEAR_FIRST = tuple(parse_pattern(text) for text in ("yyyy-mm-dd", "yyyy/mm/dd", "yyyy.mm.dd", "odata"))
_ISO = _YEAR_FIRST[0]
_TWO_WAYS = {mark: (parse_pattern(f"dd{mark}mm{mark}yyyy"), parse_pattern(f"mm{mark}dd{mark}yyyy")) for mark in ".-/"}


class Unusable(ValueError):  # noqa: N818 (it never leaves the mapping)
    """A value cannot be sent. The message says why, for HR, and starts with the column's name."""


def raise_unusable(reason: str) -> NoReturn:
    """For whoever is told of a fault and does not go on.

    Raises:
        Unusable: always.
    """
    raise Unusable(reason)


@dataclass
class _Seen:
    """Dates of one column whose format nobody declared."""

    both: int = 0
    example: str = ""
    only: dict[str, int] = field(default_factory=dict)


class DateWatch:
    """Looks over all dates of an extract whose format the mapping does not declare.

    Dates with the year first are clear. Of the others, one that can be read two ways is rejected with its row; if not
    a single date of the column shows which way is meant, the file as a whole cannot be trusted.
    """

    def __init__(self) -> None:
        self._columns: dict[str, _Seen] = {}

    def two_ways(self, column: str, text: str) -> None:
        """Take note of a date that can be read two ways."""
        seen = self._columns.setdefault(column, _Seen())
        seen.both += 1
        seen.example = seen.example or text

    def one_way(self, column: str, pattern: str) -> None:
        """Take note of a date that can be read in one way only."""
        only = self._columns.setdefault(column, _Seen()).only
        only[pattern] = only.get(pattern, 0) + 1

    def finish(self, rows: Collection[Mapping[str, str]] = ()) -> tuple[str, ...]:
        """What to tell about the dates, once the extract has been read.

        Args:
            rows: raw cells by column, of some people of the extract: dates with the year first, of which nobody takes
                note, are found in these.

        Raises:
            ExtractRefused: the dates of a column can all be read two ways.
        """
        notes = []
        for column, seen in self._columns.items():
            if seen.both and not seen.only and _mostly_clear(column, rows):
                notes.append(
                    f"{column}: the mapping does not say how dates are written. {seen.both} can be read two ways and "
                    "were not used; most have the year first, which is clear."
                )
                continue
            if seen.both and not seen.only:
                raise ExtractRefused(
                    f"{column}: the day and the month of every date can be swapped ('{shorten(seen.example)}'), so "
                    "nobody can tell which is meant. Ask IT to say in the mapping how dates are written "
                    "(dates: format), then drop the file again."
                )
            if seen.both or len(seen.only) > 1:
                ways = " and ".join(f"{count} only as {pattern}" for pattern, count in seen.only.items())
                notes.append(
                    f"{column}: the mapping does not say how dates are written. {seen.both} can be read two ways and "
                    f"were not used; {ways} can be read."
                )
        return tuple(notes)


def _mostly_clear(column: str, rows: Collection[Mapping[str, str]]) -> bool:
    """Whether more cells of a column have the year first than not."""
    texts = [text for row in rows if (text := clean(row.get(column, "")))]
    clear = sum(any(pattern.read(text, None) for pattern in _YEAR_FIRST) for text in texts)
    return clear * 2 > len(texts)


@dataclass(frozen=True)
class DateReader:
    """Reads the dates of one column.

    Attributes:
        column: what to call it.
        patterns: how its dates may be written; if empty, dates with the year first and dates that can be read in one
            way only.
        pivot: for years of two digits.
        none: cells that mean no date, besides the well-known ones.
        watch: is told about dates of undeclared format.
        midnight: whose midnight a time beside a day may be; the day is then the one that begins there.
        today: where the source is; days that are further ahead than a working life are doubted.
        open_end: whether the first and the last day of a year far ahead may stand for "for ever", as of a last day.
        ends: whether it is a last day, which is nobody's if it lies further back than a working life.
        holds_dates: whether the file holds days as dates, besides texts: as a workbook does. They come with the year
            first, whatever the patterns of texts are.
        none_days: days that mean no date, however a cell says them.
    """

    column: str
    patterns: tuple[DatePattern, ...]
    pivot: int | None
    none: frozenset[str]
    watch: DateWatch
    midnight: ZoneInfo | None = None
    today: date | None = None
    open_end: bool = False
    ends: bool = False
    holds_dates: bool = False
    none_days: frozenset[date] = frozenset()

    def read(self, text: str) -> date | None:
        """The day that a cell says, None if it says that there is none.

        Raises:
            Unusable: it is not a date, or not in the declared format.
        """
        day = None if text in self.none else self._find(text)
        return None if day == FOR_EVER else day

    def read_end(self, text: str) -> date | None:
        """Likewise, but FOR_EVER if the cell says that the day never comes, and not only nothing.

        Raises:
            Unusable: it is not a date, or not in the declared format.
        """
        return self._end_of_none(text) if text in self.none else self._find(text)

    def _find(self, text: str) -> date | None:
        is_iso = self.holds_dates or (self.patterns or _YEAR_FIRST)[0].iso
        if is_iso and len(text) == 10 and text[4] == "-" == text[7]:  # the usual case
            try:
                day = date.fromisoformat(text)
            except ValueError:
                pass
            else:
                said_day = (day.year, day.month, day.day)
                return _end(said_day) if said_day in _NO_DAY else self._of_our_time(text, day)
        said = text if text.isascii() else _UNSEEN.sub("", text)
        for pattern in self.patterns or _YEAR_FIRST:
            parts = pattern.read(said, self.pivot)
            if parts is not None and (len(self.patterns) < 2 or _day(parts) or parts in _NO_DAY):
                return self._checked(text, self._of_this_life(text, parts) if pattern.needs_pivot else parts)
        if (self.holds_dates or ODATA in self.patterns) and (parts := _ISO.read(said, None)) is not None:
            return self._checked(text, parts)  # a reader of workbooks or documents has made that of it
        if (parts := ODATA.read(said, None)) is not None:  # it is clear whatever the mapping says of other dates
            is_none = odata_text(said) in self.none
            return self._end_of_none(odata_text(said)) if is_none else self._checked(text, parts)
        numbers = tuple(sorted(int(digits[:9]) for digits in _NUMBERS.findall(said)[:3]))
        if numbers in _NO_DAY_SORTED or _NO_DAY_1.fullmatch(said):
            return FOR_EVER if numbers in _NEVER_SORTED else None
        if not self.patterns and len(said) > 2:
            for first, second in _TWO_WAYS.values():
                day_first, month_first = first.read(said, None), second.read(said, None)
                if day_first and month_first:
                    return self._either(text, (first, day_first), (second, month_first))
        raise Unusable(self._wrong(text))

    def _end_of_none(self, text: str) -> date | None:
        """What a cell that the mapping counts as none says of an end: a day that is to come says that there is none."""
        try:
            day = replace(self, none=frozenset(), none_days=frozenset(), watch=DateWatch(), today=None)._find(text)
        except Unusable:
            return None
        return FOR_EVER if day and (day == FOR_EVER or (self.today and day > self.today)) else None

    def clock(self, text: str) -> TimeOfDay | None:
        """The time beside the day that a cell says; None if there is none, or it is midnight."""
        found = next((pattern for pattern in self.patterns if pattern.read(text, self.pivot) is not None), None)
        if found is None or found.moment is None:
            return clock_of(text)
        moment = found.moment(text)
        return clock_at(moment) if moment else None

    def written(self, pattern: DatePattern, texts: Iterable[str]) -> Iterator[tuple[str, Parts]]:
        """Those of some cells that are written by one of the patterns, with what they say by it."""
        for text in texts:
            said = text if text.isascii() else _UNSEEN.sub("", text)
            parts = None if text in self.none else pattern.read(said, self.pivot)
            if parts is not None and parts not in _NO_DAY:
                yield text, parts

    def later_century(self, text: str) -> date | None:
        """The day that a cell with a year of two digits may say of the next century; None if it cannot."""
        said = text if text.isascii() else _UNSEEN.sub("", text)
        found = (pattern.read(said, self.pivot) for pattern in self.patterns if pattern.needs_pivot)
        parts = next(filter(None, found), None)
        return _day(_later(parts)) if parts and self._may_be_later(parts) else None

    def long_ago(self, text: str, day: date) -> str:
        """What to say of a first or last day further back than a working life, which nobody's is; else an empty text.

        A spreadsheet into which somebody types 31.12.30 makes 1930 of the year, and writes four digits.
        """
        if self.today is None or day.year >= self.today.year - WORKING_LIFE:
            return ""
        typed = f"{day.year % _CENTURY:02}"
        return (
            f"{self.column} '{shorten(text)}' is a day of {day.year}, further back than a working life; is it "
            f"{day.year + _CENTURY}? A spreadsheet makes {day.year} of a year that is typed as {typed}. Correct the "
            "year; or if the day is right, or stands for none at all, ask IT to name it in the mapping (dates: none: "
            f'["{shorten(text)}"]).'
        )

    def _may_be_later(self, parts: Parts) -> bool:
        return self.today is not None and parts[0] + _CENTURY <= self.today.year + WORKING_LIFE

    def _of_this_life(self, text: str, parts: Parts) -> Parts:
        """A day whose year has two digits: nobody's first or last day is further back than a working life."""
        if self.today is None or parts[0] >= self.today.year - WORKING_LIFE or not self._may_be_later(parts):
            return parts
        if self.ends:
            return _later(parts)
        if not self.open_end:
            raise Unusable(
                f"{self.column} '{shorten(text)}' is a day of {parts[0]} by the mapping (dates: pivot), further back "
                f"than a working life; is it {parts[0] + _CENTURY}? Write the year with four digits, or ask IT to "
                "correct the pivot."
            )
        return parts

    def _checked(self, text: str, parts: Parts) -> date | None:
        if parts in _NO_DAY:
            return _end(parts)
        day = _day(parts)
        if day is None:
            raise Unusable(f"{self.column} '{shorten(text)}' is not a date: there is no such day{_in_thailand(parts)}.")
        if self.midnight is not None:
            day = self._begun(text, day)
            if (begun := (day.year, day.month, day.day)) in _NO_DAY:
                return _end(begun)
        return self._of_our_time(text, day)

    def _begun(self, text: str, day: date) -> date:
        """The day that begins at the time in a cell, if that is midnight where the mapping says; else the day."""
        clock = self.clock(text) if self.midnight else None
        return (clock and self.midnight and day_meant(day, clock, self.midnight)) or day

    def _either(self, text: str, one: tuple[DatePattern, Parts], other: tuple[DatePattern, Parts]) -> date | None:
        days = [(pattern, day) for pattern, parts in (one, other) if (day := _day(parts))]
        if not days:
            raise Unusable(f"{self.column} '{shorten(text)}' is not a date: there is no such day.")
        if len(days) == 2 and days[0][1] != days[1][1]:
            self.watch.two_ways(self.column, text)
            raise Unusable(
                f"{self.column} '{shorten(text)}' can be read two ways; write the year first, or ask IT to say in the "
                "mapping how dates are written."
            )
        if len(days) == 1:
            self.watch.one_way(self.column, days[0][0].text)
        return self._of_our_time(text, self._begun(text, days[0][1]))

    def _of_our_time(self, text: str, day: date) -> date | None:
        if day in self.none_days:
            return FOR_EVER if self.today is not None and day > self.today else None
        ahead = self.today is not None and day.year > self.today.year + WORKING_LIFE
        if day.year not in YEARS or (ahead and not (self.open_end and is_open_end(day))):
            said = f"{self.column} '{shorten(text)}' cannot be right: it is a day of the year {day.year}"
            other = _in_thailand((day.year, day.month, day.day))
            if not other and day.year in _HIJRI:
                other = (
                    ", which is of our time by the calendars of Saudi Arabia and Iran only; export years such as 2026"
                )
            if not other and day.year in YEARS:
                other = (
                    f", further ahead than a working life. If it stands for no day at all, ask IT to say so in the "
                    f'mapping (dates: none: ["{shorten(text)}"])'
                )
            elif not other and day.year >= YEARS.stop:
                other = (
                    ". If it stands for no day at all, ask IT to say so in the mapping (dates: none: "
                    f'["{shorten(text)}"])'
                )
            raise Unusable(f"{said}{other}.")
        return day

    def _wrong(self, text: str) -> str:
        said = f"{self.column} '{shorten(text)}' is not a date"
        if self.patterns:
            ways = dict.fromkeys(
                _FOR_PEOPLE.get(pattern.text.strip().casefold(), pattern.text) for pattern in self.patterns
            )
            said = f"{self.column} '{shorten(text)}' is not a date written as {' or '.join(ways)}"
        if dash := _OTHER_DASH.search(text):
            sign = odd_character(text, dash.start())
            return f"{said}: it holds {sign}. Write the day with plain dashes."
        if glued := glued_day(text):
            return (
                f"{said}; it may be {glued.isoformat()} without dashes. Write the day, or ask IT to say so in the "
                "mapping (dates: format: yyyymmdd)."
            )
        serial, unix = serial_day(text), unix_day(text)
        if serial and unix and unix[1] == "unix_days":
            return (
                f"{said}; it is the number by which a spreadsheet means {serial.isoformat()}, and other programs "
                f"{unix[0].isoformat()}. Write the day, or ask IT to say in the mapping which is meant (dates: format: "
                "excel, or unix_days)."
            )
        if unix:
            return (
                f"{said}; it is the number by which programs mean {unix[0].isoformat()} (Unix time). Write the day, or "
                f"ask IT to say so in the mapping (dates: format: {unix[1]})."
            )
        if serial and int(_NUMBERS.findall(text)[0]) in _SENSIBLE_SERIALS:
            return f"{said}; it is the number by which a spreadsheet means {serial.isoformat()}."
        if not self.patterns and self._may_be_day(text):
            return (
                f"{self.column} '{shorten(text)}' may be a date, but the mapping does not say how dates are written. "
                "Ask IT to say it there (dates: format), or write the year first, such as 2026-11-30."
            )
        return f"{said}."

    @staticmethod
    def _may_be_day(text: str) -> bool:
        """Whether a text looks like a day, be it with the name of a month, and a time beside it."""
        if count_values(text) > 1:
            return False
        return len(_NUMBERS.findall(text)) in range(2, 7) and sum(map(str.isalpha, text)) <= _MONTH


@lru_cache(maxsize=64)
def days_of_none(texts: Collection[str], patterns: tuple[DatePattern, ...]) -> frozenset[date]:
    """The days among the cells that mean no date, by how dates are written, or with the year first.

    A year of two digits may be of more than one century: such a cell means no date as it stands, and no day.
    """
    return frozenset(day for text in texts if (day := _day_said(text, patterns)) is not None)


def _day_said(text: str, patterns: Iterable[DatePattern]) -> date | None:
    said = text if text.isascii() else _UNSEEN.sub("", text)
    clear = (*(pattern for pattern in patterns if not pattern.needs_pivot), *_YEAR_FIRST)
    for some in (clear, [pattern for pair in _TWO_WAYS.values() for pattern in pair]):
        found = [parts for pattern in some if (parts := pattern.read(said, None))]
        days = {day for parts in found if (day := _day(parts))}
        if days:
            return days.pop() if len(days) == 1 else None
    return None


def is_number_of_day(text: str) -> bool:
    """Whether a number may be a day: of a spreadsheet, or 20261130."""
    serial = serial_day(text)
    return glued_day(text) is not None or (serial is not None and int(_NUMBERS.findall(text)[0]) in _SENSIBLE_SERIALS)


def is_open_end(day: date) -> bool:
    """Whether a day far ahead may stand for "for ever"; one that is of our time by the Buddhist calendar may not."""
    return (day.month, day.day) in {(12, 31), (1, 1)} and not _in_thailand((day.year, day.month, day.day))


def _in_thailand(parts: Parts) -> str:
    """What to add about a day that is of our time by the calendar of Thailand."""
    year, month, day = parts
    meant = _day((year - _BUDDHIST, month, day)) if year > _BUDDHIST else None
    if meant is None or meant.year not in _OF_PEOPLE:
        return ""
    return (
        f", which is {meant.isoformat()} by the calendar of Thailand. Export the days with years such as "
        f"{meant.year} (in .NET: CultureInfo.InvariantCulture)"
    )


def _end(parts: Parts) -> date | None:
    """What a day by which systems say "none" says of an end."""
    return FOR_EVER if parts in _NEVER else None


def _later(parts: Parts) -> Parts:
    year, month, day = parts
    return year + _CENTURY, month, day


def _day(parts: Parts) -> date | None:
    try:
        return date(*parts)
    except ValueError:
        return None
