"""Everything goes wrong that can, in the order of a seed; when the dust has settled, all is as HR says, and once."""

from __future__ import annotations

import pytest

from tests.chaos.quick.plan import plan_of
from tests.chaos.quick.round import run

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]


@pytest.mark.parametrize("seed", [1, 5])
def test_after_a_quick_round_of_chaos_entra_has_what_hr_says_and_was_sent_it_once(seed: int) -> None:
    run(plan_of(seed))


def test_a_seed_makes_the_same_things_happen_again() -> None:
    first, second = (run(plan_of(2)) for _ in range(2))
    assert (first.requests, first.functions, first.calls) == (second.requests, second.functions, second.calls)
