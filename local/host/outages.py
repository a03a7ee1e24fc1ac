"""Storage that is away for a while: said once, waited out."""

from __future__ import annotations

import logging

from azure.core.exceptions import AzureError

log = logging.getLogger("host")

# OSError: a connection that breaks in the middle of a body reaches us bare.
STORAGE_ERRORS = (AzureError, OSError)

_SHORTEST = 0.2
_LONGEST = 5.0


class Outage:
    """Counts the failures in a row of one thing that is done over and over."""

    def __init__(self, doing: str) -> None:
        self._doing = doing
        self._failures = 0

    def failed(self, error: Exception) -> float:
        """Note a failure; returns the seconds to wait before the next try."""
        if not self._failures:
            log.warning("Trouble %s: %s; going on trying", self._doing, sentence(error))
        self._failures += 1
        return float(min(_LONGEST, _SHORTEST * 2 ** min(self._failures - 1, 8)))

    def passed(self) -> None:
        """Note a success."""
        if self._failures:
            log.info("Well again: %s, after %d failures", self._doing, self._failures)
        self._failures = 0


def sentence(error: BaseException) -> str:
    """The first line of an error: the Azure SDK adds many."""
    lines = str(error).strip().splitlines()
    return lines[0] if lines else type(error).__name__
