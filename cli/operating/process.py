"""Process a file that was not used: `python -m cli process EXTRACT --force --by NAME --reason TEXT`.

For files that are stale, the same as the one before, rejected or failed. The file counts as the newest of its source;
the guard looks at it as at any other.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence

from cli.connecting import add_order, connected, run
from shared.planning.orders import Order, process


def main(arguments: Sequence[str]) -> int:
    """Run the tool.

    Returns:
        0, or 1 if it failed.
    """
    parser = argparse.ArgumentParser("python -m cli process", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("extract", help="id of the extract: the column Extract of the table Extracts")
    parser.add_argument(
        "--force", action="store_true", required=True, help="an older file may overwrite what newer ones said"
    )
    add_order(parser)
    given = parser.parse_args(arguments)
    return run(lambda: _run(given))


def _run(given: argparse.Namespace) -> int:
    with connected() as context:
        extract = process(context.storage, given.extract, Order(given.by, given.reason, context.clock.now()))
    print(f"Extract {extract} is processed within a minute, as the newest file of its source.")
    return 0
