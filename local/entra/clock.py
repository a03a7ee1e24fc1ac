"""Time, as everything here asks for it."""

from collections.abc import Callable
from datetime import UTC, datetime

Clock = Callable[[], datetime]


def system_clock() -> datetime:
    """The present, in UTC."""
    return datetime.now(UTC)


def timestamp(at: datetime) -> str:
    """A time as Graph writes it: UTC, ISO 8601, fraction only if there is one."""
    return at.astimezone(UTC).isoformat().replace("+00:00", "Z")
