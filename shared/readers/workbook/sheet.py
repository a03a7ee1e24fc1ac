"""The cells of one sheet, as the file holds them, row by row."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple
from xml.parsers import expat

from shared.errors import ExtractRefused
from shared.readers.workbook.package import DAMAGED, MAX_TEXT, Attributes, Package, local, truth, whole

MAX_COLUMNS = 16_384
MAX_ROWS = 1_048_576
_MAX_ROW = 4 * 1024 * 1024  # characters of all cells of a row
_MAX_MERGES = 100_000
_MAX_STYLE = 65_536
_DIGITS = "0123456789"
_TEXTS = frozenset({"v", "t"})  # the elements with what a cell says


RawCell = tuple[int, str, int, str, str | None]
"""A cell as it is stored; a plain tuple, because there are millions of them.

The column, counted from 0; the type in the file: s, str, inlineStr, b, e, d, or n for numbers; the place in the
workbook's list of styles; the stored value or result, empty if there is none; the formula's text, empty where it is
shared with another cell, and None if the cell has no formula.
"""


class RawRow(NamedTuple):
    """A row as it is stored; cells that were never filled are missing."""

    number: int
    hidden: bool
    cells: list[RawCell]


@dataclass(frozen=True, slots=True)
class Area:
    """A block of cells: columns counted from 0, rows from 1."""

    left: int
    top: int
    right: int
    bottom: int


class SheetReader:
    """Reads a sheet once.

    Attributes:
        hidden_columns: first and last of each block, counted from 0; complete once the first row is there.
        merged: blocks of merged cells; complete at the end.
        filtered: whether a filter is set; known at the end.
    """

    def __init__(self, package: Package, path: str) -> None:
        self.hidden_columns: list[tuple[int, int]] = []
        self.merged: list[Area] = []
        self.filtered = False
        self._package = package
        self._path = path

    def rows(self) -> Iterator[RawRow]:
        """The rows from top to bottom.

        Raises:
            ExtractRefused: the sheet is damaged or too big.
        """
        ready: list[RawRow] = []
        parser = expat.ParserCreate()
        self._attach(parser, ready)
        for _ in self._package.parse(self._path, parser):
            yield from ready
            ready.clear()

    # Long: closures over plain variables, as the comment below says.
    def _attach(self, parser: expat.XMLParserType, ready: list[RawRow]) -> None:  # noqa: PLR0915
        # One closure with plain variables: this runs several times for each cell, and attribute look-ups would double
        # its time.
        cells: list[RawCell] = []
        text: list[str] = []
        formula: list[str] | None = None
        target: list[str] | None = None
        row, column, style, kind = 0, -1, 0, "n"
        hidden = False
        held, in_row, silent = 0, 0, 0
        columns: dict[str, int] = {}  # both only remember: the same few texts come again and again
        styles: dict[str | None, int] = {None: 0}

        def start(name: str, attributes: Attributes) -> None:
            nonlocal cells, formula, target, row, column, style, kind, hidden, held, in_row, silent
            if ":" in name:
                name = local(name)
            if name == "c":
                reference = attributes.get("r")
                if reference is None:
                    place = column + 1
                else:
                    letters = reference.rstrip(_DIGITS)
                    place = columns.get(letters, -1)
                    if place < 0:
                        place = columns[letters] = column_number(letters)
                if not column < place < MAX_COLUMNS:
                    raise ExtractRefused(DAMAGED)
                column = place
                kind = attributes.get("t", "n")
                shown = attributes.get("s")
                style = styles[shown] if shown in styles else styles.setdefault(shown, min(whole(shown), _MAX_STYLE))
                text.clear()
                formula, target, held = None, None, 0
            elif name == "v" or (name == "t" and not silent):
                target = text
            elif name == "f":
                target = formula = []
            elif name == "row":
                number = whole(attributes.get("r"), row + 1)
                if not row < number <= MAX_ROWS:
                    raise ExtractRefused(DAMAGED)
                row, column, in_row, cells = number, -1, 0, []
                hidden = truth(attributes.get("hidden"))
            elif name == "rPh":  # how it is spoken
                silent += 1
            else:
                self._around(name, attributes)

        def characters(data: str) -> None:
            nonlocal held, in_row
            if target is not None and held <= MAX_TEXT:
                piece = data[: MAX_TEXT + 1 - held]
                target.append(piece)
                held += len(piece)
                in_row += len(piece)
                if in_row > _MAX_ROW:
                    raise ExtractRefused(
                        f"Row {row} of the workbook has more than {_MAX_ROW:,} characters. Correct it and drop the "
                        "file again.",
                        line=row,
                    )

        def end(name: str) -> None:
            nonlocal target, silent
            if ":" in name:
                name = local(name)
            if name in _TEXTS:
                target = None
            elif name == "c":
                if formula is not None:
                    cells.append((column, kind, style, "".join(text), "".join(formula)))
                elif text:
                    cells.append((column, kind, style, text[0] if len(text) == 1 else "".join(text), None))
            elif name == "row":
                ready.append(RawRow(row, hidden, cells))
            elif name == "rPh":
                silent -= 1
            else:
                target = None

        parser.StartElementHandler = start
        parser.EndElementHandler = end
        parser.CharacterDataHandler = characters

    def _around(self, name: str, attributes: Attributes) -> None:
        if name == "col" and truth(attributes.get("hidden")):
            if len(self.hidden_columns) < MAX_COLUMNS:
                self.hidden_columns.append((whole(attributes.get("min"), 1) - 1, whole(attributes.get("max"), 1) - 1))
        elif name == "filterColumn":
            self.filtered = True
        elif name == "mergeCell":
            if len(self.merged) >= _MAX_MERGES:
                raise ExtractRefused(
                    "The sheet has far too many merged cells to be a list of people. Drop the list itself."
                )
            area = _area(attributes.get("ref", ""))
            if area:
                self.merged.append(area)


def column_number(letters: str) -> int:
    """The place of a column, counted from 0.

    Raises:
        ExtractRefused: there is no such column.
    """
    number = 0
    if not 0 < len(letters) <= 3:
        raise ExtractRefused(DAMAGED)
    for letter in letters:
        if not "A" <= letter <= "Z":
            raise ExtractRefused(DAMAGED)
        number = number * 26 + ord(letter) - 64
    return number - 1


def column_letters(place: int) -> str:
    """What Excel calls the column at `place`, counted from 0."""
    letters = ""
    number = place + 1
    while number:
        number, rest = divmod(number - 1, 26)
        letters = chr(65 + rest) + letters
    return letters


def _area(reference: str) -> Area | None:
    corners = []
    for corner in reference.replace("$", "").split(":", 1):
        letters = corner.rstrip(_DIGITS)
        number = whole(corner[len(letters) :])
        if not letters or not number:
            return None
        corners.append((column_number(letters), number))
    (left, top), (right, bottom) = corners[0], corners[-1]
    return Area(left, top, right, bottom)
