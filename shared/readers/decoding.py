"""Bytes to text, as a stream: the one place that knows in which encoding a file is.

A byte order mark decides, then the zero bytes of UTF-16, then strict UTF-8, then the code page that the mapping
declares. Between code pages nobody can choose by looking, so without a declaration there is no guess: the file is
refused, and the line and the byte are named. The one exception is a file of ours that a spreadsheet has saved again: it
is in windows-1252 if that is the same as in the code pages with which it could be confused.
"""

from __future__ import annotations

import codecs
import re
import tempfile
from collections.abc import Generator, Iterable, Iterator
from contextlib import suppress
from itertools import chain, islice

from shared.errors import ExtractRefused

BLOCK = 65536
HEAD_BYTES = 4096  # bytes, of which the first ones prove an encoding
AGAIN = "export the list again in UTF-8 and drop that file"

_MOST_ZEROS = 200  # in a block; a few are somebody's slip, so many are no text
_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_FIRST_OF_DOCUMENTS = b"[{< \t\r\n"  # of JSON and XML, which begin in ASCII
_ASCII = bytes(range(0x20, 0x7F)) + b"\t\r\n"
_TRICKS = {"utf-7", "punycode", "idna", "unicode_escape", "raw_unicode_escape", "undefined"}

# Bytes that stand for the same character in the code pages of Western, Central and Northern Europe and of Turkey.
_ALIKE = frozenset(
    byte
    for byte in range(0x80, 0x100)
    if len({bytes([byte]).decode(page, "replace") for page in ("cp1252", "cp1250", "cp1254", "cp1257")}) == 1
    and bytes([byte]).decode("cp1252", "replace") != "\ufffd"
)
_NO_WORD = re.compile(rb"[\x80-\xff]{3}")  # in Latin letters; in Greek or Russian every word has it
_RETURN = re.compile("\r(?!\n)")  # a line end by itself; to count both and take one away takes longer
_MOST_RETURNED = 64  # blocks of a file of ours that are looked at


def proved(head: bytes) -> tuple[str, bytes]:
    """The encoding that the first bytes prove, and the byte order mark; both empty if they prove none.

    Args:
        head: the first `HEAD_BYTES` bytes of the file, or all of it.
    """
    for mark, name in _MARKS:
        if head.startswith(mark):
            return name, mark
    return _by_zeros(head[:HEAD_BYTES]), b""


class DecodedText:
    """The text of a file, without its byte order mark.

    Attributes:
        encoding: a Python codec name.
        bom: whether the file starts with a byte order mark.
        declared: whether the encoding is the mapping's code page.
        saved_again: whether it is a file of ours that a spreadsheet has saved in windows-1252.
        head: the first bytes behind the mark.
    """

    def __init__(self, chunks: Iterable[bytes], code_page: str | None = None, *, returned: bool = False) -> None:
        """Look at the first bytes, and with a code page declared as far as the first byte that is not ASCII.

        Args:
            chunks: the file.
            code_page: the encoding that the mapping declares.
            returned: whether it is a file of ours, corrected and saved by a spreadsheet.

        Raises:
            ExtractRefused: the file is empty, or the code page is not known.
        """
        fallback = _known(code_page) if code_page else "utf-8"
        blocks = _blocks(chunks)
        first = next(blocks, b"")
        if not first:
            raise ExtractRefused(
                "The file is empty (0 bytes). If its upload is still going on, nothing needs to be done; otherwise "
                "drop the complete file again."
            )
        self.encoding, mark = proved(first)
        self.bom, self._is_proved = bool(mark), bool(self.encoding)
        self.declared = self.saved_again = False
        self.head = first[len(mark) : HEAD_BYTES]
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
        self._code_page = code_page or ""
        self._returned = returned
        self._bytes = blocks

    @property
    def notes(self) -> list[str]:
        """What HR should know of the encoding."""
        if self.saved_again:
            return ["A spreadsheet has saved the file in windows-1252; it was read as that."]
        if self._code_page and not self.declared and self.encoding != "utf-8":
            return [f"The file is in {self.encoding.upper()}, not in {self._code_page} as the mapping says."]
        return []

    def use(self, encoding: str) -> None:
        """Read the file in the encoding that it declares itself, unless its bytes prove another; before `pieces`."""
        if not self._is_proved:
            self.encoding, self.declared = encoding, False

    @property
    def beginning(self) -> str:
        """The first characters, as far as they are any."""
        return self.head.decode("latin-1" if _is_ascii_in(self.encoding) else self.encoding, "replace")

    def pieces(self) -> Iterator[str]:
        """The text, some at a time; the line ends are those of the file.

        Raises:
            ExtractRefused: bytes that are no text in the encoding.
        """
        decoder = codecs.getincrementaldecoder(self.encoding)()
        lines = _LineCount()
        for block, final in _with_last(self._bytes):
            refused, before = None, decoder.getstate()
            try:
                text = decoder.decode(block, final)
            except UnicodeDecodeError as error:
                decoder.setstate(before)
                good = error.start - (len(error.object) - len(block))
                lines.add(decoder.decode(block[: max(good, 0)]))
                refused = self._undecodable(error, lines.number, final=final)
            if refused:
                raise refused  # out here, because the exception that it replaces holds a piece of the file
            if "\0" in text and text.count("\0") > _MOST_ZEROS:
                lines.add(text[: text.index("\0")])
                line = lines.number
                raise ExtractRefused(
                    f"From line {line} on the file is no text, or in UTF-16 where it began otherwise (it holds "
                    f"hundreds of zero bytes): {AGAIN}.",
                    line=line,
                )
            lines.add(text)
            if text:
                yield text

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
            text = f"The file is in {self.encoding.upper()}, but {byte}, which does not fit: {AGAIN}."
        elif self._returned and not self.bom:
            text = f"The file is not in UTF-8: {byte}. In Excel, save it as 'CSV UTF-8' and drop it again."
        elif self._code_page and not self.bom:
            text = f"The file begins in UTF-8, but {byte}: two encodings are mixed in it. To mend it, {AGAIN}."
        else:
            text = (
                f"The file is not in UTF-8: {byte}. If the export is in a Windows code page, IT sets format.encoding "
                f"in the mapping; otherwise {AGAIN}."
            )
        return ExtractRefused(text, line=line)


def with_line_feeds(pieces: Iterable[str]) -> Iterator[str]:
    """A text that comes in pieces, every line end of it made a line feed."""
    after = False  # whether the newest character was a CR, to which a LF may belong
    for piece in pieces:
        text = "\r" + piece if after else piece
        after = text.endswith("\r")
        if after:
            text = text[:-1]
        if "\r" in text:
            text = text.replace("\r\n", "\n").replace("\r", "\n")
        if text:
            yield text
    if after:
        yield "\n"


class _LineCount:
    """Counts the line ends of a text that comes in pieces, CRLF, LF and CR mixed.

    Attributes:
        number: the line on which the text ends, counted from 1.
    """

    def __init__(self) -> None:
        self.number = 1
        self._after_return = False

    def add(self, text: str) -> None:
        self.number += text.count("\n")
        if "\r" in text:
            self.number += sum(1 for _ in _RETURN.finditer(text))
        if text:
            self.number -= self._after_return and text.startswith("\n")  # of a CRLF that was counted with its CR
            self._after_return = text.endswith("\r")


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
    if not name or name in _TRICKS:
        raise ExtractRefused(
            f"The mapping says that the file's encoding is '{code_page}', but there is no such encoding. IT corrects "
            "format.encoding in the mapping."
        )
    return {"utf-8-sig": "utf-8", "ascii": "utf-8", "utf-16": "utf-16-le", "utf-32": "utf-32-le"}.get(name, name)


def _blocks(chunks: Iterable[bytes]) -> Iterator[bytes]:
    held: list[bytes] = []
    size = 0
    for chunk in chunks:
        held.append(chunk)
        size += len(chunk)
        if size >= BLOCK:
            data = b"".join(held)
            size %= BLOCK
            for start in range(0, len(data) - size, BLOCK):
                yield data[start : start + BLOCK]
            held = [data[len(data) - size :]]
    if size:
        yield b"".join(held)


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


def _by_zeros(look: bytes) -> str:
    """UTF-16 without a byte order mark: every second byte of names and numbers is zero, or the first of a document."""
    pairs = len(look) // 2
    low, high = look[1::2].count(0), look[0::2].count(0)
    if pairs and low * 2 >= pairs and high * 20 <= pairs:
        return "utf-16-le"
    if pairs and high * 2 >= pairs and low * 20 <= pairs:
        return "utf-16-be"
    if pairs and look[1] == 0 and look[0] in _FIRST_OF_DOCUMENTS:
        return "utf-16-le"
    if pairs and look[0] == 0 and look[1] in _FIRST_OF_DOCUMENTS:
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
