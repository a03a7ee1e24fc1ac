"""Layer after layer is taken off until a reader can take over."""

from __future__ import annotations

import codecs
from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass

from shared.errors import ExtractRefused
from shared.mapping.format import FormatHints
from shared.readers.peek import peek
from shared.readers.unpack.gunzip import gunzip
from shared.readers.unpack.limits import Meter, UnpackLimits
from shared.readers.unpack.pgp import decrypt
from shared.readers.unpack.recognise import FIRST_BYTES, FileKind, recognise

_ARCHIVES = frozenset({"gzip", "zip"})


@dataclass(frozen=True)
class Unpacked:
    """A file without what it was wrapped in.

    Attributes:
        chunks: its bytes, unpacked as they are asked for; the file is refused (`ExtractRefused`) at the place where it
            shows that it is damaged, which may be its very end.
        layers: what was taken off, the outermost first: gzip, zip, pgp, password.
        name: of the file within the innermost zip archive; empty if there is none.
        notes: warnings for HR.
    """

    chunks: Iterator[bytes]
    layers: tuple[str, ...] = ()
    name: str = ""
    notes: tuple[str, ...] = ()


def open_layers(
    chunks: Iterable[bytes],
    hints: FormatHints,
    read_secret: Callable[[str], str] | None,
    *,
    limits: UnpackLimits | None = None,
) -> Unpacked:
    """Take everything off that a file is wrapped in. A workbook (XLSX), itself a zip archive, stays as it is.

    Archives are put into temporary files first, so memory does not grow with the file, except for what is encrypted,
    whose size is limited (`Limits.encrypted`, `Limits.locked`).

    Args:
        chunks: the file.
        hints: which secrets open it (`password`, `key`, `passphrase`), and whether parts in one archive may be joined.
        read_secret: gives the value of a secret; without it nothing that is encrypted can be opened.
        limits: how far the file may grow.

    Raises:
        ExtractRefused: the file is damaged, protected without the means to open it, suspiciously big once unpacked, or
            something that nobody can read a list of people from.
    """
    meter = Meter(limits or UnpackLimits())
    stream: Iterator[bytes] = meter.taking(chunks)
    layers: list[str] = []
    notes: list[str] = []
    name = ""
    with ExitStack() as opened:  # what a refusal leaves behind is closed, with its temporary files
        while True:
            first, stream = peek(stream, FIRST_BYTES)
            kind = recognise(first)
            if kind is FileKind.PLAIN:
                break
            if kind is FileKind.GZIP:
                label, stream = "gzip", gunzip(stream, meter)
            elif kind is FileKind.PGP:
                stream = _without_mark(stream) if first.startswith(codecs.BOM_UTF8) else stream
                label, stream = "pgp", decrypt(first, stream, hints, read_secret, meter)
            # What opens these two is a quarter of all that is imported to read a file, and few files need it.
            elif kind is FileKind.OLE:
                from shared.readers.unpack.office import open_ole

                label, stream = "password", open_ole(stream, hints, read_secret, meter)
            else:
                from shared.readers.unpack.unzip import open_zip

                content = open_zip(stream, hints, read_secret, meter)
                stream = content.chunks
                if content.is_workbook:
                    break
                label, name = "zip", content.name
                notes += content.notes
            if isinstance(stream, Generator):
                opened.callback(stream.close)
            layers.append(label)
            _check_depth(layers, meter.limits)
        opened.pop_all()
    return Unpacked(stream, tuple(layers), name, tuple(notes))


def _without_mark(chunks: Iterator[bytes]) -> Iterator[bytes]:
    """What follows a byte order mark."""
    left = len(codecs.BOM_UTF8)
    for chunk in chunks:
        yield chunk[left:]
        left = max(0, left - len(chunk))


def _check_depth(layers: list[str], limits: UnpackLimits) -> None:
    if sum(layer in _ARCHIVES for layer in layers) > limits.archives:
        raise ExtractRefused(
            f"The file is an archive within an archive within an archive; at most {limits.archives} are opened. Drop "
            "the list as it is, or in one archive."
        )
    if layers.count("pgp") > 1 or layers.count("password") > 1:
        raise ExtractRefused("The file is encrypted twice over. Encrypt it once and drop that file.")
