"""The numbered parts of one list in one archive.

They are joined only where nothing can go wrong by it: delimited text, names that differ in nothing but a number,
numbers without a gap, and one header line that is the same in all of them. Everything else is refused.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from shared.errors import ExtractRefused
from shared.mapping.format import FormatHints

_LINE = 65536
_LINE_END = re.compile(rb"\r\n|\n|\r")
_NOT_TEXT = re.compile(rb"[\x00-\x08\x0e-\x1f\x7f]")
_NUMBER = re.compile(r"\d+")


@dataclass(frozen=True)
class ArchivePart:
    """One file of an archive.

    Attributes:
        name: without folders, fit to be shown.
        chunks: opens it from its beginning.
    """

    name: str
    chunks: Callable[[], Iterator[bytes]]


def parts_in_order(parts: Sequence[ArchivePart], hints: FormatHints) -> list[ArchivePart]:
    """The parts in the order of their numbers.

    Raises:
        ExtractRefused: they are not surely the parts of one list.
    """
    names = ", ".join(part.name for part in parts[:4]) + (", and more" if len(parts) > 4 else "")
    several = f"The archive holds {len(parts)} files ({names})"
    single = "Put everything into one list and drop that."
    numbers = _numbers([part.name for part in parts])
    if numbers is None:
        raise ExtractRefused(
            f"{several} and nobody can tell which one counts. Put everybody into one file, leavers too, and drop that; "
            "or, if one of them is the whole list, drop it alone. Only files with nothing but changes are dropped one "
            "by one, the oldest first."
        )
    low = min(numbers)
    if low > 1 or sorted(numbers) != list(range(low, low + len(numbers))):
        raise ExtractRefused(f"{several} that look like parts of one list, but their numbers have a gap. {single}")
    if hints.trailer or hints.header_rows > 1 or hints.type not in {None, "csv"}:
        raise ExtractRefused(
            f"{several}; parts can only be joined if they are CSV with one header line and no trailer. {single}"
        )
    headers = {_first_line(part) for part in parts}
    if len(headers) > 1 or None in headers:
        raise ExtractRefused(
            f"{several} that look like parts of one list, but they do not begin with the same header line. {single}"
        )
    return [part for _, part in sorted(zip(numbers, parts, strict=True), key=lambda each: each[0])]


def join(parts: Sequence[ArchivePart]) -> Callable[[], Iterator[bytes]]:
    """All parts as one file with one header."""

    def chunks() -> Iterator[bytes]:
        ended = True
        for place, part in enumerate(parts):
            if not ended:
                yield b"\r\n"
            quotes, last = 0, b"\n"
            for chunk in part.chunks() if place == 0 else _without_header(part):
                quotes += chunk.count(b'"')
                last = chunk[-1:] or last
                yield chunk
            if quotes % 2:
                raise ExtractRefused(
                    f"The part {part.name} ends within quotation marks: it was cut off, or one of them is a mistake. "
                    "Export it again and drop all parts once more."
                )
            ended = last in b"\r\n"

    return chunks


def _numbers(names: Sequence[str]) -> list[int] | None:
    """The one number in which the names differ, if that is all they differ in."""
    pieces = [_NUMBER.split(name.casefold()) for name in names]
    values = [[int(number) for number in _NUMBER.findall(name)] for name in names]
    if any(piece != pieces[0] for piece in pieces):
        return None
    differing = [place for place, column in enumerate(zip(*values, strict=True)) if len(set(column)) > 1]
    if len(differing) != 1:
        return None
    numbers = [value[differing[0]] for value in values]
    return numbers if len(set(numbers)) == len(numbers) else None


def _first_line(part: ArchivePart) -> bytes | None:
    """The header line, if the part is text that is written line by line."""
    held = b""
    for chunk in part.chunks():
        held += chunk
        if len(held) > _LINE or _LINE_END.search(held):
            break
    start = held.removeprefix(codecs.BOM_UTF8)[:_LINE]
    line = _LINE_END.split(start, maxsplit=1)[0]
    if not line.strip() or len(line) == _LINE or _NOT_TEXT.search(line) or line.count(b'"') % 2:
        return None
    return None if line.lstrip()[:1] in b"{[<" else line


def _without_header(part: ArchivePart) -> Iterator[bytes]:
    held, seen = b"", False
    for chunk in part.chunks():
        if seen:
            yield chunk
            continue
        held += chunk
        end = _LINE_END.search(held)
        if end and (end.end() < len(held) or end.group() != b"\r"):  # a last CR may be the first half of CRLF
            seen = True
            yield held[end.end() :]
