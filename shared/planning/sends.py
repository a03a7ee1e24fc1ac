"""Whom a plan sends, while it is made: what is planned for each is in a temporary file instead of memory."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from shared.changes.handing_on import NOTHING_HANDED_ON, HandedOn
from shared.storage.scratch_lines import ScratchLines


class Sends:
    """Whom the plan sends.

    Attributes:
        managers: of each of them, id to manager id or an empty text.
        lines: what is planned for everybody of the plan.
        leavers: those who are to be disabled.
        kinds: how many of each kind of change.
        handed_on: who takes a name from whom.
    """

    def __init__(self, lines: ScratchLines) -> None:
        self.lines = lines
        self._places: dict[str, int] = {}
        self.managers: dict[str, str] = {}
        self.leavers: set[str] = set()
        self.kinds: Counter[str] = Counter()
        self.handed_on: HandedOn = NOTHING_HANDED_ON

    def replace(self, worker_id: str, line: bytes) -> None:
        """Something else is planned for somebody who is in the plan, as JSON."""
        self._places[worker_id] = self.lines.add(line)

    def add(self, worker_id: str, place: int, kind: str, manager: str, *, removes_access: bool) -> None:
        """Take somebody into the plan.

        Args:
            worker_id: who.
            place: of what is planned, in the lines.
            kind: of change.
            manager: the manager's id, or an empty text.
            removes_access: whether it takes access away, now or at last.
        """
        self._places[worker_id] = place
        self.managers[worker_id] = manager
        self.kinds[kind] += 1
        if removes_access:
            self.leavers.add(worker_id)

    def read(self, ids: Sequence[str]) -> list[bytes]:
        """What is planned for some people, in that order, as JSON."""
        return [self.lines.at(self._places[person]) for person in ids]
