"""Excel workbooks (XLSX): the sheet with the list, its header, and its rows as text.

Nothing is calculated, no macro or link is followed, and sheets that are hidden are never read; if somebody is in them,
that is told. Row numbers are those that Excel shows.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import takewhile
from typing import IO, cast

from shared.errors import ExtractRefused
from shared.mapping.format import FormatHints
from shared.model import Row
from shared.readers.table import BadRow, Form, Table
from shared.readers.text.column_names import loose, loose_set, places_of, plain_name
from shared.readers.text.header_rows import (
    belongs_to_header,
    cannot_tell,
    first_people,
    header_names,
    is_read,
    refuse_list_above,
)
from shared.readers.text.own_rejects import is_rejects_file
from shared.readers.text.saved_twice import refuse_whole_lines
from shared.readers.unpack.limits import UnpackLimits, spool
from shared.readers.workbook.cells import CellTexts
from shared.readers.workbook.ends import without_ends
from shared.readers.workbook.package import Package, Worksheet, read_book
from shared.readers.workbook.sheet import RawRow, SheetReader, column_letters
from shared.readers.workbook.swapped_days import SwappedDays

_LOOK = 30  # rows in which the header must be
_MAX_SHEETS = 50
_MAX_WIDTH = 2_000
_SHOWN = 10
_NO_TEXT_KINDS = {"n", "b", "d"}
_MOMENT = re.compile(r"\d{4}-\d\d-\d\d|\d\d:\d\d:\d\d")


@dataclass(frozen=True)
class ListPlace:
    """Where the list is.

    Attributes:
        number: row of the header.
        header: its names as HR wrote them.
        first: the first row that may hold a person.
        absent: whether this is a row that the mapping counts to the header.
    """

    sheet: Worksheet
    number: int
    header: tuple[str, ...]
    first: int
    absent: bool = False


def open_workbook(file: IO[bytes] | Iterable[bytes], hints: FormatHints, wanted: Sequence[str]) -> Table:
    """The list in a workbook.

    Args:
        file: an XLSX file that can be sought in (it stays open), or its bytes, which are put into a temporary file.
        hints: `sheet`, `header_rows` and `trailer` count.
        wanted: the columns that are asked for; the first one holds the ids. They tell which sheet is meant and where
            its header is, and only their cells can make a row bad.

    Raises:
        ExtractRefused: the workbook is damaged or too big, or no visible sheet has a header.
    """
    owned = not hasattr(file, "seek")
    source = spool(file, UnpackLimits().total) if owned else cast("IO[bytes]", file)
    try:
        workbook = Workbook(source)
        place = workbook.find(hints, wanted)
        workbook.check_above(place, wanted)
        hidden = workbook.hidden_twins(place, wanted)
    except BaseException:
        if owned:
            source.close()
        raise
    notes = [is_read(f"Row {place.first}", hints.header_rows)] if place.absent else []
    notes += workbook.unread(place, wanted)
    doubts: list[str] = []
    trailer = None if is_rejects_file(place.header) else hints.trailer
    people = without_ends(
        workbook.rows(place, wanted, notes, doubts), header_names(place.header, wanted), trailer, notes
    )
    rows = _closing(source if owned else None, people)
    next(rows)  # begun, so that the file is closed even if nobody reads on
    return Table(Form("xlsx"), place.header, cast("Iterator[Row | BadRow]", rows), notes, doubts=doubts, hidden=hidden)


class Workbook:
    """An XLSX file, opened.

    Attributes:
        book: what concerns all of its sheets.
    """

    def __init__(self, file: IO[bytes]) -> None:
        self._package = Package(file)
        self.book, strings = read_book(self._package)
        self._cells = CellTexts(self.book, strings, lambda: self._calculated)
        self._swapped = SwappedDays()

    @cached_property
    def _calculated(self) -> bool:
        """Whether a formula on any sheet has a result other than nothing and 0."""
        for sheet in self.book.sheets[:_MAX_SHEETS]:
            for raw in SheetReader(self._package, sheet.path).rows():
                if any(cell[4] is not None and cell[3] not in {"", "0"} for cell in raw.cells):
                    return True
        return False

    def find(self, hints: FormatHints, wanted: Sequence[str]) -> ListPlace:
        """Where the list is: in the sheet that the mapping names, or in the first one with the wanted columns.

        If no row has all of them, the one with the most is the header, so that the missing ones can be named. A sheet
        with the columns but nobody in it does not count beside another one.

        Raises:
            ExtractRefused: no visible sheet has such a row, or several have and nobody can tell which one counts; or
                nobody can tell how many rows the header has.
        """
        names = loose_set(wanted)
        best, most = None, 0
        complete: list[ListPlace] = []
        for sheet in self._sheets(hints):
            for number, cells in self._top(sheet):
                score = len(names.intersection(loose(cell) for cell in cells)) + (1 if not names else 0)
                if score > most or (best is None and hints.sheet):
                    best, most = self._place(sheet, number, cells, hints), score
                if score >= max(len(names), 1):
                    complete.append(self._place(sheet, number, cells, hints))
                    break
        filled = [place for place in complete if self._has_people(place)] if len(complete) > 1 else complete
        if len(filled) > 1:
            raise ExtractRefused(
                f"{len(filled)} sheets have the same columns ({_names([place.sheet.name for place in filled])}), so "
                "nobody can tell which one counts. Put everybody into one sheet, leavers too, or ask IT to name the "
                "sheet in the mapping (format.sheet)."
            )
        if complete or best:
            return self._with_first(best if best and not complete else (filled or complete)[0], hints, wanted)
        for sheet in self._sheets(hints):
            for number, cells in self._top(sheet):
                refuse_whole_lines(cells, names, f"sheet '{sheet.name}', row {number}")
        visible = [sheet.name for sheet in self.book.sheets if not sheet.hidden]
        hidden = len(self.book.sheets) - len(visible)
        raise ExtractRefused(
            f"No sheet of the workbook has a header in its first {_LOOK} rows with the columns {_names(wanted)}. "
            f"Looked at: {_names(visible) or 'nothing, all sheets are hidden'}."
            + (f" {hidden} hidden {'sheet was' if hidden == 1 else 'sheets were'} not looked at." if hidden else "")
            + " Is this the right file?"
        )

    def check_above(self, place: ListPlace, wanted: Sequence[str]) -> None:
        """Look at what stands above the header.

        Raises:
            ExtractRefused: it is a list of its own.
        """
        above = takewhile(lambda row: row[0] < place.number, self._top(place.sheet)) if place.number > 1 else ()
        rows = [(f"Row {number}", number, cells) for number, cells in above]
        refuse_list_above(header_names(place.header, wanted), rows)

    def hidden_twins(self, place: ListPlace, wanted: Sequence[str]) -> frozenset[int]:
        """The places of columns that are named twice, as far as they are hidden."""
        twins = [at for found in places_of(place.header, wanted).values() if len(found) > 1 for at in found]
        if not twins:
            return frozenset()
        reader = SheetReader(self._package, place.sheet.path)
        next(reader.rows(), None)  # columns stand before the rows
        return frozenset(at for at in twins if any(first <= at <= last for first, last in reader.hidden_columns))

    def _with_first(self, place: ListPlace, hints: FormatHints, wanted: Sequence[str]) -> ListPlace:
        """A place whose first row is somebody's, where the header has fewer rows than the mapping says."""
        if hints.header_rows == 1:
            return place
        names = header_names(place.header, wanted)
        below = {number: cells for number, cells in self._top(place.sheet) if number > place.number}
        doubtful = [number for number in below if number < place.first]
        people = first_people(names, list(below.values()), len(doubtful))
        for number in doubtful:
            belongs = belongs_to_header(names, below[number], people)
            if belongs is None:
                raise cannot_tell(f"row {number}", number, hints.header_rows)
            if not belongs:
                return replace(place, first=number, absent=True)
        return place

    def rows(
        self, place: ListPlace, wanted: Sequence[str], notes: list[str], doubts: list[str] | None = None
    ) -> Iterator[Row | BadRow]:
        """Everyone in the list. Blank rows are left out but count in row numbers.

        Args:
            place: where the list is.
            wanted: see `open_workbook`.
            notes: takes warnings for HR.
            doubts: takes why the list should not be used, if anybody wants to know.

        Raises:
            ExtractRefused: the sheet is damaged, or merged cells hide what belongs to whom.
        """
        places = places_of(place.header, wanted)
        counted = {at for found in places.values() for at in found}
        ids = next(iter(places[wanted[0]]), -1) if wanted else -1
        reader = SheetReader(self._package, place.sheet.path)
        hidden: list[int] = []
        self._swapped = SwappedDays()
        last, begun = 0, False
        for raw in reader.rows():
            if not begun:
                begun = True
                notes += _hidden_columns(reader, place.header)
            if raw.number < place.first:
                continue
            row = self._row(raw, place.header, counted, ids)
            if row is None:
                continue
            last = raw.number
            if raw.hidden:
                hidden.append(raw.number)
            yield row
        _check_merged(reader, place, counted, last)
        notes += _hidden_rows(hidden)
        if doubts is not None:
            doubts += self._swapped.doubts(place.header)
        if reader.filtered:
            notes.append(f"A filter is set in the sheet '{place.sheet.name}'; what it hides was read too.")

    def unread(self, place: ListPlace, wanted: Sequence[str]) -> list[str]:
        """What HR should know of people in other sheets, who may have left and keep their access unless they are read.

        A sheet counts, be it hidden, if somebody stands under the column of the ids, beside another one that is wanted.
        """
        others = [sheet for sheet in self.book.sheets[:_MAX_SHEETS] if sheet.path != place.sheet.path]
        found: dict[bool, list[str]] = {False: [], True: []}
        for sheet in others if len(wanted) > 1 else ():
            with suppress(ExtractRefused):  # what is wrong with a sheet that is not read is no fault
                if self._names_people(sheet, wanted):
                    found[sheet.hidden].append(sheet.name)
        return [
            f"There are people under '{wanted[0]}' in {'hidden ' if hidden else ''}sheets that were not read: "
            f"{_names(names)}. If they count, leavers for instance, put everybody into one sheet; otherwise nothing "
            "needs to be done."
            for hidden, names in found.items()
            if names
        ]

    def _names_people(self, sheet: Worksheet, wanted: Sequence[str]) -> bool:
        ids, others, at = loose(wanted[0]), loose_set(wanted[1:]), -1
        for raw in SheetReader(self._package, sheet.path).rows():
            cells = self._plain_row(raw)
            if 0 <= at < len(cells) and cells[at].strip():
                return True
            if at < 0 and raw.number > _LOOK:
                return False
            names = [loose(cell) for cell in cells]
            if at < 0 and ids in names and not others.isdisjoint(names):
                at = names.index(ids)
        return False

    def texts(self, place: ListPlace, first: int, last: int) -> list[tuple[str, ...]]:
        """The cells of some rows, blank ones left out."""
        found = []
        for raw in SheetReader(self._package, place.sheet.path).rows():
            if raw.number > last:
                break
            if raw.number >= first:
                found.append(self._plain_row(raw))
        return found

    def _has_people(self, place: ListPlace) -> bool:
        for raw in SheetReader(self._package, place.sheet.path).rows():
            if raw.number >= place.first and any(cell.strip() for cell in self._plain_row(raw)):
                return True
        return False

    def _sheets(self, hints: FormatHints) -> list[Worksheet]:
        if hints.sheet is None:
            return [sheet for sheet in self.book.sheets if not sheet.hidden][:_MAX_SHEETS]
        named = [sheet for sheet in self.book.sheets if plain_name(sheet.name) == plain_name(hints.sheet)]
        if not named:
            visible = _names([sheet.name for sheet in self.book.sheets if not sheet.hidden])
            raise ExtractRefused(
                f"The workbook has no sheet '{hints.sheet}'. It has: {visible or 'none that shows'}. Rename the sheet "
                "and drop the file again, or ask IT to correct format.sheet in the mapping."
            )
        if named[0].hidden:
            raise ExtractRefused(
                f"The sheet '{hints.sheet}' is hidden and so not read. Unhide it and drop the file again."
            )
        return named[:1]

    def _top(self, sheet: Worksheet) -> Iterator[tuple[int, tuple[str, ...]]]:
        for raw in SheetReader(self._package, sheet.path).rows():
            if raw.number > _LOOK:
                break
            cells = self._plain_row(raw)
            if any(cell.strip() for cell in cells):
                yield raw.number, cells

    def _plain_row(self, raw: RawRow) -> tuple[str, ...]:
        cells: list[str] = []
        for cell in raw.cells:
            if cell[0] >= _MAX_WIDTH:
                break
            cells += [""] * (cell[0] - len(cells))
            cells.append(self._cells.read(cell)[0])
        return tuple(cells)

    @staticmethod
    def _place(sheet: Worksheet, number: int, cells: tuple[str, ...], hints: FormatHints) -> ListPlace:
        width = max(at for at, cell in enumerate(cells) if cell.strip()) + 1
        return ListPlace(sheet, number, cells[:width], number + hints.header_rows)

    def _row(self, raw: RawRow, header: tuple[str, ...], counted: set[int], ids: int) -> Row | BadRow | None:
        width = len(header)
        read = self._cells.read
        cells = [""] * width
        reason, filled = "", False
        faults: list[tuple[int, str]] = []
        for cell in raw.cells:
            at = cell[0]
            text, problem = read(cell)
            if at < width:
                cells[at] = text
                if at == ids and cell[1] in _NO_TEXT_KINDS:
                    problem = problem or _id_problem(text)
                if text[:1].isdigit() and at in counted:
                    if self._cells.is_date(cell):
                        self._swapped.see_date(at, text)
                    else:
                        self._swapped.see_text(at, text, raw.number)
                if problem and at in counted:
                    faults.append((at, f"{header[at].strip()} (cell {column_letters(at)}{raw.number}) {problem}."))
                if not filled and text and not text.isspace():
                    filled = True
            elif at < _MAX_WIDTH and text.strip():
                cells += [""] * (at - len(cells))
                cells.append(text)
                filled = True
                reason = reason or (
                    f"the row has a value in column {column_letters(at)}, where the header has no name; perhaps its "
                    "cells were moved to the right."
                )
        if not filled:
            return None
        if reason:
            return BadRow(raw.number, raw.number, tuple(cells), faults[0][1] if faults else reason)
        if faults:
            return BadRow(raw.number, raw.number, tuple(cells), faults[0][1], tuple(faults))
        return Row(raw.number, raw.number, tuple(cells))


def _id_problem(text: str) -> str:
    """Why a cell that is stored as something else than text cannot be an id, or an empty text."""
    if text in {"TRUE", "FALSE"}:
        return "holds a truth value and no id"
    if _MOMENT.match(text):
        return "was turned into a date or a time by Excel, as it does with ids such as 3-11; enter the id again as text"
    return ""


def _closing(file: IO[bytes] | None, rows: Iterator[Row | BadRow]) -> Iterator[Row | BadRow | None]:
    try:
        yield None
        yield from rows
    finally:
        if file is not None:
            file.close()


def _check_merged(reader: SheetReader, place: ListPlace, counted: set[int], last: int) -> None:
    for area in reader.merged:
        if area.bottom < place.first or area.top > last:
            continue
        if area.top >= place.first and any(area.left <= at <= area.right for at in counted):
            cells = f"{column_letters(area.left)}{area.top}:{column_letters(area.right)}{area.bottom}"
            if area.top == area.bottom and area.left <= min(counted) < max(counted) <= area.right:
                raise ExtractRefused(
                    f"The cells {cells} are merged across the whole list, as for a heading of a group, which is "
                    f"nobody. Delete row {area.top}, or undo the merge and fill the cells, and drop the file again.",
                    line=area.top,
                )
            raise ExtractRefused(
                f"The cells {cells} are merged, so only the first of them has a value and nobody can tell whether it "
                "is meant for the others. Undo the merge, fill the cells and drop the file again.",
                line=area.top,
            )


def _hidden_columns(reader: SheetReader, header: tuple[str, ...]) -> list[str]:
    names = [
        f"'{name.strip()}' ({column_letters(at)})"
        for at, name in enumerate(header)
        if name.strip() and any(first <= at <= last for first, last in reader.hidden_columns)
    ]
    if not names:
        return []
    shown = _names(names, quoted=True)
    if len(names) == 1:
        return [f"Column {shown} is hidden in the workbook and was read all the same."]
    return [f"Columns {shown} are hidden in the workbook and were read all the same."]


def _hidden_rows(numbers: Sequence[int]) -> list[str]:
    if not numbers:
        return []
    if len(numbers) == 1:
        return [f"Row {numbers[0]} is hidden in the workbook and was read all the same."]
    shown = _names([str(each) for each in numbers], quoted=True)
    return [f"Rows {shown} are hidden in the workbook and were read all the same."]


def _names(names: Sequence[str], *, quoted: bool = False) -> str:
    shown = [name if quoted else f"'{name}'" for name in names[:_SHOWN]]
    more = f" and {len(names) - _SHOWN:,} more" if len(names) > _SHOWN else ""
    return ", ".join(shown) + more
