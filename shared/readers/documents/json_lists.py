"""Finds the list of people in a JSON document and walks through its records."""

from __future__ import annotations

from collections.abc import Generator, Iterator, Sequence
from typing import NamedTuple

from shared.errors import ExtractRefused
from shared.readers.documents.columns import Columns
from shared.readers.documents.json_text import JSON_ADVICE, JsonReader, JsonText, NotJsonError
from shared.readers.documents.limits import MAX_DEPTH
from shared.readers.documents.others import Others
from shared.readers.documents.paging import RELATIONS, Pages
from shared.readers.documents.paths import Value

_Place = tuple[str, ...]
"""The keys from the outside to a value."""

_KNOWN = {
    ("report_entry",),
    ("root", "report_entry"),
    ("report_data", "report_entry"),
    ("d",),
    ("d", "results"),
    ("data", "employees"),
    ("data", "workers"),
    *((name,) for name in ("data", "employees", "items", "records", "resources", "results", "value", "workers")),
}
_NO_PEOPLE = {"link", "links", "_links"}
_MANY = 1000  # lists outside records
_MEMBERS = 200  # of an object outside records that are remembered
_HELD = 4 * 1024 * 1024  # characters of lists of which it is not clear yet whether they are the one


class FoundRecord(NamedTuple):
    """A record.

    Attributes:
        line: on which it starts, counted from 1.
        value: what `plain_object` makes of it, if it can.
    """

    line: int
    text: str
    value: dict[str, Value] | None = None


class Lists:
    """One walk through one document."""

    def __init__(self, source: JsonText, reader: JsonReader, pages: Pages, others: Others, goal: _Place | None) -> None:
        """Reads nothing yet.

        Args:
            source: at the beginning of the document.
            reader: of values.
            pages: is shown everything outside the records.
            others: likewise; what may be people.
            goal: where the records are, if that is known.
        """
        self._source = source
        self._reader = reader
        self._pages = pages
        self._others = others
        self._goal = None if goal is None else _folded(goal)
        self._lists: set[_Place] = set()
        self._chosen: _Place | None = None
        self._final = False  # whether the chosen list has records and so cannot be replaced
        self._held: dict[_Place, list[FoundRecord]] = {}
        self._size = 0
        self._count = 0
        self._nameless = False  # whether there are lists of lists

    def records(self) -> Iterator[FoundRecord]:
        """The records, in the order of the file.

        Raises:
            ExtractRefused: the document is not JSON, is cut off, or nobody can tell which list holds the people.
        """
        if self._source.next() == "[":
            yield from self._list((), 1)
        elif self._goal == ():
            self._chosen = ()
            yield self._found(0)
        else:
            yield from self._object((), 1)
        if self._source.next():
            raise self._source.broken("there is something after the end of the document")
        if self._chosen is None:
            yield from self._decided()
        self._others.check(self._chosen or ())

    def _object(self, place: _Place, depth: int) -> Generator[FoundRecord, None, dict[str, Value]]:
        """The records in an object; what else is in it is handed back."""
        if depth > MAX_DEPTH:
            raise self._source.broken(f"objects are nested more than {MAX_DEPTH} levels deep")
        members: dict[str, Value] = {}
        self._source.take("{")
        if self._source.next() == "}":
            self._source.take("}")
            return members
        while True:
            key = self._key()
            self._source.take(":")
            value = yield from self._member((*place, key), depth)
            if len(members) < _MEMBERS:
                members[key] = value
            if self._source.take(",", "}") == "}":
                self._others.look(place, members, is_listed=False)
                return members

    def _key(self) -> str:
        first = self._source.next()
        if first and first != '"':
            raise self._source.broken("a key is missing or is not in double quotes")
        key = self._value(1)
        return key if isinstance(key, str) else ""

    def _member(self, place: _Place, depth: int) -> Generator[FoundRecord, None, Value]:
        first = self._source.next()
        if first == "[":
            yield from self._list(place, depth + 1)
        elif first == "{" and _folded(place) == self._goal:
            self._once(place)
            self._chosen = place
            yield self._found(depth)
        elif first == "{" and not self._pages.is_link(place[-1]):
            inside = yield from self._object(place, depth + 1)
            self._pages.look_inside(place[-1], inside)
            return inside
        else:
            value = self._value(depth)
            self._pages.look(place[-1], value)
            return value
        return None

    def _list(self, place: _Place, depth: int) -> Iterator[FoundRecord]:
        self._source.take("[")
        first = self._source.next()
        if first == "]":
            self._source.take("]")
            self._empty(place)
            return
        role = self._role(place) if first == "{" else "skip"
        if place:
            self._pages.look_list(place[-1])
        self._nameless = self._nameless or first == "["
        while True:
            if role == "stream":
                yield self._found(depth)
            elif role == "hold":
                self._held[place].append(self._kept(place, depth))
                self._size += len(self._held[place][-1].text)
                if self._size > _HELD:
                    role = "stream"
                    yield from self._overflow(place)
            else:
                self._skip(place, depth)
            if self._source.take(",", "]") == "]":
                return

    def _found(self, depth: int) -> FoundRecord:
        self._count += 1
        self._source.record = self._count
        first = self._source.next()
        line = self._source.line
        plain = self._source.plain_object(depth) if first == "{" else None
        found = FoundRecord(line, *plain) if plain else FoundRecord(line, self._source.value(depth))
        self._source.record = 0
        return found

    def _kept(self, place: _Place, depth: int) -> FoundRecord:
        self._source.next()
        found = FoundRecord(self._source.line, self._source.value(depth))
        value = self._read(found)  # it may be dropped later, but what is not JSON must not pass
        if isinstance(value, dict):
            self._others.look(place, value, is_listed=True)
        return found

    def _skip(self, place: _Place, depth: int) -> None:
        value = self._value(depth)
        if isinstance(value, dict):
            self._others.look(place, value, is_listed=True)
        if place and place[-1] in _NO_PEOPLE and isinstance(value, dict) and value.get("rel") in RELATIONS:
            self._pages.look(str(value["rel"]), value)

    def _value(self, depth: int) -> Value:
        self._source.next()
        return self._read(FoundRecord(self._source.line, self._source.value(depth)))

    def _read(self, found: FoundRecord) -> Value:
        try:
            return self._reader.read(found.text)[0]
        except NotJsonError as error:
            why, line = str(error), found.line + error.line
        raise self._source.broken(why, line)

    def _empty(self, place: _Place) -> None:
        if self._chosen is None and (self._goal == _folded(place) or (self._goal is None and _is_known(place))):
            self._chosen = place

    def _role(self, place: _Place) -> str:
        """What to do with the records of a list: `stream`, `hold` or `skip`."""
        self._once(place)
        if self._goal is not None:
            if _folded(place) != self._goal:
                return "skip"
        elif place and place[-1] in _NO_PEOPLE:
            return "skip"
        elif _is_known(place):
            if self._final:
                raise _ambiguous([self._chosen or (), place])
        elif self._chosen is not None:
            if not _is_known(self._chosen) and len(place) <= len(self._chosen):
                raise _ambiguous([self._chosen, place])
            return "skip"
        else:
            self._held[place] = []
            return "hold"
        self._chosen, self._final = place, True
        self._held.clear()
        return "stream"

    def _once(self, place: _Place) -> None:
        if place in self._lists:
            raise ExtractRefused(
                f"'{_name(place)}' occurs twice in the document, so nobody can tell which one counts. {JSON_ADVICE}",
                line=self._source.line,
            )
        self._lists.add(place)
        if len(self._lists) > _MANY:
            raise ExtractRefused(
                f"The document has more than {_MANY:,} lists of records, so this is no list of people. {JSON_ADVICE}"
            )

    def _overflow(self, place: _Place) -> Iterator[FoundRecord]:
        rivals = [other for other in self._held if other != place and len(other) <= len(place)]
        if rivals:
            raise _ambiguous([*rivals, place])
        records = self._held[place]
        self._held.clear()
        self._chosen, self._final = place, True
        self._count += len(records)
        yield from records

    def _decided(self) -> Iterator[FoundRecord]:
        if not self._held and self._goal is None and self._nameless:
            raise ExtractRefused(
                "The document holds a list of values for each person, and the names apart or not at all, as pandas "
                "writes it with orient='split' or 'values'. Export the list again with one object for each person "
                "(orient='records')."
            )
        if not self._held or self._goal is not None:
            there = ", ".join(sorted({_name(place) for place in self._lists})[:5])
            raise ExtractRefused(
                (
                    f"There is no list of records at '{_name(self._goal)}'"
                    if self._goal
                    else "There is no list of people"
                )
                + " in the document"
                + (f"; it has {there}." if there else ".")
                + " Was another report exported? If not, ask IT to set `format.path`."
            )
        nearest = min(len(place) for place in self._held)
        places = [place for place in self._held if len(place) == nearest]
        if len(places) > 1:
            raise _ambiguous(places)
        self._chosen = places[0]
        yield from self._held[places[0]]

    @staticmethod
    def known_in(value: Value) -> bool:
        """Whether a document has a list of objects in a known place."""
        return any(_is_known(place) for place, _ in _lists_in(value, ()))

    @staticmethod
    def single_in(document: dict[str, Value], columns: Columns) -> _Place | None:
        """Where the only record of a document is, if it is not in a list."""
        lists = list(_lists_in(document, ()))
        if any(_is_known(place) for place, _ in lists):
            return None
        if not lists:
            refuse_columns(document)
        best: _Place | None = None
        most = max((columns.seen(first) for _, first in lists if first is not None), default=0)
        for place, value in _objects_in(document, ()):
            if (not place or _is_known(place)) and (seen := columns.seen(value)) > most:
                best, most = place, seen
                refuse_columns(value)
        return best


def refuse_columns(record: Value) -> None:
    """Refuse what looks like one person but has everybody's ids in one value, everybody's names in another.

    Such values are lists of one length, or objects with the same numbers as names, as pandas writes them. The same the
    other way round, a number for each person, is no list either.
    """
    values = list(record.values()) if isinstance(record, dict) else []
    if any(isinstance(value, list) and value and isinstance(value[0], list) for value in values):
        return  # rows without names, which are told when they are found
    lists = [value for value in values if isinstance(value, list) and len(value) > 1 and not _has_objects(value)]
    numbered = [value for value in values if isinstance(value, dict) and value and all(map(str.isdecimal, value))]
    for columns in (lists, numbered):
        shapes = {len(value) if isinstance(value, list) else tuple(value) for value in columns}
        if len(columns) > 1 and len(columns) * 2 > len(values) and len(shapes) == 1:
            raise ExtractRefused(
                "The document is written column by column: one list of all ids, one of all names, and so on. Export "
                "the list again with one object for each person (pandas: orient='records')."
            )
    if isinstance(record, dict) and len(record) > 1 and all(map(str.isdecimal, record)) and _alike(values):
        raise ExtractRefused(
            "The document has no list of people but a number for each of them, as pandas writes it with "
            "orient='index'. Export the list again as a list with one object for each person (orient='records')."
        )


def _alike(values: list[Value]) -> bool:
    return all(isinstance(value, dict) and value.keys() == values[0].keys() for value in values)  # type: ignore[attr-defined]


def _has_objects(values: list[Value]) -> bool:
    return any(isinstance(value, dict | list) for value in values)


def _lists_in(value: Value, place: _Place) -> Iterator[tuple[_Place, Value]]:
    """The lists of objects that are not in other lists, with their first entries."""
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from _lists_in(inner, (*place, key))
    elif isinstance(value, list) and (not value or isinstance(value[0], dict)):
        yield place, value[0] if value else None


def _objects_in(value: Value, place: _Place) -> Iterator[tuple[_Place, Value]]:
    if isinstance(value, dict):
        yield place, value
        for key, inner in value.items():
            yield from _objects_in(inner, (*place, key))


def _folded(place: _Place) -> _Place:
    return tuple(name.casefold() for name in place)


def _is_known(place: _Place) -> bool:
    return not place or _folded(place) in _KNOWN


def _name(place: _Place) -> str:
    return ".".join(place) or "$"


def _ambiguous(places: Sequence[_Place]) -> ExtractRefused:
    names = " and ".join(f"'{_name(place)}'" for place in places)
    return ExtractRefused(
        f"The document has several lists that may be the people: {names}. Nothing of the file was used. Ask IT to "
        "choose one with `format.path`."
    )
