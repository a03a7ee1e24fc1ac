"""Joins the lines of an HDL file to people, and chooses among several lines of one.

A line belongs to the person whom it names: by `PersonNumber` or `PersonId(PersonNumber)`, by `PersonId(SourceSystemId)`
(the `SourceSystemId` of a `Worker` line, within one `SourceSystemOwner`), by `PersonId`, or through another line:
`PeriodOfServiceId(SourceSystemId)` leads to `WorkRelationship`, `WorkTermsAssignmentId(SourceSystemId)` to `WorkTerms`,
`AssignmentId(SourceSystemId)` to `Assignment`.

Of several lines of one object for one person, those count that are in force today (start and end date included); if
none is, those that are to come, else those that are over. If the wanted columns differ in them, the one with a
`Primary...Flag` of `Y` counts, then the latest start (of those to come the earliest), then `EffectiveLatestChange` `Y`,
then the highest `EffectiveSequence`. If they still differ, nobody can tell, and the person is a bad row.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date

from shared.errors import ExtractRefused
from shared.letters import fold
from shared.model import Row
from shared.readers.table import BadRow

LINKING = {
    "periodofserviceid(sourcesystemid)": "workrelationship",
    "worktermsassignmentid(sourcesystemid)": "workterms",
    "assignmentid(sourcesystemid)": "assignment",
}
"""Columns that lead to a person through a line of another object."""

_STARTS = ("effectivestartdate", "datefrom", "datestart", "startdate")
_ENDS = ("effectiveenddate", "dateto", "dateend", "enddate")
_NEEDED = {
    "personnumber",
    "personid",
    "personid(personnumber)",
    "personid(sourcesystemid)",
    "sourcesystemid",
    "sourcesystemowner",
    "effectivelatestchange",
    "effectivesequence",
    *_STARTS,
    *_ENDS,
    *LINKING,
}
_PRIMARY = re.compile(r"primary\w*flag")
_DATE = re.compile(r"([0-9]{4})[/-]([0-9]{2})[/-]([0-9]{2})")

_Key = tuple[str, ...]
"""One of the names of a person: what kind it is, and its value."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """One wanted column.

    Attributes:
        text: as in the mapping.
        object: whose column it is.
        name: of the column.
        column: only lines count in which this column, if it is not empty,
        value: has this value.
    """

    text: str
    object: str
    name: str
    column: str
    value: str

    @property
    def group(self) -> tuple[str, str, str]:
        """Wanted columns of one group are taken from one and the same line."""
        return self.object.casefold(), self.column.casefold(), fold(self.value)


@dataclass(slots=True)
class _Line:
    number: int
    values: dict[str, str]
    fault: str


@dataclass(slots=True)
class _Object:
    name: str
    columns: set[str] = field(default_factory=set)
    lines: list[_Line] = field(default_factory=list)


class People:
    """Collects lines; gives people."""

    def __init__(self, base: str, wanted: Sequence[Wanted], today: date) -> None:
        """Knows nobody yet.

        Args:
            base: the object of which every person has a line.
            wanted: the columns, in the order of the cells.
            today: decides which of several dated lines counts.
        """
        self._base = base.casefold()
        self._base_name = base
        self._wanted = list(wanted)
        self._today = today
        self._keep = {
            name: _NEEDED
            | {column.name.casefold() for column in wanted if column.object.casefold() == name}
            | {column.column.casefold() for column in wanted if column.object.casefold() == name}
            for name in {self._base, "worker", *LINKING.values(), *(column.object.casefold() for column in wanted)}
        }
        self._objects: dict[str, _Object] = {}
        self._same: dict[_Key, _Key] = {}
        self._linked: dict[tuple[str, _Key], _Line] = {}
        self._orphans: dict[str, int] = {}

    def see(self, name: str, header: Sequence[str]) -> None:
        """Takes note of a METADATA line."""
        self._objects.setdefault(name.casefold(), _Object(name)).columns.update(header)

    def add(self, name: str, header: Sequence[str], cells: Sequence[str], number: int, *, deleted: bool) -> None:
        """Takes note of a line with data.

        Args:
            name: of the object.
            header: its columns, in lower case.
            cells: the line's, without the first two.
            number: of the physical line.
            deleted: whether the line asks for deletion.
        """
        keep = self._keep.get(name.casefold())
        if keep is None:
            return
        fault = f"Line {number} asks to delete data of {name}, which is not read." if deleted else ""
        if len(cells) != len(header):
            fault = f"Line {number} has {len(cells)} columns where the METADATA line of {name} has {len(header)}."
        values = {
            column: "" if cell == "#NULL" else cell
            for column, cell in zip(header, cells, strict=False)
            if column in keep or _PRIMARY.fullmatch(column)
        }
        self._objects[name.casefold()].lines.append(_Line(number, values, fault))

    def check(self, optional: Collection[str]) -> None:
        """To be called when the file was read.

        Args:
            optional: columns that need not be in the file.

        Raises:
            ExtractRefused: the base object or a wanted column is not in the file.
        """
        if self._base not in self._objects:
            there = ", ".join(sorted(known.name[:60] for known in self._objects.values())[:8]) or "nothing"
            raise ExtractRefused(
                f"The file has no METADATA line for '{self._base_name}'; it has {there}. Was another file exported? If "
                "not, ask IT to set `format.object`."
            )
        missing = [
            column.text
            for column in self._wanted
            if column.text not in optional
            and not {column.name.casefold(), column.column.casefold() or column.name.casefold()}
            <= getattr(self._objects.get(column.object.casefold()), "columns", set())
        ]
        if missing:
            raise ExtractRefused(
                f"{len(missing)} of {len(self._wanted)} columns {'is' if len(missing) == 1 else 'are'} in no METADATA "
                f"line: {', '.join(missing)}. Nothing of the file was used. Correct the export, or ask IT to change "
                "the mapping."
            )

    def rows(self) -> Iterator[Row | BadRow]:
        """The people, in the order in which their first base lines are in the file.

        Raises:
            ExtractRefused: a damaged line belongs to nobody knows whom.
        """
        self._learn()
        people: dict[_Key, list[_Line]] = {}
        for line in self._objects[self._base].lines:
            key = self._person(self._base, line) or ("nobody", str(line.number))
            people.setdefault(key, []).append(line)
        joined = {group[0]: self._join(group[0], people) for group in self._groups() if group[0] != self._base}
        for number, (key, base) in enumerate(people.items(), 1):
            yield self._row(number, key, base, {name: lines.get(key, []) for name, lines in joined.items()})

    def notes(self) -> list[str]:
        """Warnings for HR, once the rows were read."""
        return [
            f"{count:,} lines of {self._objects[name].name} belong to people without a {self._base_name} line in this "
            "file; they were left out."
            for name, count in self._orphans.items()
        ]

    def _groups(self) -> dict[tuple[str, str, str], list[Wanted]]:
        groups: dict[tuple[str, str, str], list[Wanted]] = {}
        for column in self._wanted:
            groups.setdefault(column.group, []).append(column)
        return groups

    def _learn(self) -> None:
        """Which names mean the same person, and which line has which SourceSystemId."""
        for name, known in self._objects.items():
            for line in known.lines if name in {"worker", *LINKING.values()} else ():
                if line.fault:
                    continue
                system = _system(line.values)
                if name != "worker":
                    if system:
                        self._linked.setdefault((name, system), line)
                    continue
                keys = [key for key in (*_names(line.values), system) if key]
                for key in keys[1:]:
                    self._same.setdefault(key, self._same.get(keys[0], keys[0]))

    def _person(self, name: str, line: _Line, hops: int = 3) -> _Key | None:
        keys = _names(line.values)
        if name == "worker" and not keys:
            keys = [key for key in (_system(line.values),) if key]
        if keys:
            return self._same.get(keys[0], keys[0])
        for column, target in LINKING.items():
            value = line.values.get(column)
            there = self._linked.get((target, _owned(line.values, value))) if value else None
            if there is not None and there is not line and hops:
                return self._person(target, there, hops - 1)
        return None

    def _join(self, name: str, people: Collection[_Key]) -> dict[_Key, list[_Line]]:
        found: dict[_Key, list[_Line]] = {}
        known = self._objects.get(name)
        for line in known.lines if known else ():
            key = self._person(name, line)
            if key is not None and key in people:
                found.setdefault(key, []).append(line)
            elif line.fault:
                raise ExtractRefused(
                    f"{line.fault} Nobody can tell to whom that line belongs, so nothing of the file was used. Correct "
                    "it and drop the file again.",
                    line=line.number,
                )
            else:
                self._orphans[name] = self._orphans.get(name, 0) + 1
        return found

    def _row(self, number: int, key: _Key, base: Sequence[_Line], joined: dict[str, list[_Line]]) -> Row | BadRow:
        fault = next((line.fault for lines in (base, *joined.values()) for line in lines if line.fault), "")
        if key[0] == "nobody":
            fault = fault or f"The {self._base_name} line has neither a PersonNumber nor a SourceSystemId."
        cells: dict[str, str] = {}
        faults: dict[str, str] = {}  # by the text of what is wanted
        at = base[0].number
        for (name, condition, value), columns in self._groups().items():
            lines = base if name == self._base else joined[name]
            if condition:
                lines = [line for line in lines if fold(line.values.get(condition, "").strip()) == value]
            line = self._choose(lines, [column.name.casefold() for column in columns]) if lines else None
            if lines and line is None:
                differ = (
                    f"{len(lines)} lines of {columns[0].object} for this person differ (lines "
                    f"{', '.join(str(line.number) for line in lines[:5])}), and none is marked as the one that counts."
                )
                faults |= {column.text: differ for column in columns}
            if line is not None and name == self._base and not condition:
                at = line.number
            cells |= {column.text: line.values.get(column.name.casefold(), "") if line else "" for column in columns}
        row = tuple(cells[column.text] for column in self._wanted)
        if fault:
            return BadRow(number, at, row, fault)
        if faults:
            places = {column.text: place for place, column in enumerate(self._wanted)}
            doubtful = tuple((places[text], why) for text, why in faults.items())
            return BadRow(number, at, row, next(iter(faults.values())), doubtful)
        return Row(number, at, row)

    def _choose(self, lines: Sequence[_Line], columns: Sequence[str]) -> _Line | None:
        """The line that counts, or `None` if nobody can tell."""
        current = [line for line in lines if self._when(line) == 0]
        coming = [line for line in lines if self._when(line) > 0]
        pool = current or coming or list(lines)
        way = -1 if coming and not current else 1
        steps: tuple[Callable[[Sequence[_Line]], list[_Line]], ...] = (
            list,
            lambda pool: [line for line in pool if _is_primary(line)],
            lambda pool: _latest(pool, lambda line: way * _day(line, _STARTS, date.min).toordinal()),
            lambda pool: [line for line in pool if line.values.get("effectivelatestchange", "").upper() == "Y"],
            lambda pool: _latest(pool, _sequence),
        )
        for step in steps:
            pool = step(pool) or pool
            if len({tuple(line.values.get(column, "") for column in columns) for line in pool}) == 1:
                return pool[0]
        return None

    def _when(self, line: _Line) -> int:
        """Whether the line is over (-1), in force (0) or to come (1)."""
        if _day(line, _STARTS, date.min) > self._today:
            return 1
        return -1 if _day(line, _ENDS, date.max) < self._today else 0


def _names(values: dict[str, str]) -> list[_Key]:
    """What the line calls its person, the surest first."""
    keys: list[_Key] = []
    number = values.get("personnumber") or values.get("personid(personnumber)")
    if number:
        keys.append(("number", number))
    if system := values.get("personid(sourcesystemid)"):
        keys.append(_owned(values, system))
    if person := values.get("personid"):
        keys.append(("id", person))
    return keys


def _system(values: dict[str, str]) -> _Key | None:
    system = values.get("sourcesystemid")
    return _owned(values, system) if system else None


def _owned(values: dict[str, str], system: str) -> _Key:
    return "system", values.get("sourcesystemowner", ""), system


def _is_primary(line: _Line) -> bool:
    return any(value.strip().upper() == "Y" for column, value in line.values.items() if _PRIMARY.fullmatch(column))


def _day(line: _Line, columns: Sequence[str], default: date) -> date:
    text = next((line.values[column] for column in columns if line.values.get(column)), "")
    match = _DATE.match(text)
    try:
        return date(int(match[1]), int(match[2]), int(match[3])) if match else default
    except ValueError:
        return default


def _sequence(line: _Line) -> int:
    text = line.values.get("effectivesequence", "").strip()
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 10 else -1


def _latest(pool: Sequence[_Line], by: Callable[[_Line], int]) -> list[_Line]:
    top = max(by(line) for line in pool)
    return [line for line in pool if by(line) == top]
