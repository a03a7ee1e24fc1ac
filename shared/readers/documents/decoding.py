"""Bytes to text, as a stream, for documents: byte order mark first, then strict UTF-8, then the configured code page.

The code page comes into play only when bytes turn out not to be UTF-8 and everything before them was plain ASCII, so
that a file is never read half in one and half in the other.
"""

from __future__ import annotations

import codecs
from collections.abc import Iterable, Iterator

from shared.errors import ExtractRefused

_BOMS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_TRICKS = {"utf_7", "punycode", "idna", "unicode_escape", "raw_unicode_escape", "undefined"}
_SLICE = 65536  # bytes that are decoded at a time, so that a whole file in one chunk is not doubled


def detect(head: bytes) -> tuple[str, bytes]:
    """The encoding that the first bytes prove, and the byte order mark.

    Args:
        head: at least the first 4 bytes of the file, if it has so many.

    Returns:
        A Python codec name (`utf-8` if nothing else is proved) and the mark (empty if there is none).
    """
    for mark, name in _BOMS:
        if head.startswith(mark):
            return name, mark
    if len(head) >= 2 and head[1] == 0 != head[0]:
        return "utf-16-le", b""
    if len(head) >= 2 and head[0] == 0 != head[1]:
        return "utf-16-be", b""
    return "utf-8", b""


def is_encoding(name: str) -> bool:
    """Whether `name` is a character encoding that Python knows and that is not a trick such as `rot13`."""
    try:
        codec = codecs.lookup(name).name.replace("-", "_")
        return codec not in _TRICKS and b"A 1".decode(codec) == "A 1"
    except (LookupError, ValueError):
        return False


class TextStream:
    """The text of a file in pieces, every line end made a line feed, lines counted.

    Attributes:
        encoding: the codec in use; it may change once, to the configured code page.
        bom: whether the file starts with a byte order mark.
        head: the first bytes of the file (up to 4096), mark included.
    """

    def __init__(self, chunks: Iterable[bytes], fallback: str | None) -> None:
        """Looks at the first bytes.

        Args:
            chunks: the file's bytes.
            fallback: the configured code page.

        Raises:
            ExtractRefused: the file is empty, or the code page is not known.
        """
        if fallback is not None and not is_encoding(fallback):
            raise ExtractRefused(f"The mapping names the encoding '{fallback}', which does not exist. Ask IT.")
        self._chunks = iter(chunks)
        first = b""
        for chunk in self._chunks:
            first += chunk
            if len(first) >= 4096:
                break
        if not first:
            raise ExtractRefused(
                "The file is empty (0 bytes). If its upload is still going on, nothing needs to be done; otherwise "
                "drop the complete file again."
            )
        self.head = first[:4096]
        self.encoding, mark = detect(self.head)
        self.bom = bool(mark)
        self._first = first[len(mark) :]
        self._fallback = fallback if self.encoding == "utf-8" and not mark else None
        self._lines = 1  # the line that is being decoded
        self._carriage = False  # whether the newest character was a CR that may belong to a CRLF

    def use(self, encoding: str) -> None:
        """Reads the file in the encoding that it declares, unless its bytes prove another. Only before `pieces`."""
        if not self.bom and self.encoding == "utf-8":
            self.encoding = encoding

    def pieces(self) -> Iterator[str]:
        """The text without its byte order mark.

        Raises:
            ExtractRefused: bytes that are no text in the encoding.
        """
        decoder = codecs.getincrementaldecoder(self.encoding)()
        plain = True
        for data, final in self._slices():
            text, refused = "", None
            try:
                text = decoder.decode(data, final)
            except UnicodeDecodeError as error:
                good = error.object[: error.start].decode(self.encoding)
                if self._fallback and plain and good.isascii():
                    self.encoding, self._fallback = self._fallback, None
                    decoder = codecs.getincrementaldecoder(self.encoding)()
                    bad = error.object
                    text, refused = self._other(decoder, bad, final=final)
                else:
                    refused = self._undecodable(good, error.object[error.start], error.reason, final=final)
            if refused:
                raise refused  # out here, because the exception that it replaces holds a piece of the file
            plain = plain and text.isascii()
            text = self._lined(text, final=final)
            if text:
                yield text

    def _other(
        self, decoder: codecs.IncrementalDecoder, data: bytes, *, final: bool
    ) -> tuple[str, ExtractRefused | None]:
        try:
            return decoder.decode(data, final), None
        except UnicodeDecodeError as error:
            return "", self._undecodable(
                error.object[: error.start].decode(self.encoding), error.object[error.start], error.reason, final=final
            )

    def _slices(self) -> Iterator[tuple[bytes, bool]]:
        yield self._first, False
        self._first = b""
        for chunk in self._chunks:
            for at in range(0, len(chunk), _SLICE):
                yield chunk[at : at + _SLICE], False
        yield b"", True

    def _lined(self, text: str, *, final: bool) -> str:
        if self._carriage:
            text = "\r" + text
        self._carriage = text.endswith("\r") and not final
        if self._carriage:
            text = text[:-1]
        if "\r" in text:
            text = text.replace("\r\n", "\n").replace("\r", "\n")
        self._lines += text.count("\n")
        return text

    def _undecodable(self, good: str, byte: int, reason: str, *, final: bool) -> ExtractRefused:
        before = ("\r" if self._carriage else "") + good
        line = self._lines + before.replace("\r\n", "\n").replace("\r", "\n").count("\n")
        if final and any(word in reason for word in ("unexpected end", "truncated", "incomplete")):
            return ExtractRefused(
                f"The file ends in the middle of a character on line {line}: the upload was cut off. Drop the complete "
                "file again.",
                line=line,
            )
        return ExtractRefused(
            f"The file is not in {self.encoding.upper()}: line {line} holds the byte 0x{byte:02X}. Export it again in "
            "UTF-8, or ask IT to set `format.encoding`.",
            line=line,
        )


def lines(pieces: Iterable[str], limit: int) -> Iterator[tuple[int, str, bool]]:
    """The physical lines of a text.

    Args:
        pieces: the text; its lines end in a line feed.
        limit: characters that a line may have.

    Returns:
        For each line its number (counted from 1), its text without the end, and whether it has an end.

    Raises:
        ExtractRefused: a line is longer.
    """
    number = 1
    rest: list[str] = []
    held = 0
    for piece in pieces:
        *whole, last = piece.split("\n")
        for text in whole:
            if held + len(text) > limit:
                raise _long_line(number, limit)
            yield number, "".join([*rest, text]), True
            rest, held = [], 0
            number += 1
        rest.append(last)
        held += len(last)
        if held > limit:
            raise _long_line(number, limit)
    if held:
        yield number, "".join(rest), False


def _long_line(number: int, limit: int) -> ExtractRefused:
    return ExtractRefused(
        f"Line {number} has more than {limit:,} characters, so this is no list of people. Export the list again and "
        "drop that file.",
        line=number,
    )
