"""What an operator orders: release what is held, process a file all the same, process the last list again.

An order is written to the extract's row, with who gave it and why; whoever works the job off next carries it out.
"""

from __future__ import annotations

import json
import re
import uuid
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from azure.core.exceptions import ResourceModifiedError

from shared.clock import iso
from shared.errors import TerminalError, TransientError
from shared.holds.protected import alone_among
from shared.mapping.load import find_mapping
from shared.model import ExtractRef
from shared.records import extracts, pages
from shared.records.people import worker_key
from shared.storage.clients import Storage
from shared.storage.keys import range_of
from shared.storage.listing import cuts_of, list_rows
from shared.storage.names import EXTRACTS, INBOX, STATE, WORKERS
from shared.storage.rows import etag_of, key_of, merge_row, query, read_rows
from shared.tables.base import Json, columns, from_json, to_json
from shared.tables.extracts import ExtractKind, ExtractRow, ExtractStatus, Ordered
from shared.tables.workers import WorkerRow, WorkerStatus

_SHOWN = 20  # ids in a sentence
_REMEMBERED = 20  # orders
_FEW = 100  # people whose rows are read one by one, rather than by a look at all of their source
_ROW_KEY = re.compile(r"[0-9]{13}-[0-9a-f]{12}")


class OrderRefused(TerminalError):  # noqa: N818
    """What was ordered cannot be done; the sentence says why."""


@dataclass(frozen=True)
class Order:
    """Who orders something, and why.

    Attributes:
        by: a name.
        reason: a sentence.
        at: when.
    """

    by: str
    reason: str
    at: datetime

    def __post_init__(self) -> None:
        if not self.by.strip() or not self.reason.strip():
            raise OrderRefused("Say who orders it (--by NAME) and why (--reason TEXT); both are recorded")


def find_extract(storage: Storage, extract: str) -> ExtractRow:
    """The row of an extract, by its id or its RowKey.

    Raises:
        OrderRefused: there is no such extract.
    """
    row_key = extract
    if not _ROW_KEY.fullmatch(extract):
        try:
            row_key = extracts.row_key(extract)
        except ValueError:
            raise OrderRefused(
                f"'{extract}' is not the id of an extract, such as 20261121T060000Z-0123456789ab"
            ) from None
    found = next(query(storage.table(EXTRACTS), "RowKey eq @row", row=row_key), None)
    if found is None:
        raise OrderRefused(f"There is no extract {extract}")
    return found


def release(storage: Storage, extract: str, order: Order, workers: Sequence[str] = ()) -> int:
    """Have people sent who are held: those who are still in a new comparison with this file, and nobody else.

    Whoever is protected or asked about stays held, unless the order names just this person.

    Args:
        storage: the account with HR data.
        extract: its id, or its RowKey.
        order: who releases it, and why.
        workers: the ids of some of the people; if there are none, it is about all who are held but for those who are
            released each alone.

    Returns:
        How many people are released.

    Raises:
        OrderRefused: nobody is held there, somebody who is named is not, or a newer file has taken the extract's place.
    """
    row = find_extract(storage, extract)
    ref = ExtractRef(row.extract, row.partition_key)
    extract = ref.id
    if row.superseded_by:
        newer = extracts.load_extract(storage, ExtractRef(row.superseded_by, ref.source))
        raise OrderRefused(
            f"Extract {extract} was superseded by {newer.file} (extract {newer.extract}), in which everything "
            "that was held has been judged anew; release that one"
        )
    if row.releasing or row.status not in (ExtractStatus.HELD, ExtractStatus.UPLOADING):
        raise OrderRefused(f"Extract {extract} is '{row.status}': {row.message} There is nothing to release now")
    if row.held_whole:
        return _release_whole(storage, row, order, workers)
    held, alone = _held_and_alone(storage, ref, row, order.at)
    wanted = list(workers) or sorted(held - alone)
    if not wanted:
        raise OrderRefused(_each_alone(extract, alone) if alone else f"Nobody is held in extract {extract}")
    if others := sorted(set(wanted) - held):
        raise OrderRefused(f"Not held in extract {extract}: {', '.join(others)}")
    if alone.intersection(wanted) and len(set(wanted)) > 1:
        raise OrderRefused(_each_alone(extract, alone.intersection(wanted)))
    name = uuid.uuid4().hex
    path = pages.plan_path(ref, row.read_plan, f"releasing/{name}.json")
    storage.container(STATE).upload_blob(path, json.dumps(sorted(set(wanted))).encode())
    _save(
        storage,
        row,
        ExtractRow(
            status=ExtractStatus.ARRIVED,
            releasing=name,
            released_by=order.by,
            release_reason=order.reason,
            released_at=iso(order.at),
            approvals=_with_order(row.approvals, {**_said(order), "people": len(set(wanted))}),
            message=f"{len(set(wanted))} people released by {order.by}; they are about to be sent.",
        ),
    )
    return len(set(wanted))


def _each_alone(extract: str, alone: Collection[str]) -> str:
    few = sorted(alone)[:_SHOWN]
    more = f" and {len(alone) - _SHOWN} more" if len(alone) > _SHOWN else ""
    return (
        f"Protected people are released one by one, each by name and alone: {', '.join(few)}{more}. So is whoever is "
        f"asked about. For each of them: python -m cli release {extract} --worker ID --by NAME --reason TEXT. Nobody "
        "was released"
    )


def _release_whole(storage: Storage, row: ExtractRow, order: Order, workers: Sequence[str]) -> int:
    """Have a file used that waits as a whole; it is read again, and is the newest of its source then."""
    if workers:
        raise OrderRefused(
            f"Extract {row.extract} is held as a whole, because people are missing from it: release all of it "
            "(without --worker), or have HR drop a complete list"
        )
    people = row.people
    _save(
        storage,
        row,
        ExtractRow(
            status=ExtractStatus.ARRIVED,
            loss_approved=True,
            held_whole=False,
            held=0,
            released_by=order.by,
            release_reason=order.reason,
            released_at=iso(order.at),
            approvals=_with_order(row.approvals, {**_said(order), "people": people}),
            message=f"The whole file was released by {order.by}; it is about to be planned.",
        ),
    )
    return people


def held_alone(storage: Storage, extract: str, now: datetime) -> frozenset[str]:
    """Those whom an extract holds and who are released each alone: they are protected, or asked about.

    Raises:
        OrderRefused: there is no such extract.
    """
    row = find_extract(storage, extract)
    ref = ExtractRef(row.extract, row.partition_key)
    if not row.read_plan or row.held_whole:
        return frozenset()
    return _held_and_alone(storage, ref, row, now)[1]


def released_people(storage: Storage, ref: ExtractRef, row: ExtractRow) -> list[str] | None:
    """The people who are being released, or None if the extract is not being released.

    Of whom a newer file has spoken since the order was given, that file has decided.
    """
    if not row.releasing:
        return None
    path = pages.plan_path(ref, row.read_plan, f"releasing/{row.releasing}.json")
    people: list[str] = json.loads(storage.container(STATE).download_blob(path).readall())
    return sorted(still_held(storage, ref, row).intersection(people))


def _held_and_alone(
    storage: Storage, ref: ExtractRef, row: ExtractRow, now: datetime
) -> tuple[set[str], frozenset[str]]:
    """Whom an extract holds still, and those of them who are released each alone; none if it has not been planned."""
    if not row.read_plan:
        return set(), frozenset()
    people = pages.read_held(storage, ref, row.read_plan)
    held = _still(storage, ref, row, people)
    return held, alone_among(storage, ref.source, people, held, now)


def still_held(storage: Storage, ref: ExtractRef, row: ExtractRow) -> set[str]:
    """The people whom an extract holds and of whom no newer one speaks; if it waits as a whole, who is missing."""
    if not row.read_plan:
        return set()
    return _still(storage, ref, row, pages.read_held(storage, ref, row.read_plan))


def _still(storage: Storage, ref: ExtractRef, row: ExtractRow, people: Sequence[pages.HeldPerson]) -> set[str]:
    ids = [person["id"] for person in people]
    return set(ids) if row.held_whole else held_now(storage, ref, ids)[0]


def held_now(storage: Storage, ref: ExtractRef, ids: Collection[str], *, most_pages: int = 0) -> tuple[set[str], bool]:
    """Those people of whom no newer extract speaks, and whether there may be more of them.

    Args:
        storage: the account with HR data.
        ref: the extract.
        ids: of the people whom its plan holds.
        most_pages: how many answers of up to 1,000 rows are looked at; 0 for all.
    """
    keys = {worker_key(ref.source, person): person for person in ids}
    cut = False
    if len(keys) <= _FEW:
        rows = list(read_rows(storage.table(WORKERS), keys, select=_OF_HELD).values())
    else:
        listing = list_rows(
            storage.table(WORKERS),
            "Extract eq @extract and Status eq @held",
            _OF_HELD,
            lambda person: person,
            cuts=cuts_of([ref.source]),
            between=range_of(ref.source),
            most_pages=most_pages,
            parameters={"extract": ref.id, "held": WorkerStatus.HELD},
        )
        rows, cut = listing.found, listing.cut
    still = {key_of(one) for one in rows if (one.status, one.extract) == (WorkerStatus.HELD, ref.id)}
    return {person for key, person in keys.items() if key in still}, cut


_OF_HELD = columns(WorkerRow.partition_key, WorkerRow.row_key, WorkerRow.status, WorkerRow.extract)


def process(storage: Storage, extract: str, order: Order) -> str:
    """Process a file that was not used: as if it were the newest, and not the same as another.

    Args:
        storage: the account with HR data.
        extract: its id, or its RowKey.
        order: who orders it, and why.

    Returns:
        The id of its extract.

    Raises:
        OrderRefused: it was used, or there is no copy of it.
    """
    row = find_extract(storage, extract)
    ref = ExtractRef(row.extract, row.partition_key)
    extract = ref.id
    if row.kind == ExtractKind.TRIAL:
        raise OrderRefused(
            f"{row.file} (extract {extract}) was only tried out, and nothing of it was kept. To have it processed, "
            f"drop it into {INBOX}/{ref.source}/"
        )
    unused = (ExtractStatus.STALE, ExtractStatus.DUPLICATE, ExtractStatus.REJECTED, ExtractStatus.FAILED)
    if row.status not in unused:
        raise OrderRefused(
            f"Extract {extract} is '{row.status}', not one of {', '.join(unused)}; to have the last file of a "
            f"source processed again, run: python -m cli reprocess {ref.source} --by NAME --reason TEXT"
        )
    if not storage.container(STATE).get_blob_client(extracts.copy_path(ref)).exists():
        raise OrderRefused(f"There is no copy of {row.file} (extract {extract}); drop the file again")
    _again(
        storage,
        row,
        order,
        max(other.sequence for other in (row, *extracts.processed_files(storage, ref.source))),
    )
    return extract


def reprocess(storage: Storage, source: str, order: Order) -> str:
    """Process the last list of a source again, with the mapping as it is now, and the corrected rejects since then.

    Of a source that sends changes only it is the last file of these.

    Returns:
        The id of its extract.

    Raises:
        OrderRefused: there is none, or it is being processed.
        MappingError: the mapping of the source is wrong.
    """
    files = extracts.processed_files(storage, source)
    lists = [file for file in files if not file.returned]
    if not lists:
        raise OrderRefused(f"No file of source '{source}' has been processed yet")
    full = find_mapping(storage, source).mapping.mode == "full"
    # A list that waits as a whole is neither full nor a file of changes yet.
    last = next((file for file in lists if not (full and file.full is False)), lists[0])
    row = extracts.load_extract(storage, ExtractRef(last.extract, source))
    if row.status in extracts.UNREAD:
        raise OrderRefused(f"Extract {row.extract} of source '{source}' is being processed at this moment")
    _again(storage, row, order, row.sequence)
    for file in reversed(files):
        if file.returned and file.sequence > row.sequence and file.status not in extracts.UNREAD:
            answer = extracts.load_extract(storage, ExtractRef(file.extract, source))
            _save(storage, answer, _as_arrived(answer, order))  # which stays as old as it is
    return row.extract


def _again(storage: Storage, row: ExtractRow, order: Order, newest: str) -> None:
    """Have an extract processed, just behind the newest sequence there is, and so before any file that is to come.

    Raises:
        MappingError: the mapping of its source is wrong.
    """
    mapping = find_mapping(storage, row.partition_key).mapping
    newer = ExtractRow(job=row.job or mapping.job, forced=True, sequence=f"{newest} {iso(order.at)}")
    _save(storage, row, _as_arrived(row, order) | newer)


def _as_arrived(row: ExtractRow, order: Order) -> ExtractRow:
    """What a row says of an extract that is to be processed by order."""
    return ExtractRow(
        status=ExtractStatus.ARRIVED,
        orders=_with_order(row.orders, _said(order)),
        superseded_by="",
        loss_approved=False,
        failures=0,
        message=f"To be processed by order of {order.by}.",
    )


def _said(order: Order) -> Ordered:
    return {"by": order.by, "reason": order.reason, "at": iso(order.at)}


def _with_order(before: Json[list[Ordered]] | None, order: Ordered) -> Json[list[Ordered]]:
    """A column of orders with one more, which is the newest."""
    orders = [*(from_json(before) if before else []), order]
    return to_json(orders[-_REMEMBERED:], ensure_ascii=False)


def _save(storage: Storage, row: ExtractRow, values: ExtractRow) -> None:
    try:
        merge_row(storage.table(EXTRACTS), key_of(row), values, etag_of(row))
    except ResourceModifiedError as error:
        raise TransientError(f"Extract {row.extract} has just changed; look at it and try again") from error
