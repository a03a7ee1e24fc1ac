"""Time, injected.

Everything that needs the time or has to wait is given a `Clock`; nothing else asks the system for the date. That lets
days pass in seconds in a test.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from zoneinfo import ZoneInfo


@dataclass(frozen=True)
class Clock:
    """Where the time comes from.

    Attributes:
        now: the time, timezone-aware, in UTC.
        sleep: waits so many seconds.
    """

    now: Callable[[], datetime]
    sleep: Callable[[float], None]


SYSTEM_CLOCK = Clock(now=lambda: datetime.now(UTC), sleep=time.sleep)


def iso(moment: datetime) -> str:
    """`moment` as `2026-11-21T06:00:00Z`: UTC, whole seconds; the form of every time we store or send."""
    return _iso(moment)


@lru_cache(maxsize=16_384)  # a few megabytes; most of what is written are midnights of the days of a company
def _iso(moment: datetime) -> str:
    in_utc = moment if moment.tzinfo is UTC else moment.astimezone(UTC)
    return f"{in_utc.isoformat(timespec='seconds')[:19]}Z"  # strftime takes far longer


def parse_iso(text: str) -> datetime:
    """The moment that an ISO 8601 text names; one without an offset is taken as UTC.

    Raises:
        ValueError: it is not an ISO 8601 date and time.
    """
    moment = datetime.fromisoformat(text)
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


def at_place(text: str, zone: str) -> str:
    """A stored time as people at some place read it: `2026-11-21 07:00 (Europe/Berlin)`.

    Args:
        text: as `iso` writes it; an empty one stays empty.
        zone: IANA name of the zone; without one it is UTC.
    """
    if not text:
        return ""
    if zone in ("", "UTC"):
        return f"{parse_iso(text):%Y-%m-%d %H:%M} (UTC)"
    return f"{parse_iso(text).astimezone(ZoneInfo(zone)):%Y-%m-%d %H:%M} ({zone})"
