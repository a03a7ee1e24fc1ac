"""gzip, unpacked twice: first to see how much comes out, so that nobody works on the rows of a bomb; then for good."""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from typing import IO

from shared.errors import ExtractRefused
from shared.readers.unpack.limits import CHUNK, Meter, attempt, spool

_GZIP = 31  # zlib's word for: a gzip header and trailer, the largest window
_MEMBERS = 10_000
_DAMAGED = "The gzip archive is damaged: it does not hold what was packed into it. Make it again and drop it again."


def gunzip(stream: Iterator[bytes], meter: Meter) -> Iterator[bytes]:
    """What a gzip archive holds; if it has several members, one after the other. The archive waits on disk.

    Raises:
        ExtractRefused: it is damaged, was cut off, or grows too much; before its first byte is given.
    """
    with spool(stream, meter.limits.total) as file:
        for _ in _content(file, meter):
            pass
        file.seek(0)
        yield from _content(file, meter)


def _content(file: IO[bytes], meter: Meter) -> Iterator[bytes]:
    member = zlib.decompressobj(_GZIP)
    members, given, begun = 1, 0, False
    while data := file.read(CHUNK):
        while data:
            if member.eof:
                data = data.lstrip(b"\0")  # padding, as tapes and some transfers leave it
                if not data:
                    break
                members += 1
                if members > _MEMBERS:
                    raise ExtractRefused(_DAMAGED)
                member, begun = zlib.decompressobj(_GZIP), False
            begun = True
            content, data = _inflate(member, data)
            given += len(content)
            meter.check(given)
            if content:
                yield content
    if begun and not member.eof:
        raise ExtractRefused("The gzip archive ends too early: the upload was cut off. Drop the complete file again.")


def _inflate(member: zlib._Decompress, data: bytes) -> tuple[bytes, bytes]:
    content = attempt(lambda: member.decompress(data, CHUNK), (zlib.error,), _DAMAGED)
    return content, member.unconsumed_tail or member.unused_data
