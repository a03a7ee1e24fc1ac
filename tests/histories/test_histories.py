"""Months of random lives: after every day Entra has what a simple model says, and was sent nothing else."""

from __future__ import annotations

from datetime import date

import pytest

from tests.conftest import Storage
from tests.histories.history import run
from tests.histories.plan import Plan

PLANS = [
    Plan(1, people=60, days=6, clears=True, turns=True),
    Plan(2, people=60, days=6, delta=True, down=True),
    Plan(3, people=60, days=5, crashes=True, missing=True),
    Plan(4, people=60, days=5, guarded=True, start=date(2026, 10, 22)),
    Plan(5, people=60, days=6, holds=True, turns=True),
]


@pytest.mark.parametrize("plan", PLANS, ids=lambda plan: f"seed {plan.seed}")
def test_after_every_day_entra_has_what_hr_says(plan: Plan, storage: Storage) -> None:
    run(plan, storage.connection_string)
