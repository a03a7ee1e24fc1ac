"""Physical lines to rows of cells; one way for the look at the first lines and for the whole file."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

COMMON = (",", ";", "\t", "|")
MARK = {",": "comma", ";": "semicolon", "\t": "tab", "|": "vertical bar", " ": "blank"}
"""What HR calls a character between cells."""


@dataclass(frozen=True, slots=True)
class Dialect:
    """How cells are written.

    Attributes:
        delimiter: between cells.
        quote: around cells.
        escape: before a quote inside a cell; empty if quotes are doubled.
        skip_blanks: whether a blank after a delimiter belongs to it.
    """

    delimiter: str = ","
    quote: str = '"'
    escape: str = ""
    skip_blanks: bool = False


class CellRows:
    """Rows of cells, counted.

    Attributes:
        reader: gives the next row, raises StopIteration and csv.Error.
        lines: the physical lines that were read.
        number: the rows that were read, comments and blank ones included; whoever takes a row from `reader` counts it.
        text: the newest line.
        start: the line before the newest row.
        begins: to be set before a row is taken from `reader`: the next line may be a comment.
    """

    def __init__(self, lines: Iterable[str], dialect: Dialect, comment: str | None, before: int = 0) -> None:
        self.lines = before
        self.number = 0
        self.text = ""
        self.start = before
        self.begins = True
        self.reader = csv.reader(
            self._without_comments(lines, comment) if comment else self._counted(lines),
            delimiter=dialect.delimiter,
            quotechar=dialect.quote,
            escapechar=dialect.escape or None,
            skipinitialspace=dialect.skip_blanks,
            strict=True,
        )

    @property
    def cut_off(self) -> bool:
        """Whether the newest line has no end."""
        return not self.text.endswith(("\n", "\r"))

    def read(self) -> tuple[int, list[str]]:
        """The line before the next row, and its cells.

        Raises:
            StopIteration: there is none.
            csv.Error: its cells cannot be told apart.
        """
        self.begins = True
        self.start = self.lines
        try:
            cells = next(self.reader)
        except csv.Error:
            self.number += 1
            raise
        self.number += 1
        return self.start, cells

    def _counted(self, lines: Iterable[str]) -> Iterator[str]:
        for line in lines:
            self.lines += 1
            self.text = line
            yield line

    def _without_comments(self, lines: Iterable[str], comment: str) -> Iterator[str]:
        for line in lines:
            self.lines += 1
            if self.begins and line.lstrip().startswith(comment):
                self.number += 1
                self.start = self.lines
                continue
            self.begins = False
            self.text = line
            yield line
