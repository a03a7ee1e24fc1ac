"""Remove what is held about one person, and say what was removed and what cannot be.

Plans keep counts that add up, so whoever is forgotten stays in them as somebody without a name: an id that was made up,
and no record.
"""

from __future__ import annotations

import json
import logging
import uuid
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar

from azure.core.exceptions import ResourceNotFoundError

from shared.clock import iso
from shared.context import Context
from shared.errors import TerminalError
from shared.holds.hold_rows import read_all, remove
from shared.holds.holds_file import HOLDS_PATH
from shared.hr_outbox.history import HISTORY
from shared.records import created, extracts, pages, same_people
from shared.records.people import account_key, pack, unpack, worker_key
from shared.records.rosters import forget_rosters
from shared.records.snapshots import forget_snapshots
from shared.retention.removal import delete_rows
from shared.storage import keys
from shared.storage.clients import Storage
from shared.storage.listing import first_rows
from shared.storage.names import ACCOUNTS, DUE, EVENTS, INBOX, OUTBOX, STATE, WORKERS, TableName
from shared.storage.rows import Key, change_rows, delete_row, query, read_rows
from shared.tables.accounts import AccountRow, said_column, said_of
from shared.tables.base import Keyed, columns
from shared.tables.due import DueRow
from shared.tables.events import EventRow
from shared.tables.quota import HoldKind
from shared.tables.workers import WorkerRow, WorkerStatus
from shared.wording import worker_status

logger = logging.getLogger(__name__)

_T = TypeVar("_T")


class ForgetRefused(TerminalError):  # noqa: N818
    """It is not done; the sentence says why."""


@dataclass(frozen=True)
class Forgotten:
    """What became of it.

    Attributes:
        removed: how many of each kind, in the order in which they are told.
        kept: sentences on what is still there, and where.
    """

    removed: Mapping[str, int]
    kept: Sequence[str]


@dataclass(frozen=True)
class ForgetOrder:
    """Who wants somebody forgotten.

    Attributes:
        by: a name.
        reason: why.
        whatever: also while something is queued or being sent.
    """

    by: str
    reason: str
    whatever: bool = False


def forget(context: Context, worker_id: str, sources: Sequence[str], order: ForgetOrder) -> Forgotten:
    """Remove what is held about a worker.

    Args:
        context: what everything works with.
        worker_id: exactly as in HR's file.
        sources: of these sources only; the account and Entra's log go once no other source names the person.
        order: who orders it, and why.

    Raises:
        ForgetRefused: nothing is held about the worker, files are being read at this moment, or something is queued and
            that is not to be ignored.
    """
    if not order.by.strip() or not order.reason.strip():
        raise ForgetRefused("Say who orders it (--by NAME) and why (--reason TEXT); both are recorded")
    storage = context.storage
    found = {source: worker_key(source, worker_id) for source in sources}
    jobs = _jobs(storage) | set(context.settings.endpoints)
    accounts = read_rows(storage.table(ACCOUNTS), [account_key(job, worker_id) for job in jobs])
    workers = read_rows(storage.table(WORKERS), found.values())
    _refuse_while_busy(storage, sources, workers, accounts, whatever=order.whatever)

    removed: Counter[str] = Counter()
    kept: list[str] = []
    kept += _forget_workers(storage, found, workers, removed)
    kept += _forget_accounts(storage, sources, accounts, removed)
    if not any(_others(row, sources) for row in accounts.values()):
        _forget_log(storage, worker_id, jobs, removed)
    older = same_people.read(storage).older(worker_id)
    kept += [f"What is held about {one}, by which the person is known; forget that id too." for one in sorted(older)]
    removed["new ids"] = len(same_people.forget_new_ids(storage, worker_id))
    kept += _forget_holds(storage, worker_id, sources, removed, context.clock.now())
    left = 0
    for source in sources:
        count, busy = _clear_plans(storage, source, worker_id)
        removed["entries of plans"] += count
        left += busy
        if busy:
            kept.append(f"Plans of {source}: pages that are not finished: {busy}. Repeat this when they are.")
    kept += _files_of_hr(storage, sources)
    kept.append("Accounts of people who report to the person: their manager's id.")
    kept.append("Entra: the account and its provisioning log. Nothing is sent by this.")
    done = {kind: count for kind, count in removed.items() if count}
    if not done and not left:
        raise ForgetRefused(
            f"Nothing is held about the worker '{worker_id}' of {', '.join(sources) or 'any source'}, so nothing was "
            "removed. Ids are compared letter by letter, leading zeros included; HR's own files and their copies were "
            "not looked into"
        )
    _record(storage, order.by, order.reason, done, context.clock.now())
    return Forgotten(done, kept)


def _forget_workers(
    storage: Storage, found: Mapping[str, Key], workers: Mapping[Key, WorkerRow], removed: Counter[str]
) -> Iterator[str]:
    """Remove the rows of the results table, by source; what stays is told."""
    told = {
        (source, day)
        for source, key in found.items()
        for account in created.created_of(workers.get(key, WorkerRow()))
        for day in account.days
    }
    created.mark(storage, told)  # before, in case this is cut off, and again when nobody can find the row any more
    removed["rows of Workers"] = _delete(storage, WORKERS, found.values())
    created.mark(storage, told)
    if told:
        yield (
            f"{OUTBOX}/: the person is in lists of created accounts ({len(told)}); the app writes them anew within "
            "minutes, without the person."
        )


def _forget_accounts(
    storage: Storage, sources: Sequence[str], accounts: Mapping[Key, AccountRow], removed: Counter[str]
) -> list[str]:
    """Remove the accounts' rows, or only what `sources` said where another source names the person.

    Returns:
        What stays, and why.
    """
    kept = []
    whole = [key for key, row in accounts.items() if not _others(row, sources)]
    for key in accounts.keys() - set(whole):
        removed["claims in Accounts"] += _withdraw(storage, key, sources)
        named = ", ".join(sorted(_others(accounts[key], sources)))
        kept.append(f"Accounts and Entra's log: the person is also named by {named}.")
    removed["rows of Accounts"] = _delete(storage, ACCOUNTS, whole)
    forget_snapshots(storage)
    forget_rosters(storage, sources)
    return kept


def _forget_log(storage: Storage, worker_id: str, jobs: Collection[str], removed: Counter[str]) -> None:
    """Remove the dates of somebody whom no source names any more, and Entra's log."""
    dues = query(storage.table(DUE), "ExternalId eq @id", columns(DueRow.partition_key, DueRow.row_key), id=worker_id)
    removed["rows of Due"] = delete_rows(storage, DUE, list(dues))
    for job in jobs:
        partition = keys.event_partition(job, worker_id)
        events = query(
            storage.table(EVENTS),
            "PartitionKey eq @one",
            columns(EventRow.partition_key, EventRow.row_key),
            one=partition,
        )
        removed["entries of Entra's log"] += delete_rows(storage, EVENTS, list(events))


def _forget_holds(
    storage: Storage, worker_id: str, sources: Sequence[str], removed: Counter[str], now: datetime
) -> Iterator[str]:
    """Remove holds that are over. One that is in force stays: without it the next file would open the account."""
    rows = [row for row in read_all(storage) if row.worker == worker_id and (not row.source or row.source in sources)]
    over = [row for row in rows if row.kind == HoldKind.ORDER and not row.is_in_force(now) and not row.applied]
    for row in over:
        remove(storage, row)
    removed["holds that are over"] += len(over)
    for row in rows:
        if row not in over:
            of_source = f" --source {row.source}" if row.source else ""
            how = (
                f"end it first: python -m cli unhold {worker_id}{of_source} --by NAME --reason TEXT"
                if row.kind == HoldKind.ORDER
                else f"take the entry out of {HOLDS_PATH}"
            )
            yield f"Quota: the person is on hold or protected; the id and why stay as long as that counts ({how})."


def _refuse_while_busy(
    storage: Storage, sources: Sequence[str], workers: Mapping[Key, WorkerRow], accounts: Mapping[Key, AccountRow],
    *, whatever: bool,
) -> None:  # fmt: skip
    planned = [row for row in extracts.unfinished(storage, extracts.UNREAD) if row.partition_key in sources]
    if planned:
        raise ForgetRefused(
            f"Extract {planned[0].extract} of source {planned[0].partition_key} is being read or planned at this "
            "moment, and would bring the person back; try again when it is done"
        )
    waits = any(row.sent_status in (WorkerStatus.QUEUED, *worker_status.UNANSWERED) for row in workers.values())
    if not whatever and (waits or any(row.pending for row in accounts.values())):
        raise ForgetRefused(
            "Something about the person is queued, or was sent and has no answer yet. Wait for it, or add --yes: what "
            "is not sent yet is then not sent, and what became of the rest is not recorded"
        )


def _jobs(storage: Storage) -> set[str]:
    """The jobs that have an account, also those that no setting names any more; one read of one row for each."""
    found: set[str] = set()
    after = ""
    while True:
        rows, _ = first_rows(
            storage.table(ACCOUNTS), "PartitionKey gt @after", columns(AccountRow.partition_key), 1, after=after
        )
        if not rows:
            return found
        job = keys.owner(rows[0].partition_key)
        found.add(job)
        after = f"{job}}}"  # the brace comes right after the bar that ends a job's name


def _others(row: AccountRow, sources: Sequence[str]) -> set[str]:
    """The other sources that name a person."""
    return {*said_of(row), *unpack(row.claims)} - set(sources)


def _withdraw(storage: Storage, key: Key, sources: Sequence[str]) -> int:
    """Take what some sources say out of an account that others name, too; 0 if they say nothing."""
    found = False

    def change(_key: Key, row: AccountRow | None) -> AccountRow | None:
        nonlocal found
        found = False
        if row is None:
            return None
        said, claims = said_of(row), unpack(row.claims)
        found = not {*said, *claims}.isdisjoint(sources)
        if not found:
            return None
        return AccountRow(said=said_column(_without(said, sources)), claims=pack(_without(claims, sources)))

    change_rows(storage.table(ACCOUNTS), [key], change)
    return int(found)


def _without(values: Mapping[str, _T], names: Sequence[str]) -> dict[str, _T]:
    return {name: value for name, value in values.items() if name not in names}


def _delete(storage: Storage, table: TableName[Any], found: Iterable[Key]) -> int:
    there = read_rows(storage.table(table), found, select=columns(Keyed.partition_key, Keyed.row_key))
    for key in there:
        delete_row(storage.table(table), key)
    return len(there)


# Plans


def _clear_plans(storage: Storage, source: str, worker_id: str) -> tuple[int, int]:
    """Take a person out of all plans of a source; how many entries there were, and how many pages are left alone."""
    container = storage.container(STATE)
    written = json.dumps(worker_id, ensure_ascii=False).encode()
    cleared = busy = 0
    for path in container.list_blob_names(name_starts_with=f"plans/{source}/"):
        if not path.endswith(".json"):
            continue
        try:
            data = container.download_blob(path).readall()
        except ResourceNotFoundError:
            continue
        if written not in data:
            continue
        if _is_under_way(storage, path):
            busy += 1
            continue
        body, count = _cleared(json.loads(data), worker_id)
        if count:
            text = json.dumps(body, ensure_ascii=False, separators=(",", ":"))
            container.upload_blob(path, text.encode(), overwrite=True)
        cleared += count
    return cleared, busy


def _is_under_way(storage: Storage, path: str) -> bool:
    """Whether a blob is a page that is still to be sent."""
    *_, extract, _, name = path.split("/")
    number = name.removesuffix(".json")
    if not number.isdecimal() or path.split("/")[-2] == "quiet":
        return False
    return any(row.row_key == number and row.status not in pages.FINISHED for row in pages.page_rows(storage, extract))


def _cleared(body: Any, worker_id: str) -> tuple[Any, int]:  # noqa: ANN401
    """A part of a plan without a person, and how many entries spoke of the person."""
    if isinstance(body, dict) and "people" in body:  # a page, or a correction
        people, count = _cleared(body["people"], worker_id)
        return {**body, "people": people}, count
    if not isinstance(body, list):
        return body, 0
    found = [_entry(entry, worker_id) for entry in body]
    kept = [new for new in found if new is not None]
    return kept, sum(new != old for new, old in zip(found, body, strict=True))


def _entry(entry: Any, worker_id: str) -> Any:  # noqa: ANN401
    """An entry of a list in a plan: as it is, or without the person; None where nothing has to stay."""
    if entry == worker_id:
        return None
    if not isinstance(entry, dict):
        return entry
    if "planned" in entry:  # somebody who is not sent
        return {**entry, "planned": _entry(entry["planned"], worker_id)}
    if "worker" in entry:
        if entry["worker"]["worker_id"] != worker_id:
            return entry
        nobody = f"forgotten-{uuid.uuid4().hex[:12]}"
        worker = {**entry["worker"], "worker_id": nobody, "user": {"externalId": nobody, "active": False}}
        return {
            **entry,
            "worker": worker,
            "said": "",
            "claim": None,
            "changed": [],
            "warning": "",
            "circle": "",
            "reason": "",
            "awaits": [],
        }
    if entry.get("id") == worker_id:  # held
        return None
    if worker_id in (entry.get("worker_id"), entry.get("tentative_id")):  # rejected
        blank = dict.fromkeys(("worker_id", "tentative_id", "display_name", "user_name"), "")
        return {**entry, **blank, "reason": "The person has been forgotten."}
    return entry


# What is left


def _files_of_hr(storage: Storage, sources: Sequence[str]) -> Iterator[str]:
    for source in sources:
        places = [
            (INBOX, f"{source}/", "files as HR delivered them, which HR removes"),
            (
                STATE,
                f"extracts/{source}/",
                "copies of HR's files, until ROLLCALL_KEEP_EXTRACTS_DAYS",
            ),
            (OUTBOX, f"{source}/", "summaries and rejected rows for HR, until ROLLCALL_KEEP_OUTBOX_DAYS"),
        ]
        for container, prefix, what in places:
            names = storage.container(container).list_blob_names(name_starts_with=prefix)
            count = sum(not name.endswith(f"/{HISTORY}") for name in names)  # which names files only
            if count:
                yield f"{container}/{prefix}: {what}: {count}. The person may be in them."
        rejects = sum(
            "/rejects." in path and not path.endswith(".json")
            for path in storage.container(STATE).list_blob_names(name_starts_with=f"plans/{source}/")
        )
        if rejects:
            yield f"{STATE}/plans/{source}/: files of rejected rows, which go with their extracts: {rejects}."


def _record(storage: Storage, by: str, reason: str, removed: Mapping[str, int], now: datetime) -> None:
    """Keep that somebody was forgotten, by whose order and why, and not who."""
    body = {"at": iso(now), "by": by, "reason": reason, "removed": dict(removed)}
    path = f"forgotten/{now:%Y%m%dT%H%M%SZ}-{uuid.uuid4().hex[:8]}.json"
    storage.container(STATE).upload_blob(path, json.dumps(body, ensure_ascii=False).encode())
    logger.info("A person was forgotten by order: %s", dict(removed))
