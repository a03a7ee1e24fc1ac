"""One record through a mapping: a complete SCIM user and what to tell about it, or one plain reason why not.

Somebody who leaves is never kept from leaving: of a leaver only the id and the status must be right. What would reject
the row of somebody who may work is left out of a leaver's record, with a warning. Until a last day that is to come, a
leaver is somebody who may work.
"""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import date

from shared.errors import ExtractRefused, MappingError
from shared.letters import fold, narrow
from shared.mapping.cells.dates import DateWatch, Unusable, raise_unusable
from shared.mapping.cells.ids import MAX_KEY, LostZeros, NoIds, ThousandMarks, id_warnings, may_be_number, read_id
from shared.mapping.cells.text import (
    LETTER,
    LOST_MARKS,
    NOTHING_BUT_MARKS,
    clean,
    holds_control,
    holds_html,
    looks_broken,
    looks_broken_in_name,
    names_an_object,
    sheet_error,
    shorten,
)
from shared.mapping.cells.user_names import NOBODY, Known, TakenNames, UniqueName
from shared.mapping.cells.values import NAMES, USER_NAME, Cells, Compiler, Reader, Warn, is_formula
from shared.mapping.cells.zones import NoZone
from shared.mapping.identity import identity_reader
from shared.mapping.model import MappingFile
from shared.mapping.paths import AttributePath
from shared.mapping.working import Working
from shared.model import CORE_USER, ENTERPRISE_USER, NO_NEW_IDS, Record, Reject, SamePeople, ScimUser, Worker
from shared.storage.scratch import open_scratch

# No attribute of a user in Entra ID is longer (streetAddress); a longer cell is a broken file, not a person's data.
MAX_VALUE = 1024
_NAMES = ("displayName", "userName")
_SHOWN = 10

_Days = tuple[date | None, date | None]
"""The first and the last day that a row says, as far as they can be read."""
_BROKEN = "holds signs that look like letters in a wrong encoding"
# Beside others, or all of them.
_LETTER_LOST = re.compile(rf"{LETTER}[{LOST_MARKS}]|[{LOST_MARKS}]{LETTER}|^{NOTHING_BUT_MARKS}$")
_QUESTION_MARKS = "holds question marks, as programs write them for letters that they lack"
_HTML = "holds signs of HTML in the place of letters, as in &eacute;"
_OBJECT = "holds an object of a program, or the name of a type, in the place of a name"


@dataclass(frozen=True, slots=True)
class Applied:
    """A record that can be sent.

    Attributes:
        worker: what Entra should have.
        warnings: sentences for HR about values that are sent, or left out, all the same.
        first_day: of the employment, if the mapping names its column.
        last_day: likewise.
        zone: where the worker's day begins, an IANA name.
        claims: names that nobody else may have, by the number of their kind in `Applier.kinds`.
        manager_name: what names the manager, if the mapping says that it is not the id; the user has none yet.
        keeps: attributes of somebody who is known that keep what was said before, because the new values are damaged.
        on_leave: whether the account is to be disabled for nothing but a leave.
        now_called: the id that the row has, if it is a new one of somebody who is known by another, the worker's.
        former: the id of before that the row names, if nobody is known by it.
    """

    worker: Worker
    warnings: tuple[str, ...] = ()
    first_day: date | None = None
    last_day: date | None = None
    zone: str = "UTC"
    claims: tuple[tuple[int, str], ...] = ()
    manager_name: str = ""
    keeps: tuple[str, ...] = ()
    on_leave: bool = False
    now_called: str = ""
    former: str = ""


@dataclass(frozen=True, slots=True)
class _Target:
    path: AttributePath
    read: Reader
    null: bool
    columns: frozenset[str]
    is_user_name: bool
    copies_user_name: bool


def apply(mapping: MappingFile, record: Record) -> Worker | Reject:
    """The worker that a single record describes; for the records of an extract, see `Applier`."""
    made = Applier(mapping).apply(record)
    return made.worker if isinstance(made, Applied) else made


class Applier:
    """Maps the records of one extract, and remembers of them what can only be judged together.

    Args:
        mapping: of the extract's source.
        known: the people of earlier extracts; needed for ids that have lost their zeros and for numbered user names.
        today: where the source is; needed to see that somebody who is said to be active has left.
        scratch: remembers what would fill the memory; the applier opens one of its own if it needs one.
        holds_dates: whether the extract holds days as dates, besides texts.
        same: those who go on under new ids.

    Attributes:
        mapping: see above.
        today: see above.
        holds_dates: see above.
        same: see above.
        placeholders: cells that mean nothing, cleaned.
        kinds: of names that only one person may have; who that is can be decided only once all records are applied.
        taken: the user names that are made unique, if the mapping says so.

    Raises:
        MappingError: the mapping numbers user names, but nothing says who has which one already.
    """

    # Many parameters: what a record is judged by, each of another owner.
    def __init__(
        self,
        mapping: MappingFile,
        *,
        known: Known | None = None,
        today: date | None = None,
        scratch: sqlite3.Connection | None = None,
        holds_dates: bool = False,
        same: SamePeople = NO_NEW_IDS,
    ) -> None:
        self.mapping = mapping
        self.same = same
        self.today = today
        self.holds_dates = holds_dates
        self._status = mapping.status
        self._words = ", ".join(mapping.status.words)
        self.placeholders = frozenset(clean(text) for text in mapping.placeholders)
        self._dates = DateWatch()
        rules = [rule for path, rule in mapping.attributes.items() if path in NAMES]
        self.of_names = tuple(dict.fromkeys(column for rule in rules for column in rule.reads))
        login = mapping.attributes.get(USER_NAME)
        self._call_people = {*self.of_names, *(login.reads if login else ())}
        self._meant: dict[str, str] = {}  # zones that abbreviations were taken for
        self._known = known or NOBODY
        self._zeros = LostZeros(mapping.key, self._known.lost_zeros)
        self._thousands = ThousandMarks(mapping.key, self._known.is_worker)
        self._no_ids = NoIds(mapping.key, self._known.is_worker)
        if known is None and any(rule.unique for rule in mapping.attributes.values()):
            raise MappingError("userName is 'unique', which needs the user names that are given already.")
        compiler = Compiler(mapping, self._dates, today, holds_dates)
        self._working = Working(compiler)
        self._glance = Working(Compiler(mapping, DateWatch(), today, holds_dates))  # counts no date a second time
        self._ended: dict[str, str] = {}
        self._still_active: dict[str, None] = {}
        self.kinds: list[UniqueName] = []
        self.taken: TakenNames | None = None

        def unique() -> TakenNames:
            self.taken = TakenNames(known or NOBODY, scratch or open_scratch(), login.cut if login else None)
            return self.taken

        self._targets = [
            _Target(
                place,
                identity_reader(compiler, path, rule, self.kinds, unique) or compiler.reader(path, rule),
                (rule.empty or mapping.empty) == "null",
                frozenset(rule.reads),
                path == USER_NAME,
                rule.copy_of is not None,
            )
            for place, path, rule in mapping.targets
        ]

    # Long: the order in which a record is judged, step by step; each step needs what those before it found.
    def apply(self, record: Record) -> Applied | Reject:
        """The worker that a record describes.

        `active` is always set and the record is complete: everything that the mapping names is in it, as a value or as
        the mapping's `empty` rule says. Cells are cleaned, see `clean`.
        """
        warnings: list[str] = []
        mapping = self.mapping
        raw = record.values[mapping.key]
        own_id, fault = worker_id, _ = read_id(mapping.key_rule, raw, mapping.limits)

        def reject(reason: str) -> Reject:
            who = worker_id if len(worker_id) <= MAX_KEY else ""
            now_called = own_id if who and own_id != who else ""
            in_doubt = bool(who) and self._is_in_doubt(record)
            return Reject(record.row, record.line, who, reason, in_doubt=in_doubt, now_called=now_called)

        if not worker_id or worker_id in self.placeholders:
            own_id = worker_id = ""
            return reject(f"{mapping.key} is empty, so nobody can tell whom the row is about.")
        if fault and not (may_be_number(worker_id) and self._known.is_worker(worker_id)):
            own_id = worker_id = "" if sheet_error(worker_id) else worker_id
            return reject(f"{mapping.key} {fault}")
        known_as = self.other_letters([worker_id]).get(worker_id, ())
        if known_as:
            fault = _known_otherwise(mapping.key, worker_id, known_as)
            own_id = worker_id = known_as[0]
            if len(known_as) > 1:
                return reject(fault)
        else:
            self.look_at_ids([worker_id])
        other_letters = "" if mapping.key_rule.as_known or not known_as else fault
        worker_id, former = self._same_as(worker_id, record)
        try:
            status, active = self._status_of(record)
        except Unusable as wrong:
            return reject(str(wrong))
        days = self._days_of(record)
        active, over = (False, True) if active and self._is_ended_by_rule(record, days) else (active, False)
        carried_out = active and self._is_carried_out(days, worker_id)
        if other_letters and active:
            return reject(other_letters)
        warnings += [*id_warnings(mapping.key, raw, own_id), *([although(other_letters)] if other_letters else [])]
        on_leave = self._status.disables_for_leave(status)
        matters = (active and not carried_out) or (not over and not on_leave and self._works_on(days))
        refuse: Callable[[str], None] = raise_unusable if matters else lambda reason: warnings.append(although(reason))
        try:
            cells, unusable = self._cells(record, refuse, warnings.append, self._stay(record, worker_id))
            damaged = self._see_to_damage(record, cells, worker_id, refuse, warnings.append)
            cells[mapping.key] = own_id
            first_day, last_day = self._employment(
                cells, status, refuse, self._working, works=active and not carried_out
            )
            if not (active or over or on_leave):
                last_day = self._end_of_leaver(status, last_day, warnings.append)
            zone = self._zone(cells, refuse)
            row = Cells(cells, worker_id, record.row, warnings.append)
            active = active and not self._is_over(first_day, last_day)
            user = self._user(row, active, refuse, unusable - {mapping.key})
        except Unusable as wrong:
            return reject(str(wrong))
        if unusable and self._known.is_worker(worker_id):
            damaged += unusable - {mapping.key, *self._status.reads}
        if self._status.zone:
            self.note_zones([cells[self._status.zone.column]])
        keeps = self._made_of(damaged) if damaged else ()
        return Applied(
            Worker(worker_id, record.row, user),
            tuple(dict.fromkeys(warnings)) if warnings else (),
            first_day,
            last_day,
            zone,
            tuple(claim for claim in row.claims if self.kinds[claim[0]].path not in keeps),  # the old name is kept
            row.manager_name,
            keeps,
            on_leave,
            own_id if own_id != worker_id else "",
            former,
        )

    def _same_as(self, worker_id: str, record: Record) -> tuple[str, str]:
        """The id by which somebody is known who has an id in a file, and the one of before that nobody is known by."""
        known_as = self.same.known_as(worker_id)
        column = self.mapping.key_rule.former
        if known_as != worker_id or column is None or self._known.is_worker(worker_id):
            return known_as, ""
        raw = record.values.get(column, "")
        former, fault = read_id(self.mapping.key_rule, raw, self.mapping.limits)
        if fault or column in record.faults or former in ("", worker_id) or former in self.placeholders:
            return worker_id, ""
        former = self.same.known_as(next(iter(self.other_letters([former]).get(former, ())), former))
        return (former, "") if self._known.is_anybody(former) else (worker_id, former)

    def names_in(self, record: Record, worker_id: str) -> ScimUser:
        """Display name and user name of a record that is rejected, as far as it tells them, for whoever looks for it.

        A user name that is made unique is not among them: it would be taken from somebody else.
        """
        of = {**self._cells(record, _ignore, _ignore)[0], self.mapping.key: worker_id}
        cells = Cells(of, worker_id, record.row, _ignore)
        user: ScimUser = {}
        for target, (_, path, rule) in zip(self._targets, self.mapping.targets, strict=True):
            if path in _NAMES and not rule.unique:
                try:
                    user[path] = target.read(cells)
                except Unusable:
                    continue
        return user

    def look_at_ids(self, ids: Iterable[str]) -> None:
        """Take note of the ids of rows that can be told whom they are about, each once."""
        ids = list(ids)
        self._zeros.look(ids)
        self._thousands.look(ids)
        self._no_ids.look(ids)

    def look_at_ended(self, ids: Iterable[str]) -> None:
        """Find out of some people at once until which day the source said last that they work."""
        if ids := list(ids):
            self._ended |= {**dict.fromkeys(ids, ""), **self._known.works_until(ids)}

    def other_letters(self, ids: Collection[str]) -> Mapping[str, Sequence[str]]:
        """Those of some ids that are known only with other capital letters or blanks, and as what."""
        return {} if self.mapping.key_rule.case_sensitive else self._known.other_letters(ids)

    @property
    def lost_zeros(self) -> Mapping[str, str]:
        """The ids that are known only with more zeros in front, and as what; complete after `finish`."""
        return self._zeros.longer if self.mapping.key_rule.leading_zeros == "reject" else {}

    @property
    def no_ids(self) -> Mapping[str, str]:
        """What stands in the place of ids, and why it is none; complete when all records were applied."""
        return self._no_ids.found

    def finish(self, rows: Collection[Mapping[str, str]] = ()) -> tuple[str, ...]:
        """What to tell about the extract as a whole, once all of its records were applied.

        Args:
            rows: raw cells by column, of some people of the extract.

        Raises:
            ExtractRefused: its records cannot be trusted, whatever each of them says. What explains the rest is said
                first: a spreadsheet that takes zeros off changes dates as well.
        """
        lost = self._zeros.finish()
        notes: tuple[str, ...] = ()
        other = ""
        try:
            notes = self._dates.finish(rows)
        except ExtractRefused as refused:
            other = str(refused)
        if lost or other:
            raise ExtractRefused(" ".join(filter(None, (self._zeros.sentence, other))))
        return (*self._thousands.notes, *notes, *self._meant_note(), *self._still_active_note())

    def _meant_note(self) -> tuple[str, ...]:
        if not self._meant or self._status.zone is None:
            return ()
        taken = ", ".join(f"'{shorten(text)}' for {name}" for text, name in sorted(self._meant.items()))
        text = f"{self._status.zone.column}: abbreviations are taken for places, in summer and in winter: {taken}. If"
        return (f"{text} another place is meant, ask IT to say so in the mapping (zone: map).",)

    def _still_active_note(self) -> tuple[str, ...]:
        found = list(self._still_active)
        if not found:
            return ()
        ids = ", ".join(found[:_SHOWN]) + (f" and {len(found) - _SHOWN} more" if len(found) > _SHOWN else "")
        who = "1 person has" if len(found) == 1 else f"{len(found)} people have"
        day = self._status.last_day.name if self._status.last_day else ""
        text = f"{who} left by the last day, and {self._status.name} still says otherwise: {ids}. Nothing is to be done"
        return (f"{text}, unless one of them works again: then HR corrects {day}.",)

    def _is_in_doubt(self, record: Record) -> bool:
        """Whether a row does not tell that, or from when to when, the person may work; whatever else is wrong."""
        zone = [self._status.zone.column] if self._status.zone else []
        columns = [*self._status.reads, *self._status.days, *zone]
        cells = {one: read_cell(record.values.get(one, ""), self.placeholders) for one in columns}
        if any(one in record.faults or fault for one, (_, _, fault) in cells.items()):
            return True
        texts = {one: text for one, (text, _, _) in cells.items()}
        try:
            status, active = self._status_of(record)
            over = active and self._is_ended_by_rule(record, self._days_of(record))
            self._employment(texts, status, raise_unusable, self._glance, works=active and not over)
            self._zone(texts, raise_unusable)
        except Unusable:
            return True
        return False

    def _works_on(self, days: _Days) -> bool:
        """Whether the account stays enabled until a last day that is to come; then the whole row must be right."""
        if self.today is None or self._status.end == "at_once":
            return False
        _, last = days
        return last is not None and last >= self.today and not self._working.is_for_ever(last)

    def _status_of(self, record: Record) -> tuple[str, bool]:
        """The word of a row's status, and whether somebody with it may work.

        Raises:
            Unusable: nobody can tell.
        """
        status, cells = self._status, {}
        for column in status.reads:
            if fault := record.faults.get(column, ""):
                raise Unusable(fault)
            raw = record.values.get(column, "")
            if status.is_plain:
                cells[column] = clean(raw)
                continue
            cells[column], _, fault = read_cell(raw, self.placeholders)
            if fault:
                raise Unusable(f"{column} {fault}")
        word = self._working.word(cells)
        active = self._working.means(word)
        if active is not None:
            return word, active
        if not word or word in self.placeholders:
            raise Unusable(
                f"{status.name} {'is' if len(status.reads) == 1 else 'are'} empty, so nobody can tell whether the "
                "person may work."
            )
        if sign := self._working.odd_sign(word):
            raise Unusable(
                f"{status.name} '{shorten(word)}' is not one of the agreed words ({self._words}): it holds {sign}. "
                "Correct it, or have IT map it."
            )
        raise Unusable(
            f"{status.name} '{shorten(word)}' is not one of the agreed words ({self._words}); correct it, or have IT "
            "map it."
        )

    def _days_of(self, record: Record) -> _Days:
        """The first and the last day of a row, as far as they can be read."""
        if any(column in record.faults for column in self._status.days):
            return None, None
        try:
            return self._glance.days(self._cells_of_days(record), raise_unusable)
        except Unusable:
            return None, None

    def _cells_of_days(self, record: Record) -> dict[str, str]:
        return {one: read_cell(record.values.get(one, ""), self.placeholders)[0] for one in self._status.days}

    def _is_ended_by_rule(self, record: Record, days: _Days) -> bool:
        """Whether the last day has ended what the status, if there is one, still calls active."""
        if self._of_several or not self._working.has_passed(*days):
            return False
        return self._status.day_decides or self._glance.goes_on(self._cells_of_days(record))

    def _is_carried_out(self, days: _Days, worker_id: str) -> bool:
        """Whether a row says active of somebody who has left by the very last day that it names, as was said before.

        Many systems leave the status as it is for a while; that is no fault of the row.
        """
        first, last = days
        if last is None or not self._working.has_passed(first, last) or self._of_several:
            return False
        if self._ended_on(worker_id) != last.isoformat():
            return False
        self._still_active[worker_id] = None
        return True

    def _ended_on(self, worker_id: str) -> str:
        if worker_id not in self._ended:
            self.look_at_ended([worker_id])
        return self._ended[worker_id]

    def _stay(self, record: Record, worker_id: str) -> Collection[str]:
        """The columns with several values of somebody who is known, so that what was said before can stay."""
        return record.several if record.several and self._known.is_worker(worker_id) else ()

    def _cells(
        self, record: Record, refuse: Callable[[str], None], warn: Warn, stays: Collection[str] = ()
    ) -> tuple[dict[str, str], frozenset[str]]:
        """The cells as they are used: cleaned, and empty where they say nothing; and the columns that are at fault.

        Of those in `stays` what was said before stays, with a warning.
        """
        mapping = self.mapping
        cells = {}
        broken = []
        for column, raw in record.values.items():
            cell, _, fault = read_cell(raw, self.placeholders)
            if column in record.faults:
                broken.append((column, record.faults[column]))
            elif fault:
                broken.append((column, f"{column} {fault}"))
            cells[column] = cell
        for column in mapping.optional:
            cells.setdefault(column, "")
        missing = [column for column in mapping.required if not cells[column] and column not in record.faults]
        if missing:
            refuse(f"{' and '.join(missing)} {'is' if len(missing) == 1 else 'are'} empty but required.")
        for column, reason in broken:
            if column in stays:
                warn(f"{reason} What was said before stays.")
            else:
                refuse(reason)
            cells[column] = ""
        return cells, frozenset(missing).union(column for column, _ in broken)

    def _see_to_damage(
        self, record: Record, cells: Mapping[str, str], worker_id: str, refuse: Callable[[str], None], warn: Warn
    ) -> list[str]:
        """Tell of cells whose letters are damaged; the columns of somebody who is known, whose old values stay.

        Nobody new is created under a damaged name; what is damaged elsewhere is better than nothing.
        """
        found = {}
        for column, raw in record.values.items():
            if cells[column] and not raw.isascii() and looks_broken(raw):
                found[column] = _BROKEN
        for column in self.of_names:
            if _LETTER_LOST.search(cells[column]) and not is_formula(cells[column]):
                found.setdefault(column, _QUESTION_MARKS)
            elif looks_broken_in_name(cells[column]) and not is_formula(cells[column]):
                found.setdefault(column, _BROKEN)
            elif holds_html(cells[column]):
                found.setdefault(column, _HTML)
            elif names_an_object(cells[column]):
                found.setdefault(column, _OBJECT)
        kept = []
        for column, what in found.items():
            if column in (self.mapping.key, *self._status.reads):
                warn(f"{column} {what}; it is taken as it is.")
            elif self._known.is_worker(worker_id):
                kept.append(column)
                warn(f"{column} {what}; what was said before stays.")
            elif column in self._call_people:
                refuse(f"{column} {what}; somebody of that name would be created.")
            else:
                warn(f"{column} {what}; it is sent as it is.")
        return kept

    def _made_of(self, columns: Collection[str]) -> tuple[str, ...]:
        """The attributes that are made of some columns, and their copies."""
        rules = self.mapping.attributes
        made = {path for path, rule in rules.items() if not set(columns).isdisjoint(rule.reads)}
        return tuple(path for path, rule in rules.items() if path in made or rule.copy_of in made)

    def _employment(
        self, cells: dict[str, str], status: str, refuse: Callable[[str], None], working: Working, *, works: bool
    ) -> tuple[date | None, date | None]:
        """The first and the last day; somebody who works cannot have had the last one, unless hired again."""
        readers = working.first_day, working.last_day
        first = readers[0].read(cells, refuse)[0] if readers[0] else None
        last, reader = readers[1].read(cells, refuse) if readers[1] else (None, None)
        if works and self._status.column is None and self._status.first_day and first is None:
            refuse(
                f"{self._status.first_day.name} is empty, so nobody can tell whether the person may work: nothing but "
                "the days says it."
            )
        if last is None or reader is None or self.today is None or not works:
            return first, last
        again = first is not None and last < first
        said = f"{self._status.name} is '{shorten(status)}'" if self._status.column else "The person is to work"
        end = f"{reader.column} {last.isoformat()}"
        start = self._status.first_day.name if self._status.first_day else ""
        later = reader.later_century(cells[reader.column]) if again else None
        if later is not None:
            refuse(
                f"{end} lies before {start} {first}, as the mapping reads years of two digits (dates: "
                f"pivot); is it {later.isoformat()}? Write the year with four digits."
            )
        if last < self.today and not again and not self._of_several:
            if self._status.past_last_day == "status":
                return first, None
            refuse(f"{said}, but {end} has passed; one of them is wrong.")
        if last >= self.today and again:
            refuse(
                f"{said}, though {end} is to come and {start} {first} is later still; one of the days "
                "is wrong, or two employments are in one row."
            )
        return first, last

    def _end_of_leaver(self, status: str, last: date | None, warn: Warn) -> date | None:
        """The last day of somebody who has left by the status: a day far ahead is told, and one for ever is none."""
        rule = self._status
        if last is None or rule.last_day is None or rule.end == "at_once" or not self._working.is_far_ahead(last):
            return last
        said, end = f"{rule.name} is '{shorten(status)}'", f"{rule.last_day.name} {last.isoformat()}"
        if self._working.is_for_ever(last):
            warn(f"{said}, and {end} is further ahead than a working life: it is no last day, and access ends at once.")
            return None
        warn(
            f"{said}, and {end} is more than two years ahead: the account stays enabled until that day is over. If it "
            "is no last day, correct it, or ask IT to say in the mapping that it stands for none (dates: none), or "
            "that the status ends the access at once (status: end)."
        )
        return last

    @property
    def _of_several(self) -> bool:
        """Whether a row is one contract among several, of which the days say which counts."""
        return self.mapping.duplicates.keep == "current"

    def _is_over(self, first: date | None, last: date | None) -> bool:
        """Whether a contract has ended, whatever its status says of the person."""
        ended = last is not None and self.today is not None and last < self.today
        return self._of_several and ended and (first is None or last is None or last >= first)

    def _zone(self, cells: dict[str, str], refuse: Callable[[str], None]) -> str:
        """Where the worker's day begins."""
        rule = self._status.zone
        if rule is None or not (text := cells[rule.column]):
            return self.mapping.dates.zone
        try:
            return rule.find(text).name
        except NoZone as wrong:
            refuse(f"{rule.column} '{shorten(text)}' {wrong}")
            return self.mapping.dates.zone

    def note_zones(self, texts: Iterable[str]) -> None:
        """Take note of the cells with the zones of rows that count: what an abbreviation was taken for is told."""
        rule = self._status.zone
        for text in texts if rule else ():
            with suppress(NoZone):
                if rule and text and (found := rule.find(text)).meant:
                    self._meant[text] = found.name

    def _user(self, cells: Cells, active: bool, refuse: Callable[[str], None], unusable: frozenset[str]) -> ScimUser:
        """The user; of a leaver without what is made of columns at fault, which is not the same as empty ones."""
        user: ScimUser = {"schemas": [CORE_USER, ENTERPRISE_USER], "externalId": cells.worker_id, "active": active}
        is_nameless = False
        for target in self._targets:
            if (target.columns & unusable) or (target.copies_user_name and is_nameless):
                is_nameless |= target.is_user_name
                continue
            try:
                value = target.read(cells)
            except Unusable as wrong:
                refuse(str(wrong))
                is_nameless |= target.is_user_name
                continue
            if value != "":
                target.path.put(user, value)
            elif target.null and target.path.name == "manager":
                user.setdefault(target.path.schema, {})[target.path.name] = None
            elif target.null:
                target.path.put(user, None)
        return user


def read_cell(raw: str, placeholders: Collection[str]) -> tuple[str, str, str]:
    """A cell as it is used: cleaned, and empty where it says nothing.

    Returns:
        The cell; what to tell about it and why it cannot be sent, to follow the column's name, or empty texts.
    """
    cell = clean(raw)
    if cell[:1] != "#" and cell.isascii() and cell.isprintable() and len(cell) <= MAX_VALUE:  # as nearly all are
        return ("" if cell in placeholders else cell), "", ""
    warning = ""
    if not cell.isascii() and looks_broken(raw):
        warning = _BROKEN
    if cell in placeholders:
        return "", warning, ""
    if error := sheet_error(cell):
        return cell, warning, f"{error}."
    if len(cell) > MAX_VALUE:
        return cell, warning, f"has {len(cell)} characters; at most {MAX_VALUE} can be sent."
    if not cell.isprintable() and holds_control(cell):
        return cell, warning, "holds a control character."
    return cell, warning, ""


def _known_otherwise(column: str, worker_id: str, known_as: Sequence[str]) -> str:
    # There is no other way for ids to be alike: see `fold_id`.
    what = "capital letters" if any(fold(worker_id) == fold(one) for one in known_as) else "blanks"
    if all(narrow(one) != one for one in known_as):
        what = "the width of its signs"
    if narrow(worker_id) != worker_id:
        return (
            f"{column} {worker_id} is known as {' and '.join(known_as)}: it holds full-width signs, as keyboards for "
            "Chinese and Japanese write them. Write it as it is known; or ask IT to say in the mapping that HR writes "
            "ids in several ways (key: as_known), or that they are different people (key: case_sensitive)."
        )
    return (
        f"{column} {worker_id} is known as {' and '.join(known_as)}, which differs from it in {what} only; Entra takes "
        f"them for the same person. Write it as it is known; or ask IT to say in the mapping that HR writes ids in "
        "several ways (key: as_known), or that they are different people (key: case_sensitive)."
    )


def _ignore(_reason: str) -> None:
    """What is wrong with the row is known already."""


def although(reason: str) -> str:
    """A reason to reject, as it is told of a leaver."""
    return f"{reason} The row counts all the same: of somebody who may not work, only id and status are needed."
