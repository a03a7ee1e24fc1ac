"""Accounts that Entra has created: what people's rows in `Workers` say of it, and of which days HR is to be told anew.

A row has when the account was created, as which object and by which user name, and when it was enabled for the first
time. An account that was deleted and created again has another object id; the one before is kept in `CreatedBefore`.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from contextlib import suppress
from dataclasses import dataclass

from azure.core import MatchConditions
from azure.core.exceptions import ResourceModifiedError, ResourceNotFoundError

from shared.storage.clients import Storage
from shared.storage.keys import range_of
from shared.storage.listing import cuts_of, list_rows
from shared.storage.names import STATE, WORKERS
from shared.tables.base import NO_JSON, columns, from_json, to_json
from shared.tables.workers import EarlierAccount, WorkerRow

COLUMNS = columns(
    WorkerRow.created_at, WorkerRow.created_as, WorkerRow.created_name, WorkerRow.enabled_at,
    WorkerRow.created_before,
)  # fmt: skip
"""Of a person's row."""

SourceDay = tuple[str, str]
"""A source, and a day (UTC) as `2026-11-29`."""

_FOLDER = "created-accounts/"
_MOST_BEFORE = 10


@dataclass(frozen=True, slots=True)
class Created:
    """An account that Entra has created. Times are ISO text in UTC.

    Attributes:
        worker_id: whose.
        user_name: as Entra's log has it, else as it was sent.
        object_id: at Entra.
        created_at: when.
        enabled_at: when it was enabled for the first time, as far as Entra has confirmed it; empty before that.
    """

    worker_id: str
    user_name: str
    object_id: str
    created_at: str
    enabled_at: str = ""

    def is_of(self, day: str) -> bool:
        """Whether something of it happened on a day."""
        return day in (self.created_at[:10], self.enabled_at[:10])

    @property
    def days(self) -> set[str]:
        """The days on which something happened."""
        return {at[:10] for at in (self.created_at, self.enabled_at) if at}


def created_of(row: WorkerRow) -> list[Created]:
    """The accounts that were created for the person of a row, the newest last."""
    worker_id = row.worker_id
    found = [Created(worker_id, *before) for before in _before(row)]
    if row.created_at:
        found.append(Created(worker_id, *_texts(row)))
    return found


def noted(row: WorkerRow, account: Created) -> WorkerRow:
    """The columns of a row from now on.

    Args:
        row: as it is.
        account: the newest one; another one than the row has takes its place.
    """
    before = _before(row)
    if row.created_at and (row.created_at, row.created_as) != (account.created_at, account.object_id):
        before.append(_texts(row))
    return WorkerRow(
        created_at=account.created_at,
        created_as=account.object_id,
        created_name=account.user_name,
        enabled_at=account.enabled_at,
        created_before=to_json(before[-_MOST_BEFORE:]) if before else NO_JSON,
    )


def _texts(row: WorkerRow) -> EarlierAccount:
    """The account that a row tells of, as it is kept among earlier ones once there is a newer one."""
    return row.created_name, row.created_as, row.created_at, row.enabled_at


def _before(row: WorkerRow) -> list[EarlierAccount]:
    return from_json(text) if (text := row.created_before) else []


def read_created(storage: Storage, source: str, since: str) -> list[Created]:
    """The accounts of a source that were created, or enabled for the first time, since a moment, the oldest first."""
    listing = list_rows(
        storage.table(WORKERS),
        "CreatedAt ge @since or EnabledAt ge @since",
        columns(WorkerRow.worker_id, *COLUMNS),
        created_of,
        cuts=cuts_of([source]),
        between=range_of(source),
        parameters={"since": since},
    )
    found = [one for some in listing.found for one in some if max(one.created_at, one.enabled_at) >= since]
    return sorted(found, key=lambda one: (one.created_at, one.worker_id))


def mark(storage: Storage, days: Collection[SourceDay]) -> None:
    """Have HR told anew of some days. Doing it again changes nothing but that they are told again."""
    for source, day in days:
        storage.container(STATE).upload_blob(f"{_FOLDER}{source}/{day}", b"", overwrite=True)


@dataclass(frozen=True, slots=True)
class Mark:
    """A day of which HR is to be told."""

    source: str
    day: str
    etag: str


def days_to_tell(storage: Storage) -> Iterator[Mark]:
    """The days of which HR is to be told."""
    for blob in storage.container(STATE).list_blobs(name_starts_with=_FOLDER):
        source, _, day = blob.name.removeprefix(_FOLDER).partition("/")
        yield Mark(source, day, blob.etag)


def unmark(storage: Storage, done: Mark) -> None:
    """HR has been told; if the day was marked again meanwhile, it stays so."""
    quoted = '"' + done.etag.strip('"') + '"'  # as If-Match wants it; a listing gives ETags without quotes
    with suppress(ResourceModifiedError, ResourceNotFoundError):
        storage.container(STATE).delete_blob(
            f"{_FOLDER}{done.source}/{done.day}", etag=quoted, match_condition=MatchConditions.IfNotModified
        )
