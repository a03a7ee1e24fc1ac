"""Texts as they are searched: without case and accents, and with room for one letter that is wrong."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Sequence

_APART = re.compile(r"[\s,;]+")
_SHORTEST = 4  # letters of a word in which one may be wrong


def plain_text(text: str) -> str:
    """`text` as it is compared: without case and accents."""
    if text.isascii():
        return text.lower()
    return unicodedata.normalize("NFKD", text.casefold()).translate(_BARE)


def searched_words(text: str) -> list[str]:
    """The words of what somebody searches for, plain; `Neumann, Frieda` has two."""
    return [word for word in _APART.split(plain_text(text)) if word]


def nearly(words: Sequence[str]) -> Callable[[str], bool]:
    """Whether all words appear in a plain text if one letter of each may be wrong, too many, missing or swapped.

    Most texts are passed over by a look for a third of the word: one mistake leaves one of the thirds as it is.
    """
    parts = [(word, _thirds(word)) for word in words]

    def found(text: str) -> bool:
        if not all(any(part in text for part in thirds) for _, thirds in parts):
            return False
        tokens = re.split(r"[\s,;.@_-]+", text)
        return all(word in text or any(is_near(word, token) for token in tokens) for word, _ in parts)

    return found


def is_near(word: str, other: str) -> bool:
    """Whether two words are the same but for one letter, or two that are swapped."""
    if len(word) < _SHORTEST or abs(len(word) - len(other)) > 1:
        return word == other
    same = next((at for at, (one, two) in enumerate(zip(word, other, strict=False)) if one != two), None)
    if same is None:
        return True
    rest, others = word[same:], other[same:]
    swapped = rest[:2] == others[1::-1] and rest[2:] == others[2:]
    return swapped or rest[1:] == others[1:] or rest[1:] == others or rest == others[1:]


def _thirds(word: str) -> tuple[str, ...]:
    if len(word) < _SHORTEST:
        return (word,)
    third = len(word) // 3
    return word[:third], word[third : 2 * third], word[2 * third :]


class _Bare(dict[int, int | str | None]):
    """For `str.translate`: letters stay, accents go; it learns them as they come."""

    def __missing__(self, letter: int) -> int | str | None:
        self[letter] = found = None if unicodedata.combining(chr(letter)) else letter
        return found


_STROKES = {"ł": "l", "ø": "o", "đ": "d", "ð": "d", "ħ": "h", "\u0131": "i", "æ": "ae", "œ": "oe", "þ": "th"}
"""Letters that Unicode takes no accent off, and that people type without their stroke all the same."""
_BARE = _Bare({ord(letter): typed for letter, typed in _STROKES.items()})
