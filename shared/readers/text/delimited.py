"""Delimited text (CSV and its relatives), read as a stream: bytes in, rows out.

A *bad row* is handed on as such and the rest goes on. A *bad file* is refused whole, because nothing in it can be
trusted: bytes that are no text, a quote that is never closed, a count that differs, a file that was cut off.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator, Sequence

from shared.errors import ExtractRefused
from shared.mapping.format import FormatHints
from shared.model import Row
from shared.readers.physical_lines import PhysicalLines
from shared.readers.table import BadRow, Form, InBlocks, Rows, Table
from shared.readers.text.column_names import plain_name
from shared.readers.text.count_rows import (
    RULE_MARKS,
    after_trailer,
    check_count,
    check_trailer,
    count_of_trailer,
    is_rule,
    is_subtotal,
    looks_like_count,
    no_trailer,
    right_count,
    rules_left_out,
    speaks_of_a_count,
    subtotals_left_out,
)
from shared.readers.text.dialect import FIRST_LINES, Opening, find_opening
from shared.readers.text.header_rows import (
    begins_with_names,
    belongs_to_header,
    cannot_tell,
    first_people,
    header_names,
    is_another,
    is_read,
    refuse_list_above,
    repeats,
    two_lists,
)
from shared.readers.text.headings import Headings
from shared.readers.text.own_rejects import is_rejects_file
from shared.readers.text.rows_of_cells import MARK, Block, CellRows
from shared.readers.text.saved_twice import refuse_saved_twice
from shared.readers.text.swallowed import are_halves, id_shape, may_swallow_rows, swallows_rows

_MOST_COUNTS = 10  # at the end of a file
_MOST_FOOTERS = 20  # lines below a list
_NUMBERS = {"9", "A9", "A-9"}  # ids that are numbers, as `id_shape` tells
_GOES_ON = (
    "the last cell seems to go on in the next line, and nothing shows where it ends: cells with a line break have to "
    "be in quotes (in PowerShell: Export-Csv without -UseQuotes Never)."
)


def open_delimited(
    chunks: Iterable[bytes], hints: FormatHints, wanted: Sequence[str], *, returned: bool = False
) -> Table:
    """Open delimited text; how it is written is found from its first lines where the hints do not say it.

    Args:
        chunks: the file.
        hints: what the mapping says of its form.
        wanted: names of columns; the header is the row that holds most of them.
        returned: whether it is a file of ours, corrected and saved by a spreadsheet.

    Raises:
        ExtractRefused: it is no text, or nothing but blank lines.
    """
    lines = PhysicalLines(chunks, hints.encoding, returned=returned)
    sample = lines.peek(FIRST_LINES)
    if hints.quote in (None, '"'):
        refuse_saved_twice(sample)
    opening = find_opening(sample, hints, wanted)
    if not opening.header:
        raise _no_header(sample)
    dialect = opening.dialect
    escape = "" if dialect.escapes.found else dialect.escapes.mark  # what is written back is written in the usual way
    form = Form("csv", lines.text.encoding, lines.text.bom, dialect.delimiter, dialect.quote, escape)
    notes = [*filter(None, [dialect.escapes.note()]), *lines.text.notes]
    if opening.row_names:
        raise ExtractRefused(
            f"The rows have {len(opening.header) + 1} cells where the header has {len(opening.header)} names: each row "
            "begins with its number, as R's write.table writes it, and the header leaves that out. Export the list "
            "again without row names (row.names = FALSE)."
        )
    if opening.longer:
        mark = _called(dialect.delimiter)
        raise ExtractRefused(
            f"The first rows end with a {mark}, and the header does not, so it cannot be told which name belongs to "
            f"which cell. If nothing is missing in the header but that {mark}, put it at the end of the header's line "
            "and drop the file again; if a name is missing, export the list again."
        )
    if opening.other:
        header, below = map(_called, (dialect.delimiter, opening.other))
        raise ExtractRefused(
            f"The header has a {header} between its names, but the rows below it have a {below} between their cells, "
            "so nobody can be read. Export the list again with one character between all cells."
        )
    rows = _Rows(lines, opening, hints, wanted, notes)
    return Table(form, rows.header, InBlocks(rows.blocks()), notes)


def _called(mark: str) -> str:
    """What a delimiter is called in a sentence."""
    return MARK.get(mark, f"'{mark}'")


def _no_header(sample: Sequence[str]) -> ExtractRefused:
    line = next((number for number, line in enumerate(sample, 1) if line.strip(" \t\r\n,;|\ufeff")), None)
    if line is None:
        return ExtractRefused(
            "The file has only blank lines: there is no header and nobody in it. Drop the complete list."
        )
    return ExtractRefused(
        f"The header cannot be read: on line {line} a quotation mark is in the wrong place or is never closed. Correct "
        "it and drop the file again.",
        line=line,
    )


class _Rows:
    """The rows below the header."""

    def __init__(
        self, lines: PhysicalLines, opening: Opening, hints: FormatHints, wanted: Sequence[str], notes: list[str]
    ) -> None:
        stream = iter(lines)
        if opening.announced:
            next(stream)
        self._source = CellRows(stream, opening.dialect, hints.comment, before=int(opening.announced))
        self._delimiter = opening.dialect.delimiter
        self._notes = notes
        self._again = again = is_rejects_file(opening.header)
        self._subtotals: list[int] = []  # the lines of totals of groups
        self._trailer = None if again or not hints.trailer else plain_name(hints.trailer)
        self._trailer_word = hints.trailer or ""
        trailers = {mark for mark in (self._trailer or "")[:1] for mark in (mark, mark.upper(), "\ufeff")}
        self._marks = trailers | RULE_MARKS  # what rows begin with that need a closer look
        self._counts = not again and not hints.trailer  # whether count rows are looked for
        self._more_header = 0 if again else hints.header_rows - 1
        self._names = header_names(opening.header, wanted)
        self._skip_to(opening)
        self._full = len(opening.header)  # with the empty cells that delimiters at the ends of all lines make
        self.header = opening.header
        while len(self.header) > 1 and not self.header[-1].strip():
            self.header = self.header[:-1]
        self._width = len(self.header)
        self._begins = begins_with_names(opening.header, wanted)
        self._first_people = first_people(self._names, opening.below, self._more_header)
        self._short = opening.short
        self._is_drawn = opening.drawn
        self._headings = Headings(self._titles)
        self._filled = 0  # rows to which empty cells were added
        self._newest_filled: tuple[int, tuple[str, ...]] = (0, ())  # the newest of them, as it was
        self._newest_bad: tuple[int, tuple[str, ...]] = (0, ())  # the newest that lacks more
        self._shorter: set[int] = set()  # cells that rows without some have
        self._people = 0
        self._skipping = self._more_header
        self._ended = 0  # the line of the trailer
        self._rules: list[int] = []  # the lines that are drawn between rows
        self._held: list[tuple[BadRow, int | None]] = []  # rows that seem to be totals, as long as nobody follows
        self._below: list[Row | BadRow] = []  # lines of one cell below a whole row, as long as nobody follows

    def _skip_to(self, opening: Opening) -> None:
        """Take the rows above the header, and the header."""
        source = self._source
        self._titles: set[str] = set()
        above: list[tuple[str, int, list[str]]] = []
        while source.number <= opening.above:
            try:
                before, cells = source.read()
                above.append((f"Line {before + 1}", before + 1, cells))
            except csv.Error as error:
                if source.number > opening.above:
                    raise ExtractRefused(
                        f"The header on line {source.start + 1} cannot be read: a cell has a quotation mark in the "
                        "wrong place. Correct it and drop the file again.",
                        line=source.start + 1,
                    ) from error
        line = source.start + 1
        if any("\n" in cell and self._delimiter in cell for cell in opening.header):
            raise ExtractRefused(
                f"The header on line {line} runs to line {source.lines} and seems to hold rows: probably a quotation "
                "mark is not closed. Correct it and drop the file again.",
                line=line,
            )
        if opening.texts_above:
            refuse_list_above(self._names, above[:-1])
            self._titles.update(cells[0] for _, _, cells in above[:-1] if len(cells) == 1)
            self._notes.append(
                f"The header is on line {line}; what stands above it ({opening.texts_above} "
                f"{'row' if opening.texts_above == 1 else 'rows'}) was left out."
            )

    def blocks(self) -> Iterator[Rows | BadRow]:
        """The rows. The newest one waits for the next, which may show that its last cell is cut."""
        ready = _Ready()
        try:
            for block in self._source.blocks():
                yield from self._take(block, ready)
                yield from ready.take(but=1)
        except ExtractRefused:
            yield from ready.take()  # whoever looks at the first rows only has them
            raise
        yield from ready.take()
        yield from map(_alone, self._below)
        self._end()

    def _take(self, block: Block, ready: _Ready) -> Iterator[Rows | BadRow]:
        """Rows that were read together: long runs of usual ones, and what is between them."""
        source, rows, ends = self._source, block.rows, block.ends
        lines = [block.start + 1, *(end + 1 for end in ends)]
        odd = [False] * len(rows) if self._are_usual(rows) else [*self._odd(rows)]
        odd.append(True)
        place = 0
        while place < len(rows):
            start, place = place, place if self._is_watchful else odd.index(True, place)
            some_are_long = start < place and ends[place - 1] - lines[start] >= place - start
            for one in range(start, place) if some_are_long else ():
                if ends[one] > lines[one]:
                    try:
                        self._check_lines(lines[one], ends[one], rows[one])
                    except ExtractRefused:
                        self._pass(block, lines, slice(start, one), ready)
                        raise
            self._pass(block, lines, slice(start, place), ready)
            if place < len(rows):
                source.settle(block, place)
                yield from self._look(rows[place], ready)
                place += 1
        if block.error:
            if self._below:
                yield from self._break(ready)
            source.settle(block, place)
            if not isinstance(block.error, csv.Error):
                raise block.error
            source.number += 1
            lined_up = source.lined_up()
            found = self._judge(source.start + 1, lined_up) if lined_up else self._unreadable(block.error)
            yield from self._found(found, ready)

    def _pass(self, block: Block, lines: Sequence[int], part: slice, ready: _Ready) -> None:
        """Usual rows."""
        rows = block.rows[part]
        self._people += len(rows)
        numbers = range(block.number + part.start + 1, block.number + part.stop + 1)
        size = block.size * len(rows) // len(block.rows)
        cells = [cells[: self._width] for cells in rows] if self._width < self._full else rows
        ready.add(numbers, lines[part], cells, size)

    def _are_usual(self, rows: Sequence[list[str]]) -> bool:
        """Whether it is certain at a glance that no row is odd."""
        if set(map(len, rows)) != {self._full} or self._width < self._full:
            return False
        firsts = [cells[0].strip() for cells in rows]
        if not (all(firsts) and self._begins.isdisjoint(map(str.casefold, firsts))):
            return False
        if not self._marks.isdisjoint(first[0] for first in firsts):
            return False
        second, third = min(1, self._width - 1), min(2, self._width - 1)
        seconds = [cells[second] for cells in rows]
        are_filled = not self._counts or (all(seconds) and all(cells[third] for cells in rows))
        return are_filled and self._begins.isdisjoint(seconds)

    def _odd(self, rows: Sequence[list[str]]) -> Iterator[bool]:
        """Whether rows need a closer look, by nothing but their cells."""
        full, width = self._full, self._width
        second, third = min(1, width - 1), min(2, width - 1)
        names, marks, counts = self._begins, self._marks, self._counts
        for cells in rows:
            yield not (
                len(cells) == full
                and (first := cells[0].strip())
                and ((cells[second] and cells[third]) or cells[width - 1] or not counts)
                and (full == width or not any(cells[width:]))
                and first.casefold() not in names
                and cells[second] not in names
                and first[0] not in marks
            )

    @property
    def _is_watchful(self) -> bool:
        """Whether something of the rows above has to be remembered, so that all rows need a closer look."""
        return bool(self._held or self._below or self._skipping or self._ended)

    def _look(self, cells: list[str], ready: _Ready) -> Iterator[Rows | BadRow]:
        """A row that needs a closer look, behind those that wait."""
        line = self._source.start + 1
        if not self._people:
            self._headings.look(cells)
        if self._below:
            if self._may_end(cells) and len(self._below) < _MOST_FOOTERS:
                self._below += self._judge(line, cells)
                return
            if repeats(self._names, cells):  # so that what stands above it is no rest of a cell, but its heading
                yield from ready.take()
                yield from map(_alone, self._below)
                self._below.clear()
            else:
                yield from self._break(ready)
        before = ready.last
        if before is not None and self._goes_on(before, cells):
            if (
                self._may_end(cells)
                and self._left_out(before) in {None, self._width}
                and not _runs_on(before.cells[-1], cells)
            ):
                self._below += self._judge(line, cells)  # below the list, unless somebody follows
                return
            yield from self._break(ready)
        elif self._is_rest(before, cells):
            if before is not None and (found := self._left_out(before)) is not None:
                self._filled -= found < self._width
                yield from self._break(ready)
            self._people += 1
            yield self._bad(line, cells)
            return
        yield from self._found(self._judge(line, cells), ready)

    def _may_end(self, cells: list[str]) -> bool:
        """Whether a row below a list may be about the list: it has one cell, or none, or is a total or the trailer."""
        if sum(map(bool, map(str.strip, cells))) <= 1 or looks_like_count(cells)[0] or is_subtotal(cells):
            return True
        return self._trailer is not None and plain_name(cells[0]) == self._trailer

    def _left_out(self, row: Row) -> int | None:
        """How many cells a row had that leaves out some at its end, or the delimiter of a drawn table; else None."""
        number, as_it_was = self._newest_filled
        return len(as_it_was) if number == row.number else None

    def _break(self, ready: _Ready) -> Iterator[Rows | BadRow]:
        """The newest row, which the next line goes on, and what waits behind it.

        What stands before the break is the row's own beyond doubt, so that somebody who leaves by it leaves.
        """
        row = ready.last
        yield from ready.take(but=1)
        ready.clear()
        if row is not None:
            last = (self._left_out(row) or self._width) - 1
            faults = tuple((place, _GOES_ON) for place in range(last, self._width))
            yield BadRow(row.number, row.line, row.cells, _GOES_ON, faults)
        yield from map(_alone, self._below)
        self._below.clear()

    def _found(self, found: Iterable[Row | BadRow], ready: _Ready) -> Iterator[Rows | BadRow]:
        for row in found:
            if isinstance(row, BadRow):
                yield from ready.take()
                yield row
            else:
                ready.add([row.number], [row.line], [row.cells], len("".join(row.cells)))

    def _goes_on(self, before: Row, cells: list[str]) -> bool:
        """Whether a line is the rest of the last cell of the row before it, which is not in quotes."""
        source = self._source
        return (
            source.start == before.line
            and source.lines == before.line + 1
            and any(map(str.strip, cells))
            and len(cells) < self._width
            and not self._leaves_out(len(cells))
            and not source.line_before.rstrip().endswith(source.quote)
            and (len(cells) == 1 or len(cells[0].split()) > 2 or _is_prose(cells, before.cells))
            and "9" not in id_shape(cells[0])  # else it is somebody's row that lacks cells
            and not speaks_of_a_count(cells[0])
            and not is_subtotal(cells)
            and not is_rule(cells)
            and not self._headings.is_one(before.cells[-1], cells)
            and (self._trailer is None or plain_name(cells[0]) != self._trailer)
        )

    def _is_rest(self, before: Row | None, cells: list[str]) -> bool:
        """Whether a line is the other half of the row before it, which seemed to leave out empty cells."""
        return (
            self._is_half(before, cells)
            and any(map(str.strip, cells))
            and not self._ended
            and not repeats(self._names, cells)
            and not is_another(self._names, cells, self._people)
            and not is_rule(cells)
            and not looks_like_count(cells)[0]
            and not is_subtotal(cells)
            and (self._trailer is None or plain_name(cells[0]) != self._trailer)
        )

    def _is_half(self, before: Row | None, cells: list[str]) -> bool:
        number, as_it_was = self._newest_filled
        if before is not None and number == before.number:
            return are_halves(as_it_was, cells, self._full if self._is_drawn else self._width)
        number, as_it_was = self._newest_bad
        # A row that lacks more cells than any other may be somebody's slip, and so the next one somebody's, too.
        return (
            number == self._source.number - 1
            and are_halves(as_it_was, cells, self._width)
            and id_shape(as_it_was[0]) in _NUMBERS
            and bool(cells[0].strip())
            and not any(map(_is_of_a_code, cells[0]))
        )

    def _judge(self, line: int, cells: list[str]) -> Iterator[Row | BadRow]:
        """A row that needs a closer look."""
        source = self._source
        if not any(map(str.strip, cells)):
            return
        if self._ended:
            raise after_trailer(self._trailer_word, self._ended, line)
        if source.lines > line:
            self._check_lines(line, source.lines, cells)
        if self._skipping and self._is_skipped(line, cells):
            return
        if is_rule(cells):
            self._rules.append(line)
            return
        if repeats(self._names, cells):
            self._notes.append(f"Line {line} repeats the header, as when files are joined; it was left out.")
            self._skipping = self._more_header
            return
        if is_another(self._names, cells, self._people):
            raise two_lists(f"Line {line}", line)
        if self._trailer is not None and plain_name(cells[0]) == self._trailer:
            check_trailer(self._trailer_word, count_of_trailer(cells), self._people, line)
            self._ended = line
            return
        if not self._again and self._may_count(cells) and is_subtotal(cells):
            self._subtotals.append(line)
            return
        if self._counts and self._may_count(cells):
            is_count, count = looks_like_count(cells)
            if is_count:
                self._held.append((self._bad(line, cells), count))
                if len(self._held) > _MOST_COUNTS:
                    yield from self._release()
                return
        yield from self._release()
        self._people += 1
        yield self._sized(line, cells)

    def _is_skipped(self, line: int, cells: list[str]) -> bool:
        """Whether a row is one of the header's further ones, if there still are some, and not somebody's."""
        belongs = belongs_to_header(self._names, cells, self._first_people)
        if belongs is None:
            raise cannot_tell(f"line {line}", line, self._more_header + 1)
        self._skipping = self._skipping - 1 if belongs else 0
        if not belongs:
            self._notes.append(is_read(f"Line {line}", self._more_header + 1))
        return belongs

    def _may_count(self, cells: list[str]) -> bool:
        """Whether a row is so empty that it cannot be somebody's."""
        return len(cells) not in {self._width, self._full} or sum(map(bool, map(str.strip, cells))) <= 2

    def _release(self) -> Iterator[BadRow]:
        """People follow: what seemed to be totals at the end is something else."""
        for row, _ in self._held:
            self._people += 1
            yield BadRow(row.number, row.line, row.cells, "the row looks like a total, but more rows follow.")
        self._held.clear()

    def _sized(self, line: int, cells: list[str]) -> Row | BadRow:
        number, found, width = self._source.number, len(cells), self._width
        if found in {width, self._full} and not any(map(str.strip, cells[width:])):
            if found < self._full and self._is_drawn:
                self._newest_filled = (number, tuple(cells))
            return Row(number, line, tuple(cells[:width]))
        if found < width and self._leaves_out(found):
            self._filled += 1
            self._newest_filled = (number, tuple(cells))
            return Row(number, line, (*cells, *[""] * (width - found)))
        if self._source.cut_off and found < width and found not in self._shorter:
            raise ExtractRefused(
                f"The file ends in the middle of line {line} ({found} of {width} columns): the upload was cut off. "
                "Drop the complete file again.",
                line=line,
            )
        if found < width and self._short:
            self._newest_bad = (number, tuple(cells))
        return self._bad(line, cells)

    def _leaves_out(self, found: int) -> bool:
        """Whether a row with so few cells leaves out empty ones; of the last one without an end nobody can be sure."""
        return bool(self._short) and (found in self._short if self._source.cut_off else found >= min(self._short))

    def _bad(self, line: int, cells: list[str]) -> BadRow:
        found, width = len(cells), self._width
        if found < width:
            self._shorter.add(found)
            reason = f"the row has {found} of {width} columns."
        elif found in {width, self._full}:
            reason = "the row has something in a column that has no name."
        else:
            mark = _called(self._delimiter)
            reason = (
                f"the row has {found} columns where the header has {width}; perhaps a {mark} in a cell is not in "
                "quotes."
            )
        return BadRow(self._source.number, line, tuple(cells), reason)

    def _check_lines(self, line: int, last: int, cells: list[str]) -> None:
        """A row over several lines is somebody's with a line break in a cell, or a quote is not closed."""
        found, width = len(cells), self._width
        if found not in {width, self._full} and not (found < width and self._leaves_out(found)):
            if not may_swallow_rows(cells, self._delimiter):
                return  # a bad row, like others; nobody else can be in it
            raise ExtractRefused(
                f"The row that starts on line {line} runs to line {last} and has {found} columns where the header has "
                f"{width}: probably a quotation mark is not closed. Correct it and drop the file again.",
                line=line,
            )
        if swallows_rows(cells, self._delimiter):
            raise ExtractRefused(
                f"A cell of the row that starts on line {line} runs to line {last} and seems to hold other rows: "
                "probably a quotation mark is not closed. Correct it and drop the file again.",
                line=line,
            )

    def _unreadable(self, error: csv.Error) -> Iterator[BadRow]:
        """A row whose cells cannot be told apart; if it runs over several lines, neither can the rest of the file."""
        source = self._source
        line = source.start + 1
        if "unexpected end of data" in str(error):
            raise ExtractRefused(
                f"A quotation mark that opens on line {line} is never closed: either it is a mistake or the upload "
                "was cut off. Correct that line, or drop the complete file again.",
                line=line,
            ) from error
        if source.lines > line:
            raise ExtractRefused(
                f"A quotation mark that opens on line {line} is never properly closed, so everything after it "
                "cannot be told apart. Correct that line and drop the file again.",
                line=line,
            ) from error
        if self._ended:
            raise after_trailer(self._trailer_word, self._ended, line) from error
        yield from self._release()
        self._people += 1
        if "field larger" in str(error):
            reason = f"a cell has more than {csv.field_size_limit():,} characters."
        else:
            reason = "a cell has a quotation mark in the wrong place."
        yield BadRow(source.number, line, (source.text.rstrip("\r\n"),), reason)

    def _end(self) -> None:
        if self._trailer is not None and not self._ended:
            raise no_trailer(self._trailer_word, self._source.lines)
        if self._filled:
            rows = "1 row leaves" if self._filled == 1 else f"{self._filled:,} rows leave"
            self._notes.append(
                f"{rows} out empty cells at the end, as some programs write them; these cells count as empty."
            )
        if self._subtotals:
            self._notes.append(subtotals_left_out(self._subtotals))
        if self._rules:
            self._notes.append(rules_left_out(self._rules))
        for row, count in self._held:
            if count is None:
                self._notes.append(f"Line {row.line} only marks the end of the list; it is nobody.")
            else:
                check_count(count, self._people, row.line)
                self._notes.append(right_count(count, row.line))


def _alone(row: Row | BadRow) -> Rows | BadRow:
    return row if isinstance(row, BadRow) else Rows([row.number], [row.line], [row.cells])


class _Ready:
    """Good rows that wait for what the next line shows."""

    def __init__(self) -> None:
        self._numbers: list[int] = []
        self._lines: list[int] = []
        self._cells: list[Sequence[str]] = []
        self._size = 0  # characters, about

    def add(self, numbers: Sequence[int], lines: Sequence[int], cells: Sequence[Sequence[str]], size: int) -> None:
        self._numbers += numbers
        self._lines += lines
        self._cells += cells
        self._size += size

    @property
    def last(self) -> Row | None:
        """The newest row, if there is one."""
        return Row(self._numbers[-1], self._lines[-1], tuple(self._cells[-1])) if self._cells else None

    def take(self, but: int = 0) -> Iterator[Rows]:
        """All of them but the newest ones, if there are any; then there are no others any more."""
        size = len(self._cells) - but
        if size > 0:
            characters = self._size * size // len(self._cells)
            yield Rows(self._numbers[:size], self._lines[:size], self._cells[:size], characters)
            del self._numbers[:size], self._lines[:size], self._cells[:size]
            self._size -= characters

    def clear(self) -> None:
        self._numbers.clear()
        self._lines.clear()
        self._cells.clear()
        self._size = 0


def _runs_on(cell: str, cells: Sequence[str]) -> bool:
    """Whether a text seems to go on in a line with small letters; an id, a day or an address does not."""
    begins = "".join(cells).strip()[:1]
    words = cell.split()
    return begins.islower() and bool(words) and not (len(words) == 1 and any(map(_is_of_a_code, cell)))


def _is_of_a_code(sign: str) -> bool:
    return sign.isdigit() or sign == "@"


def _is_prose(cells: Sequence[str], others: Sequence[str]) -> bool:
    """Whether blanks follow the delimiters, as in a sentence, and not in another row."""
    return all(cell.startswith(" ") for cell in cells[1:]) and not any(cell.startswith(" ") for cell in others)
