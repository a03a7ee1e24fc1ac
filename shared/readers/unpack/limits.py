"""How much an unpacked file may grow, so that a small upload cannot fill memory, disk or time."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import IO, TypeVar

from shared.errors import ExtractRefused

CHUNK = 65536
_MIB = 1024 * 1024
_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class UnpackLimits:
    """What is still believable of a list of people.

    Attributes:
        ratio: how many bytes may come out for each byte of the upload; lists reach 5 to 40.
        free: bytes that may come out whatever the ratio.
        total: bytes that may come out at all, and that a temporary file may hold.
        entries: files in one archive.
        archives: archives (gzip, zip) within each other.
        encrypted: size of a PGP file; the process that opens it holds up to four copies in memory.
        locked: size of a password-protected workbook, of which memory holds four copies for a moment.
    """

    ratio: int = 200
    free: int = _MIB
    total: int = 2048 * _MIB
    entries: int = 100
    archives: int = 2
    encrypted: int = 64 * _MIB
    locked: int = 48 * _MIB


class Meter:
    """Compares what went in with what comes out, over all layers together."""

    def __init__(self, limits: UnpackLimits) -> None:
        self.limits = limits
        self._taken = 0

    def taking(self, chunks: Iterable[bytes]) -> Iterator[bytes]:
        """The upload's own bytes, counted."""
        for chunk in chunks:
            self._taken += len(chunk)
            yield chunk

    @property
    def allowed(self) -> int:
        """How many bytes may come out for what was read of the upload so far."""
        return min(self.limits.total, max(self.limits.free, self.limits.ratio * self._taken))

    def check(self, given: int) -> None:
        """Refuse a file of which a layer gave `given` bytes, if that is more than it may."""
        if given > self.allowed:
            raise self.too_big()

    def too_big(self) -> ExtractRefused:
        """The refusal of a file that grows too much."""
        return ExtractRefused(
            f"The file was not unpacked: it grows to more than {self.limits.ratio} times its size or to more than "
            f"{size(self.limits.total)}, which no list of people does. Drop the list as it is, without an archive."
        )


def spool(chunks: Iterable[bytes], most: int) -> IO[bytes]:
    """`chunks` in a temporary file on disk, from its beginning; memory does not grow with it.

    Raises:
        ExtractRefused: they are more than `most` bytes.
    """
    file = tempfile.TemporaryFile()  # noqa: SIM115 (the caller closes it)
    try:
        held = 0
        for chunk in chunks:
            held += len(chunk)
            if held > most:
                raise ExtractRefused(
                    f"The file was not unpacked: it has more than {size(most)}. Drop the list in a smaller file, for "
                    "example as CSV, or as CSV in a zip archive."
                )
            file.write(chunk)
        file.seek(0)
    except BaseException:
        file.close()
        raise
    return file


def drain(file: IO[bytes], chunks: Iterator[bytes] | None = None) -> Iterator[bytes]:
    """The bytes of `file`, or `chunks` that are made of them; the file is closed even if nobody asks for them."""
    stream = _drain(file, chunks or iter(lambda: file.read(CHUNK), b""))
    next(stream)  # a generator that was never begun would never be closed
    return stream


def _drain(file: IO[bytes], chunks: Iterator[bytes]) -> Iterator[bytes]:
    with file:
        yield b""
        yield from chunks


def size(number: int) -> str:
    """A number of bytes for people."""
    return f"{number // _MIB:,} MB" if number >= _MIB else f"{number:,} bytes"


def attempt(action: Callable[[], _T], broken: tuple[type[Exception], ...], refusal: str) -> _T:
    """What `action` gives; a library's complaint becomes the sentence `refusal`.

    It is raised outside of the handler: the complaint may hold a piece of the file and must not hang on to it.
    """
    try:
        return action()
    except ExtractRefused:
        raise
    except broken:
        pass
    raise ExtractRefused(refusal)
