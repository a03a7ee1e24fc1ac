"""What stands here was seen of the library inside the host: by the status that it keeps of a timer, or how it ended."""

from __future__ import annotations

import re

import pytest

from shared.schedules import Crontab, faults, read_schedule

EVERY = (
    tuple(range(60)), tuple(range(60)), tuple(range(24)), tuple(range(1, 32)), tuple(range(1, 13)), tuple(range(7)),
)  # fmt: skip


def crontab(**fields: tuple[int, ...]) -> tuple[tuple[int, ...], ...]:
    names = ("second", "minute", "hour", "day", "month", "weekday")
    return tuple(fields.get(name, every) for name, every in zip(names, EVERY, strict=True))


@pytest.mark.parametrize(
    ("expression", "fields"),
    [
        ("* * * * * *", crontab()),
        ("0 */5 * * * *", crontab(second=(0,), minute=tuple(range(0, 60, 5)))),
        ("0  */5 * * * * ", crontab(second=(0,), minute=tuple(range(0, 60, 5)))),
        ("0 */+20 * * * *", crontab(second=(0,), minute=(0, 20, 40))),
        ("30 0 9-17/4 * * *", crontab(second=(30,), minute=(0,), hour=(9, 13, 17))),
        ("0 5-10/2,40 * * * *", crontab(second=(0,), minute=(5, 7, 9, 40))),
        ("0 5-5/2 05 * * *", crontab(second=(0,), minute=(5,), hour=(5,))),
        ("0 50/4 * * * *", crontab(second=(0,), minute=(50, 54, 58))),
        ("0 0 0 31 apr,January mOnDay-fri", crontab(
            second=(0,), minute=(0,), hour=(0,), day=(31,), month=(1, 4), weekday=(1, 2, 3, 4, 5),
        )),
        ("0 0 0 29 2 *", crontab(second=(0,), minute=(0,), hour=(0,), day=(29,), month=(2,))),
    ],
)  # fmt: skip
def test_what_the_host_reads_as_it_is_written(expression: str, fields: tuple[tuple[int, ...], ...]) -> None:
    assert read_schedule(expression) == Crontab(fields)
    assert faults(expression) == []


@pytest.mark.parametrize(
    ("expression", "fields", "oddity"),
    [
        (
            "0 0 22-2 * * *",
            {"second": (0,), "minute": (0,), "hour": tuple(range(2, 23))},
            "the hour '22-2' runs backwards, and the host would take it for 2 to 22; 22-23,0-2 is what it says",
        ),
        (
            "0 0 0 * * Fri-Mon",
            {"second": (0,), "minute": (0,), "hour": (0,), "weekday": (1, 2, 3, 4, 5)},
            (
                "the day of the week 'Fri-Mon' runs backwards, and the host would take it for Monday to Friday; "
                "Friday-Saturday,Sunday-Monday is what it says"
            ),
        ),
        ("*/0 * * * * *", {}, "the second '*/0' has a step of 0, and the host would take it for every one"),
        (
            "0 50/0 * * * *",
            {"second": (0,), "minute": tuple(range(50, 60))},
            "the minute '50/0' has a step of 0, and the host would take it for every one",
        ),
        (
            "0 */-5 * * * *",
            {"second": (0,)},
            "the minute '*/-5' has a step of -5, and the host would take it for every one",
        ),
        (
            "0 5/70 * * * *",
            {"second": (0,), "minute": (5,)},
            "the minute '5/70' has a step beyond its end, and the host would take its first",
        ),
        (
            "*/20 * * * *",
            {"second": (0,), "minute": (0, 20, 40)},
            "it has five fields, and the host would take the first of them for the minute, at second 0",
        ),
        (
            "0 0 0 * Ju *",
            {"second": (0,), "minute": (0,), "hour": (0,), "month": (6,)},
            "the month 'Ju' is cut short, and the host would take it for June",
        ),
    ],
)
def test_what_the_host_reads_otherwise_than_it_is_written(
    expression: str, fields: dict[str, tuple[int, ...]], oddity: str
) -> None:
    assert read_schedule(expression) == Crontab(crontab(**fields), (oddity,))
    assert faults(expression) == [oddity]


@pytest.mark.parametrize(
    ("expression", "message"),
    [
        ("", "'' has 0 fields; NCRONTAB has six, seconds first, with blanks between them, such as '0 */5 * * * *'"),
        ("0 * * *", "'0 * * *' has 4 fields; NCRONTAB has six"),
        ("0\t*/5 * * * *", "'0\t*/5' is no minute"),
        ("@daily", "'@daily' has 1 fields"),
        ("\u0660 * * * * *", "'\u0660' is no second"),
        ("60 * * * * *", "'60' is no second: it must be from 0 to 59"),
        ("0 99999999999 * * * *", "'99999999999' is no minute: it must be from 0 to 59"),
        ("0 0 0 0 * *", "'0' is no day: it must be from 1 to 31"),
        ("0 0 0 * * 7", "'7' is no day of the week: it must be from 0 to 6"),
        ("0 0 0 * Janx *", "'Janx' is no month"),
        ("0 0 Jan * * *", "'Jan' is no hour"),
        ("0 0 0 L * *", "'L' is no day"),
        ("0 0 0 ? * *", "'?' is no day"),
        ("0 5, * * * *", "'' is no minute"),
        ("0 ,5 * * * *", "',5' is no minute"),
        ("0 5- * * * *", "'5-' is no minute"),
        ("0 -5 * * * *", "'-5' is no minute"),
        ("0 5/ * * * *", "'5/' as a minute has no number for a step"),
        ("0 */5/2 * * * *", "'*/5/2' as a minute has no number for a step"),
        ("0 */\u0665 * * * *", "'*/\u0665' as a minute has no number for a step"),
        ("0 0 *-5 * * *", "'*-5' is no hour"),
        ("0 0 0 30 2 *", "'0 0 0 30 2 *' never comes: none of its months has such a day"),
        ("0 0 0 31 2,4,6 *", "'0 0 0 31 2,4,6 *' never comes"),
    ],
)
def test_what_the_host_does_not_start_with(expression: str, message: str) -> None:
    with pytest.raises(ValueError, match=f"^{re.escape(message)}") as wrong:
        read_schedule(expression)
    assert faults(expression) == [f"the host would not start: {wrong.value}"]
