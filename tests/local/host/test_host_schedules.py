from __future__ import annotations

from datetime import UTC, datetime
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest

from local.host.schedules import parse

NOON = datetime(2026, 3, 2, 12, 0, 0, tzinfo=UTC)  # a Monday


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("*/10 * * * * *", "2026-03-02T12:00:10+00:00"),
        ("0 */5 * * * *", "2026-03-02T12:05:00+00:00"),
        ("30 0 9-17/4 * * *", "2026-03-02T13:00:30+00:00"),
        ("0 0 8 * * mon-fri", "2026-03-03T08:00:00+00:00"),
        ("0 0 8 * January Sunday", "2027-01-03T08:00:00+00:00"),
        ("0 15,45 * * * 1", "2026-03-02T12:15:00+00:00"),
        ("5/20 * * * * *", "2026-03-02T12:00:05+00:00"),
        # Day and day of the week must both fit: the next Friday the 13th.
        ("0 0 0 13 * 5", "2026-03-13T00:00:00+00:00"),
        ("0 0 0 29 2 *", "2028-02-29T00:00:00+00:00"),
    ],
)
def test_next_occurrence(expression: str, expected: str) -> None:
    assert parse(expression).after(NOON).isoformat() == expected


@pytest.mark.parametrize(
    ("expression", "message"),
    [
        ("*/5 * * * *", "has 5 fields; NCRONTAB has six"),
        ("", "has 0 fields"),
        ("60 * * * * *", "60 is not a second: it must be from 0 to 59"),
        ("0 0 24 * * *", "24 is not a hour"),
        ("0 0 0 0 * *", "0 is not a day: it must be from 1 to 31"),
        ("0 0 0 * * 7", "7 is not a day of week: it must be from 0 to 6"),
        ("0 0 0 * foo *", "'foo' is not a month"),
        ("*/0 * * * * *", "step"),
        ("30-10 * * * * *", "runs backwards"),
        ("0 0 0 L * *", "'L' is not a day"),
        ("0,,5 * * * * *", "'0,,5' is not a second"),
        ("0 0 0 31 2 *", "never comes"),
    ],
)
def test_expressions_that_are_wrong(expression: str, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        parse(expression)


def test_a_time_zone_with_daylight_saving() -> None:
    schedule = parse("0 30 1 * * *", ZoneInfo("Europe/Berlin"))
    before = datetime(2026, 3, 28, 12, tzinfo=UTC)
    first = schedule.after(before)
    assert [first.isoformat(), schedule.after(first).isoformat()] == [
        "2026-03-29T00:30:00+00:00",
        "2026-03-29T23:30:00+00:00",
    ]


def test_only_slow_schedules_keep_account() -> None:
    assert parse("0 * * * * *").is_slow(NOON)
    assert not parse("*/59 * * * * *").is_slow(NOON)
    assert not any(first >= second for first, second in pairwise([NOON, parse("* * * * * *").after(NOON)]))
