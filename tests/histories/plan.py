"""What kinds of histories there are, and what comes of one."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import date
from typing import Self

import yaml

from shared.model import ENTERPRISE_USER
from tests.histories.lives import COLUMNS, TYPES
from tests.histories.model import PRECEDENCE

LIMIT = {"percent": 2, "at_least": 1}
MINIMUM = 5
_TIGHT = {"minimum": MINIMUM, **{name: {**LIMIT} for name in ("create", "change", "disable", "missing")}}


@dataclass(frozen=True)
class Plan:
    """What kind of history.

    Attributes:
        seed: of everything that is left to chance.
        people: how many.
        days: how many.
        delta: whether the feeds send only who has changed.
        crashes: whether the process ends in the middle of things.
        guarded: whether the guard is on; what it holds is released then.
        missing: whether people who are missing from a full file are disabled.
        down: whether the app is stopped now and then, for days.
        clears: whether null is sent for a manager who is not named.
        holds: whether IT puts people on hold, and lets them go.
        turns: whether some lives take a turn: ids that are given again, are new or written otherwise, user names that
            change hands, contracts one after the other, cells that are emptied.
        start: the first day.
    """

    seed: int
    people: int = 40
    days: int = 14
    delta: bool = False
    crashes: bool = False
    guarded: bool = False
    missing: bool = False
    down: bool = False
    clears: bool = False
    holds: bool = False
    turns: bool = False
    start: date = date(2026, 3, 16)

    @property
    def holds_shrunk(self) -> bool:
        """Whether full files that lack too many people wait as a whole; only where it is certain when files are read.

        What is missing is added up over 24 hours, and files come once a day.
        """
        return self.guarded and not (self.delta or self.missing or self.crashes or self.down)


class WrongError(AssertionError):
    """Something is not as it should be; the message tells the whole story of those concerned."""


class Sums:
    """Figures that are added up."""

    def add(self, other: Self) -> None:
        """Take in the figures of another one."""
        for name, value in vars(other).items():
            setattr(self, name, getattr(self, name) + value)


@dataclass
class Figures(Sums):
    """What was done."""

    days: int = 0
    files: Counter[str] = field(default_factory=Counter)
    rows: int = 0
    changes: int = 0
    operations: int = 0
    resent: int = 0
    crashes: int = 0
    released: int = 0
    missing: int = 0
    holds: int = 0


def _guard_of(plan: Plan) -> dict[str, object]:
    if not plan.guarded:
        return {"off": True}
    return {**_TIGHT, "shrunk": "hold" if plan.holds_shrunk else "pass"}


def mappings(plan: Plan) -> dict[str, str]:
    """The mapping files of both feeds."""
    return {
        feed: yaml.safe_dump(
            {
                "version": 1,
                "mode": "delta" if plan.delta else "full",
                "key": {"column": COLUMNS[0], **({"former": "Former"} if plan.turns else {})},
                "duplicates": "current" if plan.turns else "none",
                "precedence": precedence,
                "required": ["Login", "Name"],
                "status": {
                    "column": "Status",
                    "values": {"Active": True, "Terminated": False, "Retired": False},
                    "leave": ["On leave"],
                    "first_day": "Hire",
                    "last_day": "Last",
                    "zone": "Zone",
                },
                "missing": "disable" if plan.missing else "report",
                "guard": _guard_of(plan),
                "attributes": {
                    "userName": "Login",
                    "displayName": "Name",
                    "title": "Title",
                    "userType": {"constant": TYPES[feed]},
                    f"{ENTERPRISE_USER}:department": "Department",
                    f"{ENTERPRISE_USER}:manager": {"column": "Manager", "empty": "null" if plan.clears else "omit"},
                },
            }
        )
        for feed, precedence in PRECEDENCE.items()
    }
