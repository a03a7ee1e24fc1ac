"""Reading and writing many table rows at once, in few requests, without losing somebody else's write.

A transaction of Azure Tables holds up to 100 rows of one partition. Rows are therefore grouped by partition, and the
groups run in parallel.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, NamedTuple, TypeVar

from azure.core import MatchConditions
from azure.core.exceptions import ResourceNotFoundError
from azure.data.tables import TableTransactionError, UpdateMode

from shared.errors import TransientError
from shared.storage.keys import in_order
from shared.storage.names import RowT
from shared.storage.queries import MOST_READ, RowTable, query_answers, row_of
from shared.storage.transactions import MOST_ROWS, Delete, InsertRow, MergeRow, Operation, ReplaceRow, submit
from shared.tables.base import Keyed, TableRow

_PARALLEL = 8
_ATTEMPTS = 30  # the row of an extract is written by everybody who finishes one of its pages
_POINT_READS = 3  # up to so many rows of a partition are read one by one, more by queries
_MOST_NAMED = 14  # keys in a filter, which holds 15 comparisons at most
_SPARSE = 4  # a range with more rows than so many times those wanted is not read to its end


class Key(NamedTuple):
    """PartitionKey and RowKey, already encoded (see `shared.storage.keys`)."""

    partition: str
    row: str


Change = Callable[[Key, RowT | None], RowT | None]
"""Given a row as it is (None if there is none), the properties to merge into it, or None to leave it alone."""


def etag_of(row: TableRow) -> str:
    """The ETag of a row as it was read: a write with it fails once somebody else has written to the row."""
    return row.row_etag


def read_row(table: RowTable[RowT], key: Key, select: Sequence[str] = ()) -> RowT:
    """One row; some properties of it, if these are given.

    Raises:
        azure.core.exceptions.ResourceNotFoundError: there is none.
    """
    return row_of(table, table.get_entity(key.partition, key.row, select=list(select) or None))


def insert_row(table: RowTable[RowT], key: Key, row: RowT) -> None:
    """Write a row that is not there yet.

    Raises:
        azure.core.exceptions.ResourceExistsError: it is.
    """
    table.create_entity(_entity(key, row))


def merge_row(table: RowTable[RowT], key: Key, row: RowT, etag: str = "") -> str:
    """Merge properties into a row; with an ETag, only if nobody else has written to it. The new ETag.

    Raises:
        azure.core.exceptions.ResourceNotFoundError: there is no row.
        azure.core.exceptions.ResourceModifiedError: somebody else has written to it.
    """
    answer = table.update_entity(_entity(key, row), mode=UpdateMode.MERGE, **_unchanged(etag))
    return str(answer["etag"])


def replace_row(table: RowTable[RowT], key: Key, row: RowT, etag: str = "") -> None:
    """Write a row in the place of whatever is there; with an ETag, of that very row.

    Raises:
        azure.core.exceptions.ResourceModifiedError: somebody else has written to it.
    """
    if etag:
        table.update_entity(_entity(key, row), mode=UpdateMode.REPLACE, **_unchanged(etag))
    else:
        table.upsert_entity(_entity(key, row), mode=UpdateMode.REPLACE)


def delete_row(table: RowTable[RowT], key: Key, etag: str = "") -> None:
    """Remove a row, if it is there; with an ETag, only if nobody else has written to it.

    Raises:
        azure.core.exceptions.ResourceModifiedError: somebody else has written to it.
    """
    table.delete_entity(key.partition, key.row, **_unchanged(etag))


def delete_together(table: RowTable[RowT], keys: Sequence[Key]) -> None:
    """Remove up to 100 rows of one partition, all or none.

    Raises:
        azure.data.tables.TableTransactionError: one of them is not there.
    """
    submit(table, [Delete({"PartitionKey": key.partition, "RowKey": key.row}) for key in keys])


def key_of(row: Keyed) -> Key:
    """The key of a row."""
    return Key(row.partition_key, row.row_key)


def _entity(key: Key, row: TableRow) -> dict[str, Any]:
    return {**row.stored(), "PartitionKey": key.partition, "RowKey": key.row}


def _unchanged(etag: str) -> dict[str, Any]:
    return {"etag": etag, "match_condition": MatchConditions.IfNotModified} if etag else {}


def read_rows(table: RowTable[RowT], keys: Iterable[Key], select: Sequence[str] = ()) -> dict[Key, RowT]:
    """The rows of `keys` that exist.

    Args:
        table: where to read.
        keys: which rows; those of one partition are best close together.
        select: the properties wanted; all if empty.
    """
    found: dict[Key, RowT] = {}
    for part in _in_parallel(lambda group: _read_group(table, group, select), _by_partition(keys)):
        found |= part
    return found


# Many parameters: beside what is changed and how, what saves reading it.
def change_rows(
    table: RowTable[RowT],
    keys: Iterable[Key],
    change: Change[RowT],
    select: Sequence[str] = (),
    known: Mapping[Key, RowT] | None = None,
    new: Collection[Key] = (),
) -> None:
    """Change rows as a function of what they are now, with optimistic concurrency.

    `change` may be called again for a row that somebody else wrote in between, so it must depend on nothing but its
    arguments and what it reads itself when it is called. Rows are merged, not replaced. A crash on the way leaves some
    rows changed and others not; calling again completes the work.

    Args:
        table: where to write.
        keys: which rows, each once.
        change: what to merge into a row, given the row as it is.
        select: the properties that `change` looks at; all if empty.
        known: those of the rows that exist, if they have just been read; they are read again if somebody else has
            changed them since.
        new: those of the keys that are thought to have no row yet. That is only a guess that saves reading them: where
            it is wrong, the rows are read.

    Raises:
        TransientError: a row kept changing under our hands.
    """
    chunks = [chunk for group in _by_partition(keys) for chunk in in_chunks(group, MOST_ROWS)]
    for _ in _in_parallel(lambda chunk: _change_chunk(table, chunk, change, select, known, new), chunks):
        pass


def put_rows(table: RowTable[RowT], rows: Mapping[Key, RowT]) -> None:
    """Write rows whatever was there before; only for rows that say the same whenever they are written."""
    chunks = [chunk for group in _by_partition(rows) for chunk in in_chunks(group, MOST_ROWS)]

    def write(chunk: Sequence[Key]) -> None:
        submit(table, [ReplaceRow(_entity(key, rows[key])) for key in chunk])

    for _ in _in_parallel(write, chunks):
        pass


def query(table: RowTable[RowT], text: str, select: Sequence[str] = (), **parameters: str) -> Iterator[RowT]:
    """The rows that an OData filter names, with `@name` parameters filled in safely."""
    return (row for rows in query_answers(table, text, parameters, select) for row in rows)


_T = TypeVar("_T")
_Found = TypeVar("_Found")


def in_chunks(items: Sequence[_T], size: int) -> Iterator[Sequence[_T]]:
    """`items` in pieces of `size`; the last may be shorter."""
    return (items[start : start + size] for start in range(0, len(items), size))


def _in_parallel(do: Callable[[Sequence[Key]], _Found], parts: Sequence[Sequence[Key]]) -> Iterator[_Found]:
    """What comes of doing the same with several groups of keys, several at a time."""
    if len(parts) <= 1:
        yield from map(do, parts)
        return
    with ThreadPoolExecutor(min(_PARALLEL, len(parts))) as pool:
        yield from pool.map(do, parts)


def _by_partition(keys: Iterable[Key]) -> list[list[Key]]:
    groups: defaultdict[str, list[Key]] = defaultdict(list)
    for key in keys:
        groups[key.partition].append(key)
    return [sorted(group, key=_place) for group in groups.values()]


def _place(key: Key) -> tuple[bytes, bytes]:
    return in_order(key.partition), in_order(key.row)


def _read_group(table: RowTable[RowT], group: Sequence[Key], select: Sequence[str]) -> dict[Key, RowT]:
    """Rows of one partition, sorted, by as few requests as can be without reading many others."""
    fields = ["PartitionKey", "RowKey", *select] if select else None
    if len(group) <= _POINT_READS:
        return dict(_read_one_by_one(table, group, fields))
    if len(group) <= _MOST_NAMED:
        return _read_by_name(table, group, fields)
    found: dict[Key, RowT] = {}
    wanted = {key.row: key for key in group}
    # Pages are sorted by partition and row, so the range between the first and the last row mostly holds little else.
    pages = query_answers(
        table,
        "PartitionKey eq @partition and RowKey ge @first and RowKey le @last",
        {"partition": group[0].partition, "first": group[0].row, "last": group[-1].row},
        fields or (),
        min(_SPARSE * len(group), MOST_READ),
    )
    read = 0
    for page in pages:
        for row in page:
            read += 1
            if row.row_key in wanted:
                found[wanted[row.row_key]] = row
        if read >= _SPARSE * len(group) and read > _SPARSE * len(found):
            left = [key for key in group if _place(key) > _place(Key(row.partition_key, row.row_key))]
            for names in in_chunks(left, _MOST_NAMED):
                found |= _read_by_name(table, names, fields)
            break
    return found


def _read_one_by_one(
    table: RowTable[RowT], group: Sequence[Key], fields: list[str] | None
) -> Iterator[tuple[Key, RowT]]:
    for key in group:
        try:
            yield key, read_row(table, key, fields or ())
        except ResourceNotFoundError:
            continue


def _read_by_name(table: RowTable[RowT], group: Sequence[Key], fields: list[str] | None) -> dict[Key, RowT]:
    """Up to 14 rows of one partition, named in the filter."""
    named = {f"row{number}": key.row for number, key in enumerate(group)}
    rows = query(
        table,
        f"PartitionKey eq @partition and ({' or '.join(f'RowKey eq @{name}' for name in named)})",
        fields or (),
        partition=group[0].partition,
        **named,
    )
    return {key_of(row): row for row in rows}


# Many parameters: those of `change_rows`.
def _change_chunk(
    table: RowTable[RowT],
    chunk: Sequence[Key],
    change: Change[RowT],
    select: Sequence[str],
    known: Mapping[Key, RowT] | None,
    new: Collection[Key],
) -> None:
    for attempt in range(_ATTEMPTS):
        current: Mapping[Key, RowT]
        if attempt:
            current = _read_group(table, chunk, select)
        elif known is not None:
            current = known  # the ETags tell if it is still true
        else:
            unread = [key for key in chunk if key not in new]
            current = _read_group(table, unread, select) if unread else {}
        operations: list[Operation] = []
        for key in chunk:
            row = current.get(key)
            values = change(key, row)
            if values is None:
                continue
            entity = _entity(key, values)
            operations.append(InsertRow(entity) if row is None else MergeRow(entity, etag_of(row)))
        if not operations:
            return
        try:
            submit(table, operations)
        except TableTransactionError as error:
            if error.status_code not in (404, 409, 412):
                raise
        else:
            return
    raise TransientError(f"Rows of partition {chunk[0].partition} in {table.table_name} keep changing; try again")
