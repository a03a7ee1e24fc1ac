"""Who may be named as a manager."""

from __future__ import annotations

from typing import Any

import pytest

from shared.changes.circles import Circle
from shared.changes.managers import Managers, ManagerStanding, Named, starts_on, with_manager
from shared.model import ENTERPRISE_USER, manager_of
from tests.support.contexts import user

WITHOUT = "sent without a manager."
CIRCLES = {"1": Circle(("1", "2")), "2": Circle(("1", "2")), "5": Circle(("5", "6", "7"), kept=("6", "7"))}


def report(external_id: str, manager: str = "", **enterprise: Any) -> dict[str, Any]:
    named = {"manager": {"value": manager}} if manager else {}
    return user(external_id, **({ENTERPRISE_USER: {**enterprise, **named}} if enterprise or named else {}))


def standing(manager: str) -> ManagerStanding:
    return {"gone": ManagerStanding.LEFT, "nobody": ManagerStanding.UNKNOWN}.get(manager, ManagerStanding.WORKS)


MANAGERS = Managers(standing, CIRCLES)


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
        (
            report("5", "6"),
            report("5"),
            "Manager 6 would close a loop (5-6-7-5), because Entra keeps the manager that 6, 7 had; " + WITHOUT,
        ),
    ],
)
def test_a_manager_whom_entra_cannot_find_is_left_out_with_a_warning(
    record: dict[str, Any], sent: dict[str, Any], warning: str
) -> None:
    untouched = manager_of(record)
    awaited = "is not known" in warning
    circle = str(CIRCLES[record["externalId"]]) if "a loop" in warning else ""
    assert with_manager(record, record["externalId"], MANAGERS) == Named(sent, warning, awaited, circle)
    assert manager_of(record) == untouched


@pytest.mark.parametrize(
    ("record", "why"),
    [
        (report("2", "1"), "The managers form a loop (1-2-1)"),
        (report("9", "9"), "Manager 9 is the person's own id"),
        (report("9", "nobody"), "Manager nobody is not known"),
    ],
)
def test_a_manager_who_must_go_is_cleared_where_null_is_sent_and_else_it_is_said_who_stays(
    record: dict[str, Any], why: str
) -> None:
    external_id = record["externalId"]
    cleared = with_manager(record, external_id, MANAGERS, clears=True, has="4")
    stays = with_manager(record, external_id, MANAGERS, has="4")
    nobody = {**report(external_id), ENTERPRISE_USER: {"manager": None}}
    assert cleared[:2] == (nobody, f"{why}; sent without a manager.")
    assert stays[:2] == (
        report(external_id),
        f"{why}; sent without a manager, but Entra keeps 4: the mapping does not clear managers (empty: null).",
    )


def test_of_a_manager_without_an_account_it_is_said_why_and_he_is_waited_for() -> None:
    named = with_manager(report("9", "nobody"), "9", Managers(standing, {}, lambda _: starts_on("2026-12-01")))
    told = "Manager nobody starts on 2026-12-01 and has no account yet; sent without a manager."
    assert named == Named(report("9"), told, awaited=True)


def test_the_manager_of_a_record_is_an_id_or_nobody() -> None:
    assert [manager_of(one) for one in (report("9", "7"), report("9"), report("9", department="Sales"), {})] == [
        "7",
        "",
        "",
        "",
    ]
