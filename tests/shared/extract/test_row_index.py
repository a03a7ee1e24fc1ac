"""The index of an extract's rows: whose names and ids are those of others."""

from __future__ import annotations

from array import array
from collections import Counter
from contextlib import closing
from unittest.mock import patch

from hypothesis import given
from hypothesis import strategies as st

from shared.changes.duplicates import Occurrence
from shared.extract import row_index
from shared.extract.row_index import RowIndex
from shared.storage.scratch import open_scratch

NAMES = st.lists(st.sampled_from(["", "ann", "Ann", "bo", "Zo\u00eb", "ZO\u00cb", "line\nbreak"]), max_size=12)


@given(keys=st.lists(st.integers(-9, 9), max_size=20), at_once=st.integers(1, 30))
def test_whether_a_hash_occurs_twice_is_told_in_parts(keys: list[int], at_once: int) -> None:
    with patch.object(row_index, "_COMPARED", at_once):
        assert row_index._any_twice(array("q", keys)) == (len(set(keys)) < len(keys))


@given(batches=st.lists(NAMES, max_size=4), dropped=st.sets(st.integers(1, 40)))
def test_names_that_several_rows_have_are_found_and_all_can_be_listed(
    batches: list[list[str]], dropped: set[int]
) -> None:
    with closing(open_scratch()) as scratch, patch.object(row_index, "_AT_ONCE", 5):
        index = RowIndex(scratch)
        count = 0
        everybody: list[tuple[int, str]] = []
        for names in batches:
            ids = [str(count + place) for place in range(1, len(names) + 1)]
            size = len(ids)
            numbers = list(map(int, ids))
            columns = (ids, numbers, numbers, [b"x"] * size, [True] * size, [False] * size, [0] * size)
            index.add_many(ids, columns, [""] * size, [(0, names)])
            everybody += zip(range(count + 1, count + len(names) + 1), names, strict=True)
            count += len(names)
            index.add(f"id{count}", Occurrence(f"id{count}", 0, 0, b"y"))  # a row that was looked at by itself
            count += 1
            index.add_names(count, [(0, "bo")])
            everybody.append((count, "bo"))
        index.finish()
        index.drop(dropped)
        named = [(seq, name) for seq, name in everybody if name]
        counting = [(seq, name) for seq, name in named if seq not in dropped]
        listed = [pair for some in index.names(0) for pair in zip(some.seqs, some.texts, strict=True)]
        assert listed == named
        assert [name for some in index.names(0) for name, _ in index.people_of(some)] == [name for _, name in counting]
        folded = Counter(name.upper() for _, name in counting)
        shared = {name for key in index.shared_keys(0) for name, _ in index.with_key(0, key)}
        assert {name.upper() for name in shared} == {name for name, times in folded.items() if times > 1}
