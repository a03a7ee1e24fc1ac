"""The two windows, played through with calls that take their time: whatever happens, Entra never sees too many."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.delivery.windows import BURST, DAY, THROTTLED, CallLimits, Grant, Wait, Windows, reserved

LIMITS = CallLimits(daily=2000, reserve=100)
NOW = 1_800_000_000.0


def take(windows: Windows, calls: int, *, now: float = NOW, limits: CallLimits = LIMITS, leaver: bool = False) -> Grant:
    _, answer = windows.take(limits, now, [leaver] * calls, "x")
    assert isinstance(answer, Grant)
    return answer


def after(windows: Windows, calls: int, *, now: float = NOW, limits: CallLimits = LIMITS) -> Windows:
    """What is left once so many calls have been made and answered at once."""
    done = 0
    while done < calls:
        windows, grant = windows.take(limits, now, [True] * (calls - done), f"{now}-{done}")
        assert isinstance(grant, Grant)
        windows = windows.settle(grant, [now] * len(grant.slots), now, accepted=True)
        done += len(grant.slots)
    return windows


def test_forty_calls_may_go_at_once_and_the_next_five_seconds_after_their_answers() -> None:
    windows, first = Windows().take(LIMITS, NOW, [False] * 60, "first")
    assert isinstance(first, Grant)
    assert first.slots == (NOW,) * 40
    windows = windows.settle(first, [NOW + 0.5] * 40, NOW + 0.5, accepted=True)
    _, soon = windows.take(LIMITS, NOW + 1, [False] * 4, "soon")
    assert soon == Wait(NOW + 2.0, BURST)
    _, second = windows.take(LIMITS, NOW + 4.7, [False] * 4, "second")
    assert isinstance(second, Grant)
    assert second.slots == (NOW + 5.6,) * 4


def test_a_grant_that_is_not_used_is_given_back_to_both_windows() -> None:
    windows, grant = Windows().take(LIMITS, NOW, [False] * 40, "x")
    assert isinstance(grant, Grant)
    assert windows.used() == 40
    windows = windows.settle(grant, [None] * 40, NOW, accepted=False)
    assert (windows.used(), windows.places) == (0, ())


def test_a_grant_that_nobody_settles_holds_its_places_until_no_call_can_be_under_way() -> None:
    windows, grant = Windows().take(LIMITS, NOW, [False] * 40, "x")
    assert isinstance(grant, Grant)
    _, wait = windows.take(LIMITS, grant.start_by, [False], "y")
    assert isinstance(wait, Wait)
    assert take(windows, 1, now=grant.start_by + 6.2).slots == (grant.start_by + 6.2,)
    assert windows.at(NOW + 80_000).used() == 40


def test_the_last_calls_of_a_day_are_for_requests_with_a_leaver() -> None:
    limits = CallLimits(daily=300, reserve=15)
    windows, now = Windows(), NOW
    for _ in range(7):
        windows, now = after(windows, 40, now=now, limits=limits), now + 6
    assert len(take(windows, 40, now=now, limits=limits).slots) == 5
    windows = after(windows, 5, now=now, limits=limits)
    _, wait = windows.take(limits, now, [False, True], "x")
    assert isinstance(wait, Wait)
    assert wait.kind == DAY
    assert 86_400 <= wait.until - NOW <= 86_400 + 600
    assert len(take(windows, 40, now=now, limits=limits, leaver=True).slots) == 15
    windows = after(windows, 15, now=now, limits=limits)
    _, wait = windows.take(limits, now, [True], "x")
    assert isinstance(wait, Wait)
    assert wait.kind == DAY


def test_a_prefix_of_leavers_is_granted_where_the_others_have_to_wait() -> None:
    windows = after(Windows(), 5, limits=CallLimits(10, 5))
    _, grant = windows.take(CallLimits(10, 5), NOW, [True, True, False, True], "x")
    assert isinstance(grant, Grant)
    assert len(grant.slots) == 2


def test_a_429_is_obeyed_and_then_one_call_tries() -> None:
    windows, grant = Windows().take(LIMITS, NOW, [False] * 4, "x")
    assert isinstance(grant, Grant)
    windows = windows.settle(grant, [NOW, None, None, None], NOW, accepted=False).refused(NOW, 17.0)
    _, wait = windows.take(LIMITS, NOW + 16, [True], "y")
    assert wait == Wait(NOW + 17, THROTTLED)
    windows, probe = windows.take(LIMITS, NOW + 17, [False] * 4, "z")
    assert isinstance(probe, Grant)
    assert len(probe.slots) == 1
    _, wait = windows.take(LIMITS, NOW + 17, [False] * 4, "other")
    assert wait == Wait(NOW + 18, BURST)
    windows = windows.settle(probe, [NOW + 18], NOW + 18, accepted=True)
    assert len(take(windows, 4, now=NOW + 18).slots) == 4


def test_429_without_a_time_is_about_the_burst_at_first_and_about_the_day_if_it_goes_on() -> None:
    windows, now, waits = Windows(), NOW, []
    for _ in range(6):
        windows = windows.refused(now, None).refused(now + 1, None)
        waits.append(round(windows.not_before - now))
        now = windows.not_before
    assert waits == [6, 11, 901, 1801, 3601, 3601]


def test_a_late_202_does_not_end_a_throttle() -> None:
    windows, grant = Windows().take(LIMITS, NOW, [False], "x")
    assert isinstance(grant, Grant)
    windows = windows.refused(NOW + 1, 30.0)
    assert windows.settle(grant, [NOW + 2], NOW + 2, accepted=True).refusals == 1


@pytest.mark.parametrize(("calls", "opens"), [(5, 0), (6, 1), (45, 1), (46, 2), (85, 2), (10_000, 2)])
def test_it_is_known_when_so_many_calls_may_be_made(calls: int, opens: int) -> None:
    """Two lots of forty, half an hour apart: five are left, and each lot is allowed again after a day."""
    limits = CallLimits(85, 0)
    windows = after(after(Windows(), 40, limits=limits), 40, now=NOW + 1800, limits=limits)
    later = [0.0, 86_400.0, 86_400.0 + 1800]
    found = windows.opens(limits, NOW + 1801, leaver=False, calls=calls)
    assert max(later[opens], 1801) <= found - NOW <= max(later[opens], 1801) + 600


@pytest.mark.parametrize(("percent", "calls"), [(0, 0), (5, 15), (0.1, 1), (100, 300)])
def test_a_reserve_is_never_rounded_away(percent: float, calls: int) -> None:
    assert reserved(300, percent) == calls


@dataclass
class Receiver:
    """What Entra sees."""

    times: list[float] = field(default_factory=list)

    def most(self, seconds: float) -> int:
        return max((sum(1 for other in self.times if at - seconds < other <= at) for at in self.times), default=0)


DELAY = st.floats(0, 4)


@given(st.lists(st.tuples(st.integers(1, 8), DELAY, DELAY, st.booleans(), DELAY), max_size=60))
def test_entra_never_sees_more_than_forty_calls_in_any_five_seconds(
    pages: Sequence[tuple[int, float, float, bool, float]],
) -> None:
    """Pages ask, start late, wait for answers of any length, and some die before they tell what became of theirs."""
    windows, now, receiver = Windows(), NOW, Receiver()
    pending: list[tuple[float, Grant, list[float | None]]] = []
    for number, (calls, late, long, dies, pause) in enumerate(pages):
        now += pause / 8
        for moment, grant, answered in [one for one in pending if one[0] <= now]:
            windows = windows.settle(grant, answered, moment, accepted=True)
        pending = [one for one in pending if one[0] > now]
        windows, answer = windows.take(CallLimits(10_000, 0), now, [False] * calls, str(number))
        if isinstance(answer, Wait):
            now = answer.until
            continue
        starts = [slot + late for slot in answer.slots if slot + late <= answer.start_by]
        receiver.times += [start + min(long, 1.0) / 2 for start in starts]
        answered = [start + long if start in starts else None for start in (slot + late for slot in answer.slots)]
        if not dies:
            pending.append((max((at for at in answered if at), default=now), answer, answered))
    assert receiver.most(5.0) <= 40
