"""Who may be named as a manager."""

from __future__ import annotations

from typing import Any

import pytest

from shared.changes.managers import Standing, manager_of, with_manager
from shared.model import ENTERPRISE_USER
from tests.support.contexts import user

LOOPS = {"1": ("1", "2"), "2": ("1", "2")}


def report(external_id: str, manager: str = "", **enterprise: Any) -> dict[str, Any]:
    named = {"manager": {"value": manager}} if manager else {}
    return user(external_id, **({ENTERPRISE_USER: {**enterprise, **named}} if enterprise or named else {}))


def standing(manager: str) -> Standing:
    return {"gone": Standing.LEFT, "nobody": Standing.UNKNOWN}.get(manager, Standing.WORKS)


@pytest.mark.parametrize(
    ("record", "sent", "warning"),
    [
        (report("9"), report("9"), ""),
        (report("9", "7"), report("9", "7"), ""),
        (report("9", "gone"), report("9", "gone"), "Manager gone has left."),
        (report("9", "nobody"), report("9"), "Manager nobody is not known; sent without a manager."),
        (
            report("9", "nobody", department="Sales"),
            report("9", department="Sales"),
            "Manager nobody is not known; sent without a manager.",
        ),
        (report("9", "9"), report("9"), "Manager 9 is the person's own id; sent without a manager."),
        (report("1", "1"), report("1"), "Manager 1 is the person's own id; sent without a manager."),
        (report("2", "1"), report("2"), "The managers form a loop (1-2-1); sent without a manager."),
        (report("3", "1"), report("3", "1"), ""),
        # The circle is in the words of a source that does not count for her.
        (report("1", "7"), report("1", "7"), ""),
    ],
)
def test_a_manager_whom_entra_cannot_find_is_left_out_with_a_warning(
    record: dict[str, Any], sent: dict[str, Any], warning: str
) -> None:
    untouched = manager_of(record)
    assert with_manager(record, record["externalId"], standing, LOOPS) == (sent, warning)
    assert manager_of(record) == untouched


def test_the_manager_of_a_record_is_an_id_or_nobody() -> None:
    assert [manager_of(one) for one in (report("9", "7"), report("9"), report("9", department="Sales"), {})] == [
        "7",
        "",
        "",
        "",
    ]
