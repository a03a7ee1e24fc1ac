"""Reading and writing many table rows at once, in few requests, without losing somebody else's write.

A transaction of Azure Tables holds up to 100 rows of one partition. Rows are therefore grouped by partition, and the
groups run in parallel.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, NamedTuple, TypeVar

from azure.core import MatchConditions
from azure.core.exceptions import ResourceNotFoundError
from azure.data.tables import TableClient, TableTransactionError, TransactionOperation, UpdateMode

from shared.errors import TransientError

Values = Mapping[str, Any]
"""The properties of a row, without its keys."""

_TRANSACTION = 100  # rows: a limit of Azure Tables
_PARALLEL = 8
_ATTEMPTS = 30  # the row of an extract is written by everybody who finishes one of its pages
_MANY_PARTITIONS = 12
_SCAN_PAGES = 3
_SCAN_PAGE = 1000  # rows: a limit of Azure Tables
_POINT_READS = 3  # up to so many rows of a partition are read one by one, more by one range query


class Key(NamedTuple):
    """PartitionKey and RowKey, already encoded (see `shared.records.keys`)."""

    partition: str
    row: str


Change = Callable[[Key, Values | None], Values | None]
"""Given a row as it is (None if there is none), the properties to merge into it, or None to leave it alone."""


def read_rows(table: TableClient, keys: Iterable[Key], select: Sequence[str] = ()) -> dict[Key, Values]:
    """The rows of `keys` that exist.

    Args:
        table: where to read.
        keys: which rows; those of one partition are best close together.
        select: the properties wanted; all if empty.
    """
    groups = _by_partition(keys)
    found = _scan(table, groups, select)
    if found is not None:
        return found
    with ThreadPoolExecutor(_PARALLEL) as pool:
        parts = pool.map(lambda group: _read_group(table, group, select), groups)
        return {key: row for part in parts for key, row in part.items()}


def change_rows(
    table: TableClient,
    keys: Iterable[Key],
    change: Change,
    select: Sequence[str] = (),
    known: Mapping[Key, Values] | None = None,
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

    Raises:
        TransientError: a row kept changing under our hands.
    """
    groups = _by_partition(keys)
    if known is None:
        known = _scan(table, groups, select)
    chunks = [chunk for group in groups for chunk in in_chunks(group, _TRANSACTION)]
    with ThreadPoolExecutor(_PARALLEL) as pool:
        for _ in pool.map(lambda chunk: _change_chunk(table, chunk, change, select, known), chunks):
            pass


def put_rows(table: TableClient, rows: Mapping[Key, Values]) -> None:
    """Write rows whatever was there before; only for rows that say the same whenever they are written."""
    chunks = [chunk for group in _by_partition(rows) for chunk in in_chunks(group, _TRANSACTION)]

    def put(chunk: Sequence[Key]) -> None:
        entities = [{**rows[key], "PartitionKey": key.partition, "RowKey": key.row} for key in chunk]
        if len(entities) == 1:  # a transaction costs its client several times as much as a row
            table.upsert_entity(entities[0], mode=UpdateMode.REPLACE)
            return
        table.submit_transaction(
            [(TransactionOperation.UPSERT, entity, {"mode": UpdateMode.REPLACE}) for entity in entities]
        )

    with ThreadPoolExecutor(_PARALLEL) as pool:
        for _ in pool.map(put, chunks):
            pass


def query(table: TableClient, text: str, select: Sequence[str] = (), **parameters: Any) -> Iterator[Values]:  # noqa: ANN401
    """The rows that an OData filter names, with `@name` parameters filled in safely."""
    return iter(table.query_entities(text, parameters=parameters, select=list(select) or None))


_T = TypeVar("_T")


def in_chunks(items: Sequence[_T], size: int) -> Iterator[Sequence[_T]]:
    """`items` in pieces of `size`; the last may be shorter."""
    return (items[start : start + size] for start in range(0, len(items), size))


def _by_partition(keys: Iterable[Key]) -> list[list[Key]]:
    groups: defaultdict[str, list[Key]] = defaultdict(list)
    for key in keys:
        groups[key.partition].append(key)
    return [sorted(group, key=_place) for group in groups.values()]


def _place(key: Key) -> tuple[bytes, bytes]:
    """Sorts as Azure Tables does: by UTF-16 code units."""
    return key.partition.encode("utf-16-be"), key.row.encode("utf-16-be")


def _scan(table: TableClient, groups: Sequence[Sequence[Key]], select: Sequence[str]) -> dict[Key, Values] | None:
    """Rows of many partitions by one query over all of them; None if that would read too much, or there are few.

    The people of a small company are spread over a hundred partitions with a few rows each: asking each of them takes
    a hundred requests, reading them all takes two.
    """
    if len(groups) < _MANY_PARTITIONS:
        return None
    wanted = {key for group in groups for key in group}
    if len(wanted) > _SCAN_PAGES * _SCAN_PAGE:
        return None
    first, last = min(wanted, key=_place), max(wanted, key=_place)
    pages = table.query_entities(
        "PartitionKey ge @first and PartitionKey le @last",
        parameters={"first": first.partition, "last": last.partition},
        select=_fields(select),
    ).by_page()
    found: dict[Key, Values] = {}
    for number, page in enumerate(pages):
        if number == _SCAN_PAGES:
            return None
        for row in page:
            key = Key(row["PartitionKey"], row["RowKey"])
            if key in wanted:
                found[key] = row
    return found


def _fields(select: Sequence[str]) -> list[str] | None:
    return ["PartitionKey", "RowKey", *select] if select else None


def _read_group(table: TableClient, group: Sequence[Key], select: Sequence[str]) -> dict[Key, Values]:
    fields = _fields(select)
    found: dict[Key, Values] = {}
    if len(group) <= _POINT_READS:
        for key in group:
            try:
                found[key] = table.get_entity(key.partition, key.row, select=fields)
            except ResourceNotFoundError:
                continue
        return found
    wanted = {key.row: key for key in group}
    # Pages are sorted by partition and row, so the range between the first and the last row holds little else.
    rows = table.query_entities(
        "PartitionKey eq @partition and RowKey ge @first and RowKey le @last",
        parameters={"partition": group[0].partition, "first": group[0].row, "last": group[-1].row},
        select=fields,
    )
    for row in rows:
        if row["RowKey"] in wanted:
            found[wanted[row["RowKey"]]] = row
    return found


def _change_chunk(
    table: TableClient,
    chunk: Sequence[Key],
    change: Change,
    select: Sequence[str],
    known: Mapping[Key, Values] | None,
) -> None:
    for attempt in range(_ATTEMPTS):
        # What was read for all chunks at once serves the first attempt; the ETags tell if it is still true.
        current = known if attempt == 0 and known is not None else _read_group(table, chunk, select)
        operations: list[Any] = []
        for key in chunk:
            row = current.get(key)
            values = change(key, row)
            if values is None:
                continue
            entity = {**values, "PartitionKey": key.partition, "RowKey": key.row}
            if row is None:
                operations.append((TransactionOperation.CREATE, entity))
            else:
                condition = {
                    "mode": UpdateMode.MERGE,
                    "etag": row.metadata["etag"],  # type: ignore[attr-defined]
                    "match_condition": MatchConditions.IfNotModified,
                }
                operations.append((TransactionOperation.UPDATE, entity, condition))
        if not operations:
            return
        try:
            table.submit_transaction(operations)
        except TableTransactionError as error:
            if error.status_code not in (404, 409, 412):
                raise
        else:
            return
    raise TransientError(f"Rows of partition {chunk[0].partition} in {table.table_name} keep changing; try again")
