"""People who are their own manager's manager."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.changes.loops import loops


@pytest.mark.parametrize(
    ("managers", "found"),
    [
        ([], []),
        ([-1, 0, 1], []),
        ([0], [[0]]),
        ([1, 0], [[0, 1]]),
        ([1, 2, 1, 0], [[1, 2]]),
        ([1, 2, 0, 4, 3, -1], [[0, 1, 2], [3, 4]]),
    ],
)
def test_every_loop_is_found_once(managers: list[int], found: list[list[int]]) -> None:
    assert list(loops(managers)) == found


@given(st.integers(1, 12).flatmap(lambda size: st.lists(st.integers(-1, size - 1), min_size=size, max_size=size)))
def test_exactly_those_are_in_a_loop_who_are_above_themselves(managers: list[int]) -> None:
    def above_itself(start: int) -> bool:
        current = managers[start]
        for _ in managers:
            if current in (-1, start):
                break
            current = managers[current]
        return current == start

    found = list(loops(managers))
    inside = [number for loop in found for number in loop]
    assert sorted(inside) == [number for number in range(len(managers)) if above_itself(number)]
    for loop in found:
        assert [managers[number] for number in loop] == [*loop[1:], loop[0]]
