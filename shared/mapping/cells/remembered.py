"""What cells become, remembered: most columns of an extract hold few different cells."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any, TypeVar

CAREFUL = "\0"
"""Stands for whatever needs a closer look. No cell that is sent is this, nor is it anything in JSON."""
CAREFUL_PIECE = CAREFUL.encode()
"""The same among pieces of JSON, which are bytes."""

_MOST = 50_000  # cells that are remembered, of all columns together: some ten megabytes
_LATELY = 4_000  # cells of a column
_LONGEST = 500  # characters of a cell and what it becomes; longer ones are hardly said twice
_TRIES, _TIMES = 4, 60  # batches: to see if a column is worth remembering, and without that before the next try
_FIRST_TRY = 2  # batches, after which a column of nothing but new cells is known for one

_Key = TypeVar("_Key", bound=str | tuple[str, ...])
_Made = TypeVar("_Made", bound=str | bytes)
ColumnCells = Sequence[str]
Pieces = Sequence[bytes]


class Room:
    """How much may be remembered of all columns together; when it is full, everything is forgotten."""

    def __init__(self) -> None:
        self._left = _MOST
        self._shared: list[Remembered[Any, Any]] = []

    def share(self, remembered: Remembered[Any, Any]) -> None:
        """One more takes part."""
        self._shared.append(remembered)

    def take(self) -> None:
        """There is one more thing to remember."""
        self._left -= 1
        if self._left < 0:
            self._left = _MOST - 1
            for each in self._shared:
                each.clear()


class Remembered(dict[_Key, _Made]):
    """What the cells of a column, or of several, become.

    It is worked out when a cell is met, and remembered from the second time on. Where most cells are new, as in a
    column of names, there is nothing to remember; then it is worked out for many cells at once.

    Args:
        make: works it out, of one cell or of the cells of several columns.
        room: that it shares with others.
        make_many: does the same for columns of cells.
        few: whether there are only so many different cells, as there are days; then they are remembered at once.

    Attributes:
        may_be_careful: whether CAREFUL may be among what `column` gave last.
    """

    def __init__(
        self,
        make: Callable[[_Key], _Made],
        room: Room,
        make_many: Callable[..., list[_Made]] | None = None,
        *,
        few: bool = False,
    ) -> None:
        super().__init__()
        self._make = make
        self._room = room
        self._make_many = make_many
        self._few = few
        self._once: set[int] = set()  # hashes of what was met lately: ids and names hardly ever come again
        self._missed = 0
        self._tries = _TRIES
        self._times = _TIMES  # twice as long each time
        self._at_once = 0
        self._was_careful = False  # of what was worked out one by one
        self.may_be_careful = False
        room.share(self)

    def __missing__(self, cell: _Key) -> _Made:
        made = self._make(cell)
        if made == (CAREFUL if isinstance(made, str) else CAREFUL_PIECE):
            self._was_careful = True
        self._missed += 1
        key = hash(cell)
        if key not in self._once and not self._few:
            if len(self._once) == _LATELY:
                self._once.clear()
            self._once.add(key)
        elif len(made) + len(cell if isinstance(cell, str) else "".join(cell)) <= _LONGEST:
            self._room.take()
            self[cell] = made
        return made

    def column(self, *columns: ColumnCells) -> list[_Made]:
        """What the cells of a column, or of several, become."""
        if self._at_once and self._make_many:
            self._at_once -= 1
            self.may_be_careful = True
            return self._make_many(*columns)
        self._tries -= 1
        self._missed = 0
        cells: Iterable[Any] = columns[0] if len(columns) == 1 else zip(*columns, strict=True)
        made = list(map(self.__getitem__, cells))
        self.may_be_careful = self._was_careful
        often = self._missed * 2 > len(made) if self._tries <= 0 else self._missed * 20 > len(made) * 19
        if often and self._make_many and self._tries <= _TRIES - _FIRST_TRY:
            self._at_once, self._times = self._times, self._times * 2
        return made
