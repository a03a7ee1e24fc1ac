"""Entra in a chaos test: the simulator, which keeps everything that it has accepted."""

from __future__ import annotations

import asyncio
import copy
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from local.entra.settings import Settings
from local.entra.simulator import Call, Simulator, Sleep
from local.entra.tenant.apps import Engine

LOST = ("lose-answer", "late-answer")
"""Faults after which nobody knows that Entra has accepted a request."""


_QUICK = Settings(processing_seconds=0.2, log_seconds=0.2)


@dataclass(frozen=True)
class Accepted:
    """A request that Entra has accepted.

    Attributes:
        at: when.
        moment: the same in seconds, by the clock that knows of outages.
        id: its request-id.
        is_lost: whether the answer was lost.
        records: of its people, by externalId.
    """

    at: datetime
    moment: float
    id: str
    is_lost: bool
    records: dict[str, dict[str, object]]


class Entra(Simulator):
    """The simulator of a round.

    Attributes:
        accepted: the requests that were accepted, in order.

    Args:
        now: the time.
        moment: seconds, by the clock that knows of outages.
        settings: how long it takes.
        sleep: waits.
    """

    def __init__(
        self,
        now: Callable[[], datetime],
        moment: Callable[[], float] = time.monotonic,
        settings: Settings = _QUICK,
        sleep: Sleep = asyncio.sleep,
    ) -> None:
        self.accepted: list[Accepted] = []
        self._moment = moment
        super().__init__(settings=settings, now=now, sleep=sleep)

    def stage(self, call: Call, records: Sequence[dict[str, object]], engine: Engine) -> None:
        super().stage(call, records, engine)
        people = {str(record["externalId"]): copy.deepcopy(record) for record in records}
        self.accepted.append(Accepted(self.now(), self._moment(), call.request_id, call.fault in LOST, people))

    @property
    def is_busy(self) -> bool:
        """Whether a request is under way that may still be accepted."""
        return any(call.status is None and call.fault != "drop-before" for call in list(self.calls))

    def users(self) -> dict[str, dict[str, object]]:
        """The directory, by employeeId."""
        self.catch_up()
        return {str(user["employeeId"]): dict(user) for user in self.directory.people()}
