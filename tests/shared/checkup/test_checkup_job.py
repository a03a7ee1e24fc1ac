"""Every state that a job can be in, and what is told of it."""

from __future__ import annotations

from typing import Any

import pytest

from local.entra.settings import QUARANTINE_REASONS
from shared.checkup.findings import OK, UNSEEN, WRONG, Check
from shared.checkup.job import _judged
from shared.entra.jobs import parse_status


def job(state: str, code: str, **more: Any) -> dict[str, Any]:
    return {"schedule": {"state": state}, "status": {"code": code, **more}}


@pytest.mark.parametrize("reason", [*QUARANTINE_REASONS, "SomethingNew"])
def test_each_quarantine_is_named_with_a_cure(reason: str) -> None:
    error = {"code": "Oops", "message": "why"}
    said = job("Active", "Quarantine", quarantine={"reason": reason, "error": error})
    found = _judged(Check("job", "default"), parse_status(said))
    assert found.state == WRONG
    assert found.says == (f"is in quarantine: {reason} (Oops: why). Nothing is sent to it meanwhile")
    assert found.mend


@pytest.mark.parametrize(
    ("said", "state", "words"),
    [
        (job("Active", "Active"), OK, "runs"),
        (job("Active", "NotRun"), OK, "runs"),
        (
            job("Active", "Active", lastExecution={"error": {"code": "Oops", "message": "no"}}),
            OK,
            "runs; its last run says: Oops: no",
        ),
        (job("Paused", "Paused"), WRONG, "is paused"),
        (job("Active", "Paused"), WRONG, "is paused"),
        (job("Disabled", "NotConfigured"), WRONG, "does not run"),
        (job("Disabled", "Active"), WRONG, "does not run"),
        (job("Dormant", "Sleeping"), UNSEEN, "is in a state that is not known: Dormant Sleeping"),
        ({}, UNSEEN, "is in a state that is not known: no state given"),
    ],
)
def test_each_state_is_told(said: dict[str, Any], state: str, words: str) -> None:
    found = _judged(Check("job", "default"), parse_status(said))
    assert (found.state, found.says, bool(found.mend)) == (state, words, state == WRONG)
