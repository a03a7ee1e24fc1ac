"""Who may be named as a manager in a record.

Entra sets a manager only if it has been sent him before, so a manager whom it does not know, and one who closes a
circle, is left out. Nobody goes without an account because of a manager; the warning stays open until it is mended.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from enum import Enum

from shared.model import ENTERPRISE_USER, ScimUser

UNKNOWN_MANAGER = "is not known"


class Standing(Enum):
    """What is known of somebody who is named as a manager."""

    WORKS = "works"
    LEFT = "left"
    UNKNOWN = "unknown"


def manager_of(record: ScimUser) -> str:
    """The id of the manager whom a record names, or an empty text."""
    manager = record.get(ENTERPRISE_USER, {}).get("manager")
    return str(manager["value"]) if manager else ""


def with_manager(
    record: ScimUser,
    external_id: str,
    standing: Callable[[str], Standing],
    loops: Mapping[str, Sequence[str]],
) -> tuple[ScimUser, str]:
    """The record as it may be sent, and the warning about its manager (empty if all is well).

    Args:
        record: names the manager that HR named.
        external_id: whose record it is.
        standing: of a manager.
        loops: for everybody who is in a circle of managers, the circle.
    """
    manager = manager_of(record)
    if not manager:
        return record, ""
    if manager == external_id:
        return _without(record), f"Manager {manager} is the person's own id; sent without a manager."
    circle = loops.get(external_id, ())
    if manager in circle:  # which another source, whose word counts, may not say
        named = "-".join([*circle, circle[0]])
        return _without(record), f"The managers form a loop ({named}); sent without a manager."
    known = standing(manager)
    if known is Standing.UNKNOWN:
        return _without(record), f"Manager {manager} {UNKNOWN_MANAGER}; sent without a manager."
    if known is Standing.LEFT:
        return record, f"Manager {manager} has left."
    return record, ""


def _without(record: ScimUser) -> ScimUser:
    enterprise = {name: value for name, value in record[ENTERPRISE_USER].items() if name != "manager"}
    kept = {name: value for name, value in record.items() if name != ENTERPRISE_USER}
    return {**kept, ENTERPRISE_USER: enterprise} if enterprise else kept
