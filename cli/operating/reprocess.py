"""Process the last list of a source again: `python -m cli reprocess SOURCE --by NAME --reason TEXT`.

After a change of the mapping: everybody is compared anew, and whoever is different now is sent. The guard looks at it
as at any other file. Corrected rejects that came since are processed again behind it, and stay as old as they are.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence

from cli.connecting import add_order, connected, run
from cli.sources import source_name
from shared.planning.orders import Order, reprocess


def main(arguments: Sequence[str]) -> int:
    """Run the tool.

    Returns:
        0, or 1 if it failed.
    """
    parser = argparse.ArgumentParser("python -m cli reprocess", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("source", type=source_name, help="the feed")
    add_order(parser)
    given = parser.parse_args(arguments)
    return run(lambda: _run(given))


def _run(given: argparse.Namespace) -> int:
    with connected() as context:
        extract = reprocess(context.storage, given.source, Order(given.by, given.reason, context.clock.now()))
    print(f"Extract {extract}, the last list of '{given.source}', is processed again within a minute.")
    return 0
