"""The rows of an extract while it is read: ids, digests, names and places, in a temporary database."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import count, repeat
from operator import itemgetter

from shared.changes.duplicates import Occurrence
from shared.letters import fold
from shared.storage.scratch import batches, placeholders

_AT_ONCE = 1000
MANAGER = -1
"""The kind of the names by which managers are found."""

# `seq` counts the rows. `alike` and `key` are hashes: different texts can have the same, so texts are compared again.
# `digest` is NULL for rows that do not count.
TABLES = """
CREATE TABLE rows (
    seq INTEGER PRIMARY KEY, alike INTEGER, id TEXT, row INTEGER, line INTEGER, digest BLOB, active INTEGER,
    marked INTEGER, place INTEGER, manager TEXT, next INTEGER
);
CREATE TABLE names (kind INTEGER, key INTEGER, name TEXT, seq INTEGER);
"""
_PEOPLE = """
CREATE TABLE people (
    tail TEXT, id TEXT, number INTEGER, row INTEGER, digest BLOB, place INTEGER, manager TEXT, next INTEGER,
    PRIMARY KEY (tail, id)
) WITHOUT ROWID;
INSERT INTO people
    SELECT substr(id, -2), id, row_number() OVER (ORDER BY substr(id, -2), id) - 1, row, digest, place, manager, next
    FROM rows WHERE digest IS NOT NULL ORDER BY 1, 2;
DROP TABLE rows;
DROP TABLE names;
"""


@dataclass(frozen=True, slots=True)
class Entry:
    """A row that is known by a number of ours.

    Attributes:
        seq: the number.
        of: the row.
        place: of its record.
    """

    seq: int
    of: Occurrence
    place: int


class RowIndex:
    """Takes rows one after the other, and answers about all of them afterwards.

    Args:
        scratch: a temporary database.
    """

    def __init__(self, scratch: sqlite3.Connection) -> None:
        self._scratch = scratch
        scratch.executescript(TABLES)
        self._seq = 0
        self._rows: list[tuple[object, ...]] = []
        self._names: list[tuple[int, int, str, int]] = []

    def add(self, alike: str, row: Occurrence, place: int = 0, manager: str = "") -> int:
        """Take note of a row.

        Args:
            alike: what its id has in common with ids that cannot be told from it.
            row: itself.
            place: of its record.
            manager: the manager's id, or what names them.

        Returns:
            The row's number.
        """
        self._seq += 1
        values = (row.worker_id, row.row, row.line, row.digest, row.active, row.primary, place, manager)
        self._rows.append((self._seq, hash(alike), *values))
        if len(self._rows) >= _AT_ONCE:
            self._flush()
        return self._seq

    def add_many(
        self, alikes: Iterable[str], rows: Iterable[tuple[object, ...]], names: Iterable[tuple[int, Sequence[str]]] = ()
    ) -> None:
        """Take note of rows that count.

        Args:
            alikes: what each id has in common with ids that cannot be told from it.
            rows: id, row, line, digest, active, primary, place and manager of each.
            names: kinds of names, each with the names in these rows, or empty texts.
        """
        first = self._seq + 1
        known = len(self._rows)
        self._rows.extend(
            (seq, alike, *row) for seq, alike, row in zip(count(first), map(hash, alikes), rows, strict=False)
        )
        self._seq += len(self._rows) - known
        for kind, several in names:
            keys = map(hash, map(fold, several))
            self._names.extend(filter(itemgetter(2), zip(repeat(kind), keys, several, count(first), strict=False)))
        if len(self._rows) >= _AT_ONCE:
            self._flush()

    def add_names(self, seq: int, names: Iterable[tuple[int, str]]) -> None:
        """Take note of the names in a row, each with its kind."""
        self._names.extend((kind, hash(fold(name)), name, seq) for kind, name in names)

    def finish(self) -> None:
        """All rows are there."""
        self._flush()
        self._scratch.execute("CREATE INDEX rows_alike ON rows (alike)")

    def repeated(self) -> Iterator[list[Entry]]:
        """The rows, in the order of the file, whose ids have the same hash."""
        several = "SELECT alike FROM rows GROUP BY alike HAVING count(*) > 1"
        for (alike,) in self._scratch.execute(several).fetchall():
            yield self._entries("alike = ?", [alike])

    def alike(self, alike: str) -> list[Entry]:
        """The rows with the hash of an id, in the order of the file."""
        return self._entries("alike = ?", [hash(alike)])

    def drop(self, seqs: Iterable[int]) -> None:
        """These rows do not count."""
        self._scratch.executemany("UPDATE rows SET digest = NULL WHERE seq = ?", [(seq,) for seq in seqs])

    def remove(self, seqs: Iterable[int]) -> None:
        """These rows are as if they were not there."""
        self._scratch.executemany("DELETE FROM rows WHERE seq = ?", [(seq,) for seq in seqs])

    def replace(self, seq: int, digest: bytes, place: int) -> None:
        """A row has another record now."""
        self._scratch.execute("UPDATE rows SET digest = ?, place = ? WHERE seq = ?", (digest, place, seq))

    def follow(self, seq: int, digest: bytes, place: int) -> None:
        """A row is followed by another one of the person's, from its first day on; it has another digest for that."""
        self._scratch.execute("UPDATE rows SET digest = ?, next = ? WHERE seq = ?", (digest, place, seq))

    def index_names(self) -> None:
        """All rows that do not count because of their ids are dropped; names can be asked for."""
        self._scratch.execute("CREATE INDEX names_key ON names (kind, key)")

    def shared_keys(self, kind: int) -> list[int]:
        """The hashes of names that more than one row has."""
        several = """
            SELECT key FROM names JOIN rows USING (seq) WHERE kind = ?1 AND digest IS NOT NULL
            AND key IN (SELECT key FROM names WHERE kind = ?1 GROUP BY key HAVING count(*) > 1)
            GROUP BY key HAVING count(*) > 1
        """
        return [key for (key,) in self._scratch.execute(several, (kind,))]

    def names(self, kind: int) -> Iterator[list[tuple[str, str]]]:
        """All names of a kind with the ids of the people, some at a time."""
        # In the order of the rows (no index on `kind`), which is the order in which they lie in the file.
        query = "SELECT name, id FROM names JOIN rows USING (seq) WHERE +kind = ? AND digest IS NOT NULL"
        return batches(self._scratch.execute(query, (kind,)), _AT_ONCE)

    def named(self, kind: int, folded: str) -> list[tuple[str, Entry]]:
        """The rows that have a name, with its spelling."""
        return [pair for pair in self.with_key(kind, hash(folded)) if fold(pair[0]) == folded]

    def with_key(self, kind: int, key: int) -> list[tuple[str, Entry]]:
        """The rows that have a name with a hash, in the order of the file."""
        query = "SELECT name, seq FROM names WHERE kind = ? AND key = ?"
        spelling = {seq: name for name, seq in self._scratch.execute(query, (kind, key))}
        found = []
        for some in batches(spelling):
            entries = self._entries(f"seq IN ({placeholders(some)}) AND digest IS NOT NULL", some)
            found += [(spelling[entry.seq], entry) for entry in entries]
        return sorted(found, key=lambda pair: pair[1].seq)

    def name_of(self, kind: int, seq: int) -> str:
        """The name that a row has, or an empty text."""
        self._index_rows_of_names()
        query = "SELECT name FROM names WHERE kind = ? AND seq = ?"
        found = self._scratch.execute(query, (kind, seq)).fetchone()
        return str(found[0]) if found else ""

    def unname(self, kind: int, seq: int) -> None:
        """A row does not have its name of a kind any more."""
        self._index_rows_of_names()
        self._scratch.execute("DELETE FROM names WHERE kind = ? AND seq = ?", (kind, seq))

    def entry(self, seq: int) -> Entry:
        """A row by its number."""
        return self._entries("seq = ?", [seq])[0]

    def with_managers(self) -> Iterator[tuple[int, str, int, bytes, str]]:
        """The number, id, row, digest and manager of each person who has one; they may be changed meanwhile."""
        last = 0
        query = """
            SELECT seq, id, row, digest, manager FROM rows
            WHERE seq > ? AND digest IS NOT NULL AND manager <> '' ORDER BY seq LIMIT ?
        """
        while some := self._scratch.execute(query, (last, _AT_ONCE)).fetchall():
            yield from some
            last = some[-1][0]

    def set_managers(self, managers: Iterable[tuple[str, bytes, int]]) -> None:
        """Give people another manager and another digest, by their number."""
        self._scratch.executemany("UPDATE rows SET manager = ?, digest = ? WHERE seq = ?", managers)

    def close(self) -> None:
        """Everything is decided: what is left are people."""
        self._scratch.executescript(_PEOPLE)

    def _index_rows_of_names(self) -> None:
        """Hardly any extract needs it."""
        self._scratch.execute("CREATE INDEX IF NOT EXISTS names_seq ON names (seq)")

    def _flush(self) -> None:
        self._scratch.executemany(f"INSERT INTO rows VALUES ({placeholders(range(10))}, NULL)", self._rows)  # noqa: S608
        self._scratch.executemany("INSERT INTO names VALUES (?, ?, ?, ?)", self._names)
        self._rows.clear()
        self._names.clear()

    def _entries(self, where: str, values: Sequence[object]) -> list[Entry]:
        query = f"SELECT seq, place, id, row, line, digest, active, marked FROM rows WHERE {where} ORDER BY seq"  # noqa: S608
        return [
            Entry(seq, Occurrence(worker_id, row, line, digest, bool(active), bool(marked)), place)
            for seq, place, worker_id, row, line, digest, active, marked in self._scratch.execute(query, values)
        ]
