"""Text without delimiters, each column at its place in the line, read as a stream."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from unicodedata import east_asian_width

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
    count_of_trailer,
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
_REST = "\uffff"  # no character: stands for the further bytes of the one before it


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
        starts = [*sorted(part.start for part in self._slices), None]
        self._gaps = list(zip([0, *sorted(part.stop for part in self._slices)], starts, strict=True))
        self._first = min(self._slices, key=lambda part: part.start)
        self._encoding = lines.text.encoding
        self._may_vary = len("a".encode(self._encoding, "replace")) == 1  # letters in their number of bytes
        self._header_at = self._find_header(sample)
        below = [line.rstrip("\r\n") for line in sample[self._header_at :]]
        below = [line for line in below if line.strip() and not self._is_comment(line)]
        self._length, self._in_bytes = self._measure(below)
        self._names = header_names([column.name for column in hints.columns], wanted)
        self._first_people = first_people(self._names, list(map(self._as_cut, below)), hints.header_rows - 1)
        self._people = 0
        self._shortest = 0
        self._ended = 0
        self._rules: list[int] = []  # the lines that are drawn between rows
        self._held: tuple[BadRow, int | None] | None = None
        self._number = 0
        self._told = False  # whether it was said that columns are cut by bytes

    def _is_comment(self, text: str) -> bool:
        return bool(self._hints.comment) and text.lstrip().startswith(self._hints.comment or "")

    def _cut(self, text: str) -> tuple[str, ...]:
        return tuple([text[part] for part in self._slices])

    def _cut_bytes(self, text: str) -> tuple[str, ...]:
        return tuple([cell.replace(_REST, "") for cell in self._cut(self._spread(text))])

    def _as_cut(self, text: str) -> tuple[str, ...]:
        return self._cut_bytes(text) if self._in_bytes and not text.isascii() else self._cut(text)

    def _spread(self, text: str) -> str:
        """A line with a place for each of its bytes, if some letters have more than others."""
        if text.isascii() or not self._may_vary:
            return text
        return "".join([sign + _REST * (len(sign.encode(self._encoding, "replace")) - 1) for sign in text])

    def _measure(self, texts: Sequence[str]) -> tuple[int, bool | None]:
        """The length that all lines should have, and whether columns are as wide as bytes; None if nothing tells.

        Programs in COBOL and Java fill cells up to a number of bytes, of which a letter such as ü has two.
        """
        if not self._may_vary or all(map(str.isascii, texts)):
            return _common_length(texts, self._end)[0], None
        spread = list(map(self._spread, texts))
        length, alike = _common_length(texts, self._end)
        length_in_bytes, alike_in_bytes = _common_length(spread, self._end)
        if (length or length_in_bytes) and alike != alike_in_bytes:
            in_bytes = alike_in_bytes > alike
            return length_in_bytes if in_bytes else length, in_bytes
        for_bytes = [self._is_in_bytes(text) for text in texts if not text.isascii()]
        sure = for_bytes.count(True) - for_bytes.count(False)
        return length, sure > 0 if sure else None

    def _is_in_bytes(self, text: str) -> bool | None:
        """Whether a line makes more sense cut by bytes than by characters; None if it makes as much or is the same."""
        if self._doubtful(text):
            by_characters, by_bytes = self._misplaced(text), self._misplaced(self._spread(text))
            if by_characters != by_bytes:
                return by_bytes < by_characters
        return None

    def _doubtful(self, text: str) -> list[int]:
        """The places of the columns that hold something else if a line is cut by bytes."""
        if text.isascii():
            return []
        pairs = zip(self._cut(text), self._cut_bytes(text), strict=True)
        return [place for place, (one, other) in enumerate(pairs) if one.strip() != other.strip()]

    def _misplaced(self, text: str) -> int:
        """At how many places a line does not look as if it was cut rightly.

        Words run across the border of a column, a blank stands in front of them, or something is in no column.
        """
        cells = self._cut(text)
        borders = {part.start for part in self._slices} | {part.stop for part in self._slices}
        across = sum(0 < at < len(text) and not any(map(str.isspace, text[at - 1 : at + 1])) for at in borders)
        between = sum(bool(text[start:stop].strip()) for start, stop in self._gaps)
        return across + between + sum(cell.startswith(" ") and not cell.isspace() for cell in cells)

    def _find_header(self, sample: Sequence[str]) -> int:
        """The line of the header, counted from 1; 0 if there is none."""
        names = [plain_name(column.name[: column.width]) for column in self._hints.columns]
        for number, line in enumerate(sample[:_DEEPEST], 1):
            text = line.rstrip("\r\n")
            same = max(
                sum(plain_name(cell) == name for cell, name in zip(cut(text), names, strict=True))
                for cut in ((self._cut,) if text.isascii() else (self._cut, self._cut_bytes))
            )
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
        belongs = belongs_to_header(self._names, self._as_cut(text), self._first_people)
        if belongs is None:
            raise cannot_tell(f"line {number}", number, rows)
        if not belongs:
            self._notes.append(is_read(f"Line {number}", rows))
        return belongs

    def _row(self, text: str, *, complete: bool) -> Row | BadRow:
        number = self._number
        self._people += 1
        doubtful = [] if text.isascii() else self._settle(text)
        length = len(self._spread(text)) if self._in_bytes else len(text)
        expected = self._length or self._end
        if not complete and length < (self._length or min(self._shortest or self._end, self._end)):
            raise ExtractRefused(
                f"The file ends in the middle of line {number} ({length} of {expected} characters): the upload was cut "
                "off. Drop the complete file again.",
                line=number,
            )
        cells = self._as_cut(text)
        if self._length and length != self._length:
            return BadRow(number, number, cells, f"the line has {length} characters where the others have {expected}.")
        self._shortest = min(self._shortest or length, length)
        if doubtful:
            return BadRow(number, number, cells, doubtful[0][1], tuple(doubtful))
        return Row(number, number, cells)

    def _settle(self, text: str) -> list[tuple[int, str]]:
        """Find out by a line how wide columns are, if that is not known.

        Returns:
            The columns of which nobody can tell what they hold: their places, with why.
        """
        if self._length:
            if self._in_bytes is None and len(text) != self._length == len(self._spread(text)):
                self._in_bytes = True
            elif self._in_bytes is None and len(text) == self._length:
                self._in_bytes = False
            self._tell(text)
            return []
        places = self._doubtful(text)
        found = self._is_in_bytes(text)
        if self._in_bytes is None:
            self._in_bytes = found
        self._tell(text)
        if places and (self._in_bytes is None or found not in {None, self._in_bytes}):
            return [(place, self._cannot_tell(place, "\u00fc")) for place in places]
        return [(place, self._cannot_tell(place, "\u7530")) for place in self._moved_by_wide_letters(text)]

    def _moved_by_wide_letters(self, text: str) -> list[int]:
        """The places of the columns that hold something else if a line is cut by its places on a screen, and better so.

        Programs that line columns up for the eye count two for each letter of Chinese, Japanese and Korean.
        """
        on_screen = "".join([sign + _REST * (east_asian_width(sign) in "WF") for sign in text])
        as_cut = self._spread(text) if self._in_bytes else text
        if len(on_screen) == len(text) or self._misplaced(on_screen) >= self._misplaced(as_cut):
            return []
        pairs = zip(self._as_cut(text), self._cut(on_screen), strict=True)
        return [place for place, (one, other) in enumerate(pairs) if one.strip() != other.replace(_REST, "").strip()]

    def _tell(self, text: str) -> None:
        if self._in_bytes and not self._told and self._doubtful(text):
            self._told = True
            self._notes.append(
                "The columns are as wide as bytes, of which a letter such as \u00fc has two, and were read so."
            )

    def _cannot_tell(self, place: int, letter: str) -> str:
        return (
            f"nobody can tell where {self._hints.columns[place].name} begins and ends: the line has letters such as "
            f"{letter}, which some programs count as two. Have the export fill up columns by characters."
        )

    def _is_end(self, text: str) -> bool:
        """Whether a line is a trailer or a total rather than somebody's."""
        word, number = self._hints.trailer, self._number
        if self._ended:
            raise after_trailer(word or "", self._ended, number)
        if word:
            start = text.lstrip()
            rest = start[len(word) :].strip() if start.startswith(word) else ""
            if plain_name(text[self._first]) == plain_name(word) or rest.isdecimal():
                digits = count_of_trailer([word, *rest.split()])
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


def _common_length(texts: Sequence[str], end: int) -> tuple[int, int]:
    """The length that all lines should have, and how many have it.

    The length is 0 if blanks at their ends were left out, so that it says nothing.
    """
    if not texts:
        return 0, 0
    length, count = Counter(map(len, texts)).most_common(1)[0]
    padded = any(text.endswith(" ") for text in texts) or count * 10 >= len(texts) * 9
    return length if padded and length >= end else 0, count
