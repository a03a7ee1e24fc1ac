"""Finds the header and how cells are written, from the first lines and the names that are wanted."""

from __future__ import annotations

import csv
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from shared.mapping.format import FormatHints
from shared.readers.text.column_names import count_found, loose_set
from shared.readers.text.count_rows import is_rule, is_subtotal, looks_like_count
from shared.readers.text.escapes import BACKSLASH, NO_ESCAPES, Escapes, protects
from shared.readers.text.own_rejects import is_rejects_file
from shared.readers.text.rows_of_cells import COMMON, CellRows, Dialect
from shared.readers.text.swallowed import are_halves

FIRST_LINES = 60
"""The first lines that are looked at."""

_DEEPEST = 30  # rows above and with the header
_MOST_MARKS = 20
_FEWEST_SHORT = 2
_FEWEST_LONGER = 2
_FEWEST_CELLS = 3  # in a row whose delimiter can be told from the header's
_SEP = re.compile(r'"?sep=(.)"?[\r\n]*\Z', re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Opening:
    """How a file begins.

    Attributes:
        dialect: how its cells are written.
        announced: whether its first line is Excel's `sep=`, which Excel does not show as a row.
        above: rows above the header.
        texts_above: those of them that are not blank.
        header: the header as HR wrote it; empty if all lines are blank or what may be the header cannot be read.
        found: how many of the wanted names are in it.
        short: how many cells rows have that leave out empty ones at their end; empty if rows of the file do not.
        drawn: whether each row stands between two delimiters, as in a table that is drawn.
        row_names: whether each row begins with a number in quotes of which the header says nothing.
        longer: whether each row has one cell more than the header, an empty one at its end.
        other: what is between the cells of all rows below the header, if it is something else than in the header.
        below: the first rows below the header, if it has further rows, of which some may be missing.
    """

    dialect: Dialect
    announced: bool
    above: int
    texts_above: int
    header: tuple[str, ...]
    found: int
    short: frozenset[int] = frozenset()
    drawn: bool = False
    row_names: bool = False
    longer: bool = False
    other: str = ""
    below: tuple[list[str], ...] = ()


@dataclass(frozen=True, slots=True)
class _Head:
    above: int
    texts_above: int
    cells: tuple[str, ...]
    found: int


def find_opening(sample: Sequence[str], hints: FormatHints, wanted: Sequence[str]) -> Opening:
    """How a file begins that begins with the lines `sample`."""
    separator = _SEP.match(sample[0]) if sample else None
    lines = sample[1:] if separator else sample
    names = loose_set(wanted)
    given = Dialect(hints.delimiter or ",", hints.quote or '"', _said(hints))
    best, head = given, _Head(0, 0, (), -1)
    marks = [separator[1]] if separator else [hints.delimiter] if hints.delimiter else None
    for dialect in _candidates(lines, given, marks, fixed_quote=bool(hints.quote)):
        tried = _find_head(_rows(lines, dialect, hints.comment), names)
        if tried.found > head.found:
            best, head = dialect, tried
        if head.found == len(names) > 0:
            break
    if head.found < 1:
        best = max((replace(given, delimiter=mark) for mark in marks or COMMON), key=_Regularity(lines))
        head = _widest(_rows(lines, best, hints.comment))
    best = _with_evidence(lines, best, hints, head)
    below = tuple(_below(lines, best, hints, head))
    drawn = _is_drawn(head, below)
    return Opening(
        best,
        separator is not None,
        head.above,
        head.texts_above,
        head.cells,
        max(head.found, 0),
        frozenset() if drawn else _short_rows(lines, best, hints, head),
        drawn,
        _row_names(lines, best, hints, head),
        _are_longer(head, below),
        _other_delimiter(lines, best, hints, head, below),
        below if hints.header_rows > 1 else (),
    )


def _candidates(
    lines: Sequence[str], given: Dialect, marks: Sequence[str] | None, *, fixed_quote: bool
) -> Iterator[Dialect]:
    """The dialects in which the header may be written, the usual ones first."""
    quotes = [given.quote] if fixed_quote else [given.quote, "'"]
    for tier in [marks] if marks is not None else [COMMON, _other_marks(lines), _blank(lines)]:
        for quote in quotes:
            for skip_blanks in (False, True):
                for mark in tier:
                    if mark != quote:
                        yield replace(given, delimiter=mark, quote=quote, skip_blanks=skip_blanks)


def _other_marks(lines: Sequence[str]) -> list[str]:
    counts = Counter(
        mark for mark in "".join(lines[:_DEEPEST]) if not (mark.isalnum() or mark in " \r\n\"'" or mark in COMMON)
    )
    return [mark for mark, _ in counts.most_common(_MOST_MARKS)]


def _blank(lines: Sequence[str]) -> Sequence[str]:
    """A blank, if it is between cells in quotes, as R's `write.table` has them."""
    between = re.compile(r"""[^\s](["']) \1[^\s]""")
    return [" "] if any(between.search(line) for line in lines[:_DEEPEST]) else []


def _rows(lines: Sequence[str], dialect: Dialect, comment: str | None) -> list[tuple[int, list[str] | None]]:
    """The rows of some lines with their numbers; None for what cannot be read.

    A last row that the lines do not hold as a whole is left out.
    """
    source = CellRows(lines, dialect, comment)
    found: list[tuple[int, list[str] | None]] = []
    while True:
        try:
            _, cells = source.read()
        except StopIteration:
            return found
        except csv.Error as error:
            if "unexpected end of data" in str(error):
                return found
            found.append((source.number, None))
        else:
            found.append((source.number, cells))


def _find_head(rows: Sequence[tuple[int, list[str] | None]], names: frozenset[str]) -> _Head:
    best = _Head(0, 0, (), -1)
    texts = 0
    for number, cells in rows:
        if cells is None or any(map(str.strip, cells)):
            found = count_found(cells, names) if cells else 0
            if cells and found > best.found:
                best = _Head(number - 1, texts, tuple(cells), found)
            texts += 1
            if texts >= _DEEPEST or best.found == len(names) > 0:
                break
    return best


def _widest(rows: Sequence[tuple[int, list[str] | None]]) -> _Head:
    """Where no wanted name is anywhere: the first row as wide as most rows are, so that HR is told about that one."""
    if rows and rows[0][1] is None:
        return _Head(0, 0, (), 0)  # that may well be the header
    filled = [(number, cells) for number, cells in rows if cells and any(map(str.strip, cells))]
    widths = Counter(len(cells) for _, cells in filled if len(cells) > 1)
    usual = widths.most_common(1)[0][0] if widths else 1
    for place, (number, cells) in enumerate(filled):
        if len(cells) >= usual:
            return _Head(number - 1, place, tuple(cells), 0)
    return _Head(0, 0, (), 0)


class _Regularity:
    """How much a dialect makes of some lines: rows of one width, and wide ones."""

    def __init__(self, lines: Sequence[str]) -> None:
        self._lines = lines

    def __call__(self, dialect: Dialect) -> int:
        widths = Counter(len(cells) for _, cells in _rows(self._lines, dialect, None) if cells)
        return max((count * (width - 1) for width, count in widths.items()), default=0)


def _with_evidence(lines: Sequence[str], dialect: Dialect, hints: FormatHints, head: _Head) -> Dialect:
    """The dialect, with quotes and escapes that the header does not show but the rows below it do."""
    best = dialect
    if not hints.quote and dialect.quote == '"' and _in_apostrophes(lines, dialect, hints, head):
        best = replace(best, quote="'")
    variants = _escaping(lines, best, hints)
    if any(f"{best.delimiter} {best.quote}" in line for line in lines) and not best.skip_blanks:
        without = [replace(variant, skip_blanks=True) for variant in variants]
        mark, quote = re.escape(best.delimiter), re.escape(best.quote)
        around = re.compile(rf"{mark} {quote}[^{quote}]*{quote} *(?={mark}|[\r\n]|\Z)")
        closed = any(around.search(line) for line in lines[head.above :])
        variants = [*without, *variants] if closed else [*variants, *without]
    if len(variants) == 1:
        return variants[0]
    return min(variants, key=lambda variant: _faults(lines, variant, hints, head))


def _said(hints: FormatHints) -> Escapes:
    """What the mapping says; a mark that is the quote itself says that quotes are doubled and nothing else protects."""
    if not hints.escape or hints.escape == (hints.quote or '"'):
        return NO_ESCAPES
    return Escapes(hints.escape, bare=f"{hints.escape}N")


def _escaping(lines: Sequence[str], dialect: Dialect, hints: FormatHints) -> list[Dialect]:
    """The dialect with the ways in which signs may be protected in it, the likeliest first."""
    found = []
    text = "".join(lines)
    if not hints.escape and BACKSLASH in text and not _is_ours(lines, dialect):
        if protects(lines, dialect.delimiter, dialect.quote):
            found.append(Escapes(BACKSLASH, found=True, bare=f"{BACKSLASH}N"))
        found.append(NO_ESCAPES)
        if f"{BACKSLASH}{dialect.quote}" in text:
            found.append(Escapes(BACKSLASH, only_quotes=True, found=True))
    else:
        found.append(dialect.escapes)
    if not dialect.escapes.mark and re.search(_doubled_nothing(dialect), text, re.MULTILINE):
        found.append(Escapes(bare=f"{dialect.quote}N"))
    return [replace(dialect, escapes=each) for each in found]


def _doubled_nothing(dialect: Dialect) -> str:
    mark, quote = re.escape(dialect.delimiter), re.escape(dialect.quote)
    return rf"(?:^|{mark}){quote}N(?:{mark}|[\r\n]|\Z)"


def _is_ours(lines: Sequence[str], dialect: Dialect) -> bool:
    """Whether it is a file with rejects of ours, in which backslashes are text."""
    return any(is_rejects_file(cells) for _, cells in _rows(lines[:_DEEPEST], dialect, None) if cells)


def _faults(lines: Sequence[str], dialect: Dialect, hints: FormatHints, head: _Head) -> int:
    below = [cells for number, cells in _rows(lines, dialect, hints.comment) if number > head.above + 1]
    wrong = sum(cells is None or (any(cells) and len(cells) != len(head.cells)) for cells in below)
    good = sum(cells is not None and len(cells) == len(head.cells) for cells in below)
    return wrong * FIRST_LINES * 2 - good


def _short_rows(lines: Sequence[str], dialect: Dialect, hints: FormatHints, head: _Head) -> frozenset[int]:
    """The numbers of cells of rows that leave out empty cells at their end, as ExcelJS and at times Excel write them.

    Two such rows, and a quarter of all, are no slip; the halves of a row that a line break in a cell has broken are
    one. If no row has a cell for each name of the header, that must not look as if a name with a delimiter in it had
    become two.
    """
    width = len(head.cells)
    whole = lines if not lines or lines[-1].endswith(("\n", "\r")) else lines[:-1]
    below = _below(whole, dialect, hints, head)
    below = [cells for cells in below if any(map(str.strip, cells)) and not looks_like_count(cells)[0]]
    below = [cells for cells in below if not is_subtotal(cells)]
    counts = [len(cells) for cells in below]
    halves = {place + more for place, pair in enumerate(pairwise(below)) if are_halves(*pair, width) for more in (0, 1)}
    short = [count for place, count in enumerate(counts) if 1 < count < width and place not in halves]
    if len(short) < _FEWEST_SHORT or len(short) * 4 < len(counts):
        return frozenset()
    clean = all(name and name == name.strip() for name in head.cells)
    return frozenset(short) if clean or width in counts else frozenset()


def _is_drawn(head: _Head, below: Sequence[Sequence[str]]) -> bool:
    """Whether rows stand between two delimiters; none of them leaves out cells then."""
    width = len(head.cells)
    rows = [cells for cells in below if not is_rule(cells)]
    full = [cells for cells in rows if len(cells) == width]
    if width <= _FEWEST_CELLS or not full or len(full) * 2 < len(rows):
        return False
    return not any(end.strip() for cells in (head.cells, *full) for end in (cells[0], cells[-1]))


def _below(lines: Sequence[str], dialect: Dialect, hints: FormatHints, head: _Head) -> list[list[str]]:
    rows = _rows(lines, dialect, hints.comment)
    return [cells for number, cells in rows if cells and number > head.above + 1]


def _other_delimiter(
    lines: Sequence[str], dialect: Dialect, hints: FormatHints, head: _Head, below: Sequence[Sequence[str]]
) -> str:
    """What is between the cells of rows that have one cell each, cut as the header is."""
    if head.found < 1 or len(head.cells) < _FEWEST_CELLS or not below or any(len(cells) > 1 for cells in below):
        return ""
    for mark in COMMON:
        if mark not in {dialect.delimiter, dialect.quote}:
            widths = [len(cells) for cells in _below(lines, replace(dialect, delimiter=mark), hints, head)]
            if widths.count(len(head.cells)) * 2 > len(below):
                return mark
    return ""


def _row_names(lines: Sequence[str], dialect: Dialect, hints: FormatHints, head: _Head) -> bool:
    below = _below(lines, dialect, hints, head)
    numbered = [cells[0] for cells in below] == [str(number) for number in range(1, len(below) + 1)]
    longer = all(len(cells) == len(head.cells) + 1 for cells in below)
    first = next((line for line in lines[head.above + 1 :] if line.strip()), "")
    return len(below) > 1 and numbered and longer and first.startswith(f"{dialect.quote}1{dialect.quote}")


def _are_longer(head: _Head, below: Sequence[Sequence[str]]) -> bool:
    """Whether each row ends with a delimiter, and the header does not; of a single one that may be a slip."""
    if head.found < 1 or len(below) < _FEWEST_LONGER or not head.cells[-1].strip():
        return False
    return all(len(cells) == len(head.cells) + 1 and not cells[-1].strip() for cells in below)


def _in_apostrophes(lines: Sequence[str], dialect: Dialect, hints: FormatHints, head: _Head) -> bool:
    """Whether each row below the header has cells in apostrophes and none in quotation marks."""
    mark = re.escape(dialect.delimiter)
    wrapped = re.compile(rf"(?:^|{mark})'(?:[^']|'')*'(?={mark}|[\r\n]*\Z)")
    quoted = re.compile(rf'(?:^|{mark})"')
    below = [line for line in lines[head.above + 1 :] if line.strip()]
    if not below or any(quoted.search(line) for line in below) or not all(wrapped.search(line) for line in below):
        return False
    doubtful = replace(dialect, quote="'")
    return _faults(lines, doubtful, hints, head) <= _faults(lines, dialect, hints, head)
