"""The same worker id in more than one row of an extract.

Identical rows count once. Rows that differ are all rejected, and each names the others: nobody can tell which is right,
and sending either could disable somebody who works, or enable somebody who left. Ids that differ in nothing but capital
letters are the same id: Entra finds the same person by them.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import islice
from typing import NamedTuple

from shared.model import Reject

_NAMED_ROWS = 10


class _Place(NamedTuple):
    worker_id: str
    row: int
    line: int


@dataclass
class SeenIds:
    """Remembers every id of an extract with a digest of its record; some 400 bytes for each worker.

    Attributes:
        case_sensitive: whether ids that differ in nothing but capital letters are different people.
    """

    case_sensitive: bool = False
    _first: dict[str, tuple[bytes, _Place]] = field(default_factory=dict)
    _more: dict[str, list[_Place]] = field(default_factory=dict)
    _conflicts: set[str] = field(default_factory=set)

    def add(self, worker_id: str, digest: bytes, row: int, line: int) -> bool:
        """Take note of a row; True if it is the first of its id."""
        folded = worker_id if self.case_sensitive else worker_id.casefold()
        if folded == worker_id:
            folded = worker_id  # the same object, which halves the memory
        place = _Place(worker_id, row, line)
        if folded not in self._first:
            self._first[folded] = (digest, place)
            return True
        self._more.setdefault(folded, []).append(place)
        if digest != self._first[folded][0]:
            self._conflicts.add(folded)
        return False

    @property
    def repeated(self) -> int:
        """How many rows only said again what an earlier row had said."""
        return sum(len(places) for folded, places in self._more.items() if folded not in self._conflicts)

    def rejects(self, column: str) -> Iterable[Reject]:
        """One reject for each row of each id whose rows say different things."""
        for folded in self._conflicts:
            places = [self._first[folded][1], *self._more[folded]]
            alike = len({place.worker_id for place in places}) == 1
            same = "the same" if alike else "the same but for capital letters"
            for place in places:
                others = [str(other.row) for other in islice(places, _NAMED_ROWS + 2) if other is not place]
                named = ", ".join(others[:_NAMED_ROWS]) + (" and more" if len(others) > _NAMED_ROWS else "")
                yield Reject(
                    place.row,
                    place.line,
                    place.worker_id,
                    f"{same} {column} is also in row {named} with different data; leave the right one only.",
                )
