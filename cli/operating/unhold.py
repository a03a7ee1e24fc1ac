"""End a hold: `python -m cli unhold WORKER --by NAME --reason TEXT`.

What HR said last is sent within a minute or two, without a new file; whoever has left meanwhile stays disabled.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence

from cli.connecting import add_order, connected, run
from cli.operating.holds import WORKER_HELP, whose
from cli.sources import source_name
from shared.holds.orders import HoldOrder, end_hold


def main(arguments: Sequence[str]) -> int:
    """Run the tool.

    Returns:
        0, or 1 if it failed or nothing of the kind is in force.
    """
    parser = argparse.ArgumentParser("python -m cli unhold", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("worker", metavar="WORKER", help=WORKER_HELP)
    parser.add_argument("--source", type=source_name, default="", help="as it was put on hold")
    add_order(parser, by="who ends it", reason="why; kept with the hold")
    given = parser.parse_args(arguments)
    return run(lambda: _run(given))


def _run(given: argparse.Namespace) -> int:
    with connected() as context:
        order = HoldOrder(given.worker, given.source, given.by, given.reason, context.clock.now())
        still = end_hold(context.storage, order)
    who = whose(given.worker, given.source)
    if still is None:
        print(f"{who} is not on hold any more. What HR said last is sent within a minute or two.")
    else:
        print(f"{who}: that hold is over, but another is in force ({still.place}, by {still.by}, {still.lasts}).")
    return 0
