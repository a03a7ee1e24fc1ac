"""Upper, lower and title case, and comparing without regard to case: one letter for one letter.

This is how Entra's own ToLower and ToUpper, and .NET, do it: ß stays ß in capitals, and İ in small letters is a plain i
instead of an i with a combining dot.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence

_ASCII_WORD = re.compile(r"[A-Za-z]+")
_CAPITALS = str.maketrans({"İ": "i", "\u03a3": "\u03c3"})  # İ would become two letters; sigma depends on its place
_OF_ONE_CASE = "İıſ"  # whose other case belongs to another letter
_FULL_WIDTH = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)}
_folded: dict[str, str] = {}


def lower(text: str) -> str:
    """`text` in small letters."""
    return text.lower() if text.isascii() else text.translate(_CAPITALS).lower()


def lower_many(texts: Sequence[str]) -> list[str]:
    """The same for many texts."""
    return _lower_ascii(texts) or list(map(lower, texts))


def upper(text: str) -> str:
    """`text` in capitals; letters that have no single capital stay."""
    capitals = text.upper()
    if len(capitals) == len(text):
        return capitals
    return "".join(one if len(one := letter.upper()) == 1 else letter for letter in text)


def title(text: str) -> str:
    """`text` with a capital at the beginning of every word; a word is letters with their marks."""
    if text.isascii():
        return _ASCII_WORD.sub(lambda word: word[0].capitalize(), text)
    made: list[str] = []
    inside = False
    for letter in text:
        if letter.isalpha():
            capital = letter.title()
            made.append(lower(letter) if inside else capital if len(capital) == 1 else letter)
            inside = True
        else:
            made.append(letter)
            inside = inside and unicodedata.category(letter).startswith("M")
    return "".join(made)


def fold(text: str) -> str:
    """`text` as it is compared without regard to case; as long as `text`, letter by letter."""
    return text.lower() if text.isascii() else "".join(_folded.get(letter) or _fold(letter) for letter in text)


def fold_many(texts: Sequence[str]) -> list[str]:
    """The same for many texts."""
    return _lower_ascii(texts) or list(map(fold, texts))


def bare(text: str) -> str:
    """`text` taken apart by compatibility (NFKD), without its accents and other marks."""
    return "".join(letter for letter in unicodedata.normalize("NFKD", text) if not unicodedata.combining(letter))


def narrow(text: str) -> str:
    """`text` with letters, digits and signs in their usual width in the place of full-width ones."""
    return text if text.isascii() else text.translate(_FULL_WIDTH)


def fold_id(worker_id: str) -> str:
    """An id without regard to case, blanks and width, by which Entra, or a reader, tells nobody apart."""
    folded = narrow(fold(worker_id))
    return folded.replace(" ", "") if " " in folded else folded


def fold_name(name: str) -> str:
    """A person's name without regard to case, and to whether the family name comes first, with a comma behind it."""
    family, _, given = name.partition(",")
    turned = f"{given} {family}" if family.strip() and given.strip() and "," not in given else name
    return fold(" ".join(turned.split()))


def _fold(letter: str) -> str:
    return _folded.setdefault(letter, letter if letter in _OF_ONE_CASE else lower(upper(letter)))


def _lower_ascii(texts: Sequence[str]) -> list[str] | None:
    """Texts in small letters, in one go; None if one of them is not ASCII, or holds a line break."""
    joined = "\n".join(texts)
    if not joined.isascii():
        return None
    lowered = joined.lower()
    if lowered == joined:
        return list(texts)
    found = lowered.split("\n")
    return found if len(found) == len(texts) else None
