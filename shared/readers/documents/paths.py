"""Paths into a record: how a mapping names a value inside a JSON object or an XML element.

A record is a tree of `str`, `bool`, `None`, `list` and `dict`; a number is its text in the file, or an `int` or `float`
if the record was read quickly. A path is a row of names, separated by dots (in XML also by slashes):

=====================================  =============================================================================
`Worker_ID`                            the value of the key
`work.employeeIdInCompany`             the value in an object in an object
`workAssignments[0].jobTitle`          of the first entry of a list (also `workAssignments.0.jobTitle`)
`workAssignments[primary=true].title`  of the entry of a list whose `primary` is `true`; the name may be a path too
`ID[type=Employee_ID]`, `Manager@id`   XML: of the `ID` whose attribute (or child) `type` is so; an attribute
=====================================  =============================================================================

Rules that hold for all of them:

* A key that is spelt like the whole rest of the path, dots, blanks and brackets included, goes first.
* A name that is not there exactly is looked for without regard to case, unless some record has it both ways.
* An entry that stands alone counts as a list of one, and a list without `[...]` means all its entries. Several values
  become one text: equal ones count once, empty ones not at all, different ones are joined with `"; "`, but for names,
  of which there is one. The entries that one condition finds must agree, though: of two primary jobs nobody can tell
  which one counts.
* An object `{"label": ..., "value": ...}` gives its value; any other object at the end is no value.
* `null` is the empty text, `true` and `false` are their words. `/Date(1417046400000)/` is `2014-11-27`, and with a time
  of day `2014-11-27T10:00:00Z`.
* Missing is not empty: `null`, `""`, `[]` or something below them *is there*. A key that is not there, an entry that no
  condition finds and an index behind the end are *missing*.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from shared.letters import fold
from shared.mapping.cells.datetext import odata_text

Value = object
"""`str`, `bool`, `int`, `float`, `None`, `list[Value]` or `dict[str, Value]`."""

TEXT = "#text"
"""The key of an XML element's own text where the element has attributes or children as well."""

BRANCHES = (dict, list)
"""The types of values that hold others."""

LABELLED = frozenset({"label", "value"})
"""The keys of an object that gives its value."""

_SELECTED = re.compile(r"([^\[\]]+)((?:\[[^\[\]]+\])+)")
_SELECTOR = re.compile(r"\[([^\[\]]+)\]")
_INDEX = re.compile(r"[0-9]{1,6}")
_SEPARATOR = {False: re.compile(r"\.(?![^\[\]]*\])"), True: re.compile(r"[./](?![^\[\]]*\])|(?<=[^./\[=])(?=@)")}


class NoValueError(Exception):
    """The record cannot be used: what a path finds in it is not one value. The message is a reason for HR."""


class SeveralValuesError(NoValueError):
    """A path finds several values where somebody's name is to be."""


class InexactError(Exception):
    """A number may have been written in another way (`1.50`, `-0`), and its text is gone: read the record again."""


@dataclass(frozen=True, slots=True)
class _Condition:
    """Picks the entries of a list in which `path` has `value`, which is folded."""

    path: Path
    value: str

    def holds(self, entry: Value) -> bool:
        try:
            found = self.path.find(entry)
        except NoValueError:
            return False
        return found is not None and fold(found.strip()) == self.value


@dataclass(frozen=True, slots=True)
class _Step:
    """One name of a path with what stands behind it in brackets: places and conditions."""

    name: str
    selectors: tuple[int | _Condition, ...]


class Path:
    """One path, read once and then looked up in many records."""

    def __init__(
        self, text: str, *, xml: bool = False, single: bool = False, is_day: bool = False, is_of_name: bool = False
    ) -> None:
        """Never fails: what is not in the language of paths can still be the name of a key.

        Args:
            text: as in the mapping.
            xml: whether slashes separate too and `@` begins an attribute.
            single: whether several values are a fault; otherwise they become one text.
            is_day: whether `/Date(ms)/` stays as it is, because who reads it knows what it means.
            is_of_name: whether somebody is called by it, so that several values are a fault that a known name mends.
        """
        self._single = single
        self._is_of_name = is_of_name
        self.exact = False  # whether only a key counts that is spelt so, in capital letters too
        self.is_joined = False  # whether several values have become one text; whoever asks sets it back
        self.is_day = is_day
        self.text = text
        self._xml = xml
        self._parts = _SEPARATOR[xml].split(text)
        self._steps = [_step(part, xml=xml) for part in self._parts]
        ends = range(len(self._parts), 0, -1)
        # How a key may be spelt that stands for the parts from each place on, with the place behind it; longest first.
        self._keys = [[(".".join(self._parts[at:to]), to) for to in ends if to > at] for at in range(len(self._parts))]

    @property
    def is_name(self) -> bool:
        """Whether it is one name and nothing else."""
        return len(self._parts) == 1 and not self._steps[0].selectors

    @property
    def names(self) -> tuple[str, ...]:
        """Its names without what stands behind them in brackets, in small letters."""
        return tuple(step.name.casefold() for step in self._steps)

    def is_in(self, record: Value) -> bool:
        """Whether a record has what it leads to, be it empty or ambiguous."""
        try:
            return self.find(record) is not None
        except (NoValueError, InexactError):
            return True

    def find(self, record: Value) -> str | None:
        """The value as text; `None` if it is missing.

        Args:
            record: the tree.

        Raises:
            NoValueError: there is an object, or there are several values where only one can count.
        """
        if isinstance(record, dict):
            value = record.get(self.text)  # by far the most frequent case
            if isinstance(value, str):
                return self._as_read(value)
        values: list[str] = []
        if not self._walk(record, 0, values):
            return None
        if self._single and len(different := {value for value in values if value}) > 1:
            raise NoValueError(f"'{self.text}' has {len(different)} values, so nobody can tell which of them counts.")
        if len(values) > 1 and len(different := {value.strip() for value in values} - {""}) > 1:
            if self._is_of_name:
                raise SeveralValuesError(
                    f"'{self.text}' has {len(different)} values, and a name is one: correct the person's data, or ask "
                    "IT to have the mapping say which of them counts."
                )
            self.is_joined = True
        return _joined(values)

    def _walk(self, value: Value, at: int, into: list[str]) -> bool:
        """Adds what is found below `value` from step `at` on; whether anything is there, be it empty."""
        if isinstance(value, list):
            if not value:
                return True
            if at < len(self._parts) and _INDEX.fullmatch(self._parts[at]):
                place = int(self._parts[at])
                return place < len(value) and self._walk(value[place], at + 1, into)
            return any([self._walk(entry, at, into) for entry in value])  # noqa: C419 (all of them, not the first)
        if at == len(self._parts):
            self._end(value, into)
            return True
        if value is None or value == "":
            return True
        if not isinstance(value, dict):
            return False
        step = self._steps[at]
        for name, to in self._keys[at]:
            if name in value:
                return self._walk(value[name], to, into)
        if step.selectors and step.name in value:
            return self._select(value[step.name], step.selectors, at + 1, into)
        for name, to in self._keys[at]:
            key = self._nearly(value, name)
            if key is not None:
                return self._walk(value[key], to, into)
        key = self._nearly(value, step.name) if step.selectors else None
        if key is not None:
            return self._select(value[key], step.selectors, at + 1, into)
        return self._behind(value, at, into)

    def _behind(self, value: dict[str, Value], at: int, into: list[str]) -> bool:
        """What an object without the wanted name stands for, if it stands for something else."""
        if "$ref" in value and not self._xml:
            raise NoValueError(self._reference())
        return _is_labelled(value) and self._walk(value["value"], at, into)

    def _reference(self) -> str:
        return (
            f"'{self.text}' is a reference ($ref) to another object, which does not stand before it. Export the list "
            "without references (in .NET: ReferenceHandler.IgnoreCycles, or PreserveReferencesHandling.None)."
        )

    def _nearly(self, record: dict[str, Value], name: str) -> str | None:
        if self.exact:
            return None
        folded = name.casefold()
        keys = [key for key in record if key.casefold() == folded]
        if len(keys) > 1:
            raise NoValueError(f"'{self.text}' may be {' or '.join(keys[:3])}, which differ only in capital letters.")
        return keys[0] if keys else None

    def _select(self, value: Value, selectors: Sequence[int | _Condition], at: int, into: list[str]) -> bool:
        if not selectors:
            return self._walk(value, at, into)
        if value is None or value in ("", []):
            return True
        entries = value if isinstance(value, list) else [value]
        first, rest = selectors[0], selectors[1:]
        if isinstance(first, int):
            return first < len(entries) and self._select(entries[first], rest, at, into)
        found: list[str] = []
        there = False
        for entry in entries:
            if first.holds(entry):
                values: list[str] = []
                there = self._select(entry, rest, at, values) or there
                found.append(_joined(values))
        if len(set(found)) > 1:
            raise NoValueError(
                f"'{self.text}' finds {len(found)} entries that differ, so nobody can tell which of them counts."
            )
        into += found[:1]
        return there

    def _end(self, value: Value, into: list[str]) -> None:
        if isinstance(value, dict):
            inner: Value = value
            if TEXT in value and self._xml:
                inner = value[TEXT]
            elif self._xml and all(key.startswith("@") for key in value):
                inner = ""
            elif _is_labelled(value):
                inner = value["value"]
            if "$ref" in value and not self._xml:
                raise NoValueError(self._reference())
            if isinstance(inner, dict):
                parts = ", ".join(key[:40] for key in list(inner)[:5])
                advice = f" Perhaps '{self.text}.value' is meant." if isinstance(inner.get("value"), str) else ""
                raise NoValueError(
                    f"'{self.text}' is not a value but has parts ({parts}), and the mapping names none of them.{advice}"
                )
            value = inner
        if isinstance(value, list):
            for entry in value:
                self._end(entry, into)
        else:
            into.append(self._as_read(scalar(value)))

    def _as_read(self, text: str) -> str:
        return text if self.is_day else odata_text(text)


def scalar(value: Value) -> str:
    """A value that is no list and no object, as text.

    Raises:
        InexactError: it is a number of which nobody knows how it was written. Whole ones can be written in one way
            only, but for 0, which may be -0.
    """
    if isinstance(value, str):
        return value
    if isinstance(value, float) or (value == 0 and value is not False):
        raise InexactError
    return "" if value is None else str(value).lower()


def _joined(values: Sequence[str]) -> str:
    return values[0] if len(values) == 1 else "; ".join(dict.fromkeys(value for value in values if value))


def _is_labelled(value: dict[str, Value]) -> bool:
    return value.keys() >= LABELLED


def _step(part: str, *, xml: bool) -> _Step:
    match = _SELECTED.fullmatch(part)
    if not match:
        return _Step(part, ())
    selectors: list[int | _Condition] = []
    for inside in _SELECTOR.findall(match[2]):
        name, sign, value = inside.partition("=")
        if _INDEX.fullmatch(inside):
            selectors.append(int(inside))
        elif sign and name.strip():
            selectors.append(_Condition(_Either(name.strip()) if xml else Path(name.strip()), fold(_unquoted(value))))
        else:
            return _Step(part, ())
    return _Step(match[1], tuple(selectors))


class _Either(Path):
    """The name in an XML condition: an attribute, else a child."""

    def __init__(self, text: str) -> None:
        super().__init__(text, xml=True)
        self._attribute = Path(f"@{text.removeprefix('@')}", xml=True)

    def find(self, record: Value) -> str | None:
        found = self._attribute.find(record)
        return super().find(record) if found is None else found


def _unquoted(text: str) -> str:
    text = text.strip()
    return text[1:-1] if len(text) > 1 and text[0] == text[-1] and text[0] in "'\"" else text
