"""What the tables and blobs say now, as far as somebody may have to be told: one look for all notes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from functools import lru_cache

from shared.clock import iso
from shared.context import Context
from shared.delivery import circuit_breaker, rate_limiter
from shared.errors import MappingError
from shared.holds.look import holds_at as look_at_holds
from shared.mapping.load import configured_names, parse_mapping_of
from shared.mapping.model import MappingFile
from shared.records import extracts
from shared.records.health import Health, load_health
from shared.storage.clients import Storage
from shared.storage.names import CONFIG
from shared.tables.base import columns
from shared.tables.extracts import OUTCOMES, ExtractKind, ExtractRow
from shared.tables.quota import StopRow

WINDOW = timedelta(days=2)
"""How far back files are looked at."""

_EARLY = timedelta(hours=12)  # before the agreed time, in which a file counts as the one that is waited for
_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_COLUMNS = columns(
    ExtractRow.partition_key, ExtractRow.extract, ExtractRow.status, ExtractRow.kind, ExtractRow.arrived_at,
    ExtractRow.read_plan, ExtractRow.superseded_by, ExtractRow.releasing, ExtractRow.rows, ExtractRow.rejected,
    ExtractRow.returned, ExtractRow.held_whole, ExtractRow.missing, ExtractRow.other_names, ExtractRow.failed_before,
    ExtractRow.held_protected, *OUTCOMES,
)  # fmt: skip


@dataclass(frozen=True)
class Quota:
    """The calls of one tenant in 24 hours.

    Attributes:
        tenant: as the ledger names it.
        jobs: our names of its jobs.
        left: calls that anybody may make now.
        calls: that the licence allows.
    """

    tenant: str
    jobs: tuple[str, ...]
    left: int
    calls: int


@dataclass(frozen=True)
class Missed:
    """A file that should have been there.

    Attributes:
        source: the feed.
        due: when it should have been there at the latest, in the mapping's zone.
    """

    source: str
    due: datetime


@dataclass(frozen=True)
class Facts:
    """How everything is.

    Attributes:
        now: when that was.
        extracts: rows of `Extracts`: those that arrived within `WINDOW`, and all with people who are held; no trials.
        stopped: for each stopped job the row that says so.
        health: of the jobs that somebody has had a reason to look at.
        quotas: of the tenants.
        missed: files that should be there and are not.
        holds_fault: why the list of accounts on hold cannot be used; empty if it can.
        unusable: the sources whose mapping in `hr-config` is wrong.
    """

    now: datetime
    extracts: Sequence[ExtractRow]
    stopped: Mapping[str, StopRow]
    health: Sequence[Health]
    quotas: Sequence[Quota]
    missed: Sequence[Missed]
    holds_fault: str = ""
    unusable: Sequence[str] = ()


def facts_now(context: Context) -> Facts:
    """How everything is now."""
    storage, now = context.storage, context.clock.now()
    text = "ArrivedAt ge @since or Held gt 0"
    found = extracts.everywhere(storage, text, _COLUMNS, since=iso(now - WINDOW))
    rows = [row for row in found if row.kind != ExtractKind.TRIAL]
    jobs = sorted(context.settings.endpoints)
    standing = circuit_breaker.stopped_now(storage)
    stopped = {job: row for job in jobs if (row := standing.stopped(job))}
    health = [known for job in jobs if (known := load_health(storage, job))]
    fault = look_at_holds(storage, now).fault
    # Only mappings in `hr-config` are looked at: those that are shipped are right, and agree on no time.
    found_now = {source: _mapping_of(storage, source) for source in configured_names(storage)}
    mappings = {source: mapping for source, mapping in found_now.items() if mapping}
    unusable = sorted(found_now.keys() - mappings.keys())
    missed = _missed(mappings, rows, now)
    return Facts(now, rows, stopped, health, _quotas(context, jobs), missed, fault, unusable)


def _quotas(context: Context, jobs: Sequence[str]) -> list[Quota]:
    tenants: dict[str, list[str]] = {}
    for job in jobs:
        tenants.setdefault(rate_limiter.tenant_of(context.endpoint(job)), []).append(job)
    return [
        Quota(tenant, tuple(names), rate_limiter.remaining(context, names[0]).calls, context.settings.daily_calls)
        for tenant, names in tenants.items()
    ]


def _missed(mappings: Mapping[str, MappingFile], rows: Sequence[ExtractRow], now: datetime) -> list[Missed]:
    """The files that should be there by the word of a mapping, and are not."""
    found = []
    for source, mapping in mappings.items():
        if due := due_today(mapping, now):
            since = iso(due - _EARLY)
            if now >= due and not any(_is_file_of(row, source, since) for row in rows):
                found.append(Missed(source, due))
    return found


def _mapping_of(storage: Storage, source: str) -> MappingFile | None:
    """The mapping of a source in `hr-config`; None if it is wrong."""
    return _parsed(storage.container(CONFIG).download_blob(f"{source}.yaml").readall(), source)


@lru_cache(maxsize=64)
def _parsed(data: bytes, source: str) -> MappingFile | None:
    try:
        return parse_mapping_of(source, data, f"{source}.yaml").mapping
    except MappingError:
        return None


def due_today(mapping: MappingFile, now: datetime) -> datetime | None:
    """By when a file has to be there on the day that it is now in the mapping's zone; None if none has to."""
    if mapping.expected_by is None:
        return None
    zone = mapping.dates.place
    today = now.astimezone(zone).date()
    if mapping.expected_days and _DAYS[today.weekday()] not in mapping.expected_days:
        return None
    return datetime.combine(today, time.fromisoformat(mapping.expected_by), zone)


def _is_file_of(row: ExtractRow, source: str, since: str) -> bool:
    is_file = row.partition_key == source and row.kind == ExtractKind.FILE and not row.returned
    return is_file and row.arrived_at >= since
