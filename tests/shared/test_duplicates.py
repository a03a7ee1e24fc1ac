"""One worker id in more than one row."""

from __future__ import annotations

import pytest

from shared.changes.duplicates import SeenIds
from shared.model import Reject


def seen(*rows: tuple[str, str]) -> tuple[list[bool], int, list[Reject]]:
    """What `SeenIds` makes of ids and data, in rows from 2 on and lines from 12 on."""
    ids = SeenIds()
    first = [ids.add(worker_id, data.encode(), row, row + 10) for row, (worker_id, data) in enumerate(rows, 2)]
    return first, ids.repeated, sorted(ids.rejects("Id"), key=lambda reject: reject.row)


def conflict(row: int, worker_id: str, others: str) -> Reject:
    reason = f"the same Id is also in row {others} with different data; leave the right one only."
    return Reject(row, row + 10, worker_id, reason)


def test_different_ids_have_nothing_to_do_with_each_other() -> None:
    assert seen(("1", "a"), ("2", "a"), ("01", "a"), ("1.0", "a")) == ([True] * 4, 0, [])


def test_identical_rows_count_once() -> None:
    assert seen(("1", "a"), ("1", "a"), ("2", "b"), ("1", "a")) == ([True, False, True, False], 2, [])


@pytest.mark.parametrize("data", ["ab", "aab", "aba", "abb", "abc", "abab"])
def test_if_rows_of_an_id_differ_all_of_them_are_rejected(data: str) -> None:
    rows = [("1", one) for one in data]
    numbers = list(range(2, 2 + len(data)))
    assert seen(*rows, ("2", "z")) == (
        [True] + [False] * (len(data) - 1) + [True],
        0,
        [conflict(row, "1", ", ".join(str(other) for other in numbers if other != row)) for row in numbers],
    )


def test_ids_that_differ_in_capitals_only_are_rejected_each_under_its_own_name() -> None:
    reason = "the same but for capital letters Id is also in row {} with different data; leave the right one only."
    assert seen(("ab12", "a"), ("AB12", "b"), ("x", "c")) == (
        [True, False, True],
        0,
        [Reject(2, 12, "ab12", reason.format(3)), Reject(3, 13, "AB12", reason.format(2))],
    )


def test_at_most_ten_other_rows_are_named() -> None:
    eleven = seen(*(("1", str(data)) for data in range(11)))[2]
    assert eleven[0] == conflict(2, "1", "3, 4, 5, 6, 7, 8, 9, 10, 11, 12")
    assert eleven[10] == conflict(12, "1", "2, 3, 4, 5, 6, 7, 8, 9, 10, 11")
    twelve = seen(*(("1", str(data)) for data in range(12)))[2]
    assert twelve[0] == conflict(2, "1", "3, 4, 5, 6, 7, 8, 9, 10, 11, 12 and more")
    assert twelve[11] == conflict(13, "1", "2, 3, 4, 5, 6, 7, 8, 9, 10, 11 and more")


@pytest.mark.timeout(20)
def test_one_id_in_every_row_of_a_large_file_takes_no_longer_than_other_ids() -> None:
    assert len(seen(*(("Full-time", str(data)) for data in range(100_000)))[2]) == 100_000
