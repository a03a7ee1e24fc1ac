"""The people of a plan while it is made, in temporary files instead of memory."""

from __future__ import annotations

import json
import tempfile
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from typing import IO, Any

from shared.model import Planned
from shared.records.pages import planned_from_json, planned_to_json


class Lines:
    """JSON lines in a temporary file: written once, read as often as need be."""

    def __init__(self, stack: ExitStack) -> None:
        self._file: IO[bytes] = stack.enter_context(tempfile.TemporaryFile())  # noqa: SIM115 (the stack closes it)

    def add(self, value: object) -> int:
        """Write a value; returns its place."""
        place = self._file.seek(0, 2)
        self._file.write(json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode() + b"\n")
        return place

    def at(self, place: int) -> Any:  # noqa: ANN401
        """The value at a place."""
        self._file.seek(place)
        return json.loads(self._file.readline())

    def __iter__(self) -> Iterator[Any]:
        self._file.seek(0)
        for line in self._file:
            yield json.loads(line)


class Sends:
    """Whom the plan sends.

    Attributes:
        managers: of each of them, id to manager id or an empty text.
        leavers: those who are to be disabled.
        kinds: how many of each kind of change.
    """

    def __init__(self, stack: ExitStack) -> None:
        self._spool = Lines(stack)
        self._places: dict[str, int] = {}
        self.managers: dict[str, str] = {}
        self.leavers: set[str] = set()
        self.kinds: Counter[str] = Counter()

    def add(self, planned: Planned) -> None:
        """Take somebody into the plan."""
        worker = planned.worker
        self._places[worker.worker_id] = self._spool.add(planned_to_json(planned))
        self.managers[worker.worker_id] = worker.manager_id
        self.kinds[planned.kind] += 1
        if planned.removes_access:
            self.leavers.add(worker.worker_id)

    def read(self, ids: Sequence[str]) -> list[Planned]:
        """What is planned for some people, in that order."""
        return [planned_from_json(self._spool.at(self._places[person])) for person in ids]
