"""JSON as HR systems write it, as a stream: bytes in, rows out.

Forms that are known: a bare list, one object per line (NDJSON), and a list wrapped in objects: Workday's
`{"Report_Entry": [...]}` (also below `root`), OData's `{"d": {"results": [...]}}` and `{"value": [...]}`, `employees`,
`workers`, `data`, `records`, `results`, `items` and `Resources`; `format.path` names any other place. A known place
goes before an unknown one, a list nearer to the outside before one further in; two that are equal are refused. Unknown
lists are held in memory, up to 4 MiB of text, until it is clear which one counts; apart from that, memory does not grow
with the file. An object in the place of the list is one record. People at another place refuse the file, unless
`format.path` chooses; see `others`.

A record is one row: `number` counts records from 1 (there is no header row), `line` is the physical line on which the
record starts. How a wanted path finds its value in a record is in `paths`.

A *bad row* is a record with a key twice, one that is no object, a path that ends at an object and, in NDJSON, a line
that is not JSON. Everything else that is not JSON (NaN included) refuses the whole file, and so does a sign that it is
one page of several, a wanted path that is in no record, a record of more than 1 MiB and nesting deeper than 64 levels.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence

from shared.errors import ExtractRefused
from shared.mapping.format import FormatHints
from shared.model import Row
from shared.readers.decoding import DecodedText, with_line_feeds
from shared.readers.documents.columns import Columns
from shared.readers.documents.json_lists import FoundRecord, Lists
from shared.readers.documents.json_text import JsonReader, JsonText, NotJsonError, plain_object, plain_objects
from shared.readers.documents.others import Others
from shared.readers.documents.paging import Pages
from shared.readers.documents.paths import InexactError, Value
from shared.readers.table import BadRow, Form, InBlocks, Rows, Table, in_blocks

_ALIKE = 20  # records after one with numbers that had to be read carefully, which are taken to be the same


# Many parameters: what the mapping says of the columns, each kind by itself.
def open_json(
    chunks: Iterable[bytes],
    hints: FormatHints,
    wanted: Sequence[str],
    *,
    optional: Collection[str] = (),
    days: Collection[str] = (),
    names: Collection[str] = (),
) -> Table:
    """Opens a JSON document.

    Args:
        chunks: the file's bytes, in pieces of any size.
        hints: `path` (dotted; `$` for the outermost value) and `encoding` are used.
        wanted: paths into a record; they are the header of the table.
        optional: those of them that may be missing in every record.
        days: those of them that a reader of days looks at: `/Date(ms)/` stays as it is there, and is made
            ISO 8601 everywhere else.
        names: those of them by which somebody is called: several values are a fault there, which a known name mends.

    Returns:
        The table; its cells are in the order of `wanted`, empty where a record has nothing.

    Raises:
        ExtractRefused: now or while the rows are read, when the file as a whole cannot be used.
    """
    text = DecodedText(chunks, hints.encoding)
    source = JsonText(with_line_feeds(text.pieces()))
    reader, pages, columns, notes = JsonReader(), Pages(), Columns(wanted, optional, days=days, names=names), text.notes
    others = Others(columns, notes, chosen_by_it=hints.path is not None)
    kind, goal = _survey(source, reader, columns, hints)

    def rows() -> Iterator[Row | BadRow]:
        count = 0
        for count, found in enumerate(Lists(source, reader, pages, others, goal).records(), 1):
            yield _row(found, count, source, reader, columns)
        pages.check(count)
        notes.extend(pages.notes(count))
        end()

    def blocks() -> Iterator[Rows | BadRow]:
        yield from _Lines(source, reader, columns).blocks()
        others.check(())
        end()

    def end() -> None:
        columns.check()
        table.renamed.update(columns.renamed())
        notes.extend(columns.notes())

    form = Form(kind, text.encoding, text.bom, "", "", "")
    table = Table(form, tuple(wanted), InBlocks(blocks()) if kind == "ndjson" else rows(), notes)
    return table


def _survey(
    source: JsonText, reader: JsonReader, columns: Columns, hints: FormatHints
) -> tuple[str, tuple[str, ...] | None]:
    """Tells NDJSON from a document, and where the records are if that can be told in advance."""
    goal = None if hints.path is None else () if hints.path == "$" else tuple(hints.path.split("."))
    first = source.next()
    if first not in ("{", "["):
        raise ExtractRefused(
            "The file is blank: there is nobody in it. Drop the complete file."
            if not first
            else "This is not JSON: it starts neither with { nor with [. Export the list again as JSON.",
            line=source.line,
        )
    whole = source.whole() if first == "{" else None
    if whole is None:
        return "json", goal
    after = source.after(len(whole))
    try:
        value, _ = reader.read(whole)
    except NotJsonError:
        value = None
    if after == "{" and "\n" not in whole:
        if goal or (Lists.known_in(value) and not columns.seen(value)):
            raise ExtractRefused(
                "The file holds several JSON documents, one on each line"
                + (
                    ", so `format.path` cannot be used: ask IT to remove it."
                    if goal
                    else ". Have everybody exported into one document and drop that. Only documents with nothing but "
                    "changes are dropped one by one, the oldest first."
                ),
                line=source.line,
            )
        return "ndjson", None
    if goal is None and not after and isinstance(value, dict):
        goal = Lists.single_in(value, columns)
    return "json", goal


def _row(found: FoundRecord, number: int, source: JsonText, reader: JsonReader, columns: Columns) -> Row | BadRow:
    if found.value is not None:
        try:
            return columns.row(found.value, number, found.line)
        except InexactError:
            pass
    try:
        value, twice = reader.read(found.text)
    except NotJsonError as error:
        why, line = str(error), found.line + error.line
    else:
        return columns.row(value, number, found.line, _twice(twice))
    source.record = number
    raise source.broken(why, line)


class _Lines:
    """The records of NDJSON, a line each."""

    def __init__(self, source: JsonText, reader: JsonReader, columns: Columns) -> None:
        self._source = source
        self._reader = reader
        self._columns = columns
        self._number = 0  # of the newest record
        self._careful = 0  # records that are to be read carefully without a try

    def blocks(self) -> Iterator[Rows | BadRow]:
        """The rows: many lines at once where all of them are plain, which gives the same."""
        source = self._source
        source.record = 1
        for lines, ended in source.lines():
            values = None if self._careful else plain_objects(lines)
            rows = self._columns.rows(values, self._number + 1, source.line) if values else None
            if rows is None:
                yield from in_blocks(self._one_by_one(lines, ended=ended))
                continue
            self._number += len(rows)
            yield rows
            source.record = self._number + 1

    def _one_by_one(self, lines: Sequence[str], *, ended: bool) -> Iterator[Row | BadRow]:
        source = self._source
        for line, text in enumerate(map(str.strip, lines), source.line):
            source.line = line
            if not text:
                continue
            self._number += 1
            row: Row | BadRow | None = None
            if self._careful:
                self._careful -= 1
            elif (value := plain_object(text)) is not None:
                try:
                    row = self._columns.row(value, self._number, line)
                except InexactError:
                    self._careful = _ALIKE
            yield row or self._carefully(text, ended=ended)
            source.record = self._number + 1

    def _carefully(self, text: str, *, ended: bool) -> Row | BadRow:
        source, number = self._source, self._number
        refused = None
        value: Value = None
        try:
            value, twice = self._reader.read(text)
            fault = _twice(twice)
        except NotJsonError as error:
            fault = f"The line is not valid JSON: {error}."
            if error.number:
                refused = source.broken(str(error))
            elif not ended:
                refused = ExtractRefused(
                    f"The file ends in the middle of record {number} on line {source.line}: the upload was cut off. "
                    "Drop the complete file again.",
                    line=source.line,
                )
        if refused:
            raise refused  # out here, because the exception that it replaces holds a piece of the record
        return self._columns.row(value, number, source.line, fault)


def _twice(key: str) -> str:
    return f"The record has '{key[:80]}' twice, so nobody can tell which one counts." if key else ""
