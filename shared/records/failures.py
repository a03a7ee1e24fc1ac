"""How often a file has met a fault of our own, and when that is often enough to give it up."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from shared.clock import iso, parse_iso
from shared.model import ExtractRef
from shared.records import extracts
from shared.storage.clients import Storage
from shared.tables.extracts import ExtractRow

_MOST = 5
_APART = timedelta(minutes=1)


@dataclass(frozen=True)
class Failures:
    """The failures of a file, as far as they count.

    The trigger tries five times within a second, and an event may come twice: only failures a minute apart say that the
    fault does not pass.

    Attributes:
        count: how many count.
        at: when the last of them was, in whole seconds; None if there was none.
    """

    count: int = 0
    at: datetime | None = None

    @classmethod
    def of(cls, row: ExtractRow) -> Failures:
        """Those that the row of an extract tells of."""
        at = row.failed_at
        return cls(row.failures, parse_iso(at) if at else None)

    def another(self, now: datetime) -> Failures:
        """These and one that has happened now, which counts if the last that counted was a minute ago."""
        if self.at is not None and timedelta(0) <= now - self.at < _APART:
            return self
        return Failures(self.count + 1, parse_iso(iso(now)))

    @property
    def are_enough(self) -> bool:
        """Whether the file is given up."""
        return self.count >= _MOST


def count_failure(storage: Storage, ref: ExtractRef, now: datetime) -> Failures:
    """Count a failure of an extract on its row; returns those that count by now."""
    before = Failures.of(extracts.load_extract(storage, ref))
    after = before.another(now)
    if after != before:
        extracts.save_extract(storage, ref, ExtractRow(failures=after.count, failed_at=iso(now)))
    return after
