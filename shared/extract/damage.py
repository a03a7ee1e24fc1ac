"""Cells that a program has damaged on their way: told by column and count, because no single row shows what happened.

Eight kinds are known. A guard against formulas: an apostrophe in front of `=`, `+`, `-` or `@`, as CsvHelper and others
write it. Letters lost to ASCII: a question mark in the place of each letter that the encoding lacks, which is what
Windows PowerShell 5.1 does by default; Oracle writes an inverted one. Letters in a wrong encoding: every row tells of
its own, so they are but counted, in names. Signs of HTML in the place of letters. The name of a .NET type where a list
or an object has no text of its own, or how JavaScript and Python show it. And days in a workbook where the rest of a
column is none: Excel makes one of a cost center 10-12. And whole numbers with decimals (1000.0), as pandas writes them
if a cell of the column is empty. And long numbers of which a spreadsheet has kept the first digits (4.93056E+11).

Whole columns are looked at, and cells only where a column holds one of the signs. What is looked for first is one
character, if a sign has more of them: that takes next to no time.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from shared.mapping.cells.text import (
    LETTER,
    LOST_MARKS,
    NOTHING_BUT_MARKS,
    holds_html,
    looks_broken,
    looks_broken_in_name,
    may_name_an_object,
    names_an_object,
)
from shared.mapping.cells.values import NAMES, is_formula
from shared.mapping.columns import Batch
from shared.mapping.model import MappingFile
from shared.readers.text.own_rejects import is_guarded

_MOST_ROWS = 3  # that are named
_FEWEST = 2  # damaged names that hold a file; one may be anything
# An inverted question mark stands before letters in Spanish.
_LOST = re.compile(rf"\?{LETTER}|{LETTER}\u00bf|{NOTHING_BUT_MARKS}\Z")
_DAY = re.compile(r"^(?:\d{4}-\d\d-\d\d(?:T\d\d:\d\d:\d\d)?|\d\d:\d\d:\d\d)$", re.MULTILINE)  # of a workbook
_DECIMAL = re.compile(r"\d{3,}\.0")  # of fewer digits it may be a share, or an amount
_CUT = re.compile(r"[+-]?\d(?:[.,]\d+)?E\+\d{2,3}")
_APOSTROPHE = re.compile(r"'(?<!\S')")  # of a guard: nothing but blanks is before it
_QUERY = re.compile(r"://|\?\w+=")


@dataclass
class _Found:
    """What was found in a column of one kind of damage."""

    count: int = 0
    rows: list[int] = field(default_factory=list)

    def add(self, rows: Sequence[int]) -> None:
        self.count += len(rows)
        self.rows += rows[: _MOST_ROWS - len(self.rows)]

    @property
    def where(self) -> str:
        """Its rows, the first ones."""
        what = "row" if self.count == 1 else "rows" if self.count == len(self.rows) else "first in rows"
        return f"{what} {', '.join(map(str, self.rows))}"


class DamageWatch:
    """Looks over the cells of an extract, as HR wrote them.

    Args:
        mapping: of its source.
        holds_dates: whether the extract holds days as dates, besides texts.
    """

    def __init__(self, mapping: MappingFile, *, holds_dates: bool = False) -> None:
        names = {column for path, rule in mapping.attributes.items() if path in NAMES for column in rule.reads}
        apart = {*mapping.status.reads, *mapping.days}  # what is no word there, or no day, is told anyway
        self._columns = [column for column in mapping.columns if column not in apart]
        self._names = [column for column in self._columns if column in names]
        self._key = mapping.key
        self._ids = {mapping.key, *(mapping.manager_rule.reads if mapping.manager_rule else ())}
        self._no_days = {*self._columns} - {mapping.key, *mapping.days_in_texts} if holds_dates else set()
        self._filled = dict.fromkeys((*self._names, *self._no_days), 0)
        self._few: dict[str, bool] = {}  # whether the first rows have few different cells in a column, as most have
        self._guards: dict[str, _Found] = {}
        self._marks: dict[str, _Found] = {}
        self._broken: dict[str, _Found] = {}
        self._html: dict[str, _Found] = {}
        self._types: dict[str, _Found] = {}
        self._days: dict[str, _Found] = {}
        self._decimals: dict[str, _Found] = {}
        self._cut: dict[str, _Found] = {}

    def look(self, batch: Batch) -> None:
        """Take note of some rows."""
        for column in self._columns:
            cells = batch.columns[column]
            if column not in self._few:
                self._few[column] = len(set(cells)) * 4 < len(cells)
            text = "\n".join(set(cells) if self._few[column] else cells)
            if ("=" in text or _APOSTROPHE.search(text)) and column != self._key:
                _note(self._guards, column, batch, is_guarded)
            if any(sign in text for sign in LOST_MARKS):
                _note(self._marks, column, batch, _lost_of_a_name if column in self._names else _lost)
            if column in self._names and (looks_broken(text) or looks_broken_in_name(text)):
                _note(self._broken, column, batch, _is_broken)
            if column in self._no_days and _DAY.search(text):
                _note(self._days, column, batch, _is_day)
            if "." in text and ".0" in text and column not in self._ids:
                _note(self._decimals, column, batch, _is_decimal)
            if "+" in text and "E+" in text and column not in self._ids:
                _note(self._cut, column, batch, _is_cut)
            if "&" in text and ";" in text:
                _note(self._html, column, batch, holds_html)
            if may_name_an_object(text):
                _note(self._types, column, batch, names_an_object)
        for column in self._filled:
            cells = batch.columns[column]
            self._filled[column] += len(cells) - cells.count("")

    def notes(self) -> list[str]:
        """What HR is told of it."""
        notes = []
        if self._guards:
            which = _listed(self._guards)
            notes.append(
                "A program has guarded cells against spreadsheets, by an apostrophe in front of =, +, -, @ or a number "
                f'or by ="…" around the text: {which}. They are sent so. Export them without it, or ask IT to '
                "have it taken off (format: text_guard: true)."
            )
        if self._marks:
            notes.append(
                f"Question marks stand in the place of letters: {_listed(self._marks)}. Outside of names they are sent "
                "as they are. A program wrote the list in an encoding that lacks these letters; export it again in "
                "UTF-8 (in PowerShell: Export-Csv -Encoding UTF8)."
            )
        days = {column: found for column, found in self._days.items() if found.count * 2 <= self._filled[column]}
        if days:
            notes.append(
                f"Cells are days in the workbook where the rest of the column is none: {_listed(days)}. Excel makes a "
                "day of 10-12 and of 3/4. They are sent as days; format these columns as text, and enter the cells "
                "again."
            )
        if self._decimals:
            notes.append(
                f"Whole numbers have decimals, such as 1000.0: {_listed(self._decimals)}. A program took the column "
                "for numbers (pandas does, if a cell is empty). They are sent so; have the column exported as text."
            )
        if self._cut:
            notes.append(
                f"A spreadsheet has cut numbers short, as in 4.93E+11: {_listed(self._cut)}. Their last digits are "
                "lost. They are sent so, unless a rule leaves them out; format the column as text, enter the numbers "
                "again and export the list."
            )
        if self._html:
            notes.append(
                f"Signs of HTML stand in the place of letters, as in &eacute;: {_listed(self._html)}. Outside of names "
                "they are sent as they are. Export the list as plain text."
            )
        if self._types:
            notes.append(
                f"Cells hold the name of a .NET type, or an object, in the place of a value: {_listed(self._types)}. "
                "Outside of names they are sent as they are. Have the export write the values themselves (in "
                "PowerShell: Select-Object with an expression for each of these columns, such as "
                "@{n='Title';e={$_.Title -join '; '}})."
            )
        return notes

    def doubts(self) -> str:
        """Why the file should not be used as it is: most names of a column are damaged; empty if none are."""
        for column in self._names:
            kinds = [
                (
                    self._marks,
                    "question marks in the place of letters",
                    "in UTF-8 (in PowerShell: Export-Csv -Encoding UTF8)",
                ),
                (
                    self._types,
                    "the name of a .NET type, or an object, in the place of a name",
                    "with the values themselves",
                ),
                (
                    self._broken,
                    "signs that look like letters in a wrong encoding",
                    "in UTF-8, or in the encoding that the mapping says (format: encoding),",
                ),
            ]
            counts = [found.get(column, _Found()).count for found, _, _ in kinds]
            damaged, filled = sum(counts), self._filled[column]
            if damaged >= _FEWEST and damaged * 2 > filled:
                _, what, advice = kinds[counts.index(max(counts))]
                return (
                    f"{damaged} of {filled} cells of {column} hold {what}, so people would get wrong names. Nothing of "
                    f"the file was used. Export the list again {advice} and drop it."
                )
        return ""


def _note(into: dict[str, _Found], column: str, batch: Batch, is_damaged: Callable[[str], bool]) -> None:
    rows = [row for row, cell in zip(batch.rows, batch.columns[column], strict=True) if is_damaged(cell)]
    if rows:
        into.setdefault(column, _Found()).add(rows)


def _listed(found: dict[str, _Found]) -> str:
    return "; ".join(
        f"{column} in {one.count:,} {'cell' if one.count == 1 else 'cells'} ({one.where})"
        for column, one in found.items()
    )


def _lost(cell: str) -> bool:
    return _LOST.search(cell) is not None and not (_QUERY.search(cell) or is_formula(cell))


def _lost_of_a_name(cell: str) -> bool:
    return any(sign in cell for sign in LOST_MARKS) and not is_formula(cell)  # which is told for itself


def _is_broken(name: str) -> bool:
    """Whether a name holds letters in a wrong encoding, and no question mark, for which it is counted already."""
    return (looks_broken(name) or looks_broken_in_name(name)) and not any(sign in name for sign in LOST_MARKS)


def _is_decimal(cell: str) -> bool:
    return _DECIMAL.fullmatch(cell) is not None


def _is_cut(cell: str) -> bool:
    return _CUT.fullmatch(cell.strip()) is not None


def _is_day(cell: str) -> bool:
    return _DAY.fullmatch(cell) is not None
