"""Send one person first: `python -m cli send --source SOURCE --worker ID [--yes --by NAME --reason TEXT]`.

For a trial before anybody else is sent: as long as the mapping says `guard: {pilot: []}`, or the first file of the
source is held, everybody waits. Without --yes the request that would be sent is shown, and nothing is done; with it,
the person is released and the tool waits for Entra's verdict. Everybody else goes on waiting.
"""

from __future__ import annotations

import argparse
import json
import sys
import textwrap
from collections.abc import Iterator, Sequence
from datetime import timedelta

from cli.connecting import FAILED, connected, run
from cli.files.offline import at_least
from cli.plain_tables import printable
from cli.sources import check_source, source_name
from shared.clock import SYSTEM_CLOCK
from shared.context import Context
from shared.entra.upload import bulk_request
from shared.holds.listed import Hold
from shared.holds.look import holds_at
from shared.model import ExtractRef, Planned
from shared.planning import orders
from shared.records import pages
from shared.records.people import worker_key
from shared.storage.clients import Storage
from shared.storage.names import WORKERS
from shared.storage.rows import read_rows
from shared.tables.workers import WorkerRow, WorkerStatus
from shared.wording import worker_status

_LOOK_SECONDS = 5
_MINUTES = 60  # a job that rests asks for its work every 40 minutes
_GOOD = (WorkerStatus.PROVISIONED, WorkerStatus.UNCHANGED)
_ON_ITS_WAY = (WorkerStatus.QUEUED, *worker_status.UNANSWERED)


def main(arguments: Sequence[str]) -> int:
    """Run the tool.

    Returns:
        0 if the account is as it should be, or if nothing was to be done but to show the request; else 1.
    """
    parser = argparse.ArgumentParser("python -m cli send", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--source", type=source_name, required=True, help="the feed")
    parser.add_argument("--worker", required=True, metavar="ID", help="the worker id, exactly as in HR's file")
    parser.add_argument("--yes", action="store_true", help="send; without it the request is only shown")
    parser.add_argument("--by", default="", metavar="NAME", help="who sends; needed with --yes")
    parser.add_argument("--reason", default="", metavar="TEXT", help="why; kept with the extract, needed with --yes")
    parser.add_argument(
        "--wait", type=at_least(0), default=_MINUTES, metavar="MINUTES", help=f"for the verdict (default {_MINUTES})"
    )
    given = parser.parse_args(arguments)
    return run(lambda: _run(given))


def _run(given: argparse.Namespace) -> int:
    with connected() as context:
        check_source(context.storage, given.source)
        row = _row(context.storage, given.source, given.worker)
        if row is None:
            print(
                f"No file of '{given.source}' has been taken in that has {printable(given.worker)}: drop one first. "
                "Ids are compared letter by letter.",
                file=sys.stderr,
            )
            return FAILED
        if row.status == WorkerStatus.HELD:
            planned = _held(context.storage, ExtractRef(row.extract, given.source), given.worker)
            hold = holds_at(context.storage, context.clock.now()).of(given.worker, {given.source})
            print("\n".join(_preview(planned, hold)))
            if not given.yes:
                print("Nothing was sent. To send just this, run it again with --yes --by NAME --reason TEXT.")
                return 0
            order = orders.Order(given.by, given.reason, context.clock.now())
            orders.release(context.storage, row.extract, order, [given.worker])
            print("Released; the clock compares the file anew within a minute, and sends.")
        elif row.status not in _ON_ITS_WAY:
            print("\n".join(_verdict(row)))
            print("Nothing was sent: only who is held can be sent by hand.")
            return 0 if row.status in _GOOD else FAILED
        return _wait(context, row, given)


def _row(storage: Storage, source: str, worker: str) -> WorkerRow | None:
    key = worker_key(source, worker)
    return read_rows(storage.table(WORKERS), [key]).get(key)


def _held(storage: Storage, ref: ExtractRef, worker: str) -> Planned:
    """What is planned for somebody whom an extract holds.

    Raises:
        OrderRefused: it holds the person no more.
    """
    row = orders.find_extract(storage, ref.id)
    for some in pages.read_quiet(storage, ref, row.read_plan):
        for one in some:
            if one.fate == WorkerStatus.HELD and one.planned.worker.worker_id == worker:
                return one.planned
    raise orders.OrderRefused(f"Not held in extract {ref.id}: {worker}")


def _preview(planned: Planned, hold: Hold | None) -> Iterator[str]:
    yield "This is the request that Entra gets, if the file is judged as before:"
    user = {**planned.worker.user, "active": False} if hold else planned.worker.user
    yield json.dumps(json.loads(bulk_request([user])), indent=2, ensure_ascii=False)
    yield from _wrapped("On hold", hold.in_full if hold else "")
    yield from _wrapped("Why", planned.reason)
    yield from _wrapped("Besides", planned.warning)


def _wait(context: Context, row: WorkerRow, given: argparse.Namespace) -> int:
    """Wait for the verdict, and say it."""
    if not given.wait:
        print(f"What becomes of it: python -m cli explain {given.worker} --source {given.source}")
        return 0
    ends = context.clock.now() + timedelta(minutes=given.wait)
    told = row.status
    while context.clock.now() < ends:
        now = _row(context.storage, given.source, given.worker) or row
        if now.status != told:
            told = now.status
            if told not in _ON_ITS_WAY:
                print("\n".join(_verdict(now)))
                return 0 if told in _GOOD else FAILED
            print(f"{told} ...", flush=True)
        SYSTEM_CLOCK.sleep(_LOOK_SECONDS)
    print(
        f"There is no verdict after {given.wait} minutes. A job that rests asks for its work every 40 minutes; look "
        f"again: python -m cli explain {given.worker} --source {given.source}",
        file=sys.stderr,
    )
    return FAILED


def _verdict(row: WorkerRow) -> Iterator[str]:
    yield f"Worker {printable(row.worker_id)}: {row.status}"
    yield from _wrapped("Why", row.reason)
    yield from _wrapped("Next step", row.next_step)
    yield from _wrapped("On hold", row.on_hold)
    yield from _wrapped("Open besides", row.warning)


def _wrapped(label: str, text: str) -> list[str]:
    indent = " " * 16
    return textwrap.wrap(printable(text), 100, initial_indent=f"  {label:14}", subsequent_indent=indent) if text else []
