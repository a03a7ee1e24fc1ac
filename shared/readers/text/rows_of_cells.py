"""Physical lines to rows of cells; one way for the look at the first lines and for the whole file."""

from __future__ import annotations

import csv
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import islice, tee
from typing import TYPE_CHECKING

from shared.errors import ExtractRefused
from shared.readers.text.escapes import NO_ESCAPES, Escapes, HiddenSigns
from shared.readers.text.lined_up import without_blanks

if TYPE_CHECKING:
    from _csv import Reader

COMMON = (",", ";", "\t", "|")
MARK = {",": "comma", ";": "semicolon", "\t": "tab", "|": "vertical bar", " ": "blank"}
"""What HR calls a character between cells."""

_MOST_LINES = 100  # of a row that has blanks behind a quotation mark
_AT_ONCE = 100  # rows; more are slower, because they do not stay in the cache of the processor
_FEW = 20  # rows, until it is seen how large they are
_SIZE_AT_ONCE = 500_000  # characters


@dataclass(frozen=True, slots=True)
class Dialect:
    """How cells are written.

    Attributes:
        delimiter: between cells.
        quote: around cells.
        escapes: how signs inside of cells are protected; quotes are doubled in any case.
        skip_blanks: whether a blank after a delimiter belongs to it.
    """

    delimiter: str = ","
    quote: str = '"'
    escapes: Escapes = NO_ESCAPES
    skip_blanks: bool = False


class _Restoring:
    """Rows of cells whose protected signs are put back; goes on after a row that cannot be read."""

    def __init__(self, reader: Iterator[list[str]], hiding: HiddenSigns) -> None:
        self._reader = reader
        self._hiding = hiding

    def __iter__(self) -> Iterator[list[str]]:
        return self

    def __next__(self) -> list[str]:
        cells = next(self._reader)
        return self._hiding.restore(cells) if self._hiding.hidden else cells


@dataclass(slots=True)
class Block:
    """Some rows, which were read ahead.

    Attributes:
        number: of the row before them.
        start: the line before them.
        rows: their cells.
        ends: the line on which each ends.
        lines: their text, and that of the line before.
        size: the characters of their text.
        error: why the row behind them cannot be read, if it cannot.
    """

    number: int
    start: int
    rows: list[list[str]] = field(default_factory=list)
    ends: list[int] = field(default_factory=list)
    lines: list[str] = field(default_factory=list)
    size: int = 0
    error: csv.Error | ExtractRefused | None = None


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
        self._newest: deque[str] = deque(maxlen=_MOST_LINES)  # lines as they went to the reader
        self._lines = iter(lines)
        source = self._without_comments(self._lines, comment) if comment else self._counted(self._lines)
        escapes = dialect.escapes
        self._is_plain = not (comment or escapes.mark or escapes.bare)
        hiding = HiddenSigns(escapes, dialect.delimiter, dialect.quote) if escapes.mark or escapes.bare else None
        self._source = self._noted(hiding.hide(source, lambda: self.lines)) if hiding else source
        self._dialect = dialect
        self._hiding = hiding
        reader = self._reader(self._source)
        self.reader: Iterator[list[str]] = _Restoring(reader, hiding) if hiding else iter(reader)

    @property
    def quote(self) -> str:
        """What is around cells."""
        return self._dialect.quote

    @property
    def line_before(self) -> str:
        """The line before the newest one."""
        return self._newest[-2] if len(self._newest) > 1 else ""

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
            cells = self.lined_up() or []
            if not cells:
                self.number += 1
                raise
        self.number += 1
        return self.start, cells

    def blocks(self) -> Iterator[Block]:
        """All rows that are left, some at a time; `settle` is to be called before one of them is judged."""
        return self._blocks() if self._is_plain else self._blocks_of_one()

    def settle(self, block: Block, place: int) -> None:
        """Be as if a row of the newest block, or the one behind it that cannot be read, had just been read."""
        if not self._is_plain:
            return
        self.number = block.number + place + (place < len(block.rows))
        self.start = block.ends[place - 1] if place else block.start
        self.lines = block.ends[place] if place < len(block.ends) else block.start + len(block.lines) - 1
        last = self.lines - block.start + 1
        self._newest = deque(block.lines[max(0, last - _MOST_LINES) : last], maxlen=_MOST_LINES)
        self.text = self._newest[-1] if self._newest else ""

    def _blocks(self) -> Iterator[Block]:
        """Many rows at once, straight from the lines: each line is a piece of a row as it is."""
        lines, again = tee(self._lines)
        reader = self._reader(lines)
        self._source = self._counted(lines)  # of which `lined_up` may take some
        while True:
            block = Block(self.number, self.lines, lines=[self.text])
            rows, ends, done = block.rows, block.ends, reader.line_num
            before = self.lines - done  # lines that the reader has not seen
            try:
                while len(rows) < _AT_ONCE and block.size < _SIZE_AT_ONCE:
                    for cells in islice(reader, _FEW):
                        rows.append(cells)
                        ends.append(reader.line_num + before)
                    if reader.line_num == done:
                        break
                    some = list(islice(again, reader.line_num - done))
                    block.lines += some
                    block.size += sum(map(len, some))
                    done = reader.line_num
            except (csv.Error, ExtractRefused) as error:
                block.error = error
                block.lines += islice(again, reader.line_num - done)
            if not (rows or block.error):
                return
            yield block
            if not block.error:
                self.settle(block, len(rows) - 1)
            for _ in islice(again, self.lines - before - reader.line_num):
                pass  # `lined_up` has taken them

    def _blocks_of_one(self) -> Iterator[Block]:
        while True:
            self.begins = True
            self.start = self.lines
            block = Block(self.number, self.lines)
            try:
                block.rows += islice(self.reader, 1)
            except (csv.Error, ExtractRefused) as error:
                block.error = error
            if block.rows:
                self.number += 1
                block.ends.append(self.lines)
                block.size = len("".join(block.rows[0]))
            elif not block.error:
                return
            block.start = self.start  # comments may have gone before
            block.number = self.number - len(block.rows)
            yield block

    def lined_up(self) -> list[str] | None:
        """The row that `reader` has just failed to read, if nothing is wrong with it but blanks behind quotes.

        Its rest may be on lines that the reader has not seen yet.

        Returns:
            Its cells; None if something else is wrong with it.
        """
        count = self.lines - self.start
        if not 0 < count <= len(self._newest):
            return None
        text = "".join(list(self._newest)[-count:])
        found = without_blanks(text, self._dialect.delimiter, self._dialect.quote)
        while found and found[1]:
            more = next(self._source, "")
            count += 1
            if not more or count > _MOST_LINES:
                return None
            text += more
            found = without_blanks(text, self._dialect.delimiter, self._dialect.quote)
        if found is None:
            return None
        try:
            [cells] = self._reader(iter([found[0]]))
        except (csv.Error, ValueError):
            return None
        return self._hiding.restore(cells) if self._hiding else cells

    def _reader(self, lines: Iterator[str]) -> Reader:
        return csv.reader(
            lines,
            delimiter=self._dialect.delimiter,
            quotechar=self._dialect.quote,
            skipinitialspace=self._dialect.skip_blanks,
            strict=True,
        )

    def _noted(self, lines: Iterator[str]) -> Iterator[str]:
        for line in lines:
            self._newest.append(line)
            yield line

    def _counted(self, lines: Iterable[str]) -> Iterator[str]:
        note = self._newest.append
        for line in lines:
            self.lines += 1
            self.text = line
            note(line)
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
            self._newest.append(line)
            yield line
