"""Bytes to physical lines, as a stream.

A byte order mark decides, then the zero bytes of UTF-16, then strict UTF-8, then the code page that the mapping
declares. Between code pages nobody can choose by looking, so without a declaration there is no guess: the file is
refused, and the line and the byte are named. The one exception is a file of ours that a spreadsheet has saved again: it
is in windows-1252 if that is the same as in the code pages with which it could be confused.
"""

from __future__ import annotations

import codecs
import io
import re
import tempfile
from collections.abc import Generator, Iterable, Iterator
from contextlib import suppress
from itertools import chain, islice

from shared.errors import ExtractRefused

BLOCK = 65536
_MOST_ZEROS = 200  # in a block; a few are somebody's slip, so many are no text
MAX_LINE = 1_000_000  # characters; no row of people is longer, and a line is held in memory as a whole

_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_LOOK = 4096
_ASCII = bytes(range(0x20, 0x7F)) + b"\t\r\n"
_LINE_END = re.compile(r"\r\n|\n|\r")
# Not among them: what some databases put between cells (0x01, 0x1E, 0x1F), and the old end of a file (0x1A).
_NO_TEXT = re.compile(r"[\x00\x02-\x08\x0e-\x19\x1b-\x1d\x7f]")
_AGAIN = "export the list again as CSV in UTF-8 and drop that file"


# Bytes that stand for the same character in the code pages of Western, Central and Northern Europe and of Turkey.
_ALIKE = frozenset(
    byte
    for byte in range(0x80, 0x100)
    if len({bytes([byte]).decode(page, "replace") for page in ("cp1252", "cp1250", "cp1254", "cp1257")}) == 1
    and bytes([byte]).decode("cp1252", "replace") != "\ufffd"
)
_NO_WORD = re.compile(rb"[\x80-\xff]{3}")  # in Latin letters; in Greek or Russian every word has it
_MOST_RETURNED = 64  # blocks of a file of ours that are looked at


class PhysicalLines:
    """The physical lines of a file, ends included; they may end in CRLF, LF or CR, mixed.

    Attributes:
        encoding: a Python codec name.
        bom: whether the file starts with a byte order mark.
        declared: whether the encoding is the mapping's code page.
        saved_again: whether it is a file of ours that a spreadsheet has saved in windows-1252.
    """

    def __init__(self, chunks: Iterable[bytes], code_page: str | None = None, *, returned: bool = False) -> None:
        """Look at the first bytes, and with a code page declared as far as the first byte that is not ASCII.

        Args:
            chunks: the file.
            code_page: the encoding that the mapping declares.
            returned: whether it is a file of ours, corrected and saved by a spreadsheet.

        Raises:
            ExtractRefused: the file is empty or no text, or the code page is not known.
        """
        fallback = _known(code_page) if code_page else "utf-8"
        blocks = _blocks(chunks)
        first = next(blocks, b"")
        if not first:
            raise ExtractRefused(
                "The file is empty (0 bytes). If its upload is still going on, nothing needs to be done; otherwise "
                "drop the complete file again."
            )
        self.declared = False
        self.saved_again = False
        self.bom = False
        mark, self.encoding = next(((mark, name) for mark, name in _MARKS if first.startswith(mark)), (b"", ""))
        if mark:
            self.bom = True
        else:
            self.encoding = _by_zeros(first)
        blocks = chain([first[len(mark) :]], blocks)
        if not self.encoding:
            self.encoding = "utf-8"
            if returned and fallback == "utf-8":
                seen = list(islice(blocks, _MOST_RETURNED))
                blocks = chain(seen, blocks)
                self.saved_again = _is_alike(b"".join(seen))
                self.encoding = "cp1252" if self.saved_again else "utf-8"
            elif fallback != "utf-8":
                self.declared, blocks = _choose(blocks, fallback)
                self.encoding = fallback if self.declared else "utf-8"
        text = first[len(mark) : _LOOK].decode("latin-1" if _is_ascii_in(self.encoding) else self.encoding, "replace")
        if _NO_TEXT.search(_LINE_END.split(text, maxsplit=1)[0]):
            raise ExtractRefused(f"This is not a text file. If it is meant to be one, {_AGAIN}.")
        self._code_page = code_page or ""
        self._returned = returned
        self._lines = chain.from_iterable(self._decode(blocks))

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

    def _decode(self, blocks: Iterable[bytes]) -> Iterator[list[str]]:
        decoder = codecs.getincrementaldecoder(self.encoding)()
        done, rest = 0, ""
        for block, final in _with_last(blocks):
            refused, before = None, decoder.getstate()
            try:
                text = rest + decoder.decode(block, final)
            except UnicodeDecodeError as error:
                decoder.setstate(before)
                good = error.start - (len(error.object) - len(block))
                text = rest + decoder.decode(block[: max(good, 0)])
                refused = self._undecodable(error, done + 1 + len(_LINE_END.findall(text)), final=final)
            if refused:
                raise refused  # out here, because the exception that it replaces holds a piece of the file
            if "\0" in text and text.count("\0") > _MOST_ZEROS:
                raise _no_text(done + 1 + len(_LINE_END.findall(text[: text.index("\0")])))
            lines = list(io.StringIO(text, newline=""))  # splits at CRLF, LF and CR only, and keeps them
            rest = ""
            if len(text) > MAX_LINE:
                _check_lengths(lines, done)
            if not final and lines and not lines[-1].endswith("\n"):
                rest = lines.pop()  # also after a CR, to which a LF may belong
            elif final and lines and lines[-1] == "\x1a":
                lines.pop()  # the end of the file as DOS wrote it
            done += len(lines)
            yield lines

    def _undecodable(self, error: UnicodeDecodeError, line: int, *, final: bool) -> ExtractRefused:
        if final:
            return ExtractRefused(
                f"The file ends in the middle of a character on line {line}: the upload was cut off. Drop the complete "
                "file again.",
                line=line,
            )
        byte = f"line {line} holds the byte 0x{error.object[error.start]:02X}"
        if self.declared:
            text = (
                f"The file is not in {self._code_page}, as the mapping says: {byte}, which stands for nothing there. "
                "IT corrects format.encoding in the mapping."
            )
        elif self.encoding != "utf-8":
            text = f"The file is in {self.encoding.upper()}, but {byte}, which does not fit: {_AGAIN}."
        elif self._returned and not self.bom:
            text = f"The file is not in UTF-8: {byte}. In Excel, save it as 'CSV UTF-8' and drop it again."
        elif self._code_page and not self.bom:
            text = f"The file begins in UTF-8, but {byte}: two encodings are mixed in it. To mend it, {_AGAIN}."
        else:
            text = (
                f"The file is not in UTF-8: {byte}. If the export is in a Windows code page, IT sets format.encoding "
                f"in the mapping; otherwise {_AGAIN}."
            )
        return ExtractRefused(text, line=line)


def _no_text(line: int) -> ExtractRefused:
    return ExtractRefused(
        f"From line {line} on the file is no text, or in UTF-16 where it began otherwise (it holds hundreds of zero "
        f"bytes): {_AGAIN}.",
        line=line,
    )


def _known(code_page: str) -> str:
    """The codec's usual name.

    Raises:
        ExtractRefused: there is no such encoding.
    """
    try:
        "a".encode(code_page)  # refuses what is a codec but no encoding of text
        name = codecs.lookup(code_page).name
    except (LookupError, ValueError):
        name = ""
    if not name or name in {"utf-7", "punycode", "idna", "unicode_escape", "raw_unicode_escape", "undefined"}:
        raise ExtractRefused(
            f"The mapping says that the file's encoding is '{code_page}', but there is no such encoding. IT corrects "
            "format.encoding in the mapping."
        )
    return {"utf-8-sig": "utf-8", "ascii": "utf-8", "utf-16": "utf-16-le", "utf-32": "utf-32-le"}.get(name, name)


def _blocks(chunks: Iterable[bytes]) -> Iterator[bytes]:
    held = bytearray()
    for chunk in chunks:
        held += chunk
        while len(held) >= BLOCK:
            yield bytes(held[:BLOCK])
            del held[:BLOCK]
    if held:
        yield bytes(held)


def _with_last(blocks: Iterable[bytes]) -> Iterator[tuple[bytes, bool]]:
    for block in blocks:
        yield block, False
    yield b"", True


def _is_alike(data: bytes) -> bool:
    """Whether bytes are no UTF-8, but Latin text that is the same in every code page it may have been saved in."""
    with suppress(UnicodeDecodeError):
        data.decode("utf-8")
        return False
    others = {byte for byte in data if byte > 0x7F}
    return others <= _ALIKE and not _NO_WORD.search(data)


def _by_zeros(first: bytes) -> str:
    """UTF-16 without a byte order mark: every second byte of names and numbers is zero."""
    look = first[:_LOOK]
    pairs = len(look) // 2
    low, high = look[1::2].count(0), look[0::2].count(0)
    if pairs and low * 2 >= pairs and high * 20 <= pairs:
        return "utf-16-le"
    if pairs and high * 2 >= pairs and low * 20 <= pairs:
        return "utf-16-be"
    return ""


def _choose(blocks: Iterator[bytes], code_page: str) -> tuple[bool, Iterator[bytes]]:
    """Whether a file is in the declared code page rather than in UTF-8, and its blocks.

    The first block with a byte that is not ASCII decides; what comes before waits in a temporary file.
    """
    if not _is_ascii_in(code_page):
        return True, blocks
    waiting = _spooled()
    next(waiting)  # begun, so that the file is closed even if nobody reads on
    for block in blocks:
        if not block.isascii():
            after = next(blocks, b"") if block[:-3].isascii() else b""  # where the only such character may go on
            return not _is_utf8(block + after), chain(_again(waiting), filter(None, [block, after]), blocks)
        waiting.send(block)
    return True, _again(waiting)  # all of it is ASCII: it is in both


def _is_ascii_in(encoding: str) -> bool:
    return _ASCII.decode(encoding, "replace") == _ASCII.decode("ascii")


def _spooled() -> Generator[bytes, bytes, None]:
    """Takes blocks, on disk if they are many, until an empty one; then gives them again."""
    with tempfile.SpooledTemporaryFile(max_size=1024 * 1024) as file:
        while block := (yield b""):
            file.write(block)
        file.seek(0)
        while block := file.read(BLOCK):
            yield block


def _again(waiting: Generator[bytes, bytes, None]) -> Iterator[bytes]:
    with suppress(StopIteration):
        yield waiting.send(b"")
        yield from waiting


def _is_utf8(piece: bytes) -> bool:
    """Whether a piece that holds a byte beyond ASCII is UTF-8: a whole character of it must be there.

    The last one may be incomplete, but alone it proves nothing: in a code page a file can end in such a byte.
    """
    try:
        return not codecs.getincrementaldecoder("utf-8")().decode(piece).isascii()
    except UnicodeDecodeError:
        return False


def _check_lengths(lines: list[str], before: int) -> None:
    for number, line in enumerate(lines, before + 1):
        if len(line) > MAX_LINE:
            raise ExtractRefused(
                f"Line {number} has more than {MAX_LINE:,} characters, so this is no list with one row for each "
                "person. Export the list again with one row for each person and drop that file.",
                line=number,
            )
