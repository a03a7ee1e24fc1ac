"""SIGTERM and SIGINT, as something to wait for."""

from __future__ import annotations

import contextlib
import os
import select
import signal


class StopSignal:
    """Takes both signals from when it is made; made in the main thread."""

    def __init__(self) -> None:
        self._reader, self._writer = os.pipe()
        os.set_blocking(self._writer, False)
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda _number, _frame: self.set())

    def set(self) -> None:
        """Have the wait end, as the signals do."""
        # A pipe, because an Event can deadlock when it is set by a signal that interrupts its own wait.
        with contextlib.suppress(BlockingIOError):
            os.write(self._writer, b".")

    def wait(self, timeout: float | None = None) -> bool:
        """Wait until the process is told to end; returns whether it was."""
        ready, _, _ = select.select([self._reader], [], [], timeout)
        return bool(ready)
