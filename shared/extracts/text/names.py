"""How names of columns are compared."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence

from shared.extracts.text.guard import is_rejects_file, unguard
from shared.mapping.text import INVISIBLE

_MOST_COLUMNS = 10_000


_UNSEEN = re.compile(f"[{INVISIBLE}]")


def plain(name: str) -> str:
    """A column's name without regard to case, to the number and kind of blanks, and to what nobody sees in it."""
    if not name.isascii():
        name = unicodedata.normalize("NFC", _UNSEEN.sub("", name))
    return " ".join(name.split()).casefold()


def plain_set(names: Iterable[str]) -> frozenset[str]:
    """Names as they are compared."""
    return frozenset(map(plain, names))


def count_found(cells: Sequence[str], wanted: frozenset[str]) -> int:
    """How many of the wanted names a row holds, each counted once."""
    cells = cells[:_MOST_COLUMNS]
    read = unguard if is_rejects_file(cells) else str
    return len(wanted.intersection(plain(read(cell)) for cell in cells))
