"""How long the host leaves a queue alone in which it has found nothing."""

from __future__ import annotations

import random

_SHORTEST = 0.1
_SPREAD = 0.2  # more or less, by chance


class BackOff:
    """The pauses between looks at a queue: 0.1 s, 0.2, 0.3, 0.5, 0.9, 1.7 and so on, most of each a fifth more or less.

    So it is in the SDK (`RandomizedExponentialBackoffStrategy`): to a tenth of a second comes another tenth, doubled
    with every look. The first pause since something was found is a tenth.

    Args:
        longest: the longest pause, in seconds.
        chance: where the spread comes from.
    """

    def __init__(self, longest: float, chance: random.Random | None = None) -> None:
        self._longest = max(longest, _SHORTEST)
        self._chance = chance or random.Random()
        self._looks = 0

    def next(self, *, found: bool) -> float:
        """Seconds until the next look, after one that has found something or nothing."""
        if found:
            self._looks = 0
            return _SHORTEST
        more: float = _SHORTEST * 2**self._looks * self._chance.uniform(1 - _SPREAD, 1 + _SPREAD)
        if _SHORTEST + more >= self._longest:
            return self._longest
        self._looks += 1
        return _SHORTEST + more
