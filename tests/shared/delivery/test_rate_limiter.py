"""The ledger of calls, kept in a row that several instances write."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest
from azure.core.exceptions import ResourceExistsError, ResourceModifiedError

from shared.context import Context
from shared.delivery import rate_limiter
from shared.delivery.rate_limiter import Ledger, Remaining
from shared.delivery.windows import CallLimits, Grant
from shared.storage import rows
from tests.support.contexts import ManualTime


@pytest.fixture
def ledger(context: Context) -> Ledger:
    return Ledger(context.storage, context.clock, "contoso", CallLimits(daily=100, reserve=0))


def granted(ledger: Ledger, calls: int) -> Grant:
    grant = ledger.ask([False] * calls)
    assert isinstance(grant, Grant)
    return grant


def settle(ledger: Ledger, grant: Grant, answered: Sequence[float | None]) -> None:
    ledger.settle(grant, answered, accepted=True, throttled=None)


def left(ledger: Ledger) -> int:
    found: Remaining = ledger.remaining()
    return found.calls


def without_an_answer_once(monkeypatch: pytest.MonkeyPatch, name: str, refusal: type[Exception]) -> None:
    """Storage writes the row, its answer is lost, and the client that tries again is told that the row has changed."""
    real = getattr(rate_limiter, name)
    refused: list[str] = []

    def write(*arguments: object) -> None:
        real(*arguments)
        if not refused:
            refused.append(name)
            raise refusal

    monkeypatch.setattr(rate_limiter, name, write)


def test_calls_that_were_not_made_are_given_back_once_though_the_client_writes_twice(
    ledger: Ledger, time: ManualTime, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = time().timestamp()
    settle(ledger, granted(ledger, 4), [now] * 4)
    grant = granted(ledger, 4)
    without_an_answer_once(monkeypatch, "replace_row", ResourceModifiedError)
    settle(ledger, grant, [now, None, None, None])
    assert left(ledger) == 95


@pytest.mark.parametrize(
    ("name", "refusal"), [("insert_row", ResourceExistsError), ("replace_row", ResourceModifiedError)]
)
def test_calls_are_granted_once_though_the_client_writes_twice(
    ledger: Ledger, monkeypatch: pytest.MonkeyPatch, name: str, refusal: type[Exception]
) -> None:
    before = 0
    if name == "replace_row":
        granted(ledger, 2)
        before = 2
    without_an_answer_once(monkeypatch, name, refusal)
    granted(ledger, 4)
    assert left(ledger) == 96 - before


def test_a_change_that_another_instance_was_faster_with_is_made_again(
    ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    granted(ledger, 1)
    others: list[str] = []

    def write(*arguments: Any) -> None:
        if not others:
            others.append("another")
            granted(ledger, 2)
        rows.replace_row(*arguments)

    monkeypatch.setattr(rate_limiter, "replace_row", write)
    granted(ledger, 4)
    assert left(ledger) == 93
