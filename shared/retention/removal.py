"""What is older than its setting is removed: entries of Entra's log, what HR got back, extracts and all of theirs.

A tick of the clock does a bounded piece of it and remembers where it stopped; a round through everything begins every
few hours. Whatever is cut off is done again.
"""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime, timedelta
from itertools import groupby
from typing import Any

from azure.core.exceptions import AzureError, HttpResponseError, ResourceModifiedError, ResourceNotFoundError

from shared.clock import iso, parse_iso
from shared.context import Context
from shared.model import ExtractRef
from shared.outcomes.events import row_key_of
from shared.records import extracts
from shared.storage.clients import Storage
from shared.storage.names import ACCOUNTS, EVENTS, EXTRACTS, INBOX, OUTBOX, PAGES, STATE, TableName
from shared.storage.queries import row_of
from shared.storage.rows import delete_row, delete_together, etag_of, in_chunks, key_of, query
from shared.storage.transactions import MOST_ROWS
from shared.tables.accounts import AccountRow
from shared.tables.base import Keyed, columns
from shared.tables.events import EventRow
from shared.tables.extracts import ExtractKind, ExtractRow, ExtractStatus
from shared.tables.pages import PageRow

logger = logging.getLogger(__name__)

EVERY = timedelta(hours=6)
"""How often a round begins."""

_MOST = 1000
"""Rows and blobs that one tick removes, or nearly so: what is left of a page of results is finished."""

_DAY = re.compile(r"\A[^/]+/created-accounts/(20\d\d-[01]\d-[0-3]\d)\.csv\Z")
_LONGEST = timedelta(seconds=20)
_MOST_PAGES = 20  # of results that one tick looks at
_PATH = "retention/round.json"


@dataclass(frozen=True)
class Round:
    """How far the present round is.

    Attributes:
        started: when (ISO); empty before the first.
        stage: what is being looked at, or `done`.
        marker: where in it, as whoever works on it wrote it down; None at its beginning.
        removed: how much has been removed in this round, by kind.
    """

    started: str = ""
    stage: str = "done"
    marker: Any = None
    removed: Mapping[str, int] = field(default_factory=dict)


class Budget:
    """How much one tick may still do."""

    def __init__(self, context: Context) -> None:
        self._clock = context.clock
        self._until = context.clock.now() + _LONGEST
        self._left = _MOST
        self._pages = _MOST_PAGES
        self.removed = 0

    @property
    def is_spent(self) -> bool:
        """Whether to stop."""
        return self._left <= 0 or self._pages <= 0 or self._clock.now() >= self._until

    def spend(self, count: int = 1) -> None:
        """Take note of what was removed."""
        self._left -= count
        self.removed += count

    def look(self) -> None:
        """Take note of a page of results."""
        self._pages -= 1


def remove_old(context: Context) -> None:
    """The clock's part: go on with the round, or begin one if it is time."""
    now = context.clock.now()
    state = load_round(context.storage)
    if state.stage == "done":
        if state.started and parse_iso(state.started) + EVERY > now:
            return
        state = Round(started=iso(now), stage=next(iter(_STAGES)))
    budget = Budget(context)
    while state.stage != "done" and not budget.is_spent:
        days, work = _STAGES[state.stage]
        keep = int(getattr(context.settings, days))
        before = budget.removed
        cutoff = parse_iso(state.started) - timedelta(days=keep)
        try:
            marker = work(context, cutoff, state.marker, budget) if keep else None
        except AzureError:
            save_round(context.storage, replace(state, marker=None))  # perhaps the place in it is not known any more
            raise
        count = state.removed.get(state.stage, 0) + budget.removed - before
        removed = {**state.removed, **({state.stage: count} if count else {})}
        names = [*_STAGES, "done"]
        stage = state.stage if marker is not None else names[names.index(state.stage) + 1]
        state = replace(state, stage=stage, marker=marker, removed=removed)
    if state.stage == "done" and state.removed:
        logger.info("Older than their settings, and removed: %s", dict(state.removed))
    save_round(context.storage, state)


def load_round(storage: Storage) -> Round:
    """How far the last round has come."""
    try:
        return Round(**json.loads(storage.container(STATE).download_blob(_PATH).readall()))
    except ResourceNotFoundError:
        return Round()


def save_round(storage: Storage, state: Round) -> None:
    """Remember how far the round has come."""
    storage.container(STATE).upload_blob(_PATH, json.dumps(asdict(state)).encode(), overwrite=True)


def delete_rows(storage: Storage, table: TableName[Any], rows: Sequence[Keyed]) -> int:
    """Delete rows, which are sorted by partition.

    Whoever has them gone meanwhile has the step begin again, since a transaction is all or none.

    Returns:
        How many there were.
    """
    client = storage.table(table)
    for _, group in groupby(rows, key=lambda row: row.partition_key):
        for chunk in in_chunks(list(group), MOST_ROWS):
            found = [key_of(row) for row in chunk]
            if len(found) == 1:
                delete_row(client, found[0])
            else:
                delete_together(client, found)
    return len(rows)


# Entries of Entra's log


def _events(context: Context, cutoff: datetime, marker: Any, budget: Budget) -> Any:  # noqa: ANN401
    """A row's key begins with its time inverted, so that age is a range of keys in each partition."""
    table = context.storage.table(EVENTS)
    pages = table.query_entities(
        "RowKey gt @oldest",
        parameters={"oldest": row_key_of(cutoff)},
        select=[*columns(EventRow.partition_key, EventRow.row_key)],
    ).by_page(continuation_token=marker)
    for page in pages:
        budget.look()
        rows = [row_of(table, entity) for entity in page]
        budget.spend(delete_rows(context.storage, EVENTS, rows))
        token: Any = pages.continuation_token  # type: ignore[attr-defined]
        if token is None or budget.is_spent:
            return token
    return None


# What HR got back


def _outbox(context: Context, cutoff: datetime, marker: Any, budget: Budget) -> Any:  # noqa: ANN401
    container = context.storage.container(OUTBOX)
    pages = container.list_blobs(results_per_page=1000).by_page(continuation_token=marker)
    for page in pages:
        budget.look()
        for blob in page:
            if (_made_at(blob.name) or blob.last_modified) < cutoff:
                container.delete_blob(blob.name)
                budget.spend()
        token: Any = pages.continuation_token  # type: ignore[attr-defined]
        if not token or budget.is_spent:
            return token or None
    return None


def _made_at(path: str) -> datetime | None:
    """When the file came that a blob of the outbox is about: the folder is the extract's id, which begins with it.

    A file of created accounts is named after its day.
    """
    stamp = path.split("/")[-2][:16] if "/" in path else ""
    try:
        if day := _DAY.search(path):
            return datetime.strptime(day[1], "%Y-%m-%d").replace(tzinfo=UTC)
        return datetime.strptime(stamp, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
    except ValueError:
        return None


# Extracts

_BAD_REQUEST = 400
_WANTED = columns(
    ExtractRow.partition_key, ExtractRow.row_key, ExtractRow.extract, ExtractRow.status, ExtractRow.kind,
    ExtractRow.path, ExtractRow.e_tag, ExtractRow.releasing, ExtractRow.arrived_at,
)  # fmt: skip


def _extracts(context: Context, cutoff: datetime, marker: Any, budget: Budget) -> Any:  # noqa: ANN401
    storage = context.storage
    last = marker or ["", ""]
    text = "(PartitionKey gt @source or (PartitionKey eq @source and RowKey gt @row )) and ArrivedAt lt @cutoff"
    old = list(
        query(storage.table(EXTRACTS), text, _WANTED, source=last[0], row=last[1], cutoff=iso(cutoff))
    )  # a few hundred at most
    if not old:
        return None
    pending = _named_as_deliverers(storage)
    for source, rows in groupby(old, key=lambda row: row.partition_key):
        needed = _needed(storage, source)
        for row in rows:
            if budget.is_spent:
                return last
            wanted = row.extract in needed | pending or not _is_over(row) or _is_in_inbox(storage, row)
            if not wanted and not _remove(storage, row, budget):
                return last
            last = [source, row.row_key]
    return None


def _is_over(row: ExtractRow) -> bool:
    return row.status not in (*extracts.UNFINISHED, ExtractStatus.TRYING, ExtractStatus.HELD) and not row.releasing


def _needed(storage: Storage, source: str) -> set[str]:
    """The extracts of a source that the next one is compared with: the newest plan, file and full file."""
    select = (*extracts.COMPARED, *columns(ExtractRow.kind, ExtractRow.arrived_at))
    planned = list(extracts.of_source(storage, source, "PlannedAt gt ''", select))
    files = [row for row in planned if row.kind == ExtractKind.FILE]
    full = [row for row in files if row.full]
    orders: tuple[Callable[[ExtractRow], str], ...] = (
        lambda row: row.stamp,
        lambda row: row.sequence,
        lambda row: row.arrived_at,
    )
    return {max(rows, key=order).extract for rows in (planned, files, full) if rows for order in orders}


def _named_as_deliverers(storage: Storage) -> set[str]:
    """The extracts that somebody is still to be sent from."""
    return {row.extract for row in query(storage.table(ACCOUNTS), "Pending gt ''", select=columns(AccountRow.extract))}


def _is_in_inbox(storage: Storage, row: ExtractRow) -> bool:
    """Whether the very version is still in the inbox: it would be taken in as if it had just come."""
    if row.kind == ExtractKind.DUE:
        return False
    try:
        properties = storage.container(INBOX).get_blob_client(row.path).get_blob_properties()
    except ResourceNotFoundError:
        return False
    except HttpResponseError as error:
        if error.status_code != _BAD_REQUEST:
            raise
        return False  # what storage takes for no name is no file's; it must not keep the others from being removed
    return bool(properties.etag.strip('"') == row.e_tag)


def _remove(storage: Storage, row: ExtractRow, budget: Budget) -> bool:
    """Remove an extract, its row at last, so that whatever is cut off is done again.

    Returns:
        Whether it is gone, or has changed in between; False if there was no time for all of it.
    """
    ref = ExtractRef(row.extract, row.partition_key)
    container = storage.container(STATE)
    for name in _blobs(storage, ref):
        if budget.is_spent:
            return False
        container.delete_blob(name)
        budget.spend()
    pages = query(
        storage.table(PAGES),
        "PartitionKey eq @extract",
        columns(PageRow.partition_key, PageRow.row_key),
        extract=ref.id,
    )
    budget.spend(delete_rows(storage, PAGES, list(pages)))
    try:
        delete_row(storage.table(EXTRACTS), key_of(row), etag_of(row))
    except ResourceModifiedError:  # somebody has just ordered something about it
        return True
    budget.spend()
    return True


def _blobs(storage: Storage, ref: ExtractRef) -> Iterator[str]:
    for folder in ("plans", "extracts"):
        prefix = f"{folder}/{ref.source}/{ref.id}/"
        yield from list(storage.container(STATE).list_blob_names(name_starts_with=prefix))


_STAGES: Mapping[str, tuple[str, Callable[[Context, datetime, Any, Budget], Any]]] = {
    "events": ("keep_events_days", _events),
    "outbox": ("keep_outbox_days", _outbox),
    "extracts": ("keep_extracts_days", _extracts),
}
"""What a round looks at: the setting, and what works on it. It returns where it stopped, or None at the end."""
