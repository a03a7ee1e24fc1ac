"""Who is known from earlier extracts: ids and user names, from the results table."""

from __future__ import annotations

import sqlite3
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from shared.letters import fold, fold_id
from shared.records import accounts
from shared.records.people import worker_key
from shared.records.snapshots import SnapshotView, read_partitions
from shared.storage.clients import Storage
from shared.storage.names import WORKERS
from shared.storage.rows import read_rows
from shared.storage.scratch import batches, open_scratch, placeholders
from shared.tables.base import columns
from shared.tables.workers import WorkerRow, WorkerStatus

VIEW = SnapshotView(
    "workers",
    WORKERS,
    columns(
        WorkerRow.worker_id,
        WorkerRow.display_name,
        WorkerRow.user_name,
        WorkerRow.queued_at,
        WorkerRow.status,
        WorkerRow.who_acts,
    ),
)
# `number` is of ids of digits that start with a zero: the id without its zeros. `letters` is of ids that are not digits
# only: the id without regard to case and blanks.
_TABLES = """
CREATE TABLE people (id TEXT PRIMARY KEY, name TEXT, number TEXT, letters TEXT) WITHOUT ROWID;
CREATE TABLE others (id TEXT PRIMARY KEY) WITHOUT ROWID;
CREATE TABLE owners (name TEXT, id TEXT, called TEXT, PRIMARY KEY (name, id)) WITHOUT ROWID;
"""

_HELD_ON = (WorkerStatus.HELD, WorkerStatus.REJECTED, WorkerStatus.MISSING)
"""The states in which nothing newer has been taken in since something was held."""


@dataclass(frozen=True)
class KnownPeople:
    """The people of all sources, read in one pass on the first question and kept in a temporary file.

    Somebody who was only ever rejected does not count: the id may be wrong itself. Whoever waits for the first day has
    an id, but no user name yet.

    Attributes:
        storage: the account with HR data.
        source: whose ids `is_worker`, `user_name` and `lost_zeros` are about; user names are unique among all sources.
        keep: whether a new snapshot may be left.
        job: whose accounts `works_until` looks at.
    """

    storage: Storage
    source: str
    keep: bool = True
    job: str = "default"

    def is_worker(self, worker_id: str) -> bool:
        """Whether somebody of the source has this id."""
        return self._people.execute("SELECT 1 FROM people WHERE id = ?", (worker_id,)).fetchone() is not None

    def is_anybody(self, worker_id: str) -> bool:
        """Whether somebody of any source has this id."""
        query = "SELECT 1 FROM others WHERE id = ?"
        return self.is_worker(worker_id) or self._people.execute(query, (worker_id,)).fetchone() is not None

    def called(self, worker_id: str, name: str) -> str:
        """The display name of whoever has an id and a user name, which is folded; empty if that is not known."""
        query = "SELECT called FROM owners WHERE name = ? AND id = ?"
        found = self._people.execute(query, (name, worker_id)).fetchone()
        return str(found[0] or "") if found else ""

    def user_name(self, worker_id: str) -> str:
        """The user name that a worker of the source has, or an empty text."""
        found = self._people.execute("SELECT name FROM people WHERE id = ?", (worker_id,)).fetchone()
        return str(found[0]) if found else ""

    def owners(self, names: Collection[str]) -> Mapping[str, Collection[str]]:
        """The ids of the workers of any source who have some user names, by user name; all of them folded."""
        found: dict[str, list[str]] = {}
        for some in batches(names):
            query = f"SELECT name, id FROM owners WHERE name IN ({placeholders(some)})"  # noqa: S608 (place holders)
            for name, worker_id in self._people.execute(query, some):
                found.setdefault(name, []).append(worker_id)
        return found

    def lost_zeros(self, ids: Collection[str]) -> Mapping[str, str]:
        """Those of some ids that the source knows only with more zeros in front, and as what (with the most zeros)."""
        found: dict[str, str] = {}
        for some in batches(ids):
            found |= self._lost_zeros(some)
        return found

    def other_letters(self, ids: Collection[str]) -> Mapping[str, Sequence[str]]:
        """Those of some ids that the source knows only with other capital letters or blanks, and as what."""
        found: dict[str, list[str]] = {}
        for some in batches(one for one in ids if _letters(one)):
            query = f"SELECT id FROM people WHERE id IN ({placeholders(some)})"  # noqa: S608 (place holders)
            known = {worker_id for (worker_id,) in self._people.execute(query, some)}
            folded = {worker_id: fold_id(worker_id) for worker_id in some if worker_id not in known}
            keys = list(dict.fromkeys(folded.values()))
            among = placeholders(keys)
            query = f"SELECT coalesce(letters, id), id FROM people WHERE letters IN ({among}) OR id IN ({among})"  # noqa: S608
            same: dict[str, list[str]] = {}
            for key, worker_id in self._people.execute(query, keys * 2):
                same.setdefault(key, []).append(worker_id)
            found |= {worker_id: sorted(same[key]) for worker_id, key in folded.items() if key in same}
        return found

    def works_until(self, ids: Collection[str]) -> Mapping[str, str]:
        """Those of some people of whom the source said last that they work, and until which day (ISO), if any.

        An earlier day of a row that is held has been said, too: it was named before it came, and whoever looks at it
        may do so after it has passed.
        """
        found = accounts.read_accounts(self.storage, self.job, ids)
        claims = {worker_id: account.claims.get(self.source, {}) for worker_id, account in found.items()}
        days = {one: str(claim["last_day"]) for one, claim in claims.items() if claim.get("works")}
        # Whoever has been disabled needs no end any more, and of a large company that is nearly everybody who is asked
        # about here.
        open_ends = {one for one in days if found[one].enabled or found[one].on_hold}
        for one, held in self._held_days(open_ends).items():
            days[one] = min(held, days[one] or held)
        return days

    def close(self) -> None:
        """Remove the temporary file; another question would read everything again."""
        if (people := self.__dict__.pop("_people", None)) is not None:
            people.close()

    def _held_days(self, ids: Collection[str]) -> Mapping[str, str]:
        """The last days in rows of some people that are held, or were until a row was rejected or missing."""
        wanted = columns(WorkerRow.worker_id, WorkerRow.status, WorkerRow.held_last_day)
        rows = read_rows(self.storage.table(WORKERS), [worker_key(self.source, one) for one in ids], select=wanted)
        found = [row for row in rows.values() if row.held_last_day and row.status in _HELD_ON]
        return {row.worker_id: row.held_last_day for row in found}

    def _lost_zeros(self, ids: list[str]) -> dict[str, str]:
        query = f"SELECT id FROM people WHERE id IN ({placeholders(ids)})"  # noqa: S608 (place holders)
        known = {found for (found,) in self._people.execute(query, ids)}
        numbers = {worker_id: worker_id.lstrip("0") for worker_id in ids if worker_id not in known}
        query = f"SELECT number, id FROM people WHERE number IN ({placeholders(numbers)}) ORDER BY length(id)"  # noqa: S608
        longest: dict[str, str] = dict(self._people.execute(query, list(numbers.values())))
        longer = {worker_id: longest.get(number, "") for worker_id, number in numbers.items()}
        return {worker_id: known_as for worker_id, known_as in longer.items() if len(known_as) > len(worker_id)}

    @cached_property
    def _people(self) -> sqlite3.Connection:
        people = open_scratch(_TABLES)
        for some in batches(self._rows(), 1000):
            mine = [(one, name, _number(one), _letters(one)) for own, one, name, _ in some if own]
            people.executemany("INSERT OR REPLACE INTO people VALUES (?, ?, ?, ?)", mine)
            people.executemany("INSERT OR IGNORE INTO others VALUES (?)", [(one,) for own, one, *_ in some if not own])
            owned = [(fold(name), worker_id, called) for _, worker_id, name, called in some if name]
            people.executemany("INSERT OR IGNORE INTO owners VALUES (?, ?, ?)", owned)
        people.execute("CREATE INDEX by_number ON people (number) WHERE number IS NOT NULL")
        people.execute("CREATE INDEX by_letters ON people (letters) WHERE letters IS NOT NULL")
        return people

    def _rows(self) -> Iterator[tuple[bool, str, str, str]]:
        for partition, rows in read_partitions(self.storage, VIEW, keep=self.keep):
            own = partition.startswith(f"{self.source}|")
            for _, worker_id, called, user_name, queued_at, status, _ in rows:
                if queued_at:
                    yield own, worker_id, user_name, called
                elif status == WorkerStatus.SCHEDULED:
                    yield own, worker_id, "", called


def _number(worker_id: str) -> str | None:
    return worker_id.lstrip("0") if worker_id[:1] == "0" and worker_id.isascii() and worker_id.isdigit() else None


def _letters(worker_id: str) -> str | None:
    return None if worker_id.isascii() and worker_id.isdigit() else fold_id(worker_id)
