"""How names of columns are compared."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from shared.extracts.text.guard import is_rejects_file, unguard

_MOST_COLUMNS = 10_000


def plain(name: str) -> str:
    """A column's name without regard to case, to blanks at its ends and to the kind of blank."""
    return " ".join(name.replace("\ufeff", "").split()).casefold()


def plain_set(names: Iterable[str]) -> frozenset[str]:
    """Names as they are compared."""
    return frozenset(map(plain, names))


def count_found(cells: Sequence[str], wanted: frozenset[str]) -> int:
    """How many of the wanted names a row holds, each counted once."""
    cells = cells[:_MOST_COLUMNS]
    read = unguard if is_rejects_file(cells) else str
    return len(wanted.intersection(plain(read(cell)) for cell in cells))
