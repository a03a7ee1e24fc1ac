"""What a document is, from its first bytes; names and content types lie."""

from __future__ import annotations

import re

from shared.readers.decoding import HEAD_BYTES, proved

_DATA = re.compile(r"(?:METADATA|MERGE|DELETE)[|,;^~]")
_OTHER = re.compile(r"(?:SET|COMMENT)(?:\s|$)")


def looks_like_json(head: bytes) -> bool:
    """Whether the file starts like an object or a list.

    Args:
        head: the first bytes, 1 KiB or more if there are so many.
    """
    return _start(head)[:1] in ("{", "[")


def looks_like_xml(head: bytes) -> bool:
    """Whether the file starts like XML, or like HTML, which is to be refused as such.

    Args:
        head: the first bytes, 1 KiB or more if there are so many.
    """
    return _start(head)[:1] == "<"


def looks_like_hdl(head: bytes) -> bool:
    """Whether the file starts with lines of Oracle's HCM Data Loader.

    Args:
        head: the first bytes, 1 KiB or more if there are so many.
    """
    other = False
    for line in _start(head).splitlines():
        if _DATA.match(line):
            return True
        if not _OTHER.match(line) and line.strip():
            break
        other = other or bool(line.strip())
    else:
        return other
    return False


def _start(head: bytes) -> str:
    encoding, mark = proved(head)
    return head[len(mark) :][:HEAD_BYTES].decode(encoding or "utf-8", "replace").lstrip()
