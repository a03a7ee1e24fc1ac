"""Who may be named as a manager in a record.

Entra sets a manager only if it has been sent him before, so a manager whom it does not know, and one who closes a
circle, is left out. Nobody goes without an account because of a manager; the warning stays open until it is mended.
What is left out clears nothing: Entra keeps the manager it has. Where the mapping sends null for an empty cell, null
is sent in the place of a manager who cannot be named too.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from enum import Enum

from shared.changes.circles import Circle
from shared.model import ENTERPRISE_USER, ScimUser, manager_of

UNKNOWN_MANAGER = "is not known"


class ManagerStanding(Enum):
    """What is known of somebody who is named as a manager."""

    WORKS = "works"
    LEFT = "left"
    UNKNOWN = "unknown"


def with_manager(
    record: ScimUser,
    external_id: str,
    standing: Callable[[str], ManagerStanding],
    circles: Mapping[str, Circle],
    *,
    clears: bool = False,
    has: str = "",
) -> tuple[ScimUser, str]:
    """The record as it may be sent, and the warning about its manager (empty if all is well).

    Args:
        record: names the manager that HR named.
        external_id: whose record it is.
        standing: of a manager.
        circles: those whom everybody closes with the manager whom HR named.
        clears: whether a record without a manager is to say null.
        has: the manager whom Entra has.
    """
    manager = manager_of(record)
    if not manager:
        return record, ""
    left_out = f"sent without a manager{_who_stays(has, clears=clears)}."
    if manager == external_id:
        return _without(record, clears=clears), f"Manager {manager} is the person's own id; {left_out}"
    circle = circles.get(external_id)
    if circle and manager in circle.people:  # which another source, whose word counts, may not say
        if not circle.kept:
            return _without(record, clears=clears), f"The managers form a loop ({circle}); {left_out}"
        others = ", ".join(circle.kept)
        return _without(record, clears=clears), (
            f"Manager {manager} would close a loop ({circle}), because Entra keeps the manager that {others} had; "
            f"{left_out}"
        )
    known = standing(manager)
    if known is ManagerStanding.UNKNOWN:
        return _without(record, clears=clears), f"Manager {manager} {UNKNOWN_MANAGER}; {left_out}"
    if known is ManagerStanding.LEFT:
        return record, f"Manager {manager} has left."
    return record, ""


def _who_stays(has: str, *, clears: bool) -> str:
    return f", but Entra keeps {has}: the mapping does not clear managers (empty: null)" if has and not clears else ""


def _without(record: ScimUser, *, clears: bool) -> ScimUser:
    if clears:
        return {**record, ENTERPRISE_USER: {**record[ENTERPRISE_USER], "manager": None}}
    enterprise = {name: value for name, value in record[ENTERPRISE_USER].items() if name != "manager"}
    kept = {name: value for name, value in record.items() if name != ENTERPRISE_USER}
    return {**kept, ENTERPRISE_USER: enterprise} if enterprise else kept
