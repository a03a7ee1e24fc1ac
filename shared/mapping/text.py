"""How text of a cell is compared and sent."""

from __future__ import annotations

import re
import unicodedata

# Zero-width characters, the soft hyphen, marks of writing direction, the byte order mark: nobody sees them.
INVISIBLE = "\u00ad\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u2069\ufeff"
_ENDS = re.compile(rf"^[\s{INVISIBLE}]+|[\s{INVISIBLE}]+$")
_HIDDEN = re.compile(rf"[^\S ]|[{INVISIBLE}]")
_BROKEN = re.compile(
    r"\ufffd|[\u00c2-\u00c5][\u0080-\u00bf\u0152\u0153\u0160\u0161\u0178\u017d\u017e\u0192\u2013-\u2122]"
)
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")


def clean(text: str) -> str:
    """`text` in NFC, with one blank for every run of blanks and line breaks, and nothing invisible at its ends."""
    if text.isascii():
        return " ".join(text.split()) if " " in text or not text.isprintable() else text
    return _ENDS.sub("", " ".join(unicodedata.normalize("NFC", text).split()))


def hides_something(text: str) -> bool:
    """Whether a character that nobody sees is inside `text`; those at its ends do not count."""
    return not text.isascii() and _HIDDEN.search(_ENDS.sub("", text)) is not None


def holds_control(text: str) -> bool:
    """Whether a control character is in `text`."""
    return _CONTROL.search(text) is not None


def looks_broken(text: str) -> bool:
    """Whether `text` looks like UTF-8 that somebody read in another code page, or has lost characters already."""
    return not text.isascii() and _BROKEN.search(text) is not None


def shorten(text: str) -> str:
    """`text` as it is quoted in a sentence."""
    return text if len(text) <= 40 else f"{text[:40]}\u2026"
