"""Rows to records: finds the mapped columns by the header and drops all others on the spot."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator, Sequence

from shared.errors import ExtractRefused
from shared.extracts.csv_rows import BadRow
from shared.extracts.feedback import is_rejects_file, unguard
from shared.model import Record, Reject, Row


def read_records(rows: Iterable[Row | BadRow], columns: Sequence[str]) -> Iterator[Record | Reject]:
    """What the mapping asked for of each row below the header.

    A `rejects.csv` that HR corrected and dropped again reads like the file that it came from.

    Args:
        rows: of the file, the header first.
        columns: the mapped columns; they are found by name, without regard to case, blanks at the ends or the kind of
            blank, and to their order.

    Raises:
        ExtractRefused: there is no header, a mapped column is missing or occurs twice, or there is nobody in the file.
    """
    stream = iter(rows)
    header = next(stream, None)
    if header is None:
        raise ExtractRefused("The file has only blank lines: there is no header and nobody in it.")
    read = unguard if is_rejects_file(header.cells) else str
    places = find_columns([read(name) for name in header.cells], columns)
    empty = True
    for row in stream:
        empty = False
        if isinstance(row, BadRow):
            yield Reject(row.number, row.line, "", row.reason)
        else:
            yield Record(row.number, row.line, {column: read(row.cells[place]) for column, place in places.items()})
    if empty:
        raise ExtractRefused("The file has a header but nobody in it. Drop the complete list.")


def find_columns(header: Sequence[str], columns: Sequence[str]) -> dict[str, int]:
    """Where each mapped column is.

    Raises:
        ExtractRefused: a mapped column is missing or occurs twice.
    """
    found: dict[str, list[int]] = {}
    for place, name in enumerate(header):
        found.setdefault(_plain(name), []).append(place)
    missing = [column for column in columns if _plain(column) not in found]
    if missing:
        raise ExtractRefused(_missing(header, missing, len(columns)))
    twice = [column for column in columns if len(found[_plain(column)]) > 1]
    if twice:
        raise ExtractRefused(
            f"The column {', '.join(twice)} occurs more than once in the header, so nobody can tell which one counts. "
            "Remove or rename one and drop the file again."
        )
    return {column: found[_plain(column)][0] for column in columns}


def _plain(name: str) -> str:
    return " ".join(name.replace("\ufeff", "").split()).casefold()


def _missing(header: Sequence[str], missing: Sequence[str], wanted: int) -> str:
    text = f"{len(missing)} of {wanted} columns {'is' if len(missing) == 1 else 'are'} missing: {', '.join(missing)}. "
    if len(header) == 1:
        mark = next((mark for mark in (";", "\t", "|") if mark in header[0]), "")
        if mark:
            name = {"\t": "tabs", ";": "semicolons", "|": "vertical bars"}[mark]
            return f"{text}The columns seem to be separated by {name}; export the list again separated by commas."
    near = [
        f"'{match[0]}' for '{column}'"
        for column in missing
        if (match := difflib.get_close_matches(column, [name.strip() for name in header], 1, cutoff=0.75))
    ]
    if near:
        text += f"The file has {', '.join(near)}. "
    if len(missing) > wanted / 2:
        text += "Is this the right file, and is its first line the header in the agreed language? "
    return text + "Nothing of the file was used. Correct the header, or ask IT to change the mapping."
