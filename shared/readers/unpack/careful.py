"""Zip files that may have been made to do harm."""

from __future__ import annotations

import io
import struct
import zipfile
import zlib
from typing import IO

from shared.errors import ExtractRefused

_DIRECTORY = 1024 * 1024  # bytes of the archive's directory; enough for thousands of names
BROKEN = (
    zipfile.BadZipFile,
    zipfile.LargeZipFile,
    zlib.error,
    struct.error,
    EOFError,
    KeyError,
    IndexError,
    NotImplementedError,
    RuntimeError,
    ValueError,
    OverflowError,
    OSError,
    AssertionError,
)
"""What the library raises on archives that somebody damaged by chance or on purpose."""


class CarefulFile(io.RawIOBase):
    """A file of which nobody takes much in one go: the directory of a zip archive is read in one piece."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file

    def readable(self) -> bool:
        """Yes."""
        return True

    def seekable(self) -> bool:
        """Yes."""
        return True

    def seek(self, offset: int, whence: int = 0) -> int:
        """Go to a place in the file."""
        return self._file.seek(offset, whence)

    def tell(self) -> int:
        """The place in the file."""
        return self._file.tell()

    def read(self, length: int | None = -1) -> bytes:
        """At most `length` bytes.

        Raises:
            ExtractRefused: somebody asks for more than any directory of a believable archive has.
        """
        if length is not None and length > _DIRECTORY:
            raise ExtractRefused("The zip archive says that it holds far too many files. Drop the list as it is.")
        return self._file.read(_DIRECTORY if length is None or length < 0 else length)
