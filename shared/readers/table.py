"""What every reader makes of a file, whatever its form: a header and rows of text cells."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import chain

from shared.errors import ExtractRefused
from shared.model import Row

_TOGETHER = 20  # rows that come one by one


@dataclass(frozen=True, slots=True)
class BadRow:
    """A row that is not what the header promises.

    Attributes:
        cells: what could be read of it.
        reason: one plain sentence for HR.
        faults: such a sentence for each cell that cannot be relied on, by its place, where the other cells, and that
            they are this row's, are beyond doubt; empty where they are not.
        several: places of those of these cells that have several values where one is meant.
    """

    number: int
    line: int
    cells: tuple[str, ...]
    reason: str
    faults: tuple[tuple[int, str], ...] = ()
    several: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True)
class Rows:
    """Some rows, one after the other, exactly as HR wrote them.

    Attributes:
        numbers: theirs.
        lines: where they start.
        cells: a row at a time, all as wide as the header.
        size: about how many characters they have, if the reader knows.
    """

    numbers: Sequence[int]
    lines: Sequence[int]
    cells: Sequence[Sequence[str]]
    size: int | None = None

    def __len__(self) -> int:
        return len(self.numbers)

    def __getitem__(self, part: slice) -> Rows:
        cells = self.cells[part]
        size = None if self.size is None else self.size * len(cells) // len(self)
        return Rows(self.numbers[part], self.lines[part], cells, size)

    def __iter__(self) -> Iterator[Row]:
        return map(Row, self.numbers, self.lines, map(tuple, self.cells))


class InBlocks(Iterator[Row | BadRow]):
    """Rows that are read some at a time, one after the other.

    Args:
        blocks: the rows.

    Attributes:
        blocks: for whoever has not begun with single ones, and takes them some at a time as well.
    """

    def __init__(self, blocks: Iterator[Rows | BadRow]) -> None:
        self.blocks = blocks
        self._rows = chain.from_iterable(map(_single, blocks))

    def __next__(self) -> Row | BadRow:
        return next(self._rows)


def _single(rows: Rows | BadRow) -> Iterable[Row | BadRow]:
    return [rows] if isinstance(rows, BadRow) else rows


def in_blocks(rows: Iterator[Row | BadRow]) -> Iterator[Rows | BadRow]:
    """Rows some at a time; nearly always all are good."""
    if isinstance(rows, InBlocks):
        yield from rows.blocks
        return
    good: list[Row] = []
    try:
        for row in rows:
            if isinstance(row, Row):
                good.append(row)
                if len(good) < _TOGETHER:
                    continue
            if good:
                yield _as_one(good)
                good.clear()
            if not isinstance(row, Row):
                yield row
    except ExtractRefused:
        if good:  # whoever looks at the first rows only has them
            yield _as_one(good)
        raise
    if good:
        yield _as_one(good)


def _as_one(rows: Sequence[Row]) -> Rows:
    numbers, lines, cells = zip(*rows, strict=True)
    return Rows(numbers, lines, cells)


@dataclass(frozen=True)
class Form:
    """How a file is written; rejects go back to HR in the same form where that is possible.

    Attributes:
        kind: csv, fixed, json, ndjson, xml, hdl or xlsx.
        encoding: a Python codec name.
        bom: whether the text starts with a byte order mark.
        delimiter: between cells.
        quote: around cells.
        escape: before a quote inside a cell; empty if quotes are doubled.
    """

    kind: str = "csv"
    encoding: str = "utf-8"
    bom: bool = False
    delimiter: str = ","
    quote: str = '"'
    escape: str = ""


@dataclass(frozen=True)
class Table:
    """A file, opened.

    Attributes:
        form: how it is written.
        header: the column names as HR wrote them. For documents (JSON, XML) the paths that were asked for.
        rows: read as they are asked for; the file is refused (`ExtractRefused`) at the place where it shows that it
            cannot be trusted, which may be its very end.
        notes: warnings for HR; more may be added while rows are read.
        returned: whether it is the answer to rejects; then it never holds everybody, whatever the mapping says.
        reasons: the last column, which holds reasons, if it may be such an answer and nothing else shows it.
        first_rows: of such a file: row to row of the file that it answers, as far as it says so; filled while the
            records are read.
        doubts: why the file should not be used unless somebody wants it all the same; complete once the rows are read.
        hidden: places of columns that a workbook does not show, as far as these are named twice.
        renamed: of a document: optional columns that are in no record, with the names that they seem to have there;
            complete once the rows are read.
    """

    form: Form
    header: tuple[str, ...]
    rows: Iterator[Row | BadRow]
    notes: list[str] = field(default_factory=list)
    returned: bool = False
    first_rows: dict[int, int] = field(default_factory=dict)
    doubts: list[str] = field(default_factory=list)
    hidden: frozenset[int] = frozenset()
    reasons: str = ""
    renamed: dict[str, str] = field(default_factory=dict)
