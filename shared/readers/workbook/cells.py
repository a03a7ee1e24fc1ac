"""The text of a cell: what HR sees in it, without what Excel did to it."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from enum import Enum, auto
from functools import lru_cache, partial
from itertools import takewhile
from math import isinf

from shared.mapping.cells.datetext import DAY_SECONDS, is_midnight
from shared.mapping.cells.text import sheet_error
from shared.readers.workbook.package import MAX_TEXT, Book, Strings, whole
from shared.readers.workbook.sheet import RawCell

_NUMBER = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d{1,3})?")
_SCIENTIFIC_TEXT = re.compile(r"-?\d(?:[.,]\d+E\+?|E\+)\d{2,3}")
# Signs that XML cannot hold, halves of a sign, and the underscore in front of what only looks like an escape. Excel
# writes no others so; where a program wrote one, it is the text of a cell that it should have protected.
_ESCAPE = re.compile(r"_x(00[01][0-9A-F]|007F|005F|D[89A-F][0-9A-F]{2}|FFF[EF])_", re.IGNORECASE)
_MIDNIGHT = re.compile(r"T00:00(?::00(?:\.0+)?)?Z?$")
_NO_RESULT = "holds a formula without a stored result; open the workbook in Excel and save it"
_TOO_MANY_DIGITS = (
    "is a number of more than 15 digits, of which Excel keeps only 15; format the column as text and enter the value "
    "again"
)
_TURNED_SCIENTIFIC = (
    "was turned into scientific notation by Excel, as it does with ids such as 12E5; format the column as text and "
    "enter the value again"
)
_PLACES = ("#", "0")  # of digits in a number format
_EXACT = 10**15  # Excel keeps 15 digits of a number and sets the others to zero
_SHORT = 40  # characters of a number that is remembered
_LAST_DAY = 2_958_465  # 31 December 9999
_TEXT_KINDS = frozenset({"str", "inlineStr"})

# A number format: literal text, an escaped character, a filler, something in brackets, or one character.
_FORMAT = re.compile(r'"[^"]*"|\\.|[_*].|\[[^\]]*\]|General|.', re.IGNORECASE | re.DOTALL)
_FRACTION = re.compile(r"(?<=s)\.0+", re.IGNORECASE)  # of a second
_BUILT_IN = {1: "0", 11: "0.00E+00", 48: "##0.0E+0", 14: "d", 15: "d", 16: "d", 17: "d", 22: "dh"}
_BUILT_IN |= dict.fromkeys([18, 19, 20, 21, 45, 47], "h")
_BUILT_IN |= dict.fromkeys([*range(27, 32), 36, *range(50, 59)], "d") | dict.fromkeys([32, 33], "h")


class Shape(Enum):
    """What a number format makes of a number."""

    PLAIN = auto()
    DATE = auto()
    TIME = auto()
    ZEROS = auto()
    SCIENTIFIC = auto()


@dataclass(frozen=True, slots=True)
class NumberFormat:
    """A number format.

    Attributes:
        mask: of `Shape.ZEROS`: its digits as `0` (or `#`, which is shown only if it is needed), and what stands before,
            between and behind them.
    """

    shape: Shape = Shape.PLAIN
    mask: tuple[str, ...] = ()


CellText = tuple[str, str]
"""What a cell says, and why it cannot be relied on, as the end of a sentence; empty if it can.

A plain tuple, because there are millions of them.
"""


class CellTexts:
    """Turns stored cells into text."""

    def __init__(self, book: Book, strings: Strings, calculated: Callable[[], bool] = lambda: False) -> None:
        """Reads nothing yet.

        Args:
            book: what concerns all of its sheets.
            strings: that cells share.
            calculated: whether a formula of the workbook has a result that a program cannot but have worked out.
        """
        formats = [number_format(each) for each in book.formats] or [NumberFormat()]
        self._plain = {style for style, how in enumerate(formats) if how.shape is Shape.PLAIN}
        self._dates = {style for style, how in enumerate(formats) if how.shape is Shape.DATE}
        self._uncalculated = book.uncalculated
        self._calculated = calculated
        self._shared = lru_cache(maxsize=65_536)(lambda place: _text(strings[whole(place, -1)]))
        self._number = partial(_number, formats, from_1904=book.from_1904)
        self._again = lru_cache(maxsize=16_384)(self._number)  # the same few days come again and again

    def read(self, cell: RawCell) -> CellText:
        """What a cell says. Of a formula the stored result counts; nothing is ever calculated."""
        _, kind, style, value, formula = cell
        if formula is not None and ((not value and kind != "str") or self._is_unknown(kind, value)):
            return f"={formula}", _NO_RESULT
        if kind == "s":
            return self._shared(value)
        if kind == "n":
            if style in self._plain and len(value) <= 15 and value.isascii() and value.isdigit():
                return value if value[0] != "0" else str(int(value)), ""
            return self._again(value, style) if len(value) <= _SHORT else self._number(value, style)
        if kind in _TEXT_KINDS:
            return _text(value)
        if kind == "b":
            return "TRUE" if value in {"1", "true"} else "FALSE", ""
        if kind == "d":
            return _MIDNIGHT.sub("", value), ""
        return _text(value if sheet_error(value) else "#VALUE!")

    def is_date(self, cell: RawCell) -> bool:
        """Whether the workbook holds a day in a cell, and not a text."""
        return cell[1] == "d" or (cell[1] == "n" and cell[2] in self._dates)

    def _is_unknown(self, kind: str, value: str) -> bool:
        """Whether 0 is what a program wrote for a result that it left to Excel; not if it knows other results."""
        return self._uncalculated and kind == "n" and value == "0" and not self._calculated()


def _number(formats: Sequence[NumberFormat], value: str, style: int, *, from_1904: bool) -> CellText:
    how = formats[style] if style < len(formats) else formats[0]
    if not value:
        return "", ""
    value = value.strip()
    if len(value) > 400 or not _NUMBER.fullmatch(value):
        return value[:MAX_TEXT], "is stored as a number but is none"
    number = float(value)
    if isinf(number):
        return value, "is stored as a number but is none"
    if how.shape in {Shape.DATE, Shape.TIME}:
        return _moment(number, how.shape, from_1904=from_1904)
    if abs(number) >= _EXACT:
        return _as_shown(number), _TOO_MANY_DIGITS
    if how.shape is Shape.SCIENTIFIC:
        return _as_shown(number), _TURNED_SCIENTIFIC
    text = format(number, ".15g")
    if "e" in text:
        text = format(Decimal(text), "f")
    text = "0" if text == "-0" else text
    if how.shape is Shape.ZEROS and text.isdigit():
        return _masked(text, how.mask), ""
    return text, ""


def _text(value: str) -> CellText:
    if len(value) > MAX_TEXT:
        return value, f"has more than {MAX_TEXT:,} characters"
    if "_x" in value:
        value = _ESCAPE.sub(lambda match: chr(int(match[1], 16)), value)
        value = value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")  # two escapes may be one character
    if fault := sheet_error(value):
        return value, fault
    if value[:1] == "=":
        return value, "looks like a formula; enter the value itself"
    if "E" in value and _SCIENTIFIC_TEXT.fullmatch(value):
        return value, "is in scientific notation, so digits were lost; enter the value again as text"
    return value, ""


def _moment(serial: float, shape: Shape, *, from_1904: bool) -> CellText:
    seconds = round(serial * DAY_SECONDS) if 0 <= serial <= _LAST_DAY + 1 else -1
    days, rest = divmod(seconds, DAY_SECONDS)
    if days and is_midnight(rest):
        days, rest = days + 1, 0
    if seconds < 0 or days > _LAST_DAY - (1462 if from_1904 else 0):
        return format(serial, ".15g"), "is formatted as a date but lies outside of the years 1900 to 9999"
    clock = f"{rest // 3600:02}:{rest // 60 % 60:02}:{rest % 60:02}"
    if shape is Shape.TIME and days == 0:
        return clock, ""
    if from_1904:
        day = (date(1904, 1, 1) + timedelta(days)).isoformat()
    elif days == 0:
        day = "1900-01-00"  # what Excel shows for it; a sign for "no date"
    elif days == 60:
        return "1900-02-29", "is 29 February 1900, a day that only Excel knows"
    else:
        day = (date(1899, 12, 31 if days < 60 else 30) + timedelta(days)).isoformat()
    return f"{day}T{clock}" if rest else day, ""


def _as_shown(number: float) -> str:
    """A number whose digits were lost, so written that it is never taken for whole if it comes back as text."""
    return format(number, ".5E")


def _masked(digits: str, mask: tuple[str, ...]) -> str:
    """`digits` from right to left into the zeros of a mask; more digits than zeros go in front."""
    shown: list[str] = []
    left = list(digits)
    places = sum(piece in _PLACES for piece in mask)
    for piece in reversed(mask):
        if piece not in _PLACES:
            shown.append(piece[1:])
            continue
        places -= 1
        if places == 0:
            shown.append("".join(left) or ("0" if piece == "0" else ""))
        else:
            shown.append(left.pop() if left else "0" if piece == "0" else "")
    return "".join(reversed(shown))


@lru_cache(maxsize=1024)
def number_format(code: int | str) -> NumberFormat:
    """What a number format does, by its id (those that every workbook has) or its code."""
    if isinstance(code, int):
        code = _BUILT_IN.get(code, "General")
    pieces: list[str] = []
    for piece in _FORMAT.findall(_FRACTION.sub("", code[:255])):
        if piece == ";":  # then come negative numbers, zero and text
            break
        if piece[0] == "[":
            if piece[1:-1].lower().strip("hms") == "" and len(piece) > 2:
                return NumberFormat()  # a length of time, such as [h]:mm
            continue
        if piece[0] in "_*" and len(piece) == 2:
            continue
        pieces.append("#" if piece.lower() == "general" else piece)
    signs = [piece.lower() for piece in pieces if len(piece) == 1]
    joined = "".join(signs)
    if re.search(r"e[+-]", joined):
        return NumberFormat(Shape.SCIENTIFIC)
    if not {"0", "#", "?"} & set(signs) or "am/pm" in joined:
        if {"d", "y"} & set(signs) or ("m" in signs and not {"h", "s"} & set(signs)):
            return NumberFormat(Shape.DATE)
        if {"h", "s"} & set(signs):
            return NumberFormat(Shape.TIME)
    return _zeros(pieces)


def _zeros(pieces: list[str]) -> NumberFormat:
    """A format that shows more than the number: zeros or words in front, signs between the digits."""
    mask = []
    for piece in pieces:
        if piece in _PLACES:
            mask.append(piece)
        elif len(piece) > 1:
            mask.append("=" + (piece[1:-1] if piece[0] == '"' else piece[1]))
        elif piece in "+-/ ()":
            mask.append(f"={piece}")
        else:
            return NumberFormat()
    digits = [piece for piece in mask if piece in _PLACES]
    if digits != sorted(digits):  # `#` behind `0`: no such number is an id
        return NumberFormat()
    before = "".join(takewhile(lambda piece: piece not in _PLACES, mask))
    # As in "EMP-"0, or the plus of a telephone number; words behind a number are its unit.
    prefix = bool(digits) and any(sign.isalnum() or sign == "+" for sign in before)
    return NumberFormat(Shape.ZEROS, tuple(mask)) if prefix or mask.count("0") > 1 else NumberFormat()
