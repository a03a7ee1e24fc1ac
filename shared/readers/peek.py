"""A look at the beginning of a stream without taking it away."""

from __future__ import annotations

from collections.abc import Iterator


def peek(stream: Iterator[bytes], length: int) -> tuple[bytes, Iterator[bytes]]:
    """The first `length` bytes (less if there are no more), and the stream with them still in it."""
    held: list[bytes] = []
    size = 0
    for chunk in stream:
        held.append(chunk)
        size += len(chunk)
        if size >= length:
            break
    return b"".join(held)[:length], _again(held, stream)


def _again(held: list[bytes], stream: Iterator[bytes]) -> Iterator[bytes]:
    yield b"".join(held)
    held.clear()
    yield from stream
