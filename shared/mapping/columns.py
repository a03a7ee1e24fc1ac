"""Many rows through a mapping at once: a column at a time, as long as there is nothing to tell about a row.

Most columns hold few different cells, so what a cell becomes is worked out once and remembered: as the piece of JSON
that stands for it in the user. A row's user is its pieces, put together.

There is one definition of what a mapping does, `Applier`. The pieces are made by its own functions, and wherever these
have something to say about a cell (a warning, a reason to reject) or something to remember (dates that can be read two
ways), the row as a whole is left to the applier. So this is nothing but a quicker way to the same text.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import compress, count
from typing import Any, TypeVar

from shared.mapping.apply import Applied, Applier
from shared.mapping.cells.dates import DateWatch, Unusable, raise_unusable
from shared.mapping.cells.ids import id_warnings, plain_ids, read_id
from shared.mapping.cells.remembered import CAREFUL, CAREFUL_PIECE, ColumnCells, Pieces, Remembered, Room
from shared.mapping.cells.text import LOST_MARKS, looks_broken_in_name, may_name_an_object
from shared.mapping.cells.values import MAIL, USER_NAME, Compiler
from shared.mapping.cells.zones import NoZone
from shared.mapping.identity import MANAGER
from shared.mapping.pieces import Attribute, Cleaner, Object, as_json, new_object
from shared.mapping.working import DayReader, Working, far_ahead
from shared.model import CORE_USER, ENTERPRISE_USER, Record, Reject

_Made = TypeVar("_Made", str, bytes)

NO_DAY = "-"
"""Stands for a day that nobody has said."""

_OF_DAMAGE = (*LOST_MARKS, "&")  # which may stand in the place of letters
_START = f'{{"schemas":["{CORE_USER}","{ENTERPRISE_USER}"'.encode()
_ACTIVE = {"true": b"true", "false": b"false", CAREFUL: CAREFUL_PIECE}


@dataclass(frozen=True, slots=True)
class Batch:
    """Some rows of an extract, a column at a time.

    Attributes:
        rows: their numbers.
        lines: of the file where they start.
        columns: the mapped columns, their cells as HR wrote them.
    """

    rows: Sequence[int]
    lines: Sequence[int]
    columns: Mapping[str, ColumnCells]

    def __len__(self) -> int:
        return len(self.rows)

    def record(self, place: int) -> Record:
        """One of the rows."""
        values = {column: cells[place] for column, cells in self.columns.items()}
        return Record(self.rows[place], self.lines[place], values)


@dataclass(frozen=True, slots=True)
class Mapped:
    """What a batch became. All columns are as long as the batch; what they say of rows in `careful` is to be ignored.

    Attributes:
        careful: what the applier made of the rows about which there is something to tell, by their places.
        ids: of the workers.
        active: `true` or `false`.
        first_days: of the employments, as ISO dates, or NO_DAY.
        last_days: likewise.
        zones: where the workers' days begin.
        users: pieces of JSON, which put together are the users.
        managers: their ids, or what names them; empty texts where there are none.
        claims: names that nobody else may have, or empty texts; each column with the number of its kind in
            `Applier.kinds`.
        called: the names by which managers are found, if that is not the id; else empty texts.
    """

    careful: Mapping[int, Applied | Reject]
    ids: ColumnCells
    active: ColumnCells
    first_days: ColumnCells
    last_days: ColumnCells
    zones: ColumnCells
    users: Sequence[Pieces]
    managers: ColumnCells
    claims: Sequence[tuple[int, ColumnCells]]
    called: ColumnCells


class ColumnMapper:
    """Maps the rows of one extract.

    Args:
        applier: of the extract.
    """

    def __init__(self, applier: Applier) -> None:
        mapping = self._mapping = applier.mapping
        status, rules = mapping.status, mapping.attributes.values()
        self._applier = applier
        self._today = applier.today.isoformat() if applier.today else ""
        ends = status.end == "last_day" and applier.today is not None
        self._far = far_ahead(applier.today) if ends and applier.today else ""
        compiler = Compiler(mapping, _NoWatch(), applier.today, applier.holds_dates)
        self._working = Working(compiler)
        readers = self._working.last_day.readers if self._working.last_day else ()
        self._short_years = any(pattern.needs_pivot for reader in readers for pattern in reader.patterns)
        room, cleaner = Room(), Cleaner(applier.placeholders)
        self._clean = cleaner.one
        self._active: Remembered[Any, Any] = Remembered(self._read_status, room)
        self._zones = Remembered(self._read_zone, room)
        self._days: list[tuple[tuple[str, ...], Remembered[Any, Any]] | None] = [
            (reader.rule.columns, Remembered(self._day_with(reader), room, few=True)) if reader else None
            for reader in (self._working.first_day, self._working.last_day)
        ]
        read = {column for rule in rules for column in rule.reads}
        read |= {mapping.key, *status.reads, *status.days, *([status.zone.column] if status.zone else [])}
        several = [column for rule in rules if len(rule.reads) > 1 for column in rule.reads]
        unread = [column for column in mapping.columns if column not in read]
        self._cleaned = {
            column: Remembered(cleaner.one, room, cleaner.many) for column in (*several, *mapping.required, *unread)
        }
        by = mapping.manager_rule.by if mapping.manager_rule else "id"
        self._called = {"mail": MAIL, "name": "displayName"}.get(by, "")
        valued = {USER_NAME, MAIL, MANAGER, self._called}
        self._objects: dict[str, Object] = {}
        for place, (path, _, _) in enumerate(mapping.targets):
            if name := path.schema or (path.sub and path.name):
                self._objects.setdefault(name, new_object(path)).places.append(place)
        begin = {one.places[0] for one in self._objects.values() if one.skip}
        attributes = [
            Attribute(
                compiler, target, cleaner, self._cleaned.keys(), room, valued=target[1] in valued, begins=place in begin
            )
            for place, target in enumerate(mapping.targets)
        ]
        self._own = [attribute for attribute in attributes if not attribute.is_copy]
        self._copies = [attribute for attribute in attributes if attribute.is_copy]  # which come last

    def map(self, batch: Batch) -> Mapped:
        """Map some rows; those about which there is something to tell by the applier.

        To be called with one batch after the other, in the order of the extract.
        """
        mapping, status, size = self._mapping, self._mapping.status, len(batch)
        care = _Care()
        ids = care.about(self._read_ids(batch.columns[mapping.key]))
        columns: dict[str, ColumnCells] = {**batch.columns, mapping.key: ids}
        active, first_days, last_days = self._employment(columns, care, ids)
        zones = [mapping.dates.zone] * size
        if status.zone:
            zones = care.about(self._zones.column(columns[status.zone.column]))
        for column, cleaned in self._cleaned.items():
            columns[column] = care.about(cleaned.column(columns[column]), look=cleaned.may_be_careful)
        for column in self._applier.of_names:
            if _may_be_damaged("\n".join(batch.columns[column])):
                care.where(map(_may_be_damaged, batch.columns[column]))
        if former := mapping.key_rule.former:
            care.where(map(bool, columns[former]))
        for column in mapping.required:
            if "" in columns[column]:
                care.where(cell == "" for cell in columns[column])

        made: list[list[Any]] = [care.about(one.column(columns, size), look=one.may_be_careful) for one in self._own]
        values = {attribute.text: column for attribute, column in zip(self._own, made, strict=True) if attribute.valued}
        managers = values.get(MANAGER) or [""] * size
        careful = self._make_unique(batch, care, ids, values)
        for attribute in self._copies:
            made.append(care.about(attribute.copies(values[USER_NAME])))
            if attribute.valued:
                values[attribute.text] = made[-1]
        for place in sorted(care.places - careful.keys()):
            careful[place] = self._applier.apply(batch.record(place))
        if status.zone:
            cells = batch.columns[status.zone.column]
            self._applier.note_zones({self._clean(raw) for place, raw in enumerate(cells) if place not in careful})
        self._applier.look_at_ids([one for place, one in enumerate(ids) if place not in careful] if careful else ids)

        attributes = (*self._own, *self._copies)
        pieces = [
            one.pieces(values[one.text]) if one.valued else column for one, column in zip(attributes, made, strict=True)
        ]
        return Mapped(
            careful,
            ids,
            active,
            first_days,
            last_days,
            zones,
            self._users(ids, active, pieces),
            managers,
            [(number, values[kind.path]) for number, kind in enumerate(self._applier.kinds)],
            values.get(self._called) or [""] * size,
        )

    def _employment(
        self, columns: Mapping[str, ColumnCells], care: _Care, ids: ColumnCells
    ) -> tuple[list[str], list[str], list[str]]:
        """Who may work, and the first and the last days."""
        mapping, status, size = self._mapping, self._mapping.status, len(ids)
        active = ["true"] * size
        if status.reads:
            active = care.about(self._active.column(*(columns[one] for one in status.reads)))
        first_days, last_days = (
            care.about(days[1].column(*(columns[one] for one in days[0]))) if days else [NO_DAY] * size
            for days in self._days
        )
        are_contracts = mapping.duplicates.keep == "current"  # of which the days say which counts
        if status.last_day and last_days.count(NO_DAY) < size:
            if status.day_decides and not are_contracts:
                days = zip(active, first_days, last_days, strict=True)
                active = ["false" if self._is_over(first, last) else works for works, first, last in days]
            said = zip(active, first_days, last_days, strict=True)
            contradict = [last != NO_DAY and self._contradict(works, first, last) for works, first, last in said]
            care.where(contradict)
            if not are_contracts:
                self._applier.look_at_ended(sorted(set(compress(ids, contradict)) - {CAREFUL}))
        if self._far and max(last_days, default="") > self._far:  # of leavers that is told
            care.where(works == "false" and last > self._far for works, last in zip(active, last_days, strict=True))
        if status.first_day and not status.reads:
            care.where(works == "true" and first == NO_DAY for works, first in zip(active, first_days, strict=True))
        return active, first_days, last_days

    def _make_unique(
        self, batch: Batch, care: _Care, ids: ColumnCells, values: dict[str, list[str]]
    ) -> dict[int, Applied | Reject]:
        """Make user names unique where the mapping says so; whoever comes first gets the name as it is.

        Returns:
            What the applier made of rows, which have their turn among the others.
        """
        taken = self._applier.taken
        careful: dict[int, Applied | Reject] = {}
        if taken is not None:

            def has_turn(place: int) -> None:
                careful[place] = self._applier.apply(batch.record(place))

            values[USER_NAME] = taken.make_many_unique(values[USER_NAME], ids, care.places, has_turn)
        return careful

    def _users(self, ids: ColumnCells, active: ColumnCells, pieces: Sequence[Pieces]) -> list[Pieces]:
        """The pieces, put together into pieces of users, in the order in which the applier puts them."""
        inside = {place for one in self._objects.values() for place in one.places}
        columns: dict[int, Sequence[Pieces]] = {
            place: [column] for place, column in enumerate(pieces) if place not in inside
        }
        schemas = {}
        for one in self._objects.values():
            for place, own in one.columns(pieces):
                columns[place] = own
                if one.schema:
                    schemas[place] = [one.schema if any(texts) else b"" for texts in zip(*own, strict=True)]
        names = as_json(ids, b'],"externalId":', b',"active":', b"")
        ordered = [column for place in sorted(columns) for column in columns[place]]
        named = [schemas[place] for place in sorted(schemas)]
        works = list(map(_ACTIVE.__getitem__, active))
        return [[_START] * len(ids), *named, names, works, *ordered, [b"}"] * len(ids)]

    def _read_ids(self, cells: ColumnCells) -> list[str]:
        placeholders = self._applier.placeholders
        plain = plain_ids(self._mapping.key_rule, cells)
        if plain is not None and placeholders.isdisjoint(plain) and placeholders.isdisjoint(cells):
            ids = list(plain)
        else:
            ids = list(map(self._read_id, cells))
        known_otherwise = {*self._applier.other_letters(ids), *self._applier.same.by_id}
        return [CAREFUL if one in known_otherwise else one for one in ids] if known_otherwise else ids

    def _read_id(self, cell: str) -> str:
        placeholders = self._applier.placeholders
        worker_id, fault = read_id(self._mapping.key_rule, cell, self._mapping.limits)
        if fault or not worker_id or worker_id in placeholders or cell in placeholders:
            return CAREFUL
        if worker_id.isalnum() and cell.isascii():
            return worker_id
        return CAREFUL if id_warnings("", cell, worker_id) or self._clean(cell) in {"", CAREFUL} else worker_id

    def _read_status(self, raw: str | tuple[str, ...]) -> str:
        status = self._mapping.status
        cells = dict(zip(status.reads, map(self._clean, (raw,) if isinstance(raw, str) else raw), strict=True))
        if CAREFUL in cells.values():
            return CAREFUL
        try:
            word = self._working.word(cells)
            active = self._working.means(word)
        except Unusable:
            return CAREFUL
        return CAREFUL if active is None or status.disables_for_leave(word) else json.dumps(active)

    def _read_zone(self, raw: str) -> str:
        rule, text = self._mapping.status.zone, self._clean(raw)
        if rule is None or not text:
            return self._mapping.dates.zone
        try:
            return rule.find(text).name
        except NoZone:
            return CAREFUL

    def _day_with(self, reader: DayReader) -> Callable[[str | tuple[str, ...]], str]:
        def read(raw: str | tuple[str, ...]) -> str:
            several = (raw,) if isinstance(raw, str) else raw
            cells = dict(zip(reader.rule.columns, map(self._clean, several), strict=True))
            try:
                day, _ = reader.read(cells, raise_unusable)
            except Unusable:
                return CAREFUL
            return day.isoformat() if day else NO_DAY

        return read

    def _is_over(self, first_day: str, last_day: str) -> bool:
        """Whether the last day has passed, and is not that of an employment before."""
        again = NO_DAY not in (first_day, last_day) and last_day < first_day
        return NO_DAY != last_day < self._today and last_day != CAREFUL and not again

    def _contradict(self, active: str, first_day: str, last_day: str) -> bool:
        """Whether somebody is said to work whose last day has passed, unless hired again since."""
        again = first_day != NO_DAY and last_day < first_day
        doubtful = again == (last_day >= self._today) or (again and self._short_years)
        return bool(self._today) and active == "true" and doubtful


def _may_be_damaged(names: str) -> bool:
    """Whether a name, or one of several in lines, holds what may stand in the place of letters, or of a name."""
    signs = any(sign in names for sign in _OF_DAMAGE)
    return signs or may_name_an_object(names) or looks_broken_in_name(names)


class _NoWatch(DateWatch):
    """What dates say about the format of others has to be remembered row by row."""

    def two_ways(self, column: str, text: str) -> None:
        raise Unusable

    def one_way(self, column: str, pattern: str) -> None:
        raise Unusable


class _Care:
    """Which rows of a batch need a closer look.

    Attributes:
        places: theirs.
    """

    def __init__(self) -> None:
        self.places: set[int] = set()

    def about(self, column: list[_Made], *, look: bool = True) -> list[_Made]:
        """Take note of what a column of texts or of pieces says, if it may say anything; it is handed back."""
        careful = CAREFUL if isinstance(column[0], str) else CAREFUL_PIECE
        if look and careful in column:
            self.where(one == careful for one in column)
        return column

    def where(self, doubts: Iterable[bool]) -> None:
        """Take note of the rows about which there are doubts."""
        self.places.update(compress(count(), doubts))
