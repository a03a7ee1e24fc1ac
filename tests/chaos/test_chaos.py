"""Hosts are killed, storage goes away and Entra misbehaves; when the dust has settled, all is as HR says, and once."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from tests.chaos.plan import plan_of
from tests.chaos.round import run

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(900)]


@pytest.mark.parametrize("seed", [1])
def test_after_a_round_of_chaos_entra_has_what_hr_says_and_was_sent_it_once(seed: int, tmp_path: Path) -> None:
    plan = plan_of(seed)
    run(replace(plan, people=40, days=plan.days[:2]), tmp_path)
