"""People inside the records of others, as in an organisation tree: the list itself holds nobody but those at the top.

A list inside a record, or a repeated element, is one of people if its entries say whom they are about and have half of
the wanted paths. It does no harm if they are records of their own as well, as where an export says with each manager
who the reports are; whoever is nowhere else would count as gone.

Nobody is meant by a single object (a manager, a deputy), by a list of those above, by entries with the id of the record
itself (contracts, jobs), or by a list that the mapping reads. Where what names the worker is just called `id`, jobs and
addresses have it, too: then the list must be called after those who report to somebody, or be a tree, in which the
entries have such a list themselves.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from zlib import crc32

from shared.readers.documents.paths import BRANCHES, InexactError, NoValueError, Path, Value

_Inner = tuple[str, ...]
"""The names from a record to what is inside."""

_ABOVE = re.compile("manager|supervisor|superior|reportsto|vorgesetzt|boss|chef|jefe|responsable")
_BELOW = {"reports", "directreports", "directs", "reportees", "subordinates", "employees", "workers"}
_SLOTS = 1 << 21  # one for each id, nearly: what was read must not fill the memory
_LOOKED_AT = 5  # entries of each list
_ENOUGH = 100  # looks at a place where nobody is
_MANY = 1_000  # places, and people who may be no records
_DEEPEST = 8
_TREES = frozenset(BRANCHES)


class Inside:
    """Collects who is inside the records of one document while it is read.

    Args:
        paths: the wanted ones, first the one that names the worker; none where somebody looks what there is.
    """

    def __init__(self, paths: Sequence[Path]) -> None:
        self._paths = paths
        self._read = {path.names for path in paths}
        self._is_common = bool(paths) and paths[0].text.casefold() in {"id", "@id"}
        self._records = bytearray(_SLOTS)  # which ids have been met; of two in one slot, the one hides the other
        self._apart: dict[str, _Inner] = {}
        self._looks: dict[_Inner, int] = {}
        self._idle: set[_Inner] = set()
        self._singles: set[_Inner] = set()  # where objects stand that count only in a list

    def look(self, record: dict[str, Value], key: str) -> None:
        """Take note of a record, and look for others in it.

        Args:
            record: the tree.
            key: what names its worker.
        """
        if key:
            self._records[_slot(key)] = 1
        if self._paths and not _TREES.isdisjoint(map(type, record.values())):
            for name, value in record.items():
                if type(value) in _TREES and (name,) not in self._idle:
                    self._search((name,), value, key)

    def meet(self, keys: Iterable[str]) -> None:
        """Take note of records in which nobody else can be, by what names their workers."""
        for number in map(crc32, map(str.encode, filter(None, keys))):
            self._records[number % _SLOTS] = 1

    @property
    def places(self) -> list[_Inner]:
        """Where there are people who are no records of their own, once all records were looked at."""
        return list(dict.fromkeys(place for one, place in self._apart.items() if not self._records[_slot(one)]))

    def _search(self, place: _Inner, value: Value, key: str) -> bool:
        """Look at a value inside a record; whether it is worth looking there again."""
        if isinstance(value, list):
            again = not value or (place not in self._idle and self._is_found(place, value, key))
        elif not isinstance(value, dict) or place in self._singles or all(name.startswith("@") for name in value):
            again = True  # there may be a list another time
        elif self._is_found(place, [value], key, is_single=True):
            if not _is_below(place):
                self._count(place, self._singles)
            again = True
        elif len(place) < _DEEPEST:
            inner = [(*place, name) for name, tree in value.items() if type(tree) in _TREES]
            again = any([self._search(one, value[one[-1]], key) for one in inner if one not in self._idle])  # noqa: C419 (all of them)
        else:
            again = False
        if not again:
            self._count(place, self._idle)
        return again

    def _count(self, place: _Inner, enough: set[_Inner]) -> None:
        """Take note of a look at a place that was in vain."""
        looks = self._looks[place] = self._looks.get(place, 0) + 1
        if looks >= _ENOUGH or len(self._looks) > _MANY:
            del self._looks[place]
            if len(enough) < _MANY:
                enough.add(place)

    def _is_found(self, place: _Inner, entries: list[Value], key: str, *, is_single: bool = False) -> bool:
        """Whether people are among some entries; those who may be nowhere else are remembered."""
        if not is_single and self._is_passed(place):
            return False
        people = self._people(place, entries, key)
        if (not is_single or _is_below(place)) and len(self._apart) < _MANY:
            self._apart |= {one: where for one, where in people.items() if not self._records[_slot(one)]}
        return bool(people)

    def _is_passed(self, place: _Inner) -> bool:
        """Whether a list is of those above, or the mapping reads it, so that whoever wrote that knows what it is."""
        own = tuple(name.casefold() for name in place)
        return any(_ABOVE.search(name) for name in _plain(place)) or any(read[: len(own)] == own for read in self._read)

    def _people(self, place: _Inner, entries: list[Value], key: str) -> dict[str, _Inner]:
        """Those of some entries that are people, and others than the one of the record."""
        people = {}
        for entry in entries[:_LOOKED_AT]:
            if not isinstance(entry, dict):
                continue
            try:
                found = self._paths[0].find(entry)
            except (NoValueError, InexactError):
                continue
            if not found or found == key:
                continue
            seen = sum(path.is_in(entry) for path in self._paths)
            if seen < 2 or seen * 2 < len(self._paths):
                continue
            if not self._is_common or place[0] in entry or _is_below(place):
                people[found] = place
        return people


def _slot(key: str) -> int:
    return crc32(key.encode("utf-8", "surrogatepass")) % _SLOTS


def _is_below(place: _Inner) -> bool:
    """Whether it is called after those who report to somebody."""
    return not _BELOW.isdisjoint(_plain(place))


def _plain(place: _Inner) -> list[str]:
    """The names that say what is there; in XML, the one around a repeated element does."""
    return ["".join(filter(str.isalpha, name)).lower() for name in place[-2:]]
