"""Characters that were damaged before the file came here (`JÃ¼rgen`, `J�rgen`): noted, never repaired."""

from __future__ import annotations

import re
from collections.abc import Sequence

# What the second and further bytes of a character in UTF-8 look like when they are read as windows-1252.
_BYTES = (
    "\x80-\xbf\u0152\u0153\u0160\u0161\u0178\u017d\u017e\u0192\u02c6\u02dc\u20ac\u201a\u201e\u2020-\u2022\u2030"
    "\u2039\u203a\u2122"
)
_PUNCTUATION = "\u2013\u2014\u2018\u2019\u201c\u201d\u2026"
_DAMAGED = re.compile(
    rf"\ufffd|[\xc2\xc3][{_BYTES}{_PUNCTUATION}]|[\xc4\xc5\xd0\xd1][\x80-\x9f\xa1-\xbf\u0152-\u0192\u20ac\u2020-\u2022\u2122]"
    r"|\xe2\u20ac[\x80-\xbf\u0152-\u0192\u02c6\u02dc\u2013-\u2122]"
)
_FIRST = re.compile("[\xc2-\xc5\xd0\xd1\xe2\ufffd]")  # what they all begin with; looking for that is quicker
_NAMED = 5


class Damage:
    """Counts damaged cells and remembers where the first of them are."""

    def __init__(self, header: Sequence[str]) -> None:
        self._header = header
        self._places: list[str] = []
        self._count = 0

    def look(self, number: int, text: str, cells: Sequence[str]) -> None:
        """Look at a row.

        Args:
            number: of the row.
            text: a text that holds all of its cells; looking at it once is quicker.
            cells: of the row.
        """
        if _FIRST.search(text) is None or _DAMAGED.search(text) is None:
            return
        for place, cell in enumerate(cells):
            if _DAMAGED.search(cell):
                self._count += 1
                if len(self._places) < _NAMED:
                    column = self._header[place].strip() if place < len(self._header) else ""
                    self._places.append(f"row {number}, column {column or place + 1}")

    def notes(self) -> list[str]:
        """One warning, if there is any damage."""
        if not self._places:
            return []
        more = self._count - len(self._places)
        places = "; ".join(self._places) + (f"; and {more:,} more" if more else "")
        warning = (
            f"Some letters look damaged, as Ã¼ does for ü: {places}. They are sent as they are. Look at them in the HR "
            "system and at how the list is exported."
        )
        return [warning]
