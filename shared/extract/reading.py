"""Read an extract to its end: every row mapped, and decided which rows count.

Rows are read once, as a stream. What has to be remembered of them is in temporary files: the mapped records in a spool,
ids, digests and names in a database. Memory holds the rejected rows, and a few bytes for each person.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from functools import cached_property
from itertools import compress
from types import TracebackType

from msgspec import Struct

from shared.changes.duplicates import Occurrence
from shared.errors import ExtractRefused
from shared.extract.damage import DamageWatch
from shared.extract.people_index import IndexedPerson, PeopleIndex
from shared.extract.profile import Observer, Profile
from shared.extract.records import read_batches
from shared.extract.resolving import NewIds, Resolver, as_called, rule_of
from shared.extract.row_index import MANAGER_NAMES, RowIndex
from shared.extract.shifted_days import check_days
from shared.extract.spool import Spool, SpooledRecord
from shared.extract.unreadable_days import check_readable
from shared.extract.whole_file import check_whole_file
from shared.letters import fold
from shared.mapping.apply import Applied, Applier
from shared.mapping.cells.dates import DateWatch, Unusable
from shared.mapping.cells.ids import read_id
from shared.mapping.cells.text import clean
from shared.mapping.cells.user_names import NOBODY, Known
from shared.mapping.cells.values import MAIL, NAMES, Compiler
from shared.mapping.columns import Batch, ColumnMapper, Mapped
from shared.mapping.file_time import time_in_cell
from shared.mapping.model import MappingFile
from shared.mapping.paths import AttributePath, parse_path
from shared.mapping.row_filter import Aside, LeftOut, RowFilter
from shared.model import ENTERPRISE_USER, NO_NEW_IDS, Reject, SamePeople, Worker
from shared.model import Record as RawRecord
from shared.readers.open_extract import Reading
from shared.readers.text.spreadsheets import made_of
from shared.storage.scratch import batches, open_scratch

FOUND_OUT = Reading()


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
    _people: PeopleIndex = field(repr=False)
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

    @property
    def people(self) -> int:
        """How many people the extract says something of."""
        return len(self._people)

    def digest(self, worker_id: str) -> str | None:
        """The digest of what the extract says of somebody; None if it says nothing, or is rejected."""
        found = self._people.find(worker_id)
        return found.digest.hex() if found else None

    def rejected(self, worker_id: str) -> bool:
        """Whether a row with an id was rejected."""
        return worker_id in self._rejected

    def is_left_out(self, worker_id: str) -> bool:
        """Whether nothing but rows that the mapping leaves out is about somebody."""
        found = self._scratch.execute("SELECT 1 FROM left_out WHERE id = ?", (worker_id,)).fetchone()
        return found is not None and not self.rejected(worker_id)

    def people_left_out(self) -> Iterator[LeftOut]:
        """Everybody of whom there are no other rows than such that the mapping leaves out, by the first of these."""
        for found in self._scratch.execute("SELECT * FROM left_out ORDER BY row"):
            if not self.rejected(found[0]):
                yield LeftOut(*found)

    def people_by_account(self) -> Iterator[tuple[str, str]]:
        """Every id with its digest, sorted by the last two characters of the id, then by the id."""
        for ids, digests in self._people.columns("worker_id", "digest"):
            yield from zip(ids, map(bytes.hex, digests), strict=True)

    def rows_of_people(self) -> Iterator[tuple[str, int]]:
        """Every id with its row, sorted like `people_by_account`."""
        for columns in self._people.columns("worker_id", "row"):
            yield from zip(*columns, strict=True)

    def tails(self) -> list[str]:
        """The last two characters of all ids, each once."""
        return self._people.tails()

    def people_in(self, tail: str) -> list[tuple[str, int, str]]:
        """Id, row and digest of everybody whose id ends in two characters."""
        return [(one.worker_id, one.row, one.digest.hex()) for one in self._people.people_with(tail)]

    def read(self, ids: Sequence[str]) -> list[Said]:
        """What the extract says of some people, in that order.

        Raises:
            KeyError: somebody is not in it.
        """
        people = {one.worker_id: one for one in self._people.find_some(ids)}
        return [self._said(people[worker_id]) for worker_id in ids]

    def count(self, ids: Iterable[str]) -> int:
        """Of how many of some people the extract says something."""
        return sum(1 for _ in self._people.find_some(ids))

    def everybody(self) -> Iterator[Said]:
        """What the extract says of everybody, sorted like `people_by_account`."""
        for columns in self._people.columns():
            yield from map(self._said, map(IndexedPerson, *columns))

    def managers(self) -> Iterator[tuple[str, str]]:
        """Every id with the manager's id, or an empty text; sorted like `people_by_account`."""
        for columns in self._people.columns("worker_id", "manager"):
            yield from zip(*columns, strict=True)

    def manager_of(self, worker_id: str) -> str:
        """The id of somebody's manager, or an empty text."""
        found = self._people.find(worker_id)
        return found.manager if found else ""

    def loops(self) -> list[tuple[str, ...]]:
        """The ids of every loop of managers among the people, from worker to manager, the smallest id first."""
        return self._people.loops()

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

    def _said(self, person: IndexedPerson) -> Said:
        said = self._spool.read(person.place)
        if person.manager:
            said.user.setdefault(ENTERPRISE_USER, {})["manager"] = {"value": person.manager}
        worker = Worker(person.worker_id, said.row, said.user)
        days = (said.first_day, said.last_day, said.zone)
        then = None
        if person.following is not None:
            then = self._said(person._replace(place=person.following, manager="", following=None))
        more = (self._now_called.get(said.row, ""), self.maybe.get(person.worker_id, ""))
        keeps = self._keeps.get(said.row, ())
        return Said(worker, said.line, *days, person.digest.hex(), keeps, then, said.on_leave, *more)


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
        self._answered: Mapping[int, Collection[str]] | None = None
        scratch.execute(
            "CREATE TABLE left_out (id TEXT PRIMARY KEY, row INTEGER, why TEXT, name TEXT, login TEXT) WITHOUT ROWID"
        )
        self._new_ids = NewIds(same)

    # Long: the way of a file from its first row to what is known of all of them, in the order in which it goes.
    def read(self, chunks: Iterable[bytes]) -> ReadExtract:
        mapping, reading = self._mapping, replace(self._reading, names=_called_by(self._mapping))
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
            deciding=mapping.status.decided_by,
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
                left = self._without_changed(batch, table.first_rows, applier)
                if len(left := self._without_others(left, applier)):
                    self._take_batch(left, mapper.map(left), applier)
        notes = applier.finish(observer.sample)
        profile = observer.finish()
        is_answer = table.returned and not (table.reasons and rows > reading.most_rejects)
        far = check_days(mapping, observer.sample, day, holds_dates=holds_dates)
        if not is_answer:
            check_readable(mapping, observer.sample, day, holds_dates=holds_dates)
            check_whole_file(profile, mapping.status)
        elif table.reasons:
            table.notes.append(
                f"The last column is '{table.reasons}', so this was taken for corrected rejects: people who are not in "
                "the file do not count as missing."
            )
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
            applier.no_ids,
        ).resolve(self._tentative)
        people = self._index.close()
        self._forget_left_out(people)
        return ReadExtract(
            rows=rows,
            repeated=repeated,
            rejects=[self._rejects[row] for row in sorted(self._rejects)],
            notes=[*table.notes, *notes, *far, *damage.notes(), *self._warnings.sentences()],
            _scratch=self._scratch,
            _spool=self._spool,
            _people=people,
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

    def _forget_left_out(self, people: PeopleIndex) -> None:
        """Whoever has a row that counts is not left out."""
        left_out = self._scratch.execute("SELECT id FROM left_out ORDER BY substr(id, -2), id")
        there = [
            (one.worker_id,)
            for some in batches(left_out)
            for one in people.find_some(worker_id for (worker_id,) in some)
        ]
        self._scratch.executemany("DELETE FROM left_out WHERE id = ?", there)

    def _without_changed(self, batch: Batch, first_rows: Mapping[int, int], applier: Applier) -> Batch:
        """A batch without the corrected rejects whose id a spreadsheet seems to have changed: nobody is called so."""
        if not first_rows or self._reading.ids_answered is None:
            return batch
        if self._answered is None:
            self._answered = self._reading.ids_answered()
        key, stays = self._mapping.key, [True] * len(batch)
        for place, found in enumerate(self._ids_as_known(batch.columns[key], applier)):
            first = first_rows.get(batch.rows[place], 0)
            ids = self._answered.get(first, ())
            written = next((one for one in ids if found and found not in ids and made_of(one, found)), "")
            if written:
                stays[place] = False
                reason = (
                    f"{key} is {found} here, but {written} in row {first} of the list that this row answers; a "
                    f"spreadsheet may have changed it. Enter {written} with an apostrophe in front, and drop the file "
                    "again; or correct the row in the HR system, and drop the next list."
                )
                reject = Reject(batch.rows[place], batch.lines[place], written, reason)
                self._reject(reject, batch.record(place), applier, primary=False)
        return batch if all(stays) else _some_of(batch, stays)

    def _without_others(self, batch: Batch, applier: Applier) -> Batch:
        """A batch without the rows of people whom the source does not provision."""
        aside = self._filter.look(batch.columns)
        if not aside:
            return batch
        ids = self._who_is_aside(
            {column: [cells[place] for place in aside] for column, cells in batch.columns.items()}, applier
        )
        working = self._working({one for one, why in zip(ids, aside.values(), strict=True) if why.unclear})
        stays = [True] * len(batch)
        for (place, why), worker_id in zip(aside.items(), ids, strict=True):
            stays[place] = self._stays(batch.record(place), why, worker_id, applier, works=worker_id in working)
        return _some_of(batch, stays)

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

    def _who_is_aside(self, columns: Mapping[str, Sequence[str]], applier: Applier) -> list[str]:
        """Whom some rows are about that the mapping leaves out: of a new id whoever is known by the one before."""
        ids, former = self._ids_as_known(columns[self._mapping.key], applier), self._mapping.key_rule.former
        if former is None or not any(columns[former]):
            return ids
        known = self._known or NOBODY
        before = self._ids_as_known(columns[former], applier)
        return [
            old if old and not known.is_worker(new) and known.is_worker(old) else new
            for new, old in zip(ids, before, strict=True)
        ]

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
        [worker_id] = self._who_is_aside({one: [cell] for one, cell in values.items()}, applier) if aside else [""]
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
        before = _days_before(mapped.first_days[part], mapped.last_days[part], mapped.zones[part])
        users = mapped.users if len(ids) == len(batch) else [column[part] for column in mapped.users]
        places, digests = self._spool.write_many(rows, lines, list(map(b"".join, zip(before, *users, strict=True))))
        active = list(map("true".__eq__, mapped.active[part]))
        names = [(kind, column[part]) for kind, column in mapped.claims]
        if self._names_manager is not None:
            names.append((MANAGER_NAMES, list(map(self._called, mapped.called[part]))))
        columns = (ids, rows, lines, digests, active, primaries[part], places)
        self._index.add_many(self._rule.alike_many(ids), columns, mapped.managers[part], names)

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


def _days_before(first_days: Sequence[str], last_days: Sequence[str], zones: Sequence[str]) -> list[bytes]:
    """What stands before users in the spool, none of which holds a line break."""
    if last_days.count(last_days[0]) == zones.count(zones[0]) == len(zones):  # as in most files
        behind = f" {last_days[0]} {zones[0]} "
        return (f"{behind}\n".join(first_days) + behind).encode().split(b"\n")
    days = zip(first_days, last_days, zones, strict=True)
    return [f"{first} {last} {zone} ".encode() for first, last, zone in days]


def _some_of(batch: Batch, stays: Sequence[bool]) -> Batch:
    """The rows of a batch that stay."""
    columns = {column: list(compress(cells, stays)) for column, cells in batch.columns.items()}
    return Batch(list(compress(batch.rows, stays)), list(compress(batch.lines, stays)), columns)


def _called_by(mapping: MappingFile) -> frozenset[str]:
    """The columns by which people are called, but for those of which the mapping takes a part by itself."""
    rules = [rule for path, rule in mapping.attributes.items() if path in NAMES]
    apart = [rule for rule in rules if any(one.split for one in (rule, *rule.pieces.values(), *(rule.choose or ())))]
    others = {mapping.key, *mapping.status.reads, *(column for rule in apart for column in rule.reads)}
    return frozenset(column for rule in rules for column in rule.reads) - others


def _name_of_manager(mapping: MappingFile) -> AttributePath | None:
    """Where in a user the name is by which the mapping finds managers, if it is not the id."""
    rule = mapping.manager_rule
    if rule is None or rule.by == "id":
        return None
    return parse_path(MAIL if rule.by == "mail" else "displayName")
