"""Lists as files for a spreadsheet: what looks like a formula stays text."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass

from shared.readers.text.own_rejects import guard_cell
from shared.wording.languages import ENGLISH, Language
from shared.wording.translation import translator

CSV = "csv"
XLSX = "xlsx"
TYPES = {
    CSV: "text/csv; charset=utf-8",
    XLSX: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}
_SAID = {
    "Status", "Reason", "Message", "What is wrong", "Next step", "Who acts", "What", "Text", "Detail", "Why", "Cause",
    "Change", "What was found", "How to mend it", "State", "A release", "Why it is held",
}  # fmt: skip
"""The columns that hold words of ours."""
_LONGEST = 32_767  # characters of a cell


@dataclass(frozen=True)
class Sheet:
    """A list.

    Attributes:
        name: of the file, without its ending.
        columns: their names.
        rows: the cells.
    """

    name: str
    columns: tuple[str, ...]
    rows: Sequence[tuple[str, ...]]

    def in_language(self, language: Language) -> Sheet:
        """The same list with its headings, states and sentences in a language; what is somebody's data stays."""
        if language == ENGLISH:
            return self
        speak = translator(language)
        said = [name in _SAID for name in self.columns]
        rows = [
            tuple(speak.word(cell) if is_said else cell for cell, is_said in zip(row, said, strict=True))
            for row in self.rows
        ]
        return Sheet(self.name, tuple(map(speak.word, self.columns)), rows)


def write(sheet: Sheet, form: str) -> bytes:
    """The list as a file; `form` is one of `TYPES`."""
    return _csv(sheet) if form == CSV else _xlsx(sheet)


def _csv(sheet: Sheet) -> bytes:
    """In UTF-8 with a byte order mark, which makes Excel read it as such."""
    text = io.StringIO(newline="")
    lines = csv.writer(text)
    lines.writerow(sheet.columns)
    lines.writerows([guard_cell(cell) for cell in row] for row in sheet.rows)
    return text.getvalue().encode("utf-8-sig")


def _xlsx(sheet: Sheet) -> bytes:
    """Every cell is text in the text format, so none is a formula, a number or a date."""
    import xlsxwriter  # type: ignore[import-untyped]  # not until somebody wants a workbook

    target = io.BytesIO()
    with xlsxwriter.Workbook(target, {"in_memory": True}) as book:
        page = book.add_worksheet(sheet.name[:31])
        text, bold = book.add_format({"num_format": "@"}), book.add_format({"num_format": "@", "bold": True})
        page.set_column(0, len(sheet.columns) - 1, 24, text)
        for number, cells in enumerate((sheet.columns, *sheet.rows)):
            for column, cell in enumerate(cells):
                page.write_string(number, column, cell[:_LONGEST], text if number else bold)
        page.freeze_panes(1, 0)
    return target.getvalue()
