"""`Workers` and `Accounts`: what support reads about a person, and what Entra should have and has.

Both carry the *sequence* of the extract they come from: the time of HR's file, then the time it was registered, then
the extract. Whoever holds older data finds a newer sequence and leaves the row alone, so that a late or repeated piece
of work never puts older data over newer.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import Any

from shared.model import ExtractRef, Page, Reject, ScimUser, Worker
from shared.records import keys, story
from shared.records.names import ACCOUNTS, WORKERS
from shared.records.rows import Key, Values, change_rows, read_rows
from shared.records.storage import Storage


def worker_key(source: str, worker_id: str) -> Key:
    """Key of a person's row in `Workers`."""
    return Key(keys.worker_partition(source, worker_id), keys.encode(worker_id))


def account_key(job: str, external_id: str) -> Key:
    """Key of a row in `Accounts`."""
    return Key(keys.account_partition(job, external_id), keys.encode(external_id))


def pack(user: ScimUser) -> bytes:
    """A SCIM user, compressed for `Accounts.Record`."""
    return zlib.compress(json.dumps(user, ensure_ascii=False, separators=(",", ":")).encode())


def unpack(record: bytes) -> ScimUser:
    """The SCIM user in `Accounts.Record`."""
    user: ScimUser = json.loads(zlib.decompress(record))
    return user


def note_planned(
    storage: Storage,
    ref: ExtractRef,
    job: str,
    page: Page,
    *,
    file: str,
    sequence: str,
    fingerprint: Callable[[ScimUser], str],
    at: datetime,
) -> set[tuple[str, str, int]]:
    """Write that the people of a page are to have these records, before the page may be sent.

    Calling it again changes nothing and returns the same; people whom a newer extract has planned meanwhile are left
    alone.

    Returns:
        The pages (source, extract id, number) that these people were in before.
    """
    workers = {worker.worker_id: worker for worker in page.workers}
    before: set[tuple[str, str, int]] = set()

    def account(key: Key, row: Values | None) -> Values | None:
        if row and row["Sequence"] > sequence:
            return None
        if row and row["Sequence"] == sequence:  # written before a crash
            before.update((source, extract, number) for source, extract, number in json.loads(row["Before"]))
            return None
        worker = workers[keys.decode(key.row)]
        was = [(row["Source"], row["Extract"], row["Page"])] if row else []
        before.update(was)
        claims = json.loads(row["Claims"]) if row else {}
        return {
            "ExternalId": worker.worker_id,
            "Pending": fingerprint(worker.user),
            "Record": pack(worker.user),
            "Sequence": sequence,
            "Claims": json.dumps({**claims, ref.source: [ref.id, page.number]}, sort_keys=True),
            "Source": ref.source,
            "Extract": ref.id,
            "Page": page.number,
            "Before": json.dumps(was),
        }

    change_rows(
        storage.table(ACCOUNTS),
        [account_key(job, worker_id) for worker_id in workers],
        account,
        select=("Sequence", "Claims", "Source", "Extract", "Page", "Before"),
    )

    def person(key: Key, row: Values | None) -> Values | None:
        if row and row["Sequence"] >= sequence:
            return None
        return {**story.queued(workers[keys.decode(key.row)], file, ref.id, at), "Sequence": sequence}

    change_rows(
        storage.table(WORKERS),
        [worker_key(ref.source, worker_id) for worker_id in workers],
        person,
        select=("Sequence",),
    )
    return before


def note_rejected(
    storage: Storage, ref: ExtractRef, rejects: Iterable[Reject], *, file: str, sequence: str, at: datetime
) -> None:
    """Write the reason on the row of everybody who was rejected and has an id (the first row of each id counts)."""
    first: dict[str, Reject] = {}
    for reject in rejects:
        if reject.worker_id:
            first.setdefault(reject.worker_id, reject)

    def person(key: Key, row: Values | None) -> Values | None:
        if row and row["Sequence"] >= sequence:
            return None
        return {**story.rejected(first[keys.decode(key.row)], file, ref.id, at), "Sequence": sequence}

    change_rows(
        storage.table(WORKERS), [worker_key(ref.source, worker_id) for worker_id in first], person, select=("Sequence",)
    )


def superseded(storage: Storage, job: str, workers: Iterable[Worker], sequence: str) -> set[str]:
    """Those people for whom a newer extract has other plans; they must not be sent from here any more."""
    rows = read_rows(
        storage.table(ACCOUNTS), [account_key(job, worker.worker_id) for worker in workers], select=("Sequence",)
    )
    return {keys.decode(key.row) for key, row in rows.items() if row["Sequence"] > sequence}


def note_accepted(
    storage: Storage, ref: ExtractRef, job: str, sequence: str, answers: Mapping[str, tuple[str, str]]
) -> None:
    """Write that Entra accepted the upload of these people.

    Args:
        storage: the account with HR data.
        ref: the extract that the people were sent from.
        job: the job they were sent to.
        sequence: the extract's; `Accepted` moves only where no newer plan has come in between.
        answers: for each externalId, when its request was sent by Entra's own clock, and the request id.
    """

    def account(key: Key, row: Values | None) -> Values | None:
        if row is None or row["Sequence"] != sequence or not row.get("Pending"):
            return None
        return {"Accepted": row["Pending"], "Pending": "", "AcceptedAt": answers[keys.decode(key.row)][0]}

    change_rows(
        storage.table(ACCOUNTS),
        [account_key(job, worker_id) for worker_id in answers],
        account,
        select=("Sequence", "Pending"),
    )
    _change_workers(storage, ref, answers, lambda worker_id: story.uploaded(*answers[worker_id]))


def note_state(storage: Storage, ref: ExtractRef, people: Iterable[str], values: Mapping[str, Any]) -> None:
    """Write the same state on the rows of people who are still waiting in an extract."""
    _change_workers(storage, ref, people, lambda _: values)


def _change_workers(
    storage: Storage, ref: ExtractRef, people: Iterable[str], values: Callable[[str], Mapping[str, Any]]
) -> None:
    """Merge values into rows that are still about this extract and wait to be sent."""

    def person(key: Key, row: Values | None) -> Values | None:
        if row is None or row["Extract"] != ref.id or row["Status"] != story.QUEUED:
            return None
        return values(keys.decode(key.row))

    change_rows(
        storage.table(WORKERS),
        [worker_key(ref.source, worker_id) for worker_id in people],
        person,
        select=("Extract", "Status"),
    )
