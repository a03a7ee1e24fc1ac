"""Comma-separated UTF-8, read as a stream: bytes in, rows out.

A *bad row* is handed on as such and the rest goes on. A *bad file* is refused whole, because nothing in it can be
trusted: bytes that are no text, a quote that is never closed, a file that was cut off.
"""

from __future__ import annotations

import codecs
import csv
import io
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from shared.errors import ExtractRefused
from shared.model import Row

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

# First bytes of what people drop instead of a CSV file.
_SIGNATURES = (
    (b"PK\x03\x04", "an Excel workbook or a zip archive"),
    (b"\xd0\xcf\x11\xe0", "an old Excel workbook or a password-protected one"),
    (b"\x1f\x8b", "a gzip archive"),
    (b"%PDF", "a PDF document"),
    (b"-----BEGIN PGP", "a PGP-encrypted file"),
    (b"\xff\xfe", "text in UTF-16"),
    (b"\xfe\xff", "text in UTF-16"),
    (b"{", "JSON"),
    (b"[", "JSON"),
    (b"<", "XML or HTML"),
    (b"\x89PNG", "a picture"),
    (b"\xff\xd8\xff", "a picture"),
)
_LINE_END = re.compile(rb"\r\n|\n|\r")
_CONTROL = re.compile(rb"[\x00-\x08\x0e-\x1f\x7f]")
_MAX_LINE = 1_000_000  # characters; no row of people is longer, and a line is held in memory as a whole
_ADVICE = "Export the list again as CSV (comma separated, UTF-8) and drop that file."


@dataclass(frozen=True, slots=True)
class BadRow:
    """A row that is not what the header promises.

    Attributes:
        cells: what could be read of it.
        reason: one plain sentence for HR.
    """

    number: int
    line: int
    cells: tuple[str, ...]
    reason: str


def read_rows(chunks: Iterable[bytes]) -> Iterator[Row | BadRow]:
    """The rows of a CSV file; the first one is the header. Blank rows are left out but still counted in row numbers.

    Raises:
        ExtractRefused: the file as a whole cannot be used.
    """
    lines = _Lines(_recognised(chunks))
    reader = csv.reader(lines, strict=True)
    number, width, header_seen = 0, 0, False
    while True:
        line = lines.count + 1
        try:
            cells = tuple(next(reader))
        except StopIteration:
            break
        except csv.Error as error:
            number += 1
            if "unexpected end of data" in str(error):
                raise ExtractRefused(
                    f"A quotation mark that opens on line {line} is never closed: either it is a mistake or the upload "
                    "was cut off. Correct that line, or drop the complete file again.",
                    line=line,
                ) from error
            if lines.count > line:
                raise ExtractRefused(
                    f"A quotation mark that opens on line {line} is never properly closed, so everything after it "
                    "cannot be told apart. Correct that line and drop the file again.",
                    line=line,
                ) from error
            if not header_seen:
                raise ExtractRefused(
                    f"The header on line {line} cannot be read: {error}. {_ADVICE}", line=line
                ) from error
            yield BadRow(number, line, (lines.text,), _cell_reason(error))
            continue
        number += 1
        if not any(cell.strip() for cell in cells):
            continue
        if not header_seen:
            header_seen, width = True, len(cells)
        elif len(cells) != width:
            if lines.count > line:
                raise ExtractRefused(
                    f"The row that starts on line {line} runs to line {lines.count} and has {len(cells)} columns where "
                    f"the header has {width}: probably a quotation mark is not closed. Correct it and drop the file "
                    "again.",
                    line=line,
                )
            if lines.cut_off and len(cells) < width:
                raise ExtractRefused(
                    f"The file ends in the middle of line {line} ({len(cells)} of {width} columns): the upload was cut "
                    "off. Drop the complete file again.",
                    line=line,
                )
            yield BadRow(number, line, cells, _width_reason(len(cells), width))
            continue
        yield Row(number, line, cells)


class _Lines:
    """The physical lines of the file, counted; they may end in CRLF, LF or CR, mixed."""

    def __init__(self, chunks: Iterable[bytes]) -> None:
        # newline="" keeps the ends and splits at nothing else (str.splitlines would also split at U+2028 and others)
        self._text = io.TextIOWrapper(io.BufferedReader(_Stream(chunks)), encoding="utf-8-sig", newline="")
        self.count = 0
        self.text = ""  # the newest line, without its end
        self.cut_off = False  # whether it has no end

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        refused = None
        try:
            line = self._text.readline(_MAX_LINE + 1)
        except UnicodeDecodeError as error:
            refused = self._undecodable(error)
        if refused:
            raise refused  # out here, because the exception that it replaces holds a piece of the file
        if not line:
            raise StopIteration
        self.count += 1
        if len(line) > _MAX_LINE:
            raise ExtractRefused(
                f"Line {self.count} has more than {_MAX_LINE:,} characters, so this is no list with one row for each "
                f"person. {_ADVICE}",
                line=self.count,
            )
        self.text = line.rstrip("\r\n")
        self.cut_off = self.text == line
        return line

    def _undecodable(self, error: UnicodeDecodeError) -> ExtractRefused:
        # Everything before the bytes that were being decoded has been handed out, but for a line's beginning.
        at = self.count + 1 + len(_LINE_END.findall(error.object, 0, error.start))
        if error.reason == "unexpected end of data":
            return ExtractRefused(
                f"The file ends in the middle of a character on line {at}: the upload was cut off. Drop the complete "
                "file again.",
                line=at,
            )
        return ExtractRefused(
            f"The file is not in UTF-8: line {at} holds the byte 0x{error.object[error.start]:02X}. {_ADVICE}", line=at
        )


class _Stream(io.RawIOBase):
    """Chunks of bytes as a file."""

    def __init__(self, chunks: Iterable[bytes]) -> None:
        self._chunks = iter(chunks)
        self._rest = b""

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: WriteableBuffer) -> int:
        if not self._rest:
            self._rest = next((chunk for chunk in self._chunks if chunk), b"")
        target = memoryview(buffer)
        part = self._rest[: len(target)]
        target[: len(part)] = part
        self._rest = self._rest[len(part) :]
        return len(part)


def _recognised(chunks: Iterable[bytes]) -> Iterator[bytes]:
    """The same chunks, after a look at the first bytes."""
    stream = iter(chunks)
    first = b""
    for chunk in stream:
        first += chunk
        if len(first) >= 4096:
            break
    if not first:
        raise ExtractRefused(
            "The file is empty (0 bytes). If its upload is still going on, nothing needs to be done; otherwise drop "
            "the complete file again."
        )
    start = first.removeprefix(codecs.BOM_UTF8).lstrip()
    for signature, what in _SIGNATURES:
        if start.startswith(signature):
            raise ExtractRefused(f"This is {what}, not a CSV file. {_ADVICE}")
    if _CONTROL.search(_LINE_END.split(start[:4096], 1)[0]):
        raise ExtractRefused(f"This is not a text file in UTF-8. {_ADVICE}")
    yield first
    yield from stream


def _cell_reason(error: csv.Error) -> str:
    if "field larger" in str(error):
        return f"a cell has more than {csv.field_size_limit():,} characters."
    return "a cell has a quotation mark in the wrong place."


def _width_reason(found: int, expected: int) -> str:
    if found < expected:
        return f"the row has {found} of {expected} columns."
    return f"the row has {found} columns where the header has {expected}; perhaps a comma in a cell is not in quotes."
