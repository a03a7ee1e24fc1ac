"""The reporting timer: Entra's log since a watermark, into `ProvisioningEvents`, `Workers` and the counts of extracts.

The watermark moves only after everything before it is written, and entries are read again over an overlap, because
Graph delivers them late and out of order. Reading an entry twice changes nothing.
"""

from __future__ import annotations

import json
import logging
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import islice
from typing import Any

from azure.core.exceptions import AzureError, ResourceNotFoundError

from shared.clock import iso, parse_iso
from shared.context import Context
from shared.entra.logs import LogEntry, entries_since
from shared.errors import RollcallError
from shared.model import ExtractRef
from shared.outcomes.verdict import verdict
from shared.records import keys, pages, progress, story
from shared.records.names import ACCOUNTS, EVENTS, PAGES, STATE, WORKERS
from shared.records.people import account_key, worker_key
from shared.records.rows import Key, Values, change_rows, put_rows, read_rows
from shared.records.storage import Storage

logger = logging.getLogger(__name__)

_OVERLAP = timedelta(minutes=15)  # entries turn up 5 to 10 minutes late
_MOST_ENTRIES = 10_000  # at once: 20 requests, which Graph's budget lets take 50 seconds
_SECOND = timedelta(seconds=1)
_SHORTEST_SLICE = timedelta(minutes=1)
_LONGEST_RUN = timedelta(minutes=5)  # a function is stopped after 10
_FIRST_LOOK = timedelta(days=1)  # how far back the very first reading goes
_LAST_MOMENT = 10**15  # milliseconds; inverts a time so that the newest entry of a person sorts first


@dataclass(frozen=True)
class Watermark:
    """How far the log of a job has been read.

    Attributes:
        at: the newest entry.
        seen: ids of the entries of the overlap that need no second look.
        slice: how much time is read at once, while there is more to read than can be read in one go.
    """

    at: datetime
    seen: frozenset[str]
    slice: timedelta | None = None


def report(context: Context) -> None:
    """Read the logs of every job. A job whose log cannot be read does not keep the others from being read.

    Raises:
        Exception: the first fault, after all jobs have had their turn.
    """
    faults: list[Exception] = []
    for job in context.settings.endpoints:
        try:
            report_job(context, job)
        except (RollcallError, AzureError) as error:
            logger.warning("The provisioning log of job %s could not be read: %s", job, error, extra={"job": job})
            faults.append(error)
    if faults:
        raise faults[0]


def report_job(context: Context, job: str) -> None:
    """Read one job's log and write what it says.

    What is more than can be read in one go is read in slices of time, each half as long as the one that was too much,
    and the watermark moves after each. A run that takes long stops; the next one goes on.
    """
    watermark = load_watermark(context, job)
    started = context.clock.now()
    # What turns up late is young; while old entries are being caught up with, it need not be looked for.
    since = watermark.at - (_SECOND if watermark.slice else _OVERLAP)
    length = watermark.slice
    recent: dict[str, datetime] = {}
    while (now := context.clock.now()) - started < _LONGEST_RUN:
        until = since + length if length and since + length < now else None
        found = entries_since(context.graph, context.endpoint(job), since, until)
        entries = list(islice(found, _MOST_ENTRIES + 1))
        if len(entries) > _MOST_ENTRIES:
            length = ((until or now) - since) / 2
            if length >= _SHORTEST_SLICE:
                watermark = replace(watermark, slice=length)
                save_watermark(context.storage, job, watermark)
                continue
            entries += found  # so many in so short a time: no way around reading them
        recent |= {entry.id: entry.at for entry in entries}
        newest = max([watermark.at, *(entry.at for entry in entries), *([until] if until else [])])
        watermark = _take_note(context, job, entries, watermark, newest, length if until else None, recent)
        if until is None:
            return
        since = until - _SECOND  # filters know whole seconds only, and both ends are left out


def _take_note(
    context: Context,
    job: str,
    entries: Sequence[LogEntry],
    watermark: Watermark,
    newest: datetime,
    length: timedelta | None,
    recent: Mapping[str, datetime],
) -> Watermark:
    """Write what new entries say, then move the watermark to `newest`."""
    new = [entry for entry in entries if entry.id not in watermark.seen]
    if not new and (newest, length) == (watermark.at, watermark.slice):
        return watermark
    write_events(context.storage, job, new)
    # A verdict needs all that is known of a person, not only what has come since the last reading.
    people = {entry.external_id for entry in new}
    early = apply(context, job, [entry for entry in entries if entry.external_id in people]) if new else set()
    seen = {entry_id for entry_id, at in recent.items() if at > newest - _OVERLAP - _SECOND}
    moved = Watermark(newest, frozenset(seen - early), length)
    save_watermark(context.storage, job, moved)
    logger.info("%d new log entries of job %s", len(new), job, extra={"job": job, "entries": len(new)})
    return moved


def apply(context: Context, job: str, entries: Sequence[LogEntry]) -> set[str]:
    """Write what entries say about people to their rows, and count the pages and extracts concerned anew.

    Returns:
        The ids of entries that came before we had written that the person was sent; they need a second look.
    """
    by_person: defaultdict[str, list[LogEntry]] = defaultdict(list)
    for entry in entries:
        by_person[entry.external_id].append(entry)
    accounts = read_rows(
        context.storage.table(ACCOUNTS),
        [account_key(job, external_id) for external_id in by_person],
        select=("Claims",),
    )
    rows: dict[Key, str] = {}
    touched: set[tuple[str, str, int]] = set()
    for key, account in accounts.items():
        external_id = keys.decode(key.row)
        for source, (extract, page) in json.loads(account["Claims"]).items():
            rows[worker_key(source, external_id)] = external_id
            touched.add((source, extract, page))
    early: set[str] = set()

    def change(key: Key, row: Values | None) -> Values | None:
        entries = by_person[rows[key]]
        if row is None or row["Status"] == story.QUEUED:
            early.update(entry.id for entry in entries if row and entry.at >= parse_iso(row["QueuedAt"]))
            return None
        if not row.get("UploadedAt") or row["Status"] not in (story.UPLOADED, *story.ANSWERED):
            return None
        found = verdict(entries, parse_iso(row["UploadedAt"]))
        if found is None or (row["ResolvedAt"] and found.at < parse_iso(row["ResolvedAt"])):
            return None
        return found.values

    change_rows(context.storage.table(WORKERS), rows, change, select=("Status", "QueuedAt", "UploadedAt", "ResolvedAt"))
    recount(context, touched)
    return early


def recount(context: Context, touched: Iterable[tuple[str, str, int]]) -> None:
    """Count pages (source, extract id, number) anew, then their extracts."""
    by_extract: defaultdict[ExtractRef, list[int]] = defaultdict(list)
    for source, extract, number in touched:
        by_extract[ExtractRef(extract, source)].append(number)
    for ref, numbers in by_extract.items():
        rows = read_rows(
            context.storage.table(PAGES), [pages.page_key(ref.id, number) for number in numbers], select=("Plan",)
        )
        for key, row in rows.items():
            with suppress(ResourceNotFoundError):  # an old plan that somebody has cleared away
                progress.recount_page(context.storage, ref, row["Plan"], int(key.row))
        progress.refresh(context.storage, ref, context.clock.now())


def write_events(storage: Storage, job: str, entries: Iterable[LogEntry]) -> None:
    """Store entries, each under its own key, so that one that is read twice is stored once."""
    put_rows(storage.table(EVENTS), {_event_key(job, entry): _event(entry) for entry in entries})


def load_watermark(context: Context, job: str) -> Watermark:
    """How far the job's log has been read; a day back if it never was."""
    try:
        state = json.loads(context.storage.container(STATE).download_blob(_path(job)).readall())
    except ResourceNotFoundError:
        return Watermark(context.clock.now() - _FIRST_LOOK, frozenset())
    length = timedelta(seconds=state["slice"]) if state.get("slice") else None
    return Watermark(parse_iso(state["at"]), frozenset(state["seen"]), length)


def save_watermark(storage: Storage, job: str, watermark: Watermark) -> None:
    """Remember how far the job's log has been read."""
    length = watermark.slice.total_seconds() if watermark.slice else None
    body = json.dumps({"at": watermark.at.isoformat(), "seen": sorted(watermark.seen), "slice": length})
    storage.container(STATE).upload_blob(_path(job), body.encode(), overwrite=True)


def _path(job: str) -> str:
    return f"watermarks/{job}.json"


def _event_key(job: str, entry: LogEntry) -> Key:
    inverted = _LAST_MOMENT - int(entry.at.timestamp() * 1000)
    return Key(keys.event_partition(job, entry.external_id), f"{inverted:015d}-{keys.encode(entry.id)}")


def _event(entry: LogEntry) -> dict[str, Any]:
    return {
        "EventId": entry.id,
        "At": iso(entry.at),
        "WorkerId": entry.external_id,
        "TargetId": entry.target_id,
        "ChangeId": entry.change_id,
        "Action": entry.action,
        "Status": entry.status,
        "ErrorCode": entry.code,
        "Reason": entry.reason,
    }
