"""Months of random lives: after every day Entra has what a simple model says, and was sent nothing else."""

from __future__ import annotations

from datetime import date

import pytest

from tests.conftest import Storage
from tests.histories.history import run
from tests.histories.plan import Plan

PLANS = [
    Plan(1, people=50, days=5, clears=True, turns=True),
    Plan(2, people=50, days=5, delta=True, down=True, holds=True),
    Plan(3, people=50, days=5, crashes=True, missing=True),
    Plan(4, people=40, days=4, guarded=True, start=date(2026, 10, 23)),
]
"""A few, one for each kind of trouble; `python -m benchmarks.histories` has as many as one likes."""


@pytest.mark.parametrize("plan", PLANS, ids=lambda plan: f"seed {plan.seed}")
def test_after_every_day_entra_has_what_hr_says(plan: Plan, storage: Storage) -> None:
    run(plan, storage.connection_string)
