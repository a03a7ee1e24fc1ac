"""Who must be looked at when, in the real table."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from shared.context import Context
from shared.records.due import Due, await_managers, awaited, due_until, remove_dues, schedule, wake
from shared.storage.names import DUE
from shared.tables.due import DueReason
from tests.conftest import Storage
from tests.support.contexts import ManualTime, open_test_context, rows_of

NOON = datetime(2026, 9, 18, 12, 0, tzinfo=UTC)
SECOND = timedelta(seconds=1)


@pytest.fixture
def context(storage: Storage) -> Iterator[Context]:
    with open_test_context(storage.connection_string, ManualTime()) as opened:
        yield opened


def due(context: Context, now: datetime, job: str = "default") -> list[Due]:
    return list(due_until(context.storage, now, job))


def test_what_is_due_is_found_from_its_second_on_and_by_job(context: Context) -> None:
    early, noon, late = (Due(NOON + timedelta(hours=hours), "default", f"{hours}") for hours in (-30, 0, 30))
    other = Due(NOON, "contractors", "0")
    schedule(context.storage, [late, noon, other, early])
    assert [due(context, NOON - SECOND), due(context, NOON), due(context, NOON, "contractors")] == [
        [early],
        [early, noon],
        [other],
    ]
    assert [due(context, NOON, job) for job in ("def", "default|0")] == [[], []]


def test_a_row_is_named_by_its_hour_so_that_nobody_has_to_look_at_everybody(context: Context) -> None:
    schedule(context.storage, [Due(NOON + 90 * SECOND, "default", "a/b", DueReason.RESEND)])
    assert rows_of(context.storage, DUE) == [
        {
            "PartitionKey": "2026-09-18T12",
            "RowKey": "default|a!2Fb|resend|01:30",
            "At": "2026-09-18T12:01:30Z",
            "Job": "default",
            "ExternalId": "a/b",
            "Why": "resend",
        }
    ]


def test_remembering_twice_is_remembering_once_and_each_reason_counts_by_itself(context: Context) -> None:
    dues = [
        Due(NOON, "default", "1", DueReason.DATE),
        Due(NOON, "default", "1", DueReason.RESEND),
        Due(NOON, "default", "2"),
    ]
    schedule(context.storage, dues)
    schedule(context.storage, dues)
    schedule(context.storage, [])
    assert due(context, NOON) == dues


def test_what_was_looked_at_is_forgotten_and_forgetting_twice_is_no_fault(context: Context) -> None:
    dues = [Due(NOON + timedelta(minutes=number), "default", str(number)) for number in range(120)]
    schedule(context.storage, dues)
    for _ in range(2):
        remove_dues(context.storage, dues[:115])
    assert due(context, NOON + timedelta(days=1)) == sorted(dues[115:], key=lambda one: one.external_id)


def test_two_moments_of_one_hour_are_kept_and_forgotten_one_by_one(context: Context) -> None:
    manager_comes, last_day_ends = (Due(NOON + timedelta(minutes=minutes), "default", "1") for minutes in (5, 30))
    schedule(context.storage, [manager_comes])
    schedule(context.storage, [last_day_ends])
    remove_dues(context.storage, [manager_comes])
    assert due(context, NOON + timedelta(hours=1)) == [last_day_ends]


def test_more_people_than_a_transaction_holds_can_fall_due_in_one_hour(context: Context) -> None:
    dues = [Due(NOON, "default", f"{number:03d}") for number in range(250)]
    schedule(context.storage, dues)
    assert due(context, NOON) == dues
    remove_dues(context.storage, dues)
    assert rows_of(context.storage, DUE) == []


def test_reports_are_looked_at_once_their_manager_has_arrived(context: Context) -> None:
    await_managers(context.storage, "default", {"1": ("boss",), "2": ("x", "boss"), "3": ("other",), "4": ("a|b/c",)})
    await_managers(context.storage, "contractors", {"5": ("boss",)})
    wake(context.storage, awaited(context.storage, "default"), {"boss", "nobody"}, NOON)
    assert [one.external_id for one in due(context, NOON)] == ["1", "2"]
    wake(context.storage, awaited(context.storage, "default"), {"boss", "a|b/c"}, NOON + timedelta(hours=1))
    assert [(one.external_id, one.at) for one in due(context, NOON + timedelta(days=1))] == [
        ("1", NOON),
        ("2", NOON),
        ("4", NOON + timedelta(hours=1)),
    ]
    assert due(context, NOON + timedelta(days=1), "contractors") == []


def test_those_who_wait_for_a_manager_are_not_due(context: Context) -> None:
    await_managers(context.storage, "default", {"1": "boss"})
    assert due(context, datetime(9999, 1, 1, tzinfo=UTC)) == []
