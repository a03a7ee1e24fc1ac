"""Who may work by a row of HR's file, and from when to when: the word of its status, and its days."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from shared.errors import ExtractRefused
from shared.letters import fold
from shared.mapping.cells.dates import FOR_EVER, WORKING_LIFE, DateReader, Unusable
from shared.mapping.cells.text import clean, first_hidden, odd_character, shorten
from shared.mapping.cells.values import Cells, Compiler
from shared.mapping.model import Days

_MOST_WORDS = 1_000
_FAR_AHEAD = 2  # years

Refuse = Callable[[str], None]
"""Told why a row cannot be used; it may raise Unusable, or take note and go on without the value."""


@dataclass(frozen=True, slots=True)
class DayReader:
    """Reads a day that one of several columns says.

    Attributes:
        rule: which of them counts.
        readers: of the columns, in the order of the rule.
        ends: whether it is the last day.
        has_left: whether somebody has left by a row, so that days of long ago may be right.
    """

    rule: Days
    readers: tuple[DateReader, ...]
    ends: bool
    has_left: Callable[[Mapping[str, str]], bool]

    def read(self, cells: Mapping[str, str], refuse: Refuse) -> tuple[date | None, DateReader]:
        """The day that counts, if there is one, and the reader of the column that says it.

        Args:
            cells: of a row, cleaned, by column.
            refuse: told of what is no day, and of days of long ago.
        """
        found = list(self._days(cells, refuse))
        day, reader = self._counts(found)
        # Any of several last days may be that of the next century which would count; of first days it is the one.
        doubtful = found if self.ends else [(day, reader)] if day else []
        for other, by in doubtful:
            if (reason := by.long_ago(cells[by.column], other)) and not self.has_left(cells):
                refuse(reason)
                return None, reader
        return day, reader

    def said(self, cells: Mapping[str, str]) -> date | None:
        """The day that counts, be it long ago, as far as the cells can be read."""
        return self._counts(list(self._days(cells, lambda _: None)))[0]

    def _days(self, cells: Mapping[str, str], refuse: Refuse) -> Iterator[tuple[date, DateReader]]:
        outlasts = self.ends and self.rule.latest is not None  # "for ever" is later than any day
        for reader in self.readers:
            read = reader.read_end if outlasts else reader.read
            try:
                day = read(cell) if (cell := cells.get(reader.column, "")) else None
            except Unusable as wrong:
                refuse(str(wrong))
                continue
            if day is not None:
                yield day, reader
                if self.rule.first:
                    break

    def _counts(self, found: Sequence[tuple[date, DateReader]]) -> tuple[date | None, DateReader]:
        if not found:
            return None, self.readers[0]
        if self.rule.latest:
            latest, reader = max(found, key=lambda one: one[0])
            return None if latest == FOR_EVER else latest, reader
        return min(found, key=lambda one: one[0]) if self.rule.earliest else found[0]


class Working:
    """Reads who works, and from when to when, by the rules of a mapping.

    Args:
        compiler: of the mapping.

    Attributes:
        first_day: reads the first day; None if the mapping names none.
        last_day: likewise the last day.
    """

    def __init__(self, compiler: Compiler) -> None:
        status = compiler.mapping.status
        self._status = status
        self._today = compiler.today
        made = status.column is not None and not status.is_plain
        self._make = compiler.reader("", status.column) if made and status.column else None
        self._joined = (status.column.columns or ()) if status.column else ()
        self._made_of: dict[str, Sequence[str]] = {}  # words, by columns that are joined without those that are empty
        self.first_day, self.last_day = (
            DayReader(days, tuple(map(compiler.dates, days.columns)), ends, self._has_left) if days else None
            for days, ends in ((status.first_day, False), (status.last_day, True))
        )

    def cells_of(self, row: Mapping[str, str], nothing: Collection[str]) -> dict[str, str]:
        """The cells of a row that say who works and when, cleaned; empty where they say nothing.

        What stands for nothing elsewhere may be the very word of a status.

        Args:
            row: raw cells by column.
            nothing: cells that mean nothing, cleaned.
        """
        cells = {column: clean(row.get(column, "")) for column in (*self._status.reads, *self._status.days)}
        word = self._status.name if self._status.is_plain else ""
        return {column: "" if cell in nothing and column != word else cell for column, cell in cells.items()}

    def word(self, cells: Mapping[str, str]) -> str:
        """The word of a row's status, as HR wrote it; empty where the days alone decide.

        Args:
            cells: of the columns that `Status.reads` names, cleaned.

        Raises:
            Unusable: a rule that makes the word cannot do so.
            ExtractRefused: columns are joined, and the same word comes from others in another row.
        """
        if self._make is not None:
            word = clean(str(self._make(Cells(cells, "", 0, _refuse))))
            if word and self._joined:
                self._check_columns(word, [column for column in self._joined if cells.get(column)])
            return word
        return cells[self._status.reads[0]] if self._status.reads else ""

    def _check_columns(self, word: str, columns: Sequence[str]) -> None:
        """See that a word of several columns, of which empty ones are left out, always comes from the same ones."""
        if len(self._made_of) >= _MOST_WORDS:
            return  # then it is not among the agreed words
        before = self._made_of.setdefault(word, columns)
        if before != columns:
            first, second = (" and ".join(some) for some in (before, columns))
            raise ExtractRefused(
                f"The status '{shorten(word)}' is made of {first} in one row, and of {second} in another, where the "
                "rest is empty, so nobody can tell who works. Have IT write a template in the mapping in place of "
                "columns with join: it keeps the place of each."
            )

    def means(self, word: str) -> bool | None:
        """Whether somebody with a status word may work; None if the mapping does not say."""
        return True if self._status.column is None else self._status.folded.get(self._status.as_agreed(word))

    def odd_sign(self, word: str) -> str:
        """What makes a word another one than an agreed one, by name and place: what nobody sees, or takes for a letter.

        Empty if it is a word of its own.
        """
        place = first_hidden(word)
        if place is None and not word.isascii():
            folded = fold(word)
            for agreed in self._status.folded:
                other = [at for at, (one, two) in enumerate(zip(folded, agreed, strict=False)) if one != two]
                is_odd = other and all(agreed[at].isascii() and not folded[at].isascii() for at in other)
                if is_odd and len(agreed) == len(folded) and len(other) * 2 < len(folded):
                    place = other[0]
                    break
        return "" if place is None else odd_character(word, place)

    def days(self, cells: Mapping[str, str], refuse: Refuse) -> tuple[date | None, date | None]:
        """The first and the last day that a row says."""
        first, last = (reader.read(cells, refuse)[0] if reader else None for reader in (self.first_day, self.last_day))
        return first, last

    def goes_on(self, cells: Mapping[str, str]) -> bool:
        """Whether one of several columns of last days names a day that is to come, beside the one that counts.

        Somebody on garden leave is active by the status up to the end of the contract, and not up to the last day of
        work.
        """
        readers = self.last_day.readers if self.last_day and self._today else ()
        for reader in readers if len(readers) > 1 else ():
            try:
                day = reader.read(cell) if (cell := cells.get(reader.column, "")) else None
            except Unusable:
                continue
            if day is not None and self._today is not None and day >= self._today:
                return True
        return False

    def has_passed(self, first: date | None, last: date | None) -> bool:
        """Whether the last day is over, and is not that of an employment before the one that the row is about."""
        return last is not None and self._today is not None and last < self._today and not (first and last < first)

    def is_for_ever(self, last: date | None) -> bool:
        """Whether a last day lies beyond a working life, so that it is none of somebody who has left by the status.

        Only the ends of such a year are read as days at all, see `DateReader`.
        """
        return last is not None and self._today is not None and last.year > self._today.year + WORKING_LIFE

    def is_far_ahead(self, last: date) -> bool:
        """Whether a last day is so far ahead that it is told of somebody who has left by the status."""
        return self._today is not None and last.isoformat() > far_ahead(self._today)

    def _has_left(self, cells: Mapping[str, str]) -> bool:
        """Whether a row says that somebody has left: by the status, if that is among the cells, or by both of its days.

        Lists with pensioners have days of long ago, which are right. A last day alone does not show it: it may be that
        of the next century, and so it may be before the first day.
        """
        if self._status.column is not None and cells.keys() >= set(self._status.reads):
            try:
                if self.means(self.word(cells)) is False:
                    return True
            except Unusable:
                pass  # then the row is rejected for that
        first, last = (reader.said(cells) if reader else None for reader in (self.first_day, self.last_day))
        return first is not None and self.has_passed(first, last)

    def active(self, cells: Mapping[str, str]) -> bool | None:
        """Whether somebody may work by a row, for a look at many rows; None if that cannot be told.

        Beside a word, a day that cannot be read says nothing.
        """
        try:
            means = self.means(self.word(cells))
        except Unusable:
            return None
        try:
            if means and self.has_passed(*self.days(cells, _refuse)):
                return not (self._status.day_decides or self.goes_on(cells))
        except Unusable:
            return None if self._status.column is None else means
        return means


def far_ahead(today: date) -> str:
    """The day (ISO) after which nobody expects the last day of somebody who has left."""
    return f"{today.year + _FAR_AHEAD:04}{today.isoformat()[4:]}"


def _refuse(reason: str) -> None:
    raise Unusable(reason)
