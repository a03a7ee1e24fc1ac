"""Days that nobody can read in nearly any row: another format than the mapping says, words, or another field.

Each of the rows would be rejected. That is one fault, which is told once, with what the reader says of it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from datetime import date

from shared.errors import ExtractRefused
from shared.extract.profile import DATES, kind_of_value
from shared.mapping.cells.dates import DateWatch, Unusable, is_number_of_day, raise_unusable
from shared.mapping.cells.text import clean
from shared.mapping.cells.values import Compiler
from shared.mapping.model import MappingFile
from shared.mapping.working import DayReader, Working

_FEWEST = 10  # people; fewer rows are rejected one by one
_NEARLY_ALL = 0.9


def check_readable(
    mapping: MappingFile,
    rows: Collection[Mapping[str, str]],
    today: date | None = None,
    *,
    holds_dates: bool = False,
) -> None:
    """See that the first and the last days of a file can be read.

    Leavers leave whatever their days are, so only the rows of people who may work by their status count.

    Args:
        mapping: of the source.
        rows: raw cells by column, of some people of a file or all of them.
        today: where the source is.
        holds_dates: whether the file holds days as dates, besides texts.

    Raises:
        ExtractRefused: nearly all of the rows would be rejected for one of the days.
    """
    working = Working(Compiler(mapping, DateWatch(), today, holds_dates))
    nothing = frozenset(clean(text) for text in mapping.placeholders)
    people = [cells for row in rows if _may_work(working, cells := working.cells_of(row, nothing))]
    for reader in filter(None, (working.first_day, working.last_day)):
        wrong = [(reason, cells) for cells in people if (reason := _reason(reader, cells))]
        if len(wrong) >= _FEWEST and len(wrong) > len(rows) * _NEARLY_ALL:
            raise ExtractRefused(_sentence(reader, wrong, len(rows)))


def _may_work(working: Working, cells: Mapping[str, str]) -> bool:
    try:
        return working.means(working.word(cells)) is True
    except Unusable:
        return False


def _reason(reader: DayReader, cells: Mapping[str, str]) -> str:
    try:
        reader.read(cells, raise_unusable)
    except Unusable as wrong:
        return str(wrong)
    return ""


def _sentence(reader: DayReader, wrong: Sequence[tuple[str, Mapping[str, str]]], looked_at: int) -> str:
    name, count, example = reader.rule.name, len(wrong), _example(reader, wrong)
    said = (
        f"{name} cannot be read as a day in {count} of {looked_at} rows that were looked at, so hardly anybody's row "
        "could be used."
    )
    then = (
        "Nothing of the file was used. Correct the export, or ask IT to say in the mapping how days are written "
        "(dates: format), or what stands for none (dates: none); then drop the file again."
    )
    return f"{said} {example} {then}" if example else f"{said} {then}"


def _example(reader: DayReader, wrong: Sequence[tuple[str, Mapping[str, str]]]) -> str:
    """What is wrong with one of the cells; of another field, whose cells tell of people, nothing is quoted."""
    reason, count = Counter(reason for reason, _ in wrong).most_common(1)[0]
    if count * 2 > len(wrong):
        return reason
    for reason, cells in wrong:
        said = [cell for column in reader.rule.columns if (cell := cells[column])]
        if all(kind_of_value(cell) == DATES or is_number_of_day(cell) for cell in said):
            return reason
    return ""
