"""The brakes."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.changes.guard import CHANGE, CLASSES, CREATE, DISABLE, MISSING, GuardVerdict, guard, may_hold
from shared.mapping.guard_limits import Guard


def rules(**changes: Any) -> Guard:
    return Guard.model_validate(changes)


@pytest.mark.parametrize(
    ("kind", "known", "most"),
    [
        (CREATE, 1000, 300),
        (CHANGE, 1000, 400),
        (DISABLE, 1000, 100),
        (MISSING, 1000, 50),
        # So many always pass, however few people are known.
        (CREATE, 10, 20),
        (CHANGE, 10, 10),
        (DISABLE, 10, 2),
        (MISSING, 10, 2),
    ],
)
def test_each_kind_has_its_own_threshold_and_so_many_just_pass(kind: str, known: int, most: int) -> None:
    assert guard(rules(), {kind: most}, {}, known) == GuardVerdict()
    assert guard(rules(), {kind: most + 1}, {}, known).held == {kind}


def test_the_reason_is_a_sentence_with_numbers() -> None:
    assert guard(rules(), {DISABLE: 311, CREATE: 3}, {}, 1000) == GuardVerdict(
        frozenset({DISABLE}),
        {DISABLE: "311 accounts would be disabled with this file, of 1000 people known; more than 10% need approval."},
    )


def test_what_leaks_a_little_every_hour_is_held_once_a_day_is_over_the_threshold() -> None:
    verdict = guard(rules(), {DISABLE: 40, CHANGE: 1}, {DISABLE: 80}, 1000)
    assert verdict == GuardVerdict(
        frozenset({DISABLE}),
        {
            DISABLE: "120 accounts would be disabled within 24 hours (40 with this file, 80 with earlier ones), of "
            "1000 people known; more than 10% need approval."
        },
    )
    assert guard(rules(), {CHANGE: 1}, {DISABLE: 800}, 1000) == GuardVerdict()


def test_an_absolute_number_holds_however_many_people_are_known_and_is_the_one_that_is_named() -> None:
    mapping = rules(disable={"percent": 10, "at_most": 50})
    assert guard(mapping, {DISABLE: 50}, {}, 100_000) == GuardVerdict()
    assert guard(mapping, {DISABLE: 51}, {}, 100_000).reasons == {
        DISABLE: "51 accounts would be disabled with this file, of 100000 people known; more than 50 need approval."
    }
    assert guard(mapping, {DISABLE: 51}, {}, 5).held == {DISABLE}


def test_with_too_few_people_known_percentages_mean_nothing() -> None:
    assert guard(rules(), {DISABLE: 9}, {}, 9) == GuardVerdict()
    assert guard(rules(), {DISABLE: 9}, {}, 10).held == {DISABLE}
    assert guard(rules(minimum=0), {DISABLE: 3}, {}, 3).held == {DISABLE}


def test_the_first_load_passes_up_to_a_number_and_is_held_whole_above_it() -> None:
    assert guard(rules(), {CREATE: 1990, DISABLE: 10}, {}, 0) == GuardVerdict()
    verdict = guard(rules(first_load=100), {CREATE: 91, DISABLE: 10}, {}, 0)
    assert verdict.held == frozenset(CLASSES)
    reason = (
        "This is the first file of the source, with 101 people; more than 100 need approval once, so that a wrong "
        "mapping does not reach everybody."
    )
    assert verdict.reasons == dict.fromkeys(CLASSES, reason)


def test_a_file_after_one_that_got_nobody_an_account_is_not_called_the_first() -> None:
    verdict = guard(rules(first_load=100), {CREATE: 101}, {}, 0, file_before="people_1.csv")
    assert verdict.reasons[CREATE] == (
        "people_1.csv came before, and nobody of it got an account; this file is about 101 people; more than 100 need "
        "approval once, so that a wrong mapping does not reach everybody."
    )


def test_a_pilot_of_a_few_people_does_not_open_the_door_to_everybody() -> None:
    pilot = rules(first_load=100)
    assert guard(pilot, {CREATE: 90, CHANGE: 10}, {}, 5) == GuardVerdict()
    reason = (
        "Of the source only 5 people are known so far, and this file is about 101; more than 100 need approval once, "
        "so that a wrong mapping does not reach everybody."
    )
    assert guard(pilot, {CREATE: 96, CHANGE: 5}, {}, 5) == GuardVerdict(
        frozenset(CLASSES), dict.fromkeys(CLASSES, reason)
    )
    assert guard(pilot, {CREATE: 96, CHANGE: 5}, {}, 10).held == {CREATE}


def test_if_the_mapping_says_so_everything_waits_as_soon_as_one_kind_is_over() -> None:
    verdict = guard(rules(hold="all"), {DISABLE: 101, CREATE: 1}, {}, 1000)
    over = "101 accounts would be disabled with this file, of 1000 people known; more than 10% need approval."
    waits = f"Everything waits, as the mapping says (guard: hold: all), because {over}"
    assert verdict == GuardVerdict(frozenset(CLASSES), {CREATE: waits, CHANGE: waits, DISABLE: over, MISSING: waits})
    assert guard(rules(hold="all"), {DISABLE: 100, CREATE: 1}, {}, 1000) == GuardVerdict()


@given(st.dictionaries(st.sampled_from(CLASSES), st.integers(0, 10_000)), st.integers(0, 10_000))
def test_a_guard_that_is_off_holds_nothing_and_nothing_is_never_held(counts: dict[str, int], known: int) -> None:
    assert guard(rules(off=True, hold="all"), counts, counts, known) == GuardVerdict()
    assert guard(rules(hold="all"), dict.fromkeys(counts, 0), counts, known) == GuardVerdict()


@pytest.mark.parametrize(
    ("counts", "earlier", "may"),
    [
        ({}, {}, False),
        ({DISABLE: 2, CREATE: 20}, {}, False),
        ({DISABLE: 3}, {}, True),
        ({DISABLE: 1}, {DISABLE: 2}, True),
        ({CREATE: 1}, {DISABLE: 200}, False),
    ],
)
def test_whether_people_have_to_be_counted_can_be_told_without_counting(
    counts: dict[str, int], earlier: dict[str, int], *, may: bool
) -> None:
    assert may_hold(rules(), counts, earlier) is may
    assert not may_hold(rules(off=True), counts, earlier)


@given(
    st.builds(
        lambda at_least, at_most, minimum, first_load: rules(
            disable={"at_least": at_least, "at_most": at_most}, minimum=minimum, first_load=first_load
        ),
        st.integers(0, 9),
        st.none() | st.integers(0, 9),
        st.integers(0, 20),
        st.integers(0, 40),
    ),
    st.dictionaries(st.sampled_from(CLASSES), st.integers(0, 30)),
    st.dictionaries(st.sampled_from(CLASSES), st.integers(0, 30)),
    st.integers(0, 200),
)
def test_nothing_is_ever_held_where_people_are_not_counted(
    made: Guard, counts: dict[str, int], earlier: dict[str, int], known: int
) -> None:
    assert may_hold(made, counts, earlier) or guard(made, counts, earlier, known) == GuardVerdict()


@given(
    st.dictionaries(st.sampled_from(CLASSES), st.integers(0, 500)),
    st.dictionaries(st.sampled_from(CLASSES), st.integers(0, 500)),
    st.integers(1, 1000),
)
def test_only_what_is_there_is_held_and_more_of_it_does_not_let_it_through(
    counts: dict[str, int], earlier: dict[str, int], known: int
) -> None:
    held = guard(rules(), counts, earlier, known).held
    assert held <= {name for name, count in counts.items() if count}
    assert held <= guard(rules(), {name: count + 1 for name, count in counts.items()}, earlier, known).held
