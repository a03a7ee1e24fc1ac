"""Rows of people whom a feed does not provision: what a mapping says under `filter`."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from shared.mapping.apply import read_cell
from shared.mapping.cells.steps import asks
from shared.mapping.cells.text import clean
from shared.mapping.model import MappingFile

_OUT, _UNCLEAR = "out", "unclear"


@dataclass(frozen=True, slots=True)
class Aside:
    """A row that is not simply one of the feed's people.

    Attributes:
        column: which says so.
        unclear: whether the column does not tell, because its cell is empty or cannot be used.
    """

    column: str
    unclear: bool


@dataclass(frozen=True, slots=True)
class LeftOut:
    """Somebody whom the feed does not provision.

    Attributes:
        worker_id: who it is; an empty text if the row does not tell.
        row: of the file.
        column: by which the mapping leaves the person out.
        display_name: what the row makes of it, as far as it tells.
        user_name: likewise.
    """

    worker_id: str
    row: int
    column: str
    display_name: str = ""
    user_name: str = ""


_MOST = 10_000  # different cells of a column that are remembered


class RowFilter:
    """Tells the rows that are not about people of the feed.

    Args:
        mapping: of the source.
    """

    def __init__(self, mapping: MappingFile) -> None:
        said = mapping.filter
        nothing = frozenset(clean(text) for text in mapping.placeholders)
        rules = [(said.without, False), (said.only, True)] if said else []
        self._columns = [
            (column, lru_cache(_MOST)(_judge(asks(words), nothing, wanted=wanted)))
            for columns, wanted in rules
            for column, words in columns.items()
        ]

    def look(self, columns: Mapping[str, Sequence[str]]) -> dict[int, Aside]:
        """The rows that do not simply stay, by their places.

        A row that one column leaves out is left out, whatever another one does not tell.

        Args:
            columns: the cells as HR wrote them.
        """
        found: dict[int, Aside] = {}
        for column, judge in self._columns:
            for place, raw in enumerate(columns[column]):
                said = judge(raw)
                if said and (place not in found or (found[place].unclear and said == _OUT)):
                    found[place] = Aside(column, said == _UNCLEAR)
        return found


def _judge(fits: Callable[[str], bool], nothing: frozenset[str], *, wanted: bool) -> Callable[[str], str]:
    """What judges the cells of a column: empty for a row that stays.

    Args:
        fits: whether a cell is one of the words.
        nothing: cells that mean nothing.
        wanted: whether the words are those of the rows that stay.
    """

    def judge(raw: str) -> str:
        cell, _, fault = read_cell(raw, nothing)
        if fault:
            return _UNCLEAR
        if fits(cell):
            return "" if wanted else _OUT
        if not wanted:
            return ""
        return _OUT if cell else _UNCLEAR

    return judge
