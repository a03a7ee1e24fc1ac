"""Who is on hold, who is protected, and whose account that is about."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from functools import cached_property

from shared.clock import iso
from shared.letters import fold

HOLDS_FILE = "holds.yaml"
"""Its name in `hr-config`."""


@dataclass(frozen=True, slots=True)
class Hold:
    """That an account stays disabled, whatever HR says.

    Attributes:
        worker: the worker id, as in HR's file.
        source: the feed that calls the person so; empty for whoever has the id in any feed.
        by: who wants it.
        reason: why; for support and IT, and for nobody in HR.
        until: the first moment at which it does not count any more; None if somebody has to end it.
        place: where it stands, for people.
        since: when it was set (ISO); empty if the place does not say.
        is_order: whether the page or a command has set it, and can end it; else the file says it.
    """

    worker: str
    source: str
    by: str
    reason: str
    until: datetime | None
    place: str
    since: str = ""
    is_order: bool = False

    @property
    def sentence(self) -> str:
        """What it does, without who and why: for whoever may read it, HR included."""
        return f"The account is on hold by order of IT: whatever HR says, it stays disabled {self.lasts}."

    @property
    def in_full(self) -> str:
        """What it does, who wants it and why: for support."""
        return f"Stays disabled {self.lasts}, set by {self.by} ({self.place}): {self.reason}"

    @property
    def lasts(self) -> str:
        """Until when, in words."""
        if self.until is None:
            return "until somebody ends it"
        day = _last_day(self.until)
        return f"until the end of {day} (UTC)" if day else f"until {iso(self.until)}"


@dataclass(frozen=True, slots=True)
class ProtectedPerson:
    """Somebody of whom nothing changes without a release by name; the attributes are as in `Hold`."""

    worker: str
    source: str
    reason: str = ""


@dataclass(frozen=True)
class Holds:
    """What counts at a moment.

    Attributes:
        holds: those that are in force.
        protected: the people who are protected.
        fault: why `holds.yaml` cannot be used, in a sentence; empty if it can. What it said last counts then, and
            nobody may be enabled, because it may say more by now.
    """

    holds: Sequence[Hold] = ()
    protected: Sequence[ProtectedPerson] = ()
    fault: str = ""

    def of(self, worker_id: str, sources: Collection[str]) -> Hold | None:
        """The hold on an account; the one that lasts longest, if there are several.

        Args:
            worker_id: of the account.
            sources: the feeds that speak of it.
        """
        if not self.holds:
            return None
        found = [hold for hold in self._by_id.get(fold(worker_id), ()) if not hold.source or hold.source in sources]
        return max(found, key=_how_long, default=None)

    def names(self, worker_id: str) -> bool:
        """Whether somebody with this id is on hold, in whatever feed."""
        return fold(worker_id) in self._by_id

    def concerns(self, worker_id: str) -> bool:
        """Whether somebody with this id is on hold or protected, in whatever feed."""
        return self.names(worker_id) or fold(worker_id) in self._protected

    def protects(self, worker_id: str, sources: Collection[str]) -> bool:
        """Whether nothing of an account changes without a release by name; the arguments are as in `of`."""
        if not self.protected:
            return False
        return any(not found or found in sources for found in self._protected.get(fold(worker_id), ()))

    # Ids are compared without regard to case, though they are otherwise not: to Entra they are the same person, and a
    # hold that misses somebody is worse than one that tells of somebody too many.

    @cached_property
    def _by_id(self) -> dict[str, list[Hold]]:
        found: dict[str, list[Hold]] = {}
        for hold in self.holds:
            found.setdefault(fold(hold.worker), []).append(hold)
        return found

    @cached_property
    def _protected(self) -> dict[str, list[str]]:
        found: dict[str, list[str]] = {}
        for one in self.protected:
            found.setdefault(fold(one.worker), []).append(one.source)
        return found


def _how_long(hold: Hold) -> tuple[bool, str]:
    return hold.until is None, iso(hold.until) if hold.until else ""


def parse_until(text: str) -> datetime:
    """The moment at which a hold ends: after a day (in UTC), or at a time.

    Args:
        text: `2026-12-31`, which counts in full, or a time with its zone such as `2026-12-31T17:00:00+01:00`.

    Raises:
        ValueError: it is neither; the sentence says so.
    """
    try:
        if len(text) == len("2026-12-31"):
            day = datetime.strptime(f"{text}+0000", "%Y-%m-%d%z").date()
            return datetime.combine(day, time(), UTC) + timedelta(days=1)
        moment = datetime.fromisoformat(text)
    except (ValueError, OverflowError):
        moment = None
    if moment is None or moment.tzinfo is None:
        raise ValueError(
            f"'{text[:40]}' is neither a day such as 2026-12-31 nor a time with its zone such as 2026-12-31T17:00Z"
        )
    return moment.astimezone(UTC).replace(microsecond=0)


def until_in_words(until: datetime) -> str:
    """The end of a hold: as a day, where it ends with one."""
    day = _last_day(until)
    return f"the end of {day} (UTC)" if day else iso(until)


def _last_day(until: datetime) -> str:
    """The day, in UTC, with which a hold ends; empty if it ends within one."""
    at = until.astimezone(UTC)
    return (at - timedelta(days=1)).date().isoformat() if at.time() == time() else ""
