"""Files whose every line is one quoted cell: a list that a spreadsheet had in its first column, saved once more."""

from __future__ import annotations

import csv
from collections.abc import Collection, Sequence

from shared.errors import ExtractRefused
from shared.readers.text.column_names import loose
from shared.readers.text.rows_of_cells import COMMON, MARK

_TOLD = (
    "Each line of the file is in quotation marks as a whole, so that it is a single cell: a spreadsheet that had whole "
    "lines in its first column has saved the list once more. Nothing of the file was used. Export the list again, and "
    "drop that file as it is, without opening it before."
)


def refuse_saved_twice(lines: Sequence[str]) -> None:
    """Look at the first lines of a file.

    Args:
        lines: all of them complete.

    Raises:
        ExtractRefused: each is one quoted cell that holds a row; the header may be as it was.
    """
    texts = [line.strip(" \t\r\n\ufeff") for line in lines]
    head, *rows = [text for text in texts if text] or [""]
    inside = [_inside(row) for row in rows]
    if not rows or "" in inside:
        return
    for delimiter in COMMON:
        width = len(_cells(_inside(head) or head, delimiter))
        held = sum(len(_cells(row, delimiter)) == width for row in inside)
        if width > 1 and held * 2 > len(rows):
            raise ExtractRefused(_TOLD)


def refuse_whole_lines(cells: Sequence[str], wanted: Collection[str], where: str) -> None:
    """Look at a row of a workbook in which the header may be.

    Args:
        cells: of the row.
        wanted: names of columns, as `loose` has them.
        where: the row is, in words.

    Raises:
        ExtractRefused: one cell holds the names, with a delimiter between them.
    """
    filled = [cell for cell in cells if cell.strip()]
    if len(filled) != 1:
        return
    for delimiter in COMMON:
        if len({loose(name) for name in _cells(filled[0], delimiter)}.intersection(wanted)) > 1:
            raise ExtractRefused(
                f"Whole lines stand in one column of the workbook, with {MARK[delimiter]}s between their cells "
                f"({where}): a spreadsheet has opened a CSV without taking it apart. Nothing of the file was used. "
                "Export the list again, and drop that file as it is, without opening it before."
            )


def _inside(line: str) -> str:
    """What stands in a line that is one quoted cell; else an empty text."""
    if len(line) < 2 or line[0] != '"' or line[-1] != '"':
        return ""
    text = line[1:-1]
    return text.replace('""', '"') if '"' not in text.replace('""', "") else ""


def _cells(line: str, delimiter: str) -> list[str]:
    try:
        return next(csv.reader([line], delimiter=delimiter), [])
    except csv.Error:
        return []
