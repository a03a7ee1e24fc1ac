"""The same worker id in more than one row of an extract.

Identical rows count once. Rows that differ are all rejected, and each names the others: nobody can tell which is right,
and sending either could disable somebody who works, or enable somebody who left.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from shared.model import Reject

_NAMED_ROWS = 10


@dataclass
class SeenIds:
    """Remembers every id of an extract with a digest of its record; some 200 bytes for each worker.

    Attributes:
        repeated: how many rows said again what an earlier row had said.
    """

    repeated: int = 0
    _first: dict[str, tuple[bytes, int, int]] = field(default_factory=dict)
    _conflicts: dict[str, list[tuple[int, int]]] = field(default_factory=dict)

    def add(self, worker_id: str, digest: bytes, row: int, line: int) -> bool:
        """Take note of a row; True if it is the first of its id."""
        first = self._first.get(worker_id)
        if first is None:
            self._first[worker_id] = (digest, row, line)
            return True
        if worker_id in self._conflicts:
            self._conflicts[worker_id].append((row, line))
        elif first[0] == digest:
            self.repeated += 1
        else:
            self._conflicts[worker_id] = [(first[1], first[2]), (row, line)]
        return False

    def conflicting(self, worker_id: str) -> bool:
        """Whether rows of this id say different things."""
        return worker_id in self._conflicts

    def rejects(self, column: str) -> Iterable[Reject]:
        """One reject for each row of each id whose rows say different things."""
        for worker_id, places in self._conflicts.items():
            rows = [row for row, _ in places]
            for row, line in places:
                others = [str(other) for other in rows if other != row]
                named = ", ".join(others[:_NAMED_ROWS]) + (" and more" if len(others) > _NAMED_ROWS else "")
                yield Reject(
                    row,
                    line,
                    worker_id,
                    f"the same {column} is also in row {named} with different data; leave the right one only.",
                )
