"""What spreadsheets make of texts that look like days, fractions, times or numbers, and write back otherwise."""

from __future__ import annotations

import re

_BEGINNINGS = (
    *("jan ene", "feb f\u00e9v fev", "mar m\u00e4r mrz", "apr avr abr", "mai may", "jun juin", "jul juil"),
    *("aug aou ao\u00fb ago", "sep", "oct okt", "nov", "dec d\u00e9c dez dic"),
)
_MONTHS = {name: number for number, names in enumerate(_BEGINNINGS, 1) for name in names.split()}
"""How months begin in English, German, French and Spanish."""

_MONTH = rf"(?:{'|'.join(_MONTHS)})[^\W\d_]{{0,7}}\.?"
_DAY = (
    r"(?=.{1,40}\Z)\s*(?:"
    r"\d+[\s./:,-][\d\s./:,T-]*(?:Z|\s*[ap]\.?m?\.?)?|\(\d[\d.,]*\)|\d+\s+[ap]m?"
    rf"|\d{{1,4}}[\s./-]*{_MONTH}(?:[\s./,-]*\d{{1,4}})?|{_MONTH}[\s./-]*\d{{1,4}}(?:[\s./,-]+\d{{1,4}})?"
    r")\s*\Z"
)
CHANGED = rf"(?:(?:0\d+|\d{{12,}}|\d+(?:\.\d+)?e[+-]?\d+)\Z|{_DAY})"
"""What such cells look like, as a pattern without regard to case: leading zeros, more than eleven digits, an E among
digits, and what may be a day (3-11, 11.03, MAR1), a fraction (1/2), a time or a number with marks."""

_CHANGED = re.compile(CHANGED, re.IGNORECASE | re.DOTALL)
_PARTS = re.compile(_DAY, re.IGNORECASE | re.DOTALL)
_PART = re.compile(r"\d+|[^\W\d_]+")
_DECIMAL = re.compile(r"\d+[.,]\d+")


def is_changed(text: str) -> bool:
    """Whether a spreadsheet may write a text back otherwise."""
    return _CHANGED.match(text) is not None


def made_of(written: str, found: str) -> bool:
    """Whether a text may be what a spreadsheet has made of another one: `11-Mar` of `3-11`, 12 of 00012.

    Args:
        written: what it was.
        found: what it is now.
    """
    if found == written:
        return False
    if written.isascii() and written.isdigit():
        return bool(found) and found == written.lstrip("0")
    if not (_PARTS.match(written) and _PARTS.match(found)):
        return False
    if _DECIMAL.fullmatch(written) and _DECIMAL.fullmatch(found):
        return float(written.replace(",", ".")) == float(found.replace(",", "."))
    fewer, more = sorted((_numbers(written), _numbers(found)), key=len)  # of a day without a year it makes one of today
    for number in fewer:
        same = next((other for other in more if _is_same(number, other)), None)
        if same is None:
            return False
        more.remove(same)
    return True


def _numbers(text: str) -> list[int]:
    """The numbers in a text, of months too."""
    parts = (part.casefold() for part in _PART.findall(text))
    return [number for part in parts if (number := int(part) if part.isdecimal() else _month(part))]


def _month(name: str) -> int:
    return _MONTHS.get(name[:4], _MONTHS.get(name[:3], 0))


def _is_same(one: int, other: int) -> bool:
    """Whether two numbers are the same, or the same year with and without its century."""
    low, high = sorted((one, other))
    return low == high or (high >= 1_000 and low == high % 100)
