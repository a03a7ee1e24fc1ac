"""Rows that a filter names, out of a whole table: ranges of it side by side.

For a filter on anything but keys Azure Tables looks at every row, some thousand a second in each range that is asked
for; several ranges at a time make that bearable.

https://learn.microsoft.com/rest/api/storageservices/query-entities
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from typing import Generic, NamedTuple, TypeVar

from shared.storage import keys
from shared.storage.names import RowT
from shared.storage.queries import MOST_READ, RowTable, ask, filled, literal

PAGE = MOST_READ
"""Rows that an answer has at most."""

_PARALLEL = 12
_MOST_CUTS = 24
# Where the people of a source are cut, by the last two characters of their ids: digits are most common.
_ENDINGS = ("", *"123456789", "A", "a")
_FINE_ENDINGS = ("", *(f"{ten}{one}" for ten in "0123456789" for one in "0123456789"), *"AEIMQUaeimqu")
_AHEAD = 4  # ranges

_T = TypeVar("_T")


@dataclass(frozen=True)
class Listing(Generic[_T]):
    """What was found.

    Attributes:
        found: in no order that anybody could rely on.
        cut: whether there may be more.
    """

    found: list[_T]
    cut: bool = False


class _Place(NamedTuple):
    """Where an answer is to begin: a filter, and the keys that the service has named, if it has."""

    text: str
    partition: str = ""
    row: str = ""


class _Answer(NamedTuple, Generic[RowT]):
    """Rows, and where the next ones are; None if there are no more."""

    rows: list[RowT]
    next: _Place | None


def cuts_of(owners: Sequence[str]) -> list[str]:
    """Where to cut a table into ranges of about the same size.

    Args:
        owners: what its partitions begin with: sources of `Workers`, jobs of `Accounts`. If they are few, it is cut
            within them, else between.
    """
    return thinned([keys.worker_partition(owner, ending) for owner in owners for ending in _ENDINGS])


def thinned(cuts: Sequence[str]) -> list[str]:
    """Some of many places to cut a table at: each range costs a request."""
    return list(cuts[:: -(-len(cuts) // _MOST_CUTS) or 1])


# Many parameters: the parts of one request, most of them seldom said.
def list_rows(
    table: RowTable[RowT],
    text: str,
    select: Sequence[str],
    make: Callable[[RowT], _T | None],
    *,
    cuts: Sequence[str] = (),
    between: tuple[str, str] = ("", ""),
    most_pages: int = 0,
    parameters: Mapping[str, str | datetime] | None = None,
) -> Listing[_T]:
    """What is made of the rows that a filter names.

    Args:
        table: where to read.
        text: an OData filter with `@name` for parameters; empty for all rows.
        select: the properties wanted; they come as JSON has them, without types.
        make: of a row; None for one that is not wanted.
        cuts: PartitionKeys at which the table is cut into ranges. What they are changes nothing but the speed.
        between: the first PartitionKey that is looked at, and the one behind the last; empty for no end.
        most_pages: how many answers of up to 1,000 rows are looked at, the first ones of all ranges first; 0 for all.
        parameters: what to put into the filter.
    """
    waiting = deque(_Place(one) for one in _ranges(filled(text, parameters or {}), cuts, between))
    running: deque[Future[_Answer[RowT]]] = deque()
    found: list[_T] = []
    asked = 0
    with ThreadPoolExecutor(_PARALLEL) as pool:
        while waiting or running:
            while waiting and len(running) < _PARALLEL and (not most_pages or asked < most_pages):
                running.append(pool.submit(_ask, table, waiting.popleft(), select, PAGE))
                asked += 1
            if not running:
                return Listing(found, cut=True)
            answer = running.popleft().result()
            found += [made for row in answer.rows if (made := make(row)) is not None]
            if answer.next:
                waiting.append(answer.next)
    return Listing(found)


def first_rows(
    table: RowTable[RowT], text: str, select: Sequence[str], count: int, **parameters: str
) -> tuple[list[RowT], bool]:
    """The first rows that a filter names, in the order of the table, and whether there may be more."""
    place: _Place | None = _Place(filled(text, parameters))
    found: list[RowT] = []
    # The service ends an answer early where a server's rows end, or after some seconds, even with no row in it.
    while place and len(found) < count:
        answer = _ask(table, place, select, min(count - len(found), PAGE))
        found += answer.rows
        place = answer.next
    return found, place is not None


def list_in_order(
    table: RowTable[RowT],
    select: Sequence[str],
    *,
    owners: Sequence[str] = (),
    between: tuple[str, str] = ("", ""),
) -> Iterator[list[RowT]]:
    """All rows of a table, partition by partition in its order, some at a time; only a small part of them is held.

    Args:
        table: where to read.
        select: the properties wanted; `PartitionKey` is one of them.
        owners: see `cuts_of`; the table is cut into smaller ranges than there.
        between: see `list_rows`.
    """
    [whole] = _ranges("", (), between)
    rows, more = first_rows(table, whole, select, PAGE)
    if not more:
        yield rows
        return
    # Whatever follows the partitions that are complete is read by ranges, some of them ahead.
    last = rows[-1].partition_key
    yield [row for row in rows if row.partition_key != last]
    cuts = [keys.worker_partition(owner, ending) for owner in owners for ending in _FINE_ENDINGS]
    waiting = deque(_Place(one) for one in _ranges("", cuts, (last, between[1])))
    running: deque[Future[list[RowT]]] = deque()
    with ThreadPoolExecutor(_AHEAD) as pool:
        while waiting or running:
            while waiting and len(running) < _AHEAD:
                running.append(pool.submit(_read_whole, table, waiting.popleft(), select))
            yield running.popleft().result()


def _read_whole(table: RowTable[RowT], place: _Place | None, select: Sequence[str]) -> list[RowT]:
    rows: list[RowT] = []
    while place:
        answer = _ask(table, place, select, PAGE)
        rows += answer.rows
        place = answer.next
    return rows


def _ranges(text: str, cuts: Sequence[str], between: tuple[str, str]) -> list[str]:
    """The filter for each range. The keys come first: a range is what the service finds without looking at rows."""
    inside = {
        cut
        for cut in cuts
        if keys.in_order(cut) > keys.in_order(between[0])
        and (not between[1] or keys.in_order(cut) < keys.in_order(between[1]))
    }
    found = []
    for first, last in pairwise([between[0], *sorted(inside, key=keys.in_order), between[1]]):
        parts = [f"PartitionKey ge {literal(first)}"] if first else []
        parts += [f"PartitionKey lt {literal(last)}"] if last else []
        parts += [f"({text})"] if text else []
        found.append(" and ".join(parts))
    return found


def _ask(table: RowTable[RowT], place: _Place, select: Sequence[str], most: int) -> _Answer[RowT]:
    """Up to `most` rows, as JSON has them."""
    rows, behind = ask(table, place.text, select, most, (place.partition, place.row), typed=False)
    return _Answer(rows, _Place(place.text, *behind) if behind else None)
