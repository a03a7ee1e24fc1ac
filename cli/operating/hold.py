"""Keep an account disabled, whatever HR says: `python -m cli hold WORKER --by NAME --reason TEXT [--until DAY]`.

The account is disabled within a minute or two, and HR's word counts again after the day, or after `unhold`. Support
reads who ordered it and why; HR reads only that IT did.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from datetime import datetime

from cli.connecting import FAILED, add_order, connected, run
from cli.operating.holds import WORKER_HELP, Unknown, check_known, whose
from cli.plain_tables import printable
from cli.sources import check_source, known_sources, source_name
from shared.holds.listed import parse_until, until_in_words
from shared.holds.orders import HoldOrder, put_on_hold
from shared.records.people import worker_key
from shared.storage.clients import Storage
from shared.storage.names import WORKERS
from shared.storage.rows import read_rows
from shared.support.people import search
from shared.tables.base import columns
from shared.tables.workers import WorkerRow


def main(arguments: Sequence[str]) -> int:
    """Run the tool.

    Returns:
        0, or 1 if it failed or nobody has the id.
    """
    parser = argparse.ArgumentParser("python -m cli hold", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("worker", metavar="WORKER", help=WORKER_HELP)
    parser.add_argument(
        "--source", type=source_name, default="", help="the feed; whoever has the id in any, without it"
    )
    add_order(parser, by="who wants it", reason="why; support reads it, HR does not")
    parser.add_argument(
        "--until",
        type=_until,
        metavar="DAY",
        help="the last day (UTC), or a time with its zone; without it, until unhold",
    )
    parser.add_argument("--to-come", action="store_true", help="nobody has the id yet, and that is right")
    given = parser.parse_args(arguments)
    return run(lambda: _run(given))


def _until(text: str) -> datetime:
    try:
        return parse_until(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None


def _run(given: argparse.Namespace) -> int:
    with connected() as context:
        if given.source:
            check_source(context.storage, given.source)
        known: list[str] = []
        if not given.to_come:
            try:
                known = check_known(context.storage, given.worker, given.source)
            except Unknown as error:
                print(error, file=sys.stderr)
                alike = search(context.storage, given.worker).people[:10]
                if alike:
                    print("Somebody like it:", file=sys.stderr)
                for hit in alike:
                    print(f"  {printable(hit.worker_id)} of {hit.source}: {printable(hit.name)}", file=sys.stderr)
                return FAILED
        order = HoldOrder(given.worker, given.source, given.by, given.reason, context.clock.now())
        before = put_on_hold(context.storage, order, given.until)
        was_sent = _was_sent(context.storage, given.worker, given.source)
    lasts = f"until {until_in_words(given.until)}" if given.until else "until unhold"
    print(f"{whose(given.worker, given.source)} is on hold {lasts}, whatever HR says.")
    if len(known) > 1:
        print(f"Several sources have this id, and the hold is for all of them: {', '.join(known)}.")
    if before is not None:
        print(f"This takes the place of the hold by {printable(before.by)} of {before.since}.")
    if was_sent:
        print("The account is disabled within a minute or two.")
    else:
        print("Rollcall has sent nothing about this person yet. If there is an account, disable it in Entra yourself.")
    return 0


def _was_sent(storage: Storage, worker: str, source: str) -> bool:
    wanted = [source] if source else known_sources(storage)
    rows = read_rows(
        storage.table(WORKERS), [worker_key(one, worker) for one in wanted], select=columns(WorkerRow.uploaded_at)
    )
    return any(row.uploaded_at for row in rows.values())
