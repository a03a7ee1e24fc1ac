"""Somebody's order that an id is a new one of a person who is known: the account goes on, and everything with it."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from shared.clock import iso
from shared.context import Context
from shared.intake.apply_plan import heed_new_ids
from shared.mapping.load import find_mapping
from shared.model import Same
from shared.planning.orders import Order, OrderRefused, release, reprocess
from shared.records import accounts, same_people
from shared.records.people import worker_key
from shared.storage.names import WORKERS
from shared.storage.rows import change_rows, read_rows
from shared.tables.base import columns
from shared.tables.workers import WorkerRow, WorkerStatus


@dataclass(frozen=True, slots=True)
class GoesOn:
    """What became of an order.

    Attributes:
        known_as: the id by which Entra knows the account.
        extract: what is worked off again, or released, because of it; empty if the next file will do.
    """

    known_as: str
    extract: str


def make_same(context: Context, source: str, old: str, new: str, order: Order) -> GoesOn:
    """Keep that an id of a source is a new one of somebody, and have what waits for it go on.

    Args:
        context: storage, clock, settings.
        source: the feed with the new id.
        old: an id by which the person is known.
        new: the id that HR has given the person since.
        order: who says so, and why.

    Raises:
        OrderRefused: nobody is known by the old id, or somebody else has an account by the new one.
    """
    storage = context.storage
    mapping = find_mapping(storage, source).mapping
    kept = same_people.read(storage)
    known_as = kept.of(mapping.job).known_as(old)
    if new in (old, known_as):
        raise OrderRefused(f"{new} is the id by which that person is known; a new one is needed")
    before = kept.of(mapping.job).by_id.get(new)
    if before is not None and before.known_as != known_as:
        raise OrderRefused(
            f"{new} is kept as a new id of {before.known_as} already, since {before.at} by {before.by}; take that back "
            "first (--undo)"
        )
    found = accounts.read_briefly(storage, mapping.job, [known_as, new])
    if known_as not in found and not _has_a_row(context, source, known_as):
        raise OrderRefused(
            f"Nobody is known by the id {known_as} to the job '{mapping.job}', so no account could go on. "
            "Ids are compared letter by letter"
        )
    if new in found and found[new].known_to_entra and not found[new].no_account:
        raise OrderRefused(
            f"{new} has been sent to Entra by that id, so there may be two accounts. IT looks at both in Entra, has HR "
            "end one of them, and leaves the ids as they are"
        )
    said = Same(known_as, order.by, order.reason, iso(order.at), source)
    same_people.note(storage, mapping.job, {new: said})
    heed_new_ids(context, mapping.job, {new: said})
    told = _told_of(context, source, {new, old, known_as})
    waits = {WorkerStatus.HELD, WorkerStatus.REJECTED}
    # What waits for the answer goes on: of full files the newest is worked off again, of changes the person alone.
    if mapping.mode == "full" and any(row.status in waits for row in told.values()):
        return GoesOn(known_as, reprocess(storage, source, order))
    if new in told and told[new].status == WorkerStatus.HELD:
        extract = told[new].extract
        release(storage, extract, order, [new])
        return GoesOn(known_as, extract)
    return GoesOn(known_as, "")


def take_back(context: Context, source: str, new: str) -> str:
    """Keep no more that an id is a new one; the next file of the source asks about it again.

    Returns:
        The id by which the person is known.

    Raises:
        OrderRefused: it is not kept.
        MappingError: the mapping of the source is wrong.
    """
    job = find_mapping(context.storage, source).mapping.job
    known_as = same_people.read(context.storage).of(job).by_id.get(new)
    if known_as is None:
        raise OrderRefused(f"{new} is not kept as a new id of anybody")
    same_people.drop(context.storage, job, new)
    row = worker_key(source, new)
    change_rows(
        context.storage.table(WORKERS),
        [row],
        lambda _, told: WorkerRow(known_as="") if told else None,
        columns(WorkerRow.status),
    )
    return known_as.known_as


def _has_a_row(context: Context, source: str, worker_id: str) -> bool:
    """Whether a file has had an id, though nothing of it was taken in: somebody is asked about both, say."""
    return bool(
        read_rows(context.storage.table(WORKERS), [worker_key(source, worker_id)], select=columns(WorkerRow.status))
    )


def _told_of(context: Context, source: str, ids: Collection[str]) -> dict[str, WorkerRow]:
    """What is told of some people of a source, by id."""
    keys = {worker_key(source, one): one for one in ids}
    rows = read_rows(context.storage.table(WORKERS), keys, select=columns(WorkerRow.status, WorkerRow.extract))
    return {keys[key]: row for key, row in rows.items()}
