"""NCRONTAB, by which timers run, as the Functions host reads it: six fields, seconds first.

What the host refuses keeps the app from starting; what it reads otherwise than it is written runs at other times than
meant, and nobody is told. Both were tried with the library inside the host (WebJobs SDK 3.0.48, timers 3.0.6, which
reads by NCrontab).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

_NAMED_MONTHS = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
    "December",
)  # fmt: skip
_NAMED_DAYS = ("Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday")
_LONGEST_MONTHS = (31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
_SHORTEST_NAME = 3  # letters; by fewer the host takes the first that fits
_LARGEST = 2**31 - 1
_NUMBER = re.compile(r"[0-9]+")
_STEP = re.compile(r"[+-]?[0-9]+")


@dataclass(frozen=True)
class _Field:
    """One of the six: what it is called, its bounds, and names for its numbers from the least on."""

    name: str
    least: int
    most: int
    names: Sequence[str] = ()

    def shown(self, number: int) -> str:
        """A number as people write it."""
        return self.names[number - self.least] if self.names else str(number)


_FIELDS = (
    _Field("second", 0, 59),
    _Field("minute", 0, 59),
    _Field("hour", 0, 23),
    _Field("day", 1, 31),
    _Field("month", 1, 12, _NAMED_MONTHS),
    _Field("day of the week", 0, 6, _NAMED_DAYS),
)


@dataclass(frozen=True)
class Crontab:
    """An expression as the host reads it.

    Attributes:
        fields: the values of second, minute, hour, day, month and day of the week (0 is Sunday); all must fit.
        oddities: in what the host reads it otherwise than it is written, in sentences.
    """

    fields: tuple[tuple[int, ...], ...]
    oddities: tuple[str, ...] = ()


def read_schedule(expression: str) -> Crontab:
    """Read an expression as the host does.

    Raises:
        ValueError: the host would not take it, and not start; with a sentence about the field that is wrong.
    """
    parts = [part for part in expression.split(" ") if part]
    oddities = []
    if len(parts) == len(_FIELDS) - 1:
        oddities.append("it has five fields, and the host would take the first of them for the minute, at second 0")
        parts.insert(0, "0")
    if len(parts) != len(_FIELDS):
        raise ValueError(
            f"'{expression}' has {len(parts)} fields; NCRONTAB has six, seconds first, with blanks between them, "
            "such as '0 */5 * * * *'"
        )
    fields = []
    for text, field in zip(parts, _FIELDS, strict=True):
        values, odd = _read_field(text, field)
        fields.append(values)
        oddities += odd
    days, months = fields[3], fields[4]
    if min(days) > max(_LONGEST_MONTHS[month - 1] for month in months):
        raise ValueError(f"'{expression}' never comes: none of its months has such a day")
    return Crontab(tuple(fields), tuple(oddities))


def faults(expression: str) -> list[str]:
    """In what the host would refuse an expression, or read it otherwise than it is written, in sentences."""
    try:
        return list(read_schedule(expression).oddities)
    except ValueError as error:
        return [f"the host would not start: {error}"]


def _read_field(text: str, field: _Field) -> tuple[tuple[int, ...], list[str]]:
    values: set[int] = set()
    oddities = []
    # A comma at the very beginning does not make a list.
    for part in text.split(",") if text.find(",") > 0 else [text]:
        found, odd = _read_part(part, field)
        values.update(found)
        oddities += odd
    return tuple(sorted(values)), oddities


def _read_part(part: str, field: _Field) -> tuple[range, list[str]]:
    """The values of one part of a list: `*`, a value, or a range, each perhaps with a step."""
    oddities = []
    what, step = part, 1
    if (slash := part.find("/")) > 0:
        what, steps = part[:slash], part[slash + 1 :]
        if not _STEP.fullmatch(steps) or abs(int(steps)) > _LARGEST:
            raise ValueError(f"'{part}' as a {field.name} has no number for a step")
        step = int(steps)
        if step < 1:
            oddities.append(f"the {field.name} '{part}' has a step of {step}, and the host would take it for every one")
        elif step > field.most - field.least:
            oddities.append(f"the {field.name} '{part}' has a step beyond its end, and the host would take its first")
    dash = what.find("-")
    if what == "*":
        first, last = field.least, field.most
    elif dash > 0:
        first, last = (_value(one, part, field, oddities) for one in (what[:dash], what[dash + 1 :]))
        if first > last:
            first, last = last, first
            least, low, high, most = (field.shown(number) for number in (field.least, first, last, field.most))
            oddities.append(
                f"the {field.name} '{part}' runs backwards, and the host would take it for {low} to {high}; "
                f"{high}-{most},{least}-{low} is what it says"
            )
    else:
        first = _value(what, part, field, oddities)
        last = first if slash < 0 else field.most
    return range(first, last + 1, max(step, 1)), oddities


def _value(text: str, part: str, field: _Field, oddities: list[str]) -> int:
    """A number, or a name or the beginning of one."""
    if _NUMBER.fullmatch(text):
        number = int(text)
    else:
        fitting = [name for name in field.names if text and name.lower().startswith(text.lower())]
        if not fitting:
            raise ValueError(f"'{part}' is no {field.name}")
        number = field.names.index(fitting[0]) + field.least
        if len(text) < _SHORTEST_NAME:
            oddities.append(f"the {field.name} '{part}' is cut short, and the host would take it for {fitting[0]}")
    if not field.least <= number <= field.most:
        raise ValueError(f"'{part}' is no {field.name}: it must be from {field.least} to {field.most}")
    return number
