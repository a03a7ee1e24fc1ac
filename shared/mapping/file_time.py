"""When an extract was made, by its own word or the name of its file: what a mapping file says under `run_time`."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, date, datetime, time
from functools import cached_property
from typing import Annotated
from zoneinfo import ZoneInfo

from pydantic import Field, field_validator, model_validator

from shared.mapping.cells.dates import YEARS
from shared.mapping.rules import ColumnName, Section

_MARK = r"[^A-Za-z0-9]?"
_DAY = re.compile(rf"yyyy({_MARK})mm({_MARK})dd|dd({_MARK})mm({_MARK})yyyy|mm({_MARK})dd({_MARK})yyyy")
_TIME = re.compile(rf"HH({_MARK})MM(?:({_MARK})SS)?")
_GROUPS = {
    "yyyy": r"(?P<year>\d{4})",
    "mm": r"(?P<month>\d{2})",
    "dd": r"(?P<day>\d{2})",
    "HH": r"(?P<hour>\d{2})",
    "MM": r"(?P<minute>\d{2})",
    "SS": r"(?P<second>\d{2})",
}
_PART = re.compile("|".join(_GROUPS))
_ANY_DAY = re.compile(r"(?<!\d)(?P<year>20\d{2})(?P<mark>-?)(?P<month>\d{2})(?P=mark)(?P<day>\d{2})(?!\d)")


class RunTime(Section):
    """Where a file, or its name, says when it was made.

    Attributes:
        name: a part of the file's name with yyyy, mm and dd for the day, and HH, MM and SS for the time if it is there,
            such as `workers_yyyymmdd_HHMM`.
        column: whose cells, the same in every row, hold a day or a day and a time; it goes before the name.
    """

    name: Annotated[str, Field(min_length=1, max_length=200)] | None = None
    column: ColumnName | None = None

    @field_validator("name")
    @classmethod
    def _has_one_day(cls, name: str | None) -> str | None:
        if name is not None:
            _compile(name)
        return name

    @model_validator(mode="after")
    def _says_where(self) -> RunTime:
        if self.name is None and self.column is None:
            raise ValueError("say 'name', a part of the file's name, or 'column'")
        return self

    @property
    def names_hours(self) -> bool:
        """Whether names of files say at what time of the day a file was made."""
        return self.name is not None and _TIME.search(self.name) is not None

    @cached_property
    def pattern(self) -> re.Pattern[str]:
        """Finds the day, and the time, in a file's name."""
        return _compile(name=self.name) if self.name else _ANY_DAY


def time_in_name(said: RunTime | None, file_name: str, zone: ZoneInfo) -> datetime | None:
    """When a file was made, in UTC, by its name; None if it does not say, or not clearly.

    Without a pattern, a single day written as yyyymmdd or yyyy-mm-dd counts, from its first moment on.

    Args:
        said: what the mapping says.
        file_name: of the extract.
        zone: whose day and time the name holds.
    """
    found = (said.pattern if said else _ANY_DAY).finditer(file_name)
    moments = {moment for match in found if (moment := _moment(match, zone))}
    return moments.pop() if len(moments) == 1 else None


def time_in_cell(cell: str, read_day: Callable[[str], date | None], zone: ZoneInfo) -> datetime | None:
    """When a file was made, in UTC, by one of its cells; None if the cell says that there is no such day.

    Args:
        cell: an ISO date and time (without an offset, in `zone`), or a day.
        read_day: reads a day as the mapping declares.
        zone: of the source.

    Raises:
        Unusable: neither.
    """
    try:
        moment = datetime.fromisoformat(cell) if ":" in cell else None
    except ValueError:
        moment = None
    if moment is None or moment.year not in YEARS:
        day = read_day(cell)
        if day is None:
            return None
        moment = datetime.combine(day, time())
    return (moment if moment.tzinfo else moment.replace(tzinfo=zone)).astimezone(UTC)


def _moment(match: re.Match[str], zone: ZoneInfo) -> datetime | None:
    parts = match.groupdict()
    numbers = [int(parts.get(name) or 0) for name in ("year", "month", "day", "hour", "minute", "second")]
    if numbers[0] not in YEARS:
        return None
    try:
        return datetime(*numbers, tzinfo=zone).astimezone(UTC)  # type: ignore[arg-type, misc]
    except (ValueError, OverflowError):
        return None


def _compile(name: str) -> re.Pattern[str]:
    days, times = list(_DAY.finditer(name)), list(_TIME.finditer(name))
    if len(days) != 1 or len(times) > 1:
        raise ValueError(
            f"'{name}' does not say where the day is: write yyyymmdd (or yyyy-mm-dd, dd.mm.yyyy) for it once, and "
            "HHMM or HHMMSS for the time if it is there, such as workers_yyyymmdd_HHMM"
        )
    expression = ""
    at = 0
    for match in sorted((*days, *times), key=lambda match: match.start()):
        expression += re.escape(name[at : match.start()]) + _groups(match[0])
        at = match.end()
    return re.compile(rf"(?<!\d){expression}{re.escape(name[at:])}(?!\d)", re.IGNORECASE)


def _groups(text: str) -> str:
    expression = ""
    at = 0
    for match in _PART.finditer(text):
        expression += re.escape(text[at : match.start()]) + _GROUPS[match[0]]
        at = match.end()
    return expression
