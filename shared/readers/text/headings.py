"""Lines among the rows that are about these, and no rest of a cell: headings of groups, titles and numbers of pages."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence

_PAGE = re.compile(
    r"[-\u2013 ]*(?:page|seite|p\u00e1gina|pagina|pag\.|p\.) ?\d{1,5}(?: ?(?:of|von|de|sur|/) ?\d{1,5})?[-\u2013. ]*",
    re.IGNORECASE,
)
# A day, an address or a long number: nobody writes a line break and more words behind these into one cell.
_WHOLE = re.compile(
    r"(?:\d{4}[-/.]\d{1,2}[-/.]\d{1,2}|\d{1,2}[-/.]\d{1,2}[-/.]\d{4})(?:[T ][\d:.]+Z?)?|[^@\s]+@[^@\s]+\.[^@\s]+|\d{5,}"
)
_MOST_WORDS = 8


class Headings:
    """Tells such lines, where there is no doubt.

    Args:
        titles: lines above the header.
    """

    def __init__(self, titles: Collection[str]) -> None:
        self._titles = {" ".join(title.split()) for title in titles} - {""}
        self._first_words: set[str] = set()

    def look(self, cells: Sequence[str]) -> None:
        """Look at a line above the first person: there is no cell that it could go on.

        A list by groups has the heading of the first one there, and the others begin as that one does.
        """
        words = _words(cells)
        if len(words) > 1:
            self._first_words.add(words[0])

    def is_one(self, above: str, cells: Sequence[str]) -> bool:
        """Whether a line is one beyond doubt.

        Args:
            above: the last cell of the row above it.
            cells: of the line.
        """
        words = _words(cells)
        text = " ".join(words)
        if _PAGE.fullmatch(text) or (text and text in self._titles):
            return True
        is_title = 1 < len(words) <= _MOST_WORDS and text[0].isupper()
        return is_title and (words[0] in self._first_words or _WHOLE.fullmatch(above.strip()) is not None)


def _words(cells: Sequence[str]) -> list[str]:
    """The words of a line of one cell; none of another."""
    return cells[0].split() if len(cells) == 1 else []
