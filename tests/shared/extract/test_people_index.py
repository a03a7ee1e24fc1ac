"""The people of an extract in the order of accounts, whatever the order in which they come."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import closing
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.extract import people_index
from shared.extract.people_index import IndexedPerson, PeopleIndex
from shared.storage.scratch import open_scratch

IDS = st.text("019aZ\u00e9\U0001f600", min_size=1, max_size=4)
PEOPLE = st.lists(st.tuples(IDS, st.one_of(st.just(""), IDS)), max_size=40, unique_by=lambda pair: pair[0])


def heaps(people: Sequence[IndexedPerson], at_once: int = 1) -> Iterator[tuple[str, Iterator[list[list[Any]]]]]:
    """By the last two characters of the ids, some people at a time."""
    for tail in sorted({one.worker_id[-2:] for one in people}):
        some = [one for one in people if one.worker_id[-2:] == tail]
        yield tail, (columns(some[start : start + at_once]) for start in range(0, len(some), at_once))


def columns(people: Sequence[IndexedPerson]) -> list[list[Any]]:
    return [list(column) for column in zip(*people, strict=True)]


@given(people=PEOPLE, at_once=st.integers(1, 15), heap=st.sampled_from([1, 5, 1000]), together=st.integers(1, 5))
def test_people_are_found_and_listed_by_the_ends_of_their_ids(
    people: list[tuple[str, str]], at_once: int, heap: int, together: int
) -> None:
    everybody = [
        IndexedPerson(worker_id, row, b"%d" % row, row * 9, manager, row if row % 2 else None)
        for row, (worker_id, manager) in enumerate(people)
    ]
    in_order = sorted(everybody, key=lambda one: (one.worker_id[-2:], one.worker_id))
    with closing(open_scratch()) as scratch, pytest.MonkeyPatch.context() as patch:
        patch.setattr(people_index, "_HEAP", heap)
        patch.setattr(people_index, "_TOGETHER", together)
        index = PeopleIndex(scratch, heaps(everybody, at_once))
        assert [one for some in index.columns() for one in map(IndexedPerson, *some)] == in_order
        assert len(index) == len(everybody)
        assert index.tails() == sorted({one.worker_id[-2:] for one in everybody})
        assert [one for tail in index.tails() for one in index.people_with(tail)] == in_order
        assert list(index.find_some([one.worker_id for one in everybody])) == in_order
        known = {one.worker_id: one for one in everybody}
        managers = [manager for _, manager in people]
        assert [index.find(manager) for manager in managers] == [known.get(manager) for manager in managers]


def walked(managers: dict[str, str]) -> set[frozenset[str]]:
    """Who is in a loop, found by walking from everybody."""
    found = set()
    for start in managers:
        way = [start]
        while (manager := managers.get(way[-1], "")) and manager in managers and manager not in way:
            way.append(manager)
        if managers.get(way[-1]) == start:
            found.add(frozenset(way))
    return found


@pytest.mark.parametrize("length", [64, 3, 1])
@given(people=PEOPLE)
def test_loops_are_found_whoever_has_the_hash_of_somebody_else(length: int, people: list[tuple[str, str]]) -> None:
    with closing(open_scratch()) as scratch, pytest.MonkeyPatch.context() as patch:
        # Different texts of one hash; told apart, at last, by the salt.
        patch.setattr(
            people_index, "hash", lambda text: hash(text) % 2 ** min(length + text.count("."), 63), raising=False
        )
        rows = [IndexedPerson(worker_id, 0, b"", 0, manager, None) for worker_id, manager in people]
        loops = PeopleIndex(scratch, heaps(rows)).loops()
        assert {frozenset(loop) for loop in loops} == walked(dict(people))
        assert loops == sorted(loops)
        assert all(loop[0] == min(loop) for loop in loops)
