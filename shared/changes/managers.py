"""Who may be named as a manager in a record.

Entra sets only a manager who has been sent to it before, so a manager whom it does not know, and one who closes a
circle, is left out. Nobody goes without an account because of a manager; the warning stays open until it is mended.
What is left out clears nothing: Entra keeps the manager it has. Where the mapping sends null for an empty cell, null
is sent in the place of a manager who cannot be named too.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import NamedTuple

from shared.changes.circles import Circle
from shared.model import ENTERPRISE_USER, ScimUser, manager_of


class ManagerStanding(Enum):
    """What is known of somebody who is named as a manager."""

    WORKS = "works"
    LEFT = "left"
    UNKNOWN = "unknown"  # Entra has no account of the manager, whatever is known otherwise


class Named(NamedTuple):
    """A record as it may be sent.

    Attributes:
        record: with the manager, or without.
        warning: about the manager; an empty text if all is well.
        awaited: whether the manager can be named once the account is there.
        circle: the circle because of which the manager is left out, as a text; an empty one if there is none.
    """

    record: ScimUser
    warning: str = ""
    awaited: bool = False
    circle: str = ""


NOT_KNOWN = "is not known"
"""These follow the id of a manager without an account; it is the last word where nothing better is known."""
NOT_HERE = "does not work here and has no account"
IS_HELD = "waits for a release and has no account yet"
WAS_REJECTED = "has no account, because the row was rejected"


def starts_on(first_day: str) -> str:
    """The manager is to come."""
    return f"starts on {first_day} and has no account yet"


def differs_in_zeros(other: str) -> str:
    """Somebody else is known who is called nearly so."""
    return (
        f"{NOT_KNOWN}, but {other} is, which differs from it in zeros in front only (HR writes it as it is known, or "
        "IT has zeros filled in, key: width)"
    )


def without_zeros(worker_id: str) -> str:
    """An id of digits without the zeros in front."""
    return worker_id.lstrip("0") or "0"


def is_not_known(_manager: str) -> str:
    """What is said where nobody knows more of a manager than that there is no account."""
    return NOT_KNOWN


@dataclass(frozen=True, slots=True)
class Managers:
    """What is known of everybody who is named as a manager.

    Attributes:
        standing: of a manager.
        circles: those whom everybody closes with the manager whom HR named.
        why: a manager without an account has none, to follow the id.
    """

    standing: Callable[[str], ManagerStanding]
    circles: Mapping[str, Circle]
    why: Callable[[str], str] = is_not_known


def with_manager(
    record: ScimUser, external_id: str, managers: Managers, *, clears: bool = False, has: str = ""
) -> Named:
    """The record as it may be sent, and the warning about its manager (empty if all is well).

    Args:
        record: names the manager that HR named.
        external_id: whose record it is.
        managers: what is known of them.
        clears: whether a record without a manager is to say null.
        has: the manager whom Entra has.
    """
    manager = manager_of(record)
    if not manager:
        return Named(record)
    left_out = f"sent without a manager{_who_stays(has, clears=clears)}."
    if manager == external_id:
        return Named(_without(record, clears=clears), f"Manager {manager} is the person's own id; {left_out}")
    circle = managers.circles.get(external_id)
    if circle and manager in circle.people:  # which another source, whose word counts, may not say
        sent = _without(record, clears=clears)
        if not circle.kept:
            return Named(sent, f"The managers form a loop ({circle}); {left_out}", circle=str(circle))
        others = ", ".join(circle.kept)
        would = f"would close a loop ({circle}), because Entra keeps the manager that {others} had"
        return Named(sent, f"Manager {manager} {would}; {left_out}", circle=str(circle))
    known = managers.standing(manager)
    if known is ManagerStanding.UNKNOWN:
        return Named(
            _without(record, clears=clears), f"Manager {manager} {managers.why(manager)}; {left_out}", awaited=True
        )
    if known is ManagerStanding.LEFT:
        return Named(record, f"Manager {manager} has left.")
    return Named(record)


def _who_stays(has: str, *, clears: bool) -> str:
    return f", but Entra keeps {has}: the mapping does not clear managers (empty: null)" if has and not clears else ""


def _without(record: ScimUser, *, clears: bool) -> ScimUser:
    if clears:
        return {**record, ENTERPRISE_USER: {**record[ENTERPRISE_USER], "manager": None}}
    enterprise = {name: value for name, value in record[ENTERPRISE_USER].items() if name != "manager"}
    kept = {name: value for name, value in record.items() if name != ENTERPRISE_USER}
    return {**kept, ENTERPRISE_USER: enterprise} if enterprise else kept
