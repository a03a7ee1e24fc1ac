"""Some columns of a table as one blob, so that whoever needs all rows need not read a million of them one by one.

A snapshot is what the table said when it was last read through. It is never used alone: Azure Tables date each row
(`Timestamp`), so whoever reads a snapshot asks the table for what has changed since, and what comes out is what the
table says now, whoever has written to it. Only a row that is gone leaves no trace: whoever deletes rows ends all
snapshots (`forget_snapshots`), and a table that was lost and made anew lacks the row that a snapshot begins with. A
snapshot that is lost, damaged, ended or of other columns is not used; the table is read instead.
"""

from __future__ import annotations

import logging
import tempfile
import uuid
import zlib
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from itertools import chain, groupby
from operator import attrgetter
from typing import Any

import orjson
from azure.core.exceptions import ResourceExistsError, ResourceNotFoundError

from shared.records.extracts import sources
from shared.storage import keys
from shared.storage.clients import Storage
from shared.storage.listing import cuts_of, list_in_order, list_rows
from shared.storage.names import STATE, TableName
from shared.tables.base import Keyed, columns

logger = logging.getLogger(__name__)

_FOLDER = "snapshots/"
_MARK = f"{_FOLDER}mark"
# A reading sees whatever was written before it began, by storage's clock; what was written meanwhile it may miss. The
# next one asks for that, and for a little more: the clocks of storage's servers differ by seconds, and a write that is
# dated is there at the latest when its request has run out of time, which is after 30 seconds.
_OVERLAP = timedelta(minutes=1)
_FEW_CHANGES = 0.02  # of the rows; with fewer, a new snapshot is not worth its upload
_WRITE = 1 << 16


@dataclass(frozen=True, slots=True)
class SnapshotView:
    """What a snapshot is of.

    Attributes:
        name: names it, in paths and keys.
        table: whose rows.
        columns: their columns.
        first: the first partition.
        last: the partition before which it ends; an empty text for none.
    """

    name: str
    table: TableName[Any]
    columns: tuple[str, ...]
    first: str = ""
    last: str = ""


SnapshotRow = Sequence[Any]
"""RowKey, and the values of the columns; None for one that the row lacks."""


def read_partitions(
    storage: Storage, view: SnapshotView, *, keep: bool = True
) -> Iterator[tuple[str, list[SnapshotRow]]]:
    """All rows of a view as the table has them now, partition by partition, in no particular order.

    Whoever reads to the end leaves a new snapshot, if enough has changed, unless not `keep`.
    """
    mark, began = _mark(storage)
    head, lines = _open(storage, view, mark)
    owners = [keys.owner(view.first)] if view.first else sources(storage)
    changed = _changed(storage, view, owners, head) if head else {}
    changes = sum(map(len, changed.values()))
    partitions = _merged(lines, changed) if head else _all(storage, view, owners)
    with tempfile.TemporaryFile() as file:
        writer = _Writer(file, view, mark, began)
        rows = 0
        for partition, found in partitions:
            rows += len(found)
            writer.add(partition, found)
            yield partition, found
        if keep and (head is None or changes > _FEW_CHANGES * rows):
            writer.close()
            file.seek(0)
            storage.container(STATE).upload_blob(_path(view), file, overwrite=True)


def forget_snapshots(storage: Storage) -> None:
    """End all snapshots and remove them: rows have been deleted. To be called after that."""
    container = storage.container(STATE)
    # What is still being read from one is written under the mark with which the reading began.
    container.upload_blob(_MARK, uuid.uuid4().hex, overwrite=True)
    for name in container.list_blob_names(name_starts_with=_FOLDER):
        if name != _MARK:
            container.delete_blob(name)


@dataclass(frozen=True, slots=True)
class _Head:
    """The first line of a snapshot.

    Attributes:
        columns: of its rows.
        mark: which it was written under.
        began: when the reading that it comes from began, by storage's clock; ISO text.
    """

    columns: list[str]
    mark: str
    began: str


def _mark(storage: Storage) -> tuple[str, datetime]:
    """The mark under which snapshots are valid now, and what time that is by storage's clock."""
    blob = storage.container(STATE).get_blob_client(_MARK)
    dates: list[str] = []

    def note(response: Any) -> None:  # noqa: ANN401 (the SDK's)
        dates.append(response.http_response.headers["Date"])

    try:
        mark = blob.download_blob(raw_response_hook=note).readall().decode()
    except ResourceNotFoundError:
        with suppress(ResourceExistsError):
            blob.upload_blob(uuid.uuid4().hex, overwrite=False)
        mark = blob.download_blob(raw_response_hook=note).readall().decode()
    return mark, parsedate_to_datetime(dates[-1])


def _open(storage: Storage, view: SnapshotView, mark: str) -> tuple[_Head | None, Iterator[bytes]]:
    """The head of a snapshot that may be used, and its other lines; no head and no lines if there is none."""
    try:
        # It is read as a whole before anything is made of it: half of one must not count.
        data = storage.container(STATE).download_blob(_path(view)).readall()
    except ResourceNotFoundError:
        return None, iter(())
    try:
        lines = _lines(data)
        head = _Head(**orjson.loads(next(lines)))
        if (tuple(head.columns), head.mark) == (view.columns, mark) and _is_whole(data):
            first = next(lines, b"")
            if not first or _is_there(storage, view, first):
                return head, chain([first] if first else [], lines)
    except (ValueError, TypeError, StopIteration, zlib.error):
        pass
    logger.warning("The snapshot %s is not used: the table is read", view.name)
    return None, iter(())


def _is_there(storage: Storage, view: SnapshotView, line: bytes) -> bool:
    """Whether the table has the first row of a line."""
    partition, rows = orjson.loads(line)
    try:
        storage.table(view.table).get_entity(partition, rows[0][0], select=[*columns(Keyed.row_key)])
    except ResourceNotFoundError:
        return False
    return True


def _is_whole(data: bytes) -> bool:
    """Whether what zlib packed can be unpacked to its end: its checksum is the last that stands in it."""
    unpack = zlib.decompressobj()
    for start in range(0, len(data), _WRITE):
        unpack.decompress(data[start : start + _WRITE])
    return unpack.eof


def _lines(data: bytes) -> Iterator[bytes]:
    unpack = zlib.decompressobj()
    rest = b""
    for start in range(0, len(data), _WRITE):
        *whole, rest = (rest + unpack.decompress(data[start : start + _WRITE])).split(b"\n")
        yield from whole


def _changed(
    storage: Storage, view: SnapshotView, owners: Sequence[str], head: _Head
) -> dict[str, dict[str, SnapshotRow]]:
    """The rows that have changed since a snapshot, by RowKey and partition."""
    listing = list_rows(
        storage.table(view.table),
        "Timestamp ge @since",
        _columns(view),
        lambda row: (row.partition_key, _values(view, row)),
        cuts=cuts_of(owners),
        between=(view.first, view.last),
        parameters={"since": datetime.fromisoformat(head.began) - _OVERLAP},
    )
    changed: dict[str, dict[str, SnapshotRow]] = {}
    for partition, row in listing.found:
        changed.setdefault(partition, {})[row[0]] = row
    return changed


def _all(storage: Storage, view: SnapshotView, owners: Sequence[str]) -> Iterator[tuple[str, list[SnapshotRow]]]:
    """All rows as the table has them, by partition."""
    table, between = storage.table(view.table), (view.first, view.last)
    for rows in list_in_order(table, _columns(view), owners=owners, between=between):
        for partition, found in groupby(rows, key=attrgetter("partition_key")):
            yield partition, [_values(view, row) for row in found]


def _columns(view: SnapshotView) -> tuple[str, ...]:
    return columns(Keyed.partition_key, Keyed.row_key, *view.columns)


def _values(view: SnapshotView, row: Keyed) -> SnapshotRow:
    stored = row.stored()
    return [row.row_key, *(stored.get(name) for name in view.columns)]


def _merged(
    lines: Iterable[bytes], changed: dict[str, dict[str, SnapshotRow]]
) -> Iterator[tuple[str, list[SnapshotRow]]]:
    """The rows of a snapshot, with those that have changed since in the place of what they were."""
    for line in lines:
        partition, rows = orjson.loads(line)
        if new := changed.pop(partition, None):
            rows = [new.pop(row[0], row) for row in rows]
            rows += new.values()
        yield partition, rows
    for partition, new in changed.items():
        yield partition, list(new.values())


class _Writer:
    """Writes a snapshot to a file, packed: a line for the head and one for each partition."""

    def __init__(self, file: Any, view: SnapshotView, mark: str, began: datetime) -> None:  # noqa: ANN401 (any binary file)
        self._file = file
        self._pack = zlib.compressobj(1)
        self._line(orjson.dumps(_Head(list(view.columns), mark, began.isoformat())))

    def add(self, partition: str, rows: list[SnapshotRow]) -> None:
        """Write a partition."""
        self._line(orjson.dumps([partition, rows]))

    def close(self) -> None:
        """Write what is left."""
        self._file.write(self._pack.flush())

    def _line(self, line: bytes) -> None:
        self._file.write(self._pack.compress(line + b"\n"))


def _path(view: SnapshotView) -> str:
    return f"{_FOLDER}{view.name}"
