"""Somebody who is known has a new id: `python -m cli same-person OLD NEW --by NAME --reason TEXT`.

The account, and all that is known of the person, goes on; rows with the new id are about it from now on. Entra knows
the account by the old id and goes on doing so.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence

from cli.connecting import add_order, connected, run
from cli.sources import check_source, known_sources, source_name
from shared.intake.new_ids import make_same, take_back
from shared.planning.orders import Order, OrderRefused
from shared.records.people import worker_key
from shared.storage.clients import Storage
from shared.storage.names import WORKERS
from shared.storage.rows import read_rows
from shared.tables.base import columns
from shared.tables.workers import WorkerRow


def main(arguments: Sequence[str]) -> int:
    """Run the tool.

    Returns:
        0, or 1 if it failed.
    """
    parser = argparse.ArgumentParser("python -m cli same-person", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("old", metavar="OLD", help="the id by which the person is known")
    parser.add_argument("new", metavar="NEW", help="the id that HR has given the person since")
    parser.add_argument("--source", type=source_name, default="", help="the feed with the new id, if several have it")
    parser.add_argument("--undo", action="store_true", help="they are two people after all: NEW is asked about again")
    add_order(parser)
    given = parser.parse_args(arguments)
    return run(lambda: _run(given))


def _run(given: argparse.Namespace) -> int:
    with connected() as context:
        source = given.source or _source_of(context.storage, given.new, given.old)
        check_source(context.storage, source)
        order = Order(given.by, given.reason, context.clock.now())
        if given.undo:
            known_as = take_back(context, source, given.new)
            print(f"{given.new} of '{source}' is no new id of {known_as} any more; the next file asks about it again.")
            print(
                f"What was sent to the account of {known_as} meanwhile stays there until a row with {known_as} comes."
            )
            return 0
        done = make_same(context, source, given.old, given.new, order)
    print(f"{given.new} of '{source}' is a new id of {done.known_as}: the account goes on.")
    if done.extract:
        print(f"Extract {done.extract} is worked off again within a minute.")
    else:
        print(f"Rows with {given.new} are about it from the next file on.")
    return 0


def _source_of(storage: Storage, new: str, old: str) -> str:
    """The one feed that has an id, or the one that has the other, if nobody has the first yet."""
    sources = known_sources(storage)
    for one in (new, old):
        keys = {worker_key(source, one): source for source in sources}
        rows = read_rows(storage.table(WORKERS), keys, select=columns(WorkerRow.status))
        if len(rows) == 1:
            return keys[next(iter(rows))]
        if rows:
            found = ", ".join(sorted(keys[key] for key in rows))
            raise OrderRefused(f"Several sources have the id {one}: {found}; say which (--source)")
    raise OrderRefused(f"No file has had the ids {new} and {old}; say of which feed the new one is (--source)")
