"""The people of an extract in the order of accounts: by the last two characters of their ids, then by the ids.

They are in a temporary database, a hundred in a row of it, a column at a time: they are mostly read in their order, and
it takes a tenth of the time of a row for each. They come in heaps by the last two characters of their ids, and each
heap is sorted.
"""

from __future__ import annotations

import sqlite3
from array import array
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from itertools import chain, count, pairwise
from typing import Any, NamedTuple

from msgspec import msgpack

from shared.changes.loops import loops, smallest_first
from shared.storage.scratch import batches, placeholders

PeopleColumns = Sequence[Sequence[Any]]
"""Some people: one for each attribute of `IndexedPerson`, all of one length."""

_TOGETHER = 100  # people in a row of the database
_HEAP = 20_000  # people that are sorted in memory
_REMEMBERED = 8  # rows of the database, for who asks for one after the other
_TABLE = """
CREATE TABLE people (
    tail TEXT, first TEXT, worker_id BLOB, row BLOB, digest BLOB, place BLOB, manager BLOB, following BLOB,
    PRIMARY KEY (tail, first)
) WITHOUT ROWID
"""


class IndexedPerson(NamedTuple):
    """What is kept of a person.

    Attributes:
        worker_id: who it is.
        row: of the extract.
        digest: of what the extract says.
        place: of the record in the spool.
        manager: the manager's id, or an empty text.
        following: the place of the record that counts later; None if there is none.
    """

    worker_id: str
    row: int
    digest: bytes
    place: int
    manager: str
    following: int | None


_ALL = ", ".join(IndexedPerson._fields)


class PeopleIndex:
    """Finds people by their ids, or gives all of them.

    Args:
        scratch: a temporary database.
        heaps: the last two characters of ids, each once and in order, with everybody whose id ends so; nobody twice.
    """

    def __init__(self, scratch: sqlite3.Connection, heaps: Iterable[tuple[str, Iterable[PeopleColumns]]]) -> None:
        self._scratch = scratch
        scratch.execute(_TABLE)
        self._size = 0
        insert = f"INSERT INTO people VALUES (?, ?, {placeholders(IndexedPerson._fields)})"  # noqa: S608 (place holders)
        for tail, some in heaps:
            for columns in self._sorted(iter(some)):
                self._size += len(columns[0])
                scratch.execute(insert, (tail, columns[0][0], *map(msgpack.encode, columns)))
        self._columns_from = lru_cache(_REMEMBERED)(self._read_columns)

    def __len__(self) -> int:
        return self._size

    def tails(self) -> list[str]:
        """The last two characters of all ids, each once, in order."""
        return [tail for (tail,) in self._scratch.execute("SELECT DISTINCT tail FROM people ORDER BY tail")]

    def people_with(self, tail: str) -> Iterator[IndexedPerson]:
        """Everybody whose id ends in two characters, in order."""
        found = self._scratch.execute(f"SELECT {_ALL} FROM people WHERE tail = ? ORDER BY first", (tail,))  # noqa: S608
        for columns in found:
            yield from map(IndexedPerson, *map(msgpack.decode, columns))

    def columns(self, *names: str) -> Iterator[PeopleColumns]:
        """Some attributes of everybody, or all of them, some people at a time, in order."""
        wanted = ", ".join(names) or _ALL
        for columns in self._scratch.execute(f"SELECT {wanted} FROM people ORDER BY tail, first"):  # noqa: S608 (ours)
            yield list(map(msgpack.decode, columns))

    def find(self, worker_id: str) -> IndexedPerson | None:
        """A person; None if nobody has the id."""
        tail = worker_id[-2:]
        query = "SELECT first FROM people WHERE tail = ? AND first <= ? ORDER BY first DESC LIMIT 1"
        first = self._scratch.execute(query, (tail, worker_id)).fetchone()
        if first is None:
            return None
        columns = self._columns_from(tail, first[0])
        at = bisect_left(columns[0], worker_id)
        if at == len(columns[0]) or columns[0][at] != worker_id:
            return None
        return IndexedPerson(*(column[at] for column in columns))

    def find_some(self, ids: Iterable[str]) -> Iterator[IndexedPerson]:
        """Those of some people who are there, in the order of accounts."""
        for worker_id in sorted(ids, key=lambda one: (one[-2:], one)):
            if (found := self.find(worker_id)) is not None:
                yield found

    def loops(self) -> list[tuple[str, ...]]:
        """The ids of every loop of managers, from worker to manager, the smallest id first.

        Memory grows by some bytes for each person, and by a hundred for whoever manages somebody.
        """
        managers = next(found for salt in count() if (found := self._managers("." * salt)) is not None)
        places = list(loops(managers))
        wanted = {place for loop in places for place in loop}
        if not wanted:
            return []
        everybody = enumerate(chain.from_iterable(map(IndexedPerson, *columns) for columns in self.columns()))
        people = {place: person for place, person in everybody if place in wanted}
        return sorted(
            smallest_first([people[place].worker_id for place in loop])
            for loop in places
            if all(people[one].manager == people[next_].worker_id for one, next_ in pairwise([*loop, loop[0]]))
        )

    def _managers(self, salt: str) -> array[int] | None:
        """Of each person who manages somebody the place of the manager in the order, else -1.

        It is told by hashes, so that a manager may be somebody else with the same one. None if two people who may
        manage somebody have the same: then another salt tells them apart.
        """
        ids, named = array("q"), array("q")
        for some, managers in self.columns("worker_id", "manager"):
            ids.extend(map(hash, [salt + one for one in some] if salt else some))
            named.extend(map(hash, [salt + one for one in managers] if salt else managers))
        managing = set(named)
        own = [place for place, key in enumerate(ids) if key in managing]
        places = {ids[place]: place for place in own}
        if len(places) < len(own):
            return None
        found = array("i", [-1]) * len(ids)
        for place in own:
            found[place] = places.get(named[place], -1)
        return found

    def _read_columns(self, tail: str, first: str) -> PeopleColumns:
        query = f"SELECT {_ALL} FROM people WHERE tail = ? AND first = ?"  # noqa: S608 (ours)
        return list(map(msgpack.decode, self._scratch.execute(query, (tail, first)).fetchone()))

    def _sorted(self, heaps: Iterator[PeopleColumns]) -> Iterator[PeopleColumns]:
        """Those whose ids end in the same two characters, sorted, some at a time."""
        gathered: list[list[Any]] = [[] for _ in IndexedPerson._fields]
        for columns in heaps:
            for whole, part in zip(gathered, columns, strict=True):
                whole.extend(part)
            if len(gathered[0]) > _HEAP:
                yield from self._sorted_by_database(gathered, heaps)
                return
        order = sorted(range(len(gathered[0])), key=gathered[0].__getitem__)
        for start in range(0, len(order), _TOGETHER):
            some = order[start : start + _TOGETHER]
            yield [list(map(column.__getitem__, some)) for column in gathered]

    def _sorted_by_database(
        self, gathered: list[list[Any]], others: Iterable[PeopleColumns]
    ) -> Iterator[PeopleColumns]:
        """The same of people who are too many to be sorted in memory."""
        self._scratch.execute("CREATE TABLE sorting (id TEXT, person BLOB)")
        for columns in chain([gathered], others):
            people = ((person[0], msgpack.encode(person)) for person in zip(*columns, strict=True))
            self._scratch.executemany("INSERT INTO sorting VALUES (?, ?)", people)
        for column in gathered:
            column.clear()
        for some in batches(self._scratch.execute("SELECT person FROM sorting ORDER BY id"), _TOGETHER):
            yield list(zip(*(msgpack.decode(person) for (person,) in some), strict=True))
        self._scratch.execute("DROP TABLE sorting")
