"""The order in which people are sent, and the pages."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.changes.plan import PEOPLE_PER_PAGE, Cut, cut, head_of, sending_order


@pytest.mark.parametrize(
    ("managers", "ordered"),
    [
        ({}, []),
        ({"1": ""}, ["1"]),
        ({"3": "2", "2": "1", "1": ""}, ["1", "2", "3"]),
        ({"2": "gone", "1": "2"}, ["2", "1"]),
        ({"1": "1", "2": ""}, ["2", "1"]),
        ({"1": "2", "2": "1", "3": "", "4": "3", "0": "1"}, ["3", "4", "0", "1", "2"]),
        ({"109": "", "208": "", "108": ""}, ["108", "208", "109"]),
        ({"a/": "", "a!": "", "aa": ""}, ["a!", "a/", "aa"]),
    ],
)
def test_managers_come_first_then_loops_and_within_a_level_the_partition_counts(
    managers: dict[str, str], ordered: list[str]
) -> None:
    assert sending_order(managers) == ordered


def test_leavers_come_before_everybody_else_even_before_their_managers() -> None:
    managers = {"1": "", "2": "1", "3": "2", "4": "3", "5": "5"}
    assert sending_order(managers, {"4", "5", "2"}) == ["2", "4", "5", "1", "3"]


def test_a_very_deep_tree_is_ordered() -> None:
    managers = {str(number): str(number - 1) for number in range(20_000, 0, -1)}
    assert sending_order(managers) == [str(number) for number in range(1, 20_001)]


@st.composite
def companies(draw: st.DrawFn) -> dict[str, str]:
    """Anybody may report to anybody, to himself, to nobody or to somebody who is not in the file."""
    ids = draw(st.lists(st.text(st.characters(codec="utf-8"), min_size=1, max_size=3), unique=True, max_size=30))
    return {worker_id: draw(st.sampled_from(["", "gone", *ids])) for worker_id in ids}


def in_a_loop_or_below(managers: dict[str, str], worker_id: str) -> bool:
    passed = set()
    while worker_id in managers and worker_id not in passed:
        passed.add(worker_id)
        worker_id = managers[worker_id]
    return worker_id in passed


@settings(max_examples=200, deadline=None)
@given(companies())
def test_everybody_is_ordered_once_and_managers_before_reports(managers: dict[str, str]) -> None:
    ordered = sending_order(managers)
    assert sorted(ordered) == sorted(managers)
    looped = [in_a_loop_or_below(managers, worker_id) for worker_id in ordered]
    assert looped == sorted(looped)
    place = {worker_id: index for index, worker_id in enumerate(ordered)}
    for worker_id, loop in zip(ordered, looped, strict=True):
        if managers[worker_id] in place and not loop:
            assert place[managers[worker_id]] < place[worker_id]


def test_whoever_has_no_reports_goes_by_partition_whatever_the_level() -> None:
    managers = {"109": "", "201": "", "301": "201", "108": "301", "209": "201", "308": "209"}
    assert sending_order(managers) == ["201", "301", "209", "108", "308", "109"]


def plan(managers: dict[str, str], ordered: Sequence[str]) -> list[Cut]:
    return list(cut(ordered, managers, size=PEOPLE_PER_PAGE))


def test_pages_hold_two_hundred_people_and_only_the_last_is_less_than_full() -> None:
    ids = [f"{number:04d}" for number in range(401)]
    assert [(page.number, page.after, page.ids) for page in plan(dict.fromkeys(ids, ""), ids)] == [
        (1, 0, ids[:200]),
        (2, 0, ids[200:400]),
        (3, 0, ids[400:]),
    ]


@pytest.mark.parametrize(
    ("leavers", "people", "pages"),
    [
        (1, 200, [200]),  # one page is not cut
        (0, 201, [50, 151]),
        (1, 201, [50, 151]),
        (51, 500, [100, 200, 200]),
        (250, 700, [200, 50, 200, 200, 50]),
        (251, 510, [200, 100, 200, 10]),
        (205, 205, [200, 5]),
    ],
)
def test_leavers_share_no_page_with_more_than_fill_their_last_request_and_no_request_is_less_than_full_but_the_last(
    leavers: int, people: int, pages: list[int]
) -> None:
    ids = [f"{number:04d}" for number in range(people)]
    head = head_of(leavers, people, request=50, page=200)
    planned = list(cut(ids, dict.fromkeys(ids, ""), size=200, head=head))
    assert [len(page.ids) for page in planned] == pages
    assert [one for page in planned for one in page.ids] == ids
    assert [page.number for page in planned] == list(range(1, len(pages) + 1))


def test_a_page_waits_for_the_people_of_a_short_one_before_it() -> None:
    ids = [f"{number:04d}" for number in range(300)]
    planned = cut(ids, {**dict.fromkeys(ids, ""), "0060": "0049", "0299": "0050"}, size=200, head=50)
    assert [(page.number, page.after, len(page.ids)) for page in planned] == [(1, 0, 50), (2, 1, 200), (3, 2, 50)]


def test_the_pages_of_a_release_are_numbered_on_from_those_that_are_there() -> None:
    managers = {"1": "", "2": "1", "3": "1"}
    planned = cut(["1", "2", "3"], managers, first=4, size=2)
    assert [(page.number, page.after, len(page.ids)) for page in planned] == [(4, 0, 2), (5, 4, 1)]


def test_nobody_makes_no_page() -> None:
    assert plan({}, []) == []


@pytest.mark.parametrize(
    ("managers", "after"),
    [
        ({400: 0}, [0, 0, 1]),
        ({400: 0, 401: 200}, [0, 0, 2]),
        ({400: 200, 401: 0}, [0, 0, 2]),
        ({400: 401}, [0, 0, 0]),
        ({0: 400}, [0, 0, 0]),
        ({200: 0, 400: 399}, [0, 1, 2]),
    ],
)
def test_a_page_waits_for_the_last_earlier_page_with_a_manager_of_its_people(
    managers: dict[int, int], after: list[int]
) -> None:
    ids = [str(number) for number in range(402)]
    reports = dict.fromkeys(ids, "") | {str(worker): str(manager) for worker, manager in managers.items()}
    assert [page.after for page in plan(reports, ids)] == after


@settings(max_examples=30, deadline=None)
@given(st.lists(st.integers(0, 700), min_size=400, max_size=700))
def test_no_page_comes_before_one_that_it_must_wait_for(bosses: list[int]) -> None:
    managers = {str(number): str(boss) for number, boss in enumerate(bosses)}
    planned = plan(managers, sending_order(managers))
    number_of = {one: page.number for page in planned for one in page.ids}
    assert [len(page.ids) for page in planned[:-1]] == [PEOPLE_PER_PAGE] * (len(planned) - 1)
    for page in planned:
        wanted = {number_of.get(managers[one], 0) for one in page.ids}
        assert page.after == max(number for number in {0, *wanted} if number < page.number)
