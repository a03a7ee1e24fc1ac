"""The partition `holds` of the table `Quota`: what the page and the commands have set, and the file as last understood.

A row is one person of one source (or of any) in one place. What the file said last is kept so that a broken file, or
one that is gone, ends no hold; and each row says what of it has been brought to the account, so that a change is found
by whoever looks, however it came about.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime

from azure.core.exceptions import ResourceModifiedError

from shared.clock import iso, parse_iso
from shared.holds.holds_file import HOLDS_PATH
from shared.holds.listed import Hold, ProtectedPerson
from shared.storage import keys
from shared.storage.clients import Storage
from shared.storage.keys import range_of
from shared.storage.names import HOLDS
from shared.storage.rows import Key, delete_row, etag_of, key_of, query
from shared.tables.base import Json, from_json, to_json
from shared.tables.quota import HoldColumns, HoldEntry, HoldKind

HOLDS_PARTITION = "holds"

ORDERED = "support page or command"
_HISTORY = 20


@dataclass(frozen=True, slots=True)
class HoldRow:
    """A row.

    Attributes:
        key: of the row.
        kind: who has set it.
        worker: the worker id.
        source: the feed; empty for any.
        by: who has set it.
        reason: why.
        since: when it was set or first read (ISO).
        until: when it ends by itself (ISO); empty if it does not.
        ended_at: when somebody ended it (ISO); empty if nobody has.
        applied: what was last brought to the account, as `Hold.in_full`; empty if the account is free of it.
        history: what was ordered, the oldest first: `what`, `by`, `reason`, `until`, `at`.
        etag: of the row as it was read.
    """

    key: Key
    kind: HoldKind
    worker: str
    source: str
    by: str
    reason: str
    since: str
    until: str
    ended_at: str
    applied: str
    history: tuple[HoldEntry, ...]
    etag: str = ""

    @classmethod
    def of(cls, row: HoldColumns) -> HoldRow:
        """What a row of the table says."""
        return cls(
            key=key_of(row),
            kind=row.kind,
            worker=row.worker,
            source=row.source,
            by=row.by,
            reason=row.why,
            since=row.at,
            until=row.until,
            ended_at=row.ended_at,
            applied=row.applied,
            history=tuple(_history(row)),
            etag=etag_of(row),
        )

    def is_in_force(self, now: datetime) -> bool:
        """Whether it counts at a moment."""
        return not self.ended_at and (not self.until or self.until > iso(now))

    @property
    def hold(self) -> Hold:
        """The hold that it is about."""
        until = parse_iso(self.until) if self.until else None
        is_order = self.kind == HoldKind.ORDER
        place = ORDERED if is_order else HOLDS_PATH
        return Hold(self.worker, self.source, self.by, self.reason, until, place, self.since, is_order)

    @property
    def protected(self) -> ProtectedPerson:
        """The protected person whom it is about."""
        return ProtectedPerson(self.worker, self.source, self.reason)


def hold_key(kind: HoldKind, source: str, worker: str) -> Key:
    """The key of a row."""
    return Key(HOLDS_PARTITION, keys.encode(f"{kind}|{source}|{worker}"))


def read_all(storage: Storage) -> list[HoldRow]:
    """All rows: those in force and those that are over."""
    return [HoldRow.of(row) for row in query(storage.table(HOLDS), "PartitionKey eq @one", one=HOLDS_PARTITION)]


def read_orders(storage: Storage) -> list[HoldRow]:
    """The rows that the page and the commands have set, as `read_all`."""
    text = "PartitionKey eq @one and RowKey ge @first and RowKey lt @last"
    first, last = range_of(HoldKind.ORDER)
    rows = query(storage.table(HOLDS), text, one=HOLDS_PARTITION, first=first, last=last)
    return [HoldRow.of(row) for row in rows]


def remove(storage: Storage, row: HoldRow) -> None:
    """Remove a row, unless somebody has written to it since it was read: it may be about a new hold."""
    with suppress(ResourceModifiedError):
        delete_row(storage.table(HOLDS), row.key, row.etag)


def values_of(kind: HoldKind, hold: Hold, now: datetime) -> HoldColumns:
    """A new row's values: nothing of it has been brought to the account yet."""
    return HoldColumns(
        kind=kind,
        worker=hold.worker,
        source=hold.source,
        by=hold.by,
        why=hold.reason,
        at=iso(now),
        until=iso(hold.until) if hold.until else "",
        ended_at="",
    )


def with_entry(row: HoldColumns | None, entry: HoldEntry) -> Json[list[HoldEntry]]:
    """The history of a row, with one more entry, for its column."""
    history = _history(row) if row else []
    return to_json([*history, entry][-_HISTORY:], ensure_ascii=False)


def _history(row: HoldColumns) -> list[HoldEntry]:
    return from_json(row.history) if row.history else []
