"""Records to rows: the wanted values of each record, and whether every wanted path is in the file at all."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Sequence
from operator import itemgetter
from typing import Any

from shared.errors import ExtractRefused
from shared.mapping.cells.datetext import odata_text
from shared.model import Row
from shared.readers.documents.inside import Inside
from shared.readers.documents.paths import BRANCHES, LABELLED, NoValueError, Path, SeveralValuesError, Value, scalar
from shared.readers.documents.references import References
from shared.readers.table import BadRow, Rows
from shared.readers.text.column_names import loose, renamed
from shared.readers.text.headers import not_people

_HALF = re.compile("[\ud800-\udfff]")
_MANY = 1_000  # different keys of records, and characters of a key, that are remembered
_SHOWN = 20  # names that a sentence holds
_NAMES_OF_FIELDS = (
    "Name",
    "name",
    "N",
    "Key",
    "key",
    "Field",
    "field",
)  # what says which field it is
_ENCODED = re.compile("_x([0-9A-Fa-f]{4})_")  # how XML of .NET writes what no name of an element may hold
_WALK = object()  # stands for a value that a path has to look for itself


class Columns:
    """The wanted paths, looked up in one record after the other.

    Nearly always a path is the name of a key, or of one that is not there. Both can be told from the record's keys, as
    long as no key of the file may be meant by the path as well. Only other paths walk through the record.

    Attributes:
        records: how many records were looked at.
        inside: who else is in them.
    """

    def __init__(
        self,
        wanted: Sequence[str],
        optional: Collection[str],
        *,
        days: Collection[str] = (),
        names: Collection[str] = (),
        xml: bool = False,
    ) -> None:
        """Reads the paths.

        Args:
            wanted: the paths, in the order of the cells; the first one names the worker and has one value only.
            optional: those of them that need not be in the file.
            days: those of them that a reader of days looks at, to whom they go as they are written.
            names: those of them by which somebody is called, which have one value.
            xml: whether the records were XML elements.
        """
        self.records = 0
        self._paths = [
            Path(text, xml=xml, single=place == 0, is_day=text in days, is_of_name=place > 0 and text in names)
            for place, text in enumerate(wanted)
        ]
        self._joined: dict[str, int] = {}  # in how many records several values of a path became one text
        self._several: set[int] = set()  # places of names with several values in the newest record that has such
        self._unseen = set(wanted) - set(optional)
        self._absent = set(optional)  # those that were not found by walking
        self._has_all = False  # whether some record has every path as a key
        self._names = [path.text for path in self._paths]
        self._all_there = _getter(self._names)
        self._missing: list[object] = ["" if path.is_name else _WALK for path in self._paths]  # what a missing key is
        self._keys: set[str] = set()  # of the records so far
        self._sizes: set[int] = set()  # how many keys the records have that were looked through
        self._all_walk = False
        self._references = References(xml=xml)
        self.inside = Inside(self._paths)
        self._example: dict[str, Value] = {}  # the first record
        self._xml = xml

    def row(self, record: Value, number: int, line: int, fault: str = "") -> Row | BadRow:
        """The record's cells.

        Args:
            record: the tree.
            number: counted from 1.
            line: where the record starts, counted from 1.
            fault: why the record is kept out whatever its cells are.

        Raises:
            InexactError: the record was read quickly, and a wanted value is a number that has to be read carefully.
        """
        if not isinstance(record, dict):
            return BadRow(number, line, ("",) * len(self._paths), fault or "This is not a record with named values.")
        if self._references.occur(record):
            try:
                record = self._references.resolved(record)
            except NoValueError as error:
                return BadRow(number, line, ("",) * len(self._paths), fault or str(error))
        if len(record) not in self._sizes:  # nearly always records with other keys have another number of them
            self._sizes.add(len(record))
            self._look_for_both(record)
        try:
            cells = self._all_there(record)
            self._has_all = True
        except KeyError:
            if not (record.keys() <= self._keys or self._all_walk):
                self._learn(record)
            cells = tuple(map(record.get, self._names, self._missing))
        faults: dict[int, str] = {}
        try:
            text = "".join(cells)
        except TypeError:  # not all of them are texts
            cells, faults = self._looked_up(record, cells)
            text = "".join(cells)
        if "/Date(" in text:
            cells = tuple(
                cell if path.is_day else odata_text(cell) for path, cell in zip(self._paths, cells, strict=True)
            )
        self.inside.look(record, cells[0])
        if self._unseen:
            self._example = self._example or record
            self._unseen.difference_update(record)
        self.records += 1
        if not text.isascii() and not _is_whole(text):
            halved = [place for place, cell in enumerate(cells) if _HALF.search(cell)]
            faults |= dict.fromkeys(halved, "A value holds half a character (a lone surrogate).")
            cells = tuple(_HALF.sub("\ufffd", cell) for cell in cells)
        if fault:
            return BadRow(number, line, cells, fault)
        if faults:
            several = frozenset(self._several.intersection(faults))
            return BadRow(number, line, cells, next(iter(faults.values())), tuple(faults.items()), several)
        return Row(number, line, cells)

    def rows(self, records: Sequence[dict[str, Value]], number: int, line: int) -> Rows | None:
        """What `row` makes of records that hold no others, if all of them simply have a text for each path.

        Args:
            records: on one line each.
            number: of the first.
            line: likewise.

        Returns:
            The rows; None if one of the records needs a closer look, and then nothing was noted of any.
        """
        if self._references.may_occur(records) or not self._sizes.issuperset(map(len, records)):
            return None
        try:
            cells = list(map(self._all_there, records))
            text = "".join(map("".join, cells))
        except (KeyError, TypeError):
            return None
        if "(" in text and "/Date(" in text:
            return None
        self.inside.meet(row[0] for row in cells)
        self._example = self._example or records[0]
        self._unseen.clear()
        self._has_all = True
        self.records += len(records)
        return Rows(range(number, number + len(cells)), range(line, line + len(cells)), cells, len(text))

    def __len__(self) -> int:
        return len(self._paths)

    @property
    def key(self) -> str:
        """The path that names the worker."""
        return self._paths[0].text

    @property
    def has_common_key(self) -> bool:
        """Whether what names the worker is called as it is in records of anything else."""
        return self.key.casefold() in {"id", "@id"}

    def identify(self, record: Value) -> bool:
        """Whether a record says whom it is about, be it ambiguously."""
        try:
            return bool(self._paths[0].find(record))
        except NoValueError:
            return True

    def seen(self, record: Value) -> int:
        """How many of the wanted paths are in the record."""
        return sum(path.is_in(record) for path in self._paths)

    def check(self) -> None:
        """To be called when all records were read.

        Raises:
            ExtractRefused: a wanted path is in none of them.
        """
        if not self.records or not self._unseen:
            return
        missing = [path.text for path in self._paths if path.text in self._unseen]
        if other := not_people(list(self._example)):
            raise ExtractRefused(other)
        where = "the only record" if self.records == 1 else f"all {self.records:,} records"
        raise ExtractRefused(
            f"{len(missing)} of {len(self._paths)} columns {'is' if len(missing) == 1 else 'are'} missing in {where}: "
            f"{', '.join(missing)}. {self._other_names(missing)}Nothing of the file was used. Correct the report, or "
            "ask IT to change the mapping."
        )

    def renamed(self) -> dict[str, str]:
        """Optional paths that are in no record, with the names that they seem to have. For after the last record."""
        if self._has_all or self._all_walk:
            return {}
        texts = [path.text for path in self._paths]
        free = sorted(self._keys.difference(texts))
        absent = [text for text in texts if text in self._absent and text not in self._keys]
        found = {text: self._other_name(text) or renamed(text, free) or self._beside(text) for text in absent}
        return {text: name for text, name in found.items() if name and name not in texts}

    def notes(self) -> list[str]:
        """What is told of paths with several values, by path and count."""
        if not self._joined:
            return []
        which = "; ".join(
            f"{text} in {count:,} {'record' if count == 1 else 'records'}" for text, count in self._joined.items()
        )
        note = (
            f"Several values of one person were joined to one text, with '; ' between them: {which}. If "
            "only one of them counts, ask IT to have the mapping say which."
        )
        return [note]

    def _beside(self, text: str) -> str:
        """What may be meant in the object in which a path ends; empty if nothing is like its last name."""
        *before, last = text.split(".")
        there: Value = self._example
        for name in before:
            there = there.get(name) if isinstance(there, dict) else None
        name = renamed(last, there) if before and isinstance(there, dict) else ""
        return name and ".".join([*before, name])

    def _other_names(self, missing: Sequence[str]) -> str:
        """By which names the records seem to have what is missing, and what may be missing."""
        absent = [path.text for path in self._paths if path.is_name and path.text not in self._example]
        found = {text: name for text in dict.fromkeys([*missing, *absent]) if (name := self._other_name(text))}
        if not found:
            return "Was a field renamed or taken out of the report? "
        shown = ", ".join(f"'{name}' for '{text}'" for text, name in list(found.items())[:_SHOWN])
        more = f" and {len(found) - _SHOWN} more" if len(found) > _SHOWN else ""
        return f"The records have {shown}{more}, and the mapping can name them so. "

    def _other_name(self, text: str) -> str:
        """What a mapping may say in the place of a path that is in no record; empty if nothing is like it."""
        wanted = loose(text.rpartition(".")[2] if self._xml else text)
        for key, value in self._example.items():
            name = _decoded(key).removeprefix("@") if self._xml else key
            if loose(name) == wanted:
                return key
            if isinstance(value, dict):
                for inner in value:
                    if loose(inner.removeprefix("@")) == wanted:
                        return f"{key}@{inner[1:]}" if inner.startswith("@") else f"{key}.{inner}"
            for entry in value if isinstance(value, list) else [value]:
                if isinstance(entry, dict) and (selector := _selector(entry, wanted)):
                    return f"{key}{selector}"
        return ""

    def _look_for_both(self, record: dict[str, Value]) -> None:
        """Finds names that a record has twice, in other capital letters; only the one that is spelt exactly so counts.

        Raises:
            ExtractRefused: in a record before, another one was taken for it.
        """
        number, folded = self.records + 1, [key.casefold() for key in record]
        for place, path in enumerate(self._paths):
            name = path.text
            if path.exact or not path.is_name or name not in record or folded.count(name.casefold()) == 1:
                continue
            if self._missing[place] is _WALK and not self._all_walk:
                raise ExtractRefused(
                    f"'{name}' stands in record {number} beside the same name in other capital letters, "
                    "which records before it have alone, so nobody can tell which of the two counts. Nothing of the "
                    "file was used. Have all records exported with the same names."
                )
            path.exact, self._missing[place] = True, ""

    def _learn(self, record: dict[str, Value]) -> None:
        """Takes note of new keys: a path that may mean one of them, though it is spelt otherwise, has to walk."""
        self._look_for_both(record)
        new = record.keys() - self._keys
        self._keys |= new
        if self._keys >= LABELLED or len(self._keys) > _MANY or any(len(key) > _MANY for key in new):
            self._all_walk = True
            self._missing = [_WALK] * len(self._names)
        for key in new if not self._all_walk else ():
            for place, name in enumerate(self._names):
                if key != name and key.casefold() == name.casefold() and not self._paths[place].exact:
                    self._missing[place] = _WALK

    def _looked_up(self, record: Value, found: Sequence[object]) -> tuple[tuple[str, ...], dict[int, str]]:
        """The cells, where not all that was found are texts, and what is wrong with some of them, by place."""
        cells: list[Any] = [*found]
        faults: dict[int, str] = {}
        joined: list[str] = []
        self._several.clear()
        for place, value in enumerate(found):
            if type(value) is str:
                continue
            if value is not _WALK and not isinstance(value, BRANCHES):
                cells[place] = scalar(value)
                continue
            path = self._paths[place]
            cell: str | None
            path.is_joined = False
            try:
                cell = path.find(record)
            except NoValueError as error:
                faults[place], cell = str(error), ""
                if isinstance(error, SeveralValuesError):
                    self._several.add(place)
            if cell is not None:
                self._unseen.discard(path.text)
                self._absent.discard(path.text)
            cells[place] = cell or ""
            if path.is_joined:
                joined.append(path.text)
        for text in joined:
            self._joined[text] = self._joined.get(text, 0) + 1
        return tuple(cells), faults


def _selector(entry: dict[str, Value], wanted: str) -> str:
    """What picks one of several elements that say which field they are; empty if this one is another field."""
    for mark in _NAMES_OF_FIELDS:
        for key in (f"@{mark}", mark):
            if isinstance(said := entry.get(key), str) and loose(said) == wanted:
                behind = next((f".{name}" for name in ("Value", "value") if name in entry), "")
                return f"[{mark}={said}]{behind}"
    return ""


def _decoded(name: str) -> str:
    """A name of an element as it was before .NET made it one: `Worker_x0020_ID` is `Worker ID`."""
    return _ENCODED.sub(lambda match: chr(int(match[1], 16)), name)


def _getter(names: Sequence[str]) -> Callable[[dict[str, Value]], tuple[Any, ...]]:
    """Looks up all keys at once; fails if one is missing."""
    if len(names) > 1:
        return itemgetter(*names)
    return lambda record: tuple(record[name] for name in names)


def _is_whole(text: str) -> bool:
    """Whether a text has no lone surrogates; a search for them takes three times as long."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
