"""How text of a cell is compared and sent."""

from __future__ import annotations

import unicodedata

_ZERO_WIDTH = "\u200b\u200c\u200d\u2060\ufeff"


def clean(text: str) -> str:
    """`text` in NFC, with one blank for every run of blanks and line breaks, and nothing invisible at its ends."""
    return " ".join(unicodedata.normalize("NFC", text).split()).strip(f" {_ZERO_WIDTH}")
