"""In which encoding the files of other programs are: Windows writes UTF-8 and UTF-16, with a byte order mark or not.

HR's own files are read by `shared.readers`, which takes nothing for granted.
"""

from __future__ import annotations

import codecs


def encoding_of(first: bytes) -> str:
    """The codec for a file, by its first bytes; a byte order mark is no part of the text."""
    utf_16 = first.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    return "utf-16" if utf_16 else "utf-8-sig"
