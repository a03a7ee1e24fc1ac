"""The `Due` table: who must be looked at when. Found by time, so that nobody has to look at everybody."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from shared.clock import iso, parse_iso
from shared.storage import keys
from shared.storage.clients import Storage
from shared.storage.names import DUE
from shared.storage.rows import Key, delete_row, delete_together, in_chunks, key_of, put_rows, query
from shared.storage.transactions import MOST_ROWS
from shared.tables.base import columns
from shared.tables.due import DueReason, DueRow


@dataclass(frozen=True, slots=True)
class Due:
    """One account that must be looked at.

    Attributes:
        at: when.
        job: of the account.
        external_id: of the account.
        why: `DATE` or `RESEND`.
    """

    at: datetime
    job: str
    external_id: str
    why: DueReason = DueReason.DATE


def schedule(storage: Storage, dues: Iterable[Due]) -> None:
    """Remember to look at accounts. Doing it again changes nothing; what is not true any more then does no harm."""
    rows: dict[Key, DueRow] = {
        _key(due): DueRow(at=iso(due.at), job=due.job, external_id=due.external_id, why=due.why) for due in dues
    }
    if rows:
        put_rows(storage.table(DUE), rows)


def due_until(storage: Storage, now: datetime, job: str) -> Iterator[Due]:
    """What is due by `now` for a job, by the hour in which it fell due."""
    rows = query(
        storage.table(DUE),
        "PartitionKey le @hour and At le @now and Job eq @job",
        hour=_hour(now),
        now=iso(now),
        job=job,
    )
    for row in rows:
        yield Due(parse_iso(row.at), row.job, row.external_id, row.why)


def remove_dues(storage: Storage, dues: Iterable[Due]) -> None:
    """Remove what has been looked at; what is gone already is no fault."""
    table = storage.table(DUE)
    by_hour: dict[str, list[Key]] = {}
    for due in dues:
        key = _key(due)
        by_hour.setdefault(key.partition, []).append(key)
    for hour, found in by_hour.items():
        there = {
            row.row_key for row in query(table, "PartitionKey eq @hour", select=columns(DueRow.row_key), hour=hour)
        }
        for chunk in in_chunks([key for key in found if key.row in there], MOST_ROWS):
            delete_together(table, chunk)


def await_managers(
    storage: Storage, job: str, managers: Mapping[str, Sequence[str]], why: DueReason = DueReason.DATE
) -> None:
    """Remember who (externalId) waits for which managers, so that they are found when one of these comes.

    Those who wait for a manager in HR's data (`DATE`) and at Entra (`RESEND`) are kept apart.
    """
    rows: dict[Key, DueRow] = {
        Key(_awaited(job, why, manager), keys.encode(external_id)): DueRow(manager=manager, external_id=external_id)
        for external_id, awaited in managers.items()
        for manager in awaited
    }
    if rows:
        put_rows(storage.table(DUE), rows)


@dataclass(frozen=True, slots=True)
class Awaited:
    """Who waits for which manager.

    Attributes:
        job: of the accounts.
        why: `DATE` or `RESEND`: where the managers are awaited.
        rows: one for each person and manager.
    """

    job: str
    why: DueReason
    rows: Sequence[DueRow]


def awaited(storage: Storage, job: str, why: DueReason = DueReason.DATE) -> Awaited:
    """Who waits for which manager."""
    text = "PartitionKey ge @first and PartitionKey lt @last"
    return Awaited(job, why, list(query(storage.table(DUE), text, **_all_awaited(job, why))))


def wake(storage: Storage, waiting: Awaited, arrived: Collection[str], at: datetime) -> None:
    """Have those looked at whose managers have arrived.

    Args:
        storage: the account with HR data.
        waiting: who waits.
        arrived: externalIds of the managers.
        at: when they are looked at.
    """
    found = [row for row in waiting.rows if row.manager in arrived]
    schedule(storage, (Due(at, waiting.job, row.external_id, waiting.why) for row in found))
    for row in found:
        delete_row(storage.table(DUE), key_of(row))


def _awaited(job: str, why: DueReason, manager: str) -> str:
    return keys.encode(f"manager|{job}|{why}|{manager}")


def _all_awaited(job: str, why: DueReason) -> dict[str, str]:
    first, last = keys.range_of(f"manager|{job}|{why}")
    return {"first": first, "last": last}


def _key(due: Due) -> Key:
    # With the time, so that what is scheduled within an hour of something else neither moves it nor goes with it.
    return Key(_hour(due.at), keys.encode(f"{due.job}|{due.external_id}|{due.why}|{iso(due.at)[14:19]}"))


def _hour(at: datetime) -> str:
    return iso(at)[:13]
