"""Quarantine of the provisioning jobs: a row of `Quota` for each job that is, or was, in it.

A job that is long in quarantine takes uploads and processes none of them, and the restart that ends it throws away what
it was sent (Microsoft's troubleshooting page of API-driven provisioning, July 2026). So nothing is sent into it, and
what was sent into it before that was noticed is sent again once the job has run for a while.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from shared.clock import iso, parse_iso
from shared.storage.clients import Storage
from shared.storage.names import STOPS
from shared.storage.rows import Key, read_rows, replace_row
from shared.tables.quota import StopRow

STOPS_PARTITION = "stops"  # of all rows of `Quota` that keep pages from being sent; they are read together


@dataclass(frozen=True)
class Quarantine:
    """A quarantine of a job.

    Attributes:
        since: when it was first found.
        reason: a sentence for support.
        next_step: what to do about it.
        checked_at: when it was last known to last.
        ended_at: when the job was found running again; None as long as it was not.
    """

    since: datetime
    reason: str
    next_step: str
    checked_at: datetime
    ended_at: datetime | None = None


def quarantine_row_key(job: str) -> str:
    """RowKey of a job's quarantine."""
    return f"quarantine|{job}"


def stop_key(job: str) -> Key:
    """Key of the row that says whether delivery has stopped a job; see `shared.delivery.circuit_breaker`."""
    return Key(STOPS_PARTITION, f"job|{job}")


def load_quarantine(storage: Storage, job: str) -> Quarantine | None:
    """The last quarantine of a job; None if it was never found in one."""
    key = Key(STOPS_PARTITION, quarantine_row_key(job))
    row = read_rows(storage.table(STOPS), [key]).get(key)
    if row is None:
        return None
    return Quarantine(
        since=parse_iso(row.since),
        reason=row.reason,
        next_step=row.next_step,
        checked_at=parse_iso(row.checked_at),
        ended_at=parse_iso(row.ended_at) if row.ended_at else None,
    )


def save_quarantine(storage: Storage, job: str, quarantine: Quarantine) -> None:
    """Remember a quarantine; whoever looks at a job is the only one who does."""
    row = StopRow(
        since=iso(quarantine.since),
        reason=quarantine.reason,
        next_step=quarantine.next_step,
        checked_at=iso(quarantine.checked_at),
        ended_at=iso(quarantine.ended_at) if quarantine.ended_at else "",
    )
    replace_row(storage.table(STOPS), Key(STOPS_PARTITION, quarantine_row_key(job)), row)
