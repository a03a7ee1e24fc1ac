"""Rows that a stray quotation mark has swallowed, and such as a line break without quotes has broken in two.

`1,"Ann,x` opens a quote that `3,Cy",z` closes two lines later: a row with the right number of cells, and two people who
are gone. A cell over several lines is therefore looked at: an address passes, a piece of a table does not.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

_LINE_END = re.compile(r"\r\n|\n|\r")
_CLEAR = 8  # from this many columns on, a line with exactly as many delimiters as a row is no accident
_WIDE = 6  # columns of a list in which two short rows seldom are as long as one by chance


def swallows_rows(cells: Sequence[str], delimiter: str) -> bool:
    """Whether one of a row's cells holds other rows."""
    if len(cells) == 1:
        return False
    suspects = [place for place, cell in enumerate(cells) if delimiter in cell and ("\n" in cell or "\r" in cell)]
    return any(_holds_rows(_LINE_END.split(cells[place]), place, cells, delimiter) for place in suspects)


def may_swallow_rows(cells: Sequence[str], delimiter: str) -> bool:
    """Whether one of a row's cells could hold a piece of another row; for rows with a wrong number of cells.

    It could if a line of it has a delimiter, or if one after the first looks like a worker's id.
    """
    shape = id_shape(cells[0].partition("\n")[0])
    for cell in cells:
        if "\n" in cell or "\r" in cell:
            others = _LINE_END.split(cell)[1:]
            if delimiter in cell or any(id_shape(line) == shape != "" for line in others):
                return True
    return False


def are_halves(cells: Sequence[str], following: Sequence[str], width: int) -> bool:
    """Whether two short rows were one until a line break fell into a cell: together they have a cell more than a row.

    Args:
        cells: of the former.
        following: those of the latter, which does not begin as the former does, with the id of a worker.
        width: of a row; in a narrow list, where any two short rows may have as many cells, nobody can tell.
    """
    if width < _WIDE or not cells or not following or len(cells) + len(following) != width + 1:
        return False
    return len(following) < width > len(cells) and id_shape(cells[0]) != id_shape(following[0])


def _holds_rows(lines: Sequence[str], place: int, cells: Sequence[str], delimiter: str) -> bool:
    breaks = len(cells) - 1  # delimiters in a row
    first, *middle, last = [line.count(delimiter) for line in lines]
    own = lines[0].partition(delimiter)[0] if place == 0 else cells[0]
    shape = id_shape(own)
    alike = [id_shape(line.partition(delimiter)[0]) == shape != "" for line in lines[1:]]
    clear = len(cells) >= _CLEAR
    # A whole row in the middle of the cell.
    if any(
        count >= breaks and (same or (clear and count == breaks)) for count, same in zip(middle, alike, strict=False)
    ):
        return True
    # The rest of this row and the beginning of another one, as many delimiters as they leave.
    if first == breaks - place and last == place and (alike[-1] or clear):
        return True
    # About as many: ragged rows.
    return all(alike) and sum((first, *middle, last)) >= breaks * len(alike)


def id_shape(text: str) -> str:
    """What a worker's id looks like: `EMP-1222` is `A-9`; empty for a text that is no id."""
    text = text.strip().strip("\"'")
    if not text or len(text) > 40 or any(map(str.isspace, text)):
        return ""
    return re.sub(r"[^\W\d_]+", "A", re.sub(r"\d+", "9", text))
