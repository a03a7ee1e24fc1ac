"""People who are their own manager's manager, at whatever distance."""

from __future__ import annotations

from collections.abc import Iterator, Sequence


def smallest_first(loop: Sequence[str]) -> tuple[str, ...]:
    """A loop as it is told: from worker to manager, from the smallest id on."""
    at = loop.index(min(loop))
    return (*loop[at:], *loop[:at])


def loops(managers: Sequence[int]) -> Iterator[list[int]]:
    """Every loop among numbered people, each once and in the order from worker to manager.

    Args:
        managers: of each person the manager's number, or -1; memory grows by a byte for each person.
    """
    new, walked, done = 0, 1, 2
    states = bytearray(len(managers))
    for start in range(len(managers)):
        current = start
        while current >= 0 and states[current] == new:
            states[current] = walked
            current = managers[current]
        if current >= 0 and states[current] == walked:
            loop = [current]
            while (following := managers[loop[-1]]) != current:
                loop.append(following)
            yield loop
        current = start
        while current >= 0 and states[current] == walked:
            states[current] = done
            current = managers[current]
