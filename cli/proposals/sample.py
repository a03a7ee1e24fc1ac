"""The first rows of an extract of any form, with the columns that it has: nobody has named any yet."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from functools import cached_property
from itertools import islice

from cli.proposals.documents import hdl_columns, json_columns, xml_columns
from cli.proposals.header_words import as_written
from shared.errors import ExtractRefused
from shared.extract.records import find_columns
from shared.mapping.cells.text import clean
from shared.mapping.format import FormatHints
from shared.mapping.model import PLACEHOLDERS
from shared.readers.documents.sniff import looks_like_hdl, looks_like_json, looks_like_xml
from shared.readers.open_extract import Reading
from shared.readers.peek import peek
from shared.readers.table import BadRow, Table
from shared.readers.text.column_names import count_found, loose_set, places_of, plain_name
from shared.readers.text.headers import is_somebody, why_no_header
from shared.readers.text.own_rejects import guards_a_formula, without_guard
from shared.readers.unpack import open_layers

ROWS = 20_000
"""So many rows are looked at unless a person says otherwise."""
_LOOK = 8192
_CODE_PAGE = "windows-1252"
_KNOWN = 3  # names of columns that nobody has for name, job and department
_NO_HEADER = (
    "The file seems to have no header: its first line is about somebody. Have the names of the columns written on the "
    "first line (in PowerShell: Export-Csv without -NoHeader)."
)


@dataclass(frozen=True)
class Column:
    """A column with its cells, cleaned as the app does it.

    Attributes:
        name: as in the header, or a path.
        cells: of the rows that were looked at; empty where they say nothing.
        always: whether it is in every record, be it empty; only documents may lack it in some.
    """

    name: str
    cells: tuple[str, ...]
    always: bool = True

    @cached_property
    def filled(self) -> tuple[str, ...]:
        """The cells that say something."""
        return tuple(cell for cell in self.cells if cell)

    @cached_property
    def counts(self) -> Counter[str]:
        """How often each filled cell occurs."""
        return Counter(self.filled)

    @property
    def is_full(self) -> bool:
        """Whether every row says something."""
        return bool(self.cells) and len(self.filled) == len(self.cells)

    @property
    def is_unique(self) -> bool:
        """Whether no two rows say the same."""
        return len(self.counts) == len(self.filled) > 0


@dataclass(frozen=True)
class Sample:
    """What was seen of an extract.

    Attributes:
        kind: csv, fixed, json, ndjson, xml, hdl or xlsx.
        columns: those with a name that occurs once.
        twice: names that occur several times.
        rows: so many were looked at.
        bad: rows that cannot be read.
        whole: whether that was all of the file.
        format: what the mapping must say of the form.
        guessed: keys of it that the file does not prove.
        notes: of the reader, for people.
    """

    kind: str
    columns: tuple[Column, ...]
    twice: tuple[str, ...] = ()
    rows: int = 0
    bad: int = 0
    whole: bool = True
    format: dict[str, object] = field(default_factory=dict)
    guessed: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    def column(self, name: str) -> Column | None:
        """A column by its name, compared as the app does it."""
        places = places_of([column.name for column in self.columns], [name])[name]
        return self.columns[places[0]] if places else None


@dataclass(frozen=True)
class Source:
    """An extract that can be read again and again.

    Attributes:
        chunks: begins at its first byte each time.
        hints: what a person says of its form.
        today: the day that counts.
        read_secret: as in `Reading`.
    """

    chunks: Callable[[], Iterable[bytes]]
    hints: FormatHints
    today: date
    read_secret: Callable[[str], str] | None = None

    def open(self, columns: Sequence[str], hints: FormatHints, optional: Sequence[str] = ()) -> Table:
        """Open it as the app does."""
        return Reading(hints, self.read_secret, optional, self.today).open(self.chunks(), columns)


TABLES = ("csv", "fixed", "xlsx")
"""Kinds of files that have a header."""


@dataclass(frozen=True)
class Mapped:
    """What a file holds of the columns that somebody has named.

    Attributes:
        kind: of the file.
        header: of the file; of a document, the names themselves.
        columns: those that are in the header or, of a document, in some record.
        rows: so many were looked at.
    """

    kind: str
    header: tuple[str, ...]
    columns: dict[str, Column]
    rows: int


def take_columns(source: Source, hints: FormatHints, names: Sequence[str], most: int = ROWS) -> Mapped:
    """Read some columns of the first rows of an extract, whichever of them it has.

    Raises:
        ExtractRefused: nobody can read it, or one of the columns occurs twice.
    """
    table = source.open(names, hints, names)
    places = find_columns(table.header, names, names, delimiter=table.form.delimiter)
    rows = [row.cells for row in islice(table.rows, most) if not isinstance(row, BadRow)]
    columns = {name: Column(name, tuple(_said(row[at]) for row in rows)) for name, at in places.items()}
    if table.form.kind not in TABLES:
        columns = {name: column for name, column in columns.items() if column.filled}
    return Mapped(table.form.kind, table.header, columns, len(rows))


def take_sample(source: Source, most: int = ROWS) -> Sample:
    """Read the first rows of an extract.

    Text that is neither UTF-8 nor UTF-16 is read in the code page that Western European spreadsheets use, if nobody has
    said another one.

    Args:
        source: the extract.
        most: rows that are read.

    Raises:
        ExtractRefused: nobody can read it.
    """
    try:
        return _take(source, source.hints, most)
    except ExtractRefused as refused:
        if source.hints.encoding:
            raise
        try:
            sample = _take(source, _with(source.hints, encoding=_CODE_PAGE), most)
        except ExtractRefused:
            raise refused from None
        return sample


def _take(source: Source, hints: FormatHints, most: int) -> Sample:
    unpacked = open_layers(source.chunks(), hints, source.read_secret)
    first, stream = peek(unpacked.chunks, _LOOK)
    if looks_like_json(first):
        found = json_columns(_whole(stream), hints)
    elif looks_like_xml(first):
        table = source.open(as_written(), hints, as_written())
        found = xml_columns(_whole(stream), hints, table.form.encoding)
    elif looks_like_hdl(first):
        found = hdl_columns(_whole(stream), hints)
    else:
        return _of_table(source, hints, most)
    hints = _with(hints, **found.format)
    names = [name for name, _ in found.columns]
    table = source.open(names, hints, names)
    always = {name for name, always in found.columns if always}
    cells, rows, bad, whole = _cells(table, most)
    columns = tuple(Column(name, tuple(cells[at]), name in always) for at, name in enumerate(names) if any(cells[at]))
    return _finished(source, hints, Sample(table.form.kind, columns, (), rows, bad, whole), table)


def _of_table(source: Source, hints: FormatHints, most: int) -> Sample:
    table, (cells, rows, bad, whole) = _with_header(source, hints, most)
    names = Counter(plain_name(name) for name in table.header)
    columns = tuple(
        Column(clean(name), tuple(cells[at]))
        for at, name in enumerate(table.header)
        if clean(name) and names[plain_name(name)] == 1
    )
    twice = tuple(
        dict.fromkeys(" ".join(name.split()) for name in table.header if names[plain_name(name)] > 1 and name.strip())
    )
    return _finished(source, hints, Sample(table.form.kind, columns, twice, rows, bad, whole), table)


def _with_header(source: Source, hints: FormatHints, most: int) -> tuple[Table, tuple[list[list[str]], int, int, bool]]:
    """The table and its cells; the header is never somebody whose job or department is called like a column.

    Raises:
        ExtractRefused: every row is somebody's.
    """
    said = [column.name for column in hints.columns]
    for names in [said] if said else [as_written(), ()]:
        table = source.open(names, hints)
        found = _cells(table, most)
        known = count_found(table.header, loose_set(as_written())) >= _KNOWN
        if said or known or not is_somebody(table.header, list(zip(*found[0], strict=True))):
            return table, found
    raise ExtractRefused(why_no_header(table.header, ()) or _NO_HEADER)


def _finished(source: Source, hints: FormatHints, sample: Sample, table: Table) -> Sample:
    said = {key: value for key, value in hints.model_dump().items() if key in hints.model_fields_set}
    guessed = tuple(key for key in said if key not in source.hints.model_fields_set)
    if "encoding" in guessed and table.form.encoding.startswith("utf"):
        del said["encoding"]
    columns = sample.columns
    if any(guards_a_formula(cell) for column in columns for cell in column.filled):
        said["text_guard"] = True
        columns = tuple(replace(column, cells=tuple(map(without_guard, column.cells))) for column in columns)
    parts = {**sample.__dict__, "columns": columns, "format": said, "guessed": guessed, "notes": tuple(table.notes)}
    return Sample(**{key: value for key, value in parts.items() if key in Sample.__dataclass_fields__})


def _cells(table: Table, most: int) -> tuple[list[list[str]], int, int, bool]:
    """The cells by column; how many rows, and bad ones, there were; whether that was all of the file."""
    cells: list[list[str]] = [[] for _ in table.header]
    rows = bad = 0
    stream: Iterator[object] = iter(table.rows)
    for row in islice(table.rows, most):
        rows += 1
        if isinstance(row, BadRow):
            bad += 1
            continue
        for at, cell in enumerate(row.cells):
            cells[at].append(_said(cell))
    return cells, rows, bad, next(stream, None) is None


def _said(cell: str) -> str:
    text = clean(cell)
    return "" if text in PLACEHOLDERS else text


def _whole(stream: Iterable[bytes]) -> bytes:
    return b"".join(stream)


def _with(hints: FormatHints, **more: object) -> FormatHints:
    said = {key: getattr(hints, key) for key in hints.model_fields_set}
    return FormatHints.model_validate({**said, **more})
