"""What HR gets back of a workbook: one with its header and the failed rows, each with row number and reason.

Every cell is text, in the text format: leading zeros stay, nothing is turned into a date, and what looks like a formula
is none. Corrected, the file can be dropped again as it is.
"""

from __future__ import annotations

import re
import tempfile
from collections.abc import Mapping, Sequence
from typing import IO

from shared.mapping.format import FormatHints
from shared.readers.text.own_rejects import REASON_COLUMN, ROW_COLUMN, is_own_column, unguard_reject
from shared.readers.workbook.package import MAX_TEXT
from shared.readers.workbook.workbook import ListPlace, Workbook

_FALLBACK = "Rejects"
_BAD_NAME = re.compile(r"[\[\]:*?/\\]|^'|'$|^history$", re.IGNORECASE)
_TOO_LONG = "#VALUE!"  # is never read as somebody's data if it comes back


def write_rejects_workbook(
    source: IO[bytes], hints: FormatHints, wanted: Sequence[str], rejects: Mapping[int, str]
) -> IO[bytes]:
    """A workbook with the failed rows of the one in `source`, in a temporary file that the caller closes.

    It has the header rows of the original on a sheet of the same name. Cells that a row has beyond the header follow
    the reason. If the original is a rejects file itself, its own row numbers and reasons make place for the new ones.

    Args:
        source: the workbook that HR dropped.
        hints: as they were when it was read.
        wanted: as they were when it was read.
        rejects: the reason for each row, by row number.

    Raises:
        ExtractRefused: as `open_workbook`.
    """
    import xlsxwriter  # type: ignore[import-untyped]  # not until somebody wants a workbook

    workbook = Workbook(source)
    place = workbook.find(hints, wanted)
    own = _own(place.header)
    again = len(own) < len(place.header)
    target = tempfile.TemporaryFile()  # noqa: SIM115 (the caller closes it)
    try:
        with xlsxwriter.Workbook(target, {"constant_memory": True}) as book:
            sheet = book.add_worksheet(_sheet_name(place))
            text, bold = book.add_format({"num_format": "@"}), book.add_format({"num_format": "@", "bold": True})
            line = 0

            def write(cells: Sequence[str], added: Sequence[str], style: object) -> None:
                nonlocal line
                kept = [cells[at] if at < len(cells) else "" for at in own]
                for column, cell in enumerate([*kept, *added, *cells[len(place.header) :]]):
                    if cell:
                        sheet.write_string(line, column, _safe(cell, guard=not again), style)
                line += 1

            sheet.set_column(0, len(own) + 1, 16, text)
            write(place.header, (ROW_COLUMN, REASON_COLUMN), bold)
            for below in range(place.number + 1, place.first):
                write(next(iter(workbook.texts(place, below, below)), ()), (), bold)
            for row in workbook.rows(place, wanted, []):
                if row.number in rejects:
                    write(row.cells, (str(row.number), rejects[row.number]), text)
    except BaseException:
        target.close()
        raise
    target.seek(0)
    return target


def _own(header: tuple[str, ...]) -> list[int]:
    return [at for at, name in enumerate(header) if not is_own_column(name)]


def _safe(cell: str, *, guard: bool) -> str:
    if len(cell) > MAX_TEXT:
        return _TOO_LONG
    # Whoever reads a rejects file takes one apostrophe away from what looks guarded; such a cell gets another.
    return f"'{cell}" if guard and unguard_reject(cell) != cell else cell


def _sheet_name(place: ListPlace) -> str:
    name = place.sheet.name
    return name if 0 < len(name) <= 31 and not _BAD_NAME.search(name) else _FALLBACK
