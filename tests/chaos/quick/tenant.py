"""Entra in a quick round: nothing of it happens by itself, and what it waits is told instead."""

from __future__ import annotations

from local.entra.settings import Settings
from tests.chaos.entra import Entra
from tests.chaos.quick.turns import ToldTime


class TimedEntra(Entra):
    """The simulator under simulated time.

    Attributes:
        delayed: seconds by which the answer to the last call is late.
    """

    def __init__(self, now: ToldTime, settings: Settings) -> None:
        self.delayed = 0.0
        super().__init__(now, lambda: now.seconds, settings, self._delay)

    async def _delay(self, seconds: float) -> None:
        self.delayed += seconds

    def catch_up(self, at_most: int | None = None) -> None:
        # Some at a time is how the server does it in the background, whenever the system's clock says so.
        if at_most is None:
            super().catch_up()
