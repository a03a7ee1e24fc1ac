"""How names of columns are compared."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Sequence
from difflib import SequenceMatcher
from functools import lru_cache

from shared.mapping.cells.text import INVISIBLE
from shared.readers.text.own_rejects import is_rejects_file, unguard_reject

_MOST_COLUMNS = 10_000
_LONGEST_NAME = 200


_UNSEEN = re.compile(f"[{INVISIBLE}]")
_BETWEEN = re.compile(r"[\s_\-\u2010-\u2015\u2212]+")
_EXPLAINED = re.compile(r"[(\[{].*")  # the format of a day, a unit
_WORD = re.compile(r"[^\W\d_]*[^\W\d_A-Z](?=[A-Z])|[^\W\d_]+")  # also of `hireDate`
_FOR_A_DAY = {"date", "datum", "fecha"}  # which one name has and the other leaves out
_A_SLIP = 0.8  # more than so much of a word is the same
_A_SLIP_IN_ALL = 0.9


def plain_name(name: str) -> str:
    """A column's name without regard to case, to the number and kind of blanks, and to what nobody sees in it."""
    if not name.isascii():
        name = unicodedata.normalize("NFC", _UNSEEN.sub("", name))
    return " ".join(name.split()).casefold()


def loose(name: str) -> str:
    """A column's name as `plain_name` has it, and without blanks, dashes and underscores at all."""
    name = plain_name(name)
    return _BETWEEN.sub("", name) or name


def loose_set(names: Iterable[str]) -> frozenset[str]:
    """Names as they are compared where nothing is the same by `plain_name`."""
    return frozenset(map(loose, names))


def places_of(header: Sequence[str], wanted: Iterable[str]) -> dict[str, list[int]]:
    """Where in a header each of some names is; empty where it is not.

    A name that is not there is looked for without regard to blanks, dashes and underscores, among the columns that have
    no other wanted name. If several wanted names could be one column, none of them is.
    """
    by_name: dict[str, list[int]] = {}
    loosely: dict[str, list[int]] = {}
    for place, name in enumerate(header):
        by_name.setdefault(plain_name(name), []).append(place)
        loosely.setdefault(loose(name), []).append(place)
    found = {name: by_name.get(plain_name(name), []) for name in wanted}
    taken = {place for places in found.values() for place in places}
    left = [name for name, places in found.items() if not places]
    rivals = Counter(map(loose, dict.fromkeys(map(plain_name, left))))
    for name in left:
        if rivals[loose(name)] == 1:
            found[name] = [place for place in loosely.get(loose(name), []) if place not in taken]
    return found


def count_found(cells: Sequence[str], wanted: frozenset[str]) -> int:
    """How many of the wanted names (as `loose` has them) a row holds, each counted once."""
    cells = cells[:_MOST_COLUMNS]
    read = unguard_reject if is_rejects_file(cells) else str
    return len(wanted.intersection(loose(read(cell)) for cell in cells))


def renamed(column: str, names: Iterable[str]) -> str:
    """The one of some names by which a column seems to be called; an empty text if none is.

    `Hire Date *`, `hireDate_1`, `Hire-Datte` and `Hire Date (YYYY-MM-DD)` are `Hire Date`; `Rehire Date` and `Hire
    Reason` are not.
    """
    wanted = _words(column)
    return next((name for name in names if _are_alike(wanted, _words(name))), "")


@lru_cache(1_000)
def _words(name: str) -> tuple[str, ...]:
    return tuple(map(plain_name, _WORD.findall(_EXPLAINED.sub("", name[:_LONGEST_NAME]))))


def _are_alike(some: Sequence[str], others: Sequence[str]) -> bool:
    one, other = "".join(some), "".join(others)
    if not one or not other or one[0] != other[0]:
        return False
    if one == other or SequenceMatcher(None, one, other).ratio() >= _A_SLIP_IN_ALL:
        return True
    some, others = _without_date(some), _without_date(others)
    return len(some) == len(others) and all(map(_is_slip, some, others))


def _without_date(words: Sequence[str]) -> Sequence[str]:
    return [word for word in words if word not in _FOR_A_DAY] or words


def _is_slip(word: str, other: str) -> bool:
    return word == other or (word[0] == other[0] and SequenceMatcher(None, word, other).ratio() > _A_SLIP)
