"""Text to physical lines, as a stream."""

from __future__ import annotations

import io
import re
from collections.abc import Iterable, Iterator
from itertools import chain, islice

from shared.errors import ExtractRefused
from shared.readers.decoding import BLOCK, DecodedText

MAX_LINE = 1_000_000  # characters; no row of people is longer, and a line is held in memory as a whole

_LINE_END = re.compile(r"\r\n|\n|\r")
# Not among them: what some databases put between cells (0x01, 0x1E, 0x1F), and the old end of a file (0x1A).
_NO_TEXT = re.compile(r"[\x00\x02-\x08\x0e-\x19\x1b-\x1d\x7f]")


class PhysicalLines:
    """The physical lines of a file, ends included; they may end in CRLF, LF or CR, mixed.

    Attributes:
        text: what they are lines of.
    """

    def __init__(self, chunks: Iterable[bytes], code_page: str | None = None, *, returned: bool = False) -> None:
        """Look at the first bytes.

        Args:
            chunks: the file.
            code_page: the encoding that the mapping declares.
            returned: whether it is a file of ours, corrected and saved by a spreadsheet.

        Raises:
            ExtractRefused: the file is empty or no text, or the code page is not known.
        """
        self.text = DecodedText(chunks, code_page, returned=returned)
        if _NO_TEXT.search(_LINE_END.split(self.text.beginning, maxsplit=1)[0]):
            raise ExtractRefused(
                "This is not a text file. If it is meant to be one, export the list again as CSV in UTF-8 and drop "
                "that file."
            )
        self._lines = chain.from_iterable(_split(self.text.pieces()))

    def __iter__(self) -> Iterator[str]:
        return self._lines

    def peek(self, most: int) -> list[str]:
        """The next lines, `most` at most and not many more than `BLOCK` characters; they still come."""
        held: list[str] = []
        length = 0
        for line in islice(self._lines, most):
            held.append(line)
            length += len(line)
            if length > BLOCK:
                break
        self._lines = chain(held, self._lines)
        return held


def _split(pieces: Iterable[str]) -> Iterator[list[str]]:
    done, rest = 0, ""
    for piece in pieces:
        text = rest + piece
        lines = list(io.StringIO(text, newline=""))  # splits at CRLF, LF and CR only, and keeps them
        if len(text) > MAX_LINE:
            _check_lengths(lines, done)
        rest = "" if lines[-1].endswith("\n") else lines.pop()  # also after a CR, to which a LF may belong
        done += len(lines)
        yield lines
    if rest and rest != "\x1a":  # the end of the file as DOS wrote it
        yield list(io.StringIO(rest, newline=""))


def _check_lengths(lines: list[str], before: int) -> None:
    for number, line in enumerate(lines, before + 1):
        if len(line) > MAX_LINE:
            raise ExtractRefused(
                f"Line {number} has more than {MAX_LINE:,} characters, so this is no list with one row for each "
                "person. Export the list again with one row for each person and drop that file.",
                line=number,
            )
