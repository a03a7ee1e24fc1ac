from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest

from local.host.triggers.schedules import parse

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
    ("expression", "expected"),
    [
        ("0 0 22-2 * * *", "2026-03-02T13:00:00+00:00"),
        ("0 0 0 * * Fri-Mon", "2026-03-03T00:00:00+00:00"),
        ("*/0 * * * * *", "2026-03-02T12:00:01+00:00"),
        ("*/5 * * * *", "2026-03-02T12:05:00+00:00"),
    ],
)
def test_what_is_written_oddly_is_read_as_the_real_host_reads_it(expression: str, expected: str) -> None:
    assert parse(expression).after(NOON).isoformat() == expected


@pytest.mark.parametrize(
    ("expression", "message"),
    [("0 0 0 30 2 *", "never comes"), ("\u0660 * * * * *", "is no second"), ("0 0 0 * * 7", "is no day of the week")],
)
def test_expressions_that_keep_the_host_from_starting(expression: str, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        parse(expression)


def test_when_summer_time_ends_a_timer_of_every_minute_stands_still_for_61_minutes() -> None:
    schedule = parse("0 * * * * *", ZoneInfo("Europe/Berlin"))
    moments = [datetime(2026, 10, 24, 23, 57, tzinfo=UTC)]
    while len(moments) < 70:
        moments.append(schedule.after(moments[-1]))
    pauses = [(later - earlier).total_seconds() / 60 for earlier, later in pairwise(moments)]
    assert (sorted(pauses)[-2:], moments[pauses.index(61)]) == ([1, 61], datetime(2026, 10, 24, 23, 59, tzinfo=UTC))


def test_when_summer_time_begins_no_minute_is_missed() -> None:
    schedule = parse("0 * * * * *", ZoneInfo("Europe/Berlin"))
    moments = [datetime(2026, 3, 29, 0, 30, tzinfo=UTC)]
    while len(moments) < 70:
        moments.append(schedule.after(moments[-1]))
    assert {later - earlier for earlier, later in pairwise(moments)} == {timedelta(minutes=1)}
    assert parse("0 30 2 * * *", ZoneInfo("Europe/Berlin")).after(moments[0]) == datetime(
        2026, 3, 29, 1, 30, tzinfo=UTC
    )


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
