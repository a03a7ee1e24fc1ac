"""Days that a spreadsheet in another language has swapped with the month: a column that is half dates, half text.

A program writes 04/03/2026 for 4 March, and a spreadsheet that puts the month first opens the list: it takes the text
for 3 April and makes a date of it, up to the 12th of a month. From the 13th on there is no such month, and the text
stays. So a column whose dates all have days up to 12, beside texts with days beyond, has been swapped; no row shows it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from shared.mapping.cells.text import shorten
from shared.readers.workbook.sheet import column_letters

_TEXT = re.compile(r"(\d{1,2})([-/. ])(\d{1,2})\2(?:\d{2}|\d{4})(?!\d)")
_MONTHS = 12


@dataclass(slots=True)
class _Column:
    dates: int = 0
    beyond: bool = False
    texts: int = 0
    example: str = ""


class SwappedDays:
    """Looks over the cells of a list."""

    def __init__(self) -> None:
        self._columns: dict[int, _Column] = {}

    def see_date(self, at: int, day: str) -> None:
        """Take note of a cell that the workbook holds as a date.

        Args:
            at: the place of its column.
            day: as ISO 8601 has it.
        """
        column = self._columns.setdefault(at, _Column())
        column.dates += 1
        column.beyond = column.beyond or not day[8:10].isdigit() or int(day[8:10]) > _MONTHS

    def see_text(self, at: int, text: str, row: int) -> None:
        """Take note of a text that may be a day which stayed text.

        Args:
            at: the place of its column.
            text: of the cell.
            row: its number.
        """
        match = _TEXT.match(text)
        if match and max(int(match[1]), int(match[3])) > _MONTHS:
            column = self._columns.setdefault(at, _Column())
            column.texts += 1
            column.example = column.example or f"'{shorten(text)}' (cell {column_letters(at)}{row})"

    def doubts(self, header: tuple[str, ...]) -> Iterator[str]:
        """A sentence for each column that shows it, once all cells have been seen."""
        for at, one in self._columns.items():
            if one.dates and one.texts and not one.beyond:
                name = header[at].strip()
                yield (
                    f"{name} holds {one.dates:,} dates, all of them with days up to 12, beside {one.texts:,} texts "
                    f"with days beyond, such as {one.example}: a spreadsheet in another language has taken the day for "
                    "the month where it could, and left the others as text. Nothing of the file was used. Drop the "
                    "file as the HR system wrote it, or open it where days are written as in the list."
                )
