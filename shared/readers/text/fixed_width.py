"""Text without delimiters, each column at its place in the line, read as a stream."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

from shared.errors import ExtractRefused
from shared.mapping.format import FormatHints
from shared.model import Row
from shared.readers.physical_lines import PhysicalLines
from shared.readers.table import BadRow, Form, Table
from shared.readers.text.column_names import count_found, loose_set, places_of, plain_name
from shared.readers.text.count_rows import (
    after_trailer,
    check_count,
    check_trailer,
    is_rule,
    looks_like_count,
    no_trailer,
    right_count,
    rules_left_out,
)
from shared.readers.text.header_rows import belongs_to_header, cannot_tell, first_people, header_names, is_read
from shared.readers.text.rows_of_cells import COMMON, MARK

_LOOK = 200
_DEEPEST = 30


def open_fixed(chunks: Iterable[bytes], hints: FormatHints, wanted: Sequence[str]) -> Table:
    """Open text of fixed width, whose columns the hints name.

    Args:
        chunks: the file.
        hints: what the mapping says of its form.
        wanted: names of columns; they have to be among those of the hints.

    Raises:
        ExtractRefused: it is no text, or nothing but blank lines, or the hints do not name its columns.
    """
    if not hints.columns:
        raise ExtractRefused(
            "The mapping says that the file has columns of fixed width, but not where they are. IT adds format.columns "
            "to the mapping."
        )
    places = places_of([column.name for column in hints.columns], wanted)
    unknown = [name for name in wanted if not places[name]]
    if unknown:
        raise ExtractRefused(
            f"The mapping does not say where the columns {', '.join(unknown)} are. IT adds them to format.columns."
        )
    lines = PhysicalLines(chunks, hints.encoding)
    sample = lines.peek(_LOOK)
    if not any(map(str.strip, sample)):
        raise ExtractRefused("The file has only blank lines: there is nobody in it. Drop the complete list.")
    _refuse_delimited(sample, hints)
    notes = lines.text.notes
    header = tuple(column.name for column in hints.columns)
    rows = _Rows(lines, sample, hints, wanted, notes)
    return Table(Form("fixed", lines.text.encoding, lines.text.bom), header, iter(rows), notes)


def _refuse_delimited(sample: Sequence[str], hints: FormatHints) -> None:
    """Refuse a file with a header between whose names there are delimiters; cut by places, it would be nonsense."""
    names = loose_set(column.name for column in hints.columns)
    for line in sample[:_DEEPEST]:
        for mark in COMMON:
            cells = [cell.strip("\"'") for cell in line.strip().split(mark)]
            if len(cells) > 1 and count_found(cells, names) * 2 > len(names):
                raise ExtractRefused(
                    f"The file has {MARK[mark]}s between its columns, but the mapping says that they have a fixed "
                    "width. Export the list again so, or ask IT to take format.columns out of the mapping."
                )


class _Rows:
    def __init__(
        self,
        lines: PhysicalLines,
        sample: Sequence[str],
        hints: FormatHints,
        wanted: Sequence[str],
        notes: list[str],
    ) -> None:
        self._lines = iter(lines)
        self._hints = hints
        self._notes = notes
        self._slices = [slice(column.start - 1, column.start - 1 + column.width) for column in hints.columns]
        self._end = max(part.stop for part in self._slices)
        self._first = min(self._slices, key=lambda part: part.start)
        self._header_at = self._find_header(sample)
        below = [line.rstrip("\r\n") for line in sample[self._header_at :]]
        below = [line for line in below if line.strip() and not self._is_comment(line)]
        self._length = _common_length(below, self._end)
        self._names = header_names([column.name for column in hints.columns], wanted)
        self._first_people = first_people(self._names, list(map(self._cut, below)), hints.header_rows - 1)
        self._people = 0
        self._shortest = 0
        self._ended = 0
        self._rules: list[int] = []  # the lines that are drawn between rows
        self._held: tuple[BadRow, int | None] | None = None
        self._number = 0

    def _is_comment(self, text: str) -> bool:
        return bool(self._hints.comment) and text.lstrip().startswith(self._hints.comment or "")

    def _cut(self, text: str) -> tuple[str, ...]:
        return tuple([text[part] for part in self._slices])

    def _find_header(self, sample: Sequence[str]) -> int:
        """The line of the header, counted from 1; 0 if there is none."""
        names = [plain_name(column.name[: column.width]) for column in self._hints.columns]
        for number, line in enumerate(sample[:_DEEPEST], 1):
            cells = self._cut(line.rstrip("\r\n"))
            same = sum(plain_name(cell) == name for cell, name in zip(cells, names, strict=True))
            if same * 2 > len(names) or (same * 2 == len(names) and same > 1):
                return number
        return 0

    def __iter__(self) -> Iterator[Row | BadRow]:
        skip = self._header_at + self._hints.header_rows - 1 if self._header_at else 0
        above = 0
        line = ""
        for line in self._lines:
            self._number += 1
            text = line.rstrip("\r\n")
            if not text.strip() or self._is_comment(text):
                continue
            if self._number <= skip:
                above += self._number < self._header_at
                if self._number <= self._header_at or self._is_skipped(text):
                    continue
                skip = self._number
            if above:
                self._notes.append(
                    f"The header is on line {self._header_at}; what stands above it ({above} "
                    f"{'row' if above == 1 else 'rows'}) was left out."
                )
                above = 0
            if not self._is_end(text):
                if is_rule([text]):
                    self._rules.append(self._number)
                    continue
                if self._held:
                    yield self._release(self._held[0])
                yield self._row(text, complete=text != line)
        self._finish()

    def _is_skipped(self, text: str) -> bool:
        """Whether a line is one of the header's further ones, and not somebody's."""
        number, rows = self._number, self._hints.header_rows
        belongs = belongs_to_header(self._names, self._cut(text), self._first_people)
        if belongs is None:
            raise cannot_tell(f"line {number}", number, rows)
        if not belongs:
            self._notes.append(is_read(f"Line {number}", rows))
        return belongs

    def _row(self, text: str, *, complete: bool) -> Row | BadRow:
        number, length = self._number, len(text)
        self._people += 1
        expected = self._length or self._end
        if not complete and length < (self._length or min(self._shortest or self._end, self._end)):
            raise ExtractRefused(
                f"The file ends in the middle of line {number} ({length} of {expected} characters): the upload was cut "
                "off. Drop the complete file again.",
                line=number,
            )
        cells = self._cut(text)
        if self._length and length != self._length:
            return BadRow(number, number, cells, f"the line has {length} characters where the others have {expected}.")
        self._shortest = min(self._shortest or length, length)
        return Row(number, number, cells)

    def _is_end(self, text: str) -> bool:
        """Whether a line is a trailer or a total rather than somebody's."""
        word, number = self._hints.trailer, self._number
        if self._ended:
            raise after_trailer(word or "", self._ended, number)
        if word:
            start = text.lstrip()
            rest = start[len(word) :].strip() if start.startswith(word) else ""
            if plain_name(text[self._first]) == plain_name(word) or rest.isdecimal():
                digits = rest.split()[0] if rest else ""
                check_trailer(word, digits.lstrip("0") or digits[:1], self._people, number)
                self._ended = number
                return True
            return False
        cells = text.split()
        is_count, count = looks_like_count([" ".join(cells)] if len(cells) > 2 else cells)
        if not is_count or (len(text.rstrip()) == self._length and len(cells) != 2):
            return False
        if self._held:
            return False
        self._held = (BadRow(number, number, self._cut(text), ""), count)
        return True

    def _release(self, row: BadRow) -> BadRow:
        self._held = None
        self._people += 1
        return BadRow(row.number, row.line, row.cells, "the row looks like a total, but more rows follow.")

    def _finish(self) -> None:
        if self._hints.trailer and not self._ended:
            raise no_trailer(self._hints.trailer, self._number)
        if self._rules:
            self._notes.append(rules_left_out(self._rules))
        if self._held:
            row, count = self._held
            if count is None:
                self._notes.append(f"Line {row.line} only marks the end of the list; it is nobody.")
            else:
                check_count(count, self._people, row.line)
                self._notes.append(right_count(count, row.line))


def _common_length(texts: Sequence[str], end: int) -> int:
    """The length that all lines should have; 0 if blanks at their ends were left out, so that it says nothing."""
    if not texts:
        return 0
    length, count = Counter(map(len, texts)).most_common(1)[0]
    padded = any(text.endswith(" ") for text in texts) or count * 10 >= len(texts) * 9
    return length if padded and length >= end else 0
