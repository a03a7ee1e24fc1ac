"""Days that a program in another zone wrote as moments: `2026-10-31T23:00:00Z` for 1 November in Berlin.

Without the time, such a day is the one before. No row shows that, but a column does: all of its times are midnight
somewhere. Times from which the same day comes, as west of Greenwich (05:00), do no harm and are passed over.

Likewise days whose day and month are the other way round than the mapping says: beyond the 12th there is no such month,
and the row is rejected; up to the 12th nothing shows it but the rest of the column.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo, available_timezones

from shared.errors import ExtractRefused
from shared.mapping.cells.dates import WORKING_LIFE, YEARS, DateReader, DateWatch, Unusable, is_open_end
from shared.mapping.cells.datetext import DatePattern
from shared.mapping.cells.midnight import TimeOfDay, day_meant
from shared.mapping.cells.text import clean, shorten
from shared.mapping.cells.values import Compiler
from shared.mapping.model import MappingFile
from shared.mapping.rules import DateFormats

_NOON_SIDE = 10 * 60  # minutes; an earlier time is midnight only in zones where the day is the same
_MOST_TIMES = 4  # that the midnights of one zone have had in UTC, summer and winter, over a century
_AS_WRITTEN = "UTC"
_MONTHS = 12
_FEWEST_ENDS = 10  # of fewer people, chance may have it
_FEWEST_MIDNIGHTS = 2  # beside odd times
_NEARLY_ALL = 0.9
_FEWEST_SWAPPED = 2  # one may be a slip
_SLIPS = 10  # times as many are no slips
_MOMENT = re.compile(r".*(?:[Zz]|UTC|GMT|[+-]\d{2}:?\d{2})|/Date\(.*|-?\d{9,}(?:[.,]\d+)?")  # it says whose time it is

Cell = tuple[str, date, TimeOfDay | None]
"""A cell with the day that is written in it, and the time."""
_Timed = tuple[str, date, TimeOfDay]


def check_days(
    mapping: MappingFile,
    rows: Iterable[Mapping[str, str]],
    today: date | None = None,
    *,
    holds_dates: bool = False,
) -> list[str]:
    """Look whether days are swapped with months, or midnights of another zone, or so far ahead that they may be none.

    Args:
        mapping: of the source.
        rows: raw cells by column, of some people of a file or all of them.
        today: where the source is, if days far ahead are to be told.
        holds_dates: whether the file holds days as dates, besides texts.

    Returns:
        Notes on columns of days that are further ahead than a working life and are used all the same.

    Raises:
        ExtractRefused: days and months of a column are swapped; or its days are midnights, and the mapping does not say
            of which zone, or not of the one that it says; or a year of two digits ends most people.
    """
    rows = list(rows)
    notes: dict[str, str] = {}
    for column, formats, days_only in dict.fromkeys(_columns(mapping)):
        said = (formats.midnight if formats else None) or mapping.dates.midnight
        compiler = Compiler(mapping, DateWatch(), today, holds_dates)
        reader = replace(compiler.dates(column, formats), midnight=None)
        texts = list(filter(None, (clean(row.get(column, "")) for row in rows)))
        cells = list(_cells(reader, texts))
        if len(cells) + _FEWEST_SWAPPED <= len(texts):
            _check_order(reader, texts, {text for text, _, _ in cells})
        if today is not None and column in _deciding(mapping):
            _check_short_years(reader, cells, len(rows), today)
        if far := next((text for text, day, _ in cells if today and day.year > today.year + WORKING_LIFE), ""):
            leavers = _may_end_later(mapping, column)
            notes[column] = (
                f"{column} holds days that are further ahead than a working life, such as '{shorten(far)}'; they count "
                f"as days{', but not of those who have left by the status' if leavers else ''}. "
                f'If they stand for none, ask IT to say so in the mapping (dates: none: ["{shorten(far)}"]).'
            )
        if said == _AS_WRITTEN:
            continue
        if said and any(clock and day_meant(day, clock, ZoneInfo(said)) for _, day, clock in cells):
            continue
        if shown := _shifted(cells, fewest=1 if days_only else 2, home=mapping.dates.place):
            alone = len({clock for _, _, clock in cells if clock}) == 1
            raise ExtractRefused(_sentence(column, shown, said, mapping, alone=alone))
    return list(notes.values())


def _deciding(mapping: MappingFile) -> Sequence[str]:
    """The columns whose last days end the access, whatever the status says."""
    status = mapping.status
    return status.last_day.columns if status.last_day and status.day_decides else ()


def _check_short_years(reader: DateReader, cells: Collection[Cell], looked_at: int, today: date) -> None:
    """See that a year of two digits does not make a last day of "for ever".

    Oracle means by 4712-12-31 that there is none, and writes 31-DEC-12 where years have two digits.

    Raises:
        ExtractRefused: most people would have left by the same 31 December or 1 January of long ago.
    """
    short = [pattern for pattern in reader.patterns if pattern.needs_pivot]
    written = {text for pattern in short for text, _ in reader.written(pattern, [text for text, _, _ in cells])}
    ends = Counter((day, text) for text, day, _ in cells if text in written and is_open_end(day))
    for (day, text), count in ends.most_common(1):
        if day.year + 1 < today.year and count >= _FEWEST_ENDS and count * 2 > looked_at:
            raise ExtractRefused(
                f"{reader.column} is '{shorten(text)}' for {count} of the {looked_at} people who were looked at, and "
                f"by it, {day.isoformat()}, all of them have left. Where years have two digits a program may mean "
                "that there is no last day: Oracle writes 4712-12-31 so. Nothing of the file was used. Ask IT to say "
                f'in the mapping that it stands for none (dates: none: ["{shorten(text)}"]); or, if it is the last '
                "day, export years of four digits; then drop the file again."
            )


def _may_end_later(mapping: MappingFile, column: str) -> bool:
    """Whether a column says until when somebody who has left by the status keeps the access."""
    status = mapping.status
    return status.column is not None and status.last_day is not None and column in status.last_day.columns


def shifted_day(reader: DateReader, texts: Iterable[str]) -> str:
    """The first of some cells of a column of days, if these are midnights of another zone; else an empty text."""
    shown = _shifted(list(_cells(reader, map(clean, texts))), fewest=1)
    return shown[0] if shown else ""


def _columns(mapping: MappingFile) -> Iterator[tuple[str, DateFormats | None, bool]]:
    """The columns that hold days, how they are written, and whether they can hold nothing else."""
    for column in mapping.status.days:
        yield column, None, True
    for rule in mapping.attributes.values():
        if rule.date is not None:
            for column in rule.reads:
                yield column, rule.date, rule.date.to == "date"


def _cells(reader: DateReader, texts: Iterable[str]) -> Iterator[Cell]:
    for text in texts:
        try:
            day = reader.read(text) if text else None
        except Unusable:
            continue
        if day is not None:
            yield text, day, reader.clock(text)


def _shifted(cells: Collection[Cell], fewest: int, home: ZoneInfo | None = None) -> _Timed | None:
    """A cell that shows it, if the days of a column are the midnights of one zone, or nearly all that have a time.

    Args:
        cells: of the column.
        fewest: how many of them have to have a time.
        home: where the source is, if that is known.
    """
    timed: Sequence[_Timed] = [(text, day, clock) for text, day, clock in cells if clock]
    timed = _midnights(timed, home) if len(timed) >= fewest else []
    harmful = [each for each in timed if each[2].minute >= _NOON_SIDE]
    if not harmful:
        return None
    # Where UTC is the time in winter, winter's midnights have no time to show, and there are no others.
    mixed = [(day, clock or TimeOfDay(0)) for _, day, clock in cells] if len(timed) < len(cells) else []
    few = len(timed) * 2 < len(cells)
    if few and not (_is_plain(timed, home) or (mixed and _zones(frozenset(mixed)))):
        return None
    return harmful[0]


def _midnights(timed: Sequence[_Timed], home: ZoneInfo | None) -> Sequence[_Timed]:
    """Those of some days with a time that are the midnights of one zone: all of them, or nearly all; else none.

    An odd time among many must not hide what the others are. Chance makes midnight of some zone of any hour, but not
    of the source's own, nor of summer and winter in one.
    """
    clocks = Counter(clock for _, _, clock in timed)
    if len(clocks) <= _MOST_TIMES and _zones(frozenset((day, clock) for _, day, clock in timed)):
        return timed
    enough = max(_FEWEST_MIDNIGHTS, len(timed) * _NEARLY_ALL)
    if home is not None:
        at_home = [each for each in timed if day_meant(each[1], each[2], home)]
        if len(at_home) >= enough:
            return at_home
    for many in range(min(_MOST_TIMES, len(clocks)), 1, -1):
        usual = {clock for clock, _ in clocks.most_common(many)}
        some = [each for each in timed if each[2] in usual]
        if len(some) >= enough and _zones(frozenset((day, clock) for _, day, clock in some)):
            return some
    return ()


def _is_plain(timed: Collection[_Timed], home: ZoneInfo | None) -> bool:
    """Whether few times among many days without one show as much as many, where they are midnights of one zone.

    A list of which people type some days and a program writes the others has only the latter with times. Chance makes
    midnight of some zone of any hour, but not of the source's own, nor twice of one that has summer time.
    """
    if home is not None and all(day_meant(day, clock, home) for _, day, clock in timed):
        return True
    clocks = {clock for _, _, clock in timed}
    return len(clocks) > 1 and all(_MOMENT.fullmatch(text) for text, _, _ in timed)


def _check_order(reader: DateReader, texts: Sequence[str], read: Collection[str]) -> None:
    """See that the days of a column are written in the order that is declared.

    Where everybody begins on the first of a month, no day is beyond the 12th either, and most of the column is right.

    Args:
        reader: of the column.
        texts: its cells.
        read: those of them that are days.

    Raises:
        ExtractRefused: some can only be meant with day and month the other way round, and none shows that they are not.
    """
    for pattern in reader.patterns:
        swapped: list[str] = []
        days: list[int] = []
        for text, (year, month, day) in reader.written(pattern, texts):
            if _is_day(year, month, day):
                days.append(day)
            elif month > _MONTHS and year in YEARS and text not in read and _is_day(year, day, month):
                swapped.append(text)
        shown = sum(day > _MONTHS for day in days)
        firsts = len(days) if set(days) == {1} else 0
        if len(swapped) >= max(_FEWEST_SWAPPED, shown * _SLIPS, firsts):
            raise ExtractRefused(_sentence_of_order(reader.column, pattern, swapped, len(swapped) + len(days)))


def _is_day(year: int, month: int, day: int) -> bool:
    try:
        date(year, month, day)
    except ValueError:
        return False
    return True


def _sentence_of_order(column: str, pattern: DatePattern, swapped: Sequence[str], looked_at: int) -> str:
    return (
        f"{column} holds days that can only be meant with day and month the other way round than the mapping says "
        f"({pattern.letters}): {len(swapped):,} of the {looked_at:,} that were looked at, such as "
        f"'{shorten(swapped[0])}'; and hardly any of the others can only be meant as it says. So days up to the 12th "
        "would be read as others, and people would come and go on those. Nothing of the file was used. Export the days "
        f"as {pattern.letters}, or ask IT to write {pattern.other_order} in its place in the mapping (dates: format); "
        "then drop the file again."
    )


@lru_cache(maxsize=64)
def _zones(moments: frozenset[tuple[date, TimeOfDay]]) -> tuple[str, ...]:
    """The zones in which all of some moments are midnight."""
    some = list(moments)
    return tuple(name for name in _places() if all(day_meant(day, clock, ZoneInfo(name)) for day, clock in some))


@lru_cache(maxsize=1)
def _places() -> tuple[str, ...]:
    areas = ("Africa/", "America/", "Antarctica/", "Asia/", "Atlantic/", "Australia/", "Europe/", "Indian/", "Pacific/")
    return tuple(sorted(name for name in available_timezones() if name.startswith(areas)))


def _sentence(column: str, shown: _Timed, said: str | None, mapping: MappingFile, *, alone: bool) -> str:
    """What is said of days that are midnights; `alone` if all of them have the same time."""
    text, day, clock = shown
    meant = (day + timedelta(days=1)).isoformat()
    # Where they are midnights of UTC, as in /Date(1551398400000-0480)/, UTC does not leave the days as written.
    of_utc = day_meant(day, clock, ZoneInfo(_AS_WRITTEN)) is not None
    if said:
        zone = "UTC, whose midnight it is" if of_utc else "UTC if the days are right as they are written"
        return (
            f"{column} holds days with a time that is not midnight in {said}, though the mapping says so (dates: "
            f"midnight): '{shorten(text)}' probably means {meant}. Nothing of the file was used. Ask IT to name the "
            f"zone of the program that writes the list, or {zone}; then drop the file again."
        )
    home = mapping.dates.zone if day_meant(day, clock, mapping.dates.place) else _AS_WRITTEN if of_utc else ""
    if alone and not home and not _MOMENT.fullmatch(text):
        return (
            f"{column} holds days as a program in another time zone writes them: midnight there, which is "
            f"{clock.text} here; or with a time that says nothing. '{shorten(text)}' would be read as "
            f"{day.isoformat()}. If it means {meant}, people would come and go a day early. Nothing of the file was "
            "used. Export the days without a time, or ask IT to say in the mapping which it is (dates: midnight: an "
            "IANA name such as Europe/Berlin, where the program ran; or UTC if the days are right as they are "
            "written), then drop the file again."
        )
    home = home or "an IANA name such as Europe/Berlin"
    told = (
        f"{column} holds days as a program in another time zone writes them: midnight there, which is {clock.text} "
        f"here. '{shorten(text)}' would be read as {day.isoformat()} and probably means {meant}, so that people would "
        "come and go a day early. Nothing of the file was used."
    )
    advice = (
        "Export the days without a time, or ask IT to say in the mapping whose midnight it is (dates: midnight: "
        f"{home}; UTC if the days are right as they are written), then drop the file again."
    )
    if of_utc:
        advice = (
            "Export the days without a time, or ask IT to say in the mapping whose midnight it is (dates: midnight: "
            f"{home}), then drop the file again."
        )
    return f"{told} {advice}"
