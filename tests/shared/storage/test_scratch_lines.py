from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.storage.scratch_lines import ScratchLines

_LINE = st.binary(max_size=30).map(lambda line: line.replace(b"\n", b""))
_LONG = st.integers(0, 20_000).map(lambda length: b"x" * length)


@pytest.fixture
def lines() -> Iterator[ScratchLines]:
    with closing(ScratchLines()) as lines:
        yield lines


@given(st.lists(st.lists(_LINE | _LONG, max_size=150), max_size=5))
def test_every_line_is_found_at_its_place_and_all_come_in_their_order(blocks: list[list[bytes]]) -> None:
    with closing(ScratchLines()) as lines:
        places = {place: line for block in blocks for place, line in zip(lines.add_many(block), block, strict=True)}
        expected = [line for block in blocks for line in block]
        assert {place: lines.at(place) for place in reversed(places)} == places
        assert list(lines) == expected
        assert list(places.values()) == expected


def test_lines_may_be_read_and_added_while_all_are_read(lines: ScratchLines) -> None:
    first = [b"line %d" % number for number in range(300)]
    places = lines.add_many(first)

    found = []
    for number, line in enumerate(lines):
        found.append(line)
        lines.add(b"more")
        assert lines.at(places[number]) == line

    assert found == first
    assert list(lines) == [*first, *[b"more"] * 300]


def test_a_line_can_be_read_as_soon_as_it_is_added(lines: ScratchLines) -> None:
    assert [lines.at(lines.add(line)) for line in (b"", b"one", b"\x00\xff")] == [b"", b"one", b"\x00\xff"]
