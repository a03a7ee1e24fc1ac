"""The one door for every file: takes off what it is wrapped in, sees what it is, and opens it as a table.

Only the bytes count, never the name. What a mapping says of the form (`format.type`) is checked, not believed.
"""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date

from shared.errors import ExtractRefused
from shared.mapping.format import FormatHints
from shared.readers.decoding import proved
from shared.readers.documents.json_document import open_json
from shared.readers.documents.sniff import looks_like_hdl, looks_like_json, looks_like_xml
from shared.readers.documents.xml_document import open_xml
from shared.readers.hdl.hdl_file import open_hdl
from shared.readers.peek import peek
from shared.readers.returned import ending_of, is_named_so, is_returned, reason_column
from shared.readers.table import Table
from shared.readers.text import open_delimited, open_fixed
from shared.readers.text.own_rejects import is_rejects_file
from shared.readers.text.rows_of_cells import COMMON
from shared.readers.unpack import open_layers
from shared.readers.workbook.workbook import open_workbook

_LOOK = 8192
_WORDS = {
    "csv": "delimited text",
    "fixed": "text of fixed width",
    "json": "JSON",
    "ndjson": "JSON with one record on each line",
    "xml": "XML",
    "hdl": "an HDL file of Oracle HCM",
    "xlsx": "an Excel workbook",
}
_ENDINGS = {
    "csv": ("csv",),
    "tsv": ("csv",),
    "xls": ("xlsx",),
    "xlsx": ("xlsx",),
    "xlsm": ("xlsx",),
    "json": ("json", "ndjson"),
    "xml": ("xml",),
}


@dataclass(frozen=True)
class Reading:
    """What it takes to open a source's files.

    Attributes:
        hints: what the mapping says of their form.
        read_secret: gives a secret by its name; without it nothing that is encrypted can be opened.
        optional: columns that a file may lack.
        today: where the source is; it says which of several rows counts, and files with dated lines (HDL) need it.
        written: the day that the rows mean, by which a last day has passed; `today` if it is not said.
        file: the file's name, which may say that it answers rejects.
        most_rejects: how many rows there are to answer. A file with more of them that shows nothing but a last column
            of reasons is a list, and the column is HR's: why people left, say. No end of them if nobody knows.
        names: columns by which people are called; several values in one of these are a fault.
        ids_answered: gives the ids of the rejects that a file may answer, by row; without it nobody knows.
    """

    hints: FormatHints = field(default_factory=FormatHints)
    read_secret: Callable[[str], str] | None = None
    optional: Collection[str] = ()
    today: date | None = None
    file: str = ""
    most_rejects: float = math.inf
    names: Collection[str] = ()
    ids_answered: Callable[[], Mapping[int, Collection[str]]] | None = None
    written: date | None = None

    def open(self, chunks: Iterable[bytes], wanted: Sequence[str], days: Collection[str] = ()) -> Table:
        """Open a file; see `open_extract`."""
        return open_extract(chunks, wanted, self, days)


def open_extract(chunks: Iterable[bytes], wanted: Sequence[str], reading: Reading, days: Collection[str] = ()) -> Table:
    """Open a file of HR's, whatever its form.

    What answers rejects may be CSV whatever the form of the file that it came from, with another delimiter than the
    mapping says (spreadsheets write the one that is usual where they run), and has no trailer and one header row.

    Args:
        chunks: the file.
        wanted: the columns that are asked for.
        reading: what it takes to open it.
        days: those of the columns that a reader of days looks at, to whom they go as they are written.

    Raises:
        ExtractRefused: the file as a whole cannot be used; also while the rows are read.
    """
    unpacked = open_layers(chunks, reading.hints, reading.read_secret)
    first, stream = peek(unpacked.chunks, _LOOK)
    if not first:
        inside = unpacked.layers or unpacked.name
        raise ExtractRefused(
            "The archive holds an empty file (0 bytes). Drop the complete list."
            if inside
            else "The file is empty (0 bytes). If its upload is still going on, nothing needs to be done; otherwise "
            "drop the complete file again."
        )
    if is_named_so(reading.file) or _is_rejects_file(first, reading.hints):
        hints = reading.hints.model_copy(update={"trailer": None, "delimiter": None})
        table = _open_returned(first, stream, wanted, replace(reading, hints=hints), days)
    else:
        table = _open(first, stream, wanted, reading, days)
    table.notes[:0] = [*unpacked.notes, *_misnamed(reading.file, table.form.kind)]
    if not is_returned(reading.file, table.header, wanted):
        return table
    shows = is_named_so(reading.file) or is_rejects_file(table.header)
    return replace(table, returned=True, reasons="" if shows else reason_column(table.header, wanted) or "")


def _misnamed(file: str, kind: str) -> list[str]:
    """What a file really is, if its name says something else."""
    ending = ending_of(file)
    kinds = _ENDINGS.get(ending)
    if kinds is None or kind in kinds:
        return []
    return [f"The file's name ends in .{ending}, but it is {_WORDS[kind]}; it was read as that."]


def _open_returned(
    first: bytes, stream: Iterator[bytes], wanted: Sequence[str], reading: Reading, days: Collection[str]
) -> Table:
    hints = reading.hints
    kind = "csv" if _is_rejects_file(first, hints) else _kind(first, hints)
    if kind == "csv":
        return open_delimited(stream, hints.model_copy(update={"header_rows": 1}), wanted, returned=True)
    if kind == "xlsx":
        return open_workbook(stream, hints, wanted)
    return _open(first, stream, wanted, reading, days)


def _open(
    first: bytes, stream: Iterator[bytes], wanted: Sequence[str], reading: Reading, days: Collection[str]
) -> Table:
    hints = reading.hints
    kind = _kind(first, hints)
    if hints.type and hints.type != kind:
        raise ExtractRefused(
            f"The file is {_WORDS[kind]}, but the mapping says {_WORDS[hints.type]} (format.type: {hints.type}). Drop "
            "the list in that form, or ask IT to correct the mapping."
        )
    if kind == "xlsx":
        return open_workbook(stream, hints, wanted)
    if kind == "json":
        return open_json(stream, hints, wanted, optional=reading.optional, days=days, names=reading.names)
    if kind == "xml":
        return open_xml(stream, hints, wanted, optional=reading.optional, days=days, names=reading.names)
    if kind == "hdl":
        if reading.today is None:
            raise ExtractRefused("An HDL file holds dated lines, and nothing says which day it is. IT has to act.")
        return open_hdl(stream, hints, wanted, today=reading.today, optional=reading.optional)
    if kind == "fixed":
        return open_fixed(stream, hints, wanted)
    return open_delimited(stream, hints, wanted)


def _kind(first: bytes, hints: FormatHints) -> str:
    if first.startswith(b"PK\x03\x04"):
        return "xlsx"  # any other archive has been opened
    if looks_like_json(first):
        return "json"
    if looks_like_xml(first):
        return "xml"
    if looks_like_hdl(first):
        return "hdl"
    return "fixed" if hints.type == "fixed" or (hints.columns and hints.type != "csv") else "csv"


def _is_rejects_file(first: bytes, hints: FormatHints) -> bool:
    """Whether the first line is the header of a rejects file."""
    encoding, mark = proved(first)
    try:
        text = first[len(mark) :].decode(encoding or hints.encoding or "utf-8", "replace")
    except (LookupError, ValueError):
        return False
    return any(
        is_rejects_file(_first_cells(text, delimiter, hints.quote or '"'))
        for delimiter in (hints.delimiter or ",", *COMMON)
    )


def _first_cells(text: str, delimiter: str, quote: str) -> list[str]:
    try:
        return next(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, quotechar=quote), [])
    except csv.Error:
        return []
