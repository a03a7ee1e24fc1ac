"""Compares all people of a file; what has to be remembered of them is in a temporary database, not in memory."""

from __future__ import annotations

import json
import sqlite3
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import orjson

from cli.comparing.other_tool import User
from cli.comparing.people import ONLY_HERE, ONLY_THERE, SAME, Difference, compared, flat
from cli.files.dry_run import Wanted, wanted
from shared.extract.reading import read_extract
from shared.mapping.cells.user_names import NOBODY
from shared.mapping.model import MappingFile
from shared.model import ScimUser
from shared.readers.open_extract import Reading
from shared.storage.scratch import batches, open_scratch

_TABLES = """
CREATE TABLE there (number INTEGER PRIMARY KEY, tail TEXT, id TEXT, user BLOB);
CREATE TABLE found (
    number INTEGER PRIMARY KEY, day TEXT, worker TEXT, attribute TEXT, kind TEXT, there TEXT, here TEXT, reason TEXT,
    accepted INTEGER
);
"""
_AT_ONCE = 500
Shape = tuple[Any, ...]
"""Which attributes a record has: those who have the same are counted together."""
_SAID_OTHERWISE = ("externalId", "schemas")
_NOT_THERE = "The other tool did not send the person."


@dataclass(frozen=True)
class Accepted:
    """Differences that somebody has accepted: what is said of each must fit; what is not said fits anything."""

    rows: tuple[tuple[str, ...], ...] = ()

    def fits(self, found: Difference) -> bool:
        """Whether a difference is accepted."""
        values = (found.worker, found.attribute, found.kind, found.there, found.here, found.reason)
        return any(all(said in ("", "*", value) for said, value in zip(row, values, strict=True)) for row in self.rows)


@dataclass(frozen=True)
class OurFile:
    """An extract that is compared with what the other tool made of it.

    Attributes:
        chunks: the file.
        mapping: of its source.
        reading: what it takes to open it.
        now: the time that counts.
    """

    chunks: Iterable[bytes]
    mapping: MappingFile
    reading: Reading
    now: datetime


@dataclass
class Comparison:
    """What came of comparing; to be closed.

    Attributes:
        accepted: which differences do not count.
        people: how many are the same, differ, are only there or only here.
        open: how many differences are not accepted.
        unsent: how many people Rollcall would not send at first, though their records were compared.
        repeated: how many people the other tool sent more than once.
        notes: sentences about the whole.
    """

    accepted: Accepted
    people: Counter[str] = field(default_factory=Counter)
    open: int = 0
    unsent: int = 0
    repeated: int = 0
    notes: list[str] = field(default_factory=list)
    _counts: dict[str, Counter[str]] = field(default_factory=dict)
    _same: Counter[Shape] = field(default_factory=Counter)  # of people of whom nothing differs
    _of_shape: dict[Shape, ScimUser] = field(default_factory=dict)
    _scratch: sqlite3.Connection = field(default_factory=lambda: open_scratch(_TABLES))

    def close(self) -> None:
        """Remove the temporary file."""
        self._scratch.close()

    def differences(self, *, accepted: bool, limit: int = 0) -> Iterator[tuple[str, Difference]]:
        """The differences with their days: those that are accepted, or the others; `limit` of them, 0 for all."""
        columns = "day, worker, attribute, kind, there, here, reason"
        query = f"SELECT {columns} FROM found WHERE accepted = ? ORDER BY number LIMIT ?"  # noqa: S608 (ours)
        for day, *values in self._scratch.execute(query, (accepted, limit or -1)):
            yield day, Difference(*values)

    def add(self, day: str, users: Iterable[User], ours: OurFile) -> None:
        """Compare one file.

        Args:
            day: what to call it, if there are several.
            users: what the other tool sent.
            ours: the extract.

        Raises:
            ExtractRefused: one of the two cannot be used.
        """
        self._remember(users)
        with read_extract(ours.chunks, ours.mapping, ours.reading, NOBODY) as extract:
            reasons: dict[str, str] = {}
            for reject in extract.rejects:
                reasons.setdefault(reject.told_on, f"Row {reject.row} is rejected: {reject.reason}")
            for some in batches(_side_by_side(self._theirs(), wanted(extract, ours.mapping, ours.now)), _AT_ONCE):
                self._found(day, [found for old, new in some for found in self._person(old, new, reasons)])

    def _remember(self, users: Iterable[User]) -> None:
        self._scratch.executescript("DROP INDEX IF EXISTS people_there; DELETE FROM there")
        for some in batches(users, _AT_ONCE):
            self._scratch.executemany("INSERT INTO there (tail, id, user) VALUES (?, ?, ?)", map(_row, some))
        self._scratch.execute("CREATE INDEX people_there ON there (tail, id)")

    def _theirs(self) -> Iterator[tuple[str, bytes]]:
        """Everybody whom the other tool sent, sorted by the last two characters of the id, then by the id."""
        people = self._scratch.execute("SELECT id, user FROM there ORDER BY tail, id, number")
        before: tuple[str, bytes] | None = None
        times = 0
        for person in people:
            if before is not None and before[0] != person[0]:
                yield before
                times = 0
            times += 1
            self.repeated += times == 2
            before = person  # of several records of one person, the last one counts
        if before is not None:
            yield before

    def _person(
        self, old: tuple[str, bytes] | None, new: Wanted | None, reasons: Mapping[str, str]
    ) -> Iterator[Difference]:
        """The differences of one person, whom at least one of the two has."""
        if old is None and new is not None:
            self.people[ONLY_HERE] += 1
            yield Difference(new.worker_id, "", ONLY_HERE, "", "", _NOT_THERE)
        if old is not None and new is None:
            self.people[ONLY_THERE] += 1
            reason = reasons.get(old[0], "The file has no such person.")
            yield Difference(old[0], "", ONLY_THERE, "", "", reason)
        if new is not None:
            self.unsent += not new.needs_account
        if old is None or new is None:
            return
        if old[1] == _packed(new.user):
            self.people[SAME] += 1
            shape = _shape(new.user)
            self._same[shape] += 1
            self._of_shape.setdefault(shape, new.user)
            return
        differs = False
        for attribute, difference in compared(new.worker_id, flat(json.loads(old[1])), flat(new.user), new.warning):
            counts = self._counts.setdefault(attribute, Counter())
            counts[difference.kind if difference else SAME] += 1
            if difference:
                differs = True
                yield difference
        self.people["differ" if differs else SAME] += 1

    @property
    def attributes(self) -> dict[str, Counter[str]]:
        """How often each attribute is the same, other, only there, only here, and accepted."""
        counts = {attribute: Counter(counted) for attribute, counted in self._counts.items()}
        for shape, number in self._same.items():
            for attribute in flat(self._of_shape[shape]):
                counts.setdefault(attribute, Counter())[SAME] += number
        return counts

    def _found(self, day: str, found: Iterable[Difference]) -> None:
        rows = []
        for one in found:
            accepted = self.accepted.fits(one)
            self.open += not accepted
            if accepted and one.attribute:
                self._counts[one.attribute]["accepted"] += 1
            rows.append((day, one.worker, one.attribute, one.kind, one.there, one.here, one.reason, accepted))
        columns = "day, worker, attribute, kind, there, here, reason, accepted"
        self._scratch.executemany(f"INSERT INTO found ({columns}) VALUES (?, ?, ?, ?, ?, ?, ?, ?)", rows)  # noqa: S608


def _row(user: User) -> tuple[str, str, bytes]:
    worker = str(user.get("externalId") or next((user[key] for key in user if key.casefold() == "externalid"), ""))
    return worker[-2:], worker, _packed(user)


def _packed(user: Mapping[str, Any]) -> bytes:
    """All of a record that is compared; the same bytes for the same record."""
    kept = dict(user)
    for name in _SAID_OTHERWISE:
        kept.pop(name, None)
    try:
        return orjson.dumps(kept, option=orjson.OPT_SORT_KEYS)
    except TypeError:  # half a character, or a number of more than 64 bits
        return json.dumps(kept, sort_keys=True).encode()


def _shape(user: ScimUser) -> Shape:
    parts: list[object] = list(user)
    for value in user.values():
        if isinstance(value, dict):
            parts.append(tuple(value))
        elif isinstance(value, list):
            parts += [tuple(one) if isinstance(one, dict) else None for one in value]
    return tuple(parts)


def _side_by_side(
    theirs: Iterable[tuple[str, bytes]], ours: Iterable[Wanted]
) -> Iterator[tuple[tuple[str, bytes] | None, Wanted | None]]:
    """Both sides person by person; both are sorted by the last two characters of the id, then by the id."""
    left, right = iter(theirs), iter(ours)
    old, new = next(left, None), next(right, None)
    while old is not None or new is not None:
        mine = (new.worker_id[-2:], new.worker_id) if new is not None else None
        other = (old[0][-2:], old[0]) if old is not None else None
        if mine == other:
            yield old, new
            old, new = next(left, None), next(right, None)
        elif mine is None or (other is not None and other < mine):
            yield old, None
            old = next(left, None)
        else:
            yield None, new
            new = next(right, None)
