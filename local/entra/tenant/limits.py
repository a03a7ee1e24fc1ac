"""Call limits over a rolling window."""

import math
from collections import deque


class Window:
    """Counts calls within a span of time that ends now.

    Every call counts, also one that is refused: Graph's throttling guide says that requests made while
    throttled accrue against the limit as well.
    """

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._calls: deque[float] = deque()

    def count(self, at: float) -> None:
        """Take note of a call."""
        self._forget(at)
        self._calls.append(at)

    def used(self, at: float) -> int:
        """How many calls lie in the window."""
        self._forget(at)
        return len(self._calls)

    def wait(self, at: float, limit: int | None) -> int | None:
        """Whether the call just counted is over the limit.

        Returns:
            None if it is within; otherwise the whole seconds, at least one, until there is room again.
        """
        self._forget(at)
        if limit is None or len(self._calls) <= limit:
            return None
        # A further call has room once fewer than `limit` are left, so this many of the oldest must have gone.
        leaving = len(self._calls) - max(limit - 1, 0)
        return max(1, math.ceil(self._calls[leaving - 1] + self._seconds - at))

    def _forget(self, at: float) -> None:
        while self._calls and self._calls[0] <= at - self._seconds:
            self._calls.popleft()
