"""One worker id in more than one row: which row counts."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.changes.duplicates import Decision, DuplicatesRule, Occurrence, which_row_counts
from shared.model import Reject

LAST = DuplicatesRule(keep="last")
ACTIVE = DuplicatesRule(keep="prefer_active")
PRIMARY = DuplicatesRule(keep="primary", marks="Main", mark="Y")


def rows(data: str, worker_id: str = "1") -> list[Occurrence]:
    """Rows from 2 on and lines from 12 on: a letter is what a row says, a capital one that the person may work.

    A question mark cannot be read; an exclamation mark behind a letter makes its row primary.
    """
    found: list[Occurrence] = []
    for mark in data:
        if mark == "!":
            last = found.pop()
            found.append(Occurrence(worker_id, last.row, last.line, last.digest, last.active, primary=True))
        else:
            number = len(found) + 2
            digest = None if mark == "?" else mark.encode()
            found.append(Occurrence(worker_id, number, number + 10, digest, mark.isupper()))
    return found


def conflict(row: int, others: str, worker_id: str = "1") -> Reject:
    reason = (
        f"the same Id is also in row {others} with different data; leave the right one only or, if they are two "
        "people, correct Id in one of them."
    )
    return Reject(row, row + 10, worker_id, reason)


def kept(data: str, rule: DuplicatesRule) -> int:
    """The row that counts, 0 if none does."""
    decision = which_row_counts(rows(data), rule, "Id")
    return decision.kept.row if decision.kept else 0


@pytest.mark.parametrize("keep", ["none", "last", "prefer_active", "primary"])
def test_identical_rows_count_once(keep: str) -> None:
    same = rows("aaa")
    decision = which_row_counts(same, DuplicatesRule(keep=keep), "Id")  # type: ignore[arg-type]
    assert decision == Decision(same[2] if keep == "last" else same[0])


@pytest.mark.parametrize("data", ["ab", "aab", "aba", "abb", "abc", "abab"])
def test_if_rows_of_an_id_differ_all_of_them_are_rejected(data: str) -> None:
    numbers = list(range(2, 2 + len(data)))
    assert which_row_counts(rows(data), DuplicatesRule(), "Id") == Decision(
        rejects=[conflict(row, ", ".join(str(other) for other in numbers if other != row)) for row in numbers]
    )


@pytest.mark.parametrize("rule", [DuplicatesRule(), ACTIVE])
@pytest.mark.parametrize("data", ["a?", "?a", "A?", "?A"])
def test_a_row_that_cannot_be_read_contradicts_the_others(rule: DuplicatesRule, data: str) -> None:
    good = next(row.row for row in rows(data) if row.digest)
    assert which_row_counts(rows(data), rule, "Id") == Decision(rejects=[conflict(good, str(5 - good))])


@pytest.mark.parametrize(("data", "row"), [("ab", 3), ("ABc", 4), ("?b", 3), ("b?", 0), ("ab?", 0), ("aba", 4)])
def test_the_last_row_can_count(data: str, row: int) -> None:
    assert kept(data, LAST) == row


def test_earlier_rows_that_cannot_be_read_do_no_harm_if_the_last_one_counts() -> None:
    assert which_row_counts(rows("?a?b"), LAST, "Id").excused == (2, 4)


@pytest.mark.parametrize(
    ("data", "row"), [("aB", 3), ("Ba", 2), ("aBb", 3), ("BaB", 2), ("BC", 0), ("aBC", 0), ("ab", 0), ("aa", 2)]
)
def test_the_row_of_somebody_who_may_work_can_count(data: str, row: int) -> None:
    assert kept(data, ACTIVE) == row


@pytest.mark.parametrize(
    ("data", "row"), [("ab!", 3), ("a!b", 2), ("ab!b!", 3), ("a!b!", 0), ("ab", 0), ("aa", 2), ("?a!", 3), ("a!?", 2)]
)
def test_the_row_that_is_marked_can_count(data: str, row: int) -> None:
    assert kept(data, PRIMARY) == row


@pytest.mark.parametrize("data", ["a!?!", "?!a!"])
def test_a_row_that_may_be_marked_but_cannot_be_read_contradicts_the_marked_one(data: str) -> None:
    good = 2 if data[0] == "a" else 3
    reason = f"two rows of the same Id are marked primary and disagree; its other rows: {5 - good}."
    assert which_row_counts(rows(data), PRIMARY, "Id").rejects == [Reject(good, good + 10, "1", reason)]


def test_if_no_row_is_marked_the_reason_says_so() -> None:
    reason = "the same Id is also in row {} with different data, and no row is marked primary (by 'Y' in Main)."
    assert which_row_counts(rows("ab"), PRIMARY, "Id").rejects == [
        Reject(2, 12, "1", reason.format(3)),
        Reject(3, 13, "1", reason.format(2)),
    ]


def test_marked_rows_that_disagree_are_rejected_with_what_they_disagree_in() -> None:
    three = rows("a!b!c")
    decision = which_row_counts(three, PRIMARY, "Id", lambda marked: [f"column {row.row}" for row in marked])
    reason = "two rows of the same Id are marked primary and disagree (column 2, column 3); its other rows: {}."
    assert decision == Decision(
        rejects=[
            Reject(row, row + 10, "1", reason.format(others)) for row, others in enumerate(("3, 4", "2, 4", "2, 3"), 2)
        ]
    )


@pytest.mark.parametrize("rule", [DuplicatesRule(), LAST, ACTIVE, PRIMARY])
@pytest.mark.parametrize(
    ("one", "other", "how"),
    [
        ("ab12", "AB12", "capital letters"),
        ("ab 12", "ab12", "blanks"),
        ("00012", "12", "zeros in front"),
        ("1001", "\uff11\uff10\uff10\uff11", "the width of its signs"),
        ("0A 1", "0a1", "capital letters, blanks or zeros in front"),
    ],
)
def test_no_rule_helps_if_ids_are_only_alike(one: str, other: str, how: str, rule: DuplicatesRule) -> None:
    assert rule.alike(one) == rule.alike(other)
    first, second = rows("A", one)[0], Occurrence(other, 3, 13, b"A", active=True, primary=True)
    reason = f"Id differs from that of row {{}} only in {how}; leave the right one only."
    assert which_row_counts([first, second], rule, "Id").rejects == [
        Reject(2, 12, one, reason.format(3)),
        Reject(3, 13, other, reason.format(2)),
    ]


@pytest.mark.parametrize(
    ("one", "other", "rule"),
    [
        ("00012", "12", DuplicatesRule(zeros=True)),
        ("ab", "AB", DuplicatesRule(case=True)),
        ("a b", "ab", DuplicatesRule(case=True)),
        ("A01", "A1", DuplicatesRule()),
        ("0x", "x", DuplicatesRule()),
        ("10", "1", DuplicatesRule()),
    ],
)
def test_other_ids_are_different_people(one: str, other: str, rule: DuplicatesRule) -> None:
    assert rule.alike(one) != rule.alike(other)


@given(st.text("0a1A ", min_size=1, max_size=4))
def test_ids_that_are_alike_stay_so(worker_id: str) -> None:
    assert DuplicatesRule().alike(DuplicatesRule().alike(worker_id)) == DuplicatesRule().alike(worker_id)


def test_rows_of_the_same_id_are_not_said_to_differ_from_each_other() -> None:
    alike = [*rows("AA", "1001"), Occurrence("01001", 4, 14, b"A")]
    reason = "Id differs from that of row {} only in zeros in front; leave the right one only."
    assert [one.reason for one in which_row_counts(alike, DuplicatesRule(), "Id").rejects] == [
        reason.format("4"),
        reason.format("4"),
        reason.format("2, 3"),
    ]
    many = [*rows("A" * 20, "1001"), Occurrence("01001", 30, 40, b"A")]
    assert {one.reason for one in which_row_counts(many, DuplicatesRule(), "Id").rejects[:20]} == {reason.format("30")}


def test_at_most_ten_other_rows_are_named() -> None:
    eleven = which_row_counts(rows("abcdefghijk"), DuplicatesRule(), "Id").rejects
    assert eleven[0] == conflict(2, "3, 4, 5, 6, 7, 8, 9, 10, 11, 12")
    assert eleven[10] == conflict(12, "2, 3, 4, 5, 6, 7, 8, 9, 10, 11")
    twelve = which_row_counts(rows("abcdefghijkl"), DuplicatesRule(), "Id").rejects
    assert twelve[0] == conflict(2, "3, 4, 5, 6, 7, 8, 9, 10, 11, 12 and more")
    assert twelve[11] == conflict(13, "2, 3, 4, 5, 6, 7, 8, 9, 10, 11 and more")


@pytest.mark.slow
@pytest.mark.timeout(20)
def test_one_id_in_every_row_of_a_large_file_takes_no_longer_than_other_ids() -> None:
    assert len(which_row_counts(rows("ab" * 50_000), DuplicatesRule(), "Id").rejects) == 100_000
