"""Lines in a temporary file, for what is kept of every row or person without holding it in memory."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from itertools import accumulate

_AT_ONCE = 100  # lines; one by one, each would be a call to the system
_FIRST_READ = 4096  # bytes; most lines are shorter
_BLOCK = 1 << 18  # bytes, when all lines are read


class ScratchLines:
    """Lines of bytes: written once, read as often as need be, in any order.

    The file is not buffered: whoever reads lines here and there would have a whole buffer read for each.
    """

    def __init__(self) -> None:
        self._file = tempfile.TemporaryFile(buffering=0)  # noqa: SIM115 (closed by `close`)
        self._end = 0
        self._written = 0
        self._waiting: list[bytes] = []

    def add(self, line: bytes) -> int:
        """Write a line, which is without a line break; returns its place."""
        place = self._end
        self._end += len(line) + 1
        self._waiting.append(line)
        if len(self._waiting) >= _AT_ONCE:
            self._write()
        return place

    def add_many(self, lines: Sequence[bytes]) -> list[int]:
        """Write lines, which are without line breaks; returns their places."""
        *places, self._end = accumulate((len(line) + 1 for line in lines), initial=self._end)
        self._waiting += lines
        if len(self._waiting) >= _AT_ONCE:
            self._write()
        return places

    def at(self, place: int) -> bytes:
        """The line at a place."""
        self._write()
        self._file.seek(place)
        found = self._file.read(_FIRST_READ)
        while (end := found.find(b"\n")) < 0:
            found += self._file.read(len(found))
        return found[:end]

    def __iter__(self) -> Iterator[bytes]:
        """All lines that have been written so far, in their order; others may be read or written meanwhile."""
        self._write()
        place, end, begun = 0, self._written, b""
        while place < end:
            self._file.seek(place)
            block = self._file.read(min(_BLOCK, end - place))
            place += len(block)
            *lines, begun = (begun + block).split(b"\n")
            yield from lines

    def close(self) -> None:
        """Remove the file."""
        self._file.close()

    def _write(self) -> None:
        if not self._waiting:
            return
        self._file.seek(self._written)
        left = memoryview(b"\n".join((*self._waiting, b"")))
        while left:  # a call to the system may write a part only
            left = left[self._file.write(left) :]
        self._written = self._end
        self._waiting.clear()
