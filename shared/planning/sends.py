"""The people of a plan while it is made, in temporary files instead of memory."""

from __future__ import annotations

import os
import tempfile
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from typing import IO

from shared.changes.handing_on import NOTHING_HANDED_ON, HandedOn


class SpooledLines:
    """Lines of JSON in a temporary file: written once, read as often as need be."""

    _AT_ONCE = 100  # lines; one by one, each would move the file to its end

    def __init__(self, stack: ExitStack) -> None:
        self._file: IO[bytes] = stack.enter_context(tempfile.TemporaryFile())  # noqa: SIM115 (the stack closes it)
        self._end = 0
        self._waiting: list[bytes] = []

    def add(self, line: bytes) -> int:
        """Write a line, which is without a line break; returns its place."""
        place, self._end = self._end, self._end + len(line) + 1
        self._waiting.append(line)
        if len(self._waiting) >= self._AT_ONCE:
            self._write()
        return place

    def at(self, place: int) -> bytes:
        """The line at a place."""
        self._write()
        self._file.seek(place)
        return self._file.readline().rstrip(b"\n")

    def __iter__(self) -> Iterator[bytes]:
        self._write()
        self._file.seek(0)
        yield from self._file

    def _write(self) -> None:
        if self._waiting:
            self._file.seek(0, os.SEEK_END)
            self._file.write(b"\n".join((*self._waiting, b"")))
            self._waiting.clear()


class Sends:
    """Whom the plan sends.

    Attributes:
        managers: of each of them, id to manager id or an empty text.
        lines: what is planned for everybody of the plan.
        leavers: those who are to be disabled.
        kinds: how many of each kind of change.
        handed_on: who takes a name from whom.
    """

    def __init__(self, lines: SpooledLines) -> None:
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
