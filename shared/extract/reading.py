"""Read an extract to its end: every row mapped, and decided which rows count.

Rows are read once, as a stream. What has to be remembered of them is in temporary files: the mapped records in a spool,
ids, digests and names in a database. Memory holds the rejected rows, and a few bytes for each person.
"""

from __future__ import annotations

import sqlite3
from array import array
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import cached_property
from itertools import compress
from types import TracebackType
from typing import Any

import orjson
from msgspec import Struct

from shared.changes.duplicates import Occurrence
from shared.changes.loops import loops, smallest_first
from shared.errors import ExtractRefused
from shared.extract.damage import DamageWatch
from shared.extract.profile import Observer, Profile
from shared.extract.records import read_batches
from shared.extract.resolving import NewIds, Resolver, as_called, rule_of
from shared.extract.row_index import MANAGER_NAMES, RowIndex
from shared.extract.shifted_days import check_days
from shared.extract.spool import Spool, SpooledRecord
from shared.extract.whole_file import check_whole_file
from shared.letters import fold
from shared.mapping.apply import Applied, Applier
from shared.mapping.cells.dates import DateWatch, Unusable
from shared.mapping.cells.ids import read_id
from shared.mapping.cells.text import clean
from shared.mapping.cells.user_names import NOBODY, Known
from shared.mapping.cells.values import MAIL, Compiler
from shared.mapping.columns import Batch, ColumnMapper, Mapped
from shared.mapping.file_time import time_in_cell
from shared.mapping.model import MappingFile
from shared.mapping.paths import AttributePath, parse_path
from shared.mapping.row_filter import Aside, LeftOut, RowFilter
from shared.model import ENTERPRISE_USER, NO_NEW_IDS, Reject, SamePeople, Worker
from shared.model import Record as RawRecord
from shared.readers.open_extract import Reading
from shared.storage.scratch import open_scratch

FOUND_OUT = Reading()
_EVERYBODY = "SELECT id, place, digest, manager, next FROM people ORDER BY tail, id"
_SOME = """
SELECT id, place, digest, manager, next FROM people WHERE tail = ? AND id IN (SELECT value FROM json_each(?))
"""
_SOME_IDS = "SELECT id FROM people WHERE tail = ? AND id IN (SELECT value FROM json_each(?))"
_LEFT_OUT = """
SELECT * FROM left_out WHERE NOT EXISTS
(SELECT 1 FROM people WHERE tail = substr(left_out.id, -2) AND people.id = left_out.id)
"""


class Said(Struct, frozen=True, gc=False):
    """What an extract says of one person.

    Attributes:
        worker: with the complete user; `active` is what the status word means, the manager is as HR named them.
        line: of the file where the row starts.
        first_day: of the employment, if the mapping names its column.
        last_day: likewise.
        zone: where the worker's day begins, an IANA name.
        digest: over user, days and zone, in hexadecimal digits: the same only if HR says the same.
        keeps: attributes that keep the values which were said before, because those of the row are damaged.
        then: what counts from a later first day on, in another row of the person's; None if nothing.
        on_leave: whether the account is to be disabled for nothing but a leave.
        now_called: the id that the row has, if it is a new one of somebody who is known by another, the worker's.
        maybe: who may be the same person under an older id; empty if there is no reason to think so.
    """

    worker: Worker
    line: int
    first_day: date | None
    last_day: date | None
    zone: str
    digest: str
    keeps: tuple[str, ...] = ()
    then: Said | None = None
    on_leave: bool = False
    now_called: str = ""
    maybe: str = ""


@dataclass(frozen=True)
class ReadExtract:
    """An extract that was read to its end; to be closed, which removes its temporary files.

    Every row is in one place: `rows == people + repeated + len(rejects) + left_out`.

    Attributes:
        rows: of the file.
        repeated: rows that do not count because another row of the person does.
        rejects: the rows that are not sent, in the order of the file.
        notes: warnings for HR: about the file as a whole, and about rows that are sent all the same.
        returned: whether it is a corrected file of rejects, which is never a full one.
        first_rows: of such a file: row to row of the file that it answers, as far as it says so.
        made_at: when the file was made, in UTC, if the mapping names the column that says so.
        profile: what its columns look like.
        doubts: why it should not be used unless somebody wants it all the same; empty if it should.
        left_out: rows of people whom the source does not provision.
        maybe: those who may be known by an older id, which is not certain: by new id the older one.
        new_ids: of those who are known by an older id: by new id the older one.
    """

    rows: int
    repeated: int
    rejects: list[Reject]
    notes: list[str]
    _scratch: sqlite3.Connection = field(repr=False)
    _spool: Spool = field(repr=False)
    returned: bool = False
    first_rows: Mapping[int, int] = field(default_factory=dict)
    made_at: datetime | None = None
    profile: Profile | None = None
    _keeps: Mapping[int, tuple[str, ...]] = field(default_factory=dict, repr=False)
    doubts: str = ""
    left_out: int = 0
    maybe: Mapping[str, str] = field(default_factory=dict)
    new_ids: Mapping[str, str] = field(default_factory=dict)
    _now_called: Mapping[int, str] = field(default_factory=dict, repr=False)

    @cached_property
    def people(self) -> int:
        """How many people the extract says something of."""
        return int(self._scratch.execute("SELECT count(*) FROM people").fetchone()[0])

    def digest(self, worker_id: str) -> str | None:
        """The digest of what the extract says of somebody; None if it says nothing, or is rejected."""
        found = self._person("digest", worker_id)
        return found[0].hex() if found else None

    def rejected(self, worker_id: str) -> bool:
        """Whether a row with an id was rejected."""
        return worker_id in self._rejected

    def is_left_out(self, worker_id: str) -> bool:
        """Whether nothing but rows that the mapping leaves out is about somebody."""
        found = self._scratch.execute(f"{_LEFT_OUT} AND id = ?", (worker_id,)).fetchone()
        return found is not None and not self.rejected(worker_id)

    def people_left_out(self) -> Iterator[LeftOut]:
        """Everybody of whom there are no other rows than such that the mapping leaves out, by the first of these."""
        for found in self._scratch.execute(f"{_LEFT_OUT} ORDER BY row"):
            if not self.rejected(found[0]):
                yield LeftOut(*found)

    def people_by_account(self) -> Iterator[tuple[str, str]]:
        """Every id with its digest, sorted by the last two characters of the id, then by the id."""
        for worker_id, digest in self._scratch.execute("SELECT id, digest FROM people ORDER BY tail, id"):
            yield worker_id, digest.hex()

    def rows_of_people(self) -> Iterator[tuple[str, int]]:
        """Every id with its row, sorted like `people_by_account`."""
        yield from self._scratch.execute("SELECT id, row FROM people ORDER BY tail, id")

    def tails(self) -> list[str]:
        """The last two characters of all ids, each once."""
        return [tail for (tail,) in self._scratch.execute("SELECT DISTINCT tail FROM people ORDER BY tail")]

    def people_in(self, tail: str) -> list[tuple[str, int, str]]:
        """Id, row and digest of everybody whose id ends in two characters."""
        found = self._scratch.execute("SELECT id, row, digest FROM people WHERE tail = ? ORDER BY id", (tail,))
        return [(worker_id, row, digest.hex()) for worker_id, row, digest in found]

    def read(self, ids: Sequence[str]) -> list[Said]:
        """What the extract says of some people, in that order.

        Raises:
            KeyError: somebody is not in it.
        """
        rows = {row[0]: row for row in self._some(_SOME, ids)}
        return [self._said(*rows[worker_id]) for worker_id in ids]

    def count(self, ids: Iterable[str]) -> int:
        """Of how many of some people the extract says something."""
        return sum(1 for _ in self._some(_SOME_IDS, ids))

    def everybody(self) -> Iterator[Said]:
        """What the extract says of everybody, sorted like `people_by_account`."""
        for found in self._scratch.execute(_EVERYBODY):
            yield self._said(*found)

    def managers(self) -> Iterator[tuple[str, str]]:
        """Every id with the manager's id, or an empty text; sorted like `people_by_account`."""
        yield from self._scratch.execute("SELECT id, manager FROM people ORDER BY tail, id")

    def manager_of(self, worker_id: str) -> str:
        """The id of somebody's manager, or an empty text."""
        found = self._person("manager", worker_id)
        return str(found[0]) if found else ""

    def loops(self) -> list[tuple[str, ...]]:
        """The ids of every loop of managers among the people, from worker to manager, the smallest id first."""
        most = self._scratch.execute("SELECT max(number) FROM people").fetchone()[0] or 0
        managers = array("i", [-1]) * (most + 1)
        # Whoever is in a loop manages somebody.
        query = """
            SELECT worker.number, manager.number FROM (SELECT DISTINCT manager AS id FROM people) managing
            JOIN people worker ON worker.tail = substr(managing.id, -2) AND worker.id = managing.id
            JOIN people manager ON manager.tail = substr(worker.manager, -2) AND manager.id = worker.manager
        """
        for worker, manager in self._scratch.execute(query):
            managers[worker] = manager
        found = list(loops(managers))
        wanted = {number for loop in found for number in loop}
        if not wanted:
            return []
        everybody = self._scratch.execute("SELECT number, id FROM people")
        ids = {number: worker_id for number, worker_id in everybody if number in wanted}
        return sorted(smallest_first([ids[number] for number in loop]) for loop in found)

    def close(self) -> None:
        """Remove the temporary files."""
        self._scratch.close()
        self._spool.close()

    def __enter__(self) -> ReadExtract:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    @cached_property
    def _rejected(self) -> frozenset[str]:
        return frozenset(reject.worker_id for reject in self.rejects if reject.worker_id)

    def _person(self, columns: str, worker_id: str) -> tuple[Any, ...] | None:
        query = f"SELECT {columns} FROM people WHERE tail = ? AND id = ?"  # noqa: S608 (columns of ours)
        found: tuple[Any, ...] | None = self._scratch.execute(query, (worker_id[-2:], worker_id)).fetchone()
        return found

    def _some(self, query: str, ids: Iterable[str]) -> Iterator[tuple[Any, ...]]:
        by_tail: dict[str, list[str]] = {}
        for worker_id in ids:
            by_tail.setdefault(worker_id[-2:], []).append(worker_id)
        for tail, some in by_tail.items():
            yield from self._scratch.execute(query, (tail, orjson.dumps(some).decode()))

    def _said(self, worker_id: str, place: int, digest: bytes, manager: str, following: int | None = None) -> Said:
        said = self._spool.read(place)
        if manager:
            said.user.setdefault(ENTERPRISE_USER, {})["manager"] = {"value": manager}
        worker = Worker(worker_id, said.row, said.user)
        days = (said.first_day, said.last_day, said.zone)
        then = None if following is None else self._said(worker_id, following, digest, "")
        more = (self._now_called.get(said.row, ""), self.maybe.get(worker_id, ""))
        return Said(worker, said.line, *days, digest.hex(), self._keeps.get(said.row, ()), then, said.on_leave, *more)


# Many parameters: what it reads, and what it may know besides, each of another owner.
def read_extract(
    chunks: Iterable[bytes],
    mapping: MappingFile,
    reading: Reading = FOUND_OUT,
    known: Known | None = None,
    *,
    digest_key: bytes = b"",
    same: SamePeople = NO_NEW_IDS,
) -> ReadExtract:
    """Read and map every row of an extract.

    Args:
        chunks: the file.
        mapping: of its source.
        reading: what it takes to open its files.
        known: the people of earlier extracts.
        digest_key: of the digests in the profile.
        same: those who go on under new ids.

    Raises:
        ExtractRefused: the file as a whole cannot be used.
    """
    with ExitStack() as opened:
        scratch, spool = open_scratch(), Spool()
        opened.callback(scratch.close)
        opened.callback(spool.close)
        reader = _Reader(mapping, reading, known, scratch, spool, digest_key, same)
        extract = reader.read(chunks)
        opened.pop_all()
        return extract


class _Reader:
    """Reads one extract."""

    # Many parameters: those of `read_extract`.
    def __init__(
        self,
        mapping: MappingFile,
        reading: Reading,
        known: Known | None,
        scratch: sqlite3.Connection,
        spool: Spool,
        digest_key: bytes,
        same: SamePeople,
    ) -> None:
        self._mapping = mapping
        self._reading = reading
        self._known = known
        self._digest_key = digest_key
        self._scratch = scratch
        self._spool = spool
        self._index = RowIndex(scratch)
        self._rule = rule_of(mapping)
        self._primary = mapping.duplicates.primary
        self._names_manager = _name_of_manager(mapping)
        self._called = as_called(mapping)
        self._rejects: dict[int, Reject] = {}
        self._tentative: dict[int, str] = {}
        self._warnings = _Warnings()
        self._times: dict[str, int] = {}
        self._keeps: dict[int, tuple[str, ...]] = {}
        self._filter = RowFilter(mapping)
        self._left_out = 0
        scratch.execute(
            "CREATE TABLE left_out (id TEXT PRIMARY KEY, row INTEGER, why TEXT, name TEXT, login TEXT) WITHOUT ROWID"
        )
        self._new_ids = NewIds(same)

    # Long: the way of a file from its first row to what is known of all of them, in the order in which it goes.
    def read(self, chunks: Iterable[bytes]) -> ReadExtract:
        mapping, reading = self._mapping, self._reading
        table = reading.open(chunks, mapping.columns, mapping.days | mapping.days_in_texts)
        holds_dates, day = table.form.kind == "xlsx", reading.written or reading.today
        applier = Applier(
            mapping,
            known=self._known,
            today=day,
            scratch=self._scratch,
            holds_dates=holds_dates,
            same=self._new_ids.same,
        )
        mapper = ColumnMapper(applier)
        observer = Observer(mapping, self._digest_key, table.header, day, holds_dates=holds_dates)
        rows = 0
        changes_only = mapping.mode == "delta"
        damage = DamageWatch(mapping, holds_dates=holds_dates)
        for batch in read_batches(
            table,
            mapping.columns,
            reading.optional,
            mapping.key,
            may_be_empty=changes_only,
            text_guard=mapping.format.text_guard,
        ):
            if isinstance(batch, Reject):
                rows += 1
                self._take_apart(batch)
            elif isinstance(batch, RawRecord):
                rows += 1
                self._take_faulty(batch, applier)
            else:
                rows += len(batch)
                observer.observe_batch(batch)
                damage.look(batch)
                self._look_at_time(batch)
                if len(batch := self._without_others(batch, applier)):
                    self._take_batch(batch, mapper.map(batch), applier)
        notes = applier.finish()
        profile = observer.finish()
        is_answer = table.returned and not (table.reasons and rows > reading.most_rejects)
        if not is_answer:
            check_whole_file(profile, mapping.status)
        elif table.reasons:
            table.notes.append(
                f"The last column is '{table.reasons}', so this was taken for corrected rejects: people who are not in "
                "the file do not count as missing."
            )
        far = check_days(mapping, observer.sample, day, holds_dates=holds_dates)
        repeated = Resolver(
            mapping,
            self._known or NOBODY,
            applier.kinds,
            applier.lost_zeros,
            self._index,
            self._spool,
            self._rejects,
            lambda row, warning: self._warnings.add(row, [warning]),
            reading.today,
            self._new_ids,
        ).resolve(self._tentative)
        self._index.close()
        return ReadExtract(
            rows=rows,
            repeated=repeated,
            rejects=[self._rejects[row] for row in sorted(self._rejects)],
            notes=[*table.notes, *notes, *far, *damage.notes(), *self._warnings.sentences()],
            _scratch=self._scratch,
            _spool=self._spool,
            returned=is_answer,
            first_rows=table.first_rows,
            made_at=self._made_at(),
            profile=profile,
            _keeps=self._keeps,
            doubts=" ".join(filter(None, (*table.doubts, damage.doubts()))),
            left_out=self._left_out,
            maybe=self._new_ids.maybe,
            new_ids=self._new_ids.by_id,
            _now_called=self._new_ids.rows,
        )

    def _without_others(self, batch: Batch, applier: Applier) -> Batch:
        """A batch without the rows of people whom the source does not provision."""
        aside = self._filter.look(batch.columns)
        if not aside:
            return batch
        cells = batch.columns[self._mapping.key]
        ids = self._ids_as_known([cells[place] for place in aside], applier)
        working = self._working({one for one, why in zip(ids, aside.values(), strict=True) if why.unclear})
        stays = [True] * len(batch)
        for (place, why), worker_id in zip(aside.items(), ids, strict=True):
            stays[place] = self._stays(batch.record(place), why, worker_id, applier, works=worker_id in working)
        columns = {column: list(compress(cells, stays)) for column, cells in batch.columns.items()}
        return Batch(list(compress(batch.rows, stays)), list(compress(batch.lines, stays)), columns)

    def _working(self, ids: Collection[str]) -> Collection[str]:
        """Those of some people of whom the source said last that they work."""
        asked = {one for one in ids if one}
        return (self._known or NOBODY).works_until(asked).keys() if asked else ()

    def _stays(self, record: RawRecord, why: Aside, worker_id: str, applier: Applier, *, works: bool) -> bool:
        """Whether a row is about one of the source's people; if not, take note of it.

        An empty cell gives nobody an account, and takes it from nobody.
        """
        if not why.unclear:
            self._left_out += 1
            if worker_id:
                user = applier.names_in(record, worker_id)
                names = (str(user.get("displayName") or ""), str(user.get("userName") or ""))
                values = (worker_id, record.row, why.column, *names)
                self._scratch.execute("INSERT OR IGNORE INTO left_out VALUES (?, ?, ?, ?, ?)", values)
            return False
        doubt = f"{why.column} is empty, or cannot be used, so nobody can tell whether the person is one of this list's"
        if works:
            self._warnings.add(record.row, [f"{doubt}; they were so far, and the row counts."])
            return True
        reason = f"{doubt}. {record.faults.get(why.column, '')}".rstrip()
        reject = Reject(record.row, record.line, worker_id, reason, in_doubt=True)
        self._reject(reject, record, applier, primary=self._is_primary(record))
        return False

    def _ids_as_known(self, cells: Sequence[str], applier: Applier) -> list[str]:
        """The ids in some cells, as they are known; an empty text where a cell is none."""
        key, known = self._mapping.key_rule, self._known or NOBODY
        read = [read_id(key, cell, self._mapping.limits) for cell in cells]
        ids = [
            one if one not in applier.placeholders and (not fault or known.is_worker(one)) else ""
            for one, fault in read
        ]
        asked = set(ids) - {""}
        zeros = known.lost_zeros(asked) if key.leading_zeros == "reject" else {}
        letters = {one: as_known[0] for one, as_known in applier.other_letters(asked).items() if len(as_known) == 1}
        return [applier.same.known_as(zeros.get(one, letters.get(one, one))) for one in ids]

    def _is_primary(self, record: RawRecord) -> bool:
        return self._primary is not None and self._says_primary(record.values[self._primary.column])

    def _says_primary(self, cell: str) -> bool:
        return self._primary is not None and fold(clean(cell)) == self._primary.folded

    def _take_batch(self, batch: Batch, mapped: Mapped, applier: Applier) -> None:
        """Take note of what became of some rows, in their order."""
        start = 0
        primaries = self._primaries(batch)
        for place in sorted(mapped.careful):
            self._take_plain(batch, mapped, primaries, slice(start, place))
            start = place + 1
            applied = mapped.careful[place]
            if isinstance(applied, Applied):
                self._take(applied, batch.lines[place], primary=primaries[place])
            else:
                self._reject(applied, batch.record(place), applier, primary=primaries[place])
        self._take_plain(batch, mapped, primaries, slice(start, len(batch)))

    def _take_faulty(self, record: RawRecord, applier: Applier) -> None:
        """A row some of whose cells cannot be relied on: whoever leaves by it leaves."""
        values = {column: "" if column in record.faults else cell for column, cell in record.values.items()}
        aside = self._filter.look({column: [cell] for column, cell in values.items()})
        [worker_id] = self._ids_as_known([values[self._mapping.key]], applier) if aside else [""]
        works = bool(aside and aside[0].unclear and self._working([worker_id]))
        if aside and not self._stays(record, aside[0], worker_id, applier, works=works):
            return
        primary = self._is_primary(record)
        applied = applier.apply(record)
        if isinstance(applied, Applied):
            self._take(applied, record.line, primary=primary)
            return
        self._reject(applied, record, applier, primary=primary)

    def _take_plain(self, batch: Batch, mapped: Mapped, primaries: Sequence[bool], part: slice) -> None:
        """Rows about which there is nothing to tell."""
        ids, rows, lines = mapped.ids[part], batch.rows[part], batch.lines[part]
        if not ids:
            return
        days = zip(mapped.first_days[part], mapped.last_days[part], mapped.zones[part], strict=True)
        before = [f"{first} {last} {zone} " for first, last, zone in days]
        said = map("".join, zip(before, *(column[part] for column in mapped.users), strict=True))
        places, digests = self._spool.write_many(rows, lines, said)
        active = [word == "true" for word in mapped.active[part]]
        managers = mapped.managers[part]
        names = [(kind, column[part]) for kind, column in mapped.claims]
        if self._names_manager is not None:
            names.append((MANAGER_NAMES, list(map(self._called, mapped.called[part]))))
        self._index.add_many(
            self._rule.alike_many(ids),
            zip(ids, rows, lines, digests, active, primaries[part], places, managers, strict=True),
            names,
        )

    def _take(self, applied: Applied, line: int, *, primary: bool) -> None:
        worker = applied.worker
        self._warnings.add(worker.row, applied.warnings)
        if applied.keeps:
            self._keeps[worker.row] = applied.keeps
        if applied.now_called:
            self._new_ids.add(worker.row, applied.now_called, worker.worker_id)
        elif applied.former:
            self._new_ids.former[worker.worker_id] = applied.former
        place, digest = self._spool.write(
            SpooledRecord(
                worker.row, line, applied.first_day, applied.last_day, applied.zone, worker.user, applied.on_leave
            )
        )
        row = Occurrence(worker.worker_id, worker.row, line, digest, worker.user["active"], primary)
        manager = applied.manager_name or worker.manager_id
        seq = self._index.add(self._rule.alike(worker.worker_id), row, place, manager)
        if applied.claims:
            self._index.add_names(seq, applied.claims)
        if self._names_manager is not None and (name := self._names_manager.get(worker.user)):
            self._index.add_names(seq, [(MANAGER_NAMES, self._called(str(name)))])

    def _reject(self, reject: Reject, record: RawRecord, applier: Applier, *, primary: bool) -> None:
        """A rejected row contradicts the other rows of its id: what it says cannot be compared.

        It has the names that the row tells, for whoever looks for the person.
        """
        if who := reject.worker_id:
            reject = reject.named(applier.names_in(record, who))
        self._rejects[reject.row] = reject
        if reject.now_called:
            self._new_ids.add(reject.row, reject.now_called, reject.worker_id)
        if reject.worker_id:
            row = Occurrence(reject.worker_id, reject.row, reject.line, None, primary=primary)
            self._index.add(self._rule.alike(reject.worker_id), row)

    def _take_apart(self, reject: Reject) -> None:
        """A row that is not what the header promises: its id is not certain yet."""
        self._rejects[reject.row] = Reject(reject.row, reject.line, "", reject.reason, reject.worker_id, in_doubt=True)
        if reject.worker_id:
            rule = self._mapping.key_rule.model_copy(update={"letter_e": True})  # only known ids count here
            worker_id, fault = read_id(rule, reject.worker_id, self._mapping.limits)
            if worker_id and not fault and worker_id not in self._mapping.placeholders:
                self._tentative[reject.row] = worker_id
                row = Occurrence(worker_id, reject.row, reject.line, None, primary=True)
                self._index.add(self._rule.alike(worker_id), row)

    def _look_at_time(self, batch: Batch) -> None:
        """Remember what rows say about when the file was made; two different answers are enough."""
        run_time = self._mapping.run_time
        if run_time and run_time.column:
            for raw in dict.fromkeys(batch.columns[run_time.column]):
                if len(self._times) < 2:
                    row = batch.rows[batch.columns[run_time.column].index(raw)]
                    self._times.setdefault(clean(raw), row)

    def _made_at(self) -> datetime | None:
        mapping = self._mapping
        if not self._times or not mapping.run_time or not mapping.run_time.column:
            return None
        column = mapping.run_time.column
        if len(self._times) > 1:
            rows = " and ".join(str(row) for row in self._times.values())
            raise ExtractRefused(
                f"{column} says when the file was made, and must say the same in every row; rows {rows} differ. Export "
                "the list again in one go."
            )
        [cell] = self._times
        try:
            made_at = time_in_cell(cell, Compiler(mapping, DateWatch()).dates(column).read, mapping.dates.place)
        except Unusable as wrong:
            raise ExtractRefused(f"Nobody can tell when the file was made: {wrong}") from None
        if made_at is None:
            raise ExtractRefused(
                f"Nobody can tell when the file was made: {column} is empty. Export the list again, then drop it."
            )
        return made_at

    def _primaries(self, batch: Batch) -> list[bool]:
        """Whether each row is marked as the one of its id that counts."""
        if self._primary is None:
            return [False] * len(batch)
        return list(map(self._says_primary, batch.columns[self._primary.column]))


class _Warnings:
    """The first warnings about rows, and how many more there were: a fault in every row must not fill the memory."""

    _MOST = 200

    def __init__(self) -> None:
        self._said: list[str] = []
        self._more = 0

    def add(self, row: int, warnings: Sequence[str]) -> None:
        for warning in warnings:
            if len(self._said) < self._MOST:
                self._said.append(f"Row {row}: {warning}")
            else:
                self._more += 1

    def sentences(self) -> list[str]:
        return [*self._said, f"{self._more} more warnings about rows."] if self._more else self._said


def _name_of_manager(mapping: MappingFile) -> AttributePath | None:
    """Where in a user the name is by which the mapping finds managers, if it is not the id."""
    rule = mapping.manager_rule
    if rule is None or rule.by == "id":
        return None
    return parse_path(MAIL if rule.by == "mail" else "displayName")
