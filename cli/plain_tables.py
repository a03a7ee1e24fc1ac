"""Tables for a terminal, in plain text."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Sequence

from shared.wording.numbers import counted

__all__ = ["counted", "plain_table", "printable"]

_WIDEST = 60


def plain_table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    """A table as lines: columns two blanks apart, as wide as they must be, the last one as long as it is.

    What would upset a terminal (control characters, marks of writing direction) is shown as a question mark.
    """
    lines = [list(header), *([printable(cell) for cell in row] for row in rows)]
    last = len(header) - 1
    lines = [[cell if at == last else _short(cell) for at, cell in enumerate(line)] for line in lines]
    widths = [max(_width(line[at]) for line in lines) for at in range(last)]
    return ["  ".join([*map(_padded, line[:last], widths), line[last]]).rstrip() for line in lines]


def printable(text: str) -> str:
    """`text` without anything that a terminal, or a comment of a file, would take for more than a letter."""
    return "".join(letter if letter.isprintable() else "?" for letter in " ".join(text.split()))


def _padded(text: str, width: int) -> str:
    return text + " " * (width - _width(text))


def _short(text: str) -> str:
    return text if len(text) <= _WIDEST else f"{text[: _WIDEST - 1]}\u2026"


def _width(text: str) -> int:
    """How many places of a terminal a text takes."""
    wide = sum(unicodedata.east_asian_width(letter) in "WF" for letter in text)
    return len(text) + wide - sum(unicodedata.combining(letter) > 0 for letter in text)
