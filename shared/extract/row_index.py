"""The rows of an extract while it is read: ids, digests, names and places, in a temporary database.

In most extracts nobody has the id or the name of somebody else. So it is found out from hashes alone, a few bytes for
each row, whether anybody has; rows and names are written in blocks, a column at a time, and single ones are looked for
only where somebody has.
"""

from __future__ import annotations

import sqlite3
from array import array
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import chain, compress, count, groupby, repeat
from operator import itemgetter
from typing import Any

import orjson
from msgspec import msgpack

from shared.changes.duplicates import Occurrence
from shared.extract.people_index import PeopleColumns, PeopleIndex
from shared.letters import fold, fold_many
from shared.storage.scratch import batches, placeholders

_AT_ONCE = 4000
_COMPARED = 250_000  # hashes at once, so that comparing them takes no more memory in larger extracts
MANAGER_NAMES = -1
"""The kind of the names by which managers are found."""

# `seq` counts the rows. `heaps` hold them, a list for each of `_COLUMNS`, by the last two characters of their ids, as
# `people_index` wants them; `rows` is filled from them once somebody asks for single ones, and counts from then on.
# `alike` and `key` are hashes: different texts can have the same, so texts are compared again. `digest` is NULL for
# rows that do not count. `blocks` hold JSON: the numbers of rows, and their names; `names` is filled from them
# likewise.
_COLUMNS = ("seq", "id", "row", "line", "digest", "active", "marked", "place", "manager")
_TABLES = """
CREATE TABLE heaps (first INTEGER, last INTEGER, tail TEXT, columns BLOB);
CREATE TABLE rows (
    seq INTEGER PRIMARY KEY, alike INTEGER, id TEXT, row INTEGER, line INTEGER, digest BLOB, active INTEGER,
    marked INTEGER, place INTEGER, manager TEXT, next INTEGER
);
CREATE TABLE blocks (kind INTEGER, names BLOB);
CREATE TABLE names (kind INTEGER, key INTEGER, name TEXT, seq INTEGER);
"""
_END = "DROP TABLE heaps; DROP TABLE rows; DROP TABLE blocks; DROP TABLE names;"


@dataclass(frozen=True, slots=True)
class IndexedRow:
    """A row that is known by a number of ours.

    Attributes:
        seq: the number.
        of: the row.
        place: of its record.
    """

    seq: int
    of: Occurrence
    place: int


@dataclass(frozen=True, slots=True)
class Names:
    """Names of one kind.

    Attributes:
        seqs: the numbers of the rows that have them.
        texts: the names.
    """

    seqs: list[int] = field(default_factory=list)
    texts: list[str] = field(default_factory=list)


class RowIndex:
    """Takes rows one after the other, and answers about all of them afterwards.

    Args:
        scratch: a temporary database.

    Attributes:
        numbered_managers: whether the ids of all managers are nothing but digits.
    """

    def __init__(self, scratch: sqlite3.Connection) -> None:
        self._scratch = scratch
        scratch.executescript(_TABLES)
        self._seq = 0
        self._waiting: list[list[Any]] = [[] for _ in _COLUMNS]  # rows that are not written yet
        self._names: defaultdict[int, Names] = defaultdict(Names)  # that are not written yet, by kind
        self._alike = array("q")  # the hashes of all rows
        self._keys: defaultdict[int, array[int]] = defaultdict(lambda: array("q"))  # those of all names, by kind
        self._rows_are_single = self._are_single = False  # whether single rows and names can be looked for
        self._is_indexed = False
        self._zeros = False  # whether the id of a manager begins with a zero
        self.numbered_managers = True

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
        values = (self._seq, row.worker_id, row.row, row.line, row.digest, row.active, row.primary, place, manager)
        for waiting, value in zip(self._waiting, values, strict=True):
            waiting.append(value)
        self._alike.append(hash(alike))
        self._look_at_managers([manager])
        self._flush_if_full()
        return self._seq

    def add_many(
        self,
        alikes: Sequence[str],
        columns: Sequence[Sequence[object]],
        managers: Sequence[str],
        names: Iterable[tuple[int, Sequence[str]]] = (),
    ) -> None:
        """Take note of rows that count.

        Args:
            alikes: what each id has in common with ids that cannot be told from it.
            columns: id, row, line, digest, active, primary and place of each.
            managers: of each.
            names: kinds of names, each with the names in these rows, or empty texts.
        """
        first = self._seq + 1
        self._seq += len(alikes)
        for waiting, values in zip(self._waiting, (range(first, self._seq + 1), *columns, managers), strict=True):
            waiting.extend(values)
        self._alike.extend(map(hash, alikes))
        self._look_at_managers(managers)
        for kind, several in names:
            self._add_names(kind, compress(count(first), several), list(filter(None, several)))
        self._flush_if_full()

    def add_names(self, seq: int, names: Iterable[tuple[int, str]]) -> None:
        """Take note of the names in a row, each with its kind."""
        for kind, name in names:
            self._add_names(kind, [seq], [name])

    def finish(self) -> None:
        """All rows are there."""
        self._flush()

    def repeated(self) -> Iterator[list[IndexedRow]]:
        """The rows, in the order of the file, whose ids have the same hash."""
        if not _any_twice(self._alike):
            return
        self._index_rows()
        several = "SELECT alike FROM rows GROUP BY alike HAVING count(*) > 1"
        for (alike,) in self._scratch.execute(several).fetchall():
            yield self._entries("alike = ?", [alike])

    def alike(self, alike: str) -> list[IndexedRow]:
        """The rows with the hash of an id, in the order of the file."""
        self._index_rows()
        return self._entries("alike = ?", [hash(alike)])

    def drop(self, seqs: Iterable[int]) -> None:
        """These rows do not count."""
        self._change("UPDATE rows SET digest = NULL WHERE seq = ?", [(seq,) for seq in seqs])

    def remove(self, seqs: Iterable[int]) -> None:
        """These rows are as if they were not there."""
        self._change("DELETE FROM rows WHERE seq = ?", [(seq,) for seq in seqs])

    def replace(self, seq: int, digest: bytes, place: int) -> None:
        """A row has another record now."""
        self._change("UPDATE rows SET digest = ?, place = ? WHERE seq = ?", [(digest, place, seq)])

    def follow(self, seq: int, digest: bytes, place: int) -> None:
        """A row is followed by another one of the person's, from its first day on; it has another digest for that."""
        self._change("UPDATE rows SET digest = ?, next = ? WHERE seq = ?", [(digest, place, seq)])

    def shared_keys(self, kind: int) -> list[int]:
        """The hashes of names that more than one row has."""
        if not _any_twice(self._keys[kind]):
            return []
        self._single_out_rows()
        self._single_out_names()
        several = """
            SELECT key FROM names JOIN rows USING (seq) WHERE kind = ?1 AND digest IS NOT NULL
            AND key IN (SELECT key FROM names WHERE kind = ?1 GROUP BY key HAVING count(*) > 1)
            GROUP BY key HAVING count(*) > 1
        """
        return [key for (key,) in self._scratch.execute(several, (kind,))]

    def names(self, kind: int) -> Iterator[Names]:
        """All names of a kind as they were added, some at a time, in the order of the rows."""
        for (block,) in self._scratch.execute("SELECT names FROM blocks WHERE kind = ? ORDER BY rowid", (kind,)):
            yield Names(*orjson.loads(block))

    def people_of(self, names: Names) -> Iterator[tuple[str, str]]:
        """Names with the ids of the people who have them; of rows that count."""
        texts = dict(zip(names.seqs, names.texts, strict=True))
        rows: Iterable[tuple[Any, ...]]
        if self._rows_are_single:
            query = "SELECT seq, id, digest FROM rows WHERE seq BETWEEN ? AND ? ORDER BY seq"
            rows = self._scratch.execute(query, (names.seqs[0], names.seqs[-1]))
        else:
            rows = map(itemgetter(0, 1, 4), self._between(names.seqs[0], names.seqs[-1]))
        for seq, worker_id, digest in rows:
            if seq in texts and digest is not None:
                yield texts[seq], worker_id

    def named(self, kind: int, folded: str) -> list[tuple[str, IndexedRow]]:
        """The rows that have a name, with its spelling."""
        return [pair for pair in self.with_key(kind, hash(folded)) if fold(pair[0]) == folded]

    def with_key(self, kind: int, key: int) -> list[tuple[str, IndexedRow]]:
        """The rows that have a name with a hash, in the order of the file."""
        self._single_out_names()
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

    def entry(self, seq: int) -> IndexedRow:
        """A row by its number."""
        return self._entries("seq = ?", [seq])[0]

    def with_managers(self) -> Iterator[tuple[int, str, int, bytes, str]]:
        """The number, id, row, digest and manager of each person who has one; they may be changed meanwhile."""
        self._single_out_rows()
        last = 0
        query = """
            SELECT seq, id, row, digest, manager FROM rows
            WHERE seq > ? AND digest IS NOT NULL AND manager <> '' ORDER BY seq LIMIT ?
        """
        while some := self._scratch.execute(query, (last, _AT_ONCE)).fetchall():
            yield from some
            last = some[-1][0]

    def managers_with_zeros(self) -> list[str]:
        """Managers whose ids begin with a zero, each once, where no id of a row does."""
        if not self._zeros:
            return []
        self._single_out_rows()
        if self._scratch.execute("SELECT 1 FROM rows WHERE id GLOB '0*' LIMIT 1").fetchone():
            return []
        query = "SELECT DISTINCT manager FROM rows WHERE manager GLOB '0*' AND digest IS NOT NULL LIMIT ?"
        return [manager for (manager,) in self._scratch.execute(query, (_AT_ONCE,))]

    def set_managers(self, managers: Iterable[tuple[str, bytes, int]]) -> None:
        """Give people another manager and another digest, by their number."""
        managers = list(managers)
        self._look_at_managers([manager for manager, _, _ in managers])
        self._change("UPDATE rows SET manager = ?, digest = ? WHERE seq = ?", managers)

    def close(self) -> PeopleIndex:
        """Everything is decided: what is left are people."""
        people = PeopleIndex(self._scratch, self._people())
        self._scratch.executescript(_END)
        return people

    def _people(self) -> Iterator[tuple[str, Iterator[PeopleColumns]]]:
        """The rows that count, by the last two characters of their ids."""
        table, tail = ("rows", "substr(id, -2)") if self._rows_are_single else ("heaps", "tail")
        self._scratch.execute(f"CREATE INDEX {table}_tail ON {table} ({tail})")
        heaps = self._single_rows if self._rows_are_single else self._heaps
        for (one,) in self._scratch.execute(f"SELECT DISTINCT {tail} FROM {table} ORDER BY 1").fetchall():  # noqa: S608
            yield one, heaps(one)

    def _single_rows(self, tail: str) -> Iterator[PeopleColumns]:
        query = """
            SELECT id, row, digest, place, manager, next FROM rows WHERE substr(id, -2) = ? AND digest IS NOT NULL
        """
        for some in batches(self._scratch.execute(query, (tail,)), _AT_ONCE):
            yield list(zip(*some, strict=True))

    def _heaps(self, tail: str) -> Iterator[PeopleColumns]:
        for (packed,) in self._scratch.execute("SELECT columns FROM heaps WHERE tail = ? ORDER BY first", (tail,)):
            _, ids, rows, _, digests, _, _, places, managers = msgpack.decode(packed)
            columns = [ids, rows, digests, places, managers]
            if None in digests:
                counts = [digest is not None for digest in digests]
                columns = [list(compress(column, counts)) for column in columns]
            yield [*columns, [None] * len(columns[0])]

    def _between(self, first: int = 0, last: int = 1 << 62) -> Iterator[tuple[Any, ...]]:
        """What `_COLUMNS` say of rows from one number to another, and perhaps of some around them, in order.

        As long as rows are not single.
        """
        query = "SELECT first, columns FROM heaps WHERE first <= ? AND last >= ? ORDER BY first"
        for _, heaps in groupby(self._scratch.execute(query, (last, first)), itemgetter(0)):
            yield from sorted(chain.from_iterable(zip(*msgpack.decode(packed), strict=True) for _, packed in heaps))

    def _change(self, statement: str, values: Iterable[tuple[object, ...]]) -> None:
        """Change single rows."""
        self._single_out_rows()
        self._scratch.executemany(statement, values)

    def _single_out_rows(self) -> None:
        """Single rows can be looked for by their numbers."""
        if self._rows_are_single:
            return
        insert = "INSERT INTO rows (seq, id, row, line, digest, active, marked, place, manager, alike)"
        rows = ((*row, self._alike[row[0] - 1]) for row in self._between())
        self._scratch.executemany(f"{insert} VALUES ({placeholders(range(10))})", rows)
        self._rows_are_single = True
        self._scratch.execute("DELETE FROM heaps")

    def _index_rows(self) -> None:
        """Single rows can be looked for by what their ids have in common with others."""
        self._single_out_rows()
        if not self._is_indexed:
            self._is_indexed = True
            self._scratch.execute("CREATE INDEX rows_alike ON rows (alike)")

    def _single_out_names(self) -> None:
        """Single names can be looked for."""
        if self._are_single:
            return
        self._are_single = True
        for kind in self._keys:
            for some in self.names(kind):
                values = zip(repeat(kind), map(hash, fold_many(some.texts)), some.texts, some.seqs, strict=False)
                self._scratch.executemany("INSERT INTO names VALUES (?, ?, ?, ?)", values)
        self._scratch.execute("CREATE INDEX names_key ON names (kind, key)")

    def _index_rows_of_names(self) -> None:
        """Hardly any extract needs it."""
        self._single_out_names()
        self._scratch.execute("CREATE INDEX IF NOT EXISTS names_seq ON names (seq)")

    def _flush_if_full(self) -> None:
        if len(self._waiting[0]) >= _AT_ONCE:
            self._flush()

    def _flush(self) -> None:
        seqs, ids = self._waiting[:2]
        places: defaultdict[str, list[int]] = defaultdict(list)
        for place, worker_id in enumerate(ids):
            places[worker_id[-2:]].append(place)
        heaps = [
            (seqs[0], seqs[-1], tail, msgpack.encode([list(map(column.__getitem__, some)) for column in self._waiting]))
            for tail, some in places.items()
        ]
        self._scratch.executemany("INSERT INTO heaps VALUES (?, ?, ?, ?)", heaps)
        blocks = [(kind, orjson.dumps([names.seqs, names.texts])) for kind, names in self._names.items()]
        self._scratch.executemany("INSERT INTO blocks VALUES (?, ?)", blocks)
        for waiting in self._waiting:
            waiting.clear()
        self._names.clear()

    def _add_names(self, kind: int, seqs: Iterable[int], texts: Sequence[str]) -> None:
        waiting = self._names[kind]
        waiting.seqs.extend(seqs)
        waiting.texts.extend(texts)
        self._keys[kind].extend(map(hash, fold_many(texts)))

    def _look_at_managers(self, ids: Sequence[str]) -> None:
        joined = "".join(ids) if self.numbered_managers else ""  # one that is none is enough
        if joined and not (joined.isascii() and joined.isdigit()):
            self.numbered_managers = False
        self._zeros = self._zeros or "\n0" in "\n".join(["", *ids])

    def _entries(self, where: str, values: Sequence[object]) -> list[IndexedRow]:
        self._single_out_rows()
        query = f"SELECT seq, place, id, row, line, digest, active, marked FROM rows WHERE {where} ORDER BY seq"  # noqa: S608
        return [
            IndexedRow(seq, Occurrence(worker_id, row, line, digest, bool(active), bool(marked)), place)
            for seq, place, worker_id, row, line, digest, active, marked in self._scratch.execute(query, values)
        ]


def _any_twice(keys: array[int]) -> bool:
    """Whether a hash occurs more than once."""
    parts = len(keys) // _COMPARED + 1
    for part in range(parts):
        some = keys if parts == 1 else [key for key in keys if key % parts == part]
        if len(set(some)) < len(some):
            return True
    return False
