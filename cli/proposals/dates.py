"""How the dates of an extract are written, as far as all of its dates together prove it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from shared.mapping.cells.datetext import DatePattern, parse_pattern, unix_day
from shared.mapping.cells.text import clean

_MARKS = ".-/"
_YEAR_FIRST = ("iso", "yyyy/mm/dd", "yyyy.mm.dd", "yyyymmdd", "odata")
_DAY_FIRST = tuple(f"dd{mark}mm{mark}yyyy" for mark in _MARKS)
_MONTH_FIRST = tuple(f"mm{mark}dd{mark}yyyy" for mark in _MARKS)
_NAMED = ("dd-mon-yyyy", "dd mon yyyy", "dd.mon.yyyy", "dd/mon/yyyy", "mon dd, yyyy", "mon dd yyyy", "dd. mon yyyy")
_SHORT_DAY_FIRST = tuple(f"dd{mark}mm{mark}yy" for mark in _MARKS)
_SHORT_MONTH_FIRST = tuple(f"mm{mark}dd{mark}yy" for mark in _MARKS)
_SHORT = (*_SHORT_DAY_FIRST, *_SHORT_MONTH_FIRST, "dd-mon-yy", "dd mon yy", "dd/mon/yy")
_OTHER_WAY = dict(zip(_DAY_FIRST + _SHORT_DAY_FIRST, _MONTH_FIRST + _SHORT_MONTH_FIRST, strict=True))
_OTHER_WAY |= {other: one for one, other in _OTHER_WAY.items()}
_SERIAL = "excel"
_UNIX = ("unix", "unix_ms", "unix_days")
_SERIALS = range(10_000, 100_000)  # 1927 to 2173; other numbers are no dates
_ENDLESS = {(9999, 12, 31), (4712, 12, 31), (0, 0, 0), (1900, 1, 0), (1900, 1, 1)}


@dataclass(frozen=True)
class Written:
    """How dates are written.

    Attributes:
        formats: of the mapping, all of which are needed.
        either: two ways to read them all, of which nobody can tell which is meant.
        wrong: how many cells are no date in any way.
        short: whether years have two digits.
    """

    formats: tuple[str, ...] = ()
    either: tuple[str, ...] = ()
    wrong: int = 0
    short: bool = False


def looks_like_dates(cells: Sequence[str], *, unix: bool = True) -> bool:
    """Whether most of some cells can be read as dates; ids of ten digits could be Unix time, if that is asked for."""
    _, wrong = _look(cells, () if unix else _UNIX)
    return bool(cells) and sum(clean(cell) in wrong for cell in cells) * 5 <= len(cells)


def looks_like_days(cells: Sequence[str]) -> bool:
    """Whether most of some cells are dates that are not just numbers, which could be anything."""
    return looks_like_dates(cells) and not all(cell.isdecimal() for cell in cells)


def how_written(cells: Iterable[str]) -> Written:
    """How some dates are written; cells that say for ever, or never, do not count."""
    written, _ = _look(cells)
    return written


def _look(cells: Iterable[str], without: Sequence[str] = ()) -> tuple[Written, set[str]]:
    """How some dates are written, and the cells that are none."""
    left = [cell for cell in dict.fromkeys(map(clean, cells)) if cell and not _is_endless(cell)]
    formats: list[str] = []
    while left:
        fits = {text: [cell for cell in left if _is_day(text, cell)] for text in _all_formats() if text not in without}
        most = max(map(len, fits.values()))
        if not most:
            break
        best = [text for text, read in fits.items() if len(read) == most]
        if best[0] in _OTHER_WAY:
            proved = [text for text in best if _OTHER_WAY.get(text) not in best]
            if not proved:
                return Written(tuple(formats), (best[0], _OTHER_WAY[best[0]])), set()
            best = proved
        formats.append(best[0])
        read = set(fits[best[0]])
        left = [cell for cell in left if cell not in read]
        other = _OTHER_WAY.get(best[0], "")
        if other and any(_is_day(other, cell) for cell in left):  # both are proved: they contradict each other
            return Written((), (best[0], other)), set()
    return Written(tuple(formats), (), len(left), any(text in _SHORT for text in formats)), set(left)


def _all_formats() -> Iterable[str]:
    return (*_YEAR_FIRST, *_DAY_FIRST, *_MONTH_FIRST, *_NAMED, *_SHORT, *_UNIX, _SERIAL)


def _is_day(text: str, cell: str) -> bool:
    pattern: DatePattern = parse_pattern(text)
    parts = pattern.read(cell, 30)
    if parts is None or (text == _SERIAL and int(cell.partition(".")[0].partition(",")[0]) not in _SERIALS):
        return False
    if text in _UNIX and (unix_day(cell) or ("", ""))[1] != text:
        return False
    try:
        date(*parts)
    except ValueError:
        return False
    return True


def _is_endless(cell: str) -> bool:
    return any(parse_pattern(text).read(cell, None) in _ENDLESS for text in (*_YEAR_FIRST, *_DAY_FIRST, *_MONTH_FIRST))
