r"""Oracle's HCM Data Loader files (`.dat`): bytes in, one row for each person out.

Such a file has lines for many objects. `METADATA|Worker|...` names the columns of the `MERGE|Worker|...` lines that
follow; `SET` and `COMMENT` lines and blank ones are passed over (`SET FILE_DELIMITER` is obeyed). `\|` and `\\` stand
for the mark itself, `#NULL` for empty.

A row is one person: the lines of the base object (`format.object`, else `Worker`) in the order of the file, and joined
to them the lines of the other objects that the mapping names. `number` counts people from 1 (there is no header row),
`line` is the physical line of the base line that counts. Columns are named

* `PersonNumber`: of the base object,
* `PersonName.LastName`: of another object,
* `PersonEmail[EmailType=W1].EmailAddress`: of the lines in which a column has a value.

How lines are joined and which of several counts is in `hdl_join`.

A *bad row* is a person of whom several lines differ and none is marked as the one that counts, who has a line with too
few or too many columns, or whom the file wants deleted. The file as a whole is refused if it is cut off, a `MERGE` line
comes before its `METADATA` line, or a wanted column is in no `METADATA` line of its object.

The wanted columns of the wanted objects are held in memory, because the lines of one person may be anywhere in the
file; of everything else nothing is kept.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Sequence
from datetime import date

from shared.errors import ExtractRefused
from shared.mapping.format import FormatHints
from shared.model import Row
from shared.readers.hdl.hdl_join import People, Wanted
from shared.readers.physical_lines import PhysicalLines
from shared.readers.table import BadRow, Form, Table

"""Characters of one line."""

_ADVICE = "Export the file again and drop the complete one."
_WANTED = re.compile(
    r"(?:(?P<object>[^.\[\]]+)(?:\[(?P<column>[^\[\]=]+)=(?P<value>[^\[\]]*)\])?\.)?(?P<name>.+)", re.S
)
_DELIMITER = re.compile(r"SET\s+FILE_DELIMITER\s+(\S)\s*")
_PASSED_OVER = re.compile(r"(?:SET|COMMENT)(?:\s|$)")
_ESCAPED = "\\"


def open_hdl(
    chunks: Iterable[bytes],
    hints: FormatHints,
    wanted: Sequence[str],
    *,
    today: date,
    optional: Collection[str] = (),
) -> Table:
    """Opens an HDL file.

    Args:
        chunks: the file's bytes, in pieces of any size.
        hints: `object`, `delimiter` and `encoding` are used.
        wanted: columns; they are the header of the table.
        today: decides which of several dated lines of a person counts.
        optional: those of the wanted columns that need not be in the file.

    Returns:
        The table; its cells are in the order of `wanted`, empty where a person has nothing.

    Raises:
        ExtractRefused: now or while the rows are read, when the file as a whole cannot be used.
    """
    lines = PhysicalLines(chunks, hints.encoding)
    delimiter = hints.delimiter or "|"
    base = hints.object or "Worker"
    notes = lines.text.notes

    def rows() -> Iterator[Row | BadRow]:
        people = People(base, [_column(text, base) for text in wanted], today)
        _read(lines, delimiter, people)
        people.check(optional)
        yield from people.rows()
        notes.extend(people.notes())

    return Table(
        Form("hdl", lines.text.encoding, lines.text.bom, delimiter, "", _ESCAPED), tuple(wanted), rows(), notes
    )


def _column(text: str, base: str) -> Wanted:
    match = _WANTED.fullmatch(text)
    if not match:  # only the empty text
        return Wanted(text, base, text, "", "")
    return Wanted(text, match["object"] or base, match["name"], match["column"] or "", match["value"] or "")


def _read(lines: Iterable[str], delimiter: str, people: People) -> None:
    columns: dict[str, tuple[str, ...]] = {}
    for number, line in enumerate(lines, 1):
        text = line.rstrip("\r\n")
        ended = text != line
        if not text.strip():
            continue
        if set_delimiter := _DELIMITER.fullmatch(text):
            delimiter = set_delimiter[1]
            continue
        if _PASSED_OVER.match(text):
            continue
        cells = _cells(text, delimiter)
        verb = cells[0].strip().upper()
        if verb not in {"METADATA", "MERGE", "DELETE"} or len(cells) < 3:
            _refuse_line(number, ended=ended)
        name = cells[1].strip()
        if verb == "METADATA":
            columns[name.casefold()] = _header(cells[2:], name, number)
            people.see(name, columns[name.casefold()])
        elif name.casefold() not in columns:
            raise ExtractRefused(
                f"Line {number} has data of '{name[:60]}' before a METADATA line names its columns. {_ADVICE}",
                line=number,
            )
        else:
            header = columns[name.casefold()]
            if not ended and len(cells) - 2 < len(header):
                raise ExtractRefused(
                    f"The file ends in the middle of line {number} ({len(cells) - 2} of {len(header)} columns): the "
                    "upload was cut off. Drop the complete file again.",
                    line=number,
                )
            people.add(name, header, cells[2:], number, deleted=verb == "DELETE")


def _refuse_line(number: int, *, ended: bool) -> None:
    if not ended:
        raise ExtractRefused(
            f"The file ends in the middle of line {number}: the upload was cut off. Drop the complete file again.",
            line=number,
        )
    raise ExtractRefused(
        f"Line {number} begins with none of the words METADATA, MERGE, SET and COMMENT, or holds nothing else, so this "
        f"is no HCM Data Loader file. {_ADVICE}",
        line=number,
    )


def _header(names: Sequence[str], name: str, number: int) -> tuple[str, ...]:
    header = tuple(column.strip().casefold() for column in names)
    twice = next((column for column in header if column and header.count(column) > 1), "")
    if twice:
        raise ExtractRefused(
            f"The METADATA line {number} names a column of '{name[:60]}' twice: {twice[:80]}. {_ADVICE}", line=number
        )
    return header


def _cells(text: str, delimiter: str) -> list[str]:
    if _ESCAPED not in text:
        return text.split(delimiter)
    cells, cell = [], ""
    parts = iter(re.split(f"({re.escape(delimiter)}|\\\\{re.escape(delimiter)}|\\\\\\\\)", text))
    for part in parts:
        if part == delimiter:
            cells.append(cell)
            cell = ""
        else:
            cell += part[1:] if part in (_ESCAPED + delimiter, _ESCAPED * 2) else part
    return [*cells, cell]
