"""Rows of a workbook that are nobody: trailers, totals, and the header that comes again, as in delimited text."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from shared.model import Row
from shared.readers.table import BadRow
from shared.readers.text.column_names import plain_name
from shared.readers.text.count_rows import (
    after_trailer,
    check_count,
    check_trailer,
    count_of_trailer,
    is_subtotal,
    looks_like_count,
    no_trailer,
)
from shared.readers.text.header_rows import HeaderNames, is_another, repeats, two_lists

_FEW = 2  # cells that a total has
_MOST_COUNTS = 10  # at the end of a list


def without_ends(
    rows: Iterator[Row | BadRow], names: HeaderNames, trailer: str | None, notes: list[str]
) -> Iterator[Row | BadRow]:
    """The rows that are somebody's.

    Args:
        rows: of the list, blank ones left out.
        names: those of its columns.
        trailer: the first cell of the row that has to end it and hold the number of people; without one, totals at the
            end are found by their words.
        notes: takes what is left out.

    Raises:
        ExtractRefused: the trailer is missing or not at the end, a count differs, or another header follows.
    """
    people, last, ended = 0, 0, 0
    subtotals: list[int] = []  # rows
    held: list[tuple[Row | BadRow, int | None]] = []  # rows that seem to be totals, as long as nobody follows
    for row in rows:
        last = row.number
        filled = [cell for cell in row.cells if cell.strip()]
        if ended:
            raise after_trailer(trailer or "", ended, row.line)
        if trailer and plain_name(filled[0]) == plain_name(trailer):
            check_trailer(trailer, count_of_trailer(filled), people, row.line)
            ended = row.line
            continue
        if repeats(names, row.cells):
            notes.append(f"Row {row.number} repeats the header; it was left out.")
            continue
        if is_another(names, row.cells, people):
            raise two_lists(f"Row {row.number}", row.line)
        if not trailer and len(filled) <= _FEW and len(names.plain) > _FEW and len(held) < _MOST_COUNTS:
            is_count, count = looks_like_count(filled)
            if is_count:
                held.append((row, count))
                continue
        if len(filled) <= _FEW < len(names.plain) and is_subtotal(filled):
            subtotals.append(row.number)
            continue
        for total, _ in held:
            people += 1
            yield BadRow(total.number, total.line, total.cells, "the row looks like a total, but more rows follow.")
        held.clear()
        people += 1
        yield row
    if trailer and not ended:
        raise no_trailer(trailer, last)
    _tell(held, subtotals, people, notes)


def _tell(
    totals: Sequence[tuple[Row | BadRow, int | None]], subtotals: Sequence[int], people: int, notes: list[str]
) -> None:
    """Check what is said of the number of people, and tell what was left out."""
    if subtotals:
        more = f" and {len(subtotals) - 1:,} more" if len(subtotals) > 1 else ""
        notes.append(f"Row {subtotals[0]}{more}: the total of a group, which is nobody, was left out.")
    for total, count in totals:
        if count is None:
            notes.append(f"Row {total.number} only marks the end of the list; it is nobody.")
        else:
            check_count(count, people, total.line)
            notes.append(f"Row {total.number} gives the number of rows as {count:,}, which is right; it is nobody.")
